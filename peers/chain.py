"""The anvil of one run: on loopback, on a free port, gone when the run ends, however that is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from ape_connext.anvil import launch
from ape_connext.local_mainnet import GENESIS_TIME
from ape_ethereum.provider import Web3Provider
from web3 import HTTPProvider, Web3

from connext.abi import Abi
from connext.chain import CannotSend, LocalChain, Transaction
from connext.chain.ape import ApeLocalChain
from connext.types import ZERO_ADDRESS, Address

CHAIN_ID = 31337
"""As in the tests: the snapshot's figures depend on it, a channel's id has it."""

OPTIONS = ("--chain-id", str(CHAIN_ID), "--timestamp", str(GENESIS_TIME))


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
    """A chain of our own. Raises ProviderError."""
    process, url = launch("the chain of the comparison", *OPTIONS)
    try:
        yield BenchChain(url)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # which ends it
        process.wait()
