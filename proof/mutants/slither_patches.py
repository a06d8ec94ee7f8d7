"""Print every change that slither-mutate would try, as JSON. Runs in the environment that has slither, not in Ape's.

slither-mutate itself compiles and tests each change with one command; only its operators are used here.
"""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

from crytic_compile import CryticCompile
from crytic_compile.platform.solc_standard_json import SolcStandardJson
from slither import Slither
from slither.tools.mutator.mutators import all_mutators
from slither.tools.mutator.mutators.abstract_mutator import AbstractMutator

CHECKOUT = Path(__file__).resolve().parents[2]
COMPILER = "toolchain/solc.mjs"
OUTPUTS = ["abi", "metadata", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers", "userdoc", "devdoc"]


def sources() -> list[str]:
    contracts = (path.relative_to(CHECKOUT) for path in sorted((CHECKOUT / "contracts").rglob("*.sol")))
    return [path.as_posix() for path in contracts if "test" not in path.parts]


def operators() -> list[Any]:
    found = inspect.getmembers(all_mutators, inspect.isclass)
    return [member for _, member in found if issubclass(member, AbstractMutator) and member is not AbstractMutator]


def patches() -> list[dict[str, Any]]:
    """operator, file, start, end (bytes), text: what stands there instead."""
    request = SolcStandardJson()
    for source in sources():
        request.add_source_file(source)
    request._json["settings"] = {"outputSelection": {"*": {"*": OUTPUTS, "": ["ast"]}}}
    found = []
    for unit in Slither(CryticCompile(request, solc=COMPILER)).compilation_units:
        for contract in unit.contracts:
            for operator in operators():
                found += _of(operator, unit, contract)
    return [patch for patch in found if patch["file"] in sources()]


def _of(operator: Any, unit: Any, contract: Any) -> list[dict[str, Any]]:
    mutator = operator(unit, 0, "", "", contract, None, False, Path(), [])
    try:
        changes = mutator._mutate().get("patches", {})
    except Exception as error:  # an operator that trips over a contract has nothing to say about it
        sys.stderr.write(f"{operator.NAME} fails on {contract.name}: {error!r}\n")
        return []
    return [
        {
            "operator": operator.NAME,
            "file": Path(file).relative_to(CHECKOUT).as_posix() if Path(file).is_relative_to(CHECKOUT) else file,
            "start": change["start"],
            "end": change["end"],
            "text": change["new_string"],
        }
        for file, some in changes.items()
        for change in some
    ]


if __name__ == "__main__":
    json.dump(patches(), sys.stdout)
