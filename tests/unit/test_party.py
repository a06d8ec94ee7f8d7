"""Two parties exchange states: payments, crossings, refusals, final states, withdrawals, disputes, resumes."""

from dataclasses import replace
from typing import get_args

import pytest

from connext import errors, events
from connext import party as party_module
from connext.channel import UNSEEN, OnChain, Signed, recorded_hash
from connext.envelopes import Countersignature, Proposal, Refusal, ResumeProposal, WithdrawalProposal
from connext.messages import Resume, State, Transfer, Withdrawal
from connext.party import Party, step
from connext.rules import FINAL_NONCE_STEP
from connext.signing import Signable, WrongSigner, check_signature
from connext.types import ChannelIdentity, Side, Status
from tests.unit.pair import (
    ACCOUNTS,
    CHANNEL_ID,
    DAY,
    DEPLOYMENT,
    FUNDED,
    HOUR,
    IDENTITY,
    KEYS,
    NODE,
    NOW,
    POLICY,
    USER,
    Pair,
    accept,
    close,
    disputed,
    error_of,
    forged,
    only,
    pay,
    refuse,
    state,
    submitted,
)


@pytest.fixture
def pair() -> Pair:
    return Pair()


# --- Opening ---


def test_open_takes_up_my_channel_once() -> None:
    party = Party(DEPLOYMENT, POLICY, ACCOUNTS[USER], KEYS[USER], {})
    opened, (save,) = step(party, events.Open(IDENTITY, UNSEEN, never_signed=True))
    assert save == events.Save(opened.channels[CHANNEL_ID])
    assert opened.channels[CHANNEL_ID].side is USER
    assert party.channels == {}
    assert step(opened, events.Open(IDENTITY, UNSEEN, never_signed=True)) == (opened, [])


def test_open_refuses_a_look_alike() -> None:
    party = Party(DEPLOYMENT, POLICY, ACCOUNTS[USER], KEYS[USER], {})
    look_alike = replace(IDENTITY, user_signer=b"\x99" * 20)
    same, outputs = step(party, events.Open(look_alike, UNSEEN, never_signed=True))
    assert same is party
    assert isinstance(error_of(outputs), errors.NotMyChannel)


def test_an_unknown_channel_is_not_touched(pair: Pair) -> None:
    for event in (events.Pay(bytes(32), 1, 0), events.ChainView({bytes(32): FUNDED})):
        same, outputs = step(pair.parties[USER], event)
        assert same == pair.parties[USER]
        assert isinstance(error_of(outputs), errors.UnknownChannel)


@pytest.mark.parametrize("changes", [{"account": ACCOUNTS[NODE]}, {"signer": KEYS[NODE]}])
def test_somebody_elses_file_is_not_used(pair: Pair, changes: dict[str, object]) -> None:
    party = replace(pair.parties[USER], **changes)  # type: ignore[arg-type]
    same, outputs = step(party, pay(1))
    assert same is party
    assert isinstance(error_of(outputs), errors.NotMyChannel)


def test_many_channels_per_party() -> None:
    """Bob's node with two users; what happens in one channel leaves the other alone."""
    party = Party(DEPLOYMENT, POLICY, ACCOUNTS[NODE], KEYS[NODE], {})
    ids = []
    for salt in (0, 1):
        identity: ChannelIdentity = replace(IDENTITY, salt=salt)
        ids.append(identity.id(1, DEPLOYMENT.domain.verifying_contract))
        party, _ = step(party, events.Open(identity, UNSEEN, never_signed=True))
    party, _ = step(party, events.ChainView(dict.fromkeys(ids, FUNDED)))
    after, outputs = step(party, events.Pay(ids[1], 5, 0))
    assert only(outputs, events.Send).envelope.channel_id == ids[1]
    assert after.channels[ids[0]] is party.channels[ids[0]]
    assert set(after.channels) == set(ids)


# --- Payments ---


def test_a_payment_is_proposed_countersigned_and_agreed(pair: Pair) -> None:
    outputs = pair.do(USER, pay(5, 70))
    assert [type(output) for output in outputs] == [events.Save, events.Send]
    (proposal,) = pair.mail[NODE]
    assert isinstance(proposal, Proposal)
    assert (proposal.state, proposal.base_nonce) == (state(1, -5, -70), 0)

    outputs = pair.receive(NODE)
    assert [type(output) for output in outputs] == [events.Save, events.Send, events.Agreed]
    outputs = pair.receive(USER)
    assert [type(output) for output in outputs] == [events.Save, events.Agreed]
    assert pair.agreed() == state(1, -5, -70)
    for side in Side:
        latest = pair.channel(side).latest
        for signer in Side:
            check_signature(latest.digest, latest.signature(signer), KEYS[signer].address)


def test_both_pay_in_turn(pair: Pair) -> None:
    assert pair.pay(USER, 50) == state(1, -50)
    assert pair.pay(USER, 50) == state(2, -100)
    assert pair.pay(NODE, 30, 100) == state(3, -70, 100)


def test_step_is_pure_and_deterministic(pair: Pair) -> None:
    before = pair.parties[USER]
    assert step(before, pay(5)) == step(before, pay(5))
    assert before.channels[CHANNEL_ID].highest_nonce == 0


@pytest.mark.parametrize(
    ("intent", "error"),
    [
        (pay(0), errors.EmptyPayment),
        (pay(51), errors.PaymentAboveLimit),
        (pay(0, 601), errors.PaymentAboveLimit),
    ],
)
def test_payments_that_are_not_proposed(pair: Pair, intent: events.Pay, error: type[errors.RuleError]) -> None:
    outputs = pair.do(USER, intent)
    assert [type(output) for output in outputs] == [events.Rejected]
    assert isinstance(error_of(outputs), error)


def test_nobody_pays_more_than_it_has(pair: Pair) -> None:
    pair.pay(USER, 50)
    pair.pay(USER, 50)
    assert isinstance(error_of(pair.do(USER, pay(1))), errors.BalanceNegative)


