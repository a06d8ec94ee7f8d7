"""The model: money into channels and out of open ones (docs/protocol.md section 3)."""

import pytest

from connext.types import ZERO_ADDRESS, ChannelIdentity, Status
from proof.model.ledger import MAX_FUNDED_RESERVE
from proof.model.messages import MALFORMED, NODE, USER, Identity
from proof.model.operations import Close, Collateralize, Deposit, Fund, StartDispute, TopUp, Withdraw
from proof.model.refusals import ANY, Event, Refusal, Refused
from tests.proof.model_world import (
    ALICE,
    ALICE_KEY,
    BOB,
    BOB_KEY,
    CAROL,
    CHAIN_ID,
    CHANNEL,
    DAY,
    MANAGER,
    NOW,
    TOKEN,
    channel_of,
    do,
    new_ledger,
    refusals,
    sign,
    signed,
    state,
    withdrawal,
)

OPENED = Event("ChannelOpened", (CHANNEL.id, ALICE, BOB, ALICE_KEY, BOB_KEY, DAY, 0))


@pytest.fixture
def ledger():
    return new_ledger()


def test_no_manager_has_a_capacity_beyond_its_ledger():
    assert new_ledger(capacity=(2**80 - 1, 0))
    with pytest.raises(ValueError, match="no manager has a capacity above"):
        new_ledger(capacity=(0, 2**80))


def test_an_identity_is_known_by_its_hash():
    """On this chain and manager."""
    terms = ChannelIdentity(*CHANNEL[1:])
    identity = Identity.of(terms, CHAIN_ID, MANAGER)
    assert identity == (terms.id(CHAIN_ID, MANAGER), *CHANNEL[1:])
    assert Identity.of(terms, CHAIN_ID + 1, MANAGER).id != identity.id


@pytest.fixture
def open_channel(ledger):
    """Alice has put in 200 wei and 100 tokens, Bob 50 wei."""
    do(ledger, Deposit(CHANNEL, USER, 100), by=ALICE, value=200)
    do(ledger, Deposit(CHANNEL, NODE), by=BOB, value=50)
    return ledger


# --- Deposit ---


def test_the_first_deposit_opens_the_channel(ledger):
    """Anyone, here Carol, for either side; only the caller's own tokens are pulled."""
    events = do(ledger, Deposit(CHANNEL, USER, 30), by=CAROL, value=20)
    assert events == [OPENED, Event("Deposited", (CHANNEL.id, USER, 20, 30))]
    channel = ledger.channel(CHANNEL.id)
    assert (channel.status, channel.user, channel.node, channel.held) == (Status.OPEN, (20, 30), (0, 0), (20, 30))
    assert (ledger.ether[CAROL], ledger.ether[MANAGER]) == (980, 20)
    assert (ledger.token.balances[CAROL], ledger.token.balances[MANAGER]) == (970, 30)
    assert ledger.token.allowances[CAROL, MANAGER] == 970


def test_a_later_deposit_says_no_more_that_it_opened(open_channel):
    assert do(open_channel, Deposit(CHANNEL, NODE), value=1) == [Event("Deposited", (CHANNEL.id, NODE, 1, 0))]
    assert open_channel.channel(CHANNEL.id).node == (51, 0)


def test_a_deposit_up_to_the_capacity_and_not_a_wei_beyond(ledger):
    do(ledger, Deposit(CHANNEL, USER, 600), value=500)
    too_much = {
        Refusal("CapacityExceeded", (CHANNEL.id, 0, 501, 500)),
        Refusal("CapacityExceeded", (CHANNEL.id, 1, 601, 600)),
    }
    with pytest.raises(Refused) as refused:
        do(ledger, Deposit(CHANNEL, USER, 1), value=1)
    assert refused.value.reasons == too_much


def test_an_asset_without_capacity_is_not_used():
    ledger = new_ledger(capacity=(0, 600))
    assert refusals(lambda: do(ledger, Deposit(CHANNEL, USER, 1), value=1)) == {"CapacityExceeded"}
    do(ledger, Deposit(CHANNEL, USER, 1))


def test_nothing_is_no_deposit(ledger):
    assert refusals(lambda: do(ledger, Deposit(CHANNEL, USER, 0))) == {"NothingMoved"}


