"""The lock files pin everything by hash, and name no address to download from."""

import json
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = [f"requirements/{name}.txt" for name in ("analysis", "browser", "build", "dev", "ledger")]


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_python_packages_are_pinned_by_hash(name: str) -> None:
    requirements = (CHECKOUT / name).read_text().replace("\\\n", "").splitlines()
    pinned = re.compile(r"[a-z0-9-]+==[^ ]+( ; [^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    assert [line for line in requirements if not pinned.fullmatch(line.strip())] == []


def test_node_packages_are_pinned_by_hash() -> None:
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert [name for name, package in installed.items() if not package.get("integrity")] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []
