"""The tables, cell by cell."""

import pytest

from peers import figures, rows, table
from peers.figures import Figure, Peer
from peers.stand import Column
from peers.table import NOTHING

OWN = Column("this project", "0.1", 1_000_000, {rows.OPEN: (50_000,), rows.CLOSE: (60_000,)})
VECTOR = Column("Vector", "0.2", 2_000_000, {rows.OPEN: (21_000,), rows.CLOSE: (70_000, 50_000)})


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows, one quoted system, nothing added up."""
    quote = Peer("Perun", "9", True, {rows.OPEN: Figure(40_000), rows.WITHDRAWAL: Figure(90_000)})

    def as_it_is(column: Column) -> Peer:
        gas = {row: Figure(sum(gas), len(gas)) for row, gas in column.rows.items()}
        return Peer(column.system, column.version, False, gas)

    monkeypatch.setattr(rows, "TABLE", (rows.OPEN, rows.CLOSE, rows.WITHDRAWAL))
    monkeypatch.setattr(figures, "quoted", lambda asset: {"Perun": quote} if asset == "eth" else {})
    monkeypatch.setattr(figures, "measured", as_it_is)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_rows_ratios_marks_and_dashes() -> None:
    columns = {"eth": (OWN, VECTOR), "token": (OWN,), "dai": ()}
    title, _, head, _, *body = table.tables(columns).partition("\n\nERC-20")[0].splitlines()
    assert title == "ETH"
    assert cells(head) == ["", "this project", "Vector", "Perun, quoted", "to best measured", "to best quoted"]
    assert list(map(cells, body)) == [
        ["1 open + first deposit", "50 000", "21 000 ¹", "40 000", NOTHING, "1.250"],
        ["4 cooperative close, both paid", "60 000", "120 000 (2)", NOTHING, "0.500", NOTHING],
        ["5 partial withdrawal, stays open", NOTHING, NOTHING, "90 000", NOTHING, NOTHING],
    ]


def test_columns_are_aligned_for_a_terminal() -> None:
    assert table.aligned([["", "gas"], ["close", "1 000"], ["open and more", "9"]]) == (
        "|               |   gas |\n| ------------- | ----: |\n| close         | 1 000 |\n| open and more |     9 |\n"
    )


def test_versions_of_measured_and_quoted() -> None:
    columns = {"eth": (OWN, VECTOR), "token": (OWN,), "dai": ()}
    assert table.versions(columns) == "Measured: this project (0.1), Vector (0.2). Quoted: Perun (9).\n"


def test_batches_are_gas_for_each_channel() -> None:
    gas = {rows.batch(row, size): (size * 1_000 + 500,) for row in rows.BATCHED for size in rows.SIZES}
    own = Column("this project", "0.1", 1, gas)
    other = Column("Nitro", "1", 1, {rows.COLLATERAL: (30_000,), rows.EXIT: (100_000, 60_000, 3_000)})
    lines = table.batches({"eth": (own, other), "token": (own, other), "dai": (own,)}).splitlines()
    assert lines[4:10] == [
        "| 3 node collateral, 1 in one transaction                   |        1 500 | 30 000 |",
        "| 3 node collateral, 10 in one transaction                  |        1 050 | 30 000 |",
        "| 3 node collateral, 100 in one transaction                 |        1 005 | 30 000 |",
        "| payout of an unchallenged dispute, 1 in one transaction   |        1 500 | 63 000 |",
        "| payout of an unchallenged dispute, 10 in one transaction  |        1 050 | 63 000 |",
        "| payout of an unchallenged dispute, 100 in one transaction |        1 005 | 63 000 |",
    ]
