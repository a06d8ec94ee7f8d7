"""A sample of the fuzzer's lives on three machines: the fast one, the exact one, and anvil through Ape.

All three come to the same results, errors and logs; the last two use the same gas, to the unit, and the fast one never
uses more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from ape.managers import ChainManager

from connext.abi import Log, Revert
from connext.chain import KNOWN_ABI, LocalChain, Transaction
from connext.chain.ape import ApeLocalChain
from connext.chain.evm import EvmChain
from connext.types import Address
from proof.fuzz.changes import Told
from proof.fuzz.choices import seeded
from proof.fuzz.life import Life
from proof.fuzz.play import Turn, transaction_of
from proof.fuzz.scene import Move
from proof.fuzz.stage import RELAY, Stage
from proof.machine import Machine

GAS = 16_000_000
"""Of every transaction: what a hostile payee burns is the same everywhere then."""
LIVES = 12
TURNS = 25
LATER = 1_000_000
"""Seconds between the building of the stage and the lives."""


class OnChain:
    """A local chain as a stage wants its machine."""

    def __init__(self, chain: LocalChain, balances: Mapping[Address, int]) -> None:
        self.chain, self.chain_id = chain, chain.chain_id
        for account, wei in balances.items():
            chain.set_balance(account, wei)

    def deploy(self, deployer: Address, code: bytes) -> Address:
        return self.chain.deploy(deployer, code)

    def send(self, sender: Address, to: Address, data: bytes, value: int = 0) -> Any:
        return self.chain.send(Transaction(sender, to, data, value))

    def mark(self) -> None:
        """Nobody goes back here."""


class OtherStage(Stage):
    """The same, on any chain."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        super().__init__()

    def _machine(self, balances: Mapping[Address, int], time: int) -> Any:  # noqa: ARG002
        return OnChain(self.chain, balances)


@dataclass(frozen=True)
class End:
    """What became of a transaction. error: None if it succeeded."""

    error: Revert | None
    logs: tuple[Log, ...]


Sent = tuple[int, Transaction]
"""With its time."""


@pytest.fixture
def anvil(chain: ChainManager) -> ApeLocalChain:
    return ApeLocalChain(chain.provider)


@pytest.fixture
def stage(anvil: ApeLocalChain) -> Stage:
    """On the fast machine, at a time that the other chains have not reached when theirs is built."""
    return Stage(time=anvil.head.time + LATER)


def sample(stage: Stage, seed: int) -> list[Sent]:
    """The transactions of a life, up to what no transaction can do; all with plenty of gas."""
    life = Life(stage, seeded(seed))
    life.live(TURNS)
    sent: list[Sent] = []
    time = life.play.started
    for taken in life.play.taken:
        time = taken.turn.context.time if isinstance(taken.turn, Move) else time + 1
        transaction = as_sent(stage, taken.turn)
        if transaction is None:
            break
        sent.append((time, transaction))
    return sent


def as_sent(stage: Stage, turn: Turn) -> Transaction | None:
    if isinstance(turn, Move):
        return None if turn.gas is not None else Transaction(*transaction_of(stage, turn), GAS)
    return Transaction(RELAY, turn.address, turn.data, 0, GAS) if isinstance(turn, Told) else None


def on_machine(machine: Machine, sent: list[Sent]) -> tuple[list[End], list[int]]:
    ends, gas = [], []
    for time, transaction in sent:
        machine.time = time
        result = machine.send(transaction.sender, transaction.to, transaction.data, transaction.value, GAS)
        error = None if result.succeeded else KNOWN_ABI.decode_error(result.output)
        ends.append(End(error, result.logs))
        gas.append(result.gas_used)
    return ends, gas


def on_chain(chain: LocalChain, sent: list[Sent]) -> tuple[list[End], list[int]]:
    ends, gas = [], []
    for time, transaction in sent:
        chain.set_next_time(time)
        receipt = chain.send(transaction)
        ends.append(End(receipt.error, receipt.logs))
        gas.append(receipt.gas_used)
    return ends, gas


def without_gas(end: End, stage: Stage) -> End:
    """Payees say in their logs how much gas they were given."""
    return replace(end, logs=tuple(log for log in end.logs if log.address not in stage.contracts))


def test_lives_are_the_same_on_machine_and_chains(stage: Stage, anvil: ApeLocalChain) -> None:
    evm = EvmChain(anvil.chain_id, anvil.head.time)
    stages = [OtherStage(evm), OtherStage(anvil)]
    assert [other.managers for other in stages] == [stage.managers] * 2
    start = {chain: chain.head.number for chain in (evm, anvil)}
    ends: list[End] = []
    for seed in range(LIVES):
        sent = sample(stage, seed)
        stage.machine.back(stage.start)
        fast, least_gas = on_machine(stage.machine, sent)
        exact, gas = on_chain(evm, sent)
        assert on_chain(anvil, sent) == (exact, gas)
        assert [without_gas(end, stage) for end in fast] == [without_gas(end, stage) for end in exact]
        assert all(least <= used for least, used in zip(least_gas, gas, strict=True))
        for chain in (evm, anvil):
            chain.rewind(start[chain])
        ends += exact
    succeeded = [end for end in ends if end.error is None]
    assert len(ends) > 10 * LIVES
    assert len(succeeded) > len(ends) / 2
