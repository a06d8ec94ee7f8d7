"""Whoever is called while the contract runs, a payee or the token, can enter none of its functions.

SpankChain lost 166.97 ETH in 2018 because its token could. docs/protocol.md sections 3 and 11.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from ape.contracts import ContractInstance

from connext.keccak import keccak256
from connext.types import Status, parse_address
from tests.contracts.batches import failures, item
from tests.contracts.channels import NO_SIGNATURE, USER, Channel, View, given
from tests.contracts.doubles import acting
from tests.contracts.expect import events_of
from tests.contracts.people import Person

REENTERED = keccak256(b"Reentered()")[:4].ljust(32, b"\0")


@pytest.fixture
def entry_points(hostile_manager):
    """The selectors of everything that changes state."""
    functions = hostile_manager.contract_type.mutable_methods
    assert len(functions) == 17
    return [keccak256(function.selector.encode())[:4] for function in functions]


def answers(tx):
    """How each call back ended: whether it succeeded, and the first word of its answer."""
    return [
        (arguments["succeeded"], bytes(arguments["answer"]))
        for _, name, arguments in events_of(tx)
        if name == "CalledBack"
    ]


@dataclass
class Scene:
    manager: ContractInstance
    channel: Channel
    payee: ContractInstance
    stranger: Person
    at: Callable[[int], None]


@pytest.fixture
def scene(hostile_manager, hostile_channel, hostile_recipient, stranger, at):
    """The payee is the user's account."""
    return Scene(hostile_manager, hostile_channel, hostile_recipient, stranger, at)


# Ways in which the manager comes to call a payee.


def settle(s):
    s.at(s.channel.dispute(s.channel.signed(nonce=1)))
    return s.manager.settle(s.channel.terms, s.channel.header(nonce=1), [], sender=s.stranger)


def close(s):
    return s.manager.close(s.channel.terms, s.channel.signed(is_final=True), [], sender=s.stranger)


def withdraw(s):
    return s.manager.withdraw(s.channel.terms, *s.channel.withdrawal(user_wei=5), sender=s.stranger)


def withdraw_reserve(s):
    return s.manager.withdrawReserve(5, 0, s.payee, sender=acting(s.payee))


def batch(s):
    return s.manager.batch([item(s.manager.withdrawReserve, 5, 0, s.payee)], sender=acting(s.payee))


# And the token.


def deposit(s):
    return s.manager.deposit(s.channel.terms, USER, 7, sender=s.stranger)


def top_up(s):
    return s.manager.topUp(s.channel.id, USER, 7, sender=s.stranger)


def fund(s):
    return s.manager.fund(s.payee, 7, sender=s.stranger)


def permit(s):
    return s.manager.permit(0, 0, 27, *NO_SIGNATURE, sender=s.stranger)


def batched_deposit(s):
    return s.manager.batch([item(s.manager.deposit, s.channel.terms, USER, 7, gas=3_000_000)], sender=s.stranger)


def close_in_tokens(s):
    return s.manager.close(s.channel.terms, s.channel.signed(is_final=True, user_token=0), [], sender=s.stranger)


# In two parts, because a stipend does not pay for all of them.
EACH_HALF = pytest.mark.parametrize("half", [slice(0, 9), slice(9, 17)], ids=["one half", "the other"])


@pytest.mark.parametrize("way", [settle, close, withdraw, withdraw_reserve, batch])
@EACH_HALF
def test_a_payee_enters_nothing(
    scene, hostile_channel, hostile_manager, hostile_recipient, entry_points, stranger, hostile_wealth, way, half
):
    hostile_channel.hold(user_wei=5, node_wei=6)
    given(hostile_manager.fund, hostile_recipient, 0, sender=stranger, value=50)
    given(hostile_recipient.callBack, entry_points[half], sender=stranger)
    before = hostile_wealth()
    tx = way(scene)
    assert answers(tx) == [(False, REENTERED)] * len(entry_points[half])
    assert (hostile_wealth() - before)["payee.wei"] == 5


@pytest.mark.parametrize("way", [deposit, top_up, fund, permit, batched_deposit, close_in_tokens, settle])
@EACH_HALF
def test_the_token_enters_nothing(scene, hostile_channel, hostile_token, entry_points, stranger, way, half):
    hostile_channel.hold(user_wei=5, user_token=7)
    given(hostile_token.callBack, entry_points[half], sender=stranger)
    tx = way(scene)
    assert answers(tx) == [(False, REENTERED)] * len(entry_points[half])


