"""A stream's two ends: what is paid arrives, once, and proves what it is worth."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connext.codec import from_json, to_json
from connext.conditions import FULL_SHARE, Conditions, InvalidParams, Voucher, evaluate, stream_params
from connext.keccak import keccak256
from connext.messages import Domain, digest
from connext.signing import InvalidSignature, Key, Signable, WrongSigner
from connext.streams import (
    CapExceeded,
    NothingPaid,
    NothingReceived,
    NotTheStreamsKey,
    PayingStream,
    ReceivingStream,
    SignedVoucher,
    Stream,
    VoucherNotGrown,
    WrongStream,
)
from connext.types import Address, InvalidValue

CHAIN_ID, CONDITION, EXPIRY = 31337, b"\xc2" * 20, 1_800_000_000
KEY, OTHER_KEY = Key(b"\x01" * 32), Key(b"\x02" * 32)
CAP = 1_000
ID = b"\x1d" * 32
PARAMS = stream_params(KEY.address, CAP, ID)
PARAMS_HASH = keccak256(PARAMS)
STREAM: tuple[int, Address, bytes, int] = (CHAIN_ID, CONDITION, PARAMS, EXPIRY)
CONDITIONS = Conditions(b"\xc1" * 20, CONDITION, b"\xc3" * 20, b"\xc4" * 20, b"\xc5" * 20)


@pytest.fixture
def payer() -> PayingStream:
    return PayingStream(*STREAM, KEY)


@pytest.fixture
def payee() -> ReceivingStream:
    return ReceivingStream(*STREAM)


def proved(payee: ReceivingStream) -> int:
    return evaluate(CONDITIONS, CHAIN_ID, CONDITION, PARAMS, EXPIRY, payee.witness())


# --- What is signed ---


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**256 - 1))
def test_the_quick_digest_is_that_of_a_voucher(cumulative: int, expiry: int, chain_id: int) -> None:
    expected = digest(Domain(chain_id, CONDITION), Voucher(PARAMS_HASH, expiry, cumulative))
    assert Stream(chain_id, CONDITION, PARAMS, expiry).digest(cumulative) == expected


def test_a_voucher_is_signed_by_the_payers_key(payer: PayingStream) -> None:
    expected = KEY.sign(Signable(Domain(CHAIN_ID, CONDITION), Voucher(PARAMS_HASH, EXPIRY, 7)))
    assert payer.pay(7) == SignedVoucher(CONDITION, PARAMS_HASH, EXPIRY, 7, expected)


def test_a_voucher_travels_as_json(payer: PayingStream) -> None:
    voucher = payer.pay(7)
    assert from_json(SignedVoucher, to_json(voucher), "voucher") == voucher
    with pytest.raises(InvalidValue, match=r"voucher\.cumulative"):
        from_json(SignedVoucher, {**to_json(voucher), "cumulative": str(2**128)}, "voucher")


# --- Paying and receiving ---


def test_what_is_paid_is_received(payer: PayingStream, payee: ReceivingStream) -> None:
    amounts = [1, 2, 300, 697]
    assert [payee.receive(payer.pay(amount)) for amount in amounts] == amounts
    assert payer.paid == payee.received == CAP
    assert proved(payee) == FULL_SHARE


def test_only_the_sum_counts_so_vouchers_may_get_lost(payer: PayingStream, payee: ReceivingStream) -> None:
    lost, newest = payer.pay(10), payer.pay(20)
    assert payee.receive(newest) == 30
    with pytest.raises(VoucherNotGrown) as caught:
        payee.receive(lost)
    assert (caught.value.cumulative, caught.value.received) == (10, 30)
    assert payee.best == newest
    assert proved(payee) == FULL_SHARE * 30 // CAP


def test_a_voucher_is_received_once(payer: PayingStream, payee: ReceivingStream) -> None:
    voucher = payer.pay(10)
    payee.receive(voucher)
    with pytest.raises(VoucherNotGrown, match="for 10 in sum, not above the 10 received before: ask for the newest"):
        payee.receive(voucher)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_payment(payer: PayingStream, amount: int) -> None:
    payer.pay(5)
    with pytest.raises(NothingPaid, match=f"^{amount} is no payment"):
        payer.pay(amount)
    assert payer.paid == 5


def test_no_more_is_paid_than_the_cap(payer: PayingStream) -> None:
    payer.pay(400)
    with pytest.raises(CapExceeded, match="1001 in sum is above the stream's cap 1000"):
        payer.pay(601)
    assert payer.paid == 400
    assert payer.pay(600).cumulative == CAP


def test_no_more_is_received_than_the_cap(payee: ReceivingStream) -> None:
    """Although the condition would take it, for the cap: the payee would count on more than it can get."""
    more = SignedVoucher(CONDITION, PARAMS_HASH, EXPIRY, CAP + 1, KEY.sign_digest(payee.digest(CAP + 1)))
    with pytest.raises(CapExceeded) as caught:
        payee.receive(more)
    assert (caught.value.cumulative, caught.value.cap) == (CAP + 1, CAP)
    assert payee.best is None


@pytest.mark.parametrize(
    ("field", "value"), [("condition", b"\xc3" * 20), ("params_hash", b"\x99" * 32), ("expiry", EXPIRY + 1)]
)
def test_a_voucher_of_another_stream_is_refused(
    payer: PayingStream, payee: ReceivingStream, field: str, value: Any
) -> None:
    with pytest.raises(WrongStream) as caught:
        payee.receive(replace(payer.pay(5), **{field: value}))
    found = {"condition": CONDITION, "params_hash": PARAMS_HASH, "expiry": EXPIRY, field: value}
    assert caught.value.__dict__ == found
    assert payee.best is None


@pytest.mark.parametrize(
    "stream",
    {
        "another chain": (1, CONDITION, PARAMS, EXPIRY),
        "another contract": (CHAIN_ID, b"\xc3" * 20, PARAMS, EXPIRY),
        "the renewal": (CHAIN_ID, CONDITION, stream_params(KEY.address, CAP, b"\x1e" * 32), EXPIRY),
        "another expiry": (CHAIN_ID, CONDITION, PARAMS, EXPIRY + 1),
    }.values(),
)
def test_a_signature_for_another_stream_is_refused(payee: ReceivingStream, stream: tuple[Any, ...]) -> None:
    """Whatever is written beside it."""
    voucher = PayingStream(*stream, KEY).pay(5)
    disguised = SignedVoucher(CONDITION, PARAMS_HASH, EXPIRY, 5, voucher.signature)
    with pytest.raises(WrongSigner) as caught:
        payee.receive(disguised)
    assert caught.value.expected == KEY.address
    assert payee.best is None


def test_a_sum_that_was_not_signed_is_refused(payer: PayingStream, payee: ReceivingStream) -> None:
    with pytest.raises(WrongSigner):
        payee.receive(replace(payer.pay(5), cumulative=6))
    with pytest.raises(InvalidSignature):
        payee.receive(replace(payer.pay(5), signature=bytes(64)))
    assert payee.received == 0


def test_the_payer_pays_with_the_streams_key() -> None:
    with pytest.raises(NotTheStreamsKey) as caught:
        PayingStream(*STREAM, OTHER_KEY)
    assert (caught.value.signer, caught.value.key) == (KEY.address, OTHER_KEY.address)


@pytest.mark.parametrize("params", [b"", PARAMS + b"\0", stream_params(KEY.address, 0, ID)])
def test_unusable_parameters_make_no_stream(params: bytes) -> None:
    for end in (Stream, ReceivingStream):
        with pytest.raises(InvalidParams):
            end(CHAIN_ID, CONDITION, params, EXPIRY)
    with pytest.raises(InvalidParams):
        PayingStream(CHAIN_ID, CONDITION, params, EXPIRY, KEY)


def test_both_ends_go_on_after_a_restart(payer: PayingStream, payee: ReceivingStream) -> None:
    payee.receive(payer.pay(10))
    assert payee.best is not None
    payer_again, payee_again = PayingStream(*STREAM, KEY, paid=payer.paid), ReceivingStream(*STREAM)
    assert payee_again.receive(payee.best) == 10
    assert payee_again.receive(payer_again.pay(5)) == 5
    assert payee_again.received == 15


# --- What it is worth ---


def test_without_a_voucher_there_is_nothing_to_prove(payee: ReceivingStream) -> None:
    assert payee.worth(CAP) == 0
    with pytest.raises(NothingReceived, match="no voucher was received yet"):
        payee.witness()


@pytest.mark.parametrize(
    ("cumulative", "leg", "worth"),
    [(1, CAP, 1), (1, 999, 0), (333, 3, 0), (334, 3, 1), (999, 1, 0), (1_000, 1, 1), (500, 10**18 + 1, 5 * 10**17)],
)
def test_a_voucher_is_worth_what_the_leg_pays(
    payer: PayingStream, payee: ReceivingStream, cumulative: int, leg: int, worth: int
) -> None:
    """Not what it says: legs carry fees, and may be in another asset."""
    payee.receive(payer.pay(cumulative))
    assert payee.worth(leg) == worth == leg * proved(payee) // FULL_SHARE


def test_a_share_cannot_say_every_sum(rng: Random) -> None:
    """With more than 18 digits in the cap the leg may pay less than the sum, by what one part of 1e18 is."""
    cap = 10**24
    params = stream_params(KEY.address, cap, ID)
    payer, payee = (
        PayingStream(CHAIN_ID, CONDITION, params, EXPIRY, KEY),
        ReceivingStream(CHAIN_ID, CONDITION, params, EXPIRY),
    )
    for _ in range(20):
        payee.receive(payer.pay(rng.randrange(1, 10**22)))
        assert payee.received - 10**6 < payee.worth(cap) <= payee.received
