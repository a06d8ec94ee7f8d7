"""Random payments over bad mail: lost, repeated, overtaken. What rule 1 and rule 6 promise must hold in every run."""

from dataclasses import replace
from random import Random

import pytest

from connext import events
from connext.messages import State
from connext.signing import Key, Signable, Signature
from connext.types import Address, Side, amounts_for
from tests.unit.pair import CHANNEL_ID, KEYS, Pair, pay


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


def play(pair: Pair, rng: Random, steps: int) -> dict[Side, int]:
    """Random events; returns the wei that each side meant to pay."""
    intended = dict.fromkeys(Side, 0)
    for _ in range(steps):
        side = rng.choice(list(Side))
        box = pair.mail[side]
        what = rng.choice(("pay", "read", "read", "read", "lose", "repeat", "overtake", "resend"))
        if what == "pay":
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


@pytest.mark.parametrize("seed", range(25))
def test_bad_mail_costs_nobody_anything_and_good_mail_brings_agreement(seed: int) -> None:
    pair = Pair()
    signers = {side: RecordingSigner(KEYS[side]) for side in Side}
    for side in Side:
        pair.parties[side] = replace(pair.parties[side], signer=signers[side])
    intended = play(pair, Random(seed), 40)

    for side in Side:
        states = signers[side].states
        assert len({state.nonce for state in states}) == len(states), "one signature per nonce"
        assert all(amounts_for(side, state)[0] >= -intended[side] for state in states), "no more than was intended"

    for _ in range(3):
        for side in Side:
            pair.do(side, events.Resend(CHANNEL_ID))
        pair.settle_mail()
    agreed = pair.agreed()
    assert all(pair.channel(side).own_offers == () for side in Side)
    assert pair.pay(Side.USER, 1).user_wei == agreed.user_wei - 1
