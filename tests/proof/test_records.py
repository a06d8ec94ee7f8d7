"""The records of the deep runs."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connext.deployer.sources import SOURCES, files
from proof.coverage import __main__ as coverage
from proof.explore import __main__ as explore
from proof.records import (
    CHECKOUT,
    NotARecord,
    OnlyAPart,
    ReachesLess,
    age,
    compiler_hash,
    is_of_these_sources,
    load,
    save,
    sources_hash,
)
from proof.regressions import __main__ as regressions
from proof.symbolic import main as symbolic


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("contracts/A.sol", "contracts/test/T.sol", "interfaces/I.sol", "toolchain/solc-settings.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    (tmp_path / "toolchain/solc.mjs").write_text("before")
    lock(tmp_path)
    return tmp_path


def lock(checkout: Path, **versions: str) -> None:
    """A lock file with these versions of packages, and of others the first."""
    names = {
        "solc": "node_modules/solc",
        "contracts": "node_modules/@openzeppelin/contracts",
        "viem": "node_modules/viem",
    }
    packages = {
        name: {"version": versions.get(short, "1"), "integrity": f"sha512-{versions.get(short, '1')}"}
        for short, name in names.items()
    }
    (checkout / "package-lock.json").write_text(json.dumps({"packages": packages}))


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    save("fuzz", 12.345, {"operations": 7, "by kind": {"deposit": 3}}, tmp_path)
    record = load("fuzz", tmp_path)
    assert record is not None
    assert record.seconds == 12.3
    assert record.figures == {"operations": 7, "by kind": {"deposit": 3}}
    assert is_of_these_sources(record)
    assert not is_of_these_sources(replace(record, sources="0" * 64))
    assert not is_of_these_sources(replace(record, compiler="0" * 64))


def test_a_record_from_before_the_compiler_was_noted_is_as_good(tmp_path: Path) -> None:
    path = save("explore", 1, {}, tmp_path)
    without = {name: value for name, value in json.loads(path.read_text()).items() if name != "compiler"}
    path.write_text(json.dumps(without))
    record = load("explore", tmp_path)
    assert record is not None
    assert is_of_these_sources(record)


# --- What is no record ---


def test_a_part_is_not_recorded(tmp_path: Path) -> None:
    save("symbolic", 700, {"checks": 56}, tmp_path)
    with pytest.raises(OnlyAPart, match="a part is not recorded: leave out --only G7, or --save"):
        save("symbolic", 1, {"checks": 6}, tmp_path, part="--only G7")
    record = load("symbolic", tmp_path)
    assert record is not None
    assert record.figures == {"checks": 56}


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (symbolic, ["--only", "G7"]),
        (regressions.main, ["--only", "07"]),
        (explore.main, ["payments", "--every-moment"]),
        (explore.main, ["--honest", "alice", "--every-moment"]),
        (explore.main, ["--player", "rules", "--every-moment"]),
        (explore.main, []),
        (coverage.main, ["tests/contracts"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value.__module__,
)
def test_that_is_said_before_the_run(command, options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["proof", "--save", *options])
    with pytest.raises(OnlyAPart):
        command()


def test_coverage_remembers_of_what_its_last_run_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "PART", tmp_path / "part.txt")
    (tmp_path / "part.txt").write_text("tests/contracts/test_settle.py")
    for option in ("--last", "--add"):
        monkeypatch.setattr(sys, "argv", ["coverage", option, "--save"])
        with pytest.raises(OnlyAPart, match=r"leave out tests/contracts/test_settle\.py"):
            coverage.main()


@pytest.mark.parametrize(("name", "figure"), [("fuzz", "operations"), ("invariants", "calls"), ("mutants", "tried")])
def test_a_shorter_run_does_not_take_the_place_of_a_longer_one(name: str, figure: str, tmp_path: Path) -> None:
    path = save(name, 100, {figure: 2_000}, tmp_path)
    with pytest.raises(ReachesLess, match=rf"{figure} 1,999, in .*{name}\.json 2,000; go on, or delete that file"):
        save(name, 1, {figure: 1_999}, tmp_path)
    save(name, 100, {figure: 2_000}, tmp_path)
    path.write_text(path.read_text().replace(sources_hash(), "0" * 64))
    save(name, 1, {figure: 1}, tmp_path)
    record = load(name, tmp_path)
    assert record is not None
    assert record.figures == {figure: 1}


# --- Whose figures they are ---


def test_a_run_without_a_record_never_ran(tmp_path: Path) -> None:
    assert load("fuzz", tmp_path) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"commit": "a", "surplus": 1}'])
def test_what_is_no_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "fuzz.json").write_text(text)
    with pytest.raises(NotARecord, match=r"fuzz\.json is not a record .* run that target again"):
        load("fuzz", tmp_path)


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_an_age_is_rounded_down(tmp_path: Path, passed: timedelta, said: str) -> None:
    save("fuzz", 1, {}, tmp_path)
    record = load("fuzz", tmp_path)
    assert record is not None
    assert age(replace(record, time=(datetime.now(UTC) - passed).isoformat())) == said


@pytest.mark.parametrize("name", ["contracts/A.sol", "interfaces/I.sol", "toolchain/solc-settings.json"])
def test_the_hash_is_of_all_that_decides_the_bytecode(checkout: Path, name: str) -> None:
    before = sources_hash(checkout)
    (checkout / name).write_text("after")
    assert sources_hash(checkout) != before


def test_the_hash_is_not_of_contracts_for_tests(checkout: Path) -> None:
    before = sources_hash(checkout)
    (checkout / "contracts/test/T.sol").write_text("after")
    assert sources_hash(checkout) == before


@pytest.mark.parametrize("change", [{"solc": "2"}, {"contracts": "2"}])
def test_the_compiler_and_what_is_compiled_along_are_noted(checkout: Path, change: dict[str, str]) -> None:
    before = compiler_hash(checkout)
    lock(checkout, **change)
    assert compiler_hash(checkout) != before


def test_so_is_what_calls_the_compiler(checkout: Path) -> None:
    before = compiler_hash(checkout)
    (checkout / "toolchain/solc.mjs").write_text("after")
    assert compiler_hash(checkout) != before


def test_other_packages_do_not_matter(checkout: Path) -> None:
    before = compiler_hash(checkout)
    lock(checkout, viem="2")
    assert compiler_hash(checkout) == before


@pytest.mark.parametrize("pattern", SOURCES)
def test_there_is_something_behind_every_pattern(pattern: str) -> None:
    assert any(files(CHECKOUT, (pattern,)))
