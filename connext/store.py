"""A party's files: one JSON document per channel, `<root>/<chain id>/<channel id>.json` (docs/formats.md).

A document is replaced as a whole and is on the disk when `save` returns, so that a crash leaves the old or the new one.
Envelopes can travel as files of the same form.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from connext.channel import Channel, Offer, Signed, initial_state
from connext.codec import from_json, to_json
from connext.conditions import FULL_SHARE
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.messages import Domain, Message, State, digest
from connext.signing import Signature, check_signature
from connext.transfers import triple_of
from connext.types import Address, Bytes32, InvalidValue, Side, Uint64

DEFAULT_ROOT = Path(".connext")
FORMAT = 2

MAX_FILE_BYTES = 2**24
"""Several times the largest file that this package writes."""


@dataclass(eq=False)
class StoreError(ConnextError):
    """A party's files cannot be used as they are."""


@dataclass(eq=False)
class StoreLocked(StoreError):
    text = "{path} is in use by another process: two processes must not sign for the same channels"
    path: Path


@dataclass(eq=False)
class StoreNotLocked(StoreError):
    text = "{path} is not locked: save inside of `with store:`"
    path: Path


@dataclass(eq=False)
class InvalidFile(StoreError):
    text = "{path}: {reason}"
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a channel's file holds."""

    format: Uint64
    chain_id: Uint64
    manager: Address
    channel: Channel


class Store:
    """The files of one party in one deployment. Hold it (`with store:`) from reading the channels to the last save.

    unusable: why the last `load` left files out, by their paths. They are never written over: a channel whose file is
    broken must not begin anew.
    """

    def __init__(self, domain: Domain, root: Path = DEFAULT_ROOT) -> None:
        self.domain = domain
        self.folder = root / str(domain.chain_id)
        self.unusable: dict[Path, InvalidFile] = {}
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Take the lock of this chain's folder. Raises StoreLocked at once if another process has it."""
        make_folder(self.folder)
        lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StoreLocked(self.folder) from None
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def path(self, channel_id: Bytes32) -> Path:
        return self.folder / f"0x{channel_id.hex()}.json"

    def load(self) -> dict[bytes, Channel]:
        """Every channel of this manager whose file is right, signatures included; the other files are `unusable`.

        Whose channels they are is for `party.adopt` to judge.
        """
        channels = {}
        self.unusable = {}
        for path in sorted(self.folder.glob("0x*.json")):
            try:
                document = _read_channel(path)
                if document.manager == self.domain.verifying_contract:
                    _check_document(document, self.domain, path)
                    channels[document.channel.id] = document.channel
            except InvalidFile as error:
                self.unusable[path] = error
        return channels

    def save(self, channel: Channel) -> None:
        """Put the channel on the disk. Raises StoreNotLocked, InvalidFile for one that could not be loaded."""
        if self._lock is None:
            raise StoreNotLocked(self.folder)
        if (error := self.unusable.get(self.path(channel.id))) is not None:
            raise error
        document = Document(FORMAT, self.domain.chain_id, self.domain.verifying_contract, channel)
        write_document(self.path(channel.id), to_json(document))


# --- JSON on disk ---


def write_document(path: Path, value: dict[str, Any], *, private: bool = False) -> None:
    """Replace the file at once: whoever reads finds the old or the new one, also after a power failure.

    private: for its owner's eyes only.
    """
    draft = path.with_name(path.name + ".tmp")
    with os.fdopen(_create(draft, 0o600 if private else 0o666), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def _create(path: Path, mode: int) -> int:
    path.unlink(missing_ok=True)  # an old draft keeps its mode
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)


def make_folder(folder: Path) -> None:
    """The folder and those above it, on the disk as well."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make what was created or renamed in the folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_document(path: Path) -> object:
    """What the JSON file holds. Raises InvalidFile."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise InvalidFile(path, f"larger than {MAX_FILE_BYTES} bytes")
        return json.loads(content.decode("utf-8"), object_pairs_hook=_unique)
    except OSError as error:
        raise InvalidFile(path, error.strerror or "cannot be read") from None
    except RecursionError:
        raise InvalidFile(path, "not valid JSON: nested too deeply") from None
    except ValueError as error:
        raise InvalidFile(path, f"not valid JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a field is given twice")
    return result


def _read_channel(path: Path) -> Document:
    value = read_document(path)
    known = str(FORMAT)
    if not isinstance(value, dict) or value.get("format") != known:
        raise InvalidFile(path, f"not a channel's file of format {known}: this version of connext reads no other")
    try:
        return from_json(Document, value, "file")
    except InvalidValue as error:
        raise InvalidFile(path, str(error)) from None


# --- What must hold in a file that this package wrote ---


