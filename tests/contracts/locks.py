"""What open transfers hold of a settled channel (docs/protocol.md sections 5 and 6), said again in plain Python.

The contract keeps what remains and takes from it; here every part is fixed from the beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connext.conditions import FULL_SHARE
from connext.messages import Transfer
from connext.types import Asset, Side

MAX_TRANSFERS = 256


class Pair(NamedTuple):
    """An amount of each asset."""

    wei: int
    token: int


@dataclass(frozen=True)
class Outcome:
    share: int
    is_final: bool


def reserved(held: Pair, transfers: Sequence[Transfer]) -> list[int]:
    """Each transfer's part of what is held: its amount, or what those before it in that asset leave."""
    left = list(held)
    parts = []
    for position, transfer in enumerate(transfers):
        part = 0
        if position < MAX_TRANSFERS and transfer.payer in tuple(Side) and transfer.asset in tuple(Asset):
            part = min(transfer.amount, left[transfer.asset])
            left[transfer.asset] -= part
        parts.append(part)
    return parts


def unclaimed(held: Pair, transfers: Sequence[Transfer]) -> Pair:
    """What no transfer has a part of: the node's."""
    parts = reserved(held, transfers)
    return Pair(*(held[asset] - _sum(parts, transfers, asset) for asset in Asset))


def for_user(transfer: Transfer, part: int, share: int) -> int:
    """Of a transfer's part. Rounded down for the payee."""
    payee_gets = part * share // FULL_SHARE
    return payee_gets if transfer.payer == Side.NODE else part - payee_gets


def _sum(parts: Sequence[int], transfers: Sequence[Transfer], asset: int) -> int:
    return sum(part for part, transfer in zip(parts, transfers, strict=True) if transfer.asset == asset)


class Book:
    """All that happens to what a channel's transfers hold."""

    def __init__(self, held: Pair, transfers: Sequence[Transfer], limits: Pair) -> None:
        self.transfers = tuple(transfers)
        self.limits = limits
        self.parts = reserved(held, transfers)
        self.left = unclaimed(held, transfers)
        self.settled: set[int] = set()

    @property
    def bits(self) -> int:
        return sum(1 << position for position in self.settled)

    @property
    def held(self) -> Pair:
        """Before the list is shown for the first time this includes what nobody claims."""
        open_parts = [0 if i in self.settled else part for i, part in enumerate(self.parts)]
        return Pair(*(self.left[asset] + _sum(open_parts, self.transfers, asset) for asset in Asset))

    def show(self, wanted: int, outcomes: Sequence[Outcome]) -> tuple[Pair, Pair]:
        """Settle what is wanted and final. What the user and the node get."""
        user, node = [0, 0], list(self.left)
        self.left = Pair(0, 0)
        for i, (transfer, part, outcome) in enumerate(zip(self.transfers, self.parts, outcomes, strict=True)):
            if i in self.settled or part == 0 or not wanted >> i & 1:
                continue
            if transfer.amount > self.limits[transfer.asset]:
                outcome = Outcome(0, is_final=True)
            if outcome.is_final:
                self.settled.add(i)
                user[transfer.asset] += for_user(transfer, part, outcome.share)
                node[transfer.asset] += part - for_user(transfer, part, outcome.share)
        return Pair(*user), Pair(*node)
