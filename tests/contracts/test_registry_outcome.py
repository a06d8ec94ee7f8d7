"""outcomeOf: what is recorded of a triple, and whether it can still change."""

import pytest

from connext.conditions import FULL_SHARE
from connext.keccak import keccak256
from connext.types import Asset, Side
from tests.contracts.cases import BEFORE_A_LIMIT, FROM_A_LIMIT_ON
from tests.contracts.channels import given
from tests.contracts.transfers import EXPIRY, params_of


@pytest.fixture
def transfer(promise):
    return promise(Side.USER, Asset.ETH, 1)


@pytest.fixture
def outcome(registry, any_share, transfer):
    """`outcome()`: share and finality, as of the last block."""

    def read(expiry=EXPIRY):
        return tuple(registry.outcomeOf(any_share, keccak256(params_of(transfer)), expiry))

    return read


@pytest.fixture
def seen_at(at, chain, outcome):
    """`seen_at(time)`: the outcome in a block of this time."""

    def read(time):
        at(time)
        chain.mine()
        return outcome()

    return read


@BEFORE_A_LIMIT
@pytest.mark.parametrize("share", [0, 1, FULL_SHARE // 2, FULL_SHARE - 1])
def test_before_the_expiry_it_can_still_rise(promise, transfer, seen_at, seconds, share):
    promise.keep(transfer, share)
    assert seen_at(EXPIRY + seconds) == (share, False)


@FROM_A_LIMIT_ON
@pytest.mark.parametrize("share", [0, 1, FULL_SHARE // 2, FULL_SHARE - 1])
def test_from_the_expiry_on_it_is_final(promise, transfer, seen_at, seconds, share):
    promise.keep(transfer, share)
    assert seen_at(EXPIRY + seconds) == (share, True)


@pytest.mark.parametrize("seconds", [-(10**8), -1, 0, 1])
def test_all_is_final_at_once(promise, transfer, seen_at, seconds):
    """Nothing is higher."""
    promise.keep(transfer)
    assert seen_at(EXPIRY + seconds) == (FULL_SHARE, True)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_where_nothing_was_ever_recorded_it_is_nothing(seen_at, seconds):
    """At the expiry the payer gets it back."""
    assert seen_at(EXPIRY + seconds) == (0, seconds == 0)


@pytest.mark.parametrize(("expiry", "is_final"), [(0, True), (1, True), (2**64 - 1, False)])
def test_the_ends_of_time(outcome, expiry, is_final):
    assert outcome(expiry) == (0, is_final)


def test_it_is_the_same_for_everybody(registry, any_share, promise, transfer, people):
    """Channels, managers, people: nobody has another one."""
    promise.keep(transfer, 7)
    triple = (any_share, keccak256(params_of(transfer)), EXPIRY)
    answers = {tuple(registry.outcomeOf(*triple, sender=person)) for person in people.values()}
    assert answers == {(7, False)}


def test_no_condition_is_asked(registry, hostile_condition, deployer):
    """It may say what it will: what was not recorded is not there."""
    given(hostile_condition.returning, FULL_SHARE.to_bytes(32), sender=deployer)
    assert registry.outcomeOf(hostile_condition, keccak256(b""), EXPIRY) == (0, False)