@pytest.mark.parametrize("reason", ["no balance", "no allowance", "frozen by the token"])
def test_tokens_that_cannot_be_pulled(ledger, reason):
    if reason == "no balance":
        ledger.token.balances[CAROL] = 9
    elif reason == "no allowance":
        ledger.token.allowances[CAROL, MANAGER] = 9
    else:
        ledger.surroundings.frozen.add(CAROL)
    with pytest.raises(Refused) as refused:
        do(ledger, Deposit(CHANNEL, USER, 10), by=CAROL)
    assert refused.value.reasons == {Refusal("TokenPullFailed", (CAROL, 10))}


def test_turnover_that_the_ledger_cannot_count(ledger):
    """The user's contribution has 96 bits with the sign; the node's is what is left of the total."""
    do(ledger, Deposit(CHANNEL, USER), value=1)
    channel = ledger.channels[CHANNEL.id]
    ledger.channels[CHANNEL.id] = channel._replace(user=(2**95 - 2, 0))
    do(ledger, Deposit(CHANNEL, NODE), value=1)
    do(ledger, Deposit(CHANNEL, USER), value=1)
    with pytest.raises(Refused) as refused:
        do(ledger, Deposit(CHANNEL, USER), value=1)
    assert refused.value.reasons == {Refusal("ContributionOutOfRange", (CHANNEL.id, 0, 2**95))}


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"user": ZERO_ADDRESS}, {Refusal("ZeroParty", (USER,))}),
        ({"node_signer": ZERO_ADDRESS}, {Refusal("ZeroParty", (NODE,))}),
        ({"node": ALICE}, {Refusal("SameParty", (ALICE,))}),
        ({"node_signer": ALICE_KEY}, {Refusal("SameParty", (ALICE_KEY,))}),
        ({"user_signer": BOB}, {Refusal("SwappedSigner", (USER, BOB))}),
        ({"node_signer": ALICE}, {Refusal("SwappedSigner", (NODE, ALICE))}),
        ({"user": MANAGER}, {Refusal("ForbiddenAccount", (MANAGER,))}),
        ({"node_signer": TOKEN}, {Refusal("ForbiddenAccount", (TOKEN,))}),
        ({"challenge_period": DAY - 1}, {Refusal("ChallengePeriodOutOfBounds", (DAY - 1, DAY, 10 * DAY))}),
        ({"challenge_period": 10 * DAY + 1}, {Refusal("ChallengePeriodOutOfBounds", (10 * DAY + 1, DAY, 10 * DAY))}),
    ],
)
def test_terms_that_no_channel_can_have(ledger, changed, reasons):
    with pytest.raises(Refused) as refused:
        do(ledger, Deposit(channel_of(**changed), USER), value=1)
    assert refused.value.reasons == reasons


@pytest.mark.parametrize("changed", [{"user_signer": ALICE}, {"challenge_period": 10 * DAY}, {"salt": 2**64 - 1}])
def test_terms_at_their_bounds(ledger, changed):
    do(ledger, Deposit(channel_of(**changed), USER), value=1)


# --- Top up ---


def test_a_top_up_names_the_channel_by_its_id(open_channel):
    events = do(open_channel, TopUp(CHANNEL.id, NODE, 5), by=CAROL, value=6)
    assert events == [Event("Deposited", (CHANNEL.id, NODE, 6, 5))]
    assert open_channel.channel(CHANNEL.id).node == (56, 5)


def test_an_unknown_channel_cannot_be_topped_up(ledger):
    assert refusals(lambda: do(ledger, TopUp(CHANNEL.id, USER, 0), value=1)) == {"ChannelUnfunded"}


# --- Collateralize ---


def test_collateral_comes_from_the_reserve_as_far_as_the_capacity_allows(open_channel):
    """250 of 500 wei are in: 250 more fit. 100 of 600 tokens: all 30 fit."""
    do(open_channel, Fund(BOB, 100), value=400)
    events = do(open_channel, Collateralize(CHANNEL, 300, 30), by=BOB)
    assert events == [Event("Collateralized", (CHANNEL.id, NODE, 250, 30))]
    assert open_channel.channel(CHANNEL.id).node == (300, 30)
    assert open_channel.reserve(BOB) == (150, 70)


def test_collateral_opens_a_channel(ledger):
    do(ledger, Fund(ALICE), value=10)
    assert do(ledger, Collateralize(CHANNEL, 10, 0), by=ALICE) == [
        OPENED,
        Event("Collateralized", (CHANNEL.id, USER, 10, 0)),
    ]


