"""Which transaction made a contract: found by halving the chain, whoever called the proxy, and through whatever."""

import pytest

from connext.chain.endpoint import Endpoint
from connext.deployer.contracts import Wanted
from connext.deployer.create2 import PROXY
from connext.deployer.finding import BlockUnknown, CannotFindTransaction, Creation, find_creation
from connext.types import checksum

WANTED = Wanted("AllOf", b"\x60\x01creation code", [], bytes(32))
SENDER = "0x" + "ab" * 20
HEAD, BORN = 1_000_000, 654_321


class Chain:
    """The contract is there from block BORN on, made by the second transaction of that block."""

    def __init__(self, made_by: bytes = WANTED.calldata) -> None:
        self.asked = 0
        self.inputs = [b"\x00", b"wrapped:" + made_by + b":end"]
        self.to = ["0x" + "cd" * 20] * 2
        self.failed: set[int] = set()

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
        return {"transactionHash": hash_, "blockNumber": hex(BORN), "from": SENDER, "status": self._status(hash_)}

    def _status(self, hash_: str) -> str:
        return "0x0" if int(hash_, 16) in self.failed else "0x1"

    def _transaction(self, index: int) -> dict:
        call = {"to": self.to[index], "input": "0x" + self.inputs[index].hex()}
        return {"hash": f"0x{index:064x}", "blockNumber": hex(BORN), **call}


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


def test_one_that_failed_made_nothing() -> None:
    chain = Chain()
    chain.inputs[0], chain.failed = chain.inputs[1], {0}
    assert find_creation(Endpoint(chain.carry), WANTED) == EXPECTED
    assert find_creation(Endpoint(chain.carry), WANTED, [(0).to_bytes(32)]) == EXPECTED


def test_one_that_only_mentions_it_stands_behind_the_call_of_the_proxy() -> None:
    """Anybody can send the same bytes to anywhere."""
    chain = Chain()
    chain.inputs = [WANTED.calldata] * 2
    chain.to[1] = checksum(PROXY)
    assert find_creation(Endpoint(chain.carry), WANTED) == EXPECTED


def test_a_block_that_the_endpoint_does_not_have() -> None:
    chain = Chain()
    chain.eth_getBlockByNumber = lambda *_: None
    with pytest.raises(BlockUnknown, match=f"the endpoint does not have block {BORN}, of which it spoke itself"):
        find_creation(Endpoint(chain.carry), WANTED)
