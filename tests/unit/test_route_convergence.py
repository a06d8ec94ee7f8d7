"""Random payments through nodes over bad mail, everybody honest: each happens on every leg or on none.

The mail is lost, repeated and overtaken. When it works again everything is agreed; what is left at the expiry is
decided by what was recorded, and no node has gained or lost.
"""

from dataclasses import replace
from random import Random

import pytest

from connext import events
from connext.messages import State
from connext.payments import Terms
from connext.signing import Key, Signable, Signature
from connext.types import Address
from tests.unit.route import (
    AB,
    ALICE,
    CHARLIE,
    EXPIRY,
    FULL,
    LAST_CALL,
    ONE_NODE,
    THREE_NODES,
    Route,
    errors_of,
    film,
    invoice,
    lock,
    secret,
    voucher,
)

PAYMENTS: dict[int, Terms] = {1: invoice(1), 2: film(id_=2), 3: invoice(3), 4: film(id_=4)}
AMOUNT, SHARES = 20, (150, 500, 800, 1000)
"""Amounts and shares leave nothing to round."""
STEPS = {ONE_NODE: 120, THREE_NODES: 800}
"""Long enough for some payments to arrive."""


class RecordingSigner:
    """A key that remembers every state it signed."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.address: Address = key.address
        self.states: set[State] = set()

    def sign(self, signable: Signable) -> Signature:
        assert isinstance(signable.message, State)
        self.states.add(signable.message)
        return self.key.sign(signable)


def play(route: Route, rng: Random, steps: int) -> None:
    waiting = list(PAYMENTS)
    for _ in range(steps):
        name = rng.choice(list(route.parties))
        box = route.mail[name]
        match rng.choice((*["own"] * 3, *["read"] * 6, "lose", "repeat", "overtake", "resend", "look")):
            case "own":
                own_deed(route, rng, name, waiting)
            case "resend":
                for channel_id in route.parties[name].channels:
                    route.do(name, events.Resend(channel_id))
            case "look":
                route.confirm(name)
            case "read" if box:
                route.receive(name)
            case "lose" if box:
                box.popleft()
            case "repeat" if box:
                box.append(box[0])
            case "overtake" if box:
                box.rotate(1)


def own_deed(route: Route, rng: Random, name: str, waiting: list[int]) -> None:
    """What owners may want: to lock, to forward or give back, and, at the end, to show what proves it or give back."""
    number = rng.choice(list(PAYMENTS))
    terms = PAYMENTS[number]
    *sources, last = (channel_id for channel_id, ends in route.ends.items() if name in ends)
    if name == ALICE:
        if waiting and not errors_of(route.do(ALICE, lock(AB, AMOUNT, PAYMENTS[waiting[-1]]))):
            waiting.pop()
    elif name == CHARLIE and route.is_open(CHARLIE, last, terms):
        if rng.random() < 0.8:
            route.resolve(CHARLIE, last, terms, witness_of(number, rng))
        else:
            route.do(CHARLIE, events.Cancel(last, route.leg(CHARLIE, last, terms).id))
    elif sources and route.is_open(name, sources[0], terms):
        if rng.random() < 0.9:
            route.do(name, route.forwarding(last, AMOUNT, sources[0], terms))
        else:
            route.do(name, events.Cancel(sources[0], route.leg(name, sources[0], terms).id))


def witness_of(number: int, rng: Random) -> bytes:
    return secret(number) if number % 2 else voucher(rng.choice(SHARES), PAYMENTS[number])


def heal(route: Route) -> None:
    """The mail works, and owners refuse what waits for them: a share below the one that they have shown since."""
    for _ in range(4):
        for name, party in route.parties.items():
            for channel_id in party.channels:
                route.do(name, events.Resend(channel_id))
        route.settle_mail()
        route.confirm()
        route.settle_mail()
        for name, party in route.parties.items():
            for channel_id, channel in party.channels.items():
                if channel.their_offer is not None:
                    route.say(name, events.Refuse(channel_id, channel.their_offer.digest))


def record(route: Route, time: int) -> None:
    """A block; what is asked to be recorded is recorded in the next one."""
    for outputs in route.confirm(time=time).values():
        for output in outputs:
            if isinstance(output, events.Submit) and output.name == "record":
                number = next(n for n, terms in PAYMENTS.items() if terms.params == output.fields["params"])
                share = FULL if number % 2 else int.from_bytes(output.fields["witness"][:32]) * FULL // 1000
                triple = PAYMENTS[number].triple
                route.outcomes[triple] = max(share, route.outcomes.get(triple, 0))


@pytest.mark.parametrize("heals", [True, False])
@pytest.mark.parametrize("channels", [ONE_NODE, THREE_NODES], ids=["one node", "three nodes"])
@pytest.mark.parametrize("seed", range(25))
def test_every_payment_happens_on_every_leg_or_on_none(
    seed: int, channels: tuple[tuple[str, str], ...], heals: bool
) -> None:
    """In a chain of nodes each is a node to one side and a user to the other."""
    route = Route(channels)
    signers = {name: RecordingSigner(party.signer) for name, party in route.parties.items()}  # type: ignore[arg-type]
    for name, party in route.parties.items():
        route.parties[name] = replace(party, signer=signers[name])
    play(route, Random(seed), STEPS[channels])
    for signer in signers.values():
        assert len({(state.channel_id, state.nonce) for state in signer.states}) == len(signer.states)

    if heals:
        heal(route)
        for channel_id in route.ends:
            route.agreed(channel_id)
    else:
        route.lose_mail()
    for time in (LAST_CALL, EXPIRY - 1, EXPIRY):
        record(route, time)
        if not heals and time < EXPIRY:
            route.lose_mail()
    heal(route)

    assert all(route.agreed(channel_id).transfers == () for channel_id in route.ends)
    assert all(route.nets(name) == (0, 0) for name in route.parties if name not in (ALICE, CHARLIE))
    assert route.nets(ALICE)[0] == -route.nets(CHARLIE)[0]
    assert all(party.triples == set() for party in route.parties.values())
