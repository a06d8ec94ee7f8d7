"""The state of a deployment: channels, money, disputes, solvency."""

import click

from scripts._options import Duration, script


@script(short_help="The state of a deployment: channels, money, disputes, solvency.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (with --watch one a line), for machines.")
@click.option("--watch", type=Duration(), metavar="DURATION", help="Look again and again, that long apart.")
@click.option("--margin", type=Duration(), default=0, metavar="DURATION", help="Exit code 1 if a dispute ends sooner.")
@click.option("--views", is_flag=True, help="Ask the contract about every channel and account, too: one request each.")
def cli(provider, as_json, watch, margin, views) -> None:
    """Show how many channels there are, what is in them, in reserves and in disputes, and when the disputes end.

    Everything comes from the manager's events, however long the chain is; they are read in pages and kept in
    .build/history/, so that an interrupted run goes on where it was, and the next one is quick. The sum is compared
    with what the manager holds (G1 of docs/protocol.md), and disputed channels with the contract's own view.

    Exit code 1 when the manager holds less than it owes, when events and views differ, or when a dispute that can
    still be answered ends sooner than --margin.

    \b
    Examples:
      ape run status --network ethereum:mainnet:$MAINNET_RPC_URL
      ape run status --network ethereum:mainnet:$MAINNET_RPC_URL --json --margin "6 h"
      ape run status --network ethereum:mainnet:$MAINNET_RPC_URL --watch "1 min" --margin "6 h"
    """
    from scripts._lookout import Lookout

    lookout = Lookout(provider, as_json=as_json, views=views, margin=margin)
    if not lookout.watch(watch):
        raise click.exceptions.Exit(1)
