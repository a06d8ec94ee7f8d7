"""The honest party: the software that ships, or a page of code after rules 5, 7 and 8 of docs/protocol.md section 8.

A player looks at the chain and says what it wants to send. What it remembers is its *mind*, a number.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from connext import calls, events
from connext.channel import UNSEEN, OnChain, Signed, recorded_hash
from connext.envelopes import Proposal, Refusal, Reveal
from connext.lifecycle import POLICY
from connext.messages import State, transfers_hash
from connext.party import Party, step
from connext.transfers import part_of, triple_of
from connext.types import Status
from proof.explore.moves import NO_TRANSFERS, Move, Papers

Mind = int


@dataclass(frozen=True)
class Wish:
    """What the party is, once it has looked: what it wants to send, and what others have of it by then."""

    mind: Mind
    moves: tuple[Move, ...]


class Player(Protocol):
    @property
    def margin(self) -> int:
        """Seconds before an expiry: from then on it looks after what it can prove."""

    def begin(self) -> Mind: ...

    def look(self, mind: Mind, view: events.ChainView) -> Wish: ...

    def leave(self, mind: Mind, view: events.ChainView, channel: str) -> tuple[Move, ...]:
        """The owner has had enough of an open channel."""

    def given_away(self, mind: Mind) -> tuple[Move, ...]:
        """What the others can send in addition, by what it sent them since the game began."""


# --- The software that ships ---


class Software:
    """`connext.party.step`, which is shown the chain. The other side answers nothing any more.

    A view overwrites all that a party remembers of the chain, so the mind is the rest.
    """

    margin = POLICY.recording_margin

    def __init__(self, papers: Papers) -> None:
        self._papers, self._stage = papers, papers.stage
        self._minds: list[tuple[Party, tuple[Move, ...]]] = []
        self._numbers: dict[object, Mind] = {}

    def begin(self) -> Mind:
        return self._mind(self._stage.world.parties[self._stage.honest], ())

    def look(self, mind: Mind, view: events.ChainView) -> Wish:
        party, given = self._minds[mind]
        party, outputs = step(party, view)
        return Wish(self._mind(party, (*given, *self._gives_away(outputs))), tuple(self._moves(outputs, view)))

    def leave(self, mind: Mind, view: events.ChainView, channel: str) -> tuple[Move, ...]:
        party, _ = step(self._minds[mind][0], view)
        _, outputs = step(party, events.StartDispute(self._stage.world.channel_id(channel)))
        return tuple(self._moves(outputs, view))

    def given_away(self, mind: Mind) -> tuple[Move, ...]:
        return self._minds[mind][1]

    def _mind(self, party: Party, given: tuple[Move, ...]) -> Mind:
        channels = {id_: replace(channel, on_chain=UNSEEN) for id_, channel in sorted(party.channels.items())}
        given = tuple(dict.fromkeys(given))
        key = (*channels.values(), frozenset(given))
        if key not in self._numbers:
            self._numbers[key] = len(self._minds)
            self._minds.append((replace(party, channels=channels, outcomes={}), given))
        return self._numbers[key]

    def _gives_away(self, outputs: list[events.Output]) -> Iterator[Move]:
        for output in outputs:
            match output:
                case events.Send(
                    Proposal(state=state, signature=signature) | Refusal(state=state, signature=signature)
                ):
                    channel = self._stage.channel_name(state.channel_id)
                    yield from self._papers.with_state(channel, self._stage.completed(channel, state, signature))
                case events.Send(Reveal(channel_id=channel_id, transfer_id=transfer_id)):
                    payment = self._stage.payment_of(channel_id, transfer_id)
                    yield self._papers.recording(payment, self._stage.honest)

    def _moves(self, outputs: list[events.Output], view: events.ChainView) -> Iterator[Move]:
        for output in outputs:
            if isinstance(output, events.Submit):
                yield self._move(output, view)

    def _move(self, submit: events.Submit, view: events.ChainView) -> Move:
        """Exactly what the software asked for, told as an action."""
        channel_id = submit.identity.id(self._stage.deployment.domain.chain_id, self._stage.world.manager)
        channel, on_chain = self._stage.channel_name(channel_id), view.channels[channel_id]
        fields = _TOLD[submit.name](self._papers, channel, on_chain, submit.fields)
        if submit.name != "record":
            fields["channel"] = channel
        asked = calls.of_submit(submit, lambda: self._papers.recorded(channel, on_chain.state_hash))
        return self._papers.move(submit.name, self._stage.honest, asked, **fields)


def _with_signed(papers: Papers, channel: str, _: OnChain, fields: Any) -> dict[str, Any]:
    signed: Signed[State] = fields["signed"]
    return {"message": papers.label(channel, signed)} if signed.message.nonce else {"nonce": 0}


def _settle(papers: Papers, channel: str, on_chain: OnChain, fields: Any) -> dict[str, Any]:
    state = fields["state"]
    if state is None:
        label = papers.label_of(channel, on_chain.state_hash)
        return {"message": label, "list_of": NO_TRANSFERS} if label else {"nonce": 0}
    label = papers.label_of(channel, recorded_hash(state))
    return {"message": label} if label else {"nonce": 0}


def _settle_transfers(papers: Papers, channel: str, _: OnChain, fields: Any) -> dict[str, Any]:
    return {"list_of": papers.label_of_list(channel, fields["transfers"])}


def _record(papers: Papers, _channel: str, _: OnChain, fields: Any) -> dict[str, Any]:
    named = papers.stage.world.payments.items()
    wanted = (fields["condition"], fields["params"], fields["expiry"])
    return {"payment": next(n for n, p in named if (p.terms.condition, p.terms.params, p.terms.expiry) == wanted)}


def _withdraw(papers: Papers, channel: str, _: OnChain, fields: Any) -> dict[str, Any]:
    known = papers.stage.withdrawals(channel)
    return {"message": papers.label(channel, next(s for s in known if s.message == fields["withdrawal"]))}


def _resume(papers: Papers, channel: str, _: OnChain, fields: Any) -> dict[str, Any]:
    known = papers.stage.resumes(channel)
    return {"message": papers.label(channel, next(s for s in known if s.message == fields["resume"]))}


_TOLD: dict[str, Callable[[Papers, str, OnChain, Any], dict[str, Any]]] = {
    "checkpoint": _with_signed,
    "start_dispute": _with_signed,
    "close": _with_signed,
    "settle": _settle,
    "settle_transfers": _settle_transfers,
    "record": _record,
    "withdraw": _withdraw,
    "resume": _resume,
}


# --- The rules, written out ---


class Rulebook:
    """What section 8 asks of a party when the other side says nothing any more. It remembers nothing."""

    margin = POLICY.recording_margin

    def __init__(self, papers: Papers) -> None:
        self._papers, self._stage = papers, papers.stage

    def begin(self) -> Mind:
        return 0

    def given_away(self, mind: Mind) -> tuple[Move, ...]:  # noqa: ARG002
        return ()

    def look(self, mind: Mind, view: events.ChainView) -> Wish:
        moves: list[Move] = []
        for channel in self._stage.channels:
            on_chain = view.channels[self._stage.world.channel_id(channel)]
            moves += self._in_channel(channel, on_chain, view)
        moves += self._recordings(view)
        return Wish(mind, tuple(moves))

    def leave(self, mind: Mind, view: events.ChainView, channel: str) -> tuple[Move, ...]:  # noqa: ARG002
        """Rule 5: with the newest state at once."""
        return (self._send("start_dispute", channel, self._stage.newest(channel)),)

    def _in_channel(self, channel: str, on_chain: OnChain, view: events.ChainView) -> Iterator[Move]:
        newest = self._stage.newest(channel)
        if on_chain.status is Status.SETTLED:
            yield from self._collect(channel, on_chain, view)
        elif on_chain.status in (Status.OPEN, Status.DISPUTED) and newest is not None and newest.message.is_final:
            # Rule 4: a final proposal is countersigned or taken to the chain.
            yield self._send("close", channel, newest)
        elif on_chain.status is Status.DISPUTED and on_chain.time >= on_chain.deadline:
            recorded = self._by_hash(channel, on_chain.state_hash)
            yield self._send("settle", channel, recorded)
        elif on_chain.status is Status.DISPUTED and newest is not None and newest.message.nonce > on_chain.nonce:
            # Rule 5: seeing a dispute on an older state than mine, submit mine before the deadline.
            yield self._send("checkpoint", channel, newest)

    def _recordings(self, view: events.ChainView) -> Iterator[Move]:
        """Rule 8: not credited by expiry minus margin, it records."""
        for payment in sorted(self._stage.provable & self._stage.incoming):
            triple = self._stage.payments[payment]
            known = view.outcomes[triple]
            due = triple.expiry - self.margin <= known.time < triple.expiry
            if due and known.share < self._stage.share(payment) and self._is_open(view, payment):
                yield self._papers.recording(payment, self._stage.honest)

    def _is_open(self, view: events.ChainView, payment: str) -> bool:
        """Whether a channel that can still pay has a transfer on it for me."""
        for channel in self._stage.channels:
            chain = view.channels[self._stage.world.channel_id(channel)]
            over = chain.status is Status.SETTLED and not (chain.locked_wei or chain.locked_token)
            if not over and payment in self._stage.incoming:
                return True
        return False

    def _collect(self, channel: str, on_chain: OnChain, view: events.ChainView) -> Iterator[Move]:
        """What became final of the transfers of a settled channel, if any of it is for me."""
        if not (on_chain.locked_wei or on_chain.locked_token):
            return
        for signed in self._stage.states(channel):
            transfers = signed.message.transfers
            if transfers_hash(transfers) == on_chain.transfers_hash and any(
                not on_chain.settled_transfers >> i & 1
                and view.outcomes[triple_of(leg)].is_final(leg.expiry)
                and part_of(self._stage.side(channel), leg, view.outcomes[triple_of(leg)].share)
                for i, leg in enumerate(transfers)
            ):
                label = self._papers.label(channel, signed)
                yield self._papers.move("settle_transfers", self._stage.honest, channel=channel, list_of=label)
                return

    def _by_hash(self, channel: str, state_hash: bytes) -> Signed[State] | None:
        return next((s for s in self._stage.states(channel) if recorded_hash(s.message) == state_hash), None)

    def _send(self, name: str, channel: str, signed: Signed[State] | None) -> Move:
        if signed is None:
            return self._papers.move(name, self._stage.honest, channel=channel, nonce=0)
        return self._papers.move(name, self._stage.honest, channel=channel, message=self._papers.label(channel, signed))


# --- Parties that break a rule, to see that it matters ---


@dataclass(frozen=True)
class Without:
    """A player that never sends some things."""

    player: Player
    never: frozenset[str]

    @property
    def margin(self) -> int:
        return self.player.margin

    def begin(self) -> Mind:
        return self.player.begin()

    def look(self, mind: Mind, view: events.ChainView) -> Wish:
        wish = self.player.look(mind, view)
        return replace(wish, moves=tuple(move for move in wish.moves if move.action.name not in self.never))

    def leave(self, mind: Mind, view: events.ChainView, channel: str) -> tuple[Move, ...]:
        return self.player.leave(mind, view, channel)

    def given_away(self, mind: Mind) -> tuple[Move, ...]:
        return self.player.given_away(mind)


def asleep(player: Player) -> Without:
    """Wakes up when all is over, and takes what there is."""
    return Without(player, frozenset(("checkpoint", "close", "record")))
