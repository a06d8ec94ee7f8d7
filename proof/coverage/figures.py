"""What was covered, and what was not and why: lines and branches by what the tracer saw."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proof.coverage.build import Build, Span
from proof.coverage.plan import branches, statements
from proof.coverage.rerun import Visits
from proof.records import CHECKOUT

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")


class BadException(Exception):
    """An entry of exceptions.toml that does not, or no longer, stand for anything that is uncovered."""


@dataclass
class Recording:
    """What all processes of a run saw. different: executions that ended otherwise on the twin, by test.

    seconds: of CPU, of the tests and the reruns in them.
    """

    visits: Visits
    counts: Counter[str]
    different: Counter[str]
    seconds: float = 0.0


def read(folder: Path, build: Build) -> Recording:
    """All files that tracers left in the folder, about these twins."""
    recording = Recording(Visits(), Counter(), Counter())
    for path in sorted(folder.glob("*.json")):
        seen = json.loads(path.read_text())
        if seen["twins"] != build.fingerprint:
            continue
        recording.seconds += seen["seconds"]
        recording.counts.update(seen["counts"])
        recording.different.update(seen["different"])
        for name, steps in seen["steps"].items():
            recording.visits.steps[name] |= set(steps)
        for name, jumps in seen["jumps"].items():
            recording.visits.jumps[name] |= {(at, jumped) for at, jumped in jumps}
    return recording


@dataclass(frozen=True, order=True)
class Missed:
    """A line that no test runs, or an outcome that no test makes a condition have. text: as it stands in the source."""

    file: str
    line: int
    text: str
    outcome: str = ""

    def __str__(self) -> str:
        what = f" is never {self.outcome}" if self.outcome else ""
        return f"{self.file}:{self.line}: {self.text}{what}"


@dataclass(frozen=True)
class Coverage:
    lines: int
    outcomes: int
    missed_lines: tuple[Missed, ...]
    missed_outcomes: tuple[Missed, ...]

    def __add__(self, other: "Coverage") -> "Coverage":
        return Coverage(
            self.lines + other.lines,
            self.outcomes + other.outcomes,
            self.missed_lines + other.missed_lines,
            self.missed_outcomes + other.missed_outcomes,
        )


def coverage(path: str, source: str, build: Build, visits: Visits) -> Coverage:
    """Of one file. A line is covered if every statement that begins on it ran; a branch has two outcomes."""
    ran = {span for name, steps in visits.steps.items() for span in _spans(build, name, steps) if span.file == path}
    texts = source.splitlines()
    missed: set[int] = set()
    lines: set[int] = set()
    for statement in statements(path, source, build.trees[path]):
        lines |= set(statement.lines)
        if not statement.ran(ran):
            missed |= set(statement.lines)
    found = branches(path, source, build.trees[path])
    seen = _outcomes(build, visits)
    return Coverage(
        len(lines),
        2 * len(found),
        tuple(Missed(path, line, texts[line - 1].strip()) for line in sorted(missed)),
        tuple(
            Missed(path, branch.line, branch.text, branch.outcome(jumped))
            for branch in found
            for jumped in (True, False)
            if (branch.jump, jumped) not in seen
        ),
    )


def _spans(build: Build, name: str, steps: Iterable[int]) -> set[Span]:
    spans = build.twins[name].spans
    return {spans[at] for at in steps if at in spans}


def _outcomes(build: Build, visits: Visits) -> set[tuple[Span, bool]]:
    return {
        (build.twins[name].spans[at], jumped)
        for name, jumps in visits.jumps.items()
        for at, jumped in jumps
        if at in build.twins[name].spans
    }


def excused(missed: Iterable[Missed], text: str | None = None) -> Mapping[Missed, str]:
    """The reasons in exceptions.toml for what is missed. Raises BadException for one that fits nothing missed."""
    missed = list(missed)
    reasons: dict[Missed, str] = {}
    for entry in tomllib.loads(EXCEPTIONS.read_text() if text is None else text).get("exception", ()):
        fits = [one for one in missed if _fits(entry, one)]
        if not fits or not entry.get("reason", "").strip():
            raise BadException(f"exceptions.toml: {_shown(entry)} is covered, is gone, or has no reason; remove it")
        reasons |= dict.fromkeys(fits, entry["reason"])
    return reasons


def _fits(entry: Mapping[str, Any], missed: Missed) -> bool:
    return (entry["file"], entry["text"], entry.get("outcome", "")) == (missed.file, missed.text, missed.outcome)


def _shown(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('file')} {entry.get('text')!r} {entry.get('outcome', '')}".strip()


def total(build: Build, visits: Visits) -> dict[str, Coverage]:
    """By file, without those that have nothing to cover."""
    paths = sorted(path for path in build.trees if path.startswith("contracts/"))
    found = {path: coverage(path, (CHECKOUT / path).read_text(), build, visits) for path in paths}
    return {path: covered for path, covered in found.items() if covered.lines}
