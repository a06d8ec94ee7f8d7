"""Conditional transfers: intents of the owner, witnesses, and what follows for other channels (rules 7 to 9)."""

from collections.abc import Mapping
from dataclasses import replace

from connext import errors, events, routes, rules
from connext.channel import Channel
from connext.envelopes import Reveal
from connext.errors import ConnextError
from connext.events import Output
from connext.keccak import keccak256
from connext.party.claims import best_claims, claim_of, learn, with_claim, with_params
from connext.party.core import Party, Result, with_channel
from connext.party.mail import submit_record
from connext.party.states import accept_offer, propose
from connext.transfers import NOTHING_PROVED, Claim, Triple, triple_of, with_change
from connext.types import Asset, Side


def follow_up(
    party: Party, before: Channel, after: Channel, outputs: list[Output], *, may_propose: bool
) -> tuple[Party, list[Output]]:
    """Tell all channels on the same triples, and do what can be done now.

    may_propose: not in the channel itself after a refusal, which would be an endless conversation.
    """
    party = with_channel(party, after)
    triples = {claim.triple for claim in (*before.claims, *after.claims)}
    others = [other for other in routes.others(party, after) if any(claim.triple in triples for claim in other.claims)]
    best = best_claims(party)
    saves: list[Output] = []
    for channel in (after, *others):
        party, more = advance(party, channel.id, best, may_propose=may_propose or channel.id != after.id)
        outputs += more
        now = party.channels[channel.id]
        if now is not (before if channel is after else channel):
            saves.append(events.Save(now))
    return party, [*saves, *outputs]


def advance(
    party: Party, channel_id: bytes, best: Mapping[Triple, Claim], *, may_propose: bool
) -> tuple[Party, list[Output]]:
    """Take over better witnesses from other channels, show what is to be shown, resolve what is decided."""
    channel = party.channels[channel_id]
    outputs: list[Output] = []
    for claim in channel.claims if best else ():
        better = best.get(claim.triple, NOTHING_PROVED)
        if better.share > claim.share:
            channel = with_claim(channel, replace(claim, witness=better.witness, share=better.share))
    for transfer, claim in routes.to_show(party, channel):
        channel = with_claim(channel, replace(claim, shown=claim.share))
        outputs.append(events.Send(Reveal(channel.id, transfer.id, claim.witness)))
    if may_propose:
        for act in (_reconsider, _resolve_decided):
            channel, more = act(with_channel(party, channel), channel)
            outputs += more
    return with_channel(party, channel), outputs


def _reconsider(party: Party, channel: Channel) -> Result:
    """Countersign what waits for the owner, if it needs no intent any more: an outcome may have become final since."""
    offer = channel.their_offer
    if offer is None or not channel.claims:
        return channel, []
    try:
        share_of = routes.share_of(party, channel, offer.state)
        rules.check_needs_no_intent(channel.side, channel.latest.message, offer.state, share_of)
        return accept_offer(party, channel, offer)
    except ConnextError:
        return channel, []  # it goes on waiting


def _resolve_decided(party: Party, channel: Channel) -> Result:
    """Propose the state without the transfers from me that are decided, if the rules let me propose now."""
    if channel.own_offers or channel.their_offer is not None or not channel.claims:
        return channel, []
    try:
        state = routes.resolution(party, channel, rules.next_nonce(channel, 1))
        return propose(party, channel, state) if state is not None else (channel, [])
    except ConnextError:
        return channel, []  # it is tried again with the next block


def lock(party: Party, channel: Channel, event: events.Lock) -> Result:
    return _propose_locked(party, channel, [(channel.side, Asset(event.asset), event.amount)], *_fresh(party, event))


def forward(party: Party, channel: Channel, event: events.Forward) -> Result:
    routes.check_forward(party, channel, event)
    _, _, claim = routes.incoming_leg(party, event)
    return _propose_locked(party, channel, [(channel.side, event.asset, event.amount)], claim.triple, claim.params)


def exchange(party: Party, channel: Channel, event: events.Exchange) -> Result:
    triple, params = _fresh(party, event)
    asset = Asset(event.asset)
    amounts = [(channel.side, asset, event.amount), (channel.side.other, Asset(1 - asset), event.taken)]
    return _propose_locked(party, channel, amounts, triple, params)


def _fresh(party: Party, event: events.Lock | events.Exchange) -> tuple[Triple, bytes]:
    """The triple that the owner names, and its parameters. Raises ParametersReused."""
    triple = Triple(event.condition, keccak256(event.params), event.expiry)
    routes.check_fresh(party, triple.params_hash)
    return triple, event.params


def _propose_locked(
    party: Party, channel: Channel, amounts: list[tuple[Side, Asset, int]], triple: Triple, params: bytes
) -> Result:
    """Propose that these sides lock these amounts."""
    state = routes.locked(channel, rules.next_nonce(channel, 1), amounts, triple)
    return propose(party, with_params(channel, state, (params,)), state)


def cancel(party: Party, channel: Channel, event: events.Cancel) -> Result:
    """Give back all that is open on the triple of a transfer for me."""
    latest = channel.latest.message
    transfer = routes.transfer_in(channel, event.transfer_id, channel.side.other)
    removed = [(leg, 0) for leg in latest.transfers if triple_of(leg) == triple_of(transfer)]
    state = with_change(latest, rules.next_nonce(channel, 1), (), removed)
    routes.check_give_back(party, channel, state, transfer)
    return propose(party, channel, state)


def resolve(party: Party, channel: Channel, event: events.Resolve) -> Result:
    """The owner's witness; what follows shows it to the payer, unless it is too late for that."""
    transfer = routes.transfer_in(channel, event.transfer_id, channel.side.other)
    routes.check_unexpired(party, channel, transfer)
    if (state := routes.state_without(channel, transfer)) is not None:
        raise errors.MayBeGone(transfer.id, state.nonce)
    channel, claim = learn(party, channel, transfer, event.witness)
    channel = with_claim(channel, replace(claim, shown=0))
    if routes.in_margin(party, channel, claim.triple):
        return channel, [submit_record(channel, claim)]
    return channel, []


def on_reveal(party: Party, channel: Channel, event: Reveal) -> Result:
    """The payee's witness; what follows resolves what it decides. Rule 8: only of conditions on my own list.

    Within the margin it decides nothing: the payee must record it, and I lose nothing if it does not.
    """
    transfer = routes.transfer_in(channel, event.transfer_id, channel.side)
    routes.check_shown_in_time(party, channel, triple_of(transfer))
    channel, claim = learn(party, channel, transfer, event.witness)
    return with_claim(channel, replace(claim, shown=claim.share)), []


def record(_party: Party, channel: Channel, event: events.Record) -> Result:
    claim = claim_of(channel, routes.transfer_in(channel, event.transfer_id))
    if not claim.share:
        raise errors.NoWitness(event.transfer_id)
    return channel, [submit_record(channel, claim)]
