"""The contracts' ledger as data: what one manager keeps, beside the money, the token and the registry that it shares.

Records are tuples and never change; the ledger maps ids and accounts to them. So a `Position`, all that can be said
of a moment, costs a few shallow copies, and what an operation did not touch is the very same object after it.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from connext.types import MAX_CHANNEL_TOTAL, Status
from proof.model.messages import NONE, Header, Pair, state_hash
from proof.model.refusals import Refusal

FULL_SHARE = 10**18
MAX_FUNDED_RESERVE = 2**127 - 1
"""Money sent in stops here. Payouts of channels never do: the rest of the 128 bits is theirs."""
NO_HASH = bytes(32)


class Parameters(NamedTuple):
    """What never changes in a deployment (docs/protocol.md section 7); capacities and limits per asset."""

    address: bytes
    chain_id: int
    capacity: Pair
    transfer_limit: Pair
    min_challenge_period: int
    max_challenge_period: int


class Channel(NamedTuple):
    """All that the chain keeps of a channel.

    contributions and locks: per asset; `held` is the sum of both sides' contributions. deadline: 0 without a dispute.
    recorded: None without a state. Of a settled channel with open transfers: hash of their list, what they hold, and
    bit i for the i-th that is settled.
    """

    status: Status = Status.UNFUNDED
    deadline: int = 0
    dispute: int = 0
    sequence: int = 0
    recorded: Header | None = None
    user: Pair = NONE
    held: Pair = NONE
    transfers_hash: bytes = NO_HASH
    locked: Pair = NONE
    settled: int = 0

    @property
    def node(self) -> Pair:
        return self.held[0] - self.user[0], self.held[1] - self.user[1]

    @property
    def nonce(self) -> int:
        return self.recorded.nonce if self.recorded else 0


UNFUNDED = Channel()
SETTLED = Channel(Status.SETTLED)


class Surroundings(Protocol):
    """What foreign code decides. The harness knows which contracts it has put where."""

    def can_receive(self, account: bytes, asset: int, amount: int, stipend: bool) -> bool:
        """Whether a delivery to the account succeeds. stipend: with the stipend's gas, else with all that is left."""
        ...

    def can_pull(self, owner: bytes, amount: int) -> bool:
        """Whether the token does not refuse to move what its owner has and allowed."""
        ...

    def evaluate(self, condition: bytes, params: Any, expiry: int, witness: Any) -> int | bytes | None:
        """What a condition answers that is not one of those that ship: a number; a revert's reason as bytes; or None
        where it answers with anything but one word."""
        ...


class Peaceful:
    """Everybody takes what is sent, and there are no other conditions."""

    def can_receive(self, account: bytes, asset: int, amount: int, stipend: bool) -> bool:  # noqa: ARG002
        return True

    def can_pull(self, owner: bytes, amount: int) -> bool:  # noqa: ARG002
        return True

    def evaluate(self, condition: bytes, params: Any, expiry: int, witness: Any) -> int | bytes | None:  # noqa: ARG002
        return None


@dataclass
class Token:
    """The token that managers share. An allowance of UNLIMITED never shrinks. Allowances by (owner, spender)."""

    address: bytes
    balances: dict[bytes, int] = field(default_factory=dict)
    allowances: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    permit_nonces: dict[bytes, int] = field(default_factory=dict)


UNLIMITED = 2**256 - 1


@dataclass
class Registry:
    """Shares by triple (condition, hash of the parameters, expiry); and which conditions ship (see `outcomes`)."""

    address: bytes
    shares: dict[tuple[bytes, bytes, int], int] = field(default_factory=dict)
    conditions: dict[bytes, str] = field(default_factory=dict)

    def outcome(self, triple: tuple[bytes, bytes, int], time: int) -> tuple[int, bool]:
        """The share recorded, of 1e18, and whether it is final."""
        share = self.shares.get(triple, 0)
        return share, time >= triple[2] or share == FULL_SHARE