@pytest.mark.parametrize("pushed", ["pushCredit", "withdrawCredit"])
def test_credit_enters_nothing(
    hostile_manager, credited, hostile_token, entry_points, stranger, hostile_wealth, pushed
):
    given(credited.callBack, entry_points, sender=stranger)
    given(hostile_token.callBack, entry_points, sender=stranger)
    before = hostile_wealth()
    if pushed == "pushCredit":
        txs = [hostile_manager.pushCredit(credited, asset, sender=stranger) for asset in (0, 1)]
    else:
        txs = [hostile_manager.withdrawCredit(50, 70, credited, sender=acting(credited))]
    for tx in txs:
        assert set(answers(tx)) == {(False, REENTERED)}
    assert sum(len(answers(tx)) for tx in txs) == 2 * len(entry_points)
    assert hostile_wealth() - before == {
        "payee.credit.wei": -50,
        "payee.credit.dai": -70,
        "payee.wei": 50,
        "payee.dai": 70,
        "manager.wei": -50,
        "manager.dai": -70,
    }


def test_a_reserve_is_not_drained_by_withdrawing_within_a_withdrawal(manager, hostile_recipient, node, stranger):
    """The 2018 attack: the same valid call again, from within the payment it causes."""
    given(manager.fund, node, 0, sender=node, value=100)
    given(manager.fund, hostile_recipient, 0, sender=node, value=10)
    again = manager.withdrawReserve.encode_input(5, 0, hostile_recipient)
    given(hostile_recipient.callBack, [again, again], sender=stranger)
    tx = manager.withdrawReserve(5, 0, hostile_recipient, sender=acting(hostile_recipient))
    assert answers(tx) == [(False, REENTERED)] * 2
    assert hostile_recipient.balance == 5
    assert manager.reserveOf(hostile_recipient) == (5, 0)


def test_a_payee_cannot_use_the_value_of_the_batch_that_pays_it(
    manager, hostile_recipient, stranger, new_channel, node
):
    """Within a batch a call has a share of the value; a payee in that call has none."""
    channel = new_channel(user=parse_address(hostile_recipient.address)).hold(user_wei=5)
    steal = [
        manager.fund.encode_input(hostile_recipient, 0),
        manager.batch.encode_input([item(manager.fund, hostile_recipient, 0, value=20)]),
        manager.deposit.encode_input(channel.terms, USER, 0),
    ]
    given(hostile_recipient.callBack, steal, sender=stranger)
    calls = [
        item(manager.withdraw, channel.terms, *channel.withdrawal(user_wei=5)),
        item(manager.fund, node, 0, value=20),
    ]
    tx = manager.batch(calls, sender=stranger, value=20)
    assert failures(tx) == {}
    assert answers(tx) == [(False, REENTERED)] * 3
    assert manager.reserveOf(hostile_recipient) == (0, 0)
    assert manager.reserveOf(node) == (20, 0)


def test_everything_is_written_before_the_first_payee_is_called(
    hostile_channel, hostile_manager, hostile_recipient, stranger
):
    """A payee that only looks sees the channel as it is afterwards."""
    hostile_channel.hold(user_wei=5)
    looks = [bytes(hostile_manager.channelOf.encode_input(hostile_channel.id))]
    given(hostile_recipient.callBack, looks, sender=stranger)
    tx = hostile_manager.close(hostile_channel.terms, hostile_channel.signed(is_final=True), [], sender=stranger)
    assert answers(tx) == [(True, Status.SETTLED.to_bytes(32, "big"))]


def test_after_a_call_out_everything_can_be_entered_again(
    hostile_channel, hostile_manager, hostile_recipient, entry_points, stranger
):
    """The lock does not outlive the call, neither in the same batch nor in the next transaction."""
    hostile_channel.hold(user_wei=9)
    given(hostile_recipient.callBack, entry_points[:1], sender=stranger)
    terms = hostile_channel.terms
    calls = [
        item(hostile_manager.withdraw, terms, *hostile_channel.withdrawal(sequence=0, user_wei=5)),
        item(hostile_manager.withdraw, terms, *hostile_channel.withdrawal(sequence=1, user_wei=1)),
        item(hostile_manager.deposit, terms, USER, 7),
        item(hostile_manager.deposit, terms, USER, 7),
        item(hostile_manager.permit, 0, 0, 27, *NO_SIGNATURE),
        item(hostile_manager.fund, stranger, 7),
        item(hostile_manager.withdrawReserve, 0, 7, stranger),
        item(hostile_manager.withdrawReserve, 0, 1, stranger),
    ]
    tx = hostile_manager.batch(calls, sender=stranger)
    assert list(failures(tx)) == [7]
    assert hostile_channel.view() == View(Status.OPEN, sequence=2, user_wei=3, user_token=14)
