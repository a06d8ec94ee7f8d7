"""Run a group of checks, `test`, `lint` or `report`, all of them even if one fails, and count what passed.

`make test`, `make lint` and `make test-report` call this; `.ci/run` adds up the counts of the groups that it names.
Each program is one check, each test one more.
"""

import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, default_int_handler, signal
from xml.etree import ElementTree

CHECKOUT = Path(__file__).resolve().parents[1]
REPORTS = CHECKOUT / ".build" / "checks"


@dataclass(frozen=True)
class Count:
    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"


@dataclass(frozen=True)
class Program:
    """One check, passed or failed by its exit status."""

    name: str
    command: tuple[str, ...]

    def run(self) -> Count:
        return Count(failed=1) if _call(self.command) else Count(passed=1)


@dataclass(frozen=True)
class Tests:
    """Tests that pytest runs, bare or under Ape. A run that fails without a failing test counts as one failure."""

    name: str
    command: tuple[str, ...]

    def run(self) -> Count:
        report = REPORTS / f"{self.name}.xml"
        report.unlink(missing_ok=True)
        status = _call((*self.command, f"--junitxml={report}"))
        count = _junit_count(report) if report.is_file() else Count()
        return count if bool(status) == bool(count.failed) else count + Count(failed=1)


def _call(command: tuple[str, ...]) -> int:
    """Run a program; end it, and give it time to stop what it started, if this one is interrupted."""
    process = subprocess.Popen(command, cwd=CHECKOUT)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _junit_count(report: Path) -> Count:
    """Skipped tests count as neither."""
    count = Count()
    for suite in ElementTree.parse(report).iter("testsuite"):
        tests, failures, errors, skipped = (
            int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")
        )
        count += Count(passed=tests - failures - errors - skipped, failed=failures + errors)
    return count


NOT_HERE = ("--ignore=tests/unit", "--ignore=tests/browser")
SOLIDITY = ("contracts/**/*.sol", "interfaces/**/*.sol")
GROUPS: dict[str, tuple[Program | Tests, ...]] = {
    "test": (
        Tests("unit", ("pytest", "-q", "-p", "no:ape_test", "tests/unit")),
        Tests("chain", ("ape", "test", "-q", "-n", "2", "--dist", "loadfile", "tests", *NOT_HERE)),
        Program("invariants", ("python", "-m", "proof.invariants")),
        Program("symbolic", ("python", "-m", "proof.symbolic")),
    ),
    "report": (Tests("browser", ("pytest", "-q", "-p", "no:ape_test", "tests/browser")),),
    "lint": (
        Program("ruff check", ("ruff", "check", "--quiet", ".")),
        Program("ruff format", ("ruff", "format", "--check", "--quiet", ".")),
        Program("mypy", ("mypy",)),
        Program("forge fmt", ("forge", "fmt", "--check", "contracts", "interfaces", "tests/forge", "peers")),
        Program("solhint", ("node_modules/.bin/solhint", "--disc", "--noPoster", "--max-warnings", "0", *SOLIDITY)),
        Program("slither", ("python", "-m", "proof.slither")),
    ),
}


def run(group: str) -> Count:
    """Run the checks of `group` and leave their count for `total`."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    _record(group).unlink(missing_ok=True)
    group_count = Count()
    for check in GROUPS[group]:
        print(f"--- {check.name}", flush=True)
        started = time.monotonic()
        count = check.run()
        print(f"--- {check.name}: {count} ({time.monotonic() - started:.1f} s)", flush=True)
        group_count += count
    _record(group).write_text(f"{group_count.passed} {group_count.failed}")
    return group_count


def total(groups: Iterable[str]) -> Count:
    """What the last runs of these groups came to; one that did not come to its end counts as a failure."""
    return sum(map(_recorded, groups), Count())


def _recorded(group: str) -> Count:
    try:
        passed, failed = _record(group).read_text().split()
    except FileNotFoundError:
        return Count(failed=1)
    return Count(int(passed), int(failed))


def _record(group: str) -> Path:
    return REPORTS / f"{group}.txt"


def main(argument: str, *groups: str) -> int:
    count = total(groups) if argument == "total" else run(argument)
    print(count)
    return 1 if count.failed else 0


if __name__ == "__main__":
    signal(SIGTERM, default_int_handler)  # ends the running check, too
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
