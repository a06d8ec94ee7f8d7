"""Where a game begins: a history played to its end, the people in it, and a bare EVM in the same state."""

from collections import deque
from collections.abc import Iterator
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard

from connext.actions import play
from connext.chain import BLOCK_SECONDS, Receipt, Transaction
from connext.chain.evm import EvmChain
from connext.channel import UNSEEN, Deployment, Signed, countersigned
from connext.conditions import evaluate
from connext.envelopes import (
    Countersignature,
    Proposal,
    Refusal,
    ResumeProposal,
    Reveal,
    SignedExit,
    WithdrawalProposal,
)
from connext.errors import ConnextError
from connext.events import Event, HandOut, Output, Resolve, Send
from connext.ledger import ChannelLedger
from connext.lifecycle import POLICY
from connext.messages import Resume, State, Withdrawal
from connext.signing import Signable
from connext.stories import read_story
from connext.story import Story, world_of
from connext.transfers import Triple, triple_of
from connext.types import NOTHING, Amounts, ChannelIdentity, Side, Status
from connext.world import Actor, World, actor
from proof.machine import Machine
from tests.scene import deploy, enrich

HISTORIES = Path(__file__).parent / "histories"
GAP = BLOCK_SECONDS + 1
"""Seconds from one transaction of a story to the next: each waits until it is confirmed."""

STRANGER = "mallory"
"""Somebody who is party of no channel of the history."""


@dataclass(eq=False)
class NoSuchHistory(ConnextError, LookupError):
    text = "there is no history {name!r} in {folder}; there are {known}"
    name: str
    folder: Path
    known: str


@dataclass(eq=False)
class NotAParty(ConnextError, LookupError):
    text = "{name} has no channel in this history; the parties are {known}"
    name: str
    known: str


def names_of_histories(folder: Path = HISTORIES) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read_history(name: str, folder: Path = HISTORIES) -> Story:
    """Raises NoSuchHistory, InvalidStory."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        raise NoSuchHistory(name, folder, ", ".join(names_of_histories(folder)))
    return read_story(path.read_text(), path.name)


def parties_of(story: Story) -> list[str]:
    """Everybody who has a channel, in order of appearance."""
    return list(dict.fromkeys(name for terms in story.channels.values() for name in (terms.user, terms.node)))


class Listener(World):
    """A world that keeps all that a party's software is told and all that leaves it, and itself at every moment."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.put_out: list[tuple[str, Output]] = []
        self.told: list[tuple[str, Event]] = []
        self._moments: list[Listener] | None = None
        self._honest = ""
        super().__init__(*arguments, **options)

    def listen(self, honest: str, moments: "list[Listener]") -> None:
        """From now on, put a copy into `moments` whenever something is new to this party or to the chain."""
        self._honest, self._moments = honest, moments

    def tell(self, name: str, event: Event) -> None:
        self.told.append((name, event))
        super().tell(name, event)
        self._mark()

    def _carry_out(self, name: str, output: Output) -> None:
        self.put_out.append((name, output))
        super()._carry_out(name, output)

    def _send(self, transaction: Transaction) -> Receipt:
        receipt = super()._send(transaction)
        self._mark()
        return receipt

    def _mark(self) -> None:
        if self._moments is None:
            return
        if not self._moments or self._news() != self._moments[-1]._news():
            self._moments.append(self._twin())

    def _news(self) -> tuple[object, ...]:
        """What a game that begins here depends on; that time has passed alone is nothing new."""
        channels = self.parties[self._honest].channels.values()
        known = [(e.states.keys(), e.withdrawals, e.resumes, e.exits) for e in self.evidence.values()]
        proved = [payment.witness for payment in self.payments.values()]
        return [replace(channel, on_chain=UNSEEN) for channel in channels], len(self.sent), known, proved

    def _twin(self) -> "Listener":
        """A world of its own with the same present."""
        twin = copy(self)
        twin._moments = None
        twin.chain = copy(self.chain)
        twin.chain._mined = list(twin.chain._mined)  # type: ignore[attr-defined]
        twin.chain._callers = deque(maxlen=2)  # type: ignore[attr-defined]
        twin.parties, twin.sent, twin.by_hand = dict(self.parties), list(self.sent), dict(self.by_hand)
        twin.put_out, twin.told = list(self.put_out), list(self.told)
        twin.evidence = deepcopy(self.evidence)
        twin.payments = {name: copy(payment) for name, payment in self.payments.items()}
        return twin


