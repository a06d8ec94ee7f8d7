"""Every file of `scenarios/` plays on the in-process EVM as it says."""

from pathlib import Path

import pytest

from connext import lifecycle
from connext.chain.evm import EvmChain
from connext.checking import Play
from connext.stories import read_playable, read_story, write_story
from tests.scene import assert_ledger_is_storage, stage

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_ends_as_it_says(path: Path) -> None:
    story, _ = read_playable(path.read_text(), path.name)
    assert story.guarantees, "no guarantee is named"
    assert story.ends is not None, "the ends are not told"
    play = Play(stage(story, EvmChain(), policy=lifecycle.POLICY), story)
    assert [(step.number, step.problems) for step in play.steps() if step.problems] == []
    assert play.problems_at_end() == ()
    assert_ledger_is_storage(play.world)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_is_written_as_it_was_read(path: Path) -> None:
    story = read_story(path.read_text(), path.name)
    assert read_story(write_story(story)) == story
