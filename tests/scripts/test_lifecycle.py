"""`ape run lifecycle`, on a local chain and on a fork; and that it does not say all is well when it is not."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connext import lifecycle
from connext.actions import action
from tests.scripts.conftest import CHECKOUT, LOCAL, Run, start_anvil

STALE = "A stale exit is answered by Carol"
CHAPTERS = ("Both cooperate", "The other side vanishes", STALE, "A dispute is resumed from")


@pytest.fixture
def url() -> Iterator[str]:
    yield from start_anvil()


def check_output(output: str) -> None:
    for chapter in CHAPTERS:
        assert f"{chapter}: 2 batch, " in output
    assert "300 pay" in output
    for function in ("topUp", "withdraw", "close", "startDispute", "checkpoint", "settle", "resume"):
        assert f" {function} " in output
    for channel in lifecycle.CHANNELS:
        assert f" {channel} " in output
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


@pytest.mark.parametrize(
    ("deed", "wrong"),
    [
        (action("fund", "carol", amount="1 wei ETH"), "WRONG: money of carol"),
        (action("settle", "carol", channel="stale"), "WRONG: settle of carol failed: ChannelIsSettled"),
        (action("pay", "alice", channel="stale", amount="1 wei ETH"), "WRONG: a party refused: channel"),
    ],
)
def test_anything_unexpected_is_an_exit_code(
    run_on: Run, url: str, monkeypatch: pytest.MonkeyPatch, deed: lifecycle.Action, wrong: str
) -> None:
    title, channel = STALE, "stale"
    played = {title: [*lifecycle.chapters()[title], deed]}
    identity = lifecycle.identities()[channel]
    monkeypatch.setattr(lifecycle, "chapters", lambda: played)
    monkeypatch.setattr(lifecycle, "identities", lambda: {channel: identity})
    ran = run_on(LOCAL, url, "lifecycle")
    assert ran.code == 1
    assert wrong in " ".join(ran.output.split())
    assert "Everybody has" not in ran.output


def test_a_stale_state_that_is_not_answered_is_a_difference(
    run_on: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Carol's answer Alice keeps what she had already paid: the chain is content, the reckoning is not."""
    title, channel = STALE, "stale"
    played = {title: [deed for deed in lifecycle.chapters()[title] if deed.name != "checkpoint"]}
    identity = lifecycle.identities()[channel]
    monkeypatch.setattr(lifecycle, "chapters", lambda: played)
    monkeypatch.setattr(lifecycle, "identities", lambda: {channel: identity})
    ran = run_on(LOCAL, url, "lifecycle")
    assert ran.code == 1
    for who in ("money of alice", "money of bob", "settlement of stale"):
        assert f"WRONG: {who}" in ran.output
