"""The stage of `replay`: a fresh chain for every story, a line for every step while it plays, a page at the end."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Protocol

from ape.api import ProviderAPI
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connext import lifecycle
from connext.abi import Artifact
from connext.chain import LocalChain, Transaction
from connext.chain.ape import ApeLocalChain
from connext.chain.deploying import deploy_all
from connext.chain.fork import DAI, give_dai
from connext.channel import Deployment
from connext.checking import CannotPlay
from connext.errors import ConnextError, printable
from connext.replay.report import Origin, Replay, render, render_index
from connext.replay.timeline import Moment, Recorder
from connext.replay.words import exact_duration
from connext.stories import read_playable
from connext.story import STORY_MONEY, Story, world_of
from connext.token import TOKEN_ABI
from connext.types import Address
from connext.world import World, actor
from scripts._stage import DEPLOYER
from scripts._test_dai import creation_code

CHECKOUT = Path(__file__).resolve().parents[1]
DOUBLES = ("HostileRecipient", "HostileCondition", "HostileToken", "AnyShare")
"""Contracts of `contracts/test` that an account or the token can become."""
STORY_TIME = 4_102_444_800
"""2100-01-01: when stories begin on a local chain, so that a story always comes out as the same bytes."""
WIDTH = 140
"""Columns where the output is no terminal."""


@dataclass(eq=False)
class NoStories(ConnextError, LookupError):
    text = "{path} has no stories: name a file that ends in .yaml, or a folder with such files"
    path: Path


@dataclass(eq=False)
class CannotRead(ConnextError, OSError):
    text = "{path} cannot be read: {reason}"
    path: Path
    reason: str


@dataclass(eq=False)
class CannotWrite(ConnextError, OSError):
    text = "no report can be written to {path}: {reason}"
    path: Path
    reason: str


@dataclass(eq=False)
class BrokenOff(ConnextError):
    """A story that could not be played to its end."""

    text = "{path}, line {line}: {problem}"
    path: Path
    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Script:
    """A story and the file that it is from. lines: of its actions in that file."""

    path: Path
    story: Story
    source_hash: str
    lines: tuple[int, ...]

    @property
    def name(self) -> str:
        return self.path.stem


def read_scripts(paths: Sequence[Path]) -> list[Script]:
    """All of them, before anything is played. Raises InvalidStory, NoStories, CannotRead."""
    return [read_script(path) for path in dict.fromkeys(file for path in paths for file in _files(path))]


def _files(path: Path) -> list[Path]:
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise NoStories(path)
    return files


def read_script(path: Path) -> Script:
    """Raises InvalidStory, CannotRead."""
    try:
        data = path.read_bytes()
        text = data.decode()
    except OSError as error:
        raise CannotRead(path, error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise CannotRead(path, "it is not UTF-8 text") from None
    story, lines = read_playable(text, str(path))
    return Script(path, story, hash_of(data), lines)


def hash_of(data: bytes) -> str:
    """Of a story's file."""
    return f"sha256 {sha256(data).hexdigest()[:16]}"


class House(Protocol):
    """Chains on which stories play."""

    @property
    def chain_in_words(self) -> str: ...

    def fresh(self) -> AbstractContextManager[LocalChain]:
        """A chain on which nothing has been played."""

    def build(self, chain: LocalChain, story: Story) -> Deployment:
        """Token and contracts, for this story."""

    def give_tokens(self, chain: LocalChain, token: Address, account: Address) -> None:
        """What everybody has of the token at the start."""


class Anvil:
    """The chain that Ape is connected to: an anvil, a fork or not. It is the same after every story."""

    def __init__(self, provider: ProviderAPI) -> None:
        self.provider = provider

    @property
    def chain_in_words(self) -> str:
        network = self.provider.network
        kind = f"a fork of {network.name.removesuffix('-fork')}" if network.is_fork else "a local chain"
        return f"{kind} (chain id {self.provider.chain_id})"

    @contextmanager
    def fresh(self) -> Iterator[LocalChain]:
        snapshot = self.provider.make_request("evm_snapshot", [])
        chain = ApeLocalChain(self.provider)
        if not self.provider.network.is_fork:
            chain.set_next_time(STORY_TIME)
            chain.mine()
        try:
            yield chain
        finally:
            self.provider.make_request("evm_revert", [snapshot])

    def build(self, chain: LocalChain, story: Story) -> Deployment:
        if not self.provider.network.is_fork:
            return build_with_test_dai(chain, story)
        chain.set_balance(DEPLOYER, STORY_MONEY.amount_wei)
        return deploy_all(chain, DEPLOYER, DAI, story.parameters)

    def give_tokens(self, chain: LocalChain, token: Address, account: Address) -> None:
        if self.provider.network.is_fork:
            give_dai(self.provider.make_request, account, STORY_MONEY.amount_token)
        else:
            mint_test_dai(chain, token, account)


class InProcess:
    """The in-process EVM: for stories that are played beside what Ape is connected to."""

    chain_in_words = "the in-process EVM"

    @contextmanager
    def fresh(self) -> Iterator[LocalChain]:
        from connext.chain.evm import EvmChain

        yield EvmChain(genesis_time=STORY_TIME)

    def build(self, chain: LocalChain, story: Story) -> Deployment:
        return build_with_test_dai(chain, story)

    def give_tokens(self, chain: LocalChain, token: Address, account: Address) -> None:
        mint_test_dai(chain, token, account)


def build_with_test_dai(chain: LocalChain, story: Story) -> Deployment:
    chain.set_balance(DEPLOYER, STORY_MONEY.amount_wei)
    token = chain.deploy(DEPLOYER, creation_code(chain.chain_id))
    return deploy_all(chain, DEPLOYER, token, story.parameters)


