"""record: before the expiry anyone has a condition asked what a witness proves, and the highest share is kept."""

import pytest

from connext.conditions import FULL_SHARE, hash_lock_params, hash_of
from connext.keccak import keccak256
from tests.contracts.cases import BEFORE_A_LIMIT, EACH_CALLER, FROM_A_LIMIT_ON
from tests.contracts.channels import given
from tests.contracts.conditions import OTHER_SECRET, SECRET, failed
from tests.contracts.doubles import Answer
from tests.contracts.expect import event, events_of, reverts
from tests.contracts.transactions import Reverted, send
from tests.contracts.transfers import EXPIRY

PARAMS = b"parameters of any length"
HASHED = hash_lock_params(hash_of(SECRET))


def proof(share):
    """A witness of this share, for the condition that takes any."""
    return share.to_bytes(32)


@pytest.fixture
def record(registry, any_share, stranger):
    """`record(share)`: somebody has it recorded, for the usual triple where nothing else is said."""

    def send(share, *, condition=any_share, params=PARAMS, expiry=EXPIRY, sender=stranger):
        return registry.record(condition, params, expiry, proof(share), sender=sender)

    return send


@pytest.fixture
def outcome(registry, any_share):
    """`outcome()`: the share that is recorded."""

    def read(*, condition=any_share, params=PARAMS, expiry=EXPIRY):
        return registry.outcomeOf(condition, keccak256(params), expiry).share

    return read


def recorded(registry, condition, share, *, params=PARAMS, expiry=EXPIRY):
    hash_ = keccak256(params)
    return event(registry.OutcomeRecorded, condition=condition, paramsHash=hash_, expiry=expiry, share=share)


@EACH_CALLER
def test_anyone_records(registry, any_share, record, outcome, people, wealth, caller):
    before = wealth()
    tx = record(7, sender=people[caller])
    assert events_of(tx) == [recorded(registry, any_share, 7)]
    assert outcome() == 7
    assert wealth() - before == {}


# --- Time ---


@BEFORE_A_LIMIT
def test_before_the_expiry(record, outcome, at, seconds):
    at(EXPIRY + seconds)
    record(7)
    assert outcome() == 7


@FROM_A_LIMIT_ON
def test_not_from_the_expiry_on(registry, record, outcome, at, seconds):
    """What is recorded then is final: also where it is nothing."""
    at(EXPIRY + seconds)
    with reverts(registry.OutcomeIsFinal, expiry=EXPIRY, time=EXPIRY + seconds):
        record(FULL_SHARE)
    assert outcome() == 0


@pytest.mark.parametrize("share", [6, 7, 8, FULL_SHARE])
def test_then_neither_more_nor_less_nor_the_same(registry, record, outcome, at, share):
    record(7)
    at(EXPIRY)
    with reverts(registry.OutcomeIsFinal, expiry=EXPIRY, time=EXPIRY):
        record(share)
    assert outcome() == 7


@pytest.mark.parametrize("expiry", [0, 1, 1_700_000_000])
def test_an_expiry_in_the_past_was_final_from_the_beginning(registry, record, outcome, at, chain, expiry):
    now = chain.pending_timestamp + 1
    at(now)
    with reverts(registry.OutcomeIsFinal, expiry=expiry, time=now):
        record(FULL_SHARE, expiry=expiry)
    assert outcome(expiry=expiry) == 0


def test_the_latest_expiry_there_is(record, outcome, at):
    """Only the full share is ever final under it."""
    at(2**63)
    record(7, expiry=2**64 - 1)
    assert outcome(expiry=2**64 - 1) == 7


# --- The highest share so far ---


