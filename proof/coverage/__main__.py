"""Run the tests, and say which lines and branches of the contracts none of them runs; see `make coverage`."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from shutil import rmtree
from signal import SIGTERM, default_int_handler, signal

from proof import records
from proof.coverage import figures
from proof.coverage.build import load
from proof.coverage.figures import Coverage, Recording
from proof.records import CHECKOUT

FOLDER = CHECKOUT / ".build" / "coverage" / "visits"

PART = FOLDER.parent / "part.txt"
"""The tests that the last run was restricted to; empty for all."""

FOLDERS = ("contracts", "fuzz", "gas", "parity", "scenarios", "stories")
"""Of tests that run contracts in their own process. Scripts run in another, forge has an EVM of its own."""

NO_REASON = "NO REASON: write a test, or a reason into proof/coverage/exceptions.toml"


def main() -> int:
    options = _options()
    part = _part(options)
    if options.save:
        records.require_whole(part)
    if not options.last:
        if not options.add:
            rmtree(FOLDER, ignore_errors=True)
            PART.parent.mkdir(parents=True, exist_ok=True)
            PART.write_text(part)
        status = run_tests(options.tests or [f"tests/{folder}" for folder in FOLDERS], options.processes)
        if status:
            sys.stderr.write("coverage: a test failed, so the figures would say little; see above\n")
            return status
    build = load()
    recording = figures.read(FOLDER, build)
    if not recording.counts:
        sys.stderr.write("coverage: nothing was recorded; run `make coverage` without --last\n")
        return 1
    files = figures.total(build, recording.visits)
    whole = sum(files.values(), Coverage(0, 0, (), ()))
    missed = (*whole.missed_lines, *whole.missed_outcomes)
    reasons = figures.excused(missed)
    open_ = [one for one in missed if one not in reasons]
    _say(_table(files, whole))
    for one in missed:
        _say(f"{one}\n    {reasons.get(one, NO_REASON)}")
    for test, count in recording.different.items():
        _say(f"not counted, ended differently on the twin: {test} ({count})")
    if options.save:
        records.save("coverage", recording.seconds, _figures(whole, len(open_), recording), part=part)
    return 1 if open_ else 0


def _part(options: argparse.Namespace) -> str:
    """The tests to which the run is restricted, or the one that it goes on with."""
    if options.last or options.add:
        return PART.read_text() if PART.is_file() else ""
    return " ".join(options.tests)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def run_tests(tests: Sequence[str], processes: int) -> int:
    """Run them with the tracer, under Ape."""
    load()  # once, and not in every process
    command = ["ape", "test", "-q", "-p", "proof.coverage.tracer", "--dist", "loadfile", "-n", str(processes), *tests]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "COVERAGE_FOLDER": str(FOLDER)}
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _table(files: dict[str, Coverage], whole: Coverage) -> str:
    rows = [("", "lines", "outcomes of branches")]
    for name, covered in (*files.items(), ("all", whole)):
        lines = f"{covered.lines - len(covered.missed_lines)} of {covered.lines}"
        outcomes = f"{covered.outcomes - len(covered.missed_outcomes)} of {covered.outcomes}"
        rows.append((name, lines, outcomes))
    return "\n".join(f"{name:<42}{lines:>12}{outcomes:>24}" for name, lines, outcomes in rows)


def _figures(whole: Coverage, open_: int, recording: Recording) -> dict[str, object]:
    return {
        "lines": whole.lines,
        "lines covered": whole.lines - len(whole.missed_lines),
        "branch outcomes": whole.outcomes,
        "branch outcomes covered": whole.outcomes - len(whole.missed_outcomes),
        "missed without a reason": open_,
        "missed": [str(one) for one in (*whole.missed_lines, *whole.missed_outcomes)],
        **recording.counts,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.coverage", description=__doc__)
    parser.add_argument("tests", nargs="*", help="files or folders of tests (default: all that run contracts)")
    parser.add_argument("--last", action="store_true", help="report on the last run instead of running anything")
    parser.add_argument("--add", action="store_true", help="add to what the last run saw")
    parser.add_argument("--processes", type=int, default=2, help="how many run tests (default: 2)")
    parser.add_argument("--save", action="store_true", help="write proof/records/coverage.json, too")
    return parser.parse_args()


if __name__ == "__main__":
    signal(SIGTERM, default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (figures.BadException, records.OnlyAPart) as error:
        sys.exit(f"coverage: {error}")
