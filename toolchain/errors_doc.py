"""Print `docs/errors.md`: every custom error of every contract that ships, from the NatSpec of the interfaces.

There, `@notice` says when an error is thrown and `@dev` what to do about it.
"""

import sys
from typing import Any

from artifacts import CHECKOUT, CONTRACTS, is_deployable, solc

from connext.keccak import keccak256

FOLDERS = (CONTRACTS, CONTRACTS / "conditions")

INTRODUCTION = """\
# Errors

Generated from the contracts and their interfaces by `make docs`. A contract refuses with one of these custom errors and
the values that broke the rule. The selector is the first four bytes of what the failed call returns. Amounts are in wei
or in the token's smallest unit, shares in parts of 1e18, times in Unix seconds.
"""

HEAD = """
## {contract}

| error | selector | cause | cure |
|---|---|---|---|
"""

FOREIGN = {"InvalidShortString", "StringTooLong"}
"""Errors of OpenZeppelin's EIP-712 that cannot occur: our name and version are short."""


def document() -> str:
    """The text of `docs/errors.md`.

    Raises:
        KeyError: an error of a contract lacks its `@notice` or its `@dev`.
    """
    contracts = {name: contract for name, contract in _contracts().items() if is_deployable(contract)}
    return INTRODUCTION + "".join(_section(name, contract) for name, contract in contracts.items())


def _contracts() -> dict[str, Any]:
    paths = [path.relative_to(CHECKOUT).as_posix() for folder in FOLDERS for path in sorted(folder.glob("*.sol"))]
    outputs = ["abi", "userdoc", "devdoc", "evm.bytecode.object"]
    answer = solc(
        {
            "language": "Solidity",
            "sources": {path: {"content": (CHECKOUT / path).read_text()} for path in paths},
            "settings": {"outputSelection": {path: {"*": outputs} for path in paths}},
        }
    )
    return {name: contract for path in paths for name, contract in answer["contracts"][path].items()}


def _section(name: str, contract: dict[str, Any]) -> str:
    errors = [entry for entry in contract["abi"] if entry["type"] == "error" and entry["name"] not in FOREIGN]
    rows = (_row(contract, error) for error in sorted(errors, key=lambda error: str(error["name"])))
    return HEAD.format(contract=name) + "".join(rows)


def _row(contract: dict[str, Any], error: dict[str, Any]) -> str:
    canonical = f"{error['name']}({','.join(value['type'] for value in error['inputs'])})"
    declared = ", ".join(f"{_solidity_type(value)} {value['name']}" for value in error["inputs"])
    selector = keccak256(canonical.encode())[:4].hex()
    (cause,) = contract["userdoc"]["errors"][canonical]
    (cure,) = contract["devdoc"]["errors"][canonical]
    return f"| `{error['name']}({declared})` | `0x{selector}` | {cause['notice']} | {cure['details']} |\n"


def _solidity_type(value: dict[str, Any]) -> str:
    """As it is declared: `Asset`, which is a `uint8` to the outside."""
    declared: str = value["internalType"]
    return declared.removeprefix("enum ")


if __name__ == "__main__":
    sys.stdout.write(document())
