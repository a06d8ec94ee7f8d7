"""A party: step(party, event) -> (party, outputs), pure, over many channels.

The party holds a reference to its signer and signs inside of `step`. Nothing signed leaves before the outputs are
carried out, and the first of them, Save, is persisted before the others (docs/protocol.md section 8 rule 1). An event
that is not followed is answered with an output too: Rejected, with the named error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connext import errors, events, rules
from connext.channel import (
    Channel,
    Deployment,
    Offer,
    OnChain,
    Signed,
    countersigned,
    half_signed,
    new_channel,
    recorded_hash,
)
from connext.envelopes import (
    Countersignature,
    Proposal,
    Refusal,
    ResumeProposal,
    SignedExit,
    WithdrawalProposal,
)
from connext.errors import ConnextError
from connext.events import Event, Output
from connext.messages import Exit, Resume, State, Withdrawal
from connext.rules import Policy
from connext.signing import Signable, Signature, Signer, check_signature
from connext.types import Address, Status, amounts_of

Result = tuple[Channel, list[Output]]


@dataclass(frozen=True, slots=True)
class Party:
    """One account and signer in one deployment, with its channels by id."""

    deployment: Deployment
    policy: Policy
    account: Address
    signer: Signer
    channels: Mapping[bytes, Channel]


def adopt(party: Party, channels: Mapping[bytes, Channel]) -> tuple[Party, dict[bytes, ConnextError]]:
    """The party with those of its files' channels that are its own, and by id why the others are not.

    A file says which side is mine; somebody may have put it there, with my signer and an account of its own.
    """
    mine, refused = {}, {}
    for channel_id, channel in channels.items():
        try:
            rules.my_side(channel.identity, party.deployment, party.policy, party.account, party.signer.address)
            rules.check_mine(channel, party.account, party.signer.address)
            mine[channel_id] = channel
        except ConnextError as error:
            refused[channel_id] = error
    return replace(party, channels=mine), refused


def step(party: Party, event: Event) -> tuple[Party, list[Output]]:
    """The party after the event, and what to do: Save first, then the rest in order."""
    if isinstance(event, events.ChainView):
        return _see_chain(party, event)
    if isinstance(event, events.Open):
        return _open(party, event)
    channel = party.channels.get(event.channel_id)
    try:
        if channel is None:
            raise errors.UnknownChannel(event.channel_id)
        rules.check_mine(channel, party.account, party.signer.address)
        after, outputs = _HANDLERS[type(event)](party, channel, event)
    except ConnextError as error:
        return party, [events.Rejected(event, error)]
    if after is channel:
        return party, outputs
    return _with_channel(party, after), [events.Save(after), *outputs]


def _with_channel(party: Party, channel: Channel) -> Party:
    channels = {**party.channels, channel.id: channel}
    return Party(party.deployment, party.policy, party.account, party.signer, channels)


# --- States: the counterparty's messages ---


def _on_proposal(party: Party, channel: Channel, event: Proposal) -> Result:
    signable = Signable(party.deployment.domain, event.state)
    check_signature(signable.digest, event.signature, channel.counterparty)
    if signable.digest == channel.latest.digest:
        return channel, _states_again(channel)
    rules.check_reach(channel, event.state)
    offer = Offer(event.state, event.base_nonce, False, signable.digest, event.signature)
    try:
        return _answer(party, channel, offer, signable)
    except errors.NeedsIntent as reason:
        awaiting = events.Awaiting(channel.id, offer.digest, offer.state, reason)
        return replace(_shown(channel, offer), their_offer=offer), [awaiting]
    except ConnextError as error:
        return _reject(channel, offer, event, error)


def _on_refusal(party: Party, channel: Channel, event: Refusal) -> Result:
    signable = Signable(party.deployment.domain, event.state)
    check_signature(signable.digest, event.signature, channel.counterparty)
    if signable.digest == channel.latest.digest:
        return channel, _states_again(channel)
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
        outputs.append(_send_offer(channel.own_offers[-1]))
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
        rules.check_content(channel, offer.state, party.deployment, party.policy)
    except ConnextError as error:
        if offer.state.is_final:
            raise
        channel, outputs = _refuse(party, _shown(channel, offer))
        return channel, [_rejected(offer, error), *outputs]
    if channel.own_final is None:
        rules.check_needs_no_intent(channel.side, channel.latest.message, offer.state)
    return _countersign(party, channel, offer, signable)


def _stand(party: Party, channel: Channel, mine: Offer, theirs: Offer) -> Result:
    """Rule 6: the node's proposal stands against one that crossed it; it needs a nonce that the user can still sign."""
    rejected = _rejected(theirs, errors.CrossingStands(mine.state.nonce))
    if mine.state.nonce > theirs.state.nonce:
        return channel, [rejected, _send_offer(mine)]
    again = rules.repeated(channel, mine.state)
    rules.check_content(channel, again, party.deployment, party.policy)
    channel, outputs = _offer(party, channel, again, is_refusal=False)
    return channel, [rejected, *outputs]


