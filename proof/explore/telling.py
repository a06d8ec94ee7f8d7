"""A line of play in words: who does what, and how long before or after which limit."""

from collections.abc import Iterator, Mapping
from typing import Any

from connext.actions import Action
from connext.channel import Signed
from connext.conditions import FULL_SHARE
from connext.display import format_amounts
from connext.messages import State
from connext.replay.words import exact_duration
from connext.transfers import triple_of
from connext.types import Asset, Side
from proof.explore.game import Found, Game, Position, Step
from proof.explore.moves import Move
from proof.explore.promise import Money


class Teller:
    """Of one game."""

    def __init__(self, game: Game) -> None:
        self._game, self._stage = game, game.stage
        self._start = game.stage.start

    # --- Who is who, and what was signed ---

    def cast(self) -> str:
        free = sorted(person for person in self._stage.world.actors if person != self._stage.honest)
        return f"{self._stage.honest} follows the rules; {_and(free)} do what they like"

    def signed(self) -> Iterator[str]:
        """What the honest party's signature is under, channel by channel."""
        for channel in self._stage.channels:
            newest = self._stage.newest(channel)
            for signed in self._stage.states(channel):
                later = newest is None or signed.message.nonce > newest.message.nonce
                note = f", {self._stage.honest} has no answer to it" if later else ""
                yield f"{self._game.papers.label(channel, signed)}: {self._content(channel, signed)}{note}"
            for withdrawal in self._stage.withdrawals(channel):
                until = self.moment(withdrawal.message.deadline)
                yield f"{self._game.papers.label(channel, withdrawal)}: {_taken(withdrawal.message)}, until {until}"
            for resume in self._stage.resumes(channel):
                until = self.moment(resume.message.deadline)
                yield f"{self._game.papers.label(channel, resume)}, until {until}"
            for exit_ in self._stage.exits(channel):
                yield f"{self._game.papers.label(channel, exit_)}, until {self.moment(exit_.exit.deadline)}"
        for name in self._stage.payments:
            yield self._payment(name)

    def _content(self, channel: str, signed: Signed[State]) -> str:
        """Balances, and what is open."""
        state, identity = signed.message, self._stage.channels[channel]
        known = self._stage.contributions(channel)
        names = {account: name for name, actor in self._stage.world.actors.items() for account in (actor.account,)}
        user, node = names[identity.user], names[identity.node]
        balances = (
            f"{user} {format_amounts(known.user_wei + state.user_wei, known.user_token + state.user_token)}, "
            f"{node} {format_amounts(known.node_wei + state.node_wei, known.node_token + state.node_token)}"
        )
        legs = [
            f"{format_amounts(*_of_asset(leg.asset, leg.amount))} for {user if leg.payer == Side.NODE else node} "
            f"({self._stage.payment_on(triple_of(leg))})"
            for leg in state.transfers
        ]
        return balances + (f"; open: {_and(legs)}" if legs else "")

    def _payment(self, name: str) -> str:
        who = []
        if name in self._stage.provable:
            who.append(self._stage.honest)
        if self._stage.world.payments[name].witness is not None and name not in self._stage.secrets:
            who.append("the others")
        share = self._stage.share(name)
        proved = f"{_percent(share)} can be proved by {_and(who)}" if who and share else "nobody can prove anything"
        return f"payment {name}: expires at {self.moment(self._stage.payments[name].expiry)}; {proved}"

    # --- The line ---

    def line(self, steps: list[Step]) -> Iterator[str]:
        """A heading for each moment, and under it what is done, numbered; where nothing is done, time passes."""
        position, heading, number = self._game.start, "", 0
        for step in steps:
            sentence = self._sentence(position, step)
            if sentence is not None:
                if (now := self._when(position, step.to)) != heading:
                    heading = now
                    yield f"{heading}:"
                number += 1
                yield f"  {number}. {sentence}"
            position = step.to

    def end(self, found: Found) -> str:
        due = min(self._game.promise.ends(self._game.board.shares(found.worst.position.node)), key=sum)
        late = f", {exact_duration(found.worst.delay)} too late" if found.worst.delay else ""
        got = f"{self._stage.honest} has {money(found.worst.end)} out of it{late}"
        return f"{got}; promised at these outcomes: {money(due)}"

    def _sentence(self, before: Position, step: Step) -> str | None:
        me = self._stage.honest
        match step.kind:
            case "free":
                assert step.move is not None
                return f"{step.move.action.actor} {deed(step.move)}"
            case "defends" | "leaves":
                assert step.move is not None
                return f"{me} {deed(step.move)}"
            case "fails":
                assert step.move is not None
                return f"what {me} had sent fails ({deed(step.move)})"
            case "looks":
                new = [sent for sent in step.to.on_its_way if sent not in before.on_its_way]
                return f"{me} looks, and sends: {_and([deed(s.move) for s in new])}" if new else None
        return None

    def _when(self, before: Position, after: Position) -> str:
        """The time since the start, and what is near."""
        time, limits = after.time, {**dict(self._limits(before)), **dict(self._limits(after))}
        near = [f"{_distance(time, limit)} {name}" for name, limit in limits.items() if abs(time - limit) <= 1]
        return self.moment(time) + (f", {_and(near)}" if near else "")

    def _limits(self, position: Position) -> Iterator[tuple[str, int]]:
        several = len(self._stage.channels) > 1
        for channel, deadline in self._game.board.deadlines(position.node).items():
            yield (f"the deadline in {channel}" if several else "the deadline"), deadline
        for payment, triple in self._stage.payments.items():
            yield f"the expiry of {payment}", triple.expiry

    def moment(self, time: int) -> str:
        return "start" if time == self._start else f"start + {exact_duration(time - self._start)}"


