"""settle and close with open transfers: what is final is paid out at once, the rest stays for whom it will be due.

Each rule holds for both ways to end a channel.
"""

from dataclasses import replace

import pytest

from connext.conditions import FULL_SHARE
from connext.messages import transfers_hash
from connext.types import Amounts, Asset, Side, Status
from tests.contracts.cases import EACH_ASSET, EACH_CALLER, EACH_PAYER
from tests.contracts.channels import (
    DAI,
    ETH,
    HELD,
    INITIAL_HEADER,
    NO_TRANSFERS,
    NODE,
    NOTHING,
    PAID,
    USER,
    View,
    given,
    listed,
    only,
    worth,
)
from tests.contracts.conftest import TRANSFER_LIMIT
from tests.contracts.doubles import Conduct
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import credited, locked, moved_tokens, settled
from tests.contracts.money import paid_out
from tests.contracts.transfers import ALL, EXPIRY, holding, left


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


@pytest.fixture(params=["settle", "close"])
def end(request, at, stranger):
    """`end(channel, shown, **state)`: pay out a state, and show these transfers; `time`: in a block of this time."""

    def settle(channel, shown, *, time=None, sender=stranger, **state):
        deadline = channel.dispute(channel.signed(**state))
        at(time or deadline)
        return channel.manager.settle(channel.terms, channel.header(**state), listed(shown), sender=sender)

    def close(channel, shown, *, time=None, sender=stranger, **state):
        if time:
            at(time)
        signed = channel.signed(is_final=True, **state)
        return channel.manager.close(channel.terms, signed, listed(shown), sender=sender)

    return {"settle": settle, "close": close}[request.param]


def paid_of(held, changes):
    """What a channel pays that held this, after these changes."""
    return {name: amount + changes.get(name, 0) for name, amount in held.items()}


# --- What is final is part of the payout ---


@EACH_CALLER
def test_anyone_ends_a_channel_with_its_transfers(end, channel, promise, dai, manager, people, user, wealth, caller):
    """The user is sent its balance and what it gets of transfers in one payout per asset; the node has reserve."""
    transfers = (promise(USER, ETH, 20), promise(NODE, DAI, 50))
    for transfer in transfers:
        promise.keep(transfer)
    before = wealth()
    tx = end(channel, transfers, sender=people[caller], **holding(*transfers, nonce=7, **PAID))
    shares = Amounts(user_wei=90 - 20, node_wei=210 + 20, user_token=330 + 50, node_token=370 - 50)
    assert wealth() - before == paid_out(*shares)
    assert events_of(tx) == [settled(channel, 7, shares), *moved_tokens(dai, manager, user, 380)]
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
        (None, EXPIRY + 10**9, 0),
    ],
    ids=[
        "all, long before the expiry",
        "all, a second before",
        "all, at the expiry",
        "almost all",
        "half",
        "almost nothing",
        "nothing recorded",
        "nothing recorded, decades after",
    ],
)
def test_a_final_transfer(end, new_channel, promise, wealth, payer, asset, share, time, for_payee):
    """Rounded down for the payee; the payer has the rest."""
    channel = new_channel(salt=1).hold(**only(USER, asset, 100), **only(NODE, asset, 200))
    transfer = promise(payer, asset, 51)
    if share is not None:
        promise.keep(transfer, share)
    before = wealth()
    end(channel, [transfer], time=time, **holding(transfer))
    moved = for_payee if payer == USER else -for_payee
    parts = (100 - moved, 200 + moved)
    assert wealth() - before == paid_out(*((0, 0, *parts) if asset else (*parts, 0, 0)))
    assert channel.view() == View(Status.SETTLED)


@EACH_ASSET
@EACH_PAYER
def test_an_exchange(end, channel, promise, wealth, payer, asset):
    """Two opposite transfers on one triple: both legs or neither."""
    there = promise(payer, asset, 40)
    back = promise(Side(1 - payer), Asset(1 - asset), 70, params_hash=there.params_hash)
    promise.keep(there)
    before = wealth()
    end(channel, [there, back], **holding(there, back))
    payee, other = Side(1 - payer), Asset(1 - asset)
    moved = {
        **only(payer, asset, -40),
        **only(payee, asset, 40),
        **only(payee, other, -70),
        **only(payer, other, 70),
    }
    assert wealth() - before == paid_out(**paid_of(HELD, moved))


