"""Doing what a plan says, transaction by transaction. It can be killed anywhere and run again.

What is done is seen on the chain: a contract is there or it is not. What is on its way is seen, too: while transactions
of the account wait to be mined, nothing else is sent. So no journal is kept, and nothing is done twice.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from connext.chain import CallReverted
from connext.chain.endpoint import Endpoint, Refused, reason_of
from connext.deployer.contracts import Wanted
from connext.deployer.create2 import ONE_TIME_ACCOUNT, ONE_TIME_COST_WEI, ONE_TIME_TRANSACTION, PROXY, PROXY_RUNTIME
from connext.deployer.finding import Creation, creation_in, find_creation
from connext.deployer.plan import GAS_MARGIN, Plan
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.types import Address, Bytes32, checksum

PATIENCE_SECONDS = 600
POLL_SECONDS = 1.0


@dataclass(eq=False)
class StillPending(ConnextError):
    text = (
        "{what} after {seconds} s; when it is in a block, or replaced by another one of the account, run this again: "
        "it goes on from there"
    )
    what: str
    seconds: float


@dataclass(eq=False)
class WouldFail(ConnextError):
    text = "{what} was not sent, it would fail: {reason}"
    what: str
    reason: str


@dataclass(eq=False)
class NotSent(ConnextError):
    text = "{what} was not sent, the endpoint refuses it: {reason}; run this again to go on from here"
    what: str
    reason: str


@dataclass(eq=False)
class TransactionFailed(ConnextError):
    text = "{what} failed in block {block} (transaction {transaction}); run this again to try it again"
    what: str
    block: int
    transaction: bytes


@dataclass(eq=False)
class WrongCode(ConnextError):
    text = "{contract} at {address} does not have the code of these sources: do not use it"
    contract: str
    address: str


@dataclass(eq=False)
class Vanished(ConnextError):
    """A re-organization, or an endpoint of several nodes, of which one is behind."""

    text = "{contract} was seen at {address}, and now the endpoint has no code there: run this again to go on from here"
    contract: str
    address: str


@dataclass(eq=False)
class FeesRose(ConnextError):
    text = (
        "{what} was not sent: it takes {now} wei per gas now, and the plan was for at most {agreed}; run this again "
        "for a new plan"
    )
    what: str
    now: int
    agreed: int


@dataclass(eq=False)
class ProxyGone(ConnextError):
    text = (
        "the endpoint had the deployment proxy at {address} when the plan was made, and now has nothing there: "
        "nothing was sent; run this again"
    )
    address: str


class Sender(Protocol):
    """Whoever signs: an Ape account, a hardware wallet behind it."""

    @property
    def address(self) -> Address: ...

    def sign(
        self, *, to: Address, data: bytes, value: int, gas: int, nonce: int, max_fee: int, priority_fee: int
    ) -> bytes:
        """The signed transaction, as it is sent. Fees in wei per gas."""


@dataclass(frozen=True)
class Clock:
    """How long to wait for blocks. confirmations: blocks that must lie on a transaction's own."""

    confirmations: int = 0
    poll_seconds: float = POLL_SECONDS
    patience_seconds: float = PATIENCE_SECONDS


Report = Callable[[str], None]
"""Takes a line for whoever waits."""
Keep = Callable[[Wanted, Creation], None]
"""Records a contract that is there and right."""


