"""The root of every error this package raises on purpose.

An error is named for the rule that was broken and carries the values that broke it; `text` turns them into one
sentence that says what is wrong and, where there is a cure, how to fix it.
"""

import reprlib
import string
from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(eq=False)
class ConnextError(Exception):
    """Subclasses are dataclasses: their fields are the values, `text` is a format string over them."""

    text: ClassVar[str]

    def __str__(self) -> str:
        values = {field.name: readable(getattr(self, field.name)) for field in fields(self)}
        return printable(_FORMATTER.vformat(self.text, (), values))


class _Formatter(string.Formatter):
    """`{value!r}` is short, however large or deep the value that somebody sent."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return _REPR.repr(value) if conversion == "r" else super().convert_field(value, conversion)


_FORMATTER = _Formatter()
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 200
_MAX_LENGTH = 2000


def readable(value: object) -> object:
    """Bytes as `0x` and digits, everything else as it is."""
    return "0x" + value.hex() if isinstance(value, bytes) else value


def printable(text: str) -> str:
    """Values may come from a stranger's file: none of them speaks to the terminal, or fills it."""
    shown = text if len(text) <= _MAX_LENGTH else text[:_MAX_LENGTH] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


# --- docs/protocol.md section 8 ---


class RuleError(ConnextError):
    """A rule of section 8 forbids to sign or to submit this."""


@dataclass(eq=False)
class NotMyChannel(RuleError):
    text = "channel {channel_id} is not mine: no side has both my account {account} and my signer {signer}"
    channel_id: bytes
    account: bytes
    signer: bytes


@dataclass(eq=False)
class PeriodAgainstPolicy(RuleError):
    text = "a challenge period of {period} s is against my policy of {shortest} to {longest} s"
    period: int
    shortest: int
    longest: int


@dataclass(eq=False)
class SaltAgainstPolicy(RuleError):
    text = "salt {salt} is against my policy of at most {max_salt}: do not fund this channel"
    salt: int
    max_salt: int


@dataclass(eq=False)
class StoreMayBeOld(RuleError):
    text = "the file of channel {channel_id} may be older than what was signed: exit, and go on under a new salt"
    channel_id: bytes


@dataclass(eq=False)
class ChannelSettled(RuleError):
    text = "channel {channel_id} is settled for ever: open another under a new salt"
    channel_id: bytes


@dataclass(eq=False)
class FinalSigned(RuleError):
    text = "the final state {nonce} carries my signature: nothing else is signed for this channel"
    nonce: int


@dataclass(eq=False)
class WrongChannel(RuleError):
    text = "the message is for channel {channel_id}, not for {expected}"
    channel_id: bytes
    expected: bytes


@dataclass(eq=False)
class NonceNotAbove(RuleError):
    text = "nonce {nonce} is not above {highest}, the highest that I signed or was shown signed"
    nonce: int
    highest: int


@dataclass(eq=False)
class NonceTooFar(RuleError):
    text = "nonce {nonce} is more than {max_step} above {highest}, the highest that I signed or was shown signed"
    nonce: int
    highest: int
    max_step: int


@dataclass(eq=False)
class NonceTooLarge(RuleError):
    text = "nonce {nonce} is above {maximum}, the largest that the chain can record: close the channel"
    nonce: int
    maximum: int


@dataclass(eq=False)
class WrongBase(RuleError):
    text = "the proposal builds on nonce {base_nonce}, but the newest countersigned state is {latest_nonce}"
    base_nonce: int
    latest_nonce: int


@dataclass(eq=False)
class ProposalOutstanding(RuleError):
    text = "my proposal {nonce} has no answer yet, one at a time: read the answer, or send it again, or leave"
    nonce: int


@dataclass(eq=False)
class AnswerFirst(RuleError):
    text = "the counterparty's proposal {nonce} waits for my answer: countersign or refuse it first"
    nonce: int


@dataclass(eq=False)
class TooManyOffers(RuleError):
    text = "{count} states with my signature alone are open: the counterparty must countersign one first"
    count: int


@dataclass(eq=False)
class FinalShown(RuleError):
    text = "the counterparty has signed the final state {nonce} and signs nothing else: accept it, or go to the chain"
    nonce: int


@dataclass(eq=False)
class CrossingStands(RuleError):
    text = "the node's proposal {nonce} crossed this one and stands"
    nonce: int


@dataclass(eq=False)
class NotARefusal(RuleError):
    text = "the refusal {nonce} does not repeat the content of the countersigned state {latest_nonce}"
    nonce: int
    latest_nonce: int


@dataclass(eq=False)
class FinalCannotBeRefused(RuleError):
    text = "the proposal {nonce} is final: countersign it, or take the channel to the chain"
    nonce: int


@dataclass(eq=False)
class NothingOffered(RuleError):
    text = "no offer of the counterparty with digest {digest} waits for an answer"
    digest: bytes


