"""This project, by the scenarios of its gas snapshot; here their payouts are checked as well.

A scenario measures its last transaction, so a dispute is the sum of several. What the node puts in comes from its
reserve inside of the contract, and what it gets goes there; filling and emptying that have lines of their own.
"""

from itertools import product

from connext import calls
from connext.chain.deploying import deploy_all
from connext.chain.views import reserve_at, wallet_at
from connext.types import Address
from connext.world import actor
from peers import CHECKOUT, rows
from peers.chain import BenchChain
from peers.rows import AMOUNT, EXPECTED, PAID, Change
from peers.stand import Column, Gas, WrongPayout
from tests.gas import snapshot
from tests.gas.scenarios import ASSETS, SCENARIOS, Amounts, Scenario, Stage
from tests.scene import WEALTH_WEI, enrich

NAME = "this project"
DEPLOYER = b"\xdc" * 20
UNUSED_STORIES = range(200, 256)
"""Which the snapshot's scenarios do not reach."""

COMPOSED = {
    rows.OPEN: ("first deposit",),
    rows.TOP_UP: ("top-up",),
    rows.COLLATERAL: ("collateralize",),
    rows.CLOSE: ("cooperative close",),
    rows.FROM_WALLET: ("node's deposit from its wallet",),
    rows.WITHDRAWAL: ("withdrawal of the user alone",),
    rows.EXIT: ("start dispute", "settle"),
    rows.STALE: ("start dispute", "challenge", "settle"),
    rows.HASH_LOCK: ("start dispute", "settle", "hash-locked payment to the node, extra"),
    rows.batch(rows.COLLATERAL, 1): ("collateralize",),
    rows.batch(rows.PAYOUT, 1): ("settle",),
    rows.batch(rows.PAYOUT, 10): ("batch of 10 settlements",),
    rows.batch(rows.PAYOUT, 100): ("batch of 100 settlements",),
}
"""The scenarios whose last transactions make up a row; of the hash lock, what it adds to a dispute without one."""

PROMISED = AMOUNT // 1_000
BOTH_PUT_IN = Change(-AMOUNT, -AMOUNT)
CHANGES = {
    "first deposit": EXPECTED[rows.OPEN],
    "top-up": EXPECTED[rows.TOP_UP],
    "collateralize": EXPECTED[rows.COLLATERAL],
    "cooperative close": EXPECTED[rows.CLOSE],
    "node's deposit from its wallet": EXPECTED[rows.COLLATERAL],
    "withdrawal of the user alone": EXPECTED[rows.WITHDRAWAL],
    "start dispute": BOTH_PUT_IN,
    "challenge": BOTH_PUT_IN,
    "settle": EXPECTED[rows.EXIT],
    "hash-locked payment to the node, extra": Change(-2 * PAID - PROMISED, 2 * PAID + PROMISED),  # two channels
    "batch of 10 settlements": Change(-10 * PAID, 10 * PAID),
    "batch of 100 settlements": Change(-100 * PAID, 100 * PAID),
}
"""What each scenario leaves in the hands of user and node, a node's reserve included."""


class StageWithToken(Stage):
    """The stage of the scenarios, with a given token in the place of DAI."""

    def __init__(self, chain: BenchChain, token: Address) -> None:
        self.chain = chain
        self.story = 1
        chain.set_balance(DEPLOYER, WEALTH_WEI)
        self.deployment = deploy_all(chain, DEPLOYER, token)
        self.user, self.node = actor("user"), actor("node")
        enrich(chain, self.deployment, (self.user.account, self.node.account))
        self.send(self.node, calls.fund(self.node.account, 300 * AMOUNT, 300 * AMOUNT))


