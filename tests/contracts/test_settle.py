"""settle: from the deadline of a dispute on, anyone has the recorded state paid out. The channel is over for ever."""

import pytest

from connext.messages import struct_hash
from connext.types import Amounts, Status
from tests.contracts.cases import BEFORE_A_LIMIT, EACH_ASSET, EACH_CALLER
from tests.contracts.channels import DAI, ETH, HELD, INITIAL_HEADER, NODE, PAID, USER, View, given, only
from tests.contracts.conftest import DAY
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import moved_tokens, settled
from tests.contracts.money import paid_out
from tests.contracts.operations import OPERATIONS
from tests.contracts.split import split


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


@EACH_CALLER
def test_anyone_settles_the_recorded_state(manager, dai, channel, people, user, wealth, at, caller):
    """The user is sent its part, the node gets it into its reserve; nobody else gets anything."""
    at(channel.dispute(channel.signed(nonce=7, **PAID)))
    before = wealth()
    tx = manager.settle(channel.terms, channel.header(nonce=7, **PAID), [], sender=people[caller])
    shares = Amounts(user_wei=90, node_wei=210, user_token=330, node_token=370)
    assert wealth() - before == paid_out(*shares)
    assert events_of(tx) == [
        settled(channel, 7, shares),
        *moved_tokens(dai, manager, user, 330),
    ]
    assert channel.view() == View(Status.SETTLED)


def test_without_a_recorded_state_everybody_gets_its_contribution(manager, dai, channel, user, wealth, at):
    """Deposits are safe before anything is signed."""
    at(channel.dispute())
    before = wealth()
    tx = manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)
    assert wealth() - before == paid_out(**HELD)
    assert events_of(tx) == [
        settled(channel, 0, Amounts(**HELD)),
        *moved_tokens(dai, manager, user, 300),
    ]


# --- Time ---


@BEFORE_A_LIMIT
def test_not_before_the_deadline(manager, channel, user, at, seconds):
    deadline = channel.dispute()
    at(deadline + seconds)
    with reverts(manager.DisputeNotOver, channelId=channel.id, deadline=deadline, time=deadline + seconds):
        manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)


@pytest.mark.parametrize("seconds", [0, 1, 3650 * DAY], ids=["at the deadline", "a second after", "ten years after"])
def test_from_the_deadline_on_for_ever(manager, channel, user, wealth, at, seconds):
    """There is no window after which money is lost."""
    at(channel.dispute() + seconds)
    before = wealth()
    manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)
    assert wealth() - before == paid_out(**HELD)


def test_the_deadline_is_that_of_the_running_dispute(manager, channel, user, at):
    first = channel.dispute()
    at(first - 1)
    channel.resume()
    second = channel.dispute()
    at(second - 1)
    with reverts(manager.DisputeNotOver, channelId=channel.id, deadline=second, time=second - 1):
        manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)


# --- Which state (G4) ---


def test_a_friend_brings_the_newest_state_and_that_is_paid(manager, channel, node, stranger, wealth, at):
    """One side starts with a stale state, the other is away: a watchtower is enough."""
    given(manager.startDispute, channel.terms, channel.signed(nonce=1, user_wei=-100, node_wei=100), sender=node)
    given(manager.checkpoint, channel.terms, channel.signed(nonce=2, **PAID), sender=stranger)
    at(channel.view().deadline)
    before = wealth()
    manager.settle(channel.terms, channel.header(nonce=2, **PAID), [], sender=stranger)
    assert wealth() - before == paid_out(90, 210, 330, 370)


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": 6},
        {"nonce": 8},
        {"user_wei": -9},
        {"node_wei": 9},
        {"user_token": 31},
        {"node_token": -31},
        {"is_final": True},
    ],
    ids=str,
)
def test_no_other_state_than_the_recorded_one(manager, channel, user, at, change):
    recorded = {"nonce": 7, **PAID}
    at(channel.dispute(channel.signed(**recorded)))
    with reverts(
        manager.StateNotRecorded,
        channelId=channel.id,
        stateHash=struct_hash(channel.state(**{**recorded, **change}))[:26],
        recordedHash=struct_hash(channel.state(**recorded))[:26],
    ):
        manager.settle(channel.terms, channel.header(**{**recorded, **change}), [], sender=user)


def test_not_the_initial_state_where_another_was_recorded(manager, channel, user, at):
    at(channel.dispute(channel.signed(nonce=7, **PAID)))
    with reverts(
        manager.StateNotRecorded,
        channelId=channel.id,
        stateHash=struct_hash(channel.state(nonce=0))[:26],
        recordedHash=struct_hash(channel.state(nonce=7, **PAID))[:26],
    ):
        manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)


@pytest.mark.parametrize("change", [{"nonce": 1}, {"user_wei": 1, "node_wei": -1}, {"is_final": True}], ids=str)
def test_no_state_of_ones_own_where_none_was_recorded(manager, channel, user, at, change):
    at(channel.dispute())
    with reverts(
        manager.StateNotRecorded,
        channelId=channel.id,
        stateHash=struct_hash(channel.state(**{"nonce": 0, **change}))[:26],
        recordedHash=struct_hash(channel.state(nonce=0))[:26],
    ):
        manager.settle(channel.terms, channel.header(**{"nonce": 0, **change}), [], sender=user)


