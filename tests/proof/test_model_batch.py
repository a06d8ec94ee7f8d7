"""The model: several operations in one transaction (docs/protocol.md section 3, decisions/0005)."""

import pytest

from proof.model.ledger import MAX_FUNDED_RESERVE
from proof.model.messages import NODE, USER, Signature, Statement
from proof.model.operations import (
    Batch,
    Checkpoint,
    Context,
    Deposit,
    Fund,
    Garbled,
    Item,
    Permit,
    PlainTransfer,
    StartDispute,
    WithdrawReserve,
)
from proof.model.play import Step, perform
from proof.model.refusals import ANY, ANY_REASON, BARE_REVERT, Event, Refusal, Refused, admits, agree
from tests.proof.model_world import (
    ALICE,
    BOB,
    CAROL,
    CHAIN_ID,
    CHANNEL,
    MANAGER,
    NOW,
    TOKEN,
    do,
    new_ledger,
    signed,
    state,
)


@pytest.fixture
def ledger():
    return new_ledger()


def failed(index, *reasons):
    return Event("CallFailed", (index, frozenset(reasons)))


def test_each_item_stands_alone(ledger):
    """The first and the last succeed, the one between is reported; its caller is the batch's."""
    events = do(
        ledger,
        Batch((Item(Deposit(CHANNEL, USER), 10), Item(WithdrawReserve(1, 0, ALICE)), Item(Fund(BOB), 5))),
        by=ALICE,
        value=15,
    )
    assert events[1:] == [
        Event("Deposited", (CHANNEL.id, USER, 10, 0)),
        failed(1, Refusal("ReserveTooSmall", (ALICE, 0, 1, 0))),
        Event("Funded", (BOB, 5, 0)),
    ]
    assert (ledger.ether[ALICE], ledger.ether[MANAGER]) == (985, 15)


def test_a_dispute_and_a_newer_state_in_one_batch(ledger):
    """Rule 5: where another's start came first, the checkpoint is done all the same."""
    do(ledger, Deposit(CHANNEL, USER), value=1)
    do(ledger, StartDispute(CHANNEL, signed(state(1))), by=BOB)
    newest = signed(state(2))
    events = do(ledger, Batch((Item(StartDispute(CHANNEL, newest)), Item(Checkpoint(CHANNEL, newest)))), by=ALICE)
    assert [event.name for event in events] == ["CallFailed", "StateRecorded"]
    assert ledger.channel(CHANNEL.id).nonce == 2


def test_value_that_no_call_spent_is_the_callers_reserve(ledger):
    """7 of a failed item, 3 that no item was given."""
    events = do(
        ledger,
        Batch((Item(Deposit(CHANNEL, USER), 10), Item(Checkpoint(CHANNEL, signed(state(1))), 7))),
        by=ALICE,
        value=20,
    )
    assert events[-2:] == [failed(1, Refusal("UnexpectedValue", (7,))), Event("Funded", (ALICE, 10, 0))]
    assert ledger.reserve(ALICE) == (10, 0)


def test_an_empty_batch_funds_its_caller(ledger):
    assert do(ledger, Batch(()), by=ALICE, value=4) == [Event("Funded", (ALICE, 4, 0))]
    assert do(ledger, Batch(()), by=ALICE) == []


def test_value_is_handed_out_once(ledger):
    """A batch whose items may spend more than is left is refused as a whole."""
    batch = Batch((Item(Deposit(CHANNEL, USER), 6), Item(Deposit(CHANNEL, NODE), 5)))
    before = ledger.position()
    with pytest.raises(Refused) as refused:
        do(ledger, batch, by=ALICE, value=10)
    assert refused.value.reasons == {Refusal("BatchOverspent", (1, 5, 4))}
    assert ledger.position() == before


def test_a_failed_item_leaves_its_value_to_the_caller_not_to_those_behind(ledger):
    batch = Batch((Item(WithdrawReserve(1, 0, ALICE), 6), Item(Deposit(CHANNEL, NODE), 10)))
    with pytest.raises(Refused) as refused:
        do(ledger, batch, by=ALICE, value=10)
    assert refused.value.reasons == {Refusal("BatchOverspent", (1, 10, 4))}


def test_a_batch_whose_change_is_too_large_is_refused_as_a_whole(ledger):
    ledger.reserves[ALICE] = (MAX_FUNDED_RESERVE, 0)
    before = ledger.position()
    with pytest.raises(Refused) as refused:
        do(ledger, Batch((Item(Deposit(CHANNEL, USER), 1),)), by=ALICE, value=2)
    values = (ALICE, 0, MAX_FUNDED_RESERVE + 1, MAX_FUNDED_RESERVE)
    assert refused.value.reasons == {Refusal("ReserveTooLarge", values)}
    assert ledger.position() == before


def test_what_an_item_cannot_be(ledger):
    """A batch, nothing the manager knows, nothing at all, or one without gas."""
    items = Item(Batch(())), Item(Garbled()), Item(PlainTransfer()), Item(Fund(BOB), 1, starved=True)
    assert do(ledger, Batch(items), by=ALICE, value=1) == [
        failed(0, Refusal("Reentered")),
        failed(1, BARE_REVERT),
        failed(2, Refusal("PlainTransferRefused", (ALICE, ANY))),
        failed(3, ANY_REASON),
        Event("Funded", (ALICE, 1, 0)),
    ]


def test_a_permit_that_was_sent_before_does_no_harm(ledger):
    """decisions/0002: its item fails, and the deposit goes by the allowance."""
    statement = Statement("Permit", (CHAIN_ID, TOKEN), b"", (CAROL, MANAGER, 0, 0))
    permit = Permit(0, 0, Signature(CAROL, statement))
    ledger.token.allowances.clear()
    do(ledger, permit, by=CAROL)
    events = do(ledger, Batch((Item(permit), Item(Deposit(CHANNEL, USER, 9)))), by=CAROL)
    assert [event.name for event in events] == ["CallFailed", "ChannelOpened", "Deposited"]


def test_whoever_watches_is_told_of_each_item(ledger):
    steps: list[Step] = []
    batch = Batch((Item(Deposit(CHANNEL, USER), 1), Item(Deposit(CHANNEL, USER), 0)))
    perform(ledger, batch, Context(ALICE, NOW, 1), steps.append)
    assert [step.succeeded for step in steps] == [True, False]
    assert steps[0].after.channels == steps[1].before.channels == ledger.channels
    assert CHANNEL.id not in steps[0].before.channels


# --- How expectations are compared with what was seen ---


def test_an_expectation_knows_what_it_cannot_know():
    def decode(data):
        return "WrongSequence", None if data == b"cut" else (1, 2)

    reasons = {Refusal("WrongSigner", (ALICE, ANY)), Refusal("NothingMoved")}
    assert admits(reasons, "WrongSigner", (ALICE, BOB), decode)
    assert not admits(reasons, "WrongSigner", (BOB, BOB), decode)
    assert admits(reasons, "NothingMoved", (), decode)
    assert not admits(reasons, "Reentered", (), decode)
    assert admits({ANY_REASON}, "Reentered", (), decode)
    within = failed(3, Refusal("WrongSequence", (1, 2))).values
    assert agree(within, (3, b"whole"), decode)
    assert agree(within, (3, b"cut"), decode)
    assert not agree(within, (4, b"whole"), decode)
    assert not agree(failed(3, Refusal("WrongSequence", (1, 3))).values, (3, b"whole"), decode)
