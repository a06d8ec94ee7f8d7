"""What a life is about: its ledgers, channels, conditional payments, and every message that was signed in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connext.types import ZERO_ADDRESS, Address, ChannelIdentity
from proof.fuzz.foreign import Foreign
from proof.fuzz.ink import Ink
from proof.fuzz.stage import RELAY, WEALTH, Manager, Person, Stage
from proof.guarantees import Guard
from proof.model.ledger import UNFUNDED, UNLIMITED, Channel, Ledger, Registry, Token
from proof.model.messages import Identity, SignedState, TransferList
from proof.model.operations import Batch, Context, Operation
from proof.past import Past, Triple


@dataclass
class Desk:
    """One of the managers that a life uses, with its model. opened: how many channels it had when last looked at.

    tokens: how many it had after the last move; given: how many of them other managers sent it, which are nobody's.
    """

    manager: Manager
    ledger: Ledger
    guard: Guard
    foreign: Foreign
    opened: int = 0
    tokens: int = 0
    given: int = 0

    def count_tokens(self, mover: Manager) -> None:
        """After a move of one of the managers."""
        before, self.tokens = self.tokens, self.ledger.token.balances.get(self.address, 0)
        if mover is not self.manager:
            self.given += self.tokens - before

    @property
    def address(self) -> Address:
        return self.manager.address


@dataclass(eq=False)
class Line:
    """A channel, and what was ever signed of it. exits: (dispute, deadline, signature)."""

    name: str
    desk: Desk
    identity: Identity
    user: Person
    node: Person
    states: list[tuple[SignedState, TransferList]] = field(default_factory=list)
    withdrawals: list[Operation] = field(default_factory=list)
    resumes: list[Operation] = field(default_factory=list)
    exits: list[tuple[int, int, Ink]] = field(default_factory=list)

    @property
    def channel(self) -> Channel:
        return self.desk.ledger.channels.get(self.identity.id, UNFUNDED)


@dataclass(frozen=True)
class Payment:
    """A triple, with what proves it. kind: name of the condition. secret: preimage or key. parts: of a combination."""

    kind: str
    condition: Address
    params: Any
    params_hash: bytes
    expiry: int
    secret: Any = None
    parts: tuple["Payment", ...] = ()

    @property
    def triple(self) -> Triple:
        return self.condition, self.params_hash, self.expiry


@dataclass(frozen=True)
class Move:
    """A transaction: to a manager, or for a Record to the registry.

    gas: None for all there is. garbled: the calldata of what is Garbled. item_gas: of each item of a Batch, where it is
    not as much as it may need.
    """

    manager: Manager
    operation: Operation
    context: Context
    gas: int | None = None
    garbled: bytes = b""
    item_gas: tuple[int, ...] = ()

    def __str__(self) -> str:
        caller, time, value = self.context
        gas = "" if self.gas is None else f" with gas {self.gas}"
        to = f"0x{self.manager.address.hex()[:8]}"
        return f"{time}: 0x{caller.hex()[:8]} sends {value} wei to {to}{gas}: {readable(self.operation)}"


class Scene:
    """The present of a life.

    time: of the next transaction. lines: the channels that people use; watched: all there are. lists: of transfers, by
    their hashes.
    """

    def __init__(self, stage: Stage, managers: tuple[Manager, ...]) -> None:
        self.stage = stage
        self.time = stage.machine.time
        self.desks = self._open_desks(managers)
        self.lines: list[Line] = []
        self.watched: list[Line] = []
        self.payments: list[Payment] = []
        self.lists: dict[bytes, TransferList] = {}
        self.inks: list[Ink] = []
        self.played: list[Move] = []

    def desk_of(self, manager: Manager) -> Desk:
        return next(desk for desk in self.desks if desk.manager is manager)

    @property
    def tokens(self) -> tuple[Token, ...]:
        return tuple({desk.ledger.token.address: desk.ledger.token for desk in self.desks}.values())

    @property
    def owners(self) -> tuple[Address, ...]:
        """Everybody who could have money in a manager, and those who must not."""
        people = [person.account for person in self.stage.people]
        return (*people, RELAY, FRESH, ZERO_ADDRESS, *self.stage.mute)

    @property
    def known_accounts(self) -> tuple[Address, ...]:
        """Everybody whose money is watched."""
        stage = self.stage
        people = [person.account for person in stage.people]
        managers = [manager.address for manager in stage.managers]
        others = [stage.dai, stage.hostile_token, stage.registry, stage.conditions.any_share, FRESH, RELAY]
        return (*people, *managers, *others)

    def _open_desks(self, managers: tuple[Manager, ...]) -> tuple[Desk, ...]:
        """One registry for all, one token for each kind, and ETH once."""
        stage, accounts = self.stage, self.known_accounts
        registry = Registry(stage.registry, {}, stage.conditions.shipped)
        ether = {account: stage.machine.balance(account) for account in accounts}
        tokens: dict[Address, Token] = {}
        past_shares: dict[Any, int] = {}
        conducts: dict[Address, tuple[int, Any]] = {}
        desks = []
        for manager in managers:
            token = tokens.setdefault(manager.token, self._token(manager.token))
            foreign = Foreign(stage, manager, token, conducts)
            ledger = Ledger(manager.parameters, token, registry, ether, foreign)
            desks.append(Desk(manager, ledger, Guard(ledger, Past(past_shares)), foreign))
        return tuple(desks)

    def _token(self, address: Address) -> Token:
        stage = self.stage
        spenders = [manager.address for manager in stage.managers if manager.token == address]
        owners = [person.account for person in stage.people]
        allowances = {(owner, spender): UNLIMITED for owner in owners for spender in spenders}
        return Token(address, dict.fromkeys(owners, WEALTH), allowances)

    def new_line(self, desk: Desk, user: Person, node: Person, period: int, salt: int) -> Line:
        terms = ChannelIdentity(user.account, user.signer.address, node.account, node.signer.address, period, salt)
        return self.line_of(desk, terms, user, node)

    def adopt(self, move: Move) -> None:
        """Watch what a move opened by accident: meant for another manager, where it is no channel, or another one."""
        desk = self.desk_of(move.manager)
        if len(desk.ledger.channels) == desk.opened:
            return
        desk.opened = len(desk.ledger.channels)
        known = {line.identity.id for line in self.watched}
        nobody = self.stage.people[0]
        for identity in _channels_of(move.operation):
            if identity.id in desk.ledger.channels.keys() - known:
                self.watched.append(Line("a channel by accident", desk, identity, nobody, nobody))
                known.add(identity.id)

    def line_of(self, desk: Desk, terms: ChannelIdentity, user: Person, node: Person) -> Line:
        identity = Identity.of(terms, self.stage.machine.chain_id, desk.address)
        line = Line(f"channel {len(self.lines) + 1}", desk, identity, user, node)
        self.lines.append(line)
        self.watched.append(line)
        return line


FRESH = b"\x77" * 20
"""An address that never did anything."""


def _channels_of(operation: Operation) -> Iterator[Identity]:
    if isinstance(operation, Batch):
        for item in operation.items:
            yield from _channels_of(item.operation)
    elif (channel := getattr(operation, "channel", None)) is not None:
        yield channel


def readable(value: Any) -> str:
    """Tuples with names written out, bytes in hexadecimal."""
    if isinstance(value, bytes):
        return f"0x{value.hex()[:16]}" if value else "0x"
    if hasattr(value, "_fields"):
        fields = zip(value._fields, value, strict=True)
        return f"{value.__class__.__name__}({', '.join(f'{name}={readable(item)}' for name, item in fields)})"
    if isinstance(value, tuple | list | frozenset | set):
        shown = list(value)
        more = f", and {len(shown) - 4} more" if len(shown) > 4 else ""
        return f"[{', '.join(readable(item) for item in shown[:4])}{more}]"
    return str(value)
