"""No transfer, and no number of them that a party's software accepts, can keep a channel from settling (G10)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connext import calls, events
from connext.actions import action, play
from connext.chain import Transaction
from connext.chain.evm import EvmChain
from connext.conditions import Part, all_of_params, any_of_params, hash_lock_params, linked_params, stream_params
from connext.keccak import keccak256
from connext.lifecycle import POLICY
from connext.rules import MAX_OPEN_TRANSFERS
from connext.types import DAY, HOUR, Amounts, Asset
from connext.world import World
from connext.world import actor as person
from tests.scene import DEPLOYER, assert_ledger_is_storage, channel_of, deploy, double, enrich

BURNS_GAS = 2
"""Of `Answer` in contracts/test/HostileCondition.sol."""

TRANSACTION_GAS = 16_777_216
"""The most that one transaction may use (EIP-7825)."""

MakeTerms = Callable[[World, int], tuple[bytes, bytes]]
"""Condition and parameters of the n-th transfer."""


def hash_lock(world: World, number: int) -> tuple[bytes, bytes]:
    return world.deployment.conditions.hash_lock, hash_lock_params(keccak256(bytes((number,))))


def largest_known(world: World, number: int) -> tuple[bytes, bytes]:
    """Sixteen parts, of every kind: what is evaluated never costs the settlement anything."""
    known = world.deployment.conditions
    parts = [
        Part(known.stream, stream_params(bytes((number + 1,)) * 20, 10**18, bytes((i,)) * 32)) for i in range(8)
    ] + [Part(known.linked_payment, linked_params(bytes((number + 1,)) * 20, bytes((i,)) * 32)) for i in range(8)]
    return (known.all_of, all_of_params(parts)) if number % 2 else (known.any_of, any_of_params(parts))


def nobodys(_: World, number: int) -> tuple[bytes, bytes]:
    """No contract at all."""
    return bytes((number + 1,)) * 20, bytes((number,))


def begin(**policy: object) -> World:
    chain = EvmChain()
    deployment = deploy(chain)
    alice, bob = person("alice"), person("bob")
    enrich(chain, deployment, (alice.account, bob.account))
    allowed = replace(POLICY, **policy)  # type: ignore[arg-type]
    world = World(chain, deployment, [alice, bob], {"main": channel_of(alice, bob)}, policy=allowed)
    play(world, [action("deposit", "alice", channel="main", side="user", amount="5 ETH and 500 DAI")])
    play(world, [action("deposit", "bob", channel="main", side="node", amount="5 ETH")])
    return world


def lock_as_many_as_allowed(world: World, terms: MakeTerms) -> int:
    """Alice and Bob lock in turn, in both assets, until the software says no; returns how many it took."""
    expiry = world.chain.head.time + 2 * DAY
    for number in range(MAX_OPEN_TRANSFERS + 1):
        payer = "bob" if number % 3 == 2 else "alice"
        asset, amount = (Asset.DAI, 10**18) if number % 3 == 1 else (Asset.ETH, 10**16)
        condition, params = terms(world, number)
        world.outcome.outputs.clear()
        world.tell(payer, events.Lock(world.channel_id("main"), asset, amount, condition, params, expiry))
        world.settle_down()
        if world.outcome.rejections:
            return number
    raise AssertionError("the software accepts any number")


@pytest.mark.parametrize("terms", [hash_lock, largest_known, nobodys])
def test_the_fullest_channel_settles_in_one_transaction(terms: MakeTerms) -> None:
    world = begin(unknown_conditions=True, recording_margin=DAY // 12, seconds_per_recording=1)
    count = lock_as_many_as_allowed(world, terms)
    assert count == MAX_OPEN_TRANSFERS
    play(world, [action("start_dispute", "bob", channel="main")])
    (outcome,) = play(world, [action("advance", duration=DAY)])
    (settled,) = (receipt for receipt in outcome.receipts if receipt.error is None)
    assert [event.name for event in settled.events if event.address == world.manager][:2] == [
        "ChannelSettled",
        "TransfersLocked",
    ]
    assert settled.gas_used < TRANSACTION_GAS // 4
    (outcome,) = play(world, [action("advance", duration=2 * DAY)])
    (late,) = (receipt for receipt in outcome.receipts if receipt.error is None)
    assert late.gas_used < TRANSACTION_GAS // 4
    channel = world.ledger().channels[world.channel_id("main")]
    assert not channel.open_transfers.locked_wei
    assert not channel.open_transfers.locked_token
    assert channel.settlement is not None
    total = [a + b for a, b in zip(channel.settlement.paid, channel.settlement.later, strict=True)]
    assert total == [5 * 10**18, 5 * 10**18, 500 * 10**18, 0]  # nothing was proved: everybody has its own back
    assert_ledger_is_storage(world)


def test_a_hostile_condition_costs_only_its_own_transfer() -> None:
    """It burns all gas that it is given. What is proved on another one is paid all the same."""
    world = begin(unknown_conditions=True)
    hostile = double("HostileCondition")
    address = world.chain.deploy(DEPLOYER, hostile.bytecode)
    burn = Transaction(DEPLOYER, address, hostile.abi.encode_call("behave", BURNS_GAS))
    assert world.chain.send(burn).error is None
    expiry, secret = world.chain.head.time + DAY, bytes((7,)) * 32
    known = world.deployment.conditions.hash_lock
    for condition, params in ((address, b""), (known, hash_lock_params(keccak256(secret)))):
        world.tell("alice", events.Lock(world.channel_id("main"), Asset.ETH, 10**18, condition, params, expiry))
        world.settle_down()
    bad, good = world.view_of("bob", "main").latest.message.transfers
    play(world, [action("go_silent", "alice")])
    world.tell("bob", events.Resolve(world.channel_id("main"), bad.id, b"anything"))
    assert [type(error).__name__ for error in world.outcome.rejections] == ["UnknownCondition"]
    world.tell("bob", events.Resolve(world.channel_id("main"), good.id, secret))

    refused = world.send("bob", calls.record(address, b"", expiry, b""))
    assert refused.error is not None
    assert refused.error.name in ("ConditionFailed", "Halted")
    play(world, [action("advance", duration=23 * HOUR)])
    play(world, [action("start_dispute", "bob", channel="main"), action("advance", duration=DAY)])
    channel = world.ledger().channels[world.channel_id("main")]
    assert channel.settlement is not None
    assert channel.settlement.paid == Amounts(4 * 10**18, 6 * 10**18, 500 * 10**18, 0)
    assert not channel.open_transfers.locked_wei


def test_a_full_list_has_gas_enough_in_a_batch() -> None:
    world = begin(recording_margin=DAY // 12, seconds_per_recording=1)
    lock_as_many_as_allowed(world, hash_lock)
    play(world, [action("go_silent", "alice"), action("go_silent", "bob")])
    play(world, [action("start_dispute", "bob", channel="main"), action("advance", duration=2 * DAY)])
    (outcome,) = play(world, [action("batch", "bob", items=[action("settle", "bob", channel="main")])])
    (receipt,) = outcome.receipts
    assert [event.name for event in receipt.events if event.address == world.manager] == ["ChannelSettled"]
