"""What a confirmed block says, and what is asked of the chain."""

from dataclasses import replace
from operator import attrgetter

from connext import errors, events, routes, rules
from connext.channel import Channel, OnChain, new_channel
from connext.errors import ConnextError
from connext.events import Output
from connext.messages import Resume, Withdrawal
from connext.party.claims import best_claims, without_old_claims
from connext.party.core import Party, Result, with_channel
from connext.party.mail import submit_record
from connext.party.newest import defend, learn_recorded, may_be_settled_with
from connext.party.transfers import advance
from connext.transfers import RecordedOutcome, Triple
from connext.types import Status, amounts_of


def see_chain(party: Party, view: events.ChainView) -> tuple[Party, list[Output]]:
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
    best = best_claims(party)
    for channel_id in seen:
        if channels[channel_id].claims:
            party, more = advance(party, channel_id, best, may_propose=True)
            outputs += [*more, *_collect(party, party.channels[channel_id])]
    outputs += [submit_record(channel, claim) for channel, claim in routes.to_record(party)]
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
        rivals = tuple(state for state in channel.rivals if may_be_settled_with(channel, state))
        channel = without_old_claims(replace(channel, rivals=rivals))
    channel, outputs = learn_recorded(channel)
    return channel, [*outputs, *defend(channel)]


def _can_execute(withdrawal: Withdrawal, on_chain: OnChain) -> bool:
    return withdrawal.sequence >= on_chain.sequence and withdrawal.deadline > on_chain.time


def _can_resume(resume: Resume, on_chain: OnChain) -> bool:
    running = on_chain.status is Status.DISPUTED and on_chain.dispute == resume.dispute
    return running and resume.deadline > on_chain.time


def start_dispute(_party: Party, channel: Channel, _event: events.StartDispute) -> Result:
    rules.check_open(channel)
    if not any(amounts_of(channel.on_chain)):
        raise errors.NothingToDispute
    return channel, [events.Submit("start_dispute", channel.identity, {"signed": channel.latest})]


def checkpoint(_party: Party, channel: Channel, _event: events.Checkpoint) -> Result:
    nonce, recorded = channel.latest.message.nonce, channel.on_chain.nonce
    if nonce <= recorded:
        raise errors.NothingNewer(nonce, recorded)
    return channel, [events.Submit("checkpoint", channel.identity, {"signed": channel.latest})]


def deposit(party: Party, channel: Channel, event: events.Deposit) -> Result:
    rules.check_deposit(channel, event.wei, event.token, party.deployment)
    fields = {"side": channel.side, "wei": event.wei, "token": event.token}
    return channel, [events.Submit("deposit", channel.identity, fields)]


def collateralize(party: Party, channel: Channel, event: events.Collateralize) -> Result:
    rules.check_deposit(channel, event.wei, event.token, party.deployment)
    return channel, [events.Submit("collateralize", channel.identity, {"wei": event.wei, "token": event.token})]


def take_up(party: Party, event: events.Open) -> tuple[Party, list[Output]]:
    try:
        side = rules.my_side(event.identity, party.deployment, party.policy, party.account, party.signer.address)
    except ConnextError as error:
        return party, [events.Rejected(event, error)]
    signed_before = event.on_chain.status is not Status.UNFUNDED and not event.never_signed
    channel = new_channel(party.deployment, event.identity, side, restored=signed_before)
    if channel.id in party.channels:
        return party, []
    channel, outputs = _confirm(channel, event.on_chain)
    return with_channel(party, channel), [events.Save(channel), *outputs]


def mark_restored(_party: Party, channel: Channel, _event: events.MarkRestored) -> Result:
    return replace(channel, restored=True), []
