"""startDispute: an account or signer of the channel starts the challenge period, with or without a state."""

from dataclasses import replace

import pytest

from connext.types import MAX_NONCE, Status, checksum
from tests.contracts.cases import EACH_ASSET, EACH_SIDE
from tests.contracts.channels import DAI, ETH, HELD, NO_SIGNATURE, NO_STATE, NODE, PAID, USER, View, given, only
from tests.contracts.conftest import DAY, MAX_CHALLENGE_PERIOD, MIN_CHALLENGE_PERIOD
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import recorded, started
from tests.contracts.transfers import holding

EACH_PARTY = pytest.mark.parametrize("caller", ["user", "user_signer", "node", "node_signer"])


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


@EACH_PARTY
def test_each_party_starts_one_without_a_state(manager, channel, people, wealth, caller):
    """A party that signed nothing yet, or lost its store, can leave alone all the same."""
    before = wealth()
    tx = manager.startDispute(channel.terms, NO_STATE, sender=people[caller])
    deadline = tx.timestamp + DAY
    assert wealth() - before == {}
    assert events_of(tx) == [started(channel, deadline)]
    assert channel.view() == View(Status.DISPUTED, deadline=deadline, dispute=1, **HELD)


@EACH_PARTY
@pytest.mark.parametrize("is_final", [False, True])
def test_each_party_starts_one_with_its_newest_state(manager, channel, people, at, chain, caller, is_final):
    now = chain.pending_timestamp + 1000
    at(now)
    state = {"nonce": 7, "is_final": is_final, **PAID}
    tx = manager.startDispute(channel.terms, channel.signed(**state), sender=people[caller])
    assert events_of(tx) == [recorded(channel, **state), started(channel, now + DAY)]
    assert channel.view() == View(Status.DISPUTED, deadline=now + DAY, dispute=1, **channel.recorded(**state), **HELD)


@pytest.mark.parametrize("caller", ["stranger", "recipient", "deployer"])
def test_nobody_else(manager, channel, people, caller):
    with reverts(manager.NotAParty, channelId=channel.id, caller=people[caller]):
        manager.startDispute(channel.terms, channel.signed(), sender=people[caller])


@pytest.mark.parametrize("period", [MIN_CHALLENGE_PERIOD, MAX_CHALLENGE_PERIOD])
def test_the_challenge_period_is_the_channels_own(manager, new_channel, user, at, chain, period):
    channel = new_channel(challenge_period=period).hold(user_wei=1)
    now = chain.pending_timestamp + 1000
    at(now)
    tx = manager.startDispute(channel.terms, NO_STATE, sender=user)
    assert events_of(tx) == [started(channel, now + period)]


def test_disputes_are_numbered_and_no_number_comes_twice(manager, channel, user):
    for dispute in (1, 2, 3):
        manager.startDispute(channel.terms, NO_STATE, sender=user)
        assert channel.view().dispute == dispute
        channel.resume()
    assert channel.view() == View(Status.OPEN, dispute=3, **HELD)


# --- The state that comes with it ---


@pytest.mark.parametrize("nonce", [0, 1, 4, 5])
def test_a_state_that_is_not_newer_is_ignored_unread(manager, channel, user, at, chain, nonce):
    given(manager.checkpoint, channel.terms, channel.signed(nonce=5), sender=user)
    now = chain.pending_timestamp + 1000
    at(now)
    garbage = (channel.header(nonce=nonce, **PAID), NO_SIGNATURE, NO_SIGNATURE)
    tx = manager.startDispute(channel.terms, garbage, sender=user)
    assert events_of(tx) == [started(channel, now + DAY)]
    assert channel.view() == View(Status.DISPUTED, deadline=now + DAY, dispute=1, **channel.recorded(nonce=5), **HELD)


