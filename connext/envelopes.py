"""What the two parties of a channel send each other, over a network or as files (docs/formats.md)."""

from dataclasses import dataclass
from typing import Any

from connext.codec import tagged_from_json, tagged_to_json
from connext.messages import Exit, Resume, State, Withdrawal
from connext.signing import Signature
from connext.types import Bytes32, Data, Uint64


@dataclass(frozen=True, slots=True)
class Proposal:
    """A half-signed state that changes the countersigned one with nonce `base_nonce`.

    params: the bytes of the parameters of the transfers that it adds, in any order.
    """

    state: State
    base_nonce: Uint64
    signature: Signature
    params: tuple[Data, ...]

    @property
    def channel_id(self) -> Bytes32:
        return self.state.channel_id


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a proposal that is not accepted: the content of the base, half-signed under a higher nonce."""

    state: State
    base_nonce: Uint64
    signature: Signature

    @property
    def channel_id(self) -> Bytes32:
        return self.state.channel_id


@dataclass(frozen=True, slots=True)
class Reveal:
    """From a transfer's payee to its payer: the witness by which it asks for its share."""

    channel_id: Bytes32
    transfer_id: Uint64
    witness: Data


@dataclass(frozen=True, slots=True)
class WithdrawalProposal:
    withdrawal: Withdrawal
    signature: Signature

    @property
    def channel_id(self) -> Bytes32:
        return self.withdrawal.channel_id


@dataclass(frozen=True, slots=True)
class ResumeProposal:
    resume: Resume
    signature: Signature

    @property
    def channel_id(self) -> Bytes32:
        return self.resume.channel_id


@dataclass(frozen=True, slots=True)
class Countersignature:
    """The second signature under the state, withdrawal or resume with this EIP-712 digest."""

    channel_id: Bytes32
    digest: Bytes32
    signature: Signature


@dataclass(frozen=True, slots=True)
class SignedExit:
    """For whoever shall start the dispute: the counterparty has no use for it."""

    exit: Exit
    signature: Signature

    @property
    def channel_id(self) -> Bytes32:
        return self.exit.channel_id


Envelope = Proposal | Refusal | Reveal | WithdrawalProposal | ResumeProposal | Countersignature | SignedExit

KINDS: dict[str, type[Envelope]] = {
    "proposal": Proposal,
    "refusal": Refusal,
    "reveal": Reveal,
    "withdrawal": WithdrawalProposal,
    "resume": ResumeProposal,
    "countersignature": Countersignature,
    "exit": SignedExit,
}


def envelope_to_json(envelope: Envelope) -> dict[str, Any]:
    return tagged_to_json(KINDS, envelope)


def envelope_from_json(value: object, path: str = "message") -> Envelope:
    """The envelope in a JSON object. Raises InvalidValue."""
    envelope: Envelope = tagged_from_json(KINDS, value, path)
    return envelope
