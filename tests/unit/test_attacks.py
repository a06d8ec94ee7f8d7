"""What a dishonest counterparty tried on a party's software; each test is named for the attack."""

from dataclasses import replace

import pytest

from connext import errors, events
from connext.channel import UNSEEN, OnChain, recorded_hash
from connext.envelopes import Countersignature
from connext.events import Output
from connext.messages import State
from connext.party import Party, step
from connext.rules import FINAL_NONCE_STEP, MAX_OWN_OFFERS
from connext.signing import Signable
from connext.types import Side
from tests.unit.pair import (
    ACCOUNTS,
    CHANNEL_ID,
    DAY,
    DEPLOYMENT,
    FUNDED,
    IDENTITY,
    KEYS,
    NODE,
    NOW,
    POLICY,
    USER,
    Pair,
    accept,
    close,
    disputed,
    error_of,
    forged,
    only,
    pay,
    refuse,
    state,
    submitted,
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


# --- A final state that is ignored ---


def test_a_final_state_that_overtakes_a_countersignature_is_not_crossed(pair: Pair) -> None:
    """It builds on a state that the node does not know yet to be countersigned, and counts all the same."""
    pair.do(NODE, pay(5))
    pair.receive(USER)
    late = pair.mail[NODE].popleft()
    pair.do(USER, close())
    assert isinstance(error_of(pair.receive(NODE)), errors.WrongBase)
    pair.do(NODE, late)
    for intent in (pay(1), close()):
        assert isinstance(error_of(pair.do(NODE, intent)), errors.FinalShown)
    pair.receive(USER)
    while pair.mail[NODE]:
        outputs = pair.receive(NODE)
    pair.do(NODE, accept(outputs))
    pair.settle_mail()
    assert pair.agreed() == state(1 + FINAL_NONCE_STEP[USER], 5, is_final=True)


def test_a_crossing_proposal_does_not_stand_against_a_final_state_that_was_shown(pair: Pair) -> None:
    pair.do(NODE, pay(5))
    pair.do(NODE, forged(USER, state(1025, is_final=True), 0))
    outputs = pair.do(NODE, forged(USER, state(1026, -1), 0))
    assert only(outputs, events.Agreed).message == state(1026, -1)
    pair = Pair()
    pair.do(NODE, pay(5))
    pair.do(NODE, forged(USER, state(1025, is_final=True), 0))
    assert isinstance(error_of(pair.do(NODE, forged(USER, state(1, -1), 0))), errors.NonceNotAbove)
    assert len(pair.channel(NODE).own_offers) == 1


def test_what_was_proposed_beside_a_final_state_is_not_refused(pair: Pair) -> None:
    """A refusal would be a state that is not final, above a final one."""
    waiting = pair.do(NODE, forged(USER, state(1, 5), 0))
    pair.do(NODE, forged(USER, state(1025, is_final=True), 99))
    assert isinstance(error_of(pair.do(NODE, refuse(waiting))), errors.FinalShown)
    assert isinstance(error_of(pair.do(NODE, forged(USER, state(1026, -51), 0))), errors.FinalShown)
    assert pair.channel(NODE).own_offers == ()


# --- A payment that happened and is said not to have ---


def test_an_old_proposal_is_countersigned_after_it_was_issued_again(pair: Pair) -> None:
    """The node's payment was agreed under its first nonce; under its second it dies without a word."""
    pair.do(NODE, pay(5))
    first = pair.channel(NODE).own_offers[0].state
    pair.do(NODE, forged(USER, state(2, -1), 0))
    pair.do(NODE, countersignature(USER, first))
    outputs = pair.do(NODE, forged(USER, state(4, 4), 1))
    assert [type(output) for output in outputs] == [events.Save, events.Send, events.Agreed]
    assert pair.channel(NODE).own_offers == ()


# --- A signature that is kept back ---


def test_a_final_state_is_recorded_and_its_countersignature_kept_back(pair: Pair) -> None:
    pair.do(USER, close())
    final = pair.channel(USER).own_offers[0].state
    recorded = replace(FUNDED, number=2, nonce=final.nonce, state_hash=recorded_hash(final))
    assert submitted(pair.do(USER, events.ChainView({CHANNEL_ID: recorded}))) == []
    outputs = pair.do(USER, countersignature(NODE, final))
    assert submitted(outputs) == ["close"]
    assert pair.channel(USER).latest.is_countersigned
    assert pair.do(USER, countersignature(NODE, final)) == []


def test_a_signature_under_the_empty_digest_of_the_initial_state(pair: Pair) -> None:
    signable = Signable(DEPLOYMENT.domain, state(0))
    signable.digest = pair.channel(USER).latest.digest
    outputs = pair.do(USER, Countersignature(CHANNEL_ID, signable.digest, KEYS[NODE].sign(signable)))
    assert isinstance(error_of(outputs), errors.NothingOffered)


# --- A state that is taken for the recorded one ---


def test_another_state_is_recorded_under_my_nonce(pair: Pair) -> None:
    """To settle with mine would fail: the recorded one must be taken from the chain's events."""
    pair.pay(NODE, 5)
    other = replace(disputed(1, time=NOW + DAY), state_hash=b"\x01" * 26)
    outputs = pair.do(USER, events.ChainView({CHANNEL_ID: other}))
    assert only(outputs, events.Submit).fields == {"state": None}


# --- Signatures without end ---


def test_bad_proposals_do_not_make_me_refuse_for_ever(pair: Pair) -> None:
    for i in range(2 * MAX_OWN_OFFERS):
        outputs = pair.do(USER, forged(NODE, state(1 + 2 * i, 10**6), 0))
    assert len(pair.channel(USER).own_offers) == MAX_OWN_OFFERS
    assert isinstance(error_of(outputs), errors.TooManyOffers)
    pair.do(USER, countersignature(NODE, pair.channel(USER).own_offers[-1].state))
    pair.do(USER, forged(NODE, state(100, 10**6), pair.latest(USER).nonce))
    assert len(pair.channel(USER).own_offers) == 1


def test_crossing_proposals_do_not_make_the_node_stand_for_ever(pair: Pair) -> None:
    pair.do(NODE, pay(5))
    for _ in range(2 * MAX_OWN_OFFERS):
        outputs = pair.do(NODE, forged(USER, state(pair.channel(NODE).highest_nonce + 1, -1), 0))
    assert len(pair.channel(NODE).own_offers) == MAX_OWN_OFFERS
    assert isinstance(error_of(outputs), errors.TooManyOffers)


# --- A lost file ---


def taken_up(on_chain: OnChain, *, never_signed: bool = False) -> tuple[Party, list[Output]]:
    """The user's software after it has lost its files."""
    return step(
        Party(DEPLOYMENT, POLICY, ACCOUNTS[USER], KEYS[USER], {}), events.Open(IDENTITY, on_chain, never_signed)
    )


def test_without_its_file_a_party_signs_no_second_state_with_a_nonce() -> None:
    """Nonce 3 carried the user's signature; a party that knows of nothing would sign another with it."""
    party, _ = taken_up(FUNDED)
    for event in (
        pay(7),
        forged(NODE, state(3, 1), 0),
        events.Withdraw(CHANNEL_ID, 1, 0, 0, 0, ACCOUNTS[USER], NOW + 60),
    ):
        _, outputs = step(party, event)
        assert isinstance(error_of(outputs), errors.StoreMayBeOld)
    _, outputs = step(party, events.SignExit(CHANNEL_ID, NOW + 60))
    assert only(outputs, events.HandOut)


@pytest.mark.parametrize(("on_chain", "never_signed"), [(UNSEEN, False), (FUNDED, True)])
def test_a_channel_that_is_new_or_said_to_be_is_used_at_once(on_chain: OnChain, never_signed: bool) -> None:
    party, _ = taken_up(on_chain, never_signed=never_signed)
    assert not party.channels[CHANNEL_ID].restored
    assert party.channels[CHANNEL_ID].on_chain == on_chain


def test_an_owner_who_says_it_never_signed_is_corrected_by_the_chain() -> None:
    recorded = replace(FUNDED, nonce=3, state_hash=b"\x01" * 26)
    party, outputs = taken_up(recorded, never_signed=True)
    assert only(outputs, events.FoundOld).recorded_nonce == 3
    assert party.channels[CHANNEL_ID].restored
