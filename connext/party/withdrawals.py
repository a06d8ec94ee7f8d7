"""Withdrawals from an open channel."""

from dataclasses import replace

from connext import errors, events, rules
from connext.channel import Channel, Signed, half_signed
from connext.envelopes import WithdrawalProposal
from connext.messages import Withdrawal
from connext.party.core import Party, Result
from connext.party.mail import countersignature_of
from connext.signing import Signable, check_signature
from connext.types import amounts_of


def withdraw(party: Party, channel: Channel, event: events.Withdraw) -> Result:
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


def on_withdrawal_proposal(party: Party, channel: Channel, event: WithdrawalProposal) -> Result:
    signable = Signable(party.deployment.domain, event.withdrawal)
    check_signature(signable.digest, event.signature, channel.counterparty)
    for known in channel.withdrawals:
        if known.digest == signable.digest:
            return channel, [countersignature_of(channel, known)]
    rules.check_may_sign(channel)
    rules.check_withdrawal(channel, event.withdrawal, party.deployment, party.policy)
    signed = half_signed(event.withdrawal, signable.digest, channel.side.other, event.signature)
    try:
        rules.check_withdrawal_needs_no_intent(channel.side, event.withdrawal)
    except errors.NeedsIntent as reason:
        awaiting = events.Awaiting(channel.id, signed.digest, event.withdrawal, reason)
        return replace(channel, their_withdrawal=signed), [awaiting]
    return countersign_withdrawal(party, channel, signed)


def countersign_withdrawal(party: Party, channel: Channel, theirs: Signed[Withdrawal]) -> Result:
    rules.check_may_sign(channel)
    rules.check_withdrawal(channel, theirs.message, party.deployment, party.policy)
    signed = theirs.with_signature(channel.side, party.signer.sign(Signable(party.deployment.domain, theirs.message)))
    channel = replace(_with_withdrawal(channel, signed), their_withdrawal=None)
    return channel, [countersignature_of(channel, signed), events.Agreed(signed.message)]


def complete_withdrawal(channel: Channel, signed: Signed[Withdrawal]) -> Result:
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
