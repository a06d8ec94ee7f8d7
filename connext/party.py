"""A party: step(party, event) -> (party, outputs), pure, over many channels.

The party holds a reference to its signer and signs inside of `step`. Nothing signed leaves before the outputs are
carried out, and the first of them, Save, is persisted before the others (docs/protocol.md section 8 rule 1). An event
that is not followed is answered with an output too: Rejected, with the named error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

from connext import errors, events, routes, rules
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
from connext.conditions import MAX_PARAMS_BYTES, evaluate
from connext.envelopes import (
    Countersignature,
    Proposal,
    Refusal,
    ResumeProposal,
    Reveal,
    SignedExit,
    WithdrawalProposal,
)
from connext.errors import ConnextError
from connext.events import Event, Output
from connext.keccak import keccak256
from connext.messages import Exit, Resume, State, Transfer, Withdrawal
from connext.rules import MAX_OPEN_TRANSFERS, Policy
from connext.signing import Signable, Signature, Signer, check_signature
from connext.transfers import (
    NOT_LOOKED_AT,
    NOTHING_PROVED,
    Claim,
    RecordedOutcome,
    Triple,
    change,
    triple_of,
    with_change,
)
from connext.types import Address, Asset, Status, amounts_of

Result = tuple[Channel, list[Output]]


@dataclass(frozen=True, slots=True)
class Party:
    """One account and signer in one deployment, with its channels by id.

    outcomes: of the triples that these have transfers on, as of the last confirmed block that was shown. They are not
    kept in files: after a start nothing is taken for decided before the chain was looked at.
    """

    deployment: Deployment
    policy: Policy
    account: Address
    signer: Signer
    channels: Mapping[bytes, Channel]
    outcomes: Mapping[Triple, RecordedOutcome] = field(default_factory=dict)

    @property
    def triples(self) -> set[Triple]:
        """All that its channels have transfers on."""
        return {claim.triple for channel in self.channels.values() for claim in channel.claims}


def adopt(party: Party, channels: Mapping[bytes, Channel]) -> tuple[Party, dict[bytes, ConnextError]]:
    """The party with those of its files' channels that are its own, and by id why the others are not.

    A file says which side is mine; somebody may have put it there, with my signer and an account of its own. What it
    says that a witness proves is judged again.
    """
    mine, refused = {}, {}
    for channel_id, channel in channels.items():
        try:
            rules.my_side(channel.identity, party.deployment, party.policy, party.account, party.signer.address)
            rules.check_mine(channel, party.account, party.signer.address)
            mine[channel_id] = replace(channel, claims=tuple(_judged(party, claim) for claim in channel.claims))
        except ConnextError as error:
            refused[channel_id] = error
    party = replace(party, channels=mine)
    return replace(party, outcomes=dict.fromkeys(party.triples, NOT_LOOKED_AT)), refused


def _judged(party: Party, claim: Claim) -> Claim:
    """With a witness only if it proves what it should."""
    try:
        share = _evaluate(party, claim, claim.witness) if claim.share else 0
    except ConnextError:
        share = 0
    if share == claim.share:
        return claim
    return replace(claim, witness=b"", share=0, shown=0)


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
    if not channel.claims and not after.claims:
        if after is channel:
            return party, outputs
        return _with_channel(party, after), [events.Save(after), *outputs]
    return _follow_up(party, channel, after, outputs, may_propose=not isinstance(event, Refusal | events.Resend))


def _with_channel(party: Party, channel: Channel) -> Party:
    channels = {**party.channels, channel.id: channel}
    return Party(party.deployment, party.policy, party.account, party.signer, channels, party.outcomes)


# --- Transfers: what one channel's change means for the others ---


def _follow_up(
    party: Party, before: Channel, after: Channel, outputs: list[Output], *, may_propose: bool
) -> tuple[Party, list[Output]]:
    """Tell all channels on the same triples, and do what can be done now.

    may_propose: not in the channel itself after a refusal, which would be an endless conversation.
    """
    party = _with_channel(party, after)
    triples = {claim.triple for claim in (*before.claims, *after.claims)}
    others = [other for other in routes.others(party, after) if any(claim.triple in triples for claim in other.claims)]
    best = _best_claims(party)
    saves: list[Output] = []
    for channel in (after, *others):
        party, more = _advance(party, channel.id, best, may_propose=may_propose or channel.id != after.id)
        outputs += more
        now = party.channels[channel.id]
        if now is not (before if channel is after else channel):
            saves.append(events.Save(now))
    return party, [*saves, *outputs]


def _best_claims(party: Party) -> dict[Triple, Claim]:
    """The claim with the best witness of each triple, in whatever channel it was shown."""
    best: dict[Triple, Claim] = {}
    for channel in party.channels.values():
        for claim in channel.claims:
            if claim.share and claim.share > best.get(claim.triple, NOTHING_PROVED).share:
                best[claim.triple] = claim
    return best


def _advance(
    party: Party, channel_id: bytes, best: Mapping[Triple, Claim], *, may_propose: bool
) -> tuple[Party, list[Output]]:
    """Take over better witnesses from other channels, show what is to be shown, resolve what is decided."""
    channel = party.channels[channel_id]
    outputs: list[Output] = []
    for claim in channel.claims if best else ():
        better = best.get(claim.triple, NOTHING_PROVED)
        if better.share > claim.share:
            channel = _with_claim(channel, replace(claim, witness=better.witness, share=better.share))
    for transfer, claim in routes.to_show(party, channel):
        channel = _with_claim(channel, replace(claim, shown=claim.share))
        outputs.append(events.Send(Reveal(channel.id, transfer.id, claim.witness)))
    if may_propose:
        for act in (_reconsider, _resolve_decided):
            channel, more = act(_with_channel(party, channel), channel)
            outputs += more
    return _with_channel(party, channel), outputs


def _reconsider(party: Party, channel: Channel) -> Result:
    """Countersign what waits for the owner, if it needs no intent any more: an outcome may have become final since."""
    offer = channel.their_offer
    if offer is None or not channel.claims:
        return channel, []
    try:
        share_of = routes.share_of(party, channel, offer.state)
        rules.check_needs_no_intent(channel.side, channel.latest.message, offer.state, share_of)
        return _accept_offer(party, channel, offer)
    except ConnextError:
        return channel, []  # it goes on waiting


def _resolve_decided(party: Party, channel: Channel) -> Result:
    """Propose the state without the transfers from me that are decided, if the rules let me propose now."""
    if channel.own_offers or channel.their_offer is not None or not channel.claims:
        return channel, []
    try:
        state = routes.resolution(party, channel, rules.next_nonce(channel, 1))
        return _propose(party, channel, state) if state is not None else (channel, [])
    except ConnextError:
        return channel, []  # it is tried again with the next block


def _with_claim(channel: Channel, claim: Claim) -> Channel:
    others = (known for known in channel.claims if known.triple != claim.triple)
    return replace(channel, claims=(*others, claim))


def _with_params(channel: Channel, state: State, params: tuple[bytes, ...]) -> Channel:
    """With a claim for every transfer that the state adds and whose parameters are among these."""
    if not params or len(state.transfers) > MAX_OPEN_TRANSFERS:
        return channel
    claims = {claim.triple: claim for claim in channel.claims}
    by_hash = {keccak256(data): data for data in params if len(data) <= MAX_PARAMS_BYTES}
    for transfer in change(channel.latest.message, state).added:
        triple, data = triple_of(transfer), by_hash.get(transfer.params_hash)
        if data is not None and triple not in claims:
            claims[triple] = Claim(*triple, data, b"", 0, 0)
    return replace(channel, claims=tuple(claims.values()))


def _without_old_claims(channel: Channel) -> Channel:
    """Without those that no state has a transfer for any more."""
    if not channel.claims:
        return channel
    offered = () if channel.their_offer is None else (channel.their_offer.state,)
    used = {triple_of(transfer) for state in (*channel.signed_states, *offered) for transfer in state.transfers}
    return replace(channel, claims=tuple(claim for claim in channel.claims if claim.triple in used))


# --- States: the counterparty's messages ---


def _on_proposal(party: Party, channel: Channel, event: Proposal) -> Result:
    signable = Signable(party.deployment.domain, event.state)
    check_signature(signable.digest, event.signature, channel.counterparty)
    if signable.digest == channel.latest.digest:
        return channel, _states_again(channel)
    if (mine := _own_offer(channel, signable.digest)) is not None:
        return _both_signed(channel, mine, event.signature)
    rules.check_reach(channel, event.state)
    offer = Offer(event.state, event.base_nonce, False, signable.digest, event.signature)
    informed = _with_params(channel, event.state, event.params)
    try:
        return _answer(party, informed, offer, signable)
    except errors.NeedsIntent as reason:
        awaiting = events.Awaiting(channel.id, offer.digest, offer.state, reason)
        return _without_old_claims(replace(_shown(informed, offer), their_offer=offer)), [awaiting]
    except ConnextError as error:
        return _reject(channel, offer, event, error)


def _on_refusal(party: Party, channel: Channel, event: Refusal) -> Result:
    signable = Signable(party.deployment.domain, event.state)
    check_signature(signable.digest, event.signature, channel.counterparty)
    if signable.digest == channel.latest.digest:
        return channel, _states_again(channel)
    if (mine := _own_offer(channel, signable.digest)) is not None:
        return _both_signed(channel, mine, event.signature)
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
        outputs.append(_send_offer(channel, channel.own_offers[-1]))
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
        return channel, [_rejected(offer, error), *outputs]
    if channel.own_final is None:
        share_of = routes.share_of(party, channel, offer.state)
        rules.check_needs_no_intent(channel.side, channel.latest.message, offer.state, share_of)
    return _countersign(party, channel, offer, signable)


def _stand(party: Party, channel: Channel, mine: Offer, theirs: Offer) -> Result:
    """Rule 6: the node's proposal stands against one that crossed it; it needs a nonce that the user can still sign.

    What can not be proposed any more, because time has passed, dies together with what crossed it.
    """
    channel = _without_old_claims(channel)
    rejected = _rejected(theirs, errors.CrossingStands(mine.state.nonce))
    if mine.state.nonce > theirs.state.nonce:
        return channel, [rejected, _send_offer(channel, mine)]
    again = rules.repeated(channel, mine.state)
    try:
        _check_content(party, channel, again)
    except ConnextError as error:
        channel, outputs = _refuse(party, channel)
        return channel, [_rejected(theirs, error), *outputs]
    channel, outputs = _offer(party, channel, again, is_refusal=False)
    return channel, [rejected, *outputs]


def _countersign(party: Party, channel: Channel, offer: Offer, signable: Signable) -> Result:
    signature = party.signer.sign(signable)
    signed = countersigned(offer.state, offer.digest, channel.side.other, offer.signature, signature)
    channel, outputs = _agree(channel, signed)
    return channel, [events.Send(Countersignature(channel.id, offer.digest, signature)), *outputs]


def _agree(channel: Channel, signed: Signed[State]) -> Result:
    """Both have signed: what has a lower nonce is dead, or at most a rival.

    Raises NonceNotAbove: the newest never becomes older.
    """
    nonce, before = signed.message.nonce, channel.latest.message
    if nonce <= before.nonce:
        raise errors.NonceNotAbove(nonce, before.nonce)
    dead = [offer for offer in channel.own_offers if offer.state.nonce < nonce and not offer.is_refusal]
    channel = replace(
        channel,
        latest=signed,
        rivals=_rivals(channel, signed.message),
        own_offers=tuple(offer for offer in channel.own_offers if offer.state.nonce > nonce),
        their_offer=None,
        highest_nonce=max(channel.highest_nonce, nonce),
        shown_digest=channel.shown_digest if nonce < channel.highest_nonce else None,
    )
    channel = _without_old_claims(channel)
    outputs: list[Output] = [events.Agreed(signed.message)]
    if dead and not any(rules.same_content(dead[-1].state, agreed) for agreed in (signed.message, before)):
        outputs.append(events.Dropped(dead[-1].state))
    return channel, [*outputs, *_defend(channel)]


def _rivals(channel: Channel, newest: State) -> tuple[State, ...]:
    """What the chain may still settle with once this state is the newest.

    A final state closes as long as nothing newer is recorded; in a dispute the newest may be recorded too late.
    """
    superseded = tuple(state for state in routes.contenders(channel, newest) if state != newest)
    offered = {offer.state for offer in channel.own_offers if offer.state.nonce > newest.nonce}
    return tuple(dict.fromkeys(state for state in superseded if state not in offered))


def _on_countersignature(_party: Party, channel: Channel, event: Countersignature) -> Result:
    check_signature(event.digest, event.signature, channel.counterparty)
    if (mine := _own_offer(channel, event.digest)) is not None:
        return _both_signed(channel, mine, event.signature)
    for signed in channel.withdrawals:
        if signed.digest == event.digest:
            return _complete_withdrawal(channel, signed.with_signature(channel.side.other, event.signature))
    if channel.own_resume is not None and channel.own_resume.digest == event.digest:
        return _complete_resume(channel, channel.own_resume.with_signature(channel.side.other, event.signature))
    if event.digest == channel.latest.digest and channel.latest.message.nonce:
        return _complete_latest(channel, event.signature)
    raise errors.NothingOffered(event.digest)


def _own_offer(channel: Channel, digest: bytes) -> Offer | None:
    return next((offer for offer in channel.own_offers if offer.digest == digest), None)


def _both_signed(channel: Channel, mine: Offer, signature: Signature) -> Result:
    """The counterparty has signed what I proposed, whether it answered or proposed the very same.

    Raises ChannelSettled: what comes after the settlement changes nothing any more.
    """
    if channel.on_chain.status is Status.SETTLED:
        raise errors.ChannelSettled(channel.id)
    return _agree(channel, countersigned(mine.state, mine.digest, channel.side, mine.signature, signature))


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


def _lock(party: Party, channel: Channel, event: events.Lock) -> Result:
    triple = Triple(event.condition, keccak256(event.params), event.expiry)
    routes.check_fresh(party, triple.params_hash)
    nonce = rules.next_nonce(channel, 1)
    state = routes.locked(channel, nonce, [(channel.side, Asset(event.asset), event.amount)], triple)
    return _propose(party, _with_params(channel, state, (event.params,)), state)


def _forward(party: Party, channel: Channel, event: events.Forward) -> Result:
    routes.check_forward(party, channel, event)
    _, _, claim = routes.incoming_leg(party, event)
    nonce = rules.next_nonce(channel, 1)
    state = routes.locked(channel, nonce, [(channel.side, event.asset, event.amount)], claim.triple)
    return _propose(party, _with_params(channel, state, (claim.params,)), state)


def _exchange(party: Party, channel: Channel, event: events.Exchange) -> Result:
    triple = Triple(event.condition, keccak256(event.params), event.expiry)
    routes.check_fresh(party, triple.params_hash)
    asset = Asset(event.asset)
    amounts = [(channel.side, asset, event.amount), (channel.side.other, Asset(1 - asset), event.taken)]
    state = routes.locked(channel, rules.next_nonce(channel, 1), amounts, triple)
    return _propose(party, _with_params(channel, state, (event.params,)), state)


def _cancel(party: Party, channel: Channel, event: events.Cancel) -> Result:
    """Give back all that is open on the triple of a transfer for me."""
    latest = channel.latest.message
    transfer = routes.transfer_in(channel, event.transfer_id, channel.side.other)
    removed = [(leg, 0) for leg in latest.transfers if triple_of(leg) == triple_of(transfer)]
    state = with_change(latest, rules.next_nonce(channel, 1), (), removed)
    routes.check_give_back(party, channel, state, transfer)
    return _propose(party, channel, state)


def _close(party: Party, channel: Channel, _event: events.Close) -> Result:
    return _propose(party, channel, rules.closing(channel))


def _propose(party: Party, channel: Channel, state: State) -> Result:
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
    return _offer(party, _without_old_claims(replace(channel, their_offer=None)), refusal, is_refusal=True)


def _offer(party: Party, channel: Channel, state: State, *, is_refusal: bool) -> Result:
    rules.check_few_offers(channel)
    signable = Signable(party.deployment.domain, state)
    offer = Offer(state, channel.latest.message.nonce, is_refusal, signable.digest, party.signer.sign(signable))
    channel = replace(channel, own_offers=(*channel.own_offers, offer), highest_nonce=state.nonce, shown_digest=None)
    return channel, [_send_offer(channel, offer)]


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
    else:
        rules.check_dispute_leaves_time(channel, offer.state, party.policy)
    _check_content(party, channel, offer.state)
    routes.check_order(party, channel, offer.state)
    routes.check_unused(party, channel, offer.state)
    return _countersign(party, channel, offer, Signable(party.deployment.domain, offer.state))


def _on_refuse(party: Party, channel: Channel, event: events.Refuse) -> Result:
    offer = channel.their_offer
    if offer is None or offer.digest != event.digest:
        raise errors.NothingOffered(event.digest)
    if offer.state.is_final:
        raise errors.FinalCannotBeRefused(offer.state.nonce)
    return _refuse(party, channel)


# --- Witnesses ---


def _resolve(party: Party, channel: Channel, event: events.Resolve) -> Result:
    """The owner's witness; what follows shows it to the payer, unless it is too late for that."""
    transfer = routes.transfer_in(channel, event.transfer_id, channel.side.other)
    routes.check_unexpired(party, channel, transfer)
    if (state := routes.state_without(channel, transfer)) is not None:
        raise errors.MayBeGone(transfer.id, state.nonce)
    channel, claim = _learn(party, channel, transfer, event.witness)
    channel = _with_claim(channel, replace(claim, shown=0))
    if routes.in_margin(party, channel, claim.triple):
        return channel, [_submit_record(channel, claim)]
    return channel, []


