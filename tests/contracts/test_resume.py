"""resume: both parties end the running dispute before its deadline, and the channel goes on."""

from dataclasses import replace

import pytest

from connext.messages import Resume
from connext.types import Status, checksum
from tests.contracts.cases import BEFORE_A_LIMIT, EACH_CALLER, EACH_SIDE, FROM_A_LIMIT_ON
from tests.contracts.channels import HELD, NO_SIGNATURE, NOBODY, PAID, View, given, recovered
from tests.contracts.conftest import DAY
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import resumed


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


@EACH_CALLER
def test_anyone_brings_it(manager, channel, people, wealth, caller):
    channel.dispute()
    before = wealth()
    tx = manager.resume(channel.terms, *channel.resumption(), sender=people[caller])
    assert wealth() - before == {}
    assert events_of(tx) == [resumed(channel)]
    assert channel.view() == View(Status.OPEN, dispute=1, **HELD)


def test_the_recorded_state_stays(manager, channel, user):
    """The dispute costs nobody the state that was recorded in it."""
    channel.dispute(channel.signed(nonce=7, **PAID))
    manager.resume(channel.terms, *channel.resumption(), sender=user)
    kept = channel.recorded(nonce=7, **PAID)
    assert channel.view() == View(Status.OPEN, dispute=1, **kept, **HELD)
    with reverts(manager.StateNotNewer, channelId=channel.id, nonce=7, recordedNonce=7):
        manager.checkpoint(channel.terms, channel.signed(nonce=7), sender=user)


# --- The dispute's deadline ---


@BEFORE_A_LIMIT
def test_until_the_disputes_deadline(manager, channel, user, at, seconds):
    deadline = channel.dispute()
    at(deadline + seconds)
    manager.resume(channel.terms, *channel.resumption(), sender=user)
    assert channel.view() == View(Status.OPEN, dispute=1, **HELD)


@FROM_A_LIMIT_ON
def test_not_from_it_on(manager, channel, user, at, seconds):
    """Then one of both may rely on the settlement."""
    deadline = channel.dispute()
    at(deadline + seconds)
    with reverts(manager.DisputeOver, channelId=channel.id, deadline=deadline, time=deadline + seconds):
        manager.resume(channel.terms, *channel.resumption(), sender=user)


# --- The message's own deadline ---


def test_it_holds_until_a_second_before_its_own_deadline(manager, channel, user, at):
    end = channel.dispute() - DAY // 2
    at(end - 1)
    manager.resume(channel.terms, *channel.resumption(deadline=end), sender=user)
    assert channel.view() == View(Status.OPEN, dispute=1, **HELD)


@FROM_A_LIMIT_ON
def test_it_is_void_from_its_own_deadline_on(manager, channel, user, at, seconds):
    end = channel.dispute() - DAY // 2
    at(end + seconds)
    with reverts(manager.MessageExpired, deadline=end, time=end + seconds):
        manager.resume(channel.terms, *channel.resumption(deadline=end), sender=user)


# --- For this very dispute (G5, G6) ---


@pytest.mark.parametrize("dispute", [0, 2, 2**64 - 1])
def test_one_for_another_dispute_is_refused(manager, channel, user, user_signer, dispute):
    channel.dispute()
    resumption = channel.resumption(dispute)
    deadline, by_user, _ = resumption
    seems = recovered(channel.domain, Resume(channel.id, 1, deadline), by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.resume(channel.terms, *resumption, sender=user)


def test_it_cannot_be_replayed_in_the_next_dispute(manager, channel, user, user_signer):
    """Or the counterparty could cancel every dispute that the user ever starts."""
    resumption = channel.resumption(dispute=1)
    channel.dispute()
    given(manager.resume, channel.terms, *resumption, sender=user)
    channel.dispute()
    deadline, by_user, _ = resumption
    seems = recovered(channel.domain, Resume(channel.id, 2, deadline), by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.resume(channel.terms, *resumption, sender=user)


@EACH_SIDE
def test_no_side_ends_a_dispute_alone(manager, channel, user, stranger, side):
    """Not even its own: by cancel-and-start it could freeze the other for ever."""
    channel.dispute()
    forged = replace(channel, **{"node_key" if side else "user_key": stranger.key})
    expected = checksum(channel.identity.signer(side))
    with reverts(manager.WrongSigner, expected=expected, recovered=stranger):
        manager.resume(channel.terms, *forged.resumption(), sender=user)


def test_half_signed_it_is_nothing(manager, channel, user, user_signer, node_signer):
    channel.dispute()
    deadline, by_user, by_node = channel.resumption()
    with reverts(manager.WrongSigner, expected=node_signer, recovered=NOBODY):
        manager.resume(channel.terms, deadline, by_user, NO_SIGNATURE, sender=user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=NOBODY):
        manager.resume(channel.terms, deadline, NO_SIGNATURE, by_node, sender=user)


# --- Where the channel stands ---


def test_not_on_an_open_channel(manager, channel, user):
    with reverts(manager.NoDispute, channelId=channel.id):
        manager.resume(channel.terms, *channel.resumption(), sender=user)


def test_not_twice(manager, channel, user):
    channel.dispute()
    channel.resume()
    with reverts(manager.NoDispute, channelId=channel.id):
        manager.resume(channel.terms, *channel.resumption(), sender=user)


def test_not_on_a_channel_that_was_never_funded(manager, new_channel, user):
    channel = new_channel(salt=1)
    with reverts(manager.ChannelUnfunded, channelId=channel.id):
        manager.resume(channel.terms, *channel.resumption(), sender=user)


def test_not_on_a_settled_channel(manager, channel, user):
    channel.dispute()
    channel.close()
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.resume(channel.terms, *channel.resumption(), sender=user)


def test_ether_sent_along_is_refused(manager, channel, user):
    channel.dispute()
    with reverts(manager.UnexpectedValue, value=3):
        manager.resume(channel.terms, *channel.resumption(), sender=user, value=3)