def test_one_proposal_of_each_side_at_a_time(pair: Pair) -> None:
    pair.do(USER, pay(1))
    error = error_of(pair.do(USER, pay(1)))
    assert isinstance(error, errors.ProposalOutstanding)
    assert error.nonce == 1


def test_a_deposit_counts_only_when_it_is_confirmed() -> None:
    pair = Pair(replace(FUNDED, user_wei=0))
    assert isinstance(error_of(pair.do(USER, pay(1))), errors.BalanceNegative)
    pair.confirm(replace(FUNDED, number=2))
    assert pair.pay(USER, 1) == state(1, -1)


def test_a_payer_ahead_of_the_payees_confirmations_is_refused_and_can_try_again() -> None:
    pair = Pair(replace(FUNDED, user_wei=0))
    pair.do(USER, events.ChainView({CHANNEL_ID: replace(FUNDED, number=2)}))
    pair.do(USER, pay(5))
    outputs = pair.receive(NODE)
    assert isinstance(error_of(outputs), errors.BalanceNegative)
    assert isinstance(pair.mail[USER][0], Refusal)
    outputs = pair.receive(USER)
    assert only(outputs, events.Dropped).state == state(1, -5)
    pair.settle_mail()
    assert pair.agreed() == state(2)
    pair.confirm(replace(FUNDED, number=3))
    assert pair.pay(USER, 5) == state(3, -5)


def test_an_older_block_is_not_believed(pair: Pair) -> None:
    pair.confirm(replace(FUNDED, number=5))
    outputs = pair.do(USER, events.ChainView({CHANNEL_ID: replace(FUNDED, number=4, user_wei=999)}))
    assert isinstance(error_of(outputs), errors.BlockTooOld)
    assert pair.channel(USER).on_chain.user_wei == 100


# --- What a dishonest counterparty sends ---


def unchanged_but_for_the_nonce(pair: Pair, side: Side, nonce: int) -> bool:
    channel = pair.channel(side)
    return channel.latest.message.nonce == 0 and channel.own_offers == () and channel.highest_nonce == nonce


def test_a_proposal_signed_by_somebody_else(pair: Pair) -> None:
    honest = forged(USER, state(1, -5), 0)
    assert isinstance(honest, Proposal)
    outputs = pair.do(NODE, replace(honest, signature=KEYS[NODE].sign(Signable(DEPLOYMENT.domain, honest.state))))
    assert isinstance(error_of(outputs), WrongSigner)
    assert unchanged_but_for_the_nonce(pair, NODE, 0)


def test_a_signature_for_another_chain(pair: Pair) -> None:
    foreign = replace(DEPLOYMENT.domain, chain_id=5)
    outputs = pair.do(NODE, Proposal(state(1, -5), 0, KEYS[USER].sign(Signable(foreign, state(1, -5))), ()))
    assert isinstance(error_of(outputs), WrongSigner)


@pytest.mark.parametrize("nonce", [2**16 + 1, 2**48])
def test_nonces_cannot_be_used_up(pair: Pair, nonce: int) -> None:
    outputs = pair.do(NODE, forged(USER, state(nonce, -5), 0))
    assert isinstance(error_of(outputs), errors.NonceTooFar)
    assert unchanged_but_for_the_nonce(pair, NODE, 0)


def test_a_wrong_base_is_not_answered_but_its_nonce_was_shown(pair: Pair) -> None:
    outputs = pair.do(NODE, forged(USER, state(7, -5), 3))
    assert isinstance(error_of(outputs), errors.WrongBase)
    assert pair.mail[USER] == pair.mail[NODE]
    assert unchanged_but_for_the_nonce(pair, NODE, 7)
    outputs = pair.do(NODE, forged(USER, state(7, -6), 0))
    assert isinstance(error_of(outputs), errors.NonceNotAbove)


def test_two_states_with_one_nonce_are_never_both_signed(pair: Pair) -> None:
    pair.do(NODE, forged(USER, state(1, -5), 0))
    outputs = pair.do(NODE, forged(USER, state(1, -6), 1))
    assert isinstance(error_of(outputs), errors.NonceNotAbove)
    assert pair.latest(NODE) == state(1, -5)


def test_a_state_that_takes_from_me_waits_for_my_intent(pair: Pair) -> None:
    outputs = pair.do(NODE, forged(USER, state(1, 5), 0))
    assert [type(output) for output in outputs] == [events.Save, events.Awaiting]
    assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    assert not pair.mail[USER]
    assert isinstance(error_of(pair.do(NODE, pay(1))), errors.AnswerFirst)
    outputs = pair.do(NODE, accept(outputs))
    assert [type(output) for output in outputs] == [events.Save, events.Send, events.Agreed]
    assert pair.latest(NODE) == state(1, 5)


def test_what_waits_can_be_refused_and_is_dead_only_when_the_refusal_is_countersigned(pair: Pair) -> None:
    outputs = pair.do(NODE, forged(USER, state(1, 5), 0))
    outputs = pair.do(NODE, refuse(outputs))
    assert [type(output) for output in outputs] == [events.Save, events.Send]
    assert pair.channel(NODE).their_offer is None
    refusal = pair.mail[USER].popleft()
    assert isinstance(refusal, Refusal)
    assert (refusal.state, refusal.base_nonce) == (state(2), 0)
    assert isinstance(error_of(pair.do(NODE, pay(1))), errors.ProposalOutstanding)
    signature = KEYS[USER].sign(Signable(DEPLOYMENT.domain, refusal.state))
    pair.do(NODE, Countersignature(CHANNEL_ID, pair.channel(NODE).own_offers[0].digest, signature))
    assert pair.latest(NODE) == state(2)


def test_only_what_waits_can_be_accepted_or_refused(pair: Pair) -> None:
    for intent in (events.Accept(CHANNEL_ID, bytes(32)), events.Refuse(CHANNEL_ID, bytes(32))):
        assert isinstance(error_of(pair.do(NODE, intent)), errors.NothingOffered)
    outputs = pair.do(NODE, forged(USER, state(1, 5), 0))
    pair.do(NODE, forged(USER, state(2, 6), 0))
    assert isinstance(error_of(pair.do(NODE, accept(outputs))), errors.NothingOffered)


