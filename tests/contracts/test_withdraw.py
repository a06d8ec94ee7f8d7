"""withdraw: what both parties signed is paid out of an open channel, which goes on."""

from dataclasses import replace

import pytest

from connext.types import Status, checksum, parse_address
from tests.contracts.cases import EACH_ASSET, EACH_CALLER, EACH_SIDE, FROM_A_LIMIT_ON
from tests.contracts.channels import DAI, ETH, HELD, NO_SIGNATURE, NOBODY, NODE, USER, View, given, only
from tests.contracts.expect import events_of, reverts
from tests.contracts.logs import moved_tokens, withdrawn
from tests.contracts.money import moves


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


@pytest.mark.parametrize(
    "amounts",
    [
        {"user_wei": 5},
        {"node_wei": 6},
        {"user_token": 7},
        {"node_token": 8},
        {"user_wei": 5, "node_wei": 6},
        {"user_token": 7, "node_token": 8},
        {"user_wei": 5, "node_wei": 6, "user_token": 7, "node_token": 8},
        HELD,
    ],
    ids=lambda amounts: ", ".join(amounts),
)
def test_the_users_part_goes_to_the_recipient_and_the_nodes_to_its_reserve(
    manager, dai, channel, stranger, recipient, wealth, amounts
):
    before = wealth()
    signed = channel.withdrawal(**amounts, recipient=recipient.raw)
    tx = manager.withdraw(channel.terms, *signed, sender=stranger)

    user_wei, user_token = amounts.get("user_wei", 0), amounts.get("user_token", 0)
    assert wealth() - before == moves(
        {
            "manager.wei": -user_wei,
            "recipient.wei": user_wei,
            "manager.dai": -user_token,
            "recipient.dai": user_token,
            "node.reserve.wei": amounts.get("node_wei", 0),
            "node.reserve.dai": amounts.get("node_token", 0),
        }
    )
    assert events_of(tx) == [
        withdrawn(channel, recipient, **amounts),
        *moved_tokens(dai, manager, recipient, user_token),
    ]
    left = {name: held - amounts.get(name, 0) for name, held in HELD.items()}
    assert channel.view() == View(Status.OPEN, sequence=1, **left)


@EACH_CALLER
def test_anyone_may_bring_it(manager, channel, people, wealth, caller):
    before = wealth()
    manager.withdraw(channel.terms, *channel.withdrawal(user_wei=5, node_token=8), sender=people[caller])
    assert wealth() - before == {"manager.wei": -5, "user.wei": 5, "node.reserve.dai": 8}


@EACH_SIDE
@EACH_ASSET
def test_a_side_may_take_what_it_was_paid_off_chain(manager, new_channel, user, side, asset):
    """Its contribution becomes negative; the sum of both does not."""
    channel = new_channel(salt=1).hold(**only(side.other, asset, 10))
    manager.withdraw(channel.terms, *channel.withdrawal(**only(side, asset, 4)), sender=user)
    assert channel.view() == View(Status.OPEN, sequence=1, **only(side.other, asset, 10), **only(side, asset, -4))


def test_the_recorded_state_stays(manager, channel, user):
    given(manager.checkpoint, channel.terms, channel.signed(nonce=3, user_wei=-1, node_wei=1), sender=user)
    manager.withdraw(channel.terms, *channel.withdrawal(user_wei=5), sender=user)
    left = {**HELD, "user_wei": 95}
    recorded = channel.recorded(nonce=3, user_wei=-1, node_wei=1)
    assert channel.view() == View(Status.OPEN, sequence=1, **recorded, **left)


# --- All or nothing ---


