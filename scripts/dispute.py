"""Leave a channel without the other side: start its challenge period."""

from pathlib import Path

import click

from connext import calls
from connext.display import format_duration
from connext.events import SignExit, StartDispute
from connext.types import Bytes32
from scripts._options import Duration, at_desk, channel_argument, history_options, out_option, script


@script(short_help="Start a dispute: leave without the other side.")
@channel_argument
@click.option("--sign-exit", is_flag=True, help="Only sign an exit, with which anybody can start it for you.")
@click.option("--within", type=Duration(), default="30 d", show_default=True, help="How long that exit can be used.")
@click.option(
    "--exit",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Start it for somebody else, with the exit that it signed.",
)
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, sign_exit: bool, within: int, source, out, history) -> None:
    """Take CHANNEL to the chain with your newest state. From the end of the challenge period on, `settle` pays it out.

    Where you have a state of both, the same transaction records it should another's dispute have come first.
    Until then anybody may answer with a newer state (`challenge`), and both of you may agree to go on (`resume`).

    \b
    Examples:
      ape run dispute 0x5f… --account alice
      ape run dispute 0x5f… --sign-exit --out exit.json --account alice     (for a friend, a watchtower)
      ape run dispute 0x5f… --exit exit.json --account carol
    """
    if source:
        start_for_another(desk, channel_id, source)
        return
    desk.take_up(channel_id, history)
    if sign_exit:
        event = SignExit(channel_id, desk.channel(channel_id).on_chain.time + within)
    else:
        event = StartDispute(channel_id)
    desk.perform(channel_id, event, "start_dispute", out)


def start_for_another(desk, channel_id: Bytes32, source: Path) -> None:
    """With the newest state that our own files have of the channel, if they have any."""
    signed = desk.receive(source, channel_id)
    identity = desk.connection.on_ledger(channel_id).identity
    newest = desk.newest_state(channel_id)
    call = calls.start_dispute_with_exit(identity, signed.exit, signed.signature, newest)
    period = format_duration(identity.challenge_period)
    line = f"start dispute {signed.exit.dispute} for the signer of {source}; `settle` pays out after {period}"
    desk.leave(identity, call, newest, [line])
