"""Everything that can be done on chain (docs/protocol.md section 3), as data: the caller's choice, before any rule.

Sides and assets are given by their codes, amounts of ETH in wei and of tokens in their smallest unit, times in Unix
seconds.
"""

from typing import Any, NamedTuple, TypeAlias

from proof.model.messages import (
    NO_STATE,
    NO_TRANSFERS,
    Header,
    Identity,
    Signature,
    SignedState,
    TransferList,
    Withdrawal,
)


class Context(NamedTuple):
    """Who calls, the block's time, and the wei that come with the call."""

    caller: bytes
    time: int
    value: int = 0


# --- Money into channels and out of open ones ---


class Deposit(NamedTuple):
    channel: Identity
    side: int
    amount_token: int = 0


class TopUp(NamedTuple):
    channel_id: bytes
    side: int
    amount_token: int = 0


class Collateralize(NamedTuple):
    channel: Identity
    amount_wei: int
    amount_token: int


class Withdraw(NamedTuple):
    channel: Identity
    withdrawal: Withdrawal
    user: Signature
    node: Signature


# --- Disputes ---


class Checkpoint(NamedTuple):
    channel: Identity
    signed: SignedState


class StartDispute(NamedTuple):
    channel: Identity
    signed: SignedState = NO_STATE


class StartDisputeWithExit(NamedTuple):
    channel: Identity
    deadline: int
    exit: Signature
    signed: SignedState = NO_STATE


class Resume(NamedTuple):
    channel: Identity
    deadline: int
    user: Signature
    node: Signature


# --- Settlement ---


class Settle(NamedTuple):
    channel: Identity
    header: Header
    transfers: TransferList = NO_TRANSFERS


class Close(NamedTuple):
    channel: Identity
    signed: SignedState
    transfers: TransferList = NO_TRANSFERS


class SettleTransfers(NamedTuple):
    """wanted: bit i for the i-th transfer of the list."""

    channel: Identity
    transfers: TransferList
    wanted: int


# --- Accounts ---


class Fund(NamedTuple):
    account: bytes
    amount_token: int = 0


class WithdrawReserve(NamedTuple):
    amount_wei: int
    amount_token: int
    recipient: bytes


class WithdrawCredit(NamedTuple):
    amount_wei: int
    amount_token: int
    recipient: bytes


class PushCredit(NamedTuple):
    account: bytes
    asset: int


class Permit(NamedTuple):
    """nonce: the holder's in the token. expiry: 0 for never."""

    nonce: int
    expiry: int
    signature: Signature


# --- Batches, and what is no operation at all ---


class Item(NamedTuple):
    """One call of a batch. starved: its gas is too little for it, so that it fails for whatever reason."""

    operation: "Operation"
    value: int = 0
    starved: bool = False


class Batch(NamedTuple):
    items: tuple[Item, ...]


class PlainTransfer(NamedTuple):
    """ETH sent without a call."""


class Garbled(NamedTuple):
    """Calldata that does not decode: unknown selector, code of a side, dirty high bits, cut off."""


# --- The registry's only operation ---


class Record(NamedTuple):
    """params and witness: as `outcomes` describes them for each condition; bytes for the harness to encode
    elsewhere."""

    condition: bytes
    params: Any
    params_hash: bytes
    expiry: int
    witness: Any


Operation: TypeAlias = (
    Deposit
    | TopUp
    | Collateralize
    | Withdraw
    | Checkpoint
    | StartDispute
    | StartDisputeWithExit
    | Resume
    | Settle
    | Close
    | SettleTransfers
    | Fund
    | WithdrawReserve
    | WithdrawCredit
    | PushCredit
    | Permit
    | Batch
    | PlainTransfer
    | Garbled
    | Record
)
