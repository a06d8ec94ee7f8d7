"""docs/protocol.md section 8, rules 1 to 6, one by one, each from both sides of its line."""

from dataclasses import replace

import pytest

from connext import errors, rules
from connext.channel import Channel, Offer, balances, half_signed, new_channel, open_withdrawals
from connext.messages import Exit, Resume, State, Transfer, Withdrawal
from connext.types import (
    MAX_DEADLINE,
    MAX_DISPUTE,
    MAX_NONCE,
    MAX_SEQUENCE,
    Amounts,
    InvalidIdentity,
    Side,
    Status,
)
from tests.unit.pair import (
    ACCOUNTS,
    CHANNEL_ID,
    DAY,
    DEPLOYMENT,
    FUNDED,
    HOUR,
    IDENTITY,
    KEYS,
    MANAGER,
    NODE,
    NOW,
    POLICY,
    TOKEN,
    USER,
    disputed,
    state,
)

CHANNEL = replace(new_channel(DEPLOYMENT, IDENTITY, USER, restored=False), on_chain=FUNDED)


def after(nonce: int, user_wei: int = 0) -> Channel:
    """A channel whose newest countersigned state has this nonce."""
    latest = replace(CHANNEL.latest, message=state(nonce, user_wei))
    return replace(CHANNEL, latest=latest, highest_nonce=nonce)


def offer(nonce: int, digest: bytes = bytes(32)) -> Offer:
    return Offer(state(nonce), 5, False, digest, bytes(64))


def transfer(id_: int, payer: int = USER, asset: int = 0, amount: int = 10) -> Transfer:
    return Transfer(id_, payer, asset, amount, b"\x33" * 20, b"\x44" * 32, NOW + HOUR)


def withdrawal(**changes: int | bytes) -> Withdrawal:
    fields: dict[str, int | bytes] = {
        "sequence": 0,
        "user_wei": 0,
        "node_wei": 0,
        "user_token": 0,
        "node_token": 0,
        "recipient": ACCOUNTS[USER],
        "deadline": NOW + HOUR,
    }
    return Withdrawal(CHANNEL_ID, **{**fields, **changes})  # type: ignore[arg-type]


def check_withdrawal(channel: Channel, message: Withdrawal) -> None:
    rules.check_withdrawal(channel, message, DEPLOYMENT, POLICY)


def check_content(channel: Channel, content: State) -> None:
    rules.check_content(channel, content, DEPLOYMENT, POLICY)


def signed(*withdrawals: Withdrawal) -> Channel:
    """A channel in which I signed these withdrawals."""
    return replace(
        CHANNEL, withdrawals=tuple(half_signed(message, bytes(32), USER, bytes(64)) for message in withdrawals)
    )


# --- Rule 2: my account and my signer (look-alikes), period and salt of my policy ---


def my_side(account: bytes, signer: bytes, **changes: int) -> Side:
    return rules.my_side(replace(IDENTITY, **changes), DEPLOYMENT, POLICY, account, signer)  # type: ignore[arg-type]


def test_my_side_is_where_account_and_signer_are_mine() -> None:
    assert my_side(IDENTITY.user, IDENTITY.user_signer) is USER
    assert my_side(IDENTITY.node, IDENTITY.node_signer) is NODE


@pytest.mark.parametrize(
    ("account", "signer"),
    [
        (IDENTITY.user, b"\x99" * 20),
        (b"\x99" * 20, IDENTITY.user_signer),
        (IDENTITY.user, IDENTITY.node_signer),
        (IDENTITY.node, IDENTITY.user_signer),
    ],
)
def test_a_look_alike_channel_with_a_strangers_signer_is_not_mine(account: bytes, signer: bytes) -> None:
    with pytest.raises(errors.NotMyChannel):
        my_side(account, signer)


@pytest.mark.parametrize("period", [2 * HOUR, 7 * DAY])
def test_periods_within_policy(period: int) -> None:
    assert my_side(IDENTITY.user, IDENTITY.user_signer, challenge_period=period) is USER


