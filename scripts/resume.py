"""End a dispute together and go on."""

import click

from connext.events import ProposeResume
from connext.types import Bytes32
from scripts._options import Duration, at_desk, channel_argument, from_option, history_options, out_option, script


@script(short_help="End a dispute together and go on.")
@channel_argument
@click.option("--propose", is_flag=True, help="Sign that you want to go on.")
@click.option("--within", type=Duration(), default="1 h", show_default=True, help="How long it can be executed.")
@from_option
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, propose: bool, within: int, source, out, history) -> None:
    """End CHANNEL's dispute with both signatures, before its deadline. One of --propose and --from.

    \b
    Examples:
      ape run resume 0x5f… --propose --account alice                               (writes resumeproposal-….json)
      ape run resume 0x5f… --from resumeproposal-5f….json --store .bob --account bob
      ape run resume 0x5f… --from countersignature-5f….json --account alice        (sends the transaction)
    """
    if propose == bool(source):
        raise click.UsageError("give either --propose or --from")
    desk.take_up(channel_id, history)
    if source:
        event = desk.receive(source, channel_id)
    else:
        event = ProposeResume(channel_id, desk.channel(channel_id).on_chain.time + within)
    desk.perform(channel_id, event, "resume", out)
