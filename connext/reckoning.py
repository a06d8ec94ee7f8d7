"""What everybody must have after a story, from what was deposited and signed.

Of the chain it asks what nobody has to do: which of the signed withdrawals were executed, which outcomes were recorded,
and when a channel was settled.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import add, sub

from connext.abi import Event
from connext.actions import Action
from connext.channel import initial_state
from connext.conditions import FULL_SHARE
from connext.ledger import Holdings, Settlement
from connext.messages import State, Transfer, Withdrawal
from connext.transfers import part_of
from connext.types import Address, Amounts, Bytes32, ChannelIdentity, Side, amounts_of
from connext.world import World


@dataclass(frozen=True, slots=True)
class Money:
    """What an account has outside of channels: in its wallet, and in the manager as reserve and as credit."""

    wallet: Holdings
    reserve: Holdings
    credit: Holdings


@dataclass(frozen=True, slots=True)
class Reckoning:
    """money: of every actor, by name; settlements: how channels ended, by name, as far as they did."""

    money: Mapping[str, Money]
    settlements: Mapping[str, Settlement]


def found(world: World) -> Reckoning:
    """What the chain says."""
    ledger = world.ledger()
    money = {
        name: Money(world.wallet(name), ledger.reserve(actor.account), ledger.credit(actor.account))
        for name, actor in world.actors.items()
    }
    settlements = {
        name: channel.settlement
        for name in world.channels
        if (channel := ledger.channels.get(world.channel_id(name))) is not None and channel.settlement is not None
    }
    return Reckoning(money, settlements)


def owed(world: World, before: Mapping[str, Money], played: Iterable[Action]) -> Reckoning:
    """What must be when all channels are closed and every actor had `before` at the start.

    A channel pays each side its contribution with its net in the newest state of both, the initial one if they signed
    none: the story must not let an older one win. Its open transfers are paid at the shares that were recorded before
    their expiry: with the settlement where that was decided by then, else to credit and reserve. Of the actions that
    move money this knows `deposit` and `top_up`, and takes them to have succeeded; and withdrawals that both signed, as
    far as they were executed.
    """
    deposits = [_Deposit.of(world, action) for action in _single(played) if action.name in ("deposit", "top_up")]
    entries = [*_paid_in(deposits), *_fees(world)]
    settlements: dict[str, Settlement] = {}
    for name, identity in world.channels.items():
        withdrawals = _executed(world, world.channel_id(name))
        settlement = _settlement(
            _newest(world, world.channel_id(name)),
            [deposit for deposit in deposits if deposit.channel == name],
            withdrawals,
        )
        settlement = _with_transfers(world, world.channel_id(name), settlement)
        entries += [*_withdrawn(identity, withdrawals), *_payout(identity.user, identity.node, settlement.paid)]
        entries += _payout(identity.user, identity.node, settlement.later, place="credit")
        settlements[name] = settlement
    return Reckoning(_booked(world, before, entries), settlements)


@dataclass(frozen=True, slots=True)
class _Entry:
    """The account's wallet or reserve changes by this much, in wei."""

    account: Address
    place: str
    amount_wei: int
    amount_token: int


@dataclass(frozen=True, slots=True)
class _Deposit:
    payer: Address
    channel: str
    amounts: Amounts

    @classmethod
    def of(cls, world: World, action: Action) -> "_Deposit":
        money: Holdings = action.fields["amount"]
        wei, token = money.amount_wei, money.amount_token
        amounts = Amounts(wei, 0, token, 0) if action.fields["side"] is Side.USER else Amounts(0, wei, 0, token)
        return cls(world.actor(str(action.actor)).account, action.fields["channel"], amounts)


def _single(actions: Iterable[Action]) -> Iterator[Action]:
    """Those of batches, too."""
    for action in actions:
        yield from action.fields["items"] if action.name == "batch" else (action,)


def _paid_in(deposits: Iterable[_Deposit]) -> Iterator[_Entry]:
    for payer, user_wei, node_wei, user_token, node_token in ((d.payer, *d.amounts) for d in deposits):
        yield _Entry(payer, "wallet", -user_wei - node_wei, -user_token - node_token)


