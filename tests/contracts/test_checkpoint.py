"""checkpoint: anyone records a newer state that both signed; during a dispute this is the challenge."""

from dataclasses import replace

import pytest

from connext.types import MAX_NONCE, Status, checksum
from tests.contracts.cases import BEFORE_A_LIMIT, EACH_CALLER, EACH_SIDE, FROM_A_LIMIT_ON
from tests.contracts.channels import ETH, HELD, NO_SIGNATURE, NOBODY, PAID, USER, View, given, recovered
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import recorded
from tests.contracts.transfers import holding


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


@EACH_CALLER
@pytest.mark.parametrize("is_final", [False, True])
def test_anyone_records_a_state(manager, channel, people, wealth, caller, is_final):
    """Before any dispute too, so that both may forget what came before."""
    before = wealth()
    tx = manager.checkpoint(channel.terms, channel.signed(nonce=3, is_final=is_final, **PAID), sender=people[caller])
    assert wealth() - before == {}
    assert events_of(tx) == [recorded(channel, nonce=3, is_final=is_final, **PAID)]
    assert channel.view() == View(Status.OPEN, **channel.recorded(nonce=3, is_final=is_final, **PAID), **HELD)


@EACH_CALLER
@BEFORE_A_LIMIT
def test_anyone_challenges_until_the_deadline(manager, channel, people, at, caller, seconds):
    """Not only the counterparty, and not only once."""
    deadline = channel.dispute(channel.signed(nonce=1))
    at(deadline + seconds)
    tx = manager.checkpoint(channel.terms, channel.signed(nonce=2, **PAID), sender=people[caller])
    assert events_of(tx) == [recorded(channel, nonce=2, **PAID)]
    assert channel.view() == View(
        Status.DISPUTED, deadline=deadline, dispute=1, **channel.recorded(nonce=2, **PAID), **HELD
    )


@FROM_A_LIMIT_ON
def test_nobody_from_the_deadline_on(manager, channel, user, at, seconds):
    deadline = channel.dispute()
    at(deadline + seconds)
    with reverts(manager.DisputeOver, channelId=channel.id, deadline=deadline, time=deadline + seconds):
        manager.checkpoint(channel.terms, channel.signed(), sender=user)


def test_newer_states_never_move_the_deadline(manager, channel, node, at):
    """However many old ones are brought, one after the other, to keep the user waiting."""
    deadline = channel.dispute()
    for nonce in range(1, 6):
        at(deadline - 6 + nonce)
        manager.checkpoint(channel.terms, channel.signed(nonce=nonce), sender=node)
    assert channel.view() == View(Status.DISPUTED, deadline=deadline, dispute=1, **channel.recorded(nonce=5), **HELD)


def test_a_recorded_state_stays_through_disputes(manager, channel, user):
    given(manager.checkpoint, channel.terms, channel.signed(nonce=3, **PAID), sender=user)
    deadline = channel.dispute()
    kept = channel.recorded(nonce=3, **PAID)
    assert channel.view() == View(Status.DISPUTED, deadline=deadline, dispute=1, **kept, **HELD)
    channel.resume()
    assert channel.view() == View(Status.OPEN, dispute=1, **kept, **HELD)


# --- Newest wins (G4) ---


@pytest.mark.parametrize("nonce", [0, 1, 4, 5])
@pytest.mark.parametrize("disputed", [False, True])
def test_a_state_that_is_not_newer_is_refused(manager, channel, user, nonce, disputed):
    """Of two with the same nonce the first recorded stays."""
    given(manager.checkpoint, channel.terms, channel.signed(nonce=5), sender=user)
    if disputed:
        channel.dispute()
    with reverts(manager.StateNotNewer, channelId=channel.id, nonce=nonce, recordedNonce=5):
        manager.checkpoint(channel.terms, channel.signed(nonce=nonce, **PAID), sender=user)


def test_a_state_needs_a_nonce(manager, channel, user):
    with reverts(manager.StateNotNewer, channelId=channel.id, nonce=0, recordedNonce=0):
        manager.checkpoint(channel.terms, channel.signed(nonce=0), sender=user)


