"""deposit: anyone adds ETH and tokens to a side of a channel; the first deposit opens it. Nothing is signed."""

import pytest

from connext.types import Status
from tests.contracts.cases import EACH_ASSET, EACH_CALLER, EACH_SIDE
from tests.contracts.channels import DAI, ETH, NODE, USER, View, given, only, worth
from tests.contracts.conftest import CAPACITY
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import deposited, moved_tokens, opened
from tests.contracts.money import moves

AMOUNTS = pytest.mark.parametrize(
    ("amount_wei", "amount_token"), [(5, 0), (0, 7), (5, 7)], ids=["eth", "dai", "eth and dai"]
)


def deposit_logs(channel, dai, caller, side, amount_wei, amount_token):
    deposit = deposited(channel, side, amount_wei, amount_token)
    return [deposit, *moved_tokens(dai, caller, channel.manager, amount_token)]


def deposit_moves(caller, amount_wei, amount_token):
    return moves(
        {
            f"{caller}.wei": -amount_wei,
            f"{caller}.dai": -amount_token,
            "manager.wei": amount_wei,
            "manager.dai": amount_token,
        }
    )


@AMOUNTS
@EACH_SIDE
@EACH_CALLER
def test_the_first_deposit_opens_the_channel(
    manager, dai, channel, people, wealth, caller, side, amount_wei, amount_token
):
    before = wealth()
    tx = manager.deposit(channel.terms, side, amount_token, sender=people[caller], value=amount_wei)
    assert wealth() - before == deposit_moves(caller, amount_wei, amount_token)
    assert events_of(tx) == [
        opened(channel),
        *deposit_logs(channel, dai, people[caller], side, amount_wei, amount_token),
    ]
    contributions = {**only(side, ETH, amount_wei), **only(side, DAI, amount_token)}
    assert channel.view() == View(Status.OPEN, **contributions)


@AMOUNTS
@EACH_SIDE
@pytest.mark.parametrize(
    "held",
    [only(USER, ETH, 100), only(NODE, DAI, 100), {"user_wei": 1, "node_wei": 2, "user_token": 3, "node_token": 4}],
)
def test_later_deposits_add_up(manager, dai, channel, user, wealth, held, side, amount_wei, amount_token):
    channel.hold(**held)
    before = wealth()
    tx = manager.deposit(channel.terms, side, amount_token, sender=user, value=amount_wei)
    assert wealth() - before == deposit_moves("user", amount_wei, amount_token)
    assert events_of(tx) == deposit_logs(channel, dai, user, side, amount_wei, amount_token)
    contributions = {**held}
    for name, amount in (*only(side, ETH, amount_wei).items(), *only(side, DAI, amount_token).items()):
        contributions[name] = contributions.get(name, 0) + amount
    assert channel.view() == View(Status.OPEN, **contributions)


def test_a_deposit_of_nothing_is_refused(manager, channel, user):
    with reverts(manager.NothingMoved):
        manager.deposit(channel.terms, USER, 0, sender=user)
    channel.hold(user_wei=1)
    with reverts(manager.NothingMoved):
        manager.deposit(channel.terms, USER, 0, sender=user)


# --- Capacity (G8) ---


@EACH_SIDE
@EACH_ASSET
def test_a_channel_can_be_filled_to_its_capacity(manager, channel, user, side, asset):
    amount_wei, amount_token = worth(asset, CAPACITY[asset])
    manager.deposit(channel.terms, side, amount_token, sender=user, value=amount_wei)
    assert channel.view() == View(Status.OPEN, **only(side, asset, CAPACITY[asset]))


@EACH_SIDE
@EACH_ASSET
def test_not_beyond_its_capacity(manager, channel, user, side, asset):
    amount_wei, amount_token = worth(asset, CAPACITY[asset] + 1)
    with reverts(
        manager.CapacityExceeded,
        channelId=channel.id,
        asset=asset,
        total=CAPACITY[asset] + 1,
        capacity=CAPACITY[asset],
    ):
        manager.deposit(channel.terms, side, amount_token, sender=user, value=amount_wei)
    assert channel.view() == View()


@EACH_SIDE
@EACH_ASSET
def test_both_sides_share_the_capacity(manager, channel, user, side, asset):
    channel.hold(**only(side.other, asset, 3), **only(side, asset, CAPACITY[asset] - 5))
    amount_wei, amount_token = worth(asset, 3)
    with reverts(
        manager.CapacityExceeded,
        channelId=channel.id,
        asset=asset,
        total=CAPACITY[asset] + 1,
        capacity=CAPACITY[asset],
    ):
        manager.deposit(channel.terms, side, amount_token, sender=user, value=amount_wei)
    amount_wei, amount_token = worth(asset, 2)
    manager.deposit(channel.terms, side, amount_token, sender=user, value=amount_wei)


