"""Conditional transfers under test, the outcomes of their conditions, and the states that hold them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ape.contracts import ContractInstance

from connext.conditions import FULL_SHARE
from connext.keccak import keccak256
from connext.messages import Transfer, transfers_hash
from connext.types import Asset, Side, Status, parse_address
from tests.contracts.channels import NOTHING, View, given, only
from tests.contracts.people import Person

EXPIRY = 3_000_000_000
"""Long after every dispute here."""

ALL = 2**256 - 1
"""For `settleTransfers`: every transfer that can be settled."""


def params_of(transfer: Transfer) -> bytes:
    """No two transfers have the same."""
    return transfer.id.to_bytes(8)


def holding(*transfers: Transfer, **values: Any) -> dict[str, Any]:
    """A state with these open transfers, whose payers have paid for them; beside `values`, which are added to."""
    nets = Counter({name: values.pop(name, 0) for name in NOTHING})
    for transfer in transfers:
        nets.subtract(only(Side(transfer.payer), Asset(transfer.asset), transfer.amount))
    return {**nets, "transfers": transfers, **values}


def left(transfers: Sequence[Transfer], wei: int = 0, token: int = 0, settled_transfers: int = 0) -> View:
    """A settled channel whose transfers still hold this."""
    held = {"locked_wei": wei, "locked_token": token, "settled_transfers": settled_transfers}
    return View(Status.SETTLED, transfers_hash=transfers_hash(tuple(transfers)), **held)


@dataclass(frozen=True)
class Promises:
    """Transfers on a condition that takes any witness for the share (`contracts/test/AnyShare.sol`)."""

    registry: ContractInstance
    condition: ContractInstance
    sponsor: Person
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def __call__(self, payer: int, asset: int, amount: int, **fields: Any) -> Transfer:
        """A transfer with an outcome of its own, on this condition where nothing else is said."""
        usual = {"id": next(self._ids), "condition": parse_address(self.condition.address), "expiry": EXPIRY}
        chosen = {**usual, **fields}
        params_hash = keccak256(chosen["id"].to_bytes(8))
        return Transfer(payer=payer, asset=asset, amount=amount, **{"params_hash": params_hash, **chosen})

    def keep(self, transfer: Transfer, share: int = FULL_SHARE) -> None:
        """Have the share recorded."""
        witness = share.to_bytes(32)
        arguments = (self.condition, params_of(transfer), transfer.expiry, witness)
        given(self.registry.record, *arguments, sender=self.sponsor)
