"""What `deploy` does: finds out what shall be, makes the plan, asks, lets it be done, and keeps the records."""

import fcntl
import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape_connext.anvil import fork_of

from connext.abi import artifact
from connext.chain.anvil import Anvil
from connext.chain.endpoint import http_carrier
from connext.codec import to_json
from connext.deployer.config import FOLDER, Config, UnknownNetwork, check_parameters, file_name
from connext.deployer.contracts import NO_REGISTRY_YET, PURPOSES, Wanted, wanted_contracts
from connext.deployer.execution import Clock, Executor
from connext.deployer.files import load_config
from connext.deployer.finding import Creation
from connext.deployer.plan import Plan, Target, make_plan
from connext.deployer.recording import make_record
from connext.deployer.rehearsal import rehearse
from connext.deployer.safe import batch_document
from connext.deployer.sources import SOURCES
from connext.deployer.standard_json import compiler, rebuild, standard_json
from connext.deployer.survey import survey
from connext.deployments import (
    AlreadyDeployed,
    NotWritable,
    Parameters,
    Record,
    WrongChain,
    default_parameters,
    find,
    manager_parameters,
    read,
    require_writable,
    save,
    source_path,
)
from connext.errors import ConnextError, printable
from connext.keccak import keccak256
from connext.types import Address, Bytes32, checksum, parse_address
from scripts._connection import endpoint_of, network_of, url_of

NO_SALT = bytes(32)
LIVE_CONFIRMATIONS = 2


@dataclass(eq=False)
class TokenUnknown(ConnextError):
    text = "which token, on {network}? Name it by --token, or get one for tests by --test-dai"
    network: str


@dataclass(eq=False)
class NoToken(ConnextError):
    text = "there is no contract at {token} on {network}: {remedy}"
    token: str
    network: str
    remedy: str = "give the address of the token on this very chain"


@dataclass(eq=False)
class OnlyFromFile(ConnextError):
    text = "{network} is live: its parameters are those of {path}, change them there and commit"
    network: str
    path: Path


@dataclass(eq=False)
class WrongChainId(ConnextError):
    text = "{path} is for chain {wanted}, but the endpoint of {network} answers with chain {found}; nothing was sent"
    path: Path
    network: str
    wanted: int
    found: int


@dataclass(eq=False)
class NotCommitted(ConnextError):
    text = (
        "not committed: {sources}; a deployment on {network} must be of sources and parameters that others can have: "
        "commit them, or take the changes back"
    )
    sources: str
    network: str


@dataclass(eq=False)
class AnotherRuns(ConnextError):
    text = "another deployment writes to {folder} at this moment: let it end, then run this again"
    folder: Path


@dataclass(eq=False)
class ArtifactIsOld(ConnextError):
    text = "connext/artifacts/{contract}.json is not what these sources compile to: make artifacts, and commit"
    contract: str


@dataclass(eq=False)
class NotASafe(ConnextError):
    text = "there is no contract at {safe} on {network}: give the address of the Safe on this very chain"
    safe: str
    network: str


@dataclass(eq=False)
class ProxyMissing(ConnextError):
    text = "{network} has no deployment proxy: let an account deploy first, which brings it"
    network: str


