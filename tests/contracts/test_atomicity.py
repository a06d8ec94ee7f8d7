"""G9: whatever happens around an expiry, and in whatever order, all channels settle a triple at one share.

Two channels of two managers, one in ether and one in tokens, with the legs of one payment; every interleaving of two
records and two settlements, the expiry before, between and after them. On the in-process EVM.
"""

from itertools import permutations

import pytest

from connext.conditions import FULL_SHARE
from connext.types import DAY, Asset, Side, Status
from connext.world import actor
from tests.contracts.arena import Arena, close, promise, settle, settle_transfers
from tests.contracts.channels import View
from tests.contracts.conftest import off_chain
from tests.contracts.transfers import holding

PARAMS = b"the parameters of one payment"
AMOUNT = FULL_SHARE
"""So that what the payee gets of it is the share."""
RICH = (2 * AMOUNT, 2 * AMOUNT)

STEPS = ("record a part", "record all", "settle one", "settle the other")
PART = FULL_SHARE // 3


class Route:
    """Alice pays Bob ether, who pays Carol tokens, if there is a witness before the expiry.

    Alice's channel can be settled now. Carol's was settled by somebody who did not have the list.
    """

    def __init__(self):
        alice, bob, carol = (actor(name) for name in ("alice", "bob", "carol"))
        self.arena = arena = Arena([alice, bob, carol], (AMOUNT, 0), (0, AMOUNT))
        self.expiry = arena.now + 2 * DAY
        self.one, self.other = arena.contest(0, alice, bob), arena.contest(1, carol, bob)
        self.first = promise(arena, PARAMS, Side.USER, Asset.ETH, AMOUNT, self.expiry)
        self.second = promise(arena, PARAMS, Side.NODE, Asset.DAI, AMOUNT, self.expiry)
        for contest in (self.one, self.other):
            arena.hold(contest, user=RICH, node=RICH)
        signed = arena.signed(self.one, **holding(self.first))
        self.state = signed.message
        arena.dispute(self.one, signed)
        final = arena.signed(self.other, is_final=True, **holding(self.second))
        arena.do(self.other.manager, close(self.other, final, shown=False), at=arena.now + DAY)
        self.start, self.before = arena.chain.head.number, self.holdings()

    def holdings(self):
        """Bob's ether and Carol's tokens."""
        return self.arena.owned(self.one.node.account).wei, self.arena.owned(self.other.user.account).token

    def again(self):
        self.arena.chain.rewind(self.start)

    def take(self, step, time):
        """In a block of this time. What is too early, too late or done already changes nothing."""
        match step:
            case "record a part":
                self.arena.record(PARAMS, self.expiry, PART, at=time)
            case "record all":
                self.arena.record(PARAMS, self.expiry, FULL_SHARE, at=time)
            case "settle one" if self.arena.view(self.one).status == Status.DISPUTED:
                self.arena.do(self.one.manager, settle(self.one, self.state), at=time)
            case "settle one":
                self.arena.send(self.one.manager, settle_transfers(self.one, (self.first,)), at=time)
            case "settle the other":
                self.arena.send(self.other.manager, settle_transfers(self.other, (self.second,)), at=time)

    def shares(self):
        """What both payees got, now that nothing is open any more."""
        for contest in (self.one, self.other):
            assert self.arena.view(contest) == View(Status.SETTLED)
        (bob, carol), (bob_before, carol_before) = self.holdings(), self.before
        own_part = RICH[Asset.ETH]
        return bob - bob_before - own_part, carol - carol_before


@off_chain
def route():
    return Route()


@pytest.mark.parametrize("order", permutations(STEPS), ids=", ".join)
def test_one_share_for_all(route, order):
    """A step a second; the expiry comes with each of them, or after all."""
    for steps_before in range(len(order) + 1):
        route.again()
        for number, step in enumerate(order):
            route.take(step, route.expiry + number - steps_before)
        for number, step in enumerate(("settle one", "settle the other"), start=len(order)):
            route.take(step, route.expiry + number)
        in_time = order[:steps_before]
        expected = FULL_SHARE if "record all" in in_time else PART if "record a part" in in_time else 0
        assert route.shares() == (expected, expected), f"{steps_before} steps before the expiry"


@pytest.mark.parametrize(("step", "other"), [("settle one", "settle the other"), ("settle the other", "settle one")])
def test_no_gas_limit_makes_a_final_outcome_another(route, step, other):
    """Whoever settles chooses the gas: too little fails as a whole, and leaves nothing open that is due."""
    endings = []
    for gas in range(30_000, 450_000, 2_000):
        route.again()
        route.take("record all", route.expiry - 1)
        if step == "settle one":
            receipt = route.arena.send(route.one.manager, settle(route.one, route.state), gas=gas)
        else:
            receipt = route.arena.send(route.other.manager, settle_transfers(route.other, (route.second,)), gas=gas)
        endings.append(receipt.succeeded)
        if receipt.succeeded:
            route.take(other, route.arena.now + 1)
            assert route.shares() == (FULL_SHARE, FULL_SHARE)
    assert 0 < sum(endings) < len(endings)
    assert endings == sorted(endings), "enough is enough"
