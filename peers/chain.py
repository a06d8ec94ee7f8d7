"""The anvil of one run: on loopback, on a free port, gone when the run ends, however that is."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which
from threading import Thread
from typing import IO, Any, cast

from ape_connext.local_mainnet import GENESIS_TIME, LIVES_AS_LONG_AS_ITS_INPUT
from ape_ethereum.provider import Web3Provider
from web3 import HTTPProvider, Web3

from connext.abi import Abi
from connext.chain import CannotSend, LocalChain, Transaction
from connext.chain.ape import ApeLocalChain
from connext.types import ZERO_ADDRESS, Address

CHAIN_ID = 31337
"""As in the tests: the snapshot's figures depend on it, a channel's id has it."""

OPTIONS = ("--host", "127.0.0.1", "--port", "0", "--chain-id", str(CHAIN_ID), "--timestamp", str(GENESIS_TIME))
STOPPED_WITH_ITS_INPUT = f"{LIVES_AS_LONG_AS_ITS_INPUT}; wait"


class BenchChain(ApeLocalChain):
    """A local chain that counts the gas of deployments."""

    def __init__(self, url: str) -> None:
        super().__init__(cast(Web3Provider, _Endpoint(url)))
        self.deployment_gas = 0

    def deploy(self, deployer: Address, code: bytes) -> Address:
        contract = super().deploy(deployer, code)
        self.deployment_gas += sum(int(receipt["gasUsed"], 16) for receipt in self._receipts_of_head())
        return contract

    def ask(self, contract: Address, abi: Abi, function: str, *arguments: object) -> Any:
        """What a view returns now."""
        question = Transaction(ZERO_ADDRESS, contract, abi.encode_call(function, *arguments))
        return abi.decode_result(function, self.call(question, self.head.number))

    def _receipts_of_head(self) -> list[dict[str, Any]]:
        receipts: list[dict[str, Any]] = self._rpc("eth_getBlockReceipts", "latest")
        return receipts


def must(chain: LocalChain, transaction: Transaction) -> int:
    """The gas of a transaction. Raises CannotSend where it fails: what does not come to its end is not measured."""
    receipt = chain.send(transaction)
    if receipt.error is not None:
        raise CannotSend(str(receipt.error))
    return receipt.gas_used


class _Endpoint:
    """What a local chain uses of Ape's provider, without Ape's project and networks."""

    def __init__(self, url: str) -> None:
        self.web3 = Web3(HTTPProvider(url))
        self.chain_id = self.web3.eth.chain_id


@contextmanager
def anvil() -> Iterator[BenchChain]:
    """A chain of our own. Raises FileNotFoundError, ChildProcessError."""
    program = which("anvil")
    if program is None:
        raise FileNotFoundError("there is no `anvil` on PATH; run `make setup`")
    process = subprocess.Popen(
        ["sh", "-c", STOPPED_WITH_ITS_INPUT, "sh", program, *OPTIONS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C in the terminal must reach this process alone
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield BenchChain(f"http://{_wait_for_address(process.stdout)}")
    finally:
        process.stdin.close()  # the shell ends anvil by its process id, and waits for it
        process.wait()


def _wait_for_address(output: IO[str]) -> str:
    said = ""
    for line in output:
        if line.startswith("Listening on "):
            Thread(target=_drain, args=(output,), daemon=True).start()
            return line.removeprefix("Listening on ").strip()
        said += line
    raise ChildProcessError(f"anvil ended, saying\n{said}")


def _drain(output: IO[str]) -> None:
    for _ in output:
        pass
