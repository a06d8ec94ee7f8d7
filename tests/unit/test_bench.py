"""The bench measures what it says: real updates, agreed by both parties, and vouchers that the payee took."""

import pytest

from connext import bench
from connext.bench import GWEI, Pair, Rate


def test_an_update_is_agreed_by_both_and_goes_both_ways() -> None:
    pair = Pair()
    assert bench.measure_updates(pair, 3) > 0
    assert pair.agreed_nonces() == {3}
    nets = {party.channels[pair.channel_id].latest.message.user_wei for party in pair.parties.values()}
    assert nets == {-GWEI}


def test_checking_is_part_of_updates_that_are_agreed() -> None:
    pair = Pair()
    assert bench.measure_checking(pair, 3) > 0
    assert pair.agreed_nonces() == {3}


@pytest.mark.parametrize("transfers", [0, 1, 200])
def test_so_many_transfers_are_open_while_payments_go_on(transfers: int) -> None:
    pair = Pair(transfers=transfers)
    assert pair.open_transfers() == {transfers}
    pair.update()
    pair.update()
    assert pair.open_transfers() == {transfers}
    assert pair.agreed_nonces() == {transfers + 2}


def test_both_have_so_many_channels() -> None:
    pair = Pair(channels=3)
    assert {len(party.channels) for party in pair.parties.values()} == {3}
    pair.update()
    assert pair.agreed_nonces() == {1}


def test_vouchers_and_signatures() -> None:
    assert bench.measure_vouchers(3) > 0
    assert bench.measure_signatures(2, 3) > 0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"ROUNDS": 3, "UPDATES_PER_ROUND": 5, "VOUCHERS_PER_ROUND": 20, "CHECKS_PER_ROUND": 2}
    sizes = {"OPEN_TRANSFERS": (0, 5), "CHANNELS": (1, 4)}
    for name, value in {**settings, **sizes}.items():
        monkeypatch.setattr(bench, name, value)


def test_rates_are_fractions_of_what_the_signatures_allow(quick: None) -> None:  # noqa: ARG001
    measured = bench.rates()
    assert list(measured) == ["countersigned updates", "vouchers"]
    for rate in measured.values():
        assert 0 < rate.per_second < 1.5 * rate.signatures_alone
        assert 0 < rate.fraction < 1.5


def test_a_rate_is_the_median_of_five_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 5)
    updates, bounds = iter([10.0, 50.0, 20.0, 40.0, 30.0]), iter([100.0, 100.0, 100.0, 50.0, 60.0])
    assert bench._rate(lambda: next(updates), lambda: next(bounds)) == Rate(30, 100, 0.5)


def test_growth_is_measured_at_every_size(quick: None) -> None:  # noqa: ARG001
    for curve, sizes in ((bench.checking_by_transfers(), [0, 5]), (bench.checking_by_channels(), [1, 4])):
        assert [size for size, _ in curve] == sizes
        assert all(microseconds > 0 for _, microseconds in curve)


def test_the_machine_is_told_where_the_system_does_not_know_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(bench.platform, "python_version", lambda: "3.12.1")
    for cpuinfo in ("", "processor\t: 0\nmodel\t\t: 1\n"):
        monkeypatch.setattr(bench.Path, "read_text", lambda _, text=cpuinfo: text)
        assert bench.machine() == "riscv64, Python 3.12.1"
    monkeypatch.setattr(bench.Path, "read_text", lambda _: "model name\t: Some CPU @ 2 GHz\n" * 2)
    assert bench.machine() == "Some CPU @ 2 GHz, Python 3.12.1"


def test_what_is_printed() -> None:
    assert bench.text(
        {"countersigned updates": Rate(4_567, 7_089, 0.644), "vouchers": Rate(12_345, 13_900, 0.888)}
    ) == (
        "countersigned updates  4,567 per second, 0.644 of the 7,089 that the signatures alone allow\n"
        "vouchers              12,345 per second, 0.888 of the 13,900 that the signatures alone allow\n"
    )
