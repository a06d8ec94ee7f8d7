"""What people type and read: exact to the wei, nothing guessed."""

import pytest

from connext.display import (
    InvalidAmount,
    InvalidDuration,
    format_amount,
    format_amounts,
    format_deadline,
    format_duration,
    parse_amount,
    parse_duration,
)
from connext.types import Asset


@pytest.mark.parametrize(
    ("text", "asset", "wei"),
    [
        ("1.5 ETH", Asset.ETH, 15 * 10**17),
        ("20 DAI", Asset.DAI, 20 * 10**18),
        ("20dai", Asset.DAI, 20 * 10**18),
        ("0.000000000000000001 eth", Asset.ETH, 1),
        ("123456789.123456789123456789 DAI", Asset.DAI, 123456789123456789123456789),
    ],
)
def test_parse_amount(text: str, asset: Asset, wei: int) -> None:
    assert parse_amount(text) == (asset, wei)


@pytest.mark.parametrize(
    "text", ["", "1.5", "ETH", "-1 ETH", "1,5 ETH", "1e3 ETH", "0.0000000000000000001 ETH", "1 BTC", "1. ETH"]
)
def test_parse_amount_refuses(text: str) -> None:
    with pytest.raises(InvalidAmount) as error:
        parse_amount(text)
    assert error.value.value == text
    assert "'1.5 ETH'" in str(error.value)


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (0, "0 ETH"),
        (1, "0.000000000000000001 ETH"),
        (15 * 10**17, "1.5 ETH"),
        (-(10**17), "-0.1 ETH"),
        (10**20, "100 ETH"),
    ],
)
def test_format_amount(wei: int, text: str) -> None:
    assert format_amount(Asset.ETH, wei) == text


def test_format_amount_is_read_back_to_the_wei() -> None:
    for wei in (1, 10, 999, 10**18 - 1, 10**18 + 1, 123456789123456789123):
        assert parse_amount(format_amount(Asset.DAI, wei)) == (Asset.DAI, wei)


def test_format_amounts() -> None:
    assert format_amounts(10**18, 2 * 10**18) == "1 ETH and 2 DAI"
    assert format_amounts(0, 2 * 10**18) == "2 DAI"
    assert format_amounts(0, 0) == "nothing"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90 min", 5400), ("24h", 86_400), ("1 day", 86_400), ("7 days", 604_800), ("30s", 30)]
)
def test_parse_duration(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "d", "-1 h", "1.5 h", "1 month"])
def test_parse_duration_refuses(text: str) -> None:
    with pytest.raises(InvalidDuration):
        parse_duration(text)


def test_format_duration_keeps_two_units() -> None:
    assert format_duration(0) == "0 s"
    assert format_duration(61) == "1 min 1 s"
    assert format_duration(7 * 86_400 - 1) == "6 d 23 h"


def test_format_deadline_says_both_the_time_and_how_far_it_is() -> None:
    assert format_deadline(1_750_086_400, 1_750_000_000) == "2025-06-16 15:06:40 UTC (in 1 d)"
    assert format_deadline(1_750_000_000, 1_750_000_060) == "2025-06-15 15:06:40 UTC (1 min ago)"
