"""What an endpoint answers is a value, a refusal, or nothing: nothing else gets through."""

import json
from typing import Any

import pytest

from connext.chain import CallReverted
from connext.chain.endpoint import Endpoint, EndpointGone, Refused

SOMEBODY = b"\x01" * 20


def answering(answer: Any) -> Endpoint:
    return Endpoint(lambda *_: answer)


def failing(error: Exception) -> Endpoint:
    def carry(*_: object) -> Any:
        raise error

    return Endpoint(carry)


def test_values() -> None:
    assert answering({"result": "0x2a"}).chain_id == 42
    assert answering({"result": "0x2a", "error": None}).chain_id == 42
    assert answering({"result": "0x6001"}).code(SOMEBODY) == b"\x60\x01"
    assert answering({"result": "0x"}).code(SOMEBODY) == b""
    assert answering({"result": None}).receipt(bytes(32)) is None


@pytest.mark.parametrize("answer", [[], None, {}, "text", {"id": 1}])
def test_what_is_no_json_rpc(answer: Any) -> None:
    with pytest.raises(Refused, match="the endpoint refuses eth_chainId: its answer is no JSON-RPC"):
        _ = answering(answer).chain_id


@pytest.mark.parametrize("result", [None, 1, "", "0x", "1", "0xzz", ["0x1"], {}])
def test_what_is_no_number(result: Any) -> None:
    with pytest.raises(Refused, match="the endpoint refuses eth_blockNumber: its answer is "):
        _ = answering({"result": result}).head


@pytest.mark.parametrize("result", [None, 1, "", "6001", "0x600", "0xzz", {}, "0x" + "z" * 10**6])
def test_what_is_no_data(result: Any) -> None:
    with pytest.raises(Refused, match="the endpoint refuses eth_getCode: its answer is ") as error:
        answering({"result": result}).code(SOMEBODY)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("rate limited", "rate limited"),
        ({"message": "rate limited"}, "rate limited"),
        ({"code": 7}, "{'code': 7}"),
        ({"message": "no", "data": "0xabc"}, "no"),
        ({"message": "no", "data": "nothing"}, "no"),
    ],
)
def test_refusals_of_every_form(error: Any, said: str) -> None:
    with pytest.raises(Refused) as refused:
        answering({"error": error}).ask("eth_call")
    assert refused.value.message == said


def test_a_contract_that_refuses() -> None:
    with pytest.raises(CallReverted):
        answering({"error": {"message": "execution reverted", "data": "0x"}}).ask("eth_call")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("https://node.example/v2/the-key"),
        json.JSONDecodeError("https://node.example/v2/the-key", "<html>", 0),
    ],
)
def test_no_answer(error: Exception) -> None:
    """What went wrong is told by its kind alone: its text may hold the URL, and that a key."""
    with pytest.raises(EndpointGone, match=f"the endpoint does not answer \\({type(error).__name__}\\)") as gone:
        _ = failing(error).chain_id
    assert "the-key" not in str(gone.value)
