"""What a replay tells of each step: who called what, what came of it, and who had what before and after."""

from itertools import pairwise
from pathlib import Path

import pytest

from connext import lifecycle
from connext.chain.evm import EvmChain
from connext.ledger import Holdings
from connext.replay.positions import Positions, Stake, positions
from connext.replay.timeline import Moment, Recorder
from connext.stories import read_story
from connext.types import Amounts, Status
from tests.scene import stage

ETH, DAI = 10**18, 10**18
SCENARIOS = Path(__file__).parents[2] / "scenarios"

CONSERVING = sorted({path.stem for path in SCENARIOS.glob("*.yaml")} - {"a-token-that-takes-a-fee"})


def recorded(name: str) -> tuple[Recorder, list[Moment]]:
    story = read_story((SCENARIOS / f"{name}.yaml").read_text())
    recorder = Recorder(stage(story, EvmChain(), policy=lifecycle.POLICY), story)
    return recorder, list(recorder.moments())


@pytest.fixture(scope="module")
def stale() -> tuple[Recorder, list[Moment]]:
    return recorded("stale-exit-answered-by-a-stranger")


def test_a_step_is_told(stale: tuple[Recorder, list[Moment]]) -> None:
    deposit = stale[1][0]
    assert (deposit.number, deposit.actor, deposit.name, deposit.problems) == (1, "alice", "deposit", ())
    assert deposit.written == (("channel", "main"), ("side", "user"), ("amount", "1.5 ETH and 20 DAI"))
    (deed,) = deposit.deeds
    assert (deed.sender, deed.contract, deed.function, deed.error) == ("alice", "ChannelManager", "deposit", None)
    assert deed.arguments == (("value", "1.5 ETH"), ("channel", "main"), ("side", "user"), ("amountToken", "20 DAI"))
    opened, deposited, transfer = deed.events
    assert (opened.name, dict(opened.values)["challengePeriod"]) == ("ChannelOpened", "1 d")
    assert deposited.values == (
        ("channelId", "main"),
        ("side", "user"),
        ("amountWei", "1.5 ETH"),
        ("amountToken", "20 DAI"),
    )
    assert transfer.values == (("src", "alice"), ("dst", "ChannelManager"), ("wad", "20 DAI"))


def test_messages_and_what_is_agreed(stale: tuple[Recorder, list[Moment]]) -> None:
    pay = stale[1][1]
    told = [(message.sender, message.receiver, message.text) for message in pay.messages]
    assert told == [
        ("alice", "bob", "proposes state 1 (nets: user -20 DAI, node 20 DAI)"),
        ("bob", "alice", "countersigns"),
    ]
    assert pay.deeds == ()
    assert "alice has state 1 (nets: user -20 DAI, node 20 DAI) of both" in pay.notes


def test_an_error_has_its_values_and_signers_are_recovered(stale: tuple[Recorder, list[Moment]]) -> None:
    (deed,) = stale[1][8].deeds
    assert deed.error is not None
    assert (deed.error.name, dict(deed.error.values)["recordedNonce"]) == ("StateNotNewer", "2")
    assert dict(deed.arguments)["signers"] == "alice's signer and bob's signer"


def test_who_has_what_by_two_states(stale: tuple[Recorder, list[Moment]]) -> None:
    """By the recorded one and the newest of both: before the answer these differ, after it they do not."""
    disputed, answered = stale[1][5].after, stale[1][7].after
    assert disputed.people["alice"].stakes == (Stake("main", Holdings(15 * ETH // 10, 0), Holdings(ETH, 0)),)
    assert answered.people["alice"].stakes == (Stake("main", Holdings(ETH, 0), Holdings(ETH, 0)),)
    assert answered.people["bob"].stakes == (Stake("main", Holdings(ETH // 2, 20 * DAI), Holdings(ETH // 2, 20 * DAI)),)
    channel = disputed.channels["main"]
    assert (channel.status, channel.recorded, channel.newest) == (Status.DISPUTED, 1, 2)
    assert channel.contributions == Amounts(15 * ETH // 10, 0, 20 * DAI, 0)
    assert channel.deadline is not None
    assert ("deadline of the dispute in main", channel.deadline) in stale[1][5].limits


def test_moments_follow_each_other(stale: tuple[Recorder, list[Moment]]) -> None:
    recorder, moments = stale
    assert [moment.number for moment in moments] == list(range(1, len(moments) + 1))
    assert moments[0].before == recorder.start
    for one, next_ in pairwise(moments):
        assert next_.before == one.after
        assert next_.time >= one.time
    assert moments[-1].after == positions(recorder.world)


@pytest.mark.parametrize("name", CONSERVING)
def test_no_money_appears_or_is_lost(name: str) -> None:
    """Whatever a step does."""
    recorder, moments = recorded(name)
    start = _total(recorder.start)
    for moment in moments:
        assert _total(moment.after) == start, moment.number


def _total(at: Positions) -> Holdings:
    """Outside of channels, what channels hold, and what their open transfers hold after the settlement."""
    people = [held for one in at.people.values() for held in (one.wallet, one.reserve, one.credit)]
    channels = [Holdings(sum(has[:2]), sum(has[2:])) for has in (one.contributions for one in at.channels.values())]
    locked = [one.locked for one in at.channels.values() if one.status is Status.SETTLED]
    everything = [*people, *channels, *locked]
    return Holdings(sum(one.amount_wei for one in everything), sum(one.amount_token for one in everything))


def test_a_batch_is_told_item_by_item() -> None:
    _, moments = recorded("a-batch-with-a-front-run-item")
    arguments = dict(moments[-1].deeds[0].arguments)
    assert [arguments[f"item {i}"] for i in range(4)] == ["withdraw", "topUp", "batch", "topUp"]
    assert arguments["item 1: value"] == "3 ETH"
    assert [event.name for event in moments[-1].deeds[0].events].count("CallFailed") == 3
