"""A story that was written down as YAML: the example of docs/formats.md, played on the in-process EVM."""

import re
from pathlib import Path

from connext.actions import play
from connext.chain.evm import EvmChain
from connext.ledger import Settlement
from connext.stories import read_story
from connext.types import Amounts
from tests.scene import assert_ledger_is_storage, stage

ETH = DAI = 10**18
REFERENCE = Path(__file__).parents[2] / "docs" / "formats.md"


def test_the_example_of_the_reference() -> None:
    example, _ = re.findall(r"```yaml\n(.*?)```", REFERENCE.read_text(), re.DOTALL)
    story = read_story(example)
    assert story.names == ["alice", "bob", "carol"]
    world = stage(story, EvmChain())
    outcomes = play(world, story.actions)
    assert [error for outcome in outcomes for error in outcome.rejections] == []
    assert [receipt.error for receipt in world.sent if receipt.error] == []
    settlement = world.ledger().channels[world.channel_id("main")].settlement
    assert settlement == Settlement(2, Amounts(ETH, ETH // 2, 0, 20 * DAI))
    assert_ledger_is_storage(world)
