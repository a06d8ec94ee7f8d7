"""The model: settlement, by hand-computed examples (docs/protocol.md sections 5 and 6, decisions/0008)."""

import pytest

from connext.types import Status
from proof.model.ledger import FULL_SHARE, SETTLED, Channel
from proof.model.messages import INITIAL, NO_TRANSFERS, NODE, USER, Header, SignedState, TransferList, state_hash
from proof.model.operations import Checkpoint, Close, Deposit, Settle, SettleTransfers, StartDispute
from proof.model.refusals import Event, Refusal, Refused
from proof.model.settlement import hand_out, reservations, split
from tests.proof.model_world import (
    ALICE,
    ALICE_KEY,
    BOB,
    BOB_KEY,
    CAROL,
    CHANNEL,
    DAY,
    NOW,
    do,
    events_named,
    new_ledger,
    refusals,
    signed,
    state,
    transfer,
)

END = NOW + DAY
ALL = 2**256 - 1


@pytest.fixture
def ledger():
    """Alice has put in 200 wei and 300 tokens, Bob 100 wei."""
    ledger = new_ledger()
    do(ledger, Deposit(CHANNEL, USER, 300), by=ALICE, value=200)
    do(ledger, Deposit(CHANNEL, NODE), by=BOB, value=100)
    return ledger


def dispute(ledger, header=None):
    """Over at END."""
    do(ledger, StartDispute(CHANNEL, signed(header)) if header else StartDispute(CHANNEL), by=ALICE)


def record(ledger, number, share, expiry=END):
    ledger.registry.shares[transfer(number, 0, 0, 0, expiry=expiry).triple] = share


# --- The split of a state ---


@pytest.mark.parametrize(
    ("held", "contribution", "nets", "expected"),
    [
        # honest: 300 held, of which 200 the user's; it paid 50
        (300, 200, (-50, 50), (150, 150, 0)),
        # 40 of the user's are locked
        (300, 200, (-90, 50), (110, 150, 40)),
        # a contribution below zero, since more was withdrawn than deposited
        (100, -50, (80, -80), (30, 70, 0)),
        # dishonest: the user would get more than there is, and than is left by the lock
        (300, 200, (200, -200), (300, 0, 0)),
        (300, 200, (200, -250), (250, 0, 50)),
        # ... less than nothing
        (300, 200, (-201, 201), (0, 300, 0)),
        # ... more is locked than there is
        (300, 200, (-200, -200), (0, 0, 300)),
        # ... money out of nowhere: nothing is locked
        (300, 200, (50, 50), (250, 50, 0)),
        # the ends of what can be signed
        (300, 200, (2**127 - 1, 2**127 - 1), (300, 0, 0)),
        (300, 200, (-(2**127), -(2**127)), (0, 0, 300)),
        (300, 200, (2**127 - 1, -(2**127)), (299, 0, 1)),
        (0, 0, (-1, -1), (0, 0, 0)),
    ],
)
def test_bounds_of_what_was_signed(held, contribution, nets, expected):
    """(user, node, locked) of one asset; the other is left alone."""
    ether = Channel(Status.OPEN, user=(contribution, 0), held=(held, 0))
    assert split(ether, Header(1, *nets, 0, 0)) == tuple((amount, 0) for amount in expected)
    token = Channel(Status.OPEN, user=(0, contribution), held=(0, held))
    assert split(token, Header(1, 0, 0, *nets)) == tuple((0, amount) for amount in expected)


# --- What transfers reserve, and get ---


def test_amounts_are_reserved_in_the_order_of_the_list():
    """100 wei: 60, then the 40 that are left of 50, then nothing. Tokens have their own."""
    listed = tuple(transfer(i, USER, *what) for i, what in enumerate([(0, 60), (0, 50), (1, 7), (0, 1)]))
    assert reservations(listed, (100, 10)) == [60, 40, 7, 0]


def test_settled_transfers_reserve_nothing_more():
    listed = tuple(transfer(i, USER, 0, 50) for i in range(3))
    assert reservations(listed, (100, 0), settled=0b001) == [0, 50, 50]


