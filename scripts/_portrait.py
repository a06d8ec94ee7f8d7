"""One channel in sentences: what the chain has, what a party's files have, and what should be done now."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from connext import envelopes, events
from connext.chain.views import confirmed_view, outcome_at
from connext.channel import Channel
from connext.conditions import FULL_SHARE, evaluate
from connext.display import format_amounts, format_deadline, format_duration
from connext.drawer import Drawer
from connext.errors import ConnextError
from connext.events import Output, Submit
from connext.ledger import ChannelLedger
from connext.messages import Resume, State, Transfer, Withdrawal, transfers_hash
from connext.party import Party, adopt, step
from connext.rules import DEFAULT_POLICY
from connext.signing import Signable, Signature
from connext.store import Store
from connext.transfers import Claim, RecordedOutcome, Triple, triple_of
from connext.types import NOTHING, Address, Bytes32, Side, Status, checksum
from scripts._connection import Connection
from scripts._sentences import amount_of, condition_of, described, name, newest, pays, sides

Outcomes = Mapping[Triple, RecordedOutcome]


class Rehearsal:
    """A signer that signs nothing and remembers whether it was asked."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.asked = False

    def sign(self, _: Signable) -> Signature:
        self.asked = True
        return bytes(64)


# --- What is to be looked at ---


def stored_channel(connection: Connection, store: Path, channel_id: Bytes32) -> Channel | None:
    """As a party's files have it, if they do; for what signs nothing."""
    return Store(connection.deployment.domain, store).load().get(channel_id)


def concerned(channels: Mapping[bytes, Channel], channel_id: Bytes32) -> list[Bytes32]:
    """The channel, and all others that have open transfers: what happens to one may have to follow in another."""
    return [channel_id, *(other for other, channel in channels.items() if other != channel_id and channel.claims)]


def outcomes_of(connection: Connection, transfers: Iterable[Transfer]) -> Outcomes:
    """As of the head."""
    chain, registry = connection.chain, connection.deployment.registry
    head = chain.head
    triples = {triple_of(transfer) for transfer in transfers}
    return {t: RecordedOutcome(outcome_at(chain, registry, t, head.number)[0], head.time) for t in triples}


# --- The chain ---


def on_chain(channel_id: Bytes32, channel: ChannelLedger, now: int) -> Iterator[str]:
    """What the chain has; `now` is its time in Unix seconds."""
    identity = channel.identity
    yield f"channel 0x{channel_id.hex()}"
    for side in Side:
        account, signer = identity.account(side), identity.signer(side)
        signs = "" if signer == account else f", signs with {checksum(signer)}"
        yield f"  {side.name.lower():9} {checksum(account)}{signs}"
    yield f"  terms     challenge period {format_duration(identity.challenge_period)}, salt {identity.salt}"
    yield f"  status    {_status(channel, now)}"
    if channel.settlement is None:
        recorded = "none" if channel.recorded is None else str(channel.recorded.nonce)
        yield f"  deposited {sides(channel.contributions)} (less what was withdrawn)"
        yield f"  recorded  state {recorded}; {channel.sequence} withdrawals, {channel.dispute} disputes so far"
        return
    if channel.settlement.later != NOTHING:
        yield f"  later     from transfers settled since: {sides(channel.settlement.later)}"
    held = channel.open_transfers
    if held.locked_wei or held.locked_token:
        yield f"  holds     {format_amounts(held.locked_wei, held.locked_token)} in open transfers"


def _status(channel: ChannelLedger, now: int) -> str:
    if channel.settlement is not None:
        return f"settled with state {channel.settlement.nonce}: {sides(channel.settlement.paid)}"
    if channel.status is not Status.DISPUTED:
        return channel.status.name.lower()
    what = "newer states are taken" if now < channel.deadline else "can be settled; newer states were taken"
    return f"in dispute {channel.dispute}, {what} until {format_deadline(channel.deadline, now)}"


# --- A party's files ---


def transfers_shown(channel: Channel, ledger: ChannelLedger) -> tuple[Transfer, ...]:
    """The open transfers of the newest state, or of a settled channel those that still hold something."""
    if ledger.settlement is None:
        return channel.latest.message.transfers
    held = ledger.open_transfers
    for state in channel.signed_states:
        if transfers_hash(state.transfers) == held.transfers_hash:
            return tuple(transfer for i, transfer in enumerate(state.transfers) if not held.settled >> i & 1)
    return ()


def in_files(
    connection: Connection, drawer: Drawer, channel: Channel, ledger: ChannelLedger, now: int
) -> Iterator[str]:
    """What a party's files have beside the chain, and of its open transfers what is recorded."""
    conditions = connection.deployment.conditions
    yield f"your files: you are the {channel.side.name.lower()}"
    if ledger.settlement is not None:
        yield f"  newest    state of both: {channel.latest.message.nonce}"
    else:
        yield f"  newest    {newest(channel).removeprefix('newest ')}"
    transfers = transfers_shown(channel, ledger)
    outcomes = outcomes_of(connection, transfers)
    for transfer in transfers:
        yield from _open_transfer(connection, drawer, transfer, channel, outcomes[triple_of(transfer)], now)
    if ledger.settlement is not None:
        return
    for offer in channel.own_offers:
        yield f"  proposed  {described(offer.state, channel, conditions)} (unanswered)"
    for message in _waiting(channel):
        yield f"  waits     {described(message, channel, conditions)} (for your answer)"
    for signed in channel.withdrawals:
        by = "both" if signed.is_countersigned else "one side"
        yield f"  signed    {described(signed.message, channel, conditions)} (by {by})"
    if channel.restored:
        yield "  RESTORED  these files may be old: sign nothing, leave with `ape run dispute`"


