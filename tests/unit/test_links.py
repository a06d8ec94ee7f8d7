"""A link names the channel that receives, and only then releases the money."""

from typing import Any

import pytest

from connext.conditions import (
    FULL_SHARE,
    Conditions,
    InvalidParams,
    Release,
    Request,
    WitnessRefused,
    check_params,
    evaluate,
    linked_params,
)
from connext.keccak import keccak256
from connext.links import InvalidSecret, Link, check_request
from connext.messages import Domain
from connext.signing import CURVE_ORDER, InvalidSignature, Key, Signable, WrongSigner

CHAIN_ID, CONDITION, EXPIRY = 31337, b"\xc3" * 20, 1_800_000_000
CONDITIONS = Conditions(b"\xc1" * 20, b"\xc2" * 20, CONDITION, b"\xc4" * 20, b"\xc5" * 20)
SECRET = b"\x5e" * 32
KEY = Key(SECRET)
LINK = Link(CHAIN_ID, CONDITION, EXPIRY, SECRET)
CHANNEL_ID, OTHER_CHANNEL_ID = b"\xcd" * 32, b"\xce" * 32


def test_a_link_is_its_secret() -> None:
    assert LINK.params == linked_params(KEY.address, keccak256(KEY.address))
    assert LINK.params_hash == keccak256(LINK.params)
    check_params(CONDITIONS, CONDITION, LINK.params)
    again = Link(CHAIN_ID, CONDITION, EXPIRY, SECRET)
    assert (again.params, again.release()) == (LINK.params, LINK.release())
    assert Link(CHAIN_ID, CONDITION, EXPIRY, b"\x5f" * 32).params != LINK.params


def test_its_release_is_the_witness() -> None:
    signature = KEY.sign(Signable(Domain(CHAIN_ID, CONDITION), Release(LINK.params_hash, EXPIRY)))
    assert LINK.release() == signature
    assert evaluate(CONDITIONS, CHAIN_ID, CONDITION, LINK.params, EXPIRY, LINK.release()) == FULL_SHARE


def test_its_request_is_no_witness() -> None:
    signature = KEY.sign(Signable(Domain(CHAIN_ID, CONDITION), Request(LINK.params_hash, EXPIRY, CHANNEL_ID)))
    assert LINK.request(CHANNEL_ID) == signature
    with pytest.raises(WitnessRefused):
        evaluate(CONDITIONS, CHAIN_ID, CONDITION, LINK.params, EXPIRY, LINK.request(CHANNEL_ID))


ASKED: dict[str, Any] = {
    "chain_id": CHAIN_ID,
    "condition": CONDITION,
    "params": LINK.params,
    "expiry": EXPIRY,
    "channel_id": CHANNEL_ID,
    "signature": LINK.request(CHANNEL_ID),
}


def test_a_request_is_checked_for_its_channel() -> None:
    check_request(**ASKED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chain_id", 1),
        ("condition", b"\xc2" * 20),
        ("params", linked_params(KEY.address, bytes(32))),
        ("expiry", EXPIRY + 1),
        ("channel_id", OTHER_CHANNEL_ID),
        ("signature", LINK.request(OTHER_CHANNEL_ID)),
        ("signature", LINK.release()),
    ],
)
def test_a_request_for_anything_else_is_refused(field: str, value: Any) -> None:
    """So who sees a request on its way cannot turn it to a channel of its own."""
    with pytest.raises(WrongSigner) as caught:
        check_request(**{**ASKED, field: value})
    assert caught.value.expected == KEY.address


def test_a_stranger_cannot_ask() -> None:
    with pytest.raises(WrongSigner) as caught:
        check_request(**{**ASKED, "params": linked_params(b"\x99" * 20, bytes(32))})
    assert caught.value.expected == b"\x99" * 20
    with pytest.raises(InvalidSignature):
        check_request(**{**ASKED, "signature": bytes(64)})


@pytest.mark.parametrize("params", [b"", LINK.params[:-1], LINK.params + b"\0"])
def test_a_request_for_no_link_is_refused(params: bytes) -> None:
    with pytest.raises(InvalidParams):
        check_request(**{**ASKED, "params": params})


@pytest.mark.parametrize(
    "secret", [b"", SECRET[1:], SECRET + b"\0", bytes(32), CURVE_ORDER.to_bytes(32), b"\xff" * 32], ids=len
)
def test_a_bad_secret_is_not_told(secret: bytes) -> None:
    with pytest.raises(InvalidSecret) as caught:
        Link(CHAIN_ID, CONDITION, EXPIRY, secret)
    assert str(caught.value) == "a link's secret is 32 random bytes that are a key of secp256k1; make another"
