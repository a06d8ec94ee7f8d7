"""Whoever has a part in a test."""

from ape_test import TestAccount

from connext.signing import Key
from connext.types import Address, parse_address
from tests.contracts.transactions import Free


class Person(Free, TestAccount):
    """An account of Ape with a key."""

    @property
    def raw(self) -> Address:
        return parse_address(self.address)

    @property
    def key(self) -> Key:
        return Key(bytes.fromhex(self.private_key.removeprefix("0x")))
