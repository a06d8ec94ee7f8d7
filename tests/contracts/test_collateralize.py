"""collateralize: an account of the channel moves money from its reserve into its side, if the capacity allows."""

import pytest

from connext.types import Status
from tests.contracts.cases import EACH_ASSET, EACH_SIDE
from tests.contracts.channels import DAI, ETH, NODE, USER, View, given, only, worth
from tests.contracts.conftest import CAPACITY, CAPACITY_TOKEN, CAPACITY_WEI
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import collateralized, opened
from tests.contracts.money import moves

RESERVE = 10


@pytest.fixture(autouse=True)
def reserves(manager, people):
    """Everybody has a reserve."""
    for person in people.values():
        given(manager.fund, person, RESERVE, sender=person, value=RESERVE)


def account_of(side):
    return "node" if side else "user"


@pytest.mark.parametrize(
    ("amount_wei", "amount_token"), [(5, 0), (0, 7), (5, 7), (RESERVE, RESERVE)], ids=lambda amount: str(amount)
)
@EACH_SIDE
def test_each_account_collateralizes_its_own_side(manager, channel, people, wealth, side, amount_wei, amount_token):
    channel.hold(user_wei=1, node_wei=2, user_token=3, node_token=4)
    account = account_of(side)
    before = wealth()
    tx = manager.collateralize(channel.terms, amount_wei, amount_token, sender=people[account])
    moved = {f"{account}.reserve.wei": -amount_wei, f"{account}.reserve.dai": -amount_token}
    assert wealth() - before == moves(moved)
    assert events_of(tx) == [collateralized(channel, side, amount_wei, amount_token)]
    contributions = {"user_wei": 1, "node_wei": 2, "user_token": 3, "node_token": 4}
    for name, amount in (*only(side, ETH, amount_wei).items(), *only(side, DAI, amount_token).items()):
        contributions[name] += amount
    assert channel.view() == View(Status.OPEN, **contributions)


@EACH_SIDE
@EACH_ASSET
def test_it_may_open_the_channel(manager, channel, people, side, asset):
    tx = manager.collateralize(channel.terms, *worth(asset, 5), sender=people[account_of(side)])
    amount_wei, amount_token = worth(asset, 5)
    assert events_of(tx) == [
        opened(channel),
        collateralized(channel, side, amount_wei, amount_token),
    ]
    assert channel.view() == View(Status.OPEN, **only(side, asset, 5))


@pytest.mark.parametrize("caller", ["user_signer", "node_signer", "stranger"])
@pytest.mark.parametrize("held", [0, 1], ids=["new channel", "open channel"])
def test_nobody_but_the_two_accounts(manager, channel, people, caller, held):
    """Not the signers either: a reserve is moved by its account alone."""
    channel.hold(user_wei=held)
    with reverts(manager.NotAnAccount, channelId=channel.id, caller=people[caller]):
        manager.collateralize(channel.terms, 1, 1, sender=people[caller])


@EACH_SIDE
@EACH_ASSET
def test_not_more_than_the_reserve(manager, channel, people, side, asset):
    account = people[account_of(side)]
    with reverts(manager.ReserveTooSmall, account=account, asset=asset, amount=RESERVE + 1, reserve=RESERVE):
        manager.collateralize(channel.terms, *worth(asset, RESERVE + 1), sender=account)
    assert channel.view() == View()


@EACH_SIDE
@EACH_ASSET
def test_only_what_the_capacity_allows_is_moved(manager, channel, people, wealth, side, asset):
    """More than that, even more than the reserve, may be asked for."""
    channel.hold(**only(USER, asset, CAPACITY[asset] - 7), **only(NODE, asset, 4))
    account = account_of(side)
    before = wealth()
    tx = manager.collateralize(channel.terms, *worth(asset, 2**128 - 1), sender=people[account])
    assert wealth() - before == {f"{account}.reserve.{'dai' if asset else 'wei'}": -3}
    amount_wei, amount_token = worth(asset, 3)
    assert events_of(tx) == [collateralized(channel, side, amount_wei, amount_token)]
    view = channel.view()
    held = (view.user_token, view.node_token) if asset else (view.user_wei, view.node_wei)
    assert held == ((CAPACITY[asset] - 7, 7) if side else (CAPACITY[asset] - 4, 4))


def test_of_each_asset_what_its_own_capacity_allows(manager, channel, node):
    channel.hold(user_wei=CAPACITY_WEI - 1, user_token=CAPACITY_TOKEN - 2)
    tx = manager.collateralize(channel.terms, 9, 9, sender=node)
    assert events_of(tx) == [collateralized(channel, NODE, 1, 2)]


@EACH_ASSET
def test_a_full_channel_moves_nothing(manager, channel, node, asset):
    channel.hold(**only(USER, asset, CAPACITY[asset]))
    with reverts(manager.NothingMoved):
        manager.collateralize(channel.terms, *worth(asset, 1), sender=node)


@EACH_ASSET
def test_an_asset_without_capacity_moves_nothing(deploy_manager, new_channel, node, asset):
    manager = deploy_manager(**{"capacityToken" if asset else "capacityWei": 0})
    with reverts(manager.NothingMoved):
        manager.collateralize(new_channel(manager).terms, *worth(asset, 1), sender=node)


@pytest.mark.parametrize("held", [0, 1], ids=["new channel", "open channel"])
def test_nothing_asked_moves_nothing(manager, channel, node, held):
    channel.hold(user_wei=held)
    with reverts(manager.NothingMoved):
        manager.collateralize(channel.terms, 0, 0, sender=node)


def test_ether_sent_along_is_refused(manager, channel, node):
    with reverts(manager.UnexpectedValue, value=3):
        manager.collateralize(channel.terms, 1, 1, sender=node, value=3)


@pytest.mark.parametrize("seconds", [-1, 0], ids=["before its deadline", "after its deadline"])
def test_no_collateral_while_a_dispute_runs(manager, channel, node, at, seconds):
    channel.hold(user_wei=5)
    deadline = channel.dispute()
    at(deadline + seconds)
    with reverts(manager.DisputeRunning, channelId=channel.id, deadline=deadline):
        manager.collateralize(channel.terms, 1, 1, sender=node)


def test_a_settled_channel_takes_no_collateral(manager, channel, node):
    channel.hold(user_wei=5)
    channel.close()
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.collateralize(channel.terms, 1, 1, sender=node)