def test_a_user_that_cannot_be_paid_is_credited_with_its_transfers_too(
    end, new_channel, hostile_recipient, hostile_token, hostile_manager, hostile_wealth, promise, deployer
):
    channel = new_channel(hostile_manager, user=bytes.fromhex(hostile_recipient.address[2:])).hold(**HELD)
    given(hostile_recipient.behave, Conduct.BURNS_GAS, sender=deployer)
    given(hostile_token.behave, Conduct.RETURNS_FALSE, sender=deployer)
    transfers = (promise(NODE, ETH, 11), promise(NODE, DAI, 13))
    for transfer in transfers:
        promise.keep(transfer)
    before = hostile_wealth()
    tx = end(channel, transfers, **holding(*transfers))
    assert hostile_wealth() - before == {
        "payee.credit.wei": 111,
        "payee.credit.dai": 313,
        "node.reserve.wei": 189,
        "node.reserve.dai": 387,
    }
    assert events_of(tx) == [
        settled(channel, 1, Amounts(111, 189, 313, 387)),
        credited(hostile_manager, hostile_recipient, ETH, 111),
        credited(hostile_manager, hostile_recipient, DAI, 313),
    ]


# --- What is not final stays ---


@EACH_ASSET
@EACH_PAYER
@pytest.mark.parametrize("share", [None, 1, FULL_SHARE - 1])
def test_a_second_before_the_expiry_a_transfer_is_open(end, channel, promise, wealth, payer, asset, share):
    """A higher share can still be recorded. Nobody gets what it holds."""
    transfer = promise(payer, asset, 51)
    if share is not None:
        promise.keep(transfer, share)
    before = wealth()
    tx = end(channel, [transfer], time=EXPIRY - 1, **holding(transfer))
    paid = paid_of(HELD, only(payer, asset, -51))
    assert wealth() - before == paid_out(**paid)
    assert events_of(tx)[:2] == [settled(channel, 1, Amounts(**paid)), locked(channel, [transfer], *worth(asset, 51))]
    assert channel.view() == left([transfer], *worth(asset, 51))


