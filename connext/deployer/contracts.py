"""The contracts of one deployment, each with its creation code, its arguments and the address that follows."""

from dataclasses import dataclass, replace
from typing import Any

from connext.abi import artifact
from connext.codec import to_json
from connext.deployer.create2 import create2_address
from connext.deployments import CONDITIONS, Parameters
from connext.types import ZERO_ADDRESS, Address, Bytes32

PURPOSES = {
    "OutcomeRegistry": "where conditional payments are decided; it is the hash lock, too",
    "Stream": "the condition of payments that grow by vouchers",
    "LinkedPayment": "the condition of payments to whoever has a link",
    "AllOf": "a condition that needs several others",
    "AnyOf": "a condition for which one of several others is enough",
    "ChannelManager": "the channels",
}
"""In the order of deployment: the manager's constructor wants its registry to be there."""


@dataclass(frozen=True)
class Wanted:
    """A contract that shall be there. creation_code: with the constructor's arguments; arguments: as JSON."""

    contract: str
    creation_code: bytes
    arguments: list[Any]
    salt: Bytes32

    @property
    def address(self) -> Address:
        return create2_address(self.creation_code, self.salt)

    @property
    def calldata(self) -> bytes:
        """What the proxy is called with."""
        return self.salt + self.creation_code


def wanted_contracts(parameters: Parameters, salt: Bytes32) -> tuple[Wanted, ...]:
    """All of them, in order. The parameters' registry is filled in: it is the one that is among them."""
    conditions = [Wanted(name, artifact(name).bytecode, [], salt) for name in CONDITIONS.values()]
    registry = next(item.address for item in conditions if item.contract == CONDITIONS["hash_lock"])
    complete = replace(parameters, registry=registry)
    return (*conditions, Wanted("ChannelManager", complete.creation_code(), [to_json(complete)], salt))


NO_REGISTRY_YET = ZERO_ADDRESS
"""In parameters that `wanted_contracts` completes."""
