"""Whether what is on a chain is exactly what was recorded, and exactly these sources. What a stranger would do, too.

Nothing is taken from a record without proof: its standard JSON is compiled again, the code that its creation leaves is
computed anew, byte by byte with all that the constructor writes into it, the manager is asked for its parameters, and
the chain for the transaction that made it (a manager's events before the recorded block would be out of sight). Exactly
this source with another token is a trap: parameters must be those that the checkout has for the network.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from connext.abi import artifact, manager_abi
from connext.chain.endpoint import Endpoint, EndpointGone, reason_of
from connext.codec import to_json
from connext.deployer.config import FOLDER, Config, file_name
from connext.deployer.contracts import Wanted
from connext.deployer.finding import Origin, origin
from connext.deployer.replay import expected_code
from connext.deployer.standard_json import Build, rebuild, standard_json
from connext.deployments import CONDITIONS, Parameters, Record, manager_parameters, source_path
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.types import InvalidValue, camel_case, checksum

MANAGER = "ChannelManager"


@dataclass(eq=False)
class NoSource(ConnextError):
    text = "{contract} has a record, but not the standard JSON beside it ({reason}): get the file back"
    contract: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """differences: all that is not as it must be; none for a contract that is exactly this source.

    remarks: what could not be proved, or is good to know.
    """

    contract: str
    address: str
    differences: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        if self.is_right:
            remarks = f" ({'; '.join(self.remarks)})" if self.remarks else ""
            return f"{self.contract} at {self.address} is exactly this source{remarks}"
        return f"{self.contract} at {self.address} is NOT this source: {'; '.join(self.differences)}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a record is compared with. source: the standard JSON beside it; build: what that compiles to.

    source_here: the standard JSON of this checkout; built_here: what that compiles to. code: on the chain. parameters:
    what the manager on the chain says; None for others, and where it says nothing. origin: of the recorded
    transaction; None where the record does not say what it would have made.
    """

    source: str
    build: Build
    source_here: str
    built_here: Build
    code: bytes
    parameters: Parameters | None
    origin: Origin | None


def collect(root: Path, node: Endpoint, record: Record, folder: Path) -> Evidence:
    """root: the checkout; folder: of the records. Compiles, which takes up to 20 s for each source that is new.

    Raises NoSource, OtherCompiler, DoesNotCompile, SourceMissing, EndpointGone, BlockUnknown.
    """
    try:
        source = source_path(folder / f"{record.contract}.json").read_text()
    except (OSError, ValueError) as error:
        raise NoSource(record.contract, getattr(error, "strerror", None) or "it is no text") from None
    source_here = standard_json(root, record.contract)
    builds = [rebuild(root, record.contract, text, record.compiler.version) for text in (source, source_here)]
    code, asked = node.code(record.address), _asked(node, record)
    return Evidence(source, builds[0], source_here, builds[1], code, asked, _origin(node, record, builds[0]))


def verdict(record: Record, evidence: Evidence, records: Mapping[str, Record], config: Config | None) -> Verdict:
    """records: all of the network, by name; config: its parameters in this checkout, if there are any."""
    differences = [*_source_differences(record, evidence)]
    try:
        if record.contract == MANAGER:
            differences += _parameter_differences(manager_parameters(record), evidence.parameters, records)
            differences += _config_differences(manager_parameters(record), config)
        elif record.arguments:
            differences.append("its constructor has no arguments, the record has some")
        differences += _code_differences(record, evidence)
    except ConnextError as error:
        differences.append(f"its creation cannot be run again: {reason_of(error)}")
    differences += _origin_differences(record, evidence.origin)
    return Verdict(record.contract, checksum(record.address), tuple(differences), tuple(_remarks(evidence)))


def creation_of(record: Record, build: Build) -> Wanted:
    """The contract as its record says that it was made. Raises InvalidValue."""
    is_manager = record.contract == MANAGER
    arguments = manager_abi().encode_constructor(manager_parameters(record)) if is_manager else b""
    return Wanted(record.contract, build.creation + arguments, record.arguments, record.salt)


def _asked(node: Endpoint, record: Record) -> Parameters | None:
    if record.contract != MANAGER:
        return None
    try:
        return Parameters(*node.read(manager_abi(), record.address, "parameters"))
    except EndpointGone:
        raise
    except ConnextError:
        return None


def _origin(node: Endpoint, record: Record, build: Build) -> Origin | None:
    try:
        wanted = creation_of(record, build)
    except InvalidValue:
        return None
    return origin(node, wanted, record.transaction)


