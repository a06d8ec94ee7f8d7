"""All mutants, one after the other or on several cores: what became of each is remembered, so that a run can go on."""

import json
import multiprocessing
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from enum import StrEnum
from multiprocessing.queues import Queue
from pathlib import Path
from typing import TypeAlias

from proof.compiler import Compiler, DoesNotCompile, compiler
from proof.mutants import killing
from proof.mutants.compiling import Compiled, compile_mutant, shipped_fingerprint
from proof.mutants.generate import Mutant
from proof.records import CHECKOUT

_FORK = multiprocessing.get_context("fork")

Answers: TypeAlias = "Queue[Outcome | Exception | None]"
"""From the processes that run tests; None: one has nothing left to do."""


class Fate(StrEnum):
    INVALID = "invalid"
    """It does not compile."""
    EQUIVALENT = "equivalent"
    """Its bytecode is that of the original."""
    DUPLICATE = "duplicate"
    """Its bytecode is that of another mutant."""
    KILLED = "killed"
    ESCAPED = "escaped"
    """The fuzzer did not notice; the tests have yet to see it."""
    SURVIVED = "survived"


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant. by: the first that noticed; bytecode: hash of it; seconds: of wall time."""

    key: str
    operator: str
    file: str
    line: int
    before: str
    after: str
    fate: Fate
    by: str = ""
    bytecode: str = ""
    seconds: float = 0.0


class Memory:
    """The outcomes so far, one file each: of contracts with the bytecode of today."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or CHECKOUT / ".build" / "mutants" / shipped_fingerprint()[:16]
        self._folder.mkdir(parents=True, exist_ok=True)
        read = (json.loads(path.read_text()) for path in sorted(self._folder.glob("*.json")))
        self.outcomes = {outcome["key"]: Outcome(**outcome | {"fate": Fate(outcome["fate"])}) for outcome in read}

    def keep(self, outcome: Outcome) -> None:
        path = self._folder / f"{outcome.key}.json"
        path.with_suffix(".part").write_text(json.dumps(asdict(outcome), indent=1))
        path.with_suffix(".part").replace(path)
        self.outcomes[outcome.key] = outcome

    def keep_bytecode(self, key: str, compiled: Compiled) -> None:
        """Of a mutant that escaped, for the tests."""
        self._bytecode(key).parent.mkdir(exist_ok=True)
        self._bytecode(key).write_text(json.dumps(compiled.artifacts))

    def bytecode(self, key: str) -> Compiled:
        return Compiled(json.loads(self._bytecode(key).read_text()))

    def _bytecode(self, key: str) -> Path:
        return self._folder / "escaped" / f"{key}.json"

    def twin(self, outcome: Outcome) -> Outcome | None:
        """Another mutant with the same bytecode."""
        return next(
            (
                other
                for other in self.outcomes.values()
                if other.bytecode == outcome.bytecode and other.bytecode and other.key != outcome.key
            ),
            None,
        )


# --- The fuzzer, on every mutant ---


def fuzz_all(mutants: Sequence[Mutant], memory: Memory, cores: int, until: float) -> Iterator[Outcome]:
    """Outcomes of the mutants that have none yet, until that time (`time.monotonic`)."""
    waiting = iter([mutant for mutant in mutants if mutant.key not in memory.outcomes])
    running: set[Future[tuple[Outcome, Compiled | None]]] = set()
    with ProcessPoolExecutor(cores, initializer=_begin) as pool:
        try:
            while True:
                for mutant in waiting:
                    running.add(pool.submit(_try, mutant))
                    if len(running) == 2 * cores:
                        break
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield _kept(memory, *future.result())
                if time.monotonic() > until:
                    waiting = iter(())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _kept(memory: Memory, outcome: Outcome, compiled: Compiled | None) -> Outcome:
    twin = memory.twin(outcome)
    if twin:
        outcome = Outcome(**asdict(outcome) | {"fate": Fate.DUPLICATE, "by": f"as {twin.key}"})
    elif outcome.fate == Fate.ESCAPED and compiled:
        memory.keep_bytecode(outcome.key, compiled)
    memory.keep(outcome)
    return outcome


_STARTED = ExitStack()
_COMPILERS: list[Compiler] = []


def _begin() -> None:
    """In each process of the pool: a compiler that ends with it. Ctrl-C is for the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _COMPILERS.append(_STARTED.enter_context(compiler()))


def _try(mutant: Mutant) -> tuple[Outcome, Compiled | None]:
    started = time.monotonic()
    fate, by, compiled = _fate(mutant)
    bytecode = compiled.fingerprint if compiled else ""
    return _outcome(mutant, fate, by, bytecode, time.monotonic() - started), compiled


def _fate(mutant: Mutant) -> tuple[Fate, str, Compiled | None]:
    try:
        compiled = compile_mutant(_COMPILERS[0], mutant)
    except DoesNotCompile:
        return Fate.INVALID, "", None
    if compiled.is_original:
        return Fate.EQUIVALENT, "", None
    by = killing.by_fuzzing(compiled)
    return (Fate.KILLED if by else Fate.ESCAPED), by or "", compiled


def _outcome(mutant: Mutant, fate: Fate, by: str, bytecode: str, seconds: float) -> Outcome:
    change = mutant.change
    return Outcome(
        mutant.key,
        mutant.operator,
        mutant.file,
        change.line,
        change.before,
        change.after,
        fate,
        by,
        bytecode,
        round(seconds, 1),
    )


# --- The tests, on what escaped ---


def confront(mutants: Iterable[Mutant], memory: Memory, cores: int, until: float) -> Iterator[Outcome]:
    """Outcomes of those that escaped the fuzzer, until that time (`time.monotonic`). Raises CannotTest."""
    escaped = [mutant for mutant in mutants if _fate_of(memory, mutant) == Fate.ESCAPED]
    shares = [share for share in (escaped[core::cores] for core in range(cores)) if share]
    answers: Answers = _FORK.Queue()
    workers = [_FORK.Process(target=_confront, args=(share, memory, until, answers)) for share in shares]
    try:
        for worker in workers:
            worker.start()
        at_work = len(workers)
        while at_work:
            answer = answers.get()
            if isinstance(answer, Outcome):
                memory.keep(answer)
                yield answer
            elif answer is None:
                at_work -= 1
            else:
                raise answer
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _confront(share: Sequence[Mutant], memory: Memory, until: float, answers: Answers) -> None:
    """In a process of its own, with its own copy of the checkout, which it removes when it is told to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with killing.bench() as bench:
            for mutant in share:
                if time.monotonic() < until:
                    answers.put(_confronted(mutant, memory, bench))
        answers.put(None)
    except KeyboardInterrupt:
        pass
    except Exception as error:  # whatever it is ends the campaign: the main process waits for an answer
        answers.put(error)


def _confronted(mutant: Mutant, memory: Memory, bench: killing.Bench) -> Outcome:
    known, started = memory.outcomes[mutant.key], time.monotonic()
    by = bench.by_tests(memory.bytecode(mutant.key))
    seconds = known.seconds + time.monotonic() - started
    return _outcome(mutant, Fate.KILLED if by else Fate.SURVIVED, by or "", known.bytecode, seconds)


def _fate_of(memory: Memory, mutant: Mutant) -> Fate | None:
    outcome = memory.outcomes.get(mutant.key)
    return outcome.fate if outcome else None