class Connext:
    """not_the_snapshot: what cost something else than `snapshots/gas.json` says."""

    def __init__(self, stage: Stage, chain: BenchChain, token: Address) -> None:
        """stage: the first that was set up on its chain; the manager's address takes part in the snapshot's figures."""
        self.stage = stage
        chain.deployment_gas = 0
        self.stage_with_token = StageWithToken(chain, token)
        self.deployment = chain.deployment_gas
        self.not_the_snapshot: list[str] = []
        self._stories = iter(UNUSED_STORIES)

    def ether(self) -> Column:
        return self._column(self.stage, "eth", is_snapshot=True)

    def dai(self) -> Column:
        return self._column(self.stage, "dai", is_snapshot=True)

    def token(self) -> Column:
        return self._column(self.stage_with_token, "dai", is_snapshot=False)

    def _column(self, stage: Stage, asset: str, *, is_snapshot: bool) -> Column:
        """Raises WrongPayout."""
        figures = {name: _play(stage, name, asset) for name in CHANGES}
        if is_snapshot:
            self.not_the_snapshot += _differences(figures, asset)
        gas: dict[str, Gas] = {row: tuple(figures[name] for name in names) for row, names in COMPOSED.items()}
        gas[rows.EARLIER] = self._own(stage, asset, _fund, Change(0, 0))
        gas[rows.LATER] = self._own(stage, asset, _withdraw, Change(0, 0))
        for size in (10, 100):
            change = Change(-size * AMOUNT, -size * AMOUNT)
            gas[rows.batch(rows.COLLATERAL, size)] = self._own(stage, asset, _batch_of_collaterals(size), change)
        return Column(NAME, _version(), self.deployment, gas)

    def _own(self, stage: Stage, asset: str, scenario: Scenario, expected: Change) -> Gas:
        """A scenario that is not in the snapshot. Raises WrongPayout."""
        stage.story = next(self._stories)
        return (_checked(stage, scenario, asset, expected),)


def _play(stage: Stage, name: str, asset: str) -> int:
    """The gas of a scenario, as it is in the snapshot."""
    stage.story = story_of(name, asset)
    return _checked(stage, SCENARIOS[name], asset, CHANGES[name])


def story_of(name: str, asset: str) -> int:
    """The one of the scenario in `run_all`, for channels of the same ids."""
    return 1 + list(product(SCENARIOS, ASSETS)).index((name, asset))


def _checked(stage: Stage, scenario: Scenario, asset: str, expected: Change) -> int:
    before = _wealth(stage, asset)
    gas = scenario(stage, ASSETS[asset])
    now = _wealth(stage, asset)
    change = Change(now.user - before.user, now.node - before.node)
    if change != expected:
        raise WrongPayout(f"{NAME}, {scenario.__name__}, {asset}: {change} instead of {expected}")
    return gas


def _wealth(stage: Stage, asset: str) -> Change:
    """In wallets, and in reserves inside of the contract."""
    block = stage.chain.head.number
    totals = []
    for account in (stage.user.account, stage.node.account):
        wallet = wallet_at(stage.chain, stage.deployment.token, account, block)
        reserve = reserve_at(stage.chain, stage.manager, account, block)
        total = wallet.plus(reserve.amount_wei, reserve.amount_token)
        totals.append(total.amount_wei if asset == "eth" else total.amount_token)
    return Change(*totals)


def _differences(figures: dict[str, int], asset: str) -> list[str]:
    expected = {name: gas[asset] for name, gas in snapshot.read().items() if name in figures}
    return [
        f"{name} ({asset}) costs {gas}, {snapshot.SNAPSHOT.name} says {expected[name]}"
        for name, gas in figures.items()
        if gas != expected[name]
    ]


# --- What is not among the scenarios ---


def _fund(stage: Stage, amounts: Amounts) -> int:
    return stage.send(stage.node, calls.fund(stage.node.account, amounts.wei, amounts.token))


def _withdraw(stage: Stage, amounts: Amounts) -> int:
    return stage.send(stage.node, calls.withdraw_reserve(amounts.wei, amounts.token, stage.node.account))


def _batch_of_collaterals(count: int) -> Scenario:
    def batch_of_collaterals(stage: Stage, amounts: Amounts) -> int:
        channels = [stage.opened(amounts, number) for number in range(1, count + 1)]
        batch = calls.batch(calls.collateralize(channel, amounts.wei, amounts.token) for channel in channels)
        return stage.send(stage.node, batch)

    return batch_of_collaterals


def _version() -> str:
    package = (CHECKOUT / "pyproject.toml").read_text()
    return package.partition('\nversion = "')[2].partition('"')[0]
