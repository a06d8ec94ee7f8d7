"""The model: recording of states, and disputes (docs/protocol.md sections 3 to 5)."""

import pytest

from connext.types import Status
from proof.model.messages import MALFORMED, NO_STATE, NODE, USER, SignedState, state_hash
from proof.model.operations import Checkpoint, Deposit, Resume, StartDispute, StartDisputeWithExit
from proof.model.refusals import ANY, Event, Refusal, Refused
from tests.proof.model_world import (
    ALICE,
    ALICE_KEY,
    BOB,
    BOB_KEY,
    CAROL,
    CAROL_KEY,
    CHANNEL,
    DAY,
    NOW,
    channel_of,
    do,
    new_ledger,
    refusals,
    sign,
    signed,
    state,
)

END = NOW + DAY


@pytest.fixture
def ledger():
    """Alice has put in 200 wei."""
    ledger = new_ledger()
    do(ledger, Deposit(CHANNEL, USER), by=ALICE, value=200)
    return ledger


def resume(dispute, deadline=END, user=ALICE_KEY, node=BOB_KEY):
    content = dispute, deadline
    return Resume(CHANNEL, deadline, sign(user, "Resume", content), sign(node, "Resume", content))


# --- Checkpoint ---


def test_anyone_records_a_state_of_both(ledger):
    header = state(7, wei=(-10, 10))
    assert do(ledger, Checkpoint(CHANNEL, signed(header)), by=CAROL) == [Event("StateRecorded", (CHANNEL.id, header))]
    assert ledger.channel(CHANNEL.id).status is Status.OPEN
    assert ledger.channel(CHANNEL.id).recorded == header
    assert ledger.recorded_hash(CHANNEL.id) == state_hash(CHANNEL.id, header)


def test_only_a_newer_state_is_recorded(ledger):
    """Of two with the same nonce the first stays. A final state may be recorded like any other."""
    do(ledger, Checkpoint(CHANNEL, signed(state(7))))
    for nonce in (6, 7):
        with pytest.raises(Refused) as refused:
            do(ledger, Checkpoint(CHANNEL, signed(state(nonce, wei=(-1, 1)))))
        assert refused.value.reasons == {Refusal("StateNotNewer", (CHANNEL.id, nonce, 7))}
    do(ledger, Checkpoint(CHANNEL, signed(state(8, is_final=True))))


def test_a_nonce_of_zero_is_never_newer(ledger):
    assert refusals(lambda: do(ledger, Checkpoint(CHANNEL, signed(state(0))))) == {"StateNotNewer"}


def test_the_largest_nonce(ledger):
    do(ledger, Checkpoint(CHANNEL, signed(state(2**48 - 1))))
    with pytest.raises(Refused) as refused:
        do(new_ledger_with_channel(), Checkpoint(CHANNEL, signed(state(2**48))))
    assert refused.value.reasons == {Refusal("NonceTooLarge", (2**48, 2**48 - 1))}


def new_ledger_with_channel():
    ledger = new_ledger()
    do(ledger, Deposit(CHANNEL, USER), value=1)
    return ledger


def test_both_must_have_signed_the_state(ledger):
    header = state(7)
    by_alice = signed(header).user
    forged = {
        (by_alice, by_alice): {(BOB_KEY, ALICE_KEY)},
        (MALFORMED, MALFORMED): {(ALICE_KEY, bytes(20)), (BOB_KEY, bytes(20))},
        (by_alice, sign(BOB_KEY, "State", state(8))): {(BOB_KEY, ANY)},
        (by_alice, sign(BOB_KEY, "State", header, channel_of(salt=1))): {(BOB_KEY, ANY)},
        (by_alice, sign(CAROL_KEY, "State", header)): {(BOB_KEY, CAROL_KEY)},
    }
    for signatures, expected in forged.items():
        with pytest.raises(Refused) as refused:
            do(ledger, Checkpoint(CHANNEL, SignedState(header, *signatures)))
        assert refused.value.reasons == {Refusal("WrongSigner", values) for values in expected}