def _source_differences(record: Record, evidence: Evidence) -> Iterator[str]:
    if keccak256(evidence.source.encode()) != record.source_hash:
        yield "the standard JSON beside the record is not the recorded one"
    if keccak256(evidence.build.creation) != record.creation_hash:
        yield "the recorded standard JSON does not compile to the recorded creation code"
    settings = _settings_in(evidence.source)
    if {**settings, "outputSelection": None} != {**record.compiler.settings, "outputSelection": None}:
        yield "the recorded settings of the compiler are not those of the standard JSON"
    if evidence.built_here.creation != evidence.build.creation:
        yield "this checkout compiles to other code than the recorded source"
    if evidence.built_here.creation != artifact(record.contract).bytecode:
        yield f"connext/artifacts/{record.contract}.json is not what this checkout compiles to"


def _settings_in(source: str) -> dict[str, Any]:
    """Of a standard JSON that compiles, which does not say that others can read it."""
    try:
        settings: dict[str, Any] = json.loads(source).get("settings", {})
    except (ValueError, RecursionError):
        return {}
    return settings


def _parameter_differences(
    recorded: Parameters, found: Parameters | None, records: Mapping[str, Record]
) -> Iterator[str]:
    if found is None:
        yield "the contract on the chain does not say its parameters"
    else:
        on_chain, in_record = to_json(found), to_json(recorded)
        for name in (camel_case(field.name) for field in fields(Parameters)):
            if on_chain[name] != in_record[name]:
                yield f"{name} is {on_chain[name]} on the chain, {in_record[name]} in the record"
    registry = records.get(CONDITIONS["hash_lock"])
    if registry is None or registry.address != recorded.registry:
        yield f"its registry {checksum(recorded.registry)} is not the recorded OutcomeRegistry"


def _config_differences(recorded: Parameters, config: Config | None) -> Iterator[str]:
    """On testnets everybody may bring a token for tests."""
    if config is None:
        return
    in_record, in_file = to_json(recorded), to_json(config.parameters)
    free = {"registry", "token"} if config.is_testnet else {"registry"}
    for name in in_file:
        if name not in free and in_record[name] != in_file[name]:
            yield f"{name} is {in_record[name]} in the record, {in_file[name]} in {FOLDER / file_name(config.network)}"


def _origin_differences(record: Record, found: Origin | None) -> Iterator[str]:
    if found is None or not found.known:
        return
    if found.creation is None:
        yield f"transaction 0x{record.transaction.hex()} did not make it"
        return
    if found.is_first is False:
        yield f"it was there before block {found.creation.block}, in which the recorded transaction is"
    for name, on_chain, recorded in (
        ("block", found.creation.block, record.block),
        ("time", found.creation.time, record.time),
        ("deployer", checksum(found.creation.sender), checksum(record.deployer)),
    ):
        if on_chain != recorded:
            yield f"{name} is {on_chain} on the chain, {recorded} in the record"


def _remarks(evidence: Evidence) -> Iterator[str]:
    if evidence.source != evidence.source_here:
        yield "the recorded text is not this checkout's, the code is"
    if evidence.origin is not None and not evidence.origin.known:
        yield "the endpoint does not know the recorded transaction: block, time and deployer are not proved"
    elif evidence.origin is not None and evidence.origin.creation and evidence.origin.is_first is None:
        yield "the endpoint has no old states: that it was not there before the recorded block is not proved"


def _code_differences(record: Record, evidence: Evidence) -> Iterator[str]:
    """Raises InvalidValue, CreationFails."""
    code, wanted = evidence.code, creation_of(record, evidence.build)
    if wanted.address != record.address:
        yield f"from this source, these arguments and this salt comes {checksum(wanted.address)}, another address"
    if not code:
        yield "there is no code on the chain"
        return
    if keccak256(code) != record.runtime_hash:
        yield "the code on the chain is not the one whose hash is recorded"
    others: tuple[bytes, ...] = ()
    if record.contract == MANAGER:
        parameters = manager_parameters(record)
        others = (parameters.token, parameters.registry)
    expected = expected_code(wanted, record.chain_id, others)
    if wanted.address == record.address and code != expected:
        yield _first_difference(code, expected)


def _first_difference(code: bytes, expected: bytes) -> str:
    if len(code) != len(expected):
        return f"the code on the chain has {len(code)} bytes, the source makes {len(expected)}"
    places = [place for place, pair in enumerate(zip(code, expected, strict=True)) if pair[0] != pair[1]]
    first = places[0]
    return (
        f"the code on the chain differs from what the source makes in {len(places)} of {len(code)} bytes, first at "
        f"byte {first}: 0x{code[first]:02x}, not 0x{expected[first]:02x}"
    )
