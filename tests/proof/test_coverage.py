"""What `make coverage` counts, on a small contract that is compiled here."""

from functools import cache

import pytest

from connext.keccak import keccak256
from proof.compiler import SETTINGS, UNOPTIMIZED, compiler
from proof.coverage.build import OUTPUTS, Build
from proof.coverage.figures import BadException, Coverage, Missed, coverage, excused
from proof.coverage.rerun import Account, Ending, Execution, Visits, rerun

PATH = "contracts/Sample.sol"
SOURCE = """\
// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Sample {
    error TooLarge(uint256 value);

    uint256 private immutable LIMIT;

    constructor(uint256 limit) {
        LIMIT = limit;
    }

    function chosen(uint256 value) external view returns (uint256) {
        if (value > LIMIT) revert TooLarge(value);
        return value == 0 ? 1 : 2;
    }

    function both(bool left, bool right) external pure returns (bool) {
        return left && right;
    }

    function either(bool left, bool right) external pure returns (bool) {
        return left || right;
    }

    function counted(uint256 count) external pure returns (uint256 sum) {
        for (uint256 i = 0; i < count; ++i) {
            sum += i;
        }
    }

    function repeated(uint256 count) external pure returns (uint256 left) {
        left = count;
        while (left != 0) {
            --left;
        }
    }

    function assembled(uint256 value) external pure returns (uint256 result) {
        assembly ("memory-safe") {
            result := 1
            if value { result := 2 }
        }
    }

    function switched(uint256 value) external pure returns (uint256 result) {
        assembly ("memory-safe") {
            switch value
            case 0 { result := 1 }
            default { result := 2 }
        }
    }

    function looped(uint256 count) external pure returns (uint256 sum) {
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, count) { i := add(i, 1) } { sum := add(sum, i) }
        }
    }
}
"""
SENDER, CONTRACT = b"\x01" * 20, b"\x02" * 20


@cache
def build() -> Build:
    with compiler() as solc:
        return Build(*(solc.compile({PATH: SOURCE}, OUTPUTS, settings) for settings in (SETTINGS, UNOPTIMIZED)))


@cache
def original(limit: int) -> bytes:
    """The optimized contract, as the constructor leaves it."""
    with compiler() as solc:
        answer = solc.compile({PATH: SOURCE}, {PATH: {"Sample": ["evm.deployedBytecode"]}})
    deployed = answer["contracts"][PATH]["Sample"]["evm"]["deployedBytecode"]
    code = bytearray.fromhex(deployed["object"])
    for places in deployed["immutableReferences"].values():
        for place in places:
            code[place["start"] : place["start"] + 32] = limit.to_bytes(32)
    return bytes(code)


def call(signature: str, *values: int, limit: int = 10, ending: Ending | None = None) -> tuple[Visits, Ending]:
    data = keccak256(signature.encode())[:4] + b"".join(value.to_bytes(32) for value in values)
    accounts = {SENDER: Account(balance=1), CONTRACT: Account(code=original(limit))}
    execution = Execution(SENDER, CONTRACT, data, 0, None, 1, 1, 1, accounts, ending or Ending())
    return rerun(execution, build())


def covered_by(*calls: tuple[str, tuple[int, ...]]) -> Coverage:
    visits = Visits()
    for signature, values in calls:
        visits.add(call(signature, *values)[0])
    return coverage(PATH, SOURCE, build(), visits)


ONE_WAY_AND_THE_OTHER = [
    ("chosen(uint256)", "value > LIMIT", (11,), "true", (1,), "false"),
    ("chosen(uint256)", "value == 0", (0,), "true", (1,), "false"),
    ("both(bool,bool)", "left && right", (1, 0), "decided on its right", (0, 1), "decided on its left"),
    ("either(bool,bool)", "left || right", (0, 1), "decided on its right", (1, 0), "decided on its left"),
    ("counted(uint256)", "i < count", (1,), "true", (0,), "false"),
    ("repeated(uint256)", "left != 0", (1,), "true", (0,), "false"),
    ("assembled(uint256)", "if value { result := 2 }", (1,), "true", (0,), "false"),
    (
        "switched(uint256)",
        "switch value case 0 { result := 1 } default { result := 2 }",
        (0,),
        "the first case",
        (1,),
        "another case",
    ),
    (
        "looped(uint256)",
        "for { let i := 0 } lt(i, count) { i := add(i, 1) } { sum := add(sum...",
        (1,),
        "true",
        (0,),
        "false",
    ),
]
LOOPS = ("i < count", "left != 0", "for ")
"""A loop that runs also ends."""


