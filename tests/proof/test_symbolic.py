"""When a check counts as proved; halmos itself runs in `make symbolic`."""

from pathlib import Path
from typing import Any

import pytest

from proof.symbolic import Check, checks_in_sources, checks_of, figures


def answer(**changes: Any) -> dict[str, Any]:
    result = {
        "name": "check_G7_conserves(uint256)",
        "exitcode": 0,
        "num_paths": [12, 10, 0],
        "time": [1.234, 1.0, 0.2],
        "num_bounded_loops": 0,
    }
    return {"test_results": {"tests/forge/LocksChecks.sol:LocksChecks": [result | changes]}}


def test_an_answer_is_read() -> None:
    [check] = checks_of(answer())
    assert check == Check("LocksChecks", "check_G7_conserves", "proved", paths=12, cut=0, seconds=1.23)
    assert check.is_proved


@pytest.mark.parametrize(
    ("exitcode", "verdict"),
    [(1, "counterexample"), (2, "time-out"), (3, "stuck"), (4, "always reverts"), (5, "error")],
)
def test_nothing_else_is_a_proof(exitcode: int, verdict: str) -> None:
    [check] = checks_of(answer(exitcode=exitcode, num_paths=None, time=None, num_bounded_loops=None))
    assert check.verdict == verdict
    assert not check.is_proved


def test_a_path_that_was_cut_short_is_no_proof() -> None:
    [check] = checks_of(answer(num_bounded_loops=1))
    assert not check.is_proved


def test_the_checks_that_must_be_run_stand_in_the_sources(tmp_path: Path) -> None:
    (tmp_path / "A.sol").write_text("function check_G6_a(uint256 x) external {}\nfunction helper() {}")
    (tmp_path / "B.sol").write_text("function check_G7_b() external {}")
    assert checks_in_sources(tmp_path, "") == {"check_G6_a", "check_G7_b"}
    assert checks_in_sources(tmp_path, "G7") == {"check_G7_b"}


def test_the_record_counts_what_was_proved() -> None:
    saved = figures([*checks_of(answer()), *checks_of(answer(exitcode=2))], {"check_G6_not_run"})
    assert (saved["checks"], saved["proved"], saved["paths"]) == (3, 1, 24)
