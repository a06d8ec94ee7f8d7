"""What the mainnet fork forks: the endpoint that was named, or a local chain that lives as long as its user."""

import os
import re
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from ape.exceptions import ProviderError
from ape_connext import local_mainnet, rpc, upstream

from connext.chain.fork import DAI, give_dai
from connext.types import checksum

LIFETIME_SECONDS = 5
HOLDER = bytes.fromhex("00000000000000000000000000000000000c0ffe")


@pytest.fixture(autouse=True)
def forget_url() -> Any:
    upstream.mainnet_url.cache_clear()
    yield
    upstream.mainnet_url.cache_clear()


def test_starts_a_local_mainnet_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAINNET_RPC_URL", raising=False)
    url = upstream.mainnet_url()
    assert url.startswith("http://127.0.0.1:")
    assert rpc.call(url, "eth_chainId") == "0x1"
    genesis = rpc.call(url, "eth_getBlockByNumber", "0x0", False)
    assert int(genesis["timestamp"], 16) == local_mainnet.GENESIS_TIME


def test_takes_the_endpoint_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    url = local_mainnet.start()
    monkeypatch.setenv("MAINNET_RPC_URL", url + "/?key=some")
    assert upstream.mainnet_url() == url + "/?key=some"


def test_refuses_an_endpoint_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINNET_RPC_URL", "http://127.0.0.1:1/secret")
    with pytest.raises(ProviderError, match=r"^MAINNET_RPC_URL is set, but 127\.0\.0\.1 does not answer") as error:
        upstream.mainnet_url()
    assert "secret" not in str(error.value)


class AnotherChain(BaseHTTPRequestHandler):
    """Answers every request with the chain id 42."""

    def do_POST(self) -> None:
        answer = b'{"jsonrpc": "2.0", "id": 1, "result": "0x2a"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def test_refuses_another_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), AnotherChain) as server:
        Thread(target=server.handle_request).start()
        monkeypatch.setenv("MAINNET_RPC_URL", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(ProviderError, match=r"127\.0\.0\.1 has chain id 42, not 1\."):
            upstream.mainnet_url()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda end: end.name)
def test_ends_with_its_user(end: signal.Signals) -> None:
    program = "from ape_connext import local_mainnet as m; import time; print(m.start(), flush=True); time.sleep(60)"
    user = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert user.stdout is not None
    url = re.search(r"http://127\.0\.0\.1:\d+", user.stdout.readline())
    assert url is not None
    assert rpc.call(url[0], "eth_chainId") == "0x1"
    os.kill(user.pid, end)
    user.wait()
    wait_until_gone(url[0])


def wait_until_gone(url: str) -> None:
    for _ in range(LIFETIME_SECONDS * 10):
        try:
            rpc.call(url, "eth_chainId")
        except OSError:
            return
        time.sleep(0.1)
    pytest.fail(f"{url} still answers after {LIFETIME_SECONDS} s")


@pytest.mark.use_network("ethereum:mainnet-fork:foundry")
def test_fork_has_dai(project: Any, chain: Any) -> None:
    dai = project.TestDai.at(checksum(DAI))
    assert chain.chain_id == 1
    assert (dai.name(), dai.symbol(), dai.version()) == ("Dai Stablecoin", "DAI", "1")
    assert dai.DOMAIN_SEPARATOR().hex() == "dbb8cf42e1ecb028be3f3dbc922e1d878b963f411dc388ced501601c60f7c6f7"
    assert dai.wards("0x9759A6Ac90977b93B58547b4A71c78317f391A28") == 1


@pytest.mark.use_network("ethereum:mainnet-fork:foundry")
def test_gives_dai_on_a_fork(project: Any, chain: Any, accounts: Any) -> None:
    dai = project.TestDai.at(checksum(DAI))
    supply = dai.totalSupply()
    give_dai(chain.provider.make_request, HOLDER, 7)
    give_dai(chain.provider.make_request, bytes.fromhex(accounts[0].address[2:]), 5)
    dai.transfer(checksum(HOLDER), 2, sender=accounts[0])
    assert dai.balanceOf(checksum(HOLDER)) == 9
    assert dai.balanceOf(accounts[0]) == 3
    assert dai.totalSupply() == supply + 12
