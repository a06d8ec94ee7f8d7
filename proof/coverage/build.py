"""The contracts as they are used, and their twins without the optimizer, with a map from instruction to source."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from proof.compiler import SETTINGS, UNOPTIMIZED, compiler, contract_sources
from proof.records import CHECKOUT, sources_hash

CACHE = CHECKOUT / ".build" / "coverage" / "build.json"

_CODE = ("object", "sourceMap")
OUTPUTS = {
    "*": {
        "*": [f"evm.bytecode.{what}" for what in _CODE]
        + [f"evm.deployedBytecode.{what}" for what in (*_CODE, "immutableReferences")],
        "": ["ast"],
    }
}

JUMPI = 0x57
_PUSH1, _PUSH32 = 0x60, 0x7F


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a source file, in bytes."""

    file: str
    start: int
    end: int

    def holds(self, other: "Span") -> bool:
        return self.file == other.file and self.start <= other.start and other.end <= self.end


@dataclass(frozen=True)
class Twin:
    """Bytecode without the optimizer. name: unique, for instance "AllOf" or "AllOf (creation)"."""

    name: str
    code: bytes
    source_map: str
    files: Mapping[int, str]
    """Paths by the numbers that the source map uses."""

    @cached_property
    def spans(self) -> dict[int, Span]:
        """What each instruction stands for, by its position in the code; without those that stand for no source."""
        found = {}
        for at, (start, length, file) in zip(_instructions(self.code), _entries(self.source_map), strict=False):
            if file in self.files:
                found[at] = Span(self.files[file], start, start + length)
        return found


def _instructions(code: bytes) -> Iterator[int]:
    """Where each instruction begins."""
    at = 0
    while at < len(code):
        yield at
        at += code[at] - _PUSH1 + 2 if _PUSH1 <= code[at] <= _PUSH32 else 1


def _entries(source_map: str) -> Iterator[tuple[int, int, int]]:
    """start, length, file of each instruction. An empty field is that of the entry before."""
    fields = ["", "", ""]
    for entry in source_map.split(";"):
        for index, text in enumerate(entry.split(":")[:3]):
            fields[index] = text or fields[index]
        yield int(fields[0]), int(fields[1]), int(fields[2])


@dataclass(frozen=True)
class _Original:
    """Bytecode as it is used. immutables: where each immutable variable stands, by its id in the syntax tree."""

    code: bytes
    immutables: Mapping[str, list[dict[str, int]]]

    def blank(self, code: bytes) -> bytes:
        """Without the values of immutable variables."""
        blanked = bytearray(code)
        for places in self.immutables.values():
            for place in places:
                blanked[place["start"] : place["start"] + place["length"]] = bytes(place["length"])
        return bytes(blanked)

    def values(self, code: bytes) -> dict[str, bytes]:
        return {
            name: code[places[0]["start"] : places[0]["start"] + places[0]["length"]]
            for name, places in self.immutables.items()
        }


class Build:
    """All contracts that ship, in both forms."""

    def __init__(self, used: dict[str, Any], unoptimized: dict[str, Any]) -> None:
        self.trees: dict[str, Any] = {path: source["ast"] for path, source in unoptimized["sources"].items()}
        self._files = {source["id"]: path for path, source in unoptimized["sources"].items()}
        self._runtime: list[tuple[_Original, Twin, _Original]] = []
        self._creation: list[tuple[bytes, Twin]] = []
        for path, contracts in used["contracts"].items():
            if path.startswith("contracts/"):
                for name, contract in contracts.items():
                    self._add(name, contract["evm"], unoptimized["contracts"][path][name]["evm"])
        self.twins = {twin.name: twin for _, twin, _ in self._runtime} | {twin.name: twin for _, twin in self._creation}

    @property
    def fingerprint(self) -> str:
        """The same for the same twins."""
        return sha256(b"\n".join(self.twins[name].code for name in sorted(self.twins))).hexdigest()

    def _add(self, name: str, used: dict[str, Any], unoptimized: dict[str, Any]) -> None:
        original, copy = (_original(evm["deployedBytecode"]) for evm in (used, unoptimized))
        if len(original.code) < 100:  # an interface, or a library without functions to call
            return
        creation = unoptimized["bytecode"]
        self._runtime.append(
            (original, Twin(name, copy.code, unoptimized["deployedBytecode"]["sourceMap"], self._files), copy)
        )
        self._creation.append(
            (
                bytes.fromhex(used["bytecode"]["object"]),
                Twin(f"{name} (creation)", bytes.fromhex(creation["object"]), creation["sourceMap"], self._files),
            )
        )

    def twin_of(self, code: bytes) -> tuple[Twin, bytes] | None:
        """The twin of deployed bytecode, and its bytes with the same immutable values; None for any other code."""
        for original, twin, copy in self._runtime:
            if len(code) == len(original.code) and original.blank(code) == original.code:
                filled = bytearray(copy.code)
                for name, value in original.values(code).items():
                    for place in copy.immutables[name]:
                        filled[place["start"] : place["start"] + place["length"]] = value
                return twin, bytes(filled)
        return None

    def twin_of_creation(self, code: bytes) -> tuple[Twin, bytes] | None:
        """The same for bytecode that creates a contract, with its arguments behind it."""
        for original, twin in self._creation:
            if code.startswith(original):
                return twin, twin.code + code[len(original) :]
        return None


def _original(deployed: dict[str, Any]) -> _Original:
    return _Original(bytes.fromhex(deployed["object"]), deployed["immutableReferences"])


def load(cache: Path = CACHE) -> Build:
    """The build of the contracts as they are now; compiled once."""
    document = json.loads(cache.read_text()) if cache.is_file() else {}
    if document.get("of") != sources_hash():
        sources = contract_sources()
        with compiler() as solc:
            builds = [solc.compile(sources, OUTPUTS, settings) for settings in (SETTINGS, UNOPTIMIZED)]
        document = {"of": sources_hash(), "builds": builds}
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(document))
    return Build(*document["builds"])
