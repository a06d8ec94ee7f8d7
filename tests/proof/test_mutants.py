"""What `make mutants` makes of slither's changes, of bytecode and of explanations."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from proof.mutants import generate
from proof.mutants.campaign import Fate, Memory, Outcome
from proof.mutants.compiling import SHIPPED, Compiled, contracts_with
from proof.mutants.figures import BadExplanation, by_operator, explained, score
from proof.mutants.generate import Change, Mutant
from proof.mutants.killing import by_fuzzing

ORIGINAL = "contract A {\n    function f() {\n        if (a < b) revert();\n        g();\n    }\n}\n"
MUTANT = Mutant("ROR", "contracts/A.sol", ORIGINAL, ORIGINAL.replace("a < b", "a > b"))
OUTCOME = Outcome(
    MUTANT.key,
    "ROR",
    "contracts/A.sol",
    3,
    "if (a < b) revert();",
    "if (a > b) revert();",
    Fate.SURVIVED,
    bytecode="0x01",
)
EXPLANATION = """
    [[survivors]]
    reason = "a and b are equal"
    changes = [["contracts/A.sol", "if (a < b) revert();", "if (a > b) revert();"]]
"""


def shipped(name: str) -> dict[str, str]:
    artifact: dict[str, str] = json.loads((SHIPPED / f"{name}.json").read_text())
    return artifact


# --- Mutants ---


def test_a_change_is_told_by_its_lines() -> None:
    assert MUTANT.change == Change(3, "if (a < b) revert();", "if (a > b) revert();")


def test_the_same_source_is_the_same_mutant() -> None:
    assert replace(MUTANT, operator="MIA").key == MUTANT.key
    assert replace(MUTANT, file="contracts/B.sol").key != MUTANT.key


def test_a_file_is_compiled_with_the_contracts_that_it_is_part_of() -> None:
    assert list(contracts_with("contracts/libraries/Locks.sol")) == ["ChannelManager", "LocksHarness"]
    assert list(contracts_with("contracts/Accounts.sol")) == ["ChannelManager"]
    assert list(contracts_with("contracts/conditions/HashLock.sol")) == ["HashLock", "OutcomeRegistry"]
    assert list(contracts_with("contracts/conditions/Stream.sol")) == ["Stream"]


def test_what_slither_finds_are_changes_that_matter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = "uint256 constant A = 1;\nuint256 constant B = 2;\n"
    (tmp_path / "A.sol").write_text(source)
    start = source.index("constant B")

    def patch(operator: str, start: int, end: int, text: str) -> dict[str, object]:
        return {"operator": operator, "file": "A.sol", "start": start, "end": end, "text": text}

    patches = [
        patch("LIR", 21, 22, "0"),
        patch("MVIE", 21, 22, "0"),
        patch("SBR", start, start + len("constant"), "immutable"),
        patch("SBR", 0, 7, "uint128"),
        patch("SBR", 0, 7, "uint256"),
        patch("FHR", 0, 7, "uint64"),
    ]
    monkeypatch.setattr(generate, "_patches", lambda: patches)
    monkeypatch.setattr(generate, "CHECKOUT", tmp_path)
    found = generate.mutants()
    assert {(mutant.operator, mutant.change.after) for mutant in found} == {
        ("LIR", "uint256 constant A = 0;"),
        ("SBR", "uint128 constant A = 1;"),
    }
    assert [mutant.key for mutant in found] == sorted(mutant.key for mutant in found)


# --- Bytecode ---


def test_the_bytecode_of_the_original_is_known() -> None:
    stream, hash_lock = shipped("Stream"), shipped("HashLock")
    assert Compiled({"Stream": stream}).is_original
    assert not Compiled({"Stream": hash_lock}).is_original
    assert Compiled({"Stream": stream}).fingerprint != Compiled({"Stream": hash_lock}).fingerprint


def test_a_mutant_is_written_among_the_originals(tmp_path: Path) -> None:
    Compiled({"Stream": shipped("HashLock")}).write(tmp_path)
    written = {path.stem: json.loads(path.read_text())["bytecode"] for path in tmp_path.glob("*.json")}
    assert written["Stream"] == shipped("HashLock")["bytecode"]
    assert written["AllOf"] == shipped("AllOf")["bytecode"]
    assert set(written) == {path.stem for path in SHIPPED.glob("*.json")}


def test_the_fuzzer_lets_the_original_live() -> None:
    assert by_fuzzing(Compiled({}), operations=300) is None


def test_the_fuzzer_kills_a_registry_that_answers_nothing() -> None:
    registry = shipped("OutcomeRegistry")
    dead = registry | {"bytecode": "0x6001600c60003960016000f300"}
    assert str(by_fuzzing(Compiled({"OutcomeRegistry": dead}), operations=5_000)).startswith("fuzz: ")


# --- What is remembered ---


def test_outcomes_are_remembered(tmp_path: Path) -> None:
    Memory(tmp_path).keep(OUTCOME)
    assert Memory(tmp_path).outcomes == {OUTCOME.key: OUTCOME}


def test_the_same_bytecode_twice_is_noticed(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.keep(OUTCOME)
    assert memory.twin(replace(OUTCOME, key="another")) == OUTCOME
    assert memory.twin(replace(OUTCOME, key="another", bytecode="0x02")) is None
    assert memory.twin(OUTCOME) is None
    assert memory.twin(replace(OUTCOME, key="another", bytecode="")) is None


# --- Figures ---


def test_only_bytecode_of_its_own_counts() -> None:
    fates = [*[Fate.KILLED] * 3, Fate.SURVIVED, Fate.ESCAPED, Fate.INVALID, Fate.EQUIVALENT, Fate.DUPLICATE]
    assert score(replace(OUTCOME, fate=fate) for fate in fates) == 0.6
    assert score([]) == 0.0


def test_fates_are_counted_by_operator() -> None:
    outcomes = [OUTCOME, replace(OUTCOME, fate=Fate.KILLED), replace(OUTCOME, operator="MIA")]
    assert by_operator(outcomes) == {"MIA": {"survived": 1}, "ROR": {"killed": 1, "survived": 1}}


def test_a_survivor_is_explained_by_its_lines() -> None:
    assert explained([OUTCOME], [MUTANT], EXPLANATION) == {OUTCOME.key: "a and b are equal"}


def test_an_explanation_may_wait_for_its_mutant() -> None:
    assert explained([], [MUTANT], EXPLANATION) == {}


@pytest.mark.parametrize(
    ("outcomes", "mutants", "text"),
    [
        ([replace(OUTCOME, fate=Fate.KILLED)], [MUTANT], EXPLANATION),
        ([], [], EXPLANATION),
        ([OUTCOME], [MUTANT], EXPLANATION.replace("a and b are equal", " ")),
    ],
    ids=["killed", "no mutant", "no reason"],
)
def test_an_explanation_for_nothing_or_without_a_reason_is_an_error(
    outcomes: list[Outcome], mutants: list[Mutant], text: str
) -> None:
    with pytest.raises(BadExplanation, match=r"remove it|has no reason"):
        explained(outcomes, mutants, text)
