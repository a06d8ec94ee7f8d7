"""Print `docs/errors.md`: every custom error of the manager, from the NatSpec of its interface.

There, `@notice` says when an error is thrown and `@dev` what to do about it.
"""

import sys
from typing import Any

from artifacts import CHECKOUT, solc

from connext.keccak import keccak256

INTERFACE = "interfaces/IChannelManager.sol"

INTRODUCTION = f"""\
# Errors

Generated from `{INTERFACE}` by `make docs`. The manager refuses with one of these custom errors
and the values that broke the rule. The selector is the first four bytes of what the failed call returns. Amounts are in
wei or in the token's smallest unit, times in Unix seconds.

| error | selector | cause | cure |
|---|---|---|---|
"""


def document() -> str:
    """The text of `docs/errors.md`.

    Raises:
        KeyError: an error of the interface lacks its `@notice` or its `@dev`.
    """
    interface = _interface()
    errors = [entry for entry in interface["abi"] if entry["type"] == "error"]
    rows = (_row(interface, error) for error in sorted(errors, key=lambda error: str(error["name"])))
    return INTRODUCTION + "".join(rows)


def _interface() -> dict[str, Any]:
    answer = solc(
        {
            "language": "Solidity",
            "sources": {INTERFACE: {"content": (CHECKOUT / INTERFACE).read_text()}},
            "settings": {"outputSelection": {INTERFACE: {"IChannelManager": ["abi", "userdoc", "devdoc"]}}},
        }
    )
    interface: dict[str, Any] = answer["contracts"][INTERFACE]["IChannelManager"]
    return interface


def _row(interface: dict[str, Any], error: dict[str, Any]) -> str:
    canonical = f"{error['name']}({','.join(value['type'] for value in error['inputs'])})"
    declared = ", ".join(f"{_solidity_type(value)} {value['name']}" for value in error["inputs"])
    selector = keccak256(canonical.encode())[:4].hex()
    (cause,) = interface["userdoc"]["errors"][canonical]
    (cure,) = interface["devdoc"]["errors"][canonical]
    return f"| `{error['name']}({declared})` | `0x{selector}` | {cause['notice']} | {cure['details']} |\n"


def _solidity_type(value: dict[str, Any]) -> str:
    """As it is declared: `Asset`, which is a `uint8` to the outside."""
    declared: str = value["internalType"]
    return declared.removeprefix("enum ")


if __name__ == "__main__":
    sys.stdout.write(document())
