"""What `deploy` does: sends creation code, and records what came out of it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from ape.api import ProviderAPI

from connext.abi import Artifact, artifact
from connext.chain.fork import DAI, give_dai
from connext.codec import to_json
from connext.conditions import Conditions
from connext.deployments import CONDITIONS, Compiler, Parameters, Record, find, save
from connext.display import format_amount, format_amounts, format_duration
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.token import TOKEN_ABI
from connext.types import Address, Asset, checksum, parse_address
from scripts._payer import Payer
from scripts._test_dai import creation_code, test_dai

MAINNET = 1
TEST_AMOUNT = 1_000_000 * 10**18
SOURCES = ("contracts", "interfaces", "package-lock.json", "toolchain/solc-settings.json")
"""What the bytecode depends on."""

PURPOSES = {
    "OutcomeRegistry": "deploy an OutcomeRegistry: where conditional payments are decided; it is the hash lock, too",
    "Stream": "deploy Stream: the condition of payments that grow by vouchers",
    "LinkedPayment": "deploy LinkedPayment: the condition of payments to whoever has a link",
    "AllOf": "deploy AllOf: a condition that needs several others",
    "AnyOf": "deploy AnyOf: a condition for which one of several others is enough",
}


@dataclass(eq=False)
class TokenUnknown(ConnextError):
    text = "which token, on {network}? Name it by --token, or get one for tests by --test-dai"
    network: str


@dataclass(eq=False)
class NoTestMoney(ConnextError):
    text = "{network} is real: there is no test DAI; leave --test-dai out"
    network: str


@dataclass(eq=False)
class NotCommitted(ConnextError):
    text = "{sources} differ from the last commit: a deployment on {network} must be of committed sources"
    sources: str
    network: str


@dataclass(eq=False)
class NoToken(ConnextError):
    text = "there is no contract at {token} on {network}: give the address of the token on this very chain"
    token: str
    network: str


class Shipyard:
    def __init__(self, provider: ProviderAPI, payer: Payer) -> None:
        self._provider = provider
        self._payer = payer
        self._network = payer.network

    def known_token(self) -> Address:
        """DAI, where that is. Raises TokenUnknown."""
        if self._network.chain_id != MAINNET:
            raise TokenUnknown(self._network.choice)
        return DAI

    def test_dai(self) -> Address:
        """A DAI of which the account has enough for tests. Raises NoTestMoney on mainnet itself."""
        if self._network.chain_id == MAINNET:
            if self._network.is_live:
                raise NoTestMoney(self._network.choice)
            give_dai(self._provider.make_request, self._payer.address, TEST_AMOUNT)
            return DAI
        chain_id = self._network.chain_id
        record = self._deploy(test_dai(), creation_code(chain_id), [str(chain_id)], ["deploy a DAI for tests"])
        token = record.address
        mint = TOKEN_ABI.encode_call("mint", self._payer.address, TEST_AMOUNT)
        self._payer.send(token, mint, 0, [f"mint {format_amount(Asset.DAI, TEST_AMOUNT)} for this account"])
        return token

    def existing(self, token: Address) -> Address:
        """The token, before anything is paid for a manager that could not use it. Raises NoToken."""
        if not self._code(token):
            raise NoToken(checksum(token), self._network.choice)
        return token

    def conditions(self) -> Conditions:
        """Those of the network, the outcome registry among them; what is not there yet is deployed and recorded."""
        return Conditions(**{field: self._condition(name) for field, name in CONDITIONS.items()})

    def _condition(self, name: str) -> Address:
        record = self._recorded(name)
        if record is not None:
            click.echo(f"{name} is recorded already, at {checksum(record.address)}: it is used")
            return record.address
        contract = artifact(name)
        return self._save(self._deploy(contract, contract.bytecode, [], [PURPOSES[name]]))

    def show_what_is_replaced(self) -> None:
        manager = self._recorded("ChannelManager")
        if manager is not None:
            click.echo(
                f"replacing the manager at {checksum(manager.address)}, and nothing else: its record is overwritten, "
                "and the scripts no longer see its channels"
            )

    def manager(self, parameters: Parameters) -> None:
        """Deploy and record a ChannelManager."""
        capacity = format_amounts(parameters.capacity_wei, parameters.capacity_token)
        limit = format_amounts(parameters.transfer_limit_wei, parameters.transfer_limit_token)
        periods = (format_duration(parameters.min_challenge_period), format_duration(parameters.max_challenge_period))
        lines = [
            "deploy a ChannelManager",
            f"token {checksum(parameters.token)}, outcome registry {checksum(parameters.registry)}",
            f"capacity of a channel {capacity}, largest payment {limit}",
            f"challenge periods from {periods[0]} to {periods[1]}",
        ]
        self._save(self._deploy(artifact("ChannelManager"), parameters.creation_code(), [to_json(parameters)], lines))

    def _recorded(self, name: str) -> Record | None:
        return find(Path.cwd(), name, self._network, self._code)

    def _code(self, address: Address) -> bytes:
        return bytes(self._provider.get_code(checksum(address)))

    def _save(self, record: Record) -> Address:
        path = save(Path.cwd(), self._network, record)
        click.echo(f"{record.contract} at {checksum(record.address)}, recorded in {path.relative_to(Path.cwd())}")
        return record.address

    def _deploy(self, contract: Artifact, code: bytes, arguments: list[Any], lines: list[str]) -> Record:
        commit = self._commit()
        receipt = self._payer.create(code, lines)
        address = parse_address(receipt.contract_address)
        return Record(
            contract=contract.name,
            address=address,
            chain_id=self._network.chain_id,
            transaction=bytes.fromhex(receipt.txn_hash.removeprefix("0x")),
            block=receipt.block_number,
            time=receipt.timestamp,
            deployer=self._payer.address,
            arguments=arguments,
            compiler=_compiler(),
            creation_hash=keccak256(contract.bytecode),
            runtime_hash=keccak256(self._code(address)),
            commit=commit,
        )

    def _commit(self) -> str | None:
        """Of the sources; None where they are not committed, which a live network does not forgive."""
        changed = _git("status", "--porcelain", "--", *SOURCES)
        commit = _git("rev-parse", "HEAD")
        if changed == "" and commit is not None:
            return commit
        if self._network.is_live:
            raise NotCommitted(", ".join(SOURCES), self._network.choice)
        return None


def _compiler() -> Compiler:
    package = json.loads(Path("package.json").read_text())
    settings = json.loads(Path("toolchain/solc-settings.json").read_text())
    return Compiler(package["devDependencies"]["solc"], settings)


def _git(*arguments: str) -> str | None:
    """The output; None outside of a repository, or without git."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
