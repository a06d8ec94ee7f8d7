"""Deploy a ChannelManager, with the outcome registry and the conditions beside it, and record them."""

from dataclasses import replace
from pathlib import Path

import click

from connext.deployments import default_parameters, missing
from scripts._options import AccountAddress, Duration, amount_option, amounts, script, with_payer


@script(short_help="Deploy a ChannelManager and what belongs to it, and record them.")
@click.option("--token", type=AccountAddress(), help="The token beside ETH. [default: DAI on mainnet and its forks]")
@click.option("--test-dai", is_flag=True, help="Get 1 000 000 DAI for tests; where there is none, deploy it first.")
@amount_option("--capacity", help="Most that a channel may hold; once per asset. [default: 100 ETH, 200000 DAI]")
@amount_option("--transfer-limit", help="Largest single payment; once per asset. [default: 10 ETH, 20000 DAI]")
@click.option("--shortest-period", type=Duration(), default="1 h", show_default=True, help="Of challenge periods.")
@click.option("--longest-period", type=Duration(), default="30 d", show_default=True, help="Of challenge periods.")
@click.option("--replace", "replacing", is_flag=True, help="Make another manager; the recorded one is lost sight of.")
@with_payer
def cli(provider, payer, token, test_dai, capacity, transfer_limit, shortest_period, longest_period, replacing) -> None:
    """Deploy a ChannelManager, which nobody owns and nobody can change, and record it for the other scripts.

    Before it come the contracts that conditional payments need: OutcomeRegistry (which is the hash lock, too), Stream,
    LinkedPayment, AllOf and AnyOf. What is deployed and recorded already is used. --replace makes another manager only.

    Records of live networks lie in deployments/ and are meant to be committed, those of local chains and forks in
    .build/. An asset that --capacity leaves out is not used.

    \b
    Examples:
      ape run deploy --test-dai --network ethereum:local:foundry --account TEST::0
      ape run deploy --test-dai --network ethereum:mainnet-fork:foundry --account TEST::0
      ape run deploy --token 0xFF34B3d4Aee8ddCd6F9AFFFB6Fe49bD371b8a357 --network ethereum:sepolia --account deployer
    """
    from scripts._connection import code_on, network_of
    from scripts._shipyard import Shipyard

    if test_dai and token is not None:
        raise click.UsageError("give one of --token and --test-dai")
    names = missing(Path.cwd(), network_of(provider), code_on(provider), another_manager=replacing)
    shipyard = Shipyard(provider, payer)
    if "ChannelManager" not in names:
        shipyard.conditions()
        click.echo("the ChannelManager that is recorded is used; for another one say --replace")
        return
    if test_dai:
        token = shipyard.test_dai()
    token = shipyard.existing(shipyard.known_token() if token is None else token)
    if replacing:
        shipyard.show_what_is_replaced()
    registry = shipyard.conditions().hash_lock
    parameters = replace(
        default_parameters(token, registry),
        min_challenge_period=shortest_period,
        max_challenge_period=longest_period,
        **limits("capacity", capacity),
        **limits("transfer_limit", transfer_limit),
    )
    shipyard.manager(parameters)


def limits(name: str, pairs) -> dict[str, int]:
    """The parameters of this name; both are given, or none."""
    if not pairs:
        return {}
    wei, token = amounts(pairs)
    return {f"{name}_wei": wei, f"{name}_token": token}
