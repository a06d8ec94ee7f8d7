"""One life: a scene is played move by move, on the bytecode and by the model; after each move the two must agree."""

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from connext.abi import Log
from connext.types import Address, Status
from proof.fuzz import storage
from proof.fuzz.choices import Choices, Table
from proof.fuzz.foreign import MOST, calls_back_in_vain
from proof.fuzz.moves import Moves
from proof.fuzz.scene import Move, Scene, readable
from proof.fuzz.stage import RELAY, Manager, Stage
from proof.fuzz.watch import Watch
from proof.fuzz.wire import Reader, calldata, execute
from proof.guarantees import Broken
from proof.machine import Result
from proof.model import operations as op
from proof.model.refusals import Event, Refusal, Refused, admits, agree

SHORT_OF_GAS = frozenset(
    ("", "PayoutGasTooLow", "BatchGasTooLow", "TokenPullFailed", "DeliveryFailed", "ConditionFailed", "WrongSigner")
)
"""How an operation may fail that has too little gas; whatever it is, it must change nothing."""


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


@dataclass(frozen=True)
class Turn:
    """A move and why the model refuses it (None if it does not); or a change of the surroundings, in words. address,
    conduct: who behaves differently now, and how."""

    move: Move | None = None
    refused: frozenset[Refusal] | None = None
    change: str = ""
    address: Address = b""
    conduct: int | None = None

    @property
    def what(self) -> str:
        return self.change or str(self.move)


