"""A machine that lacks something gets one line that says what to install, before anything is touched."""

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
GOOD = {
    "python3": "exit 0",
    "node": "echo v20.1.0",
    "npm": "echo the setup must have stopped before it gets here >&2; exit 9",
}
NO_PYTHON = "setup: install Python 3.11 or 3.12, or name one: make setup PYTHON=/path/to/python3.12"


@pytest.mark.parametrize(
    ("machine", "complaint"),
    [
        ({"python3": None}, NO_PYTHON),
        (
            {"python3": "exit 1"},
            NO_PYTHON,
        ),
        (
            {"python3": 'case "$2" in *ensurepip*) exit 1;; esac'},
            "setup: python3 lacks the venv module; install it (Debian, Ubuntu: apt install python3-venv)",
        ),
        ({"node": None}, "setup: install Node.js 20 or newer"),
        ({"node": "echo v18.19.1"}, "setup: Node.js v18.19.1 is too old; install 20 or newer"),
        ({"npm": None}, "setup: install npm, which belongs to Node.js"),
    ],
    ids=["no python", "another python", "no venv", "no node", "old node", "no npm"],
)
def test_says_what_is_missing(machine: dict[str, str | None], complaint: str, tmp_path: Path) -> None:
    for name, script in (GOOD | machine).items():
        if script is not None:
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
    (tmp_path / "sed").symlink_to("/bin/sed")
    setup = subprocess.run(
        [CHECKOUT / "toolchain" / "setup.sh", tmp_path / "venv"],
        env={"PATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert setup.stderr.splitlines() == [complaint]
    assert setup.returncode == 1
    assert not (tmp_path / "venv").exists()


def test_takes_the_python_that_is_named(tmp_path: Path) -> None:
    setup = subprocess.run(
        [CHECKOUT / "toolchain" / "setup.sh", tmp_path / "venv"],
        env={"PATH": os.environ["PATH"], "PYTHON": "/nowhere/python3"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert setup.stderr == "setup: PYTHON=/nowhere/python3 is not Python 3.11 or 3.12\n"
    assert setup.returncode == 1
