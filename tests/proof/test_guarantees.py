"""The guarantees as properties: honest play keeps them all, and each catches a fault that breaks it."""

from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from proof import guarantees
from proof.guarantees import (
    Broken,
    Guard,
    g1_solvency,
    g5_exit,
    g7_conservation,
    g8_transfer_limit,
    g9_outcomes_only_rise,
    way_out,
)
from proof.model import disputes, funding, payouts, play, rules, settlement
from proof.model.ledger import FULL_SHARE, MAX_FUNDED_RESERVE, SETTLED, Ledger
from proof.model.messages import INITIAL, MALFORMED, NODE, USER, TransferList
from proof.model.operations import (
    Batch,
    Checkpoint,
    Close,
    Context,
    Deposit,
    Fund,
    Item,
    PushCredit,
    Record,
    Resume,
    Settle,
    SettleTransfers,
    StartDispute,
    StartDisputeWithExit,
    TopUp,
    Withdraw,
    WithdrawReserve,
)
from proof.model.outcomes import Undecodable
from proof.model.play import Step, perform
from proof.model.refusals import Refusal, Refused
from proof.past import Change, Past, losers_of, payout_of
from tests.proof.model_world import (
    ALICE,
    ALICE_KEY,
    BOB,
    BOB_KEY,
    CAROL,
    CAROL_KEY,
    CHANNEL,
    CONDITION,
    DAY,
    MANAGER,
    NOW,
    channel_of,
    new_ledger,
    sign,
    signed,
    state,
    transfer,
    withdrawal,
)

END = NOW + DAY
ALL = 2**256 - 1


class World:
    """A guard over a ledger in which Alice has put in 200 wei and 300 tokens and Bob 100 wei."""

    def __init__(self) -> None:
        self.ledger = new_ledger()
        self.guard = Guard(self.ledger)
        self.do(Deposit(CHANNEL, USER, 300), by=ALICE, value=200)
        self.do(Deposit(CHANNEL, NODE), by=BOB, value=100)

    def do(self, operation: Any, by: bytes = ALICE, at: int = NOW, value: int = 0) -> None:
        self.guard.perform(operation, Context(by, at, value))

    def breaks(self, guarantee: str, operation: Any, **context: Any) -> None:
        with pytest.raises(Broken) as broken:
            self.do(operation, **context)
        assert broken.value.guarantee == guarantee, broken.value


@pytest.fixture
def world():
    return World()


@pytest.fixture
def listed():
    """Alice pays 30 wei, Bob 20 wei; what is left to claim of 60 is the node's."""
    return TransferList.of(transfer(0, USER, 0, 30), transfer(1, NODE, 0, 20, expiry=END + DAY))


def step(world, operation, by=CAROL, at=NOW, **after: Any) -> Step:
    """A step that changed the ledger's books like that."""
    before = world.ledger.position()
    return Step(before, operation, Context(by, at), (), frozenset(), before._replace(**after))


def g2_isolation(ledger: Ledger, taken: Step) -> None:
    guarantees.g2_isolation(ledger, taken, losers_of(taken))


def g3_own_money(ledger: Ledger, taken: Step) -> None:
    guarantees.g3_own_money(ledger, taken, losers_of(taken))


def ignore(monkeypatch: pytest.MonkeyPatch, module: Any, *names: str) -> None:
    """Rules that are asked no more."""
    for name in names:
        monkeypatch.setattr(module, name, lambda *_: ())


# --- A life of a channel keeps them all ---


