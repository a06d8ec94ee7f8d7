"""A story: its channels, its actions in order, and the world in which it begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connext.actions import Action
from connext.chain import LocalChain
from connext.channel import Deployment
from connext.fields import Count, Duration, Name
from connext.types import ChannelIdentity
from connext.world import Actor, World, actor


@dataclass(frozen=True, slots=True)
class Terms:
    """A channel between two named actors. period: the challenge period."""

    user: Name
    node: Name
    period: Duration
    salt: Count


@dataclass(frozen=True, slots=True)
class Story:
    title: str
    channels: Mapping[str, Terms]
    actions: tuple[Action, ...]

    @property
    def names(self) -> list[str]:
        """Everybody who appears, in alphabetical order."""
        parties = {name for terms in self.channels.values() for name in (terms.user, terms.node)}
        return sorted(parties.union(*(_names_in(action) for action in self.actions)))


def world_of(
    story: Story,
    chain: LocalChain,
    deployment: Deployment,
    cast: Callable[[str], Actor] = actor,
    **options: Any,
) -> World:
    """The world at the story's start. cast: who plays a name; options: as of World. The actors get no money here."""
    actors = {name: cast(name) for name in story.names}
    channels = {name: _identity(terms, actors) for name, terms in story.channels.items()}
    return World(chain, deployment, actors.values(), channels, **options)


def _identity(terms: Terms, actors: Mapping[str, Actor]) -> ChannelIdentity:
    user, node = actors[terms.user], actors[terms.node]
    return ChannelIdentity(
        user.account, user.signer.address, node.account, node.signer.address, terms.period, terms.salt
    )


def _names_in(action: Action) -> set[str]:
    named = {action.fields[field] for field in ("account", "recipient") if field in action.fields}
    return named.union({action.actor} if action.actor else (), *map(_names_in, action.fields.get("items", ())))
