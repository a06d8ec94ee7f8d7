"""An anvil of our own, on a port that the kernel chooses, which lives at most as long as this process."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from shutil import which
from threading import Thread
from typing import IO
from urllib.parse import urlsplit

from ape.exceptions import ProviderError

LIVES_AS_LONG_AS_ITS_INPUT = '"$@" & child=$!; exec >/dev/null 2>&1; cat; kill "$child"'
"""A shell script that runs its arguments until standard input ends.

The kernel closes our end of that pipe however this process ends, `kill -9` included, so no anvil is ever left behind.
"""


def launch(purpose: str, *options: str) -> tuple[subprocess.Popen[str], str]:
    """The process, which must be held on to, and the URL of its RPC endpoint. purpose: for errors."""
    anvil = which("anvil")
    if anvil is None:
        raise ProviderError(f"Cannot start {purpose}: no `anvil` on PATH. Run `make setup`.")
    process = subprocess.Popen(
        ["sh", "-c", LIVES_AS_LONG_AS_ITS_INPUT, "sh", anvil, "--host", "127.0.0.1", "--port", "0", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C in the terminal must reach Ape first
    )
    assert process.stdout is not None
    url = f"http://{_wait_for_address(process.stdout, purpose, options)}"
    Thread(target=_drain, args=(process.stdout,), daemon=True).start()
    return process, url


@contextmanager
def fork_of(url: str, block: int | None = None) -> Iterator[str]:
    """The URL of a fork of the chain behind `url`, at its head or at a block. It asks that chain for what it needs."""
    at = () if block is None else ("--fork-block-number", str(block))
    with _running("a fork", "--fork-url", url, *at, "--no-storage-caching") as fork_url:
        yield fork_url


@contextmanager
def empty_chain(chain_id: int, time: int) -> Iterator[str]:
    """The URL of a chain with that id on which nothing has happened by that time (Unix seconds)."""
    with _running("an empty chain", "--chain-id", str(chain_id), "--timestamp", str(time)) as url:
        yield url


@contextmanager
def _running(purpose: str, *options: str) -> Iterator[str]:
    process, url = launch(purpose, *options)
    try:
        yield url
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def _wait_for_address(output: IO[str], purpose: str, options: Iterable[str]) -> str:
    said = ""
    for line in output:
        if line.startswith("Listening on "):
            return line.removeprefix("Listening on ").strip()
        said += line
    for url in (option for option in options if "://" in option):  # paths and user names hold API keys
        said = said.replace(url, urlsplit(url).hostname or "it")
    raise ProviderError(f"Cannot start {purpose}: anvil ended, saying\n{said}")


def _drain(output: IO[str]) -> None:
    for _ in output:
        pass