def test_a_reserve_that_is_too_small_for_what_fits(open_channel):
    do(open_channel, Fund(BOB), value=249)
    with pytest.raises(Refused) as refused:
        do(open_channel, Collateralize(CHANNEL, 300, 0), by=BOB)
    assert refused.value.reasons == {Refusal("ReserveTooSmall", (BOB, 0, 250, 249))}


def test_collateral_is_the_accounts_own(open_channel):
    """Not even its signer's."""
    for caller in (CAROL, BOB_KEY):
        do(open_channel, Fund(caller), value=10)
        assert refusals(lambda c=caller: do(open_channel, Collateralize(CHANNEL, 10, 0), by=c)) == {"NotAnAccount"}


def test_a_full_channel_takes_no_collateral(ledger):
    do(ledger, Deposit(CHANNEL, USER), value=500)
    do(ledger, Fund(BOB), value=10)
    assert refusals(lambda: do(ledger, Collateralize(CHANNEL, 10, 0), by=BOB)) == {"NothingMoved"}


# --- Withdraw ---


def withdraw(what, user=ALICE_KEY, node=BOB_KEY):
    return Withdraw(CHANNEL, what, sign(user, "Withdrawal", what), sign(node, "Withdrawal", what))


def test_a_withdrawal_pays_both_sides(open_channel):
    """The user's part goes to the recipient, the node's to its reserve; the channel stays open."""
    what = withdrawal(wei=(30, 40), token=(5, 6), recipient=CAROL)
    events = do(open_channel, withdraw(what))
    assert events == [Event("Withdrawn", (CHANNEL.id, 0, 30, 40, 5, 6, CAROL))]
    channel = open_channel.channel(CHANNEL.id)
    assert (channel.status, channel.sequence) == (Status.OPEN, 1)
    assert (channel.user, channel.node) == ((170, 95), (10, -6))
    assert open_channel.reserve(BOB) == (40, 6)
    assert (open_channel.ether[CAROL], open_channel.token.balances[CAROL]) == (1030, 1005)


def test_what_the_recipient_does_not_take_is_the_users_credit(open_channel):
    open_channel.surroundings.deaf = {(CAROL, 0)}
    events = do(open_channel, withdraw(withdrawal(wei=(30, 0), token=(5, 0), recipient=CAROL)))
    assert events[1:] == [Event("Credited", (ALICE, 0, 30))]
    assert open_channel.credit(ALICE) == (30, 0)
    assert open_channel.token.balances[CAROL] == 1005


def test_a_side_may_take_what_it_was_paid_off_chain(open_channel):
    """Bob put in 50 wei and takes 250: his contribution is -200, and with a net of 200 for him his balance is right."""
    do(open_channel, withdraw(withdrawal(wei=(0, 250))))
    channel = open_channel.channel(CHANNEL.id)
    assert (channel.user, channel.node, channel.held) == ((200, 100), (-200, 0), (0, 100))


def test_nobody_takes_more_than_there_is(open_channel):
    with pytest.raises(Refused) as refused:
        do(open_channel, withdraw(withdrawal(wei=(200, 51), token=(100, 1))))
    assert refused.value.reasons == {
        Refusal("WithdrawalTooLarge", (CHANNEL.id, 0, 251, 250)),
        Refusal("WithdrawalTooLarge", (CHANNEL.id, 1, 101, 100)),
    }


@pytest.mark.parametrize(
    ("deadline", "too_late"), [(NOW + 1, set()), (NOW, {"MessageExpired"}), (NOW - 1, {"MessageExpired"})]
)
def test_a_withdrawal_is_void_from_its_deadline_on(open_channel, deadline, too_late):
    operation = withdraw(withdrawal(wei=(1, 0), deadline=deadline))
    if too_late:
        assert refusals(lambda: do(open_channel, operation)) == too_late
    else:
        do(open_channel, operation)


def test_each_withdrawal_once(open_channel):
    operation = withdraw(withdrawal(wei=(1, 0)))
    do(open_channel, operation)
    with pytest.raises(Refused) as refused:
        do(open_channel, operation)
    assert refused.value.reasons == {Refusal("WrongSequence", (CHANNEL.id, 0, 1))}


