"""docs/protocol.md section 11: failures of other systems, and attacks on drafts, that concern the software."""

from dataclasses import replace
from itertools import permutations

import pytest

from connext import errors, events, rules
from connext.channel import UNSEEN
from connext.envelopes import Countersignature, Refusal, ResumeProposal, WithdrawalProposal
from connext.messages import Exit, Message, Resume, State, Transfer, Withdrawal, digest, transfers_hash
from connext.party import Party, step
from connext.signing import Signable, WrongSigner
from connext.types import Side, Status
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

WITHDRAWAL = Withdrawal(CHANNEL_ID, 0, 1, 2, 3, 4, ACCOUNTS[USER], NOW + 60)
TRANSFER = Transfer(1, USER, 0, 10, b"\x33" * 20, b"\x44" * 32, NOW + HOUR)


@pytest.fixture
def pair() -> Pair:
    return Pair()


# --- Replay ---


def test_hashes_without_chain_id_contract_or_message_kind() -> None:
    """Connext v1, Nitro."""
    domains = [
        DEPLOYMENT.domain,
        replace(DEPLOYMENT.domain, chain_id=2),
        replace(DEPLOYMENT.domain, verifying_contract=b"\x12" * 20),
    ]
    messages: list[Message] = [Exit(CHANNEL_ID, 1, 2), Resume(CHANNEL_ID, 1, 2), state(1), WITHDRAWAL]
    assert len({digest(domain, message) for domain in domains for message in messages}) == 12


def test_an_old_state_of_a_closed_and_re_opened_channel(pair: Pair) -> None:
    """Raiden. The next channel of the same parties has another salt, so another id, which every state carries."""
    old = forged(USER, state(1, -5), 0)
    reopened = replace(IDENTITY, salt=1)
    party, _ = step(
        Party(DEPLOYMENT, POLICY, ACCOUNTS[NODE], KEYS[NODE], {}), events.Open(reopened, UNSEEN, never_signed=True)
    )
    _, outputs = step(party, old)
    assert isinstance(error_of(outputs), errors.UnknownChannel)
    settled = replace(FUNDED, number=2, status=Status.SETTLED)
    pair.confirm(settled)
    assert isinstance(error_of(pair.do(NODE, old)), errors.ChannelSettled)


@pytest.mark.parametrize(
    "field",
    ["channel_id", "sequence", "user_wei", "node_wei", "user_token", "node_token", "recipient", "deadline"],
)
def test_a_withdrawal_authorization_without_asset_or_nonce(field: str) -> None:
    """Perun. Every field is signed."""
    value = getattr(WITHDRAWAL, field)
    other = bytes(len(value)) if isinstance(value, bytes) else value + 1
    changed = replace(WITHDRAWAL, **{field: other})
    assert digest(DEPLOYMENT.domain, changed) != digest(DEPLOYMENT.domain, WITHDRAWAL)


def test_packed_encoding_collisions() -> None:
    """Equal amounts in other places, and lists cut elsewhere, are other messages."""
    moved = {digest(DEPLOYMENT.domain, State(CHANNEL_ID, 1, *p, (), False)) for p in permutations((1, 2, 3, 4))}
    assert len(moved) == 24
    lists = [(), (TRANSFER,), (TRANSFER, TRANSFER), (replace(TRANSFER, id=2), TRANSFER)]
    assert len({transfers_hash(transfers) for transfers in lists}) == 4


# --- Half-signed messages ---


def test_a_half_signed_exchange_as_a_free_option(pair: Pair) -> None:
    """Connext v1. A plain net change in two assets is never signed by itself, whatever the rate."""
    for wei, token in ((1, -600), (50, -1)):
        outputs = pair.do(NODE, forged(USER, state(pair.channel(NODE).highest_nonce + 1, wei, token), 0))
        assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    assert not pair.mail[USER]


def test_a_rejected_half_signed_payment_countersigned_later(pair: Pair) -> None:
    """Connext v1. The payer knows that it is dead as soon as it countersigned the refusal, and not before."""
    pair.do(USER, pay(5))
    proposal = pair.mail[NODE][0]
    pair.confirm(replace(FUNDED, number=2, user_wei=0))
    pair.receive(NODE)
    assert isinstance(error_of(pair.do(USER, pay(1))), errors.ProposalOutstanding)
    outputs = pair.receive(USER)
    assert only(outputs, events.Dropped).state == state(1, -5)
    pair.settle_mail()
    assert isinstance(error_of(pair.do(NODE, proposal)), errors.NonceNotAbove)
    assert pair.agreed() == state(2)


