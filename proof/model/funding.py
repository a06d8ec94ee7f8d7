"""Money into channels, and out of open ones."""

from collections.abc import Iterator

from connext.types import Status
from proof.model import rules
from proof.model.ledger import Channel, Ledger, minus, plus
from proof.model.messages import NODE, NONE, USER, Identity, Pair, Statement
from proof.model.operations import Collateralize, Context, Deposit, TopUp, Withdraw
from proof.model.payouts import deliver
from proof.model.refusals import Event, Refusal, demand

MAX_SEQUENCE = 2**16 - 1


def deposit(ledger: Ledger, operation: Deposit, context: Context) -> list[Event]:
    identity, side, amount_token = operation
    channel = ledger.channel(identity.id)
    amounts = context.value, amount_token
    is_new = channel.status is Status.UNFUNDED
    demand(
        rules.takes_money(identity.id, channel),
        rules.good_terms(ledger, identity) if is_new else (),
        rules.something(amounts),
        rules.has_room(ledger, identity.id, channel, side, amounts),
        rules.can_pull(ledger, context.caller, amount_token),
    )
    events = [_opened(identity)] if is_new else []
    _take_deposit(ledger, identity.id, channel, side, amounts, context.caller)
    return [*events, Event("Deposited", (identity.id, side, *amounts))]


def top_up(ledger: Ledger, operation: TopUp, context: Context) -> list[Event]:
    channel_id, side, amount_token = operation
    channel = ledger.channel(channel_id)
    amounts = context.value, amount_token
    demand(
        rules.is_open(channel_id, channel),
        rules.something(amounts),
        rules.has_room(ledger, channel_id, channel, side, amounts),
        rules.can_pull(ledger, context.caller, amount_token),
    )
    _take_deposit(ledger, channel_id, channel, side, amounts, context.caller)
    return [Event("Deposited", (channel_id, side, *amounts))]


def collateralize(ledger: Ledger, operation: Collateralize, context: Context) -> list[Event]:
    """Of each asset as much as is asked for and the capacity allows."""
    identity, caller = operation.channel, context.caller
    channel = ledger.channel(identity.id)
    side = NODE if caller == identity.node else USER
    room = minus(ledger.parameters.capacity, channel.held)
    amounts = min(operation.amount_wei, room[0]), min(operation.amount_token, room[1])
    is_new = channel.status is Status.UNFUNDED
    demand(
        rules.no_value(context),
        (Refusal("NotAnAccount", (identity.id, caller)),) if caller not in identity.accounts else (),
        rules.takes_money(identity.id, channel),
        rules.good_terms(ledger, identity) if is_new else (),
        rules.something(amounts),
        rules.has_room(ledger, identity.id, channel, side, amounts),
        rules.reserve_suffices(ledger, caller, amounts),
    )
    events = [_opened(identity)] if is_new else []
    ledger.reserves[caller] = minus(ledger.reserve(caller), amounts)
    _grow(ledger, identity.id, channel, side, amounts)
    return [*events, Event("Collateralized", (identity.id, side, *amounts))]


def withdraw(ledger: Ledger, operation: Withdraw, context: Context) -> list[Event]:
    """All or nothing: the user's part is sent, the node's goes to its reserve. One of nothing uses up its sequence."""
    identity, withdrawal, user, node = operation
    channel = ledger.channel(identity.id)
    user_part, node_part = zip(withdrawal.amount(0), withdrawal.amount(1), strict=True)
    statement = Statement("Withdrawal", ledger.domain, identity.id, withdrawal)
    demand(
        rules.no_value(context),
        rules.is_open(identity.id, channel),
        rules.not_expired(withdrawal.deadline, context.time),
        _has_sequence(identity.id, channel, withdrawal.sequence),
        _can_take(identity.id, channel, user_part, node_part),
        rules.can_own_money(ledger, withdrawal.recipient),
        rules.is_signed_by_both(identity, statement, user, node),
    )
    ledger.channels[identity.id] = channel._replace(
        sequence=channel.sequence + 1,
        user=minus(channel.user, user_part),
        held=minus(channel.held, plus(user_part, node_part)),
    )
    ledger.add_to_reserve(identity.node, node_part)
    event = Event("Withdrawn", (identity.id, *withdrawal[:6]))
    return [event, *deliver(ledger, withdrawal.recipient, identity.user, user_part)]


def _opened(channel: Identity) -> Event:
    id_, user, user_signer, node, node_signer, period, salt = channel
    return Event("ChannelOpened", (id_, user, node, user_signer, node_signer, period, salt))


def _take_deposit(ledger: Ledger, channel_id: bytes, channel: Channel, side: int, amounts: Pair, caller: bytes) -> None:
    if amounts[1]:
        ledger.pull(caller, amounts[1])
    _grow(ledger, channel_id, channel, side, amounts)


def _grow(ledger: Ledger, channel_id: bytes, channel: Channel, side: int, amounts: Pair) -> None:
    ledger.channels[channel_id] = channel._replace(
        status=Status.OPEN,
        user=plus(channel.user, NONE if side else amounts),
        held=plus(channel.held, amounts),
    )


def _has_sequence(channel_id: bytes, channel: Channel, sequence: int) -> Iterator[Refusal]:
    if channel.sequence == MAX_SEQUENCE:
        yield Refusal("LastWithdrawal", (channel_id, channel.sequence))
    if sequence != channel.sequence:
        yield Refusal("WrongSequence", (channel_id, sequence, channel.sequence))


def _can_take(channel_id: bytes, channel: Channel, user_part: Pair, node_part: Pair) -> list[Refusal]:
    broken = []
    for asset in rules.ASSETS:
        amount = user_part[asset] + node_part[asset]
        if amount > channel.held[asset]:
            broken.append(Refusal("WithdrawalTooLarge", (channel_id, asset, amount, channel.held[asset])))
        broken += rules.can_be_counted(channel_id, asset, channel.user[asset] - user_part[asset])
    return broken
