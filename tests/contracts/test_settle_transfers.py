"""settleTransfers: what stayed open when a channel was settled is handed out once it is final, by anyone, for ever.

The user is credited and never called, the node gets its part as reserve.
"""

from dataclasses import replace
from itertools import permutations

import pytest

from connext.conditions import FULL_SHARE
from connext.messages import transfers_hash
from connext.types import Side, Status, parse_address
from tests.contracts.batches import failures, item, reason
from tests.contracts.cases import EACH_ASSET, EACH_CALLER, EACH_PAYER
from tests.contracts.channels import (
    DAI,
    ETH,
    HELD,
    NODE,
    USER,
    View,
    given,
    listed,
    only,
    worth,
)
from tests.contracts.conftest import DAY, TRANSFER_LIMIT
from tests.contracts.doubles import Conduct, acting
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import credited, transfers_settled
from tests.contracts.money import moves
from tests.contracts.operations import OPERATIONS
from tests.contracts.transfers import ALL, EXPIRY, holding, left


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


@pytest.fixture
def leave(deployer):
    """`leave(channel, transfers)`: the channel is settled, by somebody without the list: all transfers are open."""

    def settle(channel, transfers, **state):
        honest = {**holding(*transfers), **state}
        given(channel.manager.close, channel.terms, channel.signed(is_final=True, **honest), [], sender=deployer)
        return channel

    return settle


@pytest.fixture
def show(stranger):
    """`show(channel, transfers)`: somebody settles what can be settled."""

    def settle(channel, transfers, wanted=ALL, *, sender=stranger, **options):
        return channel.manager.settleTransfers(channel.terms, listed(transfers), wanted, sender=sender, **options)

    return settle


def handed_out(user_wei=0, node_wei=0, user_token=0, node_token=0):
    """How money moves. The contract's own balances stay."""
    user = {"user.credit.wei": user_wei, "user.credit.dai": user_token}
    return moves({**user, "node.reserve.wei": node_wei, "node.reserve.dai": node_token})


# --- What is final is handed out ---


@EACH_CALLER
def test_anyone_settles_transfers(channel, leave, show, promise, manager, people, user, wealth, caller):
    transfers = (promise(NODE, ETH, 20), promise(NODE, DAI, 50), promise(USER, ETH, 5), promise(USER, DAI, 6))
    leave(channel, transfers)
    for transfer in transfers:
        promise.keep(transfer)
    before = wealth()
    tx = show(channel, transfers, sender=people[caller])
    amounts = {"user_wei": 20, "node_wei": 5, "user_token": 50, "node_token": 6}
    assert wealth() - before == handed_out(**amounts)
    assert events_of(tx) == [
        transfers_settled(channel, 0b1111, **amounts),
        credited(manager, user, ETH, 20),
        credited(manager, user, DAI, 50),
    ]
    assert channel.view() == View(Status.SETTLED)


