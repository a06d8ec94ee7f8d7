"""Make a link: a payment for whoever you give it to, also for somebody who has no channel yet."""

from secrets import token_bytes

import click

from connext.display import format_deadline
from connext.papers import LinkSecret
from scripts._options import expires_option, out_option, script, with_files


@script(short_help="Make a link: a payment for whoever gets it.")
@expires_option
@out_option
@with_files
def cli(connection, files, expires: int, out) -> None:  # noqa: ARG001 # nothing of it is kept
    """Make a link: a secret in a file. Lock money under it (`lock --terms`), and give the file to the receiver.

    The receiver names the channel in which it wants the money (`request`), the node forwards it there, and only then
    the receiver releases it (`resolve`). Whoever gets hold of the file before can ask for the money: send it safely.

    \b
    Examples:
      ape run link --out link.json
      ape run lock 0x5f… "1 ETH" --terms link.json --account alice
    """
    from scripts._payments import expiry_after, write_paper

    expiry = expiry_after(connection, expires)
    write_paper(LinkSecret(connection.deployment.conditions.linked_payment, expiry, token_bytes(32)), out)
    until = format_deadline(expiry, expiry - expires)
    click.echo(f"first lock under it what it shall pay (ape run lock --terms); it must be received before {until}")