@dataclass(frozen=True)
class Stage:
    """story: as it was played; honest: whose end is looked for."""

    story: Story
    world: Listener
    honest: str

    @property
    def deployment(self) -> Deployment:
        return self.world.deployment

    @property
    def me(self) -> Actor:
        return self.world.actor(self.honest)

    @cached_property
    def channels(self) -> dict[str, ChannelIdentity]:
        """Those of the honest party, by name."""
        mine = {self.me.account}
        return {
            name: identity for name, identity in self.world.channels.items() if mine & {identity.user, identity.node}
        }

    def side(self, channel: str) -> Side:
        return Side.USER if self.channels[channel].user == self.me.account else Side.NODE

    def counterparty(self, channel: str) -> Actor:
        return self.world.party_of(channel, self.side(channel).other)

    def channel_name(self, channel_id: bytes) -> str:
        return next(name for name in self.channels if self.world.channel_id(name) == channel_id)

    def on_chain(self, channel: str) -> ChannelLedger:
        """When the game begins."""
        known = self.world.ledger().channels.get(self.world.channel_id(channel))
        unfunded = ChannelLedger(self.channels[channel], Status.UNFUNDED, NOTHING, 0, 0, 0, None, None)
        return unfunded if known is None else known

    def contributions(self, channel: str) -> Amounts:
        return self.on_chain(channel).contributions

    def machine(self) -> Machine:
        """At the time when the game begins."""
        chain = self.world.chain
        assert isinstance(chain, EvmChain)
        machine = Machine.of(chain)
        machine.time = self.start
        return machine

    @property
    def start(self) -> int:
        """Of the game, in Unix seconds."""
        return self.world.chain.head.time + GAP

    # --- What the honest party's signature is under ---

    def states(self, channel: str) -> list[Signed[State]]:
        """By nonce: with both signatures, and those with only the honest one, which the other side completes."""
        both = self.world.evidence[self.world.channel_id(channel)].states.values()
        mine = [
            self.completed(channel, sent.state, sent.signature)
            for sent in self._sent(Proposal, Refusal)
            if sent.channel_id == self.world.channel_id(channel)
        ]
        by_digest = {signed.digest: signed for signed in (*both, *mine)}
        return sorted(by_digest.values(), key=lambda signed: signed.message.nonce)

    def newest(self, channel: str) -> Signed[State] | None:
        """The newest state of which the honest party has both signatures: the second is its own, or was shown to it."""
        shown = {event.digest for name, event in self.world.told if name == self.honest and _is_second(event)}
        given = {sent.digest for sent in self._sent(Countersignature)}
        mine = [signed for signed in self.states(channel) if signed.digest in shown | given]
        return mine[-1] if mine else None

    def withdrawals(self, channel: str) -> list[Signed[Withdrawal]]:
        known = list(self.world.evidence[self.world.channel_id(channel)].withdrawals)
        for sent in self._sent(WithdrawalProposal):
            if sent.channel_id == self.world.channel_id(channel):
                known.append(self.completed(channel, sent.withdrawal, sent.signature))
        return list({signed.digest: signed for signed in known}.values())

    def resumes(self, channel: str) -> list[Signed[Resume]]:
        known = list(self.world.evidence[self.world.channel_id(channel)].resumes)
        for sent in self._sent(ResumeProposal):
            if sent.channel_id == self.world.channel_id(channel):
                known.append(self.completed(channel, sent.resume, sent.signature))
        return list({signed.digest: signed for signed in known}.values())

    def exits(self, channel: str) -> list[SignedExit]:
        handed_out = [o.envelope for name, o in self.world.put_out if name == self.honest and isinstance(o, HandOut)]
        return [exit_ for exit_ in handed_out if exit_.channel_id == self.world.channel_id(channel)]

    def completed(self, channel: str, message: Any, signature: bytes) -> Signed[Any]:
        """What the honest party has signed, with the signature of the other side."""
        signable = Signable(self.deployment.domain, message)
        other = self.counterparty(channel).signer.sign(signable)
        return countersigned(message, signable.digest, self.side(channel), signature, other)

    # --- Who can prove what ---

    @cached_property
    def secrets(self) -> set[str]:
        """Payments of which nobody but the honest party can prove anything."""
        hash_lock = self.deployment.conditions.hash_lock
        mine = {
            name
            for name, payment in self.world.payments.items()
            if payment.holder == self.honest and payment.terms.condition == hash_lock
        }
        return mine - {self.payment_of(reveal.channel_id, reveal.transfer_id) for reveal in self._sent(Reveal)}

    @cached_property
    def provable(self) -> set[str]:
        """Payments of which the honest party's software has the witness: its owner's, or one that it was shown."""
        known = set()
        for name, event in self.world.told:
            if name == self.honest and isinstance(event, Resolve | Reveal):
                known.add(self.payment_of(event.channel_id, event.transfer_id))
        return known

    @property
    def streams_of_others(self) -> list[str]:
        """Streams of which others than the honest party sign the vouchers, and have signed some."""
        named = ((name, self.world.payments[name]) for name in self.payments)
        return [n for n, p in named if p.paying is not None and p.paying.paid and p.holder != self.honest]

    def payment_of(self, channel_id: bytes, transfer_id: int) -> str:
        """Ids of transfers are used once in a channel."""
        channel = self.channel_name(channel_id)
        states = (signed.message for signed in self.states(channel))
        triple = next(triple_of(leg) for state in states for leg in state.transfers if leg.id == transfer_id)
        return self.payment_on(triple)

    def payment_on(self, triple: Triple) -> str:
        return next(name for name, payment in self.world.payments.items() if payment.terms.triple == triple)

    def share(self, payment: str) -> int:
        """What the best witness of a payment proves, of FULL_SHARE."""
        known = self.world.payments[payment]
        if known.witness is None:
            return 0
        terms, chain_id = known.terms, self.deployment.domain.chain_id
        return evaluate(
            self.deployment.conditions, chain_id, terms.condition, terms.params, terms.expiry, known.witness
        )

    @cached_property
    def payments(self) -> dict[str, Triple]:
        """Those that a state of the honest party has a transfer on, by name."""
        legs = (leg for channel in self.channels for signed in self.states(channel) for leg in signed.message.transfers)
        triples = {triple_of(leg) for leg in legs}
        named = ((name, payment.terms.triple) for name, payment in self.world.payments.items())
        return {name: triple for name, triple in named if triple in triples}

    @cached_property
    def incoming(self) -> set[str]:
        """Payments that lock something for the honest party, in any state with its signature."""
        return {
            self.payment_on(triple_of(leg))
            for channel in self.channels
            for signed in self.states(channel)
            for leg in signed.message.transfers
            if leg.payer == self.side(channel).other
        }

    def _sent(self, *kinds: type) -> Iterator[Any]:
        for name, output in self.world.put_out:
            if name == self.honest and isinstance(output, Send) and isinstance(output.envelope, kinds):
                yield output.envelope


def _is_second(event: Event) -> TypeGuard[Countersignature]:
    return isinstance(event, Countersignature)


def set_stage(story: Story, honest: str) -> Stage:
    """Play the history on a chain of its own. Raises NotAParty."""
    world = _begin(story, honest)
    play(world, story.actions)
    return Stage(story, world, honest)


def stages_of(story: Story, honest: str) -> list[Stage]:
    """One for every moment of the history at which something was new to the honest party or to the chain: there nobody
    answers any more. Raises NotAParty."""
    world = _begin(story, honest)
    moments: list[Listener] = []
    world.listen(honest, moments)
    play(world, story.actions)
    return [Stage(story, moment, honest) for moment in moments]


def _begin(story: Story, honest: str) -> Listener:
    if honest not in parties_of(story):
        raise NotAParty(honest, ", ".join(parties_of(story)))
    chain = EvmChain()
    deployment = deploy(chain, story.parameters)
    people = [actor(name) for name in sorted({*story.names, STRANGER})]
    enrich(chain, deployment, (person.account for person in people))
    template = world_of(story, chain, deployment)
    return Listener(chain, deployment, people, template.channels, policy=POLICY)
