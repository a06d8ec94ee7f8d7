"""Play random lives of channels on the bytecode and by the model, until the time is up or the two part ways.

A campaign goes on where it was interrupted: Ctrl-C, and start it again with the same seed. Its state is kept in
.build/fuzz. What is found is shrunk, printed, and written to scenarios/ as a story, and the exit status is 1.
"""

import argparse
import sys
import time
from signal import SIGTERM, default_int_handler, signal

from proof import records
from proof.fuzz.campaign import TURNS, Failure, Progress, campaign, load, save, seed_of, stage_of
from proof.fuzz.choices import seeded
from proof.fuzz.life import Life
from proof.fuzz.play import Count, Divergence
from proof.fuzz.shrinking import shrink
from proof.fuzz.stage import SHIPPED
from proof.fuzz.telling import tell


def main() -> int:
    options = _options()
    progress = Progress(options.seed) if options.restart else load(options.seed)
    if options.life is not None:
        return _show(Failure(options.seed, options.life, ""))
    if progress.count.lives:
        _say(f"goes on after {progress.count.lives} lives and {progress.count.operations:,} operations")
    started, interrupted, failure = time.monotonic(), False, None
    try:
        for report in campaign(progress, options.minutes * 60, options.cores):
            failure = failure or report.failure
            save(progress)
            _say(f"\r{_line(progress, time.monotonic() - started)}", end="")
    except KeyboardInterrupt:
        interrupted = True
    _say(f"\n{_table(progress)}")
    if failure:
        return _show(failure)
    if options.save and not interrupted:
        _say(f"written: {records.save('fuzz', progress.seconds, _figures(progress))}")
    return 130 if interrupted else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long to go on now (default: %(default)s)")
    parser.add_argument("--cores", type=int, default=1, help="how many to use (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the campaign (default: %(default)s)")
    parser.add_argument("--restart", action="store_true", help="begin the campaign anew")
    parser.add_argument(
        "--life", type=int, metavar="N", help="play only life N of the seed; show and shrink its failure"
    )
    parser.add_argument("--save", action="store_true", help="write proof/records/fuzz.json at the end")
    return parser.parse_args()


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


# --- While it runs ---


def _line(progress: Progress, seconds: float) -> str:
    count = progress.count
    minutes, rest = divmod(int(seconds), 60)
    share = count.succeeded / max(1, count.operations)
    return (
        f"{minutes:3d}:{rest:02d}  {count.operations:,} operations in {count.lives:,} lives, "
        f"{progress.rate:,.0f} a second and core, {share:.0%} succeed "
    )


def _table(progress: Progress) -> str:
    """By kind: tried, a second on one core, and how many succeed."""
    rows = [f"{'kind':22}{'operations':>12}{'a second':>10}{'succeed':>9}"]
    for kind, (tried, succeeded) in _kinds(progress.count).items():
        rate = tried / progress.seconds if progress.seconds else 0
        rows.append(f"{kind:22}{tried:12,}{rate:10,.1f}{succeeded / tried:9.0%}")
    count = progress.count
    share = count.succeeded / max(1, count.operations)
    rows.append(f"{'all':22}{count.operations:12,}{progress.rate:10,.1f}{share:9.0%}")
    rows.append(f"and {count.items:,} calls in batches, {count.changes:,} changes of the surroundings")
    return "\n".join(rows)


def _kinds(count: Count) -> dict[str, tuple[int, int]]:
    """Tried and succeeded."""
    kinds: dict[str, tuple[int, int]] = {}
    for (kind, end), number in sorted(count.ends.items()):
        tried, succeeded = kinds.get(kind, (0, 0))
        kinds[kind] = tried + number, succeeded + (number if end == "ok" else 0)
    return kinds


def _figures(progress: Progress) -> records.Figures:
    count = progress.count
    return {
        "operations": count.operations,
        "succeeded": round(count.succeeded / max(1, count.operations), 3),
        "a second on one core": round(progress.rate),
        "lives": count.lives,
        "calls in batches": count.items,
        "seed": progress.seed,
        "found": 0,
        "by kind": {
            kind: {"operations": tried, "succeeded": round(succeeded / tried, 3)}
            for kind, (tried, succeeded) in _kinds(count).items()
        },
    }


# --- What was found ---


def _show(failure: Failure) -> int:
    """Play the life again, and shrink what fails in it."""
    life = Life(stage_of(SHIPPED), seeded(seed_of(failure.seed, failure.life)))
    try:
        life.live(TURNS)
    except Divergence as divergence:
        _say(f"life {failure.life} of seed {failure.seed} fails: {divergence}\n\nits fewest turns that fail:")
    else:
        _say(f"life {failure.life} of seed {failure.seed} does not fail")
        return 0
    fewest = shrink(life.play)
    for number, taken in enumerate(fewest.taken, 1):
        _say(f"{number:3d}. {taken.turn}")
    _say(f"\n{fewest.failure}\n")
    tale = tell(fewest)
    for missing in tale.left_out:
        _say(f"the story leaves out: {missing}")
    _say(f"written: {tale.save()}")
    _say(f"again: python -m proof.fuzz --seed {failure.seed} --life {failure.life}")
    return 1


if __name__ == "__main__":
    signal(SIGTERM, default_int_handler)  # is as good as Ctrl-C
    try:
        sys.exit(main())
    except records.ReachesLess as error:
        sys.exit(f"fuzz: {error}")
