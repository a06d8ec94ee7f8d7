"""All figures of a run as one JSON document (`peers/figures.json`), and those that are quoted (`docs/peers.json`)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from connext.bench import Curve, Rate
from peers import CHECKOUT, rows
from peers.stand import Column

FIGURES = Path(__file__).parent / "figures.json"
QUOTED = CHECKOUT / "docs" / "peers.json"

TOLERANCE = 0.03
"""Figures of one system, measured and quoted, that are further apart need a reason."""

Columns = Mapping[str, tuple[Column, ...]]
"""What was measured on the chain, by asset; this project's column first."""


@dataclass(frozen=True)
class Figures:
    """What one run measures. machine: on which, for what is in time. rates: off chain. curves: how cost grows."""

    machine: str
    columns: Columns
    rates: Mapping[str, Rate]
    curves: Mapping[str, Curve]


@dataclass(frozen=True)
class Figure:
    """Gas of a row. transactions: until everybody is paid; None where that is not known."""

    gas: int
    transactions: int | None = None


@dataclass(frozen=True)
class Peer:
    """A column of the table."""

    name: str
    version: str
    is_quoted: bool
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Difference:
    """Where a measured figure is not the quoted one, and why."""

    name: str
    asset: str
    row: str
    measured: int
    quoted: int
    reason: str


def to_json(figures: Figures) -> str:
    document = {
        "machine": figures.machine,
        "gas": {asset: [asdict(column) for column in columns] for asset, columns in figures.columns.items()},
        "rates": {name: asdict(rate) for name, rate in figures.rates.items()},
        "growth": figures.curves,
    }
    return json.dumps(document, indent=2) + "\n"


def from_json(text: str) -> Figures:
    document = json.loads(text)
    return Figures(
        document["machine"],
        {asset: tuple(map(_column, columns)) for asset, columns in document["gas"].items()},
        {name: Rate(**rate) for name, rate in document["rates"].items()},
        {name: tuple((x, y) for x, y in curve) for name, curve in document["growth"].items()},
    )


def _column(document: dict[str, Any]) -> Column:
    rows_ = {row: tuple(gas) for row, gas in document["rows"].items()}
    return Column(document["system"], document["version"], document["deployment"], rows_)


# --- Measured ---


def measured(column: Column) -> Peer:
    figures = {row: Figure(sum(gas), len(gas)) for row, gas in column.rows.items()}
    figures[rows.HASH_LOCK] = _beyond(column.rows[rows.HASH_LOCK], column.rows[rows.EXIT])
    life = [gas for row in (rows.OPEN, rows.COLLATERAL, rows.CLOSE) for gas in column.rows[row]]
    figures[rows.LIFE] = Figure(sum(life), len(life))
    figures[rows.DEPLOYMENT] = Figure(column.deployment)
    return Peer(column.system, column.version, False, figures)


def _beyond(gas: tuple[int, ...], base: tuple[int, ...]) -> Figure:
    return Figure(sum(gas) - sum(base), len(gas) - len(base))


# --- Quoted ---


def quoted(asset: str) -> dict[str, Peer]:
    return {
        name: Peer(name, system["version"], True, {row: Figure(gas) for row, gas in system[asset].items()})
        for name, system in _document()["systems"].items()
        if asset in system
    }


def is_plain_transfer(name: str, row: str) -> bool:
    """Not a call of the system: a channel's address is paid before there is a contract."""
    return row in _document()["plain_transfers"].get(name, ())


def shown(columns: Columns, asset: str) -> list[Peer]:
    """This project, what else was measured, what is quoted."""
    peers = list(map(measured, columns[asset]))
    return peers + [quote for quote in quoted(asset).values() if _is_shown(quote, peers)]


def _is_shown(quote: Peer, others: Iterable[Peer]) -> bool:
    """A quote of what was measured in the same version would only repeat it."""
    return all((quote.name, quote.version) != (peer.name, peer.version) for peer in others)


def best(others: Iterable[Peer], row: str) -> Peer | None:
    """The one that does this, by a call of its own, with the least gas; None if nobody does."""
    able = (peer for peer in others if row in peer.figures and not is_plain_transfer(peer.name, row))
    return min(able, key=lambda peer: peer.figures[row].gas, default=None)


def differences(columns: Columns) -> Iterator[Difference]:
    for asset, of_asset in columns.items():
        quotes = quoted(asset)
        for peer in map(measured, of_asset):
            if peer.name in quotes:
                yield from _differences(asset, peer, quotes[peer.name])


def _differences(asset: str, peer: Peer, quote: Peer) -> Iterator[Difference]:
    for row, figure in peer.figures.items():
        other = quote.figures.get(row)
        if other is not None and abs(figure.gas / other.gas - 1) > TOLERANCE:
            yield Difference(peer.name, asset, row, figure.gas, other.gas, _reason(peer.name, row))


def _reason(name: str, row: str) -> str:
    reasons = _document()["differences"].get(name, {})
    reason: str = reasons.get(row) or reasons.get("every row") or "not explained"
    return reason


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(QUOTED.read_text())
    return document
