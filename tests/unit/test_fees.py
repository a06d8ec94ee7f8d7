"""What a forwarding node keeps: to the wei, and never less than its fee."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connext.fees import MILLION, SAME_ASSET, Fee, Rate, incoming, outgoing
from connext.types import Asset, InvalidValue

ETH, DAI = Asset.ETH, Asset.DAI
ETHER = 10**18

wide = st.integers(0, 2**128 - 1)
amounts = st.integers(0, 1_000) | wide
fees = st.builds(
    Fee,
    flat_wei=st.integers(0, 100) | wide,
    flat_token=st.integers(0, 100) | wide,
    parts_per_million=st.sampled_from([0, 1, 3_000, MILLION - 1]) | st.integers(0, MILLION - 1),
)
positive = st.integers(1, 10) | st.integers(1, 2**128 - 1)
rates = st.just(SAME_ASSET) | st.builds(Rate, positive, positive)
assets = st.sampled_from(Asset)


@pytest.mark.parametrize(
    ("amount_in", "asset", "fee", "rate", "sent"),
    [
        (1_000, ETH, Fee(), SAME_ASSET, 1_000),
        (1_000, ETH, Fee(flat_wei=7, flat_token=9), SAME_ASSET, 993),
        (1_000, DAI, Fee(flat_wei=7, flat_token=9), SAME_ASSET, 991),
        (MILLION, ETH, Fee(parts_per_million=3_000), SAME_ASSET, 997_000),
        (MILLION + 1, ETH, Fee(parts_per_million=3_000), SAME_ASSET, 997_000),  # 3000.003 is 3001
        (1, ETH, Fee(parts_per_million=1), SAME_ASSET, 0),
        (1_000, ETH, Fee(flat_wei=1_000), SAME_ASSET, 0),
        (1_000, ETH, Fee(flat_wei=1_001), SAME_ASSET, 0),
        (0, ETH, Fee(flat_wei=5), SAME_ASSET, 0),
        (ETHER, ETH, Fee(), Rate(2_500, 1), 2_500 * ETHER),
        (1_000, DAI, Fee(flat_token=1), Rate(1, 2_500), 0),
        (5_001, DAI, Fee(flat_token=1), Rate(1, 2_500), 2),
        (7, ETH, Fee(), Rate(2, 3), 4),
    ],
)
def test_what_may_be_sent_on(amount_in: int, asset: Asset, fee: Fee, rate: Rate, sent: int) -> None:
    assert outgoing(amount_in, asset, fee, rate) == sent


@given(amounts, assets, fees, rates)
def test_it_is_what_the_definition_says(amount_in: int, asset: Asset, fee: Fee, rate: Rate) -> None:
    rounded_up = (amount_in * fee.parts_per_million + MILLION - 1) // MILLION
    left = amount_in - (fee.flat_token if asset is DAI else fee.flat_wei) - rounded_up
    assert outgoing(amount_in, asset, fee, rate) == (left * rate.numerator // rate.denominator if left > 0 else 0)


@given(amounts, assets, fees, rates)
def test_the_least_that_must_come_in(amount_out: int, asset: Asset, fee: Fee, rate: Rate) -> None:
    least = incoming(amount_out, asset, fee, rate)
    assert outgoing(least, asset, fee, rate) >= amount_out
    assert not least or outgoing(least - 1, asset, fee, rate) < amount_out


@given(amounts, assets, fees, rates)
def test_who_sends_what_it_takes_overpays_nothing(amount_in: int, asset: Asset, fee: Fee, rate: Rate) -> None:
    sent = outgoing(amount_in, asset, fee, rate)
    assert incoming(sent, asset, fee, rate) <= amount_in


@pytest.mark.parametrize(("amount_out", "amount_in"), [(0, 0), (1, 8), (993, 1_000)])
def test_what_must_come_in_for_nothing_is_nothing(amount_out: int, amount_in: int) -> None:
    assert incoming(amount_out, ETH, Fee(flat_wei=7)) == amount_in


@pytest.mark.parametrize("millionths", [MILLION, MILLION + 1])
def test_a_fee_that_leaves_nothing_is_refused(millionths: int) -> None:
    with pytest.raises(InvalidValue, match=f"Fee.parts_per_million: expected less than 1000000.*got {millionths}"):
        Fee(parts_per_million=millionths)


@pytest.mark.parametrize("terms", [(0, 1), (1, 0)])
def test_a_rate_of_nothing_is_refused(terms: tuple[int, int]) -> None:
    with pytest.raises(InvalidValue, match="Rate: expected two numbers above 0"):
        Rate(*terms)


@pytest.mark.parametrize("field", ["flat_wei", "flat_token", "parts_per_million"])
def test_a_negative_fee_is_refused(field: str) -> None:
    with pytest.raises(InvalidValue, match=f"Fee.{field}"):
        Fee(**{field: -1})
