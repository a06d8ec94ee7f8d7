"""What a dishonest counterparty tried on a party's software; each test is named for the attack."""

from dataclasses import replace

import pytest

from connext import errors, events
from connext.envelopes import Countersignature
from connext.messages import State
from connext.signing import Signable
from connext.types import Side
from tests.unit.pair import (
    CHANNEL_ID,
    DEPLOYMENT,
    KEYS,
    NODE,
    USER,
    Pair,
    error_of,
    forged,
    only,
    pay,
    state,
)


@pytest.fixture
def pair() -> Pair:
    return Pair()


def countersignature(side: Side, state: State) -> Countersignature:
    """A dishonest `side` countersigns what it likes, when it likes."""
    signable = Signable(DEPLOYMENT.domain, state)
    return Countersignature(CHANNEL_ID, signable.digest, KEYS[side].sign(signable))


# --- An older state on top of a newer one ---


@pytest.mark.parametrize("victim", list(Side))
def test_an_older_state_is_shown_again_after_a_newer_one_was_signed(pair: Pair, victim: Side) -> None:
    """The base of a proposal is not signed, so the same state can be shown on any."""
    mine = -1 if victim is NODE else 1
    older, newer = state(5, 50 * mine), state(6, mine)
    pair.do(victim, forged(victim.other, older, 99))
    pair.do(victim, forged(victim.other, newer, 0))
    outputs = pair.do(victim, forged(victim.other, older, 6))
    assert isinstance(error_of(outputs), errors.NonceNotAbove)
    assert pair.latest(victim) == newer


def test_a_state_below_my_own_later_one_is_shown_again(pair: Pair) -> None:
    pair.do(USER, forged(NODE, state(5, 50), 99))
    pair.do(USER, pay(1))
    outputs = pair.do(USER, forged(NODE, state(5, 50), 0))
    assert isinstance(error_of(outputs), errors.NonceNotAbove)


def test_the_shown_state_is_still_good_after_an_older_one_was_countersigned(pair: Pair) -> None:
    """The honest counterpart: its base was my proposal, whose countersignature came late."""
    pair.do(USER, pay(5))
    first = pair.channel(USER).own_offers[0].state
    pair.do(USER, forged(NODE, state(2, 3), 1))
    pair.do(USER, countersignature(NODE, first))
    pair.do(USER, forged(NODE, state(2, 3), 1))
    assert pair.latest(USER) == state(2, 3)


def test_no_countersignature_makes_the_newest_state_older(pair: Pair) -> None:
    pair.do(USER, pay(5))
    offer = pair.channel(USER).own_offers[0]
    newer = replace(pair.channel(USER).latest, message=state(2))
    tampered = replace(pair.channel(USER), latest=newer, highest_nonce=2)
    pair.parties[USER] = replace(pair.parties[USER], channels={CHANNEL_ID: tampered})
    outputs = pair.do(USER, countersignature(NODE, offer.state))
    assert isinstance(error_of(outputs), errors.NonceNotAbove)