TOO_MUCH = {
    "for the user": lambda total: (total + 1, 0),
    "for the node": lambda total: (0, total + 1),
    "for both together": lambda total: (total // 2, total + 1 - total // 2),
    "for both beyond the width of either": lambda _: (2**128 - 1, 2**128 - 1),
}


@EACH_ASSET
@pytest.mark.parametrize("parts", TOO_MUCH.values(), ids=TOO_MUCH)
def test_not_more_than_the_channel_holds(manager, channel, user, wealth, asset, parts):
    """Neither of this asset nor of the other, which alone would have been possible."""
    total = sum(HELD[name] for name in (("user_token", "node_token") if asset else ("user_wei", "node_wei")))
    user_part, node_part = parts(total)
    other = ETH if asset else DAI
    amounts = {**only(USER, asset, user_part), **only(NODE, asset, node_part), **only(USER, other, 1)}
    before = wealth()
    with reverts(
        manager.WithdrawalTooLarge, channelId=channel.id, asset=asset, amount=user_part + node_part, total=total
    ):
        manager.withdraw(channel.terms, *channel.withdrawal(**amounts), sender=user)
    assert wealth() - before == {}
    assert channel.view() == View(Status.OPEN, **HELD)


@EACH_ASSET
def test_an_asset_that_the_channel_never_held_cannot_be_withdrawn(manager, new_channel, user, asset):
    channel = new_channel(salt=1).hold(**only(USER, ETH if asset else DAI, 10))
    with reverts(manager.WithdrawalTooLarge, channelId=channel.id, asset=asset, amount=1, total=0):
        manager.withdraw(channel.terms, *channel.withdrawal(**only(NODE, asset, 1)), sender=user)


# --- Sequence (G6) ---


def test_it_cannot_be_replayed(manager, channel, user):
    signed = channel.withdrawal(user_wei=5)
    manager.withdraw(channel.terms, *signed, sender=user)
    with reverts(manager.WrongSequence, channelId=channel.id, sequence=0, expected=1):
        manager.withdraw(channel.terms, *signed, sender=user)


def test_it_cannot_come_before_its_turn(manager, channel, user):
    with reverts(manager.WrongSequence, channelId=channel.id, sequence=1, expected=0):
        manager.withdraw(channel.terms, *channel.withdrawal(sequence=1, user_wei=5), sender=user)


def test_one_follows_the_other(manager, channel, user):
    for sequence in range(3):
        manager.withdraw(channel.terms, *channel.withdrawal(sequence=sequence, user_wei=1), sender=user)
    assert channel.view() == View(Status.OPEN, sequence=3, **{**HELD, "user_wei": 97})


def test_an_empty_one_voids_what_was_signed_for_its_sequence(manager, channel, user, wealth):
    unused = channel.withdrawal(user_wei=5)
    before = wealth()
    tx = manager.withdraw(channel.terms, *channel.withdrawal(), sender=user)
    assert wealth() - before == {}
    assert events_of(tx) == [withdrawn(channel, user)]
    with reverts(manager.WrongSequence, channelId=channel.id, sequence=0, expected=1):
        manager.withdraw(channel.terms, *unused, sender=user)


# --- Deadline ---


def test_it_holds_until_a_second_before_its_deadline(manager, channel, user, at, chain):
    deadline = chain.pending_timestamp + 1000
    at(deadline - 1)
    manager.withdraw(channel.terms, *channel.withdrawal(user_wei=5, deadline=deadline), sender=user)


@FROM_A_LIMIT_ON
def test_it_is_void_from_its_deadline_on(manager, channel, user, at, chain, seconds):
    deadline = chain.pending_timestamp + 1000
    at(deadline + seconds)
    with reverts(manager.MessageExpired, deadline=deadline, time=deadline + seconds):
        manager.withdraw(channel.terms, *channel.withdrawal(user_wei=5, deadline=deadline), sender=user)


# --- Who must agree (G3) ---


@EACH_SIDE
def test_both_signers_must_have_signed(manager, channel, user, stranger, side):
    """Whoever calls: also the other side's account gets nothing with one signature."""
    forged = replace(channel, **{"node_key" if side else "user_key": stranger.key})
    signer = channel.identity.signer(side)
    with reverts(manager.WrongSigner, expected=checksum(signer), recovered=stranger):
        manager.withdraw(channel.terms, *forged.withdrawal(user_wei=5, node_wei=5), sender=user)


def test_an_account_does_not_sign_for_its_signer(manager, channel, user, user_signer):
    forged = replace(channel, user_key=user.key)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=user):
        manager.withdraw(channel.terms, *forged.withdrawal(user_wei=5), sender=user)


