"""What payer and payee agree on before anything is locked: the terms of a payment, which every leg of it carries."""

from dataclasses import dataclass

from connext.conditions import Conditions, hash_lock_params, hash_of, stream_params
from connext.keccak import keccak256
from connext.links import Link
from connext.transfers import Triple
from connext.types import Address, Bytes32, Data, Struct, Uint64


@dataclass(frozen=True, slots=True)
class Terms(Struct):
    """A condition, the bytes of its parameters, and when it is decided (Unix seconds)."""

    condition: Address
    params: Data
    expiry: Uint64

    @property
    def triple(self) -> Triple:
        return Triple(self.condition, keccak256(self.params), self.expiry)


def hash_lock_terms(conditions: Conditions, secret: bytes, expiry: int) -> Terms:
    """For whoever gets the secret. Raises InvalidValue for one that does not have 32 bytes."""
    return Terms(conditions.hash_lock, hash_lock_params(hash_of(secret)), expiry)


def stream_terms(conditions: Conditions, payer: Address, cap: int, id_: Bytes32, expiry: int) -> Terms:
    """For vouchers signed by the key of `payer`, up to `cap`. id_: never used before."""
    return Terms(conditions.stream, stream_params(payer, cap, id_), expiry)


def link_terms(link: Link, condition: Address) -> Terms:
    return Terms(condition, link.params, link.expiry)
