"""Random payments and closes over bad mail: lost, repeated, overtaken.

What rules 1, 4 and 6 promise must hold in every run.
"""

from dataclasses import replace
from random import Random

import pytest

from connext import events
from connext.messages import State
from connext.signing import Key, Signable, Signature
from connext.types import Address, Side, amounts_for
from tests.unit.pair import CHANNEL_ID, KEYS, Pair, close, pay


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


def play(pair: Pair, rng: Random, steps: int, closes: float) -> dict[Side, int]:
    """Random events, a part `closes` of them a wish to close; returns the wei that each side meant to pay."""
    intended = dict.fromkeys(Side, 0)
    for _ in range(steps):
        side = rng.choice(list(Side))
        box = pair.mail[side]
        what = rng.choice(("pay", "read", "read", "read", "lose", "repeat", "overtake", "resend"))
        if rng.random() < closes:
            pair.do(side, close())
        elif what == "pay":
            wei = rng.randint(1, 3)
            outputs = pair.do(side, pay(wei))
            if not any(isinstance(output, events.Rejected) for output in outputs):
                intended[side] += wei
        elif what == "resend":
            pair.do(side, events.Resend(CHANNEL_ID))
        elif box and what == "read":
            pair.receive(side)
        elif box and what == "lose":
            box.popleft()
        elif box and what == "repeat":
            box.append(box[0])
        elif box:
            box.rotate(1)
    return intended


def accept_finals(pair: Pair) -> None:
    for side in Side:
        waiting = pair.channel(side).their_offer
        if waiting is not None:
            pair.do(side, events.Accept(CHANNEL_ID, waiting.digest))


@pytest.mark.parametrize("closes", [0, 0.05, 0.3])
@pytest.mark.parametrize("seed", range(25))
def test_bad_mail_costs_nobody_anything_and_good_mail_brings_agreement(seed: int, closes: float) -> None:
    pair = Pair()
    signers = {side: RecordingSigner(KEYS[side]) for side in Side}
    for side in Side:
        pair.parties[side] = replace(pair.parties[side], signer=signers[side])
    intended = play(pair, Random(seed), 40, closes)

    for side in Side:
        states = signers[side].states
        assert len({state.nonce for state in states}) == len(states), "one signature per nonce"
        assert all(amounts_for(side, state)[0] >= -intended[side] for state in states), "no more than was intended"

    for _ in range(3):
        for side in Side:
            pair.do(side, events.Resend(CHANNEL_ID))
        pair.settle_mail()
        accept_finals(pair)
    agreed = pair.agreed()
    assert all(pair.channel(side).own_offers == () for side in Side)
    assert agreed.is_final or all(pair.channel(side).their_final is None for side in Side)
    assert agreed.is_final or pair.pay(Side.USER, 1).user_wei == agreed.user_wei - 1