def test_the_last_sequence_is_never_used(open_channel):
    channel = open_channel.channels[CHANNEL.id]
    open_channel.channels[CHANNEL.id] = channel._replace(sequence=2**16 - 2)
    do(open_channel, withdraw(withdrawal(wei=(1, 0), sequence=2**16 - 2)))
    last = withdraw(withdrawal(wei=(1, 0), sequence=2**16 - 1))
    assert refusals(lambda: do(open_channel, last)) == {"LastWithdrawal"}
    wrong_too = withdraw(withdrawal(wei=(1, 0), sequence=0))
    assert refusals(lambda: do(open_channel, wrong_too)) == {"LastWithdrawal", "WrongSequence"}


def test_both_must_have_signed_this_very_withdrawal(open_channel):
    what = withdrawal(wei=(1, 0))
    other = what._replace(user_wei=2)
    by_alice, by_bob = sign(ALICE_KEY, "Withdrawal", what), sign(BOB_KEY, "Withdrawal", what)
    forged = {
        (by_bob, by_alice): {(ALICE_KEY, BOB_KEY), (BOB_KEY, ALICE_KEY)},
        (MALFORMED, by_bob): {(ALICE_KEY, ZERO_ADDRESS)},
        (by_alice, sign(BOB_KEY, "Withdrawal", other)): {(BOB_KEY, ANY)},
        (by_alice, sign(BOB_KEY, "Withdrawal", what, channel_of(salt=1))): {(BOB_KEY, ANY)},
        (by_alice, sign(BOB_KEY, "State", what)): {(BOB_KEY, ANY)},
    }
    for (user, node), expected in forged.items():
        with pytest.raises(Refused) as refused:
            do(open_channel, Withdraw(CHANNEL, what, user, node))
        assert refused.value.reasons == {Refusal("WrongSigner", values) for values in expected}


def test_a_withdrawal_of_nothing_uses_up_its_sequence(open_channel):
    do(open_channel, withdraw(withdrawal()))
    assert open_channel.channel(CHANNEL.id).sequence == 1


def test_a_payout_into_a_reserve_has_no_limit(open_channel):
    open_channel.reserves[BOB] = (MAX_FUNDED_RESERVE, 0)
    do(open_channel, withdraw(withdrawal(wei=(0, 1))))
    assert open_channel.reserve(BOB) == (MAX_FUNDED_RESERVE + 1, 0)


@pytest.mark.parametrize("recipient", [MANAGER, TOKEN, ZERO_ADDRESS])
def test_no_recipient_at_which_money_is_lost(open_channel, recipient):
    assert refusals(lambda: do(open_channel, withdraw(withdrawal(wei=(1, 0), recipient=recipient)))) == {
        "ForbiddenAccount"
    }


# --- Where the channel stands, and surplus value ---


def test_operations_that_take_no_value_refuse_it(open_channel):
    do(open_channel, Fund(BOB), value=10)
    for operation in (Collateralize(CHANNEL, 1, 0), withdraw(withdrawal(wei=(1, 0)))):
        with pytest.raises(Refused) as refused:
            do(open_channel, operation, by=BOB, value=3)
        assert refused.value.reasons == {Refusal("UnexpectedValue", (3,))}


def test_a_dispute_stops_money_from_moving(open_channel):
    do(open_channel, Fund(BOB), value=10)
    do(open_channel, StartDispute(CHANNEL), by=ALICE)
    moves = [
        lambda at: do(open_channel, Deposit(CHANNEL, USER), at=at, value=1),
        lambda at: do(open_channel, TopUp(CHANNEL.id, USER), at=at, value=1),
        lambda at: do(open_channel, Collateralize(CHANNEL, 1, 0), by=BOB, at=at),
        lambda at: do(open_channel, withdraw(withdrawal(wei=(1, 0), deadline=NOW + 2 * DAY)), at=at),
    ]
    for move in moves:
        for at in (NOW, NOW + DAY):
            with pytest.raises(Refused) as refused:
                move(at)
            assert refused.value.reasons == {Refusal("DisputeRunning", (CHANNEL.id, NOW + DAY))}


def test_a_settled_channel_never_comes_back(open_channel):
    do(open_channel, Close(CHANNEL, signed(state(1, is_final=True))))
    for operation in (Deposit(CHANNEL, USER), TopUp(CHANNEL.id, USER)):
        assert refusals(lambda o=operation: do(open_channel, o, value=1)) == {"ChannelIsSettled"}
