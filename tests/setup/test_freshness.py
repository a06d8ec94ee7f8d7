"""What Ape and forge built is dropped when, and only when, something that decides the bytecode has changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.ape_connext.freshness import drop_stale_build


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("contracts/libraries/Used.sol", "interfaces/IUser.sol", "toolchain/solc-settings.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    drop_stale_build(tmp_path)
    (tmp_path / ".build" / "forge").mkdir()
    (tmp_path / ".build" / "__local__.json").write_text("a build")
    return tmp_path


def is_built(checkout: Path) -> bool:
    drop_stale_build(checkout)
    builds = {(checkout / ".build" / name).exists() for name in ("__local__.json", "forge")}
    assert len(builds) == 1
    return builds.pop()


def test_keeps_a_fresh_build(checkout: Path) -> None:
    assert is_built(checkout)
    (checkout / "README.md").write_text("no source")
    assert is_built(checkout)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: (path / "contracts/libraries/Used.sol").write_text("after"),
        lambda path: (path / "contracts/libraries/Used.sol").unlink(),
        lambda path: (path / "contracts/New.sol").write_text("new"),
        lambda path: (path / "interfaces/IUser.sol").write_text("after"),
        lambda path: (path / "interfaces/IUser.sol").rename(path / "interfaces/IRenamed.sol"),
        lambda path: (path / "toolchain/solc-settings.json").write_text("after"),
    ],
    ids=["import changed", "import deleted", "contract added", "interface changed", "file renamed", "settings changed"],
)
def test_drops_a_stale_build(checkout: Path, change: Callable[[Path], object]) -> None:
    change(checkout)
    assert not is_built(checkout)