def test_during_a_dispute_a_checkpoint_is_the_challenge(ledger):
    """Until the deadline, which stays."""
    do(ledger, StartDispute(CHANNEL, signed(state(1))), by=ALICE)
    do(ledger, Checkpoint(CHANNEL, signed(state(2))), at=END - 1)
    channel = ledger.channel(CHANNEL.id)
    assert (channel.nonce, channel.deadline, channel.dispute) == (2, END, 1)
    for at in (END, END + 1):
        with pytest.raises(Refused) as refused:
            do(ledger, Checkpoint(CHANNEL, signed(state(3))), at=at)
        assert refused.value.reasons == {Refusal("DisputeOver", (CHANNEL.id, END, at))}


def test_what_was_never_funded_records_nothing():
    assert refusals(lambda: do(new_ledger(), Checkpoint(CHANNEL, signed(state(1))))) == {"ChannelUnfunded"}


# --- Start of a dispute ---


@pytest.mark.parametrize("party", [ALICE, ALICE_KEY, BOB, BOB_KEY])
def test_each_account_and_signer_starts_a_dispute(ledger, party):
    assert do(ledger, StartDispute(CHANNEL), by=party) == [Event("DisputeStarted", (CHANNEL.id, 1, END))]
    channel = ledger.channel(CHANNEL.id)
    assert (channel.status, channel.deadline, channel.dispute, channel.recorded) == (Status.DISPUTED, END, 1, None)


def test_nobody_else_does(ledger):
    with pytest.raises(Refused) as refused:
        do(ledger, StartDispute(CHANNEL), by=CAROL)
    assert refused.value.reasons == {Refusal("NotAParty", (CHANNEL.id, CAROL))}


def test_a_newer_state_is_recorded_first(ledger):
    header = state(3, wei=(-5, 5))
    assert do(ledger, StartDispute(CHANNEL, signed(header)), by=ALICE) == [
        Event("StateRecorded", (CHANNEL.id, header)),
        Event("DisputeStarted", (CHANNEL.id, 1, END)),
    ]


def test_a_state_that_is_not_newer_is_ignored_unread(ledger):
    do(ledger, Checkpoint(CHANNEL, signed(state(3))))
    unsigned = SignedState(state(3, wei=(-200, 200)))
    assert do(ledger, StartDispute(CHANNEL, unsigned), by=ALICE) == [Event("DisputeStarted", (CHANNEL.id, 1, END))]
    assert ledger.channel(CHANNEL.id).recorded == state(3)


def test_a_newer_state_must_be_good(ledger):
    operation = StartDispute(CHANNEL, SignedState(state(2**48)))
    assert refusals(lambda: do(ledger, operation, by=ALICE)) == {"NonceTooLarge", "WrongSigner"}


def test_a_channel_that_holds_nothing_has_no_dispute(ledger):
    channel = ledger.channels[CHANNEL.id]
    ledger.channels[CHANNEL.id] = channel._replace(user=(-100, 0), held=(0, 0))
    assert refusals(lambda: do(ledger, StartDispute(CHANNEL), by=ALICE)) == {"NothingToDispute"}


def test_one_dispute_at_a_time(ledger):
    do(ledger, StartDispute(CHANNEL), by=ALICE)
    for at in (NOW, END):
        with pytest.raises(Refused) as refused:
            do(ledger, StartDispute(CHANNEL), by=BOB, at=at)
        assert refused.value.reasons == {Refusal("DisputeRunning", (CHANNEL.id, END))}


# --- With an exit ---


def start_with_exit(dispute, deadline=NOW + 1, signer=BOB_KEY, signed_state=NO_STATE):
    return StartDisputeWithExit(CHANNEL, deadline, sign(signer, "Exit", (dispute, deadline)), signed_state)


@pytest.mark.parametrize("signer", [ALICE_KEY, BOB_KEY])
def test_anyone_starts_a_dispute_with_an_exit_of_either_party(ledger, signer):
    events = do(ledger, start_with_exit(1, signer=signer, signed_state=signed(state(1))), by=CAROL)
    assert [event.name for event in events] == ["StateRecorded", "DisputeStarted"]


