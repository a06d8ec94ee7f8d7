"""Gas is a committed figure: whoever changes it sees by how much, and commits that too (`make gas`)."""

import pytest
from ape.managers import ChainManager

from connext.chain.ape import ApeLocalChain
from connext.chain.evm import EvmChain
from connext.types import checksum
from tests.gas import snapshot
from tests.gas.scenarios import SCENARIOS, Stage, run_all


def deployment_gas(chain: ApeLocalChain, stage: Stage) -> dict[str, int]:
    """From the receipts of the transactions that made the contracts."""
    made = {}
    for number in range(chain.head.number + 1):
        for receipt in chain.provider.make_request("eth_getBlockReceipts", [hex(number)]):
            made[receipt["contractAddress"]] = int(receipt["gasUsed"], 16)
    conditions = stage.deployment.conditions
    contracts = {
        "manager": stage.manager,
        "outcome registry": stage.deployment.registry,
        "stream": conditions.stream,
        "linked payment": conditions.linked_payment,
        "all of": conditions.all_of,
        "any of": conditions.any_of,
    }
    return {name: made[checksum(address).lower()] for name, address in contracts.items()}


def test_gas_is_what_the_snapshot_says(chain: ChainManager, request: pytest.FixtureRequest) -> None:
    anvil = ApeLocalChain(chain.provider)
    stage = Stage(anvil)
    figures = {"deployment": deployment_gas(anvil, stage), **run_all(stage)}
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
