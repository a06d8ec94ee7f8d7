"""Campaigns: on several cores, one after the other, and what the command says."""

from collections import Counter
from pathlib import Path

import pytest

from proof.fuzz import __main__ as command
from proof.fuzz import campaign
from proof.fuzz.campaign import CHUNK, Failure, Progress, Report, load, save
from proof.fuzz.life import Life
from proof.fuzz.play import Count, Divergence


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short lives."""
    monkeypatch.setattr(campaign, "TURNS", 5)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command keeps its progress."""
    monkeypatch.setattr(command, "load", lambda seed: load(seed, tmp_path))
    monkeypatch.setattr(command, "save", lambda progress: save(progress, tmp_path))
    return tmp_path / "seed-6.json"


def test_a_campaign_on_two_cores_plays_what_one_would() -> None:
    parallel, serial = Progress(seed=4), Count()
    reports = list(campaign.campaign(parallel, 0, 2))
    assert [report.first for report in sorted(reports, key=lambda r: r.first)] == [0, CHUNK]
    for first in (0, CHUNK):
        serial.add(campaign.play(4, first, CHUNK).count)
    assert parallel.count == serial
    assert parallel.next == 2 * CHUNK
    assert parallel.seconds > 0


def test_a_campaign_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    progress = Progress(seed=5)
    list(campaign.campaign(progress, 0, 1))
    save(progress, tmp_path)
    resumed = load(5, tmp_path)
    assert resumed == progress
    (report,) = campaign.campaign(resumed, 0, 1)
    assert report.first == CHUNK
    assert load(6, tmp_path) == Progress(seed=6)


def test_a_failure_is_met_again_until_it_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next run would go on behind it, and its record say that nothing was found."""

    def broken(*_: object) -> None:
        raise Divergence("the two disagree")

    progress = Progress(seed=5)
    with monkeypatch.context() as fault:
        fault.setattr(Life, "go_on", broken)
        for _ in range(2):
            (report,) = campaign.campaign(progress, 0, 1)
            assert report.failure == Failure(5, 0, "the two disagree")
            assert progress == Progress(seed=5)
    (report,) = campaign.campaign(progress, 0, 1)
    assert report.failure is None
    assert progress.next == CHUNK


def test_progress_is_about_these_contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(Progress(5, 40, 1.0, Count(Counter({("Fund", "ok"): 3}), 40, 2, 1)), tmp_path)
    assert load(5, tmp_path).count.operations == 3
    monkeypatch.setattr(campaign, "sources_hash", lambda: "other")
    assert load(5, tmp_path) == Progress(seed=5)


def test_the_command_says_what_it_did(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["fuzz", "--minutes", "0", "--seed", "6"])
    assert command.main() == 0
    out = capsys.readouterr().out
    assert "operations in 40 lives" in out
    assert "Deposit" in out
    assert state.is_file()
    assert command.main() == 0
    assert "goes on after 40 lives" in capsys.readouterr().out


def test_a_life_can_be_looked_at_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["fuzz", "--seed", "6", "--life", "3"])
    assert command.main() == 0
    assert "life 3 of seed 6 does not fail" in capsys.readouterr().out


def test_a_report_adds_up() -> None:
    progress = Progress(seed=1)
    for first in (0, 1):
        progress.take(Report(first, Count(Counter({("Fund", "ok"): 6, ("Fund", "NothingMoved"): 2}), 1), 0.5))
    assert progress.rate == 16
    assert (progress.count.operations, progress.count.succeeded, progress.count.lives) == (16, 12, 2)