@EACH_ASSET
@EACH_PAYER
@pytest.mark.parametrize(
    ("share", "time", "for_payee"),
    [
        (FULL_SHARE, None, 51),
        (FULL_SHARE, EXPIRY - 1, 51),
        (FULL_SHARE, EXPIRY, 51),
        (FULL_SHARE - 1, EXPIRY, 50),
        (FULL_SHARE // 2, EXPIRY, 25),
        (1, EXPIRY, 0),
        (None, EXPIRY, 0),
        (None, EXPIRY + 3650 * DAY, 0),
        (FULL_SHARE // 2, EXPIRY + 3650 * DAY, 25),
    ],
    ids=[
        "all, long before the expiry",
        "all, a second before",
        "all, at the expiry",
        "almost all",
        "half",
        "almost nothing",
        "nothing recorded",
        "nothing recorded, ten years after",
        "half, ten years after",
    ],
)
def test_a_final_transfer(channel, leave, show, promise, at, wealth, payer, asset, share, time, for_payee):
    """Rounded down for the payee; the payer has the rest."""
    transfer = promise(payer, asset, 51)
    leave(channel, [transfer])
    if share is not None:
        promise.keep(transfer, share)
    if time is not None:
        at(time)
    before = wealth()
    tx = show(channel, [transfer])
    amounts = {**only(payer, asset, 51 - for_payee), **only(Side(1 - payer), asset, for_payee)}
    assert wealth() - before == handed_out(**amounts)
    assert events_of(tx)[0] == transfers_settled(channel, 1, **amounts)
    assert channel.view() == View(Status.SETTLED)


@EACH_ASSET
@EACH_PAYER
@pytest.mark.parametrize("share", [None, 1, FULL_SHARE - 1])
def test_not_a_second_before_the_expiry(channel, leave, show, promise, manager, at, payer, asset, share):
    """A higher share can still be recorded."""
    transfer = promise(payer, asset, 51)
    leave(channel, [transfer])
    if share is not None:
        promise.keep(transfer, share)
    at(EXPIRY - 1)
    with reverts(manager.NothingFinal, channelId=channel.id):
        show(channel, [transfer])
    assert channel.view() == left([transfer], *worth(asset, 51))


def test_what_was_open_at_settlement_is_settled_when_it_is_due(channel, promise, manager, at, stranger, show, wealth):
    """One at the settlement itself, one when its secret is shown, one at its expiry, each by whoever comes by."""
    first, second, third = transfers = tuple(promise(NODE, ETH, 10 * i) for i in (1, 2, 3))
    state = holding(*transfers)
    promise.keep(first)
    at(channel.dispute(channel.signed(**state)))
    given(manager.settle, channel.terms, channel.header(**state), listed(transfers), sender=stranger)
    assert channel.view() == left(transfers, wei=50, settled_transfers=0b001)
    promise.keep(second)
    before = wealth()
    tx = show(channel, transfers)
    assert events_of(tx)[0] == transfers_settled(channel, 0b011, user_wei=20)
    assert channel.view() == left(transfers, wei=30, settled_transfers=0b011)
    promise.keep(third, FULL_SHARE // 3)
    at(EXPIRY)
    tx = show(channel, transfers)
    assert events_of(tx)[0] == transfers_settled(channel, 0b111, user_wei=9, node_wei=21)
    assert wealth() - before == handed_out(user_wei=29, node_wei=21)
    assert channel.view() == View(Status.SETTLED)


def test_what_is_credited_can_be_taken_out(channel, leave, show, promise, manager, user, stranger, wealth):
    """By the account to wherever it wants, or by anyone to the account."""
    transfers = (promise(NODE, ETH, 20), promise(NODE, DAI, 50))
    leave(channel, transfers)
    for transfer in transfers:
        promise.keep(transfer)
    before = wealth()
    show(channel, transfers)
    manager.pushCredit(user, ETH, sender=stranger)
    manager.withdrawCredit(0, 50, stranger, sender=user)
    assert wealth() - before == {"manager.wei": -20, "user.wei": 20, "manager.dai": -50, "stranger.dai": 50}


def test_the_user_is_never_called(
    new_channel, leave, show, hostile_recipient, hostile_token, hostile_manager, hostile_wealth, promise, deployer
):
    """Nor is the token: whoever settles pays for neither."""
    user = parse_address(hostile_recipient.address)
    channel = new_channel(hostile_manager, user=user).hold(**HELD)
    given(hostile_recipient.behave, Conduct.BURNS_GAS, sender=deployer)
    given(hostile_token.behave, Conduct.BURNS_GAS, sender=deployer)
    transfers = (promise(NODE, ETH, 11), promise(NODE, DAI, 13))
    leave(channel, transfers)
    for transfer in transfers:
        promise.keep(transfer)
    before = hostile_wealth()
    tx = show(channel, transfers)
    assert hostile_wealth() - before == {"payee.credit.wei": 11, "payee.credit.dai": 13}
    assert events_of(tx) == [
        transfers_settled(channel, 0b11, user_wei=11, user_token=13),
        credited(hostile_manager, hostile_recipient, ETH, 11),
        credited(hostile_manager, hostile_recipient, DAI, 13),
    ]
    assert tx.gas_used < 150_000


# --- Which ---


def test_only_what_is_wanted_is_settled(channel, leave, show, promise, wealth):
    transfers = tuple(promise(NODE, ETH, amount) for amount in (1, 2, 4, 8))
    leave(channel, transfers)
    for transfer in transfers:
        promise.keep(transfer)
    before = wealth()
    tx = show(channel, transfers, 0b1010)
    assert wealth() - before == handed_out(user_wei=10)
    assert events_of(tx)[0] == transfers_settled(channel, 0b1010, user_wei=10)
    assert channel.view() == left(transfers, wei=5, settled_transfers=0b1010)


@pytest.mark.parametrize("order", permutations(range(3)), ids=str)
def test_in_any_order(channel, leave, show, promise, wealth, order):
    """Also where less is held than the list claims: 50 for 30, 15 and 40."""
    transfers = tuple(promise(NODE, ETH, amount) for amount in (30, 15, 40))
    leave(channel, transfers, node_wei=-50)
    gets = [30, 15, 5]
    for transfer in transfers:
        promise.keep(transfer)
    for which in order:
        before = wealth()
        show(channel, transfers, 1 << which)
        assert wealth() - before == handed_out(user_wei=gets[which])
    assert channel.view() == View(Status.SETTLED)


def test_what_is_wanted_too_early_stays(channel, leave, show, promise, wealth):
    kept, early = transfers = (promise(NODE, ETH, 1), promise(NODE, ETH, 2))
    leave(channel, transfers)
    promise.keep(kept)
    promise.keep(early, FULL_SHARE - 1)
    before = wealth()
    show(channel, transfers)
    assert wealth() - before == handed_out(user_wei=1)
    assert channel.view() == left(transfers, wei=2, settled_transfers=0b01)


@pytest.mark.parametrize("wanted", [0, 0b010, 1 << 3, 1 << 255, ALL - 0b101])
def test_where_nothing_wanted_can_be_settled(channel, leave, show, promise, manager, wanted):
    """The second is not final, and there are three."""
    transfers = tuple(promise(NODE, ETH, 10) for _ in range(3))
    leave(channel, transfers)
    promise.keep(transfers[0])
    promise.keep(transfers[2])
    with reverts(manager.NothingFinal, channelId=channel.id):
        show(channel, transfers, wanted)


def test_nothing_is_settled_twice(channel, leave, show, promise, manager, wealth):
    """Not even out of what the open transfers hold in the same asset."""
    transfers = (promise(NODE, ETH, 10), promise(NODE, ETH, 20))
    leave(channel, transfers)
    promise.keep(transfers[0])
    show(channel, transfers)
    before = wealth()
    for wanted in (0b01, ALL):
        with reverts(manager.NothingFinal, channelId=channel.id):
            show(channel, transfers, wanted)
    promise.keep(transfers[1])
    show(channel, transfers, 0b11)
    assert wealth() - before == handed_out(user_wei=20)


def test_nor_once_all_is_handed_out(channel, leave, show, promise, manager):
    transfers = (promise(NODE, ETH, 10), promise(NODE, DAI, 20))
    leave(channel, transfers)
    for transfer in transfers:
        promise.keep(transfer)
    show(channel, transfers)
    for again in (transfers, []):
        with reverts(manager.NothingLocked, channelId=channel.id):
            show(channel, again)


def test_the_first_and_the_last_of_256(channel, leave, show, promise, wealth):
    """Settled one by one: their bits are the ends of the word."""
    first = promise(NODE, ETH, 1)
    promise.keep(first)
    transfers = [replace(first, id=10**6 + i, expiry=EXPIRY + i % 255) for i in range(256)]
    leave(channel, transfers, user_wei=-100, node_wei=-200)
    before = wealth()
    tx = show(channel, transfers)  # and what nobody claims
    assert events_of(tx)[0] == transfers_settled(channel, 1 << 255 | 1, user_wei=2, node_wei=44)
    assert wealth() - before == handed_out(user_wei=2, node_wei=44)
    assert channel.view() == left(transfers, wei=254, settled_transfers=1 << 255 | 1)


# --- How much ---


@EACH_ASSET
def test_what_nobody_claims_is_the_nodes_with_the_first_showing(channel, leave, show, promise, wealth, asset):
    """Whatever is wanted; once."""
    transfer = promise(NODE, asset, 10)
    leave(channel, [transfer], **only(NODE, asset, -50))
    before = wealth()
    tx = show(channel, [transfer], 0)
    amounts = only(NODE, asset, 40)
    assert wealth() - before == handed_out(**amounts)
    assert events_of(tx) == [transfers_settled(channel, 0, **amounts)]
    assert channel.view() == left([transfer], *worth(asset, 10))
    with reverts(channel.manager.NothingFinal, channelId=channel.id):
        show(channel, [transfer], 0)


@EACH_ASSET
@EACH_PAYER
@pytest.mark.parametrize("kept", [False, True], ids=["no outcome yet", "all is proved"])
def test_a_transfer_above_the_limit_goes_back_at_once(new_channel, leave, show, promise, wealth, payer, asset, kept):
    above = TRANSFER_LIMIT[asset] + 1
    channel = new_channel(salt=1).hold(**only(payer, asset, above))
    transfer = promise(payer, asset, above)
    leave(channel, [transfer])
    if kept:
        promise.keep(transfer)
    before = wealth()
    tx = show(channel, [transfer])
    assert wealth() - before == handed_out(**only(payer, asset, above))
    assert events_of(tx)[0] == transfers_settled(channel, 1, **only(payer, asset, above))


# --- The list ---


@pytest.mark.parametrize(
    "other",
    [
        lambda a, b: (b, a),
        lambda a, _: (a,),
        lambda a, b: (a, b, b),
        lambda *_: (),
        lambda a, b: (a, replace(b, amount=9)),
        lambda a, b: (a, replace(b, payer=USER)),
    ],
    ids=["another order", "cut off", "one more", "nothing", "another amount", "another payer"],
)
def test_no_other_list(channel, leave, show, promise, manager, other):
    transfers = (promise(NODE, ETH, 10), promise(NODE, ETH, 10))
    leave(channel, transfers)
    for transfer in transfers:
        promise.keep(transfer)
    shown = other(*transfers)
    hashes = {"transfersHash": transfers_hash(shown), "expectedHash": transfers_hash(transfers)}
    with reverts(manager.WrongTransfers, channelId=channel.id, **hashes):
        show(channel, shown)


def test_nor_once_part_of_it_is_settled(channel, leave, show, promise, manager):
    """The whole list is shown every time."""
    transfers = (promise(NODE, ETH, 10), promise(NODE, ETH, 20))
    leave(channel, transfers)
    promise.keep(transfers[0])
    show(channel, transfers)
    promise.keep(transfers[1])
    rest = transfers[1:]
    hashes = {"transfersHash": transfers_hash(rest), "expectedHash": transfers_hash(transfers)}
    with reverts(manager.WrongTransfers, channelId=channel.id, **hashes):
        show(channel, rest)


# --- Which channel ---


def test_a_channel_that_was_never_funded_has_no_transfers(new_channel, show, promise, manager):
    channel = new_channel(salt=1)
    for transfers in ([], [promise(NODE, ETH, 1)]):
        with reverts(manager.ChannelNotSettled, channelId=channel.id):
            show(channel, transfers)


@pytest.mark.parametrize("seconds", [None, -1, 0], ids=["open", "disputed", "at the deadline"])
def test_nor_has_one_that_is_not_settled(channel, show, promise, manager, at, user, seconds):
    transfer = promise(NODE, ETH, 10)
    promise.keep(transfer)
    state = holding(transfer)
    if seconds is None:
        given(manager.checkpoint, channel.terms, channel.signed(**state), sender=user)
    else:
        at(channel.dispute(channel.signed(**state)) + seconds)
    with reverts(manager.ChannelNotSettled, channelId=channel.id):
        show(channel, [transfer])


def test_nor_one_that_was_settled_without(channel, show, promise, manager):
    channel.close()
    for transfers in ([], [promise(NODE, ETH, 1)]):
        with reverts(manager.NothingLocked, channelId=channel.id):
            show(channel, transfers)


def test_no_channel_settles_the_transfers_of_another(new_channel, leave, show, promise, manager, wealth):
    """One locks nothing, the other's accounts are somebody else's: each identity has its own."""
    transfer = promise(NODE, ETH, 10)
    promise.keep(transfer)
    channel, other = new_channel(salt=1).hold(**HELD), new_channel(salt=2).hold(**HELD)
    leave(channel, [transfer])
    other.close()
    with reverts(manager.NothingLocked, channelId=other.id):
        show(other, [transfer])
    before = wealth()
    show(channel, [transfer])
    assert wealth() - before == handed_out(user_wei=10)


def test_ether_sent_along_is_refused(channel, leave, show, promise, manager):
    transfer = promise(NODE, ETH, 10)
    promise.keep(transfer)
    leave(channel, [transfer])
    with reverts(manager.UnexpectedValue, value=3):
        show(channel, [transfer], value=3)


# --- In a batch ---


def test_a_batch_settles_a_channel_and_then_its_transfers(channel, promise, manager, user, stranger, at, wealth):
    """For instance what was recorded in between, by a neighbour of the same batch."""
    transfers = (promise(NODE, ETH, 10), promise(NODE, DAI, 20))
    promise.keep(transfers[1])
    state = holding(*transfers)
    at(channel.dispute(channel.signed(**state)))
    calls = [
        item(manager.settle, channel.terms, channel.header(**state), []),
        item(manager.settleTransfers, channel.terms, listed(transfers), ALL),
        item(manager.settleTransfers, channel.terms, listed(transfers), ALL),
        item(manager.pushCredit, user, DAI),
    ]
    before = wealth()
    tx = manager.batch(calls, sender=stranger)
    assert failures(tx) == {2: reason(manager.NothingFinal, channelId=channel.id)}
    moved = wealth() - before
    assert {
        holding: moved[holding] for holding in ("user.wei", "user.dai", "node.reserve.wei", "node.reserve.dai")
    } == {
        "user.wei": 100,
        "user.dai": 320,
        "node.reserve.wei": 190,
        "node.reserve.dai": 380,
    }
    assert channel.view() == left(transfers, wei=10, settled_transfers=0b10)


# --- A payee that calls back ---


def test_a_payout_does_not_reach_the_open_transfers(
    new_channel, promise, hostile_recipient, hostile_manager, hostile_wealth, deployer, stranger
):
    """The very call that would be right a moment later, from within the payout that leaves the transfers open."""
    channel = new_channel(hostile_manager, user=parse_address(hostile_recipient.address)).hold(user_wei=50, node_wei=60)
    transfer = promise(NODE, ETH, 10)
    promise.keep(transfer)
    again = hostile_manager.settleTransfers.encode_input(channel.terms, listed([transfer]), ALL)
    given(hostile_recipient.callBack, [again], sender=deployer)
    before = hostile_wealth()
    signed = channel.signed(is_final=True, **holding(transfer))
    tx = hostile_manager.close(channel.terms, signed, [], sender=stranger)
    answers = [arguments for _, name, arguments in events_of(tx) if name == "CalledBack"]
    assert [(a["succeeded"], bytes(a["answer"])[:4]) for a in answers] == [(False, reason(hostile_manager.Reentered))]
    hostile_manager.settleTransfers(channel.terms, listed([transfer]), ALL, sender=acting(hostile_recipient))
    assert hostile_wealth() - before == {
        "manager.wei": -50,
        "payee.wei": 50,
        "payee.credit.wei": 10,
        "node.reserve.wei": 50,
    }


# --- For ever (G6) ---


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("wei", "token"), [(1, 0), (0, 400), (300, 700)], ids=["a wei", "all dai of a side", "all"])
def test_a_settled_channel_with_open_transfers_takes_part_in_nothing_else(
    channel, promise, manager, user, operation, wei, token
):
    """Whatever its transfers hold: it has no second life."""
    transfers = (promise(NODE, ETH, 10**6), promise(NODE, DAI, 10**6))
    given(manager.checkpoint, channel.terms, channel.signed(nonce=7), sender=user)
    signed = channel.signed(nonce=8, is_final=True, transfers=transfers, user_wei=-wei, node_token=-token)
    given(manager.close, channel.terms, signed, [], sender=user)
    method, arguments, value = OPERATIONS[operation](manager, channel)
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        method(*arguments, sender=user, value=value)
    assert channel.view() == left(transfers, wei=wei, token=token)
