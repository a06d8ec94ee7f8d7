"""fund: money into an account's reserve, outside of channels."""

import pytest

from tests.contracts.channels import DAI, ETH, given
from tests.contracts.conftest import INITIAL_TOKENS
from tests.contracts.expect import event, events_of, reverts

MAX_RESERVE = 2**127 - 1

AMOUNTS = pytest.mark.parametrize(
    ("amount_wei", "amount_token"), [(5, 0), (0, 7), (5, 7), (1, 0), (0, 1)], ids=lambda amount: str(amount)
)


def pulled(dai, account, manager, amount):
    return [event(dai.Transfer, src=account, dst=manager, wad=amount)] if amount else []


@AMOUNTS
@pytest.mark.parametrize("account", ["node", "stranger"])
def test_anyone_funds_any_account(manager, dai, people, node, wealth, account, amount_wei, amount_token):
    before = wealth()
    tx = manager.fund(people[account], amount_token, sender=node, value=amount_wei)
    moved = {
        "node.wei": -amount_wei,
        "node.dai": -amount_token,
        "manager.wei": amount_wei,
        "manager.dai": amount_token,
        f"{account}.reserve.wei": amount_wei,
        f"{account}.reserve.dai": amount_token,
    }
    assert wealth() - before == {holding: change for holding, change in moved.items() if change}
    funded = event(manager.Funded, account=people[account], amountWei=amount_wei, amountToken=amount_token)
    assert events_of(tx) == [funded, *pulled(dai, node, manager, amount_token)]


def test_funding_adds_up(manager, node, wealth):
    given(manager.fund, node, 7, sender=node, value=5)
    before = wealth()
    manager.fund(node, 20, sender=node, value=10)
    assert wealth() - before == {
        "node.wei": -10,
        "node.dai": -20,
        "manager.wei": 10,
        "manager.dai": 20,
        "node.reserve.wei": 10,
        "node.reserve.dai": 20,
    }


def test_funding_nothing_is_refused(manager, node):
    with reverts(manager.NothingMoved):
        manager.fund(node, 0, sender=node)


@pytest.mark.parametrize("owner", ["nobody", "manager", "token"])
def test_money_is_not_sent_where_nobody_could_take_it_out(manager, dai, node, owner):
    account = {"nobody": "0x" + "00" * 20, "manager": manager.address, "token": dai.address}[owner]
    with reverts(manager.ForbiddenAccount, account=account):
        manager.fund(account, 1, sender=node, value=1)


def test_only_the_callers_own_tokens_are_pulled(manager, user, node, wealth):
    """Everybody's allowance is unlimited here, and still the account that is named does not pay."""
    before = wealth()
    manager.fund(user, 7, sender=node)
    assert wealth() - before == {"node.dai": -7, "manager.dai": 7, "user.reserve.dai": 7}


def test_tokens_that_the_caller_does_not_have_are_not_credited(manager, node, wealth):
    before = wealth()
    with reverts(manager.TokenPullFailed, **{"from": node, "amount": INITIAL_TOKENS + 1}):
        manager.fund(node, INITIAL_TOKENS + 1, sender=node, value=1)
    assert wealth() - before == {}


def test_tokens_that_the_caller_did_not_allow_are_not_pulled(manager, dai, node, wealth):
    given(dai.approve, manager, 6, sender=node)
    before = wealth()
    with reverts(manager.TokenPullFailed, **{"from": node, "amount": 7}):
        manager.fund(node, 7, sender=node)
    assert wealth() - before == {}


def test_ether_of_a_reserve_ends_where_it_could_overflow(manager, node, chain):
    chain.set_balance(node.address, MAX_RESERVE + 3)
    given(manager.fund, node, 0, sender=node, value=MAX_RESERVE)
    with reverts(manager.ReserveTooLarge, account=node, asset=ETH, reserve=MAX_RESERVE + 1, max=MAX_RESERVE):
        manager.fund(node, 0, sender=node, value=1)
    assert manager.reserveOf(node) == (MAX_RESERVE, 0)


def test_tokens_of_a_reserve_end_where_they_could_overflow(manager, dai, deployer, node):
    given(dai.mint, node, MAX_RESERVE + 1, sender=deployer)
    given(manager.fund, node, MAX_RESERVE, sender=node)
    with reverts(manager.ReserveTooLarge, account=node, asset=DAI, reserve=MAX_RESERVE + 1, max=MAX_RESERVE):
        manager.fund(node, 1, sender=node)
    assert manager.reserveOf(node) == (0, MAX_RESERVE)


def test_a_full_reserve_is_still_paid_and_does_not_stop_the_other_asset(manager, dai, channel, deployer, node, wealth):
    """Payouts of channels go on above what funding may reach: a full reserve can block nobody."""
    given(dai.mint, node, MAX_RESERVE, sender=deployer)
    given(manager.fund, node, MAX_RESERVE, sender=node)
    channel.hold(user_wei=5, node_token=8)
    channel.close()
    assert manager.reserveOf(node) == (0, MAX_RESERVE + 8)
    before = wealth()
    manager.fund(node, 0, sender=node, value=1)
    assert wealth() - before == {"node.wei": -1, "manager.wei": 1, "node.reserve.wei": 1}
