"""Add money to your side of a channel."""

import click

from connext.types import Bytes32
from scripts._options import Amount, amounts, at_desk, channel_argument, history_options, script


@script(short_help="Add money to your side of a channel.")
@channel_argument
@click.argument("deposit", metavar="AMOUNT...", type=Amount(), nargs=-1, required=True)
@click.option("--approve", is_flag=True, help="First let the manager take the DAI, if it may not yet.")
@click.option("--from-reserve", is_flag=True, help="Take it from your account's reserve; no money is sent.")
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, deposit, approve: bool, from_reserve: bool, history) -> None:
    """Add money to your side of an open CHANNEL: the node's first deposit, or anybody's next one.

    \b
    Examples:
      ape run deposit 0x5f… "2 ETH" --account bob
      ape run deposit 0x5f… "2 ETH" "500 DAI" --approve --account bob
      ape run deposit 0x5f… "2 ETH" --from-reserve --account bob
      ape run deposit 0x5f… "2 ETH" --first-time --account bob        (a channel that the other side has opened)
    """
    if from_reserve and approve:
        raise click.UsageError("give one of --approve and --from-reserve: a reserve needs no approval")
    desk.take_up(channel_id, history)
    if from_reserve:
        desk.collateralize(channel_id, *amounts(deposit))
    else:
        desk.deposit(channel_id, *amounts(deposit), approve=approve)
