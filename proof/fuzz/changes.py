"""What happens between moves: foreign code is told to behave differently, wallets fill up, channels grow old."""

from dataclasses import dataclass
from typing import Any

from connext.types import Address, Status
from proof import storage
from proof.fuzz.choices import Choices, Table
from proof.fuzz.foreign import MOST
from proof.fuzz.scene import Line, Scene, readable
from proof.fuzz.stage import RELAY, WEALTH


@dataclass(frozen=True)
class Told:
    """A contract is told by a call with `data` how to behave. conduct: what `Foreign` knows of it from now on."""

    address: Address
    data: bytes
    conduct: tuple[int, Any]

    def make(self, scene: Scene) -> None:
        result = scene.stage.machine.send(RELAY, self.address, self.data)
        assert result.succeeded
        for desk in scene.desks:
            desk.foreign.conducts[self.address] = self.conduct

    def __str__(self) -> str:
        return f"{readable(self.address)} behaves like {readable(self.conduct)}"


@dataclass(frozen=True)
class Filled:
    """Somebody has so many tokens; the token can move none to who has all there can be."""

    token: Address
    account: Address
    amount: int

    def make(self, scene: Scene) -> None:
        slot = storage.slot_of(self.account, storage.TOKEN_BALANCES)
        scene.stage.machine.set_storage(self.token, slot, self.amount)
        for token in scene.tokens:
            if token.address == self.token:
                token.balances[self.account] = self.amount

    def __str__(self) -> str:
        return f"{readable(self.account)} has {self.amount} tokens"


@dataclass(frozen=True)
class Aged:
    """A counter or the first contribution of a channel is near its bound, which would take years to reach.

    what: "dispute", "sequence", or "user" for the user's contribution.
    """

    line: str
    what: str
    number: int

    def make(self, scene: Scene) -> None:
        line = next(line for line in scene.lines if line.name == self.line)
        channel, machine, manager = line.channel, scene.stage.machine, line.desk.address
        if channel.status not in (Status.OPEN, Status.DISPUTED):
            return
        slot = storage.slot_of(line.identity.id, storage.RECORDS)
        head = machine.storage(manager, slot)
        if self.what == "user":
            token_is_first = storage.is_token_first(head)
            users = (channel.user[0], self.number) if token_is_first else (self.number, channel.user[1])
            head, channel = storage.with_user(head, self.number), channel._replace(user=users)
        elif self.what == "dispute":
            channel = channel._replace(dispute=max(channel.dispute, self.number))
            head = storage.with_counters(head, channel.dispute, channel.sequence)
        else:
            channel = channel._replace(sequence=max(channel.sequence, self.number))
            head = storage.with_counters(head, channel.dispute, channel.sequence)
        machine.set_storage(manager, slot, head)
        line.desk.ledger.channels[line.identity.id] = channel

    def __str__(self) -> str:
        return f"{self.line} has the {self.what} {self.number}"


Change = Told | Filled | Aged


def draw_change(choices: Choices, scene: Scene) -> Change | None:
    """None where nothing can change in the way that chance wants."""
    match _KINDS.draw(choices):
        case "told":
            desk = choices.pick(scene.desks)
            return Told(*desk.foreign.change(choices))
        case "filled":
            token = choices.pick(scene.desks).manager.token
            account = choices.pick(scene.stage.people).account
            return Filled(token, account, choices.pick((WEALTH, MOST, MOST - 1, MOST - 2**64)))
    lines = [line for line in scene.lines if line.channel.status in (Status.OPEN, Status.DISPUTED)]
    return _draw_age(choices, lines) if lines else None


_KINDS = Table({"told": 12, "filled": 3, "aged": 2})


def _draw_age(choices: Choices, lines: list[Line]) -> Aged:
    line, short = choices.pick(lines), choices.below(3)
    what = choices.pick(("dispute", "sequence", "user"))
    if what == "user":
        most = 2**95 - 1 - choices.below(1_000)
        return Aged(line.name, what, choices.pick((most, -most - 1)))
    if what == "dispute" and not line.channel.deadline:
        short += 2  # the last dispute is always the running one
    return Aged(line.name, what, 2**16 - 1 - short)
