"""Signatures with their bytes: what the contract gets beside what the model is told.

Digests are put together from words here, faster than `connext.messages` does it; the tests compare the two.
"""

from functools import lru_cache

from connext.conditions import Release, Request, Voucher
from connext.keccak import keccak256
from connext.messages import Domain, Exit, Resume, State, Withdrawal, domain_separator, type_hash
from connext.signing import CURVE_ORDER, Key, recover
from connext.token import Permit, TokenDomain
from connext.types import ZERO_ADDRESS
from proof.model.messages import Signature, Statement

TYPE_HASHES = {
    kind.__name__: type_hash(kind) for kind in (State, Withdrawal, Exit, Resume, Voucher, Release, Request, Permit)
}
WORD = 2**256
_PARITY = 1 << 255


class Ink(Signature):
    """A signature as the model knows it, with its 64 bytes (EIP-2098)."""

    raw: bytes


def ink(signer: bytes, statement: Statement | None, raw: bytes) -> Ink:
    made = Ink(signer, statement)
    made.raw = raw
    return made


def sign(key: Key, statement: Statement) -> Ink:
    return ink(key.address, statement, key.sign_digest(digest(statement)))


def with_other_parity(signature: Ink) -> Ink:
    """Of the same statement, but recovers to somebody whom nobody knows."""
    raw = signature.raw[:32] + bytes((signature.raw[32] ^ 0x80,)) + signature.raw[33:]
    assert signature.statement is not None
    return ink(recover(digest(signature.statement), raw), signature.statement, raw)


def malformed(r: int, vs: int) -> Ink:
    """Bytes that recover to nobody, whatever is signed."""
    return ink(ZERO_ADDRESS, None, r.to_bytes(32) + vs.to_bytes(32))


NO_INK = malformed(0, 0)
MALFORMED = (
    NO_INK,
    malformed(0, 1),  # r is zero
    malformed(1, 0),  # s is zero
    malformed(1, CURVE_ORDER // 2 + 1),  # the lowest s in the upper half
    malformed(1, 2 * _PARITY - 1),
    malformed(CURVE_ORDER, 1),
    malformed(WORD - 1, 1),
    malformed(5, 1),  # no point has this x
)


def digest(statement: Statement) -> bytes:
    """The 32 bytes that are signed."""
    kind = statement.kind
    fields = words(*statement.content)
    if kind in _OF_CHANNELS:
        fields = statement.channel_id + fields
    elif kind == "Permit":
        fields += words(1)  # allowed
    hashed = keccak256(TYPE_HASHES[kind] + fields)
    return keccak256(_prefix(kind, statement.domain) + hashed)


_OF_CHANNELS = ("State", "Withdrawal", "Exit", "Resume")


def words(*values: int | bytes) -> bytes:
    """32 bytes each, as the ABI and EIP-712 encode fields: numbers (signed ones, too), addresses, whole words."""
    return b"".join(
        [v.rjust(32, b"\0") if v.__class__ is bytes else (v % WORD).to_bytes(32, "big") for v in values]  # type: ignore
    )


@lru_cache(maxsize=256)
def _prefix(kind: str, domain: tuple[int, bytes]) -> bytes:
    named = TokenDomain if kind == "Permit" else Domain
    return b"\x19\x01" + domain_separator(named(*domain))