def _open_transfer(
    connection: Connection, drawer: Drawer, transfer: Transfer, channel: Channel, outcome: RecordedOutcome, now: int
) -> Iterator[str]:
    payer = Side(transfer.payer)
    between = f"from the {name(payer, channel)} for the {name(payer.other, channel)}"
    condition = condition_of(transfer, channel, connection.deployment.conditions)
    yield f"  transfer  {transfer.id}: {amount_of(transfer)} {between}, {condition}"
    yield f"            {_outcome(transfer, outcome, now)}"
    claim = channel.claim(triple_of(transfer))
    if claim is None:
        return
    try:
        kept = _kept_share(connection, drawer, claim)
    except ConnextError as error:
        yield f"            your files do not have what proves it: {error}"
        return
    if share := max(kept, claim.share):
        yield f"            your files have what proves that it pays {pays(transfer, share)}"
    if payer is not channel.side and kept > max(claim.shown, outcome.share) and now < transfer.expiry:
        yield f"            get it: ape run resolve 0x{channel.id.hex()} {transfer.id}"


def _kept_share(connection: Connection, drawer: Drawer, claim: Claim) -> int:
    """What the secret or the voucher proves that the party keeps beside the channel. Raises OtherTerms, InvalidFile."""
    conditions, chain_id = connection.deployment.conditions, connection.deployment.domain.chain_id
    witness = drawer.witness(conditions, chain_id, claim.triple)
    if witness is None:
        return 0
    return evaluate(conditions, chain_id, claim.condition, claim.params, claim.expiry, witness)


def _outcome(transfer: Transfer, outcome: RecordedOutcome, now: int) -> str:
    expiry = format_deadline(transfer.expiry, now)
    if not outcome.is_final(transfer.expiry):
        recorded = f"recorded: {pays(transfer, outcome.share)}" if outcome.share else "nothing recorded"
        return f"decided by {expiry}, {recorded}"
    if outcome.share == FULL_SHARE:
        return "decided: all for the payee"
    what = f"the payee gets {pays(transfer, outcome.share)}" if outcome.share else "back to the payer"
    return f"decided since {expiry}: {what}"


def _waiting(channel: Channel) -> Iterator[State | Withdrawal | Resume]:
    """The counterparty's messages that only the owner can answer."""
    if channel.their_offer is not None:
        yield channel.their_offer.state
    if channel.their_withdrawal is not None:
        yield channel.their_withdrawal.message
    if channel.their_resume is not None:
        yield channel.their_resume.message


# --- What should be done ---


def advice(
    connection: Connection, channels: Mapping[bytes, Channel], channel_id: Bytes32, ledger: ChannelLedger, now: int
) -> Iterator[str]:
    """About the channel's dispute, and what else its party would do."""
    stored = channels.get(channel_id)
    if ledger.status is Status.DISPUTED:
        recorded = ledger.recorded.nonce if ledger.recorded is not None else 0
        if now >= ledger.deadline:
            yield "next: ape run settle"
        elif stored is not None and stored.latest.message.nonce > recorded:
            nonce, left = stored.latest.message.nonce, format_duration(ledger.deadline - now)
            yield f"next: ape run challenge, within {left}: your state {nonce} is newer than {recorded}"
    if stored is not None:
        outputs = _rehearsed_look(connection, channels, stored)
        said = {("settle", stored.identity), ("checkpoint", stored.identity)}
        others = [o for o in outputs if not isinstance(o, Submit) or (o.name, o.identity) not in said]
        yield from wanted(connection, others, channels)


def _rehearsed_look(connection: Connection, channels: Mapping[bytes, Channel], channel: Channel) -> list[Output]:
    """What the party of that channel would do if it looked at the head now; nothing if the file is not its own."""
    identity, side = channel.identity, channel.side
    signer = Rehearsal(identity.signer(side))
    party, _ = adopt(Party(connection.deployment, DEFAULT_POLICY, identity.account(side), signer, {}), channels)
    if channel.id not in party.channels:
        return []
    ids = concerned(party.channels, channel.id)
    view = confirmed_view(connection.chain, connection.deployment, ids, party.triples, 0)
    return step(party, view)[1]


def wanted(connection: Connection, outputs: Iterable[Output], channels: Mapping[bytes, Channel]) -> Iterator[str]:
    """What a party asks for when it looks at the chain, as commands, each once."""
    commands: dict[str, None] = {}
    for output in outputs:
        commands |= dict.fromkeys(_commands(connection, output, channels))
    yield from (f"next: ape run {command}" for command in commands)


def _commands(connection: Connection, output: Output, channels: Mapping[bytes, Channel]) -> Iterator[str]:
    match output:
        case Submit("record", identity, fields):
            channel_id = identity.id(connection.deployment.domain.chain_id, connection.manager)
            expiry = format_deadline(fields["expiry"], connection.chain.head.time)
            for transfer in channels[channel_id].latest.message.transfers:
                claim = channels[channel_id].claim(triple_of(transfer))
                same = claim is not None and (claim.params, claim.expiry) == (fields["params"], fields["expiry"])
                if same:
                    yield f"record 0x{channel_id.hex()} {transfer.id}, before {expiry}"
                    return
        case Submit(name_, identity, _):
            channel_id = identity.id(connection.deployment.domain.chain_id, connection.manager)
            yield f"{_SCRIPTS.get(name_, name_)} 0x{channel_id.hex()}"
        case events.Send(envelopes.Proposal() | envelopes.Reveal() as envelope):
            yield f"resolve 0x{envelope.channel_id.hex()}"


_SCRIPTS = {"checkpoint": "challenge"}
"""Scripts whose name is not the transaction's."""
