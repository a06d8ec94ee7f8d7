"""Conditional transfers (docs/protocol.md section 6) within the states of one channel: plain values and arithmetic."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from connext.conditions import FULL_SHARE
from connext.messages import State, Transfer
from connext.types import Address, Bytes32, Data, Side, Uint64


class Triple(NamedTuple):
    """What the outcome registry keeps one outcome for. expiry in Unix seconds."""

    condition: Address
    params_hash: Bytes32
    expiry: int


def triple_of(transfer: Transfer) -> Triple:
    return Triple(transfer.condition, transfer.params_hash, transfer.expiry)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a party knows of the outcome of a triple that a channel has transfers on.

    params: the bytes of the parameters. witness: the best one known, and the share (of FULL_SHARE) that it proves;
    share 0 without one. shown: the share of the witness that was shown to the counterparty last.
    """

    condition: Address
    params_hash: Bytes32
    expiry: Uint64
    params: Data
    witness: Data
    share: Uint64
    shown: Uint64

    @property
    def triple(self) -> Triple:
        return Triple(self.condition, self.params_hash, self.expiry)


NOTHING_PROVED = Claim(bytes(20), bytes(32), 0, b"", b"", 0, 0)
"""In the place of a claim that there is not."""


@dataclass(frozen=True, slots=True)
class RecordedOutcome:
    """The share that the registry had of a triple at the end of a confirmed block with this time."""

    share: int
    time: int

    def is_final(self, expiry: int) -> bool:
        return self.share == FULL_SHARE or self.time >= expiry


NOT_LOOKED_AT = RecordedOutcome(0, 0)
"""Of a triple that stands in a file, before the first block was read since the start."""


# --- Amounts: wei of ETH and of DAI, in the order of Asset ---

Pair = tuple[int, int]
NONE: Pair = (0, 0)


def plus(pair: Pair, transfer: Transfer, amount: int) -> Pair:
    """With an amount of the transfer's asset more."""
    return (pair[0], pair[1] + amount) if transfer.asset else (pair[0] + amount, pair[1])


def held(transfers: Iterable[Transfer]) -> Pair:
    """What the transfers hold in sum."""
    pair = NONE
    for transfer in transfers:
        pair = plus(pair, transfer, transfer.amount)
    return pair


def for_payee(transfer: Transfer, share: int) -> int:
    """Rounded down, as on chain."""
    return transfer.amount * share // FULL_SHARE


def part_of(side: Side, transfer: Transfer, share: int) -> int:
    """What `side` gets of the transfer at this share."""
    payee_gets = for_payee(transfer, share)
    return transfer.amount - payee_gets if transfer.payer == side else payee_gets


# --- Changes from one state to the next ---


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to transfers, which are told apart by their ids."""

    added: tuple[Transfer, ...]
    removed: tuple[Transfer, ...]
    changed: tuple[Transfer, ...]


NO_CHANGE = Change((), (), ())


def change(before: State, after: State) -> Change:
    if before.transfers == after.transfers:
        return NO_CHANGE
    old, new = ({transfer.id: transfer for transfer in state.transfers} for state in (before, after))
    return Change(
        added=tuple(transfer for transfer in after.transfers if transfer.id not in old),
        removed=tuple(transfer for transfer in before.transfers if transfer.id not in new),
        changed=tuple(transfer for transfer in after.transfers if old.get(transfer.id, transfer) != transfer),
    )


ShareOf = Callable[[Transfer], int]


def due(side: Side, removed: Iterable[Transfer], share_of: ShareOf) -> Pair:
    """What `side` gets of the removed transfers at these shares."""
    pair = NONE
    for transfer in removed:
        pair = plus(pair, transfer, part_of(side, transfer, share_of(transfer)))
    return pair


def to_the_full(side: Side) -> ShareOf:
    """The share of each transfer that is the best for `side`."""
    return lambda transfer: 0 if transfer.payer == side else FULL_SHARE


def with_change(state: State, nonce: int, added: Iterable[Transfer], removed: Iterable[tuple[Transfer, int]]) -> State:
    """The state after adding transfers, and removing some at a share each. Payers' nets pay for what is added."""
    nets = [[state.user_wei, state.user_token], [state.node_wei, state.node_token]]
    gone = set()
    for transfer, share in removed:
        gone.add(transfer.id)
        for side in Side:
            nets[side][transfer.asset] += part_of(side, transfer, share)
    added = tuple(added)
    for transfer in added:
        nets[transfer.payer][transfer.asset] -= transfer.amount
    (user_wei, user_token), (node_wei, node_token) = nets
    kept = tuple(transfer for transfer in state.transfers if transfer.id not in gone)
    return State(state.channel_id, nonce, user_wei, node_wei, user_token, node_token, (*kept, *added), False)


def transfer_ids(nonce: int) -> Iterator[int]:
    """Ids that no other state of the channel uses: the nonce of the state that adds them, and a number."""
    yield from range(nonce << 8, (nonce + 1) << 8)
