"""What lives are made of: faults of these kinds are found only where chance brings the two things together."""

from collections.abc import Iterator
from itertools import combinations

import pytest

from connext.types import ZERO_ADDRESS
from proof.fuzz import campaign
from proof.fuzz.choices import seeded
from proof.fuzz.foreign import CALLS_BACK, Foreign
from proof.fuzz.life import Life
from proof.fuzz.play import Play
from proof.fuzz.scene import Move
from proof.fuzz.stage import SHIPPED
from proof.fuzz.wire import OF_MANAGER
from proof.model import operations as op
from proof.model.ledger import FULL_SHARE
from proof.model.messages import Signature

LIVES, TURNS = 250, 60


@pytest.fixture(scope="module")
def lives() -> list[Play]:
    plays = []
    for seed in range(LIVES):
        life = Life(campaign.stage_of(SHIPPED), seeded(seed))
        life.live(TURNS)
        plays.append(life.play)
    return plays


def operations(plays: list[Play]) -> Iterator[tuple[Play, op.Operation]]:
    for play in plays:
        for taken in play.taken:
            if isinstance(taken.turn, Move):
                operation = taken.turn.operation
                items = operation.items if isinstance(operation, op.Batch) else [op.Item(operation)]
                yield from ((play, item.operation) for item in items)


def test_triples_that_differ_in_one_thing_alone(lives: list[Play]) -> None:
    """Else a registry that forgets the condition or the expiry looks like one that does not."""
    differing = set()
    for play in lives:
        for one, other in combinations({payment.triple for payment in play.scene.payments}, 2):
            differences = [a != b for a, b in zip(one, other, strict=True)]
            if sum(differences) == 1 and not differences[1]:
                recorded = {one, other} & play.scene.desks[0].ledger.registry.shares.keys()
                differing |= {(differences.index(True), bool(recorded))}
    assert differing >= {(0, True), (2, True)}


def test_expiries_that_only_the_high_bits_tell_apart(lives: list[Play]) -> None:
    triples = ({payment.triple for payment in play.scene.payments} for play in lives)
    assert any(a[:2] == b[:2] and (a[2] - b[2]) % 2**32 == 0 for play in triples for a, b in combinations(play, 2))


def test_every_address_of_a_channel_is_every_address_that_it_must_not_be(lives: list[Play]) -> None:
    tried = set()
    for play, operation in operations(lives):
        if isinstance(operation, op.Deposit | op.Collateralize):
            for manager in (desk.manager for desk in play.scene.desks):
                names = {ZERO_ADDRESS: "zero", manager.address: "manager", manager.token: "token"}
                tried |= {(i, names[a]) for i, a in enumerate(operation.channel[1:5]) if a in names}
    assert tried == {(i, name) for i in range(4) for name in ("zero", "manager", "token")}


@pytest.mark.parametrize("kind", [op.StartDisputeWithExit, op.Checkpoint, op.Withdraw, op.Resume])
def test_an_accounts_own_key_is_not_its_signers(kind: type, lives: list[Play]) -> None:
    def signers(value: object) -> Iterator[bytes]:
        if isinstance(value, Signature):
            yield value.signer
        elif isinstance(value, tuple):
            for part in value:
                yield from signers(part)

    assert any(
        set(signers(operation)) & set(operation.channel.accounts)
        for _, operation in operations(lives)
        if isinstance(operation, kind)
    )


def test_the_longest_period_there_is(lives: list[Play]) -> None:
    disputed = [operation.channel for _, operation in operations(lives) if isinstance(operation, op.StartDispute)]
    assert max(channel.challenge_period for channel in disputed) == 2**32 - 1


def test_payees_call_back_everything(lives: list[Play]) -> None:
    foreign: Foreign = lives[0].scene.desks[0].foreign
    choices, called = seeded(1), set()
    for _ in range(20_000):
        _, data, (conduct, _) = foreign.change(choices)
        if conduct == CALLS_BACK and data[4:36] == (32).to_bytes(32):
            called.add(data[132:136])
    assert called >= set(OF_MANAGER)
    assert len(OF_MANAGER) == 17


def test_transfers_are_paid_by_shares_that_were_proved(lives: list[Play]) -> None:
    """Else every payout is of a payment that has lapsed, and any share is as good as another (G9)."""
    shares = [share for play in lives for share in play.scene.desks[0].guard.past.shares.values()]
    assert sum(share == FULL_SHARE for share in shares) >= 25
    assert sum(0 < share < FULL_SHARE for share in shares) >= 12