@dataclass(eq=False)
class NotSigned(ConnextError):
    text = "{account} did not sign{reason}: run this again to go on from here"
    account: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line; None for what was not."""

    token: Address | None = None
    capacity: tuple[int, int] | None = None
    transfer_limit: tuple[int, int] | None = None
    shortest_period: int | None = None
    longest_period: int | None = None
    salt: Bytes32 | None = None

    @property
    def are_any(self) -> bool:
        return self != Wishes()

    def applied(self, parameters: Parameters) -> Parameters:
        capacity = self.capacity or (parameters.capacity_wei, parameters.capacity_token)
        limit = self.transfer_limit or (parameters.transfer_limit_wei, parameters.transfer_limit_token)
        return replace(
            parameters,
            registry=NO_REGISTRY_YET,
            token=self.token or parameters.token,
            capacity_wei=capacity[0],
            capacity_token=capacity[1],
            transfer_limit_wei=min(limit[0], capacity[0]),
            transfer_limit_token=min(limit[1], capacity[1]),
            min_challenge_period=_first_given(self.shortest_period, parameters.min_challenge_period),
            max_challenge_period=_first_given(self.longest_period, parameters.max_challenge_period),
        )


def _first_given(wish: int | None, otherwise: int) -> int:
    return otherwise if wish is None else wish


class ApeSender:
    """An Ape account, whatever is behind it, as who signs (see `connext.deployer.execution.Sender`)."""

    def __init__(self, provider: ProviderAPI, account: AccountAPI) -> None:
        self.address = parse_address(account.address)
        self._provider = provider
        self._account = account

    def sign(
        self, *, to: Address, data: bytes, value: int, gas: int, nonce: int, max_fee: int, priority_fee: int
    ) -> bytes:
        transaction = self._provider.network.ecosystem.create_transaction(
            type=2,
            chain_id=self._provider.chain_id,
            receiver=checksum(to),
            data=data,
            value=value,
            gas_limit=gas,
            nonce=nonce,
            max_fee=max_fee,
            max_priority_fee=priority_fee,
        )
        try:
            signed = self._account.sign_transaction(transaction)
        except Exception as error:  # each plugin for wallets has errors of its own
            raise NotSigned(checksum(self.address), f" ({error})") from error
        if signed is None:
            raise NotSigned(checksum(self.address))
        return bytes(signed.serialize_transaction())


class Shipyard:
    """root: the checkout, which has the sources and gets the records."""

    def __init__(self, provider: ProviderAPI, root: Path) -> None:
        self.network = network_of(provider)
        self.node = endpoint_of(provider)
        self._provider = provider
        self._root = root
        self._sources: dict[str, str] = {}

    # --- What shall be ---

    def config(self) -> Config | None:
        """The file of this network, or of the one that is forked; None for local chains.

        Raises UnknownNetwork, InvalidValue, WrongChainId.
        """
        choice = self.network.choice.removesuffix("-fork")
        try:
            config = load_config(self._root, choice)
        except UnknownNetwork:
            if self.network.is_live:
                raise
            return None
        if config.chain_id != self.network.chain_id:
            path = FOLDER / file_name(choice)
            raise WrongChainId(path, self.network.choice, config.chain_id, self.network.chain_id)
        return config

    def require_records(self) -> None:
        """Whatever comes can be recorded, and no record is of another chain. Raises NotWritable, WrongChain."""
        require_writable(self._root, self.network)
        for contract in PURPOSES:
            path = self._path(contract)
            for file in (path, source_path(path)):
                if file.exists() and not file.is_file():
                    raise NotWritable(file, "it is no file")
            if path.is_file() and (record := read(path)).chain_id != self.network.chain_id:
                raise WrongChain(path, self.network.choice, record.chain_id, self.network.chain_id)

    def target(self, config: Config | None, wishes: Wishes, deployer: Address, *, pays: bool, test_dai: bool) -> Target:
        """Raises OnlyFromFile, TokenUnknown, NoToken, InvalidValue."""
        allowed = replace(wishes, token=None) if test_dai else wishes
        if self.network.is_live and allowed.are_any:
            raise OnlyFromFile(self.network.choice, FOLDER / file_name(self.network.choice))
        parameters = wishes.applied(self._usual(config, wishes.token))
        check_parameters(parameters, "parameters")
        if not self.node.code(parameters.token):
            raise self._no_token(parameters.token)
        token = config.token if config is not None and config.token.address == parameters.token else None
        source = token.source if token else "--test-dai" if test_dai else "--token" if wishes.token else "the record"
        return Target(
            choice=self.network.choice,
            chain_id=self.network.chain_id,
            is_testnet=config is not None and config.is_testnet,
            is_local=not self.network.is_live,
            token_symbol=token.symbol if token else None,
            token_decimals=token.decimals if token else None,
            token_source=source,
            parameters=parameters,
            salt=wishes.salt or (config.salt if config else NO_SALT),
            deployer=deployer,
            pays=pays,
        )

    def _no_token(self, token: Address) -> NoToken:
        if not self.network.is_live:
            return NoToken(checksum(token), self.network.choice)
        remedy = f"is the endpoint in order? The address is that of {FOLDER / file_name(self.network.choice)}"
        return NoToken(checksum(token), self.network.choice, remedy)

    def _usual(self, config: Config | None, token: Address | None) -> Parameters:
        """Parameters before wishes: of the file, of the record, or limits to start with."""
        if config is not None:
            return config.parameters
        if token is not None:
            return default_parameters(token, NO_REGISTRY_YET)
        recorded = self.recorded("ChannelManager")
        if recorded is None:
            raise TokenUnknown(self.network.choice)
        return manager_parameters(recorded)

    # --- The plan ---

    def plan(self, target: Target, *, replacing: bool) -> Plan:
        """With everything checked and tried on a fork; nothing is sent.

        Raises AlreadyDeployed, RehearsalFails, CreationFails.
        """
        wanted = wanted_contracts(target.parameters, target.salt)
        self._refuse_other_records(wanted, replacing=replacing)
        with fork_of(url_of(self._provider)) as url:
            fork = Anvil(http_carrier(url))
            rehearsal = rehearse(fork, target.deployer, wanted, target.parameters.token)
        return make_plan(target, wanted, survey(self.node, target, wanted), rehearsal)

    def _refuse_other_records(self, wanted: tuple[Wanted, ...], *, replacing: bool) -> None:
        for item in wanted:
            other = self._kept(item.contract)
            if other is None or other.address == item.address:
                continue
            address, path = checksum(other.address), self._path(item.contract)
            if not replacing:
                raise AlreadyDeployed(item.contract, self.network.choice, address, path, _difference(other, item))
            click.echo(
                f"replacing the {item.contract} at {address}: its record is overwritten, and the scripts no longer see "
                "the channels that need it"
            )

    def _kept(self, contract: str) -> Record | None:
        """The record that must not be lost: on a live network, whatever the endpoint says about its code."""
        path = self._path(contract)
        if self.network.is_live:
            return read(path) if path.is_file() else None
        return self.recorded(contract)

    def show(self, plan: Plan) -> None:
        account = checksum(plan.target.deployer)
        click.echo(f"Plan on {self.network.choice} (chain {self.network.chain_id}) for {account}:")
        for line in plan.lines():  # which has what the token says of itself
            click.echo(f"  {printable(line)}")

    @staticmethod
    def address_of(account: AccountAPI) -> Address:
        return parse_address(account.address)

    # --- Doing it ---

    def require_exact_sources(self, plan: Plan) -> None:
        """On a live network: the standard JSON that will be recorded compiles to what is deployed.

        Raises ArtifactIsOld.
        """
        if not self.network.is_live:
            return
        recorded = self._recorded_addresses(plan)
        for contract in (item.contract for item in plan.wanted if item.address not in recorded):
            click.echo(f"compiling {contract} from the standard JSON that will be recorded")
            build = rebuild(self._root, contract, self._source(contract), compiler(self._root).version)
            if build.creation != artifact(contract).bytecode:
                raise ArtifactIsOld(contract)

    def execute(self, plan: Plan, account: AccountAPI, named: Iterable[Bytes32]) -> None:
        """Send what is missing, record what is not recorded."""
        if plan.missing and hasattr(account, "set_autosign"):
            account.set_autosign(True)  # the plan was agreed to as a whole
        sender = ApeSender(self._provider, account)
        confirmations = max(LIVE_CONFIRMATIONS, self._provider.network.required_confirmations)
        commit = self._commit
        clock = Clock(confirmations if self.network.is_live else 0, 1.0 if self.network.is_live else 0.05)

        def keep(wanted: Wanted, creation: Creation) -> None:
            source = self._source(wanted.contract)
            record = make_record(plan, wanted, creation, source, compiler(self._root), commit)
            path = save(self._root, self.network, record, source)
            click.echo(f"{wanted.contract} is recorded in {path.relative_to(self._root)}")

        with self._alone():
            try:
                Executor(self.node, sender, clock, click.echo).run(plan, keep, self._recorded_addresses(plan), named)
            except KeyboardInterrupt:
                click.echo("interrupted: the same command goes on from here, and does nothing twice", err=True)
                raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two runs would pay for the same contracts, one of them for nothing. Raises AnotherRuns."""
        folder = self.network.folder(self._root)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AnotherRuns(folder) from None
            yield
        finally:
            os.close(descriptor)

    def require_safe(self, safe: Address) -> None:
        """Raises NotASafe."""
        if not self.node.code(safe):
            raise NotASafe(checksum(safe), self.network.choice)

    def write_safe_batch(self, plan: Plan, safe: Address, path: Path | None) -> None:
        """Raises ProxyMissing, NotWritable."""
        if plan.brings_proxy:
            raise ProxyMissing(self.network.choice)
        if not plan.missing:
            click.echo("everything is there already: run this without --safe to record it")
            return
        path = path or Path(f"deploy-{checksum(safe)}.json")
        document = batch_document(plan.missing, self.network.chain_id, safe)
        try:
            path.write_text(json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise NotWritable(path, error.strerror or str(error)) from None
        click.echo(
            f"{path} is for the Safe's Transaction Builder; once it is executed, run this without --safe to record it"
        )

    def recorded(self, contract: str) -> Record | None:
        """The record, if the chain has what it says."""
        return find(self._root, contract, self.network, self.node.code)

    def _recorded_addresses(self, plan: Plan) -> set[Address]:
        records = (self.recorded(item.contract) for item in plan.wanted)
        return {record.address for record in records if record is not None}

    def _path(self, contract: str) -> Path:
        return self.network.folder(self._root) / f"{contract}.json"

    def _source(self, contract: str) -> str:
        """The standard JSON, always as it was first read: the checkout may change while transactions are waited for."""
        if contract not in self._sources:
            self._sources[contract] = standard_json(self._root, contract)
        return self._sources[contract]

    def require_committed(self) -> None:
        """On a live network, everybody must be able to have sources and parameters. Raises NotCommitted."""
        _ = self._commit

    @cached_property
    def _commit(self) -> str | None:
        """Of sources and parameters; None where they are not committed. Raises NotCommitted on a live network."""
        patterns = (*SOURCES, str(FOLDER / file_name(self.network.choice)))
        changed = self._git("status", "--porcelain", "--", *(f":(glob){pattern}" for pattern in patterns))
        commit = self._git("rev-parse", "HEAD")
        if changed == "" and commit is not None:
            return commit
        if self.network.is_live:
            raise NotCommitted(", ".join(_names_in(changed) or patterns), self.network.choice)
        return None

    def _git(self, *arguments: str) -> str | None:
        """The output; None outside of a repository, or without git."""
        try:
            done = subprocess.run(["git", *arguments], cwd=self._root, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()


def _difference(recorded: Record, wanted: Wanted) -> str:
    """What makes a contract another than the recorded one."""
    if recorded.salt != wanted.salt:
        return "its salt is another"
    if keccak256(artifact(wanted.contract).bytecode) != recorded.creation_hash:
        return "its code is another"
    if recorded.arguments == wanted.arguments:
        return "its record does not say why"
    was, now = to_json(manager_parameters(recorded)), wanted.arguments[0]
    return ", ".join(f"its {name} is {was[name]}, not {now[name]}" for name in now if was[name] != now[name])


def _names_in(changes: str | None) -> list[str]:
    """The files in what `git status --porcelain` says."""
    return [line.split(maxsplit=1)[1] for line in (changes or "").splitlines()]


def confirm_plan(plan: Plan, *, yes: bool) -> None:
    """On a testnet a question, with real money a stronger one; on local chains and forks, none. Raises click.Abort."""
    target = plan.target
    if yes or target.is_local or not plan.missing:
        return
    if target.is_testnet:
        click.confirm("Go on?", abort=True)
        return
    click.echo("This is real money, and what is deployed can never be changed.")
    if click.prompt(f"To go on, type the network ({target.choice})") != target.choice:
        raise click.Abort
