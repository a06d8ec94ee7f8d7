"""What is different on a live network: plans are confirmed, records are committed. An anvil plays Sepolia."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ape.api.networks import NetworkAPI

from connext.codec import to_json
from connext.deployments import read
from tests.scripts.conftest import opened
from tests.scripts.running import ALICE, BOB, LOCAL, Ran, Run, start_anvil

SEPOLIA = 11155111


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    yield from start_anvil("--chain-id", str(SEPOLIA))


@pytest.fixture
def live(run_on: Run, url: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`live(script, *arguments, answers="")` on a sepolia with a recorded manager."""
    monkeypatch.setattr(NetworkAPI, "required_confirmations", 0)

    def run(*arguments: str, answers: str = "") -> Ran:
        return run_on(f"ethereum:sepolia:{url}", url, *arguments, answers=answers)

    if not (workspace / "deployments" / "ethereum-sepolia").exists():
        run_on(LOCAL, url, "deploy", "--test-dai", "--account", ALICE).succeeded()
        (recorded,) = (workspace / ".build" / "deployments").glob(f"{SEPOLIA}-*")
        shutil.copytree(recorded, workspace / "deployments" / "ethereum-sepolia")
    return run


def open_channel(live: Run, store: Path, *options: str, answers: str = "") -> Ran:
    who = ("--account", ALICE, "--store", str(store))
    return live("open", "--with", BOB, "--deposit", "1 ETH", *who, *options, answers=answers)


def test_a_plan_that_is_declined_does_nothing(live: Run, tmp_path: Path) -> None:
    ran = open_channel(live, tmp_path, answers="n\n")
    assert ran.code == 1
    assert "open the channel and deposit 1 ETH for the user's side" in ran.output
    assert "fee: at most 0.000" in ran.output
    assert ran.output.endswith("Go on? [y/N]: n\nAborted!\n")
    assert not list(tmp_path.glob("*/0x*"))


def test_a_plan_that_is_confirmed_is_done(live: Run, tmp_path: Path) -> None:
    output = open_channel(live, tmp_path, answers="y\n").succeeded().output
    assert "done in block" in output
    channel = opened(output)
    assert "status    open" in live("channel", channel, "--store", str(tmp_path)).succeeded().output


def test_machines_say_yes_beforehand(live: Run, tmp_path: Path) -> None:
    assert "Go on?" not in open_channel(live, tmp_path, "--yes").succeeded().output


def test_a_deposit_counts_when_it_is_confirmed(live: Run, tmp_path: Path) -> None:
    channel = opened(open_channel(live, tmp_path, "--yes").output)
    who = ("--account", ALICE, "--store", str(tmp_path), "--out", str(tmp_path / "p.json"))
    live("update", channel, "--pay", "1 ETH", *who, "--yes").failed("counting confirmed deposits")
    ran = live("update", channel, "--pay", "1 ETH", *who, "--confirmations", "0", answers="n\n")
    assert "sign state 1: the user (you) pays 1 ETH to the node" in ran.output
    assert not (tmp_path / "p.json").exists()
    live("update", channel, "--pay", "1 ETH", *who, "--confirmations", "0", answers="y\n").succeeded()
    assert json.loads((tmp_path / "p.json").read_text())["kind"] == "proposal"


def test_machines_do_not_accept_what_takes_from_them(live: Run, tmp_path: Path) -> None:
    channel = opened(open_channel(live, tmp_path, "--yes").output)
    alice = ("--account", ALICE, "--store", str(tmp_path), "--confirmations", "0", "--yes")
    bob = ("--account", BOB, "--store", str(tmp_path / "bob"), "--confirmations", "0", "--yes")
    asks = ("--give", "1 ETH", "--out", str(tmp_path / "w.json"))
    live("withdraw", channel, *asks, "--first-time", *bob).succeeded()
    reads = ("withdraw", channel, "--from", str(tmp_path / "w.json"), "--out", str(tmp_path / "ok.json"), *alice)
    live(*reads).failed("not signed, it waits for your --accept")
    assert not (tmp_path / "ok.json").exists()
    live(*reads, "--accept").succeeded()


def test_a_secret_is_shown_after_a_question(live: Run, tmp_path: Path) -> None:
    """It signs nothing, but cannot be taken back."""
    channel = opened(open_channel(live, tmp_path, "--yes").output)
    both = ("--confirmations", "0")
    alice = ("--account", ALICE, "--store", str(tmp_path), *both)
    bob = ("--account", BOB, "--store", str(tmp_path / "bob"), *both)
    files = {name: str(tmp_path / f"{name}.json") for name in ("terms", "lock", "locked", "secret")}
    live("invoice", "1 ETH", "--out", files["terms"], "--store", str(tmp_path / "bob")).succeeded()
    live("lock", channel, "1 ETH", "--terms", files["terms"], "--out", files["lock"], *alice, answers="n\n")
    assert not list(tmp_path.glob("*/locked/*"))  # nothing was signed: the terms can still be used
    live("lock", channel, "1 ETH", "--terms", files["terms"], "--out", files["lock"], *alice, "--yes").succeeded()
    reads = ("update", channel, "--from", files["lock"], "--out", files["locked"], "--first-time")
    live(*reads, *bob, "--yes").succeeded()
    show = ("resolve", channel, "256", "--out", files["secret"])
    ran = live(*show, *bob, answers="n\n")
    assert "show the user what proves transfer 256: it pays you all of 1 ETH" in ran.output
    assert ran.output.endswith("Aborted!\n")
    assert not (tmp_path / "secret.json").exists()
    live(*show, *bob, answers="y\n").succeeded()
    assert json.loads((tmp_path / "secret.json").read_text())["kind"] == "reveal"


def test_a_view_from_before_the_deployment(live: Run, tmp_path: Path) -> None:
    """So many confirmations that the manager was not there: the oldest block that has it is taken."""
    channel = opened(open_channel(live, tmp_path, "--yes").output)
    who = ("--account", ALICE, "--store", str(tmp_path), "--confirmations", "1000000", "--yes")
    live("update", channel, "--pay", "1 ETH", *who).failed("counting confirmed deposits")


def test_a_deployment_must_be_of_committed_sources(live: Run) -> None:
    """The workspace of the tests is no repository, so nothing in it is committed."""
    live("deploy", "--replace", "--test-dai", "--account", ALICE, "--yes").failed(
        "not committed: ", "must be of sources and parameters that others can have"
    )


def test_records_of_another_chain_are_not_used(live: Run, workspace: Path, tmp_path: Path) -> None:
    path = workspace / "deployments" / "ethereum-sepolia" / "ChannelManager.json"
    record = read(path)
    try:
        path.write_text(json.dumps(to_json(replace(record, chain_id=5))))
        open_channel(live, tmp_path).failed("is a record of chain 5", "answers with chain 11155111")
        path.write_text(json.dumps(to_json(replace(record, address=bytes(20)))))
        open_channel(live, tmp_path).failed("does not have the code that")
    finally:
        path.write_text(json.dumps(to_json(record)))


def test_an_endpoint_of_another_chain(live: Run, run_on: Run, url: str, tmp_path: Path) -> None:  # noqa: ARG001
    who = ("--account", ALICE, "--store", str(tmp_path))
    ran = run_on(f"ethereum:mainnet:{url}", url, "open", "--with", BOB, "--deposit", "1 ETH", *who)
    ran.failed("chain ID '11155111'", "does not match")


def test_what_is_for_local_chains_only(live: Run) -> None:
    live("lifecycle").failed("it runs on local chains and forks")
    live("advance", "1 d").failed("time passes by itself")
