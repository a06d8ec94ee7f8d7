"""The logs of any number of blocks, in requests that endpoints answer: they refuse too many blocks or logs at once."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from connext.chain.endpoint import EndpointGone
from connext.errors import ConnextError

SPAN_BLOCKS = 5_000

Found = TypeVar("Found")


def spans(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The blocks from first to last, both included, in pieces of SPAN_BLOCKS: the first and last of each."""
    for start in range(first, last + 1, SPAN_BLOCKS):
        yield start, min(start + SPAN_BLOCKS - 1, last)


def in_halves(ask: Callable[[int, int], Sequence[Found]], first: int, last: int) -> list[Found]:
    """What `ask` finds in these blocks, in one request or, where the endpoint refuses that, in two for a half each.

    Raises what `ask` raises for a single block, and EndpointGone.
    """
    try:
        return list(ask(first, last))
    except EndpointGone:
        raise
    except ConnextError:
        if first == last:
            raise
    middle = (first + last) // 2
    return in_halves(ask, first, middle) + in_halves(ask, middle + 1, last)
