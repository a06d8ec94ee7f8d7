"""What forge reports of an invariant; forge itself plays in `make invariants`."""

from typing import Any

from proof.invariants import Played, played

METRICS = {
    "tests/forge/Players.sol:Players.settle": {"calls": 10, "reverts": 6, "discards": 1},
    "tests/forge/Players.sol:Players.fund": {"calls": 5, "reverts": 0, "discards": 0},
}


def report(**changes: Any) -> dict[str, Any]:
    result = {
        "status": "Success",
        "reason": None,
        "counterexample": None,
        "kind": {"Invariant": {"runs": 1, "calls": 15, "reverts": 6, "metrics": METRICS}},
    }
    return {"tests/forge/Invariants.sol:Invariants": {"test_results": {"invariant_G1()": result | changes}}}


def test_steps_are_counted_by_what_became_of_them() -> None:
    [result] = played(report())
    assert result == Played("invariant_G1", None, 15, {"fund": 5, "settle": 3}, {"fund": 0, "settle": 6})


def test_a_broken_invariant_says_why_and_after_what() -> None:
    [result] = played(
        report(status="Failure", reason="ETH is not what is owed", counterexample={"Sequence": ["settle"]})
    )
    assert result.failure == "broken: ETH is not what is owed after {'Sequence': ['settle']}"
