"""Whole lives of channels in ETH and DAI, without conditional payments.

Alice is the user and Bob the node in every channel; Carol belongs to none.
"""

from collections.abc import Iterator
from random import Random

from connext.actions import Action, action
from connext.lifecycle.opening import first_deposit
from connext.story import Story, Terms
from connext.types import DAY

CHALLENGE_PERIOD = DAY


def stories() -> Iterator[Story]:
    """The cooperative one, then three in which somebody fails."""
    yield _story("Both cooperate", "cooperative", 0, _cooperation())
    yield _story("The other side vanishes", "vanished", 1, _other_side_vanishes())
    yield _story("A stale exit is answered by Carol", "stale", 2, _stale_exit_is_answered())
    yield _story("A dispute is resumed from", "resumed", 3, _dispute_is_resumed())


def _story(title: str, channel: str, salt: int, actions: list[Action]) -> Story:
    return Story(title, {channel: Terms("alice", "bob", CHALLENGE_PERIOD, salt)}, tuple(actions))


def _cooperation() -> list[Action]:
    """Both deposit, pay each other, add, take out, and close together."""
    channel = "cooperative"
    return [
        *_deposits(channel, user="5 ETH and 3000 DAI", node="4 ETH and 2000 DAI"),
        *_payments(channel, 200),
        action("top_up", "alice", channel=channel, side="user", amount="1 ETH and 500 DAI"),
        *_payments(channel, 50),
        action("propose_withdrawal", "alice", channel=channel, user="0.5 ETH and 100 DAI", node="0.25 ETH and 50 DAI"),
        action("accept", "bob", channel=channel),
        *_payments(channel, 50),
        action("propose_close", "alice", channel=channel),
        action("accept", "bob", channel=channel),
    ]


def _other_side_vanishes() -> list[Action]:
    """Alice takes her newest state to the chain and waits for the deadline; her software settles by itself."""
    channel = "vanished"
    return [
        *_deposits(channel, user="2 ETH and 800 DAI", node="1 ETH and 700 DAI"),
        *_payments(channel, 20),
        action("go_silent", "bob"),
        action("start_dispute", "alice", channel=channel),
        action("advance", duration=CHALLENGE_PERIOD),
        action("come_back", "bob"),
    ]


def _stale_exit_is_answered() -> list[Action]:
    """Alice exits with an old state while Bob is away. Carol, to whom Bob gave the newest one, answers and settles."""
    channel = "stale"
    return [
        *_deposits(channel, user="1 ETH and 900 DAI", node="3 ETH and 600 DAI"),
        *_payments(channel, 20),
        action("go_silent", "bob"),
        action("go_silent", "alice"),  # her software would answer with the newest state itself
        action("start_dispute", "alice", channel=channel, nonce=3),
        action("checkpoint", "carol", channel=channel),
        action("advance", duration=CHALLENGE_PERIOD),
        action("settle", "carol", channel=channel),
        action("come_back", "alice"),
        action("come_back", "bob"),
    ]


def _dispute_is_resumed() -> list[Action]:
    """Bob starts a dispute, both agree to end it, and the channel goes on to its cooperative close."""
    channel = "resumed"
    return [
        *_deposits(channel, user="2 ETH and 400 DAI", node="2 ETH and 900 DAI"),
        *_payments(channel, 20),
        action("start_dispute", "bob", channel=channel),
        action("propose_resume", "alice", channel=channel),
        action("accept", "bob", channel=channel),
        *_payments(channel, 20),
        action("propose_close", "bob", channel=channel),
        action("accept", "alice", channel=channel),
    ]


def _deposits(channel: str, user: str, node: str) -> list[Action]:
    """The first deposit of each side, with DAI's permit in the same transaction."""
    return [
        first_deposit("alice", channel, "user", user),
        first_deposit("bob", channel, "node", node),
    ]


def _payments(channel: str, count: int) -> Iterator[Action]:
    """Both ways and in both assets; the same in every run."""
    rng = Random(f"{channel} {count}")
    for _ in range(count):
        wei, token = rng.randrange(1, 10**16), rng.randrange(1, 10**19)
        amount = rng.choice((f"{wei} wei ETH", f"{token} wei DAI", f"{wei} wei ETH and {token} wei DAI"))
        yield action("pay", rng.choice(("alice", "bob")), channel=channel, amount=amount)
