"""Proposals of states: the counterparty's and the owner's, refusals, countersignatures (section 8 rules 1 to 6)."""

from dataclasses import replace

from connext import errors, events, routes, rules
from connext.channel import Channel, Offer, countersigned
from connext.envelopes import Countersignature, Proposal, Refusal
from connext.errors import ConnextError
from connext.events import Event, Output
from connext.messages import State
from connext.party.claims import with_params, without_old_claims
from connext.party.core import Party, Result
from connext.party.mail import rejected_offer, send_offer, states_again
from connext.party.newest import agree, both_signed, complete_latest, own_offer
from connext.party.resumes import complete_resume, countersign_resume
from connext.party.withdrawals import complete_withdrawal, countersign_withdrawal
from connext.signing import Signable, Signature, check_signature
from connext.transfers import change


def on_proposal(party: Party, channel: Channel, event: Proposal) -> Result:
    signable = Signable(party.deployment.domain, event.state)
    if (known := _answer_known(channel, signable, event.signature)) is not None:
        return known
    rules.check_reach(channel, event.state)
    offer = Offer(event.state, event.base_nonce, False, signable.digest, event.signature)
    informed = with_params(channel, event.state, event.params)
    try:
        return _answer(party, informed, offer, signable)
    except errors.NeedsIntent as reason:
        awaiting = events.Awaiting(channel.id, offer.digest, offer.state, reason)
        return without_old_claims(replace(_shown(informed, offer), their_offer=offer)), [awaiting]
    except ConnextError as error:
        return _reject(channel, offer, event, error)


def on_refusal(party: Party, channel: Channel, event: Refusal) -> Result:
    signable = Signable(party.deployment.domain, event.state)
    if (known := _answer_known(channel, signable, event.signature)) is not None:
        return known
    rules.check_reach(channel, event.state)
    offer = Offer(event.state, event.base_nonce, True, signable.digest, event.signature)
    try:
        rules.check_above(channel, offer)
        rules.check_may_sign(channel)
        rules.check_base(channel, event.base_nonce)
        rules.check_dispute_allows(channel, event.state)
        rules.check_refusal(channel, event.state)
    except ConnextError as error:
        return _reject(channel, offer, event, error)
    return _countersign(party, channel, offer, signable)


def _answer_known(channel: Channel, signable: Signable, signature: Signature) -> Result | None:
    """What follows from a state that is the newest already, or that I have proposed myself; None for any other."""
    check_signature(signable.digest, signature, channel.counterparty)
    if signable.digest == channel.latest.digest:
        return channel, states_again(channel)
    if (mine := own_offer(channel, signable.digest)) is not None:
        return both_signed(channel, mine, signature)
    return None


def _shown(channel: Channel, offer: Offer) -> Channel:
    """A signed nonce or final state counts as soon as it was shown, even if all the rest is wrong."""
    if offer.state.is_final and channel.their_final is None:
        channel = replace(channel, their_final=offer.state.nonce)
    if offer.state.nonce <= channel.highest_nonce:
        return channel
    return replace(channel, highest_nonce=offer.state.nonce, shown_digest=offer.digest)


def _reject(channel: Channel, offer: Offer, event: Event, error: ConnextError) -> Result:
    outputs: list[Output] = [events.Rejected(event, error)]
    if isinstance(error, errors.WrongBase) and channel.own_offers:
        # The base may be my own proposal, whose countersignature was lost: showing it again brings another.
        outputs.append(send_offer(channel, channel.own_offers[-1]))
    return _shown(channel, offer), outputs


def _answer(party: Party, channel: Channel, offer: Offer, signable: Signable) -> Result:
    """Countersign a proposal, issue mine again, or refuse. Raises what keeps all three from being done."""
    mine = rules.crossed_offer(channel, offer)
    if mine is None:
        rules.check_above(channel, offer)
    rules.check_may_countersign(channel, offer.state)
    rules.check_base(channel, offer.base_nonce)
    rules.check_dispute_allows(channel, offer.state)
    if mine is not None:
        return _stand(party, _shown(channel, offer), mine, offer)
    try:
        _check_content(party, channel, offer.state)
    except ConnextError as error:
        if offer.state.is_final:
            raise
        channel, outputs = _refuse(party, _shown(channel, offer))
        return channel, [rejected_offer(offer, error), *outputs]
    if channel.own_final is None:
        share_of = routes.share_of(party, channel, offer.state)
        rules.check_needs_no_intent(channel.side, channel.latest.message, offer.state, share_of)
    return _countersign(party, channel, offer, signable)


