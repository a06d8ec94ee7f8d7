"""The stories that `ape run lifecycle` plays, on the in-process EVM."""

from connext import lifecycle, reckoning
from connext.actions import play
from connext.chain.evm import EvmChain
from connext.world import World
from tests.scene import assert_ledger_is_storage, deploy, enrich


def test_everybody_gets_what_was_signed() -> None:
    chain = EvmChain()
    deployment = deploy(chain)
    enrich(chain, deployment, (actor.account for actor in lifecycle.ACTORS))
    world = World(chain, deployment, lifecycle.ACTORS, lifecycle.identities())
    before = reckoning.found(world).money
    played = []
    for actions in lifecycle.chapters().values():
        outcomes = play(world, actions)
        assert [error for outcome in outcomes for error in outcome.rejections] == []
        assert_ledger_is_storage(world)
        played += actions
    assert reckoning.found(world) == reckoning.owed(world, before, played)
    assert [receipt.error for receipt in world.sent if receipt.error] == []
