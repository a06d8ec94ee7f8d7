"""This project, by the scenarios of its gas snapshot; here their payouts are checked as well.

A scenario measures its last transaction, so a dispute is the sum of several. What the node puts in comes
from its reserve inside of the contract, and what it gets goes there; filling and emptying that have lines of their own.
"""

from itertools import product
from typing import cast

from connext import calls
from connext.chain import Transaction
from connext.chain.deploying import deploy_all
from connext.chain.views import reserve_at, wallet_at
from connext.channel import Signed
from connext.conditions import hash_lock_params, hash_of
from connext.keccak import keccak256
from connext.messages import State, Transfer
from connext.transfers import with_change
from connext.types import Address, Asset, Side
from connext.world import actor
from peers import rows
from peers.chain import BenchChain, must
from peers.rows import AMOUNT, EXPECTED, LOCKED, TAKEN, Change
from peers.stand import Column, Gas, WrongPayout
from tests.gas import snapshot
from tests.gas.scenarios import ASSETS, SCENARIOS, Amounts, Scenario, Stage
from tests.scene import WEALTH_WEI, enrich
from toolchain.artifacts import CHECKOUT

NAME = "this project"
DEPLOYER = b"\xdc" * 20
SECRET = b"\x5e" * 32
NO_EXPIRY = 2**40
UNUSED_STORIES = {"eth": 254, "dai": 255}
"""Which the snapshot's scenarios do not reach: channels of the hash-locked payments."""

COMPOSED = {
    rows.OPEN: ("first deposit",),
    rows.TOP_UP: ("top-up",),
    rows.COLLATERAL: ("collateralize",),
    rows.CLOSE: ("cooperative close",),
    rows.WITHDRAWAL: ("withdrawal",),
    rows.EXIT: ("start dispute", "settle"),
    rows.STALE: ("start dispute", "challenge", "settle"),
}
"""The scenarios whose last transactions make up a row."""

BOTH_PUT_IN = Change(-AMOUNT, -AMOUNT)
CHANGES = {
    "first deposit": EXPECTED[rows.OPEN],
    "top-up": EXPECTED[rows.TOP_UP],
    "collateralize": EXPECTED[rows.COLLATERAL],
    "cooperative close": EXPECTED[rows.CLOSE],
    "withdrawal": Change(TAKEN - AMOUNT, AMOUNT // 7 - AMOUNT),  # both sides take something
    "start dispute": BOTH_PUT_IN,
    "challenge": BOTH_PUT_IN,
    "settle": EXPECTED[rows.EXIT],
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
        gas[rows.HASH_LOCK] = _hash_lock(stage, asset)
        gas[rows.EARLIER] = _moved(stage, asset, _fund)
        gas[rows.LATER] = _moved(stage, asset, _withdraw)
        return Column(NAME, _version(), self.deployment, gas)


def _play(stage: Stage, name: str, asset: str) -> int:
    """The gas of a scenario, as it is in the snapshot: the channel's salt is that of `run_all`."""
    stage.story = 1 + list(product(SCENARIOS, ASSETS)).index((name, asset))
    gas, change = _checked(stage, SCENARIOS[name], asset)
    if change != CHANGES[name]:
        raise WrongPayout(f"{NAME}, {name}: {change} instead of {CHANGES[name]}")
    return gas


def _checked(stage: Stage, scenario: Scenario, asset: str) -> tuple[int, Change]:
    before = _wealth(stage, asset)
    gas = scenario(stage, ASSETS[asset])
    now = _wealth(stage, asset)
    return gas, Change(now.user - before.user, now.node - before.node)


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


def _hash_lock(stage: Stage, asset: str) -> Gas:
    """The user disputes with the lock open, the node records the secret, and is paid in the settlement."""
    stage.story = UNUSED_STORIES[asset]
    gas: list[int] = []

    def scenario(stage: Stage, amounts: Amounts) -> int:
        gas.extend(_dispute_with_lock(stage, amounts, Asset.DAI if amounts.token else Asset.ETH))
        return sum(gas)

    _, change = _checked(stage, scenario, asset)
    if change != EXPECTED[rows.HASH_LOCK]:
        raise WrongPayout(f"{NAME}, {rows.HASH_LOCK}: {change} instead of {EXPECTED[rows.HASH_LOCK]}")
    return tuple(gas)


def _dispute_with_lock(stage: Stage, amounts: Amounts, asset: Asset) -> list[int]:
    channel = stage.funded(amounts)
    secret = keccak256(SECRET + stage.manager + bytes((asset,)))
    params = hash_lock_params(hash_of(secret))
    condition = stage.deployment.conditions.hash_lock
    lock = Transfer(1, Side.USER, asset, LOCKED, condition, keccak256(params), NO_EXPIRY)
    state = with_change(stage.paid(channel, amounts, nonce=3).message, 4, (lock,), ())
    signed = cast(Signed[State], stage.signed(state))
    dispute = stage.send(stage.user, calls.start_dispute(channel, signed))
    record = _send(stage, calls.record(condition, params, NO_EXPIRY, secret))
    stage.after_the_deadline()
    return [dispute, record, stage.send(stage.node, calls.settle(channel, state))]


def _send(stage: Stage, call: calls.Call) -> int:
    """By the node, to whichever contract the call is for."""
    to = call.receiver(stage.deployment)
    return must(stage.chain, Transaction(stage.node.account, to, call.data, call.value))


def _moved(stage: Stage, asset: str, scenario: Scenario) -> Gas:
    """The node moves money between its wallet and its reserve."""
    gas, change = _checked(stage, scenario, asset)
    if change != Change(0, 0):
        raise WrongPayout(f"{NAME}: {change}, but nothing should be gained or lost")
    return (gas,)


def _fund(stage: Stage, amounts: Amounts) -> int:
    return stage.send(stage.node, calls.fund(stage.node.account, amounts.wei, amounts.token))


def _withdraw(stage: Stage, amounts: Amounts) -> int:
    return stage.send(stage.node, calls.withdraw_reserve(amounts.wei, amounts.token, stage.node.account))


def _version() -> str:
    package = (CHECKOUT / "pyproject.toml").read_text()
    return package.partition('\nversion = "')[2].partition('"')[0]
