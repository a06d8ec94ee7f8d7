"""The bench measures what it says: real updates, agreed by both parties, and vouchers that the payee took."""

import pytest

from connext import bench


def test_an_update_is_agreed_by_both_and_goes_both_ways() -> None:
    pair = bench.Pair()
    assert bench.measure_updates(pair, 3) > 0
    assert pair.agreed_nonces() == {3}
    nets = {party.channels[pair.channel_id].latest.message.user_wei for party in pair.parties.values()}
    assert nets == {-(10**9)}


def test_vouchers_are_received_and_compared_with_recoveries() -> None:
    assert bench.measure_vouchers(3) > 0
    assert bench.measure_recoveries(3) > 0


def test_the_bench_prints_all_figures_and_their_ratios(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "UPDATES_PER_ROUND", 5)
    monkeypatch.setattr(bench, "VOUCHERS_PER_ROUND", 50)
    bench.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line[:24].strip() for line in lines] == [
        "countersigned updates",
        "four signatures alone",
        "ratio",
        "vouchers signed/checked",
        "recoveries alone",
        "ratio",
    ]
    assert 0 < float(lines[2].split()[1]) < 1.5
    assert 0 < float(lines[5].split()[1]) < 1.5