def test_a_refused_proposal_is_never_countersigned_later(pair: Pair) -> None:
    outputs = pair.do(NODE, forged(USER, state(1, 5), 0))
    intent = accept(outputs)
    pair.do(NODE, refuse(outputs))
    assert isinstance(error_of(pair.do(NODE, intent)), errors.NothingOffered)
    outputs = pair.do(NODE, forged(USER, state(1, 5), 0))
    assert isinstance(error_of(outputs), errors.NonceNotAbove)


def test_acceptance_checks_the_balances_of_now(pair: Pair) -> None:
    outputs = pair.do(NODE, forged(USER, state(1, 50), 0))
    pair.do(NODE, events.ChainView({CHANNEL_ID: replace(FUNDED, number=2, node_wei=49)}))
    assert isinstance(error_of(pair.do(NODE, accept(outputs))), errors.BalanceNegative)


def test_acceptance_and_refusal_are_signatures_like_others(pair: Pair) -> None:
    """What held when the offer came may no longer hold when the owner answers."""
    waiting = pair.do(NODE, forged(USER, state(1, 5), 0))
    channel = pair.channel(NODE)
    on_another_base = replace(channel.latest, message=state(1), digest=bytes(32))
    for changed, error in (
        (replace(channel, restored=True), errors.StoreMayBeOld),
        (replace(channel, latest=on_another_base), errors.WrongBase),
        (replace(channel, highest_nonce=2, shown_digest=None), errors.NonceNotAbove),
    ):
        party = replace(pair.parties[NODE], channels={CHANNEL_ID: changed})
        assert isinstance(error_of(step(party, accept(waiting))[1]), error)
    restored = replace(pair.parties[NODE], channels={CHANNEL_ID: replace(channel, restored=True)})
    assert isinstance(error_of(step(restored, refuse(waiting))[1]), errors.StoreMayBeOld)


def test_a_waiting_offer_is_overtaken_by_any_later_nonce_that_was_shown(pair: Pair) -> None:
    waiting = pair.do(NODE, forged(USER, state(1, 5), 0))
    pair.do(NODE, forged(USER, state(7), 5))
    assert isinstance(error_of(pair.do(NODE, accept(waiting))), errors.NonceNotAbove)


def test_an_unfair_final_state_that_waited_is_not_accepted_in_a_dispute(pair: Pair) -> None:
    waiting = pair.do(USER, forged(NODE, state(1, -1, is_final=True), 0))
    pair.confirm(disputed())
    assert isinstance(error_of(pair.do(USER, accept(waiting))), errors.FinalPaysLess)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (replace(state(1, -5), node_wei=6), errors.NetsDoNotAddUp),
        (state(1, -51), errors.PaymentAboveLimit),
        (state(1, 0, -1001), errors.BalanceNegative),
        (
            State(CHANNEL_ID, 1, -5, 0, 0, 0, (Transfer(1, 0, 0, 5, bytes(20), bytes(32), NOW),), False),
            errors.ParametersMissing,
        ),
    ],
)
def test_what_can_never_be_signed_is_refused_at_once(pair: Pair, wrong: State, error: type[errors.RuleError]) -> None:
    outputs = pair.do(NODE, forged(USER, wrong, 0))
    assert isinstance(error_of(outputs), error)
    refusal = only(outputs, events.Send).envelope
    assert isinstance(refusal, Refusal)
    assert refusal.state == state(2)


def test_a_refusal_that_is_none_is_not_countersigned(pair: Pair) -> None:
    outputs = pair.do(NODE, forged(USER, state(1, 5), 0, Refusal))
    assert isinstance(error_of(outputs), errors.NotARefusal)
    assert unchanged_but_for_the_nonce(pair, NODE, 1)


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refusal(state(2), 0, KEYS[NODE].sign(Signable(DEPLOYMENT.domain, state(2)))), WrongSigner),
        (forged(USER, state(2 + 2**16), 0, Refusal), errors.NonceTooFar),
        (forged(USER, state(1), 0, Refusal), errors.NonceNotAbove),
        (forged(USER, state(2), 1, Refusal), errors.WrongBase),
    ],
)
def test_a_refusal_is_checked_like_a_proposal(pair: Pair, refusal: Refusal, error: type[Exception]) -> None:
    pair.do(NODE, pay(1))
    assert isinstance(error_of(pair.do(NODE, refusal)), error)
    assert pair.latest(NODE) == state(0)


def test_a_countersignature_of_nothing_or_of_somebody_else(pair: Pair) -> None:
    pair.do(USER, pay(5))
    offer = pair.channel(USER).own_offers[0]
    outputs = pair.do(USER, Countersignature(CHANNEL_ID, offer.digest, offer.signature))
    assert isinstance(error_of(outputs), WrongSigner)
    other = Signable(DEPLOYMENT.domain, state(1, -6))
    outputs = pair.do(USER, Countersignature(CHANNEL_ID, other.digest, KEYS[NODE].sign(other)))
    assert isinstance(error_of(outputs), errors.NothingOffered)
    assert pair.latest(USER) == state(0)


# --- Lost and repeated mail ---


def test_a_lost_proposal_is_sent_again_unchanged(pair: Pair) -> None:
    first = only(pair.do(USER, pay(5)), events.Send)
    pair.lose_mail()
    assert pair.do(USER, events.Resend(CHANNEL_ID)) == [first]
    pair.settle_mail()
    assert pair.agreed() == state(1, -5)


def test_a_lost_countersignature_is_given_again_for_the_same_proposal(pair: Pair) -> None:
    pair.do(USER, pay(5))
    first = only(pair.receive(NODE), events.Send)
    pair.lose_mail()
    pair.do(USER, events.Resend(CHANNEL_ID))
    assert pair.receive(NODE) == [first]
    pair.settle_mail()
    assert pair.agreed() == state(1, -5)
    assert pair.do(USER, first.envelope) == []


