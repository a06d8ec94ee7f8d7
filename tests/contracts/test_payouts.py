"""Payouts of a channel: whatever a payee or the token does, everybody else is paid, and nothing is lost.

The user's side is sent out at settle, close and withdraw; what cannot be delivered becomes the account's credit
(docs/protocol.md sections 5 and 11, guarantee G10).
"""

from bisect import bisect_left

import pytest
from ape import networks

from connext.keccak import keccak256
from connext.types import Status, checksum, parse_address
from tests.contracts.channels import DAI, ETH, INITIAL_HEADER, View, given
from tests.contracts.doubles import FAILING_TOKEN, REFUSING, WORKING_TOKEN, Conduct
from tests.contracts.expect import event, events_of
from tests.contracts.transactions import GAS, Reverted, send

STIPEND = 100_000
PAYOUT_GAS = 145_000

PAID = {"user_wei": 5, "node_wei": 6, "user_token": 7, "node_token": 8}
"""What the channels here hold, and every payout here pays."""


def settle(channel, sender, **options):
    return channel.manager.settle(channel.terms, channel.header(nonce=1), [], sender=sender, **options)


def close(channel, sender, **options):
    return channel.manager.close(channel.terms, channel.signed(nonce=1, is_final=True), [], sender=sender, **options)


def withdraw(channel, sender, **options):
    return channel.manager.withdraw(channel.terms, *channel.withdrawal(**PAID), sender=sender, **options)


@pytest.fixture
def ready(at):
    """`ready(pay, channel)`: the channel holds `PAID` and `pay` can be called next."""

    def prepare(pay, channel):
        channel.hold(**PAID)
        if pay is settle:
            at(channel.dispute(channel.signed(nonce=1)))
        return channel

    return prepare


WAYS = pytest.mark.parametrize("pay", [settle, close, withdraw])


def names(tx):
    return [name for _, name, _ in events_of(tx)]


# --- Honest payees ---


@WAYS
def test_both_sides_are_paid(ready, channel, dai, manager, stranger, wealth, pay):
    ready(pay, channel)
    before = wealth()
    tx = pay(channel, stranger)
    assert wealth() - before == {
        "user.wei": 5,
        "user.dai": 7,
        "node.reserve.wei": 6,
        "node.reserve.dai": 8,
        "manager.wei": -5,
        "manager.dai": -7,
    }
    assert events_of(tx)[-1] == event(dai.Transfer, src=manager, dst=channel.terms[0], wad=7)
    assert len(tx.logs) == 2


# --- Hostile payees ---


@WAYS
@pytest.mark.parametrize("conduct", REFUSING)
def test_ether_that_a_payee_refuses_becomes_its_credit(
    ready, hostile_channel, hostile_recipient, hostile_wealth, stranger, pay, conduct
):
    """The other asset and the node are paid all the same."""
    ready(pay, hostile_channel)
    given(hostile_recipient.behave, conduct, sender=stranger)
    before = hostile_wealth()
    tx = pay(hostile_channel, stranger)
    assert hostile_wealth() - before == {
        "payee.credit.wei": 5,
        "payee.dai": 7,
        "node.reserve.wei": 6,
        "node.reserve.dai": 8,
        "manager.dai": -7,
    }
    credited = event(hostile_channel.manager.Credited, account=hostile_recipient, asset=ETH, amount=5)
    assert events_of(tx)[1:] == [credited]


@WAYS
@pytest.mark.parametrize("conduct", FAILING_TOKEN)
def test_tokens_that_are_not_delivered_become_credit(
    ready, hostile_channel, hostile_recipient, hostile_token, hostile_wealth, stranger, pay, conduct
):
    """A payout never counts as made because the token did not revert."""
    ready(pay, hostile_channel)
    given(hostile_token.behave, conduct, sender=stranger)
    before = hostile_wealth()
    tx = pay(hostile_channel, stranger)
    assert hostile_wealth() - before == {
        "payee.wei": 5,
        "payee.credit.dai": 7,
        "node.reserve.wei": 6,
        "node.reserve.dai": 8,
        "manager.wei": -5,
    }
    credited = event(hostile_channel.manager.Credited, account=hostile_recipient, asset=DAI, amount=7)
    assert events_of(tx)[-1] == credited
    assert names(tx)[1:] == ["Received", "Credited"]


