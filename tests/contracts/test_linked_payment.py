"""A linked payment pays when the link's key has released it."""

import pytest

from connext.conditions import FULL_SHARE, Release, Request, linked_params, linked_witness
from connext.keccak import keccak256
from connext.links import Link
from connext.messages import Domain, digest, domain_separator
from connext.signing import CURVE_ORDER, recover
from connext.types import checksum, parse_address
from tests.contracts.channels import NOBODY
from tests.contracts.conditions import EXPIRY, ID, KEY, OTHER_KEY, evaluate, signed
from tests.contracts.expect import reverts
from tests.contracts.transactions import Reverted

PARAMS = linked_params(KEY.address, ID)
PARAMS_HASH = keccak256(PARAMS)
OTHER_HASH = keccak256(linked_params(KEY.address, b"\x1e" * 32))


@pytest.fixture
def seeming_signer(linked_payment, chain):
    """Whose signature it would be, were it for this release."""
    domain = Domain(chain.chain_id, parse_address(linked_payment.address))
    return lambda signature: checksum(recover(digest(domain, Release(PARAMS_HASH, EXPIRY)), signature))


@pytest.mark.parametrize("expiry", [0, EXPIRY, 2**64 - 1])
def test_a_release_proves_all(linked_payment, expiry):
    signature = signed(linked_payment, Release(PARAMS_HASH, expiry))
    assert evaluate(linked_payment, PARAMS, linked_witness(signature), expiry=expiry) == FULL_SHARE


def test_a_links_release_is_one(linked_payment, chain):
    link = Link(chain.chain_id, parse_address(linked_payment.address), EXPIRY, b"\x77" * 32)
    assert evaluate(linked_payment, link.params, link.release()) == FULL_SHARE


@pytest.mark.parametrize(
    ("message", "how"),
    [
        (Release(PARAMS_HASH, EXPIRY), {"key": OTHER_KEY}),
        (Release(PARAMS_HASH, EXPIRY), {"chain_id": 1}),
        (Release(PARAMS_HASH, EXPIRY + 1), {}),
        (Release(OTHER_HASH, EXPIRY), {}),
        (Request(PARAMS_HASH, EXPIRY, bytes(32)), {}),
    ],
    ids=["another key", "another chain", "another expiry", "another id", "a request"],
)
def test_nothing_else_is_a_release(linked_payment, seeming_signer, message, how):
    signature = signed(linked_payment, message, **how)
    with reverts(linked_payment.WrongSigner, expected=checksum(KEY.address), recovered=seeming_signer(signature)):
        evaluate(linked_payment, PARAMS, linked_witness(signature))


def test_a_release_counts_for_its_contract_only(linked_payment, stream, seeming_signer):
    signature = signed(stream, Release(PARAMS_HASH, EXPIRY))
    with reverts(linked_payment.WrongSigner, expected=checksum(KEY.address), recovered=seeming_signer(signature)):
        evaluate(linked_payment, PARAMS, linked_witness(signature))


@pytest.mark.parametrize(
    "signature", [bytes(64), bytes(31) + b"\1" + (CURVE_ORDER // 2 + 1).to_bytes(32)], ids=["zeros", "high s"]
)
@pytest.mark.parametrize("signer", [KEY.address, bytes(20)], ids=["a key", "zero"])
def test_a_malformed_signature_is_nobodys(linked_payment, signature, signer):
    with reverts(linked_payment.WrongSigner, expected=checksum(signer), recovered=NOBODY):
        evaluate(linked_payment, linked_params(signer, ID), signature)


@pytest.mark.parametrize("params", [b"", PARAMS[:63], PARAMS + b"\0", PARAMS + bytes(32)])
def test_parameters_have_one_length(linked_payment, params):
    with reverts(linked_payment.ParamsLengthWrong, length=len(params), expected=64):
        evaluate(linked_payment, params, signed(linked_payment, Release(keccak256(params), EXPIRY)))


@pytest.mark.parametrize("change", [lambda _: b"", lambda w: w[:63], lambda w: w + b"\0"])
def test_a_witness_has_one_length(linked_payment, change):
    witness = change(signed(linked_payment, Release(PARAMS_HASH, EXPIRY)))
    with reverts(linked_payment.WitnessLengthWrong, length=len(witness), expected=64):
        evaluate(linked_payment, PARAMS, witness)


@pytest.mark.parametrize("first", [1, 0x80])
def test_bits_beyond_the_signers_address_are_refused(linked_payment, first):
    params = bytes([first]) + PARAMS[1:]
    with pytest.raises(Reverted) as caught:
        evaluate(linked_payment, params, signed(linked_payment, Release(keccak256(params), EXPIRY)))
    assert caught.value.data == b""


def test_its_domain_and_digests_are_the_packages(linked_payment, chain, rng):
    domain = Domain(chain.chain_id, parse_address(linked_payment.address))
    assert bytes(linked_payment.domainSeparator()) == domain_separator(domain)
    params_hash, expiry, channel_id = rng.randbytes(32), rng.getrandbits(64), rng.randbytes(32)
    assert bytes(linked_payment.hashRelease(params_hash, expiry)) == digest(domain, Release(params_hash, expiry))
    expected = digest(domain, Request(params_hash, expiry, channel_id))
    assert bytes(linked_payment.hashRequest(params_hash, expiry, channel_id)) == expected
