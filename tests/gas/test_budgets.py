"""Budgets: those of docs/protocol.md section 12 and decision 0006 are the gas table's, and what is met stays met."""

import re
from pathlib import Path

from tests.gas import snapshot
from tests.gas.snapshot import BUDGETS, Figures

DOCS = Path(__file__).parents[2] / "docs"
QUALIFIER = re.compile(r" (paying both|with a state)$")
"""What both documents say of an operation beyond its name."""

MET = {"no": set(), "ETH": {"eth"}, "token": {"dai"}, "both": {"eth", "dai"}}


def budgets(pairs: dict[str, str]) -> Figures:
    """By operation the gas of both assets, which are written `52 000 / 58 500`."""
    return {QUALIFIER.sub("", operation): _both(pair) for operation, pair in pairs.items()}


def _both(pair: str) -> dict[str, int]:
    eth, dai = (int(number.replace(" ", "")) for number in pair.split("/"))
    return {"eth": eth, "dai": dai}


def rows_of_the_decision() -> list[list[str]]:
    """Cells of its table, the heading first."""
    lines = (DOCS / "decisions" / "0006-gas-budgets.md").read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]


def test_of_the_protocol() -> None:
    section = (DOCS / "protocol.md").read_text().partition("\n## 12. Gas\n")[2].partition("\n## ")[0]
    listed = " ".join(section.partition("Budgets (ETH / DAI):")[2].partition(".")[0].split())
    items = [re.fullmatch(r"(\D+) (\d[\d ]*/[\d ]*\d)", item) for item in listed.split(" · ")]
    of_operations = budgets({item[1]: item[2] for item in items if item})
    assert len(of_operations) == 8
    assert of_operations.items() <= BUDGETS.items()
    hash_locked = re.search(r"hash-locked payment in a dispute, its recording included, (\d[\d ]*\d) more", listed)
    assert hash_locked is not None
    expected = int(hash_locked[1].replace(" ", ""))
    for payee in ("user", "node"):
        assert set(BUDGETS[f"hash-locked payment to the {payee}, extra"].values()) == {expected}


def test_of_the_decision() -> None:
    heading, *rows = rows_of_the_decision()
    assert heading[3] == "budget"
    assert budgets({row[0]: row[3] for row in rows}) == BUDGETS


def test_the_decision_says_which_are_met() -> None:
    """Whoever exceeds one that was met has to say so there, and why; whoever meets another says that too."""
    heading, *rows = rows_of_the_decision()
    assert heading[4] == "met"
    figures = snapshot.read()
    for operation, row in zip(BUDGETS, rows, strict=True):
        met = {asset for asset, budget in BUDGETS[operation].items() if figures[operation][asset] <= budget}
        assert met == MET[row[4]], operation