@WAYS
@pytest.mark.parametrize("conduct", WORKING_TOKEN)
def test_a_token_that_answers_true_or_nothing_has_paid(
    ready, hostile_channel, hostile_token, hostile_wealth, stranger, pay, conduct
):
    ready(pay, hostile_channel)
    given(hostile_token.behave, conduct, sender=stranger)
    before = hostile_wealth()
    pay(hostile_channel, stranger)
    assert hostile_wealth() - before == {
        "payee.wei": 5,
        "payee.dai": 7,
        "node.reserve.wei": 6,
        "node.reserve.dai": 8,
        "manager.wei": -5,
        "manager.dai": -7,
    }


@WAYS
def test_nothing_delivered_at_all_still_closes_the_books(
    ready, hostile_channel, hostile_recipient, hostile_token, hostile_wealth, stranger, pay
):
    ready(pay, hostile_channel)
    given(hostile_recipient.behave, Conduct.BURNS_GAS, sender=stranger)
    given(hostile_token.behave, Conduct.BURNS_GAS, sender=stranger)
    before = hostile_wealth()
    tx = pay(hostile_channel, stranger)
    assert hostile_wealth() - before == {
        "payee.credit.wei": 5,
        "payee.credit.dai": 7,
        "node.reserve.wei": 6,
        "node.reserve.dai": 8,
    }
    credited = hostile_channel.manager.Credited
    assert events_of(tx)[1:] == [
        event(credited, account=hostile_recipient, asset=ETH, amount=5),
        event(credited, account=hostile_recipient, asset=DAI, amount=7),
    ]


def test_credits_add_up(new_channel, hostile_manager, hostile_recipient, hostile_token, stranger):
    user = parse_address(hostile_recipient.address)
    channels = [new_channel(hostile_manager, user=user, salt=salt).hold(**PAID) for salt in (1, 2)]
    given(hostile_recipient.behave, Conduct.REVERTS, sender=stranger)
    given(hostile_token.behave, Conduct.RETURNS_FALSE, sender=stranger)
    for channel in channels:
        close(channel, stranger)
    assert hostile_manager.creditOf(hostile_recipient) == (10, 14)


@pytest.mark.parametrize("conduct", REFUSING)
def test_an_undelivered_withdrawal_is_credited_to_the_account_not_to_the_recipient(
    new_channel, manager, hostile_recipient, user, stranger, wealth, conduct
):
    """The recipient is where the user wanted it, the money is still the user's."""
    channel = new_channel().hold(**PAID)
    given(hostile_recipient.behave, conduct, sender=stranger)
    before = wealth()
    elsewhere = channel.withdrawal(user_wei=5, recipient=parse_address(hostile_recipient.address))
    tx = manager.withdraw(channel.terms, *elsewhere, sender=stranger)
    assert wealth() - before == {"user.credit.wei": 5}
    assert events_of(tx)[1:] == [event(manager.Credited, account=user, asset=ETH, amount=5)]
    assert manager.creditOf(hostile_recipient) == (0, 0)
    assert channel.view() == View(Status.OPEN, sequence=1, node_wei=6, user_token=7, node_token=8)


def test_undelivered_tokens_of_a_withdrawal_are_credited_to_the_account_too(
    new_channel, hostile_manager, hostile_token, user, recipient, stranger, hostile_wealth
):
    channel = new_channel(hostile_manager).hold(**PAID)
    given(hostile_token.behave, Conduct.RETURNS_FALSE, sender=stranger)
    before = hostile_wealth()
    elsewhere = channel.withdrawal(user_wei=5, user_token=7, recipient=parse_address(recipient.address))
    tx = hostile_manager.withdraw(channel.terms, *elsewhere, sender=stranger)
    assert hostile_wealth() - before == {"recipient.wei": 5, "manager.wei": -5, "user.credit.dai": 7}
    assert events_of(tx)[1:] == [event(hostile_manager.Credited, account=user, asset=DAI, amount=7)]


