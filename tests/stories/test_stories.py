"""Channels' lives in a small world, on the in-process EVM: what honest software does with what happens to it."""

from collections.abc import Iterator

import pytest

from connext import errors, events
from connext.actions import Action, action, play
from connext.chain import Receipt
from connext.chain.evm import EvmChain
from connext.ledger import Holdings, Settlement
from connext.types import Amounts, Status
from connext.world import Actor, CannotUndo, NothingKnown, Outcome, UnknownName, World, actor
from tests.scene import (
    WEALTH_TOKEN,
    WEALTH_WEI,
    assert_ledger_is_storage,
    channel_of,
    deploy,
    double,
    enrich,
    new_world,
)

ETH = DAI = 10**18


@pytest.fixture
def world() -> Iterator[World]:
    world = new_world(EvmChain())
    yield world
    assert_ledger_is_storage(world)


@pytest.fixture
def funded(world: World) -> World:
    """Alice's side holds 3 ETH and 100 DAI, Bob's 2 ETH and 50 DAI."""
    play(
        world,
        [
            action("deposit", "alice", channel="main", side="user", amount="3 ETH and 100 DAI"),
            action("deposit", "bob", channel="main", side="node", amount="2 ETH and 50 DAI"),
        ],
    )
    return world


def settlement(world: World) -> Settlement | None:
    return world.ledger().channels[world.channel_id("main")].settlement


def status(world: World) -> Status:
    return world.ledger().channels[world.channel_id("main")].status


def names_of(receipts: list[Receipt]) -> list[str]:
    """Who got what done: the manager's event of each transaction, or its error."""
    return [receipt.error.name if receipt.error else receipt.events[0].name for receipt in receipts]


def do(world: World, *actions: Action) -> Outcome:
    """Play, and return what the last action led to."""
    return play(world, actions)[-1]


