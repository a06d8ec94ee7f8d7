"""The published contracts of the other systems, installed into `.build/peers` for the comparison alone.

Only their data files are used: no package of theirs is imported, no dependency and no script of theirs is installed.
Versions and hashes are those of `packages.json` (npm) and `packages.txt` (PyPI).
"""

import json
import subprocess
import sys
import tarfile
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha512
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connext.abi import Abi, Artifact
from peers import CHECKOUT
from toolchain.artifacts import solc

HERE = Path(__file__).parent
INSTALLED = CHECKOUT / ".build" / "peers"

NITRO = "@statechannels/nitro-protocol"
VECTOR = "@connext/vector-contracts"


@dataclass(eq=False)
class NotThePackage(ValueError):
    """What the registry gave is not what was locked."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} does not have the hash in {HERE.name}/packages.json; nothing of it was installed"


def install() -> None:
    """Raises NotThePackage, and CalledProcessError where npm or pip fail."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in _locked():
        _once(_folder(name), name, _install_from_npm)
    _once(_raiden(), "raiden-contracts", _install_from_pypi)


def version(name: str) -> str:
    text: str = _locked()[name]["version"]
    return text


def raiden_version() -> str:
    return (HERE / "packages.txt").read_text().split()[0].partition("==")[2]


def nitro(name: str) -> Artifact:
    """A contract of Nitro by its path without extension, like `examples/HashLockedSwap`."""
    return _hardhat(_folder(NITRO) / "lib" / "artifacts" / "contracts", name)


def vector(name: str) -> Artifact:
    return _hardhat(_folder(VECTOR) / "artifacts" / "src.sol", name)


def raiden(name: str) -> Artifact:
    contract = _raiden_contracts()[name]
    return Artifact(name, Abi(contract["abi"]), bytes.fromhex(contract["bin"].removeprefix("0x")), b"")


@cache
def token() -> Artifact:
    """The comparison's own, from OpenZeppelin's source with this project's compiler."""
    source = HERE / "Token.sol"
    output = solc(
        {
            "language": "Solidity",
            "sources": {source.name: {"content": source.read_text()}},
            "settings": {"outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}},
        }
    )
    contract = output["contracts"][source.name]["Token"]
    return Artifact("Token", Abi(contract["abi"]), bytes.fromhex(contract["evm"]["bytecode"]["object"]), b"")


# --- Installing ---


def _once(folder: Path, name: str, install_into: Callable[[str, Path], Path]) -> None:
    """Leave a whole folder, or none."""
    if folder.is_dir():
        return
    sys.stderr.write(f"bench-peers: installing {name}\n")
    with TemporaryDirectory(dir=INSTALLED) as temporary:
        install_into(name, Path(temporary)).rename(folder)


def _install_from_npm(name: str, temporary: Path) -> Path:
    command = ["npm", "pack", "--loglevel=error", "--ignore-scripts", "--pack-destination", str(temporary)]
    subprocess.run([*command, f"{name}@{version(name)}"], stdout=subprocess.DEVNULL, check=True)
    (archive,) = temporary.glob("*.tgz")
    if sha512(archive.read_bytes()).digest() != b64decode(_locked()[name]["integrity"].removeprefix("sha512-")):
        raise NotThePackage(name)
    with tarfile.open(archive) as files:
        if hasattr(tarfile, "data_filter"):
            files.extraction_filter = tarfile.data_filter  # Python 3.11.4 and later; the hash above decides anyway
        files.extractall(temporary)
    return temporary / "package"


def _install_from_pypi(_: str, temporary: Path) -> Path:
    made = temporary / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
    options = ["--only-binary", ":all:", "--require-hashes", "--target", str(made), "-r", str(HERE / "packages.txt")]
    subprocess.run([*pip, *options], check=True)
    return made


# --- Finding ---


@cache
def _locked() -> dict[str, Any]:
    locked: dict[str, Any] = json.loads((HERE / "packages.json").read_text())
    return locked


def _folder(name: str) -> Path:
    return INSTALLED / f"{name.partition('/')[2]}-{version(name)}"


def _raiden() -> Path:
    return INSTALLED / f"raiden-contracts-{raiden_version()}"


@cache
def _raiden_contracts() -> dict[str, Any]:
    document = json.loads((_raiden() / "raiden_contracts" / "data" / "contracts.json").read_text())
    contracts: dict[str, Any] = document["contracts"]
    return contracts


def _hardhat(folder: Path, name: str) -> Artifact:
    contract = name.rpartition("/")[2]
    document = json.loads((folder / f"{name}.sol" / f"{contract}.json").read_text())
    return Artifact(contract, Abi(document["abi"]), bytes.fromhex(document["bytecode"].removeprefix("0x")), b"")
