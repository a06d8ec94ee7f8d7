"""Link the compiler and the Foundry programs into the running virtual environment.

npm has the programs of Foundry in packages for one platform each (`@foundry-rs/anvil-linux-amd64`) and installs the one
that fits. Where it has none, an installed Foundry of the same version serves.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import which

CHECKOUT = Path(__file__).resolve().parents[1]
ENVIRONMENT = Path(sys.prefix)
PACKAGES = json.loads((CHECKOUT / "package.json").read_text())
SOLC_VERSION = PACKAGES["devDependencies"]["solc"]
FOUNDRY_VERSION = PACKAGES["optionalDependencies"]["@foundry-rs/anvil-linux-amd64"]


def foundry_program(name: str) -> Path:
    for program in (CHECKOUT / "node_modules" / "@foundry-rs").glob(f"{name}-*/bin/{name}"):
        return program
    installed = which(name)
    if installed is None or FOUNDRY_VERSION not in subprocess.check_output([installed, "--version"], text=True):
        sys.exit(f"setup: npm has no {name} for this platform; install Foundry {FOUNDRY_VERSION} and put it on PATH")
    return Path(installed).resolve()


def link(name: Path, target: Path) -> None:
    name.parent.mkdir(exist_ok=True)
    name.symlink_to(os.path.relpath(target, name.parent))


compiler = CHECKOUT / "toolchain" / "solc.mjs"
link(ENVIRONMENT / "bin" / "solc", compiler)
link(ENVIRONMENT / "solc" / f"solc-v{SOLC_VERSION}", compiler)
link(ENVIRONMENT / "bin" / "forge", foundry_program("forge"))
link(ENVIRONMENT / "bin" / "anvil", CHECKOUT / "toolchain" / "anvil.sh")
link(ENVIRONMENT / "foundry" / "anvil", foundry_program("anvil"))
