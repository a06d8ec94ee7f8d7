"""What a step would do or has done, in sentences with human units: the lines of a plan and of a report."""

from collections.abc import Iterable
from operator import sub

from connext import envelopes, events
from connext.abi import decode_canonical
from connext.channel import Channel, balances
from connext.conditions import FULL_SHARE, Conditions, InvalidParams, stream_terms
from connext.display import format_amount, format_amounts, format_deadline, format_duration
from connext.keccak import keccak256
from connext.messages import Resume, State, Transfer, Withdrawal
from connext.transfers import NONE, Pair, Triple, change, for_payee, held, plus, triple_of
from connext.types import Address, Amounts, Asset, Side, Status, amounts_for, amounts_of, checksum


def planned(output: events.Output, channel: Channel, conditions: Conditions) -> list[str]:
    """What carrying out `output` means for the owner; empty where it means nothing."""
    match output:
        case events.Send(envelopes.Countersignature()):
            return []  # what is countersigned, Agreed says
        case events.Send(envelope):
            return [_sent(envelope, channel, conditions)]
        case events.HandOut(signed_exit):
            void = format_deadline(signed_exit.exit.deadline, channel.on_chain.time)
            return [f"sign an exit: whoever has it can start dispute {signed_exit.exit.dispute}; void from {void}"]
        case events.Submit(name, _, fields):
            return [_submitted(name, fields, channel, conditions)]
        case events.Agreed(message):
            return [f"countersign {described(message, channel, conditions)}"]
        case events.Dropped(state):
            return [f"my proposal {state.nonce} is dead: it has not happened and never will"]
        case events.Rejected(_, error):
            return [f"not accepted: {error}"]
        case _:
            return []


def _sent(envelope: envelopes.Envelope, channel: Channel, conditions: Conditions) -> str:
    match envelope:
        case envelopes.Proposal(state):
            return f"sign {described(state, channel, conditions)}"
        case envelopes.Refusal(state):
            return f"sign a refusal: state {state.nonce} repeats what both signed last"
        case envelopes.Reveal():
            return _shown(envelope, channel)
        case envelopes.WithdrawalProposal(withdrawal):
            return f"sign {described(withdrawal, channel, conditions)}"
        case envelopes.ResumeProposal(resume):
            return f"sign {described(resume, channel, conditions)}"
    raise TypeError(envelope)


def _shown(reveal: envelopes.Reveal, channel: Channel) -> str:
    for transfer in channel.latest.message.transfers:
        claim = channel.claim(triple_of(transfer))
        if transfer.id == reveal.transfer_id and claim is not None:
            other = channel.side.other.name.lower()
            return f"show the {other} what proves transfer {transfer.id}: it pays you {pays(transfer, claim.share)}"
    return f"show what proves transfer {reveal.transfer_id}"


def described(message: State | Withdrawal | Resume, channel: Channel, conditions: Conditions) -> str:
    """What a message that one side or both sign means."""
    now = channel.on_chain.time
    match message:
        case State():
            owned = sides(balances(channel, message)) + _locked(message)
            if message.is_final:
                return f"final state {message.nonce}, which closes the channel: {owned}"
            return f"state {message.nonce}: {_change(message, channel, conditions)}; then {owned}"
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


def sides(owned: Amounts) -> str:
    return (
        f"the user has {format_amounts(owned.user_wei, owned.user_token)}, "
        f"the node {format_amounts(owned.node_wei, owned.node_token)}"
    )


def newest(channel: Channel) -> str:
    """The newest state of both, and what it gives."""
    state = channel.latest.message
    return f"newest state of both: {state.nonce}; {sides(balances(channel, state))}{_locked(state)}"


def _locked(state: State) -> str:
    if not state.transfers:
        return ""
    return f", {format_amounts(*held(state.transfers))} locked in {numbered('open transfer', state.transfers)}"


# --- What changes from the newest state of both to another ---


def _change(state: State, channel: Channel, conditions: Conditions) -> str:
    """Who locks what, which transfers end, who pays whom."""
    difference = change(channel.latest.message, state)
    locks = [
        f"the {name(Side(transfer.payer), channel)} locks {transfer_in_words(transfer, channel, conditions)}"
        for transfer in difference.added
    ]
    changed = [f"transfer {transfer.id} is CHANGED" for transfer in difference.changed]
    gained = _gained(state, channel, difference.added)
    moved = _shared_out(difference.removed, gained, channel) if difference.removed else _paid(gained, channel)
    return ", ".join([*locks, *changed, *moved]) or "nobody pays"


def _gained(state: State, channel: Channel, added: Iterable[Transfer]) -> dict[Side, Pair]:
    """What each side gets by the change, apart from what it locks."""
    nets = Amounts(*map(sub, amounts_of(state), amounts_of(channel.latest.message)))
    gained: dict[Side, Pair] = {side: amounts_for(side, nets) for side in Side}
    for transfer in added:
        gained[Side(transfer.payer)] = plus(gained[Side(transfer.payer)], transfer, transfer.amount)
    return gained


def _paid(gained: dict[Side, Pair], channel: Channel) -> list[str]:
    return [
        f"the {name(side.other, channel)} pays {format_amounts(*_positive(pair))} to the {name(side, channel)}"
        for side, pair in reversed(gained.items())
        if _positive(pair) != NONE
    ]


