"""Whether what is on a chain is exactly what was recorded, and exactly these sources. What a stranger would do, too.

Nothing is taken from a record without proof: its standard JSON is compiled again, the code that its creation leaves is
computed anew, byte by byte with all that the constructor writes into it, and the manager is asked for its parameters.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from connext.abi import artifact, manager_abi
from connext.chain.endpoint import Endpoint, reason_of
from connext.codec import to_json
from connext.deployer.contracts import Wanted
from connext.deployer.replay import expected_code
from connext.deployer.standard_json import Build, rebuild, standard_json
from connext.deployments import CONDITIONS, Parameters, Record, manager_parameters, source_path
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.types import camel_case, checksum

MANAGER = "ChannelManager"


@dataclass(frozen=True, slots=True)
class Verdict:
    """differences: all that is not as it must be; none for a contract that is exactly this source."""

    contract: str
    address: str
    differences: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        if self.is_right:
            return f"{self.contract} at {self.address} is exactly this source"
        return f"{self.contract} at {self.address} is NOT this source: {'; '.join(self.differences)}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a record is compared with. source: the standard JSON beside it; build: what that compiles to.

    built_here: what the sources of this checkout compile to. code: on the chain. parameters: what the manager on the
    chain says; None for others, and where it says nothing.
    """

    source: str
    build: Build
    built_here: Build
    code: bytes
    parameters: Parameters | None


def collect(root: Path, node: Endpoint, record: Record, folder: Path) -> Evidence:
    """root: the checkout; folder: of the records. Compiles, which takes up to 20 s for each source that is new.

    Raises OSError without the standard JSON; OtherCompiler, DoesNotCompile, SourceMissing.
    """
    source = source_path(folder / f"{record.contract}.json").read_text()
    version = record.compiler.version
    build = rebuild(root, record.contract, source, version)
    built_here = rebuild(root, record.contract, standard_json(root, record.contract), version)
    return Evidence(source, build, built_here, node.code(record.address), _asked(node, record))


def verdict(record: Record, evidence: Evidence, records: Mapping[str, Record]) -> Verdict:
    """records: all of the network, by name."""
    differences = [*_source_differences(record, evidence)]
    try:
        if record.contract == MANAGER:
            differences += _parameter_differences(manager_parameters(record), evidence.parameters, records)
        differences += _code_differences(record, evidence)
    except ConnextError as error:
        differences.append(f"its creation cannot be run again: {reason_of(error)}")
    return Verdict(record.contract, checksum(record.address), tuple(differences))


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
    except ConnextError:
        return None


def _source_differences(record: Record, evidence: Evidence) -> Iterator[str]:
    if keccak256(evidence.source.encode()) != record.source_hash:
        yield "the standard JSON beside the record is not the recorded one"
    if keccak256(evidence.build.creation) != record.creation_hash:
        yield "the recorded standard JSON does not compile to the recorded creation code"
    if evidence.built_here.creation != evidence.build.creation:
        yield "this checkout compiles to other code than the recorded source"
    if evidence.built_here.creation != artifact(record.contract).bytecode:
        yield f"connext/artifacts/{record.contract}.json is not what this checkout compiles to"


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
