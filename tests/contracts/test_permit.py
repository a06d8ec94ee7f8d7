"""permit: DAI's own signed allowance, in the same transaction as the deposit it is for."""

import pytest
from eth_account import Account

from tests.contracts.batches import failures, item, reason, reason_string
from tests.contracts.channels import NODE, USER, given
from tests.contracts.conftest import DAY
from tests.contracts.expect import event, events_of, reverts
from tests.contracts.transactions import Reverted

UNLIMITED = 2**256 - 1

PERMIT = {
    "Permit": [
        {"name": "holder", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "nonce", "type": "uint256"},
        {"name": "expiry", "type": "uint256"},
        {"name": "allowed", "type": "bool"},
    ]
}


@pytest.fixture
def permission(dai, manager, user, chain):
    """`permission(**fields)`: the user's signed permit for the manager as (nonce, expiry, v, r, s)."""
    given(dai.approve, manager, 0, sender=user)

    def sign(signer=user, **fields):
        domain = {
            "name": "Dai Stablecoin",
            "version": "1",
            "chainId": chain.chain_id,
            "verifyingContract": dai.address,
        }
        usual = {"holder": user.address, "spender": manager.address, "nonce": 0, "expiry": 0, "allowed": True}
        message = {**usual, **fields}
        signed = Account.sign_typed_data(signer.private_key, domain, PERMIT, message)
        return (
            message["nonce"],
            message["expiry"],
            signed.v,
            signed.r.to_bytes(32, "big"),
            signed.s.to_bytes(32, "big"),
        )

    return sign


def send_to_token(dai, manager, user, permission, sender):
    """Anybody can take a permit from the mempool and send it to the token first."""
    nonce, expiry, *signature = permission
    given(dai.permit, user, manager, nonce, expiry, True, *signature, sender=sender)


def test_it_gives_the_manager_an_unlimited_allowance(manager, dai, user, permission):
    tx = manager.permit(*permission(), sender=user)
    assert events_of(tx) == [event(dai.Approval, src=user, guy=manager, wad=UNLIMITED)]
    assert dai.allowance(user, manager) == UNLIMITED


@pytest.mark.parametrize("into", ["deposit", "topUp", "fund"])
def test_permit_and_deposit_in_one_batch(manager, channel, user, permission, wealth, into):
    channel.hold(user_wei=1)
    calls = {
        "deposit": item(manager.deposit, channel.terms, USER, 7),
        "topUp": item(manager.topUp, channel.id, NODE, 7),
        "fund": item(manager.fund, user, 7),
    }
    before = wealth()
    tx = manager.batch([item(manager.permit, *permission()), calls[into]], sender=user)
    assert failures(tx) == {}
    moved = {"user.dai": -7, "manager.dai": 7}
    assert wealth() - before == ({**moved, "user.reserve.dai": 7} if into == "fund" else moved)


def test_a_permit_that_somebody_sent_first_does_not_stop_the_deposit(
    manager, dai, channel, user, stranger, permission, wealth
):
    """The allowance is there all the same; the failed permit is reported."""
    signed = permission()
    send_to_token(dai, manager, user, signed, sender=stranger)
    before = wealth()
    calls = [item(manager.permit, *signed), item(manager.deposit, channel.terms, USER, 7)]
    tx = manager.batch(calls, sender=user)
    assert failures(tx) == {0: reason_string("Dai/invalid-nonce")}
    assert wealth() - before == {"user.dai": -7, "manager.dai": 7}
    assert channel.view().user_token == 7


def test_a_permit_that_never_was_lets_the_transfer_decide(manager, channel, user, permission):
    calls = [item(manager.permit, *permission(nonce=1)), item(manager.deposit, channel.terms, USER, 7)]
    tx = manager.batch(calls, sender=user)
    assert failures(tx) == {
        0: reason_string("Dai/invalid-nonce"),
        1: reason(manager.TokenPullFailed, **{"from": user, "amount": 7}),
    }


def test_later_deposits_need_no_permit(manager, dai, channel, user, permission):
    manager.permit(*permission(), sender=user)
    manager.deposit(channel.terms, USER, 7, sender=user)
    manager.topUp(channel.id, USER, 7, sender=user)
    assert channel.view().user_token == 14
    assert dai.allowance(user, manager) == UNLIMITED


def test_the_holder_is_always_the_caller(manager, dai, user, stranger, permission):
    """Nobody spends, or even registers, somebody else's permit here."""
    with pytest.raises(Reverted) as caught:
        manager.permit(*permission(), sender=stranger)
    assert caught.value.data == reason_string("Dai/invalid-permit")
    assert dai.allowance(user, manager) == 0
    assert dai.nonces(user) == 0


def test_a_contract_that_the_user_calls_is_not_the_user(manager, dai, user, hostile_recipient, permission):
    """Who began the transaction says nothing of who calls."""
    call = manager.permit.encode_input(*permission())
    with pytest.raises(Reverted) as caught:
        hostile_recipient.execute(manager, [call], [0], sender=user)
    assert caught.value.data == reason_string("Dai/invalid-permit")
    assert dai.allowance(user, manager) == 0


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"nonce": 1}, "Dai/invalid-nonce"),
        ({"expiry": 1}, "Dai/permit-expired"),
        ({"allowed": False}, "Dai/invalid-permit"),
        ({"spender": "0x" + "11" * 20}, "Dai/invalid-permit"),
        ({"holder": "0x" + "11" * 20}, "Dai/invalid-permit"),
    ],
    ids=lambda parameter: str(parameter),
)
def test_what_the_token_refuses_is_passed_on(manager, dai, user, permission, fields, refusal):
    with pytest.raises(Reverted) as caught:
        manager.permit(*permission(**fields), sender=user)
    assert caught.value.data == reason_string(refusal)
    assert dai.allowance(user, manager) == 0


def test_a_permit_holds_until_its_expiry(manager, dai, user, permission, at, chain):
    expiry = chain.pending_timestamp + DAY
    signed = permission(expiry=expiry)
    at(expiry)
    manager.permit(*signed, sender=user)
    assert dai.allowance(user, manager) == UNLIMITED


def test_ether_sent_along_is_refused(manager, user, permission):
    with reverts(manager.UnexpectedValue, value=3):
        manager.permit(*permission(), sender=user, value=3)
