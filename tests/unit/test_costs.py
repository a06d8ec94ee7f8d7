"""What the calculator reckons: gas, wei, US dollars, and from how many payments on a channel is cheaper."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from connext import costs
from connext.costs import Cost, InvalidEthPrice, InvalidGasPrice, Prices
from connext.types import Asset

CHECKOUT = Path(__file__).parents[2]
SNAPSHOT = CHECKOUT / "snapshots" / "gas.json"
PRICES = Prices(20 * 10**9, Decimal(3000))


def measured(asset: str) -> costs.Gas:
    figures = json.loads(SNAPSHOT.read_text())
    return {name: of[asset] for name, of in figures.items() if name != "deployment"}


@pytest.mark.parametrize(
    ("text", "wei"),
    [("20 gwei", 20 * 10**9), ("0.5gwei", 5 * 10**8), (" 1.000000001 GWEI ", 10**9 + 1), ("0 gwei", 0)],
)
def test_gas_prices(text: str, wei: int) -> None:
    assert costs.parse_gas_price(text) == wei


@pytest.mark.parametrize("text", ["20", "20 wei", "-1 gwei", "1e9 gwei", "1.0000000001 gwei", "gwei", ""])
def test_no_gas_prices(text: str) -> None:
    with pytest.raises(InvalidGasPrice) as error:
        costs.parse_gas_price(text)
    assert error.value.value == text


@pytest.mark.parametrize(
    ("text", "usd"), [("3000 USD", "3000"), ("2999.99usd", "2999.99"), ("0.000001 USD", "0.000001")]
)
def test_eth_prices(text: str, usd: str) -> None:
    assert costs.parse_eth_price(text) == Decimal(usd)


@pytest.mark.parametrize("text", ["3000", "3000 EUR", "-1 USD", "1e3 USD", "NaN USD", "3,000 USD", "1.0000001 USD"])
def test_no_eth_prices(text: str) -> None:
    with pytest.raises(InvalidEthPrice) as error:
        costs.parse_eth_price(text)
    assert error.value.value == text


def test_a_cost() -> None:
    assert costs.cost(21_000, PRICES) == Cost(21_000, 420_000_000_000_000, Decimal("1.26"))


@pytest.mark.parametrize(("gas", "payments"), [(0, 1), (20_999, 1), (21_000, 2), (21_001, 2), (42_000, 3)])
def test_cheaper_means_less_not_as_much(gas: int, payments: int) -> None:
    assert costs.cheaper_from(gas, 21_000) == payments


@pytest.mark.parametrize("asset", Asset)
def test_lives_are_made_of_measured_operations(asset: Asset) -> None:
    gas = measured(asset.name.lower())
    bill = costs.bill(gas, asset, PRICES, 10)
    approval = {Asset.ETH: 0, Asset.DAI: gas["approval of the token"]}[asset]
    life = bill.lives["both put in, both close"]
    assert life.cost.gas == approval + gas["first deposit"] + gas["collateralize"] + gas["cooperative close"]
    assert life.transactions == 3 + (asset is Asset.DAI)
    assert life.for_each_payment.gas == -(-life.cost.gas // 10)
    transfer = gas["plain transfer"]
    assert (life.cheaper_from - 1) * transfer <= life.cost.gas < life.cheaper_from * transfer
    assert bill.transfers == costs.cost(10 * transfer, PRICES)


def test_what_costs_nothing_is_no_operation() -> None:
    operations = {asset: costs.bill(measured(asset.name.lower()), asset, PRICES, 1).operations for asset in Asset}
    assert set(operations[Asset.DAI]) == set(costs.OPERATIONS)
    assert set(costs.OPERATIONS) - set(operations[Asset.ETH]) == {"approval of the token"}


def test_the_number_of_payments_does_not_depend_on_prices() -> None:
    gas = measured("eth")
    bills = [costs.bill(gas, Asset.ETH, Prices(wei, Decimal(usd)), 1) for wei, usd in ((1, 1), (10**12, 10_000))]
    first, second = ([life.cheaper_from for life in bill.lives.values()] for bill in bills)
    assert first == second


def test_writing() -> None:
    assert costs.format_eth(1_083_100 * 10**9) == "0.001083100"
    assert [costs.format_usd(Decimal(usd)) for usd in ("1234.567", "1", "0.00526", "0")] == [
        "1,234.57",
        "1.00",
        "0.0053",
        "0.0000",
    ]


# --- README ---


IN_README = {
    "open a channel with a first deposit": ("first deposit",),
    "the node's part, out of its reserve": ("collateralize",),
    "a payment": (),
    "close together, both paid": ("cooperative close",),
    "leave alone: dispute and settlement": ("start dispute", "settle"),
}


def section_of_the_readme() -> str:
    return (CHECKOUT / "README.md").read_text().partition("\n## What it costs\n")[2].partition("\n## ")[0]


def test_the_table_of_the_readme() -> None:
    rows = [line.strip("| ").split(" | ") for line in section_of_the_readme().splitlines() if line.startswith("| ")]
    gas = {asset: measured(asset) for asset in ("eth", "dai")}
    assert rows[1:] == [
        [title, *(f"{sum(gas[asset][step] for step in steps):,}".replace(",", " ") for asset in gas)]
        for title, steps in IN_README.items()
    ]


def test_the_payments_of_the_readme() -> None:
    eth, dai = (
        costs.bill(measured(asset.name.lower()), asset, PRICES, 1).lives["both put in, both close"].cheaper_from
        for asset in Asset
    )
    sentence = f"from the {eth}th payment on in ETH, from the {dai}th in DAI"
    assert sentence in " ".join(section_of_the_readme().split())
