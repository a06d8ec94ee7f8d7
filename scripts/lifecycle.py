"""Play whole lives of channels on a local chain or a fork, and compare all money with what was signed."""

import os

import click
from ape.cli import ape_cli_context

from scripts._options import script


@script(short_help="Play whole lives of channels, compare all money to the wei.")
@ape_cli_context()
def cli(cli_ctx, provider) -> None:  # noqa: ARG001 # Ape passes both
    """Take channels in ETH and DAI through their whole lives on a local chain or a fork of mainnet.

    Four channels: one in which both sides cooperate, one whose other side vanishes, one that is left with a stale
    state, and one that is resumed from a dispute. At the end every party's money is compared, to the wei, with what
    the last states say. Exit code 1 if anything differs.

    \b
    Examples:
      ape run lifecycle --network ethereum:local:foundry
      ape run lifecycle --network ethereum:mainnet-fork:foundry
    """
    from scripts._stage import perform_lifecycle

    if not provider.network.is_dev:
        raise click.ClickException(
            f"lifecycle makes its own money: it runs on local chains and forks, not on {provider.network.name}"
        )
    if provider.network.is_fork:
        has_endpoint = os.environ.get("MAINNET_RPC_URL")
        replica = "a local chain with a replica of DAI, because MAINNET_RPC_URL is not set"
        click.echo(f"on a fork of {'the mainnet of MAINNET_RPC_URL' if has_endpoint else replica}")
    if not perform_lifecycle(provider):
        raise click.exceptions.Exit(1)
