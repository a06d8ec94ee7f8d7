"""What everybody must have after a story, from what was deposited and signed alone. The chain has no say in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import add, sub

from connext.actions import Action
from connext.ledger import Holdings
from connext.types import NOTHING, Address, Amounts, ChannelIdentity, Side, amounts_of
from connext.world import Evidence, World


@dataclass(frozen=True, slots=True)
class Money:
    """What an account has outside of channels: in its wallet, and in the manager as reserve and as credit."""

    wallet: Holdings
    reserve: Holdings
    credit: Holdings


@dataclass(frozen=True, slots=True)
class Entry:
    """The account's wallet or reserve changes by this much, in wei."""

    account: Address
    place: str
    amount_wei: int
    amount_token: int


def actual_money(world: World) -> dict[str, Money]:
    """What the chain says that every actor has."""
    ledger = world.ledger()
    return {
        name: Money(world.wallet(name), ledger.reserve(actor.account), ledger.credit(actor.account))
        for name, actor in world.actors.items()
    }


def expected_money(world: World, before: Mapping[str, Money], played: Iterable[Action]) -> dict[str, Money]:
    """What every actor must have when all channels are closed, if it had `before` at the start.

    Of the actions that move money it knows `deposit` and `top_up`.
    """
    deposits = [_Deposit.of(world, action) for action in _single(played) if action.name in ("deposit", "top_up")]
    entries = [*_paid_in(deposits), *_fees(world)]
    for name, identity in world.channels.items():
        mine = [deposit for deposit in deposits if deposit.channel == name]
        entries += _paid_out(identity, mine, world.evidence[world.channel_id(name)])
    names = {actor.account: name for name, actor in world.actors.items()}
    money = dict(before)
    for entry in entries:
        money[names[entry.account]] = _booked(money[names[entry.account]], entry)
    return money


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


def _paid_in(deposits: Iterable[_Deposit]) -> Iterator[Entry]:
    for payer, user_wei, node_wei, user_token, node_token in ((d.payer, *d.amounts) for d in deposits):
        yield Entry(payer, "wallet", -user_wei - node_wei, -user_token - node_token)


def _fees(world: World) -> Iterator[Entry]:
    for receipt in world.sent:
        yield Entry(receipt.transaction.sender, "wallet", -receipt.fee, 0)


def _paid_out(identity: ChannelIdentity, deposits: Iterable[_Deposit], evidence: Evidence) -> Iterator[Entry]:
    """The withdrawals that both signed; then each side's contribution with its net in the newest state of both."""
    contributions = NOTHING
    for deposit in deposits:
        contributions = Amounts(*map(add, contributions, deposit.amounts))
    for withdrawal in evidence.withdrawals:
        taken = amounts_of(withdrawal.message)
        contributions = Amounts(*map(sub, contributions, taken))
        yield from _payout(withdrawal.message.recipient, identity.node, taken)
    newest = evidence.states[max(evidence.states)].message
    yield from _payout(identity.user, identity.node, Amounts(*map(add, contributions, amounts_of(newest))))


def _payout(user: Address, node: Address, paid: Amounts) -> Iterator[Entry]:
    """docs/protocol.md section 5: the user's part is sent, the node's goes to its reserve."""
    yield Entry(user, "wallet", paid.user_wei, paid.user_token)
    yield Entry(node, "reserve", paid.node_wei, paid.node_token)


def _booked(money: Money, entry: Entry) -> Money:
    holdings: Holdings = getattr(money, entry.place)
    return replace(money, **{entry.place: holdings.plus(entry.amount_wei, entry.amount_token)})
