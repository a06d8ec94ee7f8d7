"""Where chance comes from: every choice is made of words of 16 bits, drawn from a seed or by Hypothesis.

Lower words mean simpler choices, so that Hypothesis, which makes words smaller and fewer, makes a failure simpler.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")

WORD_BITS = 16


class Choices:
    """word: draws an integer of 16 bits."""

    __slots__ = ("word",)

    def __init__(self, word: Callable[[], int]) -> None:
        self.word = word

    def below(self, count: int) -> int:
        """One of 0 to count - 1."""
        if count <= 1 << WORD_BITS:
            return self.word() * count >> WORD_BITS
        bits, number = 0, 0
        while count >> bits:
            number = number << WORD_BITS | self.word()
            bits += WORD_BITS
        return number * count >> bits

    def between(self, least: int, most: int) -> int:
        """Both included."""
        return least + self.below(most - least + 1)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.word() * len(options) >> WORD_BITS]

    def seldom(self, percent: float) -> bool:
        """True in so many of a hundred cases."""
        return self.word() >= (1 << WORD_BITS) * (1 - percent / 100)


class Table(Generic[T]):
    """Options with weights; the first is the simplest."""

    __slots__ = ("_options", "_steps", "_total")

    def __init__(self, weights: Mapping[T, int]) -> None:
        self._options = tuple(weights)
        self._steps = tuple(accumulate(weights.values()))
        self._total = self._steps[-1]

    def draw(self, choices: Choices) -> T:
        return self._options[bisect_right(self._steps, choices.below(self._total))]


def seeded(seed: int) -> Choices:
    """The same choices whenever the seed is the same."""
    source = Random(seed)
    return Choices(lambda: source.getrandbits(WORD_BITS))
