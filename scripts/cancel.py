"""Give a conditional transfer back to its payer."""

import click

from connext.events import Cancel
from connext.types import Bytes32
from scripts._options import at_desk, channel_argument, history_options, out_option, script, transfer_argument
from scripts._sentences import newest


@script(short_help="Give a conditional transfer back to its payer.")
@channel_argument
@transfer_argument
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, transfer_id: int, out, history) -> None:
    """Write a state in which TRANSFER, which was locked for you in CHANNEL, is its payer's again.

    A payee that does not want a payment, or a node that cannot pass it on, spares its payer the wait. A node can do it
    only when nothing of it is still passed on. The payer answers with `update`.

    \b
    Example:
      ape run cancel 0x5f… 256 --account bob                                         (writes proposal-….json)
    """
    desk.take_up(channel_id, history)
    desk.perform(channel_id, Cancel(channel_id, transfer_id), out=out)
    click.echo(newest(desk.channel(channel_id)))
