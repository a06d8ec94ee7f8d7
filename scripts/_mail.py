"""Files between people: what each is called, where it goes, and which script reads it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from connext.envelopes import (
    Countersignature,
    Envelope,
    Proposal,
    Refusal,
    ResumeProposal,
    Reveal,
    SignedExit,
    WithdrawalProposal,
)
from connext.errors import ConnextError
from connext.papers import LinkRequest, LinkSecret, Paper, kind_of, read_message
from connext.payments import Terms
from connext.streams import SignedVoucher
from connext.types import Bytes32

PROBE_BYTES = 64 * 1024
"""More than any message takes."""

AnyPaper = TypeVar("AnyPaper", Terms, LinkSecret, LinkRequest, SignedVoucher)


@dataclass(eq=False)
class NoPlace(ConnextError):
    text = "{path} cannot be written: {reason}; nothing was signed or sent, name another file by --out"
    path: Path
    reason: str | None


@dataclass(eq=False)
class OtherChannel(ConnextError):
    text = "{path} is about channel {found}, not about {expected}"
    path: Path
    found: bytes
    expected: bytes


@dataclass(eq=False)
class WrongKind(ConnextError):
    text = "{path} is for `ape run {reader}`: its kind is {kind}"
    path: Path
    reader: str
    kind: str


# --- Who reads what ---


def readers_of(message: Envelope | Paper) -> tuple[str, ...]:
    """The scripts that read a message, with the option; none for a countersignature, which its asker reads."""
    match message:
        case Proposal(state):
            return ("close --from",) if state.is_final else ("update --from",)
        case Refusal():
            return ("update --from",)
        case Reveal():
            return ("resolve --from", "update --from")
        case WithdrawalProposal():
            return ("withdraw --from",)
        case ResumeProposal():
            return ("resume --from",)
        case SignedExit():
            return ("dispute --exit",)
        case Terms():
            return ("lock --terms",)
        case LinkSecret():
            return ("request --link", "lock --terms")
        case LinkRequest():
            return ("forward --request",)
        case SignedVoucher():
            return ("voucher --from",)
        case Countersignature():
            return ()


def receive(path: Path, channel_id: Bytes32) -> Envelope:
    """What the other side wrote for the running script. Raises InvalidFile, OtherChannel, WrongKind."""
    message = read_message(path)
    if isinstance(message, Paper):
        raise WrongKind(path, readers_of(message)[0], kind_of(message))
    if message.channel_id != channel_id:
        raise OtherChannel(path, message.channel_id, channel_id)
    readers = readers_of(message)
    if readers and _running_script() not in (reader.split()[0] for reader in readers):
        raise WrongKind(path, readers[0], kind_of(message))
    return message


def read_paper(path: Path, expected: type[AnyPaper]) -> AnyPaper:
    """Raises InvalidFile, WrongKind."""
    message = read_message(path)
    if not isinstance(message, expected):
        readers = readers_of(message) or ("the script that asked for it",)
        raise WrongKind(path, readers[0], kind_of(message))
    return message


def _running_script() -> str:
    return str(click.get_current_context().info_name)


# --- Names and places ---


def addressed(envelopes: Iterable[Envelope], channel_id: Bytes32 | None, out: Path | None) -> dict[Path, Envelope]:
    """Where each envelope is written, every one to a file of its own.

    Those for the channel come first, and what a state is about before the witness that it takes. The first gets the
    name that was asked for, the others the same with a number.
    """
    ordered = sorted(
        dict.fromkeys(envelopes), key=lambda envelope: (envelope.channel_id != channel_id, isinstance(envelope, Reveal))
    )
    places: dict[Path, Envelope] = {}
    for envelope in ordered:
        path = out or Path(file_name(envelope))
        places[next(free for free in _numbered(path) if free not in places)] = envelope
    return places


def _numbered(path: Path) -> Iterator[Path]:
    """x.json, x-2.json, x-3.json, …"""
    yield path
    number = 2
    while True:
        yield path.with_stem(f"{path.stem}-{number}")
        number += 1


def file_name(message: Envelope | Paper) -> str:
    """Says what it is: the kind, the channel or the terms, and a number where there can be several."""
    match message:
        case Proposal(state) | Refusal(state):
            number = f"-{state.nonce}"
        case Reveal():
            number = f"-{message.transfer_id}"
        case Countersignature(_, digest):
            number = f"-{digest.hex()[:8]}"
        case SignedVoucher():
            number = f"-{message.cumulative}"
        case _:
            number = ""
    match message:
        case Terms():
            name = f"terms-{_short(message.triple.params_hash)}"
        case LinkSecret() | LinkRequest() | SignedVoucher():
            name = f"{kind_of(message)}-{_short(message.params_hash)}"
        case _:
            name = f"{type(message).__name__.lower()}-{_short(message.channel_id)}"
    return f"{name}{number}.json"


def _short(id_: Bytes32) -> str:
    return id_.hex()[:8]


def check_place(path: Path) -> None:
    """Find out before anything is signed what would keep a file from being written. Raises NoPlace."""
    probe = path.with_name(path.name + ".tmp")
    try:
        probe.write_bytes(bytes(PROBE_BYTES))
        probe.unlink()
    except OSError as error:
        raise NoPlace(path, error.strerror) from error