def mint_test_dai(chain: LocalChain, token: Address, account: Address) -> None:
    mint = TOKEN_ABI.encode_call("mint", account, STORY_MONEY.amount_token)
    chain.send(Transaction(DEPLOYER, token, mint))


class Theatre:
    """Plays stories, each as if it were the first."""

    def __init__(self, house: House, console: Console) -> None:
        self.house = house
        self.console = console
        self._doubles = {name: _double(name) for name in DOUBLES}

    def play(self, script: Script) -> Replay:
        """Raises BrokenOff."""
        try:
            return self._play(script)
        except CannotPlay as error:
            raise BrokenOff(script.path, script.lines[error.number - 1], str(error)) from error

    def _play(self, script: Script) -> Replay:
        with self.house.fresh() as chain:
            world = self._world(chain, script.story)
            origin = Origin(
                source=script.path.name,
                source_hash=script.source_hash,
                commit=_commit(),
                chain=self.house.chain_in_words,
                block=world.start.number,
            )
            recorder = Recorder(world, script.story)
            self._announce(script)
            moments = []
            for moment in recorder.moments():
                self._show(moment)
                moments.append(moment)
            replay = Replay(
                story=script.story,
                origin=origin,
                start=recorder.start,
                moments=tuple(moments),
                ends=recorder.ends(),
                settlements=recorder.settlements(),
                problems_at_end=recorder.problems_at_end(),
            )
        self._conclude(replay)
        return replay

    def _world(self, chain: LocalChain, story: Story) -> World:
        """Everybody has money, and has given the manager an allowance."""
        deployment = self.house.build(chain, story)
        first_block = chain.head.number
        approval = TOKEN_ABI.encode_call("approve", deployment.domain.verifying_contract, 2**256 - 1)
        for account in (actor(name).account for name in story.names):
            chain.set_balance(account, STORY_MONEY.amount_wei)
            self.house.give_tokens(chain, deployment.token, account)
            chain.send(Transaction(account, deployment.token, approval))
        return world_of(
            story, chain, deployment, policy=lifecycle.POLICY, first_block=first_block, doubles=self._doubles
        )

    # --- What is shown ---

    def _announce(self, script: Script) -> None:
        self.console.print(f"\n[bold]{_plain(script.story.title)}[/bold] ({_plain(str(script.path))})", highlight=False)
        if script.story.about:
            self.console.print(_plain(script.story.about), style="dim", highlight=False)

    def _show(self, moment: Moment) -> None:
        table = Table.grid(padding=(0, 1), expand=True)
        for width, justify in ((3, "right"), (18, "right"), (10, "left")):
            table.add_column(width=width, justify=justify, overflow="fold")  # type: ignore[arg-type] # one of Rich's words
        table.add_column(ratio=1, overflow="fold")
        table.add_column(ratio=2, overflow="fold")
        table.add_column(width=11, justify="right")
        gas = sum(deed.gas for deed in moment.deeds)
        table.add_row(
            str(moment.number),
            f"+ {exact_duration(moment.time)}",
            _plain(moment.actor or ""),
            _plain(moment.name.replace("_", " ")),
            "\n".join(_lines(moment)),
            f"{gas:,} gas" if gas else "",
        )
        self.console.print(table, highlight=False)

    def _conclude(self, replay: Replay) -> None:
        for problem in replay.problems:
            self.console.print(f"WRONG: {problem}", style="bold red", markup=False, highlight=False)
        if not replay.problems:
            self.console.print(f"as it says: {len(replay.moments)} steps, {replay.gas:,} gas", style="green")


def _lines(moment: Moment) -> Iterator[str]:
    """What came of it, in Rich's markup."""
    for message in moment.messages:
        yield f"[dim]{_plain(message.sender)} to {_plain(message.receiver)}: {_plain(message.text)}[/dim]"
    for deed in moment.deeds:
        came = deed.error.name if deed.error else ", ".join(event.name for event in deed.events) or "nothing new"
        who = "" if deed.sender == moment.actor else f"{_plain(deed.sender)} "
        style = "yellow" if deed.error else "default"
        yield f"[{style}]{who}{deed.function}: {came}[/{style}]"
    for problem in moment.problems:
        yield f"[bold red]{_plain(problem)}[/bold red]"


def console() -> Console:
    """As wide as the terminal, or wide enough for a file."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=WIDTH)


def _plain(text: str) -> str:
    """Square brackets mean themselves, and nothing speaks to the terminal."""
    return escape(printable(text))


def write_reports(replays: Sequence[tuple[str, Replay]], folder: Path) -> list[Path]:
    """A page for each, by its name, and one that leads to them if there are several. Raises CannotWrite."""
    named = dict(zip(_different([name for name, _ in replays]), (replay for _, replay in replays), strict=True))
    pages = {f"{name}.html": render(replay) for name, replay in named.items()}
    if len(replays) > 1:
        pages["index.html"] = render_index([(f"{name}.html", replay) for name, replay in named.items()])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            (folder / name).write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CannotWrite(folder, error.strerror or str(error)) from None
    return [folder / name for name in pages]


def _different(names: Sequence[str]) -> list[str]:
    """With a number, where another has the name: stories of several folders, or one called like the index."""
    different: list[str] = []
    taken = {"index"} if len(names) > 1 else set()
    for name in names:
        numbered = (f"{name}-{number}" for number in count(2))
        different.append(next(one for one in numbered if one not in taken) if name in taken else name)
        taken.add(different[-1])
    return different


def _double(name: str) -> Artifact:
    return Artifact.parse(name, (CHECKOUT / "tests" / "artifacts" / f"{name}.json").read_text())


def _commit() -> str:
    """Of this checkout, and whether its files are other than those of the commit."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", "contracts", "interfaces", "connext", "scripts")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit} with changes" if changed else commit


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.strip()
