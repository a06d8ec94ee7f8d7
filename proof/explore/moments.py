"""The times that matter: contracts and software only ask which of two times comes first.

All limits are half-open (docs/protocol.md section 3), so between two limits that follow each other every second is like
any other. Two of them stand for all: the first, which is *at* the limit before, and the last, which is *before* the
limit after. A dispute that starts sets a limit of its own, a challenge period later. Whether that comes before, with or
after another limit depends on when it starts, so the seconds at which this changes are moments, too.

When no limit is left, one more moment stands for all that comes later: long after, because what open transfers hold
never expires.
"""

from collections.abc import Iterable, Iterator

from connext.types import DAY

LONG_AFTER = 3_650 * DAY
"""Seconds after the start of the game."""


def next_moment(now: int, limits: Iterable[int], starts: Iterable[int]) -> int | None:
    """The first moment after `now`; None where every later second is like now. All in Unix seconds.

    limits: the times that something is compared with. starts: see `starts_that_matter`.
    """
    later = [time for limit in limits for time in (limit - 1, limit) if time > now]
    later += [time for start in starts for time in (start, start + 1) if time > now]
    return min(later, default=None)


def starts_that_matter(fixed: Iterable[int], period: int, disputes: int) -> Iterator[int]:
    """When a dispute would have to start so that it, or the n-th one after it, ends with one of these limits.

    disputes: how many can still start, one after the other.
    """
    for limit in fixed:
        for number in range(1, disputes + 1):
            yield limit - number * period
