"""A known failure as a patch: a header, a few words, and a unified diff.

Failure: <words of docs/protocol.md section 11>
Breaks: <guarantee of section 10>
Noticed by: <file::function of a test>
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proof.records import CHECKOUT

FOLDER = CHECKOUT / "regressions"
HEADER = ("Failure", "Breaks", "Noticed by")

_HEADER_LINE = re.compile(r"^(?P<key>[A-Z][a-z ]+): (?P<value>.+)$")
_TOUCHED = re.compile(r"^\+\+\+ b/(?P<path>\S+)$", re.MULTILINE)


class NotAPatch(ValueError):
    """A file of `regressions/` has not the form that it should have."""


@dataclass(frozen=True)
class Patch:
    """failure: in the words of section 11. breaks: id of a guarantee. noticed_by: the test that is expected to fail.
    touched: the files that it changes, relative to the checkout."""

    path: Path
    text: str
    failure: str
    breaks: str
    noticed_by: str
    touched: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def number(self) -> str:
        return self.name.partition("-")[0]

    @property
    def changes_contracts(self) -> bool:
        return any(path.endswith(".sol") for path in self.touched)


def patches(folder: Path = FOLDER) -> list[Patch]:
    """All of them, in order. Raises NotAPatch."""
    return [read(path) for path in sorted(folder.glob("*.patch"))]


def read(path: Path) -> Patch:
    text = path.read_text()
    header = dict(_header(text))
    touched = tuple(_TOUCHED.findall(text))
    if tuple(header) != HEADER or not touched:
        raise NotAPatch(f"{path}: expected the lines {', '.join(HEADER)}, some words, and a diff of at least one file")
    return Patch(path, text, header["Failure"], header["Breaks"], header["Noticed by"], touched)


def _header(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        found = _HEADER_LINE.match(line)
        if found is None:
            return
        yield found["key"], found["value"]
