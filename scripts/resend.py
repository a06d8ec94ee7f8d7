"""Write again what the other side may not have got."""

from connext.events import Resend
from connext.types import Bytes32
from scripts._options import at_desk, channel_argument, history_options, out_option, script


@script(short_help="Write again what the other side may not have got.")
@channel_argument
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, out, history) -> None:
    """Write all that you have signed in CHANNEL and the other side may need: each into a file of its own.

    For files that were lost on their way, or could not be written. Signs nothing; what the other side has already does
    no harm.

    \b
    Example:
      ape run resend 0x5f… --account alice
    """
    desk.take_up(channel_id, history)
    desk.perform(channel_id, Resend(channel_id), out=out)
