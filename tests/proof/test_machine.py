"""The fast machine does what `EvmChain` does, and goes back to its marks."""

import pytest

from connext import calls
from connext.calls import Call
from connext.chain import KNOWN_ABI, CannotSend, TimeHasPassed, Transaction
from connext.chain.evm import EvmChain
from connext.channel import Deployment, unsigned_initial
from connext.types import Address, Side
from connext.world import actor
from proof.machine import MOST_MARKS, Machine, MarkIsGone, Result, TooManyMarks
from tests.scene import DEPLOYER, WEALTH_WEI, channel_of, deploy, double, enrich

ALICE, BOB = actor("alice"), actor("bob")
CHANNEL = channel_of(ALICE, BOB, period=3_600)
COUNTER = b"\xcc" * 20
COUNTS_IN_TRANSIENT_STORAGE = bytes.fromhex("5f5c600101805f5d5f5260205ff3")
"""Adds one to a word of transient storage, and returns it."""

LIFE: list[tuple[Address, Call, int]] = [
    (ALICE.account, calls.deposit(CHANNEL, Side.USER, 10**18, 5 * 10**18), 1),
    (ALICE.account, calls.deposit(CHANNEL, Side.NODE, 0, 0), 1),
    (BOB.account, calls.fund(BOB.account, 7, 3), 12),
    (BOB.account, calls.batch((calls.fund(ALICE.account, 4, 0), calls.push_credit(BOB.account, 1))), 12),
    (BOB.account, calls.collateralize(CHANNEL, 7, 3), 1),
    (ALICE.account, calls.settle(CHANNEL, None), 1),
    (ALICE.account, calls.start_dispute(CHANNEL, unsigned_initial(bytes(32))), 1),
    (BOB.account, calls.settle(CHANNEL, None), 3_599),
    (BOB.account, calls.settle(CHANNEL, None), 1),
    (BOB.account, calls.withdraw_reserve(0, 3, ALICE.account), 1),
]
"""Who sends what, and how many seconds after what was before."""


@pytest.fixture
def chain() -> EvmChain:
    chain = EvmChain()
    chain.set_code(COUNTER, COUNTS_IN_TRANSIENT_STORAGE)
    return chain


@pytest.fixture
def deployment(chain: EvmChain) -> Deployment:
    deployment = deploy(chain)
    enrich(chain, deployment, (ALICE.account, BOB.account))
    return deployment


@pytest.fixture
def machine(chain: EvmChain, deployment: Deployment) -> Machine:
    """Starts where the chain stands once all is deployed."""
    del deployment
    return Machine.of(chain)


def count(machine: Machine) -> int:
    return int.from_bytes(machine.send(ALICE.account, COUNTER, b"").output)


def pay(machine: Machine, wei: int, to: Address = BOB.account) -> Result:
    return machine.send(ALICE.account, to, b"", wei)


def test_the_same_transactions_do_the_same(chain: EvmChain, deployment: Deployment, machine: Machine) -> None:
    succeeded = []
    for sender, call, seconds in LIFE:
        chain.set_next_time(chain.head.time + seconds)
        machine.time += seconds
        receipt = chain.send(Transaction(sender, call.receiver(deployment), call.data, call.value))
        result = machine.send(sender, call.receiver(deployment), call.data, call.value)
        assert (result.succeeded, result.logs) == (receipt.succeeded, receipt.logs)
        assert result.gas_used <= receipt.gas_used
        succeeded.append(result.succeeded)
        if receipt.error is not None:
            assert KNOWN_ABI.decode_error(result.output) == receipt.error
        assert (machine.time, machine.block) == (chain.head.time, chain.head.number)
        for account in (ALICE.account, BOB.account, deployment.domain.verifying_contract):
            assert machine.balance(account) == chain.balance(account, chain.head.number)
    assert succeeded == [True, False, True, True, True, False, True, False, True, True]


def test_contracts_get_the_addresses_of_the_chain() -> None:
    chain, machine = EvmChain(), Machine({DEPLOYER: WEALTH_WEI})
    code = double("AnyShare").bytecode
    addresses = [machine.deploy(DEPLOYER, code) for _ in range(3)]
    assert addresses == [chain.deploy(DEPLOYER, code) for _ in range(3)]
    assert machine.is_contract(addresses[0])
    assert not machine.is_contract(DEPLOYER)