def _on_reveal(party: Party, channel: Channel, event: Reveal) -> Result:
    """The payee's witness; what follows resolves what it decides. Rule 8: only of conditions on my own list.

    Within the margin it decides nothing: the payee must record it, and I lose nothing if it does not.
    """
    transfer = routes.transfer_in(channel, event.transfer_id, channel.side)
    routes.check_shown_in_time(party, channel, triple_of(transfer))
    channel, claim = _learn(party, channel, transfer, event.witness)
    return _with_claim(channel, replace(claim, shown=claim.share)), []


def _learn(party: Party, channel: Channel, transfer: Transfer, witness: bytes) -> tuple[Channel, Claim]:
    claim = _claim_of(channel, transfer)
    share = _evaluate(party, claim, witness)
    if share < claim.share:
        raise errors.WeakerWitness(share, claim.share)
    claim = replace(claim, witness=witness, share=share)
    return _with_claim(channel, claim), claim


def _evaluate(party: Party, claim: Claim, witness: bytes) -> int:
    conditions, chain_id = party.deployment.conditions, party.deployment.domain.chain_id
    return evaluate(conditions, chain_id, claim.condition, claim.params, claim.expiry, witness)


def _claim_of(channel: Channel, transfer: Transfer) -> Claim:
    claim = channel.claim(triple_of(transfer))
    if claim is None:
        raise errors.ParametersMissing(transfer.id, transfer.params_hash)
    return claim