@pytest.mark.parametrize("period", [2 * HOUR - 1, 7 * DAY + 1])
def test_periods_against_policy(period: int) -> None:
    with pytest.raises(errors.PeriodAgainstPolicy) as error:
        my_side(IDENTITY.user, IDENTITY.user_signer, challenge_period=period)
    assert (error.value.period, error.value.shortest, error.value.longest) == (period, 2 * HOUR, 7 * DAY)


def test_salts_up_to_the_policys() -> None:
    assert my_side(IDENTITY.user, IDENTITY.user_signer, salt=3) is USER
    with pytest.raises(errors.SaltAgainstPolicy):
        my_side(IDENTITY.user, IDENTITY.user_signer, salt=4)


def test_a_channel_the_contract_rejects_is_not_taken_up() -> None:
    with pytest.raises(InvalidIdentity):
        my_side(IDENTITY.user, IDENTITY.user_signer, challenge_period=HOUR - 1)


@pytest.mark.parametrize(
    ("least", "most", "period"), [(HOUR, 2 * DAY, DAY), (2 * DAY, 9 * DAY, 2 * DAY), (1, HOUR, HOUR)]
)
def test_a_day_or_what_is_nearest_to_it(least: int, most: int, period: int) -> None:
    deployment = replace(DEPLOYMENT, min_challenge_period=least, max_challenge_period=most)
    assert deployment.nearest_period(DAY) == period


# --- Rules 1 and 4: when nothing may be signed ---


def test_a_restored_store_signs_nothing() -> None:
    with pytest.raises(errors.StoreMayBeOld):
        rules.check_may_sign(replace(CHANNEL, restored=True))


def test_a_settled_channel_signs_nothing() -> None:
    with pytest.raises(errors.ChannelSettled):
        rules.check_may_sign(replace(CHANNEL, on_chain=replace(FUNDED, status=Status.SETTLED)))


@pytest.mark.parametrize("status", [Status.UNFUNDED, Status.OPEN, Status.DISPUTED])
def test_otherwise_something_may_be_signed(status: Status) -> None:
    rules.check_may_sign(replace(CHANNEL, on_chain=replace(FUNDED, status=status)))


# --- Rule 2: order ---


@pytest.mark.parametrize("nonce", [6, 5 + 2**16])
def test_nonces_in_range(nonce: int) -> None:
    rules.check_above(after(5), offer(nonce))
    rules.check_reach(after(5), state(nonce))


@pytest.mark.parametrize("nonce", [0, 4, 5])
def test_nonces_not_above_every_known_one(nonce: int) -> None:
    with pytest.raises(errors.NonceNotAbove) as error:
        rules.check_above(after(5), offer(nonce))
    assert (error.value.nonce, error.value.highest) == (nonce, 5)


def test_the_state_that_was_shown_may_be_shown_again_and_no_other() -> None:
    """A proposal that overtook the countersignature of its base is not lost for ever."""
    channel = replace(after(5), highest_nonce=7, shown_digest=b"\x01" * 32)
    rules.check_above(channel, offer(7, b"\x01" * 32))
    with pytest.raises(errors.NonceNotAbove):
        rules.check_above(channel, offer(7, b"\x02" * 32))
    with pytest.raises(errors.NonceNotAbove):
        rules.check_above(replace(channel, shown_digest=None), offer(7, b"\x01" * 32))


def test_a_nonce_too_far_above() -> None:
    with pytest.raises(errors.NonceTooFar) as error:
        rules.check_reach(after(5), state(6 + 2**16))
    assert (error.value.nonce, error.value.highest, error.value.max_step) == (6 + 2**16, 5, 2**16)


def test_the_largest_nonce_of_the_chain() -> None:
    rules.check_reach(after(MAX_NONCE - 1), state(MAX_NONCE))
    with pytest.raises(errors.NonceTooLarge):
        rules.check_reach(after(MAX_NONCE), state(MAX_NONCE + 1))
    assert rules.payment(after(MAX_NONCE - 1), 1, 0).nonce == MAX_NONCE
    with pytest.raises(errors.NonceTooLarge):
        rules.payment(after(MAX_NONCE), 1, 0)


