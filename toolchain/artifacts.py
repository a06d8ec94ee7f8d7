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
    output = _solc(
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
        _folder(source) / f"{name}.json": _artifact(contract)
        for source in sources
        for name, contract in output["contracts"].get(source, {}).items()
        if _is_deployable(contract)
    }


def _solc(request: dict[str, Any]) -> dict[str, Any]:
    command = [str(CHECKOUT / "toolchain" / "solc.mjs"), "--standard-json", "--base-path", str(CHECKOUT)]
    answer = subprocess.run(command, input=json.dumps(request), stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(answer.stdout)
    return result


def _folder(source: str) -> Path:
    return CHECKOUT / ("tests" if source.startswith("contracts/test/") else "connext") / "artifacts"


def _is_deployable(contract: dict[str, Any]) -> bool:
    """Interfaces and abstract contracts have no bytecode; a library without an ABI has nothing to call."""
    return bool(contract["evm"]["bytecode"]["object"]) and any(entry["type"] == "function" for entry in contract["abi"])


def _artifact(contract: dict[str, Any]) -> str:
    artifact = {
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "runtime": "0x" + contract["evm"]["deployedBytecode"]["object"],
    }
    return json.dumps(artifact, indent=1) + "\n"


def main() -> None:
    artifacts = compile_contracts()
    for folder in {_folder("contracts/"), _folder("contracts/test/")}:
        folder.mkdir(exist_ok=True)
        for stale in set(folder.glob("*.json")) - set(artifacts):
            stale.unlink()
    for path, text in artifacts.items():
        path.write_text(text)
    print(f"{len(artifacts)} artifacts in connext/artifacts and tests/artifacts")


if __name__ == "__main__":
    main()
