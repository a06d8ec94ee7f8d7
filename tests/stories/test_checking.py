"""What a story expects is compared with what came of it; whatever is otherwise is said."""

from collections.abc import Iterable

import pytest

from connext import checking
from connext.actions import Action, play
from connext.chain.evm import EvmChain
from connext.checking import Play
from connext.errors import UnknownChannel
from connext.events import Rejected, Resend
from connext.stories import read_story
from connext.world import Outcome, World
from tests.scene import stage

STORY = """\
title: Bob gets half, and cannot open again
limits: {{capacity: 1 ETH, transfer: 1 ETH, shortest_period: 1 h, longest_period: 2 d}}
channels:
  main: {{user: alice, node: bob, period: 1 d, salt: 0}}
actions:
  - {{do: deposit, by: alice, channel: main, side: user, amount: 1 ETH{deposit}}}
  - {{do: pay, by: alice, channel: main, amount: {paid}{pay}}}
  - {{do: propose_close, by: bob, channel: main}}
  - {{do: accept, by: alice, channel: main}}
  - {{do: deposit, by: alice, channel: main, side: user, amount: 1 wei ETH{again}}}
ends:
{ends}
"""
RIGHT = {
    "deposit": ", emits: [ChannelOpened, {Deposited: {channelId: main, amountWei: 1 ETH, side: 0}}]",
    "paid": "0.5 ETH",
    "pay": "",
    "again": ", fails: {ChannelIsSettled: {channelId: main}}",
    "ends": "  alice: {wallet: -0.5 ETH}\n  bob: {reserve: 0.5 ETH}",
}


def problems(**changes: str) -> list[str]:
    story = read_story(STORY.format(**RIGHT | changes))
    play = Play(stage(story, EvmChain()), story)
    found = [f"{step.number}: {problem}" for step in play.steps() for problem in step.problems]
    return found + [f"end: {problem}" for problem in play.problems_at_end()]


def test_a_story_that_comes_out_as_it_says() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"deposit": ", fails: CapacityExceeded"}, "1: succeeded instead of failing with CapacityExceeded"),
        ({"deposit": ", emits: []"}, "1: emitted ChannelOpened, Deposited instead of nothing"),
        (
            {"deposit": ", emits: [ChannelOpened, {Deposited: {amountWei: 2 ETH}}]"},
            "1: amountWei of Deposited is 1000000000000000000 instead of 2 ETH",
        ),
        (
            {"deposit": ", emits: [ChannelOpened, {Deposited: {amount: 2 ETH}}]"},
            "1: Deposited has no value 'amount', only channelId, side, amountWei, amountToken",
        ),
        (
            {"deposit": ", emits: [ChannelOpened, {Deposited: {amountWei: 1 DAI}}]"},
            "1: amountWei of Deposited is 1000000000000000000 instead of 1 DAI",
        ),
        (
            {"deposit": ", emits: [ChannelOpened, {Deposited: {amountWei: 0.5 ETH and 0.5 DAI}}]"},
            "1: amountWei of Deposited is 1000000000000000000 instead of 0.5 ETH and 0.5 DAI",
        ),
        (
            {"deposit": ", emits: [ChannelOpened, {Deposited: {side: false}}]"},
            "1: side of Deposited is 0 instead of False",
        ),
        ({"pay": ", fails: NotEnough"}, "2: succeeded instead of failing with NotEnough"),
        ({"again": ", fails: DisputeRunning"}, "5: ChannelIsSettled instead of DisputeRunning"),
        (
            {"ends": "  alice: {wallet: -0.5 ETH}"},
            "end: bob: reserve 0.5 ETH instead of no change",
        ),
        (
            {"ends": "  alice: {wallet: -0.5 ETH}\n  bob: {wallet: 0.5 ETH}"},
            "end: bob: reserve 0.5 ETH instead of wallet 0.5 ETH",
        ),
    ],
)
def test_what_is_otherwise_is_said(change: dict[str, str], problem: str) -> None:
    assert problems(**change) == [problem]


def test_an_intent_that_is_rejected() -> None:
    assert problems(paid="2 ETH", pay=", fails: BalanceNegative", ends="  bob: {}\n  alice: {}") == []


def test_whatever_else_fails_is_a_problem() -> None:
    (problem,) = problems(again="")
    assert problem.startswith("5: failed: ChannelIsSettled(channelId=0x")


def test_a_transaction_that_succeeds_did_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a party does not accept in the same step."""

    def play_and_reject(world: World, actions: Iterable[Action]) -> list[Outcome]:
        (outcome,) = play(world, actions)
        outcome.outputs.append(("bob", Rejected(Resend(bytes(32)), UnknownChannel(bytes(32)))))
        return [outcome]

    monkeypatch.setattr(checking, "play", play_and_reject)
    first, also, *_ = problems(deposit=", fails: UnknownChannel")
    assert first == "1: succeeded instead of failing with UnknownChannel"
    assert also.startswith("1: failed: no channel 0x0000")