def test_a_proposal_that_overtakes_the_countersignature_of_its_base_heals_itself(pair: Pair) -> None:
    pair.do(USER, pay(5))
    pair.receive(NODE)
    pair.do(NODE, pay(7))
    pair.mail[USER].popleft()  # the countersignature is lost
    assert isinstance(error_of(pair.receive(USER)), errors.WrongBase)
    pair.settle_mail()
    assert pair.agreed() == state(2, 2)


def test_resend_offers_the_countersignature_of_the_newest_state(pair: Pair) -> None:
    pair.do(USER, pay(5))
    pair.receive(NODE)
    pair.lose_mail()
    pair.do(NODE, events.Resend(CHANNEL_ID))
    pair.settle_mail()
    assert pair.agreed() == state(1, -5)


def test_a_refusal_is_answered_again(pair: Pair) -> None:
    refusal = forged(USER, state(1), 0, Refusal)
    first = only(pair.do(NODE, refusal), events.Send)
    assert pair.do(NODE, refusal) == [first]


# --- Rule 6: crossings ---


def test_when_both_propose_at_once_the_nodes_stands(pair: Pair) -> None:
    pair.do(USER, pay(5))
    pair.do(NODE, pay(7))
    crossed = error_of(pair.receive(NODE))
    assert isinstance(crossed, errors.CrossingStands)
    assert crossed.nonce == 1
    assert isinstance(error_of(pair.receive(USER)), errors.NonceNotAbove)
    (again,) = pair.mail[USER]
    assert isinstance(again, Proposal)
    assert (again.state, again.base_nonce) == (state(2, 7), 0)
    outputs = pair.receive(USER)
    assert only(outputs, events.Dropped).state == state(1, -5)
    outputs = pair.receive(NODE)
    assert not [output for output in outputs if isinstance(output, events.Dropped)]
    assert pair.agreed() == state(2, 7)
    assert pair.pay(USER, 5) == state(3, 2)


def test_a_repeated_crossing_proposal_does_not_make_the_node_sign_once_more(pair: Pair) -> None:
    pair.do(USER, pay(5))
    pair.do(NODE, pay(7))
    crossing = pair.mail[NODE][0]
    first = only(pair.receive(NODE), events.Send)
    outputs = pair.do(NODE, crossing)
    assert isinstance(error_of(outputs), errors.CrossingStands)
    assert only(outputs, events.Send) == first
    assert len(pair.channel(NODE).own_offers) == 2


def test_the_node_does_not_issue_again_what_it_could_not_propose_now(pair: Pair) -> None:
    """Both proposals die: with nothing issued again, neither could ever be answered."""
    pair.do(NODE, pay(50))
    pair.do(USER, pay(5))
    pair.do(NODE, events.ChainView({CHANNEL_ID: replace(FUNDED, number=2, node_wei=49)}))
    outputs = pair.receive(NODE)
    assert isinstance(error_of(outputs), errors.BalanceNegative)
    assert isinstance(only(outputs, events.Send).envelope, Refusal)
    pair.settle_mail()
    assert pair.agreed() == state(2)
    assert all(pair.channel(side).own_offers == () for side in Side)


def test_a_node_already_above_the_users_nonce_need_not_sign_again(pair: Pair) -> None:
    pair.do(NODE, forged(USER, state(9), 5))
    pair.do(NODE, pay(7))
    pair.do(USER, pay(5))
    assert pair.channel(NODE).own_offers[0].state.nonce == 10
    crossing = pair.mail[NODE][0]
    assert isinstance(crossing, Proposal)
    outputs = pair.do(NODE, forged(USER, state(11, -5), 0))
    assert isinstance(error_of(outputs), errors.CrossingStands)
    assert [offer.state.nonce for offer in pair.channel(NODE).own_offers] == [10, 12]
    pair.receive(USER)
    pair.lose_mail()
    assert pair.latest(USER) == state(10, 7)


def test_the_user_may_refuse_what_the_node_issued_again(pair: Pair) -> None:
    """All four half-signed states are dead once the refusal carries both signatures."""
    pair.do(USER, pay(5))
    crossing = replace(state(1, -3))  # takes from the user
    pair.do(NODE, pay(7))
    pair.receive(NODE)
    pair.lose_mail()
    outputs = pair.do(USER, forged(NODE, replace(crossing, nonce=2), 0))
    outputs = pair.do(USER, refuse(outputs))
    assert [offer.state.nonce for offer in pair.channel(USER).own_offers] == [1, 3]
    assert only(pair.receive(NODE), events.Dropped).state == state(2, 7)
    assert only(pair.receive(USER), events.Dropped).state == state(1, -5)
    assert pair.agreed() == state(3)
    assert all(pair.channel(side).own_offers == () for side in Side)


def test_a_refusal_never_counts_as_a_crossing(pair: Pair) -> None:
    """The node's own proposal is unanswered when the user's refusal of it arrives: it countersigns."""
    pair.do(NODE, pay(7))
    pair.lose_mail()
    pair.do(NODE, forged(USER, state(2), 0, Refusal))
    assert pair.latest(NODE) == state(2)
    assert pair.channel(NODE).own_offers == ()


def test_until_it_is_dead_a_proposal_may_still_be_countersigned(pair: Pair) -> None:
    pair.do(NODE, pay(7))
    offer = pair.channel(NODE).own_offers[0]
    pair.do(NODE, forged(USER, state(5, -1), 0))
    assert [o.state.nonce for o in pair.channel(NODE).own_offers] == [1, 6]
    signature = KEYS[USER].sign(Signable(DEPLOYMENT.domain, offer.state))
    pair.do(NODE, Countersignature(CHANNEL_ID, offer.digest, signature))
    assert pair.latest(NODE) == state(1, 7)
    assert [o.state.nonce for o in pair.channel(NODE).own_offers] == [6]


# --- Rule 4: final states ---


