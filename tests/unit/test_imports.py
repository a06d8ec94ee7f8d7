"""What the package needs to be imported."""

import pkgutil
import subprocess
import sys

import connext

OPTIONAL = ("ape", "ape_ethereum", "eip712", "eth_account", "jinja2", "pyrevm", "web3", "yaml")
THIN_DOORS = {
    "connext.chain.account",
    "connext.chain.ape",
    "connext.chain.evm",
    "connext.deployer.files",
    "connext.deployer.replay",
    "connext.deployer.survey",
    "connext.deployer.verification",
    "connext.replay.report",
    "connext.stories",
}
"""Each needs one of these; nothing else does."""


def test_the_core_needs_neither_ape_nor_an_evm() -> None:
    modules = {module.name for module in pkgutil.walk_packages(connext.__path__, "connext.")} - THIN_DOORS
    assert "connext.world" in modules
    code = f"import sys; sys.modules |= dict.fromkeys({OPTIONAL}); import {', '.join(sorted(modules))}"
    subprocess.run([sys.executable, "-c", code], check=True)
