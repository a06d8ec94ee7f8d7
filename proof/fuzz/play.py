"""Turns of a life on the bytecode and by the model; after each the two must agree on everything."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from connext.types import Address
from proof.fuzz.changes import Change
from proof.fuzz.foreign import calls_back_in_vain
from proof.fuzz.scene import Move, Scene, readable
from proof.fuzz.stage import RELAY, Manager, Stage
from proof.fuzz.watch import Watch
from proof.fuzz.wire import Reader, batch_calldata, calldata, execute
from proof.guarantees import Broken
from proof.machine import Result
from proof.model import operations as op
from proof.model.refusals import Event, Refusal, Refused, admits, agree

Turn = Move | Change

SHORT_OF_GAS = frozenset(
    ("", "PayoutGasTooLow", "BatchGasTooLow", "TokenPullFailed", "DeliveryFailed", "ConditionFailed", "WrongSigner")
)
"""How an operation may fail that has too little gas."""
SHORT = "short of gas"


class Divergence(AssertionError):
    """Bytecode and model disagree, or a guarantee is broken."""


@dataclass
class Count:
    """Operations by kind and end: (kind, "ok" or the error's name)."""

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    lives: int = 0
    items: int = 0
    """Of batches, beside the operations."""
    changes: int = 0
    """Of foreign code, balances and counters, in between."""

    @property
    def operations(self) -> int:
        return self.ends.total()

    @property
    def succeeded(self) -> int:
        return sum(count for (_, end), count in self.ends.items() if end == "ok")

    def add(self, other: "Count") -> None:
        self.ends += other.ends
        self.lives += other.lives
        self.items += other.items
        self.changes += other.changes


@dataclass
class Taken:
    """A turn that was taken. refused: why the model refuses it; None if it does not. end: what bytecode and model agree
    on: "ok", or an error's name; nothing while they do not."""

    turn: Turn
    refused: frozenset[Refusal] | None = None
    end: str = ""


class Play:
    """A scene at its beginning, and what happens in it. stage: is put back to its start.

    taken: all turns so far, with the one that failed; failure: what is wrong then.
    """

    def __init__(self, stage: Stage, managers: tuple[Manager, ...], count: Count | None = None) -> None:
        stage.machine.back(stage.start)
        self.stage = stage
        self.machine = stage.machine
        self.managers = managers
        self.count = Count() if count is None else count
        self.scene = Scene(stage, managers)
        self.started = self.machine.time
        self.before = self.scene.desks[0].ledger.position()
        self.taken: list[Taken] = []
        self.failure = ""
        self._watch = Watch(self.machine, self.scene)
        self._reader = reader(stage.artifacts)
        self._ours = {manager.address for manager in managers} | {stage.registry}

    def take(self, turn: Turn) -> None:
        """Raises Divergence."""
        self.taken.append(Taken(turn))
        try:
            if isinstance(turn, Move):
                self._try(turn)
            else:
                self.count.changes += 1
                turn.make(self.scene)
                self._compare_position(turn)
        except Divergence as divergence:
            self.failure = str(divergence)
            raise

    # --- One move ---

    def _try(self, move: Move) -> None:
        self.machine.time = move.context.time
        result = self._send(move)
        if move.gas is not None and not result.succeeded and self._is_short_of_gas(result):
            self.taken[-1].end = SHORT
            self.count.ends[move.operation.__class__.__name__, SHORT] += 1
            return
        events, refused = self._expected(self._with_starved(move, result))
        end = "ok"
        if refused is None:
            self._compare_events(move, result, events)
        else:
            end = self._compare_error(move, result, refused)
        self.scene.adopt(move)
        for desk in self.scene.desks:
            desk.count_tokens(move.manager)
        if result.succeeded:  # what fails cannot have changed anything, the EVM sees to that
            self._compare_position(move)
        self.taken[-1].end = end
        self.count.ends[move.operation.__class__.__name__, end] += 1
        if isinstance(move.operation, op.Batch):
            self.count.items += len(move.operation.items)
        self.scene.played.append(move)

    def _with_starved(self, move: Move, result: Result) -> Move:
        """Which items had too little gas only the bytecode can tell. They fail; nothing else may come of it."""
        batch = move.operation
        if not isinstance(batch, op.Batch) or not move.item_gas or not result.succeeded:
            return move
        failed = {event.values[0] for event in self._events(result) if event.name == "CallFailed"}
        items = tuple(item._replace(starved=index in failed) for index, item in enumerate(batch.items))
        return replace(move, operation=op.Batch(items))

    def _expected(self, move: Move) -> tuple[list[Event], frozenset[Refusal] | None]:
        """What the model has: the events, or why it refuses."""
        try:
            events = self.scene.desk_of(move.manager).guard.perform(move.operation, move.context)
        except Refused as refused:
            self.taken[-1].refused = refused.reasons
            return [], refused.reasons
        except Broken as broken:
            raise Divergence(f"{broken} by {move}") from broken
        return events, None

    def _send(self, move: Move) -> Result:
        sender, to, data, value = transaction_of(self.stage, move)
        if move.gas is None:
            return self.machine.send(sender, to, data, value)
        return self.machine.send(sender, to, data, value, move.gas + 16 * len(data))

    def _is_short_of_gas(self, result: Result) -> bool:
        return result.halted or self._reader.error(result.output)[0] in SHORT_OF_GAS

    # --- Comparing ---

    def _compare_events(self, move: Move, result: Result, expected: list[Event]) -> None:
        if not result.succeeded:
            name, values = self._reader.error(result.output)
            how = "halts" if result.halted else f"reverts with {name}{readable(values)}"
            raise Divergence(f"the bytecode {how}, the model has {readable(expected)}, for {move}")
        emitted = self._events(result)
        if len(emitted) != len(expected) or not all(
            actual.name == wanted.name and agree(wanted.values, actual.values, self._reader.error)
            for actual, wanted in zip(emitted, expected, strict=True)
        ):
            raise Divergence(f"events are {readable(emitted)}, the model has {readable(expected)}, for {move}")
        for log in result.logs:
            if log.address not in self._ours and not calls_back_in_vain(log):
                raise Divergence(f"a callback was let in: {log}, for {move}")

    def _events(self, result: Result) -> list[Event]:
        return [self._reader.event(log) for log in result.logs if log.address in self._ours]

    def _compare_error(self, move: Move, result: Result, reasons: frozenset[Refusal]) -> str:
        if result.succeeded:
            raise Divergence(f"the bytecode succeeds, the model refuses with {readable(reasons)}, for {move}")
        name, values = self._reader.error(result.output)
        if result.halted or not admits(reasons, name, values, self._reader.error):
            raise Divergence(f"the error is {name}{readable(values)}, the model has {readable(reasons)}, for {move}")
        return "reverts" if name == "" or name.startswith("0x") else name

    def _compare_position(self, turn: Turn) -> None:
        difference = self._watch.difference()
        if not difference and isinstance(turn, Move) and isinstance(turn.operation, op.Record):
            difference = self._watch.difference_of_outcomes()
        if difference:
            raise Divergence(f"{difference}, after {turn}")


def transaction_of(stage: Stage, move: Move) -> tuple[Address, Address, bytes, int]:
    """Sender, receiver, data and value. A contract account makes its call when it is told to."""
    sender, _, value = move.context
    data = move.garbled or calldata(move.operation)
    if isinstance(move.operation, op.Batch) and move.item_gas:
        data = batch_calldata(move.operation, move.item_gas)
    to = stage.registry if isinstance(move.operation, op.Record) else move.manager.address
    if sender in stage.contracts:
        return RELAY, sender, execute(to, data, value), 0
    return sender, to, data, value


@lru_cache(maxsize=8)
def reader(artifacts: Path) -> Reader:
    names = ("ChannelManager", "OutcomeRegistry", "Stream", "LinkedPayment", "AllOf", "AnyOf")
    return Reader(*(json.loads((artifacts / f"{name}.json").read_text())["abi"] for name in names))
