"""The conditions that ship (docs/protocol.md section 6): their parameters, their witnesses, and what these prove.

A pure twin of `contracts/conditions`. It may refuse more than they do, never less: whatever is accepted here, the
contract accepts with the same share, so that a party may act on it before anything is on chain. Everything has one
encoding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from connext.abi import NotCanonical, decode_canonical, encode
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.messages import Domain, digest, words
from connext.signing import InvalidSignature, Signature, WrongSigner, check_signature
from connext.types import Address, Bytes32, InvalidValue, Struct, Uint64, Uint128, members

FULL_SHARE = 10**18
"""The share of an amount that is all of it."""

SECRET_BYTES = 32
MAX_PARAMS_BYTES = 4096
MAX_WITNESS_BYTES = 4096
MAX_PARTS = 16
"""Parts of one combination."""
MAX_DEPTH = 2
"""A combination may hold combinations, but those hold none."""

AnyStruct = TypeVar("AnyStruct", bound=Struct)


# --- Errors ---


@dataclass(eq=False)
class UnknownCondition(ConnextError, ValueError):
    text = "{condition} is none of the known conditions: refuse the transfer; only a confirmed outcome can decide it"
    condition: Address


@dataclass(eq=False)
class InvalidParams(ConnextError, ValueError):
    text = "refuse the transfer: the parameters of condition {condition} are not usable: {reason}"
    condition: Address
    reason: str


@dataclass(eq=False)
class WitnessRefused(ConnextError, ValueError):
    text = "the witness proves nothing to condition {condition}: {reason}"
    condition: Address
    reason: str


# --- What is agreed ---


@dataclass(frozen=True, slots=True)
class Conditions(Struct):
    """Where the conditions that ship are on one chain."""

    hash_lock: Address
    stream: Address
    linked_payment: Address
    all_of: Address
    any_of: Address


@dataclass(frozen=True, slots=True)
class HashLockParams(Struct):
    """`hash`: Keccak-256 of a secret of 32 bytes."""

    hash: Bytes32


@dataclass(frozen=True, slots=True)
class StreamParams(Struct):
    """`signer`: the payer's key; `cap`: the amount that is the full share; `id`: never used before, nor ever again."""

    signer: Address
    cap: Uint128
    id: Bytes32


@dataclass(frozen=True, slots=True)
class LinkedPaymentParams(Struct):
    """`signer`: the link's key; `id`: never used before, nor ever again."""

    signer: Address
    id: Bytes32


class Part(NamedTuple):
    """A condition within a combination, with its parameters."""

    condition: Address
    params: bytes


# --- What is signed, each in the domain of its condition ---


@dataclass(frozen=True, slots=True)
class Voucher(Struct):
    """A stream's payer has paid `cumulative` in sum."""

    params_hash: Bytes32
    expiry: Uint64
    cumulative: Uint128


@dataclass(frozen=True, slots=True)
class Release(Struct):
    """A link's key has the payment released."""

    params_hash: Bytes32
    expiry: Uint64


@dataclass(frozen=True, slots=True)
class Request(Struct):
    """A link's key names the channel in which it wants to receive. No witness: it proves nothing to the condition."""

    params_hash: Bytes32
    expiry: Uint64
    channel_id: Bytes32


# --- Parameters in bytes ---


def hash_of(secret: bytes) -> Bytes32:
    """What a hash lock is locked with. Raises InvalidValue for a secret that does not have 32 bytes."""
    if len(secret) != SECRET_BYTES:
        raise InvalidValue("secret", f"{SECRET_BYTES} bytes", f"{len(secret)} bytes")
    return keccak256(secret)


def hash_lock_params(hash_: Bytes32) -> bytes:
    return words(HashLockParams(hash_))


def stream_params(signer: Address, cap: int, id_: Bytes32) -> bytes:
    return words(StreamParams(signer, cap, id_))


