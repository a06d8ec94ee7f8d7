"""The two ends of a stream, as `voucher` uses them: what was signed or taken in last is kept in a party's files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from connext.channel import Channel
from connext.display import format_amount, format_deadline
from connext.drawer import Drawer, Money
from connext.errors import ConnextError
from connext.messages import Transfer
from connext.payments import Terms
from connext.routes import legs
from connext.rules import DEFAULT_POLICY
from connext.signing import Key
from connext.streams import NothingPaid, PayingStream, ReceivingStream, SignedVoucher, WrongStream
from connext.transfers import Claim, Triple
from connext.types import Asset
from scripts._connection import Connection
from scripts._mail import read_paper


@dataclass(eq=False)
class NotMyStream(ConnextError):
    text = "your files have no key of the stream of {path}: pay from the files in which it was opened (--store)"
    path: Path


@dataclass(eq=False)
class OtherAsset(ConnextError):
    text = "the stream pays {asset}, not {given}"
    asset: str
    given: str


@dataclass(eq=False)
class NothingLocked(ConnextError):
    text = (
        "no open transfer for you in your files is on the stream of {path}: the voucher is worth nothing yet, and was "
        "not taken in; ask its payer to lock first"
    )
    path: Path


@dataclass(eq=False)
class StreamIsOver(ConnextError):
    text = "the stream ends {expiry}: its vouchers can no longer be resolved in time{advice}"
    expiry: str
    advice: str


def pay(
    connection: Connection, drawer: Drawer, path: Path, amount: tuple[Asset, int] | None
) -> tuple[SignedVoucher, Money]:
    """The next voucher, or the last one again; and the most that the stream pays.

    Raises InvalidFile, WrongKind, NotMyStream, OtherAsset, StreamIsOver, and what a stream refuses.
    """
    terms = read_paper(path, Terms)
    kept, last = drawer.secret(terms.triple), drawer.voucher(terms.triple)
    if kept is None or kept.money is None or terms.condition != connection.deployment.conditions.stream:
        raise NotMyStream(path)
    if amount is None:
        if last is None:
            raise NothingPaid(0)
        return last, kept.money
    if amount[0] is not kept.money.asset:
        raise OtherAsset(kept.money.asset.name, amount[0].name)
    now = connection.chain.head.time
    if now >= terms.expiry:
        raise StreamIsOver(format_deadline(terms.expiry, now), ": open another")
    chain_id = connection.deployment.domain.chain_id
    paid = last.cumulative if last else 0
    stream = PayingStream(chain_id, terms.condition, terms.params, terms.expiry, Key(kept.secret), paid=paid)
    voucher = stream.pay(amount[1])
    drawer.keep_voucher(voucher)
    return voucher, kept.money


def receive(connection: Connection, drawer: Drawer, channels: Mapping[bytes, Channel], path: Path) -> Iterator[str]:
    """Take a voucher in; what it adds and what it is worth.

    Raises InvalidFile, WrongKind, NothingLocked, StreamIsOver, and what a stream refuses.
    """
    voucher = read_paper(path, SignedVoucher)
    triple = Triple(voucher.condition, voucher.params_hash, voucher.expiry)
    if voucher.condition != connection.deployment.conditions.stream:
        raise WrongStream(*triple)
    channel, leg, claim = _leg(channels, triple, path)
    now = connection.chain.head.time
    if now >= voucher.expiry - DEFAULT_POLICY.recording_margin:
        raise StreamIsOver(format_deadline(voucher.expiry, now), ": resolve what you have, or record it")
    stream = ReceivingStream(connection.deployment.domain.chain_id, triple.condition, claim.params, triple.expiry)
    if (best := drawer.voucher(triple)) is not None:
        stream.receive(best)
    adds = stream.receive(voucher)
    drawer.keep_voucher(voucher)
    asset = Asset(leg.asset)
    worth, all_of_it = format_amount(asset, stream.worth(leg.amount)), format_amount(asset, leg.amount)
    yield f"{format_amount(asset, adds)} more, {format_amount(asset, voucher.cumulative)} in sum"
    yield f"worth {worth} of {all_of_it} by transfer {leg.id} of channel 0x{channel.id.hex()}"


def _leg(channels: Mapping[bytes, Channel], triple: Triple, path: Path) -> tuple[Channel, Transfer, Claim]:
    """What is locked for me on the stream (rule 9). Raises NothingLocked."""
    for channel in channels.values():
        claim = channel.claim(triple)
        leg = next(legs([channel.latest.message], triple, channel.side.other), None)
        if claim is not None and leg is not None:
            return channel, leg, claim
    raise NothingLocked(path)