def test_signatures_do_not_stand_for_each_other(manager, channel, user, user_signer, node_signer):
    withdrawal, by_user, by_node = channel.withdrawal(user_wei=5)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=node_signer):
        manager.withdraw(channel.terms, withdrawal, by_node, by_user, sender=user)
    with reverts(manager.WrongSigner, expected=node_signer, recovered=user_signer):
        manager.withdraw(channel.terms, withdrawal, by_user, by_user, sender=user)


def test_half_signed_it_is_nothing(manager, channel, user, node_signer):
    withdrawal, by_user, _ = channel.withdrawal(user_wei=5)
    with reverts(manager.WrongSigner, expected=node_signer, recovered=NOBODY):
        manager.withdraw(channel.terms, withdrawal, by_user, NO_SIGNATURE, sender=user)


# --- Recipient ---


@pytest.mark.parametrize("amounts", [{"user_wei": 5}, {"user_token": 5}, {"node_wei": 5}], ids=str)
@pytest.mark.parametrize("place", ["nobody", "manager", "token"])
def test_money_is_not_sent_where_nobody_could_take_it_out(manager, dai, channel, user, place, amounts):
    address = {"nobody": NOBODY, "manager": manager.address, "token": dai.address}[place]
    signed = channel.withdrawal(**amounts, recipient=parse_address(address))
    with reverts(manager.ForbiddenAccount, account=address):
        manager.withdraw(channel.terms, *signed, sender=user)


# --- Where the channel stands ---


def test_an_unfunded_channel_has_nothing(manager, new_channel, user):
    channel = new_channel(salt=1)
    with reverts(manager.ChannelUnfunded, channelId=channel.id):
        manager.withdraw(channel.terms, *channel.withdrawal(), sender=user)


@pytest.mark.parametrize("seconds", [-1, 0], ids=["before its deadline", "after its deadline"])
def test_no_withdrawal_while_a_dispute_runs(manager, channel, user, at, seconds):
    deadline = channel.dispute()
    at(deadline + seconds)
    with reverts(manager.DisputeRunning, channelId=channel.id, deadline=deadline):
        manager.withdraw(channel.terms, *channel.withdrawal(user_wei=5), sender=user)


def test_one_signed_before_a_dispute_is_good_after_its_resume(manager, channel, user):
    signed = channel.withdrawal(user_wei=5)
    channel.dispute()
    channel.resume()
    manager.withdraw(channel.terms, *signed, sender=user)
    assert channel.view() == View(Status.OPEN, dispute=1, sequence=1, **{**HELD, "user_wei": 95})


def test_one_signed_but_not_executed_does_no_harm_in_a_dispute(manager, channel, user, wealth, at):
    channel.withdrawal(user_wei=50, node_token=50)
    before = wealth()
    deadline = channel.dispute(channel.signed(user_wei=10, node_wei=-10))
    at(deadline)
    manager.settle(channel.terms, channel.header(user_wei=10, node_wei=-10), [], sender=user)
    assert wealth() - before == {
        "manager.wei": -110,
        "user.wei": 110,
        "node.reserve.wei": 190,
        "manager.dai": -300,
        "user.dai": 300,
        "node.reserve.dai": 400,
    }


def test_a_settled_channel_has_nothing(manager, channel, user):
    signed = channel.withdrawal(user_wei=5)
    channel.close()
    with reverts(manager.ChannelIsSettled, channelId=channel.id):
        manager.withdraw(channel.terms, *signed, sender=user)


def test_ether_sent_along_is_refused(manager, channel, user):
    with reverts(manager.UnexpectedValue, value=3):
        manager.withdraw(channel.terms, *channel.withdrawal(user_wei=5), sender=user, value=3)
