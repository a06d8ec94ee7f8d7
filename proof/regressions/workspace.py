"""A copy of the checkout, in which a patch is applied, compiled, tested and taken back."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from proof.records import CHECKOUT
from proof.regressions.patch import Patch

ARTIFACTS = ("connext/artifacts", "tests/artifacts")
INSTALLED = (".venv", "node_modules")
WITHOUT_A_CHAIN = "tests/unit/"
COMPILED_BY_APE = "tests/contracts/"
LONGEST_RUN_SECONDS = 900

NO_BEHAVIOUR = (
    "ImportError",
    "ModuleNotFoundError",
    "SyntaxError",
    "NameError",
    "AttributeError",
    "TypeError",
    "ape.exceptions.",
)
"""A test that fails so has not seen what the code does: the patch is broken, or the chain did not answer."""


class DoesNotApply(Exception):
    """The code around what the patch changes is another by now."""


class IsBroken(Exception):
    """What the patch makes does not compile, or cannot be imported."""


@dataclass(frozen=True)
class Failure:
    """A test that failed. test: `file::function`, without parameters; reason: first line of what it said.
    is_seen: whether it saw other behaviour, and not just code that does not run."""

    test: str
    reason: str
    is_seen: bool = True


@contextmanager
def workspace() -> Iterator["Workspace"]:
    """A copy of the checkout as it is now. It is not in `.build`: Ape compiles nothing below a folder of that name."""
    with TemporaryDirectory(prefix="connext-regressions-") as folder:
        copy = Workspace(Path(folder).resolve())
        copy.fill()
        yield copy


class Workspace:
    """In a folder: `clean`, the checkout, and `copy`, which is patched."""

    def __init__(self, folder: Path) -> None:
        self.clean, self.copy = folder / "clean", folder / "copy"
        self._report = folder / "report.xml"

    def fill(self) -> None:
        """Copy the checkout: all that git knows, and all that it would."""
        listed = subprocess.run(
            ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (CHECKOUT / name).is_file():
                (self.clean / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, self.clean / name)
        for name in INSTALLED:
            (self.clean / name).symlink_to(CHECKOUT / name)
        shutil.copytree(self.clean, self.copy, symlinks=True)
        (self.copy / ".build" / "ape").mkdir(parents=True)

    def apply(self, patch: Patch) -> None:
        """Raises DoesNotApply."""
        applied = self._run(("git", "apply", "-"), given=patch.text)
        if applied.returncode:
            raise DoesNotApply(applied.stderr.strip())
        if patch.changes_contracts:
            self._forget_build()

    def compile(self) -> None:
        """Write the artifacts, for tests on the in-process EVM; Ape compiles by itself. Raises IsBroken."""
        compiled = self._run((sys.executable, "toolchain/artifacts.py"))
        if compiled.returncode:
            raise IsBroken(compiled.stderr.strip().splitlines()[-1])

    def restore(self, patch: Patch) -> None:
        for name in patch.touched:
            shutil.copy2(self.clean / name, self.copy / name)
        if patch.changes_contracts:
            self._forget_build()
            for name in ARTIFACTS:
                shutil.copytree(self.clean / name, self.copy / name, dirs_exist_ok=True)

    def first_failure(self, tests: Sequence[str]) -> Failure | None:
        """Run tests, those without a chain first, until one fails. Raises IsBroken where that has seen nothing."""
        failure = next(self.failures(tests, "-x"), None)
        if failure is not None and not failure.is_seen:
            raise IsBroken(f"{failure.test}: {failure.reason}")
        return failure

    def failures(self, tests: Sequence[str], *options: str) -> Iterator[Failure]:
        """Run tests, with more options for pytest. Raises IsBroken where not even that can be done."""
        pure = [test for test in tests if test.startswith(WITHOUT_A_CHAIN)]
        pytest = (sys.executable, "-m", "pytest", "-p", "no:ape_test")
        ape = (str(Path(sys.prefix) / "bin" / "ape"), "test")
        for program, some in ((pytest, pure), (ape, [test for test in tests if test not in pure])):
            if some:
                yield from self._failures((*program, "-q", "-p", "no:cacheprovider", *options, *some))

    def _failures(self, command: Sequence[str]) -> Iterator[Failure]:
        self._report.unlink(missing_ok=True)
        run = self._run((*command, f"--junitxml={self._report}"))
        if run.returncode == 0:
            return
        cases = list(ElementTree.parse(self._report).iter("testcase")) if self._report.is_file() else []
        failures = [failure for case in cases if (failure := _failure_of(case)) is not None]
        if not failures:
            raise IsBroken("\n".join((run.stdout + run.stderr).strip().splitlines()[-3:]))
        yield from failures

    def _forget_build(self) -> None:
        """Ape does not see a change in what a contract imports."""
        (self.copy / ".build" / "__local__.json").unlink(missing_ok=True)

    def _run(self, command: Sequence[str], given: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "APE_DATA_FOLDER": str(self.copy / ".build" / "ape"),
            "GIT_CEILING_DIRECTORIES": str(self.copy.parent),  # else `git apply` takes it for a folder of the checkout
            "PYTHONPATH": str(self.copy),
            "PYTHONDONTWRITEBYTECODE": "1",  # a file that is patched and restored within a second looks unchanged
        }
        with subprocess.Popen(
            command,
            cwd=self.copy,
            env=environment,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                output, errors = process.communicate(given, timeout=LONGEST_RUN_SECONDS)
            except subprocess.TimeoutExpired:
                process.terminate()
                raise IsBroken(f"{command[0]} did not end within {LONGEST_RUN_SECONDS} s") from None
            except BaseException:
                process.terminate()  # it ends what it started, too
                process.wait()
                raise
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _failure_of(case: ElementTree.Element) -> Failure | None:
    failed, error = case.find("failure"), case.find("error")
    if failed is not None:
        reason = _said(failed)
        return Failure(_name_of(case), reason, not reason.startswith(NO_BEHAVIOUR))
    return None if error is None else Failure(_name_of(case), _said(error), is_seen=False)


def _said(element: ElementTree.Element) -> str:
    """When the test failed, or where it could not be read."""
    said, details = element.get("message", ""), (element.text or "").strip().splitlines()
    if said == "collection failure" and details:
        return details[-1].removeprefix("E").strip()
    return said.splitlines()[0] if said else ""


def _name_of(case: ElementTree.Element) -> str:
    """`file::function`, or the file alone where that could not be read."""
    file, name = case.get("classname", ""), case.get("name", "").partition("[")[0]
    if not file:
        return name.replace(".", "/") + ".py"
    return f"{file.replace('.', '/')}.py::{name}"
