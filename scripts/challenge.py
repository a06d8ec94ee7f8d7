"""Answer a dispute that runs on an older state than yours."""

import click

from connext.events import Checkpoint
from connext.types import Bytes32, Status
from scripts._options import at_desk, channel_argument, history_options, script


@script(short_help="Answer a dispute with your newer state.")
@channel_argument
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, history) -> None:
    """Record the newest countersigned state of your files in CHANNEL's dispute, before its deadline.

    Any account can do this that has a copy of the channel's file: a friend, a watchtower.

    \b
    Examples:
      ape run challenge 0x5f… --account bob
      ape run challenge 0x5f… --store copy-of-bobs-files --for bob --account carol
    """
    desk.take_up(channel_id, history)
    if desk.channel(channel_id).on_chain.status is not Status.DISPUTED:
        raise click.ClickException(f"no dispute runs on channel 0x{channel_id.hex()}: there is nothing to challenge")
    desk.perform(channel_id, Checkpoint(channel_id), "checkpoint")
