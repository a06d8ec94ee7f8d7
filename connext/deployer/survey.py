"""What the chain says before a deployment: reads only."""

from connext.chain.endpoint import Endpoint
from connext.deployer.contracts import Wanted
from connext.deployer.create2 import PROXY
from connext.deployer.plan import Facts, Target
from connext.deployer.replay import expected_code


def survey(node: Endpoint, target: Target, wanted: tuple[Wanted, ...]) -> Facts:
    """Raises CreationFails where the constructors refuse the parameters."""
    others = (target.parameters.token, *(item.address for item in wanted))
    return Facts(
        chain_id=node.chain_id,
        balance=node.balance(target.deployer),
        base_fee=node.base_fee(),
        priority_fee=node.priority_fee(),
        proxy_code=node.code(PROXY),
        token_code=node.code(target.parameters.token),
        codes={item.address: node.code(item.address) for item in wanted},
        expected={item.address: expected_code(item, target.chain_id, others) for item in wanted},
    )
