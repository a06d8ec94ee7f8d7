"""Scripts as their users run them: `ape run …`, each test with channels of its own on one chain and one deployment."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ape import networks
from ape.managers.networks import NodeProcessMap
from ape_run._cli import ScriptCommand

from tests.scripts.running import ALICE, BOB, CHARLIE, LOCAL, Ran, Run, invoke, start_anvil
from tests.scripts.trio import Held, Trio, held_by

CHECKOUT = Path(__file__).resolve().parents[2]
NEEDED = (
    "scripts",
    "tests",
    "toolchain",
    "package.json",
    "ape-config.yaml",
    "contracts",
    "interfaces",
    "node_modules",
    "deployments/config",
)
"""What scripts use of the checkout."""


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is a checkout to the scripts, so that no record of a test lands in the real one."""
    folder = tmp_path_factory.mktemp("workspace")
    linked_checkout(folder)
    return folder


def linked_checkout(folder: Path) -> None:
    for name in NEEDED:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(CHECKOUT / name)


@pytest.fixture(scope="session")
def local_url() -> Iterator[str]:
    yield from start_anvil()


@pytest.fixture(scope="session", autouse=True)
def quick_ape() -> Iterator[None]:
    """What Ape does at every command, for nothing: it loads all scripts, twice, and at the disconnection compares the
    provider to all nodes that it ever started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NodeProcessMap, "remove_provider", lambda *_: None)
        patch.setattr(ScriptCommand, "_get_command", cache(ScriptCommand._get_command))
        yield


@pytest.fixture
def run_on(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run_on(network, url, script, *arguments, answers="")`: url is where `foundry` networks are."""

    def run(network: str, url: str, *arguments: str, answers: str = "") -> Ran:
        with monkeypatch.context() as patch:
            patch.chdir(workspace)
            patch.setenv("APE_FOUNDRY_HOST", url)
            return invoke([*arguments, "--network", network], answers)

    return run


@pytest.fixture
def run(run_on: Run, local_url: str, deployed: None) -> Run:  # noqa: ARG001 # must be there
    """`run(script, *arguments)` on the local chain, on which a manager is deployed and Alice has DAI."""
    return lambda *arguments, answers="": run_on(LOCAL, local_url, *arguments, answers=answers)


@pytest.fixture(scope="session")
def deployed(workspace: Path, local_url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        patch.setenv("APE_FOUNDRY_HOST", local_url)
        invoke(["deploy", "--test-dai", "--account", ALICE, "--network", LOCAL]).succeeded()


@dataclass(frozen=True)
class Pair:
    """Alice and Bob with a channel: Alice the user, Bob the node, each with files of its own."""

    run: Run
    channel: str
    folder: Path

    def alice(self, script: str, *arguments: str, **settings: Any) -> Ran:
        return self._run("alice", ALICE, script, *arguments, **settings)

    def bob(self, script: str, *arguments: str, **settings: Any) -> Ran:
        return self._run("bob", BOB, script, *arguments, **settings)

    def _run(self, name: str, account: str, script: str, *arguments: str, **settings: Any) -> Ran:
        store = str(self.folder / name)
        return self.run(script, self.channel, *arguments, "--account", account, "--store", store, **settings)

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def pay(self, amount: str, name: str) -> None:
        """Alice pays, Bob countersigns, Alice gets to know."""
        proposal, answer = self.file(f"{name}.json"), self.file(f"{name}-answer.json")
        self.alice("update", "--pay", amount, "--out", proposal).succeeded()
        self.bob("update", "--from", proposal, "--out", answer).succeeded()
        self.alice("update", "--from", answer).succeeded()

    def stored(self, name: str) -> Any:
        """The channel in a party's file."""
        (path,) = (self.folder / name).glob(f"*/{self.channel}.json")
        return json.loads(path.read_text())["channel"]

    def portrait(self) -> str:
        return self.run("channel", self.channel, "--store", str(self.folder / "alice")).succeeded().output


def opened(output: str) -> str:
    """The channel's id in what `open` printed."""
    found = re.search(r"^channel (0x[0-9a-f]{64})", output, re.MULTILINE)
    assert found, output
    return found[1]


@pytest.fixture
def pair(run: Run, tmp_path: Path) -> Pair:
    """3 ETH of Alice and 2 ETH of Bob in an open channel."""
    store = str(tmp_path / "alice")
    output = run("open", "--with", BOB, "--deposit", "3 ETH", "--account", ALICE, "--store", store).succeeded().output
    pair = Pair(run, opened(output), tmp_path)
    pair.bob("deposit", "2 ETH", "--first-time").succeeded()
    return pair


@pytest.fixture
def trio(run: Run, tmp_path: Path, workspace: Path, local_url: str) -> Trio:
    """Alice with 3 ETH and 50 DAI in a channel with Bob's node, which has 2 ETH there and 5 ETH in one with Charlie."""

    def holdings(account: str) -> Held:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(workspace)
            patch.setenv("APE_FOUNDRY_HOST", local_url)
            with networks.parse_network_choice(LOCAL) as provider:
                return held_by(provider, workspace / ".build" / "deployments", account)

    money = ("--deposit", "3 ETH", "--deposit", "50 DAI", "--approve")
    first = run("open", "--with", BOB, *money, "--account", ALICE, "--store", str(tmp_path / "alice"))
    bob = ("--account", BOB, "--store", str(tmp_path / "bob"))
    second = run("open", "--as", "node", "--with", CHARLIE, "--deposit", "5 ETH", *bob)
    trio = Trio(run, opened(first.succeeded().output), opened(second.succeeded().output), tmp_path, holdings)
    trio.do("bob", "deposit", trio.first, "2 ETH", "--first-time").succeeded()
    return trio
