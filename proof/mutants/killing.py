"""What is set on a mutant: the fuzzer first, for seconds; on what survives it, the tests, those on anvil last.

Any failure kills, whatever it is: the contracts as they are pass all of this, which is seen before a campaign.
"""

import json
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from proof.fuzz import campaign as fuzz
from proof.mutants.compiling import Compiled
from proof.regressions.workspace import ARTIFACTS, IsBroken, Workspace, workspace

SEED = 1
OPERATIONS = 12_000
"""Three seconds. Most mutants fall within the first tenth of it."""
LONGEST_FUZZ_SECONDS = 180
"""Of wall time: a loop without an end is one of the faults."""

WHOLE = ("tests/contracts", "tests/parity", "tests/stories")
"""All that asks what the contracts do. Not tests/gas, because a changed figure alone is no fault; nor what tests the
scripts and the tools. No file of these folders beside them: pytest would leave out the rest of its folder."""

NO_ANSWER = ("ape.exceptions.", "requests.exceptions.")

_FORK = multiprocessing.get_context("fork")


def by_fuzzing(compiled: Compiled, operations: int = OPERATIONS, seed: int = SEED) -> str | None:
    """How the fuzzer notices; None if it does not."""
    with TemporaryDirectory(prefix="connext-mutant-") as folder:
        compiled.write(Path(folder))
        answers, told = _FORK.Pipe(duplex=False)
        child = _FORK.Process(target=_fuzz, args=(told, Path(folder), seed, operations))
        child.start()
        told.close()
        try:
            return _answer(answers, child)
        finally:
            child.kill()
            child.join()


def _answer(answers: Connection, child: multiprocessing.process.BaseProcess) -> str | None:
    until = time.monotonic() + LONGEST_FUZZ_SECONDS
    while not answers.poll(1.0):
        if time.monotonic() > until:
            return "fuzz: without an end"
        if not child.is_alive() and not answers.poll():
            return "fuzz: the process died"
    try:
        answer: str | None = answers.recv()
    except EOFError:
        return "fuzz: the process died"
    return answer


def _fuzz(told: Connection, artifacts: Path, seed: int, operations: int) -> None:
    """In a process of its own, which has all modules loaded and ends with its machine."""
    try:
        failure = fuzz.run(seed, operations, artifacts).failure
        told.send(f"fuzz: {failure.what.splitlines()[0][:160]}" if failure else None)
    except Exception as error:  # a contract that cannot even be deployed, for instance
        told.send(f"fuzz: {type(error).__name__}: {error}".splitlines()[0][:160])


class CannotTest(Exception):
    """The tests fail on the contracts as they are."""


class Bench:
    """A copy of the checkout in which tests run on one mutant after the other.

    Its sources stay as they are. What changes are the artifacts, for the in-process EVM, and the bytecode in what Ape
    has compiled: so nothing is compiled again.
    """

    def __init__(self, copy: Workspace) -> None:
        self._copy = copy
        self._build = copy.copy / ".build" / "__local__.json"
        self._compiled = ""

    def prepare(self) -> None:
        """Run all tests on the original, which Ape compiles for it. Raises CannotTest where one fails."""
        failure = self._first_failure(WHOLE)
        if failure:
            raise CannotTest(f"the tests fail without any mutant: {failure}")
        self._compiled = self._build.read_text()

    def by_tests(self, compiled: Compiled, tests: Sequence[str] = WHOLE) -> str | None:
        """The first test that fails on the mutant; None if all pass."""
        self._put(compiled)
        return self._first_failure(tests)

    def _put(self, compiled: Compiled) -> None:
        for folder in ARTIFACTS:
            compiled.write(self._copy.copy / folder, self._copy.clean / folder)
        build = json.loads(self._compiled)
        for name, artifact in compiled.artifacts.items():
            build["contractTypes"][name]["deploymentBytecode"]["bytecode"] = artifact["bytecode"]
            build["contractTypes"][name]["runtimeBytecode"]["bytecode"] = artifact["runtime"]
        self._build.write_text(json.dumps(build))

    def _first_failure(self, tests: Sequence[str]) -> str | None:
        """A chain that did not answer in time has seen nothing: then once more."""
        said = self._said(tests)
        return self._said(tests) if said and any(name in said for name in NO_ANSWER) else said

    def _said(self, tests: Sequence[str]) -> str | None:
        try:
            failure = self._copy.first_failure(tests)
        except IsBroken as broken:
            return str(broken).splitlines()[-1][:200]
        return f"{failure.test}: {failure.reason}"[:200] if failure else None


@contextmanager
def bench() -> Iterator[Bench]:
    """Raises CannotTest."""
    with workspace() as copy:
        prepared = Bench(copy)
        prepared.prepare()
        yield prepared
