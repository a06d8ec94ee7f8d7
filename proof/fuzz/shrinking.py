"""The fewest turns that fail: those of a failing life are left out as long as what remains still fails.

Hypothesis does it. It gets the failing life as an example (a bit for each turn: whether it is taken), and shrinks that.
"""

from contextlib import suppress

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

from connext.chain import CannotSend
from connext.types import ChannelIdentity
from proof.fuzz.play import Divergence, Play, Turn


def shrink(failed: Play) -> Play:
    """The play of the fewest turns of the failed one that still fails, up to its end.

    All of it, where the turns alone do not fail: what is left when everybody has left is looked at after them.
    """
    turns = [taken.turn for taken in failed.taken]
    fewest = [failed]

    @settings(
        database=InMemoryExampleDatabase(),
        phases=(Phase.reuse, Phase.shrink),
        max_examples=1,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.integers(0, 1), min_size=len(turns), max_size=len(turns)))
    def fails(kept: list[int]) -> None:
        try:
            take_again(failed, [turn for turn, keep in zip(turns, kept, strict=True) if keep], fewest)
        except CannotSend:
            return  # without what was left out there is no such transaction

    start = fails.hypothesis.fuzz_one_input  # type: ignore[attr-defined] # added by the decorator
    try:
        start(b"\1" * len(turns))
        return failed
    except Divergence:
        with suppress(Divergence):
            fails()
    return fewest[0]


def take_again(failed: Play, turns: list[Turn], fewest: list[Play]) -> None:
    """Take these turns in a new scene with the same channels. Where it raises Divergence, it is put into `fewest`."""
    play = Play(failed.stage, failed.managers)
    scene, old = play.scene, failed.scene
    for line in old.lines:
        terms = ChannelIdentity(*line.identity[1:])
        scene.line_of(scene.desk_of(line.desk.manager), terms, line.user, line.node)
    scene.payments, scene.lists = list(old.payments), dict(old.lists)
    try:
        for turn in turns:
            play.take(turn)
    except Divergence:
        fewest[:] = [play]
        raise
