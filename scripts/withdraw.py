"""Take money out of a channel that stays open."""

import click

from connext.events import Withdraw
from connext.types import Bytes32, Side
from scripts._options import (
    AccountAddress,
    Duration,
    accept_option,
    amount_option,
    amounts,
    at_desk,
    channel_argument,
    from_option,
    history_options,
    out_option,
    script,
)


@script(short_help="Take money out of a channel that stays open.")
@channel_argument
@amount_option("--take", help="What to take out of your side; once per asset.")
@amount_option("--give", help="What the other side takes out with the same withdrawal; once per asset.")
@click.option("--to", type=AccountAddress(), help="Where the user's part goes. [default: the user's account]")
@click.option("--within", type=Duration(), default="1 h", show_default=True, help="How long it can be executed.")
@from_option
@accept_option
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, take, give, to, within: int, source, accept: bool, out, history) -> None:
    """Take money out of CHANNEL with both signatures. One of --take (or --give) and --from.

    --take writes a withdrawal that you signed. The other side countersigns it with --from, and --accept too if it takes
    something from it. You execute it with --from and the countersignature: one transaction, which pays the user's part
    to an account, the node's to its reserve.

    \b
    Examples:
      ape run withdraw 0x5f… --take "0.5 ETH" --account alice                        (writes withdrawalproposal-….json)
      ape run withdraw 0x5f… --from withdrawalproposal-5f….json --store .bob --account bob
      ape run withdraw 0x5f… --from countersignature-5f….json --account alice            (sends the transaction)
    """
    if bool(take or give) == bool(source):
        raise click.UsageError("give either --take or --from")
    desk.take_up(channel_id, history)
    if source:
        event = desk.receive(source, channel_id)
    else:
        channel = desk.channel(channel_id)
        mine, theirs = amounts(take), amounts(give)
        user, node = (mine, theirs) if channel.side is Side.USER else (theirs, mine)
        recipient = to or channel.identity.user
        deadline = channel.on_chain.time + within
        event = Withdraw(channel_id, user[0], node[0], user[1], node[1], recipient, deadline)
    desk.perform(channel_id, event, "withdraw", out, accept=accept)
