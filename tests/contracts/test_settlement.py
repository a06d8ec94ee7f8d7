"""The pure split of a settlement, against the same rule in plain Python (docs/protocol.md section 5)."""

from itertools import product

from connext.types import MAX_CHANNEL_TOTAL
from tests.contracts.conftest import on_chain
from tests.contracts.split import split

INT96 = (-(2**95), 2**95 - 1)
INT128 = (-(2**127), 2**127 - 1)


@on_chain
def harness(project, deployer):
    return deployer.deploy(project.SettlementHarness)


def check(harness, cases):
    """`cases`: (total, user contribution, user net, node net). Also: G7, nobody gets less than nothing."""
    users, locks = harness.split(*map(list, zip(*cases, strict=True)))
    for (total, contribution, user_net, node_net), user, locked in zip(cases, users, locks, strict=True):
        case = f"{total=} {contribution=} {user_net=} {node_net=}"
        expected_user, expected_node, expected_locked = split(contribution, total - contribution, user_net, node_net)
        assert (user, locked) == (expected_user, expected_locked), case
        assert total - user - locked == expected_node >= 0, case


def test_it_never_reverts_whatever_was_signed(harness):
    """Every combination of the ends of every width, and of what is near zero."""
    totals = (0, 1, 2, MAX_CHANNEL_TOTAL - 1, MAX_CHANNEL_TOTAL)
    contributions = (*INT96, -(2**80), -1, 0, 1, 2**80)
    nets = (*INT128, -(2**127) + 1, -(2**80), -2, -1, 0, 1, 2, 2**80)
    check(harness, list(product(totals, contributions, nets, nets)))


def test_around_every_bound(harness):
    """A channel of 100, one wei below, at and above each bound of the rule."""
    total, contributions = 100, (-1, 0, 1, 60, 99, 100, 101)
    near = [bound + off for bound in (-200, -100, -60, -40, 0, 40, 60, 100) for off in (-1, 0, 1)]
    check(harness, list(product((total,), contributions, near, near)))


def test_honest_states_are_paid_exactly(harness, rng):
    """Balances of at least zero that add up to the total, less what is locked."""
    cases = []
    for _ in range(1000):
        total = rng.randrange(MAX_CHANNEL_TOTAL + 1)
        locked = rng.randrange(total + 1)
        user_balance = rng.randrange(total - locked + 1)
        contribution = rng.randrange(-(2**90), 2**90)
        cases.append(
            (
                total,
                contribution,
                user_balance - contribution,
                (total - locked - user_balance) - (total - contribution),
            )
        )
        assert split(contribution, total - contribution, *cases[-1][2:]) == (
            user_balance,
            total - locked - user_balance,
            locked,
        )
    check(harness, cases)


def test_random_states_of_every_size(harness, rng):
    def signed(bits):
        return rng.choice((-1, 1)) * rng.getrandbits(rng.randrange(bits))

    check(harness, [(rng.getrandbits(rng.randrange(81)), signed(96), signed(128), signed(128)) for _ in range(3000)])
