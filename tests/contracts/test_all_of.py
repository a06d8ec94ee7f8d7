"""All of several conditions: the lowest of their shares, and one that fails fails the whole."""

import pytest

from connext.conditions import (
    FULL_SHARE,
    Part,
    Release,
    Voucher,
    all_of_params,
    all_of_witness,
    any_of_params,
    any_of_witness,
    hash_lock_params,
    hash_of,
    linked_params,
    linked_witness,
    stream_params,
    stream_witness,
)
from connext.keccak import keccak256
from connext.types import parse_address
from tests.contracts.channels import given
from tests.contracts.conditions import (
    EXPIRY,
    ID,
    KEY,
    OTHER_SECRET,
    SECRET,
    evaluate,
    failed,
    signed,
)
from tests.contracts.doubles import Answer
from tests.contracts.expect import reverts
from tests.contracts.transactions import Reverted

CAP = 1_000


def part(condition, params):
    return Part(parse_address(condition.address), params)


@pytest.fixture
def lock(hash_lock):
    return part(hash_lock, hash_lock_params(hash_of(SECRET)))


@pytest.fixture
def other_lock(hash_lock):
    return part(hash_lock, hash_lock_params(hash_of(OTHER_SECRET)))


@pytest.fixture
def flow(stream):
    return part(stream, stream_params(KEY.address, CAP, ID))


@pytest.fixture
def link(linked_payment):
    return part(linked_payment, linked_params(KEY.address, ID))


@pytest.fixture
def voucher(stream, flow):
    def of(cumulative, expiry=EXPIRY):
        return stream_witness(cumulative, signed(stream, Voucher(keccak256(flow.params), expiry, cumulative)))

    return of


@pytest.fixture
def release(linked_payment, link):
    return linked_witness(signed(linked_payment, Release(keccak256(link.params), EXPIRY)))


@pytest.mark.parametrize(("cumulative", "share"), [(0, 0), (1, 10**15), (999, 999 * 10**15), (CAP, FULL_SHARE)])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
def test_the_lowest_share_counts(all_of, lock, flow, link, voucher, release, cumulative, share, order):
    parts, witnesses = [lock, flow, link], [SECRET, voucher(cumulative), release]
    params = all_of_params([parts[i] for i in order])
    assert evaluate(all_of, params, all_of_witness([witnesses[i] for i in order])) == share


def test_one_part_is_enough(all_of, lock):
    assert evaluate(all_of, all_of_params([lock]), all_of_witness([SECRET])) == FULL_SHARE


def test_one_part_that_fails_fails_all(all_of, hash_lock, lock, other_lock):
    values = {"expected": keccak256(OTHER_SECRET), "hash": keccak256(SECRET)}
    with reverts(all_of.ConditionFailed, **failed(hash_lock, hash_lock.WrongPreimage, **values)):
        evaluate(all_of, all_of_params([lock, other_lock]), all_of_witness([SECRET, SECRET]))


def test_the_parts_have_the_expiry_of_the_whole(all_of, flow, voucher):
    params = all_of_params([flow])
    assert evaluate(all_of, params, all_of_witness([voucher(5, expiry=7)]), expiry=7) == 5 * 10**15
    with pytest.raises(Reverted):
        evaluate(all_of, params, all_of_witness([voucher(5, expiry=7)]), expiry=8)


def test_without_parts_there_is_nothing_to_prove(all_of):
    with reverts(all_of.NoParts):
        evaluate(all_of, all_of_params([]), all_of_witness([]))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_part_has_one_witness(all_of, lock, count):
    with reverts(all_of.WitnessCountWrong, witnesses=count, parts=2):
        evaluate(all_of, all_of_params([lock, lock]), all_of_witness([SECRET] * count))


def test_combinations_may_be_parts(all_of, any_of, hash_lock, lock, other_lock):
    inner = part(any_of, any_of_params([lock, other_lock]))
    params = all_of_params([lock, inner])
    assert evaluate(all_of, params, all_of_witness([SECRET, any_of_witness(1, OTHER_SECRET)])) == FULL_SHARE
    values = {"expected": keccak256(OTHER_SECRET), "hash": keccak256(SECRET)}
    within = failed(hash_lock, hash_lock.WrongPreimage, **values)
    with reverts(all_of.ConditionFailed, **failed(any_of, any_of.ConditionFailed, **within)):
        evaluate(all_of, params, all_of_witness([SECRET, any_of_witness(1, SECRET)]))


@pytest.mark.parametrize("answer", [b"", bytes(31), bytes(33), (FULL_SHARE + 1).to_bytes(32)], ids=len)
def test_a_part_that_answers_with_no_share_fails_all(all_of, hostile_condition, lock, deployer, answer):
    given(hostile_condition.returning, answer, sender=deployer)
    params = all_of_params([lock, part(hostile_condition, b"")])
    with reverts(all_of.ShareInvalid, condition=hostile_condition.address, answer=answer):
        evaluate(all_of, params, all_of_witness([SECRET, b""]))


def test_a_part_without_code_fails_all(all_of, lock, stranger):
    params = all_of_params([lock, part(stranger, b"")])
    with reverts(all_of.ShareInvalid, condition=stranger.address, answer=b""):
        evaluate(all_of, params, all_of_witness([SECRET, b""]))


@pytest.mark.parametrize("conduct", [Answer.BURNS_GAS, Answer.WRITES])
def test_a_hostile_part_fails_all(all_of, hostile_condition, lock, deployer, conduct):
    given(hostile_condition.behave, conduct, sender=deployer)
    params = all_of_params([part(hostile_condition, b""), lock])
    with reverts(all_of.ConditionFailed, condition=hostile_condition.address, reason=b""):
        evaluate(all_of, params, all_of_witness([b"", SECRET]))


@pytest.mark.parametrize(("params", "witness"), [(b"", all_of_witness([])), (b"\xff" * 64, b""), (b"\xff" * 96, b"")])
def test_garbage_is_refused(all_of, params, witness):
    with pytest.raises(Reverted) as caught:
        evaluate(all_of, params, witness)
    assert caught.value.data == b""
