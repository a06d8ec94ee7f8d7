"""Asking a condition, and what its errors are within those of a combination."""

from typing import Any

from ape import networks
from ape.contracts import ContractInstance
from ape.contracts.base import ContractCallHandler
from ape.exceptions import CustomError

from connext.messages import Domain
from connext.signing import Key, Signable, Signature
from connext.types import Struct, parse_address
from tests.contracts.batches import reason
from tests.contracts.transactions import GAS, Reverted

EXPIRY = 2_000_000_000
SECRET, OTHER_SECRET = b"\x5e" * 32, b"\x5f" * 32
KEY, OTHER_KEY = Key(b"\x0a" * 32), Key(b"\x0b" * 32)
ID = b"\x1d" * 32

MAX_REASON_BYTES = 256


def ask(method: ContractCallHandler, *args: Any, gas: int = GAS) -> int:
    """The number that a call returns, which is a word alone. Raises Reverted."""
    request = {"to": method.contract.address, "data": method.encode_input(*args).to_0x_hex(), "gas": hex(gas)}
    answer = networks.provider.web3.provider.make_request("eth_call", [request, "latest"])
    if "error" in answer:
        raise Reverted(bytes.fromhex(answer["error"].get("data", "0x")[2:]))
    word = bytes.fromhex(answer["result"][2:])
    assert len(word) == 32
    return int.from_bytes(word)


def evaluate(condition: ContractInstance, params: bytes, witness: bytes, *, expiry: int = EXPIRY) -> int:
    return ask(condition.evaluate, params, expiry, witness)


def failed(condition: ContractInstance, error: type[CustomError], /, **values: Any) -> dict[str, Any]:
    """The values of `ConditionFailed` where that condition reverts with this error."""
    return {"condition": condition.address, "reason": reason(error, **values)[:MAX_REASON_BYTES]}


def signed(condition: ContractInstance, message: Struct, key: Key = KEY, *, chain_id: int | None = None) -> Signature:
    domain = Domain(chain_id or networks.provider.chain_id, parse_address(condition.address))
    return key.sign(Signable(domain, message))