def linked_params(signer: Address, id_: Bytes32) -> bytes:
    return words(LinkedPaymentParams(signer, id_))


def all_of_params(parts: Sequence[Part]) -> bytes:
    return encode(_PARTS, [parts])


def any_of_params(parts: Sequence[Part]) -> bytes:
    return encode(_PARTS, [parts])


# --- Witnesses in bytes; a hash lock's is the secret ---


def stream_witness(cumulative: int, signature: Signature) -> bytes:
    return words(_StreamWitness(cumulative, signature[:32], signature[32:]))


def linked_witness(signature: Signature) -> bytes:
    return words(_LinkedPaymentWitness(signature[:32], signature[32:]))


def all_of_witness(witnesses: Sequence[bytes]) -> bytes:
    """A witness for each part, in the order of the parts."""
    return encode(_WITNESSES, [witnesses])


def any_of_witness(index: int, witness: bytes) -> bytes:
    """`index`: which part the witness is for, from 0."""
    return encode(_INDEX_AND_WITNESS, [index, witness])


@dataclass(frozen=True, slots=True)
class _StreamWitness(Struct):
    cumulative: Uint128
    r: Bytes32
    vs: Bytes32


@dataclass(frozen=True, slots=True)
class _LinkedPaymentWitness(Struct):
    r: Bytes32
    vs: Bytes32


_PARTS = ("(address,bytes)[]",)
_WITNESSES = ("bytes[]",)
_INDEX_AND_WITNESS = ("uint256", "bytes")


# --- Judging parameters ---


def check_params(conditions: Conditions, condition: Address, params: bytes) -> None:
    """Raise UnknownCondition or InvalidParams unless `evaluate` can decide by these parameters."""
    if len(params) > MAX_PARAMS_BYTES:
        raise InvalidParams(condition, f"{len(params)} bytes are more than {MAX_PARAMS_BYTES}")
    _check_params(conditions, condition, params, MAX_DEPTH)


def _check_params(conditions: Conditions, condition: Address, params: bytes, depth: int) -> None:
    match condition:
        case conditions.hash_lock:
            _struct(HashLockParams, params, condition, InvalidParams)
        case conditions.stream:
            stream_terms(condition, params)
        case conditions.linked_payment:
            linked_terms(condition, params)
        case conditions.all_of | conditions.any_of:
            if not depth:
                raise InvalidParams(condition, f"combinations are nested more than {MAX_DEPTH} deep")
            for part in _parts(condition, params):
                _check_params(conditions, part.condition, part.params, depth - 1)
        case _:
            raise UnknownCondition(condition)


def stream_terms(condition: Address, params: bytes) -> StreamParams:
    """What a stream's parameters say. Raises InvalidParams."""
    terms = _struct(StreamParams, params, condition, InvalidParams)
    if not terms.cap:
        raise InvalidParams(condition, "the cap of the stream is 0")
    return terms


def linked_terms(condition: Address, params: bytes) -> LinkedPaymentParams:
    """What a linked payment's parameters say. Raises InvalidParams."""
    return _struct(LinkedPaymentParams, params, condition, InvalidParams)


def _parts(condition: Address, params: bytes) -> list[Part]:
    (parts,) = _values(_PARTS, params, condition, InvalidParams)
    if not 0 < len(parts) <= MAX_PARTS:
        raise InvalidParams(condition, f"{len(parts)} parts are not from 1 to {MAX_PARTS}")
    return [Part(*part) for part in parts]


# --- Judging witnesses ---


def evaluate(
    conditions: Conditions, chain_id: int, condition: Address, params: bytes, expiry: int, witness: bytes
) -> int:
    """The share, of FULL_SHARE, that the witness proves to be the payee's. expiry: not compared with any time.

    Raises UnknownCondition, InvalidParams, WitnessRefused.
    """
    check_params(conditions, condition, params)
    if len(witness) > MAX_WITNESS_BYTES:
        raise WitnessRefused(condition, f"{len(witness)} bytes are more than {MAX_WITNESS_BYTES}")
    return _Judge(conditions, chain_id, expiry).share(condition, params, witness)