def test_a_rejected_half_signed_payment_kept_by_the_node_in_flight(pair: Pair) -> None:
    """Connext v1. A node that answers nothing blocks further payments; its user is content with either end."""
    pair.do(USER, pay(5))
    offer = pair.channel(USER).own_offers[0]
    pair.lose_mail()
    assert isinstance(error_of(pair.do(USER, pay(5))), errors.ProposalOutstanding)
    assert submitted(pair.do(USER, events.StartDispute(CHANNEL_ID))) == ["start_dispute"]
    late = Countersignature(CHANNEL_ID, offer.digest, KEYS[NODE].sign(Signable(DEPLOYMENT.domain, offer.state)))
    pair.do(USER, late)
    assert pair.latest(USER) == state(1, -5)


def test_a_half_signed_withdrawal_completed_after_the_payment_it_was_not_counted_against(pair: Pair) -> None:
    pair.do(USER, events.Withdraw(CHANNEL_ID, 60, 0, 0, 0, ACCOUNTS[USER], NOW + HOUR))
    pair.lose_mail()
    assert isinstance(error_of(pair.do(USER, pay(41))), errors.BalanceNegative)
    assert only(pair.do(USER, pay(40)), events.Send)


def test_nor_is_the_counterpartys_payment_accepted_against_its_own_open_withdrawal(pair: Pair) -> None:
    pair.do(USER, events.Withdraw(CHANNEL_ID, 60, 0, 0, 0, ACCOUNTS[USER], NOW + HOUR))
    pair.receive(NODE)
    outputs = pair.do(NODE, forged(USER, state(1, -41), 0))
    assert isinstance(error_of(outputs), errors.BalanceNegative)


def test_a_co_signed_payout_larger_than_the_deposit(pair: Pair) -> None:
    """Celer. Neither a state nor a withdrawal beyond what is confirmed on chain is signed."""
    outputs = pair.do(NODE, forged(USER, state(1, 0, -1001), 0))
    assert isinstance(error_of(outputs), errors.BalanceNegative)
    too_much = replace(WITHDRAWAL, user_wei=101)
    signature = KEYS[USER].sign(Signable(DEPLOYMENT.domain, too_much))
    assert isinstance(error_of(pair.do(NODE, WithdrawalProposal(too_much, signature))), errors.BalanceNegative)


def test_a_state_with_old_locks_lets_a_party_cheat_the_other() -> None:
    """Raiden issue 127. What is locked must be exactly what the listed transfers hold."""
    for transfers, net in (((TRANSFER,), 0), ((), -10), ((TRANSFER,), -20)):
        with pytest.raises(errors.NetsDoNotAddUp):
            rules.check_sums(State(CHANNEL_ID, 2, net, 0, 0, 0, transfers, False))


def test_software_that_signs_away_its_own_open_transfers_because_its_balance_did_not_fall() -> None:
    base = State(CHANNEL_ID, 5, -10, 0, 0, 0, (TRANSFER,), False)
    kept_by_the_payee = State(CHANNEL_ID, 6, -10, 10, 0, 0, (), False)
    with pytest.raises(errors.NotFullyCredited) as error:
        rules.check_needs_no_intent(USER, base, kept_by_the_payee)
    assert (error.value.asset, error.value.change, error.value.credited) == ("ETH", 0, 10)


# --- Final states, exits, look-alikes ---


def test_a_second_final_state_signed_after_the_first(pair: Pair) -> None:
    pair.do(USER, close())
    assert isinstance(error_of(pair.do(USER, close())), errors.FinalSigned)
    outputs = pair.do(USER, forged(NODE, state(2000, -1, is_final=True), 0))
    assert isinstance(error_of(outputs), errors.FinalPaysLess)
    pair.do(NODE, accept(pair.receive(NODE)))
    assert isinstance(error_of(pair.do(NODE, close())), errors.FinalSigned)


def test_a_final_state_answered_with_a_refusal(pair: Pair) -> None:
    pair.do(USER, close())
    outputs = pair.receive(NODE)
    assert isinstance(error_of(pair.do(NODE, refuse(outputs))), errors.FinalCannotBeRefused)
    assert isinstance(error_of(pair.do(USER, forged(NODE, state(2000), 0, Refusal))), errors.FinalSigned)


def test_a_public_exit_that_starts_dispute_after_dispute(pair: Pair) -> None:
    """It is for the next dispute alone: none is signed while one runs, whose end would let it start another."""
    exit_ = only(pair.do(USER, events.SignExit(CHANNEL_ID, NOW + DAY)), events.HandOut).envelope.exit
    assert exit_.dispute == 1
    pair.confirm(disputed())
    assert isinstance(error_of(pair.do(USER, events.SignExit(CHANNEL_ID, NOW + DAY))), errors.ChannelNotOpen)
    pair.confirm(replace(FUNDED, number=3, dispute=1))
    again = only(pair.do(USER, events.SignExit(CHANNEL_ID, NOW + DAY)), events.HandOut).envelope.exit
    assert again.dispute == 2


