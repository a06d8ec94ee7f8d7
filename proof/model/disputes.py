"""Recording of states, and the start and end of disputes."""

from collections.abc import Iterable

from connext.types import MAX_DISPUTE, Status
from proof.model import rules
from proof.model.ledger import Channel, Ledger
from proof.model.messages import Identity, SignedState, Statement, recovered
from proof.model.operations import Checkpoint, Context, Resume, StartDispute, StartDisputeWithExit
from proof.model.refusals import Event, Refusal, demand


def checkpoint(ledger: Ledger, operation: Checkpoint, context: Context) -> list[Event]:
    identity, signed = operation
    channel = ledger.channel(identity.id)
    demand(
        rules.no_value(context),
        rules.is_live(identity.id, channel),
        rules.before_the_end(identity.id, channel, context.time),
        _is_newer(identity.id, channel, signed),
        rules.can_be_recorded(ledger, identity, signed),
    )
    ledger.channels[identity.id] = channel._replace(recorded=signed.header)
    return [_recorded(identity, signed)]


def start_dispute(ledger: Ledger, operation: StartDispute, context: Context) -> list[Event]:
    identity, signed = operation
    parties = (*identity.accounts, *identity.signers)
    is_party = () if context.caller in parties else (Refusal("NotAParty", (identity.id, context.caller)),)
    return _start(ledger, identity, signed, context, is_party)


def start_dispute_with_exit(ledger: Ledger, operation: StartDisputeWithExit, context: Context) -> list[Event]:
    identity, deadline, exit_signature, signed = operation
    next_dispute = ledger.channel(identity.id).dispute + 1
    statement = Statement("Exit", ledger.domain, identity.id, (next_dispute, deadline))
    signer = recovered(exit_signature, statement)
    is_signed = () if signer in identity.signers else (Refusal("ExitNotSigned", (identity.id, signer)),)
    return _start(ledger, identity, signed, context, (*rules.not_expired(deadline, context.time), *is_signed))


def _start(
    ledger: Ledger, identity: Identity, signed: SignedState, context: Context, may_start: Iterable[Refusal]
) -> list[Event]:
    """On the recorded state, or the given one if that is newer."""
    channel = ledger.channel(identity.id)
    is_newer = signed.header.nonce > channel.nonce
    demand(
        rules.no_value(context),
        may_start,
        rules.is_open(identity.id, channel),
        () if any(channel.held) else (Refusal("NothingToDispute", (identity.id,)),),
        rules.can_be_recorded(ledger, identity, signed) if is_newer else (),
    )
    dispute, deadline = channel.dispute + 1, context.time + identity.challenge_period
    ledger.channels[identity.id] = channel._replace(
        status=Status.DISPUTED,
        deadline=deadline,
        dispute=dispute,
        recorded=signed.header if is_newer else channel.recorded,
    )
    started = Event("DisputeStarted", (identity.id, dispute, deadline))
    return [_recorded(identity, signed), started] if is_newer else [started]


def resume(ledger: Ledger, operation: Resume, context: Context) -> list[Event]:
    identity, deadline, user, node = operation
    channel = ledger.channel(identity.id)
    statement = Statement("Resume", ledger.domain, identity.id, (channel.dispute, deadline))
    demand(
        rules.no_value(context),
        rules.is_live(identity.id, channel),
        () if channel.status is Status.DISPUTED else (Refusal("NoDispute", (identity.id,)),),
        rules.before_the_end(identity.id, channel, context.time),
        rules.not_expired(deadline, context.time),
        (Refusal("LastDispute", (identity.id, channel.dispute)),) if channel.dispute == MAX_DISPUTE else (),
        rules.is_signed_by_both(identity, statement, user, node),
    )
    ledger.channels[identity.id] = channel._replace(status=Status.OPEN, deadline=0)
    return [Event("DisputeResumed", (identity.id, channel.dispute))]


def _is_newer(channel_id: bytes, channel: Channel, signed: SignedState) -> Iterable[Refusal]:
    if signed.header.nonce <= channel.nonce:
        yield Refusal("StateNotNewer", (channel_id, signed.header.nonce, channel.nonce))


def _recorded(identity: Identity, signed: SignedState) -> Event:
    return Event("StateRecorded", (identity.id, signed.header))