def test_a_cooperative_close(pair: Pair) -> None:
    pair.pay(USER, 5)
    pair.do(USER, close())
    outputs = pair.receive(NODE)
    assert isinstance(only(outputs, events.Awaiting).reason, errors.FinalNeedsIntent)
    outputs = pair.do(NODE, accept(outputs))
    final = state(1 + FINAL_NONCE_STEP[USER], -5, is_final=True)
    assert submitted(outputs) == ["close"]
    outputs = pair.receive(USER)
    assert submitted(outputs) == ["close"]
    assert only(outputs, events.Submit).fields == {"signed": pair.channel(USER).latest}
    assert pair.agreed() == final


def test_after_a_final_state_nothing_else_is_signed(pair: Pair) -> None:
    pair.do(USER, close())
    pair.lose_mail()
    attempts = [
        pay(1),
        close(),
        events.Withdraw(CHANNEL_ID, 1, 0, 0, 0, ACCOUNTS[USER], NOW + 60),
        events.SignExit(CHANNEL_ID, NOW + 60),
        events.Deposit(CHANNEL_ID, 1, 0),
        forged(NODE, state(2000, 5), 0),
        forged(NODE, state(2001), 0, Refusal),
    ]
    for attempt in attempts:
        outputs = pair.do(USER, attempt)
        assert isinstance(error_of(outputs), errors.FinalSigned)
        assert not [output for output in outputs if isinstance(output, events.Send)]
    assert submitted(pair.do(USER, events.StartDispute(CHANNEL_ID))) == ["start_dispute"]


def test_a_final_proposal_cannot_be_refused(pair: Pair) -> None:
    pair.do(USER, close())
    outputs = pair.receive(NODE)
    assert isinstance(error_of(pair.do(NODE, refuse(outputs))), errors.FinalCannotBeRefused)
    assert submitted(pair.do(NODE, events.StartDispute(CHANNEL_ID))) == ["start_dispute"]


def test_an_impossible_final_proposal_is_left_to_the_chain(pair: Pair) -> None:
    outputs = pair.do(NODE, forged(USER, state(1, 101, is_final=True), 0))
    assert [type(output) for output in outputs] == [events.Save, events.Rejected]


@pytest.mark.parametrize("closer", list(Side))
def test_a_final_proposal_is_not_crossed_by_one_that_is_not(pair: Pair, closer: Side) -> None:
    """Also the node's stands back; and the final nonce leaves room, so that it can still be countersigned."""
    pair.do(closer, close())
    pair.do(closer.other, pay(7))
    error = errors.NonceNotAbove if closer is USER else errors.FinalSigned
    assert isinstance(error_of(pair.receive(closer)), error)
    outputs = pair.receive(closer.other)
    outputs = pair.do(closer.other, accept(outputs))
    assert only(outputs, events.Dropped).state.nonce == 1
    pair.settle_mail()
    assert pair.agreed() == state(FINAL_NONCE_STEP[closer], is_final=True)


def test_of_two_final_proposals_crossing_the_user_countersigns_the_nodes(pair: Pair) -> None:
    for side in Side:
        pair.do(side, close())
    assert isinstance(error_of(pair.receive(NODE)), errors.NonceNotAbove)
    assert submitted(pair.receive(USER)) == ["close"]
    pair.settle_mail()
    assert pair.agreed() == state(FINAL_NONCE_STEP[NODE], is_final=True)


def test_but_not_if_it_pays_the_user_less(pair: Pair) -> None:
    pair.do(USER, close())
    outputs = pair.do(USER, forged(NODE, state(2000, -1, is_final=True), 0))
    assert isinstance(error_of(outputs), errors.FinalPaysLess)
    assert pair.latest(USER) == state(0)


def test_no_second_final_state_after_a_countersigned_one(pair: Pair) -> None:
    pair.do(USER, close())
    pair.do(NODE, accept(pair.receive(NODE)))
    pair.settle_mail()
    outputs = pair.do(USER, forged(NODE, state(2000, 5, is_final=True), FINAL_NONCE_STEP[USER]))
    assert isinstance(error_of(outputs), errors.FinalSigned)


# --- Withdrawals ---


def withdraw(
    user_wei: int = 0, node_wei: int = 0, user_token: int = 0, recipient: bytes = ACCOUNTS[USER], deadline: int = 0
) -> events.Withdraw:
    return events.Withdraw(CHANNEL_ID, user_wei, node_wei, user_token, 0, recipient, deadline or NOW + HOUR)


def test_a_withdrawal_of_the_proposers_own_money(pair: Pair) -> None:
    pair.do(USER, withdraw(60, recipient=b"\x77" * 20))
    (proposal,) = pair.mail[NODE]
    assert isinstance(proposal, WithdrawalProposal)
    outputs = pair.receive(NODE)
    assert [type(output) for output in outputs] == [events.Save, events.Send, events.Agreed]
    outputs = pair.receive(USER)
    submit = only(outputs, events.Submit)
    assert submit.name == "withdraw"
    assert submit.fields["withdrawal"] == Withdrawal(CHANNEL_ID, 0, 60, 0, 0, 0, b"\x77" * 20, NOW + HOUR)
    digest = pair.channel(USER).withdrawals[0].digest
    check_signature(digest, submit.fields["user_signature"], KEYS[USER].address)
    check_signature(digest, submit.fields["node_signature"], KEYS[NODE].address)


def test_a_withdrawal_or_resume_signed_by_somebody_else(pair: Pair) -> None:
    message = Withdrawal(CHANNEL_ID, 0, 60, 0, 0, 0, ACCOUNTS[USER], NOW + HOUR)
    signature = KEYS[NODE].sign(Signable(DEPLOYMENT.domain, message))
    assert isinstance(error_of(pair.do(NODE, WithdrawalProposal(message, signature))), WrongSigner)
    pair.confirm(disputed())
    ending = Resume(CHANNEL_ID, 1, NOW + HOUR)
    signature = KEYS[NODE].sign(Signable(DEPLOYMENT.domain, ending))
    assert isinstance(error_of(pair.do(NODE, ResumeProposal(ending, signature))), WrongSigner)


