"""Add money to your side of a channel."""

import click

from connext.types import Bytes32
from scripts._options import Amount, amounts, at_desk, channel_argument, script


@script(short_help="Add money to your side of a channel.")
@channel_argument
@click.argument("deposit", metavar="AMOUNT...", type=Amount(), nargs=-1, required=True)
@click.option("--approve", is_flag=True, help="First let the manager take the DAI, if it may not yet.")
@at_desk
def cli(desk, channel_id: Bytes32, deposit, approve: bool) -> None:
    """Add money to your side of an open CHANNEL: the node's first deposit, or anybody's next one.

    \b
    Examples:
      ape run deposit 0x5f… "2 ETH" --account bob
      ape run deposit 0x5f… "2 ETH" "500 DAI" --approve --account bob
    """
    desk.take_up(channel_id)
    desk.deposit(channel_id, *amounts(deposit), approve=approve)
