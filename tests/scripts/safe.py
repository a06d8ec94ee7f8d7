"""A Safe by its own makers (npm: @safe-global/safe-smart-account), deployed locally, with two owners who both sign.

It does what the Transaction Builder app does with a batch file: packs the calls into one `multiSend`.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from connext.abi import Abi
from connext.chain.endpoint import Endpoint
from connext.keccak import keccak256
from connext.signing import Key, to_rsv
from connext.types import ZERO_ADDRESS, Address, checksum, parse_address

ARTIFACTS = Path(__file__).resolve().parents[2] / "node_modules" / "@safe-global" / "safe-smart-account" / "build"
OWNERS = sorted((Key(keccak256(name)) for name in (b"first owner", b"second owner")), key=lambda key: key.address)
DELEGATECALL = 1


class Safe:
    """Two owners, of whom both must sign."""

    def __init__(self, node: Endpoint) -> None:
        self._node = node
        (sender, *_) = node.ask("eth_accounts")
        self._sender = sender
        singleton, self._abi = self._deploy("Safe.sol/Safe")
        factory, factory_abi = self._deploy("proxies/SafeProxyFactory.sol/SafeProxyFactory")
        self._multi_send, self._multi_send_abi = self._deploy("libraries/MultiSendCallOnly.sol/MultiSendCallOnly")
        owners = [owner.address for owner in OWNERS]
        set_up = self._abi.encode_call(
            "setup", owners, len(owners), ZERO_ADDRESS, b"", ZERO_ADDRESS, ZERO_ADDRESS, 0, ZERO_ADDRESS
        )
        create = factory_abi.encode_call("createProxyWithNonce", singleton, set_up, 0)
        self.address: Address = factory_abi.decode_result("createProxyWithNonce", node.call(factory, create))
        self._send(factory, create)

    def execute(self, transactions: Iterable[dict[str, Any]]) -> None:
        """All of a batch file, in one transaction."""
        packed = b"".join(map(_packed, transactions))
        data = self._multi_send_abi.encode_call("multiSend", packed)
        terms = (self._multi_send, 0, data, DELEGATECALL, 0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS)
        nonce = self._node.read(self._abi, self.address, "nonce")
        digest = self._node.read(self._abi, self.address, "getTransactionHash", *terms, nonce)
        signatures = b"".join(to_rsv(owner.sign_digest(digest)) for owner in OWNERS)
        self._send(self.address, self._abi.encode_call("execTransaction", *terms, signatures))

    def _deploy(self, path: str) -> tuple[Address, Abi]:
        document = json.loads((ARTIFACTS / "artifacts" / "contracts" / f"{path}.json").read_text())
        receipt = self._node.ask("eth_sendTransactionSync", {"from": self._sender, "data": document["bytecode"]})
        return parse_address(receipt["contractAddress"]), Abi(document["abi"])

    def _send(self, to: Address, data: bytes) -> None:
        request = {"from": self._sender, "to": checksum(to), "data": "0x" + data.hex(), "gas": hex(16_000_000)}
        receipt = self._node.ask("eth_sendTransactionSync", request)
        assert int(receipt["status"], 16) == 1


def _packed(transaction: dict[str, Any]) -> bytes:
    """operation, to, value, length and data, without padding, as `multiSend` takes them."""
    data = bytes.fromhex(transaction["data"][2:])
    value = int(transaction["value"])
    return b"\x00" + parse_address(transaction["to"]) + value.to_bytes(32) + len(data).to_bytes(32) + data
