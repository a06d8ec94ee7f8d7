"""Records of deployed contracts: one JSON file per contract and chain, and the one loader that reads them.

Live networks have a folder by name, `deployments/<ecosystem>-<network>/<Contract>.json`, which is committed. Beside
each record is the standard JSON that its code was compiled from, `<Contract>.solc.json`. Local chains and forks come
and go: theirs is `.build/deployments/<chain id>-<genesis hash>/`. Every field: docs/formats.md.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from connext.abi import artifact
from connext.channel import Deployment
from connext.codec import from_json, to_json
from connext.conditions import Conditions
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.messages import Domain
from connext.types import DAY, HOUR, Address, Bool, Bytes32, InvalidValue, Uint32, Uint64, Uint128, Uint256

# --- Errors ---


@dataclass(eq=False)
class NotDeployed(ConnextError, LookupError):
    text = (
        "no {contract} is deployed on {network} (no file {path}): get the records of who deployed it, or deploy it: "
        "ape run deploy --network {network} (on a local chain or a fork with --test-dai)"
    )
    contract: str
    network: str
    path: Path


@dataclass(eq=False)
class AlreadyDeployed(ConnextError):
    """A second record would take the place of the first, by which its channels are found."""

    text = (
        "another {contract} is deployed on {network} already, at {address} (recorded in {path}), and {difference}; "
        "with --replace a new one is made, and the scripts no longer see the channels that need the old one"
    )
    contract: str
    network: str
    address: str
    path: Path
    difference: str


@dataclass(eq=False)
class NotWritable(ConnextError, OSError):
    text = "{path} cannot be written ({reason}): nothing was sent, since it could not be recorded"
    path: Path
    reason: str


@dataclass(eq=False)
class NotRecorded(ConnextError):
    text = "{path} cannot be written ({reason}); what it would record stays as it is: run this again when it can be"
    path: Path
    reason: str


@dataclass(eq=False)
class DeploymentGone(ConnextError, LookupError):
    """The record is of another chain with the same id and genesis, for instance of an earlier fork."""

    text = (
        "{address} on {network} does not have the code that {path} records: the chain was started anew or is "
        "another one; deploy again: ape run deploy --network {network}"
    )
    address: str
    network: str
    path: Path


@dataclass(eq=False)
class WrongChain(ConnextError, ValueError):
    text = "{path} is a record of chain {recorded}, but {network} answers with chain {found}; check the endpoint"
    path: Path
    network: str
    recorded: int
    found: int


@dataclass(eq=False)
class UnreadableFile(ConnextError, ValueError):
    text = "{path} cannot be read as {form}: {reason}"
    path: Path
    form: str
    reason: object


# --- The form of a record ---


@dataclass(frozen=True, slots=True)
class Matching:
    """Text of one pattern."""

    pattern: str
    expected: str

    def to_json(self, value: str) -> str:
        return value

    def from_json(self, value: object, path: str) -> str:
        if isinstance(value, str) and re.fullmatch(self.pattern, value):
            return value
        raise InvalidValue(path, self.expected, value)


@dataclass(frozen=True, slots=True)
class Json:
    """JSON whose inside this module does not know: it depends on the contract or the compiler."""

    type: type
    expected: str

    def to_json(self, value: Any) -> Any:
        return value

    def from_json(self, value: object, path: str) -> Any:
        if isinstance(value, self.type):
            return value
        raise InvalidValue(path, self.expected, value)


ContractName = Annotated[str, Matching(r"[A-Z]\w*", "the name of a contract")]
Version = Annotated[str, Matching(r"\d+\.\d+\.\d+", "a version such as 0.8.37")]
Commit = Annotated[str, Matching(r"[0-9a-f]{40}", "a git commit of 40 hexadecimal digits")]


@dataclass(frozen=True, slots=True)
class Compiler:
    """settings: of solc's standard JSON input, without what selects sources and outputs."""

    version: Version
    settings: Annotated[dict[str, Any], Json(dict, "an object")]


@dataclass(frozen=True, slots=True)
class Record:
    """One deployed contract.

    transaction, block, time, deployer: of the deployment, and who sent it; time in Unix seconds.
    salt: with which the deterministic deployment proxy created it (`connext.deployer.create2`).
    arguments: the constructor's, in order; structs as objects, integers as decimal strings.
    permit: whether the token has DAI's own permit, so that no approval is needed; None for contracts without a token.
    source_hash: keccak256 of the standard JSON beside the record, which the compiler made the code from.
    creation_hash: keccak256 of the creation code without arguments; runtime_hash: of the code at the address.
    commit: of the sources; None where they were not all committed.
    """

    contract: ContractName
    address: Address
    chain_id: Uint256
    transaction: Bytes32
    block: Uint64
    time: Uint64
    deployer: Address
    salt: Bytes32
    arguments: Annotated[list[Any], Json(list, "a list")]
    permit: Bool | None
    compiler: Compiler
    source_hash: Bytes32
    creation_hash: Bytes32
    runtime_hash: Bytes32
    commit: Commit | None


# --- The ChannelManager ---


