"""Random lives on bytecode and model, from a fixed seed; `make fuzz` plays more of them.

And that they are worth something: a model that breaks a rule is found out, and what is found can be told.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connext.chain.evm import EvmChain
from connext.checking import Play as Telling
from connext.stories import read_story
from proof import storage
from proof.fuzz import campaign
from proof.fuzz.choices import seeded
from proof.fuzz.life import Life
from proof.fuzz.play import Divergence, Play
from proof.fuzz.shrinking import shrink
from proof.fuzz.stage import SHIPPED, Stage
from proof.fuzz.telling import tell
from proof.guarantees import Guard
from proof.model import disputes, payouts, rules
from proof.model import operations as op
from proof.model.play import perform
from proof.model.refusals import Refusal
from tests.scene import stage as stage_of_story

SEED = 20_261_124
OPERATIONS = 100_000

KINDS = {
    "Batch",
    "Checkpoint",
    "Close",
    "Collateralize",
    "Deposit",
    "Fund",
    "Garbled",
    "Permit",
    "PlainTransfer",
    "PushCredit",
    "Record",
    "Resume",
    "Settle",
    "SettleTransfers",
    "StartDispute",
    "StartDisputeWithExit",
    "TopUp",
    "Withdraw",
    "WithdrawCredit",
    "WithdrawReserve",
}
NEVER_SUCCEED = {"Garbled", "PlainTransfer"}


@pytest.fixture(scope="module")
def stage() -> Stage:
    return campaign.stage_of(SHIPPED)


# --- Lives ---


def test_bytecode_and_model_agree_on_many_lives() -> None:
    report = campaign.run(SEED, OPERATIONS)
    assert report.failure is None
    count = report.count
    assert count.operations >= OPERATIONS
    assert count.succeeded > count.operations / 2
    assert {kind for kind, _ in count.ends} == KINDS
    assert {kind for kind, end in count.ends if end == "ok"} == KINDS - NEVER_SUCCEED


def test_the_same_life_of_a_seed_is_the_same(stage: Stage) -> None:
    taken = []
    for _ in range(2):
        life = Life(stage, seeded(SEED))
        for _ in range(50):
            life.go_on()
        taken.append([str(each.turn) for each in life.play.taken])
    assert taken[0] == taken[1]
    assert len(taken[0]) == 50


def test_what_one_manager_is_told_to_send_to_another_is_nobodys(stage: Stage) -> None:
    """A withdrawal may be paid to another manager, which cannot know that it got it."""
    life = Life(stage, seeded(campaign.seed_of(1, 13670)))
    life.live(campaign.TURNS)
    assert [desk.given for desk in life.play.scene.desks] == [106023576386463621937365, 0]


# --- Faults ---


def one_signature_is_enough(channel: Any, statement: Any, user: Any, _: Any) -> Iterator[Refusal]:
    yield from rules.is_signed(channel.user_signer, user, statement)


def a_second_late(deadline: int, time: int) -> Iterator[Refusal]:
    if time > deadline:
        yield Refusal("MessageExpired", (deadline, time))


def until_the_deadline(channel_id: bytes, channel: Any, time: int) -> Iterator[Refusal]:
    if channel.deadline and time > channel.deadline:
        yield Refusal("DisputeOver", (channel_id, channel.deadline, time))


def nothing(*_: Any) -> tuple[Refusal, ...]:
    return ()


def the_same_nonce_again(channel_id: bytes, channel: Any, signed: Any) -> Iterator[Refusal]:
    if signed.header.nonce < channel.nonce:
        yield Refusal("StateNotNewer", (channel_id, signed.header.nonce, channel.nonce))


def a_wei_too_much_for_the_user(hand_out: Callable[..., Any]) -> Callable[..., Any]:
    def rounded_up(*arguments: Any) -> Any:
        result = hand_out(*arguments)
        if not result.user[0] or not result.node[0]:
            return result
        user, node = (result.user[0] + 1, result.user[1]), (result.node[0] - 1, result.node[1])
        return result._replace(user=user, node=node)

    return rounded_up


FAULTS: dict[str, tuple[Any, str, Any]] = {
    "one signature is enough": (rules, "is_signed_by_both", one_signature_is_enough),
    "a message lives a second too long": (rules, "not_expired", a_second_late),
    "a challenge is taken at the deadline": (rules, "before_the_end", until_the_deadline),
    "a settled channel is open": (rules, "is_not_settled", nothing),
    "a state of the same nonce is newer": (disputes, "_is_newer", the_same_nonce_again),
    "a list is not compared": (payouts, "_is_list", nothing),
    "anybody settles at any time": (payouts, "_is_over", nothing),
    "shares are rounded up": (payouts, "hand_out", a_wei_too_much_for_the_user(payouts.hand_out)),
    "a reserve is not counted": (rules, "reserve_suffices", nothing),
    "capacity is not counted": (rules, "has_room", nothing),
}


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guarantees, which would find most faults by themselves, are not checked."""
    monkeypatch.setattr(Guard, "perform", lambda self, *step: perform(self.ledger, *step))


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    assert campaign.run(SEED, 10_000).failure is not None


def test_a_share_that_nobody_recorded_is_found_with_the_next_recording(stage: Stage) -> None:
    """As if a registry took one triple for another."""
    life = Life(stage, seeded(SEED))
    life.live(30)
    payment = life.play.scene.payments[-1]
    stage.machine.set_storage(stage.registry, storage.share_slot(payment.triple), 1)
    with pytest.raises(Divergence, match=r"the share of .* is 1, the model has 0"):
        life.live(200)


@pytest.fixture
def failed(stage: Stage, unguarded: None, monkeypatch: pytest.MonkeyPatch) -> Play:
    """A life with the manager of stories, that goes wrong because the model lacks a signature."""
    del unguarded
    monkeypatch.setattr(*FAULTS["one signature is enough"])
    for number in range(100):
        life = Life(stage, seeded(campaign.seed_of(SEED, number)))
        if life.play.managers == stage.managers[:1]:
            try:
                life.live(campaign.TURNS)
            except Divergence:
                if isinstance(life.play.taken[-1].turn.operation, op.Checkpoint):
                    return life.play
    raise AssertionError("no life fails")


def test_what_fails_is_shrunk_to_a_few_turns(failed: Play) -> None:
    fewest = shrink(failed)
    assert len(fewest.taken) <= 3 < len(failed.taken)
    assert "WrongSigner" in fewest.failure


def test_what_does_not_fail_by_its_turns_alone_is_not_shrunk(stage: Stage) -> None:
    """As when something is left after everybody has left."""
    life = Life(stage, seeded(SEED))
    life.go_on()
    assert shrink(life.play) is life.play


def test_what_fails_is_told_as_a_story_that_fails(failed: Play, tmp_path: Path) -> None:
    tale = tell(shrink(failed))
    assert tale.left_out == []
    story = read_story(tale.save(tmp_path).read_text())
    telling = Telling(stage_of_story(story, EvmChain()), story)
    problems = [step.problems for step in telling.steps()]
    assert not any(problems[:-1])
    assert "WrongSigner" in problems[-1][0]
