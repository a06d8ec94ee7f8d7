"""What a party keeps of conditional payments beside its channels: what only it knows, and what it must not use twice.

One JSON document each, below the folder of a store (docs/formats.md), named by the hash of the parameters:
`secrets/`: of invoices, links and streams of my own, and of links that I was given; for their owner's eyes only.
`vouchers/`: the best of a stream: the last that I signed, or the best that I was given.
`locked/`: the terms that I ever locked something under, which must never be used again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from connext.codec import from_json, to_json
from connext.conditions import Conditions, stream_witness
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.links import Link
from connext.store import InvalidFile, make_folder, read_document, write_document
from connext.streams import SignedVoucher
from connext.transfers import Triple
from connext.types import Address, Asset, Bytes32, Data, InvalidValue, Uint64, Uint128

Kept = TypeVar("Kept")


@dataclass(eq=False)
class TermsUsed(ConnextError):
    text = (
        "something was locked under these terms before, in channel {channel_id}: who has seen the secret since could "
        "take it again; ask the payee for new terms, or make a new link or stream"
    )
    channel_id: bytes


@dataclass(eq=False)
class OtherTerms(ConnextError):
    text = (
        "{path} has what belongs to these parameters, but for condition {condition} until {expiry} (Unix seconds): the "
        "transfer is on other terms than those that were made, and gets no secret"
    )
    path: Path
    condition: bytes
    expiry: int


@dataclass(frozen=True, slots=True)
class Money:
    """wei: of that asset."""

    asset: Asset
    wei: Uint128


@dataclass(frozen=True, slots=True)
class Secret:
    """What decides transfers on a triple: a hash lock's preimage, a link's key, or the key of a stream of my own.

    money: what the payee of a secret is to get at least; the most that a stream pays; of a link nothing is said.
    """

    condition: Address
    params: Data
    expiry: Uint64
    secret: Bytes32
    money: Money | None

    @property
    def triple(self) -> Triple:
        return Triple(self.condition, keccak256(self.params), self.expiry)


@dataclass(frozen=True, slots=True)
class Locked:
    """Terms under which something was locked, in which channel first."""

    condition: Address
    params: Data
    expiry: Uint64
    channel_id: Bytes32

    @property
    def params_hash(self) -> Bytes32:
        return keccak256(self.params)


class Drawer:
    """folder: of the store that it belongs to, whose lock its user holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    # --- Secrets ---

    def keep_secret(self, secret: Secret) -> None:
        path = self._path("secrets", keccak256(secret.params))
        make_folder(path.parent)
        path.parent.chmod(0o700)
        write_document(path, to_json(secret), private=True)

    def secret(self, triple: Triple) -> Secret | None:
        """Raises InvalidFile, OtherTerms."""
        path = self._path("secrets", triple.params_hash)
        kept = self._read(Secret, path)
        if kept is None:
            return None
        if keccak256(kept.params) != triple.params_hash:
            raise InvalidFile(path, "secret.params: not those of the file's name")
        if kept.triple != triple:
            raise OtherTerms(path, kept.condition, kept.expiry)
        return kept

    # --- Vouchers ---

    def keep_voucher(self, voucher: SignedVoucher) -> None:
        path = self._path("vouchers", voucher.params_hash)
        make_folder(path.parent)
        write_document(path, to_json(voucher))

    def voucher(self, triple: Triple) -> SignedVoucher | None:
        """Raises InvalidFile, OtherTerms."""
        path = self._path("vouchers", triple.params_hash)
        kept = self._read(SignedVoucher, path)
        if kept is not None and (kept.condition, kept.params_hash, kept.expiry) != triple:
            raise OtherTerms(path, kept.condition, kept.expiry)
        return kept

    # --- What proves a transfer ---

    def witness(self, conditions: Conditions, chain_id: int, triple: Triple) -> bytes | None:
        """The best for a transfer on this very triple. Raises InvalidFile, OtherTerms, InvalidSecret."""
        if triple.condition == conditions.stream:
            voucher = self.voucher(triple)
            return None if voucher is None else stream_witness(voucher.cumulative, voucher.signature)
        kept = self.secret(triple)
        if kept is None:
            return None
        if triple.condition == conditions.linked_payment:
            return Link(chain_id, kept.condition, kept.expiry, kept.secret).release()
        return kept.secret

    # --- Terms ---

    def check_unused(self, params: bytes) -> None:
        """docs/protocol.md section 8 rule 9. Raises TermsUsed, InvalidFile."""
        used = self._read(Locked, self._path("locked", keccak256(params)))
        if used is not None:
            raise TermsUsed(used.channel_id)

    def mark_used(self, terms: Locked) -> None:
        """Before anything is signed."""
        path = self._path("locked", terms.params_hash)
        make_folder(path.parent)
        write_document(path, to_json(terms))

    def mark_unused(self, params_hash: Bytes32, channel_id: Bytes32) -> None:
        """Nothing was locked in this channel after all."""
        path = self._path("locked", params_hash)
        used = self._read(Locked, path)
        if used is not None and used.channel_id == channel_id:
            path.unlink()

    def _path(self, kind: str, params_hash: bytes) -> Path:
        return self._folder / kind / f"0x{params_hash.hex()}.json"

    def _read(self, kind: type[Kept], path: Path) -> Kept | None:
        if not path.exists():
            return None
        value: Any = read_document(path)
        try:
            return from_json(kind, value, kind.__name__.lower())
        except InvalidValue as error:
            raise InvalidFile(path, str(error)) from None