class Position(NamedTuple):
    """Everything at one moment; records by id or account as in the ledger. Never written to."""

    channels: dict[bytes, Channel]
    reserves: dict[bytes, Pair]
    credits: dict[bytes, Pair]
    ether: dict[bytes, int]
    tokens: dict[bytes, int]
    allowances: dict[tuple[bytes, bytes], int]
    permit_nonces: dict[bytes, int]
    shares: dict[tuple[bytes, bytes, int], int]


@dataclass
class Ledger:
    """One manager. `ether` is everybody's (the manager's own included), in wei by address; several ledgers may share
    it, the token and the registry."""

    parameters: Parameters
    token: Token
    registry: Registry
    ether: dict[bytes, int] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Peaceful)
    channels: dict[bytes, Channel] = field(default_factory=dict)
    reserves: dict[bytes, Pair] = field(default_factory=dict)
    credits: dict[bytes, Pair] = field(default_factory=dict)
    terms: dict[bytes, tuple[Refusal, ...]] = field(default_factory=dict)
    """What is wrong with a channel's terms, by its id: it never changes."""

    def __post_init__(self) -> None:
        if max(self.parameters.capacity) > MAX_CHANNEL_TOTAL:
            raise ValueError(f"no manager has a capacity above {MAX_CHANNEL_TOTAL}, got {self.parameters.capacity}")
        self.address = self.parameters.address
        self.domain = (self.parameters.chain_id, self.address)

    # --- Reading ---

    def channel(self, channel_id: bytes) -> Channel:
        return self.channels.get(channel_id, UNFUNDED)

    def recorded_hash(self, channel_id: bytes) -> bytes:
        """The 26 bytes that stand for the recorded state; zero without one."""
        recorded = self.channel(channel_id).recorded
        return state_hash(channel_id, recorded) if recorded else bytes(26)

    def reserve(self, account: bytes) -> Pair:
        return self.reserves.get(account, NONE)

    def credit(self, account: bytes) -> Pair:
        return self.credits.get(account, NONE)

    def position(self) -> Position:
        books: tuple[dict[Any, Any], ...] = self._books()
        return Position(*(book.copy() for book in books))

    # --- Writing ---

    def back(self, position: Position) -> None:
        """Make everything as it was at that position."""
        books: tuple[dict[Any, Any], ...] = self._books()
        old_books: tuple[dict[Any, Any], ...] = position
        for book, old in zip(books, old_books, strict=True):
            book.clear()
            book.update(old)

    def _books(self) -> Position:
        """The very books, not copies."""
        return Position(
            self.channels,
            self.reserves,
            self.credits,
            self.ether,
            self.token.balances,
            self.token.allowances,
            self.token.permit_nonces,
            self.registry.shares,
        )

    def add_to_reserve(self, account: bytes, amounts: Pair) -> None:
        self.reserves[account] = plus(self.reserve(account), amounts)

    def add_to_credit(self, account: bytes, amounts: Pair) -> None:
        self.credits[account] = plus(self.credit(account), amounts)

    def pull(self, owner: bytes, amount: int) -> None:
        """Tokens from their owner, by its allowance."""
        allowed = self.token.allowances.get((owner, self.address), 0)
        if allowed != UNLIMITED:
            self.token.allowances[owner, self.address] = allowed - amount
        move(self.token.balances, owner, self.address, amount)

    def send(self, recipient: bytes, asset: int, amount: int) -> None:
        move(self.token.balances if asset else self.ether, self.address, recipient, amount)


def move(book: dict[bytes, int], source: bytes, target: bytes, amount: int) -> None:
    book[source] = book.get(source, 0) - amount
    book[target] = book.get(target, 0) + amount


def plus(one: Pair, other: Pair) -> Pair:
    return one[0] + other[0], one[1] + other[1]


def minus(one: Pair, other: Pair) -> Pair:
    return one[0] - other[0], one[1] - other[1]
