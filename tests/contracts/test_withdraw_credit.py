"""withdrawCredit: payouts that could not be delivered, sent by their account to anywhere."""

import pytest

from tests.contracts.channels import DAI, ETH, given
from tests.contracts.doubles import FAILING_TOKEN, REFUSING, acting
from tests.contracts.expect import event, events_of, reverts

AMOUNTS = pytest.mark.parametrize(("amount_wei", "amount_token"), [(5, 0), (0, 7), (5, 7), (50, 70)])


@AMOUNTS
def test_the_account_sends_its_credit_anywhere(
    hostile_manager, credited, recipient, hostile_wealth, amount_wei, amount_token
):
    before = hostile_wealth()
    tx = hostile_manager.withdrawCredit(amount_wei, amount_token, recipient, sender=acting(credited))
    moved = {
        "payee.credit.wei": -amount_wei,
        "payee.credit.dai": -amount_token,
        "recipient.wei": amount_wei,
        "recipient.dai": amount_token,
        "manager.wei": -amount_wei,
        "manager.dai": -amount_token,
    }
    assert hostile_wealth() - before == {holding: change for holding, change in moved.items() if change}
    assert events_of(tx) == [
        event(
            hostile_manager.CreditWithdrawn,
            account=credited,
            recipient=recipient,
            amountWei=amount_wei,
            amountToken=amount_token,
        )
    ]


@pytest.mark.parametrize("caller", ["user", "node", "user_signer", "stranger"])
@pytest.mark.parametrize(("amounts", "asset"), [((1, 0), ETH), ((0, 1), DAI)])
@pytest.mark.usefixtures("credited")
def test_nobody_else_moves_it(hostile_manager, people, caller, amounts, asset):
    with reverts(hostile_manager.CreditTooSmall, account=people[caller], asset=asset, amount=1, credit=0):
        hostile_manager.withdrawCredit(*amounts, people[caller], sender=people[caller])


@pytest.mark.parametrize(
    ("amount_wei", "amount_token", "refused"),
    [
        (51, 70, {"asset": ETH, "amount": 51, "credit": 50}),
        (50, 71, {"asset": DAI, "amount": 71, "credit": 70}),
        (2**128 - 1, 0, {"asset": ETH, "amount": 2**128 - 1, "credit": 50}),
        (0, 2**128 - 1, {"asset": DAI, "amount": 2**128 - 1, "credit": 70}),
    ],
)
def test_no_more_than_the_credit_is_paid(hostile_manager, credited, recipient, amount_wei, amount_token, refused):
    with reverts(hostile_manager.CreditTooSmall, account=credited, **refused):
        hostile_manager.withdrawCredit(amount_wei, amount_token, recipient, sender=acting(credited))


def test_credit_is_paid_once(hostile_manager, credited, recipient):
    hostile_manager.withdrawCredit(50, 70, recipient, sender=acting(credited))
    with reverts(hostile_manager.CreditTooSmall, account=credited, asset=ETH, amount=50, credit=0):
        hostile_manager.withdrawCredit(50, 70, recipient, sender=acting(credited))


def test_withdrawing_nothing_is_refused(hostile_manager, credited, recipient):
    with reverts(hostile_manager.NothingMoved):
        hostile_manager.withdrawCredit(0, 0, recipient, sender=acting(credited))


@pytest.mark.parametrize("to", ["nobody", "manager", "token"])
def test_money_is_not_sent_where_it_would_be_lost(hostile_manager, hostile_token, credited, to):
    recipient = {"nobody": "0x" + "00" * 20, "manager": hostile_manager.address, "token": hostile_token.address}[to]
    with reverts(hostile_manager.ForbiddenAccount, account=recipient):
        hostile_manager.withdrawCredit(1, 1, recipient, sender=acting(credited))


@pytest.mark.usefixtures("credited")
def test_ether_sent_along_is_refused(hostile_manager, stranger):
    with reverts(hostile_manager.UnexpectedValue, value=3):
        hostile_manager.withdrawCredit(1, 1, stranger, sender=stranger, value=3)


@pytest.mark.parametrize("conduct", REFUSING)
def test_ether_that_cannot_be_delivered_stays_a_credit(hostile_manager, credited, hostile_wealth, stranger, conduct):
    given(credited.behave, conduct, sender=stranger)
    before = hostile_wealth()
    with reverts(hostile_manager.DeliveryFailed, recipient=credited, asset=ETH, amount=5):
        hostile_manager.withdrawCredit(5, 7, credited, sender=acting(credited))
    assert hostile_wealth() - before == {}


@pytest.mark.parametrize("conduct", FAILING_TOKEN)
def test_tokens_that_cannot_be_delivered_stay_a_credit(
    hostile_manager, hostile_token, credited, hostile_wealth, stranger, recipient, conduct
):
    given(hostile_token.behave, conduct, sender=stranger)
    before = hostile_wealth()
    with reverts(hostile_manager.DeliveryFailed, recipient=recipient, asset=DAI, amount=7):
        hostile_manager.withdrawCredit(5, 7, recipient, sender=acting(credited))
    assert hostile_wealth() - before == {}


def test_credit_and_reserve_are_apart(hostile_manager, credited, recipient, node):
    """Who funds an account's reserve cannot be paid by its credit, nor the other way round."""
    given(hostile_manager.fund, credited, 2, sender=node, value=1)
    with reverts(hostile_manager.CreditTooSmall, account=credited, asset=ETH, amount=51, credit=50):
        hostile_manager.withdrawCredit(51, 0, recipient, sender=acting(credited))
    hostile_manager.withdrawCredit(50, 70, recipient, sender=acting(credited))
    assert hostile_manager.reserveOf(credited) == (1, 2)
    assert hostile_manager.creditOf(credited) == (0, 0)
