"""One life: turns that chance draws, from a seed or from Hypothesis, and that are taken one by one."""

from proof.fuzz.changes import draw_change
from proof.fuzz.choices import Choices
from proof.fuzz.leaving import leave
from proof.fuzz.moves import Moves
from proof.fuzz.play import Count, Play
from proof.fuzz.stage import Manager, Stage


class Life:
    """All choices come from `choices`: the managers, and every turn."""

    def __init__(self, stage: Stage, choices: Choices, count: Count | None = None) -> None:
        self.choices = choices
        self.play = Play(stage, _managers(stage, choices), count)
        self._moves = Moves(choices, self.play.scene)

    def live(self, turns: int) -> None:
        """Raises Divergence."""
        for _ in range(turns):
            if not self.go_on():
                break
        if self.choices.seldom(25):
            leave(self.play, self.choices)

    def go_on(self) -> bool:
        """Take the next turn, if there is one. Raises Divergence."""
        if self.choices.word() == 0:  # what Hypothesis ends a life with
            return False
        if not self.choices.seldom(6):
            self.play.take(self._moves.next())
        elif (change := draw_change(self.choices, self.play.scene)) is not None:
            self.play.scene.time += 1
            self.play.take(change)
        return True


def _managers(stage: Stage, choices: Choices) -> tuple[Manager, ...]:
    """One or two; that of stories most often."""
    first = choices.below(len(stage.managers)) if choices.seldom(60) else 0
    second = choices.below(len(stage.managers)) if choices.seldom(30) else first
    return (stage.managers[first],) if first == second else (stage.managers[first], stage.managers[second])
