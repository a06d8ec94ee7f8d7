"""The stories that `ape run lifecycle` plays, on the in-process EVM."""

import pytest

from connext import lifecycle, reckoning
from connext.chain.evm import EvmChain
from connext.checking import Play
from tests.scene import assert_ledger_is_storage, stage

STORIES = lifecycle.stories()


@pytest.mark.parametrize("title", STORIES)
def test_everybody_gets_what_was_signed(title: str) -> None:
    story = STORIES[title]
    world = stage(story, EvmChain(), policy=lifecycle.POLICY)
    before = reckoning.found(world).money
    assert [(step, step.problems) for step in Play(world, story).steps() if step.problems] == []
    assert_ledger_is_storage(world)
    assert reckoning.found(world) == reckoning.owed(world, before, story.actions)
    assert all(channel.settlement for channel in world.ledger().channels.values())


def test_no_two_stories_share_a_channel() -> None:
    salts = [terms.salt for story in STORIES.values() for terms in story.channels.values()]
    assert len(salts) == len(set(salts))
