"""A channel's transactions, told as a story with other keys, have the same end: for every scenario of one channel."""

from pathlib import Path

import pytest

from connext import lifecycle
from connext.abi import artifact
from connext.actions import Action
from connext.chain import Receipt
from connext.chain.evm import EvmChain
from connext.checking import Play
from connext.ledger import ChannelLedger
from connext.replay.history import CHANNEL, Past, Told, tell
from connext.stories import read_playable, read_story, write_story
from connext.story import Story
from connext.world import World
from tests.scene import stage

DOUBLES = {"become", "spoil_token", "call_back"}
OUTSIDE = {"fund", "withdrawReserve", "withdrawCredit", "pushCredit"}
"""What moves money of accounts, and belongs to no channel."""


def single_channels() -> dict[str, Story]:
    """Scenarios whose channel exists and in which no code was replaced, by name."""
    folder = Path(__file__).parents[2] / "scenarios"
    stories = {path.stem: read_story(path.read_text()) for path in sorted(folder.glob("*.yaml"))}
    return {name: story for name, story in stories.items() if len(story.channels) == 1 and _is_plain(story.actions)}


def _is_plain(actions: tuple[Action, ...]) -> bool:
    return not DOUBLES & {action.name for action in actions}


STORIES = single_channels()


def played(story: Story) -> World:
    """The world at the story's end, which must be as it says."""
    play = Play(stage(story, EvmChain(), policy=lifecycle.POLICY), story)
    assert [(step.number, step.problems) for step in play.steps() if step.problems] == []
    return play.world


def told_of(world: World, channel: str) -> Told:
    past = [_past(world, receipt) for receipt in world.sent if receipt.succeeded]
    return tell([one for one in past if one is not None], world.identity(channel), world.deployment, "Told")


def _past(world: World, receipt: Receipt) -> Past | None:
    names = {world.manager: "ChannelManager", world.deployment.registry: "OutcomeRegistry"}
    contract = names[receipt.transaction.to]
    invocation = artifact(contract).abi.decode_call(receipt.transaction.data)
    assert invocation is not None
    if invocation.function in OUTSIDE:
        return None
    transaction = receipt.transaction
    return Past(
        hash=bytes(32),
        time=receipt.block.time,
        caller=transaction.sender,
        contract=contract,
        data=transaction.data,
        value=transaction.value,
        events=receipt.events,
    )


def channel_of(world: World, name: str) -> ChannelLedger:
    return world.ledger().channels[world.channel_id(name)]


def test_most_scenarios_are_told() -> None:
    assert len(STORIES) >= 25


@pytest.mark.parametrize("name", STORIES)
def test_what_is_told_has_the_same_end(name: str) -> None:
    (channel,) = STORIES[name].channels
    world = played(STORIES[name])
    before = channel_of(world, channel)
    told = told_of(world, channel)
    written, _ = read_playable(write_story(told.story))
    after = channel_of(played(written), CHANNEL)
    for what in ("status", "contributions", "settlement", "dispute", "sequence"):
        assert getattr(after, what) == getattr(before, what)
    assert (after.recorded is None) == (before.recorded is None)
    if before.recorded is not None and after.recorded is not None:
        assert after.recorded.nonce == before.recorded.nonce


def test_everybody_is_somebody_else_and_what_is_unknown_is_noted() -> None:
    """The list of the state that Charlie started with was never shown."""
    world = played(STORIES["a-state-with-old-locks"])
    told = told_of(world, "main")
    identity = world.identity("main")
    assert told.originals == {
        "user": identity.user,
        "node": identity.node,
        "user's signer": identity.user_signer,
        "node's signer": identity.node_signer,
    }
    assert told.notes == ("nobody showed the transfers of state 1: one that claims nothing stands for them",)


def test_times_are_as_far_apart_as_they_were() -> None:
    world = played(STORIES["many-answers-and-one-deadline"])
    times = [action.time for action in told_of(world, "main").story.actions if action.time is not None]
    sent = [receipt.block.time for receipt in world.sent if receipt.succeeded]
    assert [time - times[0] for time in times] == [time - sent[0] for time in sent]
