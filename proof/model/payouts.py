"""Settlement of channels and of the transfers that they leave open, and how what is due is delivered."""

from collections.abc import Iterator

from connext.types import Status
from proof.model import rules
from proof.model.ledger import SETTLED, Channel, Ledger, plus
from proof.model.messages import INITIAL, NO_TRANSFERS, NONE, Header, Identity, Pair, Transfer, TransferList, state_hash
from proof.model.operations import Close, Context, Settle, SettleTransfers
from proof.model.refusals import Event, Refusal, demand
from proof.model.settlement import Handout, Split, hand_out, nothing_shown, split

ALL = -1
"""Every transfer of a list is wanted."""


def settle(ledger: Ledger, operation: Settle, context: Context) -> list[Event]:
    identity, header, transfers = operation
    channel = ledger.channel(identity.id)
    parts = split(channel, header)
    demand(
        rules.no_value(context),
        rules.is_live(identity.id, channel),
        _is_over(identity.id, channel, context.time),
        _is_recorded(identity.id, channel, header),
        _is_list_or_none(identity.id, header, parts, transfers),
    )
    return _pay_out(ledger, identity, header, parts, transfers, context.time)


def close(ledger: Ledger, operation: Close, context: Context) -> list[Event]:
    identity, signed, transfers = operation
    channel = ledger.channel(identity.id)
    parts = split(channel, signed.header)
    demand(
        rules.no_value(context),
        rules.is_live(identity.id, channel),
        _is_final(identity.id, channel, signed.header),
        rules.is_state_of_both(ledger, identity, signed),
        _is_list_or_none(identity.id, signed.header, parts, transfers),
    )
    return _pay_out(ledger, identity, signed.header, parts, transfers, context.time)


def settle_transfers(ledger: Ledger, operation: SettleTransfers, context: Context) -> list[Event]:
    """The user's part becomes credit, the node's goes to its reserve: nobody is called."""
    identity, transfers, wanted = operation
    channel = ledger.channel(identity.id)
    handout = _hand_out(ledger, transfers, channel.locked, channel.settled, wanted, context.time)
    demand(
        rules.no_value(context),
        rules.is_funded(identity.id, channel),
        _holds_transfers(identity.id, channel),
        _is_list(identity.id, transfers, channel.transfers_hash),
        () if handout.moves else (Refusal("NothingFinal", (identity.id,)),),
    )
    ledger.channels[identity.id] = _settled_channel(channel.transfers_hash, handout)
    ledger.add_to_reserve(identity.node, handout.node)
    event = Event("TransfersSettled", (identity.id, handout.settled, *_by_asset(handout.user, handout.node)))
    return [event, *_credit(ledger, identity.user, handout.user)]


# --- Rules ---


def _is_over(channel_id: bytes, channel: Channel, time: int) -> Iterator[Refusal]:
    if channel.status is not Status.DISPUTED:
        yield Refusal("NoDispute", (channel_id,))
    elif time < channel.deadline:
        yield Refusal("DisputeNotOver", (channel_id, channel.deadline, time))


def _is_recorded(channel_id: bytes, channel: Channel, header: Header) -> Iterator[Refusal]:
    recorded = channel.recorded or INITIAL
    if header != recorded:
        hashes = state_hash(channel_id, header), state_hash(channel_id, recorded)
        yield Refusal("StateNotRecorded", (channel_id, *hashes))


def _is_final(channel_id: bytes, channel: Channel, header: Header) -> Iterator[Refusal]:
    if not header.is_final:
        yield Refusal("StateNotFinal", (channel_id, header.nonce))
    if header.nonce < channel.nonce:
        yield Refusal("StateOlder", (channel_id, header.nonce, channel.nonce))


def _is_list_or_none(channel_id: bytes, header: Header, parts: Split, transfers: TransferList) -> Iterator[Refusal]:
    """Where nothing is locked, nobody looks at the list."""
    if any(parts.locked) and transfers.transfers:
        yield from _is_list(channel_id, transfers, header.transfers_hash)


def _is_list(channel_id: bytes, transfers: TransferList, expected: bytes) -> Iterator[Refusal]:
    if transfers.hash != expected:
        yield Refusal("WrongTransfers", (channel_id, transfers.hash, expected))


def _holds_transfers(channel_id: bytes, channel: Channel) -> Iterator[Refusal]:
    if channel.status is not Status.SETTLED:
        yield Refusal("ChannelNotSettled", (channel_id,))
    elif not any(channel.locked):
        yield Refusal("NothingLocked", (channel_id,))


# --- Effects ---


def _pay_out(
    ledger: Ledger, identity: Identity, header: Header, parts: Split, transfers: TransferList, time: int
) -> list[Event]:
    """Closes the channel for ever; the node's part goes to its reserve, the user's is sent."""
    has_list = bool(transfers.transfers) or header.transfers_hash == NO_TRANSFERS.hash
    handout = _hand_out(ledger, transfers, parts.locked, 0, ALL, time) if has_list else nothing_shown(parts.locked)
    user, node = plus(parts.user, handout.user), plus(parts.node, handout.node)
    ledger.channels[identity.id] = _settled_channel(header.transfers_hash, handout)
    ledger.add_to_reserve(identity.node, node)
    events = [Event("ChannelSettled", (identity.id, header.nonce, *_by_asset(user, node)))]
    if any(handout.locked):
        locks = (identity.id, header.transfers_hash, *handout.locked, handout.settled)
        events.append(Event("TransfersLocked", locks))
    return events + deliver(ledger, identity.user, identity.user, user)


def _settled_channel(transfers_hash: bytes, handout: Handout) -> Channel:
    """The tombstone, with what its open transfers still hold."""
    if not any(handout.locked):
        return SETTLED
    return SETTLED._replace(transfers_hash=transfers_hash, locked=handout.locked, settled=handout.settled)


def _hand_out(ledger: Ledger, transfers: TransferList, held: Pair, settled: int, wanted: int, time: int) -> Handout:
    def outcome(transfer: Transfer) -> tuple[int, bool]:
        return ledger.registry.outcome(transfer.triple, time)

    return hand_out(transfers.transfers, held, settled, wanted, ledger.parameters.transfer_limit, outcome)


def deliver(ledger: Ledger, recipient: bytes, account: bytes, amounts: Pair) -> list[Event]:
    """Send each asset with the stipend's gas; what does not arrive becomes the account's credit."""
    refused = [0, 0]
    for asset, amount in enumerate(amounts):
        if amount:
            if ledger.surroundings.can_receive(recipient, asset, amount, True):
                ledger.send(recipient, asset, amount)
            else:
                refused[asset] = amount
    return _credit(ledger, account, (refused[0], refused[1])) if any(refused) else []


def _credit(ledger: Ledger, account: bytes, amounts: Pair) -> list[Event]:
    if amounts == NONE:
        return []
    ledger.add_to_credit(account, amounts)
    return [Event("Credited", (account, asset, amount)) for asset, amount in enumerate(amounts) if amount]


def _by_asset(user: Pair, node: Pair) -> tuple[int, int, int, int]:
    return user[0], node[0], user[1], node[1]