def test_a_state_of_another_channel() -> None:
    with pytest.raises(errors.WrongChannel):
        rules.check_reach(CHANNEL, replace(state(1), channel_id=b"\x09" * 32))


def test_the_base_is_the_newest_countersigned_state() -> None:
    rules.check_base(after(5), 5)
    for base in (4, 6):
        with pytest.raises(errors.WrongBase) as error:
            rules.check_base(after(5), base)
        assert (error.value.base_nonce, error.value.latest_nonce) == (base, 5)


# --- Rule 2: content ---


@pytest.mark.parametrize("content", [state(1), state(1, 50), state(1, -50), state(1, 0, 600), state(1, 50, -600)])
def test_content_within_balances_and_limits(content: State) -> None:
    check_content(CHANNEL, content)


@pytest.mark.parametrize(
    ("user_wei", "node_wei", "user_token", "node_token", "asset", "locked"),
    [(1, 0, 0, 0, "ETH", -1), (-1, 0, 0, 0, "ETH", 1), (0, 0, 0, 1, "DAI", -1), (0, 0, 5, -6, "DAI", 1)],
)
def test_nets_add_up(user_wei: int, node_wei: int, user_token: int, node_token: int, asset: str, locked: int) -> None:
    with pytest.raises(errors.NetsDoNotAddUp) as error:
        check_content(CHANNEL, State(CHANNEL_ID, 1, user_wei, node_wei, user_token, node_token, (), False))
    assert (error.value.asset, error.value.locked, error.value.transfers) == (asset, locked, 0)


def test_locked_is_what_the_transfers_hold() -> None:
    held = (transfer(1, amount=10), transfer(2, payer=NODE, amount=5), transfer(3, asset=1, amount=7))
    rules.check_sums(State(CHANNEL_ID, 1, -10, -5, -7, 0, held, False))
    with pytest.raises(errors.NetsDoNotAddUp):
        rules.check_sums(State(CHANNEL_ID, 1, -10, -4, -7, 0, held, False))
    with pytest.raises(errors.NetsDoNotAddUp):
        rules.check_sums(State(CHANNEL_ID, 1, -10, -5, -7, 1, held, False))


@pytest.mark.parametrize(
    ("content", "asset", "side"),
    [
        (state(2, -101), "ETH", "user"),
        (state(2, 101), "ETH", "node"),
        (state(2, 0, -1001), "DAI", "user"),
        (state(2, 0, 1001), "DAI", "node"),
    ],
)
def test_no_balance_is_negative(content: State, asset: str, side: str) -> None:
    with pytest.raises(errors.BalanceNegative) as error:
        check_content(CHANNEL, content)
    assert (error.value.asset, error.value.side, error.value.balance) == (asset, side, -1)


def test_an_empty_balance_is_none_of_the_negative_ones() -> None:
    with pytest.raises(errors.BalanceNegative) as error:
        rules.check_balances(Amounts(0, 0, 0, -7))
    assert (error.value.asset, error.value.side, error.value.balance) == ("DAI", "node", -7)
    rules.check_balances(Amounts(0, 0, 0, 0))


def test_balances_are_confirmed_contributions_plus_nets() -> None:
    assert balances(CHANNEL, state(1, 30, -40)) == Amounts(130, 70, 960, 1040)
    negative = replace(CHANNEL, on_chain=replace(FUNDED, user_wei=-20))
    assert balances(negative, state(1, 30)) == Amounts(10, 70, 1000, 1000)


@pytest.mark.parametrize(
    ("before", "content", "asset", "limit"),
    [
        (0, state(9, 51), "ETH", 50),
        (0, state(9, -51), "ETH", 50),
        (40, state(9, 91), "ETH", 50),
        (0, state(9, 0, 601), "DAI", 600),
    ],
)
def test_a_payment_is_within_the_smaller_limit_in_both_directions(
    before: int, content: State, asset: str, limit: int
) -> None:
    with pytest.raises(errors.PaymentAboveLimit) as error:
        check_content(after(8, before), content)
    assert (error.value.asset, error.value.amount, error.value.limit) == (asset, limit + 1, limit)


def test_limits_bind_the_change_not_the_sum() -> None:
    check_content(after(8, 40), state(9, 90))


