"""`libraries/Conditions.sol`: one word of at most 1e18 is a share, everything else a named refusal; hostile or not."""

import pytest
from ape import networks
from eth_abi import encode

from connext.conditions import FULL_SHARE
from connext.keccak import keccak256
from connext.types import checksum
from tests.contracts.channels import NOBODY, given
from tests.contracts.conditions import EXPIRY, MAX_REASON_BYTES, OTHER_SECRET, SECRET, ask, failed
from tests.contracts.conftest import on_chain
from tests.contracts.doubles import Answer
from tests.contracts.expect import reverts
from tests.contracts.test_hash_lock import PARAMS
from tests.contracts.transactions import Reverted

PLACE = checksum(b"\x70" * 20)
"""Where contracts are put that answer every call in one way."""

SIZES = [0, 1, 31, 32, 33, 64, 255, 256, 257, 1_000, 30_000]


def answering(answer, *, succeeds=True):
    """Code that copies what follows it to memory, and returns it or reverts with it."""
    size = f"61{len(answer):04x}"
    return bytes.fromhex(f"{size}600d5f39{size}5f{'f3' if succeeds else 'fd'}00") + answer


def put(code):
    networks.provider.set_code(PLACE, code)


@on_chain
def harness(project, deployer):
    """`Conditions` and the same in plain Solidity."""
    return deployer.deploy(project.ConditionsHarness)


@pytest.fixture(params=["share", "shareOfEncoded", "plainShare"])
def share(request, harness, hash_lock):
    """`share(condition)`: what it answers; by both ways to ask, and by plain Solidity."""

    def of(condition, params=PARAMS, witness=SECRET):
        if request.param == "shareOfEncoded":
            return ask(harness.shareOfEncoded, condition, hash_lock.evaluate.encode_input(params, EXPIRY, witness))
        return ask(getattr(harness, request.param), condition, params, EXPIRY, witness)

    return of


# --- Honest conditions ---


def test_an_honest_conditions_share(share, hash_lock):
    assert share(hash_lock) == FULL_SHARE


def test_an_honest_conditions_refusal(share, harness, hash_lock):
    values = {"expected": PARAMS, "hash": keccak256(OTHER_SECRET)}
    with reverts(harness.ConditionFailed, **failed(hash_lock, hash_lock.WrongPreimage, **values)):
        share(hash_lock, witness=OTHER_SECRET)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 1_000])
def test_a_condition_is_asked_what_was_given(share, rng, size):
    """By a contract that answers with 1 if the hash of its calldata is the expected one, else with 0."""
    params, witness = rng.randbytes(size), rng.randbytes(size + 5)
    arguments = encode(["bytes", "uint64", "bytes"], [params, EXPIRY, witness])
    expected = keccak256(keccak256(b"evaluate(bytes,uint64,bytes)")[:4] + arguments)
    put(bytes.fromhex(f"365f5f37365f207f{expected.hex()}145f5260205ff3"))
    assert share(PLACE, params, witness) == 1
    assert share(PLACE, params, witness + b"\0") == 0


# --- Answers ---


@pytest.mark.parametrize("answer", [0, 1, FULL_SHARE - 1, FULL_SHARE])
def test_a_word_of_at_most_1e18_is_a_share(share, answer):
    put(answering(answer.to_bytes(32)))
    assert share(PLACE) == answer


@pytest.mark.parametrize("answer", [FULL_SHARE + 1, 2**64, 2**255, 2**256 - 1])
def test_a_larger_one_is_none(share, harness, answer):
    put(answering(answer.to_bytes(32)))
    with reverts(harness.ShareInvalid, condition=PLACE, answer=answer.to_bytes(32)):
        share(PLACE)


@pytest.mark.parametrize("size", [size for size in SIZES if size != 32])
def test_anything_but_a_word_is_none(share, harness, size):
    """Also where the memory into which the answer is written holds a share already."""
    answer = ((1).to_bytes(32) + bytes(size))[:size]
    put(answering(answer))
    with reverts(harness.ShareInvalid, condition=PLACE, answer=answer[:MAX_REASON_BYTES]):
        share(PLACE)


