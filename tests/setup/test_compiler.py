"""One compiler and one set of settings: Ape, forge and the committed artifacts have the same bytecode."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from toolchain.artifacts import CHECKOUT, artifact_of, artifact_path, is_deployable

Artifacts = dict[Path, dict[str, Any]]
"""By the paths that `make artifacts` gives them."""


def in_order(artifact: dict[str, Any]) -> dict[str, Any]:
    return artifact | {"abi": sorted(artifact["abi"], key=lambda entry: json.dumps(entry, sort_keys=True))}


@cache
def committed() -> Artifacts:
    """forge orders an ABI in its own way, hence `in_order` here and below."""
    paths = (path for folder in ("connext", "tests") for path in (CHECKOUT / folder / "artifacts").glob("*.json"))
    return {path: in_order(json.loads(path.read_text())) for path in paths}


@cache
def built_by_forge() -> Artifacts:
    subprocess.run(["forge", "build", "--quiet"], cwd=CHECKOUT, check=True)
    built: Artifacts = {}
    for source in (CHECKOUT / "contracts").rglob("*.sol"):
        for path in (CHECKOUT / ".build" / "forge" / "out" / source.name).glob("*.json"):
            output = json.loads(path.read_text())
            contract = {"abi": output["abi"], "evm": {key: output[key] for key in ("bytecode", "deployedBytecode")}}
            if is_deployable(contract):
                built[artifact_path(source.relative_to(CHECKOUT).as_posix(), path.stem)] = in_order(
                    artifact_of(contract)
                )
    return built


def test_forge_builds_the_artifacts() -> None:
    expected, built = committed(), built_by_forge()
    assert sorted(expected) == sorted(built), "run `make artifacts`"
    assert [path.name for path in expected if expected[path] != built[path]] == [], "run `make artifacts`"


def test_ape_builds_the_artifacts(project: Any) -> None:
    for path, artifact in committed().items():
        built = project.get_contract(path.stem).contract_type
        assert built.get_deployment_bytecode().to_0x_hex() == artifact["bytecode"], f"{path}: run `make artifacts`"
        assert built.get_runtime_bytecode().to_0x_hex() == artifact["runtime"], f"{path}: run `make artifacts`"


def test_the_version_is_the_same_everywhere(project: Any) -> None:
    version = json.loads((CHECKOUT / "package.json").read_text())["devDependencies"]["solc"]
    reported = subprocess.check_output(["solc", "--version"], text=True)
    assert f"Version: {version}+commit." in reported
    assert project.config.solidity.version == version


def test_unknown_imports_are_named(tmp_path: Path) -> None:
    source = '// SPDX-License-Identifier: MIT\nimport "nowhere/Nothing.sol";'
    request = {"language": "Solidity", "sources": {"A.sol": {"content": source}}, "settings": {}}
    command = ["solc", "--standard-json", "--base-path", tmp_path]
    output = json.loads(subprocess.check_output(command, input=json.dumps(request), text=True))
    assert f"nowhere/Nothing.sol is neither in {tmp_path} nor in" in output["errors"][0]["message"]