@pytest.mark.parametrize(
    ("signature", "text", "one", "its_outcome", "other", "its_other_outcome"), ONE_WAY_AND_THE_OTHER
)
def test_each_outcome_of_a_branch_is_told_from_the_other(
    signature: str, text: str, one: tuple[int, ...], its_outcome: str, other: tuple[int, ...], its_other_outcome: str
) -> None:
    def missed(*calls: tuple[int, ...]) -> set[str]:
        covered = covered_by(*((signature, values) for values in calls))
        return {branch.outcome for branch in covered.missed_outcomes if branch.text == text}

    assert missed() == {its_outcome, its_other_outcome}
    assert missed(one) == (set() if text.startswith(LOOPS) else {its_other_outcome})
    assert missed(other) == {its_outcome}
    assert missed(one, other) == set()


def test_a_line_is_covered_when_all_of_its_statements_ran() -> None:
    def missed(*values: int) -> list[int]:
        calls = [("chosen(uint256)", (value,)) for value in values]
        return [line.line for line in covered_by(*calls).missed_lines if 13 <= line.line <= 16]

    assert missed() == [14, 15]
    assert missed(11) == [15]
    assert missed(1) == [14]
    assert missed(1, 11) == []


def test_a_line_of_assembly_is_covered_with_its_block() -> None:
    assembly = {41, 42}
    before, after = covered_by(), covered_by(("assembled(uint256)", (0,)))
    assert assembly <= {missed.line for missed in before.missed_lines}
    assert not assembly & {missed.line for missed in after.missed_lines}


def test_the_twin_ends_like_the_original_with_its_immutable_values() -> None:
    assert call("chosen(uint256)", 5, limit=5)[1] == Ending(None, (2).to_bytes(32), ())
    assert call("chosen(uint256)", 5, limit=4)[1].error is not None


def test_what_ended_otherwise_does_not_agree() -> None:
    assert Ending(None, b"x").agrees(Ending(None, b"x", ()))
    assert not Ending(None, b"x").agrees(Ending(None, b"y"))
    assert not Ending("NothingMoved").agrees(Ending(None))
    assert not Ending("NothingMoved").agrees(Ending("Reentered"))


def test_code_that_is_not_ours_has_no_twin() -> None:
    assert build().twin_of(original(1)) is not None
    assert build().twin_of(original(1)[:-1] + b"\xff") is None


MISSED = Missed("contracts/A.sol", 7, "a == b", "true")


def test_a_reason_is_found_by_file_text_and_outcome() -> None:
    entry = """
        [[exception]]
        file = "contracts/A.sol"
        text = "a == b"
        outcome = "true"
        reason = "a and b differ by construction"
    """
    assert excused([MISSED], entry) == {MISSED: "a and b differ by construction"}


@pytest.mark.parametrize(
    "entry",
    [
        'file = "contracts/A.sol"\ntext = "a == b"\noutcome = "false"\nreason = "covered"',
        'file = "contracts/A.sol"\ntext = "a == c"\noutcome = "true"\nreason = "gone"',
        'file = "contracts/A.sol"\ntext = "a == b"\noutcome = "true"\nreason = " "',
    ],
)
def test_an_exception_for_what_is_covered_or_gone_or_without_a_reason_is_an_error(entry: str) -> None:
    with pytest.raises(BadException, match=r"remove it"):
        excused([MISSED], f"[[exception]]\n{entry}")
