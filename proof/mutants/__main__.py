"""Put small faults into the contracts and see whether fuzzer and tests notice; see `make mutants`.

First every mutant meets the fuzzer, then those that escaped it meet the tests. What became of each is kept in
.build/mutants: interrupt a run at any time, and the next one goes on from there.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from signal import SIGTERM, default_int_handler, signal

from proof import records
from proof.mutants import figures
from proof.mutants.campaign import Fate, Memory, Outcome, confront, fuzz_all
from proof.mutants.generate import OPERATORS, Mutant, NoSlither, mutants
from proof.mutants.killing import CannotTest

GOAL = 0.95


def main() -> int:
    options = _options()
    part = "" if options.first is None else f"--first {options.first}"
    if options.save:
        records.require_whole(part)
    some = mutants()[: options.first]
    memory = Memory()
    if not options.last:
        run(some, memory, options, time.monotonic() + 60 * options.minutes)
    keys = {mutant.key for mutant in some}
    outcomes = [outcome for outcome in memory.outcomes.values() if outcome.key in keys]
    reasons = figures.explained(outcomes, some)
    _say(_report(outcomes, len(some), reasons))
    if options.save:
        seconds = sum(outcome.seconds for outcome in outcomes)
        records.save("mutants", seconds, _figures(outcomes, len(some), reasons), part=part)
    return 0 if _is_good(outcomes, len(some), reasons) else 1


def run(some: Sequence[Mutant], memory: Memory, options: argparse.Namespace, until: float) -> None:
    """Both phases, with a line for each mutant."""
    if not options.escaped:
        waiting = sum(mutant.key not in memory.outcomes for mutant in some)
        _follow("fuzzer", fuzz_all(some, memory, options.cores, until), waiting)
    keys = {mutant.key for mutant in some}
    escaped = sum(outcome.fate == Fate.ESCAPED and outcome.key in keys for outcome in memory.outcomes.values())
    _follow("tests", confront(_explained_last(some), memory, options.cores, until), escaped)


def _explained_last(some: Iterable[Mutant]) -> list[Mutant]:
    """What has a reason to survive meets all tests, which takes longest, and says least."""
    reasons = figures.explanations()
    return sorted(some, key=lambda mutant: any(reason.is_of(mutant) for reason in reasons))


def _follow(phase: str, outcomes: Iterable[Outcome], count: int) -> None:
    started, fates = time.monotonic(), Counter[str]()
    for number, outcome in enumerate(outcomes, 1):
        fates[outcome.fate] += 1
        left = (time.monotonic() - started) / number * (count - number) / 60
        so_far = ", ".join(f"{fates[fate]} {fate}" for fate in Fate if fates[fate])
        _say(f"{phase} {number} of {count}, {left:.0f} min left: {so_far}\n    {_line(outcome)}")


def _line(outcome: Outcome) -> str:
    what = f"{outcome.file}:{outcome.line}: {outcome.before} => {outcome.after}"
    return f"{outcome.fate} {outcome.operator} {what}" + (f"\n    {outcome.by}" if outcome.by else "")


def _report(outcomes: Sequence[Outcome], count: int, reasons: dict[str, str]) -> str:
    lines = [f"{'':<6}{'':<48}" + "".join(f"{fate:>12}" for fate in Fate)]
    for operator, fates in figures.by_operator(outcomes).items():
        lines.append(f"{operator:<6}{OPERATORS[operator]:<48}" + "".join(f"{fates.get(fate, 0):>12}" for fate in Fate))
    totals = Counter(outcome.fate for outcome in outcomes)
    lines.append(f"{'all':<54}" + "".join(f"{totals[fate]:>12}" for fate in Fate))
    for outcome in sorted(_of(outcomes, Fate.SURVIVED), key=lambda one: (one.file, one.line)):
        reason = reasons.get(outcome.key, "NO REASON: write a test, or a reason into proof/mutants/survivors.toml")
        lines.append(f"{_line(outcome)}\n    {reason}")
    killed = f"killed {100 * figures.score(outcomes):.1f} %"
    lines.append(f"tried {len(outcomes)} of {count}; {killed}; {totals[Fate.ESCAPED]} have yet to meet the tests")
    return "\n".join(lines)


def _figures(outcomes: Sequence[Outcome], count: int, reasons: dict[str, str]) -> dict[str, object]:
    totals = Counter(outcome.fate for outcome in outcomes)
    return {
        "tried": len(outcomes),
        "of": count,
        **{str(fate): totals[fate] for fate in Fate},
        "killed by the fuzzer": sum(outcome.by.startswith("fuzz:") for outcome in _of(outcomes, Fate.KILLED)),
        "percent killed": round(100 * figures.score(outcomes), 1),
        "survived without a reason": sum(one.key not in reasons for one in _of(outcomes, Fate.SURVIVED)),
        "by operator": figures.by_operator(outcomes),
    }


def _of(outcomes: Iterable[Outcome], fate: Fate) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.fate == fate]


def _is_good(outcomes: Sequence[Outcome], count: int, reasons: dict[str, str]) -> bool:
    """All tried, enough killed, the rest explained."""
    unexplained = [one for one in _of(outcomes, Fate.SURVIVED) if one.key not in reasons]
    is_whole = len(outcomes) == count and not _of(outcomes, Fate.ESCAPED)
    return is_whole and figures.score(outcomes) >= GOAL and not unexplained


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.mutants", description=__doc__)
    parser.add_argument("--cores", type=int, default=2, help="how many mutants are tried at once (2)")
    parser.add_argument("--minutes", type=float, default=10_000, help="begin no further mutant after so many minutes")
    parser.add_argument("--first", type=int, default=None, metavar="N", help="only N of them: a fair sample")
    parser.add_argument("--escaped", action="store_true", help="only set the tests on what escaped the fuzzer so far")
    parser.add_argument("--last", action="store_true", help="only report what became of those tried so far")
    parser.add_argument("--save", action="store_true", help="write proof/records/mutants.json, too")
    return parser.parse_args()


if __name__ == "__main__":
    signal(SIGTERM, default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (NoSlither, CannotTest, figures.BadExplanation, records.OnlyAPart, records.ReachesLess) as error:
        sys.exit(f"mutants: {error}")
