"""What of a story can be seen to be impossible before it is played, and where that is said."""

import pytest

from connext import lifecycle, plot
from connext.stories import InvalidStory, read_playable

HEAD = """\
title: Something is missing
channels:
  main: {user: alice, node: bob, period: 1 d, salt: 0}
  other: {user: alice, node: bob, period: 1 d, salt: 1}
actions:
"""


def story(*actions: str) -> str:
    """Carol is on the last line, if she appears, so that lines stay what they are."""
    strangers = "strangers: [carol]\n" if "by: carol" in "".join(actions) else ""
    return HEAD + "".join(f"  - {{{action}}}\n" for action in actions) + strangers


EXIT = "do: make_exit, by: bob, message: leave, channel: main, dispute: 1, deadline: 1 d"
SECRET = "do: make_secret, by: bob, payment: shoes, expires: 1 h"


@pytest.mark.parametrize(
    ("actions", "line", "problem"),
    [
        # Labels
        (
            ["do: checkpoint, by: carol, channel: main, message: new"],
            6,
            "nothing was made under the label 'new' before",
        ),
        ([EXIT, "do: close, by: bob, channel: main, message: leave"], 7, "'leave' is an exit, and a state is needed"),
        (["do: show, by: alice, channel: main, message: new, base: 0"], 6, "nothing was made under the label 'new'"),
        (["do: settle, by: bob, channel: main, list_of: last"], 6, "nothing was made under the label 'last' before"),
        # What was signed
        (["do: checkpoint, by: carol, channel: main, nonce: 7"], 6, "checkpoint by carol: no state 7 was signed"),
        (
            ["do: pay, by: bob, channel: other, amount: 1 ETH", "do: settle, by: bob, channel: main, nonce: 1"],
            7,
            "settle by bob: no state 1 was signed: nothing was proposed in main before",
        ),
        (["do: withdraw, by: bob, channel: main"], 6, "no withdrawal was proposed in main before"),
        (["do: resume, by: bob, channel: main"], 6, "no resume was proposed in main before"),
        (["do: start_dispute_with_exit, by: bob, channel: main"], 6, "no exit was signed in main before"),
        (["do: restore, by: bob"], 6, "there is no copy: back_up by bob must come before"),
        # Payments
        (["do: record, by: bob, payment: shoes"], 6, "record by bob: there is no payment 'shoes' before"),
        ([SECRET, "do: combine, payment: it, of: all, parts: [shoes, hat], expires: 1 h"], 7, "no payment 'hat'"),
        (
            [
                "do: make_state, message: x, channel: main, nonce: 1, "
                "transfers: [{payment: hat, payer: user, amount: 1 ETH}]"
            ],
            6,
            "make_state: there is no payment 'hat' before",
        ),
        # People
        (["do: pay, by: carol, channel: main, amount: 1 ETH"], 6, "carol is no party of main: alice and bob are"),
        (
            ["do: batch, by: bob, items: [{do: fund, by: carol, amount: 1 ETH}]"],
            6,
            "fund by carol: it must be by bob, like the whole",
        ),
        (["do: batch, by: bob, items: [{do: permit, by: bob, at: 1 h}]"], 6, "the time and the gas of the whole"),
        (
            ["do: batch, by: bob, items: [{do: permit, by: bob, fails: NothingMoved}]"],
            6,
            "permit by bob: what is expected is said of the whole: no `fails`, no `emits`",
        ),
        # What is expected
        (["do: permit, by: bob, fails: NothingMovd"], 6, "there is no error NothingMovd: is it NothingMoved?"),
        (["do: permit, by: bob, fails: Xyz"], 6, "permit by bob: there is no error Xyz"),
        (
            ["do: permit, by: bob, fails: {NothingMoved: {amount: 1}}"],
            6,
            "NothingMoved has no value 'amount', only none",
        ),
        (["do: permit, by: bob, emits: [Transfer, Depositd]"], 6, "there is no event Depositd: is it Deposited?"),
        (
            ["do: permit, by: bob, emits: [{Deposited: {amount: 1 ETH}}]"],
            6,
            "Deposited has no value 'amount', only channelId, side, amountWei, amountToken",
        ),
        (
            ["do: pay, by: bob, channel: main, amount: 1 ETH, emits: []"],
            6,
            "pay by bob: it sends no transaction of its own: no `emits`",
        ),
        # Time
        (["do: mine, at: 0"], 6, "mine: it cannot be at start + 0 s: by then it is at least start + 0 s"),
        (["do: mine, at: 1 h", "do: mine, at: 1 h"], 7, "at least start + 1 h"),
        (["do: advance, duration: 1 d", "do: mine, at: 1 h"], 7, "at least start + 1 d"),
        (["do: mine, blocks: 10", "do: permit, by: bob", "do: mine, at: 132 s"], 8, "at least start + 2 min"),
    ],
)
def test_what_is_impossible(actions: list[str], line: int, problem: str) -> None:
    with pytest.raises(InvalidStory) as found:
        read_playable(story(*actions), "try.yaml")
    assert str(found.value).startswith(f"try.yaml, line {line}: ")
    assert problem in str(found.value)


@pytest.mark.parametrize(
    "actions",
    [
        ["do: checkpoint, by: carol, channel: main, nonce: 0"],
        ["do: pay, by: bob, channel: main, amount: 1 ETH", "do: checkpoint, by: carol, channel: main, nonce: 7"],
        ["do: pay, by: carol, channel: main, amount: 1 ETH, fails: UnknownChannel"],
        [EXIT, "do: start_dispute_with_exit, by: carol, channel: main, exit_message: leave, nonce: 0"],
        ["do: mine, at: 1 h", "do: reorganize, blocks: 1", "do: mine, at: 1 h"],
        [SECRET, "do: record, by: bob, payment: shoes"],
        ["do: permit, by: bob, fails: {WrongSigner: {recovered: bob}}"],  # the contract's
        ["do: pay, by: bob, channel: main, amount: 1 ETH, fails: {BalanceNegative: {side: node}}"],  # a rule's
    ],
)
def test_what_may_be_possible(actions: list[str]) -> None:
    _, lines = read_playable(story(*actions))
    assert lines == tuple(range(6, 6 + len(actions)))


def test_the_stories_of_lifecycle_are_possible() -> None:
    for one in lifecycle.stories().values():
        plot.check(one)
