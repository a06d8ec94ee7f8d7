"""What the chain settles with instead of the newest state, on the real contracts: nobody honest loses a wei."""

from dataclasses import replace

from connext import calls, errors, events
from connext.actions import action, play
from connext.chain.evm import EvmChain
from connext.channel import half_signed
from connext.conditions import FULL_SHARE, hash_lock_params, stream_params, stream_witness
from connext.envelopes import Countersignature, Proposal, Reveal
from connext.keccak import keccak256
from connext.ledger import Holdings, Settlement
from connext.lifecycle import POLICY
from connext.messages import State
from connext.rules import DEFAULT_POLICY, Policy
from connext.signing import Signable
from connext.streams import Stream
from connext.transfers import with_change
from connext.types import DAY, HOUR, Amounts, Asset, ChannelIdentity, Side
from connext.world import Actor, World
from connext.world import actor as person
from tests.scene import WEALTH_WEI, assert_ledger_is_storage, channel_of, deploy, enrich

ETHER = 10**18
MARGIN = DEFAULT_POLICY.recording_margin


def begin(people: list[Actor], channels: dict[str, ChannelIdentity], policy: Policy) -> World:
    chain = EvmChain()
    deployment = deploy(chain)
    enrich(chain, deployment, (one.account for one in people))
    return World(chain, deployment, people, channels, policy=policy)


def fund(world: World, channel: str, user: str) -> None:
    """The user and Bob, whose node it is, deposit 5 ETH each."""
    for name, side in ((user, "user"), ("bob", "node")):
        play(world, [action("deposit", name, channel=channel, side=side, amount="5 ETH")])


def sign(world: World, name: str, state: State) -> bytes:
    return world.actors[name].signer.sign(Signable(world.deployment.domain, state))


def wait_until(world: World, time: int) -> None:
    world.chain.set_next_time(time)
    world.chain.mine()
    world.settle_down()


def wei(world: World, name: str) -> int:
    """All that the account has outside of channels: in its wallet, as a credit, and in its reserve."""
    account, ledger = world.actors[name].account, world.ledger()
    wallet = world.chain.balance(account, world.chain.head.number)
    return wallet + ledger.credit(account).amount_wei + ledger.reserve(account).amount_wei


def test_closing_with_the_final_that_the_newest_one_crossed_takes_nothing_from_the_payee() -> None:
    """Bob has Alice's final, in which her proved transfer is open; he closes with it while she holds a better one."""
    alice, bob = person("alice"), person("bob")
    world = begin([alice, bob], {"main": channel_of(alice, bob)}, POLICY)
    fund(world, "main", "alice")
    channel_id, secret = world.channel_id("main"), b"\7" * 32
    expiry = world.chain.head.time + DAY
    terms = (world.deployment.conditions.hash_lock, hash_lock_params(keccak256(secret)), expiry)
    world.tell("bob", events.Lock(channel_id, Asset.ETH, ETHER, *terms))
    world.settle_down()
    (leg,) = world.view_of("alice", "main").latest.message.transfers
    world.silent.add("bob")  # from now on he is the thief
    for intent in (events.Resolve(channel_id, leg.id, secret), events.Close(channel_id)):
        world.tell("alice", intent)
        world.settle_down()
    base = world.view_of("alice", "main").latest.message
    (mine,) = world.view_of("alice", "main").own_offers
    both = half_signed(mine.state, mine.digest, Side.USER, mine.signature)
    both = both.with_signature(Side.NODE, sign(world, "bob", mine.state))
    assert world.send("bob", calls.close(world.identity("main"), both)).error is None
    paid = with_change(base, base.nonce + 2048, (), [(leg, FULL_SHARE)])
    theirs = replace(paid, is_final=True)
    world.tell("alice", Proposal(theirs, base.nonce, sign(world, "bob", theirs), ()))
    assert world.view_of("alice", "main").latest.message == theirs
    world.settle_down()
    for time in (expiry - MARGIN - 600, expiry - MARGIN + 600, expiry - 1000, expiry + 60, expiry + 600):
        wait_until(world, time)
    ledger = world.ledger()
    assert ledger.channels[channel_id].settlement == Settlement(
        nonce=mine.state.nonce, paid=Amounts(5 * ETHER, 4 * ETHER, 0, 0), later=Amounts(ETHER, 0, 0, 0)
    )
    assert ledger.credit(alice.account) == Holdings(ETHER, 0)
    assert ledger.reserve(bob.account) == Holdings(4 * ETHER, 0)
    assert (wei(world, "alice"), wei(world, "bob")) == (WEALTH_WEI + ETHER, WEALTH_WEI - ETHER)
    assert_ledger_is_storage(world)


