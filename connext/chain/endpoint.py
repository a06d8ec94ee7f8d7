"""A chain behind plain JSON-RPC, whoever carries it: for what `connext.chain.ape` is too much or too little."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from connext.abi import Abi, Revert
from connext.chain import KNOWN_ABI, CallReverted
from connext.errors import ConnextError
from connext.types import Address, Bytes32, checksum

Carrier = Callable[[str, list[Any]], dict[str, Any]]
"""Takes method and parameters of one request, gives the whole JSON-RPC answer, errors included.

Raises OSError, and ValueError where that is no JSON.
"""

_QUANTITY = re.compile("0x[0-9a-fA-F]+")
_DATA = re.compile("0x(?:[0-9a-fA-F]{2})*")


@dataclass(eq=False)
class EndpointGone(ConnextError, OSError):
    text = "the endpoint does not answer ({reason}): run it again when it does, what is done stays done"
    reason: str


@dataclass(eq=False)
class Refused(ConnextError):
    """The endpoint answered with an error."""

    text = "the endpoint refuses {method}: {message}"
    method: str
    message: str


def http_carrier(url: str, timeout_seconds: float = 60) -> Carrier:
    """One HTTP request each, without a library."""

    def carry(method: str, parameters: list[Any]) -> dict[str, Any]:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
        request = Request(url, body, {"Content-Type": "application/json", "User-Agent": "connext"})
        try:
            with urlopen(request, timeout=timeout_seconds) as response:
                answer: dict[str, Any] = json.load(response)
        except (HTTPException, ValueError, RecursionError) as error:
            raise OSError(type(error).__name__) from None
        return answer

    return carry


class Endpoint:
    """A chain behind JSON-RPC. Raises EndpointGone, Refused."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def ask(self, method: str, *parameters: object) -> Any:
        """The result of one request. Raises CallReverted where a contract refuses."""
        try:
            answer = self._carrier(method, list(parameters))
        except (OSError, ValueError) as error:
            raise EndpointGone(type(error).__name__) from None  # its text may hold the URL, and that a key
        if not isinstance(answer, dict) or not answer.keys() & {"result", "error"}:
            raise Refused(method, "its answer is no JSON-RPC")
        if answer.get("error") is None:
            return answer["result"]
        refusal = answer["error"] if isinstance(answer["error"], dict) else {"message": answer["error"]}
        data = refusal.get("data")
        if isinstance(data, str) and _DATA.fullmatch(data):
            raise CallReverted(KNOWN_ABI.decode_error(bytes.fromhex(data[2:])))
        raise Refused(method, str(refusal.get("message", refusal)))

    def number(self, method: str, *parameters: object) -> int:
        return int(self._text(_QUANTITY, method, parameters), 16)

    def data(self, method: str, *parameters: object) -> bytes:
        return bytes.fromhex(self._text(_DATA, method, parameters)[2:])

    def _text(self, pattern: re.Pattern[str], method: str, parameters: tuple[object, ...]) -> str:
        answer = self.ask(method, *parameters)
        if isinstance(answer, str) and pattern.fullmatch(answer):
            return answer
        raise Refused(method, f"its answer is {answer!r:.100}")

    # --- What is there ---

    @property
    def chain_id(self) -> int:
        return self.number("eth_chainId")

    @property
    def head(self) -> int:
        return self.number("eth_blockNumber")

    def code(self, address: Address, block: int | None = None) -> bytes:
        return self.data("eth_getCode", checksum(address), "latest" if block is None else hex(block))

    def balance(self, account: Address) -> int:
        return self.number("eth_getBalance", checksum(account), "latest")

    def nonce(self, account: Address, when: str = "latest") -> int:
        """when: `latest`, or `pending` with what waits to be mined."""
        return self.number("eth_getTransactionCount", checksum(account), when)

    def call(self, to: Address, data: bytes, **sent: str) -> bytes:
        """sent: further fields of the call, as `eth_call` has them (`from`, `gas`)."""
        return self.data("eth_call", {"to": checksum(to), "data": "0x" + data.hex()} | sent, "latest")

    def read(self, abi: Abi, address: Address, function: str, *arguments: object) -> Any:
        """What a view returns. Raises CannotDecode where that is no such contract."""
        return abi.decode_result(function, self.call(address, abi.encode_call(function, *arguments)))

    def base_fee(self) -> int:
        return int(self.block("latest").get("baseFeePerGas", "0x0"), 16)

    def priority_fee(self) -> int:
        return self.number("eth_maxPriorityFeePerGas")

    def block(self, block: int | str, *, whole: bool = False) -> Any:
        """whole: with its transactions."""
        return self.ask("eth_getBlockByNumber", block if isinstance(block, str) else hex(block), whole)

    def receipt(self, transaction: Bytes32) -> Any:
        """None while it is in no block."""
        return self.ask("eth_getTransactionReceipt", "0x" + transaction.hex())

    def estimate(self, sender: Address, to: Address, data: bytes) -> int:
        """Gas of a transaction. Raises CallReverted."""
        request = {"from": checksum(sender), "to": checksum(to), "data": "0x" + data.hex()}
        return self.number("eth_estimateGas", request)


def reason_of(error: ConnextError) -> str:
    """Why something was refused, in few words."""
    if isinstance(error, CallReverted):
        revert: Revert = error.error
        return str(revert)
    return error.message if isinstance(error, Refused) else str(error)