def test_creation_code_that_fails_makes_nothing() -> None:
    with pytest.raises(CannotSend):
        Machine({DEPLOYER: 1}).deploy(DEPLOYER, b"\xfe")


def test_what_no_block_could_contain_is_not_sent(machine: Machine) -> None:
    with pytest.raises(CannotSend, match="LackOfFund"):
        pay(machine, WEALTH_WEI + 1)
    with pytest.raises(CannotSend, match="RejectCallerWithCode"):
        machine.send(COUNTER, BOB.account, b"")
    assert pay(machine, WEALTH_WEI).succeeded


def test_running_out_of_gas_is_no_revert(machine: Machine, deployment: Deployment) -> None:
    _, call, _ = LIFE[0]
    result = machine.send(ALICE.account, call.receiver(deployment), call.data, call.value, gas=40_000)
    assert (result.succeeded, result.halted, result.output) == (False, True, b"")
    refused = machine.send(ALICE.account, call.receiver(deployment), LIFE[1][1].data)
    assert (refused.succeeded, refused.halted) == (False, False)


def test_a_call_changes_nothing(machine: Machine) -> None:
    before = machine.balance(BOB.account)
    assert machine.call(ALICE.account, BOB.account, b"", 5).succeeded
    assert machine.balance(BOB.account) == before


def test_transient_storage_ends_with_the_transaction(machine: Machine) -> None:
    assert [count(machine), count(machine)] == [1, 1]
    assert int.from_bytes(machine.call(ALICE.account, COUNTER, b"").output) == 1
    assert count(machine) == 1


def test_transient_storage_is_empty_after_a_step_back(machine: Machine) -> None:
    start = machine.mark()
    count(machine)
    machine.back(start)
    assert count(machine) == 1


def test_time_goes_forward_and_makes_blocks(machine: Machine) -> None:
    block, time = machine.block, machine.time
    machine.time = time
    assert machine.block == block
    machine.time = time + 9
    assert (machine.block, machine.time) == (block + 1, time + 9)
    with pytest.raises(TimeHasPassed):
        machine.time = time


def test_back_undoes_money_storage_time_and_code(machine: Machine, deployment: Deployment) -> None:
    start = machine.mark()
    seen = [machine.time, machine.block, machine.balance(BOB.account), machine.storage(deployment.token, 1)]
    machine.time += 100
    pay(machine, 5)
    machine.set_storage(deployment.token, 1, 77)
    made = machine.deploy(DEPLOYER, double("AnyShare").bytecode)
    assert machine.storage(deployment.token, 1) == 77
    machine.back(start)
    again = [machine.time, machine.block, machine.balance(BOB.account), machine.storage(deployment.token, 1)]
    assert again == seen
    assert not machine.is_contract(made)


def test_a_mark_serves_any_number_of_times(machine: Machine) -> None:
    start, before = machine.mark(), machine.balance(BOB.account)
    for wei in range(1, 4):
        pay(machine, wei)
        assert machine.balance(BOB.account) == before + wei
        machine.back(start)
    assert machine.balance(BOB.account) == before


def test_going_back_skips_newer_marks_which_are_gone(machine: Machine) -> None:
    before = machine.balance(BOB.account)
    first = machine.mark()
    pay(machine, 1)
    second = machine.mark()
    pay(machine, 2)
    machine.mark()
    pay(machine, 4)
    machine.back(second)
    assert machine.balance(BOB.account) == before + 1
    machine.back(first)
    assert machine.balance(BOB.account) == before
    other = machine.mark()
    with pytest.raises(MarkIsGone):
        machine.back(second)
    machine.back(other)


def test_marks_leave_room_for_calls(machine: Machine, deployment: Deployment) -> None:
    for _ in range(MOST_MARKS):
        machine.mark()
    with pytest.raises(TooManyMarks):
        machine.mark()
    _, call, _ = LIFE[0]
    assert machine.send(ALICE.account, call.receiver(deployment), call.data, call.value).succeeded
