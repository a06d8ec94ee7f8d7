"""Show one channel."""

import click

from connext.drawer import Drawer
from connext.store import Store
from connext.types import Bytes32
from scripts._options import channel_argument, script, store_option


@script(short_help="Show one channel.")
@channel_argument
@store_option
def cli(provider, channel_id: Bytes32, store) -> None:
    """Show CHANNEL: what the chain has, what your files have, and what should be done. Signs and sends nothing.

    Of open transfers: their ids, what they are worth to whom under which condition, until when, and what is known of
    their outcome.

    \b
    Example:
      ape run channel 0x5f…
    """
    from scripts import _portrait as portrait
    from scripts._connection import Connection

    connection = Connection(provider)
    now = connection.chain.head.time
    ledger = connection.on_ledger(channel_id)
    files = Store(connection.deployment.domain, store)
    channels = files.load()
    if (unusable := files.unusable.get(files.path(channel_id))) is not None:
        raise unusable
    for line in portrait.on_chain(channel_id, ledger, now):
        click.echo(line)
    if (stored := channels.get(channel_id)) is None:
        click.echo("your files have nothing of this channel")
    else:
        for line in portrait.in_files(connection, Drawer(files.folder), stored, ledger, now):
            click.echo(line)
    for line in portrait.advice(connection, channels, channel_id, ledger, now):
        click.echo(line)
