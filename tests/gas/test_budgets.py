"""The budgets that the gas table shows are those of docs/protocol.md section 12, which decision 0006 repeats."""

import re
from pathlib import Path

from tests.gas.snapshot import BUDGETS, Figures

DOCS = Path(__file__).parents[2] / "docs"
QUALIFIER = re.compile(r" (paying both|with a state)$")
"""What both documents say of an operation beyond its name."""


def budgets(pairs: dict[str, str]) -> Figures:
    """By operation the gas of both assets, which are written `52 000 / 58 500`."""
    return {QUALIFIER.sub("", operation): _both(pair) for operation, pair in pairs.items()}


def _both(pair: str) -> dict[str, int]:
    eth, dai = (int(number.replace(" ", "")) for number in pair.split("/"))
    return {"eth": eth, "dai": dai}


def test_of_the_protocol() -> None:
    section = (DOCS / "protocol.md").read_text().partition("\n## 12. Gas\n")[2].partition("\n## ")[0]
    listed = " ".join(section.partition("Budgets (ETH / DAI):")[2].partition(".")[0].split())
    items = [re.fullmatch(r"(\D+) (\d[\d ]*/[\d ]*\d)", item) for item in listed.split(" · ")]
    assert budgets({item[1]: item[2] for item in items if item}) == BUDGETS


def test_of_the_decision() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (DOCS / "decisions" / "0006-gas-budgets.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    assert rows[0][3] == "budget"
    assert budgets({row[0]: row[3] for row in rows[1:]}) == BUDGETS
