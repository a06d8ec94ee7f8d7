"""Gas is a committed figure: whoever changes it sees by how much, and commits that too (`make gas`)."""

import pytest
from ape.managers import ChainManager

from connext.chain.ape import ApeLocalChain
from connext.chain.evm import EvmChain
from connext.types import Address, checksum
from tests.gas import snapshot
from tests.gas.scenarios import SCENARIOS, Stage, run_all


def deployment_gas(chain: ApeLocalChain, contract: Address) -> int:
    """From the receipt of the transaction that made the contract."""
    for number in range(chain.head.number + 1):
        for receipt in chain.provider.make_request("eth_getBlockReceipts", [hex(number)]):
            if receipt["contractAddress"] == checksum(contract).lower():
                return int(receipt["gasUsed"], 16)
    raise LookupError(checksum(contract))


def test_gas_is_what_the_snapshot_says(chain: ChainManager, request: pytest.FixtureRequest) -> None:
    anvil = ApeLocalChain(chain.provider)
    stage = Stage(anvil)
    figures = {"deployment": {"manager": deployment_gas(anvil, stage.manager)}, **run_all(stage)}
    if request.config.getoption("--write-gas", default=False):
        snapshot.write(figures)
    assert figures == snapshot.read()


def test_the_in_process_chain_charges_the_same() -> None:
    expected = snapshot.read()
    del expected["deployment"]
    assert run_all(Stage(EvmChain())) == expected


def test_the_table_is_made_of_the_snapshot() -> None:
    assert snapshot.TABLE.read_text() == snapshot.table(snapshot.read())


def test_every_budget_is_for_a_scenario() -> None:
    assert set(snapshot.BUDGETS) <= set(SCENARIOS)
