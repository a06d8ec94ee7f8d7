"""Forks for a moment: they end, and tell no keys."""

import time

import pytest
from ape.exceptions import ProviderError
from ape_connext import local_mainnet, rpc
from ape_connext.anvil import fork_of


def test_a_fork_ends_with_its_use() -> None:
    with fork_of(local_mainnet.start()) as url:
        assert rpc.call(url, "eth_chainId") == "0x1"
    for _ in range(50):
        try:
            rpc.call(url, "eth_chainId")
        except OSError:
            return
        time.sleep(0.1)
    pytest.fail("the fork still answers")


def test_an_endpoint_that_does_not_answer() -> None:
    url = "http://127.0.0.1:1/se-cret"
    with pytest.raises(ProviderError, match="Cannot start a fork: anvil ended") as error, fork_of(url):
        pass
    assert "127.0.0.1" in str(error.value)
    assert "se-cret" not in str(error.value)