def deed(move: Move) -> str:
    """What is sent, as a verb with its objects."""
    return _verb(move.action) + move.note


def _verb(action: Action) -> str:
    fields = action.fields
    state = fields.get("message") or "no state"
    match action.name:
        case "start_dispute":
            return f"starts a dispute{_in(fields)} with {state}"
        case "start_dispute_with_exit":
            return f"starts a dispute{_in(fields)} with {fields['exit_message']} and {state}"
        case "checkpoint":
            return f"submits {state}{_in(fields)}"
        case "settle":
            return f"settles {fields['channel']} with {fields.get('message') or 'the initial state'}{_listed(fields)}"
        case "close":
            return f"closes {fields['channel']} with {state}{_listed(fields)}"
        case "settle_transfers":
            wanted = fields.get("wanted")
            chosen = f"transfer {_and([str(place) for place in wanted])}" if wanted is not None else "the transfers"
            return f"settles {chosen} of {fields['list_of']}"
        case "withdraw":
            return f"executes {fields['message']}"
        case "resume":
            return f"ends the dispute{_in(fields)} with {fields['message']}"
        case "record":
            return f"records the outcome of {fields['payment']}"
        case "top_up":
            given = fields["amount"]
            amount = format_amounts(given.amount_wei, given.amount_token)
            return f"adds {amount} to the {fields['side'].name.lower()}'s side"
        case "collateralize":
            return "adds its reserve to its side"
    raise AssertionError(action.name)


def money(amounts: Money) -> str:
    return format_amounts(*amounts)


def _in(fields: Mapping[str, Any]) -> str:
    return f" in {fields['channel']}"


def _listed(fields: Mapping[str, Any]) -> str:
    return ", without its transfers" if "list_of" in fields else ""


def _of_asset(asset: int, amount: int) -> Money:
    return (0, amount) if asset == Asset.DAI else (amount, 0)


def _taken(withdrawal: Any) -> str:
    user = format_amounts(withdrawal.user_wei, withdrawal.user_token)
    return f"{user} for the user, {format_amounts(withdrawal.node_wei, withdrawal.node_token)} for the node"


def _percent(share: int) -> str:
    return f"{share * 100 / FULL_SHARE:g} %"


def _distance(time: int, limit: int) -> str:
    return "at" if time == limit else f"1 s {'before' if time < limit else 'after'}"


def _and(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else "nothing"
