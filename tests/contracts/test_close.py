"""close: a final state that both signed is paid out at once, and the channel is over for ever."""

from dataclasses import replace

import pytest

from connext.types import Amounts, Status, checksum
from tests.contracts.cases import EACH_CALLER, EACH_SIDE
from tests.contracts.channels import HELD, NO_SIGNATURE, NOBODY, PAID, View, given
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import moved_tokens, settled
from tests.contracts.money import paid_out

SHARES = Amounts(user_wei=90, node_wei=210, user_token=330, node_token=370)
FINAL = {"nonce": 7, "is_final": True, **PAID}


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


@EACH_CALLER
def test_anyone_closes_with_a_final_state(manager, dai, channel, people, user, wealth, caller):
    before = wealth()
    tx = manager.close(channel.terms, channel.signed(**FINAL), [], sender=people[caller])
    assert wealth() - before == paid_out(*SHARES)
    assert events_of(tx) == [
        settled(channel, 7, SHARES),
        *moved_tokens(dai, manager, user, 330),
    ]
    assert channel.view() == View(Status.SETTLED)


@pytest.mark.parametrize("seconds", [None, -1, 0, 1], ids=["open", "disputed", "at the deadline", "after the deadline"])
@pytest.mark.parametrize("recorded", [None, 6, 7], ids=["none recorded", "older recorded", "same nonce recorded"])
def test_at_any_time_if_not_older_than_the_recorded_state(manager, channel, stranger, wealth, at, seconds, recorded):
    """A dispute of one side does not stop what both agreed to, not even after its deadline."""
    if recorded:
        given(manager.checkpoint, channel.terms, channel.signed(nonce=recorded), sender=stranger)
    if seconds is not None:
        at(channel.dispute() + seconds)
    before = wealth()
    manager.close(channel.terms, channel.signed(**FINAL), [], sender=stranger)
    assert wealth() - before == paid_out(*SHARES)
    assert channel.view() == View(Status.SETTLED)


@pytest.mark.parametrize("nonce", [0, 1, 6])
@pytest.mark.parametrize("disputed", [False, True])
def test_an_older_final_state_is_refused(manager, channel, user, nonce, disputed):
    given(manager.checkpoint, channel.terms, channel.signed(nonce=7), sender=user)
    if disputed:
        channel.dispute()
    with reverts(manager.StateOlder, channelId=channel.id, nonce=nonce, recordedNonce=7):
        manager.close(channel.terms, channel.signed(**{**FINAL, "nonce": nonce}), [], sender=user)


@pytest.mark.parametrize("nonce", [0, 2**48, 2**64 - 1])
def test_nothing_is_recorded_so_any_nonce_will_do(manager, channel, user, wealth, nonce):
    before = wealth()
    tx = manager.close(channel.terms, channel.signed(**{**FINAL, "nonce": nonce}), [], sender=user)
    assert wealth() - before == paid_out(*SHARES)
    assert events_of(tx)[0] == settled(channel, nonce, SHARES)


def test_a_state_that_is_not_final_is_refused(manager, channel, user):
    """The counterparty did not agree to close: it may have promised money in flight."""
    with reverts(manager.StateNotFinal, channelId=channel.id, nonce=7):
        manager.close(channel.terms, channel.signed(nonce=7, **PAID), [], sender=user)


@EACH_SIDE
def test_both_signers_must_have_signed(manager, channel, user, stranger, side):
    forged = replace(channel, **{"node_key" if side else "user_key": stranger.key})
    expected = checksum(channel.identity.signer(side))
    with reverts(manager.WrongSigner, expected=expected, recovered=stranger):
        manager.close(channel.terms, forged.signed(**FINAL), [], sender=user)


def test_half_signed_it_is_nothing(manager, channel, user, user_signer, node_signer):
    state, by_user, by_node = channel.signed(**FINAL)
    with reverts(manager.WrongSigner, expected=node_signer, recovered=NOBODY):
        manager.close(channel.terms, (state, by_user, NO_SIGNATURE), [], sender=user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=NOBODY):
        manager.close(channel.terms, (state, NO_SIGNATURE, by_node), [], sender=user)


def test_the_recorded_final_state_can_be_closed_with(manager, channel, user, wealth):
    given(manager.checkpoint, channel.terms, channel.signed(**FINAL), sender=user)
    before = wealth()
    manager.close(channel.terms, channel.signed(**FINAL), [], sender=user)
    assert wealth() - before == paid_out(*SHARES)


def test_a_payout_above_the_deposit_does_not_revert(manager, channel, user, wealth):
    greedy = {"nonce": 1, "is_final": True, "user_wei": 2**127 - 1, "node_wei": 0, "user_token": 0, "node_token": 0}
    before = wealth()
    manager.close(channel.terms, channel.signed(**greedy), [], sender=user)
    assert wealth() - before == paid_out(300, 0, 300, 400)


# --- Where the channel stands ---


def test_an_emptied_channel_can_be_closed(manager, channel, user, wealth):
    given(manager.withdraw, channel.terms, *channel.withdrawal(**HELD), sender=user)
    before = wealth()
    tx = manager.close(channel.terms, channel.signed(nonce=7, is_final=True), [], sender=user)
    assert wealth() - before == {}
    assert events_of(tx) == [settled(channel, 7, Amounts(0, 0, 0, 0))]
    assert channel.view() == View(Status.SETTLED)


def test_one_that_was_never_funded_cannot(manager, new_channel, user):
    channel = new_channel(salt=1)
    with reverts(manager.ChannelUnfunded, channelId=channel.id):
        manager.close(channel.terms, channel.signed(**FINAL), [], sender=user)


def test_none_is_closed_twice(manager, channel, user):
    channel.close(**FINAL)
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.close(channel.terms, channel.signed(**FINAL), [], sender=user)


def test_ether_sent_along_is_refused(manager, channel, user):
    with reverts(manager.UnexpectedValue, value=3):
        manager.close(channel.terms, channel.signed(**FINAL), [], sender=user, value=3)
