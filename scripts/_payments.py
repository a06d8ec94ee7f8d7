"""What the scripts of conditional payments share: fresh secrets, terms that can be used, what proves a transfer."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING

import click

from connext.chain.views import outcome_at
from connext.channel import Channel
from connext.conditions import evaluate, hash_lock_params, hash_of
from connext.display import format_amount, format_deadline, format_duration
from connext.drawer import Money, Secret
from connext.errors import ConnextError, NoSuchTransfer
from connext.messages import State, StateHeader, Transfer, header, transfers_hash
from connext.papers import LinkSecret, Paper, read_message, write_message
from connext.payments import Terms
from connext.rules import DEFAULT_POLICY
from connext.transfers import Claim, Triple, triple_of
from connext.types import Asset, Bytes32, Status
from scripts._connection import Connection
from scripts._mail import check_place, file_name, read_paper, readers_of

if TYPE_CHECKING:
    from scripts._desk import Desk

SHORTEST, LONGEST = DEFAULT_POLICY.shortest_lock, DEFAULT_POLICY.longest_lock


@dataclass(eq=False)
class DurationAgainstPolicy(ConnextError):
    text = "{duration} is not {bounds}: no side's software would lock something for that long"
    duration: str
    bounds: str


@dataclass(eq=False)
class TermsExpired(ConnextError):
    text = "{path} must be used before {latest}, {margin} before it is decided: ask for new terms"
    path: Path
    latest: str
    margin: str


@dataclass(eq=False)
class AlreadyDecided(ConnextError):
    text = "{path} is decided already: an outcome is recorded on chain, so the secret is known; ask for new terms"
    path: Path


@dataclass(eq=False)
class NothingProves(ConnextError):
    text = (
        "your files have nothing that proves transfer {transfer_id} of channel {channel_id}; give it by --witness (a "
        "secret comes from `ape run invoice`, a link's release with `ape run request`, a voucher from its payer)"
    )
    transfer_id: int
    channel_id: bytes


@dataclass(eq=False)
class PaysLess(ConnextError):
    text = (
        "transfer {transfer_id} is for {amount}, you asked for {asked}: whoever is shown the secret can take all that "
        "the payer locked; with --accept it is shown all the same"
    )
    transfer_id: int
    amount: str
    asked: str


@dataclass(eq=False)
class OtherPayment(ConnextError):
    text = "{path} is not about transfer {transfer_id}: it was made for other terms"
    path: Path
    transfer_id: int


# --- Making terms ---


def expiry_after(connection: Connection, duration: int, longest: int = LONGEST) -> int:
    """Unix seconds. Raises DurationAgainstPolicy."""
    if not SHORTEST < duration <= longest:
        bounds = f"more than {format_duration(SHORTEST)}, and at most {format_duration(longest)}"
        raise DurationAgainstPolicy(format_duration(duration), bounds)
    return connection.chain.head.time + duration


def fresh_secret(connection: Connection, expiry: int, money: tuple[Asset, int]) -> Secret:
    """A hash lock's, for at least that much."""
    secret = token_bytes(32)
    condition = connection.deployment.conditions.hash_lock
    return Secret(condition, hash_lock_params(hash_of(secret)), expiry, secret, Money(*money))


def write_paper(paper: Paper, out: Path | None) -> None:
    path = out or Path(file_name(paper))
    check_place(path)
    write_message(path, paper)
    click.echo(f"wrote {path}, to be read with: ape run {readers_of(paper)[0]}")


# --- Using terms ---


def usable_terms(connection: Connection, path: Path) -> Terms:
    """What is to be locked under. Raises InvalidFile, WrongKind, TermsExpired, AlreadyDecided."""
    message = read_message(path)
    if isinstance(message, LinkSecret):
        terms = message.terms(connection.deployment.domain.chain_id)
    else:
        terms = read_paper(path, Terms)
    chain = connection.chain
    head = chain.head
    latest = terms.expiry - SHORTEST
    if head.time > latest:
        raise TermsExpired(path, format_deadline(latest, head.time), format_duration(SHORTEST))
    share, _ = outcome_at(chain, connection.deployment.registry, terms.triple, head.number)
    if share:
        raise AlreadyDecided(path)
    return terms


