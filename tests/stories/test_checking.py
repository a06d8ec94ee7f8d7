"""What a story expects is compared with what came of it; whatever is otherwise is said."""

import pytest

from connext.chain.evm import EvmChain
from connext.checking import Play
from connext.stories import read_story
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