def test_what_waits_is_checked_again_when_it_is_accepted(pair: Pair) -> None:
    pair.do(USER, withdraw(0, node_wei=60))
    waiting = pair.receive(NODE)
    for changes, error in (
        ({"restored": True}, errors.StoreMayBeOld),
        ({"on_chain": replace(FUNDED, node_wei=59)}, errors.BalanceNegative),
    ):
        changed = replace(pair.channel(NODE), **changes)  # type: ignore[arg-type]
        party = replace(pair.parties[NODE], channels={CHANNEL_ID: changed})
        assert isinstance(error_of(step(party, accept(waiting))[1]), error)
    pair.confirm(disputed())
    pair.do(USER, resume())
    waiting = pair.receive(NODE)
    for changes, error in (
        ({"restored": True}, errors.StoreMayBeOld),
        ({"on_chain": replace(disputed(), dispute=2)}, errors.NoSuchDispute),
    ):
        changed = replace(pair.channel(NODE), **changes)  # type: ignore[arg-type]
        party = replace(pair.parties[NODE], channels={CHANNEL_ID: changed})
        assert isinstance(error_of(step(party, accept(waiting))[1]), error)


def test_a_withdrawal_from_my_side_waits_for_my_intent(pair: Pair) -> None:
    pair.do(USER, withdraw(1, node_wei=60))
    outputs = pair.receive(NODE)
    reason = only(outputs, events.Awaiting).reason
    assert isinstance(reason, errors.WithdrawalTakesFromMe)
    assert not pair.mail[USER]
    outputs = pair.do(NODE, accept(outputs))
    assert pair.channel(NODE).their_withdrawal is None
    assert submitted(pair.receive(USER)) == ["withdraw"]


@pytest.mark.parametrize("countersigned", [False, True])
def test_it_counts_as_gone_until_its_sequence_was_used_or_its_deadline_has_passed(
    pair: Pair, countersigned: bool
) -> None:
    pair.do(USER, withdraw(60))
    if countersigned:
        pair.settle_mail()
    pair.lose_mail()
    assert isinstance(error_of(pair.do(USER, pay(41))), errors.BalanceNegative)
    still_open = replace(FUNDED, number=2, time=NOW + HOUR - 1)
    pair.do(USER, events.ChainView({CHANNEL_ID: still_open}))
    assert isinstance(error_of(pair.do(USER, pay(41))), errors.BalanceNegative)
    for over in (
        replace(still_open, number=3, time=NOW + HOUR),
        replace(still_open, number=3, sequence=1, user_wei=100),
    ):
        party, _ = step(pair.parties[USER], events.ChainView({CHANNEL_ID: over}))
        assert party.channels[CHANNEL_ID].withdrawals == ()
        _, outputs = step(party, pay(41))
        assert only(outputs, events.Send).envelope.channel_id == CHANNEL_ID
    executed = replace(still_open, number=3, sequence=1, user_wei=40)
    party, _ = step(pair.parties[USER], events.ChainView({CHANNEL_ID: executed}))
    assert isinstance(error_of(step(party, pay(41))[1]), errors.BalanceNegative)


def test_a_withdrawal_counts_against_my_half_signed_payment_too(pair: Pair) -> None:
    pair.do(USER, pay(50))
    assert isinstance(error_of(pair.do(USER, withdraw(51))), errors.BalanceNegative)
    assert only(pair.do(USER, withdraw(50)), events.Send)


def test_a_withdrawal_offered_twice_is_countersigned_once(pair: Pair) -> None:
    pair.do(USER, withdraw(60))
    proposal = pair.mail[NODE][0]
    first = only(pair.receive(NODE), events.Send)
    assert pair.do(NODE, proposal) == [first]
    pair.lose_mail()
    pair.do(NODE, events.Resend(CHANNEL_ID))
    assert submitted(pair.receive(USER)) == ["withdraw"]


def test_an_unanswered_withdrawal_is_sent_again(pair: Pair) -> None:
    first = only(pair.do(USER, withdraw(60)), events.Send)
    assert pair.do(USER, events.Resend(CHANNEL_ID)) == [first]


def test_a_waiting_withdrawal_is_forgotten_when_it_can_no_longer_be_executed(pair: Pair) -> None:
    pair.do(USER, withdraw(0, node_wei=60))
    outputs = pair.receive(NODE)
    pair.confirm(replace(FUNDED, number=2, time=NOW + HOUR))
    assert isinstance(error_of(pair.do(NODE, accept(outputs))), errors.NothingOffered)


def test_crossing_withdrawals_do_not_both_get_my_signature(pair: Pair) -> None:
    pair.do(USER, withdraw(60))
    pair.do(NODE, withdraw(node_wei=60))
    for side in Side:
        assert isinstance(error_of(pair.receive(side)), errors.WithdrawalOpen)


# --- Rule 5: disputes ---


def test_a_dispute_on_an_older_state_is_challenged_with_mine(pair: Pair) -> None:
    pair.pay(USER, 5)
    outputs = pair.confirm(disputed())
    for side in Side:
        submit = only(outputs[side], events.Submit)
        assert (submit.name, submit.identity) == ("checkpoint", IDENTITY)
        assert submit.fields == {"signed": pair.channel(side).latest}
    again = pair.confirm(replace(disputed(), number=3, time=NOW + DAY - 1))
    assert submitted(again[USER]) == ["checkpoint"], "a challenge is not done before a block shows it"


def recorded(pair: Pair, side: Side, time: int = NOW + 100) -> OnChain:
    """The chain after this side's newest state was recorded in the dispute."""
    latest = pair.latest(side)
    return replace(disputed(latest.nonce, time=time), state_hash=recorded_hash(latest))


def test_a_dispute_on_my_newest_state_needs_no_answer_and_is_settled_from_the_deadline_on(pair: Pair) -> None:
    pair.pay(USER, 5)
    assert submitted(pair.confirm(recorded(pair, USER))[USER]) == []
    outputs = pair.confirm(replace(recorded(pair, USER, NOW + DAY), number=3))[USER]
    submit = only(outputs, events.Submit)
    assert (submit.name, submit.fields) == ("settle", {"state": state(1, -5)})


