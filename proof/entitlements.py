"""Who can take what: pure functions of a position, in which the guarantees are stated.

What a settlement owes is said here a second time, and in other words than in the model: docs/protocol.md section 5
reserves from what was held at first, by prefix sums; the contracts (and the model) reserve from what remains
(decisions/0008).
"""

from collections.abc import Callable
from typing import NamedTuple

from proof.model.ledger import FULL_SHARE, UNFUNDED, Channel, Position
from proof.model.messages import INITIAL, NONE, Header, Pair, Transfer

ASSETS = (0, 1)


class Due(NamedTuple):
    """Per asset: what each side gets, and what stays locked."""

    user: Pair
    node: Pair
    locked: Pair


ShareOf = Callable[[Transfer], int]
"""The share of a decided transfer, of 1e18."""


def held_by(position: Position, account: bytes) -> Pair:
    """What an account can take or has, outside of channels: wallet, reserve and credit."""
    reserve, credit = position.reserves.get(account, NONE), position.credits.get(account, NONE)
    wallet = position.ether.get(account, 0), position.tokens.get(account, 0)
    return wallet[0] + reserve[0] + credit[0], wallet[1] + reserve[1] + credit[1]


def due_now(channel: Channel, header: Header) -> Due:
    """What the sides get if the channel is settled with this state, and what its transfers hold."""
    user, node, locked = [0, 0], [0, 0], [0, 0]
    for asset in ASSETS:
        total, contribution = channel.held[asset], channel.user[asset]
        to_user, to_node = header.net(asset)
        locked[asset] = sorted((0, -(to_user + to_node), total))[1]
        user[asset] = sorted((0, contribution + to_user, total - locked[asset]))[1]
        node[asset] = total - locked[asset] - user[asset]
    return Due(_pair(user), _pair(node), _pair(locked))


def takeable(position: Position, channel_id: bytes, side: int) -> Pair:
    """What a side would get by the recorded (or the initial) state, its transfers left out."""
    channel = position.channels.get(channel_id, UNFUNDED)
    return due_now(channel, channel.recorded or INITIAL)[side]


def reserved(transfers: tuple[Transfer, ...], locked: Pair) -> list[int]:
    """Of what was locked at first, what is kept for each transfer: its amount, or what those before it leave."""
    before = [0, 0]
    amounts = []
    for transfer in transfers[:256]:
        if transfer.payer > 1 or transfer.asset > 1:
            amounts.append(0)
            continue
        left = max(0, locked[transfer.asset] - before[transfer.asset])
        amounts.append(min(transfer.amount, left))
        before[transfer.asset] += transfer.amount
    return amounts


def due_of_transfers(
    transfers: tuple[Transfer, ...], locked: Pair, bits: int, limit: Pair, share_of: ShareOf, first: bool
) -> tuple[Pair, Pair]:
    """What the sides get of those transfers whose bit is set. first: the node gets what no transfer claims, too."""
    due = [[0, 0], [0, 0]]
    amounts = reserved(transfers, locked)
    for index, (transfer, amount) in enumerate(zip(transfers, amounts, strict=False)):
        if amount and bits >> index & 1:
            share = share_of(transfer) if transfer.amount <= limit[transfer.asset] else 0
            for_payee = amount * share // FULL_SHARE
            due[1 - transfer.payer][transfer.asset] += for_payee
            due[transfer.payer][transfer.asset] += amount - for_payee
    if first:
        due[1] = [due[1][asset] + unclaimed(transfers, locked)[asset] for asset in ASSETS]
    return _pair(due[0]), _pair(due[1])


def unclaimed(transfers: tuple[Transfer, ...], locked: Pair) -> Pair:
    """What was locked at first beyond the amounts of all transfers that count."""
    left = list(locked)
    for transfer, amount in zip(transfers, reserved(transfers, locked), strict=False):
        if amount:
            left[transfer.asset] -= amount
    return _pair(left)


def _pair(amounts: list[int]) -> Pair:
    return amounts[0], amounts[1]
