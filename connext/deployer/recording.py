"""The record of a contract that is there and right."""

from connext.abi import artifact
from connext.deployer.contracts import Wanted
from connext.deployer.finding import Creation
from connext.deployer.plan import Plan
from connext.deployments import Compiler, Record
from connext.keccak import keccak256


def make_record(
    plan: Plan, wanted: Wanted, creation: Creation, source: str, compiler: Compiler, commit: str | None
) -> Record:
    """source: the standard JSON that the code was compiled from; commit: of the sources, None if they differ."""
    return Record(
        contract=wanted.contract,
        address=wanted.address,
        chain_id=plan.target.chain_id,
        transaction=creation.transaction,
        block=creation.block,
        time=creation.time,
        deployer=creation.sender,
        salt=wanted.salt,
        arguments=wanted.arguments,
        permit=plan.has_permit if wanted.contract == "ChannelManager" else None,
        compiler=compiler,
        source_hash=keccak256(source.encode()),
        creation_hash=keccak256(artifact(wanted.contract).bytecode),
        runtime_hash=keccak256(plan.expected[wanted.address]),
        commit=commit,
    )
