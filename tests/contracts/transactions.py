"""Transactions that cost nothing, so that balances change only by what the contracts move, and say why they failed.

They go to the node without Ape's preparations and traces, which take ten times as long; so do questions.
"""

from typing import Any

from ape import networks
from ape.api import ReceiptAPI, TransactionAPI
from ape.api.accounts import AccountAPI
from ape.contracts.base import ContractCallHandler
from eth_abi import decode
from eth_pydantic_types import HexBytes

GAS = 10_000_000


class Reverted(Exception):
    """A transaction was mined and failed."""

    def __init__(self, data: bytes) -> None:
        super().__init__(f"0x{data.hex()}")
        self.data = data


def send(sender: str, receiver: str | None, data: bytes, value: int = 0, gas: int = GAS) -> str:
    """Mine a transaction and return its hash. Raises Reverted."""
    request = {"from": sender, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(gas), "gasPrice": "0x0"}
    if receiver:
        request["to"] = receiver
    provider = networks.provider
    receipt = provider.make_request("eth_sendTransactionSync", [request])
    if int(receipt["status"], 16):
        return str(receipt["transactionHash"])
    # It changed nothing, so the same call now, at the same time, fails for the same reason.
    replayed = provider.web3.provider.make_request("eth_call", [request, "latest"])
    raise Reverted(HexBytes(replayed["error"].get("data", "0x")))


def ask(call: ContractCallHandler, *args: Any) -> tuple[Any, ...]:
    """What a view returns, with structs as tuples."""
    request = {"to": call.contract.address, "data": "0x" + call.encode_input(*args).hex()}
    answer = networks.provider.make_request("eth_call", [request, "latest"])
    return decode([output.canonical_type for output in call.abis[0].outputs], HexBytes(answer))


class Free(AccountAPI):
    """An account whose transactions go this way."""

    def call(self, txn: TransactionAPI, *_: object, **__: object) -> ReceiptAPI:
        # Ape says "" for a deployment, and the block's limit where a test names no gas.
        gas = txn.gas_limit if txn.gas_limit and txn.gas_limit < GAS else GAS
        sent = send(self.address, txn.receiver or None, txn.data, txn.value, gas)
        receipt = self.provider.get_receipt(sent)
        self.chain_manager.history.append(receipt)
        return receipt