def test_a_higher_share_takes_the_place_of_a_lower_one(registry, any_share, record, outcome):
    for share in (1, 2, FULL_SHARE // 2, FULL_SHARE - 1, FULL_SHARE):
        assert events_of(record(share)) == [recorded(registry, any_share, share)]
        assert outcome() == share


@pytest.mark.parametrize("share", [0, 1, 6, 7])
def test_a_lower_one_or_the_same_changes_nothing_and_is_no_error(record, outcome, share):
    """So that nobody can make another's recording fail by being first."""
    record(7)
    assert events_of(record(share)) == []
    assert outcome() == 7


def test_no_share_is_nothing_to_record(record, outcome):
    assert events_of(record(0)) == []
    assert outcome() == 0


@pytest.mark.parametrize("share", [0, 7, FULL_SHARE])
@pytest.mark.parametrize("time", [None, EXPIRY - 1, EXPIRY, EXPIRY + 10**9])
def test_once_all_is_recorded_recording_is_no_error_for_ever(record, outcome, at, share, time):
    """Whoever is late by a second, with what was recorded in time, does not fail (nor what stands beside it)."""
    record(FULL_SHARE)
    if time:
        at(time)
    assert events_of(record(share)) == []
    assert outcome() == FULL_SHARE


def test_nor_is_the_condition_asked_then(registry, hostile_condition, deployer, stranger):
    given(hostile_condition.returning, proof(FULL_SHARE), sender=deployer)
    registry.record(hostile_condition, b"", EXPIRY, b"", sender=stranger)
    given(hostile_condition.behave, Answer.BURNS_GAS, sender=deployer)
    tx = registry.record(hostile_condition, b"", EXPIRY, b"", sender=stranger)
    assert tx.gas_used < 50_000


# --- Triples ---


def test_every_triple_has_an_outcome_of_its_own(project, deployer, any_share, record, outcome):
    """Another condition, other parameters or another expiry: another promise."""
    other_condition = deployer.deploy(project.AnyShare)
    record(7)
    others = ({"condition": other_condition}, {"params": PARAMS + b"\0"}, {"params": b""}, {"expiry": EXPIRY + 1})
    for number, other in enumerate(others, start=8):
        assert outcome(**other) == 0
        record(number, **other)
        assert outcome(**other) == number
    assert outcome() == 7
    assert outcome(condition=any_share) == 7


def test_parameters_are_known_by_their_hash(record, outcome):
    """Of any length; the hash of a hash is another triple."""
    for length in (0, 31, 32, 33, 4096):
        record(7, params=b"p" * length)
        assert outcome(params=b"p" * length) == 7
        assert outcome(params=keccak256(b"p" * length)) == 0


# --- What the condition says ---


def test_the_hash_lock_is_the_registry_itself(registry, outcome, stranger):
    tx = registry.record(registry, HASHED, EXPIRY, SECRET, sender=stranger)
    assert events_of(tx) == [recorded(registry, registry, FULL_SHARE, params=HASHED)]
    assert outcome(condition=registry, params=HASHED) == FULL_SHARE


def test_a_wrong_secret_is_refused_in_the_hash_locks_own_words(registry, outcome, stranger):
    with reverts(registry.WrongPreimage, expected=keccak256(SECRET), hash=keccak256(OTHER_SECRET)):
        registry.record(registry, HASHED, EXPIRY, OTHER_SECRET, sender=stranger)
    with reverts(registry.WitnessLengthWrong, length=31, expected=32):
        registry.record(registry, HASHED, EXPIRY, SECRET[:31], sender=stranger)
    with reverts(registry.ParamsLengthWrong, length=33, expected=32):
        registry.record(registry, HASHED + b"\0", EXPIRY, SECRET, sender=stranger)
    assert outcome(condition=registry, params=HASHED) == 0


def test_another_registrys_hash_lock_is_a_condition_like_any_other(project, deployer, registry, stranger, outcome):
    other = deployer.deploy(project.OutcomeRegistry)
    wrong = {"expected": keccak256(SECRET), "hash": keccak256(OTHER_SECRET)}
    with reverts(registry.ConditionFailed, **failed(other, other.WrongPreimage, **wrong)):
        registry.record(other, HASHED, EXPIRY, OTHER_SECRET, sender=stranger)
    registry.record(other, HASHED, EXPIRY, SECRET, sender=stranger)
    assert outcome(condition=other, params=HASHED) == FULL_SHARE
    assert outcome(condition=registry, params=HASHED) == 0


@pytest.mark.parametrize("share", [FULL_SHARE + 1, 2**255, 2**256 - 1])
def test_more_than_all_is_no_share(registry, any_share, record, outcome, share):
    with reverts(registry.ShareInvalid, condition=any_share.address, answer=proof(share)):
        record(share)
    assert outcome() == 0


@pytest.mark.parametrize("answer", [b"", b"\1", bytes(31), bytes(33), proof(1) * 2])
def test_anything_but_a_word_is_no_share(registry, hostile_condition, outcome, deployer, stranger, answer):
    given(hostile_condition.returning, answer, sender=deployer)
    with reverts(registry.ShareInvalid, condition=hostile_condition.address, answer=answer):
        registry.record(hostile_condition, PARAMS, EXPIRY, b"", sender=stranger)
    assert outcome(condition=hostile_condition) == 0


@pytest.mark.parametrize("reason", [b"", b"no", proof(FULL_SHARE)])
def test_a_condition_that_reverts_proves_nothing(registry, hostile_condition, outcome, deployer, stranger, reason):
    given(hostile_condition.reverting, reason, sender=deployer)
    with reverts(registry.ConditionFailed, condition=hostile_condition.address, reason=reason):
        registry.record(hostile_condition, PARAMS, EXPIRY, b"", sender=stranger)
    assert outcome(condition=hostile_condition) == 0


@pytest.mark.parametrize("conduct", [Answer.BURNS_GAS, Answer.WRITES, Answer.REVERTS_WITH_BOMB])
def test_nor_does_one_that_burns_its_gas_or_writes(registry, hostile_condition, deployer, stranger, conduct):
    given(hostile_condition.behave, conduct, sender=deployer)
    with pytest.raises(Reverted) as refusal:
        registry.record(hostile_condition, PARAMS, EXPIRY, b"", sender=stranger)
    assert refusal.value.data[:4] == keccak256(b"ConditionFailed(address,bytes)")[:4]


def test_an_address_without_code_proves_nothing(registry, stranger, outcome):
    with reverts(registry.ShareInvalid, condition=stranger, answer=b""):
        registry.record(stranger, PARAMS, EXPIRY, b"", sender=stranger)
    assert outcome(condition=stranger) == 0


# --- Conditions that say one thing and another ---


def test_of_a_condition_that_changes_its_answer_the_highest_counts(
    registry, hostile_condition, outcome, deployer, stranger
):
    highest = 0
    for share in (5, 3, 9, 0, 9, 4, 10):
        given(hostile_condition.returning, proof(share), sender=deployer)
        registry.record(hostile_condition, PARAMS, EXPIRY, b"", sender=stranger)
        highest = max(highest, share)
        assert outcome(condition=hostile_condition) == highest


def test_a_condition_cannot_record_while_it_is_asked(registry, hostile_condition, outcome, deployer, stranger):
    """Neither a lower share for itself, which would count as the later one, nor anything else."""
    nested = registry.record.encode_input(hostile_condition, PARAMS, EXPIRY, b"")
    given(hostile_condition.callingBack, nested, sender=deployer)
    registry.record(hostile_condition, PARAMS, EXPIRY, b"", sender=stranger)
    assert outcome(condition=hostile_condition) == 1, "it says 1 where its call fails"


def test_nor_a_hash_lock(registry, hostile_condition, outcome, deployer, stranger):
    """Which the registry would evaluate without a call; recording it is refused all the same."""
    nested = registry.record.encode_input(registry, HASHED, EXPIRY, SECRET)
    given(hostile_condition.callingBack, nested, sender=deployer)
    registry.record(hostile_condition, PARAMS, EXPIRY, b"", sender=stranger)
    assert outcome(condition=hostile_condition) == 1
    assert outcome(condition=registry, params=HASHED) == 0


def test_what_a_condition_says_to_a_call_is_not_what_counts(registry, hostile_condition, outcome, deployer, stranger):
    """It says all to whoever calls it directly: an outcome is only what is recorded."""
    given(hostile_condition.behave, Answer.DEPENDS_ON_CALLER, sender=deployer)
    assert int(hostile_condition.evaluate.call(b"", EXPIRY, b"", sender=stranger)) == FULL_SHARE
    registry.record(hostile_condition, PARAMS, EXPIRY, b"", sender=stranger)
    assert outcome(condition=hostile_condition) == 1


# --- The call itself ---


def test_ether_cannot_be_sent(registry, any_share, stranger):
    data = registry.record.encode_input(any_share, PARAMS, EXPIRY, proof(1))
    for call in (bytes(data), b""):
        with pytest.raises(Reverted) as refusal:
            send(stranger.address, registry.address, call, value=1)
        assert refusal.value.data == b""


@pytest.mark.parametrize(("word", "bit"), [(0, 160), (2, 64)], ids=["condition", "expiry"])
def test_bits_beyond_a_fields_width_are_refused(registry, any_share, stranger, word, bit):
    """Else a triple had two forms."""
    data = bytearray(registry.record.encode_input(any_share, PARAMS, EXPIRY, proof(1)))
    data[4 + 32 * word + 31 - bit // 8] ^= 1 << bit % 8
    with pytest.raises(Reverted) as refusal:
        send(stranger.address, registry.address, bytes(data))
    assert refusal.value.data == b""
