"""A bare EVM for many transactions a second: one pyrevm machine that goes on and on, with marks to go back to.

`connext.chain.evm` builds a machine for each transaction, so that gas is exact and every block stays readable. Here one
machine runs them all, forty thousand a second and more where they are small. What pyrevm leaves undone at the end of a
transaction is done here, or does not matter to results:

* Transient storage is emptied after each transaction and after each step back.
* What one transaction touched stays warm for the next, and refunds relate to the first value ever seen: **gas is a
  lower bound**, and a limit on gas means something else than on a chain. Ask `EvmChain` about gas.
* The journal grows with every transaction: 5 MB in 6 000. Going back to a mark cuts it off, and takes 2 ms for those.
* A sender's nonce stays as it is; addresses of deployed contracts are those of `EvmChain` if nothing was sent between.
* Balances and code are set before the first transaction or never: pyrevm cannot undo that. Storage can be set any time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyrevm

from connext.abi import Log
from connext.chain import CannotSend, TimeHasPassed
from connext.chain.evm import BLOCK_GAS, CHAIN_ID, GENESIS_TIME, EvmChain
from connext.errors import ConnextError
from connext.types import Address

MOST_MARKS = 500
"""Each counts as a level of the 1024 that calls may nest."""

_OUTPUT = "output: 0x"


@dataclass(eq=False)
class TooManyMarks(ConnextError):
    text = "{count} marks are open, the most there can be: go back to an older one first"
    count: int


@dataclass(eq=False)
class MarkIsGone(ConnextError):
    text = "the machine went back beyond this mark (made at time {time}); make it again"
    time: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the machine can go back to, any number of times, until it goes back beyond."""

    level: int
    time: int
    block: int
    serial: int


Place = tuple[str, int]
"""A word of storage, in the form in which it is read fastest."""


def place(address: Address, slot: int) -> Place:
    return name_of(address), slot


class Result:
    """What became of a transaction. output: what it returned, or the data that it reverted with."""

    __slots__ = ("_result", "output", "succeeded")

    def __init__(self, succeeded: bool, output: bytes, result: pyrevm.ExecutionResult) -> None:
        self.succeeded = succeeded
        self.output = output
        self._result = result

    @property
    def logs(self) -> tuple[Log, ...]:
        return tuple(Log(bytes.fromhex(log.address[2:]), *_topics_and_data(log)) for log in self._result.logs)

    @property
    def halted(self) -> bool:
        """Whether it failed without a revert: out of gas, an invalid instruction."""
        return bool(self._result.is_halt)

    @property
    def gas_used(self) -> int:
        """At most what it uses on a chain."""
        return int(self._result.gas_used)