def test_a_life_with_everything_keeps_them(world, listed):
    locking = state(3, wei=(-40, -20), transfers=listed)
    what = withdrawal(wei=(10, 20), recipient=CAROL)
    both = [sign(signer, "Resume", (1, END)) for signer in CHANNEL.signers]
    world.do(TopUp(CHANNEL.id, NODE), by=CAROL, value=5)
    world.do(Withdraw(CHANNEL, what, *(sign(signer, "Withdrawal", what) for signer in CHANNEL.signers)))
    world.do(StartDisputeWithExit(CHANNEL, END, sign(BOB_KEY, "Exit", (1, END)), signed(state(1))), by=CAROL)
    world.do(Resume(CHANNEL, END, *both))
    world.do(StartDispute(CHANNEL, signed(state(2))))
    world.do(Checkpoint(CHANNEL, signed(locking)))
    world.do(Settle(CHANNEL, locking), at=END)
    world.guard.past.lists[listed.hash] = listed
    world.guard.survey(END)
    world.do(SettleTransfers(CHANNEL, listed, ALL), at=END)
    world.do(SettleTransfers(CHANNEL, listed, ALL), at=END + DAY)
    world.do(PushCredit(ALICE, 0), by=CAROL)
    world.do(WithdrawReserve(1, 0, CAROL), by=BOB)
    assert world.ledger.channel(CHANNEL.id) == SETTLED
    assert world.ledger.ether[MANAGER] == sum(reserve[0] for reserve in world.ledger.reserves.values())


def test_a_batch_is_checked_item_by_item(world):
    """Each state and number by itself, also where the items of one batch undo each other."""
    both = [sign(signer, "Resume", (1, END)) for signer in CHANNEL.signers]
    record = StartDispute(CHANNEL, signed(state(1))), Resume(CHANNEL, END, *both), StartDispute(CHANNEL)
    world.do(Batch(tuple(map(Item, record))))
    assert world.guard.past.newest == {CHANNEL.id: state(1)}
    assert {use for use, _ in world.guard.past.consumed} == {"recorded", "resumed"}


def test_a_batch_with_a_fault_in_one_item(world, monkeypatch):
    ignore(monkeypatch, rules, "is_signed_by_both")
    forged = Checkpoint(CHANNEL, signed(state(1))._replace(user=MALFORMED))
    world.breaks("G3", Batch((Item(Fund(CAROL), 1), Item(forged))), value=1)


def test_what_a_refused_batch_did_is_not_learned(world):
    world.ledger.reserves[ALICE] = (MAX_FUNDED_RESERVE, 0)
    with pytest.raises(Refused):
        world.do(Batch((Item(Checkpoint(CHANNEL, signed(state(1)))),)), value=1)
    assert world.guard.past.newest == {}
    world.ledger.reserves[ALICE] = (0, 0)
    world.do(Checkpoint(CHANNEL, signed(state(1))))


