"""Values in words: what an auditor reads instead of numbers and bytes."""

from typing import Any

import pytest

from connext.replay.words import Lexicon, exact_duration

ALICE, UNKNOWN = b"\xaa" * 20, b"\xbb" * 20
START = 1_000_000
LEXICON = Lexicon({ALICE: "alice", b"\x01" * 32: "main"}, START)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("userWei", 1_500_000_000_000_000_000, "1.5 ETH"),
        ("nodeToken", -7, "-0.000000000000000007 DAI"),
        ("wad", 10**18, "1 DAI"),
        ("deadline", START + 90_061, "start + 1 d 1 h 1 min 1 s"),
        ("expiry", START - 60, "start - 1 min"),
        ("deadline", 0, "never"),
        ("challengePeriod", 86_400, "1 d"),
        ("share", 5 * 10**17, "50 %"),
        ("share", 1, "0.0000000000000001 %"),
        ("side", 1, "node"),
        ("payer", 2, "2"),
        ("asset", 0, "ETH"),
        ("asset", 9, "9"),
        ("nonce", 3, "3"),
        ("isFinal", True, "yes"),
        ("isFinal", False, "no"),
        ("account", ALICE, "alice"),
        ("account", UNKNOWN, "0x" + "bb" * 20),
        ("channelId", b"\x01" * 32, "main"),
        ("stateHash", b"\x0c" * 26, "0x0c0c0c0c0c0c…"),
        ("stateHash", bytes(26), "zero"),
        ("reason", b"", "empty"),
        ("reason", b"\x0c\x0d", "0x0c0d"),
        ("transfers", (), "none"),
    ],
)
def test_a_value(name: str, value: object, words: str) -> None:
    found = LEXICON.value(name, value, {name: value})
    assert (found.lower(), len(found)) == (words.lower(), len(words))


@pytest.mark.parametrize(("asset", "words"), [(0, "1 ETH"), (1, "1 DAI"), (7, str(10**18))])
def test_an_amount_is_of_the_asset_beside_it(asset: int, words: str) -> None:
    assert LEXICON.value("amount", 10**18, {"asset": asset, "amount": 10**18}) == words


def test_structs_and_lists_have_paths() -> None:
    transfer = {"id": 4, "asset": 0, "amount": 10**18}
    values: dict[str, Any] = {"state": {"nonce": 1, "userWei": 0}, "transfers": (transfer,), "wanted": 3}
    assert list(LEXICON.lines(values)) == [
        ("state.nonce", "1"),
        ("state.userWei", "0 ETH"),
        ("transfers[0]", "id 4, asset ETH, amount 1 ETH"),
        ("wanted", "3"),
    ]


def test_long_lists_are_cut() -> None:
    lines = list(LEXICON.lines({"transfers": tuple({"id": i} for i in range(10))}))
    assert lines[-2:] == [("transfers[7]", "id 7"), ("transfers", "… and 2 more")]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (61, "1 min 1 s"), (86_400, "1 d"), (93_784, "1 d 2 h 3 min 4 s")]
)
def test_durations_are_exact(seconds: int, words: str) -> None:
    assert exact_duration(seconds) == words