def test_countersigning_a_resolution_after_the_settlement_takes_nothing_from_the_forwarder() -> None:
    """Alice and Charlie are one thief: half of the stream is given off chain, and all of it taken on chain."""
    alice, bob, charlie = people = [person(name) for name in ("alice", "bob", "charlie")]
    channels = {"ab": channel_of(alice, bob, period=2 * HOUR), "cb": channel_of(charlie, bob, period=2 * HOUR)}
    world = begin(people, channels, DEFAULT_POLICY)
    fund(world, "ab", "alice")
    fund(world, "cb", "charlie")
    chain, known = world.chain, world.deployment.conditions
    ab, cb = world.channel_id("ab"), world.channel_id("cb")
    expiry = chain.head.time + DAY
    params = stream_params(alice.signer.address, 1000, b"\5" * 32)
    stream = Stream(world.deployment.domain.chain_id, known.stream, params, expiry)

    def voucher(cumulative: int) -> bytes:
        return stream_witness(cumulative, alice.signer.sign_digest(stream.digest(cumulative)))

    world.tell("alice", events.Lock(ab, Asset.ETH, ETHER, known.stream, params, expiry))
    world.settle_down()
    (incoming,) = world.view_of("bob", "ab").latest.message.transfers
    world.tell("bob", events.Forward(cb, Asset.ETH, ETHER, ab, incoming.id))
    world.settle_down()
    before = world.view_of("bob", "cb").latest
    (outgoing,) = before.message.transfers
    world.silent |= {"alice", "charlie"}  # the thief takes over
    world.tell("bob", Reveal(cb, outgoing.id, voucher(500)))
    world.settle_down()
    (offer,) = world.view_of("bob", "cb").own_offers
    world.send("charlie", calls.start_dispute(world.identity("cb"), before))
    world.settle_down()
    for _ in range(7):
        wait_until(world, chain.head.time + 1200)
    assert world.view_of("bob", "cb").on_chain.locked_wei == ETHER

    world.outcome.outputs.clear()
    world.tell("bob", Countersignature(cb, offer.digest, sign(world, "charlie", offer.state)))
    world.settle_down()
    (error,) = world.outcome.rejections
    assert isinstance(error, errors.ChannelSettled)
    assert error.channel_id == cb
    base = world.view_of("bob", "ab").latest.message
    half = with_change(base, world.view_of("bob", "ab").highest_nonce + 1, (), [(incoming, ETHER // 2)])
    world.tell("bob", Proposal(half, base.nonce, sign(world, "alice", half), ()))
    world.settle_down()
    assert world.view_of("bob", "ab").latest.message == base

    assert world.send("charlie", calls.record(known.stream, params, expiry, voucher(1000))).error is None
    wait_until(world, expiry - 600)
    wait_until(world, expiry + 60)
    collect = calls.settle_transfers(world.identity("cb"), before.message.transfers)
    assert world.send("charlie", collect).error is None
    world.tell("bob", events.StartDispute(ab))
    world.settle_down()
    wait_until(world, chain.head.time + 3 * HOUR)
    ledger = world.ledger()
    assert ledger.channels[cb].settlement == Settlement(
        nonce=1, paid=Amounts(5 * ETHER, 4 * ETHER, 0, 0), later=Amounts(ETHER, 0, 0, 0)
    )
    assert ledger.channels[ab].settlement == Settlement(nonce=1, paid=Amounts(4 * ETHER, 6 * ETHER, 0, 0))
    assert ledger.reserve(bob.account) == Holdings(10 * ETHER, 0), "all that he has deposited"
    assert [wei(world, name) for name in ("alice", "bob", "charlie")] == [
        WEALTH_WEI - ETHER,
        WEALTH_WEI,
        WEALTH_WEI + ETHER,
    ]
    assert_ledger_is_storage(world)
