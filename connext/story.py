"""A story: its channels, its actions in order, and the world in which it begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connext.actions import Action
from connext.chain import LocalChain
from connext.channel import Deployment
from connext.deployments import Parameters, default_parameters
from connext.fields import NO_MONEY, Count, Duration, Money, Name, Net
from connext.ledger import Holdings
from connext.types import Address, ChannelIdentity
from connext.world import SIGNER_OF, Actor, World, actor

STORY_MONEY = Holdings(1_000 * 10**18, 1_000_000 * 10**18)
"""What everybody has in their wallet at the start, with an unlimited allowance for the manager."""


GUARANTEES = {
    "G1": "Solvency",
    "G2": "Isolation",
    "G3": "Authority",
    "G4": "Newest wins",
    "G5": "Exit",
    "G6": "No replay",
    "G7": "Conservation",
    "G8": "Limits",
    "G9": "Atomicity",
    "G10": "Liveness of payout",
}
"""Their names, from docs/protocol.md section 10."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A channel between two named actors. period: the challenge period.

    user_signer, node_signer: whose signer signs for that side; its own, if None.
    """

    user: Name
    node: Name
    period: Duration
    salt: Count
    user_signer: Name | None = None
    node_signer: Name | None = None

    @property
    def signers(self) -> tuple[str, str]:
        """Of user and node, by name."""
        return self.user_signer or self.user, self.node_signer or self.node


@dataclass(frozen=True, slots=True)
class Limits:
    """What the story's manager allows (docs/protocol.md section 7)."""

    capacity: Money
    transfer: Money
    shortest_period: Duration
    longest_period: Duration

    def parameters(self, token: Address, registry: Address) -> Parameters:
        return Parameters(
            token=token,
            registry=registry,
            capacity_wei=self.capacity.amount_wei,
            capacity_token=self.capacity.amount_token,
            transfer_limit_wei=self.transfer.amount_wei,
            transfer_limit_token=self.transfer.amount_token,
            min_challenge_period=self.shortest_period,
            max_challenge_period=self.longest_period,
        )


@dataclass(frozen=True, slots=True)
class End:
    """How much more an actor has at the end than at the start: in its wallet, as reserve and as credit."""

    wallet: Net = NO_MONEY
    reserve: Net = NO_MONEY
    credit: Net = NO_MONEY


@dataclass(frozen=True, slots=True)
class Story:
    """about: for who reads it. guarantees: those of docs/protocol.md section 10 that are at stake.

    limits: those of a new deployment, if None. ends: of every actor whose money is not what it was; None if it is not
    told.
    """

    title: str
    channels: Mapping[str, Terms]
    actions: tuple[Action, ...]
    about: str = ""
    guarantees: tuple[str, ...] = ()
    limits: Limits | None = None
    ends: Mapping[str, End] | None = None

    @property
    def names(self) -> list[str]:
        """Everybody who appears, in alphabetical order."""
        return sorted(self._parties.union(self.ends or (), *(names_in(action).values() for action in self.actions)))

    @property
    def strangers(self) -> list[str]:
        """Those of them who are no party of a channel."""
        return [name for name in self.names if name.removesuffix(SIGNER_OF) not in self._parties]

    @property
    def _parties(self) -> set[str]:
        return {name for terms in self.channels.values() for name in (terms.user, terms.node, *terms.signers)}

    def parameters(self, token: Address, registry: Address) -> Parameters:
        """Of the manager on which it plays."""
        return (self.limits.parameters if self.limits is not None else default_parameters)(token, registry)


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
    user, node = actors[terms.user].account, actors[terms.node].account
    user_signer, node_signer = (actors[name].signer.address for name in terms.signers)
    return ChannelIdentity(user, user_signer, node, node_signer, terms.period, terms.salt)


_WHO = ("account", "recipient", "as_user", "as_node", "condition")
"""The fields of actions that name an actor."""


def names_in(action: Action) -> dict[str, str]:
    """Who appears in an action, by the place in it: `by`, `recipient`, `items[0].by`."""
    named = {field: action.fields[field] for field in _WHO if field in action.fields}
    if action.actor:
        named["by"] = action.actor
    for i, item in enumerate(action.fields.get("items", ())):
        named |= {f"items[{i}].{place}": name for place, name in names_in(item).items()}
    return named
