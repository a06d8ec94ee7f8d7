"""Test DAI on a fork of mainnet, by means that work with the real token: balances are written into its storage.

The layout is that of `dai.sol` (Maker protocol, github.com/makerdao/dss): `totalSupply` in slot 1, `balanceOf` in
slot 2.
"""

from collections.abc import Callable
from typing import Any

from connext.keccak import keccak256
from connext.types import Address, checksum

DAI: Address = bytes.fromhex("6B175474E89094C44Da98b954EedeAC495271d0F")
"""DAI on Ethereum mainnet."""

TOTAL_SUPPLY_SLOT = 1
BALANCES_SLOT = 2

MakeRequest = Callable[[str, list[Any]], Any]
"""Performs one JSON-RPC request, as `make_request` of an Ape provider does."""


def give_dai(make_request: MakeRequest, holder: Address, amount: int) -> None:
    """Raise the holder's balance and the total supply by `amount`, in wei of DAI. The chain must be an anvil's."""
    token = checksum(DAI)
    for slot in (_balance_slot(holder), TOTAL_SUPPLY_SLOT):
        value = int.from_bytes(bytes.fromhex(make_request("eth_getStorageAt", [token, hex(slot), "latest"])[2:]))
        make_request("anvil_setStorageAt", [token, _word(slot), _word(value + amount)])


def _balance_slot(holder: Address) -> int:
    """Where Solidity keeps `balanceOf[holder]`."""
    return int.from_bytes(keccak256(holder.rjust(32, b"\0") + BALANCES_SLOT.to_bytes(32)))


def _word(value: int) -> str:
    return f"0x{value:064x}"
