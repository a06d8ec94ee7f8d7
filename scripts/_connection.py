"""The manager on the connected chain: which deployment it is, and what its events say."""

from collections.abc import Callable
from pathlib import Path

from ape.api import ProviderAPI

from connext.chain.ape import ApeChain
from connext.chain.endpoint import Endpoint
from connext.conditions import Conditions
from connext.deployments import CONDITIONS, Network, load, manager_deployment
from connext.errors import UnknownChannel
from connext.ledger import ChannelLedger, Ledger, empty_ledger, fold
from connext.types import Address, Bytes32, checksum


def network_of(provider: ProviderAPI) -> Network:
    network = provider.network
    genesis = bytes(provider.get_block(0).hash)
    return Network(f"{network.ecosystem.name}:{network.name}", not network.is_dev, provider.chain_id, genesis)


def code_on(provider: ProviderAPI) -> Callable[[Address], bytes]:
    """What reads the code at an address."""
    return lambda address: provider.get_code(checksum(address))


def endpoint_of(provider: ProviderAPI) -> Endpoint:
    """The chain behind the provider, for plain requests."""
    carrier = provider.web3.provider.make_request
    return Endpoint(lambda method, parameters: carrier(method, parameters))


def url_of(provider: ProviderAPI) -> str:
    """Of the endpoint that the provider asks."""
    return str(getattr(provider, "http_uri", None) or getattr(provider, "uri", ""))


class Connection:
    """The recorded ChannelManager of the network. Raises NotDeployed, WrongChain, DeploymentGone, InvalidValue."""

    def __init__(self, provider: ProviderAPI) -> None:
        self.network = network_of(provider)
        record = load(Path.cwd(), "ChannelManager", self.network, code_on(provider))
        conditions = {
            field: load(Path.cwd(), name, self.network, code_on(provider)).address for field, name in CONDITIONS.items()
        }
        self.record = record
        self.deployment = manager_deployment(record, Conditions(**conditions))
        self.manager = record.address
        self.chain = ApeChain(provider)
        self.first_block = record.block

    def ledger(self) -> Ledger:
        """Everything the manager has at the head, from its events."""
        logs = self.chain.logs(self.manager, self.first_block, self.chain.head.number)
        return fold(empty_ledger(self.manager), logs)

    def on_ledger(self, channel_id: Bytes32) -> ChannelLedger:
        """A channel that anybody may know of. Raises UnknownChannel."""
        channels = self.ledger().channels
        if channel_id not in channels:
            raise UnknownChannel(channel_id)
        return channels[channel_id]
