"""What Ape must know about this checkout: where its tools are, when its build is stale, what its mainnet fork forks.

Ape imports every installed distribution called `ape-*`, hence the name. `make setup` installs this one into `.venv`.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ape.api.providers import ProviderAPI
from ape.plugins import register
from ape.plugins.network import ProviderPlugin

from ape_connext.freshness import drop_stale_build

CHECKOUT = Path(__file__).resolve().parents[2]
EVM_RECURSION_LIMIT = 12_288  # as many frames as py-evm asks for


@register(ProviderPlugin)
def providers() -> Iterator[tuple[str, str, type[ProviderAPI]]]:
    from ape_connext.upstream import MainnetUpstream

    yield "ethereum", "mainnet", MainnetUpstream


def _find_tools() -> None:
    """Make py-solc-x and ape-foundry find the compiler and anvil of the virtual environment, activated or not."""
    environment = Path(sys.prefix)
    os.environ.setdefault("SOLCX_BINARY_PATH", str(environment / "solc"))
    programs = str(environment / "bin")
    if programs not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = programs + os.pathsep + os.environ["PATH"]


def _limit_recursion() -> None:
    """Undo what py_ecc does when Ape's EVM imports it: allow a depth of 100 000.

    There the JSON parser overflows the C stack before Python notices, and a file of brackets ends the process without
    a word.
    """
    import py_ecc  # noqa: F401

    sys.setrecursionlimit(EVM_RECURSION_LIMIT)


_find_tools()
_limit_recursion()
drop_stale_build(CHECKOUT)
