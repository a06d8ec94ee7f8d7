"""What a channel is: its id binds every field, and tuples that could never work or would trap money are refused."""

import pytest

from connext.types import Side, Status, parse_address
from tests.contracts.channels import NODE, USER, View, given
from tests.contracts.conftest import MAX_CHALLENGE_PERIOD, MIN_CHALLENGE_PERIOD
from tests.contracts.expect import reverts
from tests.contracts.transactions import Reverted, send

ADDRESSES = ("user", "user_signer", "node", "node_signer")


# --- The id ---


def test_the_id_is_the_hash_of_chain_manager_and_terms(manager, new_channel, rng):
    for _ in range(20):
        channel = new_channel(
            **{name: rng.randbytes(20) for name in ADDRESSES},
            challenge_period=rng.getrandbits(32),
            salt=rng.getrandbits(64),
        )
        assert manager.channelIdOf(channel.terms) == channel.id


def test_every_field_makes_another_channel(manager, new_channel, stranger):
    changes = [
        *({name: stranger.raw} for name in ADDRESSES),
        {"challenge_period": MIN_CHALLENGE_PERIOD},
        {"salt": 1},
    ]
    ids = {manager.channelIdOf(new_channel(**change).terms) for change in ({}, *changes)}
    assert len(ids) == 7


def test_every_deployment_makes_another_channel(manager, deploy_manager, channel):
    assert deploy_manager().channelIdOf(channel.terms) != manager.channelIdOf(channel.terms)


# --- Refused tuples ---


def refused(new_channel, manager, terms, error, **values):
    """Both ways into a new channel refuse it, whoever pays."""
    channel = new_channel(**terms)
    sponsor = channel.sponsor
    with reverts(error, **values):
        manager.deposit(channel.terms, USER, 7, sender=sponsor, value=5)
    given(manager.fund, sponsor, 7, sender=sponsor, value=5)
    with reverts(error, **values):
        manager.collateralize(channel.terms, 5, 7, sender=sponsor)
    assert channel.view() == View()


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_party_is_the_zero_address(manager, new_channel, name):
    side = Side.USER if name.startswith("user") else Side.NODE
    refused(new_channel, manager, {name: bytes(20)}, manager.ZeroParty, side=side)


def test_a_channel_has_two_accounts(manager, new_channel, user):
    refused(new_channel, manager, {"node": user.raw}, manager.SameParty, party=user)


def test_a_channel_has_two_signers(manager, new_channel, node_signer):
    refused(new_channel, manager, {"user_signer": node_signer.raw}, manager.SameParty, party=node_signer)


def test_the_users_signer_is_not_the_nodes_account(manager, new_channel, node):
    refused(new_channel, manager, {"user_signer": node.raw}, manager.SwappedSigner, side=USER, signer=node)


def test_the_nodes_signer_is_not_the_users_account(manager, new_channel, user):
    refused(new_channel, manager, {"node_signer": user.raw}, manager.SwappedSigner, side=NODE, signer=user)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("place", ["manager", "token"])
def test_no_party_is_an_address_that_cannot_own_money(manager, dai, new_channel, name, place):
    address = {"manager": manager, "token": dai}[place].address
    refused(new_channel, manager, {name: parse_address(address)}, manager.ForbiddenAccount, account=address)


@pytest.mark.parametrize("period", [0, MIN_CHALLENGE_PERIOD - 1, MAX_CHALLENGE_PERIOD + 1, 2**32 - 1])
def test_the_challenge_period_keeps_within_its_bounds(manager, new_channel, period):
    refused(
        new_channel,
        manager,
        {"challenge_period": period},
        manager.ChallengePeriodOutOfBounds,
        period=period,
        min=MIN_CHALLENGE_PERIOD,
        max=MAX_CHALLENGE_PERIOD,
    )


@pytest.mark.parametrize("period", [MIN_CHALLENGE_PERIOD, MAX_CHALLENGE_PERIOD])
def test_the_bounds_themselves_are_allowed(new_channel, period):
    assert new_channel(challenge_period=period).hold(user_wei=1).view() == View(Status.OPEN, user_wei=1)


def test_an_account_may_be_its_own_signer(new_channel, user, node):
    """The simplest channel, and each half of it."""
    for terms in ({"user_signer": user.raw}, {"node_signer": node.raw}):
        assert new_channel(**terms).hold(user_wei=1).view() == View(Status.OPEN, user_wei=1)
    both = new_channel(user_signer=user.raw, node_signer=node.raw)
    assert both.hold(user_wei=1).view() == View(Status.OPEN, user_wei=1)


def test_a_look_alike_with_a_strangers_signer_is_another_channel(channel, new_channel, stranger):
    """Anyone can fund one. It shares nothing with the real one, so the software of a party only has to know its own."""
    look_alike = new_channel(user_signer=stranger.raw).hold(user_wei=5)
    assert look_alike.id != channel.id
    assert channel.view() == View()


# --- One encoding per value ---

FIELDS = ("user", "userSigner", "node", "nodeSigner", "challengePeriod", "salt", "side", "amountToken")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("bit", [64 * 4 - 1, "lowest"], ids=["highest bit", "lowest unused bit"])
def test_bits_beyond_a_fields_width_are_refused(manager, channel, user, field, bit):
    """Else one channel had many tuples, and each of them an id of its own."""
    widths = dict(zip(FIELDS, (160, 160, 160, 160, 32, 64, 1, 128), strict=True))
    dirt = 1 << (widths[field] if bit == "lowest" else bit)
    data = bytearray(manager.deposit.encode_input(channel.terms, USER, 0))
    start = 4 + 32 * FIELDS.index(field)
    word = int.from_bytes(data[start : start + 32], "big") | dirt
    data[start : start + 32] = word.to_bytes(32, "big")
    with pytest.raises(Reverted) as caught:
        send(user.address, manager.address, bytes(data), value=1)
    assert caught.value.data == b""
