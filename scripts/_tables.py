"""The tables that `lifecycle` ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from connext.actions import Action
from connext.display import format_amount
from connext.reckoning import Money, Reckoning
from connext.types import Amounts, Asset, Side, amounts_for

if TYPE_CHECKING:
    from scripts._stage import Sent


def summary(actions: Iterable[Action]) -> str:
    """How many of which, in order of appearance: '2 batches, 200 payments'."""
    return ", ".join(f"{count} {name}" for name, count in Counter(action.name for action in actions).items())


def transactions(sent: Iterable[Sent]) -> Table:
    """Each with its gas, chapter by chapter."""
    table = Table("block", "sender", "calls", "events", title="Transactions", title_justify="left")
    table.add_column("gas", justify="right")
    total = 0
    for chapter, items in groupby(sent, key=attrgetter("chapter")):
        table.add_section()
        table.add_row("", "", Text(chapter, style="bold"))
        for item in items:
            receipt = item.receipt
            total += receipt.gas_used
            happened = ", ".join(event.name for event in receipt.events) or str(receipt.error)
            table.add_row(str(receipt.block.number), item.sender, item.function, happened, f"{receipt.gas_used:,}")
    table.add_section()
    table.add_row("", "", "all", "", f"{total:,}")
    return table


def settlements(owed: Reckoning, found: Reckoning) -> Table:
    """What each side got of each channel: by the last state of both, and by the chain."""
    table = Table("channel", "last state", "side", title="Channels", title_justify="left")
    for heading in ("last state pays", "the chain paid", "difference"):
        table.add_column(heading, justify="right")
    for name, settlement in owed.settlements.items():
        paid = found.settlements.get(name)
        for side in Side:
            for asset in Asset:
                expected = _amount(settlement.paid, side, asset)
                actual = _amount(paid.paid, side, asset) if paid else 0
                table.add_row(
                    name,
                    str(settlement.nonce),
                    side.name.lower(),
                    *_compared(asset, expected, actual),
                )
        table.add_section()
    return table


def money(before: Mapping[str, Money], owed: Reckoning, found: Reckoning) -> Table:
    """Of every party: before, after, and what it must be."""
    table = Table("party", "where", title="Money (transactions here cost no fees)", title_justify="left")
    for heading in ("before", "must be after", "is after", "difference"):
        table.add_column(heading, justify="right")
    for name in before:
        for place in ("wallet", "reserve", "credit"):
            for asset in Asset:
                was, must, is_ = (_held(source[name], place, asset) for source in (before, owed.money, found.money))
                if was or must or is_:
                    table.add_row(name, place, format_amount(asset, was), *_compared(asset, must, is_))
        table.add_section()
    return table


def _compared(asset: Asset, expected: int, actual: int) -> tuple[str, str, str]:
    return format_amount(asset, expected), format_amount(asset, actual), f"{actual - expected} wei"


def _amount(paid: Amounts, side: Side, asset: Asset) -> int:
    return amounts_for(side, paid)[asset]


def _held(money_: Money, place: str, asset: Asset) -> int:
    holdings = getattr(money_, place)
    return int(holdings.amount_token if asset is Asset.DAI else holdings.amount_wei)
