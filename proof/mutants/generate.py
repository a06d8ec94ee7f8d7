"""The mutants: what slither-mutate's operators make of the contracts, without what says nothing."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from proof.compiler import contract_sources
from proof.records import CHECKOUT

ENVIRONMENT = CHECKOUT / ".build" / "analysis"

OPERATORS: Mapping[str, str] = {
    "AOR": "another arithmetic operator",
    "ASOR": "another assignment operator",
    "BOR": "another bitwise operator",
    "CR": "a statement less",
    "LIR": "another number in a declaration",
    "LOR": "another logical operator",
    "MIA": "a condition that is true, false or the opposite",
    "MVIE": "a variable without its first value",
    "MVIV": "a variable without its first number",
    "MWA": "a loop's condition turned round",
    "ROR": "another comparison",
    "SBR": "another type, another global value",
    "UOR": "another unary operator",
}
"""Those of slither-mutate that are used. Not FHR, which changes visibility, and what compiles behaves the same; nor RR,
which puts `revert()` in a statement's place: every test that runs the line and expects success would notice, which is
what coverage says already."""


_WITHOUT_EFFECT = (re.compile(r"\b(constant|immutable)\b"), re.compile(r"\b(memory|storage)\b"))
"""What SBR also swaps: the first pair only changes when a value is computed, of the second none compiles."""


class NoSlither(Exception):
    """The analysis environment is missing, or slither fails in it."""


@dataclass(frozen=True)
class Mutant:
    """A contract's source with one change. operator: of `OPERATORS`; file: in the checkout."""

    operator: str
    file: str
    original: str
    source: str

    @cached_property
    def key(self) -> str:
        """The same for the same source, whatever made it."""
        return sha256(f"{self.file}\n{self.source}".encode()).hexdigest()[:16]

    @cached_property
    def change(self) -> "Change":
        before, after = self.original.splitlines(), self.source.splitlines()
        edits = [edit for edit in SequenceMatcher(None, before, after, False).get_opcodes() if edit[0] != "equal"]
        first, last = edits[0], edits[-1]
        return Change(
            line=first[1] + 1,
            before=_joined(before[first[1] : last[2]]),
            after=_joined(after[first[3] : last[4]]),
        )


@dataclass(frozen=True, order=True)
class Change:
    """The lines that differ, each joined into one."""

    line: int
    before: str
    after: str


def _joined(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())


def mutants() -> list[Mutant]:
    """All, each source once, by their keys, which are hashes: the first n are a fair sample. Raises NoSlither."""
    texts = {path: (CHECKOUT / path).read_text() for path in {patch["file"] for patch in _patches()}}
    found: dict[str, Mutant] = {}
    for patch in _patches():
        if patch["operator"] in OPERATORS:
            mutant = _mutant(patch, texts[patch["file"]])
            if _neutral(mutant.source) != _neutral(mutant.original):
                found.setdefault(mutant.key, mutant)
    return [found[key] for key in sorted(found)]


def _neutral(source: str) -> str:
    for keywords in _WITHOUT_EFFECT:
        source = keywords.sub("_", source)
    return source


def _mutant(patch: Mapping[str, Any], original: str) -> Mutant:
    text = original.encode()
    changed = text[: patch["start"]] + patch["text"].encode() + text[patch["end"] :]
    return Mutant(patch["operator"], patch["file"], original, changed.decode())


def _patches() -> list[dict[str, Any]]:
    """What slither answers, asked once for the same contracts."""
    contracts = sha256(json.dumps(contract_sources()).encode()).hexdigest()
    cache = CHECKOUT / ".build" / "mutants" / f"patches-{contracts[:16]}.json"
    if not cache.is_file():
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(_ask_slither())
    found: list[dict[str, Any]] = json.loads(cache.read_text())
    return found


def _ask_slither() -> str:
    python = ENVIRONMENT / "bin" / "python"
    if not python.is_file():
        raise NoSlither(f"{ENVIRONMENT} is missing; `make analysis` installs it")
    command = [str(python), str(Path(__file__).with_name("slither_patches.py"))]
    asked = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    if asked.returncode:
        raise NoSlither(f"slither fails in {ENVIRONMENT}:\n{asked.stderr[-2000:]}")
    return asked.stdout