def test_transfers_are_checked_with_the_content() -> None:
    with pytest.raises(errors.UnknownTransferCode):
        check_content(CHANNEL, State(CHANNEL_ID, 1, 0, 0, 0, 0, (transfer(7, payer=2),), False))


def check_transfers(*transfers: Transfer) -> None:
    rules.check_transfers(transfers, DEPLOYMENT)


def test_transfers_that_the_chain_can_resolve() -> None:
    check_transfers(*(transfer(i, amount=60) for i in range(200)))
    check_transfers(transfer(1, asset=1, amount=600))


def test_too_many_transfers() -> None:
    with pytest.raises(errors.TooManyTransfers):
        check_transfers(*(transfer(i) for i in range(201)))


def test_transfer_ids_are_different() -> None:
    with pytest.raises(errors.TransferIdUsedTwice):
        check_transfers(transfer(1), transfer(2), transfer(1, payer=NODE))


@pytest.mark.parametrize(("payer", "asset"), [(2, 0), (0, 2), (255, 255)])
def test_unknown_codes_claim_nothing_and_are_not_signed(payer: int, asset: int) -> None:
    with pytest.raises(errors.UnknownTransferCode):
        check_transfers(transfer(1, payer, asset))


@pytest.mark.parametrize(("asset", "limit"), [(0, 60), (1, 600)])
def test_transfers_above_the_limit_resolve_to_nothing_and_are_not_signed(asset: int, limit: int) -> None:
    check_transfers(transfer(1, asset=asset, amount=limit))
    with pytest.raises(errors.TransferAboveLimit):
        check_transfers(transfer(1, asset=asset, amount=limit + 1))


# --- Rule 2: withdrawals that carry my signature are gone ---


def test_an_open_withdrawal_counts_as_gone() -> None:
    channel = signed(withdrawal(user_wei=60, node_token=900))
    assert balances(channel, state(1)) == Amounts(40, 100, 1000, 100)
    check_content(channel, state(1, -40))
    with pytest.raises(errors.BalanceNegative):
        check_content(channel, state(1, -41))


def test_of_several_with_one_sequence_the_largest_of_each_counts() -> None:
    channel = signed(withdrawal(user_wei=60, node_wei=1), withdrawal(user_wei=10, node_wei=30, user_token=5))
    assert open_withdrawals(channel) == Amounts(60, 30, 5, 0)


def test_withdrawals_with_different_sequences_all_count() -> None:
    channel = signed(withdrawal(user_wei=10), withdrawal(user_wei=20), withdrawal(sequence=1, user_wei=5))
    assert open_withdrawals(channel) == Amounts(25, 0, 0, 0)


# --- Rule 3: what needs my intent ---

LOCKED = (transfer(1, USER, 0, 10), transfer(2, NODE, 0, 20), transfer(3, USER, 1, 30))
BASE = State(CHANNEL_ID, 5, -10, -20, -30, 0, LOCKED, False)


def without(*ids: int, **nets: int) -> State:
    return replace(BASE, nonce=6, transfers=tuple(t for t in LOCKED if t.id not in ids), **nets)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "next_state",
    [
        replace(BASE, nonce=6),
        replace(BASE, nonce=6, user_wei=-9, node_wei=-21),
        without(1, user_wei=0),
        without(2, user_wei=10, node_wei=-20),
        without(1, 2, user_wei=20),
        without(1, 2, 3, user_wei=20, user_token=0),
        replace(BASE, nonce=6, transfers=LOCKED[::-1]),
    ],
)
def test_these_need_no_intent_of_the_user(next_state: State) -> None:
    rules.check_needs_no_intent(USER, BASE, next_state)


