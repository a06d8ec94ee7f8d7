"""startDisputeWithExit: whoever holds the exit of a party's signer starts the dispute with that number, once."""

from dataclasses import replace

import pytest

from connext.messages import Exit
from connext.types import MAX_NONCE, Status, checksum
from tests.contracts.cases import EACH_CALLER, EACH_SIDE, FROM_A_LIMIT_ON
from tests.contracts.channels import ETH, HELD, NO_SIGNATURE, NO_STATE, NOBODY, NODE, PAID, USER, View, given, recovered
from tests.contracts.conftest import DAY
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import recorded, started
from tests.contracts.transfers import holding


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


def seemingly(channel, dispute, deadline, signature):
    """Who seems to have signed the exit that the contract expects."""
    return recovered(channel.domain, Exit(channel.id, dispute, deadline), signature)


@EACH_CALLER
@EACH_SIDE
def test_anyone_starts_one_with_the_exit_of_either_side(manager, channel, people, wealth, caller, side):
    before = wealth()
    tx = manager.startDisputeWithExit(channel.terms, *channel.exit(side), NO_STATE, sender=people[caller])
    assert wealth() - before == {}
    assert events_of(tx) == [started(channel, tx.timestamp + DAY)]
    assert channel.view() == View(Status.DISPUTED, deadline=tx.timestamp + DAY, dispute=1, **HELD)


def test_a_state_can_come_with_it(manager, channel, stranger, at, chain):
    now = chain.pending_timestamp + 1000
    at(now)
    signed = channel.signed(nonce=7, **PAID)
    tx = manager.startDisputeWithExit(channel.terms, *channel.exit(USER), signed, sender=stranger)
    assert events_of(tx) == [recorded(channel, nonce=7, **PAID), started(channel, now + DAY)]
    assert channel.view() == View(
        Status.DISPUTED, deadline=now + DAY, dispute=1, **channel.recorded(nonce=7, **PAID), **HELD
    )


# --- One dispute for each exit (G6) ---


@EACH_SIDE
def test_a_public_exit_does_not_start_dispute_after_dispute(manager, channel, stranger, side):
    exit_ = channel.exit(side, dispute=1)
    given(manager.startDisputeWithExit, channel.terms, *exit_, NO_STATE, sender=stranger)
    channel.resume()
    seems = seemingly(channel, 2, *exit_)
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=seems):
        manager.startDisputeWithExit(channel.terms, *exit_, NO_STATE, sender=stranger)


def test_the_next_dispute_needs_the_next_exit(manager, channel, stranger):
    channel.dispute()
    channel.resume()
    tx = manager.startDisputeWithExit(channel.terms, *channel.exit(NODE, dispute=2), NO_STATE, sender=stranger)
    assert events_of(tx) == [started(channel, tx.timestamp + DAY, dispute=2)]


@pytest.mark.parametrize("dispute", [0, 2, 2**64 - 1])
def test_an_exit_for_another_number_is_refused(manager, channel, stranger, dispute):
    exit_ = channel.exit(USER, dispute)
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=seemingly(channel, 1, *exit_)):
        manager.startDisputeWithExit(channel.terms, *exit_, NO_STATE, sender=stranger)


def test_an_exit_from_another_channel_is_refused(manager, channel, new_channel, stranger):
    exit_ = new_channel(salt=1).exit(USER)
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=seemingly(channel, 1, *exit_)):
        manager.startDisputeWithExit(channel.terms, *exit_, NO_STATE, sender=stranger)


# --- Who may sign it (G3) ---


@pytest.mark.parametrize("signer", ["stranger", "user", "node"])
def test_nobody_but_the_two_signers(manager, channel, people, signer):
    """Not the accounts either: an account that is not its own signer calls `startDispute`."""
    exit_ = replace(channel, user_key=people[signer].key).exit(USER)
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=people[signer]):
        manager.startDisputeWithExit(channel.terms, *exit_, NO_STATE, sender=people["user"])


def test_without_a_signature_it_is_nothing(manager, channel, user):
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=NOBODY):
        manager.startDisputeWithExit(channel.terms, 2**64 - 1, NO_SIGNATURE, NO_STATE, sender=user)


# --- Deadline ---