def _countersign(party: Party, channel: Channel, offer: Offer, signable: Signable) -> Result:
    signature = party.signer.sign(signable)
    signed = countersigned(offer.state, offer.digest, channel.side.other, offer.signature, signature)
    channel, outputs = _agree(channel, signed)
    return channel, [events.Send(Countersignature(channel.id, offer.digest, signature)), *outputs]


def _agree(channel: Channel, signed: Signed[State]) -> Result:
    """Both have signed: everything with a lower nonce is dead. Raises NonceNotAbove: the newest never becomes older."""
    nonce, before = signed.message.nonce, channel.latest.message
    if nonce <= before.nonce:
        raise errors.NonceNotAbove(nonce, before.nonce)
    dead = [offer for offer in channel.own_offers if offer.state.nonce < nonce and not offer.is_refusal]
    channel = replace(
        channel,
        latest=signed,
        own_offers=tuple(offer for offer in channel.own_offers if offer.state.nonce > nonce),
        their_offer=None,
        highest_nonce=max(channel.highest_nonce, nonce),
        shown_digest=channel.shown_digest if nonce < channel.highest_nonce else None,
    )
    outputs: list[Output] = [events.Agreed(signed.message)]
    if dead and not any(rules.same_content(dead[-1].state, agreed) for agreed in (signed.message, before)):
        outputs.append(events.Dropped(dead[-1].state))
    return channel, [*outputs, *_defend(channel)]


def _on_countersignature(_party: Party, channel: Channel, event: Countersignature) -> Result:
    check_signature(event.digest, event.signature, channel.counterparty)
    for offer in channel.own_offers:
        if offer.digest == event.digest:
            return _agree(
                channel, countersigned(offer.state, offer.digest, channel.side, offer.signature, event.signature)
            )
    for signed in channel.withdrawals:
        if signed.digest == event.digest:
            return _complete_withdrawal(channel, signed.with_signature(channel.side.other, event.signature))
    if channel.own_resume is not None and channel.own_resume.digest == event.digest:
        return _complete_resume(channel, channel.own_resume.with_signature(channel.side.other, event.signature))
    if event.digest == channel.latest.digest and channel.latest.message.nonce:
        return _complete_latest(channel, event.signature)
    raise errors.NothingOffered(event.digest)


def _complete_latest(channel: Channel, signature: Signature) -> Result:
    """What I learned from the chain to be agreed gets the signature that was kept from me."""
    if channel.latest.is_countersigned:
        return channel, []
    channel = replace(channel, latest=channel.latest.with_signature(channel.side.other, signature))
    return channel, _defend(channel)


# --- States: the owner's intents ---


