"""What an auditor wants to know first, in one table: which code this is, how it is laid out, what tried to break it."""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from connext.abi import artifact
from connext.deployer.standard_json import SOURCES, standard_json
from connext.keccak import keccak256
from proof import records
from proof.records import CHECKOUT, NotARecord, Record
from toolchain.artifacts import solc

CONTRACT_NAMES = tuple(sorted(path.stem for path in (CHECKOUT / "connext" / "artifacts").glob("*.json")))
STATEFUL = ("ChannelManager", "OutcomeRegistry")

RUNS = {
    "fuzz": "random play against the model",
    "explore": "every order of every action",
    "symbolic": "proofs for all inputs",
    "invariants": "stateful invariants",
    "mutants": "changed contracts that tests notice",
    "coverage": "lines and branches that tests run",
    "slither": "static analysis",
    "regressions": "known failures brought back",
}
"""The deep runs, by the names of their make targets."""

NEVER_RUN, OLDER_SOURCES = "never run", "older sources"


@dataclass(frozen=True)
class Slot:
    """A variable in storage. slot: its number; offset: in bytes, from the low end."""

    slot: int
    offset: int
    label: str
    type: str


def main() -> int:
    options = _options()
    Console(width=options.width).print(_table())
    return 0


def _table() -> Table:
    table = Table("", "", "", title=f"Audit of commit {_commit()}", title_justify="left", show_header=False)
    table.add_row("compiler", f"solc {_version()}", "")
    for name in CONTRACT_NAMES:
        table.add_section()
        for i, (kind, data) in enumerate(texts_of(name).items()):
            table.add_row(name if i == 0 else "", f"{kind:<14} {_fingerprint(data)}", f"{len(data):,} bytes")
    for name, layout in layouts().items():
        table.add_section()
        for i, slot in enumerate(layout):
            table.add_row(f"storage of {name}" if i == 0 else "", f"{slot.label}: {slot.type}", f"slot {slot.slot}")
    table.add_section()
    for name, words in RUNS.items():
        table.add_row(f"make {name}", *run_cells(words, records.load(name)))
    return table


# --- Deep runs ---


def run_cells(words: str, record: Record | None) -> tuple[str, str]:
    """What a run is, with its figures; and how old they are."""
    if record is None:
        return words, NEVER_RUN
    said = [f"{record.commit}{' and changes' if record.dirty else ''}", f"{records.age(record)} old"]
    if not records.is_of_these_sources(record):
        said.append(OLDER_SOURCES)
    return "\n".join([words, *figures(record.figures), f"{record.seconds:,.0f} seconds"]), "\n".join(said)


def figures(mapping: Mapping[str, Any]) -> Iterator[str]:
    """Numbers and words, one a line; of lists and mappings how many there are, what they hold stands in the record."""
    for name, value in mapping.items():
        if isinstance(value, Mapping | list):
            yield f"{name}: {len(value)} listed"
        elif isinstance(value, bool) or not isinstance(value, int):
            yield f"{name}: {value}"
        else:
            yield f"{name}: {value:,}"


# --- Code ---


def texts_of(name: str) -> dict[str, bytes]:
    """What makes a contract, by kind. The standard JSON's hash is the one in deployment records (`sourceHash`)."""
    texts = {"standard JSON": standard_json(CHECKOUT, name).encode()} if name in SOURCES else {}
    code = artifact(name)
    return {**texts, "creation code": code.bytecode, "runtime code": code.runtime}


def layouts() -> dict[str, tuple[Slot, ...]]:
    """Of the contracts that have storage. No bytecode is made, so it takes a moment only."""
    request = {
        "language": "Solidity",
        "sources": {SOURCES[name]: {"content": (CHECKOUT / SOURCES[name]).read_text()} for name in STATEFUL},
        "settings": {"outputSelection": {"*": {"*": ["storageLayout", "transientStorageLayout"]}}},
    }
    contracts = solc(request)["contracts"]
    return {name: tuple(slots(contracts[SOURCES[name]][name])) for name in STATEFUL}


def slots(contract: Mapping[str, Any]) -> Iterator[Slot]:
    """In storage, and in transient storage, which is marked; structs that a mapping leads to are written out."""
    for key, mark in (("storageLayout", ""), ("transientStorageLayout", "transient ")):
        layout = contract.get(key) or {}
        types = layout.get("types") or {}
        for entry in layout.get("storage", ()):
            yield Slot(int(entry["slot"]), entry["offset"], mark + entry["label"], _type(types, entry["type"]))


def _type(types: Mapping[str, Any], name: str) -> str:
    kind = types[name]
    if "value" in kind:
        return f"{_type(types, kind['key'])} => {_type(types, kind['value'])}"
    if "members" in kind:
        members = (f"{member['slot']}: {member['label']} {_type(types, member['type'])}" for member in kind["members"])
        return f"{kind['label']} ({', '.join(members)})"
    label: str = kind["label"]
    return label


def _fingerprint(code: bytes) -> str:
    return f"keccak256 {keccak256(code).hex()}"


def _version() -> str:
    program = CHECKOUT / "toolchain" / "solc.mjs"
    answer = subprocess.run((program, "--version"), stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout.splitlines()[-1].removeprefix("Version: ")


def _commit() -> str:
    return records.commit() + (", with changes that are not committed" if records.is_dirty() else "")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.audit", description=__doc__)
    parser.add_argument("--width", type=int, metavar="COLUMNS", default=140, help="of the table; %(default)s")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotARecord as error:
        sys.exit(f"audit: {error}")
