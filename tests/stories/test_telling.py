"""A channel's transactions, told as a story with other keys, have the same end: for every scenario of one channel."""

from dataclasses import replace
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
    return tell(past_of(world), world.identity(channel), world.deployment, "Told")


def past_of(world: World) -> list[Past]:
    past = [_past(world, receipt) for receipt in world.sent if receipt.succeeded]
    return [one for one in past if one is not None]


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


# --- Transactions of one block: a deposit, another, the dispute, two answers, the settlement, and nothing after it ---

PERIOD = 86_400
ONE_BLOCK = """\
title: Two answers in the last second
channels: {main: {user: alice, node: bob, period: 1 d, salt: 0}}
strangers: [carol]
actions:
  - {do: go_silent, by: bob}
  - {do: deposit, by: alice, channel: main, side: user, amount: 1 ETH}
  - {do: deposit, by: alice, channel: main, side: user, amount: 1 ETH}
  - {do: make_state, message: one, channel: main, nonce: 1, user: -0.1 ETH, node: 0.1 ETH}
  - {do: make_state, message: two, channel: main, nonce: 2, user: -0.2 ETH, node: 0.2 ETH}
  - {do: make_state, message: three, channel: main, nonce: 3, user: -0.3 ETH, node: 0.3 ETH}
  - {do: start_dispute, by: alice, channel: main, message: one, at: 1 h}
  - {do: checkpoint, by: carol, channel: main, message: two}
  - {do: checkpoint, by: carol, channel: main, message: three}
  - {do: settle, by: carol, channel: main, message: three, at: 26 h}
"""


@pytest.mark.parametrize(
    ("blocks", "times"),
    [
        # seconds of each transaction on the chain, and of its action in the story
        ([0, 0, 0, PERIOD - 1, PERIOD - 1, PERIOD], [58, 59, 60, 58 + PERIOD, 59 + PERIOD, 60 + PERIOD]),
        ([0, 0, 1, PERIOD, PERIOD, PERIOD + 1], [59, 60, 61, 59 + PERIOD, 60 + PERIOD, 61 + PERIOD]),
        ([0, 1, 1, 1, 1, PERIOD + 1], [60, 61, 62, 63, 64, 62 + PERIOD]),  # no room before: all later, by one second
    ],
)
def test_transactions_of_one_block_come_one_by_one(blocks: list[int], times: list[int]) -> None:
    """Within the same deadlines: the dispute and the settlement have their blocks' times."""
    world = played(read_story(ONE_BLOCK))
    past = [replace(one, time=1_000 + time) for one, time in zip(past_of(world), blocks, strict=True)]
    told = tell(past, world.identity("main"), world.deployment, "Told")
    assert [action.time for action in told.story.actions if action.time is not None] == times
    assert len(told.notes) >= 1
    assert channel_of(played(told.story), CHANNEL).settlement == channel_of(world, "main").settlement


def test_a_batch_emits_what_it_emitted() -> None:
    deposit = "{do: deposit, by: alice, channel: main, side: user, amount: 1 ETH}"
    world = played(read_story(ONE_BLOCK.replace(deposit, f"{{do: batch, by: alice, items: [{deposit}]}}", 1)))
    (batch,) = [action for action in told_of(world, "main").story.actions if action.name == "batch"]
    assert batch.expected.emits is not None
    assert [match.name for match in batch.expected.emits] == ["ChannelOpened", "Deposited"]
