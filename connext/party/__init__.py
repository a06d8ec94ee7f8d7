"""A party: step(party, event) -> (party, outputs), pure, over many channels.

The party holds a reference to its signer and signs inside of `step`. Nothing signed leaves before the outputs are
carried out, and the first of them, Save, is persisted before the others (docs/protocol.md section 8 rule 1). An event
that is not followed is answered with an output too: Rejected, with the named error.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connext import errors, events, rules
from connext.channel import Channel
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
from connext.party.chain import checkpoint, collateralize, deposit, mark_restored, see_chain, start_dispute, take_up
from connext.party.claims import judged
from connext.party.core import Party, Result, with_channel
from connext.party.mail import resend
from connext.party.resumes import on_exit, on_resume_proposal, propose_resume, sign_exit
from connext.party.states import accept, close, on_countersignature, on_proposal, on_refusal, on_refuse, pay
from connext.party.transfers import cancel, exchange, follow_up, forward, lock, on_reveal, record, resolve
from connext.party.withdrawals import on_withdrawal_proposal, withdraw
from connext.transfers import NOT_LOOKED_AT

__all__ = ["Party", "adopt", "step"]


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
            mine[channel_id] = replace(channel, claims=tuple(judged(party, claim) for claim in channel.claims))
        except ConnextError as error:
            refused[channel_id] = error
    party = replace(party, channels=mine)
    return replace(party, outcomes=dict.fromkeys(party.triples, NOT_LOOKED_AT)), refused


def step(party: Party, event: Event) -> tuple[Party, list[Output]]:
    """The party after the event, and what to do: Save first, then the rest in order."""
    if isinstance(event, events.ChainView):
        return see_chain(party, event)
    if isinstance(event, events.Open):
        return take_up(party, event)
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
        return with_channel(party, after), [events.Save(after), *outputs]
    return follow_up(party, channel, after, outputs, may_propose=not isinstance(event, Refusal | events.Resend))


_HANDLERS: dict[type, Callable[[Party, Channel, Any], Result]] = {
    Proposal: on_proposal,
    Refusal: on_refusal,
    Reveal: on_reveal,
    Countersignature: on_countersignature,
    WithdrawalProposal: on_withdrawal_proposal,
    ResumeProposal: on_resume_proposal,
    SignedExit: on_exit,
    events.Deposit: deposit,
    events.Collateralize: collateralize,
    events.Pay: pay,
    events.Lock: lock,
    events.Forward: forward,
    events.Exchange: exchange,
    events.Cancel: cancel,
    events.Resolve: resolve,
    events.Record: record,
    events.Close: close,
    events.Withdraw: withdraw,
    events.ProposeResume: propose_resume,
    events.Accept: accept,
    events.Refuse: on_refuse,
    events.SignExit: sign_exit,
    events.StartDispute: start_dispute,
    events.Checkpoint: checkpoint,
    events.Resend: resend,
    events.MarkRestored: mark_restored,
}
