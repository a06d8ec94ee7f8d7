"""Ask for a payment that may come from anywhere: make a secret, and the terms that pay whoever knows it."""

import click

from connext.display import format_amount, format_deadline
from connext.drawer import Drawer
from connext.payments import Terms
from scripts._options import Amount, expires_option, out_option, script, with_files


@script(short_help="Ask for a payment over other channels: make a secret and its terms.")
@click.argument("amount", metavar="AMOUNT", type=Amount())
@expires_option
@out_option
@with_files
def cli(connection, files, amount, expires: int, out) -> None:
    """Ask for AMOUNT. Makes a fresh secret, which stays in your files, and writes the terms for the payer.

    The payer locks money under these terms (`lock`), nodes pass it on (`forward`) until it is locked for you. Then you
    show the secret (`resolve`), and all of it is paid. One payment only: a secret that was shown is worth nothing more.

    \b
    Examples:
      ape run invoice "1 ETH"                                         (writes terms-….json)
      ape run invoice "20 DAI" --expires "12 h" --out terms.json --store .charlie
    """
    from scripts._payments import expiry_after, fresh_secret, write_paper

    secret = fresh_secret(connection, expiry_after(connection, expires), amount)
    Drawer(files.folder).keep_secret(secret)
    write_paper(Terms(secret.condition, secret.params, secret.expiry), out)
    until = format_deadline(secret.expiry, connection.chain.head.time)
    click.echo(f"the secret is in your files; {format_amount(*amount)} must be locked and resolved before {until}")
