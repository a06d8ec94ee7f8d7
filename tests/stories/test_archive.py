"""The past of a channel, read from endpoints that do not give all of it, and through contracts in between."""

from typing import Any

import pytest

from connext.chain.endpoint import Endpoint
from connext.chain.evm import EvmChain
from connext.channel import Deployment
from connext.replay.archive import Archive, Forgotten
from connext.replay.history import CannotTell
from connext.stories import read_story
from connext.types import checksum
from tests.scene import stage

DEPLOYMENT: Deployment = stage(read_story("title: t\nchannels: {}\nactions: []"), EvmChain()).deployment
MANAGER = checksum(DEPLOYMENT.domain.verifying_contract)
SOMEBODY, WALLET = "0x" + "11" * 20, "0x" + "22" * 20
SENT = {"from": SOMEBODY, "to": WALLET, "input": "0x", "value": "0x0", "gas": "0x5208"}
RECEIPT = {"blockNumber": "0x1", "transactionIndex": "0x0", "logs": []}


def read(**changes: Any) -> None:
    """The history of a channel by an endpoint that knows one log of it, in a transaction through a wallet."""
    answers = {
        "eth_blockNumber": "0x1",
        "eth_getLogs": [{"transactionHash": "0x" + "ab" * 32}],
        "eth_getTransactionByHash": SENT,
        "eth_getTransactionReceipt": RECEIPT,
        "eth_getBlockByNumber": {"timestamp": "0x1"},
        **changes,
    }
    Archive(Endpoint(lambda method, _: {"result": answers[method]}), DEPLOYMENT, 0).history(bytes(32))


@pytest.mark.parametrize("method", ["eth_getTransactionByHash", "eth_getTransactionReceipt"])
def test_a_transaction_that_the_endpoint_has_forgotten(method: str) -> None:
    with pytest.raises(Forgotten, match=r"0xabab.*use one that keeps all of the chain"):
        read(**{method: None})


def test_a_contract_that_calls_while_it_is_made() -> None:
    with pytest.raises(CannotTell, match="whose constructor called the manager"):
        read(eth_getTransactionByHash={**SENT, "to": None})


def test_calls_in_what_failed_were_not_made() -> None:
    """The wallet caught that a contract failed, which had called the manager before."""
    call = {"type": "CALL", "from": WALLET, "to": MANAGER, "input": "0x", "value": "0x0"}
    failed = {
        "type": "CALL",
        "from": WALLET,
        "to": SOMEBODY,
        "input": "0x",
        "error": "execution reverted",
        "calls": [call],
    }
    with pytest.raises(CannotTell, match="calls the contracts 0 times"):
        read(debug_traceTransaction={**call, "to": WALLET, "calls": [failed]})
    with pytest.raises(CannotTell, match="calls the contracts 2 times"):
        read(debug_traceTransaction={**call, "to": WALLET, "calls": [call, call]})
