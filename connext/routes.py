"""Rules 7 to 9 of docs/protocol.md section 8: what holds between the channels that have transfers on one triple.

A *leg* is a transfer on a triple; an incoming leg is locked for me, an outgoing one by me. Legs of one triple are paid
at one share on chain, so a party that keeps to the order in which it lets them go off chain ends with at least as much.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from connext import errors, events
from connext.channel import Channel, Deployment
from connext.conditions import FULL_SHARE
from connext.fees import SAME_ASSET, outgoing
from connext.links import check_request
from connext.messages import State, Transfer, transfers_hash
from connext.rules import Policy
from connext.transfers import (
    NOT_LOOKED_AT,
    Claim,
    RecordedOutcome,
    ShareOf,
    Triple,
    change,
    due,
    held,
    part_of,
    transfer_ids,
    triple_of,
    with_change,
)
from connext.types import Asset, Bytes32, Side, Status, amounts_for

CHANNELS_THAT_FILL_THE_MARGIN = 4
"""No channel alone may use more than its part of what can be recorded, or its other side could stop all others."""


class Book(Protocol):
    """What a party knows: its channels by id, and the confirmed outcomes of their triples; and whether that is all."""

    @property
    def deployment(self) -> Deployment: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def channels(self) -> Mapping[bytes, Channel]: ...
    @property
    def outcomes(self) -> Mapping[Triple, RecordedOutcome]: ...
    @property
    def unreadable(self) -> bool: ...


# --- Legs ---


def legs(states: Iterable[State], triple: Triple, payer: Side) -> Iterator[Transfer]:
    for state in states:
        for transfer in state.transfers:
            if transfer.payer == payer and triple_of(transfer) == triple:
                yield transfer


def others(book: Book, channel: Channel) -> Iterator[Channel]:
    """The party's other channels that have transfers and are not over."""
    return (o for o in book.channels.values() if o.claims and o.id != channel.id and not _is_over(o))


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of every triple that something is open on, once a state is the newest of its channel.

    claims: of that channel. incoming: something is locked for me. outgoing: a channel in which I have locked something;
    half-signed states that are not dead by then count. forgets: anything may be open besides, as a file of mine may be
    old, or cannot be read.
    """

    claims: Mapping[Triple, Claim]
    incoming: Set[Triple]
    outgoing: Mapping[Triple, Channel]
    forgets: bool


def standing(book: Book, channel: Channel, state: State) -> Standing:
    settled_with = contenders(channel, state)
    offered = [offer.state for offer in channel.own_offers if offer.state.nonce > state.nonce]
    incoming = set(_locked_by(channel.side.other, settled_with))
    outgoing = dict.fromkeys(_locked_by(channel.side, [*settled_with, *offered]), channel)
    for other in others(book, channel):
        incoming.update(_locked_by(other.side.other, [other.latest.message, *other.rivals]))
        for triple in _locked_by(other.side, other.signed_states):
            outgoing.setdefault(triple, other)
    claims = {claim.triple: claim for claim in channel.claims}
    return Standing(claims, incoming, outgoing, forgets(book))


def contenders(channel: Channel, state: State) -> list[State]:
    """What the chain may settle with once both have signed `state`: it, finals of mine, and in a dispute what it is to
    take the place of."""
    older = [offer.state for offer in channel.own_offers if offer.state.nonce <= state.nonce]
    if channel.in_dispute:
        return [state, channel.latest.message, *older, *channel.rivals]
    return [state, *(offer for offer in older if offer.is_final), *channel.rivals]


def forgets(book: Book) -> bool:
    """Whether I may have signed what I do not know, in a channel that is not over."""
    return book.unreadable or any(channel.restored and not _is_over(channel) for channel in book.channels.values())


def _is_over(channel: Channel) -> bool:
    status = channel.on_chain.status
    return status is Status.UNFUNDED or (status is Status.SETTLED and not _holds_locks(channel))


def _locked_by(side: Side, states: Iterable[State]) -> Iterator[Triple]:
    return (triple_of(transfer) for state in states for transfer in state.transfers if transfer.payer == side)


# --- At which share a leg may be removed ---


def final_share(book: Book, triple: Triple) -> int | None:
    """The confirmed outcome, if it is final."""
    outcome = book.outcomes.get(triple)
    return outcome.share if outcome is not None and outcome.is_final(triple.expiry) else None


def time_of(book: Book, channel: Channel, triple: Triple) -> int:
    """The latest confirmed time that is known: of the channel's block, or of the outcome's."""
    outcome = book.outcomes.get(triple)
    return channel.on_chain.time if outcome is None else max(channel.on_chain.time, outcome.time)


def in_margin(book: Book, channel: Channel, triple: Triple) -> bool:
    """Whether the expiry is so near that nothing is resolved off chain any more."""
    return time_of(book, channel, triple) >= triple.expiry - book.policy.recording_margin


def release_share(book: Book, channel: Channel, then: Standing, triple: Triple) -> int | None:
    """The share at which an outgoing leg may go; None where it must stay.

    All of it only when everything incoming is credited, less of it before (rule 7): then the witness can still be
    recorded, which makes what comes in worth as much. What may come in by a file that is old I would not record for:
    there the payee has to.
    """
    if (final := final_share(book, triple)) is not None:
        return final
    claim = then.claims.get(triple)
    if claim is None or not claim.share or in_margin(book, channel, triple) or then.forgets:
        return None
    if claim.share == FULL_SHARE and triple in then.incoming:
        return None
    return claim.share


def claim_share(book: Book, then: Standing, triple: Triple) -> int:
    """The least share at which an incoming leg may go without a word of the owner.

    Never less than what is recorded, whoever did that: the chain pays as much.
    """
    if (final := final_share(book, triple)) is not None:
        return final
    claim = then.claims.get(triple)
    if claim is None or not claim.share or triple in then.outgoing or then.forgets:
        return FULL_SHARE
    return max(claim.share, book.outcomes.get(triple, NOT_LOOKED_AT).share)


def share_of(book: Book, channel: Channel, state: State) -> ShareOf:
    """For rule 3: at which share each leg that `state` removes may go."""

    @cache
    def then() -> Standing:
        return standing(book, channel, state)

    def share(transfer: Transfer) -> int:
        triple = triple_of(transfer)
        if transfer.payer == channel.side:
            return release_share(book, channel, then(), triple) or 0
        return claim_share(book, then(), triple)

    return share


# --- What can be done now ---


def resolution(book: Book, channel: Channel, nonce: int) -> State | None:
    """The next state without the triples on which I pay and whose share is decided; None if there are none.

    Less than all is proposed to a payee that has asked for it: another may have a better witness.
    """
    latest = channel.latest.message
    proved = {c.triple for c in channel.claims if c.share == FULL_SHARE or (c.share and c.shown == c.share)}
    incoming = set(_locked_by(channel.side.other, [latest]))
    decided = [
        triple
        for triple in dict.fromkeys(_locked_by(channel.side, [latest]))
        if (triple in proved or final_share(book, triple) is not None)
        # Where both pay on one triple (an exchange) both could propose, and would cross: the node does.
        and (channel.side is Side.NODE or triple not in incoming)
    ]
    if not decided:
        return None
    then = standing(book, channel, _without(latest, nonce, dict.fromkeys(decided, 0)))
    shares = {}
    for triple in decided:
        share = release_share(book, channel, then, triple)
        if share is not None and (triple not in incoming or share >= claim_share(book, then, triple)):
            shares[triple] = share
    return _without(latest, nonce, shares) if shares else None


def _without(state: State, nonce: int, shares: Mapping[Triple, int]) -> State:
    removed = [(transfer, shares[triple]) for transfer in state.transfers if (triple := triple_of(transfer)) in shares]
    return with_change(state, nonce, (), removed)


def to_show(book: Book, channel: Channel) -> Iterator[tuple[Transfer, Claim]]:
    """Incoming legs whose payer shall see my witness now (rule 8).

    Of less than the full share not before all that I forwarded in other channels is resolved (rule 7). Nothing while a
    state that I have half-signed could still take the leg away, or the file may be old and it is gone: the payer would
    have the secret for nothing. And nothing where the payer could not answer any more.
    """
    if channel.restored or channel.on_chain.status is Status.SETTLED:
        return
    for claim in channel.claims:
        if claim.share <= claim.shown or in_margin(book, channel, claim.triple):
            continue
        incoming = list(legs([channel.latest.message], claim.triple, channel.side.other))
        if not incoming or any(state_without(channel, leg) is not None for leg in incoming):
            continue
        if claim.share < FULL_SHARE and any(
            any(legs(other.signed_states, claim.triple, other.side)) for other in others(book, channel)
        ):
            continue
        yield incoming[0], claim


def state_without(channel: Channel, transfer: Transfer) -> State | None:
    """One that I have signed, that does not have the transfer, and that may still be settled with."""
    return next((state for state in channel.signed_states if transfer not in state.transfers), None)


def to_record(book: Book) -> Iterator[tuple[Channel, Claim]]:
    """Rule 8: what must be recorded now, each triple once: I would lose by it if it never were."""
    seen = set()
    for channel in book.channels.values():
        for claim in channel.claims:
            if not claim.share or (triple := claim.triple) in seen:
                continue
            outcome = book.outcomes.get(triple)
            if outcome is not None and outcome.share >= claim.share:
                continue
            near = in_margin(book, channel, triple) and time_of(book, channel, triple) < claim.expiry
            if near and _at_stake(channel, triple):
                seen.add(triple)
                yield channel, claim


def _at_stake(channel: Channel, triple: Triple) -> bool:
    """Something is locked for me, or I have half-signed that something locked by me goes to the other side."""
    if _is_over(channel):
        return False
    if any(legs(channel.signed_states, triple, channel.side.other)):
        return True
    return len({len(list(legs([state], triple, channel.side))) for state in channel.signed_states}) > 1


def _holds_locks(channel: Channel) -> bool:
    return bool(channel.on_chain.locked_wei or channel.on_chain.locked_token)


def to_collect(book: Book, channel: Channel) -> tuple[Transfer, ...] | None:
    """The transfers of a settled channel, if something of them can be paid to me now."""
    chain = channel.on_chain
    if chain.status is not Status.SETTLED or not _holds_locks(channel):
        return None
    transfers = _settled_list(channel)
    for i, transfer in enumerate(transfers):
        share = final_share(book, triple_of(transfer))
        if share is not None and not chain.settled_transfers >> i & 1 and part_of(channel.side, transfer, share):
            return transfers
    return None


def _settled_list(channel: Channel) -> tuple[Transfer, ...]:
    """The list that the channel was settled with; nothing where I do not have it."""
    lists = (state.transfers for state in channel.signed_states)
    return next((own for own in lists if transfers_hash(own) == channel.on_chain.transfers_hash), ())


# --- New legs ---


def check_recordable(book: Book, channel: Channel, state: State) -> None:
    """Rule 8: all triples that are open can be recorded within the margin."""
    maximum = book.policy.recording_margin // book.policy.seconds_per_recording
    quota = max(maximum // CHANNELS_THAT_FILL_THE_MARGIN, 1)
    here = _undecided(book, [state])
    if len(here) > quota:
        raise errors.TooManyToRecord(len(here), quota)
    everywhere = here | _undecided(book, [own for other in others(book, channel) for own in other.signed_states])
    if len(everywhere) > maximum:
        raise errors.TooManyToRecord(len(everywhere), maximum)


def _undecided(book: Book, states: Iterable[State]) -> set[Triple]:
    triples = {triple_of(transfer) for state in states for transfer in state.transfers}
    return {triple for triple in triples if final_share(book, triple) is None}


def check_fresh(book: Book, params_hash: Bytes32) -> None:
    """Rule 9: parameters are never reused, as far as can be seen."""
    for channel in book.channels.values():
        if any(claim.params_hash == params_hash for claim in channel.claims):
            raise errors.ParametersReused(params_hash)


def transfer_in(channel: Channel, transfer_id: int, payer: Side | None = None) -> Transfer:
    """The open transfer of the newest state, whoever pays where nothing is said. Raises NoSuchTransfer."""
    for transfer in channel.latest.message.transfers:
        if transfer.id == transfer_id and payer in (None, transfer.payer):
            return transfer
    direction = "at all" if payer is None else "from me" if payer == channel.side else "for me"
    raise errors.NoSuchTransfer(channel.id, transfer_id, direction)


def incoming_leg(book: Book, intent: events.Forward) -> tuple[Channel, Transfer, Claim]:
    """What shall be forwarded. Raises UnknownChannel, NoSuchTransfer."""
    channel = book.channels.get(intent.incoming_channel_id)
    if channel is None:
        raise errors.UnknownChannel(intent.incoming_channel_id)
    transfer = transfer_in(channel, intent.incoming_id, channel.side.other)
    claim = channel.claim(triple_of(transfer))
    assert claim is not None  # nothing is countersigned without its parameters
    return channel, transfer, claim


def check_forward(book: Book, channel: Channel, intent: events.Forward) -> None:
    """Rule 7, before a leg is opened: what comes in is countersigned, and enough."""
    source, transfer, claim = incoming_leg(book, intent)
    _check_source(book, source, transfer, claim)
    if claim.condition == book.deployment.conditions.linked_payment:
        if intent.request is None:
            raise errors.RequestMissing
        chain_id = book.deployment.domain.chain_id
        check_request(chain_id, claim.condition, claim.params, claim.expiry, channel.id, intent.request)
    rate = SAME_ASSET
    if transfer.asset != intent.asset:
        if intent.rate is None:
            raise errors.RateMissing(Asset(transfer.asset).name, Asset(intent.asset).name)
        rate, latest = intent.rate, source.on_chain.time + book.policy.longest_exchange
        if transfer.expiry > latest:
            raise errors.ExpiryOutOfWindow(transfer.id, transfer.expiry, source.on_chain.time, latest)
    comes_in, goes_out = _sums(book, claim.triple, transfer.asset)
    allowed = outgoing(comes_in, Asset(transfer.asset), book.policy.fee, rate)
    if goes_out[1 - intent.asset] or goes_out[intent.asset] + intent.amount > allowed:
        raise errors.ForwardsTooMuch(Asset(intent.asset).name, goes_out[intent.asset] + intent.amount, allowed)


def _check_source(book: Book, source: Channel, transfer: Transfer, claim: Claim) -> None:
    def unsafe(reason: str) -> Exception:
        return errors.IncomingNotSafe(source.id, transfer.id, reason)

    if not _is_safe(source):
        raise unsafe("its channel is not open, or its file may be old")
    if forgets(book):
        raise unsafe("the file of another channel may be old or unreadable, and it may have been forwarded there")
    if state_without(source, transfer) is not None:
        raise unsafe("I have signed a state without it")
    if (reason := _not_open(book, claim)) is not None:
        raise unsafe(reason)
    if in_margin(book, source, claim.triple):
        raise unsafe("its expiry is too near")


def _not_open(book: Book, claim: Claim) -> str | None:
    """Why something may have been paid already of what was forwarded, and be gone by now; None if that cannot be."""
    outcome = book.outcomes.get(claim.triple)
    if claim.share or (outcome is not None and outcome.share):
        return "a share of it is proved"
    if outcome is NOT_LOOKED_AT:
        return "its outcome was not looked at since the start"
    return None


def _is_safe(source: Channel) -> bool:
    return not source.restored and source.on_chain.status is Status.OPEN and not source.in_dispute


def _sums(book: Book, triple: Triple, asset_in: int) -> tuple[int, list[int]]:
    """What surely comes in on the triple in this asset, and what of each asset goes out.

    A half-signed state takes the place of the newest one, or not: the worse of both counts.
    """
    comes_in, goes_out = 0, [0, 0]
    for channel in book.channels.values():
        if channel.claim(triple) is None:
            continue
        if _is_safe(channel):
            comes_in += min(_locked(state, triple, channel.side.other, asset_in) for state in channel.signed_states)
        for asset in Asset:
            goes_out[asset] += max(_locked(state, triple, channel.side, asset) for state in channel.signed_states)
    return comes_in, goes_out


def _locked(state: State, triple: Triple, payer: Side, asset: int) -> int:
    return sum(leg.amount for leg in legs([state], triple, payer) if leg.asset == asset)


def check_give_back(book: Book, channel: Channel, state: State, transfer: Transfer) -> None:
    """Rule 7: nothing that comes in is given back while anything of it is forwarded, or after it may have been paid."""
    then, triple = standing(book, channel, state), triple_of(transfer)
    if (still := then.outgoing.get(triple)) is not None:
        raise errors.StillForwarded(transfer.id, still.id)
    if then.forgets:
        raise errors.CannotGiveBack(transfer.id, "the file of another channel may be old or unreadable")
    if (claim := then.claims.get(triple)) is not None and (reason := _not_open(book, claim)) is not None:
        raise errors.CannotGiveBack(transfer.id, reason)


def check_unexpired(book: Book, channel: Channel, transfer: Transfer) -> None:
    time = time_of(book, channel, triple_of(transfer))
    if time >= transfer.expiry:
        raise errors.TransferExpired(transfer.id, transfer.expiry, time)


def check_shown_in_time(book: Book, channel: Channel, triple: Triple) -> None:
    """Rule 8: a secret is shown only while it can still be recorded."""
    if in_margin(book, channel, triple):
        raise errors.TooLateToShow(triple.expiry, time_of(book, channel, triple), book.policy.recording_margin)


def check_order(book: Book, channel: Channel, state: State) -> None:
    """Rule 7, whatever the owner wants: what comes in and what goes out of one payment goes in its order."""
    difference = change(channel.latest.message, state)
    if not difference.removed:
        return
    then = standing(book, channel, state)

    def owed(transfer: Transfer) -> int:
        triple = triple_of(transfer)
        if transfer.payer == channel.side:
            may_come_in = triple in then.incoming or then.forgets
            return release_share(book, channel, then, triple) or 0 if may_come_in else FULL_SHARE
        claim = then.claims.get(triple)
        unknown = triple in then.outgoing or then.forgets
        safe = not unknown and claim is not None and _not_open(book, claim) is None
        return 0 if safe else claim_share(book, then, triple)

    before, after = amounts_for(channel.side, channel.latest.message), amounts_for(channel.side, state)
    least = due(channel.side, difference.removed, owed)
    locked_now = held(transfer for transfer in difference.added if transfer.payer == channel.side)
    for asset, old, new, mine, more in zip(Asset, before, after, least, locked_now, strict=True):
        if new + more - old < mine:
            raise errors.OutOfOrder(asset.name, new + more - old, mine)


def check_unused(book: Book, channel: Channel, state: State) -> None:
    """Rule 9: what I lock because the other side proposed it is on parameters that nothing else is on.

    And it is one payment, or one exchange. Were its legs on two triples that one secret decides, whoever has it could
    wait until the one that it pays is over, and then take the other.
    """
    added = change(channel.latest.message, state).added
    mine = {transfer.params_hash for transfer in added if transfer.payer == channel.side}
    if not mine:
        return
    if (count := len({triple_of(transfer) for transfer in added})) > 1:
        raise errors.SeveralPayments(count)
    for known in book.channels.values():
        for own in known.signed_states:
            for transfer in own.transfers:
                if transfer.params_hash in mine:
                    raise errors.ParametersReused(transfer.params_hash)


def locked(channel: Channel, nonce: int, amounts: Iterable[tuple[Side, Asset, int]], triple: Triple) -> State:
    """The next state, in which each side locks an amount under the triple."""
    latest = channel.latest.message
    used = {transfer.id for transfer in latest.transfers}
    free = (id_ for id_ in transfer_ids(nonce) if id_ not in used)  # the other side may have used any
    added = [
        Transfer(id_, side, asset, amount, *triple) for id_, (side, asset, amount) in zip(free, amounts, strict=False)
    ]
    return with_change(latest, nonce, added, ())
