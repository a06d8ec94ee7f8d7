"""The tables of `lifecycle`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from connext.actions import Action
from connext.display import format_amount
from connext.ledger import Settlement
from connext.reckoning import Money
from connext.types import Asset, Side, amounts_for

if TYPE_CHECKING:
    from scripts._stage import Played, Sent


def summary(actions: Iterable[Action]) -> str:
    """How many of which, in order of appearance: '2 batches, 200 payments'."""
    return ", ".join(f"{count} {name}" for name, count in Counter(action.name for action in actions).items())


def transactions(plays: Iterable[Played]) -> Table:
    """Each with its gas, story by story; the same one after the other are added up."""
    table = Table("block", "sender", "calls", "events", title="Transactions", title_justify="left")
    table.add_column("gas", justify="right")
    total = 0
    for played in plays:
        table.add_section()
        table.add_row("", "", Text(played.title, style="bold"))
        for (sender, function, happened), items in groupby(played.transactions, key=_deed):
            receipts = [item.receipt for item in items]
            gas = sum(receipt.gas_used for receipt in receipts)
            total += gas
            times = f" ({len(receipts)} times)" if len(receipts) > 1 else ""
            table.add_row(str(receipts[0].block.number), sender, function + times, happened, f"{gas:,}")
    table.add_section()
    table.add_row("", "", "all", "", f"{total:,}")
    return table


def _deed(sent: Sent) -> tuple[str, str, str]:
    """Who did what, and what came of it."""
    receipt = sent.receipt
    happened = ", ".join(event.name for event in receipt.events) or str(receipt.error or "nothing new")
    return sent.sender, sent.function, happened


def settlements(played: Played) -> Table:
    """What each side got of each channel, later settled transfers included: by the last state, and by the chain."""
    table = Table("channel", "last state", "side", title="Channels", title_justify="left")
    for heading in ("last state pays", "the chain paid", "difference"):
        table.add_column(heading, justify="right")
    for name, owed in played.owed.settlements.items():
        found = played.found.settlements.get(name)
        for side in Side:
            for asset in Asset:
                expected = _amount(owed, side, asset)
                actual = _amount(found, side, asset) if found else 0
                if expected or actual:
                    table.add_row(name, str(owed.nonce), side.name.lower(), *_compared(asset, expected, actual))
        table.add_section()
    return table


def money(played: Played) -> Table:
    """Of every party: before, after, and what it must be."""
    table = Table("party", "where", title="Money (transactions here cost no fees)", title_justify="left")
    for heading in ("before", "must be after", "is after", "difference"):
        table.add_column(heading, justify="right")
    sources = (played.before, played.owed.money, played.found.money)
    for name in played.before:
        for place in ("wallet", "reserve", "credit"):
            for asset in Asset:
                was, must, is_ = (_held(source[name], place, asset) for source in sources)
                if was or must or is_:
                    table.add_row(name, place, format_amount(asset, was), *_compared(asset, must, is_))
        table.add_section()
    return table


def _compared(asset: Asset, expected: int, actual: int) -> tuple[str, str, str]:
    return format_amount(asset, expected), format_amount(asset, actual), f"{actual - expected} wei"


def _amount(settlement: Settlement, side: Side, asset: Asset) -> int:
    return amounts_for(side, settlement.paid)[asset] + amounts_for(side, settlement.later)[asset]


def _held(money_: Money, place: str, asset: Asset) -> int:
    holdings = getattr(money_, place)
    return int(holdings.amount_token if asset is Asset.DAI else holdings.amount_wei)
