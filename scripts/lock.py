"""Lock money for the other side under a condition: the first step of a payment over other channels."""

import click

from connext.events import Lock
from connext.types import Bytes32
from scripts._options import Amount, at_desk, channel_argument, file_option, history_options, out_option, script
from scripts._sentences import newest


@script(short_help="Lock money under a condition, for a payment over other channels.")
@channel_argument
@click.argument("amount", metavar="AMOUNT", type=Amount())
@file_option("--terms", "path", required=True, metavar="FILE", help="Terms of the payee, or a link or stream of yours.")
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, amount, path, out, history) -> None:
    """Lock AMOUNT of your side of CHANNEL under terms, and write the proposal. The other side answers with `update`.

    What is locked goes to the other side if the terms' condition is proved before they expire, else it comes back to
    you. A node passes it on to whom the terms are from, if AMOUNT covers what it keeps. Terms are used once.

    \b
    Examples:
      ape run lock 0x5f… "1 ETH" --terms terms.json --account alice          (writes proposal-….json)
      ape run update 0x5f… --from proposal-5f….json --store .bob --account bob
      ape run update 0x5f… --from countersignature-5f….json --account alice
    """
    from scripts._payments import usable_terms

    desk.take_up(channel_id, history)
    terms = usable_terms(desk.connection, path)
    asset, wei = amount
    desk.perform(channel_id, Lock(channel_id, asset, wei, terms.condition, terms.params, terms.expiry), out=out)
    click.echo(newest(desk.channel(channel_id)))