def _check_document(document: Document, domain: Domain, path: Path) -> None:
    channel = document.channel
    if document.chain_id != domain.chain_id:
        raise InvalidFile(path, f"file.chainId: {document.chain_id} lies in the folder of chain {domain.chain_id}")
    if channel.id != channel.identity.id(domain.chain_id, domain.verifying_contract):
        raise InvalidFile(path, "file.channel.id: not the id of file.channel.identity")
    if path.stem != f"0x{channel.id.hex()}":
        raise InvalidFile(path, "file.channel.id: not the name of the file")
    try:
        _check_channel(channel, domain)
    except ConnextError as error:
        raise InvalidFile(path, str(error)) from None


def _check_channel(channel: Channel, domain: Domain) -> None:
    mine, theirs = channel.side, channel.side.other
    _check_claims(channel)
    if channel.latest.message != initial_state(channel.id):
        _check_signed(channel, domain, channel.latest, mine, "latest")
        _check_highest(channel, channel.latest.message, "latest")
    for i, offer in enumerate(channel.own_offers):
        _check_offer(channel, domain, offer, mine, f"ownOffers[{i}]")
    if channel.their_offer is not None:
        _check_offer(channel, domain, channel.their_offer, theirs, "theirOffer")
    for i, withdrawal in enumerate(channel.withdrawals):
        _check_signed(channel, domain, withdrawal, mine, f"withdrawals[{i}]")
    if channel.own_resume is not None:
        _check_signed(channel, domain, channel.own_resume, mine, "ownResume")
    if channel.their_withdrawal is not None:
        _check_signed(channel, domain, channel.their_withdrawal, theirs, "theirWithdrawal")
    if channel.their_resume is not None:
        _check_signed(channel, domain, channel.their_resume, theirs, "theirResume")


def _check_claims(channel: Channel) -> None:
    """One for each triple, and for every transfer of a state; what a witness proves is for the party to judge."""
    known = set()
    for i, claim in enumerate(channel.claims):
        field = f"file.channel.claims[{i}]"
        if claim.params_hash != keccak256(claim.params):
            raise InvalidValue(f"{field}.paramsHash", "the hash of the parameters", claim.params_hash)
        if claim.triple in known:
            raise InvalidValue(field, "a triple that no other claim is on", claim.params_hash)
        for name, share in (("share", claim.share), ("shown", claim.shown)):
            if share > FULL_SHARE:
                raise InvalidValue(f"{field}.{name}", f"at most {FULL_SHARE}", share)
        known.add(claim.triple)
    offered = () if channel.their_offer is None else (channel.their_offer.state,)
    for state in (*channel.signed_states, *offered):
        for transfer in state.transfers:
            if triple_of(transfer) not in known:
                raise InvalidValue("file.channel.claims", f"one for transfer {transfer.id}", None)


def _check_signed(channel: Channel, domain: Domain, signed: Signed[Any], required: Side, field: str) -> None:
    """The digest is the message's, the required side has signed, and no signature is wrong."""
    _check_digest(channel, domain, signed.message, signed.digest, field)
    for side, signature in zip(Side, (signed.user_signature, signed.node_signature), strict=True):
        if signature is not None or side is required:
            _check_signature(channel, side, signed.digest, signature, f"{field}.{side.name.lower()}Signature")


def _check_offer(channel: Channel, domain: Domain, offer: Offer, side: Side, field: str) -> None:
    _check_digest(channel, domain, offer.state, offer.digest, field)
    _check_signature(channel, side, offer.digest, offer.signature, f"{field}.signature")
    _check_highest(channel, offer.state, field)
    if offer.state.nonce <= channel.latest.message.nonce:
        expected = f"more than {channel.latest.message.nonce}, the nonce of latest"
        raise InvalidValue(f"file.channel.{field}.state.nonce", expected, offer.state.nonce)


def _check_highest(channel: Channel, state: State, field: str) -> None:
    if state.nonce > channel.highest_nonce:
        expected = f"at least {state.nonce}, the nonce of {field}"
        raise InvalidValue("file.channel.highestNonce", expected, channel.highest_nonce)


def _check_digest(channel: Channel, domain: Domain, message: Message, found: Bytes32, field: str) -> None:
    if message.channel_id != channel.id:
        raise InvalidValue(f"file.channel.{field}.channelId", "the id of the channel", message.channel_id)
    if found != digest(domain, message):
        raise InvalidValue(f"file.channel.{field}.digest", "the digest of the message", found)


def _check_signature(channel: Channel, side: Side, found: Bytes32, signature: Signature | None, field: str) -> None:
    try:
        check_signature(found, signature or b"", channel.identity.signer(side))
    except ConnextError as error:
        raise InvalidValue(
            f"file.channel.{field}", f"the {side.name.lower()}'s signature ({error})", signature
        ) from None
