"""The shortest and plainest life that fails: Hypothesis takes words out of the tape of a failing one, or lowers them.

A tape is replayed word by word through Hypothesis, which keeps it as an example that fails and shrinks that.
"""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

from proof.fuzz.choices import WORD_BITS, Choices, recorded
from proof.fuzz.life import Divergence, Life
from proof.fuzz.stage import Stage

WORDS = st.integers(0, 2**WORD_BITS - 1)
BYTES = WORD_BITS // 8


@st.composite
def going_on(draw: st.DrawFn, life: Life) -> bool:
    """One move, drawn as a whole, so that it can be left out as a whole."""
    life.choices.word = lambda: draw(WORDS)
    return life.go_on()


def shrink(stage: Stage, seed: int, moves: int) -> Life:
    """The simplest life that fails, found from the one of this seed, which fails; played up to its end."""
    simplest: list[Life] = []

    @settings(
        database=InMemoryExampleDatabase(),
        phases=(Phase.reuse, Phase.shrink),
        max_examples=1,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def replay(data: st.DataObject) -> None:
        life = Life(stage, Choices(lambda: data.draw(WORDS)))
        try:
            for _ in range(moves):
                if not data.draw(going_on(life)):
                    return
        except Divergence as divergence:
            life.failure = str(divergence)
            simplest[:] = [life]
            raise

    tape = b"".join(word.to_bytes(BYTES) for word in tape_of(stage, seed, moves))
    fuzz_one_input = replay.hypothesis.fuzz_one_input  # type: ignore[attr-defined] # added by the decorator
    for attempt in (lambda: fuzz_one_input(tape), replay):
        try:
            attempt()
        except Divergence:
            continue
    return simplest[0]


def tape_of(stage: Stage, seed: int, moves: int) -> list[int]:
    """The words that a failing life draws."""
    tape: list[int] = []
    try:
        Life(stage, recorded(seed, tape)).play(moves)
    except Divergence:
        return tape
    raise ValueError(f"the life of seed {seed} does not fail")
