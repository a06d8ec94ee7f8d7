"""What the deep runs came to: one file each, `proof/records/<name>.json`, committed; `make audit` prints them.

A record says by which checkout and from which contracts its figures are, so that their age can be seen.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
RECORDS = CHECKOUT / "proof" / "records"

SOURCES = ("contracts/**/*.sol", "interfaces/**/*.sol", "toolchain/solc-settings.json")
"""What decides the bytecode that people use."""

TEST_CONTRACTS = "contracts/test/"

Figures = Mapping[str, Any]
"""What a run counted, by the name that is shown; numbers, texts, and mappings and lists of these."""


class NotARecord(ValueError):
    """A file of `proof/records` that is not one."""


@dataclass(frozen=True)
class Record:
    """commit: short hash; dirty: other files than the records differed from it; time: of the run's end, UTC, ISO 8601;
    sources: see `sources_hash`; seconds: how long the run took."""

    commit: str
    dirty: bool
    time: str
    sources: str
    seconds: float
    figures: Figures


def save(name: str, seconds: float, figures: Figures, folder: Path = RECORDS) -> Path:
    """Write the record of a run that ends now; `name` is the run's, for instance "fuzz"."""
    record = Record(commit(), is_dirty(), now(), sources_hash(), round(seconds, 1), figures)
    path = folder / f"{name}.json"
    folder.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(record), indent=2) + "\n")
    return path


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
    return record.sources == sources_hash()


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
    """sha256 over names and bytes of all `SOURCES`, without the contracts for tests; 64 hex digits."""
    digest = sha256()
    for path in sorted({path for pattern in SOURCES for path in checkout.glob(pattern)}):
        name = path.relative_to(checkout).as_posix()
        if not name.startswith(TEST_CONTRACTS):
            digest.update(f"{name} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def commit() -> str:
    """The short hash of the checkout's."""
    return _git("rev-parse", "--short", "HEAD")


def is_dirty() -> bool:
    """Whether files other than the records differ from the commit, or are unknown to git."""
    return bool(_git("status", "--porcelain", "--", ".", ":!proof/records"))


def _git(*arguments: str) -> str:
    answer = subprocess.run(("git", *arguments), cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout.strip()
