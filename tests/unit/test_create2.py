"""Addresses before there is anything at them, against published examples."""

import pytest
from eth_account import Account

from connext.deployer.contracts import NO_REGISTRY_YET, wanted_contracts
from connext.deployer.create2 import (
    ONE_TIME_ACCOUNT,
    ONE_TIME_COST_WEI,
    ONE_TIME_TRANSACTION,
    PROXY,
    PROXY_RUNTIME,
    create2_address,
    create_address,
)
from connext.deployer.replay import CreationFails, expected_code
from connext.deployments import default_parameters
from connext.keccak import keccak256
from connext.types import checksum

TOKEN = b"\x07" * 20


def test_the_one_time_transaction_is_of_an_account_whose_only_creation_is_the_proxy() -> None:
    assert Account.recover_transaction("0x" + ONE_TIME_TRANSACTION.hex()) == checksum(ONE_TIME_ACCOUNT)
    assert create_address(ONE_TIME_ACCOUNT, 0) == PROXY
    assert checksum(PROXY) == "0x4e59b44847b379578588920cA78FbF26c0B4956C"
    assert ONE_TIME_TRANSACTION.count(PROXY_RUNTIME) == 1
    assert ONE_TIME_COST_WEI == 10**16


def test_addresses_of_creations() -> None:
    """The first accounts of the test mnemonic deploy there; from a nonce of 128 on, RLP has a length."""
    creator = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    assert checksum(create_address(creator, 0)) == "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    assert checksum(create_address(creator, 1)) == "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
    for nonce, item in ((0x7F, "7f"), (0x80, "8180"), (0x100, "820100")):
        items = "94" + creator.hex() + item
        rlp = bytes.fromhex(f"{0xC0 + len(items) // 2:02x}{items}")
        assert create_address(creator, nonce) == keccak256(rlp)[12:]


def test_create2_is_that_of_eip_1014() -> None:
    """Its formula, with the proxy as the creator."""
    code, salt = b"\xde\xad\xbe\xef", b"\x01" * 32
    assert create2_address(code, salt) == keccak256(b"\xff" + PROXY + salt + keccak256(code))[12:]


def test_what_a_manager_is_depends_on_its_parameters_and_salt() -> None:
    parameters = default_parameters(TOKEN, NO_REGISTRY_YET)
    first = wanted_contracts(parameters, bytes(32))
    again = wanted_contracts(parameters, bytes(32))
    salted = wanted_contracts(parameters, b"\x01" * 32)
    other = wanted_contracts(default_parameters(b"\x08" * 20, NO_REGISTRY_YET), bytes(32))
    assert [item.address for item in first] == [item.address for item in again]
    assert not {item.address for item in first} & {item.address for item in salted}
    assert [a.address == b.address for a, b in zip(first, other, strict=True)] == [True] * 5 + [False]
    assert first[-1].arguments[0]["registry"] == checksum(first[0].address)


def test_a_constructor_that_refuses_says_why() -> None:
    wanted = wanted_contracts(default_parameters(TOKEN, NO_REGISTRY_YET), bytes(32))
    with pytest.raises(CreationFails, match="constructor of ChannelManager refuses these arguments: TokenWithoutCode"):
        expected_code(wanted[-1], 1, [wanted[0].address])


def test_the_code_of_a_manager_depends_on_the_chain() -> None:
    wanted = wanted_contracts(default_parameters(TOKEN, NO_REGISTRY_YET), bytes(32))
    others = [TOKEN, wanted[0].address]
    assert expected_code(wanted[-1], 1, others) != expected_code(wanted[-1], 10, others)
    assert expected_code(wanted[0], 1, others) == expected_code(wanted[0], 10, others)
