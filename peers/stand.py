"""Where a system is measured: people with money, one row at a time, every transaction's gas written down."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from connext.chain import Transaction
from connext.chain.views import wallet_at
from connext.keccak import keccak256
from connext.signing import Key, to_rsv
from connext.token import TOKEN_ABI
from connext.types import ZERO_ADDRESS, Address
from peers.chain import BenchChain, must
from peers.rows import AMOUNT, EXPECTED, Change

ETH = ZERO_ADDRESS
"""Stands for ether where a token's address is expected, in Nitro and Vector as here."""

WEALTH = 1_000 * AMOUNT
UNLIMITED = 2**256 - 1

Gas = tuple[int, ...]
"""Of every transaction of a row, in order."""


@dataclass(frozen=True)
class Column:
    """What was measured of one system in one asset. notes: of the rows that are not what they seem."""

    system: str
    version: str
    deployment: int
    rows: Mapping[str, Gas]


class WrongPayout(AssertionError):
    """Somebody was not paid what the signed states say: the row's gas says nothing."""


class Person:
    """An account that signs by itself, as all the other systems have it; always the same for a name."""

    def __init__(self, name: str) -> None:
        self._key = Key(keccak256(f"peer {name}".encode()))
        self.account: Address = self._key.address

    def sign(self, digest: bytes) -> bytes:
        """65 bytes: r, s, v (27 or 28)."""
        return to_rsv(self._key.sign_digest(digest))


class Case:
    """One row of one system in one asset, between a user and a node of its own, who hold some already."""

    def __init__(self, chain: BenchChain, asset: Address, name: str, spenders: Iterable[Address]) -> None:
        self.chain = chain
        self.asset = asset
        self.user, self.node = Person(f"{name} user"), Person(f"{name} node")
        self.node_credit = 0
        """What lies inside of a contract for the node alone to take out; whoever plays the row asks the chain."""
        self._gas: list[int] = []
        for person in (self.user, self.node):
            chain.set_balance(person.account, WEALTH)
            if asset != ETH:
                self._enrich(person, spenders)
        self._before = self._wealth()

    @property
    def is_ether(self) -> bool:
        return self.asset == ETH

    def send(self, sender: Person, to: Address, data: bytes = b"", value: int = 0) -> None:
        self._gas.append(must(self.chain, Transaction(sender.account, to, data, value)))

    def begin(self) -> None:
        """What was sent until here prepares the row; what comes is measured."""
        self._gas.clear()

    def wait(self, seconds: int) -> None:
        """The next block comes after that time."""
        self.chain.set_next_time(self.chain.head.time + seconds)

    def gas(self) -> Gas:
        return tuple(self._gas)

    def change(self) -> Change:
        now = self._wealth()
        return Change(now.user - self._before.user, now.node + self.node_credit - self._before.node)

    def _wealth(self) -> Change:
        return Change(*(self._holds(person) for person in (self.user, self.node)))

    def _holds(self, person: Person) -> int:
        if self.is_ether:
            return self.chain.balance(person.account, self.chain.head.number)
        return wallet_at(self.chain, self.asset, person.account, self.chain.head.number).amount_token

    def _enrich(self, person: Person, spenders: Iterable[Address]) -> None:
        self.send(person, self.asset, TOKEN_ABI.encode_call("mint", person.account, WEALTH))
        for spender in spenders:
            self.send(person, self.asset, TOKEN_ABI.encode_call("approve", spender, UNLIMITED))


Play = Callable[[Case], None]
"""Plays one row: prepares it, calls `begin`, and goes on until everybody is paid."""


def measure(
    chain: BenchChain, asset: Address, system: str, plays: Mapping[str, Play], spenders: Iterable[Address]
) -> dict[str, Gas]:
    """The gas of each row, after a first run of all of them that leaves the contracts in use.

    Raises CannotSend, WrongPayout.
    """
    spenders = tuple(spenders)
    name = f"{system} {asset.hex()}"
    for row, play in plays.items():
        play(Case(chain, asset, f"{name} {row} before", spenders))
    figures = {}
    for row, play in plays.items():
        case = Case(chain, asset, f"{name} {row}", spenders)
        play(case)
        if case.change() != EXPECTED[row]:
            raise WrongPayout(f"{system}, {row}: {case.change()} instead of {EXPECTED[row]}")
        figures[row] = case.gas()
    return figures
