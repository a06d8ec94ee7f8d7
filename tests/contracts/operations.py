"""Every operation on a channel, but the one for what a settled one has left open: as it would be done next."""

from collections.abc import Callable
from typing import Any

from ape.contracts import ContractInstance
from ape.contracts.base import ContractTransactionHandler

from tests.contracts.channels import INITIAL_HEADER, USER, Channel

Operation = tuple[ContractTransactionHandler, tuple[Any, ...], int]
"""A method, its arguments, and the ether that is sent along."""

OPERATIONS: dict[str, Callable[[ContractInstance, Channel], Operation]] = {
    "deposit": lambda manager, channel: (manager.deposit, (channel.terms, USER, 0), 1),
    "topUp": lambda manager, channel: (manager.topUp, (channel.id, USER, 0), 1),
    "collateralize": lambda manager, channel: (manager.collateralize, (channel.terms, 1, 1), 0),
    "withdraw": lambda manager, channel: (manager.withdraw, (channel.terms, *channel.withdrawal(user_wei=1)), 0),
    "checkpoint": lambda manager, channel: (manager.checkpoint, (channel.terms, channel.signed(nonce=9)), 0),
    "startDispute": lambda manager, channel: (manager.startDispute, (channel.terms, channel.signed(nonce=9)), 0),
    "startDisputeWithExit": lambda manager, channel: (
        manager.startDisputeWithExit,
        (channel.terms, *channel.exit(USER, 1), channel.signed(nonce=9)),
        0,
    ),
    "resume": lambda manager, channel: (manager.resume, (channel.terms, *channel.resumption()), 0),
    "settle": lambda manager, channel: (manager.settle, (channel.terms, INITIAL_HEADER, []), 0),
    "close": lambda manager, channel: (
        manager.close,
        (channel.terms, channel.signed(nonce=9, is_final=True), []),
        0,
    ),
}
