"""An anvil that plays a live network, and a checkout whose sources are committed."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from connext.abi import Artifact, artifact
from connext.chain.endpoint import Endpoint
from connext.deployer import standard_json
from connext.deployer.standard_json import Build
from tests.scripts.running import ALICE, Ran, invoke

CHECKOUT = Path(__file__).resolve().parents[2]
ARTIFACTS = CHECKOUT / "tests" / "artifacts"
SOLC = "0.8.37+commit.f401782d.Emscripten.clang"
SOURCES = ("contracts", "interfaces", "package-lock.json", "package.json", "toolchain", "deployments/config")
LINKED = ("scripts", "tests", "ape-config.yaml", "node_modules")


def committed_checkout(folder: Path) -> None:
    """A repository with the sources of this one, as they are here."""
    for name in LINKED:
        (folder / name).symlink_to(CHECKOUT / name)
    for name in SOURCES:
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(CHECKOUT / name, folder / name)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    commit_all(folder)


def commit_all(folder: Path) -> None:
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    for command in (("add", *SOURCES), ("commit", "-q", "-m", "sources")):
        subprocess.run([*git, *command], cwd=folder, check=True)


def token_runtime(name: str) -> str:
    return "0x" + Artifact.parse(name, (ARTIFACTS / f"{name}.json").read_text()).runtime.hex()


def put_dai(node: Endpoint, address: str, *, with_permit: bool) -> None:
    """The double of DAI at an address, as if it were that network's. Its permit is for a domain, which is storage."""
    node.ask("anvil_setCode", address, token_runtime("TestDai"))
    if with_permit:
        separator = domain_separator(node.chain_id, bytes.fromhex(address[2:]))
        node.ask("anvil_setStorageAt", address, "0x5", "0x" + separator.hex())


def domain_separator(chain_id: int, token: bytes) -> bytes:
    from connext.messages import domain_separator as separator_of
    from connext.token import TokenDomain

    return separator_of(TokenDomain(chain_id, token))


def quick_rebuild(_root: Path, name: str, source: str) -> Build:
    """What the compiler makes of this checkout's own standard JSON, without the compiler; of others nothing."""
    if source != standard_json.standard_json(CHECKOUT, name):
        raise standard_json.DoesNotCompile(name, "this test only knows the checkout's own source")
    return Build(SOLC, artifact(name).bytecode, artifact(name).runtime)


@dataclass(frozen=True)
class Live:
    """`live(script, *options, answers="")` on the network that the anvil plays."""

    choice: str
    url: str
    node: Endpoint
    folder: Path

    def __call__(self, *arguments: str, answers: str = "", account: str | None = ALICE) -> Ran:
        by = ("--account", account) if account else ()
        return invoke([*arguments, *by, "--network", f"{self.choice}:{self.url}"], answers)

    @property
    def records(self) -> Path:
        return self.folder / "deployments" / self.choice.replace(":", "-")
