"""Figures: this project's are those of the gas snapshot, everybody's are added up in one way."""

import pytest

from connext import bench
from peers import figures, growth, rows
from peers.connext_ import COMPOSED
from peers.figures import FIGURES, Figure, Peer, best, from_json, is_plain_transfer, measured, quoted, shown
from peers.run import DEAREST
from peers.stand import Column
from tests.gas import snapshot

COMMITTED = from_json(FIGURES.read_text())
SNAPSHOT = snapshot.read()

COLUMN = Column(
    "Example",
    "1.0",
    700,
    {
        rows.OPEN: (10,),
        rows.COLLATERAL: (20,),
        rows.CLOSE: (30, 5),
        rows.EXIT: (40, 2),
        rows.HASH_LOCK: (45, 7, 3),
    },
)


# --- The committed ones ---


@pytest.mark.parametrize("asset", ["eth", "dai"])
def test_this_projects_are_those_of_the_snapshot(asset: str) -> None:
    own, *_ = COMMITTED.columns[asset]
    expected = {row: tuple(SNAPSHOT[name][asset] for name in names) for row, names in COMPOSED.items()}
    assert {row: own.rows[row] for row in expected} == expected


def test_rows_1_to_8_are_all_in_the_snapshot() -> None:
    numbered = {row for row in rows.TABLE if row[0].isdigit()} - {rows.LIFE}
    assert len(numbered) == 9  # row 3 twice
    assert numbered <= set(COMPOSED)


def test_the_curve_of_settlements_ends_where_the_snapshot_does() -> None:
    curve = dict(COMMITTED.curves[growth.SETTLING])
    assert curve[0] == SNAPSHOT["settle"]["eth"]
    assert curve[200] == SNAPSHOT[DEAREST]["eth"]


def test_what_grows_is_measured_over_the_whole_range() -> None:
    sizes = {name: tuple(x for x, _ in curve) for name, curve in COMMITTED.curves.items()}
    assert sizes == {
        growth.STARTING: tuple(growth.SIZES),
        growth.SETTLING: tuple(growth.SIZES),
        growth.BY_TRANSFERS: bench.OPEN_TRANSFERS,
        growth.BY_CHANNELS: bench.CHANNELS,
    }
    assert (min(growth.SIZES), max(growth.SIZES)) == (0, 200)
    assert (bench.OPEN_TRANSFERS[0], bench.OPEN_TRANSFERS[-1]) == (0, 200)


def test_everybody_is_measured_in_every_asset_it_has() -> None:
    systems = {asset: [column.system for column in columns] for asset, columns in COMMITTED.columns.items()}
    assert systems == {
        "eth": ["this project", "Nitro", "Vector"],
        "token": ["this project", "Nitro", "Vector", "Raiden"],
        "dai": ["this project"],
    }


def test_every_difference_to_a_quoted_figure_is_explained() -> None:
    found = list(figures.differences(COMMITTED.columns))
    assert found
    assert [one for one in found if one.reason == "not explained"] == []


# --- How they are made ---


def test_a_row_is_the_sum_of_its_transactions() -> None:
    assert measured(COLUMN).figures[rows.CLOSE] == Figure(35, 2)


def test_a_hash_lock_costs_what_it_adds_to_an_exit() -> None:
    assert measured(COLUMN).figures[rows.HASH_LOCK] == Figure(13, 1)


def test_a_life_is_opened_collateralized_and_closed() -> None:
    assert measured(COLUMN).figures[rows.LIFE] == Figure(65, 4)
    assert measured(COLUMN).figures[rows.DEPLOYMENT] == Figure(700)


def test_a_quote_of_the_measured_version_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    quotes = {"Example": Peer("Example", "1.0", True, {}), "Other": Peer("Other", "1.0", True, {})}
    monkeypatch.setattr(figures, "quoted", lambda _: quotes)
    names = [(peer.name, peer.is_quoted) for peer in shown({"eth": (COLUMN,)}, "eth")]
    assert names == [("Example", False), ("Other", True)]
    quotes["Example"] = Peer("Example", "0.9", True, {})
    assert len(shown({"eth": (COLUMN,)}, "eth")) == 3


def test_a_difference_is_more_than_three_per_cent(monkeypatch: pytest.MonkeyPatch) -> None:
    quote = Peer("Example", "0.9", True, {rows.CLOSE: Figure(34), rows.EXIT: Figure(40), rows.WITHDRAWAL: Figure(1)})
    monkeypatch.setattr(figures, "quoted", lambda _: {"Example": quote})
    (one,) = figures.differences({"eth": (COLUMN,)})
    assert (one.row, one.measured, one.quoted, one.reason) == (rows.EXIT, 42, 40, "not explained")


def test_the_best_has_the_least_gas() -> None:
    dear, cheap = (Peer(name, "1", False, {rows.OPEN: Figure(gas)}) for name, gas in (("dear", 9), ("cheap", 8)))
    assert best([dear, cheap], rows.OPEN) == cheap
    assert best([dear, cheap], rows.CLOSE) is None


def test_a_plain_transfer_is_never_the_best() -> None:
    assert is_plain_transfer("Vector", rows.OPEN)
    vector = quoted("eth")["Vector"]
    assert best([vector], rows.OPEN) is None
    assert best([vector], rows.CLOSE) == vector