@pytest.mark.parametrize(
    ("next_state", "error"),
    [
        (replace(BASE, nonce=6, is_final=True), errors.FinalNeedsIntent),
        (replace(BASE, nonce=6, user_wei=-11, node_wei=-19), errors.NotFullyCredited),
        (replace(BASE, nonce=6, user_token=-31, node_token=1), errors.NotFullyCredited),
        (replace(BASE, nonce=6, user_wei=100, user_token=-31), errors.NotFullyCredited),
        (without(1, user_wei=-1), errors.NotFullyCredited),
        (without(2, user_wei=9), errors.NotFullyCredited),
        (without(1, 2, user_wei=19), errors.NotFullyCredited),
        (replace(BASE, nonce=6, transfers=(*LOCKED, transfer(9, USER, amount=0))), errors.TransferAdded),
    ],
)
def test_these_need_the_users_intent(next_state: State, error: type[errors.NeedsIntent]) -> None:
    with pytest.raises(error):
        rules.check_needs_no_intent(USER, BASE, next_state)


def test_my_open_transfers_are_not_signed_away_because_my_balance_does_not_fall() -> None:
    """The payee's software proposes to drop what I locked and keeps it, while my net stays as it was."""
    with pytest.raises(errors.NotFullyCredited) as error:
        rules.check_needs_no_intent(USER, BASE, without(1, node_wei=-10))
    assert (error.value.asset, error.value.change, error.value.credited) == ("ETH", 0, 10)


def test_a_payment_needs_the_payers_intent_and_not_the_payees() -> None:
    rules.check_needs_no_intent(USER, state(5), state(6, 1))
    with pytest.raises(errors.NotFullyCredited):
        rules.check_needs_no_intent(NODE, state(5), state(6, 1))


def test_gains_in_one_asset_do_not_pay_for_losses_in_the_other() -> None:
    """Otherwise a half-signed exchange is a free option for whoever signs last."""
    for side in Side:
        with pytest.raises(errors.NotFullyCredited):
            rules.check_needs_no_intent(side, state(5), state(6, 1, -1000))


# --- Rule 4: disputes and final states ---


def test_without_a_dispute_everything_may_be_signed() -> None:
    rules.check_dispute_allows(CHANNEL, state(1))


@pytest.mark.parametrize("on_chain", [disputed(), replace(FUNDED, recent_dispute=True)])
def test_while_a_dispute_runs_or_has_just_run_only_a_final_state_that_gives_no_less(on_chain: object) -> None:
    channel = replace(after(5, 20), on_chain=on_chain)  # type: ignore[arg-type]
    rules.check_dispute_allows(channel, state(6, 20, is_final=True))
    rules.check_dispute_allows(channel, state(6, 21, is_final=True))
    with pytest.raises(errors.DisputeForbidsState):
        rules.check_dispute_allows(channel, state(6, 21))
    with pytest.raises(errors.FinalPaysLess) as error:
        rules.check_dispute_allows(channel, state(6, 19, is_final=True))
    assert (error.value.asset, error.value.net, error.value.expected) == ("ETH", 19, 20)
    with pytest.raises(errors.FinalPaysLess):
        rules.check_dispute_allows(channel, state(6, 30, -1, is_final=True))


def test_the_nodes_final_nonce_leaves_room_above_the_users_and_both_above_what_crosses() -> None:
    closings = {side: rules.closing(replace(after(5), side=side)) for side in Side}
    assert closings[USER] == replace(state(5), nonce=5 + 2**10, is_final=True)
    assert closings[NODE] == replace(state(5), nonce=5 + 2**11, is_final=True)
    rules.check_above(replace(after(5), highest_nonce=6), offer(closings[USER].nonce))


# --- Rule 6 ---


def test_a_refusal_repeats_the_last_content_of_both() -> None:
    channel = after(5, 20)
    rules.check_refusal(channel, state(9, 20))
    for wrong in (state(9, 21), state(9, 20, 1), state(9, 20, is_final=True)):
        with pytest.raises(errors.NotARefusal):
            rules.check_refusal(channel, wrong)
    assert rules.repeated(replace(channel, highest_nonce=8), channel.latest.message) == state(9, 20)


# --- Withdrawals ---


