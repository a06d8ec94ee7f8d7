"""A stand-in for Ethereum mainnet on loopback, for machines without an RPC endpoint.

It is an anvil with chain id 1, a fixed genesis time and a replica of DAI at DAI's address: nobody holds any, and
DaiJoin may mint it, as on mainnet. Reasons: `docs/decisions/0001-local-upstream.md`.
"""

import json
import subprocess
from functools import cache
from pathlib import Path
from shutil import which
from threading import Thread
from typing import IO

from ape.exceptions import ProviderError

from ape_connext.rpc import call

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
DAI_ARTIFACT = Path(__file__).resolve().parents[2] / "tests" / "artifacts" / "TestDai.json"

WARDS_OF_DAI_JOIN_SLOT = "0x9fa7d1a90466effd74b6142b5e6b4b076451f75604d0878dc681cb2014f26d08"
DOMAIN_SEPARATOR_SLOT = "0x" + "5".zfill(64)
DAI_STORAGE = {
    WARDS_OF_DAI_JOIN_SLOT: "0x" + "1".zfill(64),
    DOMAIN_SEPARATOR_SLOT: "0xdbb8cf42e1ecb028be3f3dbc922e1d878b963f411dc388ced501601c60f7c6f7",
}

GENESIS_TIME = 1_750_000_000
"""Unix seconds: 2025-06-15 15:06:40 UTC. The blocks of a fork follow from there at the pace of the clock."""

OPTIONS = ("--host", "127.0.0.1", "--port", "0", "--chain-id", "1", "--timestamp", str(GENESIS_TIME))

LIVES_AS_LONG_AS_ITS_INPUT = '"$@" & child=$!; exec >/dev/null; cat; kill "$child"'
"""A shell script that runs its arguments until standard input ends.

The kernel closes our end of that pipe however this process ends, `kill -9` included, so no anvil is ever left behind.
"""


@cache
def start() -> str:
    """Start the chain, once per process, and return the URL of its RPC endpoint."""
    anvil = which("anvil")
    if anvil is None:
        raise ProviderError("Cannot start a local mainnet: no `anvil` on PATH. Run `make setup`.")
    process = subprocess.Popen(
        ["sh", "-c", LIVES_AS_LONG_AS_ITS_INPUT, "sh", anvil, *OPTIONS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C in the terminal must reach Ape first
    )
    assert process.stdout is not None
    url = f"http://{_wait_for_address(process.stdout)}"
    Thread(target=_drain, args=(process.stdout,), daemon=True).start()
    _put_dai(url)
    _RUNNING.append(process)
    return url


_RUNNING: list[subprocess.Popen[str]] = []
"""Holds the pipe open; the process needs no other care."""


def _wait_for_address(output: IO[str]) -> str:
    said = ""
    for line in output:
        if line.startswith("Listening on "):
            return line.removeprefix("Listening on ").strip()
        said += line
    raise ProviderError(f"Cannot start a local mainnet: anvil ended, saying\n{said}")


def _drain(output: IO[str]) -> None:
    for _ in output:
        pass


def _put_dai(url: str) -> None:
    runtime = json.loads(DAI_ARTIFACT.read_text())["runtime"]
    call(url, "anvil_setCode", DAI, runtime)
    for slot, value in DAI_STORAGE.items():
        call(url, "anvil_setStorageAt", DAI, slot, value)
