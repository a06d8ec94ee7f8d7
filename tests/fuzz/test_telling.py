"""A life that can be told as a story plays as it is told, on another machine and with other code."""

from connext.chain.evm import EvmChain
from connext.checking import Play as Telling
from connext.stories import read_story, write_story
from proof.fuzz import campaign
from proof.fuzz.choices import seeded
from proof.fuzz.life import Life
from proof.fuzz.play import Play
from proof.fuzz.stage import SHIPPED
from proof.fuzz.telling import tell
from tests.scene import stage as stage_of_story

LIVES, TURNS = 120, 9
WEALTH_WEI = 900 * 10**18
"""A little less than everybody has in a story."""


def short_lives() -> list[Play]:
    """On the manager of stories alone, and by people who are not too rich for one."""
    stage, plays = campaign.stage_of(SHIPPED), []
    for number in range(LIVES):
        life = Life(stage, seeded(number))
        if life.play.managers != stage.managers[:1]:
            continue
        for _ in range(TURNS):
            life.go_on()
        now, before = life.play.scene.desks[0].ledger.ether, life.play.before.ether
        if all(before[account] - now[account] < WEALTH_WEI for account in before):
            plays.append(life.play)
    return plays


def test_what_is_told_is_what_happened() -> None:
    actions = set()
    for play in short_lives():
        tale = tell(play)
        text = write_story(tale.story)
        assert read_story(text) == tale.story
        if tale.left_out:
            continue
        telling = Telling(stage_of_story(tale.story, EvmChain()), tale.story)
        assert [(step.number, step.problems) for step in telling.steps() if step.problems] == []
        assert telling.problems_at_end() == ()
        actions |= {action.name for action in tale.story.actions}
    assert actions >= {"deposit", "top_up", "fund", "withdraw", "checkpoint", "make_state", "make_withdrawal", "batch"}
    assert actions >= {"start_dispute", "start_dispute_with_exit", "make_exit", "record", "make_terms", "settle"}
