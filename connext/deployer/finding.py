"""Which transaction made a contract, for contracts whose making nobody watched.

A deployment that was killed, a Safe, or a stranger (anybody may deploy the same code) leave a contract without a
record. The block is found by halving, with the code at past blocks; the transaction is the one in whose input the
creation code is, whoever called the proxy with it, and through whatever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connext.chain.endpoint import Endpoint, Refused
from connext.deployer.contracts import Wanted
from connext.deployer.create2 import PROXY
from connext.errors import ConnextError
from connext.types import Address, Bytes32, checksum, parse_address


@dataclass(eq=False)
class CannotFindTransaction(ConnextError):
    text = (
        "{contract} is there, at {address}, but the transaction that made it was not found ({reason}): name it by "
        "--transaction, or use an archive endpoint this once"
    )
    contract: str
    address: str
    reason: str


@dataclass(eq=False)
class BlockUnknown(ConnextError):
    text = "the endpoint does not have block {block}, of which it spoke itself: run this again to go on from here"
    block: int


@dataclass(frozen=True, slots=True)
class Creation:
    """time: of the block, in Unix seconds; sender: who sent the transaction."""

    transaction: Bytes32
    block: int
    time: int
    sender: Address


def creation_in(node: Endpoint, receipt: dict[str, str]) -> Creation:
    """What a receipt says. Raises BlockUnknown."""
    block = int(receipt["blockNumber"], 16)
    return Creation(
        transaction=bytes.fromhex(receipt["transactionHash"][2:]),
        block=block,
        time=int(_block(node, block)["timestamp"], 16),
        sender=parse_address(receipt["from"]),
    )


def find_creation(node: Endpoint, wanted: Wanted, named: Iterable[Bytes32] = ()) -> Creation:
    """named: transactions to look at first. Raises CannotFindTransaction, BlockUnknown."""
    for transaction in named:
        sent = node.ask("eth_getTransactionByHash", "0x" + transaction.hex())
        if sent is not None and (receipt := _receipt_of_maker(node, sent, wanted)):
            return creation_in(node, receipt)
    try:
        block = _first_block_with(node, wanted.address)
    except Refused as error:
        raise _not_found(wanted, error.message) from None
    transactions = _block(node, block, whole=True)["transactions"]
    for sent in sorted(transactions, key=lambda sent: not _calls_proxy(sent, wanted)):
        if receipt := _receipt_of_maker(node, sent, wanted):
            return creation_in(node, receipt)
    raise _not_found(wanted, f"none of block {block} has its creation code")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the chain says of the transaction that is said to have made a contract.

    known: whether the endpoint knows it. creation: None if it did not make the contract. is_first: whether nothing was
    there before its block; None where that cannot be told without old states, which the endpoint does not have.
    """

    known: bool
    creation: Creation | None
    is_first: bool | None


def origin(node: Endpoint, wanted: Wanted, transaction: Bytes32) -> Origin:
    """Raises BlockUnknown."""
    sent = node.ask("eth_getTransactionByHash", "0x" + transaction.hex())
    if sent is None or sent["blockNumber"] is None:
        return Origin(False, None, None)
    receipt = _receipt_of_maker(node, sent, wanted)
    if receipt is None:
        return Origin(True, None, None)
    creation = creation_in(node, receipt)
    return Origin(True, creation, _calls_proxy(sent, wanted) or _was_empty(node, wanted.address, creation.block - 1))


def _was_empty(node: Endpoint, address: Address, block: int) -> bool | None:
    try:
        return not node.code(address, block)
    except Refused:
        return None


def _first_block_with(node: Endpoint, address: Address) -> int:
    without, with_ = -1, node.head
    while with_ - without > 1:
        middle = (without + with_) // 2
        if node.code(address, middle):
            with_ = middle
        else:
            without = middle
    return with_


def _receipt_of_maker(node: Endpoint, sent: dict[str, Any], wanted: Wanted) -> dict[str, str] | None:
    """The receipt, if the transaction may have made the contract: it has the calldata, and did not fail."""
    if wanted.calldata.hex() not in sent["input"]:
        return None
    receipt: dict[str, str] | None = node.receipt(bytes.fromhex(sent["hash"][2:]))
    return receipt if receipt is not None and int(receipt["status"], 16) else None


def _calls_proxy(sent: dict[str, Any], wanted: Wanted) -> bool:
    """Whether it has done nothing else, if it has not failed: through another contract, failure can be hidden."""
    return (
        sent["to"] is not None and parse_address(sent["to"]) == PROXY and sent["input"] == "0x" + wanted.calldata.hex()
    )


def _block(node: Endpoint, number: int, *, whole: bool = False) -> dict[str, Any]:
    block: dict[str, Any] | None = node.block(number, whole=whole)
    if block is None:
        raise BlockUnknown(number)
    return block


def _not_found(wanted: Wanted, reason: str) -> CannotFindTransaction:
    return CannotFindTransaction(wanted.contract, checksum(wanted.address), reason)
