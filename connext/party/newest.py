"""The newest state: how it is agreed or learned from the chain, and how it is defended there."""

from dataclasses import replace

from connext import errors, events, routes, rules
from connext.channel import Channel, Offer, Signed, countersigned, half_signed, recorded_hash
from connext.events import Output
from connext.messages import State
from connext.party.claims import without_old_claims
from connext.party.core import Result
from connext.signing import Signature
from connext.types import Status


def agree(channel: Channel, signed: Signed[State]) -> Result:
    """Both have signed: what has a lower nonce is dead, or at most a rival.

    Raises NonceNotAbove: the newest never becomes older.
    """
    nonce, before = signed.message.nonce, channel.latest.message
    if nonce <= before.nonce:
        raise errors.NonceNotAbove(nonce, before.nonce)
    rivals = _rivals(channel, signed.message)
    overtaken = [offer for offer in channel.own_offers if offer.state.nonce < nonce and not offer.is_refusal]
    dead = [offer for offer in overtaken if offer.state not in rivals]
    channel = replace(
        channel,
        latest=signed,
        rivals=rivals,
        own_offers=tuple(offer for offer in channel.own_offers if offer.state.nonce > nonce),
        their_offer=None,
        highest_nonce=max(channel.highest_nonce, nonce),
        shown_digest=channel.shown_digest if nonce < channel.highest_nonce else None,
    )
    channel = without_old_claims(channel)
    outputs: list[Output] = [events.Agreed(signed.message)]
    if dead and not any(rules.same_content(dead[-1].state, agreed) for agreed in (signed.message, before)):
        outputs.append(events.Dropped(dead[-1].state))
    return channel, [*outputs, *defend(channel)]


def _rivals(channel: Channel, newest: State) -> tuple[State, ...]:
    """What the chain may still settle with once this state is the newest.

    A final state closes as long as nothing newer is recorded; in a dispute the newest may be recorded too late.
    """
    superseded = tuple(state for state in routes.contenders(channel, newest) if state != newest)
    offered = {offer.state for offer in channel.own_offers if offer.state.nonce > newest.nonce}
    return tuple(dict.fromkeys(state for state in superseded if state not in offered))


def own_offer(channel: Channel, digest: bytes) -> Offer | None:
    return next((offer for offer in channel.own_offers if offer.digest == digest), None)


def both_signed(channel: Channel, mine: Offer, signature: Signature) -> Result:
    """The counterparty has signed what I proposed, whether it answered or proposed the very same.

    Raises ChannelSettled: what comes after the settlement must not put open transfers out of mind.
    """
    if channel.on_chain.status is Status.SETTLED and channel.claims:
        raise errors.ChannelSettled(channel.id)
    return agree(channel, countersigned(mine.state, mine.digest, channel.side, mine.signature, signature))


def complete_latest(channel: Channel, signature: Signature) -> Result:
    """What I learned from the chain to be agreed gets the signature that was kept from me."""
    if channel.latest.is_countersigned:
        return channel, []
    channel = replace(channel, latest=channel.latest.with_signature(channel.side.other, signature))
    return channel, defend(channel)


def may_be_settled_with(channel: Channel, rival: State) -> bool:
    """Nothing older than what is recorded; what is not final only through a dispute. Once settled, who knows."""
    on_chain = channel.on_chain
    if on_chain.status is Status.SETTLED:
        return True
    return rival.nonce >= on_chain.nonce and (rival.is_final or channel.in_dispute)


def learn_recorded(channel: Channel) -> Result:
    """A recorded state that I did not know to be countersigned is one that I proposed, or my file is old."""
    on_chain, latest = channel.on_chain, channel.latest.message
    if on_chain.nonce < latest.nonce or channel.restored:
        return channel, []
    if on_chain.state_hash == recorded_hash(latest):
        return channel, []
    for offer in channel.own_offers:
        if offer.state.nonce == on_chain.nonce and recorded_hash(offer.state) == on_chain.state_hash:
            return agree(channel, half_signed(offer.state, offer.digest, channel.side, offer.signature))
    return replace(channel, restored=True), [events.FoundOld(channel.id, on_chain.nonce)]


def defend(channel: Channel) -> list[Output]:
    """Rule 5: the newest state before the deadline. And what ends a channel: a final state, settlement from then on."""
    on_chain, latest = channel.on_chain, channel.latest
    if on_chain.status not in (Status.OPEN, Status.DISPUTED):
        return []
    if latest.message.is_final and latest.is_countersigned:
        return [events.Submit("close", channel.identity, {"signed": latest})]
    if on_chain.status is Status.OPEN:
        return []
    if on_chain.time >= on_chain.deadline:
        recorded = latest.message if recorded_hash(latest.message) == on_chain.state_hash else None
        return [events.Submit("settle", channel.identity, {"state": recorded})]
    if latest.message.nonce > on_chain.nonce and latest.is_countersigned:
        return [events.Submit("checkpoint", channel.identity, {"signed": latest})]
    return []