def test_whoever_lost_its_store_settles_with_the_event_alone(manager, channel, user, wealth, at):
    """No settlement needs data that only the counterparty has."""
    given(manager.checkpoint, channel.terms, channel.signed(nonce=7, is_final=True, **PAID), sender=user)
    at(channel.dispute())
    (log,) = manager.StateRecorded.range(manager.provider.get_block("latest").number + 1)
    before = wealth()
    manager.settle(channel.terms, tuple(log.state), [], sender=user)
    assert wealth() - before == paid_out(90, 210, 330, 370)


# --- How much (G7): exactly the channel's total, whatever was signed ---

NETS = {
    "honest": (-10, 10),
    "all to the node": (-100, 100),
    "all to the user": (200, -200),
    "more than there is for the user": (201, -201),
    "less than nothing for the user": (-101, 101),
    "created money": (2**127 - 1, 2**127 - 1),
    "burnt money": (-(2**127), -(2**127)),
    "all of it locked": (-100, -200),
    "some of it locked": (-30, -40),
    "locked, and nothing left of it for the user": (250, -260),
}


@EACH_ASSET
@pytest.mark.parametrize("nets", NETS.values(), ids=NETS)
def test_every_state_that_both_signed_pays_out_exactly_what_there_is(
    manager, new_channel, user, wealth, at, asset, nets
):
    """Old systems let a co-signed payout above the deposit block the settlement."""
    channel = new_channel(salt=1).hold(**only(USER, asset, 100), **only(NODE, asset, 200))
    user_net, node_net = nets
    state = {**only(USER, asset, user_net), **only(NODE, asset, node_net)}
    at(channel.dispute(channel.signed(**state)))
    before = wealth()
    tx = manager.settle(channel.terms, channel.header(**state), [], sender=user)

    user_gets, node_gets, locked = split(100, 200, user_net, node_net)
    node_gets += locked  # no transfer claims it
    assert user_gets + node_gets == 300
    shares = Amounts(0, 0, user_gets, node_gets) if asset else Amounts(user_gets, node_gets, 0, 0)
    assert wealth() - before == paid_out(*shares)
    assert events_of(tx)[0] == settled(channel, 1, shares)


def test_nets_are_relative_to_what_was_deposited_and_withdrawn_since(manager, channel, user, wealth, at):
    """A state stays right whatever moves in or out: no pending deposits, no state to sign again."""
    signed = channel.signed(nonce=7, **PAID)
    channel.hold(user_wei=1000, node_token=2000)
    given(manager.withdraw, channel.terms, *channel.withdrawal(node_wei=50, user_token=60), sender=user)
    at(channel.dispute(signed))
    before = wealth()
    manager.settle(channel.terms, channel.header(nonce=7, **PAID), [], sender=user)
    assert wealth() - before == paid_out(
        user_wei=100 + 1000 - 10, node_wei=200 - 50 + 10, user_token=300 - 60 + 30, node_token=400 + 2000 - 30
    )


def test_a_negative_contribution_is_made_good_by_the_state(manager, new_channel, user, wealth, at):
    channel = new_channel(salt=1).hold(node_wei=10)
    given(manager.withdraw, channel.terms, *channel.withdrawal(user_wei=4), sender=user)
    state = {"user_wei": 5, "node_wei": -5}
    at(channel.dispute(channel.signed(**state)))
    before = wealth()
    manager.settle(channel.terms, channel.header(**state), [], sender=user)
    assert wealth() - before == paid_out(1, 5, 0, 0)


@pytest.mark.parametrize("missing", [ETH, DAI], ids=["no eth", "no dai"])
def test_an_asset_that_the_channel_never_held_pays_nothing(manager, new_channel, user, wealth, at, missing):
    channel = new_channel(salt=1).hold(**only(USER, ETH if missing else DAI, 10))
    state = {**only(USER, missing, 7), **only(NODE, missing, -7)}
    at(channel.dispute(channel.signed(**state)))
    before = wealth()
    manager.settle(channel.terms, channel.header(**state), [], sender=user)
    assert wealth() - before == (paid_out(10, 0, 0, 0) if missing else paid_out(0, 0, 10, 0))


# --- For ever (G6) ---


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_can_be_done_with_a_settled_channel(manager, channel, user, at, operation):
    """An old state of a closed channel has no second life."""
    deadline = channel.dispute(channel.signed(nonce=7, **PAID))
    at(deadline)
    given(manager.settle, channel.terms, channel.header(nonce=7, **PAID), [], sender=user)
    method, arguments, value = OPERATIONS[operation](manager, channel)
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        method(*arguments, sender=user, value=value)


def test_other_channels_of_the_same_parties_are_not_touched(manager, channel, new_channel, user, at):
    other = new_channel(salt=1).hold(**HELD)
    given(manager.checkpoint, other.terms, other.signed(nonce=3), sender=user)
    at(channel.dispute())
    manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)
    assert other.view() == View(Status.OPEN, **other.recorded(nonce=3), **HELD)


# --- Where the channel stands ---


def test_an_open_channel_is_not_settled(manager, channel, user):
    with reverts(manager.NoDispute, channelId=channel.id):
        manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)


def test_nor_one_that_both_resumed(manager, channel, user, at):
    deadline = channel.dispute()
    channel.resume()
    at(deadline)
    with reverts(manager.NoDispute, channelId=channel.id):
        manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)


def test_nor_one_that_was_never_funded(manager, new_channel, user):
    channel = new_channel(salt=1)
    with reverts(manager.ChannelUnfunded, channelId=channel.id):
        manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)


def test_ether_sent_along_is_refused(manager, channel, user, at):
    at(channel.dispute())
    with reverts(manager.UnexpectedValue, value=3):
        manager.settle(channel.terms, INITIAL_HEADER, [], sender=user, value=3)
