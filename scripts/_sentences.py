"""What a step would do or has done, in sentences with human units: the lines of a plan and of a report."""

from collections.abc import Iterator
from operator import sub

from connext import envelopes, events
from connext.channel import Channel, balances
from connext.display import format_amounts, format_deadline, format_duration
from connext.ledger import ChannelLedger
from connext.messages import Resume, State, Withdrawal
from connext.types import Amounts, Bytes32, Side, Status, amounts_of, checksum


def planned(output: events.Output, channel: Channel) -> list[str]:
    """What carrying out `output` means for the owner; empty where it means nothing."""
    match output:
        case events.Send(envelopes.Countersignature()):
            return []  # what is countersigned, Agreed says
        case events.Send(envelope):
            return [_sent(envelope, channel)]
        case events.HandOut(signed_exit):
            void = format_deadline(signed_exit.exit.deadline, channel.on_chain.time)
            return [f"sign an exit: whoever has it can start dispute {signed_exit.exit.dispute}; void from {void}"]
        case events.Submit(name, _, fields):
            return [f"{_submitted(name, fields, channel)}"]
        case events.Agreed(message):
            return [f"countersign {described(message, channel)}"]
        case events.Dropped(state):
            return [f"my proposal {state.nonce} is dead: it has not happened and never will"]
        case events.Rejected(_, error):
            return [f"not accepted: {error}"]
        case _:
            return []


def _sent(envelope: envelopes.Envelope, channel: Channel) -> str:
    match envelope:
        case envelopes.Proposal(state):
            return f"sign {described(state, channel)}"
        case envelopes.Refusal(state):
            return f"sign a refusal: state {state.nonce} repeats what both signed last"
        case envelopes.WithdrawalProposal(withdrawal):
            return f"sign {described(withdrawal, channel)}"
        case envelopes.ResumeProposal(resume):
            return f"sign {described(resume, channel)}"
    raise TypeError(envelope)


def described(message: State | Withdrawal | Resume, channel: Channel) -> str:
    """What a message that one side or both sign means."""
    now = channel.on_chain.time
    match message:
        case State():
            owned = sides(balances(channel, message))
            if message.is_final:
                return f"final state {message.nonce}, which closes the channel: {owned}"
            return f"state {message.nonce}: {_change(message, channel)}; then {owned}"
        case Withdrawal():
            taken = amounts_of(message)
            parts = []
            if taken.user_wei or taken.user_token:
                to = checksum(message.recipient)
                parts.append(f"{format_amounts(taken.user_wei, taken.user_token)} from the user's side to {to}")
            if taken.node_wei or taken.node_token:
                parts.append(f"{format_amounts(taken.node_wei, taken.node_token)} from the node's side to its reserve")
            void = format_deadline(message.deadline, now)
            return f"withdrawal {message.sequence}: {', '.join(parts)}; void from {void}"
        case Resume():
            void = format_deadline(message.deadline, now)
            return f"the end of dispute {message.dispute}, so that the channel goes on; void from {void}"


def _change(state: State, channel: Channel) -> str:
    """Who pays whom, compared with the newest state of both."""
    gained = Amounts(*map(sub, amounts_of(state), amounts_of(channel.latest.message)))
    payments = []
    for payer, payee, wei, token in (
        (Side.USER, Side.NODE, gained.node_wei, gained.node_token),
        (Side.NODE, Side.USER, gained.user_wei, gained.user_token),
    ):
        if wei > 0 or token > 0:
            amount = format_amounts(max(wei, 0), max(token, 0))
            payments.append(f"the {_name(payer, channel)} pays {amount} to the {_name(payee, channel)}")
    return ", ".join(payments) or "nobody pays"


def _name(side: Side, channel: Channel) -> str:
    return f"{side.name.lower()} (you)" if side is channel.side else side.name.lower()


def sides(owned: Amounts) -> str:
    return (
        f"the user has {format_amounts(owned.user_wei, owned.user_token)}, "
        f"the node {format_amounts(owned.node_wei, owned.node_token)}"
    )