def _stand(party: Party, channel: Channel, mine: Offer, theirs: Offer) -> Result:
    """Rule 6: the node's proposal stands against one that crossed it; it needs a nonce that the user can still sign.

    What can not be proposed any more, because time has passed, dies together with what crossed it.
    """
    channel = without_old_claims(channel)
    rejected = rejected_offer(theirs, errors.CrossingStands(mine.state.nonce))
    if mine.state.nonce > theirs.state.nonce:
        return channel, [rejected, send_offer(channel, mine)]
    again = rules.repeated(channel, mine.state)
    try:
        _check_content(party, channel, again)
    except ConnextError as error:
        channel, outputs = _refuse(party, channel)
        return channel, [rejected_offer(theirs, error), *outputs]
    channel, outputs = _offer(party, channel, again, is_refusal=False)
    return channel, [rejected, *outputs]


def _countersign(party: Party, channel: Channel, offer: Offer, signable: Signable) -> Result:
    signature = party.signer.sign(signable)
    signed = countersigned(offer.state, offer.digest, channel.side.other, offer.signature, signature)
    channel, outputs = agree(channel, signed)
    return channel, [events.Send(Countersignature(channel.id, offer.digest, signature)), *outputs]


def on_countersignature(_party: Party, channel: Channel, event: Countersignature) -> Result:
    check_signature(event.digest, event.signature, channel.counterparty)
    if (mine := own_offer(channel, event.digest)) is not None:
        return both_signed(channel, mine, event.signature)
    for signed in channel.withdrawals:
        if signed.digest == event.digest:
            return complete_withdrawal(channel, signed.with_signature(channel.side.other, event.signature))
    if channel.own_resume is not None and channel.own_resume.digest == event.digest:
        return complete_resume(channel, channel.own_resume.with_signature(channel.side.other, event.signature))
    if event.digest == channel.latest.digest and channel.latest.message.nonce:
        return complete_latest(channel, event.signature)
    raise errors.NothingOffered(event.digest)


def pay(party: Party, channel: Channel, event: events.Pay) -> Result:
    if not event.wei and not event.token:
        raise errors.EmptyPayment
    return propose(party, channel, rules.payment(channel, event.wei, event.token))


def close(party: Party, channel: Channel, _event: events.Close) -> Result:
    return propose(party, channel, rules.closing(channel))


def propose(party: Party, channel: Channel, state: State) -> Result:
    rules.check_may_sign(channel)
    rules.check_dispute_allows(channel, state)
    rules.check_may_propose(channel, state.is_final)
    _check_content(party, channel, state)
    return _offer(party, channel, state, is_refusal=False)


def _check_content(party: Party, channel: Channel, state: State) -> None:
    rules.check_content(channel, state, party.deployment, party.policy)
    if change(channel.latest.message, state).added:
        routes.check_recordable(party, channel, state)


def _refuse(party: Party, channel: Channel) -> Result:
    """Rule 6: the last content that both signed, under a higher nonce."""
    rules.check_may_sign(channel)
    rules.check_crosses_no_final(channel)
    refusal = rules.repeated(channel, channel.latest.message)
    rules.check_dispute_allows(channel, refusal)
    return _offer(party, without_old_claims(replace(channel, their_offer=None)), refusal, is_refusal=True)


def _offer(party: Party, channel: Channel, state: State, *, is_refusal: bool) -> Result:
    rules.check_few_offers(channel)
    signable = Signable(party.deployment.domain, state)
    offer = Offer(state, channel.latest.message.nonce, is_refusal, signable.digest, party.signer.sign(signable))
    channel = replace(channel, own_offers=(*channel.own_offers, offer), highest_nonce=state.nonce, shown_digest=None)
    return channel, [send_offer(channel, offer)]


def accept(party: Party, channel: Channel, event: events.Accept) -> Result:
    offer, withdrawal, resume = channel.their_offer, channel.their_withdrawal, channel.their_resume
    if offer is not None and offer.digest == event.digest:
        return accept_offer(party, channel, offer)
    if withdrawal is not None and withdrawal.digest == event.digest:
        return countersign_withdrawal(party, channel, withdrawal)
    if resume is not None and resume.digest == event.digest:
        return countersign_resume(party, channel, resume)
    raise errors.NothingOffered(event.digest)


def accept_offer(party: Party, channel: Channel, offer: Offer) -> Result:
    rules.check_may_sign(channel)
    rules.check_base(channel, offer.base_nonce)
    rules.check_above(channel, offer)
    if offer.state.is_final:
        # One that is not final was proposed before the dispute, else it would not be waiting, and may still be signed.
        rules.check_dispute_allows(channel, offer.state)
    else:
        rules.check_dispute_leaves_time(channel, offer.state, party.policy)
    _check_content(party, channel, offer.state)
    routes.check_order(party, channel, offer.state)
    routes.check_unused(party, channel, offer.state)
    return _countersign(party, channel, offer, Signable(party.deployment.domain, offer.state))


def on_refuse(party: Party, channel: Channel, event: events.Refuse) -> Result:
    offer = channel.their_offer
    if offer is None or offer.digest != event.digest:
        raise errors.NothingOffered(event.digest)
    if offer.state.is_final:
        raise errors.FinalCannotBeRefused(offer.state.nonce)
    return _refuse(party, channel)
