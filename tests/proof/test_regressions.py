"""The patches that bring known failures back: all of docs/protocol.md section 11, in their form, and applicable."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from proof.records import CHECKOUT
from proof.regressions.patch import FOLDER, NotAPatch, Patch, patches, read
from proof.security import PAGE, guarantees

CONNECTIVES = {"a", "and", "or", "replay", "signatures"}
"""What of section 11 needs no patch of its own."""

ALL = pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.name)


def section_11() -> str:
    """The list of failures on one line, without where each happened."""
    text = (CHECKOUT / "docs" / "protocol.md").read_text()
    section = text.partition("\n## 11. ")[2].partition("\n## 12. ")[0]
    listed = " ".join(section[section.index("\n* ") :].split())
    return re.sub(r"\[[^]]*\]", "", listed)


def not_expressible() -> list[str]:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    return [row for row in rows if row != "failure"]


def test_all_known_failures_are_brought_back() -> None:
    left = section_11()
    for failure in sorted({*not_expressible(), *(patch.failure for patch in patches())}, key=len, reverse=True):
        assert failure in section_11()
        left = left.replace(failure, "")
    assert set(re.findall(r"\w+", left.lower())) <= CONNECTIVES


def test_the_patches_are_numbered() -> None:
    assert [patch.number for patch in patches()] == [f"{i:02}" for i in range(1, len(patches()) + 1)]


@ALL
def test_a_patch_breaks_a_guarantee_that_its_test_holds(patch: Patch) -> None:
    assert guarantees(PAGE.read_text())[patch.breaks].is_held_by(patch.noticed_by)
    file, _, function = patch.noticed_by.partition("::")
    tests = {node.name for node in ast.parse((CHECKOUT / file).read_text()).body if isinstance(node, ast.FunctionDef)}
    assert function in tests


@ALL
def test_a_patch_changes_what_people_use_and_applies(patch: Patch) -> None:
    assert all(path.startswith(("contracts/", "interfaces/", "connext/")) for path in patch.touched)
    assert not any(path.startswith("contracts/test/") for path in patch.touched)
    subprocess.run(("git", "apply", "--check", patch.path), cwd=CHECKOUT, check=True)


# --- Their form ---

TEXT = """Failure: Money is lost
Breaks: G1
Noticed by: tests/a.py::test_b

Words: not a part of the header.

--- a/contracts/A.sol
+++ b/contracts/A.sol
@@ -1 +1 @@
-a
+b
--- a/connext/b.py
+++ b/connext/b.py
@@ -1 +1 @@
-a
+b
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "07-money-lost.patch"
    path.write_text(text)
    return path


def test_a_patch_is_read(tmp_path: Path) -> None:
    patch = read(written(tmp_path, TEXT))
    assert (patch.name, patch.number) == ("07-money-lost", "07")
    assert (patch.failure, patch.breaks, patch.noticed_by) == ("Money is lost", "G1", "tests/a.py::test_b")
    assert patch.touched == ("contracts/A.sol", "connext/b.py")
    assert patch.changes_contracts


def test_a_patch_of_the_software_alone_needs_no_compiler(tmp_path: Path) -> None:
    patch = read(written(tmp_path, TEXT.replace("contracts/A.sol", "connext/a.py")))
    assert not patch.changes_contracts


@pytest.mark.parametrize(
    "change", [("Breaks: G1\n", ""), ("Breaks", "Damages"), ("Failure: Money is lost\n", "\n"), ("+++ ", "")]
)
def test_what_is_no_patch_is_named(tmp_path: Path, change: tuple[str, str]) -> None:
    with pytest.raises(NotAPatch, match=r"07-money-lost\.patch: expected the lines Failure, Breaks, Noticed by"):
        read(written(tmp_path, TEXT.replace(*change)))
