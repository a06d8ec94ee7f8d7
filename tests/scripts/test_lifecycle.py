"""`ape run lifecycle`, on a local chain and on a fork; and that it does not say all is well when it is not."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connext import lifecycle
from connext.actions import Action, action
from connext.story import Story
from tests.scripts.conftest import CHECKOUT, LOCAL, Run, start_anvil

STORIES = lifecycle.stories()
STALE = "A stale exit is answered by Carol"
TOO_LATE = "Charlie shows the secret too late"


@pytest.fixture
def url() -> Iterator[str]:
    yield from start_anvil()


def check_output(output: str) -> None:
    for title in STORIES:
        assert f"\n{title}: " in output
    assert output.count("Money (transactions here cost no fees)") == len(STORIES)
    assert "300 pay" in output
    for function in ("topUp", "withdraw", "close", "startDispute", "checkpoint", "settle", "resume", "record"):
        assert f" {function} " in output
    assert " record (25 times) " in output
    assert " settleTransfers " in output
    assert "\nEverybody has, to the wei, what the last states say.\n" in output
    assert "WRONG" not in output


def test_local(run_on: Run, url: str) -> None:
    check_output(run_on(LOCAL, url, "lifecycle").succeeded().output)


def test_fork() -> None:
    """In a process of its own, as `make demo` runs it."""
    ape = Path(sys.executable).with_name("ape")
    command = [ape, "run", "lifecycle", "--network", "ethereum:mainnet-fork:foundry"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    check_output(done.stdout)


def test_one_story_by_a_part_of_its_title(run_on: Run, url: str) -> None:
    output = run_on(LOCAL, url, "lifecycle", "--story", "STALE exit").succeeded().output
    assert f"\n{STALE}: " in output
    assert output.count("Money (transactions here cost no fees)") == 1


def test_an_unknown_title_shows_those_that_there_are(run_on: Run, url: str) -> None:
    ran = run_on(LOCAL, url, "lifecycle", "--story", "Mallory")
    assert ran.code == 2
    assert "no story is called 'Mallory'" in " ".join(ran.output.split())
    assert STALE in " ".join(ran.output.split())


def play_instead(monkeypatch: pytest.MonkeyPatch, story: Story) -> None:
    monkeypatch.setattr(lifecycle, "stories", lambda: {story.title: story})


@pytest.mark.parametrize(
    ("deed", "wrong"),
    [
        (action("fund", "carol", amount="1 wei ETH"), "money of carol"),
        (action("settle", "carol", channel="stale"), "settle (number 31) failed: ChannelIsSettled"),
        (action("pay", "alice", channel="stale", amount="1 wei ETH"), "pay (number 31) failed: channel"),
    ],
)
def test_anything_unexpected_is_an_exit_code(
    run_on: Run, url: str, monkeypatch: pytest.MonkeyPatch, deed: Action, wrong: str
) -> None:
    story = STORIES[STALE]
    play_instead(monkeypatch, replace(story, actions=(*story.actions, deed)))
    ran = run_on(LOCAL, url, "lifecycle")
    assert ran.code == 1
    assert f"WRONG: {STALE}: {wrong}" in " ".join(ran.output.split())
    assert "Everybody has" not in ran.output


def test_a_failure_that_must_happen_is_missed(run_on: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story = STORIES[TOO_LATE]
    in_time = [replace(a, time=a.time - 1) if a.name == "record" and a.time else a for a in story.actions]
    play_instead(monkeypatch, replace(story, actions=tuple(in_time)))
    ran = run_on(LOCAL, url, "lifecycle")
    assert ran.code == 1
    wrong = (
        "WRONG: Charlie shows the secret too late: record (number 6) succeeded instead of failing with OutcomeIsFinal"
    )
    assert wrong in " ".join(ran.output.split())


def test_a_stale_state_that_is_not_answered_is_a_difference(
    run_on: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Carol's answer Alice keeps what she had already paid: the chain is content, the reckoning is not."""
    story = STORIES[STALE]
    play_instead(monkeypatch, replace(story, actions=tuple(a for a in story.actions if a.name != "checkpoint")))
    ran = run_on(LOCAL, url, "lifecycle")
    assert ran.code == 1
    for who in ("money of alice", "money of bob", "settlement of stale"):
        assert f"WRONG: {STALE}: {who}" in ran.output
