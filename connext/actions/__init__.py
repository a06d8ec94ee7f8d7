"""The vocabulary of stories: one table of all that actors and the world can do, and `play`, which does it.

An action has a name, an actor (acts of the world have none), fields, and a time (seconds after the story's start; None
for right after what came before). How to write a story, in Python or as YAML (`connext.stories`):

    world = World(chain, deployment, [actor("alice"), actor("bob"), actor("carol")], {"main": identity})
    outcomes = play(world, [
        action("deposit", "alice", channel="main", side="user", amount="1.5 ETH and 20 DAI"),
        action("pay", "alice", channel="main", amount="20 DAI"),  # bob countersigns: it gives him money
        action("start_dispute", "alice", channel="main", nonce=0),  # stale: bob challenges once it is confirmed
        action("advance", duration="1 d"),  # whoever is awake settles
    ])
    assert world.ledger().channels[world.channel_id("main")].settlement is not None

Each entry of the table is a function whose parameters are the fields. Those of the chain return the call that the
actor's account sends; it may fail, which the receipt says. Those of the parties are intents, which the rules may
reject, which the outputs say. An action that makes no sense (an unknown name, a state that nobody signed) raises a
ConnextError.
"""

from collections.abc import Iterable

from connext.actions import by_hand, by_parties, by_world, conditional, on_chain  # each enters its verbs into the table
from connext.actions.form import VOCABULARY, Action, UnknownAction, action, perform, read_action, write_action
from connext.world import Outcome, World

__all__ = [
    "VOCABULARY",
    "Action",
    "UnknownAction",
    "action",
    "by_hand",
    "by_parties",
    "by_world",
    "conditional",
    "on_chain",
    "play",
    "read_action",
    "write_action",
]


def play(world: World, actions: Iterable[Action]) -> list[Outcome]:
    """Do the actions in order; after each, messages arrive, and parties react to what is confirmed."""
    return [_play_one(world, action) for action in actions]


def _play_one(world: World, action: Action) -> Outcome:
    verb = VOCABULARY[action.name]
    world.outcome = Outcome()
    if action.time is not None:
        world.chain.set_next_time(world.start.time + action.time)
        if not verb.is_call:
            world.chain.mine()
    call = perform(world, action)
    if call is not None:
        world.send(str(action.actor), call, action.gas)
    world.settle_down()
    return world.outcome