class Executor:
    def __init__(self, node: Endpoint, sender: Sender, clock: Clock, report: Report) -> None:
        self._node = node
        self._sender = sender
        self._clock = clock
        self._report = report

    def run(self, plan: Plan, keep: Keep, recorded: Collection[Address] = (), named: Iterable[Bytes32] = ()) -> None:
        """Deploy what is missing, and record what is not recorded.

        named: transactions that may have made what is there.
        Raises EndpointGone, Refused, StillPending, WouldFail, NotSent, TransactionFailed, WrongCode, Vanished,
        FeesRose, ProxyGone, CannotFindTransaction.
        """
        self.settle()
        if plan.missing:
            self._bring_proxy(plan)
        named = tuple(named)
        for wanted in plan.wanted:
            creation = self._deploy(plan, wanted)
            code = self._node.code(wanted.address)
            if not code:
                raise Vanished(wanted.contract, checksum(wanted.address))
            if code != plan.expected[wanted.address]:
                raise WrongCode(wanted.contract, checksum(wanted.address))
            if wanted.address not in recorded:
                keep(wanted, creation or find_creation(self._node, wanted, named))

    def settle(self) -> None:
        """Wait until nothing of the account is on its way: it may be what a killed run sent. Raises StillPending."""
        account, reported = self._sender.address, 0
        for _ in self._ticks():
            pending = self._node.nonce(account, "pending") - self._node.nonce(account)
            if pending <= 0:
                return
            if pending != reported:
                reported = pending
                self._report(f"{pending} sent by {checksum(account)} before: waiting until they are in a block")
        raise StillPending(f"transactions of {checksum(account)} are still pending", self._clock.patience_seconds)

    def _bring_proxy(self, plan: Plan) -> None:
        node = self._node
        if node.code(PROXY):
            return
        if not plan.brings_proxy:
            raise ProxyGone(checksum(PROXY))
        what, transaction = "bringing the deployment proxy", keccak256(ONE_TIME_TRANSACTION)
        lacks = ONE_TIME_COST_WEI - node.balance(ONE_TIME_ACCOUNT)
        if lacks > 0:
            self._try_one_time_transaction(what)
            paying = "paying the proxy's one-time account"
            self._send(plan, paying, ONE_TIME_ACCOUNT, b"", lacks, 21_000)
        if node.ask("eth_getTransactionByHash", "0x" + transaction.hex()) is None:
            self._broadcast(what, ONE_TIME_TRANSACTION)
        self._await(what, transaction)
        if node.code(PROXY) != PROXY_RUNTIME:
            raise WrongCode("the deployment proxy", checksum(PROXY))

    def _try_one_time_transaction(self, what: str) -> None:
        """Nothing but the money may be missing: nobody has the key to what is paid to the account. Raises NotSent.

        Many nodes take no transaction without a chain id (EIP-155), whatever it pays.
        """
        try:
            self._broadcast(what, ONE_TIME_TRANSACTION)
        except NotSent as error:
            if not re.search("funds|balance", error.reason, re.IGNORECASE):
                raise

    def _deploy(self, plan: Plan, wanted: Wanted) -> Creation | None:
        """None if it is there already."""
        self.settle()
        if self._node.code(wanted.address):
            self._report(f"{wanted.contract} is there, at {checksum(wanted.address)}")
            return None
        what = f"deploying {wanted.contract}"
        try:
            gas = int(self._node.estimate(self._sender.address, PROXY, wanted.calldata) * GAS_MARGIN)
        except CallReverted as error:
            raise WouldFail(what, reason_of(error)) from None
        receipt = self._send(plan, what, PROXY, wanted.calldata, 0, gas)
        self._report(f"{wanted.contract} is deployed, at {checksum(wanted.address)}")
        return creation_in(self._node, receipt)

    def _send(self, plan: Plan, what: str, to: Address, data: bytes, value: int, gas: int) -> dict[str, str]:
        """With the fees of the plan, since those were agreed to, whatever the endpoint says now."""
        least = self._node.base_fee() + plan.priority_fee
        if least > plan.most_per_gas:
            raise FeesRose(what, least, plan.most_per_gas)
        raw = self._sender.sign(
            to=to,
            data=data,
            value=value,
            gas=gas,
            nonce=self._node.nonce(self._sender.address),
            max_fee=plan.most_per_gas,
            priority_fee=plan.priority_fee,
        )
        return self._await(what, self._broadcast(what, raw))

    def _broadcast(self, what: str, raw: bytes) -> Bytes32:
        try:
            self._node.ask("eth_sendRawTransaction", "0x" + raw.hex())
        except (CallReverted, Refused) as error:
            raise NotSent(what, reason_of(error)) from None
        return keccak256(raw)

    def _await(self, what: str, transaction: Bytes32) -> dict[str, str]:
        """The receipt, once enough blocks lie on it. Raises StillPending, TransactionFailed."""
        self._report(f"{what}: transaction 0x{transaction.hex()}")
        for _ in self._ticks():
            receipt: dict[str, str] | None = self._node.receipt(transaction)
            if receipt is None or receipt["blockNumber"] is None:
                continue
            block = int(receipt["blockNumber"], 16)
            if not int(receipt["status"], 16):
                raise TransactionFailed(what, block, transaction)
            if not self._clock.confirmations or self._node.head - block >= self._clock.confirmations:
                return receipt
        pending = f"{what}: transaction 0x{transaction.hex()} is not confirmed"
        raise StillPending(pending, self._clock.patience_seconds)

    def _ticks(self) -> Iterator[None]:
        """Once now, and again and again until patience ends."""
        end = time.monotonic() + self._clock.patience_seconds
        while time.monotonic() < end:
            yield
            time.sleep(self._clock.poll_seconds)
