"""A stream of micropayments (docs/protocol.md section 6), for each of its two ends.

One signature per payment, from the payer to the payee alone: the node takes part where the stream is opened and where
it is resolved. Made to be fast: what is the same in every voucher is computed once.

Both ends change with each payment. After a restart the payer's starts with what it had `paid`, the payee's receives its
`best` voucher again.
"""

from dataclasses import dataclass

from connext.conditions import FULL_SHARE, Voucher, stream_share, stream_terms, stream_witness
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.messages import Domain, digest_prefix, type_hash, words
from connext.signing import Key, Signature, check_signature
from connext.types import Address, Bytes32, Uint64, Uint128

# --- Errors ---


class StreamError(ConnextError):
    """A voucher cannot be made, or is not taken."""


@dataclass(eq=False)
class NotTheStreamsKey(StreamError):
    text = "the stream is signed by {signer}, not by {key}: pay with the key that it was opened with"
    signer: Address
    key: Address


@dataclass(eq=False)
class NothingPaid(StreamError):
    text = "{amount} is no payment: pay more than 0"
    amount: int


@dataclass(eq=False)
class CapExceeded(StreamError):
    text = "{cumulative} in sum is above the stream's cap {cap}: go on in another stream, under a fresh id"
    cumulative: int
    cap: int


@dataclass(eq=False)
class WrongStream(StreamError):
    text = "the voucher is for another stream: condition {condition}, parameters' hash {params_hash}, expiry {expiry}"
    condition: Address
    params_hash: Bytes32
    expiry: int


@dataclass(eq=False)
class VoucherNotGrown(StreamError):
    text = "the voucher is for {cumulative} in sum, not above the {received} received before: ask for the newest"
    cumulative: int
    received: int


@dataclass(eq=False)
class NothingReceived(StreamError):
    text = "no voucher was received yet: there is nothing to prove"


# --- The two ends ---


@dataclass(frozen=True, slots=True)
class SignedVoucher:
    """A micropayment on its way. `cumulative`: what is paid in sum. The payee checks all of it."""

    condition: Address
    params_hash: Bytes32
    expiry: Uint64
    cumulative: Uint128
    signature: Signature


class Stream:
    """What both ends know. expiry in Unix seconds, cap in the unit in which the stream counts. Raises InvalidParams."""

    def __init__(self, chain_id: int, condition: Address, params: bytes, expiry: int) -> None:
        terms = stream_terms(condition, params)
        self.condition, self.params_hash, self.expiry = condition, keccak256(params), expiry
        self.signer, self.cap = terms.signer, terms.cap
        nothing = Voucher(self.params_hash, expiry, 0)
        self._prefix = digest_prefix(Domain(chain_id, condition))
        self._head = type_hash(Voucher) + words(nothing)[:-32]

    def digest(self, cumulative: int) -> bytes:
        """That of the `Voucher`."""
        return keccak256(self._prefix + keccak256(self._head + cumulative.to_bytes(32)))


class PayingStream(Stream):
    """The payer's end. `paid`: the sum so far."""

    def __init__(
        self, chain_id: int, condition: Address, params: bytes, expiry: int, key: Key, *, paid: int = 0
    ) -> None:
        super().__init__(chain_id, condition, params, expiry)
        if key.address != self.signer:
            raise NotTheStreamsKey(self.signer, key.address)
        self._key, self.paid = key, paid

    def pay(self, amount: int) -> SignedVoucher:
        """The voucher that adds `amount`. Raises NothingPaid, CapExceeded."""
        if amount <= 0:
            raise NothingPaid(amount)
        cumulative = self.paid + amount
        if cumulative > self.cap:
            raise CapExceeded(cumulative, self.cap)
        signature = self._key.sign_digest(self.digest(cumulative))
        self.paid = cumulative
        return SignedVoucher(self.condition, self.params_hash, self.expiry, cumulative, signature)


class ReceivingStream(Stream):
    """The payee's end. `best`: the voucher with the highest sum so far."""

    def __init__(self, chain_id: int, condition: Address, params: bytes, expiry: int) -> None:
        super().__init__(chain_id, condition, params, expiry)
        self.best: SignedVoucher | None = None

    @property
    def received(self) -> int:
        return self.best.cumulative if self.best else 0

    def receive(self, voucher: SignedVoucher) -> int:
        """Keep the voucher, and say how much it adds.

        Raises WrongStream, VoucherNotGrown, CapExceeded, and for the signature InvalidSignature, WrongSigner.
        """
        cumulative = voucher.cumulative
        if (voucher.condition, voucher.params_hash, voucher.expiry) != (self.condition, self.params_hash, self.expiry):
            raise WrongStream(voucher.condition, voucher.params_hash, voucher.expiry)
        if cumulative <= self.received:
            raise VoucherNotGrown(cumulative, self.received)
        if cumulative > self.cap:
            raise CapExceeded(cumulative, self.cap)
        check_signature(self.digest(cumulative), voucher.signature, self.signer)
        amount = cumulative - self.received
        self.best = voucher
        return amount

    def witness(self) -> bytes:
        """What proves the best voucher to the condition. Raises NothingReceived."""
        if self.best is None:
            raise NothingReceived
        return stream_witness(self.best.cumulative, self.best.signature)

    def worth(self, leg_amount: int) -> int:
        """What the best voucher pays out of a transfer of `leg_amount`, in its unit: what a payee may count on."""
        return leg_amount * stream_share(self.received, self.cap) // FULL_SHARE
