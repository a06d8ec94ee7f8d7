"""Play an execution again on the twins of the contracts, and see which instructions run.

With py-evm, which comes with Ape: its loop over instructions can be stepped into. pyrevm prints its steps, which takes
a hundred times as long; anvil does not tell whose code a step belongs to.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eth.constants import BLANK_ROOT_HASH, CREATE_CONTRACT_ADDRESS, ZERO_ADDRESS, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.exceptions import Halt, Revert
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.logic.invalid import InvalidOpcode
from eth.vm.message import Message
from eth_typing import Address as Canonical
from eth_typing import BlockNumber

from connext.abi import Log
from connext.chain import KNOWN_ABI
from connext.types import Address
from proof.coverage.build import JUMPI, Build

GAS = 120_000_000
"""Four blocks: the twins use more."""

HALTED = "Halted"


@dataclass(frozen=True, slots=True)
class Account:
    """balance in wei."""

    balance: int = 0
    nonce: int = 0
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an execution ended. error: name of what it reverted with, if it did. What is None is not known."""

    error: str | None = None
    output: bytes | None = None
    logs: tuple[Log, ...] | None = None

    def agrees(self, other: "Ending") -> bool:
        if self.error or other.error:
            return self.error == other.error
        known = ((self.output, other.output), (self.logs, other.logs))
        return all(mine == theirs for mine, theirs in known if mine is not None and theirs is not None)


@dataclass(frozen=True, slots=True)
class Execution:
    """A transaction or a call, and the world just before. to: None creates a contract. time: Unix seconds."""

    sender: Address
    to: Address | None
    data: bytes
    value: int
    gas: int | None
    chain_id: int
    block: int
    time: int
    accounts: Mapping[Address, Account]
    ending: Ending


@dataclass
class Visits:
    """What ran. steps: positions of instructions by twin; jumps: conditional ones, and whether they jumped."""

    steps: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    jumps: dict[str, set[tuple[int, bool]]] = field(default_factory=lambda: defaultdict(set))

    def add(self, other: "Visits") -> None:
        for name, steps in other.steps.items():
            self.steps[name] |= steps
        for name, jumps in other.jumps.items():
            self.jumps[name] |= jumps


def rerun(execution: Execution, build: Build, extra_gas: int = 0) -> tuple[Visits, Ending]:
    """What runs of the twins in this execution, and how it ends on them. extra_gas: beyond a limit that it has."""
    state = _state(execution)
    names: dict[Address, str] = {}
    for address, account in execution.accounts.items():
        twin = build.twin_of(account.code) if account.code else None
        if twin:
            names[address] = twin[0].name
        _put(state, address, account, twin[1] if twin else account.code)
    if execution.to is None:
        creation = build.twin_of_creation(execution.data)
        if creation is None:
            return Visits(), execution.ending
        names[CREATE_CONTRACT_ADDRESS] = creation[0].name
        message = _message(execution, GAS, data=b"", code=creation[1], create_address=b"\xcc" * 20)
        return _run(state, message, names)
    return _run(
        state,
        _message(execution, _gas(execution, extra_gas), data=execution.data, code=state.get_code(execution.to)),
        names,
    )


def _state(execution: Execution) -> Any:
    """An empty world; Any, because py-evm has other names for the types of addresses and numbers."""
    context = ExecutionContext(
        coinbase=ZERO_ADDRESS,
        timestamp=execution.time,
        block_number=BlockNumber(execution.block),
        difficulty=0,
        mix_hash=ZERO_HASH32,
        gas_limit=GAS,
        prev_hashes=(),
        chain_id=execution.chain_id,
        base_fee_per_gas=0,
        excess_blob_gas=0,
    )
    return CancunState(AtomicDB(), context, BLANK_ROOT_HASH)


def _put(state: Any, address: Address, account: Account, code: bytes) -> None:
    state.set_balance(address, account.balance)
    state.set_nonce(address, account.nonce)
    if code:
        state.set_code(address, code)
    for slot, value in account.storage.items():
        state.set_storage(address, slot, value)


def _gas(execution: Execution, extra: int) -> int:
    """What its limit leaves after the cost of the transaction itself (EIP-2028)."""
    if execution.gas is None:
        return GAS
    intrinsic = 21_000 + 16 * len(execution.data) - 12 * execution.data.count(0)
    return min(max(execution.gas - intrinsic, 0) + extra, GAS)


def _message(execution: Execution, gas: int, **parts: Any) -> Message:
    to = Canonical(execution.to) if execution.to else CREATE_CONTRACT_ADDRESS
    return Message(gas, to, Canonical(execution.sender), execution.value, **parts)


def _run(state: Any, message: Message, names: Mapping[Address, str]) -> tuple[Visits, Ending]:
    visits = Visits()
    machine = _watched(visits, names)
    context = CancunTransactionContext(gas_price=0, origin=message.sender, blob_versioned_hashes=())
    apply = machine.apply_create_message if message.is_create else machine.apply_message
    done = apply(state, message, context)
    if done.is_error:
        return visits, Ending(error_name(done.output) if isinstance(done.error, Revert) else HALTED)
    logs = tuple(
        Log(address, tuple(topic.to_bytes(32) for topic in topics), data)
        for address, topics, data in done.get_log_entries()
    )
    return visits, Ending(None, done.output, logs)


def error_name(data: bytes) -> str:
    return KNOWN_ABI.decode_error(data).name


def _watched(visits: Visits, names: Mapping[Address, str]) -> type[CancunComputation]:
    """py-evm's machine, which notes what runs of the code at these addresses, and takes code of any size."""

    class Watched(CancunComputation):
        @classmethod
        def validate_create_message(cls, message: Any) -> None:
            pass

        @classmethod
        def validate_contract_code(cls, contract_code: bytes) -> None:
            pass

        @classmethod
        def apply_computation(cls, state: Any, message: Any, context: Any, parent_computation: Any = None) -> Any:
            name = names.get(CREATE_CONTRACT_ADDRESS if message.is_create else message.code_address)
            if name is None:
                return super().apply_computation(state, message, context, parent_computation)
            with cls(state, message, context) as computation:
                if parent_computation is not None:
                    computation.contracts_created = parent_computation.contracts_created
                _step_through(computation, visits.steps[name], visits.jumps[name])
            return computation

    return Watched


def _step_through(computation: Any, steps: set[int], jumps: set[tuple[int, bool]]) -> None:
    code, operations = computation.code, computation.opcodes
    for operation in code:
        at = code.program_counter - 1
        steps.add(at)
        try:
            (operations.get(operation) or InvalidOpcode(operation))(computation=computation)
        except Halt:
            return
        if operation == JUMPI:
            jumps.add((at, code.program_counter != at + 1))