@EACH_ASSET
def test_a_withdrawal_makes_room(manager, channel, user, asset):
    channel.hold(**only(USER, asset, CAPACITY[asset]))
    given(manager.withdraw, channel.terms, *channel.withdrawal(**only(NODE, asset, 4)), sender=user)
    amount_wei, amount_token = worth(asset, 4)
    manager.deposit(channel.terms, NODE, amount_token, sender=user, value=amount_wei)
    assert channel.view() == View(Status.OPEN, sequence=1, **only(USER, asset, CAPACITY[asset]))


@EACH_ASSET
def test_an_asset_without_capacity_is_not_used(deploy_manager, new_channel, user, asset):
    manager = deploy_manager(**{"capacityToken" if asset else "capacityWei": 0})
    channel = new_channel(manager)
    amount_wei, amount_token = worth(asset, 1)
    with reverts(manager.CapacityExceeded, channelId=channel.id, asset=asset, total=1, capacity=0):
        manager.deposit(channel.terms, USER, amount_token, sender=user, value=amount_wei)


# --- Tokens ---


def test_only_the_callers_own_tokens_are_pulled(manager, dai, channel, stranger):
    """Everybody else allowed the manager everything, and that must not help a caller without tokens."""
    given(dai.transfer, manager, dai.balanceOf(stranger), sender=stranger)
    with reverts(manager.TokenPullFailed, **{"from": stranger, "amount": 1}):
        manager.deposit(channel.terms, USER, 1, sender=stranger)
    assert channel.view() == View()


def test_tokens_that_were_not_allowed_are_not_pulled(manager, dai, channel, user):
    given(dai.approve, manager, 6, sender=user)
    with reverts(manager.TokenPullFailed, **{"from": user, "amount": 7}):
        manager.deposit(channel.terms, USER, 7, sender=user, value=5)
    assert channel.view() == View()


# --- Where the channel stands ---


@EACH_ASSET
@pytest.mark.parametrize("seconds", [-1, 0], ids=["before its deadline", "after its deadline"])
def test_no_deposit_while_a_dispute_runs(manager, channel, user, at, asset, seconds):
    channel.hold(user_wei=5, user_token=7)
    deadline = channel.dispute()
    amount_wei, amount_token = worth(asset, 1)
    at(deadline + seconds)
    with reverts(manager.DisputeRunning, channelId=channel.id, deadline=deadline):
        manager.deposit(channel.terms, USER, amount_token, sender=user, value=amount_wei)


def test_deposits_go_on_after_a_resume(manager, channel, user):
    channel.hold(user_wei=5)
    channel.dispute()
    channel.resume()
    manager.deposit(channel.terms, NODE, 0, sender=user, value=1)
    assert channel.view() == View(Status.OPEN, dispute=1, user_wei=5, node_wei=1)


@EACH_ASSET
def test_a_settled_channel_takes_no_deposit(manager, channel, new_channel, user, asset):
    """And so has no second life in which its old states could be used: the parties go on under a new salt."""
    channel.hold(user_wei=5, user_token=7)
    channel.close()
    amount_wei, amount_token = worth(asset, 1)
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.deposit(channel.terms, USER, amount_token, sender=user, value=amount_wei)

    successor = new_channel(salt=1)
    manager.deposit(successor.terms, USER, amount_token, sender=user, value=amount_wei)
    assert successor.view() == View(Status.OPEN, **only(USER, asset, 1))


def test_an_emptied_channel_can_be_filled_again(manager, channel, user):
    channel.hold(user_wei=5)
    given(manager.withdraw, channel.terms, *channel.withdrawal(user_wei=5), sender=user)
    manager.deposit(channel.terms, USER, 0, sender=user, value=3)
    assert channel.view() == View(Status.OPEN, sequence=1, user_wei=3)


def test_channels_do_not_touch_each_other(manager, new_channel, user):
    one, other = new_channel(salt=1).hold(user_wei=1, node_token=2), new_channel(salt=2)
    manager.deposit(other.terms, NODE, 7, sender=user, value=5)
    assert one.view() == View(Status.OPEN, user_wei=1, node_token=2)
    assert other.view() == View(Status.OPEN, node_wei=5, node_token=7)
