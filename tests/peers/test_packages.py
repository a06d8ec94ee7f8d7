"""What is installed is what was locked."""

import io
import json
import re
import tarfile
from base64 import b64encode
from hashlib import sha512
from pathlib import Path

import pytest

from peers import packages
from peers.packages import HERE, NotThePackage


def archive() -> bytes:
    """An npm package with one file."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as files:
        info = tarfile.TarInfo("package/contract.json")
        info.size = 2
        files.addfile(info, io.BytesIO(b"{}"))
    return content.getvalue()


ARCHIVE = archive()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where packages go; npm gives the archive above for every name, PyPI is not asked."""

    def npm(command: list[str], **_: object) -> None:
        folder = Path(command[command.index("--pack-destination") + 1])
        (folder / "some.tgz").write_bytes(ARCHIVE)

    monkeypatch.setattr(packages, "INSTALLED", tmp_path)
    monkeypatch.setattr(packages.subprocess, "run", npm)
    packages._raiden().mkdir()
    return tmp_path


def lock(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    integrity = f"sha512-{b64encode(sha512(content).digest()).decode()}"
    monkeypatch.setattr(packages, "_locked", lambda: {"@a/example": {"version": "1.2.3", "integrity": integrity}})


def test_a_package_with_the_locked_hash(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock(monkeypatch, ARCHIVE)
    packages.install()
    assert (installed / "example-1.2.3" / "contract.json").read_text() == "{}"


def test_another_package_leaves_nothing_behind(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock(monkeypatch, b"something else")
    before = set(installed.iterdir())
    with pytest.raises(NotThePackage) as error:
        packages.install()
    assert str(error.value).startswith("@a/example does not have the hash in peers/packages.json")
    assert set(installed.iterdir()) == before


def test_what_is_there_is_not_fetched_again(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock(monkeypatch, ARCHIVE)
    packages.install()
    monkeypatch.setattr(packages.subprocess, "run", None)
    packages.install()
    assert (installed / "example-1.2.3").is_dir()


def test_all_are_locked_to_one_version_and_hash() -> None:
    for name, locked in json.loads((HERE / "packages.json").read_text()).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", locked["version"]), name
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", locked["integrity"]), name
    assert re.fullmatch(
        r"raiden-contracts==[\d.]+ \\\n    --hash=sha256:[0-9a-f]{64}\n", (HERE / "packages.txt").read_text()
    )
