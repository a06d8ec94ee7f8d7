"""What operations cost in ETH and in US dollars, and from how many payments on a channel is cheaper than transfers.

Figures of gas come from measurements (`snapshots/gas.json`); the prices are those that somebody names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connext.errors import ConnextError
from connext.types import Asset

WEI_PER_GWEI = 10**9
WEI_PER_ETH = 10**18

_GAS_PRICE = re.compile(r"(\d+)(?:\.(\d{1,9}))?\s*gwei", re.IGNORECASE)
_ETH_PRICE = re.compile(r"(\d+(?:\.\d{1,6})?)\s*USD", re.IGNORECASE)

Gas = Mapping[str, int]
"""By the name of the operation, in one asset."""

TRANSFER = "plain transfer"
APPROVAL = "approval of the token"

OPERATIONS = (
    TRANSFER,
    APPROVAL,
    "first deposit",
    "top-up",
    "collateralize",
    "withdrawal",
    "cooperative close",
    "start dispute",
    "challenge",
    "settle",
    "hash-locked payment to the user, extra",
    "settle a transfer later",
)

_BOTH_PUT_IN = ("first deposit", "collateralize")
LIVES = {
    "the user alone puts in, both close": ("first deposit", "cooperative close"),
    "both put in, both close": (*_BOTH_PUT_IN, "cooperative close"),
    "both put in, one leaves alone": (*_BOTH_PUT_IN, "start dispute", "settle"),
    "both put in, one leaves with an old state, the other answers": (
        *_BOTH_PUT_IN,
        "start dispute",
        "challenge",
        "settle",
    ),
}
"""The transactions of a channel from the first to the last, whoever sends them. Payments need none.

Each costs what it does where both have put in.
"""


# --- Prices ---


@dataclass(eq=False)
class InvalidGasPrice(ConnextError, ValueError):
    text = "{value!r} is no price of gas; write it like '20 gwei' or '0.5 gwei', with at most 9 decimals"
    value: str


@dataclass(eq=False)
class InvalidEthPrice(ConnextError, ValueError):
    text = "{value!r} is no price of 1 ETH; write it like '3000 USD', with at most 6 decimals"
    value: str


@dataclass(frozen=True)
class Prices:
    """gas: of one unit, in wei. eth: of 1 ETH, in US dollars."""

    gas: int
    eth: Decimal


@dataclass(frozen=True)
class Cost:
    gas: int
    wei: int
    usd: Decimal


def parse_gas_price(text: str) -> int:
    """The wei of '20 gwei'. Raises InvalidGasPrice."""
    match = _GAS_PRICE.fullmatch(text.strip())
    if match is None:
        raise InvalidGasPrice(text)
    whole, fraction = match.groups()
    return int(whole) * WEI_PER_GWEI + int((fraction or "").ljust(9, "0"))


def parse_eth_price(text: str) -> Decimal:
    """The US dollars of '3000 USD'. Raises InvalidEthPrice."""
    match = _ETH_PRICE.fullmatch(text.strip())
    if match is None:
        raise InvalidEthPrice(text)
    return Decimal(match[1])


def cost(gas: int, prices: Prices) -> Cost:
    """wei is exact, usd has 28 digits."""
    wei = gas * prices.gas
    return Cost(gas, wei, wei * prices.eth / WEI_PER_ETH)


# --- A channel's life, and payments without one ---


@dataclass(frozen=True)
class Life:
    """transactions, cost: of the channel; its payments take none. for_each_payment: that cost shared out among them.

    cheaper_from: the number of payments from which on it takes less gas than they would as plain transfers.
    """

    transactions: int
    cost: Cost
    for_each_payment: Cost
    cheaper_from: int


@dataclass(frozen=True)
class Bill:
    """Of one channel in one asset and of so many payments. transfers: what they cost without a channel."""

    asset: Asset
    prices: Prices
    payments: int
    operations: Mapping[str, Cost]
    lives: Mapping[str, Life]
    transfers: Cost


def bill(gas: Gas, asset: Asset, prices: Prices, payments: int) -> Bill:
    """In tokens every life begins with an approval, as if the account had never given one."""
    operations = {name: cost(gas[name], prices) for name in OPERATIONS if gas[name]}
    before = (APPROVAL,) if asset is Asset.DAI else ()
    lives = {name: _life((*before, *steps), gas, prices, payments) for name, steps in LIVES.items()}
    return Bill(asset, prices, payments, operations, lives, cost(payments * gas[TRANSFER], prices))


def _life(steps: tuple[str, ...], gas: Gas, prices: Prices, payments: int) -> Life:
    total = sum(gas[step] for step in steps)
    return Life(len(steps), cost(total, prices), _share(total, prices, payments), cheaper_from(total, gas[TRANSFER]))


def _share(gas: int, prices: Prices, payments: int) -> Cost:
    """Rounded up to a whole unit of gas."""
    return cost(-(-gas // payments), prices)


def cheaper_from(gas: int, gas_of_a_transfer: int) -> int:
    """The least number of transfers that take more than `gas`."""
    return gas // gas_of_a_transfer + 1


# --- In writing ---


def format_eth(wei: int) -> str:
    """To the gwei: '0.001083100'."""
    return f"{Decimal(wei) / WEI_PER_ETH:.9f}"


def format_usd(usd: Decimal) -> str:
    """'1,234.56'; below one dollar to the hundredth of a cent."""
    return f"{usd:,.2f}" if usd >= 1 else f"{usd:.4f}"


def to_json(bill: Bill) -> dict[str, Any]:
    """Gas and counts as numbers; wei and US dollars as decimal strings."""
    return {
        "asset": bill.asset.name,
        "weiPerGas": str(bill.prices.gas),
        "usdPerEth": f"{bill.prices.eth:f}",
        "operations": {name: _cost_to_json(cost) for name, cost in bill.operations.items()},
        "lives": {name: _life_to_json(life) for name, life in bill.lives.items()},
        "plainTransfers": {"payments": bill.payments, **_cost_to_json(bill.transfers)},
    }


def _life_to_json(life: Life) -> dict[str, Any]:
    return {
        "transactions": life.transactions,
        **_cost_to_json(life.cost),
        "forEachPayment": _cost_to_json(life.for_each_payment),
        "cheaperFromPayments": life.cheaper_from,
    }


def _cost_to_json(cost: Cost) -> dict[str, Any]:
    return {"gas": cost.gas, "wei": str(cost.wei), "usd": f"{cost.usd.normalize():f}"}