def test_it_holds_until_a_second_before_its_deadline(manager, channel, stranger, at, chain):
    deadline = chain.pending_timestamp + 1000
    at(deadline - 1)
    exit_ = channel.exit(USER, deadline=deadline)
    tx = manager.startDisputeWithExit(channel.terms, *exit_, NO_STATE, sender=stranger)
    assert events_of(tx) == [started(channel, deadline - 1 + DAY)]


@FROM_A_LIMIT_ON
def test_it_is_void_from_its_deadline_on(manager, channel, stranger, at, chain, seconds):
    deadline = chain.pending_timestamp + 1000
    at(deadline + seconds)
    exit_ = channel.exit(USER, deadline=deadline)
    with reverts(manager.MessageExpired, deadline=deadline, time=deadline + seconds):
        manager.startDisputeWithExit(channel.terms, *exit_, NO_STATE, sender=stranger)


# --- The state that comes with it ---


@pytest.mark.parametrize("nonce", [0, 4, 5])
def test_a_state_that_is_not_newer_is_ignored_unread(manager, channel, stranger, nonce):
    given(manager.checkpoint, channel.terms, channel.signed(nonce=5), sender=stranger)
    garbage = (channel.header(nonce=nonce, **PAID), NO_SIGNATURE, NO_SIGNATURE)
    tx = manager.startDisputeWithExit(channel.terms, *channel.exit(USER), garbage, sender=stranger)
    assert events_of(tx) == [started(channel, tx.timestamp + DAY)]


@EACH_SIDE
def test_both_must_have_signed_it(manager, channel, stranger, side):
    """The exit of one side brings only a state of both."""
    forged = replace(channel, **{"node_key" if side else "user_key": stranger.key})
    expected = checksum(channel.identity.signer(side))
    with reverts(manager.WrongSigner, expected=expected, recovered=stranger):
        manager.startDisputeWithExit(channel.terms, *channel.exit(USER), forged.signed(**PAID), sender=stranger)


def test_its_nonce_must_fit(manager, channel, stranger):
    signed = channel.signed(nonce=MAX_NONCE + 1)
    with reverts(manager.NonceTooLarge, nonce=MAX_NONCE + 1, max=MAX_NONCE):
        manager.startDisputeWithExit(channel.terms, *channel.exit(USER), signed, sender=stranger)


def test_it_may_hold_open_transfers(manager, channel, stranger, promise):
    state = holding(promise(USER, ETH, 5), nonce=3)
    tx = manager.startDisputeWithExit(channel.terms, *channel.exit(USER), channel.signed(**state), sender=stranger)
    assert events_of(tx) == [recorded(channel, **state), started(channel, tx.timestamp + DAY)]


# --- Where the channel stands ---


def test_not_on_a_channel_that_was_never_funded(manager, new_channel, stranger):
    channel = new_channel(salt=1)
    with reverts(manager.ChannelUnfunded, channelId=channel.id):
        manager.startDisputeWithExit(channel.terms, *channel.exit(USER), NO_STATE, sender=stranger)


def test_not_on_a_channel_that_holds_nothing(manager, channel, stranger):
    given(manager.withdraw, channel.terms, *channel.withdrawal(**HELD), sender=stranger)
    with reverts(manager.NothingToDispute, channelId=channel.id):
        manager.startDisputeWithExit(channel.terms, *channel.exit(USER), NO_STATE, sender=stranger)


@pytest.mark.parametrize("seconds", [-1, 0], ids=["before its deadline", "after its deadline"])
def test_not_while_another_runs(manager, channel, stranger, at, seconds):
    deadline = channel.dispute()
    at(deadline + seconds)
    with reverts(manager.DisputeRunning, channelId=channel.id, deadline=deadline):
        manager.startDisputeWithExit(channel.terms, *channel.exit(USER, 2), NO_STATE, sender=stranger)


def test_not_on_a_settled_channel(manager, channel, stranger):
    channel.close()
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.startDisputeWithExit(channel.terms, *channel.exit(USER), NO_STATE, sender=stranger)


def test_ether_sent_along_is_refused(manager, channel, stranger):
    with reverts(manager.UnexpectedValue, value=3):
        manager.startDisputeWithExit(channel.terms, *channel.exit(USER), NO_STATE, sender=stranger, value=3)
