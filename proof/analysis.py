"""The environment of halmos and slither, beside Ape's (`make analysis`), and the build that halmos reads."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from proof.records import CHECKOUT

PROGRAMS = CHECKOUT / ".build" / "analysis" / "bin"
BUILD = Path(".build") / "proof" / "forge" / "out"
"""Where `FOUNDRY_PROFILE=proof` builds to (foundry.toml), from the checkout."""


class AnalysisFailed(Exception):
    """A program could not do its work; the message says which and why."""


def build() -> None:
    """Compile contracts and tests/forge. Raises AnalysisFailed."""
    run(("forge", "build", "--quiet"))


def run(command: Sequence[str], accepted: Sequence[int] = (0,), more: Mapping[str, str] | None = None) -> int:
    """Run a program of the environment in the checkout and return its exit status; what it prints is seen.

    accepted: exit statuses that say that it did its work; more: further variables of its environment. An interrupt
    stops the program, too. Raises AnalysisFailed.
    """
    try:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment() | dict(more or {}))
    except FileNotFoundError:
        raise AnalysisFailed(f"{command[0]} is not installed; run `make analysis`") from None
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    if status not in accepted:
        raise AnalysisFailed(f"{command[0]} ended with {status}: see what it printed above")
    return status


def environment() -> dict[str, str]:
    """Of the programs. halmos and slither keep files in the home folder: they get one in `.build`."""
    home = PROGRAMS.parent / "home"
    home.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join((str(PROGRAMS), os.environ["PATH"]))
    return os.environ | {"PATH": path, "HOME": str(home), "FOUNDRY_PROFILE": "proof"}
