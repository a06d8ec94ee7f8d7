"""What is owed after stories that sign little, or sign what is never executed."""

from connext import reckoning
from connext.actions import Action, action, play
from connext.chain.evm import EvmChain
from connext.ledger import Settlement
from connext.types import Amounts
from connext.world import World
from tests.scene import new_world

ETH = DAI = 10**18

DEPOSIT = action("deposit", "alice", channel="main", side="user", amount="1 ETH and 5 DAI")
EXIT = [action("start_dispute", "bob", channel="main"), action("advance", duration="1 d")]


def settled(*actions: Action) -> tuple[World, Settlement]:
    """The world after the story, in which everybody has what is owed, and how its channel ended."""
    world = new_world(EvmChain())
    before = reckoning.found(world).money
    play(world, actions)
    found = reckoning.found(world)
    assert found == reckoning.owed(world, before, actions)
    return world, found.settlements["main"]


def test_a_channel_without_a_signed_state_ends_as_it_began() -> None:
    _, settlement = settled(DEPOSIT, *EXIT)
    assert settlement == Settlement(0, Amounts(ETH, 0, 5 * DAI, 0))


def test_a_signed_withdrawal_counts_once_it_is_executed() -> None:
    withdrawal = action("propose_withdrawal", "alice", channel="main", user="0.25 ETH and 2 DAI", recipient="carol")
    world, settlement = settled(DEPOSIT, withdrawal, *EXIT)
    assert len(world.evidence[world.channel_id("main")].withdrawals) == 1
    assert settlement == Settlement(0, Amounts(3 * ETH // 4, 0, 3 * DAI, 0))


def test_a_signed_withdrawal_that_nobody_executes_moves_nothing() -> None:
    withdrawal = action("propose_withdrawal", "alice", channel="main", user="0.25 ETH and 2 DAI", recipient="carol")
    world, settlement = settled(DEPOSIT, action("drop", "bob"), withdrawal, *EXIT)
    assert len(world.evidence[world.channel_id("main")].withdrawals) == 1
    assert settlement == Settlement(0, Amounts(ETH, 0, 5 * DAI, 0))