@dataclass(eq=False)
class TooManyTransfers(RuleError):
    text = "{count} open transfers are more than {maximum}"
    count: int
    maximum: int


@dataclass(eq=False)
class TransferIdUsedTwice(RuleError):
    text = "two transfers of the state have the id {transfer_id}"
    transfer_id: int


@dataclass(eq=False)
class UnknownTransferCode(RuleError):
    text = "transfer {transfer_id} has payer code {payer} and asset code {asset}: each must be 0 or 1"
    transfer_id: int
    payer: int
    asset: int


@dataclass(eq=False)
class TransferAboveLimit(RuleError):
    text = "transfer {transfer_id} of {amount} is above the limit {limit}: the chain would give it back to its payer"
    transfer_id: int
    amount: int
    limit: int


@dataclass(eq=False)
class TransferChanged(RuleError):
    text = "transfer {transfer_id} is changed: a transfer can only be added or removed"
    transfer_id: int


@dataclass(eq=False)
class EmptyTransfer(RuleError):
    text = "transfer {transfer_id} locks nothing"
    transfer_id: int


@dataclass(eq=False)
class ExpiryOutOfWindow(RuleError):
    text = "transfer {transfer_id} expires at {expiry}, my policy is {earliest} to {latest} (Unix seconds)"
    transfer_id: int
    expiry: int
    earliest: int
    latest: int


@dataclass(eq=False)
class ParametersMissing(RuleError):
    text = "the bytes with hash {params_hash}, the parameters of transfer {transfer_id}, did not come with it"
    transfer_id: int
    params_hash: bytes


@dataclass(eq=False)
class ParametersReused(RuleError):
    text = "parameters with hash {params_hash} are in use by another transfer: make a fresh secret, stream or link"
    params_hash: bytes


@dataclass(eq=False)
class SeveralPayments(RuleError):
    text = (
        "it has me lock something, and adds transfers on {count} different terms: an exchange is on one; ask one by one"
    )
    count: int


@dataclass(eq=False)
class LockedAboveLimit(RuleError):
    text = "{asset}: {locked} wei would be locked in the channel, my policy is at most {limit}"
    asset: str
    locked: int
    limit: int


@dataclass(eq=False)
class TooManyToRecord(RuleError):
    text = "{count} open triples are more than the {maximum} that I can record within my margin"
    count: int
    maximum: int


@dataclass(eq=False)
class NoSuchTransfer(RuleError):
    text = "channel {channel_id} has no open transfer {transfer_id} {direction}"
    channel_id: bytes
    transfer_id: int
    direction: str


@dataclass(eq=False)
class ForwardsTooMuch(RuleError):
    text = "{asset}: {outgoing} wei would be locked for the next hop, but what comes in allows {allowed} after the fee"
    asset: str
    outgoing: int
    allowed: int


@dataclass(eq=False)
class IncomingNotSafe(RuleError):
    text = "transfer {transfer_id} of channel {channel_id} must not be forwarded: {reason}"
    channel_id: bytes
    transfer_id: int
    reason: str


@dataclass(eq=False)
class RateMissing(RuleError):
    text = "{incoming} comes in and {outgoing} goes out: say at which rate"
    incoming: str
    outgoing: str


@dataclass(eq=False)
class RequestMissing(RuleError):
    text = "a linked payment goes only into the channel that the link's key asks for: its request is missing"


@dataclass(eq=False)
class StillForwarded(RuleError):
    text = "transfer {transfer_id} cannot be given back: what was forwarded of it is still open in channel {channel_id}"
    transfer_id: int
    channel_id: bytes


@dataclass(eq=False)
class CannotGiveBack(RuleError):
    text = "transfer {transfer_id} cannot be given back: {reason}"
    transfer_id: int
    reason: str


@dataclass(eq=False)
class OutOfOrder(RuleError):
    text = (
        "{asset}: I would get {change} wei more than before, and {least} are needed: what comes in and what is "
        "forwarded of it can only go in order; go to the chain"
    )
    asset: str
    change: int
    least: int


@dataclass(eq=False)
class TransferExpired(RuleError):
    text = "transfer {transfer_id} expired at {expiry} (confirmed time {time}): its outcome is final"
    transfer_id: int
    expiry: int
    time: int


@dataclass(eq=False)
class MayBeGone(RuleError):
    text = (
        "no secret is shown for transfer {transfer_id}: I have signed state {nonce} without it, which may still count"
    )
    transfer_id: int
    nonce: int


@dataclass(eq=False)
class TooLateToShow(RuleError):
    text = "the expiry {expiry} is too near (confirmed time {time}, margin {margin} s): record the witness on chain"
    expiry: int
    time: int
    margin: int


@dataclass(eq=False)
class WeakerWitness(RuleError):
    text = "the witness proves a share of {share}, a better one with {known} is known"
    share: int
    known: int


@dataclass(eq=False)
class NoWitness(RuleError):
    text = "no witness of transfer {transfer_id} is known"
    transfer_id: int


