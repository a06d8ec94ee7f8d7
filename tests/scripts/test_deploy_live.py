"""`deploy` on live networks, which anvils play: parameters from the file, questions, records to be committed."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from ape.api.networks import NetworkAPI
from ape_test.accounts import TestAccount

from connext.chain.endpoint import Endpoint, http_carrier
from connext.deployer import standard_json
from connext.deployer.config import file_name
from connext.deployer.files import load_config
from connext.deployments import Record, manager_parameters, read, source_path
from connext.keccak import keccak256
from connext.types import checksum
from scripts import _shipyard
from tests.scripts.live import CHECKOUT, Live, commit_all, committed_checkout, put_dai, quick_rebuild
from tests.scripts.running import start_anvil

On = Callable[[str], Live]
ETHEREUM, OPTIMISM = "ethereum:mainnet", "optimism:mainnet"


@pytest.fixture(scope="module")
def url_of() -> Iterator[Callable[[int], str]]:
    """`url_of(chain_id)`: an anvil with that id."""
    running = {}

    def started(chain_id: int) -> str:
        if chain_id not in running:
            running[chain_id] = start_anvil("--chain-id", str(chain_id))
            urls[chain_id] = next(running[chain_id])
        return urls[chain_id]

    urls: dict[int, str] = {}
    yield started
    for anvil in running.values():
        next(anvil, None)


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url_of: Callable[[int], str]) -> Iterator[On]:
    """`live(choice)`: that network, with its DAI, and a checkout. Nothing of a test stays."""
    committed_checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(NetworkAPI, "required_confirmations", 0)
    monkeypatch.setattr(_shipyard, "LIVE_CONFIRMATIONS", 0)
    monkeypatch.setattr(standard_json, "_compile", quick_rebuild)
    snapshots = []

    def on(choice: str) -> Live:
        config = load_config(CHECKOUT, choice)
        url = url_of(config.chain_id)
        node = Endpoint(http_carrier(url))
        snapshots.append((node, node.ask("evm_snapshot")))
        put_dai(node, checksum(config.token.address), with_permit=choice == ETHEREUM)
        return Live(choice, url, node, tmp_path)

    yield on
    for node, snapshot in snapshots:
        node.ask("evm_revert", snapshot)


def all_records(live: Live) -> dict[str, Record]:
    return {path.name.split(".")[0]: read(path) for path in live.records.glob("*.json") if ".solc" not in path.name}


def test_mainnet(live: On) -> None:
    mainnet = live(ETHEREUM)
    ran = mainnet("deploy", answers="y\n")
    assert ran.code == 1
    assert "This is real money, and what is deployed can never be changed." in ran.output
    assert mainnet.node.head == 0
    assert not all_records(mainnet)

    output = mainnet("deploy", answers="ethereum:mainnet\n").succeeded().output
    for line in (
        "ok     the chain id is 1",
        "ok     the token's symbol is DAI",
        "ok     the token has 18 decimals",
        "ok     transfers, deposits and payouts of the token move exactly the amount (tried on a fork)",
        "token DAI 0x6B175474E89094C44Da98b954EedeAC495271d0F, with DAI's own permit (from: Uniswap Labs Default",
        "compiling ChannelManager from the standard JSON that will be recorded",
    ):
        assert line in output
    records = all_records(mainnet)
    assert len(records) == 6
    for name, record in records.items():
        assert f"deploy {name:<15} {checksum(record.address)} " in output
        assert f"{name} is recorded in deployments/ethereum-mainnet/{name}.json" in output
        assert keccak256(mainnet.node.code(record.address)) == record.runtime_hash
        assert keccak256(source_path(mainnet.records / f"{name}.json").read_bytes()) == record.source_hash
        assert record.commit is not None
    manager = records["ChannelManager"]
    assert manager.permit is True
    assert manager_parameters(manager).token == load_config(CHECKOUT, ETHEREUM).token.address
    assert "there already and right" in mainnet("deploy").succeeded().output


def test_the_status_on_an_endpoint_that_stands_still(live: On, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its newest block says that there is time, for ever."""
    mainnet = live(ETHEREUM)
    mainnet("deploy", "--yes").succeeded()
    assert "G1 holds" in mainnet("status", account=None).succeeded().output
    now = time.time() + 3_700
    monkeypatch.setattr("scripts._lookout.time.time", lambda: now)
    ran = mainnet("status", account=None)
    assert ran.code == 1
    assert "the newest block of the endpoint is 1 h 1 min old: deadlines are nearer than it shows" in ran.output


