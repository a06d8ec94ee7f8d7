"""The registry of outcomes and the conditions that ship: docs/protocol.md section 6.

Parameters and witnesses are given as what they say, each by a tuple of its own: a condition that finds another one
than its own cannot decode it. `Undecodable` says so, with the length in bytes. Which addresses hold which condition
stands in `Registry.conditions`, by the names below; the registry itself is always a hash lock. Everything else is
foreign code.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from connext.keccak import keccak256
from connext.types import ZERO_ADDRESS
from proof.model.ledger import FULL_SHARE, Ledger
from proof.model.messages import Signature, Statement, recovered
from proof.model.operations import Context, Record
from proof.model.refusals import BARE_REVERT, Event, Refusal, Refused, demand

HASH_LOCK, STREAM, LINKED_PAYMENT, ALL_OF, ANY_OF = "HashLock", "Stream", "LinkedPayment", "AllOf", "AnyOf"


# --- Parameters ---


class HashLockParams(NamedTuple):
    hash: bytes


class StreamParams(NamedTuple):
    signer: bytes
    cap: int
    id: bytes


class LinkParams(NamedTuple):
    signer: bytes
    id: bytes


class Part(NamedTuple):
    condition: bytes
    params: Any
    params_hash: bytes


class Parts(NamedTuple):
    parts: tuple[Part, ...]


class Undecodable(NamedTuple):
    """Bytes that are nothing to the condition that gets them."""

    length: int


# --- Witnesses ---


class Preimage(NamedTuple):
    preimage: bytes


class Voucher(NamedTuple):
    """Signed: Statement("Voucher", (chain id, condition), b"", (params hash, expiry, cumulative))."""

    cumulative: int
    signature: Signature


class Release(NamedTuple):
    """Signed: Statement("Release", (chain id, condition), b"", (params hash, expiry))."""

    signature: Signature


class Witnesses(NamedTuple):
    witnesses: tuple[Any, ...]


class Choice(NamedTuple):
    part: int
    witness: Any


# --- The registry ---


def record(ledger: Ledger, operation: Record, context: Context) -> list[Event]:
    """Keeps the highest share that was proved before the expiry. The full share is not asked for twice."""
    condition, _, params_hash, expiry, _ = operation
    registry = ledger.registry
    triple = condition, params_hash, expiry
    too_late = [Refusal("OutcomeIsFinal", (expiry, context.time))] if context.time >= expiry else []
    demand([BARE_REVERT] if context.value else ())
    if registry.shares.get(triple) == FULL_SHARE:
        return []
    try:
        share = _proved(ledger, operation)
    except Refused as refused:
        raise Refused([*too_late, *refused.reasons]) from None
    demand(too_late)
    if share <= registry.shares.get(triple, 0):
        return []
    registry.shares[triple] = share
    return [Event("OutcomeRecorded", (*triple, share))]


def _proved(ledger: Ledger, asked: Record) -> int:
    """The registry is the hash lock itself; every other condition is asked."""
    if asked.condition == ledger.registry.address:
        return _hash_lock(ledger, asked)
    return _ask(ledger, asked)


def _ask(ledger: Ledger, asked: Record) -> int:
    """What a condition answers to a caller that takes one word of at most the full share (IConditionCaller)."""
    condition, params, _, expiry, witness = asked
    kind = HASH_LOCK if condition == ledger.registry.address else ledger.registry.conditions.get(condition)
    if kind is None:
        answer = ledger.surroundings.evaluate(condition, params, expiry, witness)
        if answer is None or (isinstance(answer, int) and answer > FULL_SHARE):
            raise Refused([Refusal("ShareInvalid", (condition, None))])
        if isinstance(answer, bytes):
            raise Refused([Refusal("ConditionFailed", (condition, answer[:256]))])
        return answer
    try:
        return _SHIPPED[kind](ledger, asked)
    except Refused as refused:
        raise Refused([Refusal("ConditionFailed", (condition, refused.reasons))]) from None


# --- Conditions ---


def _hash_lock(_: Ledger, asked: Record) -> int:
    preimage = asked.witness
    wrong = _wrong_lengths(asked, HashLockParams, Preimage)
    if isinstance(preimage, Preimage) and len(preimage.preimage) != 32:
        wrong = [*wrong, Refusal("WitnessLengthWrong", (len(preimage.preimage), 32))]
    demand(wrong)
    hash_ = keccak256(preimage.preimage)
    if hash_ != asked.params.hash:
        raise Refused([Refusal("WrongPreimage", (asked.params.hash, hash_))])
    return FULL_SHARE


def _stream(ledger: Ledger, asked: Record) -> int:
    demand(_wrong_lengths(asked, StreamParams, Voucher))
    signer, cap, _ = asked.params
    cumulative, signature = asked.witness
    content = asked.params_hash, asked.expiry, cumulative
    demand(
        [Refusal("CapIsZero")] if cap == 0 else (),
        _wrong_signer(signer, signature, _statement(ledger, "Voucher", asked, content)),
    )
    share: int = FULL_SHARE * min(cumulative, cap) // cap
    return share


def _linked_payment(ledger: Ledger, asked: Record) -> int:
    demand(_wrong_lengths(asked, LinkParams, Release))
    content = asked.params_hash, asked.expiry
    statement = _statement(ledger, "Release", asked, content)
    demand(_wrong_signer(asked.params.signer, asked.witness.signature, statement))
    return FULL_SHARE


def _all_of(ledger: Ledger, asked: Record) -> int:
    """The lowest share; a part that fails fails the whole."""
    if not isinstance(asked.params, Parts) or not isinstance(asked.witness, Witnesses):
        raise Refused([BARE_REVERT, *_no_parts(asked)])
    parts, witnesses = asked.params.parts, asked.witness.witnesses
    demand(
        _no_parts(asked),
        [Refusal("WitnessCountWrong", (len(witnesses), len(parts)))] if len(witnesses) != len(parts) else (),
    )
    shares, broken = [], set[Refusal]()
    for part, witness in zip(parts, witnesses, strict=True):
        try:
            shares.append(_ask(ledger, Record(*part, asked.expiry, witness)))
        except Refused as refused:
            broken |= refused.reasons
    demand(broken)
    return min(shares)


def _any_of(ledger: Ledger, asked: Record) -> int:
    """The share of the chosen part."""
    if not isinstance(asked.params, Parts) or not isinstance(asked.witness, Choice):
        raise Refused([BARE_REVERT, *_no_parts(asked)])
    parts, (index, witness) = asked.params.parts, asked.witness
    demand(
        _no_parts(asked),
        [Refusal("NoSuchPart", (index, len(parts)))] if index >= len(parts) else (),
    )
    return _ask(ledger, Record(*parts[index], asked.expiry, witness))


def _no_parts(asked: Record) -> list[Refusal]:
    return [Refusal("NoParts")] if asked.params == Parts(()) else []


_SHIPPED: dict[str, Callable[[Ledger, Record], int]] = {
    HASH_LOCK: _hash_lock,
    STREAM: _stream,
    LINKED_PAYMENT: _linked_payment,
    ALL_OF: _all_of,
    ANY_OF: _any_of,
}

_LENGTHS: dict[type, int] = {
    HashLockParams: 32,
    StreamParams: 96,
    LinkParams: 64,
    Voucher: 96,
    Release: 64,
    Preimage: 32,
}
"""Bytes of the ABI encoding."""


def length(value: Any) -> int | None:
    """Bytes of parameters or of a witness; None where the model does not know."""
    if isinstance(value, Undecodable):
        return value.length
    if isinstance(value, Preimage):
        return len(value.preimage)
    return _LENGTHS.get(type(value))


def _wrong_lengths(asked: Record, params: type, witness: type) -> list[Refusal]:
    broken = []
    if not isinstance(asked.params, params):
        broken.append(Refusal("ParamsLengthWrong", (length(asked.params), _LENGTHS[params])))
    if not isinstance(asked.witness, witness):
        broken.append(Refusal("WitnessLengthWrong", (length(asked.witness), _LENGTHS[witness])))
    return broken


def _statement(ledger: Ledger, kind: str, asked: Record, content: tuple[Any, ...]) -> Statement:
    return Statement(kind, (ledger.parameters.chain_id, asked.condition), b"", content)


def _wrong_signer(expected: bytes, signature: Signature, statement: Statement) -> list[Refusal]:
    signer = recovered(signature, statement)
    return [Refusal("WrongSigner", (expected, signer))] if signer != expected or signer == ZERO_ADDRESS else []
