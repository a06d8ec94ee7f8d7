"""A plan has a sentence for every transaction that a party can ask for."""

import pytest

from connext import calls
from connext.conditions import Conditions, hash_lock_params
from connext.events import Submit
from connext.messages import Resume, Withdrawal
from connext.types import Side
from scripts._sentences import planned
from tests.unit.pair import CHANNEL_ID, IDENTITY, USER, Pair

CONDITIONS = Conditions(*(bytes([n]) * 20 for n in range(1, 6)))
FIELDS = {
    "condition": CONDITIONS.hash_lock,
    "params": hash_lock_params(bytes(32)),
    "expiry": 2_000_000_000,
    "witness": bytes(32),
    "transfers": (),
    "side": Side.USER,
    "wei": 10**18,
    "token": 0,
    "withdrawal": Withdrawal(CHANNEL_ID, 0, 10**18, 0, 0, 0, IDENTITY.user, 2_000_000_000),
    "resume": Resume(CHANNEL_ID, 1, 2_000_000_000),
    "state": None,
}


@pytest.mark.parametrize("name", calls.SUBMITTED)
def test_every_submitted_transaction(name: str) -> None:
    channel = Pair().parties[USER].channels[CHANNEL_ID]
    (line,) = planned(Submit(name, IDENTITY, {**FIELDS, "signed": channel.latest}), channel, CONDITIONS)
    assert line
