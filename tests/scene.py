"""A local chain with DAI, a manager and people who own some of everything: where stories and parity tests play."""

from collections.abc import Callable, Iterable
from dataclasses import astuple
from pathlib import Path
from typing import Any

from connext.abi import Artifact
from connext.chain import LocalChain, Receipt, Transaction
from connext.chain.deploying import deploy_all
from connext.chain.views import channel_at, credit_at, reserve_at
from connext.channel import Deployment
from connext.deployments import Parameters, default_parameters
from connext.ledger import Ledger
from connext.story import STORY_MONEY, Story, world_of
from connext.token import TOKEN_ABI
from connext.types import DAY, Address, ChannelIdentity, Status
from connext.world import Actor, World, actor

ARTIFACTS = Path(__file__).parent / "artifacts"
DEPLOYER = b"\xde" * 20

WEALTH_WEI, WEALTH_TOKEN = STORY_MONEY.amount_wei, STORY_MONEY.amount_token
"""What everybody has at the start of a scene; the token with an unlimited allowance for the manager."""


def double(name: str) -> Artifact:
    """A contract of `contracts/test`."""
    return Artifact.parse(name, (ARTIFACTS / f"{name}.json").read_text())


DOUBLES = {name: double(name) for name in ("HostileRecipient", "HostileCondition", "HostileToken", "AnyShare")}
"""What an account or the token can become."""


def deploy(
    chain: LocalChain, parameters_for: Callable[[Address, Address], Parameters] = default_parameters
) -> Deployment:
    """DAI, conditions, registry and manager, always at the same addresses."""
    chain.set_balance(DEPLOYER, WEALTH_WEI)
    dai = double("TestDai")
    token = chain.deploy(DEPLOYER, dai.bytecode + dai.abi.encode_constructor(chain.chain_id))
    return deploy_all(chain, DEPLOYER, token, parameters_for)


def enrich(chain: LocalChain, deployment: Deployment, accounts: Iterable[Address]) -> None:
    """Give everybody money, and the manager an allowance."""
    for account in accounts:
        chain.set_balance(account, WEALTH_WEI)
        _do(chain, DEPLOYER, deployment.token, TOKEN_ABI.encode_call("mint", account, WEALTH_TOKEN))
        approval = TOKEN_ABI.encode_call("approve", deployment.domain.verifying_contract, 2**256 - 1)
        _do(chain, account, deployment.token, approval)


def _do(chain: LocalChain, sender: Address, to: Address, data: bytes) -> Receipt:
    receipt = chain.send(Transaction(sender, to, data))
    assert receipt.error is None
    return receipt


def stage(story: Story, chain: LocalChain, **options: Any) -> World:
    """The world at the story's start, everybody with some of everything."""
    deployment = deploy(chain, story.parameters)
    enrich(chain, deployment, (actor(name).account for name in story.names))
    return world_of(story, chain, deployment, doubles=DOUBLES, **options)


def channel_of(user: Actor, node: Actor, salt: int = 0, period: int = DAY) -> ChannelIdentity:
    return ChannelIdentity(user.account, user.signer.address, node.account, node.signer.address, period, salt)


def new_world(chain: LocalChain, *, depth: int = 1, patient: bool = True) -> World:
    """Alice, a user, and Bob, a node, with the channel `main`; Carol, who belongs to nobody."""
    deployment = deploy(chain)
    actors = [actor(name) for name in ("alice", "bob", "carol")]
    enrich(chain, deployment, (person.account for person in actors))
    alice, bob, _ = actors
    channels = {"main": channel_of(alice, bob)}
    return World(chain, deployment, actors, channels, depth=depth, patient=patient, doubles=DOUBLES)


def assert_ledger_is_storage(world: World) -> None:
    """What the events tell is what the manager's views say."""
    head, ledger = world.chain.head.number, world.ledger()
    for name in world.channels:
        channel_id = world.channel_id(name)
        assert _as_stored(ledger, channel_id) == channel_at(world.chain, world.manager, channel_id, head)
    for person in world.actors.values():
        assert ledger.reserve(person.account) == reserve_at(world.chain, world.manager, person.account, head)
        assert ledger.credit(person.account) == credit_at(world.chain, world.manager, person.account, head)


def _as_stored(ledger: Ledger, channel_id: bytes) -> tuple[object, ...]:
    """The fields of the contract's `ChannelView`."""
    channel = ledger.channels.get(channel_id)
    if channel is None:
        return (Status.UNFUNDED, 0, 0, 0, 0, bytes(26), 0, 0, 0, 0, bytes(32), 0, 0, 0)
    nonce, state_hash = 0, bytes(26)
    if channel.recorded is not None:
        nonce, state_hash = channel.recorded.nonce, channel.recorded.recorded_hash(channel_id)
    numbers = (channel.deadline, channel.dispute, channel.sequence, nonce, state_hash)
    return (channel.status, *numbers, *channel.contributions, *astuple(channel.open_transfers))
