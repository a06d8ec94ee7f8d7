"""Calls of a batch, and what is reported of each."""

from typing import Any

from ape.api import ReceiptAPI
from ape.contracts.base import ContractCallHandler, ContractTransactionHandler
from ape.exceptions import CustomError
from eth_abi import encode

from connext.keccak import keccak256
from tests.contracts.expect import events_of

AbiCall = tuple[bytes, int, int]

ENOUGH = 400_000
"""Gas for any single call here, with the reserve that a payout asks for."""


def item(
    method: ContractTransactionHandler | ContractCallHandler, *args: Any, value: int = 0, gas: int = ENOUGH
) -> AbiCall:
    return bytes(method.encode_input(*args)), value, gas


def failures(tx: ReceiptAPI) -> dict[int, bytes]:
    """The calls of a batch that failed, by index, each with its reason."""
    return {
        arguments["index"]: bytes(arguments["reason"]) for _, name, arguments in events_of(tx) if name == "CallFailed"
    }


def reason(error: type[CustomError], **values: Any) -> bytes:
    """What a call reverts with: the bytes of this error with exactly these values."""
    declared = [parameter.name for parameter in error.abi.inputs]
    assert list(values) == declared, f"{error.abi.name} has the values {declared}"
    types = [parameter.canonical_type for parameter in error.abi.inputs]
    words = [getattr(value, "address", value) for value in values.values()]
    return keccak256(error.abi.selector.encode())[:4] + encode(types, words)


def reason_string(text: str) -> bytes:
    """What a call reverts with that gives a reason in words."""
    return keccak256(b"Error(string)")[:4] + encode(["string"], [text])
