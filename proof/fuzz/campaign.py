"""Many lives, one after the other or on several cores at once. Life number n of a seed is always the same life."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from signal import SIG_DFL, SIG_IGN, SIGINT, SIGTERM, signal

from proof.fuzz.choices import seeded
from proof.fuzz.life import Life
from proof.fuzz.play import Count, Divergence
from proof.fuzz.stage import SHIPPED, Stage
from proof.records import CHECKOUT, sources_hash

TURNS = 100
"""Most that happens in a life."""
CHUNK = 40
"""Lives that a core plays before it reports."""

STATES = CHECKOUT / ".build" / "fuzz"
"""A file for each seed."""


def seed_of(seed: int, life: int) -> int:
    """Of the choices of a life."""
    return seed << 40 | life


@dataclass(frozen=True)
class Failure:
    """Where bytecode and model part ways, or a guarantee breaks."""

    seed: int
    life: int
    what: str


@dataclass
class Report:
    """What some lives came to. seconds: of CPU."""

    first: int
    count: Count = field(default_factory=Count)
    seconds: float = 0.0
    failure: Failure | None = None


@lru_cache(maxsize=1)
def stage_of(artifacts: Path) -> Stage:
    return Stage(artifacts)


def play(seed: int, first: int, lives: int, artifacts: Path = SHIPPED) -> Report:
    """Lives `first` and following, up to one that fails."""
    report, started = Report(first), time.process_time()
    for number in range(first, first + lives):
        report.count.lives += 1
        try:
            Life(stage_of(artifacts), seeded(seed_of(seed, number)), report.count).live(TURNS)
        except Divergence as divergence:
            report.failure = Failure(seed, number, str(divergence))
            break
        except Exception as error:
            error.add_note(f"in life {number} of seed {seed}")
            raise
    report.seconds = time.process_time() - started
    return report


def run(seed: int, operations: int, artifacts: Path = SHIPPED) -> Report:
    """Lives until so many operations were tried, or one failed, with the contracts of that folder."""
    total, number = Report(0), 0
    while total.count.operations < operations and total.failure is None:
        report = play(seed, number, 1, artifacts)
        total.count.add(report.count)
        total.seconds += report.seconds
        total.failure = report.failure
        number += 1
    return total


# --- Several cores ---


@dataclass
class Progress:
    """Of a campaign, however often it was interrupted. next: the first life not played yet; seconds: of CPU."""

    seed: int
    next: int = 0
    seconds: float = 0.0
    count: Count = field(default_factory=Count)

    def take(self, report: Report) -> None:
        self.seconds += report.seconds
        self.count.add(report.count)

    @property
    def rate(self) -> float:
        """Operations a second on one core."""
        return self.count.operations / self.seconds if self.seconds else 0.0


def campaign(progress: Progress, seconds: float, cores: int) -> Iterator[Report]:
    """Plays from where the progress stands until the time is up, on each core at least once. Every report is taken into
    the progress but one of a failure, which ends the campaign: it meets the failure again until that is mended."""
    until = time.monotonic() + seconds
    with ProcessPoolExecutor(cores, initializer=_let_the_parent_decide) as pool:
        running: dict[Future[Report], int] = {}
        done: set[int] = set()
        ahead = progress.next
        try:
            idle = cores
            while running or idle:
                for _ in range(idle):
                    running[pool.submit(play, progress.seed, ahead, CHUNK)] = ahead
                    ahead += CHUNK
                idle = 0
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    first, report = running.pop(future), future.result()
                    if report.failure:
                        yield report
                        return
                    done.add(first)
                    progress.take(report)
                    while progress.next in done:
                        progress.next += CHUNK
                    yield report
                    idle += time.monotonic() < until
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _let_the_parent_decide() -> None:
    """Ctrl-C reaches all processes; those that play finish what they have begun."""
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_DFL)


# --- To go on later ---


def save(progress: Progress, folder: Path = STATES) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    count = progress.count
    ends = [[kind, end, number] for (kind, end), number in sorted(count.ends.items())]
    document = {"sources": sources_hash(), "next": progress.next, "seconds": progress.seconds}
    counts = {"lives": count.lives, "items": count.items, "changes": count.changes, "ends": ends}
    _state(progress.seed, folder).write_text(json.dumps(document | counts, indent=1))


def load(seed: int, folder: Path = STATES) -> Progress:
    """Where the campaign with this seed stands; at its beginning if there is none, or it was about other contracts."""
    path = _state(seed, folder)
    if not path.is_file():
        return Progress(seed)
    document = json.loads(path.read_text())
    if document["sources"] != sources_hash():
        return Progress(seed)
    ends = Counter({(kind, end): number for kind, end, number in document["ends"]})
    count = Count(ends, document["lives"], document["items"], document["changes"])
    return Progress(seed, document["next"], document["seconds"], count)


def _state(seed: int, folder: Path) -> Path:
    return folder / f"seed-{seed}.json"
