"""`libraries/Pairs.sol`, two amounts in a word, against plain arithmetic with two numbers."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connext.chain import Transaction
from connext.chain.evm import EvmChain
from connext.types import Asset
from tests.contracts.conftest import off_chain
from tests.scene import DEPLOYER, double

MAX = 2**128 - 1

Ask = Callable[..., Any]

repeatable = settings(derandomize=True, deadline=None, max_examples=200)

AMOUNTS = st.sampled_from([0, 1, 2**80 - 1, 2**127, MAX]) | st.integers(0, MAX)
PAIRS = st.tuples(AMOUNTS, AMOUNTS)
TWO_AMOUNTS = st.tuples(AMOUNTS, AMOUNTS)


@off_chain
def ask_pairs() -> Ask:
    """`ask_pairs("add", (1, 2), (3, 4))`: what a function of the harness returns."""
    chain, artifact = EvmChain(), double("PairsHarness")
    harness = chain.deploy(DEPLOYER, artifact.bytecode)

    def call(function: str, *arguments: Any) -> Any:
        data = artifact.abi.encode_call(function, *arguments)
        answer = chain.call(Transaction(DEPLOYER, harness, data), chain.head.number)
        return artifact.abi.decode_result(function, answer)

    return call


def test_both_amounts_are_kept(ask_pairs: Ask) -> None:
    @repeatable
    @given(PAIRS)
    def compare(pair: tuple[int, int]) -> None:
        assert ask_pairs("pack", pair) == pair
        assert [ask_pairs("amountOf", pair, asset) for asset in Asset] == list(pair)
        assert ask_pairs("isZero", pair) == (pair == (0, 0))

    compare()


def test_zero_is_only_where_both_are(ask_pairs: Ask) -> None:
    pairs = [(0, 0), (1, 0), (0, 1), (MAX, 0), (0, MAX), (1, 1)]
    assert [ask_pairs("isZero", pair) for pair in pairs] == [True] + [False] * 5


def test_one_amount_alone(ask_pairs: Ask) -> None:
    @repeatable
    @given(AMOUNTS)
    def compare(amount: int) -> None:
        assert ask_pairs("single", Asset.ETH, amount) == (amount, 0)
        assert ask_pairs("single", Asset.DAI, amount) == (0, amount)

    compare()


def test_sums_and_differences(ask_pairs: Ask) -> None:
    """Up to the ends of what an amount can be, and of each asset by itself."""

    @repeatable
    @given(TWO_AMOUNTS, TWO_AMOUNTS)
    def compare(wei: tuple[int, int], token: tuple[int, int]) -> None:
        whole = (max(wei), max(token))
        part = (min(wei), min(token))
        rest = (whole[0] - part[0], whole[1] - part[1])
        assert ask_pairs("sub", whole, part) == rest
        assert ask_pairs("add", rest, part) == ask_pairs("add", part, rest) == whole

    compare()
