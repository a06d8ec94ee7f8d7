"""Every step of a story as plain values in words: what is shown while it plays, and what a report is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connext import envelopes, events, reckoning
from connext.abi import Event, Invocation, artifact, manager_abi
from connext.actions import Action, write_action
from connext.chain import CONTRACTS, Receipt
from connext.channel import Signed
from connext.checking import Play, Step
from connext.display import format_amounts
from connext.envelopes import Envelope, SignedExit
from connext.ledger import Settlement
from connext.messages import (
    NO_ITEMS,
    Resume,
    State,
    StateHeader,
    Withdrawal,
    transfers_hash,
)
from connext.replay.positions import Positions, positions
from connext.replay.words import Lexicon, Line, exact_duration
from connext.signing import InvalidSignature, recover
from connext.story import End, Story
from connext.types import ZERO_ADDRESS, ChannelIdentity, Side, amounts_of, members
from connext.world import World

MANAGER, REGISTRY, TOKEN = "ChannelManager", "OutcomeRegistry", "token"
THE_WORLD = "the world"
"""Does what no actor does."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event or an error, by its name and its values in words."""

    name: str
    values: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """A transaction. time: of its block, in seconds after the story's start. error: None if it succeeded."""

    sender: str
    contract: str
    function: str
    arguments: tuple[Line, ...]
    block: int
    time: int
    gas: int
    events: tuple[Happened, ...]
    error: Happened | None


