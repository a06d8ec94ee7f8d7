"""Signatures: of the very fields that are sent, for one kind of message, channel, contract and chain (G6)."""

from dataclasses import replace
from itertools import combinations

import pytest
from ape import networks

from connext.keccak import keccak256
from connext.messages import Domain, Exit, Resume, Withdrawal
from connext.signing import CURVE_ORDER
from connext.types import Status, checksum, parse_address
from tests.contracts.cases import EACH_SIDE
from tests.contracts.channels import (
    HELD,
    NO_SIGNATURE,
    NO_STATE,
    NOBODY,
    NODE,
    PAID,
    USER,
    View,
    given,
    recovered,
)
from tests.contracts.expect import reverts

TAKEN = {"user_wei": 1, "node_wei": 2, "user_token": 3, "node_token": 4}
NEVER = 2**64 - 1


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


# --- Of the very fields that are sent ---


@pytest.mark.parametrize(
    "change",
    [{"nonce": 8}, {"user_wei": 0}, {"node_wei": -2}, {"user_token": 4}, {"node_token": 4}, {"is_final": True}],
    ids=str,
)
def test_every_field_of_a_state_is_signed(manager, channel, user, user_signer, change):
    signed = {"nonce": 7, **PAID}
    _, by_user, by_node = channel.signed(**signed)
    sent = {**signed, **change}
    with reverts(
        manager.WrongSigner,
        expected=user_signer,
        recovered=recovered(channel.domain, channel.state(**sent), by_user),
    ):
        manager.checkpoint(channel.terms, (channel.header(**sent), by_user, by_node), sender=user)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_wei", 2),
        ("node_wei", 1),
        ("user_token", 2**127),
        ("node_token", 0),
        ("recipient", "stranger"),
        ("deadline", NEVER - 1),
    ],
)
def test_every_field_of_a_withdrawal_is_signed(manager, channel, people, user, user_signer, field, value):
    """The sequence too: see below, where it is the stored one that is signed."""
    change = {field: people[value].raw if field == "recipient" else value}
    _, by_user, by_node = channel.withdrawal(**TAKEN)
    sent, *_ = channel.withdrawal(**{**TAKEN, **change})
    message = Withdrawal(
        **{"channel_id": channel.id, "sequence": 0, **TAKEN, "recipient": user.raw, "deadline": NEVER, **change}
    )
    with reverts(manager.WrongSigner, expected=user_signer, recovered=recovered(channel.domain, message, by_user)):
        manager.withdraw(channel.terms, sent, by_user, by_node, sender=user)


@pytest.mark.parametrize(("one", "other"), combinations(TAKEN, 2), ids=" and ".join)
def test_no_amount_of_a_withdrawal_stands_in_for_another(manager, channel, user, user_signer, one, other):
    """Neither of the other asset nor of the other side, though the sums may be the same."""
    exchanged = {**TAKEN, one: TAKEN[other], other: TAKEN[one]}
    _, by_user, by_node = channel.withdrawal(**TAKEN)
    sent, *_ = channel.withdrawal(**exchanged)
    message = Withdrawal(channel_id=channel.id, sequence=0, **exchanged, recipient=user.raw, deadline=NEVER)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=recovered(channel.domain, message, by_user)):
        manager.withdraw(channel.terms, sent, by_user, by_node, sender=user)


def test_the_sequence_of_a_withdrawal_is_signed(manager, channel, user, user_signer):
    given(manager.withdraw, channel.terms, *channel.withdrawal(), sender=user)
    _, by_user, by_node = channel.withdrawal(**TAKEN, sequence=0)
    sent, *_ = channel.withdrawal(**TAKEN, sequence=1)
    message = Withdrawal(channel_id=channel.id, sequence=1, **TAKEN, recipient=user.raw, deadline=NEVER)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=recovered(channel.domain, message, by_user)):
        manager.withdraw(channel.terms, sent, by_user, by_node, sender=user)


def test_the_deadline_of_an_exit_is_signed(manager, channel, user):
    deadline, signature = channel.exit(USER)
    message = Exit(channel.id, 1, deadline - 1)
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=recovered(channel.domain, message, signature)):
        manager.startDisputeWithExit(channel.terms, deadline - 1, signature, NO_STATE, sender=user)


def test_the_deadline_of_a_resume_is_signed(manager, channel, user, user_signer):
    channel.dispute()
    deadline, by_user, by_node = channel.resumption()
    message = Resume(channel.id, 1, deadline - 1)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=recovered(channel.domain, message, by_user)):
        manager.resume(channel.terms, deadline - 1, by_user, by_node, sender=user)


# --- For one channel, one contract, one chain ---


def stray_channels(channel, new_channel, deploy_manager):
    """The same two people and keys, signing for somewhere else."""
    chain_id, contract = channel.domain.chain_id, channel.domain.verifying_contract
    other_manager = deploy_manager()
    return {
        "another channel": new_channel(salt=1),
        "another chain": replace(channel, domain=Domain(chain_id=chain_id + 1, verifying_contract=contract)),
        "another contract": replace(
            channel, domain=Domain(chain_id=chain_id, verifying_contract=parse_address(other_manager.address))
        ),
        "the same channel of another deployment": new_channel(other_manager),
    }


