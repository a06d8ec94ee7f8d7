"""Messages that no honest software signs, and accounts that misbehave: what the contracts do with them."""

from typing import Any

import pytest

from connext.actions import action, play
from connext.chain.evm import EvmChain
from connext.ledger import Holdings
from connext.types import Amounts, InvalidValue, Status
from connext.world import World, WrongKind, actor
from tests.scene import assert_ledger_is_storage, new_world

ETH = 10**18


@pytest.fixture
def world() -> World:
    """Nobody's software runs; Alice and Bob have 2 ETH each in the channel."""
    world = new_world(EvmChain())
    both = [action("deposit", "carol", channel="main", side=side, amount="2 ETH") for side in ("user", "node")]
    play(world, [*(action("go_silent", name) for name in ("alice", "bob")), *both])
    return world


def errors(world: World, *actions: Any) -> list[str | None]:
    """The error of each action's transaction."""
    receipts = [receipt for outcome in play(world, actions) for receipt in outcome.receipts]
    return [receipt.error.name if receipt.error else None for receipt in receipts]


def paid(world: World) -> Amounts:
    settlement = world.ledger().channels[world.channel_id("main")].settlement
    assert settlement is not None
    return settlement.paid


def state(message: str, nonce: int, **fields: Any) -> Any:
    return action("make_state", message=message, channel="main", nonce=nonce, **fields)


def test_a_state_that_gives_more_than_there_is_settles_within_bounds(world: World) -> None:
    greedy = state("greedy", 7, user="1000 ETH and -1 DAI", node="1000 ETH")
    dispute = action("start_dispute", "alice", channel="main", message="greedy")
    settle = action("settle", "carol", channel="main")
    assert errors(world, greedy, dispute, action("advance", duration="1 d"), settle) == [None, None]
    assert paid(world) == Amounts(4 * ETH, 0, 0, 0)
    assert_ledger_is_storage(world)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"as_node": "carol"}, "WrongSigner"),
        ({"forged": "missing"}, "WrongSigner"),
        ({"forged": "other parity"}, "WrongSigner"),
        ({"forged": "other chain"}, "WrongSigner"),
        ({"forged": "other manager"}, "WrongSigner"),
        ({"as_user": "alice", "as_node": "bob"}, None),
    ],
)
def test_who_must_have_signed_a_state(world: World, fields: dict[str, str], error: str | None) -> None:
    checkpoint = action("checkpoint", "carol", channel="main", message="it")
    assert errors(world, state("it", 1, **fields), checkpoint) == [error]


def test_withdrawals_resumes_and_exits_by_hand(world: World) -> None:
    made = [
        action("make_withdrawal", message="out", channel="main", sequence=0, deadline="1 d", user="1 ETH"),
        action("make_exit", "bob", message="leave", channel="main", dispute=1, deadline="1 d"),
        action("make_resume", message="stay", channel="main", dispute=1, deadline="1 d"),
        state("zero", 0),
    ]
    used = [
        action("withdraw", "carol", channel="main", message="out"),
        action("withdraw", "carol", channel="main", message="out"),
        action("start_dispute_with_exit", "carol", channel="main", exit_message="leave", message="zero"),
        action("resume", "carol", channel="main", message="stay"),
        action("resume", "carol", channel="main", message="stay"),
        action("start_dispute_with_exit", "carol", channel="main", exit_message="leave", message="zero"),
    ]
    assert errors(world, *made, *used) == [None, "WrongSequence", None, None, "NoDispute", "ExitNotSigned"]
    assert world.ledger().channels[world.channel_id("main")].status is Status.OPEN


def test_a_final_state_with_a_transfer_whose_condition_says_half(world: World) -> None:
    actions = [
        action("become", "carol", contract="AnyShare"),
        action("make_terms", payment="half", condition="carol", expires="1 h", share=ETH // 2),
        state(
            "last", 1, user="-1 ETH", final=True, transfers=[{"payment": "half", "payer": "user", "amount": "1 ETH"}]
        ),
        state("other", 1, transfers=[{"payment": "half", "payer": "user", "amount": "2 ETH"}]),
        action("record", "bob", payment="half"),
        action("close", "bob", channel="main", message="last", list_of="other"),
        action("close", "bob", channel="main", message="last"),
        action("settle_transfers", "bob", channel="main", wanted=[1]),
        action("advance", duration="1 h"),
        action("settle_transfers", "bob", channel="main", list_of="other"),
        action("settle_transfers", "bob", channel="main", wanted=[0]),
    ]
    found = errors(world, *actions)
    assert found == [None, "WrongTransfers", None, "NothingFinal", "WrongTransfers", None]
    assert world.ledger().credit(world.actor("alice").account) == Holdings(ETH // 2, 0)
    assert world.ledger().reserve(world.actor("bob").account) == Holdings(2 * ETH + ETH // 2, 0)


def test_a_recipient_that_refuses_gets_credit(world: World) -> None:
    actions = [
        action("become", "alice", contract="HostileRecipient", conduct=1),
        state("last", 1, user="1 ETH", node="-1 ETH", final=True),
        action("close", "alice's signer", channel="main", message="last"),
    ]
    world.actors["alice's signer"] = actor("alice's signer")
    assert world.actors["alice's signer"].account == world.actors["alice"].signer.address
    assert errors(world, *actions) == [None, None]
    assert world.ledger().credit(world.actor("alice").account) == Holdings(3 * ETH, 0)


def test_a_message_of_another_kind(world: World) -> None:
    play(world, [action("make_exit", "bob", message="leave", channel="main", dispute=1, deadline=1)])
    with pytest.raises(WrongKind, match="message 'leave' is a Exit, not a State"):
        play(world, [action("checkpoint", "carol", channel="main", message="leave")])


@pytest.mark.parametrize(
    "transfer",
    [
        {"payment": "p", "payer": "user"},
        {"payment": "p", "payer": "user", "amount": "1 ETH and 1 DAI"},
        {"payment": "p", "payer": "nobody", "amount": "1 ETH"},
        {"payment": "p", "payer": "user", "asset": 0, "wei": -1},
        "1 ETH",
    ],
)
def test_what_is_no_transfer(transfer: object) -> None:
    with pytest.raises(InvalidValue, match=r"make_state\.transfers\[0\]"):
        state("it", 1, transfers=[transfer])