def _record(_party: Party, channel: Channel, event: events.Record) -> Result:
    for transfer in channel.latest.message.transfers:
        if transfer.id == event.transfer_id:
            claim = _claim_of(channel, transfer)
            if not claim.share:
                raise errors.NoWitness(transfer.id)
            return channel, [_submit_record(channel, claim)]
    raise errors.NoSuchTransfer(channel.id, event.transfer_id, "at all")


def _submit_record(channel: Channel, claim: Claim) -> Output:
    fields = {
        "condition": claim.condition,
        "params": claim.params,
        "expiry": claim.expiry,
        "witness": claim.witness,
    }
    return events.Submit("record", channel.identity, fields)


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
    seen: list[bytes] = []
    outputs: list[Output] = []
    for channel_id, on_chain in view.channels.items():
        channel = channels.get(channel_id)
        if channel is None:
            outputs.append(events.Rejected(view, errors.UnknownChannel(channel_id)))
        elif on_chain.number < channel.on_chain.number:
            outputs.append(events.Rejected(view, errors.BlockTooOld(on_chain.number, channel.on_chain.number)))
        else:
            channels[channel_id], more = _confirm(channel, on_chain)
            seen.append(channel_id)
            outputs += more
    party = replace(party, channels=channels)
    party = replace(party, outcomes=_outcomes(party, view))
    best = _best_claims(party)
    for channel_id in seen:
        if channels[channel_id].claims:
            party, more = _advance(party, channel_id, best, may_propose=True)
            outputs += [*more, *_collect(party, party.channels[channel_id])]
    outputs += [_submit_record(channel, claim) for channel, claim in routes.to_record(party)]
    return party, [*(events.Save(party.channels[channel_id]) for channel_id in seen), *outputs]