@dataclass(frozen=True, slots=True)
class Message:
    """What one party sent another, off chain."""

    sender: str
    receiver: str
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of the story: its action as it is written, what came of it, and who had what before and after.

    time: of the head after it, in seconds after the story's start. blocks: between the story's start and that head.
    limits: in time, of all disputes that run and payments that were agreed on, by name, in seconds after the start.
    """

    number: int
    actor: str | None
    name: str
    written: tuple[Line, ...]
    time: int
    blocks: int
    deeds: tuple[Deed, ...]
    messages: tuple[Message, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    limits: tuple[tuple[str, int], ...]
    before: Positions
    after: Positions


class Recorder:
    """Plays a story once. `moments` must be used up before `ends` and `problems_at_end`."""

    def __init__(self, world: World, story: Story) -> None:
        self.story = story
        self.world = world
        self._play = Play(world, story)
        self._lexicon = lexicon_of(world)
        self.start = positions(world)

    def moments(self) -> Iterator[Moment]:
        before = self.start
        for step in self._play.steps():
            after = positions(self.world)
            yield self._moment(step, before, after)
            before = after

    def ends(self) -> Mapping[str, End]:
        return self._play.ends()

    def settlements(self) -> Mapping[str, Settlement]:
        """How channels ended, by name, as far as they did."""
        return reckoning.found(self.world).settlements

    def problems_at_end(self) -> tuple[str, ...]:
        return self._play.problems_at_end()

    def _moment(self, step: Step, before: Positions, after: Positions) -> Moment:
        head, start = self.world.chain.head, self.world.start
        return Moment(
            number=step.number,
            actor=step.action.actor,
            name=step.action.name,
            written=tuple(_written(step.action)),
            time=head.time - start.time,
            blocks=head.number - start.number,
            deeds=tuple(self._deed(receipt) for receipt in step.outcome.receipts),
            messages=tuple(self._messages(step)),
            notes=tuple(self._notes(step)),
            problems=step.problems,
            limits=tuple(self._limits(after)),
            before=before,
            after=after,
        )

    def _limits(self, after: Positions) -> Iterator[tuple[str, int]]:
        for name, channel in after.channels.items():
            if channel.deadline is not None:
                yield f"deadline of the dispute in {name}", channel.deadline
        for name, payment in self.world.payments.items():
            yield f"expiry of {name}", payment.terms.expiry - self.world.start.time

    def _deed(self, receipt: Receipt) -> Deed:
        transaction, lexicon = receipt.transaction, self._lexicon
        contract, invocation = self._invocation(transaction.data)
        arguments: list[Line] = [("value", format_amounts(transaction.value, 0))] if transaction.value else []
        if invocation is not None:
            arguments += self._arguments(invocation)
        error = receipt.error
        return Deed(
            sender=lexicon.bytes(transaction.sender),
            contract=contract or lexicon.bytes(transaction.to),
            function=invocation.function if invocation is not None else "?",
            arguments=tuple(arguments),
            block=receipt.block.number - self.world.start.number,
            time=receipt.block.time - self.world.start.time,
            gas=receipt.gas_used,
            events=tuple(Happened(e.name, tuple(lexicon.lines(_with_fields(e)))) for e in receipt.events),
            error=Happened(error.name, tuple(lexicon.lines(error.values))) if error is not None else None,
        )

    def _invocation(self, calldata: bytes) -> tuple[str | None, Invocation | None]:
        """The contract whose function is called, if it is one of ours, and the call."""
        for name in CONTRACTS:
            invocation = artifact(name).abi.decode_call(calldata)
            if invocation is not None:
                return name, invocation
        doubles = (double.abi.decode_call(calldata) for double in self.world.doubles.values())
        return None, next((invocation for invocation in doubles if invocation is not None), None)

    def _arguments(self, invocation: Invocation) -> Iterator[Line]:
        """Of a batch those of its items, one after the other; of a signed state its signers."""
        arguments = dict(invocation.arguments)
        if invocation.function == "batch":
            for i, item in enumerate(arguments["calls"]):
                yield from self._item(i, item)
            return
        channel = arguments.pop("channel", None)
        if channel is not None:
            channel_id = self._channel_id(channel)
            yield "channel", self._lexicon.bytes(channel_id)
        signed = arguments.get("signed")
        if signed is not None and channel is not None:
            arguments["signed"] = signed["state"]
            yield from self._lexicon.lines(arguments)
            yield "signers", self._signers(channel_id, signed)
        else:
            yield from self._lexicon.lines(arguments)

    def _item(self, place: int, item: Mapping[str, Any]) -> Iterator[Line]:
        inner = manager_abi().decode_call(item["data"])
        yield f"item {place}", inner.function if inner is not None else "unreadable"
        if item["value"]:
            yield f"item {place}: value", format_amounts(item["value"], 0)
        for name, text in self._arguments(inner) if inner is not None else ():
            yield f"item {place}: {name}", text

    def _channel_id(self, identity: Mapping[str, Any]) -> bytes:
        domain = self.world.deployment.domain
        return ChannelIdentity(*identity.values()).id(domain.chain_id, domain.verifying_contract)

    def _signers(self, channel_id: bytes, signed: Mapping[str, Any]) -> str:
        digest = StateHeader(*signed["state"].values()).digest(self.world.deployment.domain, channel_id)
        return " and ".join(self._signer(digest, signed[side]) for side in ("user", "node"))

    def _signer(self, digest: bytes, signature: Mapping[str, bytes]) -> str:
        try:
            return self._lexicon.bytes(recover(digest, signature["r"] + signature["vs"]))
        except InvalidSignature:
            return "nobody"

    def _messages(self, step: Step) -> Iterator[Message]:
        for sender, output in step.outcome.outputs:
            if isinstance(output, events.Send):
                yield Message(sender, self._counterparty(sender, output.envelope), self._said(output.envelope))

    def _counterparty(self, sender: str, envelope: Envelope) -> str:
        for name in self.world.channels:
            identity = self.world.identity(name)
            if self.world.channel_id(name) == envelope.channel_id:
                account = self.world.actors[sender].account
                side = Side.NODE if account == identity.user else Side.USER
                return self._lexicon.bytes(identity.account(side))
        return "?"

    def _said(self, envelope: Envelope) -> str:
        match envelope:
            case envelopes.Proposal(state):
                return f"proposes {self._told(state)}"
            case envelopes.Refusal(state):
                return f"refuses, with {self._told(state)}"
            case envelopes.Reveal(_, transfer_id):
                return f"shows what proves transfer {transfer_id}"
            case envelopes.WithdrawalProposal(withdrawal):
                return f"proposes {self._told(withdrawal)}"
            case envelopes.ResumeProposal(resume):
                return f"proposes {self._told(resume)}"
            case envelopes.Countersignature():
                return "countersigns"
            case SignedExit(exit_):
                return f"signs an exit for dispute {exit_.dispute}"

    def _told(self, message: State | Withdrawal | Resume) -> str:
        match message:
            case State():
                nets = amounts_of(message)
                final = "the final state" if message.is_final else "state"
                locked = f", {len(message.transfers)} open transfers" if message.transfers else ""
                user, node = (format_amounts(*pair) for pair in (nets[::2], nets[1::2]))
                return f"{final} {message.nonce} (nets: user {user}, node {node}{locked})"
            case Withdrawal():
                taken = amounts_of(message)
                user, node = (format_amounts(*pair) for pair in (taken[::2], taken[1::2]))
                return f"withdrawal {message.sequence} (user {user}, node {node})"
            case Resume():
                return f"to end dispute {message.dispute}"

    def _notes(self, step: Step) -> Iterator[str]:
        for name, output in step.outcome.outputs:
            match output:
                case events.Agreed(message):
                    yield f"{name} has {self._told(message)} of both"
                case events.Rejected(_, error):
                    yield f"{name} does not accept it: {error}"
                case events.Dropped(state):
                    yield f"{name}'s proposal {state.nonce} is dead"
                case events.FoundOld(_, nonce):
                    yield f"{name} learns that its file is old: state {nonce} was recorded"
        label = step.action.fields.get("message", "")
        made = self.world.by_hand.get(label) if step.action.name.startswith("make_") else None
        if isinstance(made, Signed):
            yield f"“{label}” is {self._told(made.message)}"


def lexicon_of(world: World) -> Lexicon:
    """Of everybody and everything in the world that has a name."""
    names: dict[bytes, str] = {}
    for name, actor in world.actors.items():
        names.setdefault(actor.signer.address, name if actor.signer.address == actor.account else f"{name}'s signer")
    names |= {actor.account: name for name, actor in world.actors.items()}
    names |= {world.channel_id(name): name for name in world.channels}
    names |= {world.manager: MANAGER, world.deployment.registry: REGISTRY, world.deployment.token: TOKEN}
    names |= {NO_ITEMS: "no transfers", ZERO_ADDRESS: THE_WORLD}
    for label, signed in world.by_hand.items():
        if isinstance(signed, Signed) and isinstance(signed.message, State) and signed.message.transfers:
            names[transfers_hash(signed.message.transfers)] = f"the transfers of {label}"
    return Lexicon(names, world.start.time)


def _with_fields(event: Event) -> Mapping[str, Any]:
    """The event's values, a state's by their names."""
    if event.name != "StateRecorded":
        return event.values
    names = (member.name for member in members(StateHeader))
    return {**event.values, "state": dict(zip(names, event.values["state"], strict=True))}


def _written(action: Action) -> Iterator[Line]:
    """The fields as the story has them."""
    for key, value in write_action(action).items():
        if key in _DURATIONS:
            yield key, exact_duration(value)
        elif key not in ("do", "by"):
            yield key, _flat(value)


_DURATIONS = frozenset({"at", "duration", "window", "expires", "deadline"})


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(map(_flat, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