@pytest.mark.parametrize(
    "message",
    [
        withdrawal(user_wei=100, node_wei=100, user_token=1000, node_token=1000),
        withdrawal(user_wei=1, deadline=NOW + 1),
        withdrawal(node_wei=1, recipient=bytes(20)),
    ],
)
def test_withdrawals_that_may_be_signed(message: Withdrawal) -> None:
    check_withdrawal(CHANNEL, message)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (withdrawal(), errors.EmptyWithdrawal),
        (withdrawal(user_wei=101), errors.BalanceNegative),
        (withdrawal(node_token=1001), errors.BalanceNegative),
        (withdrawal(user_wei=1, sequence=1), errors.WrongSequence),
        (withdrawal(user_wei=1, deadline=NOW), errors.DeadlineOutOfWindow),
        (withdrawal(user_wei=1, deadline=NOW + HOUR + 1), errors.DeadlineOutOfWindow),
        (withdrawal(user_wei=1, recipient=bytes(20)), errors.ForbiddenRecipient),
        (withdrawal(user_token=1, recipient=MANAGER), errors.ForbiddenRecipient),
        (withdrawal(user_wei=1, recipient=TOKEN), errors.ForbiddenRecipient),
        (replace(withdrawal(user_wei=1), channel_id=bytes(32)), errors.WrongChannel),
    ],
)
def test_withdrawals_that_may_not(message: Withdrawal, error: type[errors.RuleError]) -> None:
    with pytest.raises(error):
        check_withdrawal(CHANNEL, message)


def test_a_withdrawal_counts_against_the_newest_state() -> None:
    channel = after(5, -30)
    check_withdrawal(channel, withdrawal(user_wei=70))
    with pytest.raises(errors.BalanceNegative):
        check_withdrawal(channel, withdrawal(user_wei=71))


def test_at_most_one_withdrawal_is_open() -> None:
    with pytest.raises(errors.WithdrawalOpen) as error:
        check_withdrawal(signed(withdrawal(user_wei=1)), withdrawal(user_wei=2))
    assert (error.value.sequence, error.value.deadline) == (0, NOW + HOUR)


@pytest.mark.parametrize(
    "on_chain",
    [
        replace(FUNDED, status=Status.UNFUNDED),
        replace(FUNDED, status=Status.SETTLED),
        disputed(),
        replace(FUNDED, recent_dispute=True),
    ],
)
def test_withdrawals_need_an_open_channel(on_chain: object) -> None:
    with pytest.raises(errors.ChannelNotOpen):
        check_withdrawal(replace(CHANNEL, on_chain=on_chain), withdrawal(user_wei=1))  # type: ignore[arg-type]


def test_the_last_sequence_cannot_be_advanced() -> None:
    for sequence in (MAX_SEQUENCE - 1, MAX_SEQUENCE):
        channel = replace(CHANNEL, on_chain=replace(FUNDED, sequence=sequence))
        if sequence < MAX_SEQUENCE:
            check_withdrawal(channel, withdrawal(user_wei=1, sequence=sequence))
        else:
            with pytest.raises(errors.LastWithdrawal):
                check_withdrawal(channel, withdrawal(user_wei=1, sequence=sequence))


def test_what_the_other_side_takes_from_its_own_needs_no_intent() -> None:
    rules.check_withdrawal_needs_no_intent(NODE, withdrawal(user_wei=5, user_token=5))
    for side, message in ((USER, withdrawal(user_token=5)), (NODE, withdrawal(user_wei=5, node_wei=1))):
        with pytest.raises(errors.WithdrawalTakesFromMe):
            rules.check_withdrawal_needs_no_intent(side, message)


# --- Resumes and exits ---

DISPUTED = replace(CHANNEL, on_chain=disputed(time=NOW))


def check_resume(dispute: int, deadline: int, channel: Channel = DISPUTED) -> None:
    rules.check_resume(channel, Resume(CHANNEL_ID, dispute, deadline), POLICY)


def test_a_resume_is_for_the_running_dispute_and_ends_soon() -> None:
    check_resume(1, NOW + 1)
    check_resume(1, NOW + HOUR)
    for dispute in (0, 2):
        with pytest.raises(errors.NoSuchDispute):
            check_resume(dispute, NOW + HOUR)
    with pytest.raises(errors.NoSuchDispute):
        check_resume(0, NOW + HOUR, CHANNEL)
    for deadline in (NOW, NOW + HOUR + 1):
        with pytest.raises(errors.DeadlineOutOfWindow):
            check_resume(1, deadline)
    with pytest.raises(errors.WrongChannel):
        rules.check_resume(DISPUTED, Resume(bytes(32), 1, NOW + 1), POLICY)


