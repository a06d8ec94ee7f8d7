"""withdrawReserve: an account's own money, outside of channels, to anywhere."""

import pytest

from tests.contracts.channels import DAI, ETH, given
from tests.contracts.conftest import INITIAL_TOKENS
from tests.contracts.doubles import FAILING_TOKEN, REFUSING, WORKING_TOKEN, acting
from tests.contracts.expect import event, events_of, reverts


@pytest.fixture
def funded(manager, node):
    """The node's reserve: 50 wei and 70 of the token."""
    given(manager.fund, node, 70, sender=node, value=50)


@pytest.mark.parametrize(("amount_wei", "amount_token"), [(5, 0), (0, 7), (5, 7), (50, 70)])
@pytest.mark.parametrize("to", ["node", "recipient"])
@pytest.mark.usefixtures("funded")
def test_the_account_sends_its_reserve_anywhere(manager, dai, node, people, wealth, to, amount_wei, amount_token):
    before = wealth()
    tx = manager.withdrawReserve(amount_wei, amount_token, people[to], sender=node)
    moved = {
        f"{to}.wei": amount_wei,
        f"{to}.dai": amount_token,
        "manager.wei": -amount_wei,
        "manager.dai": -amount_token,
        "node.reserve.wei": -amount_wei,
        "node.reserve.dai": -amount_token,
    }
    assert wealth() - before == {holding: change for holding, change in moved.items() if change}
    withdrawn = event(
        manager.ReserveWithdrawn,
        account=node,
        recipient=people[to],
        amountWei=amount_wei,
        amountToken=amount_token,
    )
    sent = [event(dai.Transfer, src=manager, dst=people[to], wad=amount_token)] if amount_token else []
    assert events_of(tx) == [withdrawn, *sent]


@pytest.mark.parametrize("caller", ["user", "user_signer", "node_signer", "stranger"])
@pytest.mark.usefixtures("funded")
def test_nobody_else_moves_it(manager, people, caller, wealth):
    """Everybody has a reserve of their own, and that is all they reach."""
    before = wealth()
    with reverts(manager.ReserveTooSmall, account=people[caller], asset=ETH, amount=1, reserve=0):
        manager.withdrawReserve(1, 0, people[caller], sender=people[caller])
    with reverts(manager.ReserveTooSmall, account=people[caller], asset=DAI, amount=1, reserve=0):
        manager.withdrawReserve(0, 1, people[caller], sender=people[caller])
    assert wealth() - before == {}


@pytest.mark.parametrize(
    ("amount_wei", "amount_token", "refused"),
    [
        (51, 70, {"asset": ETH, "amount": 51, "reserve": 50}),
        (50, 71, {"asset": DAI, "amount": 71, "reserve": 70}),
        (2**128 - 1, 0, {"asset": ETH, "amount": 2**128 - 1, "reserve": 50}),
        (0, 2**128 - 1, {"asset": DAI, "amount": 2**128 - 1, "reserve": 70}),
    ],
)
@pytest.mark.usefixtures("funded")
def test_no_more_than_the_reserve_is_paid(manager, node, amount_wei, amount_token, refused):
    with reverts(manager.ReserveTooSmall, account=node, **refused):
        manager.withdrawReserve(amount_wei, amount_token, node, sender=node)


@pytest.mark.usefixtures("funded")
def test_withdrawing_nothing_is_refused(manager, node):
    with reverts(manager.NothingMoved):
        manager.withdrawReserve(0, 0, node, sender=node)


@pytest.mark.parametrize("to", ["nobody", "manager", "token"])
@pytest.mark.usefixtures("funded")
def test_money_is_not_sent_where_it_would_be_lost(manager, dai, node, to):
    recipient = {"nobody": "0x" + "00" * 20, "manager": manager.address, "token": dai.address}[to]
    with reverts(manager.ForbiddenAccount, account=recipient):
        manager.withdrawReserve(1, 1, recipient, sender=node)


@pytest.mark.usefixtures("funded")
def test_ether_sent_along_is_refused(manager, node):
    with reverts(manager.UnexpectedValue, value=3):
        manager.withdrawReserve(1, 1, node, sender=node, value=3)


@pytest.mark.parametrize("conduct", REFUSING)
@pytest.mark.usefixtures("funded")
def test_an_own_withdrawal_that_cannot_be_delivered_changes_nothing(manager, hostile_recipient, node, wealth, conduct):
    given(hostile_recipient.behave, conduct, sender=node)
    before = wealth()
    with reverts(manager.DeliveryFailed, recipient=hostile_recipient, asset=ETH, amount=5):
        manager.withdrawReserve(5, 7, hostile_recipient, sender=node)
    assert wealth() - before == {}


@pytest.mark.usefixtures("funded")
def test_an_own_withdrawal_gets_all_the_gas(manager, hostile_recipient, node):
    """The stipend protects others from the payee; here there is nobody to protect."""
    given(hostile_recipient.spendGas, 1_000_000, sender=node)
    manager.withdrawReserve(5, 0, hostile_recipient, sender=node)
    assert hostile_recipient.balance == 5


@pytest.mark.parametrize("conduct", WORKING_TOKEN)
def test_a_token_that_answers_true_or_nothing_has_paid(hostile_token, hostile_manager, node, recipient, conduct):
    given(hostile_manager.fund, node, 70, sender=node)
    given(hostile_token.behave, conduct, sender=node)
    hostile_manager.withdrawReserve(0, 7, recipient, sender=node)
    assert hostile_manager.reserveOf(node) == (0, 63)
    assert hostile_token.balanceOf(recipient) == INITIAL_TOKENS + 7


@pytest.mark.parametrize("conduct", FAILING_TOKEN)
def test_a_token_that_answers_anything_else_has_not_paid(hostile_token, hostile_manager, node, recipient, conduct):
    given(hostile_manager.fund, node, 70, sender=node)
    given(hostile_token.behave, conduct, sender=node)
    with reverts(hostile_manager.DeliveryFailed, recipient=recipient, asset=DAI, amount=7):
        hostile_manager.withdrawReserve(0, 7, recipient, sender=node)
    assert hostile_manager.reserveOf(node) == (0, 70)


def test_a_reserve_that_others_fund_is_still_the_accounts_alone(manager, node, stranger, wealth):
    given(manager.fund, node, 0, sender=stranger, value=50)
    before = wealth()
    with reverts(manager.ReserveTooSmall, account=stranger, asset=ETH, amount=50, reserve=0):
        manager.withdrawReserve(50, 0, stranger, sender=stranger)
    assert wealth() - before == {}


def test_a_contract_withdraws_its_own_reserve(manager, hostile_recipient, node):
    given(manager.fund, hostile_recipient, 0, sender=node, value=50)
    manager.withdrawReserve(20, 0, hostile_recipient, sender=acting(hostile_recipient))
    assert hostile_recipient.balance == 20
    assert manager.reserveOf(hostile_recipient) == (30, 0)
