"""Exact expectations: the precise error with all its values, the precise list of events.

Ape's own forms are not used because they accept too much: `ape.reverts` also passes on other errors and ignores
misspelt values, and an expected event matches whatever it leaves out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ape import networks
from ape.api import ReceiptAPI
from ape.contracts import ContractEvent, ContractInstance
from ape.exceptions import CustomError

from tests.contracts.transactions import Reverted

Log = tuple[str, str, dict[str, Any]]
"""Who emitted it, its name, all its arguments."""


@contextmanager
def reverts(error: type[CustomError], **values: Any) -> Iterator[None]:
    """The transaction inside reverts with this error of a contract instance, and with exactly these values."""
    with pytest.raises(Reverted) as caught:
        yield
    assert _reason(error.contract, caught.value.data) == (error.abi.name, values)


def _reason(contract: ContractInstance, data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and values of a custom error; for anything else the data."""
    errors = contract.contract_type.errors
    if data[:4] not in errors:
        return data.hex(), {}
    abi = errors[data[:4]]
    return abi.name, networks.ethereum.decode_calldata(abi, data[4:])


def event(event_type: ContractEvent, **arguments: Any) -> Log:
    """An event with all its arguments; the names are those of the contract."""
    declared = [parameter.name for parameter in event_type.abi.inputs]
    assert list(arguments) == declared, f"{event_type.name} has the arguments {declared}"
    return event_type.contract.address, event_type.name, arguments


def events_of(tx: ReceiptAPI) -> list[Log]:
    """All events of a transaction, in order, those of the token included."""
    events = [(log.contract_address, log.event_name, _plain(log.event_arguments)) for log in tx.events]
    assert len(events) == len(tx.logs), f"an event of an unknown contract among {tx.logs}"
    return events


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """With structs as tuples, the form in which they are given to a contract."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
