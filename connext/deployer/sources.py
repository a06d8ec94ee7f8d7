"""What decides the bytecode that people use, as patterns of paths in a checkout.

The one list of it: of what a deployment records as committed, of what makes Ape's and forge's builds stale, and of what
the figures of the deep runs are about.
"""

from collections.abc import Iterator
from pathlib import Path

CONTRACTS = ("contracts/**/*.sol", "interfaces/**/*.sol")
"""What is compiled, with what it imports: that of packages is in the lock file."""

SETTINGS = "toolchain/solc-settings.json"

LOCK_FILE = "package-lock.json"
"""Of the compiler and of the imported contracts."""

COMPILER = "toolchain/solc.mjs"
"""What stands between the tools and the compiler."""

SOURCES = (*CONTRACTS, SETTINGS, LOCK_FILE, COMPILER)


def files(checkout: Path, patterns: tuple[str, ...] = SOURCES) -> Iterator[Path]:
    """Those that there are, each once, in order."""
    yield from sorted({path for pattern in patterns for path in checkout.glob(pattern)})