def test_too_late_to_challenge_the_recorded_state_is_settled(pair: Pair) -> None:
    pair.pay(USER, 5)
    submit = only(pair.confirm(disputed(time=NOW + DAY))[USER], events.Submit)
    assert (submit.name, submit.fields) == ("settle", {"state": None})


def test_a_settled_channel_is_over(pair: Pair) -> None:
    pair.pay(USER, 5)
    settled = replace(FUNDED, number=2, status=Status.SETTLED, user_wei=0, node_wei=0)
    assert submitted(pair.confirm(settled)[USER]) == []
    assert isinstance(error_of(pair.do(USER, pay(1))), errors.ChannelSettled)
    outputs = pair.do(USER, forged(NODE, state(9, 5), 1))
    assert isinstance(error_of(outputs), errors.ChannelSettled)


def test_in_a_dispute_a_countersigned_final_state_closes_at_once(pair: Pair) -> None:
    pair.do(USER, close())
    pair.do(NODE, accept(pair.receive(NODE)))
    pair.lose_mail()
    assert submitted(pair.confirm(disputed())[NODE]) == ["close"]
    later = replace(disputed(time=NOW + DAY), number=3)
    assert submitted(pair.confirm(later)[NODE]) == ["close"]


def test_in_a_dispute_nothing_new_is_proposed_or_countersigned_but_a_fair_final_state(pair: Pair) -> None:
    pair.pay(NODE, 5)
    pair.confirm(disputed())
    assert isinstance(error_of(pair.do(USER, pay(1))), errors.DisputeForbidsState)
    outputs = pair.do(USER, forged(NODE, state(2, 6), 1))
    assert isinstance(error_of(outputs), errors.DisputeForbidsState)
    assert not [output for output in outputs if isinstance(output, events.Send)]
    outputs = pair.do(USER, forged(NODE, state(3, 4, is_final=True), 1))
    assert isinstance(error_of(outputs), errors.FinalPaysLess)
    outputs = pair.do(USER, forged(NODE, state(4, 5, is_final=True), 1))
    assert submitted(pair.do(USER, accept(outputs))) == ["close"]


def test_in_a_dispute_i_may_propose_to_close(pair: Pair) -> None:
    pair.pay(USER, 5)
    pair.confirm(disputed())
    pair.do(USER, close())
    assert submitted(pair.do(NODE, accept(pair.receive(NODE)))) == ["close"]


def test_a_dispute_that_is_not_confirmed_yet_already_stops_new_states(pair: Pair) -> None:
    pair.confirm(replace(FUNDED, number=2, recent_dispute=True))
    assert isinstance(error_of(pair.do(USER, pay(1))), errors.DisputeForbidsState)
    assert isinstance(error_of(pair.do(USER, withdraw(1))), errors.ChannelNotOpen)
    assert isinstance(error_of(pair.do(USER, events.StartDispute(CHANNEL_ID))), errors.ChannelNotOpen)


def test_what_was_proposed_before_the_dispute_may_still_be_countersigned_and_submitted(pair: Pair) -> None:
    waiting = pair.do(NODE, forged(USER, state(1, 5), 0))
    pair.confirm(disputed())
    outputs = pair.do(NODE, accept(waiting))
    assert submitted(outputs) == ["checkpoint"]
    assert pair.latest(NODE) == state(1, 5)


def test_my_own_earlier_proposal_countersigned_in_the_dispute_is_submitted(pair: Pair) -> None:
    pair.do(USER, pay(5))
    outputs = pair.receive(NODE)
    assert outputs
    pair.do(USER, events.ChainView({CHANNEL_ID: disputed()}))
    assert submitted(pair.receive(USER)) == ["checkpoint"]


def test_no_refusal_in_a_dispute(pair: Pair) -> None:
    waiting = pair.do(NODE, forged(USER, state(1, 5), 0))
    pair.confirm(disputed())
    assert isinstance(error_of(pair.do(NODE, refuse(waiting))), errors.DisputeForbidsState)
    outputs = pair.do(NODE, forged(USER, state(2), 0, Refusal))
    assert isinstance(error_of(outputs), errors.DisputeForbidsState)


def test_a_state_that_the_counterparty_recorded_without_sending_it_back_is_learned_from_the_chain(
    pair: Pair,
) -> None:
    pair.do(USER, pay(5))
    pair.receive(NODE)
    pair.lose_mail()
    outputs = pair.do(USER, events.ChainView({CHANNEL_ID: recorded(pair, NODE)}))
    assert only(outputs, events.Agreed).message == state(1, -5)
    assert submitted(outputs) == []
    assert pair.channel(USER).own_offers == ()
    assert not pair.channel(USER).latest.is_countersigned


def test_an_exit_by_transaction(pair: Pair) -> None:
    pair.pay(USER, 5)
    submit = only(pair.do(USER, events.StartDispute(CHANNEL_ID)), events.Submit)
    assert (submit.name, submit.fields) == ("start_dispute", {"signed": pair.channel(USER).latest})


def test_no_exit_from_an_empty_channel() -> None:
    empty = replace(FUNDED, user_wei=0, node_wei=0, user_token=0, node_token=0)
    outputs = Pair(empty).do(USER, events.StartDispute(CHANNEL_ID))
    assert isinstance(error_of(outputs), errors.NothingToDispute)


def test_an_exit_for_a_friend_to_submit(pair: Pair) -> None:
    outputs = pair.do(USER, events.SignExit(CHANNEL_ID, NOW + DAY))
    signed = only(outputs, events.HandOut).envelope
    assert (signed.exit.dispute, signed.exit.deadline) == (1, NOW + DAY)
    check_signature(Signable(DEPLOYMENT.domain, signed.exit).digest, signed.signature, KEYS[USER].address)


def test_an_exit_is_nothing_for_the_counterparty(pair: Pair) -> None:
    signed = only(pair.do(USER, events.SignExit(CHANNEL_ID, NOW + DAY)), events.HandOut).envelope
    assert isinstance(error_of(pair.do(NODE, signed)), errors.ExitIsNotForParties)


