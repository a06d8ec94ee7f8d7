"""Which transaction made a contract: found by halving the chain, whoever called the proxy, and through whatever."""

import pytest

from connext.chain.endpoint import Endpoint
from connext.deployer.contracts import Wanted
from connext.deployer.create2 import PROXY
from connext.deployer.finding import CannotFindTransaction, Creation, find_creation

WANTED = Wanted("AllOf", b"\x60\x01creation code", [], bytes(32))
SENDER = "0x" + "ab" * 20
HEAD, BORN = 1_000_000, 654_321


class Chain:
    """The contract is there from block BORN on, made by the second transaction of that block."""

    def __init__(self, made_by: bytes = WANTED.calldata) -> None:
        self.asked = 0
        self.inputs = [b"\x00", b"wrapped:" + made_by + b":end"]

    def carry(self, method: str, parameters: list) -> dict:
        self.asked += 1
        return {"result": getattr(self, method)(*parameters)}

    def eth_blockNumber(self) -> str:  # noqa: N802 # the names of JSON-RPC
        return hex(HEAD)

    def eth_getCode(self, _: str, block: str) -> str:  # noqa: N802
        return "0x60" if int(block, 16) >= BORN else "0x"

    def eth_getBlockByNumber(self, block: str, whole: bool) -> dict:  # noqa: N802
        assert int(block, 16) == BORN
        return {"timestamp": "0x7", "transactions": [self._transaction(i) for i in range(2)] if whole else []}

    def eth_getTransactionByHash(self, hash_: str) -> dict | None:  # noqa: N802
        return self._transaction(int(hash_, 16)) if int(hash_, 16) < 2 else None

    def eth_getTransactionReceipt(self, hash_: str) -> dict:  # noqa: N802
        return {"transactionHash": hash_, "blockNumber": hex(BORN), "from": SENDER}

    def _transaction(self, index: int) -> dict:
        return {"hash": f"0x{index:064x}", "blockNumber": hex(BORN), "input": "0x" + self.inputs[index].hex()}


EXPECTED = Creation((1).to_bytes(32), BORN, 7, bytes.fromhex(SENDER[2:]))


def test_the_block_and_the_transaction_are_found() -> None:
    chain = Chain()
    assert find_creation(Endpoint(chain.carry), WANTED) == EXPECTED
    assert chain.asked < 30  # of a million blocks


def test_a_transaction_that_is_named_is_looked_at_first() -> None:
    chain = Chain()
    named = [(9).to_bytes(32), (0).to_bytes(32), (1).to_bytes(32)]
    assert find_creation(Endpoint(chain.carry), WANTED, named) == EXPECTED
    assert chain.asked == 5


def test_none_has_the_creation_code() -> None:
    with pytest.raises(CannotFindTransaction, match=f"none of block {BORN} has its creation code"):
        find_creation(Endpoint(Chain(made_by=PROXY).carry), WANTED)
