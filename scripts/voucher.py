"""Pay a little more by a stream, or take in what was paid."""

import click

from connext.display import format_amount
from connext.drawer import Drawer
from scripts._options import Amount, file_option, from_option, out_option, script, with_files


@script(short_help="Pay a little more by a stream, or take in what was paid.")
@click.argument("amount", metavar="[AMOUNT]", type=Amount(), required=False)
@file_option("--stream", "terms_path", metavar="FILE", help="Terms of a stream that you opened.")
@from_option
@out_option
@with_files
def cli(connection, files, amount, terms_path, source, out) -> None:
    """Sign a voucher that pays AMOUNT more, or check one with --from and keep it. One of --stream and --from.

    A voucher says how much was paid in sum, so the best one is enough: it stays in your files, on both sides. Without
    AMOUNT the last one is written again. One that came with --from is taken in only if a transfer on its stream is
    locked for you; `resolve` gets you what it is worth.

    \b
    Examples:
      ape run voucher "0.5 DAI" --stream stream.json --out voucher.json --store .alice
      ape run voucher --from voucher.json --store .charlie
    """
    from scripts._payments import write_paper
    from scripts._streams import pay, receive

    if bool(terms_path) == bool(source) or (source and amount):
        raise click.UsageError("give either --stream (and AMOUNT) or --from")
    drawer = Drawer(files.folder)
    if terms_path:
        voucher, money = pay(connection, drawer, terms_path, amount)
        write_paper(voucher, out)
        click.echo(f"{format_amount(money.asset, voucher.cumulative)} of {format_amount(money.asset, money.wei)} paid")
        return
    for line in receive(connection, drawer, files.load(), source):
        click.echo(line)