@dataclass(eq=False)
class NetsDoNotAddUp(RuleError):
    text = "{asset}: the nets leave {locked} wei locked, the open transfers add up to {transfers}"
    asset: str
    locked: int
    transfers: int


@dataclass(eq=False)
class BalanceNegative(RuleError):
    text = "{asset}: the {side}'s balance would be {balance} wei, counting confirmed deposits and open withdrawals"
    asset: str
    side: str
    balance: int


@dataclass(eq=False)
class PaymentAboveLimit(RuleError):
    text = "{asset}: a payment of {amount} wei is above the limit of {limit}"
    asset: str
    amount: int
    limit: int


class NeedsIntent(RuleError):
    """Rule 3: only the owner can decide to sign this."""


@dataclass(eq=False)
class FinalNeedsIntent(NeedsIntent):
    text = "the state {nonce} is final: it closes the channel"
    nonce: int


@dataclass(eq=False)
class TransferAdded(NeedsIntent):
    text = "transfer {transfer_id} from me is added"
    transfer_id: int


@dataclass(eq=False)
class NotFullyCredited(NeedsIntent):
    text = "{asset}: I get {change} wei more than before, and {credited} are due to me"
    asset: str
    change: int
    credited: int


@dataclass(eq=False)
class WithdrawalTakesFromMe(NeedsIntent):
    text = "{asset}: the withdrawal takes {amount} wei from my side"
    asset: str
    amount: int


@dataclass(eq=False)
class ResumeNeedsIntent(NeedsIntent):
    text = "to resume from dispute {dispute} keeps my money in the channel"
    dispute: int


@dataclass(eq=False)
class DisputeForbidsState(RuleError):
    text = "a dispute runs, or has just run: the state {nonce} is not final, and no other is signed now"
    nonce: int


@dataclass(eq=False)
class FinalPaysLess(RuleError):
    text = "{asset}: the final state leaves me {net} wei, {expected} are mine in my newest state"
    asset: str
    net: int
    expected: int


@dataclass(eq=False)
class ChannelNotOpen(RuleError):
    text = "the channel is {status} on chain: this needs an open one without a dispute"
    status: str


@dataclass(eq=False)
class NoSuchDispute(RuleError):
    text = "dispute {dispute} does not run: the channel is {status}, its latest dispute is {latest}"
    dispute: int
    status: str
    latest: int


@dataclass(eq=False)
class LastDispute(RuleError):
    text = "dispute {dispute} is the last that can be numbered and cannot be resumed from: settle, or close"
    dispute: int


@dataclass(eq=False)
class WrongSequence(RuleError):
    text = "the withdrawal has sequence {sequence}, the chain expects {expected}"
    sequence: int
    expected: int


@dataclass(eq=False)
class LastWithdrawal(RuleError):
    text = "sequence {sequence} cannot be advanced any more: close the channel"
    sequence: int


@dataclass(eq=False)
class WithdrawalOpen(RuleError):
    text = "a withdrawal with sequence {sequence} may still be executed until {deadline}: one at a time"
    sequence: int
    deadline: int


@dataclass(eq=False)
class EmptyWithdrawal(RuleError):
    text = "the withdrawal moves nothing"


@dataclass(eq=False)
class ForbiddenRecipient(RuleError):
    text = "nothing can be paid to {recipient}"
    recipient: bytes


@dataclass(eq=False)
class DeadlineOutOfWindow(RuleError):
    text = "the deadline {deadline} is not after {time} (the confirmed block's) by at most {window} s"
    deadline: int
    time: int
    window: int


@dataclass(eq=False)
class CapacityExceeded(RuleError):
    text = "{asset}: the channel would hold {total} wei, its capacity is {capacity}"
    asset: str
    total: int
    capacity: int


@dataclass(eq=False)
class UnknownChannel(RuleError):
    text = "no channel {channel_id} is known: open it first, and check chain and contract"
    channel_id: bytes


@dataclass(eq=False)
class EmptyPayment(RuleError):
    text = "the payment moves nothing"


@dataclass(eq=False)
class NothingToDispute(RuleError):
    text = "the channel holds nothing, so there is nothing to pay out"


@dataclass(eq=False)
class NothingNewer(RuleError):
    text = "my newest countersigned state {nonce} is not above the recorded {recorded_nonce}"
    nonce: int
    recorded_nonce: int


@dataclass(eq=False)
class BlockTooOld(RuleError):
    text = "block {number} is below {confirmed}, which was confirmed before: ask a node that is in sync"
    number: int
    confirmed: int


@dataclass(eq=False)
class NotSigned(RuleError):
    text = "the message with digest {digest} does not carry the {side}'s signature"
    digest: bytes
    side: str


@dataclass(eq=False)
class ExitIsNotForParties(RuleError):
    text = "an exit is for whoever shall start dispute {dispute} with it; a party starts one by itself"
    dispute: int
