"""Payments through nodes that happen on every leg or on none, whoever fails (docs/protocol.md sections 6 and 8).

Alice pays Charlie; Bob, Dave and Erin run nodes. Where nothing else is said everybody follows the rules.
"""

from collections.abc import Iterator

from connext.actions import Action, action
from connext.lifecycle.opening import first_deposit
from connext.story import Story, Terms
from connext.types import DAY, HOUR

FIRST_SALT = 16
"""Below it are those of the other stories."""

LAST_MOMENT, TOO_LATE = "Charlie shows the secret at the last moment, on chain", "Charlie shows the secret too late"

NODE = {"alice-bob": ("alice", "bob"), "charlie-bob": ("charlie", "bob")}
"""Two users of one node."""


def stories() -> Iterator[Story]:
    salt = FIRST_SALT
    for title, parties, actions in _plots():
        channels = {}
        for name, (user, node) in parties.items():
            channels[name] = Terms(user, node, DAY, salt)
            salt += 1
        yield Story(title, channels, tuple(actions))


def _plots() -> Iterator[tuple[str, dict[str, tuple[str, str]], list[Action]]]:
    """Title, channels with their user and node, actions."""
    yield "A payment through a node", NODE, _everybody_honest()
    yield "The node vanishes after it learned the secret", NODE, _node_vanishes()
    yield "Alice refuses to resolve", NODE, _payer_refuses()
    yield LAST_MOMENT, NODE, _secret_on_chain(seconds_before_expiry=1)
    yield TOO_LATE, NODE, _secret_on_chain(seconds_before_expiry=0)
    yield "Across three nodes, with one expiry", _three_nodes(), _across_three_nodes()
    yield "ETH in, DAI out", NODE, _other_asset()
    yield "An exchange is taken", {"exchange": ("alice", "bob")}, _exchange(taken=True)
    yield "An exchange lapses", {"exchange": ("alice", "bob")}, _exchange(taken=False)
    yield "A linked payment to somebody without a channel", NODE, _linked_payment()
    yield "A stream of 1000 micropayments", NODE, _stream()
    yield "A stream is resolved without the chain", NODE, _stream_off_chain()
    yield "A dispute with 50 open transfers, half of them due", {"crowded": ("alice", "bob")}, _fifty_transfers()


# --- Through one node ---


def _funded() -> list[Action]:
    """Alice can pay, and Bob can pay Charlie."""
    return [
        first_deposit("alice", "alice-bob", "user", "5 ETH"),
        first_deposit("bob", "charlie-bob", "node", "4 ETH and 9000 DAI"),
    ]


def _locked(payment: str) -> list[Action]:
    """Alice locks for Bob, Bob for Charlie."""
    return [
        action("lock", "alice", channel="alice-bob", payment=payment, amount="1.5 ETH"),
        action("forward", "bob", channel="charlie-bob", payment=payment, source="alice-bob"),
    ]


def _closed(channel: str, first: str, second: str) -> list[Action]:
    return [action("propose_close", first, channel=channel), action("accept", second, channel=channel)]


def _both_closed() -> list[Action]:
    return [*_closed("alice-bob", "alice", "bob"), *_closed("charlie-bob", "charlie", "bob")]


def _everybody_honest() -> list[Action]:
    return [
        *_funded(),
        action("make_secret", "charlie", payment="invoice", expires=DAY),
        *_locked("invoice"),
        action("resolve", "charlie", channel="charlie-bob", payment="invoice"),
        *_both_closed(),
    ]


def _node_vanishes() -> list[Action]:
    """Bob reads the secret and is never heard of again. Charlie's software records it, and both users leave."""
    return [
        *_funded(),
        action("make_secret", "charlie", payment="invoice", expires=DAY),
        *_locked("invoice"),
        action("drop", "bob", messages=1000),
        action("resolve", "charlie", channel="charlie-bob", payment="invoice"),
        action("go_silent", "bob"),
        action("advance", duration=23 * HOUR),
        action("start_dispute", "charlie", channel="charlie-bob"),
        action("start_dispute", "alice", channel="alice-bob"),
        action("advance", duration=DAY),
    ]


def _payer_refuses() -> list[Action]:
    """Alice is not to be reached. Bob's software records the secret, pays Charlie, and he takes Alice to the chain."""
    return [
        *_funded(),
        action("make_secret", "charlie", payment="invoice", expires=DAY),
        *_locked("invoice"),
        action("go_silent", "alice"),
        action("resolve", "charlie", channel="charlie-bob", payment="invoice"),
        action("advance", duration=23 * HOUR),
        *_closed("charlie-bob", "charlie", "bob"),
        action("start_dispute", "bob", channel="alice-bob"),
        action("advance", duration=DAY),
    ]


def _secret_on_chain(seconds_before_expiry: int) -> list[Action]:
    """Charlie tells nobody but the registry. In time, both legs are paid; at the expiry, neither is."""
    made_at = HOUR
    fails = None if seconds_before_expiry else "OutcomeIsFinal"
    return [
        *_funded(),
        action("make_secret", "charlie", made_at, payment="invoice", expires=DAY),
        *_locked("invoice"),
        action("record", "charlie", made_at + DAY - seconds_before_expiry, payment="invoice", fails=fails),
        action("mine", blocks=2),
        *_both_closed(),
    ]


