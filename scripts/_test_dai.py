"""The DAI for tests, where there is none: a test double, so no part of the package."""

from dataclasses import dataclass
from pathlib import Path

import click
from ape.api import ProviderAPI

from connext.abi import Artifact
from connext.chain.fork import DAI, give_dai
from connext.deployer.config import Config
from connext.deployer.create2 import create_address
from connext.display import format_amount
from connext.errors import ConnextError
from connext.token import TOKEN_ABI
from connext.types import Address, Asset, checksum, parse_address
from scripts._connection import endpoint_of
from scripts._payer import Payer

MAINNET = 1
TEST_AMOUNT = 1_000_000 * 10**18
REMEMBERED = 50
"""Of the account's last transactions: one of them may have deployed a DAI for tests before."""
ARTIFACT = Path(__file__).resolve().parents[1] / "tests" / "artifacts" / "TestDai.json"


@dataclass(eq=False)
class NoTestMoney(ConnextError):
    text = "{network} is real: there is no test DAI; leave --test-dai out"
    network: str


def test_dai() -> Artifact:
    return Artifact.parse("TestDai", ARTIFACT.read_text())


def creation_code(chain_id: int) -> bytes:
    """Its permit is for this chain."""
    dai = test_dai()
    return dai.bytecode + dai.abi.encode_constructor(chain_id)


def get_test_dai(provider: ProviderAPI, payer: Payer, config: Config | None) -> Address:
    """A DAI of which the account has enough for tests. Raises NoTestMoney where money is real."""
    network = payer.network
    if network.is_live and not (config is not None and config.is_testnet):
        raise NoTestMoney(network.choice)
    if network.chain_id == MAINNET:  # on a fork of it
        give_dai(provider.make_request, payer.address, TEST_AMOUNT)
        return DAI
    node = endpoint_of(provider)
    token = _deployed_before(provider, payer)
    if token is None:
        receipt = payer.create(creation_code(network.chain_id), ["deploy a DAI for tests"])
        token = parse_address(receipt.contract_address)
    if node.read(TOKEN_ABI, token, "balanceOf", payer.address) < TEST_AMOUNT:
        mint = TOKEN_ABI.encode_call("mint", payer.address, TEST_AMOUNT)
        payer.send(token, mint, 0, [f"mint {format_amount(Asset.DAI, TEST_AMOUNT)} for this account"])
    return token


def _deployed_before(provider: ProviderAPI, payer: Payer) -> Address | None:
    """By this account, so that whoever was interrupted goes on with the same."""
    node, runtime = endpoint_of(provider), test_dai().runtime
    nonce = node.nonce(payer.address)
    for candidate in range(nonce - 1, max(-1, nonce - 1 - REMEMBERED), -1):
        address = create_address(payer.address, candidate)
        if node.code(address) == runtime:
            click.echo(f"the DAI for tests that this account deployed is used, at {checksum(address)}")
            return address
    return None
