"""A Safe deploys: the file for its Transaction Builder, executed by a Safe, recorded by whoever comes after."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connext.chain.endpoint import Endpoint, http_carrier
from connext.deployer import standard_json
from connext.deployer.create2 import PROXY
from connext.deployer.files import load_config
from connext.deployer.safe import batch_checksum
from connext.keccak import keccak256
from connext.types import checksum
from tests.scripts.live import CHECKOUT, Live, committed_checkout, put_dai, quick_rebuild
from tests.scripts.running import BOB, start_anvil
from tests.scripts.safe import Safe

CHOICE = "ethereum:mainnet"


@pytest.fixture
def mainnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    committed_checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(standard_json, "_compile", quick_rebuild)
    for url in start_anvil("--chain-id", "1"):
        live = Live(CHOICE, url, Endpoint(http_carrier(url)), tmp_path)
        put_dai(live.node, checksum(load_config(CHECKOUT, CHOICE).token.address), with_permit=True)
        yield live


def test_a_file_that_cannot_be_written(mainnet: Live, tmp_path: Path) -> None:
    safe, path = Safe(mainnet.node), tmp_path / "nowhere" / "batch.json"
    ran = mainnet("deploy", "--safe", checksum(safe.address), "--out", str(path), account=None)
    ran.failed("nowhere/batch.json cannot be written (No such file or directory)")


def test_a_safe_deploys(mainnet: Live, tmp_path: Path) -> None:
    safe = Safe(mainnet.node)
    path = tmp_path / "batch.json"
    ran = mainnet("deploy", "--safe", checksum(safe.address), "--out", str(path), account=None)
    assert "is for the Safe's Transaction Builder" in " ".join(ran.succeeded().output.split())
    assert not list(mainnet.records.glob("*.json"))
    batch = json.loads(path.read_text())
    assert (batch["version"], batch["chainId"]) == ("1.0", "1")
    assert batch["meta"]["createdFromSafeAddress"] == checksum(safe.address)
    assert [item["to"] for item in batch["transactions"]] == [checksum(PROXY)] * 6
    assert {item["value"] for item in batch["transactions"]} == {"0"}

    safe.execute(batch["transactions"])
    output = mainnet("deploy", account=BOB).succeeded().output
    assert output.count("there already and right") == 6
    assert output.count("from the standard JSON that will be recorded") == 6
    assert output.count(" is recorded in deployments/ethereum-mainnet/") == 6
    documents = [json.loads((mainnet.records / f"{name}.json").read_text()) for name in ("Stream", "ChannelManager")]
    assert len({document["transaction"] for document in documents}) == 1
    ran = mainnet("deploy", "--safe", checksum(safe.address), account=None).succeeded()
    assert "everything is there already: run this without --safe to record it" in ran.output


def test_what_a_safe_must_have(mainnet: Live, tmp_path: Path) -> None:
    nobody = checksum(b"\xaa" * 20)
    mainnet("deploy", "--safe", nobody, account=None).failed(f"there is no contract at {nobody} on ethereum:mainnet")
    mainnet.node.ask("anvil_setCode", checksum(PROXY), "0x")
    mainnet("deploy", "--safe", checksum(Safe(mainnet.node).address), account=None).failed("has no deployment proxy")
    assert not list(tmp_path.glob("deploy-*.json"))


def test_the_checksum_is_the_apps() -> None:
    """Over its canonical form: keys sorted and listed, the name left out."""
    document = {"version": "1.0", "meta": {"name": "n", "b": [1, "x"]}, "chainId": "1"}
    text = '{["chainId","meta","version"]"1",{["b","name"][1,"x"],null,},"1.0",}'
    assert batch_checksum(document) == "0x" + keccak256(text.encode()).hex()
