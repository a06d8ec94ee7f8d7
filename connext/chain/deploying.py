"""A whole deployment on a local chain, for stories and tests."""

from collections.abc import Callable

from connext.abi import artifact
from connext.chain import LocalChain
from connext.channel import Deployment
from connext.conditions import Conditions
from connext.deployments import CONDITIONS, Parameters, default_parameters
from connext.messages import Domain
from connext.types import Address


def deploy_all(
    chain: LocalChain,
    deployer: Address,
    token: Address,
    parameters_for: Callable[[Address, Address], Parameters] = default_parameters,
) -> Deployment:
    """Conditions, registry and manager. parameters_for: the manager's, of token and registry. Raises CannotSend."""
    conditions = Conditions(
        **{field: chain.deploy(deployer, artifact(name).bytecode) for field, name in CONDITIONS.items()}
    )
    parameters = parameters_for(token, conditions.hash_lock)  # the registry is the hash lock
    manager = chain.deploy(deployer, parameters.creation_code())
    return parameters.deployment(Domain(chain.chain_id, manager), conditions)
