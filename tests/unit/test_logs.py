"""Logs of many blocks: in pieces, and in halves where the endpoint refuses a piece."""

import pytest

from connext.chain.endpoint import EndpointGone, Refused
from connext.chain.logs import SPAN_BLOCKS, in_halves, spans


class Endpoint:
    """Has one log in each block, its number; refuses more than `most` at once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.asked: list[tuple[int, int]] = []

    def logs(self, first: int, last: int) -> range:
        self.asked.append((first, last))
        if last - first + 1 > self.most:
            raise Refused("eth_getLogs", "query returned more than 10000 results")
        return range(first, last + 1)


def test_spans_cover_every_block_once() -> None:
    last = 7 + 2 * SPAN_BLOCKS
    assert list(spans(7, last)) == [(7, 6 + SPAN_BLOCKS), (7 + SPAN_BLOCKS, last - 1), (last, last)]
    assert list(spans(7, 7)) == [(7, 7)]
    assert list(spans(8, 7)) == []


def test_what_is_not_refused_is_one_request() -> None:
    endpoint = Endpoint(most=10)
    assert in_halves(endpoint.logs, 7, 16) == list(range(7, 17))
    assert endpoint.asked == [(7, 16)]


def test_what_is_refused_is_asked_for_in_halves() -> None:
    endpoint = Endpoint(most=3)
    assert in_halves(endpoint.logs, 7, 16) == list(range(7, 17))
    assert endpoint.asked == [(7, 16), (7, 11), (7, 9), (10, 11), (12, 16), (12, 14), (15, 16)]


def test_a_single_block_that_is_refused_is_an_error() -> None:
    with pytest.raises(Refused, match="more than 10000 results"):
        in_halves(Endpoint(most=0).logs, 7, 16)


def test_an_endpoint_that_is_gone_is_not_asked_again() -> None:
    asked = []

    def logs(first: int, last: int) -> range:
        asked.append((first, last))
        raise EndpointGone("URLError")

    with pytest.raises(EndpointGone):
        in_halves(logs, 7, 16)
    assert asked == [(7, 16)]
