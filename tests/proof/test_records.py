"""The records of the deep runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proof.records import NotARecord, age, is_of_these_sources, load, save, sources_hash


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("contracts/A.sol", "contracts/test/T.sol", "interfaces/I.sol", "toolchain/solc-settings.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    return tmp_path


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    save("fuzz", 12.345, {"operations": 7, "by kind": {"deposit": 3}}, tmp_path)
    record = load("fuzz", tmp_path)
    assert record is not None
    assert record.seconds == 12.3
    assert record.figures == {"operations": 7, "by kind": {"deposit": 3}}
    assert is_of_these_sources(record)
    assert not is_of_these_sources(replace(record, sources="0" * 64))


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
