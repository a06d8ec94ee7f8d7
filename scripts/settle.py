"""Pay out a channel after its challenge period."""

import click

from connext import calls
from connext.display import format_amounts
from connext.types import Bytes32, Status
from scripts._options import channel_argument, script, with_payer


@script(short_help="Pay out a channel after its challenge period.")
@channel_argument
@with_payer
def cli(provider, payer, channel_id: Bytes32) -> None:
    """Pay out CHANNEL under its recorded state, from the deadline of its dispute on. Anybody can; no files are needed.

    \b
    Example:
      ape run settle 0x5f… --account alice
    """
    from scripts._connection import Connection

    connection = Connection(provider)
    channel = connection.on_ledger(channel_id)
    if channel.status is not Status.DISPUTED:
        raise click.ClickException(
            f"channel 0x{channel_id.hex()} is {channel.status.name.lower()}: only one in a dispute can be settled"
        )
    call = calls.settle(channel.identity, channel.recorded)
    nonce = channel.recorded.nonce if channel.recorded else 0
    payer.send(connection.manager, call.data, 0, [f"pay out state {nonce} and close the channel for ever"])
    paid = connection.on_ledger(channel_id).settlement.paid
    click.echo(f"the user got {format_amounts(paid.user_wei, paid.user_token)}")
    click.echo(f"the node got {format_amounts(paid.node_wei, paid.node_token)}, in its reserve")
