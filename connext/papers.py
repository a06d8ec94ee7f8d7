"""What people hand each other around a conditional payment beside envelopes: terms, links, requests and vouchers.

As files they have the form of envelopes (docs/formats.md). What they prove is for the rules to judge.
"""

from dataclasses import dataclass
from pathlib import Path

from connext.codec import kind_in, tagged_from_json, tagged_to_json
from connext.envelopes import KINDS, Envelope
from connext.links import Link
from connext.payments import Terms, link_terms
from connext.signing import Signature
from connext.store import InvalidFile, read_document, write_document
from connext.streams import SignedVoucher
from connext.transfers import Triple
from connext.types import Address, Bytes32, InvalidValue, Struct, Uint64


@dataclass(frozen=True, slots=True)
class LinkSecret(Struct):
    """A linked payment, for its receiver alone: whoever has it can ask for the money. expiry in Unix seconds."""

    condition: Address
    expiry: Uint64
    secret: Bytes32

    @property
    def params_hash(self) -> Bytes32:
        """The same on every chain. Raises InvalidSecret."""
        return self.link(0).params_hash

    def link(self, chain_id: int) -> Link:
        """Raises InvalidSecret."""
        return Link(chain_id, self.condition, self.expiry, self.secret)

    def terms(self, chain_id: int) -> Terms:
        """What the payer locks under. Raises InvalidSecret."""
        return link_terms(self.link(chain_id), self.condition)


@dataclass(frozen=True, slots=True)
class LinkRequest(Struct):
    """For the node: the link's key wants its payment in this channel."""

    condition: Address
    params_hash: Bytes32
    expiry: Uint64
    channel_id: Bytes32
    signature: Signature

    @property
    def triple(self) -> Triple:
        return Triple(self.condition, self.params_hash, self.expiry)


Paper = Terms | LinkSecret | LinkRequest | SignedVoucher

PAPERS: dict[str, type[Paper]] = {
    "terms": Terms,
    "link": LinkSecret,
    "request": LinkRequest,
    "voucher": SignedVoucher,
}
MESSAGES: dict[str, type[Envelope | Paper]] = {**KINDS, **PAPERS}


def kind_of(message: Envelope | Paper) -> str:
    return kind_in(MESSAGES, message)


def write_message(path: Path, message: Envelope | Paper) -> None:
    """A link is for its owner's eyes only."""
    write_document(path, tagged_to_json(MESSAGES, message), private=isinstance(message, LinkSecret))


def read_message(path: Path) -> Envelope | Paper:
    """Raises InvalidFile; whether its signature is right is for whoever uses it to judge."""
    try:
        message: Envelope | Paper = tagged_from_json(MESSAGES, read_document(path), "message")
    except InvalidValue as error:
        raise InvalidFile(path, str(error)) from None
    return message
