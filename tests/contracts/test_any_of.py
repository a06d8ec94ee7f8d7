"""Any of several conditions: the share of the one that is proved."""

import pytest

from connext.conditions import (
    FULL_SHARE,
    Part,
    Voucher,
    all_of_params,
    all_of_witness,
    any_of_params,
    any_of_witness,
    hash_lock_params,
    hash_of,
    stream_params,
    stream_witness,
)
from connext.keccak import keccak256
from connext.types import parse_address
from tests.contracts.channels import given
from tests.contracts.conditions import EXPIRY, ID, KEY, OTHER_SECRET, SECRET, evaluate, failed, signed
from tests.contracts.doubles import Answer
from tests.contracts.expect import reverts
from tests.contracts.transactions import Reverted

CAP = 1_000
STREAM_PARAMS = stream_params(KEY.address, CAP, ID)


def part(condition, params):
    return Part(parse_address(condition.address), params)


def lock(hash_lock, secret=SECRET):
    return part(hash_lock, hash_lock_params(hash_of(secret)))


@pytest.fixture
def parts(hash_lock, stream):
    """Two hash locks with a stream between them."""
    return [lock(hash_lock), part(stream, STREAM_PARAMS), lock(hash_lock, OTHER_SECRET)]


@pytest.fixture
def half(stream):
    cumulative = CAP // 2
    return stream_witness(cumulative, signed(stream, Voucher(keccak256(STREAM_PARAMS), EXPIRY, cumulative)))


def test_the_part_that_is_shown_counts(any_of, parts, half):
    params = any_of_params(parts)
    assert evaluate(any_of, params, any_of_witness(0, SECRET)) == FULL_SHARE
    assert evaluate(any_of, params, any_of_witness(1, half)) == FULL_SHARE // 2
    assert evaluate(any_of, params, any_of_witness(2, OTHER_SECRET)) == FULL_SHARE


def test_a_witness_is_for_its_part_only(any_of, hash_lock, parts):
    values = {"expected": keccak256(OTHER_SECRET), "hash": keccak256(SECRET)}
    with reverts(any_of.ConditionFailed, **failed(hash_lock, hash_lock.WrongPreimage, **values)):
        evaluate(any_of, any_of_params(parts), any_of_witness(2, SECRET))


@pytest.mark.parametrize("index", [3, 2**64, 2**256 - 1])
def test_there_are_no_other_parts(any_of, parts, index):
    with reverts(any_of.NoSuchPart, index=index, parts=3):
        evaluate(any_of, any_of_params(parts), any_of_witness(index, SECRET))


def test_without_parts_there_is_nothing_to_prove(any_of):
    with reverts(any_of.NoParts):
        evaluate(any_of, any_of_params([]), any_of_witness(0, SECRET))


def test_the_parts_have_the_expiry_of_the_whole(any_of, parts, half):
    with pytest.raises(Reverted):
        evaluate(any_of, any_of_params(parts), any_of_witness(1, half), expiry=EXPIRY + 1)


def test_combinations_may_be_parts(any_of, all_of, parts, half):
    params = any_of_params([part(all_of, all_of_params(parts[:2]))])
    assert evaluate(any_of, params, any_of_witness(0, all_of_witness([SECRET, half]))) == FULL_SHARE // 2


def test_a_bad_part_spoils_no_other(any_of, hash_lock, hostile_condition, stranger, deployer):
    given(hostile_condition.behave, Answer.BURNS_GAS, sender=deployer)
    params = any_of_params([part(hostile_condition, b""), part(stranger, b""), lock(hash_lock)])
    assert evaluate(any_of, params, any_of_witness(2, SECRET)) == FULL_SHARE
    with reverts(any_of.ConditionFailed, condition=hostile_condition.address, reason=b""):
        evaluate(any_of, params, any_of_witness(0, SECRET))
    with reverts(any_of.ShareInvalid, condition=stranger.address, answer=b""):
        evaluate(any_of, params, any_of_witness(1, SECRET))


@pytest.mark.parametrize("answer", [b"", bytes(31), bytes(33), (FULL_SHARE + 1).to_bytes(32)], ids=len)
def test_a_part_that_answers_with_no_share_is_refused(any_of, hostile_condition, deployer, answer):
    given(hostile_condition.returning, answer, sender=deployer)
    with reverts(any_of.ShareInvalid, condition=hostile_condition.address, answer=answer):
        evaluate(any_of, any_of_params([part(hostile_condition, b"")]), any_of_witness(0, b""))


@pytest.mark.parametrize(
    ("params", "witness"), [(b"", any_of_witness(0, b"")), (b"\xff" * 64, b""), (b"\xff" * 96, b"")]
)
def test_garbage_is_refused(any_of, params, witness):
    with pytest.raises(Reverted) as caught:
        evaluate(any_of, params, witness)
    assert caught.value.data == b""