def _pay(party: Party, channel: Channel, event: events.Pay) -> Result:
    if not event.wei and not event.token:
        raise errors.EmptyPayment
    return _propose(party, channel, rules.payment(channel, event.wei, event.token))


def _close(party: Party, channel: Channel, _event: events.Close) -> Result:
    return _propose(party, channel, rules.closing(channel))


def _propose(party: Party, channel: Channel, state: State) -> Result:
    rules.check_may_sign(channel)
    rules.check_dispute_allows(channel, state)
    rules.check_may_propose(channel, state.is_final)
    rules.check_content(channel, state, party.deployment, party.policy)
    return _offer(party, channel, state, is_refusal=False)


def _refuse(party: Party, channel: Channel) -> Result:
    """Rule 6: the last content that both signed, under a higher nonce."""
    rules.check_may_sign(channel)
    rules.check_crosses_no_final(channel)
    refusal = rules.repeated(channel, channel.latest.message)
    rules.check_dispute_allows(channel, refusal)
    return _offer(party, replace(channel, their_offer=None), refusal, is_refusal=True)


def _offer(party: Party, channel: Channel, state: State, *, is_refusal: bool) -> Result:
    rules.check_few_offers(channel)
    signable = Signable(party.deployment.domain, state)
    offer = Offer(state, channel.latest.message.nonce, is_refusal, signable.digest, party.signer.sign(signable))
    channel = replace(channel, own_offers=(*channel.own_offers, offer), highest_nonce=state.nonce, shown_digest=None)
    return channel, [_send_offer(offer)]


def _accept(party: Party, channel: Channel, event: events.Accept) -> Result:
    offer, withdrawal, resume = channel.their_offer, channel.their_withdrawal, channel.their_resume
    if offer is not None and offer.digest == event.digest:
        return _accept_offer(party, channel, offer)
    if withdrawal is not None and withdrawal.digest == event.digest:
        return _countersign_withdrawal(party, channel, withdrawal)
    if resume is not None and resume.digest == event.digest:
        return _countersign_resume(party, channel, resume)
    raise errors.NothingOffered(event.digest)


def _accept_offer(party: Party, channel: Channel, offer: Offer) -> Result:
    rules.check_may_sign(channel)
    rules.check_base(channel, offer.base_nonce)
    rules.check_above(channel, offer)
    if offer.state.is_final:
        # One that is not final was proposed before the dispute, else it would not be waiting, and may still be signed.
        rules.check_dispute_allows(channel, offer.state)
    rules.check_content(channel, offer.state, party.deployment, party.policy)
    return _countersign(party, channel, offer, Signable(party.deployment.domain, offer.state))


def _on_refuse(party: Party, channel: Channel, event: events.Refuse) -> Result:
    offer = channel.their_offer
    if offer is None or offer.digest != event.digest:
        raise errors.NothingOffered(event.digest)
    if offer.state.is_final:
        raise errors.FinalCannotBeRefused(offer.state.nonce)
    return _refuse(party, channel)


# --- Withdrawals ---


def _withdraw(party: Party, channel: Channel, event: events.Withdraw) -> Result:
    withdrawal = Withdrawal(
        channel.id,
        channel.on_chain.sequence,
        *amounts_of(event),
        event.recipient,
        event.deadline,
    )
    rules.check_may_sign(channel)
    rules.check_withdrawal(channel, withdrawal, party.deployment, party.policy)
    signable = Signable(party.deployment.domain, withdrawal)
    signature = party.signer.sign(signable)
    signed = half_signed(withdrawal, signable.digest, channel.side, signature)
    return _with_withdrawal(channel, signed), [events.Send(WithdrawalProposal(withdrawal, signature))]