def check_same_terms(path: Path, triple: Triple, transfer: Transfer) -> None:
    """Raises OtherPayment."""
    if triple != triple_of(transfer):
        raise OtherPayment(path, transfer.id)


# --- What proves a transfer ---


def transfer_of(channel: Channel, transfer_id: int) -> tuple[Transfer, Claim]:
    """An open transfer of the newest state, and what is known of it. Raises NoSuchTransfer."""
    for transfer in channel.latest.message.transfers:
        claim = channel.claim(triple_of(transfer))
        if transfer.id == transfer_id and claim is not None:
            return transfer, claim
    raise NoSuchTransfer(channel.id, transfer_id, "whose parameters are known")


def best_witness(desk: "Desk", channel_id: Bytes32, transfer_id: int) -> bytes:
    """Of my files: the drawer's, or the channel's, where that proves more. Raises NothingProves, NoSuchTransfer."""
    transfer, claim = transfer_of(desk.channel(channel_id), transfer_id)
    deployment = desk.party.deployment
    kept = desk.drawer.witness(deployment.conditions, deployment.domain.chain_id, triple_of(transfer))
    if kept is not None and share_of(desk, claim, kept) >= claim.share:
        return kept
    if not claim.share:
        raise NothingProves(transfer_id, channel_id)
    return claim.witness


def share_of(desk: "Desk", claim: Claim, witness: bytes) -> int:
    """Raises UnknownCondition, InvalidParams, WitnessRefused."""
    deployment = desk.party.deployment
    conditions, chain_id = deployment.conditions, deployment.domain.chain_id
    return evaluate(conditions, chain_id, claim.condition, claim.params, claim.expiry, witness)


def check_asked(desk: "Desk", transfer: Transfer) -> None:
    """The payee shows a secret only for what it asked for. Raises PaysLess."""
    kept = desk.drawer.secret(triple_of(transfer))
    if kept is None or kept.money is None:
        return
    if transfer.asset != kept.money.asset or transfer.amount < kept.money.wei:
        amount = format_amount(Asset(transfer.asset), transfer.amount)
        raise PaysLess(transfer.id, amount, format_amount(kept.money.asset, kept.money.wei))


def why_nothing(desk: "Desk", channel_id: Bytes32) -> str:
    """What keeps a transfer from being resolved, as far as it is an obstacle that passes."""
    channel = desk.channel(channel_id)
    state = channel.latest.message
    if channel.own_offers:
        return f"your proposal {channel.own_offers[-1].state.nonce} has no answer yet, do this again when it has"
    if channel.their_offer is not None:
        return f"the other side's proposal {channel.their_offer.state.nonce} waits for your answer (ape run update)"
    if not state.transfers:
        return "the channel has no open transfers"
    if channel.in_dispute or channel.on_chain.status is Status.SETTLED:
        return "the channel is in a dispute, or settled: there its transfers are decided by what is recorded"
    if any(channel.on_chain.time >= t.expiry - DEFAULT_POLICY.recording_margin for t in state.transfers):
        return f"near its end a transfer is only decided on chain: {undecided(state.transfers, channel.on_chain.time)}"
    return f"nothing is proved or decided of {undecided(state.transfers, channel.on_chain.time)}"


# --- Lists of transfers that the chain has only the hash of ---


def list_of(channel: Channel | None, hash_: Bytes32) -> tuple[Transfer, ...] | None:
    """None where the files do not have it."""
    states = () if channel is None else channel.signed_states
    return next((state.transfers for state in states if transfers_hash(state.transfers) == hash_), None)


def state_of(channel: Channel | None, recorded: StateHeader | None) -> State | StateHeader | None:
    """The recorded state with its transfers, if the files have it."""
    states = () if channel is None else channel.signed_states
    return next((state for state in states if header(state) == recorded), recorded)


def undecided(transfers: Iterable[Transfer], now: int) -> str:
    return ", ".join(f"transfer {t.id} by {format_deadline(t.expiry, now)}" for t in transfers)
