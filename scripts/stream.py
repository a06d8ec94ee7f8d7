"""Open a stream: one lock, and then a signature for every small payment."""

from secrets import token_bytes

import click

from connext.display import format_amount, format_deadline
from connext.drawer import Drawer, Money, Secret
from connext.payments import stream_terms
from connext.signing import Key
from scripts._options import Amount, expires_option, out_option, script, with_files


@script(short_help="Open a stream of small payments: make its key and its terms.")
@click.argument("cap", metavar="CAP", type=Amount())
@expires_option
@out_option
@with_files
def cli(connection, files, cap, expires: int, out) -> None:
    """Make a stream that pays at most CAP. Makes a fresh key, which stays in your files, and writes the terms.

    Lock CAP under the terms (and what nodes keep on the way); once it is locked for the payee, every `voucher` pays it
    more, without node, transaction or wallet. The payee is paid what its best voucher says when it resolves, the rest
    comes back to you.

    \b
    Examples:
      ape run stream "20 DAI" --expires "3 d" --out stream.json
      ape run lock 0x5f… "20 DAI" --terms stream.json --account alice
      ape run voucher "0.5 DAI" --stream stream.json --out voucher.json
    """
    from scripts._payments import expiry_after, write_paper

    expiry = expiry_after(connection, expires)
    key = token_bytes(32)
    terms = stream_terms(connection.deployment.conditions, Key(key).address, cap[1], token_bytes(32), expiry)
    Drawer(files.folder).keep_secret(Secret(terms.condition, terms.params, expiry, key, Money(*cap)))
    write_paper(terms, out)
    click.echo(f"a stream of up to {format_amount(*cap)}, until {format_deadline(expiry, expiry - expires)}")
