"""Whoever stops, at whatever moment: the others end with what docs/protocol.md section 9 promises, and pay for nothing.

Every moment of every story of conditional payments, on the in-process EVM. On anvil every story is played once, by
`tests/scripts/test_lifecycle.py`.
"""

from collections.abc import Mapping

import pytest

from connext import reckoning
from connext.chain.views import outcome_at
from connext.lifecycle.payments import stories
from connext.reckoning import Money
from connext.story import Story
from connext.transfers import part_of, triple_of
from connext.types import NOTHING, Amounts, Asset, amounts_for
from connext.world import World
from tests.stories.cuts import CutWorld, begin, cuts, is_over, living, moments_of, play_on, side_of

STORIES = {story.title: story for story in stories()}
ETH = DAI = 10**18
PRICE = 3000
"""Of one ETH in DAI, in the stories with both."""


@pytest.mark.parametrize("title", STORIES)
def test_one_stops_and_the_others_lose_nothing(title: str) -> None:
    story = STORIES[title]
    before = reckoning.found(begin(story)).money
    moments = moments_of(story)
    assert len(moments) > len(story.actions) // 2
    for cut in cuts(story, moments):
        world = play_on(story, moments[cut.moment], cut)
        try:
            check(story, world, before)
        except AssertionError as error:
            raise AssertionError(f"{cut}: {error}") from error


def check(story: Story, world: CutWorld, before: Mapping[str, Money]) -> None:
    faithful = set(story.names) - {world.stopped} - failing(story)
    for channel, identity in world.channels.items():
        for name in set(living(world, identity)) & faithful:
            assert is_over(world, channel), f"{channel} of {name} is not over"
            check_newest_state_was_paid(world, name, channel)
    gains = {name: gain(world, name, before) for name in faithful}
    for name in faithful:
        check_fair(story, name, gains)


def failing(story: Story) -> set[str]:
    """Who breaks the rules in the story itself."""
    return {str(deed.actor) for deed in story.actions if deed.name in ("go_silent", "drop")}


def check_newest_state_was_paid(world: World, name: str, channel: str) -> None:
    """Section 9: at least the balance in the newest countersigned state, and its open transfers at their outcome."""
    side = side_of(world, name, world.identity(channel))
    known = world.ledger().channels.get(world.channel_id(channel))
    if side is None or known is None or known.settlement is None:
        return
    newest = world.view_of(name, channel).latest.message
    promised = list(map(sum, zip(amounts_for(side, deposited(world, channel)), amounts_for(side, newest), strict=True)))
    for transfer in newest.transfers:
        share, is_final = outcome_at(
            world.chain, world.deployment.registry, triple_of(transfer), world.chain.head.number
        )
        assert is_final
        promised[transfer.asset] += part_of(side, transfer, share)
    paid = map(
        sum, zip(amounts_for(side, known.settlement.paid), amounts_for(side, known.settlement.later), strict=True)
    )
    for asset, got, expected in zip(Asset, paid, promised, strict=True):
        assert got >= expected, f"{name} got {got} wei of {asset.name} out of {channel}, {expected} were promised"


def deposited(world: World, channel: str) -> Amounts:
    """By side and asset; nothing is withdrawn in these stories."""
    total = NOTHING
    for receipt in world.sent:
        for event in receipt.events:
            if event.name == "Deposited" and event.values["channelId"] == world.channel_id(channel):
                wei, token = event.values["amountWei"], event.values["amountToken"]
                added = (0, wei, 0, token) if event.values["side"] else (wei, 0, token, 0)
                total = Amounts(*map(sum, zip(total, added, strict=True)))
    return total


# --- Nobody pays for nothing ---

Gain = tuple[int, int]
"""Wei of ETH and of DAI."""

ROUNDING = 10
"""Wei: one for each leg."""


def gain(world: World, name: str, before: Mapping[str, Money]) -> Gain:
    """Of everything the person has, wherever it is."""
    after = reckoning.found(world).money

    def total(money: Money) -> Gain:
        places = (money.wallet, money.reserve, money.credit)
        return sum(p.amount_wei for p in places), sum(p.amount_token for p in places)

    (wei_then, token_then), (wei_now, token_now) = total(before[name]), total(after[name])
    return wei_now - wei_then, token_now - token_then


def check_fair(story: Story, name: str, gains: Mapping[str, Gain]) -> None:
    wei, token = gains[name]
    if "exchange" in story.channels:
        sign = -1 if name == "alice" else 1
        assert (wei, token) in {(0, 0), (sign * ETH, -sign * 3000 * DAI)}, f"{name} ends with {wei}, {token}"
    elif "crowded" in story.channels:
        assert (wei <= 0 and token <= 0) if name == "alice" else (wei >= 0 and token >= 0)
    elif name == "charlie":
        assert wei >= 0
        assert token >= 0
    elif name == "alice":
        assert -3 * ETH // 2 <= wei <= 0
        assert token == 0
        if "charlie" in gains:
            assert not wei or any(gains["charlie"]), f"alice paid {-wei}, charlie got nothing"
            # A node that stops between what it pays and what it is paid has only itself to blame.
            if set(story.names) - {"alice", "charlie"} <= gains.keys():
                assert bool(wei) == any(gains["charlie"]), f"alice paid {-wei}, charlie got {gains['charlie']}"
    else:
        worth, rounding = (wei * PRICE + token, ROUNDING * PRICE) if token else (wei, ROUNDING)
        assert worth >= -rounding, f"the node {name} lost {wei} wei of ETH and {token} of DAI"
