"""Keccak-256, the hash of Ethereum (not SHA3-256: the padding differs)."""

from sha3 import keccak_256


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 hash of `data`."""
    digest: bytes = keccak_256(data).digest()
    return digest