def _on_withdrawal_proposal(party: Party, channel: Channel, event: WithdrawalProposal) -> Result:
    signable = Signable(party.deployment.domain, event.withdrawal)
    check_signature(signable.digest, event.signature, channel.counterparty)
    for known in channel.withdrawals:
        if known.digest == signable.digest:
            return channel, [_countersignature_of(channel, known)]
    rules.check_may_sign(channel)
    rules.check_withdrawal(channel, event.withdrawal, party.deployment, party.policy)
    signed = half_signed(event.withdrawal, signable.digest, channel.side.other, event.signature)
    try:
        rules.check_withdrawal_needs_no_intent(channel.side, event.withdrawal)
    except errors.NeedsIntent as reason:
        awaiting = events.Awaiting(channel.id, signed.digest, event.withdrawal, reason)
        return replace(channel, their_withdrawal=signed), [awaiting]
    return _countersign_withdrawal(party, channel, signed)


def _countersign_withdrawal(party: Party, channel: Channel, theirs: Signed[Withdrawal]) -> Result:
    rules.check_may_sign(channel)
    rules.check_withdrawal(channel, theirs.message, party.deployment, party.policy)
    signed = theirs.with_signature(channel.side, party.signer.sign(Signable(party.deployment.domain, theirs.message)))
    channel = replace(_with_withdrawal(channel, signed), their_withdrawal=None)
    return channel, [_countersignature_of(channel, signed), events.Agreed(signed.message)]


def _complete_withdrawal(channel: Channel, signed: Signed[Withdrawal]) -> Result:
    submit = events.Submit(
        "withdraw",
        channel.identity,
        {
            "withdrawal": signed.message,
            "user_signature": signed.user_signature,
            "node_signature": signed.node_signature,
        },
    )
    return _with_withdrawal(channel, signed), [events.Agreed(signed.message), submit]


def _with_withdrawal(channel: Channel, signed: Signed[Withdrawal]) -> Channel:
    others = (known for known in channel.withdrawals if known.digest != signed.digest)
    return replace(channel, withdrawals=(*others, signed))


# --- Resumes and exits ---


def _propose_resume(party: Party, channel: Channel, event: events.ProposeResume) -> Result:
    resume = Resume(channel.id, channel.on_chain.dispute, event.deadline)
    rules.check_may_sign(channel)
    rules.check_resume(channel, resume, party.policy)
    signable = Signable(party.deployment.domain, resume)
    signature = party.signer.sign(signable)
    signed = half_signed(resume, signable.digest, channel.side, signature)
    return replace(channel, own_resume=signed), [events.Send(ResumeProposal(resume, signature))]


def _on_resume_proposal(party: Party, channel: Channel, event: ResumeProposal) -> Result:
    signable = Signable(party.deployment.domain, event.resume)
    check_signature(signable.digest, event.signature, channel.counterparty)
    if channel.own_resume is not None and channel.own_resume.digest == signable.digest:
        return channel, [_countersignature_of(channel, channel.own_resume)]
    rules.check_may_sign(channel)
    rules.check_resume(channel, event.resume, party.policy)
    signed = half_signed(event.resume, signable.digest, channel.side.other, event.signature)
    reason = errors.ResumeNeedsIntent(event.resume.dispute)
    awaiting = events.Awaiting(channel.id, signed.digest, event.resume, reason)
    return replace(channel, their_resume=signed), [awaiting]


def _countersign_resume(party: Party, channel: Channel, theirs: Signed[Resume]) -> Result:
    rules.check_may_sign(channel)
    rules.check_resume(channel, theirs.message, party.policy)
    signed = theirs.with_signature(channel.side, party.signer.sign(Signable(party.deployment.domain, theirs.message)))
    channel = replace(channel, own_resume=signed, their_resume=None)
    return channel, [_countersignature_of(channel, signed), events.Agreed(signed.message)]


def _complete_resume(channel: Channel, signed: Signed[Resume]) -> Result:
    submit = events.Submit(
        "resume",
        channel.identity,
        {"resume": signed.message, "user_signature": signed.user_signature, "node_signature": signed.node_signature},
    )
    return replace(channel, own_resume=signed), [events.Agreed(signed.message), submit]


