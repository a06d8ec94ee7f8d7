"""Who gets what when a channel is settled: docs/protocol.md sections 5 and 6, decisions/0008. Pure arithmetic."""

from collections.abc import Callable
from typing import NamedTuple

from proof.model.ledger import FULL_SHARE, Channel
from proof.model.messages import NONE, USER, Header, Pair, Transfer

MAX_TRANSFERS = 256
"""The word that says which are settled has as many bits; transfers beyond claim nothing."""

Outcome = Callable[[Transfer], tuple[int, bool]]
"""Share of 1e18 for the payee, and whether it is final."""


class Split(NamedTuple):
    """Per asset: what the sides get at once, and what the transfers of the state hold."""

    user: Pair
    node: Pair
    locked: Pair


class Handout(NamedTuple):
    """Per asset: what transfers give to the sides, and what those that stay open hold. settled: which are (bit i: the
    i-th)."""

    user: Pair
    node: Pair
    locked: Pair
    settled: int

    @property
    def moves(self) -> bool:
        return any(self.user) or any(self.node)


def split(channel: Channel, header: Header) -> Split:
    """Bounded, whatever was signed."""
    parts = [_split_asset(channel.held[asset], channel.user[asset], *header.net(asset)) for asset in (0, 1)]
    user, node, locked = zip(*parts, strict=True)
    return Split(user, node, locked)


def _split_asset(held: int, contribution: int, user_net: int, node_net: int) -> tuple[int, int, int]:
    locked = _bounded(-(user_net + node_net), held)
    user = _bounded(contribution + user_net, held - locked)
    return user, held - locked - user, locked


def _bounded(amount: int, most: int) -> int:
    return max(0, min(amount, most))


def reservations(transfers: tuple[Transfer, ...], held: Pair, settled: int = 0) -> list[int]:
    """What is held is reserved for the transfers that are not settled, in their order; as long as the list (up to
    256)."""
    left = list(held)
    reserved = []
    for index, transfer in enumerate(transfers[:MAX_TRANSFERS]):
        open_and_known = not settled >> index & 1 and transfer.payer <= 1 and transfer.asset <= 1
        amount = min(transfer.amount, left[transfer.asset]) if open_and_known else 0
        if amount:
            left[transfer.asset] -= amount
        reserved.append(amount)
    return reserved


def hand_out(
    transfers: tuple[Transfer, ...], held: Pair, settled: int, wanted: int, limit: Pair, outcome: Outcome
) -> Handout:
    """Settle those of the wanted transfers that hold something and are decided; above the limit they are, for their
    payer. What no transfer claims is the node's."""
    reserved = reservations(transfers, held, settled)
    paid = [[0, 0], [0, 0]]
    locked = [0, 0]
    for index, (transfer, amount) in enumerate(zip(transfers, reserved, strict=False)):
        if not amount:
            continue
        share, is_final = (0, True) if transfer.amount > limit[transfer.asset] else outcome(transfer)
        if is_final and wanted >> index & 1:
            settled |= 1 << index
            to_payee = amount * share // FULL_SHARE
            paid[1 - transfer.payer][transfer.asset] += to_payee
            paid[transfer.payer][transfer.asset] += amount - to_payee
        else:
            locked[transfer.asset] += amount
    user = paid[USER][0], paid[USER][1]
    node = held[0] - user[0] - locked[0], held[1] - user[1] - locked[1]
    return Handout(user, node, (locked[0], locked[1]), settled)


def nothing_shown(held: Pair) -> Handout:
    """Without the list everything stays open."""
    return Handout(NONE, NONE, held, 0)