@pytest.fixture(
    params=["another channel", "another chain", "another contract", "the same channel of another deployment"]
)
def stray(request, channel, new_channel, deploy_manager):
    return stray_channels(channel, new_channel, deploy_manager)[request.param]


def test_a_state_signed_for_somewhere_else_is_refused(manager, channel, stray, user, user_signer):
    _, by_user, by_node = stray.signed(**PAID)
    seems = recovered(channel.domain, channel.state(**PAID), by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.checkpoint(channel.terms, (channel.header(**PAID), by_user, by_node), sender=user)


def test_a_final_state_likewise(manager, channel, stray, user, user_signer):
    final = {"is_final": True, **PAID}
    _, by_user, by_node = stray.signed(**final)
    seems = recovered(channel.domain, channel.state(**final), by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.close(channel.terms, (channel.header(**final), by_user, by_node), [], sender=user)


def test_a_withdrawal_likewise(manager, channel, stray, user, user_signer):
    withdrawal, by_user, by_node = stray.withdrawal(**TAKEN)
    message = Withdrawal(channel_id=channel.id, sequence=0, **TAKEN, recipient=user.raw, deadline=NEVER)
    seems = recovered(channel.domain, message, by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.withdraw(channel.terms, withdrawal, by_user, by_node, sender=user)


def test_an_exit_likewise(manager, channel, stray, user):
    deadline, signature = stray.exit(USER)
    seems = recovered(channel.domain, Exit(channel.id, 1, deadline), signature)
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=seems):
        manager.startDisputeWithExit(channel.terms, deadline, signature, NO_STATE, sender=user)


def test_a_resume_likewise(manager, channel, stray, user, user_signer):
    channel.dispute()
    deadline, by_user, by_node = stray.resumption()
    seems = recovered(channel.domain, Resume(channel.id, 1, deadline), by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.resume(channel.terms, deadline, by_user, by_node, sender=user)


# --- For one kind of message ---


def test_two_exits_are_no_resume(manager, channel, user, user_signer):
    """The fields are the same, the meaning is the opposite."""
    channel.dispute()
    deadline, by_user = channel.exit(USER)
    _, by_node = channel.exit(NODE)
    seems = recovered(channel.domain, Resume(channel.id, 1, deadline), by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.resume(channel.terms, deadline, by_user, by_node, sender=user)


@EACH_SIDE
def test_half_a_resume_is_no_exit(manager, channel, user, side):
    deadline, *signatures = channel.resumption()
    seems = recovered(channel.domain, Exit(channel.id, 1, deadline), signatures[side])
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=seems):
        manager.startDisputeWithExit(channel.terms, deadline, signatures[side], NO_STATE, sender=user)


def test_a_withdrawal_is_no_state(manager, channel, user, user_signer):
    _, by_user, by_node = channel.withdrawal(**TAKEN)
    seems = recovered(channel.domain, channel.state(is_final=True, **TAKEN), by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.close(channel.terms, (channel.header(is_final=True, **TAKEN), by_user, by_node), [], sender=user)


def test_a_state_is_no_withdrawal(manager, channel, user, user_signer):
    _, by_user, by_node = channel.signed(**TAKEN)
    withdrawal, *_ = channel.withdrawal(**TAKEN)
    message = Withdrawal(channel_id=channel.id, sequence=0, **TAKEN, recipient=user.raw, deadline=NEVER)
    seems = recovered(channel.domain, message, by_user)
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.withdraw(channel.terms, withdrawal, by_user, by_node, sender=user)


# --- In one form ---


def malformed(signature):
    """Forms in which `ecrecover` alone would accept the signature, or find the zero address."""
    r, vs = signature
    s = int.from_bytes(vs, "big") % 2**255
    parity = int.from_bytes(vs, "big") - s
    high = (CURVE_ORDER - s) % 2**256
    return {
        "s mirrored": (r, high.to_bytes(32, "big")),
        "s mirrored, parity flipped": (r, (high ^ parity ^ 1 << 255).to_bytes(32, "big")),
        "lowest s of the upper half": (r, (CURVE_ORDER // 2 + 1 + parity).to_bytes(32, "big")),
        "highest s that fits": (r, (2**255 - 1 + parity).to_bytes(32, "big")),
        "no s": (r, parity.to_bytes(32, "big")),
        "no r": (bytes(32), vs),
        "r of the order": (CURVE_ORDER.to_bytes(32, "big"), vs),
        "r beyond the field": (b"\xff" * 32, vs),
        "nothing": NO_SIGNATURE,
        "all bits": (b"\xff" * 32, b"\xff" * 32),
    }


FORMS = list(malformed((bytes(32), bytes(32))))
OF_NOBODY = [form for form in FORMS if not form.startswith("s mirrored")]
"""Those that the contract must not even ascribe to anybody."""


@pytest.mark.parametrize("form", FORMS)
@EACH_SIDE
def test_a_malformed_signature_of_a_state_is_refused(manager, channel, user, side, form):
    state, *signatures = channel.signed(**PAID)
    signatures[side] = malformed(signatures[side])[form]
    seems = recovered(channel.domain, channel.state(**PAID), signatures[side])
    assert form not in OF_NOBODY or seems == NOBODY
    with reverts(manager.WrongSigner, expected=checksum(channel.identity.signer(side)), recovered=seems):
        manager.checkpoint(channel.terms, (state, *signatures), sender=user)


@pytest.mark.parametrize("form", FORMS)
def test_a_malformed_signature_of_an_exit_is_refused(manager, channel, user, form):
    deadline, signature = channel.exit(USER)
    signature = malformed(signature)[form]
    seems = recovered(channel.domain, Exit(channel.id, 1, deadline), signature)
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=seems):
        manager.startDisputeWithExit(channel.terms, deadline, signature, NO_STATE, sender=user)


def test_the_highest_s_of_the_lower_half_is_ascribed_to_somebody(manager, channel, user, user_signer):
    state, (r, _), by_node = channel.signed(**PAID)
    signature = (r, (CURVE_ORDER // 2).to_bytes(32, "big"))
    seems = recovered(channel.domain, channel.state(**PAID), signature)
    assert seems != NOBODY
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.checkpoint(channel.terms, (state, signature, by_node), sender=user)


# --- By a key alone ---

SAYS_YES = bytes.fromhex("631626ba7e60e01b5f5260205ff3")
"""Code of a contract that answers everything as EIP-1271 wants a valid signature to be answered."""


@pytest.mark.parametrize("party", ["user", "user_signer"])
def test_no_answer_of_a_contract_is_a_signature(manager, new_channel, stranger, party):
    """What it answers may change, and whoever can choose its code could sign for it. No contract is asked."""
    contract = b"\x12" * 20
    networks.provider.set_code(checksum(contract), SAYS_YES)
    channel = new_channel(**{party: contract}).hold(**HELD)
    state, _, by_node = channel.signed(is_final=True)
    with reverts(manager.WrongSigner, expected=checksum(channel.identity.user_signer), recovered=NOBODY):
        manager.close(channel.terms, (state, NO_SIGNATURE, by_node), [], sender=stranger)


# --- The zero address signs nothing ---


@pytest.fixture
def channel_of_nobody(manager, new_channel, chain):
    """A channel whose user has no signer. No deposit opens one, so it is written into storage."""
    channel = new_channel(user_signer=bytes(20))
    slot = keccak256(channel.id + (4).to_bytes(32, "big"))
    word = 1 << 248 | 10 << 80 | 10  # funded, 10 wei of the user
    chain.provider.make_request("anvil_setStorageAt", [manager.address, "0x" + slot.hex(), f"0x{word:064x}"])
    assert channel.view() == View(Status.OPEN, user_wei=10)
    return channel


def test_the_zero_address_signs_no_state(manager, channel_of_nobody, user):
    channel = channel_of_nobody
    state, _, by_node = channel.signed(is_final=True)
    with reverts(manager.WrongSigner, expected=NOBODY, recovered=NOBODY):
        manager.close(channel.terms, (state, NO_SIGNATURE, by_node), [], sender=user)


def test_nor_an_exit(manager, channel_of_nobody, user):
    channel = channel_of_nobody
    with reverts(manager.ExitNotSigned, channelId=channel.id, recovered=NOBODY):
        manager.startDisputeWithExit(channel.terms, NEVER, NO_SIGNATURE, NO_STATE, sender=user)


# --- After a change of the chain's id ---


@pytest.fixture
def split_chain(chain, user):
    """The chain after it split off with an id of its own. Anvil signs for the old one, so the user goes on unsigned."""
    chain_id = chain.chain_id
    chain.provider.make_request("anvil_setChainId", [chain_id + 1])
    chain.provider.make_request("anvil_impersonateAccount", [user.address])
    yield chain_id + 1
    chain.provider.make_request("anvil_stopImpersonatingAccount", [user.address])
    chain.provider.make_request("anvil_setChainId", [chain_id])


@pytest.fixture
def before_and_after(channel, split_chain):
    """The same channel with signatures for the old and for the new chain."""
    domain = Domain(chain_id=split_chain, verifying_contract=channel.domain.verifying_contract)
    return channel, replace(channel, domain=domain)


def test_a_channel_keeps_its_id(manager, before_and_after):
    """Its money is on both sides of the split."""
    before, _ = before_and_after
    assert manager.channelIdOf(before.terms) == before.id
    assert before.view() == View(Status.OPEN, **HELD)


def test_old_signatures_are_void_and_new_ones_good(manager, before_and_after, user, user_signer):
    before, after = before_and_after
    seems = recovered(after.domain, after.state(**PAID), before.signed(**PAID)[1])
    with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
        manager.checkpoint(before.terms, before.signed(**PAID), sender=user)
    manager.checkpoint(after.terms, after.signed(**PAID), sender=user)
    assert after.view() == View(Status.OPEN, **after.recorded(**PAID), **HELD)
