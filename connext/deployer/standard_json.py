"""The compiler's whole input for one contract, with every source in it: whoever has it needs nothing else.

The form is solc's standard JSON, as block explorers take it. The code that comes out depends on nothing but this text
and the compiler's version (docs/decisions/0010-deployments.md).
"""

import json
import posixpath
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from connext.deployments import Compiler
from connext.errors import ConnextError
from connext.types import InvalidValue

SOURCES = {
    "ChannelManager": "contracts/ChannelManager.sol",
    "OutcomeRegistry": "contracts/OutcomeRegistry.sol",
    "Stream": "contracts/conditions/Stream.sol",
    "LinkedPayment": "contracts/conditions/LinkedPayment.sol",
    "AllOf": "contracts/conditions/AllOf.sol",
    "AnyOf": "contracts/conditions/AnyOf.sol",
}
BYTECODES = ("evm.bytecode.object", "evm.deployedBytecode.object")

_IMPORT = re.compile(r'^\s*(?:import|\}\s*from)[^;"]*"([^"]+)"\s*;', re.MULTILINE)


@dataclass(eq=False)
class SourceMissing(ConnextError, LookupError):
    text = "there is no source {name} in {root}, nor in its node_modules: run this in the checkout, after `make setup`"
    name: str
    root: Path


@dataclass(eq=False)
class OtherCompiler(ConnextError):
    text = "{name} was compiled with solc {wanted}, this checkout has {found}: use the checkout of the recorded commit"
    name: str
    wanted: str
    found: str


@dataclass(eq=False)
class DoesNotCompile(ConnextError, ValueError):
    text = "the standard JSON of {name} does not compile: {reason}"
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Build:
    """What the compiler makes of a standard JSON. version: the compiler's, with its commit."""

    version: str
    creation: bytes
    runtime: bytes


def standard_json(root: Path, contract: str) -> str:
    """Of the sources in the checkout `root`. Raises SourceMissing."""
    path = SOURCES[contract]
    settings = json.loads((root / "toolchain" / "solc-settings.json").read_text())
    document = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sorted(_sources(root, path).items())},
        "settings": {**settings, "outputSelection": {path: {contract: ["abi", *BYTECODES]}}},
    }
    return json.dumps(document, indent=1) + "\n"


def compiler(root: Path) -> Compiler:
    """The one of the checkout."""
    package = json.loads((root / "package.json").read_text())
    settings = json.loads((root / "toolchain" / "solc-settings.json").read_text())
    return Compiler(package["devDependencies"]["solc"], settings)


def rebuild(root: Path, name: str, source: str, version: str) -> Build:
    """Compile a standard JSON of the contract `name` as it stands, which takes up to 20 s.

    version: of the compiler, such as 0.8.37. Raises OtherCompiler, DoesNotCompile.
    """
    build = _compile(root, name, source)
    if not build.version.startswith(f"{version}+"):
        raise OtherCompiler(name, version, build.version)
    return build


@cache
def _compile(root: Path, name: str, source: str) -> Build:
    command = ["node", str(root / "toolchain" / "rebuild.mjs")]
    try:
        done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    except OSError as error:
        raise DoesNotCompile(name, f"node cannot be started ({error.strerror}): make setup") from None
    if done.returncode:
        raise DoesNotCompile(name, done.stderr.strip() or "no answer")
    answer = json.loads(done.stdout)
    output = answer["output"]
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise DoesNotCompile(name, errors[0])
    contract = _only_contract(output, name)
    try:
        codes = [bytes.fromhex(contract["evm"][key]["object"]) for key in ("bytecode", "deployedBytecode")]
    except (KeyError, ValueError):
        raise DoesNotCompile(name, "it does not ask for all of the code, or leaves holes for libraries in it") from None
    return Build(answer["version"], *codes)


def _only_contract(output: dict[str, Any], name: str) -> Any:
    found = [contracts[name] for contracts in output.get("contracts", {}).values() if name in contracts]
    if len(found) != 1:
        raise InvalidValue(f"{name}.solc.json", f"the sources of one contract {name}", f"{len(found)} of them")
    return found[0]


def _sources(root: Path, path: str) -> dict[str, str]:
    """The source at `path` and everything that it imports, by the names that the compiler knows them by."""
    found: dict[str, str] = {}
    names = [path]
    while names:
        name = names.pop()
        if name not in found:
            found[name] = _source(root, name)
            names += (_resolved(name, imported) for imported in _IMPORT.findall(found[name]))
    return found


def _resolved(importer: str, imported: str) -> str:
    if imported.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(importer), imported))
    return imported


def _source(root: Path, name: str) -> str:
    for folder in (root, root / "node_modules"):
        if (folder / name).is_file():
            return (folder / name).read_text()
    raise SourceMissing(name, root)