def test_of_many_each_goes_its_own_way(end, channel, promise, dai, manager, user, wealth):
    """Kept, half kept and due, open, due without an outcome, above all of both assets."""
    kept = promise(USER, ETH, 10)
    half = promise(NODE, ETH, 21, expiry=EXPIRY - 10)
    open_wei = promise(USER, ETH, 5)
    due = promise(NODE, DAI, 30, expiry=0)
    open_token = promise(NODE, DAI, 7)
    promise.keep(kept)
    promise.keep(half, FULL_SHARE // 2)
    promise.keep(open_wei, FULL_SHARE // 2)
    transfers = (kept, half, open_wei, due, open_token)
    before = wealth()
    tx = end(channel, transfers, time=EXPIRY - 10, **holding(*transfers, nonce=3))
    shares = Amounts(
        user_wei=100 - 10 + 10 - 5,
        node_wei=200 + 10 - 10,
        user_token=300,
        node_token=400 - 7,
    )
    assert wealth() - before == paid_out(*shares)
    assert events_of(tx) == [
        settled(channel, 3, shares),
        locked(channel, transfers, wei=5, token=7, settled=0b01011),
        *moved_tokens(dai, manager, user, 300),
    ]
    assert channel.view() == left(transfers, wei=5, token=7, settled_transfers=0b01011)


# --- Without the list ---


def test_without_the_list_all_transfers_stay_open(end, channel, promise, dai, manager, user, wealth):
    """Whoever has not got it settles all the same, and takes nothing from anybody: others show it later."""
    transfers = (promise(USER, ETH, 10), promise(NODE, DAI, 20))
    for transfer in transfers:
        promise.keep(transfer)
    before = wealth()
    tx = end(channel, [], **holding(*transfers, nonce=3))
    shares = Amounts(90, 200, 300, 380)
    assert wealth() - before == paid_out(*shares)
    assert events_of(tx) == [
        settled(channel, 3, shares),
        locked(channel, transfers, wei=10, token=20),
        *moved_tokens(dai, manager, user, 300),
    ]
    assert channel.view() == left(transfers, wei=10, token=20)


def test_whoever_lost_its_store_settles_with_the_event_alone(manager, channel, promise, user, wealth, at):
    """No settlement needs data that only the counterparty has; not even where transfers are open."""
    state = holding(promise(USER, ETH, 10), nonce=7)
    given(manager.checkpoint, channel.terms, channel.signed(**state), sender=user)
    at(channel.dispute())
    (log,) = manager.StateRecorded.range(manager.provider.get_block("latest").number + 1)
    before = wealth()
    manager.settle(channel.terms, tuple(log.state), [], sender=user)
    assert wealth() - before == paid_out(90, 200, 300, 400)


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_batch_needs_no_luck_with_who_settles_first(manager, channel, promise, user, wealth, at, seconds):
    """Settlement with the list, and the same for what somebody left open by being first: one of the two is done."""
    transfer = promise(NODE, ETH, 10)
    promise.keep(transfer)
    state = holding(transfer)
    deadline = channel.dispute(channel.signed(**state))
    if seconds:
        at(deadline)
        given(manager.settle, channel.terms, channel.header(**state), [], sender=user)
    at(deadline + seconds)
    before = wealth()
    calls = [
        (bytes(manager.settle.encode_input(channel.terms, channel.header(**state), listed([transfer]))), 0, 400_000),
        (bytes(manager.settleTransfers.encode_input(channel.terms, listed([transfer]), ALL)), 0, 400_000),
    ]
    tx = manager.batch(calls, sender=user)
    assert [name for _, name, _ in events_of(tx)].count("CallFailed") == 1
    moved = wealth() - before
    assert moved == ({"user.credit.wei": 10} if seconds else paid_out(110, 190, 300, 400))
    assert channel.view() == View(Status.SETTLED)


# --- Another list than the state's ---


@pytest.mark.parametrize(
    "other",
    [
        lambda a, b, c: (b, a, c),
        lambda a, b, _: (a, b),
        lambda _, b, c: (b, c),
        lambda a, b, c: (a, b, c, c),
        lambda a, b, _: (a, b, a),
        lambda a, b, c: (a, b, replace(c, amount=11)),
    ],
    ids=["another order", "the end cut off", "the start cut off", "one more", "one for another", "another amount"],
)
def test_no_other_list(end, channel, promise, other):
    transfers = tuple(promise(USER, ETH, 10) for _ in range(3))
    shown = other(*transfers)
    hashes = {"transfersHash": transfers_hash(shown), "expectedHash": transfers_hash(transfers)}
    with reverts(channel.manager.WrongTransfers, channelId=channel.id, **hashes):
        end(channel, shown, **holding(*transfers))


def test_no_list_where_the_state_has_none(end, channel, promise):
    """But holds something: it is not to be given to a list of somebody's own."""
    shown = (promise(NODE, ETH, 10),)
    hashes = {"transfersHash": transfers_hash(shown), "expectedHash": NO_TRANSFERS}
    with reverts(channel.manager.WrongTransfers, channelId=channel.id, **hashes):
        end(channel, shown, node_wei=-10)


def test_where_nothing_is_held_the_list_does_not_matter(end, channel, promise, wealth):
    before = wealth()
    tx = end(channel, [promise(NODE, ETH, 10)])
    assert wealth() - before == paid_out(**HELD)
    assert events_of(tx)[0] == settled(channel, 1, Amounts(**HELD))
    assert channel.view() == View(Status.SETTLED)


def test_nor_in_the_initial_state(manager, channel, promise, wealth, user, at):
    at(channel.dispute())
    before = wealth()
    manager.settle(channel.terms, INITIAL_HEADER, listed([promise(NODE, ETH, 10)]), sender=user)
    assert wealth() - before == paid_out(**HELD)


def test_a_hash_that_nobody_has_a_list_for_stops_nobody_elses_money(end, channel, promise, wealth):
    """What such a state holds is lost for those who signed it; the rest is paid."""
    unknown = promise(USER, ETH, 10)
    state = {**holding(unknown, nonce=2), "transfers": (replace(unknown, amount=3),)}
    before = wealth()
    tx = end(channel, [], **state)
    assert wealth() - before == paid_out(90, 200, 300, 400)
    assert events_of(tx)[1] == locked(channel, state["transfers"], wei=10, token=0)
    assert channel.view() == left(state["transfers"], wei=10)


# --- How much is held (G7): what was signed, not what the list says ---


@EACH_ASSET
def test_more_than_the_list_claims_is_the_nodes(end, channel, promise, wealth, asset):
    """At once, with the first showing."""
    transfer = promise(USER, asset, 10)
    state = {"transfers": (transfer,), **only(USER, asset, -60)}
    before = wealth()
    tx = end(channel, [transfer], **state)
    paid = paid_of(HELD, {**only(USER, asset, -60), **only(NODE, asset, 50)})
    assert wealth() - before == paid_out(**paid)
    assert events_of(tx)[:2] == [settled(channel, 1, Amounts(**paid)), locked(channel, [transfer], *worth(asset, 10))]
    assert channel.view() == left([transfer], *worth(asset, 10))


@EACH_ASSET
def test_less_than_the_list_claims_is_for_those_who_come_first(end, channel, promise, wealth, asset):
    transfers = tuple(promise(NODE, asset, 40) for _ in range(3))
    for transfer in transfers:
        promise.keep(transfer)
    state = {"transfers": transfers, **only(NODE, asset, -50)}
    before = wealth()
    end(channel, transfers, **state)
    assert wealth() - before == paid_out(**paid_of(HELD, {**only(NODE, asset, -50), **only(USER, asset, 50)}))
    assert channel.view() == View(Status.SETTLED)


def test_with_less_than_the_list_claims_later_ones_get_nothing(end, channel, promise):
    """Of 50 the second has 10 reserved, the third nothing; so the second is all that stays open."""
    transfers = tuple(promise(NODE, ETH, 40) for _ in range(3))
    promise.keep(transfers[0])
    promise.keep(transfers[2])
    end(channel, transfers, transfers=transfers, node_wei=-50)
    assert channel.view() == left(transfers, wei=10, settled_transfers=0b001)


def test_a_list_without_money_behind_it_claims_nothing(end, channel, promise, wealth):
    """Nets that add up to nothing, or to more than nothing."""
    transfer = promise(NODE, ETH, 40)
    promise.keep(transfer)
    before = wealth()
    end(channel, [transfer], transfers=(transfer,), user_wei=10, node_wei=-7)
    assert wealth() - before == paid_out(110, 190, 300, 400)
    assert channel.view() == View(Status.SETTLED)


def test_more_than_the_channel_has_is_bounded_by_what_it_has(end, channel, promise, wealth):
    transfer = promise(NODE, ETH, 2**127)
    before = wealth()
    end(channel, [], transfers=(transfer,), user_wei=-(2**127), node_wei=-(2**127))
    assert wealth() - before == paid_out(0, 0, 300, 400)
    assert channel.view() == left([transfer], wei=300)


def test_money_held_for_no_transfer_is_the_nodes(end, channel, wealth):
    """No list has to be shown for that."""
    before = wealth()
    end(channel, [], user_wei=-30, node_token=-40)
    assert wealth() - before == paid_out(70, 230, 300, 400)
    assert channel.view() == View(Status.SETTLED)


@pytest.mark.parametrize(("payer", "asset"), [(2, 0), (0, 2), (255, 255)])
def test_an_unknown_code_claims_nothing(end, channel, promise, wealth, payer, asset):
    unknown = promise(payer, asset, 10)
    before = wealth()
    end(channel, [unknown], transfers=(unknown,), user_wei=-10)
    assert wealth() - before == paid_out(90, 210, 300, 400)
    assert channel.view() == View(Status.SETTLED)


def test_a_list_longer_than_can_be_settled_stops_nothing(end, channel, promise, wealth):
    """256 claim something; what the others would is the node's."""
    transfers = [promise(NODE, ETH, 1)]
    promise.keep(transfers[0])
    transfers += [replace(transfers[0], id=10**6 + i) for i in range(299)]
    nets = {"user_wei": -100, "node_wei": -200}
    before = wealth()
    end(channel, transfers, transfers=tuple(transfers), **nets)
    assert wealth() - before == paid_out(256, 44, 300, 400)
    assert channel.view() == View(Status.SETTLED)


# --- Limits (G8) ---


@EACH_ASSET
@EACH_PAYER
@pytest.mark.parametrize("kept", [False, True], ids=["no outcome yet", "all is proved"])
@pytest.mark.parametrize("above", [0, 1])
def test_a_transfer_above_the_limit_goes_back_to_its_payer_at_once(
    end, new_channel, promise, wealth, payer, asset, kept, above
):
    limit = TRANSFER_LIMIT[asset]
    channel = new_channel(salt=1).hold(**only(USER, asset, 2 * limit), **only(NODE, asset, 2 * limit))
    transfer = promise(payer, asset, limit + above)
    if kept:
        promise.keep(transfer)
    before = wealth()
    end(channel, [transfer], **holding(transfer))
    everything = {**only(USER, asset, 2 * limit), **only(NODE, asset, 2 * limit)}
    nothing_moved, all_moved = {}, {**only(payer, asset, -limit), **only(Side(1 - payer), asset, limit)}
    held_back = only(payer, asset, -limit)
    moved = nothing_moved if above else all_moved if kept else held_back
    assert wealth() - before == paid_out(**paid_of({**NOTHING, **everything}, moved))
    is_open = not above and not kept
    assert channel.view() == (left([transfer], *worth(asset, limit)) if is_open else View(Status.SETTLED))


# --- Other channels (G2) ---


def test_the_same_transfers_in_another_channel_are_not_touched(end, new_channel, promise):
    transfers = (promise(USER, ETH, 10), promise(NODE, DAI, 20))
    one, other = (new_channel(salt=salt).hold(**HELD) for salt in (1, 2))
    for channel in (one, other):
        end(channel, [], **holding(*transfers))
    promise.keep(transfers[0])
    given(one.manager.settleTransfers, one.terms, listed(transfers), ALL, sender=one.sponsor)
    assert one.view() == left(transfers, token=20, settled_transfers=0b01)
    assert other.view() == left(transfers, wei=10, token=20)
