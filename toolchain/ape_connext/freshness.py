"""Ape compiles again what changed, but not what imports it, and never forgets a deleted contract; forge knows nothing
of the compiler's settings, which are not in its own file.

Tests would then run bytecode that no source describes. So both builds are dropped whenever anything that decides the
bytecode has changed: the contracts, what they import, the compiler and its settings.
"""

from hashlib import sha256
from pathlib import Path
from shutil import rmtree

from connext.deployer.sources import SOURCES, files

FOR_APE = (*SOURCES, "ape-config.yaml")
"""Ape's own file says which version it asks for."""


def drop_stale_build(checkout: Path) -> None:
    """Remove what Ape and forge built in `checkout`, unless it was built from the sources that are there now."""
    record = checkout / ".build" / "sources.sha256"
    fingerprint = _fingerprint(checkout)
    if record.is_file() and record.read_text() == fingerprint:
        return
    (checkout / ".build" / "__local__.json").unlink(missing_ok=True)
    rmtree(checkout / ".build" / "forge", ignore_errors=True)
    record.parent.mkdir(exist_ok=True)
    record.write_text(fingerprint)


def _fingerprint(checkout: Path) -> str:
    digest = sha256()
    for path in files(checkout, FOR_APE):
        digest.update(f"{path.relative_to(checkout)} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
