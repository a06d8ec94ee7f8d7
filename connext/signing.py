"""Signatures in the compact form of EIP-2098: 64 bytes, r then vs, where the highest bit of vs is the parity of R's y.

Signing is deterministic (RFC 6979) wherever the key is ours, so that the same step signs the same bytes.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Protocol

from coincurve import PrivateKey, PublicKey

from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.messages import Domain, digest, typed_data
from connext.types import Address, FixedBytes, Struct

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF_ORDER = (CURVE_ORDER // 2).to_bytes(32, "big")  # big-endian bytes compare like the numbers
_ZERO = bytes(32)

Signature = Annotated[bytes, FixedBytes(64)]


@dataclass(eq=False)
class InvalidSignature(ConnextError, ValueError):
    """The contract would not accept these bytes as a signature of anybody."""

    text = "no valid signature: {reason} ({signature})"
    reason: str
    signature: bytes


@dataclass(eq=False)
class WrongSigner(ConnextError, ValueError):
    text = "signed by {recovered}, not by {expected}; was it signed for another chain, contract or message?"
    recovered: Address
    expected: Address


class Signable:
    """A signed struct bound to its domain, with the digest computed once for the signature, its checks and look-ups."""

    __slots__ = ("digest", "domain", "message")

    def __init__(self, domain: Domain, message: Struct) -> None:
        self.domain = domain
        self.message = message
        self.digest = digest(domain, message)

    def typed_data(self) -> dict[str, Any]:
        """The JSON of `eth_signTypedData_v4`, for signers that show what they sign."""
        return typed_data(self.domain, self.message)


class Signer(Protocol):
    """Whoever signs for a party: a key in memory, a wallet's account. It may show the typed data or use the digest."""

    @property
    def address(self) -> Address: ...

    def sign(self, signable: Signable) -> Signature: ...


class Key:
    """A signer whose private key is in memory."""

    __slots__ = ("_private", "address")

    def __init__(self, secret: bytes) -> None:
        """`secret`: the 32 bytes of the private key."""
        self._private = PrivateKey(secret)
        self.address: Address = _address_of(self._private.public_key.format(compressed=False))

    def sign(self, signable: Signable) -> Signature:
        return self.sign_digest(signable.digest)

    def sign_digest(self, digest: bytes) -> Signature:
        """For digests that are computed faster than a Signable can."""
        return from_rsv(self._private.sign_recoverable(digest, hasher=None))

    def __repr__(self) -> str:
        return f"Key(address=0x{self.address.hex()})"


def from_rsv(signature: bytes) -> Signature:
    """The compact form of 65 bytes r, s, v; v in {0, 1, 27, 28}, s in the lower half. Raises InvalidSignature."""
    if len(signature) != 65:
        raise InvalidSignature("expected 65 bytes", signature)
    r, s, v = signature[:32], signature[32:64], signature[64]
    parity = v - 27 if v >= 27 else v
    if parity not in (0, 1):
        raise InvalidSignature("v is none of 0, 1, 27, 28", signature)
    if not _ZERO < s <= _HALF_ORDER:
        raise InvalidSignature("s is not in the lower half of the curve's order", signature)
    return r + bytes((s[0] | parity << 7,)) + s[1:]


def to_rsv(signature: Signature) -> bytes:
    """The 65 bytes r, s, v (27 or 28) of a compact signature. Raises InvalidSignature."""
    r, s, parity = _split(signature)
    return r + s + bytes((27 + parity,))


def recover(digest: bytes, signature: Signature) -> Address:
    """The address whose key signed the digest.

    Raises InvalidSignature for anything but 64 bytes with s in the lower half and a recoverable point: where the EVM's
    ecrecover answers with the zero address, there is an error.
    """
    r, s, parity = _split(signature)
    try:
        public = PublicKey.from_signature_and_message(r + s + bytes((parity,)), digest, hasher=None)
    except ValueError:
        raise InvalidSignature("no public key can be recovered", signature) from None
    return _address_of(public.format(compressed=False))


def check_signature(digest: bytes, signature: Signature, signer: Address) -> None:
    """Raise InvalidSignature or WrongSigner unless `signer` signed the digest."""
    recovered = recover(digest, signature)
    if recovered != signer:
        raise WrongSigner(recovered, signer)


def _split(signature: Signature) -> tuple[bytes, bytes, int]:
    if len(signature) != 64:
        raise InvalidSignature("expected 64 bytes (EIP-2098)", signature)
    top = signature[32]
    s = bytes((top & 0x7F,)) + signature[33:]
    if not _ZERO < s <= _HALF_ORDER:
        raise InvalidSignature("s is not in the lower half of the curve's order", signature)
    return signature[:32], s, top >> 7


@lru_cache(maxsize=4096)
def _address_of(public_key: bytes) -> Address:
    """The address of an uncompressed public key (65 bytes)."""
    return keccak256(public_key[1:])[12:]
