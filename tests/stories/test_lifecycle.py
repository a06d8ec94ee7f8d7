"""The stories that `ape run lifecycle` plays, on the in-process EVM."""

import pytest

from connext import lifecycle, reckoning
from connext.actions import play
from connext.chain.evm import EvmChain
from connext.story import Story, world_of
from connext.world import World, actor
from tests.scene import assert_ledger_is_storage, deploy, enrich

STORIES = lifecycle.stories()


def begin(story: Story) -> World:
    chain = EvmChain()
    deployment = deploy(chain)
    enrich(chain, deployment, (actor(name).account for name in story.names))
    return world_of(story, chain, deployment, policy=lifecycle.POLICY)


@pytest.mark.parametrize("title", STORIES)
def test_everybody_gets_what_was_signed(title: str) -> None:
    story = STORIES[title]
    world = begin(story)
    before = reckoning.found(world).money
    for action in story.actions:
        (outcome,) = play(world, [action])
        assert outcome.rejections == [], action
    assert_ledger_is_storage(world)
    assert reckoning.found(world) == reckoning.owed(world, before, story.actions)
    failures = [receipt.error.name for receipt in world.sent if receipt.error]
    assert failures == lifecycle.EXPECTED_FAILURES.get(title, [])
    assert all(channel.settlement for channel in world.ledger().channels.values())


def test_no_two_stories_share_a_channel() -> None:
    salts = [terms.salt for story in STORIES.values() for terms in story.channels.values()]
    assert len(salts) == len(set(salts))
