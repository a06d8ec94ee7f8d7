"""The model: the registry of outcomes and the conditions that ship (docs/protocol.md section 6)."""

from typing import Any

import pytest

from connext.keccak import keccak256
from proof.model.ledger import FULL_SHARE
from proof.model.messages import MALFORMED, Signature, Statement
from proof.model.operations import Record
from proof.model.outcomes import (
    ALL_OF,
    ANY_OF,
    HASH_LOCK,
    LINKED_PAYMENT,
    STREAM,
    Choice,
    HashLockParams,
    LinkParams,
    Part,
    Parts,
    Preimage,
    Release,
    StreamParams,
    Undecodable,
    Voucher,
    Witnesses,
)
from proof.model.refusals import ANY, BARE_REVERT, Event, Refusal, Refused
from tests.proof.model_world import ALICE_KEY, BOB_KEY, CHAIN_ID, NOW, REGISTRY, address, do, new_ledger, refusals

CONDITIONS = {kind: address(kind) for kind in (HASH_LOCK, STREAM, LINKED_PAYMENT, ALL_OF, ANY_OF)}
FOREIGN = address("foreign condition")
EXPIRY = NOW + 100
SECRET = b"s" * 32
LOCK = HashLockParams(keccak256(SECRET))
PARAMS_HASH = keccak256(b"parameters")


@pytest.fixture
def ledger():
    ledger = new_ledger()
    ledger.registry.conditions = {condition: kind for kind, condition in CONDITIONS.items()}
    return ledger


def asked(condition: str | bytes, params: Any, witness: Any, expiry: int = EXPIRY) -> Record:
    where = CONDITIONS[condition] if isinstance(condition, str) else condition
    return Record(where, params, PARAMS_HASH, expiry, witness)


def reasons(ledger, operation, **context):
    with pytest.raises(Refused) as refused:
        do(ledger, operation, **context)
    return refused.value.reasons


def share(ledger, operation):
    """What the registry has after the operation."""
    do(ledger, operation)
    return ledger.registry.shares.get((operation.condition, PARAMS_HASH, EXPIRY), 0)


# --- The registry ---


def test_a_preimage_is_worth_the_full_share(ledger):
    """The registry itself is the hash lock. The full share is final at once."""
    assert do(ledger, asked(REGISTRY, LOCK, Preimage(SECRET))) == [
        Event("OutcomeRecorded", (REGISTRY, PARAMS_HASH, EXPIRY, FULL_SHARE))
    ]
    assert ledger.registry.outcome((REGISTRY, PARAMS_HASH, EXPIRY), NOW) == (FULL_SHARE, True)


def test_recording_what_is_there_is_no_error(ledger):
    """Where it is the full share nobody is asked, not even after the expiry."""
    do(ledger, asked(REGISTRY, LOCK, Preimage(SECRET)))
    assert do(ledger, asked(REGISTRY, LOCK, Preimage(SECRET))) == []
    assert do(ledger, asked(REGISTRY, LOCK, Undecodable(0)), at=EXPIRY) == []


def test_a_share_only_rises(ledger):
    for answer, kept in ((5, 5), (4, 5), (0, 5), (6, 6)):
        ledger.surroundings.answers[FOREIGN] = answer
        assert share(ledger, asked(FOREIGN, None, None)) == kept


def test_nothing_is_recorded_from_the_expiry_on(ledger):
    lock = asked(REGISTRY, LOCK, Preimage(SECRET))
    for at in (EXPIRY, EXPIRY + 1):
        assert reasons(ledger, lock, at=at) == {Refusal("OutcomeIsFinal", (EXPIRY, at))}
    do(ledger, lock, at=EXPIRY - 1)


def test_an_outcome_is_final_from_the_expiry_on(ledger):
    triple = (FOREIGN, PARAMS_HASH, EXPIRY)
    ledger.registry.shares[triple] = 7
    assert [ledger.registry.outcome(triple, at) for at in (EXPIRY - 1, EXPIRY)] == [(7, False), (7, True)]


def test_the_registry_takes_no_value(ledger):
    assert reasons(ledger, asked(REGISTRY, LOCK, Preimage(SECRET)), value=1) == {BARE_REVERT}


def test_what_a_foreign_condition_may_answer(ledger):
    """A share, a reason, or what is no answer."""
    question = asked(FOREIGN, None, None)
    assert reasons(ledger, question) == {Refusal("ShareInvalid", (FOREIGN, ANY))}
    ledger.surroundings.answers[FOREIGN] = FULL_SHARE + 1
    assert reasons(ledger, question) == {Refusal("ShareInvalid", (FOREIGN, ANY))}
    ledger.surroundings.answers[FOREIGN] = b"r" * 300
    assert reasons(ledger, question) == {Refusal("ConditionFailed", (FOREIGN, b"r" * 256))}
    ledger.surroundings.answers[FOREIGN] = FULL_SHARE
    assert share(ledger, question) == FULL_SHARE


# --- Hash locks ---


@pytest.mark.parametrize(
    ("params", "witness", "expected"),
    [
        (LOCK, Preimage(b"t" * 32), {Refusal("WrongPreimage", (LOCK.hash, keccak256(b"t" * 32)))}),
        (LOCK, Preimage(SECRET + b"s"), {Refusal("WitnessLengthWrong", (33, 32))}),
        (LOCK, Undecodable(0), {Refusal("WitnessLengthWrong", (0, 32))}),
        (Undecodable(31), Preimage(SECRET), {Refusal("ParamsLengthWrong", (31, 32))}),
    ],
)
def test_what_opens_no_hash_lock(ledger, params, witness, expected):
    """In the registry the errors are its own; asked as another contract they are the reason of its failure."""
    assert reasons(ledger, asked(REGISTRY, params, witness)) == expected
    wrapped = {Refusal("ConditionFailed", (CONDITIONS[HASH_LOCK], frozenset(expected)))}
    assert reasons(ledger, asked(HASH_LOCK, params, witness)) == wrapped