@dataclass(frozen=True, slots=True)
class Parameters:
    """The constructor's argument, in its order (docs/protocol.md section 7). Amounts in wei, periods in seconds."""

    token: Address
    registry: Address
    capacity_wei: Uint128
    capacity_token: Uint128
    transfer_limit_wei: Uint128
    transfer_limit_token: Uint128
    min_challenge_period: Uint32
    max_challenge_period: Uint32

    def creation_code(self) -> bytes:
        manager = artifact("ChannelManager")
        return manager.bytecode + manager.abi.encode_constructor(self)

    def deployment(self, domain: Domain, conditions: Conditions) -> Deployment:
        """What the rules need to know of a manager with these parameters, and of the conditions beside it."""
        return Deployment(domain, conditions=conditions, **{f.name: getattr(self, f.name) for f in fields(self)})


def default_parameters(token: Address, registry: Address) -> Parameters:
    """Limits to start with."""
    return Parameters(
        token=token,
        registry=registry,
        capacity_wei=100 * 10**18,
        capacity_token=200_000 * 10**18,
        transfer_limit_wei=10 * 10**18,
        transfer_limit_token=20_000 * 10**18,
        min_challenge_period=HOUR,
        max_challenge_period=30 * DAY,
    )


CONDITIONS = {
    "hash_lock": "OutcomeRegistry",
    "stream": "Stream",
    "linked_payment": "LinkedPayment",
    "all_of": "AllOf",
    "any_of": "AnyOf",
}
"""The contracts of `Conditions`, by its fields."""


def manager_parameters(record: Record) -> Parameters:
    """Of a recorded ChannelManager. Raises InvalidValue."""
    if len(record.arguments) != 1:
        raise InvalidValue(f"{record.contract}.arguments", "one argument, the parameters", record.arguments)
    return from_json(Parameters, record.arguments[0], f"{record.contract}.arguments[0]")


def manager_deployment(record: Record, conditions: Conditions) -> Deployment:
    """What the rules need to know of a recorded ChannelManager. Raises InvalidValue."""
    domain = Domain(chain_id=record.chain_id, verifying_contract=record.address)
    return manager_parameters(record).deployment(domain, conditions)


# --- Where records are ---


@dataclass(frozen=True, slots=True)
class Network:
    """The chain one is connected to. choice: how `--network` names it, such as `ethereum:sepolia`."""

    choice: str
    is_live: bool
    chain_id: int
    genesis_hash: Bytes32

    def folder(self, root: Path) -> Path:
        """Where its records are in the checkout `root`."""
        if self.is_live:
            return root / "deployments" / self.choice.replace(":", "-")
        return root / ".build" / "deployments" / f"{self.chain_id}-0x{self.genesis_hash.hex()}"


def load(root: Path, contract: str, network: Network, code_at: Callable[[Address], bytes]) -> Record:
    """The record of `contract` on the connected chain; `code_at` reads the code at an address there.

    Raises NotDeployed, WrongChain, DeploymentGone, InvalidValue.
    """
    path = network.folder(root) / f"{contract}.json"
    if not path.is_file():
        raise NotDeployed(contract, network.choice, path)
    record = read(path)
    if record.chain_id != network.chain_id:
        raise WrongChain(path, network.choice, record.chain_id, network.chain_id)
    if keccak256(code_at(record.address)) != record.runtime_hash:
        raise DeploymentGone("0x" + record.address.hex(), network.choice, path)
    return record


def find(root: Path, contract: str, network: Network, code_at: Callable[[Address], bytes]) -> Record | None:
    """The record, if the chain has what is recorded; None without one. Raises WrongChain, InvalidValue."""
    try:
        return load(root, contract, network, code_at)
    except (NotDeployed, DeploymentGone):
        return None


def read(path: Path) -> Record:
    """The record in one file. Raises InvalidValue, UnreadableFile."""
    try:
        document = json.loads(path.read_text())
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(path, "JSON", error) from None
    except OSError as error:
        raise UnreadableFile(path, "JSON", error.strerror) from None
    record = from_json(Record, document, path.name)
    if record.contract != path.stem:
        raise InvalidValue(f"{path.name}.contract", f"the file's name, {path.stem}", record.contract)
    return record


def save(root: Path, network: Network, record: Record, source: str) -> Path:
    """Write the record and its standard JSON, in the place of earlier ones, and return the record's path.

    The source is written first: where there is a record, there is what it was made from. Raises NotRecorded.
    """
    path = network.folder(root) / f"{record.contract}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(source_path(path), source)
        return _replace(path, json.dumps(to_json(record), indent=2) + "\n")
    except OSError as error:
        raise NotRecorded(path, error.strerror or str(error)) from None


def source_path(record: Path) -> Path:
    """The standard JSON beside a record: `Stream.solc.json` beside `Stream.json`."""
    return record.with_suffix(".solc.json")


def require_writable(root: Path, network: Network) -> None:
    """Raises NotWritable, before anything is sent that would have to be recorded."""
    folder = network.folder(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / "probe.tmp", "").unlink()
    except OSError as error:
        raise NotWritable(folder, error.strerror or str(error)) from None


def _replace(path: Path, text: str) -> Path:
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    return draft.replace(path)
