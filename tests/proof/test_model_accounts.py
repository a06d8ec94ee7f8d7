"""The model: reserves, credits and the token's permit (docs/protocol.md section 3)."""

import pytest

from connext.types import ZERO_ADDRESS
from proof.model.ledger import MAX_FUNDED_RESERVE, UNLIMITED
from proof.model.messages import MALFORMED, Signature, Statement
from proof.model.operations import Fund, Permit, PlainTransfer, PushCredit, WithdrawCredit, WithdrawReserve
from proof.model.refusals import ANY_REASON, Event, Refusal, Refused
from tests.proof.model_world import (
    ALICE,
    BOB,
    CAROL,
    CHAIN_ID,
    MANAGER,
    NOW,
    TOKEN,
    do,
    new_ledger,
    refusals,
)


@pytest.fixture
def ledger():
    """Alice has 50 wei and 60 tokens in her reserve, and 70 wei and 80 tokens of credit."""
    ledger = new_ledger()
    do(ledger, Fund(ALICE, 140), value=120)
    ledger.reserves[ALICE] = (50, 60)
    ledger.credits[ALICE] = (70, 80)
    return ledger


# --- Fund ---


def test_anyone_funds_any_account():
    ledger = new_ledger()
    assert do(ledger, Fund(ALICE, 6), by=CAROL, value=5) == [Event("Funded", (ALICE, 5, 6))]
    assert ledger.reserve(ALICE) == (5, 6)
    assert (ledger.ether[CAROL], ledger.token.balances[CAROL]) == (995, 994)


@pytest.mark.parametrize("account", [MANAGER, TOKEN, ZERO_ADDRESS])
def test_nobody_funds_what_cannot_take_it_out(ledger, account):
    assert refusals(lambda: do(ledger, Fund(account), value=1)) == {"ForbiddenAccount"}


def test_a_reserve_as_large_as_the_ledger_can_hold(ledger):
    ledger.reserves[ALICE] = (MAX_FUNDED_RESERVE - 1, 0)
    do(ledger, Fund(ALICE), value=1)
    assert refusals(lambda: do(ledger, Fund(ALICE), value=1)) == {"ReserveTooLarge"}


def test_tokens_that_cannot_be_pulled_fund_nothing(ledger):
    assert refusals(lambda: do(ledger, Fund(ALICE, 1001), by=BOB)) == {"TokenPullFailed"}


# --- Out of a reserve, and of credit ---


def test_an_account_sends_its_reserve_anywhere(ledger):
    events = do(ledger, WithdrawReserve(20, 60, CAROL), by=ALICE)
    assert events == [Event("ReserveWithdrawn", (ALICE, CAROL, 20, 60))]
    assert ledger.reserve(ALICE) == (30, 0)
    assert (ledger.ether[CAROL], ledger.token.balances[CAROL]) == (1000 - 120 + 20, 1000 - 140 + 60)


def test_an_account_sends_its_credit_anywhere(ledger):
    events = do(ledger, WithdrawCredit(70, 1, CAROL), by=ALICE)
    assert events == [Event("CreditWithdrawn", (ALICE, CAROL, 70, 1))]
    assert ledger.credit(ALICE) == (0, 79)


@pytest.mark.parametrize(
    ("withdraw", "error"), [(WithdrawReserve, "ReserveTooSmall"), (WithdrawCredit, "CreditTooSmall")]
)
def test_no_more_than_there_is_and_of_nobody_else(ledger, withdraw, error):
    assert refusals(lambda: do(ledger, withdraw(71, 0, ALICE), by=ALICE)) == {error}
    with pytest.raises(Refused) as refused:
        do(ledger, withdraw(1, 1, BOB), by=BOB)
    assert refused.value.reasons == {Refusal(error, (BOB, 0, 1, 0)), Refusal(error, (BOB, 1, 1, 0))}


@pytest.mark.parametrize("withdraw", [WithdrawReserve, WithdrawCredit])
def test_what_an_own_withdrawal_cannot_be(ledger, withdraw):
    ledger.surroundings.deaf = {(CAROL, 1)}
    assert refusals(lambda: do(ledger, withdraw(0, 0, ALICE), by=ALICE)) == {"NothingMoved"}
    assert refusals(lambda: do(ledger, withdraw(1, 0, MANAGER), by=ALICE)) == {"ForbiddenAccount"}
    assert refusals(lambda: do(ledger, withdraw(1, 0, ALICE), by=ALICE, value=1)) == {"UnexpectedValue"}
    with pytest.raises(Refused) as refused:
        do(ledger, withdraw(1, 2, CAROL), by=ALICE)
    assert refused.value.reasons == {Refusal("DeliveryFailed", (CAROL, 1, 2))}


# --- Push ---


def test_anyone_pushes_credit_to_its_account(ledger):
    """All of one asset, and only there."""
    assert do(ledger, PushCredit(ALICE, 1), by=BOB) == [Event("CreditWithdrawn", (ALICE, ALICE, 0, 80))]
    assert ledger.credit(ALICE) == (70, 0)
    assert ledger.token.balances[ALICE] == 1080


def test_a_push_that_is_not_taken_changes_nothing(ledger):
    ledger.surroundings.deaf = {(ALICE, 0)}
    with pytest.raises(Refused) as refused:
        do(ledger, PushCredit(ALICE, 0), by=BOB)
    assert refused.value.reasons == {Refusal("DeliveryFailed", (ALICE, 0, 70))}
    assert ledger.credit(ALICE) == (70, 80)


def test_nothing_is_no_push(ledger):
    assert refusals(lambda: do(ledger, PushCredit(BOB, 0), by=BOB)) == {"NothingMoved"}


def test_a_reserve_is_never_pushed(ledger):
    ledger.credits[ALICE] = (0, 0)
    assert refusals(lambda: do(ledger, PushCredit(ALICE, 0), by=BOB)) == {"NothingMoved"}


# --- Permit ---


def permit(nonce=0, expiry=0, signer=BOB, holder=BOB):
    statement = Statement("Permit", (CHAIN_ID, TOKEN), b"", (holder, MANAGER, nonce, expiry))
    return Permit(nonce, expiry, Signature(signer, statement))


@pytest.mark.parametrize("expiry", [0, NOW, NOW + 1])
def test_a_permit_gives_an_allowance_without_limit(ledger, expiry):
    """Which the pull of a deposit does not shrink."""
    do(ledger, permit(expiry=expiry), by=BOB)
    do(ledger, Fund(BOB, 10), by=BOB)
    assert ledger.token.allowances[BOB, MANAGER] == UNLIMITED


@pytest.mark.parametrize(
    "operation",
    [permit(nonce=1), permit(expiry=NOW - 1), permit(signer=CAROL), permit(holder=ALICE), Permit(0, 0, MALFORMED)],
    ids=["nonce", "expired", "signer", "holder", "malformed"],
)
def test_the_token_refuses_a_permit_in_its_own_words(ledger, operation):
    with pytest.raises(Refused) as refused:
        do(ledger, operation, by=BOB)
    assert refused.value.reasons == {ANY_REASON}


def test_a_permit_serves_once(ledger):
    do(ledger, permit(), by=BOB)
    with pytest.raises(Refused):
        do(ledger, permit(), by=BOB)


# --- What is no call ---


def test_plain_ether_is_refused(ledger):
    with pytest.raises(Refused) as refused:
        do(ledger, PlainTransfer(), by=BOB, value=3)
    assert refused.value.reasons == {Refusal("PlainTransferRefused", (BOB, 3))}