def test_an_l2_whose_dai_has_another_permit(live: On) -> None:
    optimism = live(OPTIMISM)
    output = optimism("deploy", "--yes").succeeded().output
    assert "permit not available here, use approve" in output
    assert "and what this network takes for data on Ethereum" in output
    assert all_records(optimism)["ChannelManager"].permit is False
    assert all_records(optimism)["ChannelManager"].chain_id == 10


def test_the_same_code_has_the_same_address_everywhere(live: On) -> None:
    """Conditions have no parameters; managers differ by their token and periods."""
    outputs = [live(choice)("deploy", "--dry-run").succeeded().output for choice in (ETHEREUM, OPTIMISM)]
    addresses = [dict(line.split()[1:3] for line in output.splitlines() if " gas " in line) for output in outputs]
    (first, second) = addresses
    assert {name for name in first if first[name] == second[name]} == set(first) - {"ChannelManager", "at"}


def test_an_account_that_cannot_pay(live: On) -> None:
    mainnet = live(ETHEREUM)
    mainnet.node.ask("anvil_setBalance", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", hex(10**15))
    mainnet("deploy", "--yes").failed("can pay 0.0", "it has 0.001 ETH; nothing was sent")
    assert not all_records(mainnet)


def test_another_token_than_it_should_be(live: On) -> None:
    mainnet = live(ETHEREUM)
    edit(mainnet, lambda text: text.replace("symbol: DAI", "symbol: USDS"))
    mainnet("deploy", "--yes").failed("the token's symbol is USDS: 'DAI'; nothing was sent")


def test_no_code_at_the_token(live: On) -> None:
    mainnet = live(ETHEREUM)
    mainnet.node.ask("anvil_setCode", "0x6B175474E89094C44Da98b954EedeAC495271d0F", "0x")
    mainnet("deploy", "--yes").failed(
        "there is no contract at 0x6B17", "on ethereum:mainnet", "that of deployments/config/ethereum-mainnet.yaml"
    )


def test_parameters_are_only_those_of_the_file(live: On) -> None:
    for option in (("--capacity", "1 ETH"), ("--salt", "0x" + "11" * 32), ("--shortest-period", "1 min")):
        live(ETHEREUM)("deploy", *option).failed("parameters are those of deployments/config/ethereum-mainnet.yaml")


def test_no_test_money_where_money_is_real(live: On) -> None:
    live(OPTIMISM)("deploy", "--test-dai", "--yes").failed("optimism:mainnet is real: there is no test DAI")


def test_a_network_without_a_file(live: On) -> None:
    sepolia = live(ETHEREUM)
    (sepolia.folder / "deployments" / "config" / file_name(ETHEREUM)).unlink()
    sepolia("deploy").failed(
        "nothing is known of ethereum:mainnet: there is no file deployments/config/ethereum-mainnet.yaml",
        "parameters are there for arbitrum:mainnet, base:mainnet, ethereum:sepolia, optimism:mainnet",
    )


def test_a_file_of_another_chain(live: On) -> None:
    mainnet = live(ETHEREUM)
    edit(mainnet, lambda text: text.replace("chainId: 1", "chainId: 5"))
    mainnet("deploy").failed("ethereum-mainnet.yaml is for chain 5", "answers with chain 1; nothing was sent")


def test_an_endpoint_of_another_chain(live: On) -> None:
    mainnet, optimism = live(ETHEREUM), live(OPTIMISM)
    Live(ETHEREUM, optimism.url, optimism.node, mainnet.folder)("deploy").failed("chain ID '10'", "does not match")


def test_records_of_another_chain(live: On) -> None:
    mainnet = live(ETHEREUM)
    mainnet("deploy", "--yes").succeeded()
    path = mainnet.records / "Stream.json"
    path.write_text(path.read_text().replace('"chainId": "1"', '"chainId": "10"'))
    mainnet("deploy", "--yes").failed("Stream.json is a record of chain 10, but ethereum:mainnet answers with chain 1")


def test_sources_that_are_not_committed(live: On) -> None:
    mainnet = live(ETHEREUM)
    with (mainnet.folder / "contracts" / "OutcomeRegistry.sol").open("a") as source:
        source.write("// a change\n")
    mainnet("deploy", "--yes").failed("not committed: contracts/OutcomeRegistry.sol; a deployment on ethereum:mainnet")
    assert not all_records(mainnet)


def test_parameters_that_are_not_committed(live: On) -> None:
    """Nobody else could tell that they are what was meant."""
    mainnet = live(ETHEREUM)
    edit(mainnet, lambda text: text.replace("shortest: 1 h", "shortest: 1 min"), commits=False)
    mainnet("deploy", "--yes").failed("not committed: deployments/config/ethereum-mainnet.yaml; a deployment on")
    assert mainnet.node.head == 0


def test_the_record_of_another_manager_is_kept_whatever_the_endpoint_says(live: On) -> None:
    """A node that is behind has no code for it: that does not make it gone."""
    mainnet = live(ETHEREUM)
    mainnet("deploy", "--yes").succeeded()
    manager = all_records(mainnet)["ChannelManager"]
    edit(mainnet, lambda text: text.replace("shortest: 1 h", "shortest: 2 h"))
    mainnet.node.ask("anvil_setCode", checksum(manager.address), "0x")
    mainnet("deploy", "--yes").failed(f"another ChannelManager is deployed on {ETHEREUM} already", "--replace")
    assert all_records(mainnet)["ChannelManager"] == manager


def test_the_record_has_the_source_that_was_compiled(live: On, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody switches to another branch while transactions are waited for."""
    mainnet = live(ETHEREUM)
    sign = TestAccount.sign_transaction
    path = mainnet.folder / "contracts" / "conditions" / "AnyOf.sol"

    def switch(account: TestAccount, *arguments: object, **settings: object) -> object:
        path.write_text("// another branch\n")
        return sign(account, *arguments, **settings)

    compiled = standard_json.standard_json(mainnet.folder, "AnyOf")
    monkeypatch.setattr(TestAccount, "sign_transaction", switch)
    mainnet("deploy", "--yes").succeeded()
    assert source_path(mainnet.records / "AnyOf.json").read_text() == compiled


def test_artifacts_that_are_not_of_these_sources(live: On, monkeypatch: pytest.MonkeyPatch) -> None:
    mainnet = live(ETHEREUM)
    monkeypatch.setattr(standard_json, "_compile", lambda *_: standard_json.Build("0.8.37+commit", b"\x00", b""))
    mainnet("deploy", "--yes").failed("connext/artifacts/OutcomeRegistry.json is not what these sources compile to")
    assert mainnet.node.head == 0


def edit(live: Live, change: Callable[[str], str], *, commits: bool = True) -> None:
    path = live.folder / "deployments" / "config" / file_name(live.choice)
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    if commits:
        commit_all(live.folder)


def test_no_key_is_in_any_file_or_output(live: On) -> None:
    key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    mainnet = live(ETHEREUM)
    output = mainnet("deploy", "--yes").succeeded().output
    assert key not in output.lower()
    assert all(key not in path.read_text().lower() for path in mainnet.records.iterdir())
    assert json.loads((mainnet.records / "Stream.json").read_text())["deployer"].startswith("0xf39F")


@pytest.mark.parametrize("answer", ["nothing", "an error"])
def test_an_account_that_does_not_sign(live: On, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """What plugins for hardware wallets do when their owner says no."""

    def sign(*_: object) -> None:
        if answer == "an error":
            raise RuntimeError("cancelled on the device")

    mainnet = live(ETHEREUM)
    monkeypatch.setattr("ape_test.accounts.TestAccount.sign_transaction", sign)
    reason = " (cancelled on the device)" if answer == "an error" else ""
    mainnet("deploy", "--yes").failed(f"did not sign{reason}: run this again to go on from here")
    assert mainnet.node.head == 0


def test_networks_have_their_own_endpoints() -> None:
    """Without a uri Ape would pick a public endpoint at random."""
    endpoints = yaml.safe_load((CHECKOUT / "ape-config.yaml").read_text())["node"]
    for path in (CHECKOUT / "deployments" / "config").glob("*.yaml"):
        ecosystem, network = path.stem.split("-")
        assert endpoints[ecosystem][network]["uri"].startswith("$")
