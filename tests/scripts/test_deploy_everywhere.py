"""`deploy`, `verify`, `status` after each other, on two local chains and on a fork of mainnet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ape_connext import local_mainnet
from ape_connext.anvil import fork_of

from connext.abi import artifact
from connext.deployer import standard_json
from connext.deployer.contracts import PURPOSES
from connext.deployments import read
from connext.keccak import keccak256
from connext.types import checksum
from tests.scripts.conftest import linked_checkout
from tests.scripts.live import quick_rebuild
from tests.scripts.running import ALICE, LOCAL, invoke, start_anvil
from tests.scripts.test_deploy import planned, records

FORK = "ethereum:mainnet-fork:foundry"
PLACES = {"first": (LOCAL, "4001"), "second": (LOCAL, "4002"), "fork": (FORK, "1")}


@contextmanager
def chain(choice: str, chain_id: str) -> Iterator[str]:
    if choice == FORK:
        with fork_of(local_mainnet.start()) as url:
            yield url
    else:
        yield from start_anvil("--chain-id", chain_id)


@pytest.fixture(params=PLACES)
def outputs(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """What the three scripts print there."""
    choice, chain_id = PLACES[request.param]
    linked_checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(standard_json, "_compile", quick_rebuild)
    with chain(choice, chain_id) as url:
        monkeypatch.setenv("APE_FOUNDRY_HOST", url)
        deploy = ("deploy", "--test-dai", "--account", ALICE)
        scripts = (deploy, ("verify",), ("status", "--views"))
        yield {script[0]: invoke([*script, "--network", choice]).succeeded().output for script in scripts}


def test_the_addresses_come_out_as_planned(outputs: dict[str, str], tmp_path: Path) -> None:
    found = {name: read(path) for name, path in records(tmp_path).items()}
    assert planned(outputs["deploy"]) == {name: checksum(record.address) for name, record in found.items()}
    for name, record in found.items():
        assert f"{name} at {checksum(record.address)} is exactly this source\n" in outputs["verify"]
    assert outputs["verify"].count("is exactly this source") == len(PURPOSES)
    assert f"manager {checksum(found['ChannelManager'].address)} on ethereum:" in outputs["status"]
    assert "G1 holds" in outputs["status"]
    for name, record in found.items():
        if name != "ChannelManager":  # the same on every chain: it has no parameters
            assert record.address == address_by_eip_1014(artifact(name).bytecode)


def address_by_eip_1014(code: bytes) -> bytes:
    proxy, salt = bytes.fromhex("4e59b44847b379578588920cA78FbF26c0B4956C"), bytes(32)
    return keccak256(b"\xff" + proxy + salt + keccak256(code))[12:]
