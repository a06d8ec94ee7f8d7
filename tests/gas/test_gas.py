"""Gas is a committed figure: whoever changes it sees by how much, and commits that too (`make gas`)."""

import pytest
from ape.managers import ChainManager

from connext.abi import artifact
from connext.chain.ape import ApeLocalChain
from connext.chain.evm import EvmChain
from connext.deployments import default_parameters
from connext.types import checksum
from tests.gas import snapshot
from tests.gas.scenarios import SCENARIOS, run_all
from tests.scene import DEPLOYER, deploy


def deployment_gas(chain: ApeLocalChain) -> int:
    """Of the manager alone; the token is there already."""
    token = deploy(chain).token
    manager = artifact("ChannelManager")
    chain.deploy(DEPLOYER, manager.bytecode + manager.abi.encode_constructor(default_parameters(token)))
    (receipt,) = chain.provider.make_request("eth_getBlockReceipts", ["latest"])
    assert receipt["from"] == checksum(DEPLOYER).lower()
    return int(receipt["gasUsed"], 16)


def test_gas_is_what_the_snapshot_says(chain: ChainManager, request: pytest.FixtureRequest) -> None:
    anvil = ApeLocalChain(chain.provider)
    figures = run_all(anvil)
    anvil.rewind(0)
    figures["deployment"] = {"manager": deployment_gas(anvil)}
    if request.config.getoption("--write-gas", default=False):
        snapshot.write(figures)
    assert figures == snapshot.read()


def test_the_in_process_chain_charges_the_same() -> None:
    expected = snapshot.read()
    del expected["deployment"]
    assert run_all(EvmChain()) == expected


def test_the_table_is_made_of_the_snapshot() -> None:
    assert snapshot.TABLE.read_text() == snapshot.table(snapshot.read())


def test_every_budget_is_for_a_scenario() -> None:
    assert set(snapshot.BUDGETS) <= set(SCENARIOS)