def test_the_largest_nonce_is_recorded(manager, channel, user):
    manager.checkpoint(channel.terms, channel.signed(nonce=MAX_NONCE, **PAID), sender=user)
    assert channel.view() == View(Status.OPEN, **channel.recorded(nonce=MAX_NONCE, **PAID), **HELD)


@pytest.mark.parametrize("nonce", [MAX_NONCE + 1, MAX_NONCE + 2, 2**64 - 1])
def test_a_larger_one_is_refused(manager, channel, user, nonce):
    """It would be cut off, and an older state recorded over it."""
    with reverts(manager.NonceTooLarge, nonce=nonce, max=MAX_NONCE):
        manager.checkpoint(channel.terms, channel.signed(nonce=nonce), sender=user)


# --- Who must agree (G3) ---


@EACH_SIDE
def test_both_signers_must_have_signed(manager, channel, user, stranger, side):
    forged = replace(channel, **{"node_key" if side else "user_key": stranger.key})
    expected = checksum(channel.identity.signer(side))
    with reverts(manager.WrongSigner, expected=expected, recovered=stranger):
        manager.checkpoint(channel.terms, forged.signed(**PAID), sender=user)


def test_half_signed_it_is_nothing(manager, channel, user, user_signer, node_signer):
    state, by_user, by_node = channel.signed(**PAID)
    with reverts(manager.WrongSigner, expected=node_signer, recovered=NOBODY):
        manager.checkpoint(channel.terms, (state, by_user, NO_SIGNATURE), sender=user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=NOBODY):
        manager.checkpoint(channel.terms, (state, NO_SIGNATURE, by_node), sender=user)


# --- Open transfers ---


@pytest.mark.parametrize("count", [1, 2, 200, 300])
def test_a_state_with_open_transfers_is_recorded_like_any_other(manager, channel, user, promise, count):
    """The event has their hash: whoever has the list can settle with it."""
    state = holding(*(promise(USER, ETH, 1) for _ in range(count)), nonce=3)
    tx = manager.checkpoint(channel.terms, channel.signed(**state), sender=user)
    assert events_of(tx) == [recorded(channel, **state)]
    assert channel.view() == View(Status.OPEN, **channel.recorded(**state), **HELD)


def test_what_a_challenge_costs_does_not_depend_on_the_list(manager, channel, user, promise):
    """Else one could sign states that nobody can afford to record. (A hash has more or fewer zeros in it.)"""
    given(manager.checkpoint, channel.terms, channel.signed(), sender=user)
    costs = []
    for nonce, count in ((2, 1), (3, 300)):
        state = holding(*(promise(USER, ETH, 1) for _ in range(count)), nonce=nonce)
        costs.append(manager.checkpoint(channel.terms, channel.signed(**state), sender=user).gas_used)
    assert abs(costs[0] - costs[1]) < 200


def test_the_list_is_signed(manager, channel, user, user_signer, promise):
    first, second = promise(USER, ETH, 1), promise(USER, ETH, 1)
    _, *signatures = channel.signed(**holding(first, second))
    other = holding(second, first)
    seems = recovered(channel.domain, channel.state(**other), signatures[0])
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.checkpoint(channel.terms, (channel.header(**other), *signatures), sender=user)


# --- Where the channel stands ---


def test_an_unfunded_channel_has_no_state(manager, new_channel, user):
    channel = new_channel(salt=1)
    with reverts(manager.ChannelUnfunded, channelId=channel.id):
        manager.checkpoint(channel.terms, channel.signed(), sender=user)


def test_an_emptied_channel_has(manager, channel, user):
    given(manager.withdraw, channel.terms, *channel.withdrawal(**HELD), sender=user)
    manager.checkpoint(channel.terms, channel.signed(), sender=user)
    assert channel.view() == View(Status.OPEN, sequence=1, **channel.recorded())


def test_a_settled_channel_has_none(manager, channel, user):
    channel.close()
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.checkpoint(channel.terms, channel.signed(nonce=9), sender=user)


def test_ether_sent_along_is_refused(manager, channel, user):
    with reverts(manager.UnexpectedValue, value=3):
        manager.checkpoint(channel.terms, channel.signed(), sender=user, value=3)
