"""What the guarantees must know: of the past of a manager, of one step of a channel, and of what that step must pay."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from connext.types import Status
from proof.entitlements import Due, due_now, due_of_transfers, held_by, reserved
from proof.model import operations as op
from proof.model.ledger import FULL_SHARE, UNFUNDED, Channel, Position, minus, plus
from proof.model.messages import NO_TRANSFERS, NONE, Header, Identity, Pair, Statement, Transfer, TransferList
from proof.model.play import Step
from proof.model.settlement import MAX_TRANSFERS

Triple = tuple[bytes, bytes, int]
ALL = -1
"""Every transfer of a list is wanted."""


@dataclass
class Lock:
    """What the transfers of a settled channel held at first, and whether their list was shown since."""

    held: Pair
    shown: bool


@dataclass
class Past:
    """The past of one manager. Give the same `shares` to all managers of one registry.

    channels, lists: seen in operations that succeeded, by id and by hash; add what else is known. newest: per channel
    the state with the highest nonce that was recorded, of several with that nonce the first. consumed: uses of signed
    statements. locks: of settled channels. shares: at which each triple was settled.
    """

    shares: dict[Triple, int] = field(default_factory=dict)
    channels: dict[bytes, Identity] = field(default_factory=dict)
    lists: dict[bytes, TransferList] = field(default_factory=lambda: {NO_TRANSFERS.hash: NO_TRANSFERS})
    newest: dict[bytes, Header] = field(default_factory=dict)
    consumed: set[tuple[str, Statement]] = field(default_factory=set)
    locks: dict[bytes, Lock] = field(default_factory=dict)

    def learn(self, change: "Change", uses: list[tuple[str, Statement]], payout: "Payout | None") -> None:
        if change.channel:
            self.channels[change.id] = change.channel
        if change.records:
            self.newest[change.id] = change.operation.signed.header
        self.consumed.update(uses)
        if payout:
            shown = payout.first or (change.id in self.locks and self.locks[change.id].shown)
            self.locks[change.id] = Lock(payout.held_at_first, shown)
            self.lists[change.operation.transfers.hash] = change.operation.transfers
            for transfer in payout.by_outcome:
                self.shares[transfer.triple] = share_of(change.step.before, transfer)


class Losers(NamedTuple):
    """Accounts that have less of something than before."""

    of_wallets: list[bytes]
    of_reserves: list[bytes]
    of_credits: list[bytes]


def losers_of(step: Step) -> Losers:
    old, new = step.before, step.after
    return Losers(
        [a for a, wei in old.ether.items() if new.ether[a] < wei]
        + [a for a, amount in old.tokens.items() if new.tokens[a] < amount],
        _have_less(old.reserves, new.reserves),
        _have_less(old.credits, new.credits),
    )


def _have_less(old: dict[bytes, Pair], new: dict[bytes, Pair]) -> list[bytes]:
    return [
        account
        for account, pair in old.items()
        if new[account] is not pair and (new[account][0] < pair[0] or new[account][1] < pair[1])
    ]


class Change:
    """A step that succeeded on a channel, and the channel before and after it."""

    __slots__ = ("channel", "id", "new", "old", "operation", "records", "settles", "step")

    def __init__(self, step: Step):
        operation: Any = step.operation
        self.step, self.operation = step, operation
        self.channel: Identity | None = None if isinstance(operation, op.TopUp) else operation.channel
        self.id: bytes = self.channel.id if self.channel else operation.channel_id
        self.old: Channel = step.before.channels.get(self.id, UNFUNDED)
        self.new: Channel = step.after.channels.get(self.id, UNFUNDED)
        self.settles = self.new.status is Status.SETTLED and self.old.status is not Status.SETTLED
        self.records = not self.settles and self.new.recorded is not self.old.recorded

    def gain(self, account: bytes) -> Pair:
        """What the account has more outside of channels."""
        return minus(held_by(self.step.after, account), held_by(self.step.before, account))


class Payout(NamedTuple):
    """What a settlement, of a channel or of open transfers, must pay.

    due: to the sides, and what stays locked. held_at_first: what the transfers held when the channel was settled.
    first: their list is shown for the first time. by_outcome, by_limit: what is settled in this step because its
    outcome is final, or because it is above the limit. bits: all that is settled now.
    """

    due: Due
    held_at_first: Pair
    first: bool
    by_outcome: list[Transfer]
    by_limit: list[Transfer]
    bits: int


def payout_of(past: Past, change: Change, limit: Pair) -> Payout:
    operation = change.operation
    if isinstance(operation, op.SettleTransfers):
        lock = past.locks[change.id]
        base = Due(NONE, NONE, change.old.locked)
        return _with_list(change, base, lock.held, not lock.shown, operation.transfers, operation.wanted, limit)
    header: Header = operation.header if isinstance(operation, op.Settle) else operation.signed.header
    base = due_now(change.old, header)
    transfers: TransferList = operation.transfers
    if not transfers.transfers and header.transfers_hash != NO_TRANSFERS.hash:
        return Payout(base, base.locked, False, [], [], 0)
    return _with_list(change, base, base.locked, True, transfers, ALL, limit)


def _with_list(
    change: Change, base: Due, at_first: Pair, first: bool, transfers: TransferList, wanted: int, limit: Pair
) -> Payout:
    step, listed = change.step, transfers.transfers[:MAX_TRANSFERS]
    bits, by_outcome, by_limit = 0, list[Transfer](), list[Transfer]()
    for index, (transfer, amount) in enumerate(zip(listed, reserved(listed, at_first), strict=True)):
        if amount and wanted >> index & 1 and not change.old.settled >> index & 1:
            if transfer.amount > limit[transfer.asset]:
                by_limit.append(transfer)
            elif is_final(step.before, transfer, step.context.time):
                by_outcome.append(transfer)
            else:
                continue
            bits |= 1 << index
    user, node = due_of_transfers(listed, at_first, bits, limit, lambda t: share_of(step.before, t), first)
    due = Due(plus(base.user, user), plus(base.node, node), minus(base.locked, plus(user, node)))
    return Payout(due, at_first, first, by_outcome, by_limit, change.old.settled | bits)


def share_of(position: Position, transfer: Transfer) -> int:
    return position.shares.get(transfer.triple, 0)


def is_final(position: Position, transfer: Transfer, time: int) -> bool:
    return time >= transfer.expiry or share_of(position, transfer) == FULL_SHARE
