"""`python -m peers`: what it prints, and that nothing is saved of a run that does not agree with the snapshot."""

import sys
from pathlib import Path

import pytest

from peers import __main__ as command
from peers import page
from peers.figures import FIGURES, Figures, from_json, to_json

COMMITTED = from_json(FIGURES.read_text())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it saves."""
    monkeypatch.setattr(command, "FIGURES", tmp_path / "figures.json")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(page, "PICTURES", tmp_path / "pictures")
    return tmp_path


def play(monkeypatch: pytest.MonkeyPatch, *options: str, differences: tuple[str, ...] = ()) -> int:
    """With the committed figures as what was measured."""
    measured: tuple[Figures, list[str]] = (COMMITTED, list(differences))
    monkeypatch.setattr(command, "run", lambda: measured)
    monkeypatch.setattr(sys, "argv", ["peers", *options])
    return command.main()


def test_it_prints_tables_and_saves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(monkeypatch) == 0
    printed = capsys.readouterr().out
    for part in ("ETH\n\n|", "ERC-20\n\n|", "gas for each", "countersigned updates", "vouchers", "Not as quoted:"):
        assert part in printed
    assert list(folder.iterdir()) == []


def test_json(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert play(monkeypatch, "--json") == 0
    assert capsys.readouterr().out == to_json(COMMITTED)
    assert list(folder.iterdir()) == []


def test_save_writes_what_is_committed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert play(monkeypatch, "--save") == 0
    assert (folder / "figures.json").read_text() == FIGURES.read_text()
    assert sorted(path.name for path in (folder / "pictures").iterdir()) == [
        "channels.svg",
        "dispute.svg",
        "transfers.svg",
    ]
    assert (folder / "page.md").read_text().startswith("# Performance\n")


def test_nothing_is_saved_where_the_snapshot_says_something_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(monkeypatch, "--save", differences=("settle (eth) costs 1, gas.json says 2",)) == 1
    assert "bench-peers: settle (eth) costs 1, gas.json says 2; `make gas` measures anew" in capsys.readouterr().err
    assert list(folder.iterdir()) == []
