"""Deployment records: the files that are committed, and what the loader refuses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from connext.codec import to_json
from connext.conditions import Conditions
from connext.deployments import (
    Compiler,
    DeploymentGone,
    Network,
    NotDeployed,
    NotRecorded,
    NotWritable,
    Record,
    UnreadableFile,
    WrongChain,
    load,
    manager_deployment,
    read,
    require_writable,
    save,
    source_path,
)
from connext.keccak import keccak256
from connext.types import InvalidValue

CHECKOUT = Path(__file__).resolve().parents[2]
CODE = b"\x60\x00"
SOURCE = "{}"
SEPOLIA = Network("ethereum:sepolia", True, 11155111, bytes(32))
FORK = Network("ethereum:mainnet-fork", False, 1, bytes.fromhex("ab" * 32))
RECORD = Record(
    contract="ChannelManager",
    address=b"\x11" * 20,
    chain_id=11155111,
    transaction=b"\x22" * 32,
    block=7,
    time=1_750_000_000,
    deployer=b"\x33" * 20,
    salt=bytes(32),
    arguments=[
        {
            "token": "0x6B175474E89094C44Da98b954EedeAC495271d0F",
            "registry": "0x0000000000000000000000000000000000000000",
            "capacityWei": "100",
            "capacityToken": "200",
            "transferLimitWei": "10",
            "transferLimitToken": "20",
            "minChallengePeriod": "3600",
            "maxChallengePeriod": "2592000",
        }
    ],
    permit=True,
    compiler=Compiler("0.8.37", {"viaIR": True}),
    source_hash=keccak256(b"{}"),
    creation_hash=b"\x44" * 32,
    runtime_hash=keccak256(CODE),
    commit="5" * 40,
)
AT = Conditions(*(bytes([n]) * 20 for n in range(1, 6)))


def code_at(address: bytes) -> bytes:
    return CODE if address == RECORD.address else b""


def test_live_networks_have_a_folder_by_name(tmp_path: Path) -> None:
    assert (
        save(tmp_path, SEPOLIA, RECORD, SOURCE) == tmp_path / "deployments" / "ethereum-sepolia" / "ChannelManager.json"
    )


def test_forks_have_a_folder_by_chain_id_and_genesis(tmp_path: Path) -> None:
    assert FORK.folder(tmp_path) == tmp_path / ".build" / "deployments" / ("1-0x" + "ab" * 32)


def test_a_saved_record_is_loaded(tmp_path: Path) -> None:
    save(tmp_path, SEPOLIA, RECORD, SOURCE)
    assert load(tmp_path, "ChannelManager", SEPOLIA, code_at) == RECORD


def test_the_later_deployment_replaces_the_earlier(tmp_path: Path) -> None:
    save(tmp_path, SEPOLIA, RECORD, SOURCE)
    save(tmp_path, SEPOLIA, replace(RECORD, block=8), SOURCE)
    assert load(tmp_path, "ChannelManager", SEPOLIA, code_at).block == 8


def test_the_rules_read_their_limits_from_the_record() -> None:
    deployment = manager_deployment(RECORD, AT)
    assert deployment.domain.chain_id == 11155111
    assert deployment.domain.verifying_contract == RECORD.address
    assert deployment.conditions == AT
    assert (deployment.capacity_wei, deployment.capacity_token) == (100, 200)
    assert (deployment.transfer_limit_wei, deployment.transfer_limit_token) == (10, 20)
    assert (deployment.min_challenge_period, deployment.max_challenge_period) == (3600, 2_592_000)


@pytest.mark.parametrize("arguments", [[], [{}], [{"token": "0x"}], [1, 2]])
def test_other_arguments_are_refused(arguments: list[object]) -> None:
    with pytest.raises(InvalidValue, match=r"ChannelManager\.arguments"):
        manager_deployment(replace(RECORD, arguments=arguments), AT)


def test_no_record_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotDeployed, match="ape run deploy --network ethereum:sepolia"):
        load(tmp_path, "ChannelManager", SEPOLIA, code_at)


def test_a_record_of_an_earlier_chain_is_not_used(tmp_path: Path) -> None:
    save(tmp_path, SEPOLIA, RECORD, SOURCE)
    with pytest.raises(DeploymentGone):
        load(tmp_path, "ChannelManager", SEPOLIA, lambda _: b"")
    with pytest.raises(DeploymentGone):
        load(tmp_path, "ChannelManager", SEPOLIA, lambda _: b"other code")


def test_a_record_of_another_chain_is_not_used(tmp_path: Path) -> None:
    save(tmp_path, SEPOLIA, replace(RECORD, chain_id=5), SOURCE)
    with pytest.raises(WrongChain) as error:
        load(tmp_path, "ChannelManager", SEPOLIA, code_at)
    assert (error.value.recorded, error.value.found) == (5, 11155111)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contract", "channelManager"),
        ("address", "0x11"),
        ("chainId", 1),
        ("transaction", "0x" + "2" * 63),
        ("time", "yesterday"),
        ("arguments", None),
        ("compiler", {"version": "latest", "settings": {}}),
        ("commit", "main"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "ChannelManager.json"
    path.write_text(json.dumps({**to_json(RECORD), field: value}))
    with pytest.raises(InvalidValue, match=rf"ChannelManager\.json\.{field}"):
        read(path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 10_000], ids=["empty", "cut", "deep", "long"])
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ChannelManager.json"
    path.write_text(text)
    with pytest.raises(UnreadableFile, match=r"ChannelManager\.json cannot be read as JSON: "):
        read(path)


@pytest.mark.parametrize("text", ["[]", '"text"'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ChannelManager.json"
    path.write_text(text)
    with pytest.raises(InvalidValue, match=r"ChannelManager\.json"):
        read(path)


def test_a_record_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ChannelManager.json"
    path.mkdir()
    with pytest.raises(UnreadableFile, match="cannot be read as JSON: Is a directory"):
        read(path)


def test_a_record_that_cannot_be_written_any_more(tmp_path: Path) -> None:
    """The disk is full, for instance, after the transaction."""
    (SEPOLIA.folder(tmp_path) / "ChannelManager.json" / "in the way").mkdir(parents=True)
    with pytest.raises(NotRecorded, match=r"ChannelManager\.json cannot be written \(.*\); .* run this again"):
        save(tmp_path, SEPOLIA, RECORD, SOURCE)


def test_a_record_under_another_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "OutcomeRegistry.json"
    path.write_text(json.dumps(to_json(RECORD)))
    with pytest.raises(InvalidValue, match="OutcomeRegistry"):
        read(path)


def test_a_source_lies_beside_each_record(tmp_path: Path) -> None:
    path = save(tmp_path, SEPOLIA, RECORD, SOURCE)
    assert source_path(path) == path.parent / "ChannelManager.solc.json"
    assert source_path(path).read_text() == SOURCE


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "deployments").write_text("a file in the way")
    with pytest.raises(NotWritable, match=r"ethereum-sepolia cannot be written \(.*\): nothing was sent"):
        require_writable(tmp_path, SEPOLIA)
    require_writable(tmp_path, FORK)
    assert list(FORK.folder(tmp_path).iterdir()) == []


# --- What is committed ---


def records_in(checkout: Path) -> list[Record]:
    """All of the live networks: a folder for each, a file per contract with its source beside it, and nothing else."""
    folder = checkout / "deployments"
    others = {folder / "README.md", *(folder / "config").glob("*")}
    files = {path for path in folder.rglob("*") if path.is_file()} - others
    sources = {path for path in files if path.name.endswith(".solc.json")}
    assert files <= set(folder.glob("*/*.json"))
    assert sources == {source_path(path) for path in files - sources}
    records = [read(path) for path in sorted(files - sources)]
    for path, record in zip(sorted(files - sources), records, strict=True):
        assert keccak256(source_path(path).read_bytes()) == record.source_hash
    return records


def test_committed_records_are_valid() -> None:
    for record in records_in(CHECKOUT):
        assert record.commit is not None


def test_what_must_not_be_committed_is_found(tmp_path: Path) -> None:
    path = save(tmp_path, SEPOLIA, RECORD, SOURCE)
    assert records_in(tmp_path) == [RECORD]
    source_path(path).write_text("{ }")
    with pytest.raises(AssertionError):
        records_in(tmp_path)
    source_path(path).unlink()
    with pytest.raises(AssertionError):
        records_in(tmp_path)
    save(tmp_path, SEPOLIA, RECORD, SOURCE)
    path.write_text("{}")
    with pytest.raises(InvalidValue):
        records_in(tmp_path)
    path.rename(path.with_suffix(".txt"))
    with pytest.raises(AssertionError):
        records_in(tmp_path)