class Life:
    """stage: is put back to its start first."""

    def __init__(self, stage: Stage, choices: Choices, count: Count | None = None) -> None:
        stage.machine.back(stage.start)
        self.stage = stage
        self.machine = stage.machine
        self.choices = choices
        self.count = Count() if count is None else count
        self.scene = Scene(stage, _managers(stage, choices))
        self.moves = Moves(choices, self.scene)
        self.started = self.machine.time
        self.before = self.scene.desks[0].ledger.position()
        self.trace: list[Turn] = []
        self.failure = ""
        self.watch = Watch(self.machine, self.scene)
        self._reader = reader(stage.artifacts)
        self._ours = {desk.address for desk in self.scene.desks} | {stage.registry}

    def play(self, moves: int) -> None:
        """Raises Divergence."""
        for _ in range(moves):
            if not self.go_on():
                return

    def go_on(self) -> bool:
        """The next thing that happens, if there is one. Raises Divergence."""
        if self.choices.word() == 0:  # what a shorter life is made of
            return False
        if self.choices.seldom(6):
            self._change_surroundings()
        else:
            self._try(self.moves.next())
        return True

    # --- One move ---

    def _try(self, move: Move) -> None:
        self.machine.time = move.context.time
        result = self._send(move)
        if move.gas is not None and not result.succeeded and self._is_short_of_gas(result):
            self._compare_position(move)
            return
        events, refused = self._expected(move)
        end = "ok"
        if refused is None:
            self._compare_events(move, result, events)
        else:
            end = self._compare_error(move, result, refused)
        self._compare_position(move)
        self.count.ends[move.operation.__class__.__name__, end] += 1
        if isinstance(move.operation, op.Batch):
            self.count.items += len(move.operation.items)
        self.scene.played.append(move)

    def _expected(self, move: Move) -> tuple[list[Event], frozenset[Refusal] | None]:
        """What the model has: the events, or why it refuses."""
        try:
            events = move.desk.guard.perform(move.operation, move.context)
        except Refused as refused:
            self.trace.append(Turn(move, refused.reasons))
            return [], refused.reasons
        except Broken as broken:
            self.trace.append(Turn(move))
            raise Divergence(f"{broken} by {move}") from broken
        self.trace.append(Turn(move))
        return events, None

    def _send(self, move: Move) -> Result:
        context = move.context
        data = calldata(move.operation)
        to = self.stage.registry if move.operation.__class__ is op.Record else move.desk.address
        sender, value = context.caller, context.value
        if sender in self.stage.contracts:
            sender, to, data, value = RELAY, sender, execute(to, data, value), 0
        if move.gas is not None:
            return self.machine.send(sender, to, data, value, move.gas + 16 * len(data))
        return self.machine.send(sender, to, data, value)

    def _is_short_of_gas(self, result: Result) -> bool:
        return result.halted or self._reader.error(result.output)[0] in SHORT_OF_GAS

    # --- Comparing ---

    def _compare_events(self, move: Move, result: Result, expected: list[Event]) -> None:
        if not result.succeeded:
            name, values = self._reader.error(result.output)
            how = "halts" if result.halted else f"reverts with {name}{readable(values)}"
            raise Divergence(f"the bytecode {how}, the model has {readable(expected)}, for {move}")
        emitted = [self._event(log) for log in result.logs if log.address in self._ours]
        if len(emitted) != len(expected) or not all(
            actual.name == wanted.name and agree(wanted.values, actual.values, self._reader.error)
            for actual, wanted in zip(emitted, expected, strict=True)
        ):
            raise Divergence(f"events are {readable(emitted)}, the model has {readable(expected)}, for {move}")
        for log in result.logs:
            if log.address not in self._ours and not calls_back_in_vain(log):
                raise Divergence(f"a callback was let in: {log}, for {move}")

    def _event(self, log: Log) -> Event:
        return self._reader.event(log)

    def _compare_error(self, move: Move, result: Result, reasons: frozenset[Refusal]) -> str:
        if result.succeeded:
            raise Divergence(f"the bytecode succeeds, the model refuses with {readable(reasons)}, for {move}")
        name, values = self._reader.error(result.output)
        if result.halted or not admits(reasons, name, values, self._reader.error):
            raise Divergence(f"the error is {name}{readable(values)}, the model has {readable(reasons)}, for {move}")
        return "reverts" if name == "" or name.startswith("0x") else name

    def _compare_position(self, move: Move | None) -> None:
        if difference := self.watch.difference():
            raise Divergence(f"{difference}, after {move}")

    # --- What else happens ---

    def _change_surroundings(self) -> None:
        self.count.changes += 1
        match _CHANGES.draw(self.choices):
            case "foreign":
                desk = self.choices.pick(self.scene.desks)
                to, data, what = desk.foreign.change(self.choices)
                result = self.machine.send(RELAY, to, data)
                assert result.succeeded
                conduct, _ = desk.foreign.conducts[to]
                self.trace.append(Turn(change=f"{readable(to)} has {what}", address=to, conduct=conduct))
            case "balance":
                self._fill_a_wallet()
            case "age":
                self._age_a_channel()

    def _fill_a_wallet(self) -> None:
        """The token can move nothing to somebody who has all of it."""
        desk = self.choices.pick(self.scene.desks)
        account = self.choices.pick(self.stage.people).account
        balances = desk.ledger.token.balances
        amount = self.choices.pick((2**100, MOST, MOST - 1, MOST - 2**64))
        self.machine.set_storage(desk.manager.token, storage.slot_of(account, storage.TOKEN_BALANCES), amount)
        balances[account] = amount
        self.trace.append(Turn(change=f"{readable(account)} has {amount} tokens"))

    def _age_a_channel(self) -> None:
        """Counters and contributions near their bounds, which would take years to reach."""
        lines = [line for line in self.scene.lines if line.channel.status in (Status.OPEN, Status.DISPUTED)]
        if not lines:
            return
        line = self.choices.pick(lines)
        ledger, channel, id_ = line.desk.ledger, line.channel, line.identity.id
        slot = storage.slot_of(id_, storage.RECORDS)
        head = self.machine.storage(line.desk.address, slot)
        way = self.choices.pick(("dispute", "sequence", "user"))
        if way == "user":
            first = int(bool(head >> 248 & storage.TOKEN_FIRST))
            most = 2**95 - 1 - self.choices.below(1_000)
            user = self.choices.pick((most, -most - 1))
            users = (channel.user[0], user) if first else (user, channel.user[1])
            head, aged = storage.with_user(head, user), channel._replace(user=users)
        elif way == "dispute":
            dispute = max(channel.dispute, 2**16 - 1 - self.choices.below(3) if channel.deadline else 2**16 - 3)
            head, aged = storage.with_counters(head, dispute, channel.sequence), channel._replace(dispute=dispute)
        else:
            sequence = max(channel.sequence, 2**16 - 1 - self.choices.below(3))
            head, aged = storage.with_counters(head, channel.dispute, sequence), channel._replace(sequence=sequence)
        self.machine.set_storage(line.desk.address, slot, head)
        ledger.channels[id_] = aged
        self.trace.append(Turn(change=f"{line.name} is {readable(aged)}"))
        self._compare_position(None)


_CHANGES = Table({"foreign": 12, "balance": 3, "age": 2})


def _managers(stage: Stage, choices: Choices) -> tuple[Manager, ...]:
    """One or two."""
    first = choices.below(len(stage.managers) * 2) % len(stage.managers) if choices.seldom(60) else 0
    if choices.seldom(70):
        return (stage.managers[first],)
    second = choices.below(len(stage.managers))
    return (stage.managers[first], stage.managers[second]) if first != second else (stage.managers[first],)


@lru_cache(maxsize=8)
def reader(artifacts: Path) -> Reader:
    names = ("ChannelManager", "OutcomeRegistry", "Stream", "LinkedPayment", "AllOf", "AnyOf")
    return Reader(*(json.loads((artifacts / f"{name}.json").read_text())["abi"] for name in names))
