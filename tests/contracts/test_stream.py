"""A stream pays what its signer has signed in sum, up to the cap."""

import pytest
from ape import networks

from connext.conditions import FULL_SHARE, Voucher, stream_params, stream_share, stream_witness
from connext.keccak import keccak256
from connext.messages import Domain, digest, domain_separator
from connext.signing import CURVE_ORDER, recover
from connext.types import checksum, parse_address
from tests.contracts.channels import NOBODY
from tests.contracts.conditions import EXPIRY, ID, KEY, OTHER_KEY, evaluate, signed
from tests.contracts.expect import reverts
from tests.contracts.transactions import Reverted

CAP = 3 * 10**18
PARAMS = stream_params(KEY.address, CAP, ID)


def voucher(stream, cumulative, params=PARAMS, expiry=EXPIRY, **how):
    return signed(stream, Voucher(keccak256(params), expiry, cumulative), **how)


def seeming_signer(stream, cumulative, signature, params=PARAMS):
    """Whose signature it would be, were it for this voucher."""
    domain = Domain(networks.provider.chain_id, parse_address(stream.address))
    return checksum(recover(digest(domain, Voucher(keccak256(params), EXPIRY, cumulative)), signature))


@pytest.mark.parametrize(
    ("cumulative", "share"),
    [
        (0, 0),
        (2, 0),
        (3, 1),
        (CAP // 2, FULL_SHARE // 2),
        (CAP - 1, FULL_SHARE - 1),
        (CAP, FULL_SHARE),
        (CAP + 1, FULL_SHARE),
        (2**128 - 1, FULL_SHARE),
    ],
)
def test_the_share_is_the_sums_part_of_the_cap(stream, cumulative, share):
    assert evaluate(stream, PARAMS, stream_witness(cumulative, voucher(stream, cumulative))) == share


@pytest.mark.parametrize("cap", [1, 2, 3, 10**18 + 1, 2**128 - 1])
def test_every_share_is_rounded_down(stream, rng, cap):
    params = stream_params(KEY.address, cap, ID)
    for cumulative in (0, 1, cap // 3, cap - 1, cap, rng.randrange(cap + 1), rng.getrandbits(128)):
        witness = stream_witness(cumulative, voucher(stream, cumulative, params))
        share = evaluate(stream, params, witness)
        assert share == stream_share(cumulative, cap)
        assert share * cap <= FULL_SHARE * cumulative


@pytest.mark.parametrize(
    "stray",
    {
        "another key": {"key": OTHER_KEY},
        "another expiry": {"expiry": EXPIRY + 1},
        "another chain": {"chain_id": 1},
        "the renewal": {"params": stream_params(KEY.address, CAP, b"\x1e" * 32)},
        "another cap": {"params": stream_params(KEY.address, 2 * CAP, ID)},
    }.values(),
    ids=str,
)
def test_a_voucher_counts_only_where_it_was_signed_for(stream, stray):
    signature = voucher(stream, 5, **stray)
    recovered = seeming_signer(stream, 5, signature)
    with reverts(stream.WrongSigner, expected=checksum(KEY.address), recovered=recovered):
        evaluate(stream, PARAMS, stream_witness(5, signature))


def test_a_voucher_counts_for_its_contract_only(stream, linked_payment):
    signature = voucher(linked_payment, 5)
    recovered = seeming_signer(stream, 5, signature)
    with reverts(stream.WrongSigner, expected=checksum(KEY.address), recovered=recovered):
        evaluate(stream, PARAMS, stream_witness(5, signature))


def test_a_voucher_counts_for_its_sum_only(stream):
    signature = voucher(stream, 5)
    recovered = seeming_signer(stream, 6, signature)
    with reverts(stream.WrongSigner, expected=checksum(KEY.address), recovered=recovered):
        evaluate(stream, PARAMS, stream_witness(6, signature))


@pytest.mark.parametrize(
    "signature",
    {
        "zeros": bytes(64),
        "s in the upper half": bytes(31) + b"\1" + (CURVE_ORDER // 2 + 1).to_bytes(32),
        "r above the field": b"\xff" * 32 + bytes(31) + b"\1",
    }.values(),
    ids=["zeros", "s in the upper half", "r above the field"],
)
@pytest.mark.parametrize("signer", [KEY.address, bytes(20)], ids=["a key", "zero"])
def test_a_malformed_signature_is_nobodys(stream, signature, signer):
    """Nor that of the zero address, which ecrecover answers with."""
    params = stream_params(signer, CAP, ID)
    with reverts(stream.WrongSigner, expected=checksum(signer), recovered=NOBODY):
        evaluate(stream, params, stream_witness(5, signature))


def test_a_cap_of_nothing_is_unusable(stream):
    params = stream_params(KEY.address, 0, ID)
    with reverts(stream.CapIsZero):
        evaluate(stream, params, stream_witness(0, voucher(stream, 0, params)))


@pytest.mark.parametrize("params", [b"", PARAMS[:95], PARAMS + b"\0", PARAMS + bytes(32)])
def test_parameters_have_one_length(stream, params):
    with reverts(stream.ParamsLengthWrong, length=len(params), expected=96):
        evaluate(stream, params, stream_witness(5, voucher(stream, 5, params)))


@pytest.mark.parametrize("change", [lambda _: b"", lambda w: w[:95], lambda w: w + b"\0"])
def test_a_witness_has_one_length(stream, change):
    witness = change(stream_witness(5, voucher(stream, 5)))
    with reverts(stream.WitnessLengthWrong, length=len(witness), expected=96):
        evaluate(stream, PARAMS, witness)


def with_bit(data, bit):
    """With one bit turned over, counted from the left."""
    return (int.from_bytes(data) ^ 1 << (8 * len(data) - 1 - bit)).to_bytes(len(data))


@pytest.mark.parametrize("bit", [0, 95, 256, 383])
def test_bits_beyond_a_fields_width_are_refused(stream, bit):
    """Even if they were signed: else there were two forms of the same parameters."""
    params = with_bit(PARAMS, bit)
    with pytest.raises(Reverted) as caught:
        evaluate(stream, params, stream_witness(5, voucher(stream, 5, params)))
    assert caught.value.data == b""


@pytest.mark.parametrize("bit", [0, 127])
def test_bits_beyond_the_sum_are_refused(stream, bit):
    with pytest.raises(Reverted) as caught:
        evaluate(stream, PARAMS, with_bit(stream_witness(5, voucher(stream, 5)), bit))
    assert caught.value.data == b""


def test_its_domain_and_digest_are_the_packages(stream, chain, rng):
    domain = Domain(chain.chain_id, parse_address(stream.address))
    assert bytes(stream.domainSeparator()) == domain_separator(domain)
    params_hash, expiry, cumulative = rng.randbytes(32), rng.getrandbits(64), rng.getrandbits(128)
    expected = digest(domain, Voucher(params_hash, expiry, cumulative))
    assert bytes(stream.hashVoucher(params_hash, expiry, cumulative)) == expected


def test_after_a_chain_split_old_vouchers_are_void_and_new_ones_good(stream, chain):
    here = chain.chain_id
    before, after = voucher(stream, CAP), voucher(stream, CAP, chain_id=here + 1)
    assert evaluate(stream, PARAMS, stream_witness(CAP, before)) == FULL_SHARE
    chain.provider.make_request("anvil_setChainId", [here + 1])
    try:
        assert evaluate(stream, PARAMS, stream_witness(CAP, after)) == FULL_SHARE
        with pytest.raises(Reverted):
            evaluate(stream, PARAMS, stream_witness(CAP, before))
    finally:
        chain.provider.make_request("anvil_setChainId", [here])