# --- Signed witnesses ---


def voucher(cumulative, signer=ALICE_KEY, expiry=EXPIRY, kind="Voucher", where=STREAM, params_hash=PARAMS_HASH):
    statement = Statement(kind, (CHAIN_ID, CONDITIONS[where]), b"", (params_hash, expiry, cumulative))
    return Voucher(cumulative, Signature(signer, statement))


@pytest.mark.parametrize(
    ("cap", "cumulative", "expected"),
    [(3, 0, 0), (3, 1, FULL_SHARE // 3), (3, 3, FULL_SHARE), (3, 4, FULL_SHARE), (2**128 - 1, 1, 0)],
)
def test_a_voucher_is_worth_its_part_of_the_cap(ledger, cap, cumulative, expected):
    assert share(ledger, asked(STREAM, StreamParams(ALICE_KEY, cap, b""), voucher(cumulative))) == expected


@pytest.mark.parametrize(
    "witness",
    [
        voucher(1, signer=BOB_KEY),
        voucher(1, expiry=EXPIRY + 1),
        voucher(1, params_hash=keccak256(b"renewal")),
        voucher(1, where=LINKED_PAYMENT),
        voucher(2)._replace(cumulative=3),
        Voucher(1, MALFORMED),
    ],
    ids=["signer", "expiry", "stream", "contract", "amount", "malformed"],
)
def test_a_voucher_of_something_else_is_worth_nothing(ledger, witness):
    (failure,) = reasons(ledger, asked(STREAM, StreamParams(ALICE_KEY, 3, b""), witness))
    assert failure.name == "ConditionFailed"
    assert {reason.name for reason in failure.values[1]} == {"WrongSigner"}


def test_a_stream_without_a_cap_is_unusable(ledger):
    (failure,) = reasons(ledger, asked(STREAM, StreamParams(ALICE_KEY, 0, b""), voucher(1)))
    assert failure == Refusal("ConditionFailed", (CONDITIONS[STREAM], frozenset({Refusal("CapIsZero")})))


def link(kind, signer=ALICE_KEY):
    content = (PARAMS_HASH, EXPIRY) if kind == "Release" else (PARAMS_HASH, EXPIRY, b"channel")
    return Release(Signature(signer, Statement(kind, (CHAIN_ID, CONDITIONS[LINKED_PAYMENT]), b"", content)))


def test_a_release_is_worth_the_full_share_and_a_request_nothing(ledger):
    params = LinkParams(ALICE_KEY, b"")
    for witness in (link("Request"), link("Release", signer=BOB_KEY)):
        assert refusals(lambda w=witness: do(ledger, asked(LINKED_PAYMENT, params, w))) == {"ConditionFailed"}
    assert share(ledger, asked(LINKED_PAYMENT, params, link("Release"))) == FULL_SHARE


# --- Combinations ---

HALF = address("answers a half")
PARTS = Parts((Part(REGISTRY, LOCK, PARAMS_HASH), Part(HALF, None, PARAMS_HASH)))


@pytest.fixture
def with_half(ledger):
    ledger.surroundings.answers[HALF] = FULL_SHARE // 2
    return ledger


def test_all_of_is_the_lowest(with_half):
    assert share(with_half, asked(ALL_OF, PARTS, Witnesses((Preimage(SECRET), None)))) == FULL_SHARE // 2


def test_a_part_that_fails_fails_the_whole(with_half):
    (failure,) = reasons(with_half, asked(ALL_OF, PARTS, Witnesses((Preimage(b"t" * 32), None))))
    wrong = frozenset({Refusal("WrongPreimage", (LOCK.hash, keccak256(b"t" * 32)))})
    inner = frozenset({Refusal("ConditionFailed", (REGISTRY, wrong))})
    assert failure == Refusal("ConditionFailed", (CONDITIONS[ALL_OF], inner))


def test_any_of_is_the_chosen_one(with_half):
    """The registry keeps the best."""
    assert share(with_half, asked(ANY_OF, PARTS, Choice(1, None))) == FULL_SHARE // 2
    assert share(with_half, asked(ANY_OF, PARTS, Choice(0, Preimage(SECRET)))) == FULL_SHARE


def test_a_combination_without_parts_and_without_a_witness(ledger):
    """The documents do not say which of the two comes first."""
    inner = frozenset({BARE_REVERT, Refusal("NoParts")})
    failure = Refusal("ConditionFailed", (CONDITIONS[ANY_OF], inner))
    assert reasons(ledger, asked(ANY_OF, Parts(()), Undecodable(3))) == {failure}


@pytest.mark.parametrize(
    ("condition", "params", "witness", "inner"),
    [
        (ALL_OF, Parts(()), Witnesses(()), Refusal("NoParts")),
        (ANY_OF, PARTS, Choice(2, None), Refusal("NoSuchPart", (2, 2))),
        (ALL_OF, PARTS, Witnesses((None,)), Refusal("WitnessCountWrong", (1, 2))),
        (ALL_OF, Undecodable(3), Witnesses(()), BARE_REVERT),
        (ANY_OF, PARTS, Undecodable(3), BARE_REVERT),
    ],
)
def test_what_no_combination_can_use(with_half, condition, params, witness, inner):
    failure = Refusal("ConditionFailed", (CONDITIONS[condition], frozenset({inner})))
    assert reasons(with_half, asked(condition, params, witness)) == {failure}