def _sign_exit(party: Party, channel: Channel, event: events.SignExit) -> Result:
    exit_ = Exit(channel.id, channel.on_chain.dispute + 1, event.deadline)
    rules.check_exit(channel, exit_, party.policy)
    signature = party.signer.sign(Signable(party.deployment.domain, exit_))
    return channel, [events.HandOut(SignedExit(exit_, signature))]


def _on_exit(_party: Party, _channel: Channel, event: SignedExit) -> Result:
    raise errors.ExitIsNotForParties(event.exit.dispute)


# --- The chain ---


def _see_chain(party: Party, view: events.ChainView) -> tuple[Party, list[Output]]:
    channels = dict(party.channels)
    saves: list[Output] = []
    outputs: list[Output] = []
    for channel_id, on_chain in view.channels.items():
        channel = channels.get(channel_id)
        if channel is None:
            outputs.append(events.Rejected(view, errors.UnknownChannel(channel_id)))
        elif on_chain.number < channel.on_chain.number:
            outputs.append(events.Rejected(view, errors.BlockTooOld(on_chain.number, channel.on_chain.number)))
        else:
            channels[channel_id], more = _confirm(channel, on_chain)
            saves.append(events.Save(channels[channel_id]))
            outputs += more
    return replace(party, channels=channels), [*saves, *outputs]


def _confirm(channel: Channel, on_chain: OnChain) -> Result:
    """Take over what a confirmed block shows, and defend my newest state."""
    channel = replace(
        channel,
        on_chain=on_chain,
        withdrawals=tuple(signed for signed in channel.withdrawals if _can_execute(signed.message, on_chain)),
    )
    if channel.their_withdrawal is not None and not _can_execute(channel.their_withdrawal.message, on_chain):
        channel = replace(channel, their_withdrawal=None)
    if channel.own_resume is not None and not _can_resume(channel.own_resume.message, on_chain):
        channel = replace(channel, own_resume=None)
    if channel.their_resume is not None and not _can_resume(channel.their_resume.message, on_chain):
        channel = replace(channel, their_resume=None)
    channel, outputs = _learn_recorded(channel)
    return channel, [*outputs, *_defend(channel)]


def _can_execute(withdrawal: Withdrawal, on_chain: OnChain) -> bool:
    return withdrawal.sequence >= on_chain.sequence and withdrawal.deadline > on_chain.time


def _can_resume(resume: Resume, on_chain: OnChain) -> bool:
    running = on_chain.status is Status.DISPUTED and on_chain.dispute == resume.dispute
    return running and resume.deadline > on_chain.time


def _learn_recorded(channel: Channel) -> Result:
    """A recorded state that I did not know to be countersigned is one that I proposed, or my file is old."""
    on_chain, latest = channel.on_chain, channel.latest.message
    if on_chain.nonce < latest.nonce or channel.restored:
        return channel, []
    if on_chain.state_hash == recorded_hash(latest):
        return channel, []
    for offer in channel.own_offers:
        if offer.state.nonce == on_chain.nonce and recorded_hash(offer.state) == on_chain.state_hash:
            return _agree(channel, half_signed(offer.state, offer.digest, channel.side, offer.signature))
    return replace(channel, restored=True), [events.FoundOld(channel.id, on_chain.nonce)]


def _defend(channel: Channel) -> list[Output]:
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


def _start_dispute(_party: Party, channel: Channel, _event: events.StartDispute) -> Result:
    rules.check_open(channel)
    if not any(amounts_of(channel.on_chain)):
        raise errors.NothingToDispute
    return channel, [events.Submit("start_dispute", channel.identity, {"signed": channel.latest})]


def _checkpoint(_party: Party, channel: Channel, _event: events.Checkpoint) -> Result:
    nonce, recorded = channel.latest.message.nonce, channel.on_chain.nonce
    if nonce <= recorded:
        raise errors.NothingNewer(nonce, recorded)
    return channel, [events.Submit("checkpoint", channel.identity, {"signed": channel.latest})]


