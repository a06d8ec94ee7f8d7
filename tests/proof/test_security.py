"""What SECURITY.md names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from connext.lifecycle import stories
from connext.stories import read_story
from proof import guarantees as guarantees_of_steps
from proof.records import CHECKOUT
from proof.security import PAGE, Guarantee, NotATable, guarantees

PROTOCOL = CHECKOUT / "docs" / "protocol.md"
HELD = guarantees(PAGE.read_text())
EACH = pytest.mark.parametrize("guarantee", HELD.values(), ids=HELD)
SCENARIOS = {path: read_story(path.read_text(), path.name) for path in (CHECKOUT / "scenarios").glob("*.yaml")}


def names(row: str) -> list[str]:
    return sorted({name for guarantee in HELD.values() for name in guarantee.held_by[row]})


@cache
def functions_of(path: Path) -> set[str]:
    """The functions of a Python file, or of a Solidity file."""
    text = path.read_text()
    if path.suffix == ".sol":
        return set(re.findall(r"\bfunction (\w+)", text))
    return {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}


def test_the_guarantees_are_those_of_the_protocol() -> None:
    promised = re.findall(r"^\* \*\*(G\d+) (.+?)\*\*:", PROTOCOL.read_text(), re.MULTILINE)
    assert [(guarantee.id, guarantee.title) for guarantee in HELD.values()] == promised
    assert len(promised) == 10


def test_they_are_promised_in_the_same_words() -> None:
    """More may follow in SECURITY.md."""
    sentences = re.findall(r"^\* \*\*G\d+ .+?\*\*: (.+)$", PROTOCOL.read_text(), re.MULTILINE)
    texts = re.findall(r"^### G\d+ .+?\n\n(.+?)\n\n", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    for sentence, text in zip(sentences, texts, strict=True):
        said = " ".join(text.split()).replace("docs/protocol.md section", "section")
        assert said.lower().startswith(sentence.lower())


@pytest.mark.parametrize("row", ["fuzz property", "tests", "scenarios"])
def test_every_guarantee_is_held_by_something(row: str) -> None:
    assert [guarantee.id for guarantee in HELD.values() if not guarantee.held_by[row]] == []


@pytest.mark.parametrize("name", names("tests"))
def test_a_test_exists(name: str) -> None:
    file, _, function = name.partition("::")
    assert (CHECKOUT / file).is_file()
    tests = {name for name in functions_of(CHECKOUT / file) if name.startswith("test_")}
    assert tests
    assert not function or function in tests


@EACH
def test_the_fuzz_properties_are_those_that_exist(guarantee: Guarantee) -> None:
    """They are named for the guarantee."""
    properties = [
        f"{guarantees_of_steps.__name__}.{name}"
        for name in vars(guarantees_of_steps)
        if name.startswith(f"{guarantee.id.lower()}_")
    ]
    assert list(guarantee.held_by["fuzz property"]) == properties


@EACH
def test_the_symbolic_checks_are_those_that_exist(guarantee: Guarantee) -> None:
    functions = {name for path in (CHECKOUT / "tests" / "forge").glob("*.sol") for name in functions_of(path)}
    checks = sorted(name for name in functions if name.startswith(f"check_{guarantee.id}_"))
    assert list(guarantee.held_by["symbolic check"]) == checks


def test_every_symbolic_check_is_named_for_a_guarantee() -> None:
    functions = {name for path in (CHECKOUT / "tests" / "forge").glob("*.sol") for name in functions_of(path)}
    assert [name for name in functions if name.startswith("check_") and name.split("_")[1] not in HELD] == []


@pytest.mark.parametrize("name", names("scenarios"))
def test_a_scenario_exists(name: str) -> None:
    assert name in stories() or (CHECKOUT / name) in SCENARIOS


@EACH
def test_a_scenario_says_which_guarantees_are_at_stake(guarantee: Guarantee) -> None:
    named = {path for path in SCENARIOS if f"scenarios/{path.name}" in guarantee.held_by["scenarios"]}
    assert named <= {path for path, story in SCENARIOS.items() if guarantee.id in story.guarantees}


# --- The form of the tables ---

TABLE = """### G1 Solvency

Words.

| held by | |
|---|---|
| fuzz property | `a.b` |
| symbolic check | none: words |
| tests | `tests/a.py`, `tests/b.py::test_c` |
| scenarios | `A story`, `scenarios/d.yaml` |

### G2 Isolation

| held by | |
|---|---|
| fuzz property | |
| symbolic check | |
| tests | |
| scenarios | |
"""


def test_a_table_is_read() -> None:
    one, two = guarantees(TABLE).values()
    assert (one.id, one.title) == ("G1", "Solvency")
    assert one.held_by == {
        "fuzz property": ("a.b",),
        "symbolic check": (),
        "tests": ("tests/a.py", "tests/b.py::test_c"),
        "scenarios": ("A story", "scenarios/d.yaml"),
    }
    assert not any(two.held_by.values())


def test_a_file_means_all_of_its_tests() -> None:
    one = guarantees(TABLE)["G1"]
    assert one.is_held_by("tests/a.py::test_any")
    assert one.is_held_by("tests/b.py::test_c")
    assert not one.is_held_by("tests/b.py::test_d")


@pytest.mark.parametrize("change", [("| tests |", "| test |"), ("| scenarios | |\n", "")])
def test_a_table_without_a_row_is_named(change: tuple[str, str]) -> None:
    with pytest.raises(NotATable, match=r"table of G[12]"):
        guarantees(TABLE.replace(*change))