class Machine:
    """One EVM that runs transactions from any sender, gas for free. Times in Unix seconds, amounts in wei."""

    def __init__(
        self, balances: Mapping[Address, int] | None = None, chain_id: int = CHAIN_ID, time: int = GENESIS_TIME
    ) -> None:
        """balances: of accounts, in wei."""
        environment = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=chain_id), block=_block(0, time))
        evm = pyrevm.EVM(env=environment, gas_limit=BLOCK_GAS)
        for address, wei in (balances or {}).items():
            evm.insert_account_info(name_of(address), pyrevm.AccountInfo(balance=wei))  # type: ignore[call-arg]
        self._begin(evm, chain_id, 0, time)

    @classmethod
    def of(cls, chain: EvmChain) -> "Machine":
        """All accounts as they are at the head of the chain; a machine of its own from there."""
        machine = cls.__new__(cls)
        machine._begin(chain.machine(), chain.chain_id, chain.head.number, chain.head.time)
        return machine

    def _begin(self, evm: pyrevm.EVM, chain_id: int, block: int, time: int) -> None:
        self.chain_id = chain_id
        self._evm = evm
        self._block, self._time = block, time
        self._marks: list[tuple[Mark, pyrevm.JournalCheckpoint]] = []
        self._serial = 0

    # --- Time ---

    @property
    def time(self) -> int:
        return self._time

    @time.setter
    def time(self, time: int) -> None:
        """A new block at that time, or the same if it is the time already. Raises TimeHasPassed."""
        if time < self._time:
            raise TimeHasPassed(time, self._time)
        if time > self._time:
            self._enter(self._block + 1, time)

    @property
    def block(self) -> int:
        """Number of the block that the next transaction is in."""
        return self._block

    def _enter(self, block: int, time: int) -> None:
        self._block, self._time = block, time
        self._evm.set_block_env(_block(block, time))

    # --- Transactions ---

    def send(self, sender: Address, to: Address, data: bytes, value: int = 0, gas: int = BLOCK_GAS) -> Result:
        """Raises CannotSend where no block could contain it: a sender that is a contract, or has too little."""
        result = self._run(sender, to, data, value, gas)
        self._evm.reset_transient_storage()
        return result

    def call(self, sender: Address, to: Address, data: bytes, value: int = 0, gas: int = BLOCK_GAS) -> Result:
        """The same, undone."""
        before = self._evm.snapshot()
        try:
            return self._run(sender, to, data, value, gas)
        finally:
            self._evm.revert(before)
            self._evm.reset_transient_storage()

    def deploy(self, deployer: Address, code: bytes) -> Address:
        """The address of the contract that the creation code makes. Raises CannotSend."""
        try:
            address = self._evm.deploy(name_of(deployer), code, gas=BLOCK_GAS)
        except RuntimeError as error:
            raise CannotSend(str(error)) from None
        self._evm.reset_transient_storage()
        return bytes.fromhex(address[2:])

    def _run(self, sender: Address, to: Address, data: bytes, value: int, gas: int) -> Result:
        evm = self._evm
        try:
            returned = evm.message_call(name_of(sender), name_of(to), calldata=data, value=value, gas=gas)
        except RuntimeError as error:
            if evm.result is None:
                raise CannotSend(str(error)) from None
            return Result(False, _reverted_with(str(error)), evm.result)
        assert evm.result is not None
        return Result(True, bytes(returned), evm.result)

    # --- What is there ---

    def storage(self, address: Address, slot: int) -> int:
        return int(self._evm.storage(name_of(address), slot))

    def words(self, places: Sequence[Place]) -> list[int]:
        """Many words of storage at once; see `place`."""
        read = self._evm.storage
        return [read(address, slot) for address, slot in places]

    def balances(self, addresses: Sequence[str]) -> list[int]:
        """Many balances in wei at once, of addresses as `name_of` gives them."""
        return [self._evm.get_balance(address) for address in addresses]

    def balance(self, address: Address) -> int:
        """In wei."""
        return int(self._evm.get_balance(name_of(address)))

    def is_contract(self, address: Address) -> bool:
        return bool(self._evm.get_code(name_of(address)))

    def set_storage(self, address: Address, slot: int, word: int) -> None:
        """Put a contract into a state that transactions would take too long to reach."""
        self._evm.insert_account_storage(name_of(address), slot, word)

    # --- Marks ---

    def mark(self) -> Mark:
        """Remember all there is now. Raises TooManyMarks."""
        if len(self._marks) == MOST_MARKS:
            raise TooManyMarks(MOST_MARKS)
        self._serial += 1
        mark = Mark(len(self._marks), self._time, self._block, self._serial)
        self._marks.append((mark, self._evm.snapshot()))
        return mark

    def back(self, mark: Mark) -> None:
        """Undo all since the mark was made; newer marks are gone, this one stays. Raises MarkIsGone."""
        if mark.level >= len(self._marks) or self._marks[mark.level][0] != mark:
            raise MarkIsGone(mark.time)
        while len(self._marks) > mark.level:
            _, checkpoint = self._marks.pop()
            self._evm.revert(checkpoint)
        self._evm.reset_transient_storage()
        self._marks.append((mark, self._evm.snapshot()))
        self._enter(mark.block, mark.time)


def _block(number: int, time: int) -> pyrevm.BlockEnv:
    return pyrevm.BlockEnv(number=number, timestamp=time, basefee=0, gas_limit=BLOCK_GAS)


def _reverted_with(message: str) -> bytes:
    """From pyrevm's text of the failure; nothing where it only ran out of gas."""
    start = message.rfind(_OUTPUT)
    return bytes.fromhex(message[start + len(_OUTPUT) : message.rindex(" }")]) if start >= 0 else b""


def _topics_and_data(log: pyrevm.Log) -> tuple[tuple[bytes, ...], bytes]:
    topics, data = log.data
    return tuple(topics), data


def name_of(address: Address) -> str:
    return "0x" + address.hex()
