"""Bytecode of a mutant: of every contract that its file is part of, with the settings of what people use."""

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from proof.compiler import Compiler, contract_sources
from proof.mutants.generate import Mutant
from proof.records import CHECKOUT
from toolchain.artifacts import artifact_of

SHIPPED = CHECKOUT / "connext" / "artifacts"
FOR_TESTS = CHECKOUT / "tests" / "artifacts"

_IMPORT = re.compile(r'from "([^"]+)"')
_OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]


@dataclass(frozen=True)
class Compiled:
    """artifacts: of every contract that the mutant is part of, by name; those for tests, which wrap a library, too."""

    artifacts: Mapping[str, Mapping[str, Any]]

    @property
    def fingerprint(self) -> str:
        """The same for the same bytecode of the same contracts."""
        return _fingerprint(self.artifacts)

    @property
    def is_original(self) -> bool:
        return all(artifact["bytecode"] == _original(name)["bytecode"] for name, artifact in self.artifacts.items())

    def write(self, folder: Path, originals: Path = SHIPPED) -> None:
        """The artifacts of all contracts in `originals`, with these in their place."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in originals.glob("*.json"):
            artifact = self.artifacts.get(path.stem)
            (folder / path.name).write_text(json.dumps(artifact) if artifact else path.read_text())


def shipped_fingerprint() -> str:
    """Of the bytecode that people use."""
    return _fingerprint({path.stem: _original(path.stem) for path in SHIPPED.glob("*.json")})


def _fingerprint(artifacts: Mapping[str, Mapping[str, Any]]) -> str:
    codes = (f"{name} {artifacts[name]['bytecode']}" for name in sorted(artifacts))
    return sha256("\n".join(codes).encode()).hexdigest()


def compile_mutant(compiler: Compiler, mutant: Mutant) -> Compiled:
    """Raises DoesNotCompile."""
    names = contracts_with(mutant.file)
    sources = contract_sources(with_tests=True)
    request = {path: sources[path] for path in names.values()} | {mutant.file: mutant.source}
    answer = compiler.compile(request, {path: {name: _OUTPUTS} for name, path in names.items()})
    return Compiled({name: artifact_of(answer["contracts"][path][name]) for name, path in names.items()})


@cache
def contracts_with(file: str) -> dict[str, str]:
    """The contracts that contain code of the file: where each stands, by name."""
    paths = {Path(path).stem: path for path in contract_sources(with_tests=True)}
    names = sorted(path.stem for folder in (SHIPPED, FOR_TESTS) for path in folder.glob("*.json"))
    return {name: paths[name] for name in names if file in _parts(paths[name])}


@cache
def _parts(path: str) -> frozenset[str]:
    """The file and all contracts that it imports, at whatever distance."""
    sources = contract_sources(with_tests=True)
    found, ahead = set(), [path]
    while ahead:
        one = ahead.pop()
        if one in sources and one not in found:
            found.add(one)
            ahead += [posixpath.normpath(f"{posixpath.dirname(one)}/{name}") for name in _IMPORT.findall(sources[one])]
    return frozenset(found)


@cache
def _original(name: str) -> dict[str, Any]:
    path = next(folder / f"{name}.json" for folder in (SHIPPED, FOR_TESTS) if (folder / f"{name}.json").is_file())
    artifact: dict[str, Any] = json.loads(path.read_text())
    return artifact
