"""Let forge play random calls, and see that the invariants of tests/forge hold after each.

The seed is fixed in foundry.toml: the same runs play the same calls, longer ones begin with those of shorter ones.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proof import records
from proof.analysis import AnalysisFailed, build, environment
from proof.records import CHECKOUT


@dataclass(frozen=True)
class Played:
    """What became of one invariant. failure: None where it held; succeeded, refused: steps by their name."""

    name: str
    failure: str | None
    calls: int
    succeeded: Mapping[str, int]
    refused: Mapping[str, int]


def main() -> int:
    options = _options()
    started = time.monotonic()
    try:
        build()
        results = played(_play(options.runs, options.depth))
    except AnalysisFailed as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for result in results:
        _say(f"{result.name}: {result.failure or 'holds'}, {result.calls} calls")
        for step, times in result.succeeded.items():
            _say(f"  {step:<22} {times:>7} succeeded {result.refused[step]:>7} refused")
    idle = sorted({step for result in results for step, times in result.succeeded.items() if times == 0})
    if idle:
        _say(f"never succeeded: {', '.join(idle)}")
    if options.save:
        records.save("invariants", time.monotonic() - started, figures(results))
    return 1 if idle or not results or any(result.failure for result in results) else 0


def played(report: Mapping[str, Any]) -> list[Played]:
    """From forge's JSON."""
    return [
        _played(name.partition("(")[0], result)
        for suite in report.values()
        for name, result in suite["test_results"].items()
    ]


def _played(name: str, result: Mapping[str, Any]) -> Played:
    counts = result["kind"]["Invariant"]
    steps = {key.rpartition(".")[2]: count for key, count in sorted(counts["metrics"].items())}
    return Played(
        name,
        None if result["status"] == "Success" else f"broken: {result['reason']} after {result['counterexample']}",
        counts["calls"],
        {step: count["calls"] - count["reverts"] - count["discards"] for step, count in steps.items()},
        {step: count["reverts"] for step, count in steps.items()},
    )


def figures(results: list[Played]) -> dict[str, Any]:
    return {
        "invariants": {result.name: "broken" if result.failure else "holds" for result in results},
        "calls": sum(result.calls for result in results),
        "succeeded": {result.name: dict(result.succeeded) for result in results},
        "refused": {result.name: dict(result.refused) for result in results},
    }


def _play(runs: int, depth: int) -> dict[str, Any]:
    """forge's report. Raises AnalysisFailed."""
    _say(f"{runs} runs of {depth} calls")
    more = {"FOUNDRY_INVARIANT_RUNS": str(runs), "FOUNDRY_INVARIANT_DEPTH": str(depth)}
    command = ("forge", "test", "--json", "--match-contract", "^Invariants$")
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment() | more, stdout=subprocess.PIPE, text=True, check=False
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise AnalysisFailed(f"forge ended with {done.returncode} and no report: {done.stdout[:2000]}") from None
    return report


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.invariants", description=__doc__)
    parser.add_argument("--runs", type=int, default=64, metavar="N", help="sequences of calls")
    parser.add_argument("--depth", type=int, default=100, metavar="N", help="calls in each sequence")
    parser.add_argument("--save", action="store_true", help="write proof/records/invariants.json")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except records.ReachesLess as error:
        sys.exit(f"invariants: {error}")
