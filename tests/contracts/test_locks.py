"""`libraries/Locks.sol` against the same rule in plain Python, on lists of any length with anything in them.

On the in-process EVM. The registry is part of the harness: a transfer's parameters' hash is the share, and its outcome
is final where its expiry is 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connext.chain import Transaction
from connext.chain.evm import EvmChain
from connext.conditions import FULL_SHARE
from connext.messages import Transfer
from connext.types import MAX_CHANNEL_TOTAL, Asset, Side
from tests.contracts.conftest import off_chain
from tests.contracts.locks import Book, Outcome, Pair, for_user, reserved, unclaimed
from tests.scene import DEPLOYER, double

ALL = 2**256 - 1
NO_LIMITS = Pair(2**128 - 1, 2**128 - 1)
NOTHING = Pair(0, 0)

Answer = tuple[Pair, int, Pair]
Settle = Callable[..., Answer]

repeatable = settings(derandomize=True, deadline=None, max_examples=150)


@off_chain
def settle_lock() -> Settle:
    """`settle_lock(held, settled, transfers, wanted, limits)`: what stays held, what is settled, what the user gets."""
    chain, artifact = EvmChain(), double("LocksHarness")
    harness = chain.deploy(DEPLOYER, artifact.bytecode)

    def ask(
        held: Pair, settled: int, transfers: Sequence[Transfer], wanted: int = ALL, limits: Pair = NO_LIMITS
    ) -> Any:
        data = artifact.abi.encode_call("settle", held, settled, transfers, wanted, limits)
        answer = chain.call(Transaction(DEPLOYER, harness, data), chain.head.number)
        kept, bits, user = artifact.abi.decode_result("settle", answer)
        return Pair(*kept), bits, Pair(*user)

    return ask


def transfer(payer: int, asset: int, amount: int, share: int = FULL_SHARE, *, is_final: bool = True) -> Transfer:
    return Transfer(7, payer, asset, amount, bytes(20), share.to_bytes(32), expiry=0 if is_final else 1)


def outcomes(transfers: Sequence[Transfer]) -> list[Outcome]:
    return [Outcome(int.from_bytes(t.params_hash), is_final=t.expiry == 0) for t in transfers]


def minus(pair: Pair, *others: Pair) -> Pair:
    return Pair(*(pair[asset] - sum(other[asset] for other in others) for asset in Asset))


# --- Random lists ---

SHARES = st.sampled_from([0, 1, FULL_SHARE // 2, FULL_SHARE - 1, FULL_SHARE]) | st.integers(0, FULL_SHARE)
CODES = st.sampled_from([0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 127, 128, 255])
AMOUNTS = st.integers(0, 50) | st.integers(0, 2**128 - 1) | st.sampled_from([MAX_CHANNEL_TOTAL, 2**128 - 1])
TOTALS = st.integers(0, 200) | st.integers(0, MAX_CHANNEL_TOTAL) | st.just(MAX_CHANNEL_TOTAL)
PAIRS = st.builds(Pair, TOTALS, TOTALS)
LIMITS = st.just(NO_LIMITS) | st.builds(Pair, AMOUNTS, AMOUNTS)
TRANSFERS = st.builds(
    Transfer,
    id=st.integers(0, 3),
    payer=CODES,
    asset=CODES,
    amount=AMOUNTS,
    condition=st.just(bytes(20)),
    params_hash=SHARES.map(lambda share: share.to_bytes(32)),
    expiry=st.integers(0, 1),
)
LISTS = st.lists(TRANSFERS, max_size=12)
BITS = st.just(ALL) | st.integers(0, 2**12 - 1) | st.integers(0, ALL)


def test_any_list_at_once(settle_lock: Settle) -> None:
    @repeatable
    @given(PAIRS, LISTS, BITS, LIMITS)
    def compare(held: Pair, transfers: list[Transfer], wanted: int, limits: Pair) -> None:
        book = Book(held, transfers, limits)
        user, node = book.show(wanted, outcomes(transfers))
        assert settle_lock(held, 0, transfers, wanted, limits) == (book.held, book.bits, user)
        assert minus(held, book.held, user) == node, "G7"

    compare()


def test_any_list_in_any_portions(settle_lock: Settle) -> None:
    """What each transfer gets does not depend on when it is settled, nor on what was settled before."""

    @repeatable
    @given(PAIRS, LISTS, st.lists(BITS, min_size=1, max_size=5), LIMITS)
    def compare(held: Pair, transfers: list[Transfer], portions: list[int], limits: Pair) -> None:
        book = Book(held, transfers, limits)
        kept, bits = held, 0
        for wanted in portions:
            user, node = book.show(wanted, outcomes(transfers))
            before = kept
            kept, bits, got = settle_lock(before, bits, transfers, wanted, limits)
            assert (kept, bits, got) == (book.held, book.bits, user)
            assert minus(before, kept, got) == node

    compare()


def test_outcomes_that_become_final_one_by_one(settle_lock: Settle) -> None:
    """In any order, and however often it is tried in between: in the end everybody has got the same."""

    @repeatable
    @given(PAIRS, LISTS, st.randoms(use_true_random=False))
    def compare(held: Pair, transfers: list[Transfer], rng: Random) -> None:
        final = [replace(t, expiry=0) for t in transfers]
        _, _, at_once = settle_lock(held, 0, final)
        order = list(range(len(transfers)))
        rng.shuffle(order)
        kept, bits, got = held, 0, NOTHING
        for last in range(len(order) + 1):
            known = set(order[:last])
            now = [replace(t, expiry=0 if i in known else 1) for i, t in enumerate(transfers)]
            before = kept
            kept, bits, user = settle_lock(before, bits, now)
            got = Pair(got.wei + user.wei, got.token + user.token)
            assert settle_lock(kept, bits, now) == (kept, bits, NOTHING), "nothing is settled twice"
        assert got == at_once
        assert kept == NOTHING

    compare()


@pytest.mark.parametrize("length", [0, 1, 2, 200, 255, 256, 257, 300])
def test_lists_of_every_length(settle_lock: Settle, rng: Random, length: int) -> None:
    """Too much and too little for what they ask; some at once, then the rest."""
    transfers = [
        transfer(rng.randrange(2), rng.randrange(2), rng.randrange(100), rng.randrange(FULL_SHARE + 1))
        for _ in range(length)
    ]
    for held in (Pair(10**6, 10**6), Pair(3_000, 5_000), Pair(1, 0)):
        book = Book(held, transfers, NO_LIMITS)
        kept, bits = held, 0
        for wanted in (rng.getrandbits(256), ALL):
            user, _ = book.show(wanted, outcomes(transfers))
            kept, bits, got = settle_lock(kept, bits, transfers, wanted)
            assert (kept, bits, got) == (book.held, book.bits, user)
        assert kept == NOTHING


# --- Single rules ---

EACH_ASSET = pytest.mark.parametrize("asset", Asset)
EACH_PAYER = pytest.mark.parametrize("payer", Side)


def pair(asset: int, amount: int) -> Pair:
    return Pair(0, amount) if asset else Pair(amount, 0)


@EACH_ASSET
@EACH_PAYER
@pytest.mark.parametrize(
    ("share", "for_payee"),
    [(0, 0), (1, 0), (FULL_SHARE // 2, 50), (FULL_SHARE - 1, 100), (FULL_SHARE, 101)],
)
def test_shares_are_rounded_down_for_the_payee(
    settle_lock: Settle, payer: int, asset: int, share: int, for_payee: int
) -> None:
    transfers = [transfer(payer, asset, 101, share)]
    user = for_payee if payer == Side.NODE else 101 - for_payee
    assert settle_lock(pair(asset, 101), 0, transfers) == (NOTHING, 1, pair(asset, user))


@EACH_ASSET
@EACH_PAYER
def test_the_largest_amount_is_shared_exactly(settle_lock: Settle, payer: int, asset: int) -> None:
    """No share of the largest total overflows."""
    most = MAX_CHANNEL_TOTAL
    for share in (1, FULL_SHARE - 1, FULL_SHARE):
        paid = transfer(payer, asset, 2**128 - 1, share)
        expected = pair(asset, for_user(paid, most, share))
        assert settle_lock(pair(asset, most), 0, [paid]) == (NOTHING, 1, expected)


@EACH_ASSET
def test_what_comes_first_in_the_list_comes_first(settle_lock: Settle, asset: int) -> None:
    """Of 100 the third has 30 reserved and the fourth nothing, in whatever order they are settled."""
    transfers = [transfer(Side.NODE, asset, amount) for amount in (50, 20, 40, 10)]
    assert reserved(pair(asset, 100), transfers) == [50, 20, 30, 0]
    kept, bits = pair(asset, 100), 0
    for wanted, got in ((3, 0), (2, 30), (0, 50), (1, 20)):
        kept, bits, user = settle_lock(kept, bits, transfers, 1 << wanted)
        assert user == pair(asset, got)
    assert (kept, bits) == (NOTHING, 0b0111)


def test_assets_do_not_mix(settle_lock: Settle) -> None:
    transfers = [transfer(Side.NODE, Asset.ETH, 70), transfer(Side.NODE, Asset.DAI, 70)]
    assert settle_lock(Pair(50, 60), 0, transfers) == (NOTHING, 0b11, Pair(50, 60))
    assert settle_lock(Pair(0, 60), 0, transfers) == (NOTHING, 0b10, Pair(0, 60))
    assert settle_lock(Pair(50, 0), 0, transfers) == (NOTHING, 0b01, Pair(50, 0))


def test_ids_mean_nothing_here(settle_lock: Settle) -> None:
    """Twice the same transfer is two transfers."""
    twice = [transfer(Side.NODE, Asset.ETH, 5)] * 2
    assert settle_lock(Pair(10, 0), 0, twice) == (NOTHING, 0b11, Pair(10, 0))


@EACH_ASSET
def test_what_no_transfer_claims_is_the_nodes_with_the_first_showing(settle_lock: Settle, asset: int) -> None:
    """Whatever is wanted then."""
    paid = transfer(Side.NODE, asset, 30)
    assert unclaimed(pair(asset, 100), [paid]) == pair(asset, 70)
    assert settle_lock(pair(asset, 100), 0, [paid], 0) == (pair(asset, 30), 0, NOTHING)
    assert settle_lock(pair(asset, 100), 0, []) == (NOTHING, 0, NOTHING)


@pytest.mark.parametrize(("payer", "asset"), [(2, 0), (0, 2), (255, 1), (1, 128), (1, 255), (2, 2)])
def test_an_unknown_code_claims_nothing(settle_lock: Settle, payer: int, asset: int) -> None:
    """Also where it would shift into the amount of another asset."""
    transfers = [transfer(payer, asset, 10), transfer(Side.NODE, Asset.ETH, 10)]
    assert settle_lock(Pair(10, 10), 0, transfers) == (NOTHING, 0b10, Pair(10, 0))


@EACH_ASSET
@EACH_PAYER
@pytest.mark.parametrize("is_final", [False, True])
def test_what_is_above_the_limit_goes_back_at_once(settle_lock: Settle, payer: int, asset: int, is_final: bool) -> None:
    """G8: whatever its outcome, and whether that is final. The limit is of the amount, not of what is there for it."""
    limits = Pair(*(100 if own == asset else 0 for own in Asset))
    back = 60 if payer == Side.USER else 0
    above = transfer(payer, asset, 101, is_final=is_final)
    assert settle_lock(pair(asset, 60), 0, [above], ALL, limits) == (NOTHING, 1, pair(asset, back))
    at = transfer(payer, asset, 100, is_final=is_final)
    kept, bits, user = settle_lock(pair(asset, 60), 0, [at], ALL, limits)
    expected = (NOTHING, 1, pair(asset, 60 - back)) if is_final else (pair(asset, 60), 0, NOTHING)
    assert (kept, bits, user) == expected


def test_a_transfer_that_is_not_wanted_is_not_asked_about(settle_lock: Settle) -> None:
    """Neither its limit nor its outcome counts."""
    above = transfer(Side.USER, Asset.ETH, 101)
    limits = Pair(100, 100)
    assert settle_lock(Pair(101, 0), 0, [above], 0, limits) == (Pair(101, 0), 0, NOTHING)
    assert settle_lock(Pair(101, 0), 0, [above], ALL - 1, limits) == (Pair(101, 0), 0, NOTHING)


def test_beyond_256_nothing_is_claimed(settle_lock: Settle) -> None:
    transfers = [transfer(Side.NODE, Asset.ETH, 1)] * 300
    assert settle_lock(Pair(300, 0), 0, transfers) == (NOTHING, ALL, Pair(256, 0))


def test_the_first_and_the_last_bit(settle_lock: Settle) -> None:
    transfers = [transfer(Side.NODE, Asset.ETH, 1)] * 256
    last = 1 << 255
    assert settle_lock(Pair(256, 0), 0, transfers, last) == (Pair(255, 0), last, Pair(1, 0))
    assert settle_lock(Pair(255, 0), last, transfers) == (NOTHING, ALL, Pair(255, 0))
    assert settle_lock(Pair(255, 0), ALL - 1, transfers, 1) == (NOTHING, ALL, Pair(1, 0))
