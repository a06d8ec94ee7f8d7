"""What goes into a party's `step` and what comes out of it, apart from the envelopes that the parties exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connext.channel import Channel, OnChain
from connext.envelopes import Envelope, SignedExit
from connext.errors import ConnextError, NeedsIntent
from connext.fees import Rate
from connext.messages import Resume, State, Withdrawal
from connext.signing import Signature
from connext.transfers import RecordedOutcome, Triple
from connext.types import Address, Asset, Bytes32, ChannelIdentity, Data, Struct, Uint8, Uint64, Uint128

# --- Events: what the chain says ---


@dataclass(frozen=True, slots=True)
class ChainView:
    """Channels by id, and outcomes of the triples that they have transfers on, all as of one confirmed block."""

    channels: Mapping[bytes, OnChain]
    outcomes: Mapping[Triple, RecordedOutcome] = field(default_factory=dict)


# --- Events: intents of the owner (amounts in wei, deadlines in Unix seconds) ---


@dataclass(frozen=True, slots=True)
class Open:
    """Take up a channel of which there is no file, so that it can be funded and used.

    on_chain: as the newest confirmed block has it. A missing file is the oldest that could have been restored, so
    nothing but an Exit is signed for a channel that was funded before, unless the owner says that none of its software
    ever did: never_signed.
    """

    identity: ChannelIdentity
    on_chain: OnChain
    never_signed: bool


@dataclass(frozen=True, slots=True)
class Deposit(Struct):
    """Add money to my side from outside."""

    channel_id: Bytes32
    wei: Uint128
    token: Uint128


@dataclass(frozen=True, slots=True)
class Collateralize(Struct):
    """Add money to my side from my account's reserve."""

    channel_id: Bytes32
    wei: Uint128
    token: Uint128


@dataclass(frozen=True, slots=True)
class Pay(Struct):
    """Propose a state in which I pay the other side."""

    channel_id: Bytes32
    wei: Uint128
    token: Uint128


@dataclass(frozen=True, slots=True)
class Lock(Struct):
    """Propose a state in which I lock `amount` for the other side, under a condition (docs/protocol.md section 6).

    params: the bytes of the condition's parameters, never used before. expiry in Unix seconds.
    """

    channel_id: Bytes32
    asset: Uint8
    amount: Uint128
    condition: Address
    params: Data
    expiry: Uint64


@dataclass(frozen=True, slots=True)
class Forward:
    """Lock `amount` in this channel under the triple of a transfer that was locked for me in another one (rule 7).

    rate: wei out per wei in, where the assets differ. request: the signature by which a link's key asks for the money
    in this very channel.
    """

    channel_id: Bytes32
    asset: Asset
    amount: int
    incoming_channel_id: Bytes32
    incoming_id: int
    rate: Rate | None = None
    request: Signature | None = None


@dataclass(frozen=True, slots=True)
class Exchange(Struct):
    """Propose that I lock `amount` of an asset for the other side, and it locks `taken` of the other asset for me.

    Both under one triple, of which I have the secret: the exchange happens if I show it before the expiry.
    """

    channel_id: Bytes32
    asset: Uint8
    amount: Uint128
    taken: Uint128
    condition: Address
    params: Data
    expiry: Uint64


@dataclass(frozen=True, slots=True)
class Resolve(Struct):
    """Ask the other side for what a witness proves to be mine of a transfer."""

    channel_id: Bytes32
    transfer_id: Uint64
    witness: Data


@dataclass(frozen=True, slots=True)
class Cancel(Struct):
    """Propose to give a transfer that is locked for me back to its payer."""

    channel_id: Bytes32
    transfer_id: Uint64


@dataclass(frozen=True, slots=True)
class Record(Struct):
    """Record on chain what the best witness that I know proves of a transfer."""

    channel_id: Bytes32
    transfer_id: Uint64


@dataclass(frozen=True, slots=True)
class Close(Struct):
    """Propose the newest state as final."""

    channel_id: Bytes32


@dataclass(frozen=True, slots=True)
class Withdraw(Struct):
    """Propose a withdrawal with the channel's next sequence."""

    channel_id: Bytes32
    user_wei: Uint128
    node_wei: Uint128
    user_token: Uint128
    node_token: Uint128
    recipient: Address
    deadline: Uint64