def _submitted(name: str, fields: object, channel: Channel) -> str:
    period = format_duration(channel.identity.challenge_period)
    latest = channel.latest.message.nonce
    opens = "open the channel and " if channel.on_chain.status is Status.UNFUNDED else ""
    match name, fields:
        case "deposit", {"side": side, "wei": wei, "token": token}:
            return f"{opens}deposit {format_amounts(wei, token)} for the {side.name.lower()}'s side"
        case "collateralize", {"wei": wei, "token": token}:
            side = channel.side.name.lower()
            return f"{opens}move {format_amounts(wei, token)} from the account's reserve to the {side}'s side"
        case "withdraw", {"withdrawal": withdrawal}:
            return f"execute {described(withdrawal, channel)}"
        case "checkpoint", {"signed": signed}:
            return f"record state {signed.message.nonce}; the chain has {channel.on_chain.nonce}"
        case "start_dispute", _:
            return f"start a dispute with state {latest}; it can be settled after the challenge period of {period}"
        case "resume", {"resume": resume}:
            return f"end dispute {resume.dispute}; the channel goes on"
        case "settle", _:
            return f"pay out the recorded state {channel.on_chain.nonce} and close the channel for ever"
        case "close", {"signed": signed}:
            return f"pay out the final state {signed.message.nonce} and close the channel for ever"
    raise ValueError(name)


# --- Portraits ---


def newest(channel: Channel) -> str:
    """The newest state of both, and what it gives."""
    state = channel.latest.message
    return f"newest state of both: {state.nonce}; {sides(balances(channel, state))}"


def on_chain(channel_id: Bytes32, channel: ChannelLedger, now: int) -> Iterator[str]:
    """What the chain has; `now` is its time in Unix seconds."""
    identity = channel.identity
    yield f"channel 0x{channel_id.hex()}"
    for side in Side:
        account, signer = identity.account(side), identity.signer(side)
        signs = "" if signer == account else f", signs with {checksum(signer)}"
        yield f"  {side.name.lower():9} {checksum(account)}{signs}"
    yield f"  terms     challenge period {format_duration(identity.challenge_period)}, salt {identity.salt}"
    yield f"  status    {_status(channel, now)}"
    if channel.settlement is None:
        recorded = "none" if channel.recorded is None else str(channel.recorded.nonce)
        yield f"  deposited {sides(channel.contributions)} (less what was withdrawn)"
        yield f"  recorded  state {recorded}; {channel.sequence} withdrawals, {channel.dispute} disputes so far"


def _status(channel: ChannelLedger, now: int) -> str:
    if channel.settlement is not None:
        return f"settled with state {channel.settlement.nonce}: {sides(channel.settlement.paid)}"
    if channel.status is not Status.DISPUTED:
        return channel.status.name.lower()
    what = "newer states are taken" if now < channel.deadline else "can be settled; newer states were taken"
    return f"in dispute {channel.dispute}, {what} until {format_deadline(channel.deadline, now)}"


def in_files(channel: Channel) -> Iterator[str]:
    """What a party's files have beside the chain."""
    yield f"your files: you are the {channel.side.name.lower()}"
    if channel.on_chain.status is Status.SETTLED:
        yield f"  newest    state of both: {channel.latest.message.nonce}"
        return
    yield f"  newest    {newest(channel).removeprefix('newest ')}"
    for offer in channel.own_offers:
        yield f"  proposed  {described(offer.state, channel)} (unanswered)"
    for message in _waiting(channel):
        yield f"  waits     {described(message, channel)} (for your answer)"
    for signed in channel.withdrawals:
        by = "both" if signed.is_countersigned else "one side"
        yield f"  signed    {described(signed.message, channel)} (by {by})"
    if channel.restored:
        yield "  RESTORED  these files may be old: sign nothing, leave with `ape run dispute`"


def _waiting(channel: Channel) -> Iterator[State | Withdrawal | Resume]:
    """The counterparty's messages that only the owner can answer."""
    if channel.their_offer is not None:
        yield channel.their_offer.state
    if channel.their_withdrawal is not None:
        yield channel.their_withdrawal.message
    if channel.their_resume is not None:
        yield channel.their_resume.message


def advice(channel: ChannelLedger, stored: Channel | None, now: int) -> Iterator[str]:
    """What should be done now."""
    if channel.status is not Status.DISPUTED:
        return
    recorded = channel.recorded.nonce if channel.recorded is not None else 0
    if now >= channel.deadline:
        yield "next: ape run settle"
    elif stored is not None and stored.latest.message.nonce > recorded:
        nonce, left = stored.latest.message.nonce, format_duration(channel.deadline - now)
        yield f"next: ape run challenge, within {left}: your state {nonce} is newer than {recorded}"
