"""What a channel costs, at prices that one names."""

import json
from pathlib import Path

import click

from connext import costs
from connext.costs import Prices
from connext.errors import ConnextError
from connext.types import Asset
from scripts._costs import lines

SNAPSHOT = Path(__file__).resolve().parents[1] / "snapshots" / "gas.json"


class _Price(click.ParamType):
    """What the parser makes of it."""

    name = "price"

    def __init__(self, parse, example: str) -> None:
        self._parse, self._example = parse, example

    def get_missing_message(self, param, ctx=None) -> str:  # noqa: ARG002 # click's
        return f"Write it like {self._example!r}."

    def convert(self, value, param, ctx):
        try:
            return self._parse(value)
        except ConnextError as error:
            self.fail(str(error), param, ctx)


@click.command(
    short_help="What a channel costs in ETH and USD, and when it pays off.",
    context_settings={"max_content_width": 120},
)
@click.option(
    "--gas-price",
    type=_Price(costs.parse_gas_price, "20 gwei"),
    required=True,
    metavar="PRICE",
    help="Of one unit of gas, like '20 gwei'.",
)
@click.option(
    "--eth-price",
    type=_Price(costs.parse_eth_price, "3000 USD"),
    required=True,
    metavar="PRICE",
    help="Of 1 ETH, like '3000 USD'.",
)
@click.option(
    "--asset",
    type=click.Choice([asset.name for asset in Asset], case_sensitive=False),
    default=Asset.ETH.name,
    show_default=True,
    help="What the channel is in.",
)
@click.option(
    "--payments",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="How many are made in the channel's life.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; wei and USD as strings.")
def cli(gas_price, eth_price, asset, payments, as_json) -> None:
    """Show what every operation and the whole life of a channel cost, against the same payments as plain transfers.

    Gas is as measured (snapshots/gas.json); needs no chain. A payment in a channel takes two signatures and no gas, so
    from some number of payments on the channel is cheaper. That number does not depend on the prices.

    \b
    Examples:
      ape run cost --gas-price "20 gwei" --eth-price "3000 USD"
      ape run cost --gas-price "0.5 gwei" --eth-price "3000 USD" --asset DAI --payments 50
      ape run cost --gas-price "20 gwei" --eth-price "3000 USD" --json
    """
    channels_asset = Asset[asset.upper()]
    bill = costs.bill(_gas(channels_asset), channels_asset, Prices(gas_price, eth_price), payments)
    click.echo(json.dumps(costs.to_json(bill), indent=2) if as_json else "\n".join(lines(bill)))


def _gas(asset: Asset) -> costs.Gas:
    """In a channel of this asset."""
    try:
        figures = json.loads(SNAPSHOT.read_text())
    except (OSError, ValueError) as error:
        raise click.ClickException(f"no figures of gas in {SNAPSHOT} ({error}); `make gas` measures them") from error
    return {name: by_asset[asset.name.lower()] for name, by_asset in figures.items() if name != "deployment"}