@dataclass(frozen=True, slots=True)
class ProposeResume(Struct):
    """Propose to end the running dispute and to go on."""

    channel_id: Bytes32
    deadline: Uint64


@dataclass(frozen=True, slots=True)
class Accept(Struct):
    """Countersign the counterparty's state, withdrawal or resume with this digest."""

    channel_id: Bytes32
    digest: Bytes32


@dataclass(frozen=True, slots=True)
class Refuse(Struct):
    """Refuse the counterparty's proposal of a state with this digest."""

    channel_id: Bytes32
    digest: Bytes32


@dataclass(frozen=True, slots=True)
class SignExit(Struct):
    """Sign an exit for somebody who shall start the dispute for me."""

    channel_id: Bytes32
    deadline: Uint64


@dataclass(frozen=True, slots=True)
class StartDispute(Struct):
    """Take the channel to the chain with my newest state."""

    channel_id: Bytes32


@dataclass(frozen=True, slots=True)
class Checkpoint(Struct):
    """Record my newest state without a dispute."""

    channel_id: Bytes32


@dataclass(frozen=True, slots=True)
class Resend(Struct):
    """Send again whatever may have been lost on its way; signs nothing."""

    channel_id: Bytes32


@dataclass(frozen=True, slots=True)
class MarkRestored(Struct):
    """This channel's file was restored and may be old."""

    channel_id: Bytes32


Intent = (
    Open
    | Deposit
    | Collateralize
    | Pay
    | Lock
    | Forward
    | Exchange
    | Resolve
    | Cancel
    | Record
    | Close
    | Withdraw
    | ProposeResume
    | Accept
    | Refuse
    | SignExit
    | StartDispute
    | Checkpoint
    | Resend
    | MarkRestored
)
Event = Envelope | ChainView | Intent


# --- Outputs: first what to persist, then what leaves the process ---


@dataclass(frozen=True, slots=True)
class Save:
    """Persist the channel before anything that follows is carried out."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class Send:
    """Give the envelope to the counterparty."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class HandOut:
    """Give the envelope to the owner, who passes it to whom it trusts."""

    envelope: SignedExit


@dataclass(frozen=True, slots=True)
class Submit:
    """Send a transaction: the entry point `name` (in snake_case) of manager or registry, for `identity`, with `fields`.

    Submitting it again does no harm: it is asked for with every ChainView until a confirmed block shows its effect.
    fields: `side`, `wei`, `token` (deposit); `wei`, `token` (collateralize); `withdrawal`, `user_signature`,
    `node_signature` (withdraw); `resume`, `user_signature`, `node_signature` (resume); `signed`, a Signed[State]
    (checkpoint, close, start_dispute: there signatures may be None, when the state is not newer than the recorded one);
    `state` (settle): the recorded state, or None where I do not have it and it must be taken from the chain's events;
    `transfers` (settle_transfers); `condition`, `params`, `expiry`, `witness` (record, which the registry takes).
    """

    name: str
    identity: ChannelIdentity
    fields: Mapping[str, Any]


# --- Outputs: what the owner should know ---


@dataclass(frozen=True, slots=True)
class Agreed:
    """Both signed: this is the newest state, withdrawal or resume."""

    message: State | Withdrawal | Resume


@dataclass(frozen=True, slots=True)
class Dropped:
    """My proposal is dead: it has not happened and never will. Of one that became a rival nothing is said."""

    state: State


@dataclass(frozen=True, slots=True)
class Awaiting:
    """The counterparty's message with this digest waits for Accept (or, a state that is not final, for Refuse)."""

    channel_id: Bytes32
    digest: Bytes32
    message: State | Withdrawal | Resume
    reason: NeedsIntent


@dataclass(frozen=True, slots=True)
class Rejected:
    """The event was not followed; nothing was signed but, where there is one, the refusal among the outputs."""

    event: Event
    error: ConnextError


@dataclass(frozen=True, slots=True)
class FoundOld:
    """The chain recorded a state that I do not know: the channel's file is old, and from now on marked as restored."""

    channel_id: Bytes32
    recorded_nonce: Uint64


Output = Save | Send | HandOut | Submit | Agreed | Dropped | Awaiting | Rejected | FoundOld
