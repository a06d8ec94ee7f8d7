"""Goals: what misses one is told, with the reason and the floor of decision 0006."""

import pytest

from peers import figures, rows
from peers.figures import FIGURES, Figure, Peer, from_json
from peers.goals import FLOORS, REASONS, shortfalls
from peers.stand import Column
from tests.gas.test_budgets import rows_of_the_decision

COMMITTED = from_json(FIGURES.read_text())
OPERATIONS = {
    rows.OPEN: ("first deposit",),
    rows.TOP_UP: ("top-up",),
    rows.COLLATERAL: ("collateralize",),
    rows.CLOSE: ("cooperative close",),
    rows.EXIT: ("start dispute with a state", "settle"),
    rows.STALE: ("start dispute with a state", "challenge", "settle"),
}


def test_there_is_a_reason_for_every_row_that_misses_its_goal_and_for_no_other() -> None:
    assert {one.row for one in shortfalls(COMMITTED.columns)} == set(REASONS)


def test_floors_are_those_of_the_decision() -> None:
    _, *decided = rows_of_the_decision()
    floors = {cells[0]: [cells[1], cells[2]] for cells in decided}
    for row, operations in OPERATIONS.items():
        for column, asset in enumerate(("eth", "token")):
            total = sum(int(floors[operation][column].replace(" ", "")) for operation in operations)
            assert FLOORS[row][asset] == total, (row, asset)


@pytest.mark.parametrize(
    ("row", "gas", "allowed"),
    [
        (rows.OPEN, 113_000, None),
        (rows.OPEN, 113_001, 113_000),
        (rows.TOP_UP, 99_999, None),
        (rows.TOP_UP, 100_000, 99_999),
        (rows.CLOSE, 65_000, None),
        (rows.CLOSE, 65_001, 65_000),
    ],
)
def test_what_is_just_enough(monkeypatch: pytest.MonkeyPatch, row: str, gas: int, allowed: int | None) -> None:
    """Against a quoted 100 000, where the best that was measured has 150 000."""
    quote = Peer("Quoted", "1", True, {row: Figure(100_000)})
    monkeypatch.setattr(figures, "quoted", lambda asset: {"Quoted": quote} if asset == "eth" else {})
    monkeypatch.setattr(
        figures, "measured", lambda column: Peer(column.system, "1", False, {row: Figure(sum(column.rows[row]))})
    )
    own, other = (Column(name, "1", 0, {row: (used,)}) for name, used in (("own", gas), ("other", 150_000)))
    found = list(shortfalls({"eth": (own, other), "token": (own,)}))
    assert [(one.asset, one.gas, one.best, one.allowed) for one in found] == (
        [] if allowed is None else [("eth", gas, quote, allowed)]
    )
