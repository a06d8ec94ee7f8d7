"""Chains that hold a manager: the in-process EVM (`connext.chain.evm`) and what Ape connects to (`connext.chain.ape`).

Both answer with the same values, so that what is written for one runs on the other. Amounts in wei, times in Unix
seconds.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Protocol

from connext.abi import Event, Log, Revert, artifact
from connext.errors import ConnextError
from connext.token import TOKEN_ABI
from connext.types import Address

BLOCK_SECONDS = 12
"""Time between the blocks of a local chain."""

CONTRACTS = ("ChannelManager", "OutcomeRegistry", "Stream", "LinkedPayment", "AllOf", "AnyOf")
"""What this package deploys, without the token."""

KNOWN_ABI = reduce(or_, (artifact(name).abi for name in CONTRACTS), TOKEN_ABI)
"""All events and errors that a transaction with a manager or a registry can meet."""


@dataclass(frozen=True, slots=True)
class Block:
    number: int
    time: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """What `sender` asks of the contract at `to`. gas: its limit; None for as much as is needed."""

    sender: Address
    to: Address
    data: bytes
    value: int = 0
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction in its block. fee: what it cost the sender; error: None if it succeeded."""

    transaction: Transaction
    block: Block
    gas_used: int
    fee: int
    logs: tuple[Log, ...]
    error: Revert | None

    @property
    def succeeded(self) -> bool:
        return self.error is None

    @property
    def events(self) -> tuple[Event, ...]:
        """The logs of manager and token, decoded."""
        decoded = (KNOWN_ABI.decode_log(log) for log in self.logs)
        return tuple(event for event in decoded if event is not None)


@dataclass(eq=False)
class CallReverted(ConnextError):
    """A call that changes nothing was refused by the contract."""

    text = "the call was refused: {error}"
    error: Revert


@dataclass(eq=False)
class CannotSend(ConnextError):
    """The transaction cannot enter a block at all, or would fail on a network where that costs money."""

    text = "the transaction was not sent: {reason}"
    reason: str


@dataclass(eq=False)
class TimeHasPassed(ConnextError, ValueError):
    """Time on a chain only goes forward."""

    text = "no block can have the time {time}: the head has {head_time}"
    time: int
    head_time: int


class Chain(Protocol):
    """What everything needs of a chain."""

    @property
    def chain_id(self) -> int: ...

    @property
    def head(self) -> Block: ...

    def block(self, number: int) -> Block: ...

    def send(self, transaction: Transaction) -> Receipt:
        """Wait until the transaction is in a block (on a live network: confirmed). Raises CannotSend."""

    def call(self, transaction: Transaction, block: int) -> bytes:
        """What it would return at the end of that block, where it changes nothing. Raises CallReverted."""

    def logs(self, address: Address, first: int, last: int) -> tuple[Log, ...]:
        """What the contract emitted from block `first` to block `last`, in order."""

    def balance(self, account: Address, block: int) -> int: ...


class LocalChain(Chain, Protocol):
    """A chain of our own, which does what a test or a story needs. Its gas is free; any address can send."""

    def deploy(self, deployer: Address, code: bytes) -> Address:
        """The address of the contract that the creation code makes. Raises CannotSend."""

    def set_balance(self, account: Address, wei: int) -> None: ...

    def set_code(self, address: Address, runtime: bytes) -> None:
        """Put a contract where no transaction could: at the address of a token, for instance."""

    def set_next_time(self, time: int) -> None:
        """Give the next block this time instead of BLOCK_SECONDS after the head. Raises TimeHasPassed."""

    def mine(self) -> Block:
        """An empty block."""

    def rewind(self, number: int) -> None:
        """Make block `number` the head again, as a re-organization does; what came after never happened."""
