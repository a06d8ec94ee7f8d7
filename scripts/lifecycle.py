"""Play whole lives of channels on a local chain or a fork, and compare all money with what was signed."""

import os

import click
from ape.cli import ape_cli_context

from scripts._options import script


@script(short_help="Play whole lives of channels and payments, compare all money to the wei.")
@click.option(
    "--story", "wanted", multiple=True, metavar="TITLE", help="Play only this one; a part of its title is enough."
)
@ape_cli_context()
def cli(cli_ctx, provider, wanted) -> None:  # noqa: ARG001 # Ape passes both
    """Take channels in ETH and DAI through their whole lives on a local chain or a fork of mainnet.

    Channels that end well and badly, then payments from Alice through nodes to Charlie, with everybody honest, with
    each of them failing, across three nodes, in two assets, as an exchange, by a link, as a stream. After each story
    every party's money is compared, to the wei, with what the last states say. Exit code 1 if anything differs.

    \b
    Examples:
      ape run lifecycle --network ethereum:local:foundry
      ape run lifecycle --network ethereum:local:foundry --story "the node vanishes" --story stream
      ape run lifecycle --network ethereum:mainnet-fork:foundry
    """
    from scripts._stage import perform_lifecycle

    stories = chosen(wanted)
    if not provider.network.is_dev:
        raise click.ClickException(
            f"lifecycle makes its own money: it runs on local chains and forks, not on {provider.network.name}"
        )
    if provider.network.is_fork:
        require_fork(provider)
        has_endpoint = os.environ.get("MAINNET_RPC_URL")
        replica = "a local chain with a replica of DAI, because MAINNET_RPC_URL is not set"
        click.echo(f"on a fork of {'the mainnet of MAINNET_RPC_URL' if has_endpoint else replica}")
    if not perform_lifecycle(provider, stories):
        raise click.exceptions.Exit(1)


def require_fork(provider) -> None:
    """With APE_FOUNDRY_HOST Ape connects to whatever is there, and takes it for a fork."""
    from connext.chain.fork import DAI
    from connext.types import checksum

    if not provider.get_code(checksum(DAI)):
        raise click.ClickException(
            f"the chain at {provider.uri} is no fork of mainnet, it has no DAI; nothing was sent. "
            "Is it the one of APE_FOUNDRY_HOST? Then: unset APE_FOUNDRY_HOST"
        )


def chosen(wanted: tuple[str, ...]):
    """The stories with these words in their titles; all without any."""
    from connext import lifecycle

    stories = lifecycle.stories()
    if not wanted:
        return list(stories.values())
    titles = {word: [title for title in stories if word.lower() in title.lower()] for word in wanted}
    for word, found in titles.items():
        if not found:
            raise click.BadParameter(
                f"no story is called {word!r}; there are: {'; '.join(stories)}", param_hint="--story"
            )
    return [story for title, story in stories.items() if any(title in found for found in titles.values())]
