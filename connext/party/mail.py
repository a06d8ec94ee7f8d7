"""What a party sends, and sends again."""

from typing import Any

from connext import events, routes
from connext.channel import Channel, Offer, Signed
from connext.envelopes import Countersignature, Proposal, Refusal, ResumeProposal, Reveal, WithdrawalProposal
from connext.errors import ConnextError
from connext.events import Output
from connext.party.core import Party, Result
from connext.transfers import Claim, change, triple_of


def submit_record(channel: Channel, claim: Claim) -> Output:
    fields = {
        "condition": claim.condition,
        "params": claim.params,
        "expiry": claim.expiry,
        "witness": claim.witness,
    }
    return events.Submit("record", channel.identity, fields)


def resend(_party: Party, channel: Channel, _event: events.Resend) -> Result:
    outputs = states_again(channel)
    for claim in channel.claims:
        leg = next(routes.legs([channel.latest.message], claim.triple, channel.side.other), None)
        if claim.share and claim.shown == claim.share and leg is not None:
            outputs.append(events.Send(Reveal(channel.id, leg.id, claim.witness)))
    for signed in channel.withdrawals:
        if signed.is_countersigned:
            outputs.append(countersignature_of(channel, signed))
        else:
            outputs.append(events.Send(WithdrawalProposal(signed.message, signed.signature(channel.side))))
    if (resume := channel.own_resume) is not None:
        if resume.is_countersigned:
            outputs.append(countersignature_of(channel, resume))
        else:
            outputs.append(events.Send(ResumeProposal(resume.message, resume.signature(channel.side))))
    return channel, outputs


def states_again(channel: Channel) -> list[Output]:
    """What the counterparty needs if mail was lost: my signature under the newest state, and what I propose on it."""
    outputs: list[Output] = []
    if channel.latest.is_countersigned:
        outputs.append(countersignature_of(channel, channel.latest))
    if channel.own_offers:
        outputs.append(send_offer(channel, channel.own_offers[-1]))
    return outputs


def rejected_offer(offer: Offer, error: ConnextError) -> Output:
    return events.Rejected(Proposal(offer.state, offer.base_nonce, offer.signature, ()), error)


def send_offer(channel: Channel, offer: Offer) -> Output:
    if offer.is_refusal:
        return events.Send(Refusal(offer.state, offer.base_nonce, offer.signature))
    added = {triple_of(transfer) for transfer in change(channel.latest.message, offer.state).added}
    params = tuple(claim.params for claim in channel.claims if claim.triple in added)
    return events.Send(Proposal(offer.state, offer.base_nonce, offer.signature, params))


def countersignature_of(channel: Channel, signed: Signed[Any]) -> Output:
    return events.Send(Countersignature(channel.id, signed.digest, signed.signature(channel.side)))
