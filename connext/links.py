"""A linked payment (docs/protocol.md section 6): money for whoever holds a link, which is nothing but a key.

The holder first names the channel in which it wants to receive, by a request. The node opens a leg into that channel,
and only then the holder shows the release, which is the witness: seen on its way, neither is worth anything to others.
"""

from dataclasses import dataclass

from connext.conditions import Release, Request, linked_params, linked_terms, linked_witness
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.messages import Domain
from connext.signing import CURVE_ORDER, Key, Signable, Signature, check_signature
from connext.types import Address, Bytes32


@dataclass(eq=False)
class InvalidSecret(ConnextError, ValueError):
    """Says nothing of the secret itself."""

    text = "a link's secret is 32 random bytes that are a key of secp256k1; make another"


class Link:
    """One payment that waits for a receiver. expiry in Unix seconds.

    The secret is the whole link, so it makes one payment only: a second one with it would have the same parameters.
    """

    def __init__(self, chain_id: int, condition: Address, expiry: int, secret: bytes) -> None:
        if len(secret) != 32 or not 0 < int.from_bytes(secret) < CURVE_ORDER:
            raise InvalidSecret
        self._domain = Domain(chain_id, condition)
        self._key = Key(secret)
        self.expiry = expiry
        self.params = linked_params(self._key.address, keccak256(self._key.address))
        self.params_hash = keccak256(self.params)

    def request(self, channel_id: Bytes32) -> Signature:
        """Asks for the money in this channel. Not before the receiver has checked that the channel is its own."""
        return self._key.sign(Signable(self._domain, Request(self.params_hash, self.expiry, channel_id)))

    def release(self) -> bytes:
        """The witness. Only for who has a countersigned leg into its own channel: it pays every leg there is."""
        return linked_witness(self._key.sign(Signable(self._domain, Release(self.params_hash, self.expiry))))


def check_request(
    chain_id: int, condition: Address, params: bytes, expiry: int, channel_id: Bytes32, signature: Signature
) -> None:
    """For the node, before it opens a leg into the channel. Raises InvalidParams, InvalidSignature, WrongSigner."""
    signer = linked_terms(condition, params).signer
    request = Signable(Domain(chain_id, condition), Request(keccak256(params), expiry, channel_id))
    check_signature(request.digest, signature, signer)
