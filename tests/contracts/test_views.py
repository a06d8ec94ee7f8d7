"""What the chain tells: identities, what is signed, and what is kept; the same as the Python package computes."""

from dataclasses import replace

import pytest
from ape import networks

from connext.messages import (
    Exit,
    Resume,
    State,
    Transfer,
    Withdrawal,
    digest,
    domain_separator,
    transfers_hash,
)
from connext.types import Status, checksum
from tests.contracts.channels import INITIAL_HEADER, View, given, listed


@pytest.fixture
def random_transfer(rng):
    def create():
        return Transfer(
            id=rng.getrandbits(64),
            payer=rng.getrandbits(8),
            asset=rng.getrandbits(8),
            amount=rng.getrandbits(128),
            condition=rng.randbytes(20),
            params_hash=rng.randbytes(32),
            expiry=rng.getrandbits(64),
        )

    return create


def test_the_stipend_is_known(manager):
    assert manager.PAYOUT_STIPEND() == 100_000


def test_a_channels_id_is_bound_to_every_field_of_its_terms(manager, channel):
    terms = channel.terms
    other = "0x" + "11" * 20
    ids = {bytes(manager.channelIdOf(terms))}
    assert ids == {channel.id}
    for position, value in enumerate([other, other, other, other, terms[4] + 1, terms[5] + 1]):
        changed = (*terms[:position], value, *terms[position + 1 :])
        ids.add(bytes(manager.channelIdOf(changed)))
    assert len(ids) == 7


def test_a_channels_id_is_bound_to_the_manager(deploy_manager, new_channel):
    elsewhere = new_channel(deploy_manager())
    assert bytes(elsewhere.manager.channelIdOf(elsewhere.terms)) == elsewhere.id != new_channel().id


def test_the_domain_is_the_packages(manager, channel):
    assert bytes(manager.domainSeparator()) == domain_separator(channel.domain)


def test_after_a_chain_split_signatures_count_on_one_side_only_and_ids_stay(manager, channel):
    """The domain follows the chain id, a channel's id keeps that of the deployment."""
    channel.hold(user_wei=5)
    here = networks.provider.chain_id
    before = bytes(manager.hashState(channel.id, channel.header()))
    networks.provider.make_request("anvil_setChainId", [here + 1])
    try:
        call = {"to": manager.address, "data": manager.domainSeparator.encode_input().to_0x_hex()}
        separator = networks.provider.make_request("eth_call", [call, "latest"])
        call = {"to": manager.address, "data": manager.channelIdOf.encode_input(channel.terms).to_0x_hex()}
        channel_id = networks.provider.make_request("eth_call", [call, "latest"])
    finally:
        networks.provider.make_request("anvil_setChainId", [here])
    assert bytes.fromhex(separator[2:]) == domain_separator(replace(channel.domain, chain_id=here + 1))
    assert bytes.fromhex(channel_id[2:]) == channel.id
    assert bytes(manager.hashState(channel.id, channel.header())) == before


@pytest.mark.parametrize("length", [0, 1, 2, 5])
def test_hash_of_transfers(manager, random_transfer, length):
    transfers = tuple(random_transfer() for _ in range(length))
    assert bytes(manager.hashTransfers(listed(transfers))) == transfers_hash(transfers)


def test_hash_of_a_state(manager, channel, random_transfer, rng):
    for is_final in (False, True):
        state = State(
            channel_id=rng.randbytes(32),
            nonce=rng.getrandbits(64),
            user_wei=-rng.getrandbits(127),
            node_wei=rng.getrandbits(127),
            user_token=rng.getrandbits(127),
            node_token=-rng.getrandbits(127),
            transfers=(random_transfer(), random_transfer()),
            is_final=is_final,
        )
        header = (
            state.nonce,
            state.user_wei,
            state.node_wei,
            state.user_token,
            state.node_token,
            transfers_hash(state.transfers),
            is_final,
        )
        assert bytes(manager.hashState(state.channel_id, header)) == digest(channel.domain, state)


def test_hash_of_a_withdrawal(manager, channel, rng):
    message = Withdrawal(
        channel_id=rng.randbytes(32),
        sequence=rng.getrandbits(64),
        user_wei=rng.getrandbits(128),
        node_wei=rng.getrandbits(128),
        user_token=rng.getrandbits(128),
        node_token=rng.getrandbits(128),
        recipient=rng.randbytes(20),
        deadline=rng.getrandbits(64),
    )
    arguments = (
        message.sequence,
        message.user_wei,
        message.node_wei,
        message.user_token,
        message.node_token,
        checksum(message.recipient),
        message.deadline,
    )
    assert bytes(manager.hashWithdrawal(message.channel_id, arguments)) == digest(channel.domain, message)


@pytest.mark.parametrize(("view", "kind"), [("hashExit", Exit), ("hashResume", Resume)])
def test_hash_of_an_exit_and_of_a_resume(manager, channel, rng, view, kind):
    message = kind(channel_id=rng.randbytes(32), dispute=rng.getrandbits(64), deadline=rng.getrandbits(64))
    arguments = (message.channel_id, message.dispute, message.deadline)
    assert bytes(getattr(manager, view)(*arguments)) == digest(channel.domain, message)


def test_an_exit_is_no_resume(manager, channel):
    """The same fields in another kind of message are other bytes."""
    assert manager.hashExit(channel.id, 1, 2) != manager.hashResume(channel.id, 1, 2)


def test_a_channel_that_never_was_is_all_zero(channel):
    assert channel.view() == View(Status.UNFUNDED)


def test_contributions_may_be_negative(manager, channel, stranger):
    """A side may take out what it was paid off chain."""
    channel.hold(user_wei=5, node_wei=6, user_token=7, node_token=8)
    withdrawal = channel.withdrawal(user_wei=9, node_token=10)
    given(manager.withdraw, channel.terms, *withdrawal, sender=stranger)
    assert channel.view() == View(Status.OPEN, sequence=1, user_wei=-4, node_wei=6, user_token=7, node_token=-2)


def test_accounts_that_never_were_have_nothing(manager, stranger):
    assert manager.reserveOf(stranger) == (0, 0)
    assert manager.creditOf(stranger) == (0, 0)


def test_a_settled_channel_keeps_its_tombstone_only(manager, channel):
    channel.hold(user_wei=5)
    channel.close()
    assert channel.view() == View(Status.SETTLED)
    assert bytes(manager.hashState(channel.id, INITIAL_HEADER)) == digest(channel.domain, channel.state(nonce=0))
