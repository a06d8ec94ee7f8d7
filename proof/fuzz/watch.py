"""Compares all that a life can have touched: every channel, reserve, credit, and everybody's ETH and tokens.

Most of it stays as it is from one move to the next. So what was read is compared with what was read before, and what
the model has with what it had; only where one of them changed are the two compared with each other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from connext.types import Address
from proof import storage
from proof.fuzz.scene import Line, Scene, readable
from proof.machine import Machine, Place, name_of, place
from proof.model.messages import NONE
from proof.storage import WORDS_OF_A_CHANNEL


@dataclass
class _Book:
    """Amounts of accounts: what the bytecode has, read in one go, and the model's dictionary."""

    name: str
    accounts: tuple[Address, ...]
    read: Callable[[], list[int]]
    decode: Callable[[int], Any]
    model: dict[Address, Any]
    nothing: Any
    words: list[int] = field(default_factory=list)
    amounts: list[Any] = field(default_factory=list)

    def difference(self) -> str:
        words, get, nothing = self.read(), self.model.get, self.nothing
        amounts = [get(account, nothing) for account in self.accounts]
        if words != self.words or amounts != self.amounts:
            for account, word, amount in zip(self.accounts, words, amounts, strict=True):
                if self.decode(word) != amount:
                    return f"{self.name} of {readable(account)} is {self.decode(word)}, the model has {amount}"
            self.words, self.amounts = words, amounts
        return ""


class Watch:
    def __init__(self, machine: Machine, scene: Scene) -> None:
        self._machine = machine
        self._scene = scene
        self._books = tuple(self._open_books())
        self._places: list[Place] = []
        self._seen: dict[Line, tuple[list[int], Any]] = {}

    def difference(self) -> str:
        """The first that is found; nothing if bytecode and model agree."""
        for book in self._books:
            if found := book.difference():
                return found
        return self._of_channels()

    def difference_of_outcomes(self) -> str:
        """The same of everything that could be recorded. Only a recording changes it."""
        scene = self._scene
        shares = scene.desks[0].ledger.registry.shares
        for triple in {payment.triple for payment in scene.payments} | shares.keys():
            word = self._machine.storage(scene.stage.registry, storage.share_slot(triple))
            if word != shares.get(triple, 0):
                return f"the share of {readable(triple)} is {word}, the model has {shares.get(triple, 0)}"
        return ""

    def _open_books(self) -> Iterator[_Book]:
        scene, owners, everybody = self._scene, self._scene.owners, self._scene.known_accounts
        for desk in scene.desks:
            for name, mapping, model in (
                ("reserve", storage.RESERVES, desk.ledger.reserves),
                ("credit", storage.CREDITS, desk.ledger.credits),
            ):
                read = self._mapping(desk.address, mapping, owners)
                yield _Book(name, owners, read, storage.pair_of, model, NONE)
        names = [name_of(account) for account in everybody]
        ether = scene.desks[0].ledger.ether
        yield _Book("ETH", everybody, lambda: self._machine.balances(names), int, ether, 0)
        for token in scene.tokens:
            read = self._mapping(token.address, storage.TOKEN_BALANCES, everybody)
            yield _Book("token balance", everybody, read, int, token.balances, 0)

    def _mapping(self, contract: Address, mapping: int, accounts: tuple[Address, ...]) -> Callable[[], list[int]]:
        places = [place(contract, storage.slot_of(account, mapping)) for account in accounts]
        return lambda: self._machine.words(places)

    def _of_channels(self) -> str:
        lines = self._scene.watched
        for line in lines[len(self._places) // WORDS_OF_A_CHANNEL :]:
            slot = storage.slot_of(line.identity.id, storage.RECORDS)
            self._places += [place(line.desk.address, slot + i) for i in range(WORDS_OF_A_CHANNEL)]
        words = self._machine.words(self._places)
        for line, start in zip(lines, range(0, len(words), WORDS_OF_A_CHANNEL), strict=True):
            now = words[start : start + WORDS_OF_A_CHANNEL], line.channel
            if self._seen.get(line) != now:
                stored, expected = storage.channel_of(now[0]), _expected(line)
                if stored != expected:
                    return f"{line.name} is {readable(stored)}, the model has {readable(expected)}"
                self._seen[line] = now
        return ""


def _expected(line: Line) -> storage.Stored:
    """What should be stored of a channel."""
    channel, state_hash = line.channel, line.desk.ledger.recorded_hash(line.identity.id)
    return storage.Stored(
        channel.status,
        channel.deadline,
        channel.dispute,
        channel.sequence,
        (channel.nonce, state_hash),
        channel.user,
        channel.held,
        channel.transfers_hash,
        channel.locked,
        channel.settled,
    )
