"""Prove the `check_*` functions of tests/forge for all inputs, with halmos.

A check is proved, or the run fails: a time-out, a path that was not followed to its end and a check that only reverts
count as failures. How far a check reaches (the lengths of its lists) stands beside it, and in SECURITY.md.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proof import records
from proof.analysis import BUILD, AnalysisFailed, build, run
from proof.records import CHECKOUT

CHECKS = CHECKOUT / "tests" / "forge"
ANSWERS = CHECKOUT / ".build" / "proof" / "symbolic.json"

SECONDS_PER_QUERY = 600
LOOP_BOUND = 4
"""No loop over a bounded list turns more often. A loop that would is reported, and its check not proved."""

VERDICTS = ("proved", "counterexample", "time-out", "stuck", "always reverts", "error")
"""By halmos's exit codes of a check."""


@dataclass(frozen=True)
class Check:
    """What halmos says of a check. paths: that it followed; cut: how many of them stopped at the loop bound."""

    contract: str
    name: str
    verdict: str
    paths: int
    cut: int
    seconds: float

    @property
    def is_proved(self) -> bool:
        return self.verdict == "proved" and self.cut == 0


def main() -> int:
    options = _options()
    part = f"--only {options.only}" if options.only else ""
    if options.save:
        records.require_whole(part)
    expected = checks_in_sources(CHECKS, options.only)
    if not expected:
        sys.stderr.write(f"no check of tests/forge matches {options.only!r}\n")
        return 2
    started = time.monotonic()
    try:
        checks = prove(options.only)
    except AnalysisFailed as error:
        sys.stderr.write(f"{error}\n")
        return 2
    seconds = time.monotonic() - started
    unproved = [check for check in checks if not check.is_proved]
    missing = expected - {check.name for check in checks}
    for check in unproved:
        _say(f"not proved: {check.contract}.{check.name}: {check.verdict}, {check.cut} paths cut short")
    for name in sorted(missing):
        _say(f"not proved: {name}: halmos did not run it")
    _say(f"{len(checks) - len(unproved)} of {len(expected)} checks proved for all inputs, {seconds:.0f} s")
    if options.save:
        records.save("symbolic", seconds, figures(checks, missing), part=part)
    return 1 if unproved or missing else 0


def prove(only: str) -> list[Check]:
    """Run halmos over the checks that match; it prints each as it ends. Raises AnalysisFailed.

    No solver is named here, since that would overrule the one that a check names: the others get halmos's own, yices.
    """
    build()
    ANSWERS.parent.mkdir(parents=True, exist_ok=True)
    ANSWERS.unlink(missing_ok=True)
    command: Sequence[str] = (
        *("halmos", "--forge-build-out", str(BUILD), "--no-status", "--json-output", str(ANSWERS)),
        *("--solver-timeout-assertion", f"{SECONDS_PER_QUERY}s", "--loop", str(LOOP_BOUND)),
        *("--match-test", _pattern(only)),
    )
    run(command, accepted=(0, 1))
    if not ANSWERS.is_file():
        raise AnalysisFailed("halmos ended without an answer: see what it printed above")
    return checks_of(json.loads(ANSWERS.read_text()))


def checks_of(answers: dict[str, Any]) -> list[Check]:
    """From halmos's JSON."""
    return [
        Check(
            contract=contract.rpartition(":")[2],
            name=result["name"].partition("(")[0],
            verdict=VERDICTS[result["exitcode"]],
            paths=(result["num_paths"] or [0])[0],
            cut=result["num_bounded_loops"] or 0,
            seconds=round((result["time"] or [0])[0], 2),
        )
        for contract, results in answers["test_results"].items()
        for result in results
    ]


def checks_in_sources(folder: Path, only: str) -> set[str]:
    """The names of all checks in Solidity files that match."""
    names = {name for path in folder.glob("*.sol") for name in re.findall(r"function (check_\w+)", path.read_text())}
    return {name for name in names if re.search(_pattern(only), name)}


def figures(checks: Sequence[Check], missing: Collection[str] = ()) -> dict[str, Any]:
    """missing: checks of tests/forge that halmos did not run; they count as not proved."""
    proved = [check for check in checks if check.is_proved]
    return {
        "checks": len(checks) + len(missing),
        "proved": len(proved),
        "paths": sum(check.paths for check in checks),
        "seconds by check": {f"{check.contract}.{check.name}": check.seconds for check in checks},
    }


def _pattern(only: str) -> str:
    """halmos matches from the start of a name that begins with check_."""
    return f"^check_.*({only})"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.symbolic", description=__doc__)
    parser.add_argument(
        "--only", default="", metavar="REGEX", help="checks whose name matches, for instance G7 or tombstone"
    )
    parser.add_argument("--save", action="store_true", help="write proof/records/symbolic.json")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except records.OnlyAPart as error:
        sys.exit(f"symbolic: {error}")
