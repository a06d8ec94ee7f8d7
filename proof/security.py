"""What SECURITY.md says holds each guarantee, as data: its section "Guarantees" has one heading and one table for each.

### G1 Solvency
| held by | |
|---|---|
| fuzz property | `proof.guarantees.solvency` |
| tests | `tests/contracts/test_batch.py::test_value_is_counted_once`, `tests/contracts/test_deposit.py` |
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from proof.records import CHECKOUT

PAGE = CHECKOUT / "SECURITY.md"

ROWS = ("fuzz property", "symbolic check", "tests", "scenarios")
"""What every table has, in this order."""

_HEADING = re.compile(r"^### (?P<id>G\d+) (?P<title>.+)$", re.MULTILINE)
_ROW = re.compile(r"^\| (?P<row>[^|]+?) \|(?P<names>[^|]*)\|$", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")


class NotATable(ValueError):
    """A table of SECURITY.md has not the form that it should have."""


@dataclass(frozen=True)
class Guarantee:
    """held_by: the names in each row, by the row's. A test's name is a file, or `file::function`."""

    id: str
    title: str
    held_by: Mapping[str, tuple[str, ...]]

    @property
    def tests(self) -> tuple[str, ...]:
        return self.held_by["tests"]

    def is_held_by(self, test: str) -> bool:
        """Whether `file::function` is among the tests, by itself or with all of its file."""
        return test in self.tests or test.partition("::")[0] in self.tests


def guarantees(text: str) -> dict[str, Guarantee]:
    """By id, from the text of SECURITY.md. Raises NotATable."""
    found = {}
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=True):
        rows = {row["row"]: tuple(_NAME.findall(row["names"])) for row in _ROW.finditer(text, heading.end(), end)}
        held_by = {row: names for row, names in rows.items() if row in ROWS}
        if tuple(held_by) != ROWS:
            raise NotATable(f"SECURITY.md: the table of {heading['id']} has the rows {tuple(held_by)}, not {ROWS}")
        found[heading["id"]] = Guarantee(heading["id"], heading["title"], held_by)
    return found