def _other_asset() -> list[Action]:
    """Alice pays in ETH, Charlie is paid in DAI; the node bears the price until the expiry, which is therefore near."""
    return [
        *_funded(),
        action("make_secret", "charlie", payment="invoice", expires=6 * HOUR),
        action("lock", "alice", channel="alice-bob", payment="invoice", amount="1.5 ETH"),
        action("forward", "bob", channel="charlie-bob", payment="invoice", source="alice-bob", price="3000 DAI"),
        action("resolve", "charlie", channel="charlie-bob", payment="invoice"),
        *_both_closed(),
    ]


def _linked_payment() -> list[Action]:
    """Alice locks the money before Charlie has a channel; whoever holds the link says where it shall go."""
    to_alice, to_charlie = _funded()
    return [
        to_alice,
        action("make_link", "alice", payment="gift", expires=2 * DAY),
        action("lock", "alice", channel="alice-bob", payment="gift", amount="1.5 ETH"),
        action("advance", duration=6 * HOUR),
        to_charlie,
        action("request", "charlie", channel="charlie-bob", payment="gift"),
        action("forward", "bob", channel="charlie-bob", payment="gift", source="alice-bob"),
        action("resolve", "charlie", channel="charlie-bob", payment="gift"),
        *_both_closed(),
    ]


def _stream() -> list[Action]:
    """Bob takes no part in 1000 payments from Alice to Charlie, and then in nothing at all; one signature is enough."""
    return [
        *_funded(),
        action("open_stream", "alice", payment="film", cap="1.5 ETH", expires=DAY),
        *_locked("film"),
        action("stream", "alice", payment="film", amount="0.00123 ETH", times=1000),
        action("go_silent", "bob"),
        action("record", "charlie", payment="film"),
        action("start_dispute", "charlie", channel="charlie-bob"),
        action("start_dispute", "alice", channel="alice-bob"),
        action("advance", duration=DAY),
    ]


def _stream_off_chain() -> list[Action]:
    """Charlie asks for what he has received; Bob pays him first, and only then shows Alice the voucher."""
    return [
        *_funded(),
        action("open_stream", "alice", payment="film", cap="1.5 ETH", expires=DAY),
        *_locked("film"),
        action("stream", "alice", payment="film", amount="0.1 ETH", times=7),
        action("resolve", "charlie", channel="charlie-bob", payment="film"),
        *_both_closed(),
    ]


# --- Through three nodes ---


def _three_nodes() -> dict[str, tuple[str, str]]:
    return {
        "alice-bob": ("alice", "bob"),
        "bob-dave": ("bob", "dave"),
        "dave-erin": ("dave", "erin"),
        "charlie-erin": ("charlie", "erin"),
    }


def _across_three_nodes() -> list[Action]:
    """No hop needs a longer lock than another, because one record makes all of them enforceable (arXiv 1702.05812)."""
    return [
        first_deposit("alice", "alice-bob", "user", "5 ETH"),
        first_deposit("bob", "bob-dave", "user", "5 ETH"),
        first_deposit("dave", "dave-erin", "user", "5 ETH"),
        first_deposit("erin", "charlie-erin", "node", "5 ETH"),
        action("make_secret", "charlie", payment="invoice", expires=DAY),
        action("lock", "alice", channel="alice-bob", payment="invoice", amount="1.5 ETH"),
        action("forward", "bob", channel="bob-dave", payment="invoice", source="alice-bob"),
        action("forward", "dave", channel="dave-erin", payment="invoice", source="bob-dave"),
        action("forward", "erin", channel="charlie-erin", payment="invoice", source="dave-erin"),
        action("resolve", "charlie", channel="charlie-erin", payment="invoice"),
        *_closed("charlie-erin", "charlie", "erin"),
        *_closed("dave-erin", "erin", "dave"),
        *_closed("bob-dave", "dave", "bob"),
        *_closed("alice-bob", "bob", "alice"),
    ]


# --- In one channel ---


def _exchange(*, taken: bool) -> list[Action]:
    """1 ETH for 3000 DAI. Until the expiry Alice may take it; the price of that is in the quote."""
    decision = (
        action("resolve", "alice", channel="exchange", payment="quote")
        if taken
        else action("advance", duration=6 * HOUR)
    )
    return [
        first_deposit("alice", "exchange", "user", "2 ETH"),
        first_deposit("bob", "exchange", "node", "5000 DAI"),
        action("make_secret", "alice", payment="quote", expires=6 * HOUR),
        action("exchange", "alice", channel="exchange", payment="quote", give="1 ETH", take="3000 DAI"),
        action("accept", "bob", channel="exchange"),
        decision,
        *_closed("exchange", "alice", "bob"),
    ]


def _fifty_transfers() -> list[Action]:
    """Alice vanishes. Bob records 25 secrets: they are paid with the settlement, the others return to Alice later."""
    payments = [f"payment {number}" for number in range(1, 51)]
    return [
        first_deposit("alice", "crowded", "user", "3 ETH and 3000 DAI"),
        *(action("make_secret", "bob", payment=payment, expires=3 * DAY) for payment in payments),
        *(
            action("lock", "alice", channel="crowded", payment=payment, amount="0.03 ETH" if i % 2 else "40 DAI")
            for i, payment in enumerate(payments)
        ),
        action("go_silent", "alice"),
        *(action("record", "bob", payment=payment) for payment in payments[:25]),
        action("start_dispute", "bob", channel="crowded"),
        action("advance", duration=DAY),
        action("come_back", "alice"),
        action("advance", duration=3 * DAY),
    ]
