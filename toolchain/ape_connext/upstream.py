"""What `ethereum:mainnet-fork` forks: `$MAINNET_RPC_URL`, or else a chain of our own."""

import os
from functools import cache
from urllib.parse import urlsplit

from ape.api.providers import UpstreamProvider
from ape.exceptions import ProviderError
from ape_ethereum.provider import Web3Provider
from web3 import HTTPProvider, Web3

from ape_connext import local_mainnet, rpc

MAINNET_CHAIN_ID = 1


class MainnetUpstream(Web3Provider, UpstreamProvider):
    """Ethereum mainnet as the fork sees it.

    Unlike Ape's own `node` provider it never falls back to a public RPC endpoint, nor to another environment variable.
    """

    @property
    def connection_str(self) -> str:
        return mainnet_url()

    @property
    def http_uri(self) -> str:
        return mainnet_url()

    def connect(self) -> None:
        self._web3 = Web3(HTTPProvider(mainnet_url()))

    def disconnect(self) -> None:
        self._web3 = None


@cache
def mainnet_url() -> str:
    """Return the RPC endpoint to fork, which answers and has chain id 1.

    Raises:
        ProviderError: `$MAINNET_RPC_URL` is set but cannot be used.
    """
    url = os.environ.get("MAINNET_RPC_URL")
    if not url:
        return local_mainnet.start()
    try:
        chain_id = int(rpc.call(url, "eth_chainId"), 16)
    except (OSError, ValueError, TypeError) as error:
        raise ProviderError(
            f"MAINNET_RPC_URL is set, but {_host(url)} does not answer as an Ethereum RPC endpoint ({error}). "
            "Correct it, or unset it to fork a local chain instead."
        ) from error
    if chain_id != MAINNET_CHAIN_ID:
        raise ProviderError(
            f"MAINNET_RPC_URL is set, but {_host(url)} has chain id {chain_id}, not {MAINNET_CHAIN_ID}. "
            "Set it to an Ethereum mainnet endpoint, or unset it to fork a local chain instead."
        )
    return url


def _host(url: str) -> str:
    """The part of the URL that can be shown: paths and user names hold API keys."""
    return urlsplit(url).hostname or "it"