def _outcomes(party: Party, view: events.ChainView) -> dict[Triple, RecordedOutcome]:
    """Of every triple the one that was read at the latest block."""
    known = {}
    for triple in party.triples:
        read = [book[triple] for book in (view.outcomes, party.outcomes) if triple in book]
        if read:
            known[triple] = max(read, key=attrgetter("time"))
    return known


def _collect(party: Party, channel: Channel) -> list[Output]:
    """What became final of the transfers of a settled channel."""
    transfers = routes.to_collect(party, channel)
    return [] if transfers is None else [events.Submit("settle_transfers", channel.identity, {"transfers": transfers})]


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
    if channel.rivals:
        rivals = tuple(state for state in channel.rivals if _may_be_settled_with(channel, state))
        channel = _without_old_claims(replace(channel, rivals=rivals))
    channel, outputs = _learn_recorded(channel)
    return channel, [*outputs, *_defend(channel)]


def _may_be_settled_with(channel: Channel, rival: State) -> bool:
    """Nothing older than what is recorded; what is not final only through a dispute. Once settled, who knows."""
    on_chain = channel.on_chain
    if on_chain.status is Status.SETTLED:
        return True
    return rival.nonce >= on_chain.nonce and (rival.is_final or channel.in_dispute)


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
    for claim in channel.claims:
        leg = next(routes.legs([channel.latest.message], claim.triple, channel.side.other), None)
        if claim.share and claim.shown == claim.share and leg is not None:
            outputs.append(events.Send(Reveal(channel.id, leg.id, claim.witness)))
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
        outputs.append(_send_offer(channel, channel.own_offers[-1]))
    return outputs


