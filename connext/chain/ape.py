"""Chains that Ape is connected to: live networks, where named accounts sign, and local ones, where anyone may send.

Everything goes through plain JSON-RPC: Ape's own contract calls cost a dozen requests each and decode reverts loosely.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from ape.api import AccountAPI
from ape_ethereum.provider import Web3Provider
from web3.types import RPCEndpoint

from connext.abi import Log, Revert
from connext.chain import BLOCK_SECONDS, KNOWN_ABI, Block, CallReverted, CannotSend, Receipt, TimeHasPassed, Transaction
from connext.chain.logs import in_halves, spans
from connext.types import Address, checksum, parse_address

LOCAL_GAS = 30_000_000
"""Gas limit of a transaction on a local chain: a block's."""


GAS_MARGIN = 300_000
"""Gas above an estimate: what payees and strangers do until the transaction is mined may change what it uses
(docs/protocol.md section 8 rule 5). What is not used is not paid for."""


class ApeChain:
    """A chain (see `connext.chain.Chain`) on which the given accounts can send.

    Sending waits for the confirmations that Ape's configuration requires of the network.
    """

    def __init__(self, provider: Web3Provider, accounts: Iterable[AccountAPI] = ()) -> None:
        self.provider = provider
        self.chain_id = provider.chain_id
        self._accounts = {parse_address(account.address): account for account in accounts}

    @property
    def head(self) -> Block:
        return self._block("latest")

    def block(self, number: int) -> Block:
        return self._block(hex(number))

    def send(self, transaction: Transaction) -> Receipt:
        account = self._accounts.get(transaction.sender)
        if account is None:
            raise CannotSend(f"there is no account for {checksum(transaction.sender)}")
        sent = account.call(
            self.provider.network.ecosystem.create_transaction(
                chain_id=self.chain_id,
                receiver=checksum(transaction.to),
                data=transaction.data,
                value=transaction.value,
                gas_limit=transaction.gas or self._gas_to_succeed(transaction),
            ),
            raise_on_revert=False,
        )
        return self._receipt(transaction, self._rpc("eth_getTransactionReceipt", sent.txn_hash))

    def estimate(self, transaction: Transaction) -> int:
        """The gas limit to send it with: what it would use now, and GAS_MARGIN. Raises CallReverted, CannotSend."""
        return int(self._execute("eth_estimateGas", _request(transaction)), 16) + GAS_MARGIN

    def estimate_creation(self, deployer: Address, code: bytes) -> int:
        """The same for creation code."""
        return int(self._execute("eth_estimateGas", {"from": checksum(deployer), "data": _hex(code)}), 16) + GAS_MARGIN

    def call(self, transaction: Transaction, block: int) -> bytes:
        return bytes.fromhex(self._execute("eth_call", _request(transaction), hex(block))[2:])

    def logs(self, address: Address, first: int, last: int) -> tuple[Log, ...]:
        def ask(start: int, end: int) -> list[dict[str, Any]]:
            query = {"address": checksum(address), "fromBlock": hex(start), "toBlock": hex(end)}
            found: list[dict[str, Any]] = self._rpc("eth_getLogs", query)
            return found

        return tuple(Log.from_rpc(log) for span in spans(first, last) for log in in_halves(ask, *span))

    def balance(self, account: Address, block: int) -> int:
        return int(self._rpc("eth_getBalance", checksum(account), hex(block)), 16)

    def _gas_to_succeed(self, transaction: Transaction) -> int:
        """A transaction that fails costs its sender money all the same: it is not sent."""
        try:
            return self.estimate(transaction)
        except CallReverted as error:
            raise CannotSend(str(error)) from error

    def _execute(self, method: str, *parameters: object) -> str:
        """What the endpoint says of a transaction that it tries out."""
        answer = self._ask(method, *parameters)
        if "error" not in answer:
            result: str = answer["result"]
            return result
        data = answer["error"].get("data")
        if isinstance(data, str):
            raise CallReverted(KNOWN_ABI.decode_error(bytes.fromhex(data[2:])))
        raise CannotSend(str(answer["error"].get("message", answer["error"])))

    def _block(self, number: str) -> Block:
        block = self._rpc("eth_getBlockByNumber", number, False)
        return Block(int(block["number"], 16), int(block["timestamp"], 16))

    def _receipt(self, transaction: Transaction, receipt: dict[str, Any]) -> Receipt:
        gas_used = int(receipt["gasUsed"], 16)
        return Receipt(
            transaction=transaction,
            block=self.block(int(receipt["blockNumber"], 16)),
            gas_used=gas_used,
            fee=gas_used * int(receipt["effectiveGasPrice"], 16),
            logs=tuple(map(Log.from_rpc, receipt["logs"])),
            error=None if int(receipt["status"], 16) else self._failure(receipt["transactionHash"]),
        )

    def _failure(self, transaction_hash: str) -> Revert:
        """Why a transaction failed, from its trace; not every live network gives one."""
        trace = self._ask("debug_traceTransaction", transaction_hash, {"tracer": "callTracer"}).get("result", {})
        output = trace.get("output", "0x")
        if trace.get("error") == "execution reverted" or output != "0x":
            return KNOWN_ABI.decode_error(bytes.fromhex(output[2:]))
        return Revert("Halted", MappingProxyType({}))

    def _rpc(self, method: str, *parameters: object) -> Any:
        answer = self._ask(method, *parameters)
        if "error" in answer:
            raise CannotSend(f"{method}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]

    def _ask(self, method: str, *parameters: object) -> Any:
        """The JSON-RPC answer, an error with its data included, which Ape's own requests drop."""
        return self.provider.web3.provider.make_request(RPCEndpoint(method), list(parameters))


class ApeLocalChain(ApeChain):
    """A local chain (see `connext.chain.LocalChain`): an anvil, forked or not. One transaction makes one block.

    The head is asked for once: nobody else may mine on the same anvil while this object is used.
    """

    def __init__(self, provider: Web3Provider) -> None:
        super().__init__(provider)
        self._head: Block | None = None
        self._next_time: int | None = None
        self._unlocked: set[Address] = set()
        self._snapshots: dict[int, str] = {}
        self._rpc("anvil_setNextBlockBaseFeePerGas", "0x0")

    @property
    def head(self) -> Block:
        if self._head is None:
            self._head = super().head
        return self._head

    def send(self, transaction: Transaction) -> Receipt:
        return self._receipt(transaction, self._send_now(transaction.sender, _request(transaction)))

    def deploy(self, deployer: Address, code: bytes) -> Address:
        receipt = self._send_now(deployer, {"data": _hex(code)})
        if not int(receipt["status"], 16):
            raise CannotSend(str(self._failure(receipt["transactionHash"])))
        return parse_address(receipt["contractAddress"])

    def set_balance(self, account: Address, wei: int) -> None:
        self._rpc("anvil_setBalance", checksum(account), hex(wei))

    def set_code(self, address: Address, runtime: bytes) -> None:
        self._rpc("anvil_setCode", checksum(address), _hex(runtime))

    def set_next_time(self, time: int) -> None:
        head = self.head
        if time <= head.time:
            raise TimeHasPassed(time, head.time)
        self._next_time = time

    def mine(self) -> Block:
        self._set_time()
        self._rpc("anvil_mine", "0x1")
        return self.head

    def rewind(self, number: int) -> None:
        if number != self.head.number:
            self._rpc("evm_revert", self._snapshots[number])
            self._snapshots = {block: id_ for block, id_ in self._snapshots.items() if block < number}
        self._next_time = self._head = None

    def _send_now(self, sender: Address, request: dict[str, str]) -> Any:
        if sender not in self._unlocked:
            self._rpc("anvil_impersonateAccount", checksum(sender))
            self._unlocked.add(sender)
        self._set_time()
        defaults = {"from": checksum(sender), "gas": hex(LOCAL_GAS), "gasPrice": "0x0"}
        return self._rpc("eth_sendTransactionSync", defaults | request)

    def _set_time(self) -> None:
        """Of the block that is made next."""
        # `anvil_rollback` (1.7.1) forgets state after hundreds of blocks, and on a fork what it should undo stays.
        self._snapshots[self.head.number] = self._rpc("evm_snapshot")
        self._rpc("evm_setNextBlockTimestamp", self._next_time or self.head.time + BLOCK_SECONDS)
        self._next_time = self._head = None


def _request(transaction: Transaction) -> dict[str, str]:
    request = {
        "from": checksum(transaction.sender),
        "to": checksum(transaction.to),
        "data": _hex(transaction.data),
        "value": hex(transaction.value),
    }
    return request if transaction.gas is None else request | {"gas": hex(transaction.gas)}


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