@pytest.mark.parametrize("size", SIZES)
def test_a_reason_is_cut(share, harness, rng, size):
    """A share that comes with a revert is a reason, too."""
    reason = (FULL_SHARE.to_bytes(32) + rng.randbytes(size))[:size]
    put(answering(reason, succeeds=False))
    with reverts(harness.ConditionFailed, condition=PLACE, reason=reason[:MAX_REASON_BYTES]):
        share(PLACE)


def test_any_answer_at_all(harness, rng):
    """Random success, length and words, the interesting ones often: as plain Solidity decides."""
    shares = 0
    for _ in range(100):
        number = rng.choice([0, 1, FULL_SHARE, FULL_SHARE + 1, 2**255 | 1, rng.randrange(2 * FULL_SHARE)])
        answer = (number.to_bytes(32) + rng.randbytes(64))[: rng.choice([0, 1, 31, 32, 32, 32, 32, 33, 64, 96])]
        put(answering(answer, succeeds=rng.random() < 0.8))
        decided = outcome(harness.share)
        assert decided == outcome(harness.plainShare), answer.hex()
        shares += isinstance(decided, int)
    assert 10 < shares < 90


def outcome(method):
    """The share, or what the question reverts with."""
    try:
        return ask(method, PLACE, PARAMS, EXPIRY, SECRET)
    except Reverted as refusal:
        return refusal.data


# --- No condition at all ---


def test_an_address_without_code_has_no_share(share, harness, stranger):
    for address in (stranger.address, NOBODY):
        with reverts(harness.ShareInvalid, condition=address, answer=b""):
            share(address)


def test_another_contract_has_no_share(share, harness, dai):
    with reverts(harness.ConditionFailed, condition=dai.address, reason=b""):
        share(dai)


# --- Hostile conditions ---


@pytest.mark.parametrize("conduct", [Answer.BURNS_GAS, Answer.WRITES])
def test_to_burn_all_gas_or_to_write_is_to_fail(share, harness, hostile_condition, deployer, conduct):
    given(hostile_condition.behave, conduct, sender=deployer)
    with reverts(harness.ConditionFailed, condition=hostile_condition.address, reason=b""):
        share(hostile_condition)


def test_a_condition_that_calls_back_cannot_write_either(share, hostile_condition, deployer):
    """Its caller's own functions are within the same static call."""
    given(hostile_condition.callingBack, hostile_condition.behave.encode_input(Answer.WRITES), sender=deployer)
    assert share(hostile_condition) == 1


def test_a_condition_may_say_different_things(harness, hostile_condition, deployer, chain):
    """To different askers, with different gas, in different blocks. So parties only agree to conditions they know."""

    def share(gas=1_000_000):
        return ask(harness.share, hostile_condition, b"", EXPIRY, b"", gas=gas)

    given(hostile_condition.behave, Answer.DEPENDS_ON_CALLER, sender=deployer)
    assert share() == 1
    assert ask(hostile_condition.evaluate, b"", EXPIRY, b"") == FULL_SHARE
    given(hostile_condition.dependingOnGas, 500_000, sender=deployer)
    assert (share(gas=1_000_000), share(gas=400_000)) == (FULL_SHARE, 1)
    given(hostile_condition.dependingOnBlock, chain.blocks.height + 3, sender=deployer)
    assert share() == 1
    chain.mine(2)
    assert share() == FULL_SHARE


@pytest.mark.parametrize("bomb", [Answer.RETURNS_BOMB, Answer.REVERTS_WITH_BOMB])
def test_a_bomb_is_paid_for_once(harness, hostile_condition, deployer, bomb):
    """The plain version pays for the memory of what it is given back, the library does not."""
    given(hostile_condition.behave, bomb, sender=deployer)
    question = (hostile_condition, PARAMS, EXPIRY, SECRET)
    memory = 57_000
    (_, by_library), (_, plain) = (
        harness.gasOf(method.encode_input(*question)) for method in (harness.share, harness.plainShare)
    )
    assert memory < by_library < 2 * memory < plain
