"""The hash of a list of transfers, which is made in assembly: against plain Solidity, and against the package."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connext.chain import Transaction
from connext.chain.evm import EvmChain
from connext.keccak import keccak256
from connext.messages import Transfer, transfers_hash
from tests.contracts.conftest import off_chain
from tests.parity.strategies import structs
from tests.scene import DEPLOYER, double

repeatable = settings(derandomize=True, deadline=None, max_examples=100)

MEMORY = b"memory that was in use before the list was hashed"


class Harness:
    def __init__(self) -> None:
        self.chain, self.artifact = EvmChain(), double("MessagesHarness")
        self.address = self.chain.deploy(DEPLOYER, self.artifact.bytecode)

    def ask(self, function: str, *arguments: Any) -> Any:
        return self.ask_encoded(function, self.artifact.abi.encode_call(function, *arguments))

    def ask_encoded(self, function: str, data: bytes) -> Any:
        answer = self.chain.call(Transaction(DEPLOYER, self.address, data), self.chain.head.number)
        return self.artifact.abi.decode_result(function, answer)


@off_chain
def hasher() -> Harness:
    return Harness()


def check(hasher: Harness, transfers: tuple[Transfer, ...]) -> None:
    """And that no memory of anybody else is touched."""
    expected = transfers_hash(transfers)
    assert hasher.ask("plainHash", transfers) == expected
    assert hasher.ask("hash", transfers) == (expected, MEMORY, bytes(1024))


def test_any_list(hasher: Harness) -> None:
    @repeatable
    @given(st.lists(structs(Transfer), max_size=8).map(tuple))
    def compare(transfers: tuple[Transfer, ...]) -> None:
        check(hasher, transfers)

    compare()


@pytest.mark.parametrize("length", [0, 1, 2, 7, 8, 9, 200, 256, 257, 300])
def test_lists_of_every_length(hasher, rng, length):
    """Shorter and longer than the struct that is hashed behind them."""
    transfers = tuple(
        Transfer(
            id=rng.getrandbits(64),
            payer=rng.getrandbits(8),
            asset=rng.getrandbits(8),
            amount=rng.getrandbits(128),
            condition=rng.randbytes(20),
            params_hash=rng.randbytes(32),
            expiry=rng.getrandbits(64),
        )
        for _ in range(length)
    )
    check(hasher, transfers)


def test_no_transfers(hasher):
    assert hasher.ask("hash", ())[0] == keccak256(b"")


def test_every_bit_of_a_transfer_counts(hasher, rng):
    """Also those that no value of its field has: what was not signed like that has another hash."""
    transfers = tuple(Transfer(i, 0, 0, 5, bytes(20), bytes(32), 9) for i in range(3))
    clean = hasher.artifact.abi.encode_call("hash", transfers)
    start = 4 + 64
    seen = {hasher.ask_encoded("hash", clean)[0]}
    for word in range(3 * 7):
        for bit in (0, 255, rng.randrange(1, 255)):
            data = bytearray(clean)
            data[start + 32 * word + 31 - bit // 8] ^= 1 << bit % 8
            seen.add(hasher.ask_encoded("hash", bytes(data))[0])
    assert len(seen) == 1 + 3 * 7 * 3
