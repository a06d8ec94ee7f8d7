"""Deploy all contracts at addresses that are known before, and record them."""

from pathlib import Path

import click
from ape.cli import AccountAliasPromptChoice

from scripts._options import (
    AccountAddress,
    Duration,
    Hexadecimal,
    amount_option,
    amounts,
    script,
    unasked_account_option,
    yes_option,
)


def _32_bytes(_, __, values):
    for value in (values if isinstance(values, tuple) else (values,)) if values else ():
        if len(value) != 32:
            raise click.BadParameter("it takes 32 bytes: 0x and 64 digits")
    return values


@script(short_help="Deploy all contracts at addresses that are known before, and record them.")
@click.option("--dry-run", is_flag=True, help="Only show the plan, with everything checked and tried on a fork.")
@click.option("--safe", type=AccountAddress(), help="A Safe shall deploy: write the file for its Transaction Builder.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="That file. [default: deploy-<Safe>.json]")
@click.option("--test-dai", is_flag=True, help="Get 1 000 000 DAI for tests; where there is none, deploy it first.")
@click.option("--token", type=AccountAddress(), help="Local chains and forks: the token beside ETH.")
@amount_option("--capacity", help="Local chains and forks: most that a channel may hold; once per asset.")
@amount_option("--transfer-limit", help="Local chains and forks: largest single payment; once per asset.")
@click.option("--shortest-period", type=Duration(), help="Local chains and forks: of challenge periods.")
@click.option("--longest-period", type=Duration(), help="Local chains and forks: of challenge periods.")
@click.option("--salt", type=Hexadecimal(), callback=_32_bytes, help="Local chains and forks: for other addresses.")
@click.option("--replace", "replacing", is_flag=True, help="Make another manager; the recorded one is lost sight of.")
@click.option(
    "--transaction",
    "transactions",
    type=Hexadecimal(),
    callback=_32_bytes,
    multiple=True,
    help="Hash of one that made what is there but not recorded, where the endpoint has no old state.",
)
@unasked_account_option
@yes_option
def cli(
    provider,
    account,
    yes,
    dry_run,
    safe,
    out,
    test_dai,
    token,
    capacity,
    transfer_limit,
    shortest_period,
    longest_period,
    salt,
    replacing,
    transactions,
) -> None:
    """Deploy ChannelManager, which nobody owns and nobody can change, and what belongs to it, and record them.

    That is OutcomeRegistry (which is the hash lock, too), Stream, LinkedPayment, AllOf and AnyOf. All go through the
    deterministic deployment proxy: addresses follow from code and parameters. First everything is checked, and tried
    on a fork; you see the plan with all addresses and costs, and are asked. What is there already and right is used.
    Interrupted at any point, the same command finishes the rest.

    On live networks, parameters are those of deployments/config/, and records in deployments/ are meant to be
    committed. On local chains and forks records lie in .build/, nothing is asked, and every parameter has a default
    (on forks that of the network). More: docs/deploying.md.

    \b
    Examples:
      ape run deploy --test-dai --network ethereum:local:foundry --account TEST::0
      ape run deploy --test-dai --network ethereum:mainnet-fork:foundry --account TEST::0
      ape run deploy --dry-run --network ethereum:mainnet:$MAINNET_RPC_URL --account deployer
      ape run deploy --network ethereum:sepolia:$SEPOLIA_RPC_URL --account deployer
      ape run deploy --network optimism:mainnet:https://… --safe 0x849D52316331967b6fF1198e5E32A0eB168D039d
    """
    from scripts._payer import Payer
    from scripts._shipyard import Shipyard, Wishes, confirm_plan
    from scripts._test_dai import get_test_dai

    if test_dai and (token is not None or safe is not None):
        raise click.UsageError("give one of --token, --test-dai and --safe")
    if account is None and safe is None:
        account = AccountAliasPromptChoice().select_account()
    shipyard = Shipyard(provider, Path.cwd())
    config = shipyard.config()
    shipyard.require_records()
    if safe is not None:
        shipyard.require_safe(safe)
    if not dry_run:
        shipyard.require_committed()
    if test_dai:
        if dry_run:
            raise click.UsageError("--test-dai sends transactions: leave it or --dry-run out")
        token = get_test_dai(provider, Payer(provider, account, yes=yes), config)
    wishes = Wishes(
        token=token,
        capacity=amounts(capacity) if capacity else None,
        transfer_limit=amounts(transfer_limit) if transfer_limit else None,
        shortest_period=shortest_period,
        longest_period=longest_period,
        salt=salt,
    )
    deployer = safe or shipyard.address_of(account)
    target = shipyard.target(config, wishes, deployer, pays=safe is None, test_dai=test_dai)
    plan = shipyard.plan(target, replacing=replacing)
    shipyard.show(plan)
    plan.require_passed()
    if dry_run:
        click.echo("dry run: nothing was sent")
        return
    shipyard.require_exact_sources(plan)
    if safe is not None:
        shipyard.write_safe_batch(plan, safe, out)
    else:
        confirm_plan(plan, yes=yes)
        shipyard.execute(plan, account, transactions)
