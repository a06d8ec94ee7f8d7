"""Exchange ETH for DAI, or DAI for ETH, with the other side of a channel."""

import click

from connext.events import Exchange
from connext.types import Bytes32
from scripts._options import Amount, Duration, at_desk, channel_argument, history_options, out_option, script


@script(short_help="Exchange ETH for DAI, or DAI for ETH.")
@channel_argument
@click.option("--give", type=Amount(), required=True, metavar="AMOUNT", help="What you give.")
@click.option("--take", type=Amount(), required=True, metavar="AMOUNT", help="What you take, in the other asset.")
@click.option("--within", type=Duration(), default="6 h", show_default=True, help="How long you can still decide.")
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, give, take, within: int, out, history) -> None:
    """Propose an exchange in CHANNEL: both sides lock, and both are paid once you show the secret (`resolve`).

    The secret is fresh and stays in your files. Until the time is over you may still let it be (then both get back what
    they locked): that option is the other side's risk, so it waits for its --accept.

    \b
    Examples:
      ape run exchange 0x5f… --give "1 ETH" --take "2000 DAI" --account alice      (writes proposal-….json)
      ape run update 0x5f… --from proposal-5f….json --accept --store .bob --account bob
      ape run update 0x5f… --from countersignature-5f….json --account alice
      ape run resolve 0x5f… 257 --account alice                                    (writes reveal-….json)
    """
    from connext.rules import DEFAULT_POLICY
    from scripts._payments import expiry_after, fresh_secret
    from scripts._sentences import newest

    if give[0] is take[0]:
        raise click.UsageError("--give and --take must be of different assets")
    desk.take_up(channel_id, history)
    expiry = expiry_after(desk.connection, within, DEFAULT_POLICY.longest_exchange)
    secret = fresh_secret(desk.connection, expiry, take)
    desk.drawer.keep_secret(secret)
    event = Exchange(channel_id, give[0], give[1], take[1], secret.condition, secret.params, expiry)
    desk.perform(channel_id, event, out=out)
    click.echo(newest(desk.channel(channel_id)))