def _fees(world: World) -> Iterator[_Entry]:
    for receipt in world.sent:
        yield _Entry(receipt.transaction.sender, "wallet", -receipt.fee, 0)


def _newest(world: World, channel_id: Bytes32) -> State:
    states = world.evidence[channel_id].states
    return states[max(states)].message if states else initial_state(channel_id)


def _executed(world: World, channel_id: Bytes32) -> list[Withdrawal]:
    """The withdrawals that both signed and a transaction of the story carried out; others move nothing."""
    executed = {
        tuple(event.values.values())
        for receipt in world.sent
        for event in receipt.events
        if event.address == world.manager and event.name == "Withdrawn"
    }
    signed = (withdrawal.message for withdrawal in world.evidence[channel_id].withdrawals)
    by_sequence = {w.sequence: w for w in signed if (channel_id, w.sequence, *amounts_of(w), w.recipient) in executed}
    return list(by_sequence.values())


def _withdrawn(identity: ChannelIdentity, withdrawals: Iterable[Withdrawal]) -> Iterator[_Entry]:
    for withdrawal in withdrawals:
        yield from _payout(withdrawal.recipient, identity.node, amounts_of(withdrawal))


def _settlement(newest: State, deposits: Iterable[_Deposit], withdrawals: Iterable[Withdrawal]) -> Settlement:
    paid = amounts_of(newest)
    for deposit in deposits:
        paid = Amounts(*map(add, paid, deposit.amounts))
    for withdrawal in withdrawals:
        paid = Amounts(*map(sub, paid, amounts_of(withdrawal)))
    return Settlement(newest.nonce, paid)


def _with_transfers(world: World, channel_id: Bytes32, settlement: Settlement) -> Settlement:
    """With what the open transfers of the newest state pay: in the settlement, and later."""
    settled_at = _time_of(world, "ChannelSettled", channelId=channel_id)
    paid, later = settlement.paid, settlement.later
    for transfer in _newest(world, channel_id).transfers:
        share = _recorded_share(world, transfer, transfer.expiry)
        if settled_at >= transfer.expiry or _recorded_share(world, transfer, settled_at + 1) == FULL_SHARE:
            paid = Amounts(*map(add, paid, _parts(transfer, share)))
        else:
            later = Amounts(*map(add, later, _parts(transfer, share)))
    return replace(settlement, paid=paid, later=later)


def _parts(transfer: Transfer, share: int) -> Amounts:
    """What each side gets of the transfer."""
    user, node = (part_of(side, transfer, share) for side in Side)
    return Amounts(0, 0, user, node) if transfer.asset else Amounts(user, node, 0, 0)


def _recorded_share(world: World, transfer: Transfer, before: int) -> int:
    """The highest share that the story's transactions recorded before this time."""
    triple = {"condition": transfer.condition, "paramsHash": transfer.params_hash, "expiry": transfer.expiry}
    shares = (event.values["share"] for time, event in _events(world, "OutcomeRecorded", **triple) if time < before)
    return max(shares, default=0)


def _time_of(world: World, name: str, **values: object) -> int:
    """Of the block with the event; far in the future if there is none."""
    return next((time for time, _ in _events(world, name, **values)), 2**63)


def _events(world: World, name: str, **values: object) -> Iterator[tuple[int, Event]]:
    """With the times of their blocks."""
    for receipt in world.sent:
        for event in receipt.events:
            if event.name == name and values.items() <= dict(event.values).items():
                yield receipt.block.time, event


def _payout(user: Address, node: Address, paid: Amounts, place: str = "wallet") -> Iterator[_Entry]:
    """docs/protocol.md section 5: the user's part is sent or credited, the node's goes to its reserve."""
    yield _Entry(user, place, paid.user_wei, paid.user_token)
    yield _Entry(node, "reserve", paid.node_wei, paid.node_token)


def _booked(world: World, before: Mapping[str, Money], entries: Iterable[_Entry]) -> dict[str, Money]:
    names = {actor.account: name for name, actor in world.actors.items()}
    money = dict(before)
    for entry in entries:
        holder = money[names[entry.account]]
        holdings: Holdings = getattr(holder, entry.place)
        money[names[entry.account]] = replace(
            holder, **{entry.place: holdings.plus(entry.amount_wei, entry.amount_token)}
        )
    return money