def test_every_event_has_a_handler() -> None:
    handled = {*party_module._HANDLERS, events.ChainView, events.Open}
    assert handled == set(get_args(events.Event))


def test_a_checkpoint_without_a_dispute(pair: Pair) -> None:
    assert isinstance(error_of(pair.do(USER, events.Checkpoint(CHANNEL_ID))), errors.NothingNewer)
    pair.pay(USER, 5)
    submit = only(pair.do(USER, events.Checkpoint(CHANNEL_ID)), events.Submit)
    assert (submit.name, submit.fields) == ("checkpoint", {"signed": pair.channel(USER).latest})


# --- Resumes ---


def resume(deadline: int = NOW + HOUR) -> events.ProposeResume:
    return events.ProposeResume(CHANNEL_ID, deadline)


def test_both_resume_from_a_dispute_and_go_on(pair: Pair) -> None:
    pair.pay(USER, 5)
    pair.confirm(disputed())
    pair.do(USER, resume())
    assert isinstance(pair.mail[NODE][0], ResumeProposal)
    outputs = pair.receive(NODE)
    assert isinstance(only(outputs, events.Awaiting).reason, errors.ResumeNeedsIntent)
    pair.do(NODE, accept(outputs))
    submit = only(pair.receive(USER), events.Submit)
    assert submit.name == "resume"
    digest = Signable(DEPLOYMENT.domain, submit.fields["resume"]).digest
    check_signature(digest, submit.fields["user_signature"], KEYS[USER].address)
    check_signature(digest, submit.fields["node_signature"], KEYS[NODE].address)
    pair.confirm(replace(FUNDED, number=3, dispute=1))
    assert [pair.channel(side).own_resume for side in Side] == [None, None]
    assert pair.pay(USER, 5) == state(2, -10)


def test_a_resume_needs_a_running_dispute_and_is_forgotten_with_it(pair: Pair) -> None:
    assert isinstance(error_of(pair.do(USER, resume())), errors.NoSuchDispute)
    pair.confirm(disputed())
    pair.do(USER, resume())
    outputs = pair.receive(NODE)
    pair.confirm(replace(disputed(time=NOW + HOUR), number=3))
    assert pair.channel(USER).own_resume is None
    assert isinstance(error_of(pair.do(NODE, accept(outputs))), errors.NothingOffered)


def test_a_resume_offered_again_is_answered_again(pair: Pair) -> None:
    pair.confirm(disputed())
    first = only(pair.do(USER, resume()), events.Send)
    answer = pair.do(NODE, accept(pair.receive(NODE)))
    pair.lose_mail()
    assert first in pair.do(USER, events.Resend(CHANNEL_ID))
    assert pair.receive(NODE) == [only(answer, events.Send)]
    pair.lose_mail()
    pair.do(NODE, events.Resend(CHANNEL_ID))
    assert submitted(pair.receive(USER)) == ["resume"]


# --- Rule 1: restored stores ---


def test_a_restored_store_signs_nothing_but_an_exit(pair: Pair) -> None:
    pair.pay(USER, 5)
    pair.do(USER, events.MarkRestored(CHANNEL_ID))
    attempts = [
        pay(1),
        close(),
        withdraw(1),
        forged(NODE, state(2, 5), 1),
        forged(NODE, state(9, -5), 1, Refusal),
        forged(NODE, state(10, 5, is_final=True), 1),
        WithdrawalProposal(
            withdrawal := Withdrawal(CHANNEL_ID, 0, 0, 1, 0, 0, bytes(20), NOW + 60),
            KEYS[NODE].sign(Signable(DEPLOYMENT.domain, withdrawal)),
        ),
    ]
    for attempt in attempts:
        outputs = pair.do(USER, attempt)
        assert isinstance(error_of(outputs), errors.StoreMayBeOld)
        assert not [output for output in outputs if isinstance(output, events.Send)]
    assert only(pair.do(USER, events.SignExit(CHANNEL_ID, NOW + DAY)), events.HandOut)
    assert submitted(pair.do(USER, events.StartDispute(CHANNEL_ID))) == ["start_dispute"]
    pair.do(USER, events.ChainView({CHANNEL_ID: disputed()}))
    assert isinstance(error_of(pair.do(USER, resume())), errors.StoreMayBeOld)


def test_a_recorded_state_that_i_do_not_know_shows_that_my_file_is_old(pair: Pair) -> None:
    pair.pay(USER, 5)
    old = pair.channel(USER)
    pair.pay(USER, 6)
    newest = recorded(pair, USER)
    party = replace(pair.parties[USER], channels={CHANNEL_ID: old})
    party, outputs = step(party, events.ChainView({CHANNEL_ID: newest}))
    assert only(outputs, events.FoundOld) == events.FoundOld(CHANNEL_ID, 2)
    assert party.channels[CHANNEL_ID].restored
    _, outputs = step(party, pay(1))
    assert isinstance(error_of(outputs), errors.StoreMayBeOld)


def test_another_state_recorded_with_my_nonce_shows_the_same(pair: Pair) -> None:
    pair.pay(USER, 5)
    other = replace(disputed(1), state_hash=b"\x01" * 26)
    outputs = pair.do(USER, events.ChainView({CHANNEL_ID: other}))
    assert only(outputs, events.FoundOld).recorded_nonce == 1


# --- Deposits ---


def test_deposits_are_transactions_and_sign_nothing(pair: Pair) -> None:
    for side in Side:
        (submit,) = pair.do(side, events.Deposit(CHANNEL_ID, 5, 6))
        assert submit == events.Submit("deposit", IDENTITY, {"side": side, "wei": 5, "token": 6})
        (submit,) = pair.do(side, events.Collateralize(CHANNEL_ID, 5, 6))
        assert submit == events.Submit("collateralize", IDENTITY, {"wei": 5, "token": 6})
    assert isinstance(error_of(pair.do(USER, events.Deposit(CHANNEL_ID, 801, 0))), errors.CapacityExceeded)


def test_not_signed_is_not_signed() -> None:
    with pytest.raises(errors.NotSigned):
        Signed(state(1), bytes(32), None, None).signature(USER)
