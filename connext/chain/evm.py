"""An in-process chain on pyrevm: thousands of transactions a second, no node, every block kept.

pyrevm never ends a transaction: what one call touched stays warm for the next, and refunds relate to the first value
ever seen. So each transaction gets a machine of its own, built from the accounts at the end of the block before; the
accounts after it are read out of the machine's journal. That makes gas exact, and every old block readable.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pyrevm

from connext.abi import Log, Revert
from connext.chain import (
    BLOCK_SECONDS,
    KNOWN_ABI,
    Block,
    CallReverted,
    CannotSend,
    Receipt,
    TimeHasPassed,
    Transaction,
)
from connext.errors import ConnextError
from connext.types import Address

CHAIN_ID = 31337
GENESIS_TIME = 1_750_000_000
BLOCK_GAS = 30_000_000

_INFO = re.compile(r"info: AccountInfo \{ balance: (\d+), nonce: (\d+), ")
_SLOT = re.compile(r"(\d+): StorageSlot \{ previous_or_original_value: \d+, present_value: (\d+) \}")
_STOPS = bytes(33)
_REVERT = re.compile(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}")


@dataclass(eq=False)
class UnreadableJournal(ConnextError):
    text = "this pyrevm prints its journal in another form; use the pinned version: {text_seen}"
    text_seen: str


@dataclass(frozen=True, slots=True)
class _Account:
    balance: int = 0
    nonce: int = 0
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Mined:
    """A block, its logs, and all accounts at its end."""

    block: Block
    logs: tuple[Log, ...]
    accounts: Mapping[Address, _Account]


class EvmChain:
    """A local chain (see `connext.chain.LocalChain`). One transaction makes one block."""

    def __init__(self, chain_id: int = CHAIN_ID, genesis_time: int = GENESIS_TIME) -> None:
        self.chain_id = chain_id
        self._mined = [_Mined(Block(0, genesis_time), (), MappingProxyType({}))]
        self._next_time: int | None = None
        self._callers: deque[tuple[_Mined, pyrevm.EVM]] = deque(maxlen=2)

    @property
    def head(self) -> Block:
        return self._mined[-1].block

    def block(self, number: int) -> Block:
        return self._mined[number].block

    def send(self, transaction: Transaction) -> Receipt:
        block = self._next_block()
        before = self._mined[-1].accounts
        machine = self._machine(before, block)
        _, revert = _run(machine, transaction)
        after = _accounts_of(machine, before) if revert is None else dict(before)
        sender = after.get(transaction.sender, _Account())
        after[transaction.sender] = replace(sender, nonce=sender.nonce + 1)
        logs = _logs_of(machine)
        self._append(block, logs, after)
        gas_used = max(_result_of(machine).gas_used, _least_gas(transaction.data))
        return Receipt(transaction, block, gas_used, 0, logs, revert)

    def deploy(self, deployer: Address, code: bytes) -> Address:
        block = self._next_block()
        before = self._mined[-1].accounts
        machine = self._machine(before, block)
        try:
            address = machine.deploy(_hex(deployer), code, gas=BLOCK_GAS)
        except RuntimeError as error:
            raise CannotSend(str(_revert(str(error)))) from None
        self._append(block, (), _accounts_of(machine, before))
        return bytes.fromhex(address[2:])

    def call(self, transaction: Transaction, block: int) -> bytes:
        machine = self._machine_for_calls(self._mined[block])
        untouched = machine.snapshot()
        try:
            returned, revert = _run(machine, transaction)
        finally:
            machine.revert(untouched)
        if revert is not None:
            raise CallReverted(revert)
        return returned

    def logs(self, address: Address, first: int, last: int) -> tuple[Log, ...]:
        return tuple(log for mined in self._mined[first : last + 1] for log in mined.logs if log.address == address)

    def balance(self, account: Address, block: int) -> int:
        return self._mined[block].accounts.get(account, _Account()).balance

    def set_balance(self, account: Address, wei: int) -> None:
        self._put(account, replace(self._mined[-1].accounts.get(account, _Account()), balance=wei))

    def set_code(self, address: Address, runtime: bytes) -> None:
        self._put(address, replace(self._mined[-1].accounts.get(address, _Account()), code=runtime))

    def set_next_time(self, time: int) -> None:
        if time <= self.head.time:
            raise TimeHasPassed(time, self.head.time)
        self._next_time = time

    def mine(self) -> Block:
        self._append(self._next_block(), (), self._mined[-1].accounts)
        return self.head

    def rewind(self, number: int) -> None:
        del self._mined[number + 1 :]
        self._next_time = None

    def machine(self) -> pyrevm.EVM:
        """A machine of its own with all accounts as they are at the head, for whoever runs many transactions on it."""
        return self._machine(self._mined[-1].accounts, self.head)

    def _next_block(self) -> Block:
        return Block(self.head.number + 1, self._next_time or self.head.time + BLOCK_SECONDS)

    def _append(self, block: Block, logs: tuple[Log, ...], accounts: Mapping[Address, _Account]) -> None:
        self._mined.append(_Mined(block, logs, MappingProxyType(dict(accounts))))
        self._next_time = None

    def _put(self, address: Address, account: _Account) -> None:
        mined = self._mined[-1]
        self._mined[-1] = replace(mined, accounts=MappingProxyType({**mined.accounts, address: account}))

    def _machine_for_calls(self, mined: _Mined) -> pyrevm.EVM:
        """Calls are undone, so that one machine serves all of them at one block; two blocks are asked about in turn."""
        for known, machine in self._callers:
            if known is mined:
                return machine
        self._callers.append((mined, self._machine(mined.accounts, mined.block)))
        return self._callers[-1][1]

    def _machine(self, accounts: Mapping[Address, _Account], block: Block) -> pyrevm.EVM:
        environment = pyrevm.Env(
            cfg=pyrevm.CfgEnv(chain_id=self.chain_id),
            block=pyrevm.BlockEnv(number=block.number, timestamp=block.time, basefee=0, gas_limit=BLOCK_GAS),
        )
        machine = pyrevm.EVM(env=environment, gas_limit=BLOCK_GAS)
        for address, account in accounts.items():
            name = _hex(address)
            info = pyrevm.AccountInfo(balance=account.balance, nonce=account.nonce, code=account.code or None)  # type: ignore[call-arg]
            machine.insert_account_info(name, info)
            for slot, value in account.storage.items():
                # Inserting loads the account into the journal, where it is warm and the next slot counts as written.
                unloaded = machine.snapshot()
                machine.insert_account_storage(name, slot, value)
                machine.revert(unloaded)
        return machine


def _run(machine: pyrevm.EVM, transaction: Transaction) -> tuple[bytes, Revert | None]:
    """What the transaction returns, or why it fails. Raises CannotSend."""
    try:
        returned = machine.message_call(
            _hex(transaction.sender),
            _hex(transaction.to),
            calldata=transaction.data,
            value=transaction.value,
            gas=transaction.gas or BLOCK_GAS,
        )
    except RuntimeError as error:
        if machine.result is None:
            raise CannotSend(str(error)) from None
        return b"", _revert(str(error))
    return bytes(returned), None


def _least_gas(data: bytes) -> int:
    """What a transaction costs at least for its calldata (EIP-7623), which this pyrevm does not know."""
    return 21_000 + 10 * (4 * len(data) - 3 * data.count(0))


def _accounts_of(machine: pyrevm.EVM, before: Mapping[Address, _Account]) -> dict[Address, _Account]:
    """All accounts after what the machine has run."""
    accounts = dict(before)
    state = machine.journal_str.partition("}, transient_storage: ")[0]
    first, *parts = state.split(": Account { ")
    for name, part in zip((first, *parts), parts, strict=False):
        address = bytes.fromhex(name[-40:])
        info = _INFO.match(part)
        if info is None:
            raise UnreadableJournal(part[:200])
        known = before.get(address, _Account())
        storage = part.rpartition("storage: {")[2].partition("}, status: ")[0]
        changed = {int(slot): int(value) for slot, value in _SLOT.findall(storage)}
        accounts[address] = _Account(
            balance=int(info[1]),
            nonce=int(info[2]),
            code=known.code or _new_code(machine, address),
            storage={slot: value for slot, value in {**known.storage, **changed}.items() if value},
        )
    return accounts


def _new_code(machine: pyrevm.EVM, address: Address) -> bytes:
    """Of an account that had none. revm keeps as many STOPs behind code as the longest PUSH may read."""
    return (machine.get_code(_hex(address)) or b"").removesuffix(_STOPS)


def _logs_of(machine: pyrevm.EVM) -> tuple[Log, ...]:
    logs = _result_of(machine).logs
    return tuple(Log(bytes.fromhex(log.address[2:]), tuple(log.data[0]), log.data[1]) for log in logs)


def _result_of(machine: pyrevm.EVM) -> pyrevm.ExecutionResult:
    if machine.result is None:
        raise CannotSend("nothing was run")
    return machine.result


def _revert(message: str) -> Revert:
    found = _REVERT.search(message)
    return KNOWN_ABI.decode_error(bytes.fromhex(found[1])) if found else Revert("Halted", MappingProxyType({}))


def _hex(address: Address) -> str:
    return "0x" + address.hex()
