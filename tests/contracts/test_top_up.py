"""topUp: the deposit for a channel that is already open, which its id alone can name."""

import pytest

from connext.types import Status
from tests.contracts.cases import EACH_ASSET, EACH_CALLER, EACH_SIDE
from tests.contracts.channels import DAI, ETH, NODE, USER, View, given, only, worth
from tests.contracts.conftest import CAPACITY
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import deposited, moved_tokens


@EACH_CALLER
@EACH_SIDE
@EACH_ASSET
def test_anyone_tops_up_either_side(manager, dai, channel, people, wealth, caller, side, asset):
    channel.hold(user_wei=1, node_wei=2, user_token=3, node_token=4)
    amount_wei, amount_token = worth(asset, 10)
    before = wealth()
    tx = manager.topUp(channel.id, side, amount_token, sender=people[caller], value=amount_wei)
    unit = "dai" if asset else "wei"
    assert wealth() - before == {f"{caller}.{unit}": -10, f"manager.{unit}": 10}
    assert events_of(tx) == [
        deposited(channel, side, amount_wei, amount_token),
        *moved_tokens(dai, people[caller], manager, amount_token),
    ]
    contributions = {"user_wei": 1, "node_wei": 2, "user_token": 3, "node_token": 4}
    for name, amount in only(side, asset, 10).items():
        contributions[name] += amount
    assert channel.view() == View(Status.OPEN, **contributions)


@EACH_SIDE
@EACH_ASSET
def test_a_top_up_brings_the_second_asset(manager, channel, user, side, asset):
    channel.hold(**only(USER, asset, 3))
    other = ETH if asset else DAI
    amount_wei, amount_token = worth(other, 10)
    manager.topUp(channel.id, side, amount_token, sender=user, value=amount_wei)
    assert channel.view() == View(Status.OPEN, **only(USER, asset, 3), **only(side, other, 10))


def test_it_cannot_open_a_channel(manager, channel, user):
    with reverts(manager.ChannelUnfunded, channelId=channel.id):
        manager.topUp(channel.id, USER, 0, sender=user, value=1)


def test_a_top_up_of_nothing_is_refused(manager, channel, user):
    channel.hold(user_wei=3)
    with reverts(manager.NothingMoved):
        manager.topUp(channel.id, USER, 0, sender=user)


@EACH_SIDE
@EACH_ASSET
def test_not_beyond_the_capacity(manager, channel, user, side, asset):
    channel.hold(**only(USER, asset, 4))
    amount_wei, amount_token = worth(asset, CAPACITY[asset] - 3)
    with reverts(
        manager.CapacityExceeded,
        channelId=channel.id,
        asset=asset,
        total=CAPACITY[asset] + 1,
        capacity=CAPACITY[asset],
    ):
        manager.topUp(channel.id, side, amount_token, sender=user, value=amount_wei)
    amount_wei, amount_token = worth(asset, CAPACITY[asset] - 4)
    manager.topUp(channel.id, side, amount_token, sender=user, value=amount_wei)


def test_only_the_callers_own_tokens_are_pulled(manager, dai, channel, stranger):
    channel.hold(user_wei=3)
    given(dai.transfer, manager, dai.balanceOf(stranger), sender=stranger)
    with reverts(manager.TokenPullFailed, **{"from": stranger, "amount": 1}):
        manager.topUp(channel.id, USER, 1, sender=stranger)


@pytest.mark.parametrize("seconds", [-1, 0], ids=["before its deadline", "after its deadline"])
def test_no_top_up_while_a_dispute_runs(manager, channel, user, at, seconds):
    channel.hold(user_wei=5)
    deadline = channel.dispute()
    at(deadline + seconds)
    with reverts(manager.DisputeRunning, channelId=channel.id, deadline=deadline):
        manager.topUp(channel.id, USER, 0, sender=user, value=1)


def test_top_ups_go_on_after_a_resume(manager, channel, user):
    channel.hold(user_wei=5)
    channel.dispute()
    channel.resume()
    manager.topUp(channel.id, NODE, 0, sender=user, value=1)
    assert channel.view() == View(Status.OPEN, dispute=1, user_wei=5, node_wei=1)


def test_a_settled_channel_takes_no_top_up(manager, channel, user):
    channel.hold(user_wei=5)
    channel.close()
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.topUp(channel.id, USER, 0, sender=user, value=1)