def test_an_exit_is_for_one_dispute_only(ledger):
    """After the dispute was resumed the same exit starts no second one."""
    with pytest.raises(Refused) as refused:
        do(ledger, start_with_exit(2))
    assert refused.value.reasons == {Refusal("ExitNotSigned", (CHANNEL.id, ANY))}
    do(ledger, start_with_exit(1))
    do(ledger, resume(1))
    assert refusals(lambda: do(ledger, start_with_exit(1))) == {"ExitNotSigned"}
    do(ledger, start_with_exit(2))
    assert ledger.channel(CHANNEL.id).dispute == 2


def test_an_exit_by_somebody_else(ledger):
    with pytest.raises(Refused) as refused:
        do(ledger, start_with_exit(1, signer=CAROL_KEY))
    assert refused.value.reasons == {Refusal("ExitNotSigned", (CHANNEL.id, CAROL_KEY))}


def test_an_exit_is_void_from_its_deadline_on(ledger):
    with pytest.raises(Refused) as refused:
        do(ledger, start_with_exit(1, deadline=NOW))
    assert refused.value.reasons == {Refusal("MessageExpired", (NOW, NOW))}


# --- Resume ---


def test_both_end_the_dispute_before_its_deadline(ledger):
    """The recorded state stays, and the next dispute has the next number."""
    do(ledger, StartDispute(CHANNEL, signed(state(3))), by=ALICE)
    events = do(ledger, resume(1, deadline=END + DAY), by=CAROL, at=END - 1)
    assert events == [Event("DisputeResumed", (CHANNEL.id, 1))]
    channel = ledger.channel(CHANNEL.id)
    assert (channel.status, channel.deadline, channel.dispute, channel.nonce) == (Status.OPEN, 0, 1, 3)
    do(ledger, StartDispute(CHANNEL), by=ALICE)
    assert ledger.channel(CHANNEL.id).dispute == 2


def test_from_the_deadline_on_there_is_no_way_back(ledger):
    do(ledger, StartDispute(CHANNEL), by=ALICE)
    with pytest.raises(Refused) as refused:
        do(ledger, resume(1, deadline=END + DAY), at=END)
    assert refused.value.reasons == {Refusal("DisputeOver", (CHANNEL.id, END, END))}


def test_a_resume_is_void_from_its_own_deadline_on(ledger):
    do(ledger, StartDispute(CHANNEL), by=ALICE)
    do_resume = resume(1, deadline=NOW + 5)
    assert refusals(lambda: do(ledger, do_resume, at=NOW + 5)) == {"MessageExpired"}
    do(ledger, do_resume, at=NOW + 4)


def test_a_resume_is_for_this_very_dispute(ledger):
    do(ledger, StartDispute(CHANNEL), by=ALICE)
    do(ledger, resume(1))
    assert refusals(lambda: do(ledger, resume(1))) == {"NoDispute"}
    do(ledger, StartDispute(CHANNEL), by=ALICE)
    with pytest.raises(Refused) as refused:
        do(ledger, resume(1))
    assert refused.value.reasons == {Refusal("WrongSigner", (ALICE_KEY, ANY)), Refusal("WrongSigner", (BOB_KEY, ANY))}


def test_the_last_dispute_cannot_be_resumed(ledger):
    """So a number for the next exit is never missing."""
    ledger.channels[CHANNEL.id] = ledger.channels[CHANNEL.id]._replace(dispute=2**16 - 2)
    do(ledger, StartDispute(CHANNEL), by=ALICE)
    with pytest.raises(Refused) as refused:
        do(ledger, resume(2**16 - 1))
    assert refused.value.reasons == {Refusal("LastDispute", (CHANNEL.id, 2**16 - 1))}


@pytest.mark.parametrize("side", [USER, NODE])
def test_one_side_alone_resumes_nothing(ledger, side):
    do(ledger, StartDispute(CHANNEL), by=ALICE)
    signer = (ALICE_KEY, BOB_KEY)[side]
    assert refusals(lambda: do(ledger, resume(1, user=signer, node=signer))) == {"WrongSigner"}


def test_value_is_refused(ledger):
    for operation in (Checkpoint(CHANNEL, signed(state(1))), StartDispute(CHANNEL), start_with_exit(1)):
        with pytest.raises(Refused) as refused:
            do(ledger, operation, by=ALICE, value=2)
        assert refused.value.reasons == {Refusal("UnexpectedValue", (2,))}