@WAYS
def test_a_payee_is_called_with_the_whole_stipend(ready, hostile_channel, stranger, pay):
    """Enough for a smart wallet, and what the payee gets does not depend on what the caller sends along."""
    ready(pay, hostile_channel)
    tx = pay(hostile_channel, stranger)
    (gas_given,) = [arguments["gasGiven"] for _, name, arguments in events_of(tx) if name == "Received"]
    # The EVM adds 2 300 to a call with value; reading the calldata costs the payee a little before it looks.
    assert STIPEND + 2_300 - 100 < gas_given < STIPEND + 2_300


@WAYS
@pytest.mark.parametrize(
    ("double", "gas_spent", "delivered"),
    [
        ("recipient", STIPEND - 5_000, True),
        ("recipient", STIPEND + 3_000, False),
        ("token", STIPEND - 60_000, True),
        ("token", STIPEND + 3_000, False),
    ],
)
def test_the_stipend_is_enough_or_the_payout_becomes_credit(
    ready,
    hostile_channel,
    hostile_recipient,
    hostile_token,
    hostile_wealth,
    stranger,
    pay,
    double,
    gas_spent,
    delivered,
):
    """However much gas the caller sends. (A transfer of tokens needs some of it for itself.)"""
    slow, unit, amount = {"recipient": (hostile_recipient, "wei", 5), "token": (hostile_token, "dai", 7)}[double]
    ready(pay, hostile_channel)
    given(slow.spendGas, gas_spent, sender=stranger)
    before = hostile_wealth()
    pay(hostile_channel, stranger)
    moved = hostile_wealth() - before
    assert moved.get(f"payee.{unit}", 0) == (amount if delivered else 0)
    assert moved.get(f"payee.credit.{unit}", 0) == (0 if delivered else amount)
    assert (moved["payee.dai"] if unit == "wei" else moved["payee.wei"]) == 12 - amount


@WAYS
@pytest.mark.parametrize("double", ["recipient", "token"])
@pytest.mark.parametrize("bomb", [Conduct.RETURNS_BOMB, Conduct.REVERTS_WITH_BOMB])
def test_what_a_payee_returns_is_not_copied(
    ready, at, hostile_channel, hostile_recipient, hostile_token, stranger, pay, double, bomb
):
    """A bomb costs the caller no more than a payee that burns the whole stipend."""
    payee = {"recipient": hostile_recipient, "token": hostile_token}[double]
    ready(pay, hostile_channel)

    def gas_used(conduct):
        snapshot = networks.provider.snapshot()
        given(payee.behave, conduct, sender=stranger)
        if pay is settle:
            at(hostile_channel.view().deadline)
        used = pay(hostile_channel, stranger).gas_used
        networks.provider.restore(snapshot)
        return used

    assert gas_used(bomb) < gas_used(Conduct.BURNS_GAS)


def test_a_token_that_takes_a_fee_harms_nobody_elses_ether(
    hostile_channel, hostile_token, hostile_wealth, deployer, stranger
):
    """Such a token is not DAI, and nobody should deploy with it; where somebody does, nothing is blocked even so."""
    given(hostile_token.behave, Conduct.TAKES_FEE, sender=deployer)
    hostile_channel.hold(user_wei=5, node_wei=6, user_token=1_000)
    before = hostile_wealth()
    assert before["manager.dai"] == 990
    close(hostile_channel, stranger)
    assert hostile_wealth() - before == {
        "payee.wei": 5,
        "payee.credit.dai": 1_000,
        "node.reserve.wei": 6,
        "manager.wei": -5,
    }


# --- A caller who chooses the gas ---

FROM, TO, STEP = 60_000, 420_000, 2_000


