"""Messages that no honest software signs, and accounts that misbehave: what the contracts do with them."""

from typing import Any

import pytest

from connext.actions import action, play
from connext.chain.evm import EvmChain
from connext.ledger import Holdings
from connext.types import Amounts, InvalidValue, Status
from connext.world import NothingKnown, World, WrongKind, actor
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


# --- What the other side signed, and what it is shown ---


@pytest.fixture
def pair() -> World:
    """Everybody's software runs; Alice has 2 ETH in the channel."""
    world = new_world(EvmChain())
    play(world, [action("deposit", "alice", channel="main", side="user", amount="2 ETH")])
    return world


def lost(name: str, **fields: Any) -> list[Any]:
    """What Alice proposes, and Bob's software never gets."""
    return [action("drop", "alice"), action(name, "alice", channel="main", **fields)]


def test_the_actor_countersigns_the_other_sides_state(pair: World) -> None:
    play(pair, [*lost("pay", amount="1 ETH"), action("countersign", "bob", message="kept", channel="main", nonce=1)])
    assert errors(pair, action("checkpoint", "bob", channel="main", message="kept")) == [None]
    recorded = pair.ledger().channels[pair.channel_id("main")].recorded
    assert recorded is not None
    assert recorded.user_wei == -ETH


def test_the_actor_countersigns_the_other_sides_withdrawal(pair: World) -> None:
    countersign = action("countersign", "bob", message="kept", channel="main", sequence=0)
    play(pair, [*lost("propose_withdrawal", user="1 ETH"), countersign])
    assert errors(pair, action("withdraw", "bob", channel="main", message="kept")) == [None]


@pytest.mark.parametrize("fields", [{}, {"nonce": 1}, {"sequence": 0}])
def test_there_is_nothing_to_countersign(pair: World, fields: dict[str, int]) -> None:
    with pytest.raises(NothingKnown, match="half-signed"):
        play(pair, [action("countersign", "bob", message="kept", channel="main", **fields)])


@pytest.mark.parametrize(("base", "rejections"), [(0, []), (7, ["WrongBase"])])
def test_the_other_side_is_shown_a_state(pair: World, base: int, rejections: list[str]) -> None:
    gift = state("gift", 1, user="-1 ETH", node="1 ETH")
    show = action("show", "alice", message="gift", channel="main", base=base)
    *_, shown = play(pair, [gift, action("go_silent", "alice"), show])
    assert [type(error).__name__ for error in shown.rejections] == rejections
    assert pair.view_of("bob", "main").latest.message.nonce == (0 if rejections else 1)


# --- Hostile money ---


def test_a_recipient_that_calls_back_gets_nothing_twice(world: World) -> None:
    out = action("make_withdrawal", message="out", channel="main", sequence=0, deadline="1 d", user="1 ETH")
    withdraw = action("withdraw", "alice", channel="main", message="out")
    again = action("call_back", "alice", items=[withdraw])
    play(world, [action("become", "alice", contract="HostileRecipient"), out, again])
    before = world.wallet("alice")
    (outcome,) = play(world, [action("withdraw", "carol", channel="main", message="out")])
    assert [event.name for event in outcome.receipts[0].events] == ["Withdrawn"]
    assert world.wallet("alice") == before.plus(ETH, 0)


def test_a_spoilt_token_has_the_same_balances_and_mends(world: World) -> None:
    before = world.wallet("alice")
    fund = action("fund", "alice", amount="1 DAI")
    assert errors(world, action("spoil_token", conduct=8), fund) == [None, "TokenPullFailed"]
    assert world.wallet("alice") == before
    assert errors(world, action("spoil_token", conduct=0), fund) == [None, None]


# --- Combinations ---


@pytest.mark.parametrize(("of", "is_provable"), [("all", False), ("any", True)])
def test_a_combination_with_one_proof_of_two(world: World, of: str, is_provable: bool) -> None:
    """A stream without a voucher proves nothing."""
    made = [
        action("make_secret", "bob", payment="known", expires="1 d"),
        action("open_stream", "alice", payment="unpaid", cap="1 ETH", expires="1 d"),
        action("combine", payment="it", of=of, parts=["unpaid", "known"], expires="1 d"),
    ]
    play(world, made)
    record = action("record", "bob", payment="it")
    if is_provable:
        assert errors(world, record) == [None]
    else:
        with pytest.raises(NothingKnown, match="witness"):
            play(world, [record])