def test_the_last_dispute_cannot_be_resumed_from() -> None:
    def channel(dispute: int) -> Channel:
        return replace(DISPUTED, on_chain=replace(DISPUTED.on_chain, dispute=dispute))

    check_resume(MAX_DISPUTE - 1, NOW + 1, channel(MAX_DISPUTE - 1))
    with pytest.raises(errors.LastDispute):
        check_resume(MAX_DISPUTE, NOW + 1, channel(MAX_DISPUTE))


def check_exit(dispute: int, deadline: int, channel: Channel = CHANNEL) -> None:
    rules.check_exit(channel, Exit(CHANNEL_ID, dispute, deadline), POLICY)


def test_an_exit_names_the_next_dispute_and_no_later_one() -> None:
    check_exit(1, NOW + DAY)
    with pytest.raises(errors.NoSuchDispute):
        check_exit(2, NOW + DAY)
    with pytest.raises(errors.ChannelNotOpen):
        check_exit(2, NOW + DAY, DISPUTED)
    for deadline in (NOW, NOW + DAY + 1):
        with pytest.raises(errors.DeadlineOutOfWindow):
            check_exit(1, deadline)
    with pytest.raises(errors.WrongChannel):
        rules.check_exit(CHANNEL, Exit(bytes(32), 1, NOW + 1), POLICY)


def test_an_exit_is_all_that_a_restored_store_signs() -> None:
    check_exit(1, NOW + DAY, replace(CHANNEL, restored=True))


def test_deadlines_fit_the_chain() -> None:
    late = replace(CHANNEL, on_chain=replace(FUNDED, time=MAX_DEADLINE - 1))
    rules.check_deadline(late, MAX_DEADLINE, HOUR)
    with pytest.raises(errors.DeadlineOutOfWindow):
        rules.check_deadline(late, MAX_DEADLINE + 1, HOUR)


# --- Deposits ---


def test_deposits_up_to_the_capacity() -> None:
    rules.check_deposit(CHANNEL, 800, 8000, DEPLOYMENT)
    with pytest.raises(errors.CapacityExceeded) as error:
        rules.check_deposit(CHANNEL, 801, 0, DEPLOYMENT)
    assert (error.value.asset, error.value.total, error.value.capacity) == ("ETH", 1001, 1000)
    with pytest.raises(errors.CapacityExceeded):
        rules.check_deposit(CHANNEL, 0, 8001, DEPLOYMENT)


def test_an_asset_with_capacity_zero_is_not_used() -> None:
    with pytest.raises(errors.CapacityExceeded):
        rules.check_deposit(
            new_channel(DEPLOYMENT, IDENTITY, USER, restored=False), 1, 0, replace(DEPLOYMENT, capacity_wei=0)
        )


def test_nothing_is_deposited_into_a_channel_that_is_ending() -> None:
    final = replace(CHANNEL.latest, message=state(5, is_final=True))
    for channel, error in (
        (DISPUTED, errors.ChannelNotOpen),
        (replace(CHANNEL, on_chain=replace(FUNDED, status=Status.SETTLED)), errors.ChannelSettled),
        (replace(CHANNEL, restored=True), errors.StoreMayBeOld),
        (replace(CHANNEL, latest=final), errors.FinalSigned),
    ):
        with pytest.raises(error):
            rules.check_deposit(channel, 1, 0, DEPLOYMENT)


# --- Errors ---


def test_errors_say_what_is_wrong_with_the_values() -> None:
    with pytest.raises(errors.NonceNotAbove) as error:
        rules.check_above(after(5), offer(5))
    assert str(error.value) == "nonce 5 is not above 5, the highest that I signed or was shown signed"
    with pytest.raises(errors.NotMyChannel) as mine:
        my_side(b"\x99" * 20, KEYS[USER].address)
    assert "0x" + "99" * 20 in str(mine.value)
