"""Keccak-256, the hash of Ethereum (not SHA3-256: the padding differs)."""

from Crypto.Hash import keccak as _keccak


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 hash of `data`."""
    return _keccak.new(data=data, digest_bits=256).digest()
