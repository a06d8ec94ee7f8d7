"""Let time pass on a local chain."""

import click

from connext.display import format_time
from scripts._options import Duration, script


@script(short_help="Let time pass on a local chain or a fork.")
@click.argument("duration", type=Duration())
def cli(provider, duration: int) -> None:
    """Mine a block DURATION after the newest one, for instance to the end of a challenge period.

    \b
    Example:
      ape run advance "1 d" --network ethereum:local:foundry
    """
    if not provider.network.is_dev:
        raise click.ClickException(f"on {provider.network.name} time passes by itself")
    time = provider.get_block("latest").timestamp + duration
    provider.set_timestamp(time)
    provider.mine()
    click.echo(f"it is {format_time(time)}")