def test_cooperation(funded: World) -> None:
    do(
        funded,
        action("pay", "alice", channel="main", amount="0.5 ETH and 30 DAI"),
        action("pay", "bob", channel="main", amount="10 DAI"),
        action("top_up", "alice", channel="main", side="user", amount="1 ETH"),
        action("propose_withdrawal", "alice", channel="main", user="20 DAI", node="5 DAI", recipient="carol"),
        action("accept", "bob", channel="main"),
        action("propose_close", "alice", channel="main"),
        action("accept", "bob", channel="main"),
    )
    assert settlement(funded) == Settlement(2**10 + 2, Amounts(35 * ETH // 10, 25 * ETH // 10, 60 * DAI, 65 * DAI))
    assert funded.wallet("alice") == Holdings(WEALTH_WEI - ETH // 2, WEALTH_TOKEN - 40 * DAI)
    assert funded.wallet("carol") == Holdings(WEALTH_WEI, WEALTH_TOKEN + 20 * DAI)
    assert funded.ledger().reserve(funded.actor("bob").account) == Holdings(25 * ETH // 10, 70 * DAI)


def test_a_stale_dispute_is_challenged_by_whoever_is_hurt(funded: World) -> None:
    outcome = do(
        funded,
        action("pay", "alice", channel="main", amount="1 ETH"),
        action("go_silent", "alice"),
        action("start_dispute", "alice", channel="main", nonce=0),
    )
    assert names_of(outcome.receipts) == ["DisputeStarted", "StateRecorded"]
    assert outcome.receipts[1].transaction.sender == funded.actor("bob").account
    outcome = do(funded, action("advance", duration="1 d"))
    assert names_of(outcome.receipts) == ["ChannelSettled"]
    assert settlement(funded) == Settlement(1, Amounts(2 * ETH, 3 * ETH, 100 * DAI, 50 * DAI))


def test_a_third_account_answers_with_only_the_countersigned_state(funded: World) -> None:
    outcome = do(
        funded,
        action("pay", "alice", channel="main", amount="1 ETH"),
        action("pay", "alice", channel="main", amount="1 ETH"),
        action("go_silent", "alice"),
        action("go_silent", "bob"),
        action("start_dispute", "alice", channel="main", nonce=1),
        action("checkpoint", "carol", channel="main"),
    )
    assert names_of(outcome.receipts) == ["StateRecorded"]
    do(funded, action("advance", duration="1 d"), action("settle", "carol", channel="main"))
    assert settlement(funded) == Settlement(2, Amounts(1 * ETH, 4 * ETH, 100 * DAI, 50 * DAI))


def test_one_side_exits_when_the_other_vanishes(funded: World) -> None:
    do(
        funded,
        action("pay", "bob", channel="main", amount="2 ETH"),
        action("go_silent", "bob"),
        action("start_dispute", "alice", channel="main"),
        action("advance", duration="1 d"),
    )
    assert settlement(funded) == Settlement(1, Amounts(5 * ETH, 0, 100 * DAI, 50 * DAI))


def test_both_resume_a_dispute_and_go_on(funded: World) -> None:
    outcome = do(
        funded,
        action("start_dispute", "bob", channel="main"),
        action("propose_resume", "alice", channel="main"),
        action("accept", "bob", channel="main"),
    )
    assert names_of(outcome.receipts) == ["DisputeResumed"]
    outcome = do(funded, action("pay", "alice", channel="main", amount="1 DAI"))
    assert outcome.rejections == []
    assert funded.newest("bob", "main").message.node_token == 1 * DAI


def test_an_exit_in_the_hands_of_a_friend(funded: World) -> None:
    outcome = do(
        funded,
        action("pay", "bob", channel="main", amount="1 DAI"),
        action("sign_exit", "alice", channel="main"),
        action("start_dispute_with_exit", "carol", channel="main"),
    )
    assert names_of(outcome.receipts) == ["StateRecorded"]
    assert status(funded) is Status.DISPUTED


# --- Messages ---


def test_a_lost_countersignature_is_sent_again(funded: World) -> None:
    do(funded, action("drop", "bob"), action("pay", "alice", channel="main", amount="1 DAI"))
    assert funded.newest("alice", "main").message.nonce == 0
    assert funded.newest("bob", "main").message.nonce == 1
    do(funded, action("resend", "bob", channel="main"))
    assert funded.newest("alice", "main").message.nonce == 1


def test_a_delayed_message_arrives_when_its_time_has_come(funded: World) -> None:
    do(funded, action("delay", "alice", duration="1 h"), action("pay", "alice", channel="main", amount="1 DAI"))
    assert funded.newest("bob", "main").message.nonce == 0
    do(funded, action("advance", duration=3588))
    assert funded.newest("bob", "main").message.nonce == 1


def test_a_silent_party_loses_messages(funded: World) -> None:
    do(
        funded,
        action("go_silent", "bob"),
        action("pay", "alice", channel="main", amount="1 DAI"),
        action("come_back", "bob"),
    )
    assert funded.newest("bob", "main").message.nonce == 0
    do(funded, action("resend", "alice", channel="main"))
    assert funded.newest("alice", "main").message.nonce == 1


# --- Stores and re-organizations ---


def test_a_restored_store_signs_nothing_but_an_exit(funded: World) -> None:
    outcome = do(
        funded,
        action("back_up", "alice"),
        action("pay", "alice", channel="main", amount="1 DAI"),
        action("restore", "alice"),
        action("pay", "alice", channel="main", amount="1 DAI"),
    )
    assert [type(error) for error in outcome.rejections] == [errors.StoreMayBeOld]
    outcome = do(
        funded,
        action("sign_exit", "alice", channel="main"),
        action("start_dispute_with_exit", "carol", channel="main", nonce=0),
    )
    assert names_of(outcome.receipts) == ["DisputeStarted", "StateRecorded"]  # Bob records what Alice forgot


def test_a_store_that_is_old_without_knowing_finds_out_on_chain(funded: World) -> None:
    outcome = do(
        funded,
        action("back_up", "alice"),
        action("pay", "alice", channel="main", amount="1 DAI"),
        action("restore", "alice", admitted=False),
        action("start_dispute", "alice", channel="main"),
    )
    found = [output for name, output in outcome.outputs if isinstance(output, events.FoundOld)]
    assert found == [events.FoundOld(funded.channel_id("main"), 1)]


def test_a_deposit_that_a_reorganization_takes_away_was_never_counted() -> None:
    world = new_world(EvmChain(), depth=2, patient=False)
    do(
        world,
        action("deposit", "alice", channel="main", side="user", amount="1 ETH"),
        action("mine"),
    )
    outcome = do(world, action("pay", "alice", channel="main", amount="1 ETH"))
    assert [type(error) for error in outcome.rejections] == [errors.BalanceNegative]
    do(world, action("reorganize", blocks=2, resent=False))
    assert world.ledger().channels == {}
    assert_ledger_is_storage(world)


def test_a_reorganization_may_keep_the_transactions() -> None:
    world = new_world(EvmChain(), depth=2, patient=False)
    do(world, action("deposit", "alice", channel="main", side="user", amount="1 ETH"), action("reorganize", blocks=1))
    assert status(world) is Status.OPEN
    outcome = do(world, action("mine", blocks=2), action("pay", "alice", channel="main", amount="1 ETH"))
    assert outcome.rejections == []
    assert_ledger_is_storage(world)


def test_a_dispute_counts_before_it_is_confirmed() -> None:
    world = new_world(EvmChain(), depth=3, patient=False)
    outcome = do(
        world,
        action("deposit", "alice", channel="main", side="user", amount="1 ETH"),
        action("mine", blocks=3),
        action("start_dispute", "alice", channel="main"),
        action("pay", "alice", channel="main", amount="0.1 ETH"),
    )
    assert world.view_of("alice", "main").on_chain.status is Status.OPEN
    assert [type(error) for error in outcome.rejections] == [errors.DisputeForbidsState]
    assert_ledger_is_storage(world)


def test_an_outcome_counts_once_its_block_is_confirmed() -> None:
    """Until then the chain may take it back, and whoever paid on would not be paid."""
    world = new_world(EvmChain(), depth=2, patient=False)
    do(
        world,
        action("deposit", "alice", channel="main", side="user", amount="1 ETH"),
        action("mine", blocks=2),
        action("make_secret", "bob", payment="invoice", expires="1 d"),
        action("lock", "alice", channel="main", payment="invoice", amount="0.5 ETH"),
    )
    for blocks, is_settled in ((None, False), (1, False), (1, True)):
        step = action("mine", blocks=blocks) if blocks else action("record", "carol", payment="invoice")
        do(world, step)
        assert (world.view_of("alice", "main").latest.message.transfers == ()) == is_settled
    assert_ledger_is_storage(world)


# --- Money outside of channels ---


def test_batch_and_permit(world: World) -> None:
    outcome = do(
        world,
        action(
            "batch",
            "bob",
            items=[
                action("permit", "bob"),
                action("fund", "bob", amount="3 ETH and 40 DAI"),
                action("settle", "bob", channel="main"),
                action("collateralize", "bob", channel="main", amount="1 ETH and 40 DAI"),
            ],
        ),
    )
    (receipt,) = outcome.receipts
    assert receipt.error is None
    assert [event.name for event in receipt.events if event.address == world.manager] == [
        "Funded",
        "CallFailed",
        "ChannelOpened",
        "Collateralized",
    ]
    assert world.ledger().reserve(world.actor("bob").account) == Holdings(2 * ETH, 0)


def test_what_cannot_be_delivered_waits_as_credit() -> None:
    chain = EvmChain()
    deployment = deploy(chain)
    alice, bob = actor("alice"), actor("bob")
    enrich(chain, deployment, (alice.account, bob.account))
    # The token takes no ETH: a payee that cannot be paid.
    chain.set_code(b"\xbb" * 20, double("TestDai").runtime)
    brick = Actor("brick", b"\xbb" * 20, bob.signer)
    world = World(chain, deployment, [alice, bob, brick], {"main": channel_of(alice, bob)})
    do(
        world,
        action("deposit", "alice", channel="main", side="user", amount="1 ETH and 1 DAI"),
        action("propose_withdrawal", "alice", channel="main", user="0.5 ETH and 1 DAI", recipient="brick"),
    )
    assert world.ledger().credit(alice.account) == Holdings(ETH // 2, 0)
    outcome = do(world, action("push_credit", "bob", account="alice", asset="ETH"))
    assert names_of(outcome.receipts) == ["CreditWithdrawn"]
    assert world.ledger().credit(alice.account) == Holdings(0, 0)
    assert world.wallet("brick") == Holdings(0, 1 * DAI)
    assert_ledger_is_storage(world)


def test_reserve(world: World) -> None:
    outcome = do(
        world,
        action("fund", "carol", amount="2 ETH", account="bob"),
        action("withdraw_reserve", "bob", amount="3 ETH"),
    )
    assert outcome.receipts[0].error is not None
    assert outcome.receipts[0].error.name == "ReserveTooSmall"
    assert outcome.receipts[0].error.values["reserve"] == 2 * ETH
    do(world, action("withdraw_reserve", "bob", amount="2 ETH", recipient="alice"))
    assert world.wallet("alice") == Holdings(WEALTH_WEI + 2 * ETH, WEALTH_TOKEN)


# --- Time, and what makes no sense ---


def test_an_action_happens_exactly_at_its_time(funded: World) -> None:
    do(funded, action("go_silent", "alice"), action("go_silent", "bob"))
    started = do(funded, action("start_dispute", "alice", channel="main")).receipts[0].block.time
    deadline = started + 86_400 - funded.start.time
    early = do(funded, action("settle", "carol", deadline - 1, channel="main")).receipts[0]
    assert early.error is not None
    assert early.error.values["time"] == early.error.values["deadline"] - 1
    funded.chain.rewind(early.block.number - 1)
    on_time = do(funded, action("settle", "carol", deadline, channel="main")).receipts[0]
    assert on_time.error is None


@pytest.mark.parametrize(
    ("senseless", "error"),
    [
        (action("pay", "dave", channel="main", amount="1 ETH"), UnknownName),
        (action("pay", "alice", channel="side", amount="1 ETH"), UnknownName),
        (action("checkpoint", "carol", channel="main"), NothingKnown),
        (action("checkpoint", "carol", channel="main", nonce=4), NothingKnown),
        (action("withdraw", "carol", channel="main"), NothingKnown),
        (action("resume", "carol", channel="main"), NothingKnown),
        (action("start_dispute_with_exit", "carol", channel="main"), NothingKnown),
        (action("accept", "alice", channel="main"), NothingKnown),
        (action("refuse", "alice", channel="main"), NothingKnown),
        (action("restore", "alice"), UnknownName),
        (action("reorganize", blocks=99), CannotUndo),
    ],
    ids=lambda value: f"{value.name} by {value.actor}" if isinstance(value, Action) else "",
)
def test_what_makes_no_sense_is_an_error(world: World, senseless: Action, error: type[Exception]) -> None:
    with pytest.raises(error):
        play(world, [senseless])


def test_on_a_congested_chain_transactions_are_late() -> None:
    """Both answer the stale exit. The answers wait; asked for in each block, they are sent once, the second in vain."""
    world = new_world(EvmChain())
    deposit = action("deposit", "alice", channel="main", side="user", amount="2 ETH")
    play(world, [deposit, *(action("pay", "alice", channel="main", amount="1 ETH") for _ in range(2))])
    play(world, [action("congest", blocks=5), action("start_dispute", "alice", channel="main", nonce=1)])
    started = world.sent[-1].block.number
    assert world.sent[-1].events[-1].name == "DisputeStarted"
    assert [(waiting.sender, waiting.due) for waiting in world.pending] == [
        ("alice", started + 6),
        ("bob", started + 6),
    ]
    play(world, [action("mine", blocks=3)])  # and one to confirm
    assert world.sent[-1].block.number == started
    play(world, [action("mine")])
    late = [receipt for receipt in world.sent if receipt.block.number > started]
    assert [event.name for receipt in late for event in receipt.events] == ["StateRecorded"]
    assert late[0].block.number == started + 7
    play(world, [action("mine", blocks=10)])  # what was asked for again is not needed any more
    assert (world.pending, world.sent[-1]) == ([], late[0])
