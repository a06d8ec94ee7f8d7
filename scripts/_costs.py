"""The tables of `cost`."""

from collections.abc import Iterator

from connext.costs import Bill, Cost, Life, format_eth, format_usd
from connext.display import format_amount
from connext.types import Asset

Line = tuple[str, ...]


def lines(bill: Bill) -> Iterator[str]:
    gas_price = format_amount(Asset.ETH, bill.prices.gas * 10**9).replace("ETH", "gwei")
    yield f"a channel in {bill.asset.name}, at {gas_price} for a unit of gas and {bill.prices.eth:f} USD for 1 ETH"
    yield ""
    yield from aligned([("operation", "gas", "ETH", "USD"), *_operations(bill)])
    yield ""
    yield from aligned([_heading(bill), *_lives(bill)])


def _operations(bill: Bill) -> Iterator[Line]:
    for name, cost in bill.operations.items():
        yield name, *_amounts(cost)


def _heading(bill: Bill) -> Line:
    life = f"a channel's life with {_payments(bill.payments)}"
    return life, "transactions", "gas", "ETH", "USD", "gas for each", "cheaper than transfers from"


def _lives(bill: Bill) -> Iterator[Line]:
    for name, life in bill.lives.items():
        yield name, *_life(life)
    each = bill.transfers.gas // bill.payments
    yield "no channel: plain transfers", f"{bill.payments:,}", *_amounts(bill.transfers), f"{each:,}", ""


def _life(life: Life) -> Line:
    amounts = _amounts(life.cost)
    return str(life.transactions), *amounts, f"{life.for_each_payment.gas:,}", _payments(life.cheaper_from)


def _amounts(cost: Cost) -> Line:
    return f"{cost.gas:,}", format_eth(cost.wei), format_usd(cost.usd)


def _payments(count: int) -> str:
    return f"{count:,} payment{'s' if count != 1 else ''}"


def aligned(table: list[Line]) -> Iterator[str]:
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *cells)).rstrip()
