"""Every channel and account as the chain has it, from the manager's events alone: no calls, no traces.

`fold(ledger, logs)` is pure; whoever keeps the ledger of each block can go back when the chain does.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import add
from types import MappingProxyType
from typing import Any

from connext.abi import Event, Log, manager_abi
from connext.messages import StateHeader
from connext.types import (
    NOTHING,
    Address,
    Amounts,
    Asset,
    Bytes32,
    ChannelIdentity,
    Side,
    Status,
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a channel ended: the nonce of the state it was settled with, and what each side got of each asset, in wei.

    later: what each side got in addition from transfers that were settled afterwards.
    """

    nonce: int
    paid: Amounts
    later: Amounts = NOTHING


@dataclass(frozen=True, slots=True)
class OpenTransfers:
    """What the open transfers of a settled channel still hold, in wei.

    transfers_hash: of the whole list; settled: bit i is set once the i-th was settled.
    """

    transfers_hash: Bytes32
    locked_wei: int
    locked_token: int
    settled: int


NO_OPEN_TRANSFERS = OpenTransfers(bytes(32), 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ChannelLedger:
    """One channel.

    contributions: per side and asset, deposited minus withdrawn, in wei. deadline: of the running dispute, 0 without
    one. dispute: number of the latest. sequence: of the next withdrawal. recorded: the newest recorded state. Like on
    chain, a settled channel is empty but for open transfers; its settlement is remembered.
    """

    identity: ChannelIdentity
    status: Status
    contributions: Amounts
    deadline: int
    dispute: int
    sequence: int
    recorded: StateHeader | None
    settlement: Settlement | None
    open_transfers: OpenTransfers = NO_OPEN_TRANSFERS


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an account holds of both assets, in wei."""

    amount_wei: int
    amount_token: int

    def plus(self, amount_wei: int, amount_token: int) -> "Holdings":
        return Holdings(self.amount_wei + amount_wei, self.amount_token + amount_token)


@dataclass(frozen=True, slots=True)
class Ledger:
    """All channels by id, and what accounts hold outside of channels (docs/protocol.md section 3)."""

    manager: Address
    channels: Mapping[Bytes32, ChannelLedger]
    reserves: Mapping[Address, Holdings]
    credits: Mapping[Address, Holdings]

    def reserve(self, account: Address) -> Holdings:
        return self.reserves.get(account, Holdings(0, 0))

    def credit(self, account: Address) -> Holdings:
        return self.credits.get(account, Holdings(0, 0))


def empty_ledger(manager: Address) -> Ledger:
    """The ledger of a manager right after its deployment."""
    return Ledger(manager, MappingProxyType({}), MappingProxyType({}), MappingProxyType({}))


def fold(ledger: Ledger, logs: Iterable[Log]) -> Ledger:
    """The ledger after more logs, in the order of the chain; logs of other contracts are skipped."""
    draft = _Draft(dict(ledger.channels), dict(ledger.reserves), dict(ledger.credits))
    for log in logs:
        event = manager_abi().decode_log(log) if log.address == ledger.manager else None
        if event is not None:
            EFFECTS[event.name](draft, **_arguments(event))
    return Ledger(
        ledger.manager,
        MappingProxyType(draft.channels),
        MappingProxyType(draft.reserves),
        MappingProxyType(draft.credits),
    )


@dataclass(slots=True)
class _Draft:
    channels: dict[Bytes32, ChannelLedger]
    reserves: dict[Address, Holdings]
    credits: dict[Address, Holdings]

    def opened(self, channel_id: Bytes32, **identity: Any) -> None:
        self.channels[channel_id] = ChannelLedger(
            ChannelIdentity(**identity), Status.OPEN, NOTHING, 0, 0, 0, None, None
        )

    def deposited(self, channel_id: Bytes32, side: int, amount_wei: int, amount_token: int) -> None:
        self._contribute(channel_id, _for_side(side, amount_wei, amount_token), 1)

    def collateralized(self, channel_id: Bytes32, side: int, amount_wei: int, amount_token: int) -> None:
        self._contribute(channel_id, _for_side(side, amount_wei, amount_token), 1)
        self._add(self.reserves, self.channels[channel_id].identity.account(Side(side)), -amount_wei, -amount_token)

    def withdrawn(self, channel_id: Bytes32, sequence: int, recipient: Address, **amounts: int) -> None:  # noqa: ARG002
        taken = Amounts(**amounts)
        self._contribute(channel_id, taken, -1)
        self._change(channel_id, sequence=sequence + 1)
        self._add(self.reserves, self.channels[channel_id].identity.node, taken.node_wei, taken.node_token)

    def recorded(self, channel_id: Bytes32, state: tuple[Any, ...]) -> None:
        self._change(channel_id, recorded=StateHeader(*state))

    def dispute_started(self, channel_id: Bytes32, dispute: int, deadline: int) -> None:
        self._change(channel_id, status=Status.DISPUTED, dispute=dispute, deadline=deadline)

    def dispute_resumed(self, channel_id: Bytes32, dispute: int) -> None:
        self._change(channel_id, status=Status.OPEN, dispute=dispute, deadline=0)

    def settled(self, channel_id: Bytes32, nonce: int, **amounts: int) -> None:
        paid, identity = Amounts(**amounts), self.channels[channel_id].identity
        self.channels[channel_id] = ChannelLedger(
            identity, Status.SETTLED, NOTHING, 0, 0, 0, None, Settlement(nonce, paid)
        )
        self._add(self.reserves, identity.node, paid.node_wei, paid.node_token)

    def transfers_locked(self, channel_id: Bytes32, **fields: Any) -> None:
        self._change(channel_id, open_transfers=OpenTransfers(**fields))

    def transfers_settled(self, channel_id: Bytes32, settled: int, **amounts: int) -> None:
        """The user's part follows as its own event."""
        paid, channel = Amounts(**amounts), self.channels[channel_id]
        before, settlement = channel.open_transfers, channel.settlement
        assert settlement is not None  # only settled channels have open transfers
        locked = (
            before.locked_wei - paid.user_wei - paid.node_wei,
            before.locked_token - paid.user_token - paid.node_token,
        )
        left = OpenTransfers(before.transfers_hash, *locked, settled) if any(locked) else NO_OPEN_TRANSFERS
        later = Amounts(*map(add, settlement.later, paid))
        self._change(channel_id, open_transfers=left, settlement=replace(settlement, later=later))
        self._add(self.reserves, channel.identity.node, paid.node_wei, paid.node_token)

    def funded(self, account: Address, amount_wei: int, amount_token: int) -> None:
        self._add(self.reserves, account, amount_wei, amount_token)

    def reserve_withdrawn(self, account: Address, amount_wei: int, amount_token: int, **_: object) -> None:
        self._add(self.reserves, account, -amount_wei, -amount_token)

    def credited(self, account: Address, asset: int, amount: int) -> None:
        self._add(self.credits, account, *((0, amount) if asset == Asset.DAI else (amount, 0)))

    def credit_withdrawn(self, account: Address, amount_wei: int, amount_token: int, **_: object) -> None:
        self._add(self.credits, account, -amount_wei, -amount_token)

    def call_failed(self, **_: object) -> None:
        """Nothing changed."""

    def _contribute(self, channel_id: Bytes32, amounts: Amounts, sign: int) -> None:
        before = self.channels[channel_id].contributions
        self._change(channel_id, contributions=Amounts(*(b + sign * a for b, a in zip(before, amounts, strict=True))))

    def _change(self, channel_id: Bytes32, **changes: Any) -> None:
        self.channels[channel_id] = replace(self.channels[channel_id], **changes)

    def _add(self, holdings: dict[Address, Holdings], account: Address, amount_wei: int, amount_token: int) -> None:
        holdings[account] = holdings.get(account, Holdings(0, 0)).plus(amount_wei, amount_token)


EFFECTS: dict[str, Callable[..., None]] = {
    "ChannelOpened": _Draft.opened,
    "Deposited": _Draft.deposited,
    "Collateralized": _Draft.collateralized,
    "Withdrawn": _Draft.withdrawn,
    "StateRecorded": _Draft.recorded,
    "DisputeStarted": _Draft.dispute_started,
    "DisputeResumed": _Draft.dispute_resumed,
    "ChannelSettled": _Draft.settled,
    "TransfersLocked": _Draft.transfers_locked,
    "TransfersSettled": _Draft.transfers_settled,
    "Funded": _Draft.funded,
    "ReserveWithdrawn": _Draft.reserve_withdrawn,
    "Credited": _Draft.credited,
    "CreditWithdrawn": _Draft.credit_withdrawn,
    "CallFailed": _Draft.call_failed,
}


def _for_side(side: int, amount_wei: int, amount_token: int) -> Amounts:
    if side == Side.USER:
        return Amounts(amount_wei, 0, amount_token, 0)
    return Amounts(0, amount_wei, 0, amount_token)


def _arguments(event: Event) -> dict[str, Any]:
    return {snake_case(name): value for name, value in event.values.items()}


def snake_case(name: str) -> str:
    """The name of a Solidity field as Python spells it."""
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