def _deposit(party: Party, channel: Channel, event: events.Deposit) -> Result:
    rules.check_deposit(channel, event.wei, event.token, party.deployment)
    fields = {"side": channel.side, "wei": event.wei, "token": event.token}
    return channel, [events.Submit("deposit", channel.identity, fields)]


def _collateralize(party: Party, channel: Channel, event: events.Collateralize) -> Result:
    rules.check_deposit(channel, event.wei, event.token, party.deployment)
    return channel, [events.Submit("collateralize", channel.identity, {"wei": event.wei, "token": event.token})]


# --- The party's own files ---


def _open(party: Party, event: events.Open) -> tuple[Party, list[Output]]:
    try:
        side = rules.my_side(event.identity, party.deployment, party.policy, party.account, party.signer.address)
    except ConnextError as error:
        return party, [events.Rejected(event, error)]
    signed_before = event.on_chain.status is not Status.UNFUNDED and not event.never_signed
    channel = new_channel(party.deployment, event.identity, side, restored=signed_before)
    if channel.id in party.channels:
        return party, []
    channel, outputs = _confirm(channel, event.on_chain)
    return _with_channel(party, channel), [events.Save(channel), *outputs]


def _mark_restored(_party: Party, channel: Channel, _event: events.MarkRestored) -> Result:
    return replace(channel, restored=True), []


def _resend(_party: Party, channel: Channel, _event: events.Resend) -> Result:
    outputs = _states_again(channel)
    for signed in channel.withdrawals:
        if signed.is_countersigned:
            outputs.append(_countersignature_of(channel, signed))
        else:
            outputs.append(events.Send(WithdrawalProposal(signed.message, signed.signature(channel.side))))
    if (resume := channel.own_resume) is not None:
        if resume.is_countersigned:
            outputs.append(_countersignature_of(channel, resume))
        else:
            outputs.append(events.Send(ResumeProposal(resume.message, resume.signature(channel.side))))
    return channel, outputs


def _states_again(channel: Channel) -> list[Output]:
    """What the counterparty needs if mail was lost: my signature under the newest state, and what I propose on it."""
    outputs: list[Output] = []
    if channel.latest.is_countersigned:
        outputs.append(_countersignature_of(channel, channel.latest))
    if channel.own_offers:
        outputs.append(_send_offer(channel.own_offers[-1]))
    return outputs


def _rejected(offer: Offer, error: ConnextError) -> Output:
    return events.Rejected(Proposal(offer.state, offer.base_nonce, offer.signature), error)


def _send_offer(offer: Offer) -> Output:
    kind = Refusal if offer.is_refusal else Proposal
    return events.Send(kind(offer.state, offer.base_nonce, offer.signature))


def _countersignature_of(channel: Channel, signed: Signed[Any]) -> Output:
    return events.Send(Countersignature(channel.id, signed.digest, signed.signature(channel.side)))


_HANDLERS: dict[type, Callable[[Party, Channel, Any], Result]] = {
    Proposal: _on_proposal,
    Refusal: _on_refusal,
    Countersignature: _on_countersignature,
    WithdrawalProposal: _on_withdrawal_proposal,
    ResumeProposal: _on_resume_proposal,
    SignedExit: _on_exit,
    events.Deposit: _deposit,
    events.Collateralize: _collateralize,
    events.Pay: _pay,
    events.Close: _close,
    events.Withdraw: _withdraw,
    events.ProposeResume: _propose_resume,
    events.Accept: _accept,
    events.Refuse: _on_refuse,
    events.SignExit: _sign_exit,
    events.StartDispute: _start_dispute,
    events.Checkpoint: _checkpoint,
    events.Resend: _resend,
    events.MarkRestored: _mark_restored,
}