def test_random_play_keeps_them():
    """Whatever is signed by both, in any order: the bounds of section 5, the reservations, every share."""
    random = Random(1)
    paid_out = 0
    for salt in range(150):
        world, channel = World(), channel_of(salt=salt)
        world.do(Deposit(channel, USER, random.randrange(300)), value=random.randrange(1, 200))
        transfers = TransferList.of(*(_any_transfer(random) for _ in range(random.randrange(6))))
        nets = [random.choice((0, 50, -50, random.randrange(-400, 400))) for _ in range(4)]
        header = state(1, tuple(nets[:2]), tuple(nets[2:]), transfers, is_final=random.random() < 0.5)
        for one in transfers.transfers:
            if random.random() < 0.5:
                world.ledger.registry.shares[one.triple] = random.choice((FULL_SHARE, FULL_SHARE // 3, 1))
        given = random.choice((transfers, TransferList.of()))
        if header.is_final:
            world.do(Close(channel, signed(header, channel), given))
        else:
            world.do(StartDispute(channel, signed(header, channel)))
            world.do(Settle(channel, header, given), at=END)
        world.guard.past.lists[transfers.hash] = transfers
        world.guard.survey(END)
        while any(world.ledger.channel(channel.id).locked):
            with suppress(Refused):
                world.do(SettleTransfers(channel, transfers, random.randrange(64)), at=END + random.randrange(3 * DAY))
                paid_out += 1
    assert paid_out > 50


def _any_transfer(random: Random):
    codes = random.choice((0, 0, 0, 1, 1, 1, 2)), random.choice((0, 0, 0, 1, 1, 1, 2))
    amount = random.choice((0, 1, 100, 101, random.randrange(300)))
    return transfer(random.randrange(4), *codes, amount, expiry=NOW + random.choice((0, DAY, 2 * DAY)))


# --- G1 Solvency ---


@pytest.mark.parametrize("asset", [0, 1])
def test_g1_sees_one_wei_that_is_missing(world, asset):
    g1_solvency(world.ledger)
    (world.ledger.token.balances if asset else world.ledger.ether)[MANAGER] -= 1
    with pytest.raises(Broken, match=r"^G1"):
        g1_solvency(world.ledger)


def test_g1_sees_a_credit_out_of_nothing(world):
    world.ledger.credits[CAROL] = (0, 1)
    with pytest.raises(Broken, match=r"^G1"):
        g1_solvency(world.ledger)


# --- G2 Isolation ---


def test_g2_sees_another_channel_change(world):
    other = channel_of(salt=1)
    channels = {**world.ledger.channels, CHANNEL.id: SETTLED}
    with pytest.raises(Broken, match=r"^G2"):
        g2_isolation(world.ledger, step(world, Deposit(other, USER), channels=channels))


@pytest.mark.parametrize("book", ["reserves", "credits"])
def test_g2_sees_an_account_lose(world, book):
    getattr(world.ledger, book)[ALICE] = (10, 10)
    lost = step(world, Fund(CAROL), **{book: {**getattr(world.ledger, book), ALICE: (10, 9)}})
    with pytest.raises(Broken, match=r"^G2"):
        g2_isolation(world.ledger, lost)
    g2_isolation(world.ledger, replace(lost, context=Context(ALICE, NOW)))


def test_g2_lets_credit_become_a_wallet(world):
    world.ledger.credits[BOB] = (10, 0)
    ether = {**world.ledger.ether, BOB: world.ledger.ether[BOB] + 10}
    g2_isolation(world.ledger, step(world, PushCredit(BOB, 0), credits={BOB: (0, 0)}, ether=ether))


# --- G3 Authority ---


def test_g3_sees_a_stranger_move_a_reserve(world):
    world.do(Fund(BOB), value=10)
    pushed = {**world.ledger.ether, BOB: world.ledger.ether[BOB] + 10}
    with pytest.raises(Broken, match=r"^G3"):
        g3_own_money(world.ledger, step(world, PushCredit(BOB, 0), reserves={BOB: (0, 0)}, ether=pushed))


def test_g3_sees_somebody_elses_tokens_pulled(world):
    tokens = {**world.ledger.token.balances, BOB: 0}
    with pytest.raises(Broken, match=r"^G3"):
        g3_own_money(world.ledger, step(world, Fund(BOB, 1000), tokens=tokens))


def test_g3_sees_a_withdrawal_without_the_nodes_signature(world, monkeypatch):
    ignore(monkeypatch, rules, "is_signed_by_both")
    what = withdrawal(wei=(10, 0))
    world.breaks("G3", Withdraw(CHANNEL, what, sign(ALICE_KEY, "Withdrawal", what), MALFORMED))


@pytest.mark.parametrize("elsewhere", ["channel", "kind", "content", "signer"])
def test_g3_sees_a_state_that_was_signed_for_something_else(world, monkeypatch, elsewhere):
    ignore(monkeypatch, rules, "is_signed_by_both")
    header = state(1, wei=(-10, 10))
    forged = {
        "channel": sign(ALICE_KEY, "State", header, channel_of(salt=1)),
        "kind": sign(ALICE_KEY, "Withdrawal", header),
        "content": sign(ALICE_KEY, "State", state(2, wei=(-10, 10))),
        "signer": sign(CAROL_KEY, "State", header),
    }
    world.breaks("G3", Checkpoint(CHANNEL, signed(header)._replace(user=forged[elsewhere])))


def test_g3_sees_a_channel_closed_by_one_side(world, monkeypatch):
    ignore(monkeypatch, rules, "is_signed_by_both")
    world.breaks("G3", Close(CHANNEL, signed(state(1, wei=(-10, 10), is_final=True))._replace(user=MALFORMED)))


def test_g3_sees_a_stranger_start_a_dispute(world, monkeypatch):
    monkeypatch.setattr(disputes, "demand", lambda *_: None)
    world.breaks("G3", StartDispute(CHANNEL), by=CAROL)
    exit_of_the_next = sign(BOB_KEY, "Exit", (2, END))
    world = World()
    world.breaks("G3", StartDisputeWithExit(CHANNEL, END, exit_of_the_next), by=CAROL)


def test_g3_sees_one_side_resume(world, monkeypatch):
    world.do(StartDispute(CHANNEL))
    ignore(monkeypatch, rules, "is_signed_by_both")
    world.breaks("G3", Resume(CHANNEL, END, sign(ALICE_KEY, "Resume", (1, END)), sign(BOB_KEY, "Resume", (2, END))))


# --- G4 Newest wins ---


def test_g4_sees_a_newer_state_refused(world, monkeypatch):
    """As where only the counterparty may answer, and once."""
    world.do(StartDispute(CHANNEL, signed(state(1))))
    monkeypatch.setattr(disputes, "_is_newer", lambda *_: [Refusal("StateNotNewer")])
    world.breaks("G4", Checkpoint(CHANNEL, signed(state(2))), at=END - 1)
    with pytest.raises(Refused):
        world.do(Checkpoint(CHANNEL, signed(state(2))), at=END)


def test_g4_sees_an_older_state_settled(world):
    world.do(StartDispute(CHANNEL, signed(state(2))))
    newest = world.guard.past.newest[CHANNEL.id]
    world.guard.past.newest[CHANNEL.id] = state(3)
    world.breaks("G4", Settle(CHANNEL, newest), at=END)


def test_g4_sees_an_older_final_state_close(world, monkeypatch):
    world.do(Checkpoint(CHANNEL, signed(state(2))))
    ignore(monkeypatch, payouts, "_is_final")
    world.breaks("G4", Close(CHANNEL, signed(state(1, is_final=True))))


def test_g4_sees_a_settlement_before_the_deadline(world, monkeypatch):
    """When a newer state could still come."""
    world.do(StartDispute(CHANNEL, signed(state(1))))
    ignore(monkeypatch, payouts, "_is_over")
    world.breaks("G4", Settle(CHANNEL, state(1)), at=END - 1)


def test_g4_sees_a_payout_that_is_another(world, monkeypatch):
    """A wei from one side to the other."""
    honest = settlement.split

    def tilted(channel, header):
        user, node, locked = honest(channel, header)
        return settlement.Split((user[0] - 1, user[1]), (node[0] + 1, node[1]), locked)

    monkeypatch.setattr(payouts, "split", tilted)
    world.do(StartDispute(CHANNEL, signed(state(1))))
    world.breaks("G4", Settle(CHANNEL, state(1)), at=END)


def test_g4_sees_a_share_rounded_up(world, monkeypatch):
    """A third of 30 wei less one part in 1e18 is 9 for Bob, and not 10."""
    listed = TransferList.of(transfer(0, USER, 0, 30))
    header = state(1, wei=(-30, 0), transfers=listed)
    world.ledger.registry.shares[listed.transfers[0].triple] = FULL_SHARE // 3
    world.do(StartDispute(CHANNEL, signed(header)))
    honest = payouts.hand_out

    def rounded_up(*given):
        done = honest(*given)
        return done._replace(user=(done.user[0] - 1, 0), node=(done.node[0] + 1, 0))

    monkeypatch.setattr(payouts, "hand_out", rounded_up)
    world.breaks("G4", Settle(CHANNEL, header, listed), at=END)


def test_g4_sees_a_transfer_forgotten(world, monkeypatch, listed):
    """Or one that can be settled again: its bit is missing."""
    header = state(1, wei=(-40, -20), transfers=listed)
    world.do(StartDispute(CHANNEL, signed(header)))
    honest = payouts.hand_out
    monkeypatch.setattr(payouts, "hand_out", lambda *given: honest(*given)._replace(settled=0))
    world.breaks("G4", Settle(CHANNEL, header, listed), at=END)


# --- G5 Exit ---


def test_g5_sees_a_deadline_move(world, monkeypatch):
    """As where every newer state restarts the clock."""
    honest = disputes.checkpoint

    def restarting(ledger, operation, context):
        events = honest(ledger, operation, context)
        channel = ledger.channels[CHANNEL.id]
        ledger.channels[CHANNEL.id] = channel._replace(deadline=context.time + DAY)
        return events

    monkeypatch.setitem(play._RULES, Checkpoint, restarting)
    world.do(StartDispute(CHANNEL))
    world.breaks("G5", Checkpoint(CHANNEL, signed(state(1))), at=NOW + 1)


def test_g5_sees_a_period_that_is_longer(world, monkeypatch):
    honest = disputes.start_dispute
    late = Context(ALICE, NOW + 1)
    monkeypatch.setitem(play._RULES, StartDispute, lambda ledger, operation, _: honest(ledger, operation, late))
    world.breaks("G5", StartDispute(CHANNEL))


def test_g5_sees_a_party_that_cannot_leave(world, monkeypatch):
    g5_exit(world.ledger, world.guard.past, NOW)
    monkeypatch.setattr(rules, "is_open", lambda *_: [Refusal("Stuck")])
    with pytest.raises(Broken, match=r"^G5: side 0 cannot leave"):
        g5_exit(world.ledger, world.guard.past, NOW)


def test_g5_sees_a_party_leave_with_less(world, monkeypatch):
    """As where a payout marks itself done although it paid less."""
    monkeypatch.setattr(payouts, "deliver", lambda *_: [])
    with pytest.raises(Broken, match=r"^G5: side 0 leaves"):
        g5_exit(world.ledger, world.guard.past, NOW)


def test_g5_sees_money_that_stays_behind(world, monkeypatch, listed):
    """As where a window closes after which nothing can be claimed."""
    header = state(1, wei=(-40, -20), transfers=listed, is_final=True)
    world.guard.past.lists[listed.hash] = listed
    world.do(Close(CHANNEL, signed(header)))
    world.guard.survey(NOW)
    honest = payouts.hand_out
    monkeypatch.setattr(
        payouts, "hand_out", lambda *a: honest(*a)._replace(locked=(1, 0)) if a[1] != (0, 0) else honest(*a)
    )
    with pytest.raises(Broken, match=r"^G5: transfers .* stay locked"):
        world.guard.survey(NOW)


def test_the_way_out_changes_nothing_when_it_is_only_tried(world):
    before = world.ledger.position()
    world.guard.survey(NOW)
    assert world.ledger.position() == before


def test_the_way_out_of_each_status(world):
    def names():
        past = world.guard.past
        before = world.ledger.position()
        line = []
        for operation, context in way_out(world.ledger, past, CHANNEL, USER, NOW):
            perform(world.ledger, operation, context)
            line.append((type(operation).__name__, context.caller == ALICE, context.time - NOW))
        world.ledger.back(before)
        return line

    assert names() == [("StartDispute", True, 0), ("Settle", True, DAY)]
    world.do(StartDispute(CHANNEL), by=BOB)
    assert names() == [("Settle", True, DAY)]
    world.do(Settle(CHANNEL, INITIAL), at=END)
    assert names() == []


# --- G6 No replay ---


def test_g6_sees_a_withdrawal_executed_twice(world, monkeypatch):
    ignore(monkeypatch, funding, "_has_sequence")
    what = withdrawal(wei=(10, 0))
    operation = Withdraw(CHANNEL, what, *(sign(signer, "Withdrawal", what) for signer in CHANNEL.signers))
    world.do(operation)
    world.breaks("G6", operation)


def test_g6_sees_a_dispute_number_used_twice(world):
    """A public exit would start dispute after dispute."""
    world.do(StartDispute(CHANNEL))
    both = [sign(signer, "Resume", (1, END)) for signer in CHANNEL.signers]
    world.do(Resume(CHANNEL, END, *both))
    channel = world.ledger.channels[CHANNEL.id]
    world.ledger.channels[CHANNEL.id] = channel._replace(dispute=0)
    world.do(StartDispute(CHANNEL))
    world.breaks("G6", Resume(CHANNEL, END, *both))


@pytest.mark.parametrize("field", ["dispute", "sequence"])
def test_g6_sees_a_number_left_out(world, monkeypatch, field):
    honest = play._RULES[Checkpoint]

    def hurried(ledger, operation, context):
        events = honest(ledger, operation, context)
        channel = ledger.channels[CHANNEL.id]
        ledger.channels[CHANNEL.id] = channel._replace(**{field: getattr(channel, field) + 1})
        return events

    monkeypatch.setitem(play._RULES, Checkpoint, hurried)
    operation = Checkpoint(CHANNEL, signed(state(1)))
    world.breaks("G6", operation)


def test_g6_sees_a_channel_come_back(world, monkeypatch):
    world.do(Close(CHANNEL, signed(state(1, is_final=True))))
    ignore(monkeypatch, rules, "takes_money")
    world.breaks("G6", Deposit(CHANNEL, USER), value=1)


def test_g6_sees_a_state_recorded_backwards(world, monkeypatch):
    world.do(Checkpoint(CHANNEL, signed(state(2))))
    ignore(monkeypatch, disputes, "_is_newer")
    world.breaks("G6", Checkpoint(CHANNEL, signed(state(1))))


# --- G7 Conservation ---


@pytest.mark.parametrize("change", [-1, 1])
def test_g7_sees_a_wei_lost_or_made(world, change):
    before = world.ledger.position()
    perform(world.ledger, Close(CHANNEL, signed(state(1, is_final=True))), Context(CAROL, NOW))
    after = world.ledger.position()
    whole = Step(before, Close(CHANNEL, signed(state(1, is_final=True))), Context(CAROL, NOW), (), frozenset(), after)
    g7_conservation(Change(whole))
    reserves = {**after.reserves, BOB: (after.reserves[BOB][0] + change, 0)}
    with pytest.raises(Broken, match=r"^G7"):
        g7_conservation(Change(replace(whole, after=after._replace(reserves=reserves))))


# --- G8 Limits ---


def test_g8_sees_a_channel_above_its_capacity(world, monkeypatch):
    ignore(monkeypatch, rules, "has_room")
    world.breaks("G8", Deposit(CHANNEL, USER), value=201)


def test_g8_sees_a_payment_above_the_limit(world, monkeypatch):
    listed = TransferList.of(transfer(0, USER, 0, 101))
    header = state(1, wei=(-101, 0), transfers=listed, is_final=True)
    world.ledger.registry.shares[listed.transfers[0].triple] = FULL_SHARE
    operation, context = Close(CHANNEL, signed(header), listed), Context(CAROL, NOW)
    before = world.ledger.position()
    honest = payouts.hand_out
    monkeypatch.setattr(payouts, "hand_out", lambda *a: honest(*a[:4], (1000, 1000), a[5]))
    events = perform(world.ledger, operation, context)
    change = Change(Step(before, operation, context, tuple(events), frozenset(), world.ledger.position()))
    payout = payout_of(Past(), change, world.ledger.parameters.transfer_limit)
    with pytest.raises(Broken, match=r"^G8"):
        g8_transfer_limit(world.ledger, change, payout)


# --- G9 Atomicity ---


def test_g9_sees_two_shares_of_one_triple(world):
    """One leg is settled at a half; then the registry says something else for the other."""
    other = channel_of(salt=1)
    world.do(Deposit(other, USER), value=100)
    leg = TransferList.of(transfer(0, USER, 0, 30, expiry=NOW))
    header = state(1, wei=(-30, 0), transfers=leg, is_final=True)
    world.ledger.registry.shares[leg.transfers[0].triple] = FULL_SHARE // 2
    world.do(Close(CHANNEL, signed(header), leg))
    world.ledger.registry.shares[leg.transfers[0].triple] = FULL_SHARE // 3
    world.breaks("G9", Close(other, signed(header, other), leg))


@pytest.mark.parametrize(
    ("was", "share", "at"), [(5, 4, NOW), (0, FULL_SHARE + 1, NOW), (0, 5, END), (FULL_SHARE, 1, NOW)]
)
def test_g9_sees_an_outcome_that_falls_or_comes_late(world, was, share, at):
    triple = transfer(0, USER, 0, 1).triple
    world.ledger.registry.shares[triple] = was
    record = Record(CONDITION, Undecodable(0), triple[1], END, None)
    with pytest.raises(Broken, match=r"^G9"):
        g9_outcomes_only_rise(step(world, record, at=at, shares={triple: share}))


def test_g9_lets_an_outcome_rise(world):
    world.ledger.surroundings.answers[CONDITION] = 7
    world.do(Record(CONDITION, None, bytes(32), END, None))
    world.ledger.surroundings.answers[CONDITION] = 8
    world.do(Record(CONDITION, None, bytes(32), END, None))
    assert list(world.ledger.registry.shares.values()) == [8]


def test_g9_sees_another_triple_change(world):
    record = Record(CONDITION, Undecodable(0), bytes(32), END, None)
    with pytest.raises(Broken, match=r"^G9"):
        g9_outcomes_only_rise(step(world, record, shares={transfer(0, USER, 0, 1).triple: 1}))


# --- G10 Liveness ---


def test_g10_sees_a_recipient_that_stops_a_settlement(world, monkeypatch):
    def stubborn(*_: Any) -> Any:
        raise Refused([Refusal("DeliveryFailed", (ALICE, 0, 200))])

    monkeypatch.setattr(payouts, "deliver", stubborn)
    world.do(StartDispute(CHANNEL))
    world.breaks("G10", Settle(CHANNEL, INITIAL), at=END)
    world = World()
    world.breaks("G10", Close(CHANNEL, signed(state(1, is_final=True))))


def test_g10_sees_a_list_that_stops_a_settlement(world, monkeypatch):
    long = TransferList.of(*(transfer(i % 256, USER, 0, 1) for i in range(300)))
    header = state(1, wei=(-100, 0), transfers=long)
    world.do(StartDispute(CHANNEL, signed(header)))
    monkeypatch.setattr(payouts, "_hand_out", _out_of_gas)
    world.breaks("G10", Settle(CHANNEL, header, long), at=END)


def _out_of_gas(*_: Any) -> Any:
    raise Refused([Refusal("")])


def test_g10_sees_a_transfer_that_nobody_can_settle(world, monkeypatch, listed):
    world.do(Close(CHANNEL, signed(state(1, wei=(-40, -20), transfers=listed, is_final=True))))
    monkeypatch.setattr(payouts, "_hand_out", _out_of_gas)
    world.breaks("G10", SettleTransfers(CHANNEL, listed, 1), at=END)
    with pytest.raises(Refused):
        world.do(SettleTransfers(CHANNEL, listed, 2), at=END)


def test_g10_blames_the_caller_where_it_is_the_caller(world):
    for operation, value in ((Settle(CHANNEL, INITIAL), 0), (Close(CHANNEL, signed(state(1))), 0)):
        with pytest.raises(Refused):
            world.do(operation, value=value)
