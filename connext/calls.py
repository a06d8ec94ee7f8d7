"""The manager's functions (docs/protocol.md section 3) called with this package's own values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from connext.abi import artifact
from connext.channel import Deployment, Signed, initial_state
from connext.events import Submit
from connext.messages import Exit, Resume, State, StateHeader, Transfer, Withdrawal, header
from connext.signing import Signature
from connext.types import Address, Asset, Bytes32, ChannelIdentity, Side, members

CALL_GAS = 400_000
"""Enough for every call, its payouts included, without transfers."""

TRANSFER_GAS = 8_000
"""What one transfer more in a list may use."""

ALL_TRANSFERS = 2**256 - 1

INITIAL = header(initial_state(bytes(32)))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a contract, by its name; value in wei. gas: what it needs as one of a batch."""

    function: str
    arguments: tuple[Any, ...]
    value: int = 0
    contract: str = "ChannelManager"
    gas: int = CALL_GAS

    @property
    def data(self) -> bytes:
        return artifact(self.contract).abi.encode_call(self.function, *self.arguments)

    def receiver(self, deployment: Deployment) -> Address:
        """The contract's address."""
        return deployment.registry if self.contract == "OutcomeRegistry" else deployment.domain.verifying_contract


# --- Channels ---


def deposit(identity: ChannelIdentity, side: Side, wei: int, token: int) -> Call:
    return Call("deposit", (identity, side, token), wei)


def top_up(channel_id: Bytes32, side: Side, wei: int, token: int) -> Call:
    return Call("topUp", (channel_id, side, token), wei)


def collateralize(identity: ChannelIdentity, wei: int, token: int) -> Call:
    return Call("collateralize", (identity, wei, token))


def withdraw(
    identity: ChannelIdentity, withdrawal: Withdrawal, user_signature: Signature, node_signature: Signature
) -> Call:
    _, *amounts = (getattr(withdrawal, member.attribute) for member in members(Withdrawal))
    return Call("withdraw", (identity, tuple(amounts), _split(user_signature), _split(node_signature)))


def checkpoint(identity: ChannelIdentity, signed: Signed[State]) -> Call:
    return Call("checkpoint", (identity, _signed(signed)))


def start_dispute(identity: ChannelIdentity, signed: Signed[State]) -> Call:
    return Call("startDispute", (identity, _signed(signed)))


def start_dispute_with_exit(
    identity: ChannelIdentity, exit_: Exit, exit_signature: Signature, signed: Signed[State]
) -> Call:
    return Call("startDisputeWithExit", (identity, exit_.deadline, _split(exit_signature), _signed(signed)))


def resume(identity: ChannelIdentity, resume: Resume, user_signature: Signature, node_signature: Signature) -> Call:
    return Call("resume", (identity, resume.deadline, _split(user_signature), _split(node_signature)))


def settle(
    identity: ChannelIdentity, state: State | StateHeader | None, transfers: tuple[Transfer, ...] | None = None
) -> Call:
    """state: the recorded one; None where none was recorded. transfers: its own, if not given; with none of them they
    stay open."""
    if transfers is None:
        transfers = state.transfers if isinstance(state, State) else ()
    return Call("settle", (identity, _header(state) if state is not None else INITIAL, transfers), gas=_gas(transfers))


def close(identity: ChannelIdentity, signed: Signed[State], transfers: tuple[Transfer, ...] | None = None) -> Call:
    """transfers: the state's own, if not given."""
    if transfers is None:
        transfers = signed.message.transfers
    return Call("close", (identity, _signed(signed), transfers), gas=_gas(transfers))


def settle_transfers(identity: ChannelIdentity, transfers: tuple[Transfer, ...], wanted: int = ALL_TRANSFERS) -> Call:
    """transfers: of the state that the channel was settled with; wanted: bit i for the i-th."""
    return Call("settleTransfers", (identity, transfers, wanted), gas=_gas(transfers))


# --- Outcomes ---


def record(condition: Address, params: bytes, expiry: int, witness: bytes) -> Call:
    return Call("record", (condition, params, expiry, witness), contract="OutcomeRegistry")


# --- Accounts ---


def fund(account: Address, wei: int, token: int) -> Call:
    return Call("fund", (account, token), wei)


def withdraw_reserve(wei: int, token: int, recipient: Address) -> Call:
    return Call("withdrawReserve", (wei, token, recipient))


def withdraw_credit(wei: int, token: int, recipient: Address) -> Call:
    return Call("withdrawCredit", (wei, token, recipient))


def push_credit(account: Address, asset: Asset) -> Call:
    return Call("pushCredit", (account, asset))


def permit(nonce: int, expiry: int, rsv: bytes) -> Call:
    """rsv: 65 bytes r, s, v of the holder's signature under its DAI permit."""
    return Call("permit", (nonce, expiry, rsv[64], rsv[:32], rsv[32:64]))


# --- Batches and parties ---


def batch(calls: Iterable[Call]) -> Call:
    calls = tuple(calls)
    items = tuple((call.data, call.value, call.gas) for call in calls)
    return Call("batch", (items,), sum(call.value for call in calls))


def of_submit(submit: Submit, recorded: Callable[[], StateHeader | None]) -> Call:
    """What a party wants to be sent. recorded: finds the channel's recorded state, for a party that lacks it."""
    fields = dict(submit.fields)
    if submit.name == "settle" and fields["state"] is None:
        fields["state"] = recorded()
    return SUBMITTED[submit.name](submit.identity, **fields)


def _record(_: ChannelIdentity, **fields: Any) -> Call:
    return record(**fields)


SUBMITTED: dict[str, Callable[..., Call]] = {
    "deposit": deposit,
    "collateralize": collateralize,
    "withdraw": withdraw,
    "checkpoint": checkpoint,
    "start_dispute": start_dispute,
    "resume": resume,
    "settle": settle,
    "settle_transfers": settle_transfers,
    "close": close,
    "record": _record,
}


def _gas(transfers: tuple[Transfer, ...]) -> int:
    return CALL_GAS + len(transfers) * TRANSFER_GAS


def _header(state: State | StateHeader) -> StateHeader:
    return state if isinstance(state, StateHeader) else header(state)


def _signed(signed: Signed[State]) -> tuple[Any, ...]:
    return _header(signed.message), _split(signed.user_signature), _split(signed.node_signature)


def _split(signature: Signature | None) -> tuple[bytes, bytes]:
    """r and vs; zero for a signature that is not needed."""
    signature = signature or bytes(64)
    return signature[:32], signature[32:]