def _shared_out(removed: tuple[Transfer, ...], gained: dict[Side, Pair], channel: Channel) -> list[str]:
    """What transfers that end held, and who gets how much of it."""
    ids = " and ".join(str(transfer.id) for transfer in removed)
    over = f"{ids} over {format_amounts(*held(removed))}"
    ends = f"transfer {over} ends" if len(removed) == 1 else f"transfers {over} end"
    parts = []
    for side, pair in gained.items():
        lost = _positive((-pair[0], -pair[1]))
        if lost != NONE:
            parts.append(f"the {name(side, channel)} pays {format_amounts(*lost)}")
        if _positive(pair) != NONE:
            parts.append(f"the {name(side, channel)} gets {format_amounts(*_positive(pair))}")
    return [f"{ends}: {', '.join(parts)}"]


def _positive(pair: Pair) -> Pair:
    return max(pair[0], 0), max(pair[1], 0)


def name(side: Side, channel: Channel) -> str:
    return f"{side.name.lower()} (you)" if side is channel.side else side.name.lower()


# --- Transfers ---


def transfer_in_words(transfer: Transfer, channel: Channel, conditions: Conditions) -> str:
    """Its amount, for whom, under which condition, until when."""
    payee = name(Side(transfer.payer).other, channel)
    until = format_deadline(transfer.expiry, channel.on_chain.time)
    condition = condition_of(transfer, channel, conditions)
    return f"{amount_of(transfer)} for the {payee} as transfer {transfer.id}, {condition}, decided by {until}"


def amount_of(transfer: Transfer) -> str:
    return format_amount(Asset(transfer.asset), transfer.amount)


def pays(transfer: Transfer, share: int) -> str:
    """What the payee gets at this share."""
    if share == FULL_SHARE:
        return f"all of {amount_of(transfer)}"
    return f"{format_amount(Asset(transfer.asset), for_payee(transfer, share))} of {amount_of(transfer)}"


def condition_of(transfer: Transfer, channel: Channel, conditions: Conditions) -> str:
    claim = channel.claim(triple_of(transfer))
    if claim is None:
        return f"under condition {checksum(transfer.condition)}"
    return condition_in_words(conditions, claim.condition, claim.params, Asset(transfer.asset))


def condition_in_words(conditions: Conditions, condition: Address, params: bytes, asset: Asset) -> str:
    """asset: the one that a stream counts in."""
    match condition:
        case conditions.hash_lock:
            return f"for the secret of hash 0x{params.hex()[:8]}…"
        case conditions.stream:
            return _stream(condition, params, asset)
        case conditions.linked_payment:
            return "for whoever holds its link"
        case conditions.all_of | conditions.any_of:
            word = "all" if condition == conditions.all_of else "any"
            try:
                (parts,) = decode_canonical(("(address,bytes)[]",), params)
            except ValueError:
                return f"under condition {checksum(condition)}, with parameters that make no sense"
            inner = ", ".join(condition_in_words(conditions, part[0], part[1], asset) for part in parts)
            return f"{word} of: {inner}"
    return f"under condition {checksum(condition)}"


def _stream(condition: Address, params: bytes, asset: Asset) -> str:
    try:
        return f"by vouchers of a stream of up to {format_amount(asset, stream_terms(condition, params).cap)}"
    except InvalidParams:
        return "by a stream with parameters that make no sense"


def numbered(noun: str, things: Iterable[object]) -> str:
    """'1 open transfer', '2 open transfers'."""
    count = len(list(things))
    return f"{count} {noun}{'s' if count != 1 else ''}"


# --- Transactions ---


def _submitted(name_: str, fields: object, channel: Channel, conditions: Conditions) -> str:
    period = format_duration(channel.identity.challenge_period)
    latest = channel.latest.message
    opens = "open the channel and " if channel.on_chain.status is Status.UNFUNDED else ""
    match name_, fields:
        case "deposit", {"side": side, "wei": wei, "token": token}:
            return f"{opens}deposit {format_amounts(wei, token)} for the {side.name.lower()}'s side"
        case "collateralize", {"wei": wei, "token": token}:
            side = channel.side.name.lower()
            return f"{opens}move {format_amounts(wei, token)} from the account's reserve to the {side}'s side"
        case "withdraw", {"withdrawal": withdrawal}:
            return f"execute {described(withdrawal, channel, conditions)}"
        case "checkpoint", {"signed": signed}:
            return f"record state {signed.message.nonce}; the chain has {channel.on_chain.nonce}"
        case "start_dispute", _:
            return (
                f"start a dispute with state {latest.nonce}; it can be settled after the challenge period of {period}"
            )
        case "resume", {"resume": resume}:
            return f"end dispute {resume.dispute}; the channel goes on"
        case "settle", {"state": state}:
            return settling(f"the recorded state {channel.on_chain.nonce}", () if state is None else state.transfers)
        case "close", {"signed": signed}:
            return settling(f"the final state {signed.message.nonce}", signed.message.transfers)
        case "record", {"condition": condition, "params": params, "expiry": expiry}:
            triple = Triple(condition, keccak256(params), expiry)
            ids = [str(transfer.id) for transfer in latest.transfers if triple_of(transfer) == triple]
            until = format_deadline(expiry, channel.on_chain.time)
            return f"record on chain what proves transfer {' and '.join(ids)}; possible until {until}"
        case "settle_transfers", {"transfers": transfers}:
            return handing_out(transfers)
    raise ValueError(name_)


def settling(what: str, transfers: Iterable[Transfer]) -> str:
    transfers = tuple(transfers)
    line = f"pay out {what} and close the channel for ever"
    if not transfers:
        return line
    return f"{line}, with what is decided by now of its {numbered('open transfer', transfers)}"


def handing_out(transfers: Iterable[Transfer]) -> str:
    return (
        f"hand out what is decided of the channel's {numbered('open transfer', transfers)}: the user's part to its "
        "credit, the node's to its reserve"
    )
