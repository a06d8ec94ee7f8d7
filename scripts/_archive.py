"""A channel of the connected chain, replayed from its id alone: its own transactions on a fork, then its story."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

from ape.api import ProviderAPI
from ape.exceptions import ProviderError
from ape_connext.anvil import empty_chain, fork_of
from rich.console import Console
from rich.progress import Progress

from connext.chain.anvil import Anvil
from connext.chain.endpoint import Refused, http_carrier
from connext.errors import printable
from connext.ledger import ChannelLedger
from connext.replay.archive import Archive, History
from connext.replay.history import CHANNEL, Told, tell
from connext.replay.report import Replay
from connext.replay.rerun import Rerun, copy_contracts, rerun
from connext.stories import write_story
from connext.types import Bytes32, checksum
from scripts._connection import Connection, endpoint_of, url_of
from scripts._theatre import CannotWrite, InProcess, Script, Theatre, read_script


class ChannelReplay:
    """Raises what `Connection` does and `Archive.history`, CannotTell, EndpointGone, Refused, CannotWrite.

    place: on what kind of chain the transactions were played again, once they were.
    """

    place = ""

    def __init__(self, provider: ProviderAPI, channel_id: Bytes32, console: Console) -> None:
        self._provider = provider
        self._connection = Connection(provider)
        self._channel_id = channel_id
        self._console = console
        self._node = endpoint_of(provider)

    def perform(self, path: Path) -> tuple[Replay, list[str]]:
        """Write the story to `path` and play it; what differs from the chain, in words."""
        history = self._find()
        again = self._again(history)
        told = tell(history.past, history.identity, self._connection.deployment, self._title())
        replay = self._play(told, path)
        on_chain = self._connection.on_ledger(self._channel_id)
        differences = [*again.differences, *_compared(on_chain, replay), *replay.problems]
        for note in (*again.notes, *told.notes):
            self._console.print(f"note: {note}", markup=False, highlight=False)
        return replay, differences

    def _title(self) -> str:
        return f"Channel 0x{self._channel_id.hex()[:8]} of {self._connection.network.choice}"

    def _find(self) -> History:
        console = self._console
        with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
            task = progress.add_task("searching the chain")
            archive = Archive(
                self._node,
                self._connection.deployment,
                self._connection.first_block,
                lambda done, total: progress.update(task, completed=done, total=total),
            )
            history = archive.history(self._channel_id)
        first, last = history.sent[0], history.sent[-1]
        console.print(f"{len(history.sent)} transactions, in blocks {first.block} to {last.block}", highlight=False)
        return history

    def _again(self, history: History) -> Rerun:
        """On a fork at the block before; without the state of that block, on an empty chain."""
        before = history.sent[0].block - 1
        with ExitStack() as running:
            try:
                url = running.enter_context(fork_of(url_of(self._provider), before))
                fork = Anvil(http_carrier(url))
                fork.code(self._connection.manager)  # without an archive it cannot be read
                self.place = f"a fork of block {before}"
                self._console.print(f"played again on {self.place}", highlight=False)
            except (ProviderError, Refused) as error:
                fork = Anvil(http_carrier(running.enter_context(self._empty_chain(history))))
                copy_contracts(self._node, fork, self._connection.deployment)
                self.place = "an empty chain with the same contracts"
                self._console.print(
                    f"the endpoint has no state of block {before} ({_last_line(error)}): played again on {self.place}",
                    markup=False,
                    highlight=False,
                )
            return rerun(self._node, fork, self._connection.deployment, history, self._channel_id)

    def _empty_chain(self, history: History) -> AbstractContextManager[str]:
        return empty_chain(self._provider.chain_id, history.sent[0].time - 60)

    def _play(self, told: Told, path: Path) -> Replay:
        """Once to learn its ends, which are then written down; the second time is the one that is shown."""
        quiet = Theatre(InProcess(), Console(quiet=True))
        ends = quiet.play(Script(path, told.story, "", tuple(range(len(told.story.actions))))).ends
        text = _header(told) + write_story(replace(told.story, ends=ends))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotWrite(path, error.strerror or str(error)) from None
        return Theatre(InProcess(), self._console).play(read_script(path))


def _last_line(error: Exception) -> str:
    """Of what an endpoint said."""
    said = str(error).strip().splitlines()[-1:] or [type(error).__name__]
    return printable(said[0])


NOT_TOLD = "Not in it: messages off chain, and transactions that failed, which left no events"


def _header(told: Told) -> str:
    """Who the actors were, and what is otherwise, as comments."""
    lines = [f"{name}: {checksum(address)}" for name, address in told.originals.items()]
    return "".join(f"# {line}\n" for line in (*lines, NOT_TOLD, *told.notes))


def _compared(on_chain: ChannelLedger, replay: Replay) -> Iterator[str]:
    """The channel's end in the story, beside the chain's."""
    played = replay.moments[-1].after.channels[CHANNEL]
    pairs = {
        "status": (on_chain.status.name.lower(), played.status.name.lower()),
        "contributions": (on_chain.contributions, played.contributions),
        "settlement": (on_chain.settlement, replay.settlements.get(CHANNEL)),
        "recorded nonce": (on_chain.recorded.nonce if on_chain.recorded else 0, played.recorded),
    }
    for what, (there, here) in pairs.items():
        if there != here:
            yield f"the story's {what}: {here}; on the chain: {there}"
