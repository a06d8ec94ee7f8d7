"""Scripts as their users run them: `ape run …`, each test with channels of its own on one chain and one deployment."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from ape.managers.networks import NodeProcessMap
from ape_run._cli import cli
from click.testing import CliRunner

CHECKOUT = Path(__file__).resolve().parents[2]
NEEDED = ("scripts", "tests", "toolchain", "package.json", "ape-config.yaml")
"""What scripts use of the checkout."""
LOCAL = "ethereum:local:foundry"
ALICE, BOB, CAROL = "TEST::0", "TEST::1", "TEST::2"


@dataclass(frozen=True)
class Ran:
    """How a script ended: its exit code, and all that it printed."""

    code: int
    output: str

    def succeeded(self) -> "Ran":
        assert self.code == 0, self.output
        return self

    def failed(self, *parts: str, code: int = 1) -> "Ran":
        """With this exit code, and with one error line that has all these parts."""
        assert self.code == code, self.output
        (error,) = [line for line in self.output.splitlines() if line.startswith("Error: ")]
        for part in parts:
            assert part in error, self.output
        return self


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is a checkout to the scripts, so that no record of a test lands in the real one."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in NEEDED:
        (folder / name).symlink_to(CHECKOUT / name)
    return folder


def start_anvil(*options: str) -> Iterator[str]:
    """An anvil of our own: Ape's lives only as long as one command."""
    command = ["anvil", "--host", "127.0.0.1", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = next(line.split()[-1] for line in process.stdout if line.startswith("Listening on"))
    Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would stop it
    yield f"http://{address}"
    process.terminate()
    process.wait()


@pytest.fixture(scope="session")
def local_url() -> Iterator[str]:
    yield from start_anvil()


@pytest.fixture(scope="session", autouse=True)
def no_search_for_nodes() -> Iterator[None]:
    """At every disconnection Ape compares the provider to all nodes that it ever started: for seconds, for nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NodeProcessMap, "remove_provider", lambda *_: None)
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


def invoke(arguments: list[str], answers: str = "") -> Ran:
    result = CliRunner().invoke(cli, arguments, input=answers)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.output)


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
