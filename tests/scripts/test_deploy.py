"""`deploy`: everything once, each contract with its record; what is there is used."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connext.deployments import CONDITIONS, read
from tests.scripts.conftest import linked_checkout
from tests.scripts.running import ALICE, BOB, LOCAL, Ran, invoke, start_anvil

Deploy = Callable[..., Ran]


@pytest.fixture
def deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deploy]:
    """`deploy(*options)` in a checkout of its own, on a chain of its own."""
    linked_checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    for url in start_anvil():
        monkeypatch.setenv("APE_FOUNDRY_HOST", url)
        yield lambda *options: invoke(["deploy", *options, "--account", ALICE, "--network", LOCAL])


def records(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in folder.glob(".build/deployments/*/*.json")}


def test_everything_once(deploy: Deploy, tmp_path: Path) -> None:
    output = deploy("--test-dai").succeeded().output
    assert "deploy an OutcomeRegistry: where conditional payments are decided" in output
    assert "capacity of a channel 100 ETH and 200000 DAI, largest payment 10 ETH and 20000 DAI" in output
    first = {name: read(path) for name, path in records(tmp_path).items()}
    assert set(first) == {*CONDITIONS.values(), "ChannelManager"}
    (parameters,) = first["ChannelManager"].arguments
    assert parameters["registry"].lower() == "0x" + first["OutcomeRegistry"].address.hex()
    deploy("--test-dai").failed("ChannelManager is deployed on ethereum:local already, at 0x", "--replace")

    records(tmp_path)["Stream"].unlink()  # an earlier run was interrupted, or did not know it yet
    output = deploy().succeeded().output
    assert output.count("Plan on") == 1
    assert "deploy Stream" in output
    assert "the ChannelManager that is recorded is used" in output
    assert read(records(tmp_path)["Stream"]) != first["Stream"]
    assert read(records(tmp_path)["ChannelManager"]) == first["ChannelManager"]

    token = json.loads(records(tmp_path)["ChannelManager"].read_text())["arguments"][0]["token"]
    output = deploy("--replace", "--token", token, "--capacity", "1 ETH").succeeded().output
    assert "replacing the manager at 0x" in output
    assert output.count("is recorded already") == len(CONDITIONS)
    assert "capacity of a channel 1 ETH," in output
    second = {name: read(path) for name, path in records(tmp_path).items()}
    assert {name for name in first if first[name] != second[name]} == {"ChannelManager", "Stream"}

    records(tmp_path)["OutcomeRegistry"].unlink()
    deploy().failed("the record of its outcome registry 0x", "OutcomeRegistry.json back", "--replace")


def test_nothing_is_paid_for_a_manager_that_cannot_be(deploy: Deploy, tmp_path: Path) -> None:
    deploy("--token", BOB).failed("there is no contract at")
    deploy().failed("which token, on ethereum:local?")
    assert not records(tmp_path)
