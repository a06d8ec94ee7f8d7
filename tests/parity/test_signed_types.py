"""docs/protocol.md section 4, "Signed types", against Python and Solidity; test_digests brings in JavaScript."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from connext import calls, types
from connext.abi import Revert
from connext.actions import action, play
from connext.chain import CannotSend, LocalChain
from connext.chain.evm import EvmChain
from connext.chain.views import ask_manager
from connext.channel import Deployment, Signed, initial_state
from connext.deployments import default_parameters
from connext.messages import Domain, Exit, Resume, State, Transfer, Withdrawal, transfers_hash, type_string
from connext.types import Asset, Side, members
from tests.parity import specification
from tests.scene import DEPLOYER, new_world

CHECKOUT = Path(__file__).parents[2]
INTERFACE = (CHECKOUT / "interfaces" / "IChannelManager.sol").read_text()
MANAGER = (CHECKOUT / "contracts" / "ChannelManager.sol").read_text()
MESSAGES = (CHECKOUT / "contracts" / "libraries" / "Messages.sol").read_text()

STRUCTS = (State, Transfer, Withdrawal, Exit, Resume)


def own_type(text: str) -> str:
    """The first struct of an EIP-712 type string, without those it refers to."""
    return text[: text.index(")") + 1]


def test_python_has_the_specified_types() -> None:
    assert [own_type(type_string(struct)) for struct in STRUCTS] == specification.type_lines()


def test_solidity_has_the_specified_types() -> None:
    strings = re.findall(r'keccak256\(\s*((?:"[^"]*"\s*)+)\)', MESSAGES)
    types_in_solidity = {own_type("".join(re.findall(r'"([^"]*)"', text))) for text in strings if "(" in text}
    assert types_in_solidity == set(specification.type_lines())


def test_a_state_names_the_type_of_its_transfers() -> None:
    state, transfer = specification.type_lines()[:2]
    assert type_string(State) == state + transfer


@pytest.mark.parametrize(
    ("row", "python", "solidity"),
    [("side codes", Side, "Side"), ("asset codes", Asset, "Asset")],
)
def test_codes(row: str, python: type[Side] | type[Asset], solidity: str) -> None:
    specified = specification.codes(row)
    declared = re.search(rf"enum {solidity} \{{(.*?)\}}", INTERFACE, re.DOTALL)
    assert declared is not None
    members_in_solidity = [name.strip().lower() for name in declared[1].split(",")]
    assert {name: code for code, name in enumerate(members_in_solidity)} == specified
    assert [member.value for member in python] == list(specified.values())


def test_python_calls_the_codes_by_the_names_of_people() -> None:
    assert [side.name.lower() for side in Side] == list(specification.codes("side codes"))
    assert [asset.name for asset in Asset] == ["ETH", "DAI"]


def test_domain(deployment: Deployment) -> None:
    form, domain = specification.table("form"), deployment.domain
    assert f"`{domain.name}`" == form["domain name"]
    assert f"`{domain.version}`" == form["domain version"]
    fields = {"chainId": "chain id", "verifyingContract": "manager"}
    assert ", ".join(fields.get(m.name, m.name) for m in members(Domain)) == form["domain fields"]


def test_hash_of_no_transfers(evm: LocalChain, deployment: Deployment) -> None:
    manager, block = deployment.domain.verifying_contract, evm.head.number
    assert ask_manager(evm, manager, block, "hashTransfers", ()) == transfers_hash(())


# --- Widths ---


def bits(row: str) -> int:
    found = re.match(r"(\d+) bits", specification.table("stored narrower than signed")[row])
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(
    ("row", "python", "solidity"),
    [
        ("nonce", types.MAX_NONCE, "MAX_NONCE"),
        ("dispute", types.MAX_DISPUTE, "MAX_DISPUTE"),
        ("sequence", types.MAX_SEQUENCE, "MAX_SEQUENCE"),
        ("total of an asset in a channel", types.MAX_CHANNEL_TOTAL, "MAX_CAPACITY"),
    ],
)
def test_widths(row: str, python: int, solidity: str) -> None:
    assert python == 2 ** bits(row) - 1
    assert f"{solidity} = type(uint{bits(row)}).max;" in MANAGER


def test_width_of_deadlines() -> None:
    assert 2 ** bits("deadline of a dispute") - 1 == types.MAX_DEADLINE


def test_width_of_contributions() -> None:
    assert types.USER_CONTRIBUTION.maximum == 2 ** (bits("contribution of the user") - 1) - 1
    assert types.USER_CONTRIBUTION.minimum == -(2 ** (bits("contribution of the user") - 1))


def test_length_of_the_recorded_hash() -> None:
    length = re.match(
        r"first (\d+) bytes", specification.table("stored narrower than signed")["hash of the recorded state"]
    )
    assert length is not None
    assert f"bytes{length[1]} stateHash;" in INTERFACE


def test_the_contract_refuses_a_capacity_it_cannot_count(evm: LocalChain, deployment: Deployment) -> None:
    parameters = replace(
        default_parameters(deployment.token, deployment.registry), capacity_wei=types.MAX_CHANNEL_TOTAL
    )
    evm.deploy(DEPLOYER, parameters.creation_code())
    too_much = replace(parameters, capacity_wei=types.MAX_CHANNEL_TOTAL + 1)
    with pytest.raises(CannotSend, match=f"CapacityTooLarge.*max={types.MAX_CHANNEL_TOTAL}"):
        evm.deploy(DEPLOYER, too_much.creation_code())


def test_the_contract_refuses_a_nonce_it_cannot_record() -> None:
    world = new_world(EvmChain())
    play(world, [action("deposit", "alice", channel="main", side="user", amount="1 ETH")])
    state = replace(initial_state(world.channel_id("main")), nonce=types.MAX_NONCE + 1)
    unsigned = Signed(state, bytes(32), None, None)
    receipt = world.send("alice", calls.checkpoint(world.identity("main"), unsigned))
    assert receipt.error == Revert("NonceTooLarge", {"nonce": types.MAX_NONCE + 1, "max": types.MAX_NONCE})
