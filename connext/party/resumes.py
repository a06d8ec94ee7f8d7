"""Resumes, which end a dispute together, and exits, which somebody else may start one with."""

from dataclasses import replace

from connext import errors, events, rules
from connext.channel import Channel, Signed, half_signed
from connext.envelopes import ResumeProposal, SignedExit
from connext.messages import Exit, Resume
from connext.party.core import Party, Result
from connext.party.mail import countersignature_of
from connext.signing import Signable, check_signature


def propose_resume(party: Party, channel: Channel, event: events.ProposeResume) -> Result:
    resume = Resume(channel.id, channel.on_chain.dispute, event.deadline)
    rules.check_may_sign(channel)
    rules.check_resume(channel, resume, party.policy)
    signable = Signable(party.deployment.domain, resume)
    signature = party.signer.sign(signable)
    signed = half_signed(resume, signable.digest, channel.side, signature)
    return replace(channel, own_resume=signed), [events.Send(ResumeProposal(resume, signature))]


def on_resume_proposal(party: Party, channel: Channel, event: ResumeProposal) -> Result:
    signable = Signable(party.deployment.domain, event.resume)
    check_signature(signable.digest, event.signature, channel.counterparty)
    if channel.own_resume is not None and channel.own_resume.digest == signable.digest:
        return channel, [countersignature_of(channel, channel.own_resume)]
    rules.check_may_sign(channel)
    rules.check_resume(channel, event.resume, party.policy)
    signed = half_signed(event.resume, signable.digest, channel.side.other, event.signature)
    reason = errors.ResumeNeedsIntent(event.resume.dispute)
    awaiting = events.Awaiting(channel.id, signed.digest, event.resume, reason)
    return replace(channel, their_resume=signed), [awaiting]


def countersign_resume(party: Party, channel: Channel, theirs: Signed[Resume]) -> Result:
    rules.check_may_sign(channel)
    rules.check_resume(channel, theirs.message, party.policy)
    signed = theirs.with_signature(channel.side, party.signer.sign(Signable(party.deployment.domain, theirs.message)))
    channel = replace(channel, own_resume=signed, their_resume=None)
    return channel, [countersignature_of(channel, signed), events.Agreed(signed.message)]


def complete_resume(channel: Channel, signed: Signed[Resume]) -> Result:
    submit = events.Submit(
        "resume",
        channel.identity,
        {"resume": signed.message, "user_signature": signed.user_signature, "node_signature": signed.node_signature},
    )
    return replace(channel, own_resume=signed), [events.Agreed(signed.message), submit]


def sign_exit(party: Party, channel: Channel, event: events.SignExit) -> Result:
    exit_ = Exit(channel.id, channel.on_chain.dispute + 1, event.deadline)
    rules.check_exit(channel, exit_, party.policy)
    signature = party.signer.sign(Signable(party.deployment.domain, exit_))
    return channel, [events.HandOut(SignedExit(exit_, signature))]


def on_exit(_party: Party, _channel: Channel, event: SignedExit) -> Result:
    raise errors.ExitIsNotForParties(event.exit.dispute)
