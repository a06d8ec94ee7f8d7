"""`deploy` on a local chain: everything once, at the addresses that the plan said, each contract with its record."""

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connext.chain.endpoint import Endpoint, http_carrier
from connext.deployer.contracts import PURPOSES
from connext.deployer.create2 import PROXY
from connext.deployments import manager_parameters, read, source_path
from connext.keccak import keccak256
from connext.types import checksum
from tests.scripts.conftest import linked_checkout
from tests.scripts.running import ALICE, BOB, LOCAL, Ran, invoke, start_anvil

Deploy = Callable[..., Ran]
TAKES_FEE = 13
"""Of the conducts of contracts/test/Hostile.sol."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from start_anvil("--chain-id", "31415")


@pytest.fixture
def node(url: str) -> Iterator[Endpoint]:
    """The chain, which is afterwards what it was before."""
    node = Endpoint(http_carrier(url))
    before = node.ask("evm_snapshot")
    yield node
    node.ask("evm_revert", before)


@pytest.fixture
def deploy(tmp_path: Path, url: str, node: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Deploy:  # noqa: ARG001
    """`deploy(*options)` in a checkout of its own."""
    linked_checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APE_FOUNDRY_HOST", url)
    return lambda *options: invoke(["deploy", *options, "--account", ALICE, "--network", LOCAL])


def records(folder: Path) -> dict[str, Path]:
    paths = folder.glob(".build/deployments/*/*.json")
    return {path.stem: path for path in paths if not path.name.endswith(".solc.json")}


def planned(output: str) -> dict[str, str]:
    """Addresses by contract, from the lines of a plan."""
    return dict(re.findall(r"^  (?:deploy|use   ) (\w+) +(0x[0-9a-fA-F]{40}) ", output, re.MULTILINE))


def test_everything_once(deploy: Deploy, node: Endpoint, tmp_path: Path) -> None:
    output = deploy("--test-dai").succeeded().output
    assert "where conditional payments are decided; it is the hash lock, too" in output
    assert "capacity of a channel 100 ETH and 200000 DAI, largest payment 10 ETH and 20000 DAI" in output
    assert "with DAI's own permit (from: --test-dai)" in output
    assert "nothing is there yet at 6 of 6 addresses" in output
    assert "WRONG" not in output
    first = {name: read(path) for name, path in records(tmp_path).items()}
    assert {name: checksum(record.address) for name, record in first.items()} == planned(output)
    assert list(planned(output)) == list(PURPOSES)
    parameters = manager_parameters(first["ChannelManager"])
    assert parameters.registry == first["OutcomeRegistry"].address
    for name, record in first.items():
        assert keccak256(node.code(record.address)) == record.runtime_hash
        assert keccak256(source_path(records(tmp_path)[name]).read_bytes()) == record.source_hash
        assert record.permit is (True if name == "ChannelManager" else None)

    sent = node.nonce(first["Stream"].deployer)
    output = deploy("--test-dai").succeeded().output
    assert output.count("there already and right") == 6
    assert "the DAI for tests that this account deployed is used" in output
    assert node.nonce(first["Stream"].deployer) == sent

    for name in ("Stream", "ChannelManager"):  # an earlier run was interrupted before it could write them
        records(tmp_path)[name].unlink()
    deploy("--token", checksum(parameters.token)).succeeded()
    assert {name: read(path) for name, path in records(tmp_path).items()} == first
    assert node.nonce(first["Stream"].deployer) == sent


def test_another_manager_must_be_wanted(deploy: Deploy, tmp_path: Path) -> None:
    deploy("--test-dai").succeeded()
    first = {name: read(path) for name, path in records(tmp_path).items()}
    one_eth = ("--capacity", "1 ETH")
    deploy(*one_eth).failed(
        "another ChannelManager is deployed on ethereum:local already, at 0x",
        "its capacityWei is 100000000000000000000, not 1000000000000000000, its capacityToken is ",
        "--replace",
    )
    output = deploy(*one_eth, "--replace").succeeded().output
    assert "replacing the ChannelManager at 0x" in output
    assert output.count("there already and right") == 5
    assert "capacity of a channel 1 ETH, largest payment 1 ETH" in output
    second = {name: read(path) for name, path in records(tmp_path).items()}
    assert {name for name in first if first[name] != second[name]} == {"ChannelManager"}
    assert manager_parameters(second["ChannelManager"]).capacity_token == 0

    salt = "0x" + "ab" * 32
    output = deploy("--salt", salt, "--replace").succeeded().output
    assert f"salt {salt}" in output
    third = {name: read(path) for name, path in records(tmp_path).items()}
    assert not {record.address for record in third.values()} & {record.address for record in second.values()}


def test_a_dry_run_sends_and_writes_nothing(deploy: Deploy, node: Endpoint, tmp_path: Path) -> None:
    token = read_token(deploy, tmp_path)
    block = node.head
    output = deploy("--dry-run", "--token", token, "--salt", "0x" + "cd" * 32, "--replace").succeeded().output
    assert output.count("deploy ") == 6
    assert output.endswith("dry run: nothing was sent\n")
    assert node.head == block


def read_token(deploy: Deploy, tmp_path: Path) -> str:
    """A DAI for tests on the chain."""
    deploy("--test-dai").succeeded()
    return checksum(manager_parameters(read(records(tmp_path)["ChannelManager"])).token)


def test_a_chain_without_the_proxy_gets_it(deploy: Deploy, node: Endpoint) -> None:
    node.ask("anvil_setCode", checksum(PROXY), "0x")
    node.ask("anvil_setNonce", checksum(PROXY), "0x0")
    output = deploy("--test-dai").succeeded().output
    assert "which is not there: bring it by its one-time transaction, which takes 0.01 ETH" in output
    assert "paying the proxy's one-time account: transaction 0x" in output
    deploy("--test-dai").succeeded()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--token", BOB), "there is no contract at 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
        ((), "which token, on ethereum:local?"),
        (
            ("--test-dai", "--capacity", "2000000 ETH"),
            "parameters.capacity: expected at most 1208925819614629174706175",
        ),
        (("--test-dai", "--shortest-period", "2 d", "--longest-period", "1 d"), "challengePeriods.shortest: expected"),
        (("--test-dai", "--longest-period", "400 d"), "challengePeriods.longest: expected at most a year"),
        (("--test-dai", "--transfer-limit", "0 ETH", "--transfer-limit", "1 DAI"), "since channels hold ETH"),
        (("--token", checksum(PROXY)), "move exactly the amount (tried on a fork): "),
    ],
)
def test_what_cannot_be_is_said_before_it_is_paid_for(
    deploy: Deploy, tmp_path: Path, options: tuple[str, ...], error: str
) -> None:
    deploy(*options).failed(error)
    assert not records(tmp_path)


def test_a_token_that_keeps_a_fee_is_refused(deploy: Deploy, node: Endpoint, tmp_path: Path) -> None:
    token = read_token(deploy, tmp_path)
    hostile = json.loads((Path(__file__).parents[1] / "artifacts" / "HostileToken.json").read_text())["runtime"]
    node.ask("anvil_setCode", token, hostile)
    node.ask("anvil_setStorageAt", token, "0x0", f"0x{TAKES_FEE:064x}")
    ran = deploy("--salt", "0x" + "ef" * 32, "--replace")
    ran.failed("a transfer of 123456789000000001 took 123456789000000001 and gave 122222221110000001; nothing was sent")
    assert "permit not available here, use approve" in ran.output


def test_other_code_at_an_address_is_not_used(deploy: Deploy, node: Endpoint, tmp_path: Path) -> None:
    token = read_token(deploy, tmp_path)
    address = planned(deploy("--dry-run").output)["AnyOf"]
    code = node.code(bytes.fromhex(address[2:]))
    node.ask("anvil_setCode", address, "0x" + code[:-1].hex() + "ff")
    deploy("--token", token).failed(f"AnyOf has the code of these sources: other code at {address}; nothing was sent")


def test_a_condition_is_not_replaced_unasked_either(deploy: Deploy, tmp_path: Path) -> None:
    """Open transfers in channels of the manager may need it."""
    token = read_token(deploy, tmp_path)
    stream = records(tmp_path)["Stream"]
    record = json.loads(stream.read_text())
    other = json.loads(records(tmp_path)["AllOf"].read_text())
    stream.write_text(json.dumps({**record, "address": other["address"], "runtimeHash": other["runtimeHash"]}))
    deploy("--token", token).failed("another Stream is deployed on ethereum:local already, at 0x", "--replace")
    assert "replacing the Stream at 0x" in deploy("--token", token, "--replace").succeeded().output


def test_only_one_at_a_time(deploy: Deploy, node: Endpoint, tmp_path: Path) -> None:
    """Of two that send the same, one would pay for nothing."""
    token = read_token(deploy, tmp_path)
    (folder,) = tmp_path.glob(".build/deployments/*")
    block, descriptor = node.head, os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    again = ("--token", token, "--salt", "0x" + "77" * 32, "--replace")
    deploy(*again).failed("another deployment writes to ", "at this moment: let it end, then run this again")
    assert node.head == block
    os.close(descriptor)
    deploy(*again).succeeded()


def test_what_a_token_says_of_itself_does_not_speak_to_the_terminal(
    deploy: Deploy, node: Endpoint, tmp_path: Path
) -> None:
    """With escapes it could write its own line over one that says WRONG."""
    token = read_token(deploy, tmp_path)
    symbol = b"\x1b[2K\x1b[1A".ljust(32, b"\0").hex()
    word = lambda number: f"{number:064x}"  # noqa: E731
    answer = word(32) + word(8) + symbol
    code = "0x60606011600039" + "60606000f3".ljust(20, "0") + answer
    node.ask("anvil_setCode", token, code)
    ran = deploy("--token", token, "--salt", "0x" + "78" * 32, "--replace")
    assert ran.code == 1
    assert "\x1b" not in ran.output
    assert "token \\x1b[2K\\x1b[1A 0x" in ran.output


@pytest.mark.parametrize("name", ["Stream.json", "Stream.solc.json"])
def test_a_record_that_could_not_be_replaced(deploy: Deploy, node: Endpoint, tmp_path: Path, name: str) -> None:
    deploy("--dry-run")  # makes the folder
    (folder,) = tmp_path.glob(".build/deployments/*")
    (folder / name).mkdir()
    deploy("--test-dai").failed(f"{name} cannot be written (it is no file): nothing was sent")
    assert node.head == 0


def test_no_time_is_no_default(deploy: Deploy) -> None:
    deploy("--test-dai", "--shortest-period", "0 s").failed("challengePeriods.shortest: expected from 1 s", "got 0")


def test_a_folder_in_which_nothing_can_be_written(deploy: Deploy, node: Endpoint, tmp_path: Path) -> None:
    (tmp_path / ".build").write_text("in the way")
    deploy("--test-dai").failed("cannot be written", "nothing was sent")
    assert node.head == 0
