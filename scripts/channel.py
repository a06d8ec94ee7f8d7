"""Show one channel."""

from pathlib import Path

import click

from connext.store import Store
from connext.types import Bytes32
from scripts._options import channel_argument, script, store_option
from scripts._sentences import advice, in_files, on_chain


@script(short_help="Show one channel.")
@channel_argument
@store_option
def cli(provider, channel_id: Bytes32, store: Path) -> None:
    """Show CHANNEL: what the chain has, what your files have, and what should be done. Signs and sends nothing.

    \b
    Example:
      ape run channel 0x5f…
    """
    from scripts._connection import Connection

    connection = Connection(provider)
    now = connection.chain.head.time
    channel = connection.on_ledger(channel_id)
    files = Store(connection.deployment.domain, store)
    stored = files.load().get(channel_id)
    if (unusable := files.unusable.get(files.path(channel_id))) is not None:
        raise unusable
    for line in on_chain(channel_id, channel, now):
        click.echo(line)
    for line in in_files(stored) if stored is not None else ["your files have nothing of this channel"]:
        click.echo(line)
    for line in advice(channel, stored, now):
        click.echo(line)