@pytest.mark.parametrize(
    ("holdings", "slow", "gas_spent", "gas_needed"),
    [
        ({"user_wei": 5, "user_token": 7}, "recipient", 0, 2 * PAYOUT_GAS),
        ({"user_wei": 5, "user_token": 7}, "recipient", 95_000, 2 * PAYOUT_GAS),
        ({"user_wei": 5}, "recipient", 95_000, PAYOUT_GAS),
        ({"user_token": 7}, "token", 60_000, PAYOUT_GAS),
    ],
    ids=["quick payee, both assets", "slow payee, both assets", "slow payee, ether", "slow token"],
)
def test_no_gas_limit_makes_a_payee_only_credited(
    hostile_channel,
    hostile_recipient,
    hostile_token,
    hostile_wealth,
    at,
    stranger,
    holdings,
    slow,
    gas_spent,
    gas_needed,
):
    """Whatever gas the caller sends, the transaction fails as a whole or pays in full, also where payees are slow."""
    manager = hostile_channel.manager
    hostile_channel.hold(**holdings)
    deadline = hostile_channel.dispute()
    given({"recipient": hostile_recipient, "token": hostile_token}[slow].spendGas, gas_spent, sender=stranger)
    settlement = manager.settle.encode_input(hostile_channel.terms, INITIAL_HEADER, [])
    before = hostile_wealth()
    paid_in_full = {
        holding: change
        for unit, amount in (("wei", holdings.get("user_wei")), ("dai", holdings.get("user_token")))
        if amount
        for holding, change in ((f"payee.{unit}", amount), (f"manager.{unit}", -amount))
    }

    def ending(gas):
        """What the transaction reverted with (no bytes: it ran out of gas), or `None` where it paid in full."""
        snapshot = networks.provider.snapshot()
        at(deadline)
        try:
            send(str(stranger), manager.address, settlement, gas=gas)
        except Reverted as reverted:
            return reverted.data
        assert hostile_wealth() - before == paid_in_full, f"with {gas} gas"
        networks.provider.restore(snapshot)
        return None

    endings = [ending(gas) for gas in range(FROM, TO, STEP)]
    refused = [reason for reason in endings if reason is not None]
    assert endings == refused + [None] * (len(endings) - len(refused))
    assert 0 < len(refused) < len(endings)
    selector, gas_left, needed = refused[-1][:4], refused[-1][4:36], refused[-1][36:]
    assert selector == keccak256(b"PayoutGasTooLow(uint256,uint256)")[:4]
    assert int.from_bytes(needed, "big") == gas_needed
    assert gas_needed - STEP <= int.from_bytes(gas_left, "big") < gas_needed


LOOKS_AT_ITS_GAS = bytes.fromhex("5a6201731811600a57005b5f5ffd")
"""Code of an account that refuses at once what comes with less than 95 000 gas, and takes everything else."""


def test_nor_one_that_looks_at_its_gas_first(new_channel, manager, at, stranger):
    """It burns nothing when it refuses, so enough would be left to credit it."""
    payee = checksum(b"\x12" * 20)
    channel = new_channel(user=parse_address(payee)).hold(user_wei=5)
    deadline = channel.dispute()
    networks.provider.set_code(payee, LOOKS_AT_ITS_GAS)
    settlement = manager.settle.encode_input(channel.terms, INITIAL_HEADER, [])
    paid = []
    for gas in range(FROM, TO, STEP):
        snapshot = networks.provider.snapshot()
        at(deadline)
        try:
            send(str(stranger), manager.address, settlement, gas=gas)
        except Reverted:
            paid.append(False)
        else:
            paid.append(True)
            assert manager.creditOf(payee) == (0, 0), f"with {gas} gas"
            assert networks.provider.get_balance(payee) == 5
        networks.provider.restore(snapshot)
    assert paid == sorted(paid)
    assert len(set(paid)) == 2


@WAYS
def test_a_payee_that_turns_hostile_after_the_estimate_makes_no_payout_fail(
    ready, chain, hostile_channel, hostile_recipient, hostile_wealth, stranger, pay
):
    """The least gas that pays an honest payee is enough whatever the payee does when its turn comes."""
    ready(pay, hostile_channel)
    chain.mine()

    def suffices(gas):
        snapshot = networks.provider.snapshot()
        try:
            pay(hostile_channel, stranger, gas=gas)
        except Reverted:
            return False
        networks.provider.restore(snapshot)
        return True

    estimate = bisect_left(range(GAS), True, lo=100_000, hi=1_000_000, key=suffices)
    given(hostile_recipient.behave, Conduct.BURNS_GAS, sender=stranger)
    before = hostile_wealth()
    pay(hostile_channel, stranger, gas=estimate)
    assert hostile_wealth() - before == {
        "payee.credit.wei": 5,
        "payee.dai": 7,
        "node.reserve.wei": 6,
        "node.reserve.dai": 8,
        "manager.dai": -7,
    }
