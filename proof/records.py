"""What the deep runs came to: one file each, `proof/records/<name>.json`, committed; `make audit` prints them.

A record says by which checkout, from which contracts and with which compiler its figures are, so that their age can be
seen. A part of a run is no record, and a short run does not take the place of a longer one.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from connext.deployer.sources import COMPILER, CONTRACTS, LOCK_FILE, SETTINGS, files

CHECKOUT = Path(__file__).resolve().parents[1]
RECORDS = CHECKOUT / "proof" / "records"

TEST_CONTRACTS = "contracts/test/"

COMPILED_WITH = ("node_modules/solc", "node_modules/@openzeppelin/contracts")
"""What the lock file says of these decides the bytecode, too; its other packages do not."""

REACH = {"fuzz": "operations", "invariants": "calls", "mutants": "tried"}
"""Runs that can always go on, by the figure that says how far they went."""

Figures = Mapping[str, Any]
"""What a run counted, by the name that is shown; numbers, texts, and mappings and lists of these."""


class NotARecord(ValueError):
    """A file of `proof/records` that is not one."""


class OnlyAPart(ValueError):
    """A run that leaves something out is not recorded."""


class ReachesLess(ValueError):
    """The record that there is goes further."""


@dataclass(frozen=True)
class Record:
    """commit: short hash; dirty: other files than the records differed from it; time: of the run's end, UTC, ISO 8601;
    sources, compiler: see `sources_hash` and `compiler_hash`; seconds: how long the run took.

    compiler: empty in records from before it was noted, which are those of the first compiler.
    """

    commit: str
    dirty: bool
    time: str
    sources: str
    seconds: float
    figures: Figures
    compiler: str = ""


def save(name: str, seconds: float, figures: Figures, folder: Path = RECORDS, *, part: str = "") -> Path:
    """Write the record of a run that ends now; `name` is the run's, for instance "fuzz".

    part: to what the run was restricted; empty for the whole. Raises OnlyAPart, ReachesLess.
    """
    require_whole(part)
    _require_reach(name, figures, folder)
    record = Record(commit(), is_dirty(), now(), sources_hash(), round(seconds, 1), figures, compiler_hash())
    path = folder / f"{name}.json"
    folder.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(record), indent=2) + "\n")
    return path


def require_whole(part: str) -> None:
    """Raises OnlyAPart: before a run, so that nobody waits for a record in vain."""
    if part:
        raise OnlyAPart(f"a part is not recorded: leave out {part}, or --save")


def _require_reach(name: str, figures: Figures, folder: Path) -> None:
    before = load(name, folder)
    if name not in REACH or before is None or not is_of_these_sources(before):
        return
    was, reached = before.figures[REACH[name]], figures[REACH[name]]
    if reached < was:
        path = folder / f"{name}.json"
        raise ReachesLess(f"not recorded: {REACH[name]} {reached:,}, in {path} {was:,}; go on, or delete that file")


def load(name: str, folder: Path = RECORDS) -> Record | None:
    """The last record of a run; None where it never ran. Raises NotARecord."""
    path = folder / f"{name}.json"
    if not path.is_file():
        return None
    try:
        return Record(**json.loads(path.read_text()))
    except (TypeError, ValueError) as error:
        raise NotARecord(f"{path} is not a record ({error}); run that target again, or restore the file") from None


def is_of_these_sources(record: Record) -> bool:
    """Whether the figures are those of the contracts as they are now."""
    return record.sources == sources_hash() and record.compiler in ("", compiler_hash())


def age(record: Record) -> str:
    """For instance "3 h"."""
    passed = datetime.now(UTC) - datetime.fromisoformat(record.time)
    minutes = int(passed.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def now() -> str:
    """As in a record: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sources_hash(checkout: Path = CHECKOUT) -> str:
    """sha256 over names and bytes of contracts, interfaces and settings, without the contracts for tests; 64 hex
    digits."""
    digest = sha256()
    for path in files(checkout, (*CONTRACTS, SETTINGS)):
        name = path.relative_to(checkout).as_posix()
        if not name.startswith(TEST_CONTRACTS):
            digest.update(f"{name} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def compiler_hash(checkout: Path = CHECKOUT) -> str:
    """sha256 over the rest of `connext.deployer.sources`: what calls the compiler, and which packages are compiled
    with; 64 hex digits. Apart from the sources, because the lock file changes for many other reasons."""
    locked = json.loads((checkout / LOCK_FILE).read_text())["packages"]
    packages = {name: [locked[name]["version"], locked[name]["integrity"]] for name in COMPILED_WITH}
    return sha256(json.dumps(packages).encode() + (checkout / COMPILER).read_bytes()).hexdigest()


def commit() -> str:
    """The short hash of the checkout's."""
    return _git("rev-parse", "--short", "HEAD")


def is_dirty() -> bool:
    """Whether files other than the records differ from the commit, or are unknown to git."""
    return bool(_git("status", "--porcelain", "--", ".", ":!proof/records"))


def _git(*arguments: str) -> str:
    answer = subprocess.run(("git", *arguments), cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout.strip()