def _rejected(offer: Offer, error: ConnextError) -> Output:
    return events.Rejected(Proposal(offer.state, offer.base_nonce, offer.signature, ()), error)


def _send_offer(channel: Channel, offer: Offer) -> Output:
    if offer.is_refusal:
        return events.Send(Refusal(offer.state, offer.base_nonce, offer.signature))
    added = {triple_of(transfer) for transfer in change(channel.latest.message, offer.state).added}
    params = tuple(claim.params for claim in channel.claims if claim.triple in added)
    return events.Send(Proposal(offer.state, offer.base_nonce, offer.signature, params))


def _countersignature_of(channel: Channel, signed: Signed[Any]) -> Output:
    return events.Send(Countersignature(channel.id, signed.digest, signed.signature(channel.side)))


_HANDLERS: dict[type, Callable[[Party, Channel, Any], Result]] = {
    Proposal: _on_proposal,
    Refusal: _on_refusal,
    Reveal: _on_reveal,
    Countersignature: _on_countersignature,
    WithdrawalProposal: _on_withdrawal_proposal,
    ResumeProposal: _on_resume_proposal,
    SignedExit: _on_exit,
    events.Deposit: _deposit,
    events.Collateralize: _collateralize,
    events.Pay: _pay,
    events.Lock: _lock,
    events.Forward: _forward,
    events.Exchange: _exchange,
    events.Cancel: _cancel,
    events.Resolve: _resolve,
    events.Record: _record,
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
