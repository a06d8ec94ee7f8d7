"""The signed structs once more, declared for the `eip712` package.

That package leaves unknown fields out of the hash and shares a class's domain between messages; so unknown fields are
refused here, and every message gets its domain.
"""

# ruff: noqa: N815 # the names are those that are signed

from typing import Any

from eip712.messages import EIP712Domain, EIP712Message, hash_message
from eth_pydantic_types import Address, abi
from pydantic import BaseModel

from connext.codec import to_json
from connext.messages import Domain
from connext.types import Struct


class Strict(EIP712Message):
    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        if self.__pydantic_extra__:
            raise TypeError(f"unknown fields: {self.__pydantic_extra__}")


class Transfer(BaseModel):
    id: abi.uint64
    payer: abi.uint8
    asset: abi.uint8
    amount: abi.uint128
    condition: abi.address
    paramsHash: abi.bytes32
    expiry: abi.uint64


class State(Strict):
    channelId: abi.bytes32
    nonce: abi.uint64
    userWei: abi.int128
    nodeWei: abi.int128
    userToken: abi.int128
    nodeToken: abi.int128
    transfers: list[Transfer]
    isFinal: abi.bool


class Withdrawal(Strict):
    channelId: abi.bytes32
    sequence: abi.uint64
    userWei: abi.uint128
    nodeWei: abi.uint128
    userToken: abi.uint128
    nodeToken: abi.uint128
    recipient: abi.address
    deadline: abi.uint64


class Exit(Strict):
    channelId: abi.bytes32
    dispute: abi.uint64
    deadline: abi.uint64


class Resume(Strict):
    channelId: abi.bytes32
    dispute: abi.uint64
    deadline: abi.uint64


class Voucher(Strict):
    paramsHash: abi.bytes32
    expiry: abi.uint64
    cumulative: abi.uint128


class Release(Strict):
    paramsHash: abi.bytes32
    expiry: abi.uint64


class Request(Strict):
    paramsHash: abi.bytes32
    expiry: abi.uint64
    channelId: abi.bytes32


def digest_of(domain: Domain, message: Struct) -> bytes:
    classes: tuple[type[Any], ...] = (State, Withdrawal, Exit, Resume, Voucher, Release, Request)
    cls = {cls.__name__: cls for cls in classes}[type(message).__name__]
    eip712_domain = EIP712Domain(
        name="Connext",
        version="1",
        chainId=domain.chain_id,
        verifyingContract=Address("0x" + domain.verifying_contract.hex()),
    )
    return bytes(hash_message(cls(eip712_domain=eip712_domain, **to_json(message))))
