"""The game: all positions that can be reached, and the one in which the honest party ends with the least.

The honest party decides nothing that others do not see coming: what it sends follows from what it sees. So it is no
contest of two minds but a search: every choice is the others', when it looks and when its transactions enter the chain
included. See `proof.explore` for the rules.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import process_time
from typing import Any, Literal, NamedTuple

from connext.channel import OnChain
from connext.events import ChainView
from connext.types import Status, amounts_of
from proof.explore.board import Board, Node
from proof.explore.moments import LONG_AFTER, next_moment, starts_that_matter
from proof.explore.moves import Move, Papers
from proof.explore.players import Mind, Player
from proof.explore.promise import Money, Promise
from proof.explore.stage import Stage

REPORT_EVERY = 5_000
"""Positions between two reports of progress."""


class Limit(NamedTuple):
    """A time before which the honest party gets one transaction into the chain. about: a channel or a payment."""

    time: int
    about: str


class Sent(NamedTuple):
    """A transaction of the honest party that is on its way, and the limit that it has to make."""

    move: Move
    limit: Limit


class Position(NamedTuple):
    """mind: of the honest party. met: limits for which it has had its transaction, or looked and had none to send.

    spent: moves that may not be played again.
    """

    node: Node
    time: int
    mind: Mind
    on_its_way: tuple[Sent, ...]
    met: frozenset[Limit]
    spent: frozenset[Move]


Kind = Literal["free", "defends", "fails", "leaves", "looks", "waits"]
"""Others send something; the honest party's transaction enters the chain before a limit, or fails there; or it enters
when no limit is left; it looks; time passes."""


class Step(NamedTuple):
    """How a position follows on another. move: None where nothing is sent."""

    kind: Kind
    move: Move | None
    to: Position


_Reached = tuple[Position, bool]
"""By a line, and whether the honest party had to defend itself on it."""


@dataclass(frozen=True)
class Ending:
    """Everything is over. end: what the honest party got out of its channels; surplus: above what was promised, in wei;
    delay: beyond what was promised, in seconds."""

    position: Position
    end: Money
    surplus: int
    delay: int

    @property
    def is_as_promised(self) -> bool:
        return self.surplus >= 0 and not self.delay


@dataclass
class Found:
    """promised, least: of each asset on its own, in wei, over all lines. latest: end of all, in Unix seconds. worst:
    the ending that is furthest below what was promised, or else the most too late, or else the least above."""

    promised: Money
    least: Money
    latest: int
    worst: Ending
    positions: int
    merged: int
    chain_positions: int
    transactions: int
    endings: int
    seconds: float
    line: list[Step]


class Stuck(Exception):
    """A position from which nothing goes on, although not all is over: an error in the rules of the game."""


class Game:
    def __init__(
        self, stage: Stage, player_of: Callable[[Papers], Player], report: Callable[[int], None] | None = None
    ):
        self.stage = stage
        self.papers = Papers(stage)
        self.free = self.papers.free_moves()
        self.player = player_of(self.papers)
        self.board = Board(stage, stage.machine())
        self.promise = Promise(stage)
        self._report = report
        self._visited: set[Position] = set()
        self._merged = 0
        self._wishes: dict[tuple[Mind, Node, int], tuple[Mind, tuple[Move, ...]]] = {}
        self._endings: dict[Position, Ending] = {}
        self._period = {name: terms.challenge_period for name, terms in stage.channels.items()}
        self._fixed = self._fixed_limits()
        self._long_after = stage.start + LONG_AFTER
        self._starts = sorted(
            {
                start
                for name in stage.channels
                for start in starts_that_matter(self._fixed, self._period[name], 1 + len(stage.resumes(name)))
            }
        )

        node = self.board.node()
        self._wealth = self.board.wealth(node)
        self.start = Position(node, self.board.machine.time, self.player.begin(), (), frozenset(), frozenset())

    # --- Searching ---

    def explore(self) -> Found:
        """Raises Stuck."""
        began = process_time()
        start = self.start
        self._visited.add(start)
        self._visit(start)
        worst = min(self._endings.values(), key=self._badness)
        ends = [ending.end for ending in self._endings.values()]
        return Found(
            self.promise.least(),
            (min(wei for wei, _ in ends), min(token for _, token in ends)),
            max(e.position.time for e in self._endings.values() if e.position.time < self._long_after),
            worst,
            len(self._visited),
            self._merged,
            len(self.board.words),
            self.board.tried,
            len(self._endings),
            process_time() - began,
            self._shortest_line(worst.position),
        )

    def _badness(self, ending: Ending) -> tuple[object, ...]:
        """The worst has the lowest; of equal ones not that which waits for years."""
        waits = ending.position.time >= self._long_after
        return (min(ending.surplus, 0), -ending.delay, ending.surplus, ending.end, waits)

    def _visit(self, position: Position) -> None:
        """The machine is at the position, and will be again."""
        goes_on = False
        for step in self._steps(position):
            goes_on = True
            if step.to in self._visited:
                self._merged += 1
                continue
            self._visited.add(step.to)
            if self._report is not None and len(self._visited) % REPORT_EVERY == 0:
                self._report(len(self._visited))
            self._go(position, step)
        if not goes_on and position not in self._endings:
            raise Stuck(position)

    def _go(self, position: Position, step: Step) -> None:
        if step.to.node == position.node and step.to.time == position.time:
            self._visit(step.to)
            return
        here = self.board.here()
        self.board.go(step.move, step.to.time)
        self._visit(step.to)
        self.board.back(here)

    def _shortest_line(self, end: Position) -> list[Step]:
        """With the fewest transactions, as late as can be. If there is one, a line on which the honest party defends
        itself. Everything is known by now."""
        start = (self.start, False)
        came: dict[_Reached, tuple[_Reached, Step] | None] = {start: None}
        level = [start]
        while level and (end, True) not in came:
            level = self._one_transaction_more(level, came)
        last: _Reached = (end, (end, True) in came)
        line = []
        while (origin := came[last]) is not None:
            last, step = origin
            line.append(step)
        return line[::-1]

    def _one_transaction_more(
        self, level: list[_Reached], came: dict[_Reached, tuple[_Reached, Step] | None]
    ) -> list[_Reached]:
        reached: list[_Reached] = []
        waiting = level[::-1]
        while waiting:
            position, defended = here = waiting.pop()
            for step in self._steps(position):
                to = (step.to, defended or step.kind == "defends")
                if to not in came:
                    came[to] = (here, step)
                    (waiting if step.move is None else reached).append(to)
        return reached[::-1]

    # --- The rules of the game ---

    def _steps(self, position: Position) -> Iterator[Step]:
        """All that can happen next."""
        view = self.board.view(position.node, position.time)
        duties = self._duties(view, position.time)
        yield from self._others_act(position)
        yield from self._honest_looks(position, view, duties)
        yield from self._honest_is_included(position)
        moment = self._next_moment(position, view)
        if moment in (None, self._long_after):
            yield from self._all_is_said(position, view)
        if moment is not None and all(limit in position.met for limit in duties if limit.time <= moment):
            yield Step("waits", None, self._keep_time(position, moment))

    def _others_act(self, position: Position) -> Iterator[Step]:
        for move in (*self.free, *self.player.given_away(position.mind)):
            if move.once and move in position.spent:
                continue
            node = self.board.after(position.node, position.time, move)
            if node is not None:
                spent = position.spent | {move} if move.once else position.spent
                yield Step("free", move, self._moved(position, node, spent=spent))

    def _honest_looks(self, position: Position, view: ChainView, duties: set[Limit]) -> Iterator[Step]:
        """What it wants to send is on its way; where it wants nothing it has had its chance."""
        mind, wishes = self._look(position, view)
        sent = {limit: Sent(move, limit) for move in wishes if (limit := self._limit_of(move, duties)) is not None}
        idle = {limit for limit in duties - sent.keys() if self._is_open(limit, position.time)}
        on_its_way = tuple(sorted((s for s in sent.values() if s.limit not in position.met), key=lambda s: s.limit))
        looked = position._replace(mind=mind, on_its_way=on_its_way, met=position.met | idle)
        if looked != position:
            yield Step("looks", None, looked)

    def _honest_is_included(self, position: Position) -> Iterator[Step]:
        """What fails is not done: it has to look again."""
        for sent in position.on_its_way:
            left = tuple(other for other in position.on_its_way if other != sent)
            node = self.board.after(position.node, position.time, sent.move)
            if node is None:
                yield Step("fails", sent.move, position._replace(on_its_way=left))
            else:
                met = position.met | {sent.limit}
                yield Step("defends", sent.move, self._moved(position, node, on_its_way=left, met=met))

    def _all_is_said(self, position: Position, view: ChainView) -> Iterator[Step]:
        """No limit is left. The honest party takes what it can, and leaves what is open; else all is over."""
        mind, wishes = self._look(position, view)
        if not wishes:
            wishes = tuple(self._leaving(mind, position, view))
        if not wishes:
            self._end(position)
        for move in wishes:
            node = self.board.after(position.node, position.time, move)
            if node is not None:
                yield Step("leaves", move, self._moved(position, node, mind=mind))

    def _leaving(self, mind: Mind, position: Position, view: ChainView) -> Iterator[Move]:
        for channel in self.stage.channels:
            on_chain = view.channels[self.stage.world.channel_id(channel)]
            if on_chain.status is Status.OPEN and any(amounts_of(on_chain)):
                for move in self.player.leave(mind, view, channel):
                    if self.board.after(position.node, position.time, move) is not None:
                        yield move

    def _end(self, position: Position) -> None:
        if position not in self._endings:
            wei, token = self.board.wealth(position.node)
            end = (wei - self._wealth[0], token - self._wealth[1])
            surplus = self.promise.surplus(end, self.board.shares(position.node))
            delay = 0 if position.time >= self._long_after else max(position.time - self.promise.latest(), 0)
            self._endings[position] = Ending(position, end, surplus, delay)

    # --- Looking ---

    def _look(self, position: Position, view: ChainView) -> tuple[Mind, tuple[Move, ...]]:
        """What it wants, as far as it would succeed now."""
        key = (position.mind, position.node, position.time)
        if key not in self._wishes:
            wish = self.player.look(position.mind, view)
            useful = tuple(m for m in wish.moves if self.board.after(position.node, position.time, m) is not None)
            self._wishes[key] = (wish.mind, useful)
        return self._wishes[key]

    # --- Limits ---

    def _fixed_limits(self) -> list[int]:
        """Those that nobody can move: of transfers and of what was signed."""
        limits = {triple.expiry for triple in self.stage.payments.values()}
        for channel in self.stage.channels:
            limits |= {signed.message.deadline for signed in self.stage.withdrawals(channel)}
            limits |= {signed.message.deadline for signed in self.stage.resumes(channel)}
            limits |= {exit_.exit.deadline for exit_ in self.stage.exits(channel)}
        return sorted(limits)

    def _duties(self, view: ChainView, time: int) -> set[Limit]:
        """The limits before which the honest party gets its transaction in."""
        limits = {
            Limit(on_chain.deadline, channel)
            for channel in self.stage.channels
            if (on_chain := view.channels[self.stage.world.channel_id(channel)]).status is Status.DISPUTED
        }
        limits |= {Limit(self.stage.payments[payment].expiry, payment) for payment in self.stage.incoming}
        return {limit for limit in limits if limit.time > time}

    def _is_open(self, limit: Limit, time: int) -> bool:
        """Whether its one transaction may be called for now: any time in a dispute, and when an expiry is near."""
        return limit.about in self.stage.channels or time >= limit.time - self.player.margin

    def _limit_of(self, move: Move, duties: set[Limit]) -> Limit | None:
        about = move.action.fields.get("payment") if move.action.name == "record" else move.channel
        if move.action.name not in ("record", "checkpoint", "close"):
            return None
        return next((limit for limit in duties if limit.about == about), None)

    def _next_moment(self, position: Position, view: ChainView) -> int | None:
        channels = [view.channels[self.stage.world.channel_id(name)] for name in self.stage.channels]
        deadlines = [c.deadline for c in channels if c.status is Status.DISPUTED]
        near = [self.stage.payments[payment].expiry - self.player.margin for payment in self.stage.incoming]
        starts = self._starts if any(c.status is Status.OPEN for c in channels) else ()
        moment = next_moment(position.time, (*self._fixed, *deadlines, *near), starts)
        return self._long_after if moment is None and self._can_wait(channels, position.time) else moment

    def _can_wait(self, channels: list[OnChain], time: int) -> bool:
        """Whether something is to be paid out that nobody has asked for."""
        waiting = (c.status is Status.DISPUTED or c.locked_wei or c.locked_token for c in channels)
        return time < self._long_after and any(waiting)

    # --- Positions ---

    def _moved(self, position: Position, node: Node, **changes: Any) -> Position:
        """The chain has changed: limits that are no more are forgotten."""
        return self._pruned(position._replace(node=node, **changes))

    def _keep_time(self, position: Position, time: int) -> Position:
        return self._pruned(position._replace(time=time))

    def _pruned(self, position: Position) -> Position:
        deadlines = self._deadlines(position.node)

        def lives(limit: Limit) -> bool:
            return limit.time > position.time and (limit.about not in self.stage.channels or limit in deadlines)

        return position._replace(
            on_its_way=tuple(sent for sent in position.on_its_way if lives(sent.limit)),
            met=frozenset(limit for limit in position.met if lives(limit)),
        )

    def _deadlines(self, node: Node) -> set[Limit]:
        return {Limit(deadline, channel) for channel, deadline in self.board.deadlines(node).items()}
