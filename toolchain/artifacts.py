"""Write the artifact of every contract: its ABI and bytecode as one JSON file, without Ape or forge.

Those of `contracts/` belong to the Python package (`connext/artifacts`), those of `contracts/test/` to the tests
(`tests/artifacts`). Libraries, interfaces and abstract contracts have none.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
CONTRACTS = CHECKOUT / "contracts"
OUTPUT = {"abi", "evm.bytecode.object", "evm.deployedBytecode.object"}


def compile_contracts() -> dict[Path, str]:
    """Compile all of `contracts/` and return the text of every artifact by its path.

    Raises:
        ValueError: the contracts do not compile; the message is the compiler's.
    """
    sources = {path.relative_to(CHECKOUT).as_posix(): path.read_text() for path in sorted(CONTRACTS.rglob("*.sol"))}
    output = solc(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sources.items()},
            "settings": {"outputSelection": {"*": {"*": sorted(OUTPUT)}}},
        }
    )
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise ValueError("\n".join(errors))
    return {
        artifact_path(source, name): json.dumps(artifact_of(contract), indent=1) + "\n"
        for source in sources
        for name, contract in output["contracts"].get(source, {}).items()
        if is_deployable(contract)
    }


def solc(request: dict[str, Any]) -> dict[str, Any]:
    """Standard JSON in and out; what is imported is found in the checkout."""
    command = [str(CHECKOUT / "toolchain" / "solc.mjs"), "--standard-json", "--base-path", str(CHECKOUT)]
    answer = subprocess.run(command, input=json.dumps(request), stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(answer.stdout)
    return result


def artifact_path(source: str, name: str) -> Path:
    owner = "tests" if source.startswith("contracts/test/") else "connext"
    return CHECKOUT / owner / "artifacts" / f"{name}.json"


def is_deployable(contract: dict[str, Any]) -> bool:
    """Interfaces and abstract contracts have no bytecode; a library without an ABI has nothing to call."""
    has_functions = any(entry["type"] == "function" for entry in contract["abi"])
    return has_functions and len(contract["evm"]["bytecode"]["object"]) > len("0x")


def artifact_of(contract: dict[str, Any]) -> dict[str, Any]:
    return {
        "abi": contract["abi"],
        "bytecode": _hex(contract["evm"]["bytecode"]["object"]),
        "runtime": _hex(contract["evm"]["deployedBytecode"]["object"]),
    }


def _hex(digits: str) -> str:
    return "0x" + digits.removeprefix("0x")


def main() -> None:
    artifacts = compile_contracts()
    for folder in {path.parent for path in artifacts}:
        folder.mkdir(exist_ok=True)
        for stale in set(folder.glob("*.json")) - set(artifacts):
            stale.unlink()
    for path, text in artifacts.items():
        path.write_text(text)
        print(path.relative_to(CHECKOUT))


if __name__ == "__main__":
    main()
