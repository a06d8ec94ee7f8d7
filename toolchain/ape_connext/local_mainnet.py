"""A stand-in for Ethereum mainnet on loopback, for machines without an RPC endpoint.

It is an anvil with chain id 1, a fixed genesis time and a replica of DAI at DAI's address: nobody holds any, and
DaiJoin may mint it, as on mainnet. Reasons: `docs/decisions/0001-local-upstream.md`.
"""

import json
import subprocess
from functools import cache
from pathlib import Path

from ape_connext.anvil import launch
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

OPTIONS = ("--chain-id", "1", "--timestamp", str(GENESIS_TIME))


@cache
def start() -> str:
    """Start the chain, once per process, and return the URL of its RPC endpoint."""
    process, url = launch("a local mainnet", *OPTIONS)
    _put_dai(url)
    _RUNNING.append(process)
    return url


_RUNNING: list[subprocess.Popen[str]] = []
"""Holds the pipe open; the process needs no other care."""


def _put_dai(url: str) -> None:
    runtime = json.loads(DAI_ARTIFACT.read_text())["runtime"]
    call(url, "anvil_setCode", DAI, runtime)
    for slot, value in DAI_STORAGE.items():
        call(url, "anvil_setStorageAt", DAI, slot, value)
