"""Which transaction made a contract, for contracts whose making nobody watched.

A deployment that was killed, a Safe, or a stranger (anybody may deploy the same code) leave a contract without a
record. The block is found by halving, with the code at past blocks; the transaction is the one in whose input the
creation code is, whoever called the proxy with it, and through whatever.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from connext.chain.endpoint import Endpoint, Refused
from connext.deployer.contracts import Wanted
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


@dataclass(frozen=True, slots=True)
class Creation:
    """time: of the block, in Unix seconds; sender: who sent the transaction."""

    transaction: Bytes32
    block: int
    time: int
    sender: Address


def creation_in(node: Endpoint, receipt: dict[str, str]) -> Creation:
    """What a receipt says."""
    block = int(receipt["blockNumber"], 16)
    return Creation(
        transaction=bytes.fromhex(receipt["transactionHash"][2:]),
        block=block,
        time=int(node.block(block)["timestamp"], 16),
        sender=parse_address(receipt["from"]),
    )


def find_creation(node: Endpoint, wanted: Wanted, named: Iterable[Bytes32] = ()) -> Creation:
    """named: transactions to look at first. Raises CannotFindTransaction."""
    for transaction in named:
        sent = node.ask("eth_getTransactionByHash", "0x" + transaction.hex())
        if sent is not None and sent["blockNumber"] is not None and _makes(sent, wanted):
            return creation_in(node, node.receipt(transaction))
    try:
        block = _first_block_with(node, wanted.address)
    except Refused as error:
        raise _not_found(wanted, error.message) from None
    for sent in node.block(block, whole=True)["transactions"]:
        if _makes(sent, wanted):
            return creation_in(node, node.receipt(bytes.fromhex(sent["hash"][2:])))
    raise _not_found(wanted, f"none of block {block} has its creation code")


def _first_block_with(node: Endpoint, address: Address) -> int:
    without, with_ = -1, node.head
    while with_ - without > 1:
        middle = (without + with_) // 2
        if node.code(address, middle):
            with_ = middle
        else:
            without = middle
    return with_


def _makes(sent: dict[str, str], wanted: Wanted) -> bool:
    return wanted.calldata.hex() in sent["input"]


def _not_found(wanted: Wanted, reason: str) -> CannotFindTransaction:
    return CannotFindTransaction(wanted.contract, checksum(wanted.address), reason)