def test_a_side_that_freezes_the_other_by_dispute_and_resume(pair: Pair) -> None:
    """No resume is signed without the owner, none for longer than the policy's window, none for another dispute."""
    pair.confirm(disputed())
    for deadline, dispute, error in (
        (NOW + 100 + HOUR + 1, 1, errors.DeadlineOutOfWindow),
        (NOW + HOUR, 2, errors.NoSuchDispute),
    ):
        message = Resume(CHANNEL_ID, dispute, deadline)
        signature = KEYS[USER].sign(Signable(DEPLOYMENT.domain, message))
        assert isinstance(error_of(pair.do(NODE, ResumeProposal(message, signature))), error)
    pair.do(USER, events.ProposeResume(CHANNEL_ID, NOW + HOUR))
    assert [type(output) for output in pair.receive(NODE)] == [events.Save, events.Awaiting]


def test_a_look_alike_channel_with_a_strangers_signer() -> None:
    """Anyone can fund a channel that names my account, or my signer, beside its own."""
    stranger = b"\x99" * 20
    mine = Party(DEPLOYMENT, POLICY, ACCOUNTS[USER], KEYS[USER], {})
    for changes in ({"user_signer": stranger}, {"user": stranger}):
        party, outputs = step(mine, events.Open(replace(IDENTITY, **changes), UNSEEN, never_signed=True))
        assert isinstance(error_of(outputs), errors.NotMyChannel)
        assert party.channels == {}


# --- What the counterparty withholds or invents ---


def test_settlement_that_needs_data_only_the_counterparty_has(pair: Pair) -> None:
    """Raiden issue 1240. My own newest state, with both signatures, is all that my transactions need."""
    pair.pay(NODE, 5)
    dispute = only(pair.do(USER, events.StartDispute(CHANNEL_ID)), events.Submit).fields["signed"]
    assert dispute.message == state(1, 5)
    assert dispute.is_countersigned


def test_an_unconfirmed_deposit_pays_for_nothing() -> None:
    pair = Pair(replace(FUNDED, user_wei=0))
    outputs = pair.do(NODE, forged(USER, state(1, -5), 0))
    assert isinstance(error_of(outputs), errors.BalanceNegative)


def test_nonces_that_would_shut_the_channel_for_newer_states(pair: Pair) -> None:
    outputs = pair.do(NODE, forged(USER, state(2**48 - 1, -5), 0))
    assert isinstance(error_of(outputs), errors.NonceTooFar)
    assert pair.pay(NODE, 5) == state(1, 5)


def test_two_different_states_with_one_nonce(pair: Pair) -> None:
    """Rule 1: whatever comes in whatever order, one signature of mine per nonce."""
    signed: dict[int, set[bytes]] = {}
    incoming = [
        forged(USER, state(1, -5), 0),
        forged(USER, state(1, -6), 0),
        forged(USER, state(2, 7), 0),
        forged(USER, state(2, -7), 1),
        forged(USER, state(3, -7), 1),
        forged(USER, state(3, -8), 1),
        forged(USER, state(4, -7), 3, Refusal),
        forged(USER, state(4, -9), 3),
    ]
    for envelope in incoming:
        pair.do(NODE, envelope)
        channel = pair.channel(NODE)
        for offer in channel.own_offers:
            signed.setdefault(offer.state.nonce, set()).add(offer.digest)
        signed.setdefault(channel.latest.message.nonce, set()).add(channel.latest.digest)
    assert sorted(signed) == [1, 3, 4]
    assert all(len(digests) == 1 for digests in signed.values())


def test_a_signature_of_one_kind_as_another(pair: Pair) -> None:
    """An exit's signature under a resume with the same fields."""
    pair.confirm(disputed())
    exit_ = KEYS[USER].sign(Signable(DEPLOYMENT.domain, Exit(CHANNEL_ID, 1, NOW + HOUR)))
    outputs = pair.do(NODE, ResumeProposal(Resume(CHANNEL_ID, 1, NOW + HOUR), exit_))
    assert isinstance(error_of(outputs), WrongSigner)


def test_a_payout_to_an_address_where_it_is_lost(pair: Pair) -> None:
    for recipient in (bytes(20), MANAGER, DEPLOYMENT.token):
        outputs = pair.do(USER, events.Withdraw(CHANNEL_ID, 1, 0, 0, 0, recipient, NOW + 60))
        assert isinstance(error_of(outputs), errors.ForbiddenRecipient)


def test_every_side_of_a_crossing_ends_on_one_state() -> None:
    """Whatever order the mail of two crossing payments and their answers is read in."""
    for order in ((USER, NODE), (NODE, USER)):
        pair = Pair()
        pair.do(USER, pay(5))
        pair.do(NODE, pay(7))
        for side in order:
            pair.receive(side)
        pair.settle_mail()
        assert pair.agreed() == state(2, 7)
        assert all(pair.channel(side).own_offers == () for side in Side)
