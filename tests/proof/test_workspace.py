"""Where patches are tried: what is applied is taken back, and only a test that saw other behaviour has noticed."""

import shutil
from pathlib import Path

import pytest

from proof.regressions.patch import Patch, read
from proof.regressions.workspace import DoesNotApply, Failure, IsBroken, Workspace

CODE = "def answer() -> int:\n    return 42\n"
TEST = "tests/unit/test_answer.py"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Of a checkout with one function and, see `run`, one test."""
    workspace = Workspace(tmp_path)
    (workspace.clean / "connext").mkdir(parents=True)
    (workspace.clean / "connext" / "answer.py").write_text(CODE)
    (workspace.clean / "tests" / "unit").mkdir(parents=True)
    shutil.copytree(workspace.clean, workspace.copy)
    return workspace


@pytest.fixture
def patch(tmp_path: Path) -> Patch:
    path = tmp_path / "01-another-answer.patch"
    path.write_text(
        f"Failure: Another answer\nBreaks: G1\nNoticed by: {TEST}::test_answer\n\nWords.\n\n"
        "--- a/connext/answer.py\n+++ b/connext/answer.py\n@@ -1,2 +1,2 @@\n"
        " def answer() -> int:\n-    return 42\n+    return 43\n"
    )
    return read(path)


def run(workspace: Workspace, body: str, head: str = "from pathlib import Path") -> Failure | None:
    (workspace.copy / TEST).write_text(f"{head}\n\n\ndef test_answer():\n    {body}\n")
    return workspace.first_failure([f"{TEST}::test_answer"])


def test_what_is_applied_is_taken_back(workspace: Workspace, patch: Patch) -> None:
    workspace.apply(patch)
    assert (workspace.copy / "connext" / "answer.py").read_text() == CODE.replace("42", "43")
    with pytest.raises(DoesNotApply, match="patch does not apply"):
        workspace.apply(patch)
    workspace.restore(patch)
    assert (workspace.copy / "connext" / "answer.py").read_text() == CODE


def test_a_test_notices_by_failing(workspace: Workspace) -> None:
    passes = "assert Path('connext/answer.py').read_text().endswith('42\\n')"
    assert run(workspace, passes) is None
    failure = run(workspace, passes.replace("42", "43"))
    assert failure is not None
    assert failure.test == f"{TEST}::test_answer"
    assert failure.reason.startswith(("assert", "AssertionError"))


@pytest.mark.parametrize("body", ["import nowhere", "Path.nothing"])
def test_code_that_does_not_run_is_not_noticed_but_broken(workspace: Workspace, body: str) -> None:
    with pytest.raises(IsBroken, match=rf"{TEST}::test_answer: (ModuleNotFound|Attribute)Error"):
        run(workspace, body)


def test_nor_is_a_test_that_cannot_be_read(workspace: Workspace) -> None:
    with pytest.raises(IsBroken, match=rf"{TEST}: ModuleNotFoundError.*nowhere"):
        run(workspace, "pass", head="import nowhere")


def test_nor_one_that_is_not_there(workspace: Workspace) -> None:
    with pytest.raises(IsBroken):
        workspace.first_failure([f"{TEST}::test_answer"])
