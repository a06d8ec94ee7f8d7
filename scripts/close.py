"""Close a channel together, at once."""

import click

from connext.events import Close
from connext.types import Bytes32
from scripts._options import accept_option, at_desk, channel_argument, from_option, history_options, out_option, script


@script(short_help="Close a channel together, at once.")
@channel_argument
@click.option("--propose", is_flag=True, help="Sign the newest state as final.")
@from_option
@accept_option
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, propose: bool, source, accept: bool, out, history) -> None:
    """Close CHANNEL with a final state of both: one transaction, no challenge period. Works in a dispute, too.

    --propose writes a final state that you signed; you sign nothing else in this channel after that. The other side
    countersigns it with --from (and --accept, if it would get less than by the newest state of both) and sends the
    transaction. Without an option, a final state of both is sent.

    \b
    Examples:
      ape run close 0x5f… --propose --account alice                                  (writes proposal-….json)
      ape run close 0x5f… --from proposal-5f….json --store .bob --account bob        (sends the transaction)
      ape run close 0x5f… --account bob                                              (if that was interrupted)
    """
    if propose and source:
        raise click.UsageError("give one of --propose and --from")
    asked_for = desk.take_up(channel_id, history)
    if propose:
        desk.perform(channel_id, Close(channel_id), "close", out)
    elif source:
        desk.perform(channel_id, desk.receive(source, channel_id), "close", out, accept=accept)
    elif not desk.submit(channel_id, asked_for, "close"):
        raise click.ClickException("there is no final state of both: propose one with --propose")
