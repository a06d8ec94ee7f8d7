"""How an operation ends in the model: with events, or refused for one of the rules that it broke.

Values are plain: addresses of 20 bytes, ids and hashes of 32, integers (also for sides and assets).
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

ANY = None
"""Stands for a value that the model cannot know, such as the address that a signature of something else recovers to."""


class Refusal(NamedTuple):
    """A custom error of the interfaces with the values that it must carry."""

    name: str
    values: tuple[Any, ...] = ()


BARE_REVERT = Refusal("")
"""A revert without data: what cannot be decoded, or takes no value."""
ANY_REASON = Refusal("*")
"""A revert with any data: where foreign code has the word."""


class Event(NamedTuple):
    """An event of the interfaces; its values are in the order of the declaration, the indexed ones included."""

    name: str
    values: tuple[Any, ...]


class Refused(Exception):
    """The operation is refused and changes nothing. `reasons` are all the rules that it breaks: the documents do not
    say which of several is reported."""

    def __init__(self, reasons: Iterable[Refusal]):
        self.reasons = frozenset(reasons)

    def __str__(self) -> str:
        return " or ".join(sorted(f"{name}{values}" for name, values in self.reasons))


Decoder = Callable[[bytes], tuple[str, tuple[Any, ...] | None]]
"""Name and values of an error from what a call returned; values are None where they were cut off."""


def admits(reasons: Iterable[Refusal], name: str, values: tuple[Any, ...] | None, decode: Decoder) -> bool:
    """Whether an error is one of those that the model expects."""
    return any(
        expected == "*" or (expected == name and (values is None or agree(expected_values, values, decode)))
        for expected, expected_values in reasons
    )


def agree(expected: tuple[Any, ...], actual: tuple[Any, ...], decode: Decoder) -> bool:
    """Whether the values of an event or error are those expected. An error within (bytes) is expected as the set of its
    reasons."""
    return len(expected) == len(actual) and all(
        wanted is ANY or (admits(wanted, *decode(got), decode) if wanted.__class__ is frozenset else wanted == got)
        for wanted, got in zip(expected, actual, strict=True)
    )


def demand(*rules: Iterable[Refusal]) -> None:
    """Raises Refused with everything that is broken of all the rules."""
    if broken := [refusal for rule in rules for refusal in rule]:
        raise Refused(broken)
