"""pushCredit: anyone pays an account its credit, for accounts that cannot call."""

import pytest

from tests.contracts.channels import DAI, ETH, given
from tests.contracts.doubles import FAILING_TOKEN, REFUSING
from tests.contracts.expect import event, events_of, reverts

PER_ASSET = pytest.mark.parametrize(("asset", "unit", "amount"), [(ETH, "wei", 50), (DAI, "dai", 70)])


@PER_ASSET
@pytest.mark.parametrize("caller", ["user", "node", "stranger"])
def test_anyone_pays_it_and_only_to_its_account(
    hostile_manager, credited, people, hostile_wealth, caller, asset, unit, amount
):
    before = hostile_wealth()
    tx = hostile_manager.pushCredit(credited, asset, sender=people[caller])
    assert hostile_wealth() - before == {
        f"payee.credit.{unit}": -amount,
        f"payee.{unit}": amount,
        f"manager.{unit}": -amount,
    }
    paid = event(
        hostile_manager.CreditWithdrawn,
        account=credited,
        recipient=credited,
        amountWei=amount if asset == ETH else 0,
        amountToken=amount if asset == DAI else 0,
    )
    # The account reports what it got; the gas is all there was.
    assert [log for log in events_of(tx) if log[1] != "Received"] == [paid]


@PER_ASSET
def test_it_is_paid_once(hostile_manager, credited, stranger, asset, unit, amount):
    hostile_manager.pushCredit(credited, asset, sender=stranger)
    with reverts(hostile_manager.NothingMoved):
        hostile_manager.pushCredit(credited, asset, sender=stranger)
    assert hostile_manager.creditOf(credited) == ((0, 70) if asset == ETH else (50, 0)), (unit, amount)


@pytest.mark.parametrize("asset", [ETH, DAI])
def test_an_account_without_credit_is_not_paid(hostile_manager, node, stranger, asset):
    given(hostile_manager.fund, node, 70, sender=node, value=50)
    with reverts(hostile_manager.NothingMoved):
        hostile_manager.pushCredit(node, asset, sender=stranger)


@pytest.mark.parametrize("asset", [ETH, DAI])
def test_ether_sent_along_is_refused(hostile_manager, credited, stranger, asset):
    with reverts(hostile_manager.UnexpectedValue, value=3):
        hostile_manager.pushCredit(credited, asset, sender=stranger, value=3)


@pytest.mark.parametrize("conduct", REFUSING)
def test_ether_that_is_refused_again_stays_a_credit(hostile_manager, credited, hostile_wealth, stranger, conduct):
    given(credited.behave, conduct, sender=stranger)
    before = hostile_wealth()
    with reverts(hostile_manager.DeliveryFailed, recipient=credited, asset=ETH, amount=50):
        hostile_manager.pushCredit(credited, ETH, sender=stranger)
    assert hostile_wealth() - before == {}


@pytest.mark.parametrize("conduct", FAILING_TOKEN)
def test_tokens_that_fail_again_stay_a_credit(
    hostile_manager, hostile_token, credited, hostile_wealth, stranger, conduct
):
    given(hostile_token.behave, conduct, sender=stranger)
    before = hostile_wealth()
    with reverts(hostile_manager.DeliveryFailed, recipient=credited, asset=DAI, amount=70):
        hostile_manager.pushCredit(credited, DAI, sender=stranger)
    assert hostile_wealth() - before == {}


def test_a_payee_that_needs_more_than_the_stipend_gets_its_money_so(hostile_manager, credited, stranger):
    given(credited.spendGas, 1_000_000, sender=stranger)
    hostile_manager.pushCredit(credited, ETH, sender=stranger)
    assert hostile_manager.creditOf(credited) == (0, 70)
    assert credited.balance == 50


def test_it_never_touches_the_reserve(hostile_manager, credited, node, stranger):
    """A stranger cannot push a node's reserve out from under it."""
    given(hostile_manager.fund, credited, 2, sender=node, value=1)
    hostile_manager.pushCredit(credited, ETH, sender=stranger)
    hostile_manager.pushCredit(credited, DAI, sender=stranger)
    assert hostile_manager.reserveOf(credited) == (1, 2)