def stream_share(cumulative: int, cap: int) -> int:
    """What a voucher for `cumulative` proves."""
    return FULL_SHARE * min(cumulative, cap) // cap


@dataclass(frozen=True, slots=True)
class _Judge:
    """Of parameters that were checked."""

    conditions: Conditions
    chain_id: int
    expiry: int

    def share(self, condition: Address, params: bytes, witness: bytes) -> int:
        match condition:
            case self.conditions.hash_lock:
                return self._hash_lock(condition, params, witness)
            case self.conditions.stream:
                return self._stream(condition, params, witness)
            case self.conditions.linked_payment:
                return self._linked_payment(condition, params, witness)
            case self.conditions.all_of:
                return self._all_of(condition, params, witness)
            case _:
                return self._any_of(condition, params, witness)

    def _hash_lock(self, condition: Address, params: bytes, witness: bytes) -> int:
        if len(witness) != SECRET_BYTES:
            raise WitnessRefused(condition, f"a secret has {SECRET_BYTES} bytes, this has {len(witness)}")
        if keccak256(witness) != params:
            raise WitnessRefused(condition, f"0x{witness.hex()} is not the secret of the hash 0x{params.hex()}")
        return FULL_SHARE

    def _stream(self, condition: Address, params: bytes, witness: bytes) -> int:
        terms = stream_terms(condition, params)
        shown = _struct(_StreamWitness, witness, condition, WitnessRefused)
        voucher = Voucher(keccak256(params), self.expiry, shown.cumulative)
        self._require_signed(condition, voucher, shown.r + shown.vs, terms.signer)
        return stream_share(shown.cumulative, terms.cap)

    def _linked_payment(self, condition: Address, params: bytes, witness: bytes) -> int:
        terms = linked_terms(condition, params)
        shown = _struct(_LinkedPaymentWitness, witness, condition, WitnessRefused)
        self._require_signed(condition, Release(keccak256(params), self.expiry), shown.r + shown.vs, terms.signer)
        return FULL_SHARE

    def _all_of(self, condition: Address, params: bytes, witness: bytes) -> int:
        parts = _parts(condition, params)
        (witnesses,) = _values(_WITNESSES, witness, condition, WitnessRefused)
        if len(witnesses) != len(parts):
            raise WitnessRefused(condition, f"{len(witnesses)} witnesses are not one for each of {len(parts)} parts")
        return min(self.share(part.condition, part.params, shown) for part, shown in zip(parts, witnesses, strict=True))

    def _any_of(self, condition: Address, params: bytes, witness: bytes) -> int:
        parts = _parts(condition, params)
        index, shown = _values(_INDEX_AND_WITNESS, witness, condition, WitnessRefused)
        if index >= len(parts):
            raise WitnessRefused(condition, f"there is no part {index}, they are numbered from 0 to {len(parts) - 1}")
        return self.share(parts[index].condition, parts[index].params, shown)

    def _require_signed(self, condition: Address, message: Struct, signature: Signature, signer: Address) -> None:
        try:
            check_signature(digest(Domain(self.chain_id, condition), message), signature, signer)
        except (InvalidSignature, WrongSigner) as error:
            raise WitnessRefused(condition, str(error)) from None


# --- Reading ---

Refusal = type[InvalidParams] | type[WitnessRefused]


def _struct(struct: type[AnyStruct], data: bytes, condition: Address, refusal: Refusal) -> AnyStruct:
    types = [member.type.name for member in members(struct)]
    return struct(*_values(types, data, condition, refusal))


def _values(types: Sequence[str], data: bytes, condition: Address, refusal: Refusal) -> tuple[Any, ...]:
    try:
        return decode_canonical(types, data)
    except NotCanonical as error:
        raise refusal(condition, str(error)) from None
