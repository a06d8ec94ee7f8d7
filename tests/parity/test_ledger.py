"""The ledger folded from events is the manager's storage, whatever was tried, whether it succeeded or not."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from connext.actions import VOCABULARY, Action, action, play
from connext.chain import Receipt
from connext.chain.evm import EvmChain
from connext.ledger import empty_ledger, fold
from connext.types import DAY, HOUR, InvalidValue
from connext.world import CannotUndo, NothingKnown, UnknownName, World, actor
from tests.scene import assert_ledger_is_storage, channel_of, deploy, enrich

PEOPLE = ("alice", "bob", "carol")
CHANNELS = {"one": ("alice", "bob"), "two": ("bob", "carol"), "three": ("alice", "carol")}
PAYMENTS = ("first", "second", "third")
BETWEEN_PARTIES = ("pay", "accept", "refuse", "propose_withdrawal", "propose_resume", "propose_close", "collateralize")
CONDITIONAL = ("lock", "resolve", "cancel", "exchange", "request")

SEQUENCES = 8
LENGTH = 80


def new_crowd(rng: Random) -> World:
    """Three people with three channels among them, and money in all places."""
    chain = EvmChain()
    deployment = deploy(chain)
    alice, bob, carol = people = [actor(name) for name in PEOPLE]
    enrich(chain, deployment, (person.account for person in people))
    channels = {
        "one": channel_of(alice, bob, period=DAY),
        "two": channel_of(bob, carol, period=DAY),
        "three": channel_of(alice, carol, salt=rng.randrange(2**16), period=2 * DAY),
    }
    world = World(chain, deployment, people, channels, depth=rng.randrange(1, 4))
    play(world, [action("fund", name, amount="50 ETH and 500 DAI") for name in PEOPLE])
    for channel in CHANNELS:
        for side in ("user", "node"):
            play(world, [action("deposit", "carol", channel=channel, side=side, amount="5 ETH and 50 DAI")])
    return world


def random_action(rng: Random) -> Action:
    """Any action by anybody, most of them with a chance to succeed."""
    name = rng.choice(MENU)
    channel = rng.choice(tuple(CHANNELS))
    ours = name in (*BETWEEN_PARTIES, *CONDITIONAL)
    who = rng.choice(CHANNELS[channel] if ours else PEOPLE) if VOCABULARY[name].has_actor else None
    values = {field: VALUES[field](rng) for field in VOCABULARY[name].fields if _is_given(rng, name, field)}
    if "channel" in values:
        values["channel"] = channel
    if name == "batch":
        values["items"] = [action("fund", who, amount=_amount(rng)) for _ in range(rng.randrange(3))]
    return action(name, who, **values)


def _is_given(rng: Random, name: str, field: str) -> bool:
    return field in VOCABULARY[name].required or (field in VALUES and rng.random() < 0.3)


def _amount(rng: Random) -> str:
    return rng.choice(("1 ETH", "2 DAI", "1 ETH and 4 DAI", "99 ETH", "7 wei DAI", "nothing"))


VALUES: dict[str, Callable[[Random], Any]] = {
    "channel": lambda rng: rng.choice(tuple(CHANNELS)),
    "side": lambda rng: rng.choice(("user", "node")),
    "asset": lambda rng: rng.choice(("ETH", "DAI")),
    "amount": _amount,
    "user": _amount,
    "node": _amount,
    "account": lambda rng: rng.choice(PEOPLE),
    "recipient": lambda rng: rng.choice(PEOPLE),
    "nonce": lambda rng: rng.randrange(4),
    "sequence": lambda rng: rng.randrange(2),
    "window": lambda _: HOUR,
    "duration": lambda rng: rng.choice((60, HOUR, DAY)),
    "blocks": lambda rng: rng.randrange(1, 3),
    "messages": lambda _: 1,
    "resent": lambda rng: rng.random() < 0.5,
    "admitted": lambda rng: rng.random() < 0.5,
    "items": lambda _: [],
    "payment": lambda rng: rng.choice(PAYMENTS),
    "expires": lambda rng: rng.choice((2 * DAY, 3 * DAY)),
    "of": lambda rng: rng.choice(("all", "any")),
    "parts": lambda rng: rng.sample(PAYMENTS, 2),
    "cap": lambda _: "10 DAI",
    "times": lambda rng: rng.randrange(1, 4),
    "source": lambda rng: rng.choice(tuple(CHANNELS)),
    "price": lambda _: "2000 DAI",
    "give": lambda _: "1 ETH",
    "take": lambda _: "5 DAI",
}

BY_HAND = (
    "congest",
    "countersign",
    "show",
    "spoil_token",
    "make_state",
    "make_withdrawal",
    "make_resume",
    "make_exit",
    "make_terms",
    "become",
)
MENU = [name for name in VOCABULARY if name not in ("go_silent", "drop", "restore", "propose_close", *BY_HAND)]
MENU += [*BETWEEN_PARTIES, "start_dispute", "come_back"] * 6 + ["propose_resume", "accept"] * 10
MENU += ["go_silent", "propose_close", "advance", "batch", "withdraw_reserve"]


def with_open_transfers(rng: Random, channel: str) -> list[Action]:
    """A channel that is settled while it holds a transfer or two, which are settled later, one of them proved."""
    payer, payee = rng.sample(CHANNELS[channel], 2)
    names = [f"{channel} {payment}" for payment in rng.sample(PAYMENTS, 2)]
    steps = []
    for name in names:
        steps.append(action("make_secret", payee, payment=name, expires=2 * DAY))
        steps.append(action("lock", payer, channel=channel, payment=name, amount=rng.choice(("1 ETH", "7 wei DAI"))))
    steps += [action("go_silent", name) for name in CHANNELS[channel]]
    steps += [action("start_dispute", payer, channel=channel), action("advance", duration=DAY)]
    steps += [action("settle", "carol", channel=channel), action("record", "carol", payment=names[0])]
    steps += [action("settle_transfers", "carol", channel=channel), action("advance", duration=DAY)]
    steps += [action("come_back", name) for name in CHANNELS[channel]]
    return [*steps, action("settle_transfers", "carol", channel=channel)]


def test_fold_is_storage() -> None:
    seen: Counter[str] = Counter()
    for seed in range(SEQUENCES):
        rng = Random(seed)
        world = new_crowd(rng)
        first_of_all = with_open_transfers(rng, rng.choice(tuple(CHANNELS)))
        for step in (*first_of_all, *(random_action(rng) for _ in range(LENGTH))):
            for receipt in try_to_play(world, step):
                seen.update(event.name for event in receipt.events if event.address == world.manager)
                seen.update(["failed"] if receipt.error else [])
            assert_ledger_is_storage(world)
    # Without these the test would be about nothing.
    expected = {"Collateralized", "Withdrawn", "StateRecorded", "DisputeStarted", "DisputeResumed", "ChannelSettled"}
    expected |= {"TransfersLocked", "TransfersSettled"}
    assert expected | {"ReserveWithdrawn", "CallFailed", "failed"} <= set(seen), seen


def try_to_play(world: World, step: Action) -> list[Receipt]:
    """What it sent; nothing if it makes no sense here."""
    try:
        (outcome,) = play(world, [step])
    except (CannotUndo, InvalidValue, NothingKnown, UnknownName):
        return []
    return outcome.receipts


def test_fold_takes_logs_in_any_portions(rng: Random) -> None:
    world = new_crowd(rng)
    for _ in range(LENGTH):
        try_to_play(world, random_action(rng))
    logs = list(world.chain.logs(world.manager, 0, world.chain.head.number))
    ledger = empty_ledger(world.manager)
    while logs:
        count = rng.randrange(1, 5)
        ledger, logs = fold(ledger, logs[:count]), logs[count:]
    assert ledger == world.ledger()