def test_a_newer_one_replaces_the_recorded_one(manager, channel, user):
    given(manager.checkpoint, channel.terms, channel.signed(nonce=5), sender=user)
    manager.startDispute(channel.terms, channel.signed(nonce=6, **PAID), sender=user)
    deadline = channel.view().deadline
    assert channel.view() == View(
        Status.DISPUTED, deadline=deadline, dispute=1, **channel.recorded(nonce=6, **PAID), **HELD
    )


@EACH_SIDE
def test_both_must_have_signed_it(manager, channel, user, stranger, side):
    forged = replace(channel, **{"node_key" if side else "user_key": stranger.key})
    expected = checksum(channel.identity.signer(side))
    with reverts(manager.WrongSigner, expected=expected, recovered=stranger):
        manager.startDispute(channel.terms, forged.signed(**PAID), sender=user)
    assert channel.view() == View(Status.OPEN, **HELD)


def test_its_nonce_must_fit(manager, channel, user):
    with reverts(manager.NonceTooLarge, nonce=MAX_NONCE + 1, max=MAX_NONCE):
        manager.startDispute(channel.terms, channel.signed(nonce=MAX_NONCE + 1), sender=user)


def test_it_may_hold_open_transfers(manager, channel, user, promise):
    state = holding(promise(USER, ETH, 5), promise(NODE, DAI, 6), nonce=3)
    tx = manager.startDispute(channel.terms, channel.signed(**state), sender=user)
    deadline = tx.timestamp + DAY
    assert events_of(tx) == [recorded(channel, **state), started(channel, deadline)]
    assert channel.view() == View(Status.DISPUTED, deadline, dispute=1, **channel.recorded(**state), **HELD)


# --- Where the channel stands ---


def test_not_on_a_channel_that_was_never_funded(manager, new_channel, user):
    channel = new_channel(salt=1)
    with reverts(manager.ChannelUnfunded, channelId=channel.id):
        manager.startDispute(channel.terms, channel.signed(), sender=user)


@pytest.mark.parametrize("held", [only(USER, ETH, 5), only(NODE, DAI, 5), HELD], ids=["eth only", "dai only", "both"])
def test_not_on_a_channel_that_holds_nothing(manager, new_channel, user, held):
    channel = new_channel(salt=1).hold(**held)
    given(manager.withdraw, channel.terms, *channel.withdrawal(**held), sender=user)
    with reverts(manager.NothingToDispute, channelId=channel.id):
        manager.startDispute(channel.terms, channel.signed(), sender=user)


@EACH_ASSET
@pytest.mark.parametrize("first", [0, 1], ids=["eth came first", "dai came first"])
def test_one_wei_of_either_asset_is_enough(manager, new_channel, user, asset, first):
    channel = new_channel(salt=1)
    assets = (DAI, ETH) if first else (ETH, DAI)
    for held in assets:
        channel.hold(**only(USER, held, 5))
    gone = {**only(USER, ETH, 5), **only(USER, DAI, 5), **only(USER, asset, 4)}
    given(manager.withdraw, channel.terms, *channel.withdrawal(**gone), sender=user)
    manager.startDispute(channel.terms, NO_STATE, sender=user)
    assert channel.view().status == Status.DISPUTED


@pytest.mark.parametrize("seconds", [-1, 0], ids=["before its deadline", "after its deadline"])
def test_not_while_another_runs(manager, channel, user, at, seconds):
    deadline = channel.dispute()
    at(deadline + seconds)
    with reverts(manager.DisputeRunning, channelId=channel.id, deadline=deadline):
        manager.startDispute(channel.terms, channel.signed(nonce=9), sender=user)


def test_not_on_a_settled_channel(manager, channel, user):
    channel.close()
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.startDispute(channel.terms, channel.signed(nonce=9), sender=user)


def test_ether_sent_along_is_refused(manager, channel, user):
    with reverts(manager.UnexpectedValue, value=3):
        manager.startDispute(channel.terms, NO_STATE, sender=user, value=3)
