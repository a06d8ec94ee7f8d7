"""Gas as money: the sections of the page that `ape run cost` has for any prices."""

from decimal import Decimal

from connext import costs
from connext.costs import Bill, Cost, Prices, format_eth, format_usd
from connext.types import Asset
from peers.table import aligned, number
from tests.gas import snapshot

EXAMPLE = Prices(20 * costs.WEI_PER_GWEI, Decimal(3000))
PAYMENTS = 1_000


def operations() -> str:
    eth, dai = bills()
    head = ["", *(f"{bill.asset.name}: {unit}" for bill in (eth, dai) for unit in ("gas", "ETH", "USD"))]
    return aligned([head, *([name, *_cells(eth, name), *_cells(dai, name)] for name in costs.OPERATIONS)])


def lives() -> str:
    head = ["", "transactions", "gas", "ETH", "USD", "gas for each payment", "cheaper from"]
    return "\n".join(f"{bill.asset.name}\n\n{aligned([head, *_lives(bill)])}" for bill in bills())


def bills() -> tuple[Bill, Bill]:
    """Of a channel in ETH and of one in DAI, with the committed figures of gas."""
    figures = snapshot.read()
    eth, dai = (
        costs.bill({name: figures[name][asset.name.lower()] for name in costs.OPERATIONS}, asset, EXAMPLE, PAYMENTS)
        for asset in Asset
    )
    return eth, dai


def _cells(bill: Bill, operation: str) -> list[str]:
    cost = bill.operations.get(operation)
    return ["", "", ""] if cost is None else _amounts(cost)


def _lives(bill: Bill) -> list[list[str]]:
    lines = [
        [
            name,
            str(life.transactions),
            *_amounts(life.cost),
            number(life.for_each_payment.gas),
            f"{life.cheaper_from} payments",
        ]
        for name, life in bill.lives.items()
    ]
    transfers = [number(bill.payments), *_amounts(bill.transfers), number(bill.transfers.gas // bill.payments), ""]
    return [*lines, ["no channel: plain transfers", *transfers]]


def _amounts(cost: Cost) -> list[str]:
    return [number(cost.gas), format_eth(cost.wei), format_usd(cost.usd)]
