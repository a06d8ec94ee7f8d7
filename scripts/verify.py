"""Compare what is on a chain with the records and the sources, and publish the sources."""

import os
from pathlib import Path

import click

from scripts._options import script, yes_option


@script(short_help="Compare what is on a chain with the records and the sources; publish the sources.")
@click.option("--contract", "wanted", multiple=True, metavar="NAME", help="Only this one, such as ChannelManager.")
@click.option("--publish/--no-publish", default=None, help="Live networks: publish the sources. [default: ask]")
@yes_option
def cli(provider, wanted, publish, yes) -> None:
    """Do what a stranger would: is what is on the chain exactly this source?

    For each contract the standard JSON beside its record is compiled again, and so is this checkout. Its creation is
    run once more, with the recorded arguments at the recorded address, and the code that it leaves is compared with
    the chain's, every byte, whatever the constructor writes into it included. The manager is asked for its
    parameters. One line per contract says what came out; exit code 1 if one is not exactly this source.

    Then, on a live network, the sources can be published: on Etherscan with ETHERSCAN_API_KEY, else on Sourcify.

    \b
    Examples:
      ape run verify --network ethereum:mainnet:$MAINNET_RPC_URL --no-publish
      ape run verify --network ethereum:sepolia:$SEPOLIA_RPC_URL --publish
      ape run verify --contract OutcomeRegistry --network ethereum:local:foundry
    """
    from connext.deployer.publishing import explorer_for
    from scripts._inspector import Inspector

    inspector = Inspector(provider, Path.cwd())
    verdicts = [inspector.verdict(record) for record in inspector.chosen(wanted)]
    if not all(verdict.is_right for verdict in verdicts):
        raise click.ClickException("not everything on the chain is exactly this source")
    if provider.network.is_dev or publish is False:
        return
    explorer = explorer_for(os.environ)
    if not (publish or yes or click.confirm(f"Publish the sources on {explorer.service}, for ever?")):
        return
    for verdict in verdicts:
        click.echo(f"{verdict.contract}: {explorer.publish(inspector.publication(verdict.contract))}")
