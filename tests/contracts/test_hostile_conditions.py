"""G10: a condition that fails, lies or burns gas costs its own transfer, and nothing and nobody else."""

import pytest

from connext.conditions import FULL_SHARE
from connext.keccak import keccak256
from connext.types import Amounts, Status, parse_address
from tests.contracts.channels import DAI, ETH, NODE, View, given, listed
from tests.contracts.doubles import Answer
from tests.contracts.expect import events_of
from tests.contracts.logs import settled, transfers_settled
from tests.contracts.money import paid_out
from tests.contracts.transactions import Reverted
from tests.contracts.transfers import ALL, EXPIRY, holding, left, params_of

ONE = (1).to_bytes(32)
EVERYTHING = FULL_SHARE.to_bytes(32)

HOSTILE = {
    "reverts": ("reverting", b"no"),
    "reverts with a share": ("reverting", EVERYTHING),
    "burns all gas": ("behave", Answer.BURNS_GAS),
    "returns a bomb": ("behave", Answer.RETURNS_BOMB),
    "reverts with a bomb": ("behave", Answer.REVERTS_WITH_BOMB),
    "writes": ("behave", Answer.WRITES),
    "returns nothing": ("returning", b""),
    "returns too little": ("returning", EVERYTHING[:31]),
    "returns too much": ("returning", EVERYTHING + b"\0"),
    "returns more than all": ("returning", (FULL_SHARE + 1).to_bytes(32)),
    "returns more than anything": ("returning", b"\xff" * 32),
}


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(user_wei=100, node_wei=100, user_token=100, node_token=100)


@pytest.fixture
def neighbours(promise):
    """`neighbours(condition)`: three transfers to the user, of which the one in the middle is on that condition."""

    def transfers(condition):
        first, last = promise(NODE, ETH, 10), promise(NODE, DAI, 30)
        promise.keep(first)
        promise.keep(last)
        return first, promise(NODE, ETH, 20, condition=parse_address(condition)), last

    return transfers


@pytest.fixture
def try_to_record(registry, stranger):
    """`try_to_record(transfer)`: whether somebody who has a good witness can record its outcome."""

    def attempt(transfer):
        condition = "0x" + transfer.condition.hex()
        try:
            registry.record(condition, params_of(transfer), transfer.expiry, EVERYTHING, sender=stranger)
        except Reverted:
            return False
        return True

    return attempt


def check(channel, transfers, at, wealth, sender):
    """All of the channel is paid; the transfer in the middle stays until its expiry, then it is its payer's."""
    manager, state = channel.manager, holding(*transfers)
    at(channel.dispute(channel.signed(**state)))
    before = wealth()
    tx = manager.settle(channel.terms, channel.header(**state), listed(transfers), sender=sender)
    shares = Amounts(user_wei=110, node_wei=70, user_token=130, node_token=70)
    assert wealth() - before == paid_out(*shares)
    assert events_of(tx)[0] == settled(channel, 1, shares)
    assert channel.view() == left(transfers, wei=20, settled_transfers=0b101)
    at(EXPIRY)
    tx = manager.settleTransfers(channel.terms, listed(transfers), ALL, sender=sender)
    assert events_of(tx) == [transfers_settled(channel, 0b111, node_wei=20)]
    assert channel.view() == View(Status.SETTLED)


@pytest.mark.parametrize("conduct", HOSTILE)
def test_a_condition_that_proves_nothing(
    channel, neighbours, try_to_record, hostile_condition, deployer, at, wealth, stranger, conduct
):
    method, argument = HOSTILE[conduct]
    given(getattr(hostile_condition, method), argument, sender=deployer)
    transfers = neighbours(hostile_condition.address)
    assert not try_to_record(transfers[1])
    check(channel, transfers, at, wealth, stranger)


@pytest.mark.parametrize("somewhere", ["user", "dai", "manager", "nobody"])
def test_an_address_that_is_no_condition(
    channel, neighbours, try_to_record, user, dai, manager, at, wealth, stranger, somewhere
):
    """An account without code, and contracts that are something else: among them the manager itself."""
    address = {"user": user.address, "dai": dai.address, "manager": manager.address, "nobody": "0x" + "00" * 20}
    transfers = neighbours(address[somewhere])
    assert not try_to_record(transfers[1])
    check(channel, transfers, at, wealth, stranger)


def test_a_condition_that_is_gone_when_the_channel_settles(
    channel, neighbours, try_to_record, hostile_condition, deployer, chain, at, stranger
):
    """What it said once is recorded; nobody asks it again."""
    given(hostile_condition.returning, EVERYTHING, sender=deployer)
    transfers = neighbours(hostile_condition.address)
    assert try_to_record(transfers[1])
    chain.provider.set_code(hostile_condition.address, b"\xfe")
    state = holding(*transfers)
    at(channel.dispute(channel.signed(**state)))
    shares = Amounts(user_wei=130, node_wei=70, user_token=130, node_token=70)
    tx = channel.manager.settle(channel.terms, channel.header(**state), listed(transfers), sender=stranger)
    assert events_of(tx)[0] == settled(channel, 1, shares)


def test_a_condition_that_records_while_it_is_asked(
    channel, neighbours, try_to_record, hostile_condition, deployer, registry, at, wealth, stranger
):
    """To have less recorded than it answers. It answers with 1 as that fails, which of 20 wei is nothing."""
    transfers = neighbours(hostile_condition.address)
    nested = registry.record.encode_input(hostile_condition, params_of(transfers[1]), EXPIRY, ONE)
    given(hostile_condition.callingBack, nested, sender=deployer)
    assert try_to_record(transfers[1])
    assert registry.outcomeOf(hostile_condition, keccak256(params_of(transfers[1])), EXPIRY) == (1, False)
    check(channel, transfers, at, wealth, stranger)


def test_what_a_settlement_costs_does_not_depend_on_conditions(
    channel, neighbours, hostile_condition, deployer, stranger
):
    """None is asked in it."""
    given(hostile_condition.behave, Answer.BURNS_GAS, sender=deployer)
    transfers = neighbours(hostile_condition.address)
    final = channel.signed(is_final=True, **holding(*transfers))
    tx = channel.manager.close(channel.terms, final, listed(transfers), sender=stranger, gas_limit=600_000)
    assert tx.gas_used < 200_000