@pytest.mark.parametrize(("payer", "asset"), [(2, 0), (0, 2), (255, 255)])
def test_unknown_codes_claim_nothing(payer, asset):
    assert reservations((transfer(0, payer, asset, 50), transfer(1, USER, 0, 50)), (60, 60)) == [0, 50]


def test_transfers_beyond_the_256th_claim_nothing():
    listed = (transfer(0, USER, 0, 1),) * 257
    assert reservations(listed, (1000, 0)) == [1] * 256


def handed_out(share, payer, amount=10, limit=100, is_final=True, held=10):
    listed = (transfer(0, payer, 0, amount),)
    done = hand_out(listed, (held, 0), 0, ALL, (limit, limit), lambda _: (share, is_final))
    return done.user[0], done.node[0], done.locked[0]


def test_the_payees_share_is_rounded_down():
    """A third of 10 is 3 for the payee; 7 go back to the payer."""
    assert handed_out(FULL_SHARE // 3, payer=USER) == (7, 3, 0)
    assert handed_out(FULL_SHARE // 3, payer=NODE) == (3, 7, 0)
    assert handed_out(FULL_SHARE - 1, payer=NODE, amount=1, held=1) == (0, 1, 0)
    assert handed_out(FULL_SHARE, payer=NODE) == (10, 0, 0)
    assert handed_out(0, payer=NODE) == (0, 10, 0)


def test_what_is_not_final_stays():
    assert handed_out(FULL_SHARE // 3, payer=USER, is_final=False) == (0, 0, 10)


def test_a_transfer_above_the_limit_goes_back():
    assert handed_out(FULL_SHARE, payer=USER, amount=100, held=100) == (0, 100, 0)
    assert handed_out(FULL_SHARE, payer=USER, amount=101, held=101) == (101, 0, 0)
    assert handed_out(FULL_SHARE, payer=USER, amount=101, held=5) == (5, 0, 0)


def test_and_need_not_wait_for_that():
    assert handed_out(0, payer=USER, amount=101, held=101, is_final=False) == (101, 0, 0)


def test_a_transfer_that_holds_nothing_is_never_settled():
    """Whether it is of nothing, of an unknown asset, or behind others that hold all there is."""
    listed = transfer(0, USER, 0, 0), transfer(1, USER, 2, 5), transfer(2, USER, 0, 5), transfer(3, USER, 0, 5)
    done = hand_out(listed, (5, 0), 0, ALL, (100, 100), lambda _: (0, True))
    assert (done.user, done.settled) == ((5, 0), 0b0100)


def test_what_no_transfer_claims_is_the_nodes():
    assert handed_out(0, payer=USER, amount=4) == (4, 6, 0)
    assert handed_out(0, payer=USER, amount=4, is_final=False) == (0, 6, 4)


# --- Settle ---


def test_the_recorded_state_is_paid_out(ledger):
    """The user is sent 150 wei and 290 tokens, the node has 150 wei and 10 tokens in its reserve."""
    header = state(7, wei=(-50, 50), token=(-10, 10))
    dispute(ledger, header)
    events = do(ledger, Settle(CHANNEL, header), by=CAROL, at=END)
    assert events == [Event("ChannelSettled", (CHANNEL.id, 7, 150, 150, 290, 10))]
    assert ledger.channel(CHANNEL.id) == SETTLED
    assert (ledger.ether[ALICE], ledger.token.balances[ALICE]) == (800 + 150, 700 + 290)
    assert ledger.reserve(BOB) == (150, 10)


def test_without_a_state_everybody_gets_its_contribution(ledger):
    dispute(ledger)
    events = do(ledger, Settle(CHANNEL, INITIAL), at=END)
    assert events == [Event("ChannelSettled", (CHANNEL.id, 0, 200, 100, 300, 0))]


def test_a_payout_that_is_not_taken_becomes_credit(ledger):
    ledger.surroundings.deaf = {(ALICE, 0)}
    dispute(ledger)
    events = do(ledger, Settle(CHANNEL, INITIAL), at=END)
    assert events[1:] == [Event("Credited", (ALICE, 0, 200))]
    assert ledger.credit(ALICE) == (200, 0)
    assert ledger.token.balances[ALICE] == 1000


def test_the_initial_state_has_a_hash_too(ledger):
    dispute(ledger)
    with pytest.raises(Refused) as refused:
        do(ledger, Settle(CHANNEL, state(1)), at=END)
    hashes = state_hash(CHANNEL.id, state(1)), state_hash(CHANNEL.id, INITIAL)
    assert refused.value.reasons == {Refusal("StateNotRecorded", (CHANNEL.id, *hashes))}


def test_not_before_the_deadline(ledger):
    dispute(ledger)
    with pytest.raises(Refused) as refused:
        do(ledger, Settle(CHANNEL, INITIAL), at=END - 1)
    assert refused.value.reasons == {Refusal("DisputeNotOver", (CHANNEL.id, END, END - 1))}


def test_not_without_a_dispute_and_not_twice(ledger):
    assert refusals(lambda: do(ledger, Settle(CHANNEL, INITIAL))) == {"NoDispute"}
    dispute(ledger)
    do(ledger, Settle(CHANNEL, INITIAL), at=END)
    assert "ChannelIsSettled" in refusals(lambda: do(ledger, Settle(CHANNEL, INITIAL), at=END))


def test_only_the_recorded_state(ledger):
    recorded, other = state(7), state(7, wei=(1, -1))
    dispute(ledger, recorded)
    for header in (other, INITIAL):
        with pytest.raises(Refused) as refused:
            do(ledger, Settle(CHANNEL, header), at=END)
        hashes = state_hash(CHANNEL.id, header), state_hash(CHANNEL.id, recorded)
        assert refused.value.reasons == {Refusal("StateNotRecorded", (CHANNEL.id, *hashes))}


# --- Transfers, when the channel is settled ---


@pytest.fixture
def listed():
    """Alice pays 30 wei, Bob pays 20 wei and 10 tokens; the last is decided a day later than the dispute ends."""
    return TransferList.of(
        transfer(0, USER, 0, 30), transfer(1, NODE, 0, 20), transfer(2, NODE, 1, 10, expiry=END + DAY)
    )


@pytest.fixture
def locking(listed):
    """Balances 170 and 80 wei, 290 and 0 tokens; the list holds 50 wei and 10 tokens."""
    return state(7, wei=(-30, -20), token=(-10, 0), transfers=listed)


def test_decided_transfers_are_part_of_the_payout(ledger, listed, locking):
    """Half of 30 to Bob, all of 20 to Alice; 10 tokens stay."""
    dispute(ledger, locking)
    record(ledger, 0, FULL_SHARE // 2)
    record(ledger, 1, FULL_SHARE)
    events = do(ledger, Settle(CHANNEL, locking, listed), at=END)
    assert events == [
        Event("ChannelSettled", (CHANNEL.id, 7, 170 + 15 + 20, 80 + 15, 290, 0)),
        Event("TransfersLocked", (CHANNEL.id, listed.hash, 0, 10, 0b011)),
    ]
    assert ledger.channel(CHANNEL.id) == SETTLED._replace(transfers_hash=listed.hash, locked=(0, 10), settled=0b011)


def test_the_full_share_is_final_at_once(ledger, listed, locking):
    dispute(ledger, locking)
    record(ledger, 2, FULL_SHARE, expiry=END + DAY)
    events = do(ledger, Settle(CHANNEL, locking, listed), at=END)
    assert events == [Event("ChannelSettled", (CHANNEL.id, 7, 170 + 30, 80 + 20, 290 + 10, 0))]
    assert ledger.channel(CHANNEL.id) == SETTLED


def test_without_the_list_everything_stays_open(ledger, listed, locking):
    dispute(ledger, locking)
    events = do(ledger, Settle(CHANNEL, locking), at=END)
    assert events == [
        Event("ChannelSettled", (CHANNEL.id, 7, 170, 80, 290, 0)),
        Event("TransfersLocked", (CHANNEL.id, listed.hash, 50, 10, 0)),
    ]


def test_another_list_is_refused(ledger, listed, locking):
    dispute(ledger, locking)
    other = TransferList.of(*listed.transfers[::-1])
    with pytest.raises(Refused) as refused:
        do(ledger, Settle(CHANNEL, locking, other), at=END)
    assert refused.value.reasons == {Refusal("WrongTransfers", (CHANNEL.id, other.hash, listed.hash))}


def test_a_state_without_a_list_takes_none(ledger, listed):
    header = state(7, wei=(-60, 0))
    dispute(ledger, header)
    with pytest.raises(Refused) as refused:
        do(ledger, Settle(CHANNEL, header, listed), at=END)
    assert refused.value.reasons == {Refusal("WrongTransfers", (CHANNEL.id, listed.hash, NO_TRANSFERS.hash))}


def test_where_nothing_is_locked_nobody_looks_at_the_list(ledger, listed):
    dispute(ledger)
    do(ledger, Settle(CHANNEL, INITIAL, listed), at=END)
    assert ledger.channel(CHANNEL.id) == SETTLED


def test_what_a_state_locks_without_any_transfer_is_the_nodes(ledger):
    header = state(7, wei=(-60, 0))
    dispute(ledger, header)
    events = do(ledger, Settle(CHANNEL, header), at=END)
    assert events == [Event("ChannelSettled", (CHANNEL.id, 7, 140, 160, 300, 0))]
    assert ledger.channel(CHANNEL.id) == SETTLED


# --- Close ---


def test_a_final_state_closes_at_once(ledger):
    header = state(7, wei=(-50, 50), is_final=True)
    assert do(ledger, Close(CHANNEL, signed(header))) == [Event("ChannelSettled", (CHANNEL.id, 7, 150, 150, 300, 0))]
    assert ledger.channel(CHANNEL.id) == SETTLED


@pytest.mark.parametrize("at", [NOW, END - 1, END, END + DAY])
def test_also_during_a_dispute_and_after_its_deadline(ledger, at):
    dispute(ledger, state(7))
    do(ledger, Close(CHANNEL, signed(state(7, wei=(-50, 50), is_final=True))), at=at)
    assert ledger.reserve(BOB) == (150, 0)


def test_a_final_state_may_have_any_nonce_not_below_the_recorded(ledger):
    do(ledger, Checkpoint(CHANNEL, signed(state(7))))
    with pytest.raises(Refused) as refused:
        do(ledger, Close(CHANNEL, signed(state(6, is_final=True))))
    assert refused.value.reasons == {Refusal("StateOlder", (CHANNEL.id, 6, 7))}
    do(ledger, Close(CHANNEL, signed(state(2**64 - 1, is_final=True))))


def test_a_state_that_is_not_final_closes_nothing(ledger):
    with pytest.raises(Refused) as refused:
        do(ledger, Close(CHANNEL, signed(state(7))))
    assert refused.value.reasons == {Refusal("StateNotFinal", (CHANNEL.id, 7))}


def test_a_final_state_of_one_side_closes_nothing(ledger):
    header = state(7, is_final=True)
    by_alice = signed(header).user
    with pytest.raises(Refused) as refused:
        do(ledger, Close(CHANNEL, SignedState(header, by_alice, by_alice)))
    assert refused.value.reasons == {Refusal("WrongSigner", (BOB_KEY, ALICE_KEY))}


def test_a_final_state_may_carry_open_transfers(ledger, listed, locking):
    final = locking._replace(is_final=True)
    record(ledger, 0, FULL_SHARE)
    events = do(ledger, Close(CHANNEL, signed(final), listed))
    assert events[1] == Event("TransfersLocked", (CHANNEL.id, listed.hash, 20, 10, 0b001))


# --- Settle transfers ---


@pytest.fixture
def settled(ledger, locking):
    """Settled without the list."""
    dispute(ledger, locking)
    do(ledger, Settle(CHANNEL, locking), at=END)
    return ledger


def test_late_transfers_are_credited_never_sent(settled, listed):
    record(settled, 0, FULL_SHARE // 2)
    record(settled, 1, FULL_SHARE)
    events = do(settled, SettleTransfers(CHANNEL, listed, ALL), at=END)
    assert events == [
        Event("TransfersSettled", (CHANNEL.id, 0b011, 35, 15, 0, 0)),
        Event("Credited", (ALICE, 0, 35)),
    ]
    assert (settled.credit(ALICE), settled.reserve(BOB)) == ((35, 0), (95, 0))
    assert settled.channel(CHANNEL.id).locked == (0, 10)


@pytest.mark.parametrize("order", [(1, 2, 4), (4, 2, 1), (2, 5), (6, 1), (7,)])
def test_any_subsets_in_any_order_come_to_the_same(settled, listed, order):
    for number in range(3):
        record(settled, number, FULL_SHARE // 3, expiry=listed.transfers[number].expiry)
    for wanted in order:
        do(settled, SettleTransfers(CHANNEL, listed, wanted), at=END + DAY)
    assert settled.channel(CHANNEL.id) == SETTLED
    assert settled.credit(ALICE) == (21 + 6, 3)
    assert settled.reserve(BOB) == (80 + 9 + 14, 7)


def test_nothing_is_settled_before_it_is_decided(settled, listed):
    with pytest.raises(Refused) as refused:
        do(settled, SettleTransfers(CHANNEL, listed, 0b100), at=END + DAY - 1)
    assert refused.value.reasons == {Refusal("NothingFinal", (CHANNEL.id,))}
    do(settled, SettleTransfers(CHANNEL, listed, 0b100), at=END + DAY)
    assert refusals(lambda: do(settled, SettleTransfers(CHANNEL, listed, 0b100), at=END + DAY)) == {"NothingFinal"}


def test_when_all_is_settled_nothing_is_locked(settled, listed):
    do(settled, SettleTransfers(CHANNEL, listed, ALL), at=END + DAY)
    assert settled.channel(CHANNEL.id) == SETTLED
    assert "NothingLocked" in refusals(lambda: do(settled, SettleTransfers(CHANNEL, listed, ALL), at=END + DAY))


def test_the_whole_list_must_be_given(settled, listed):
    part = TransferList.of(*listed.transfers[:2])
    assert refusals(lambda: do(settled, SettleTransfers(CHANNEL, part, ALL), at=END)) == {"WrongTransfers"}


def test_of_a_channel_that_is_not_settled_nothing(ledger, listed):
    assert "ChannelNotSettled" in refusals(lambda: do(ledger, SettleTransfers(CHANNEL, listed, ALL), at=END))


def test_what_no_transfer_claims_comes_with_the_first_part(ledger):
    """70 wei are locked, the list claims 30 of them."""
    listed = TransferList.of(transfer(0, USER, 0, 20), transfer(1, USER, 0, 10, expiry=END + DAY))
    header = state(7, wei=(-70, 0), transfers=listed)
    dispute(ledger, header)
    do(ledger, Settle(CHANNEL, header), at=END)
    events = do(ledger, SettleTransfers(CHANNEL, listed, ALL), at=END)
    assert events_named(events, "TransfersSettled") == [(CHANNEL.id, 0b01, 20, 40, 0, 0)]
    assert ledger.channel(CHANNEL.id).locked == (10, 0)


def test_two_transfers_on_one_triple_have_one_outcome(ledger):
    """An exchange: Alice pays 30 wei, Bob 20 tokens, on one condition; a third of both is due."""
    there, back = transfer(0, USER, 0, 30), transfer(0, USER, 1, 20)
    listed = TransferList.of(there, back._replace(id=1, payer=NODE))
    header = state(7, wei=(-30, 0), token=(-20, 0), transfers=listed)
    dispute(ledger, header)
    record(ledger, 0, FULL_SHARE // 3)
    events = do(ledger, Settle(CHANNEL, header, listed), at=END)
    assert events == [Event("ChannelSettled", (CHANNEL.id, 7, 170 + 21, 100 + 9, 280 + 6, 14))]


def test_what_no_transfer_claims_is_enough_for_a_first_part(ledger):
    """20 of 70 wei are claimed until the day after; the other 50 are the node's as soon as the list is shown."""
    listed = TransferList.of(transfer(0, USER, 0, 20, expiry=END + DAY))
    header = state(7, wei=(-70, 0), transfers=listed)
    dispute(ledger, header)
    do(ledger, Settle(CHANNEL, header), at=END)
    assert do(ledger, SettleTransfers(CHANNEL, listed, 0), at=END) == [
        Event("TransfersSettled", (CHANNEL.id, 0, 0, 50, 0, 0))
    ]
    assert refusals(lambda: do(ledger, SettleTransfers(CHANNEL, listed, ALL), at=END)) == {"NothingFinal"}
