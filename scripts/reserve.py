"""Show, fund or empty an account's reserve."""

import click

from connext import calls
from connext.display import format_amounts
from connext.types import checksum
from scripts._options import AccountAddress, amount_option, amounts, script, with_payer


@script(short_help="Show your account's reserve; add to it, take out of it.")
@amount_option("--fund", help="What to add; once per asset.")
@amount_option("--withdraw", help="What to take out; once per asset.")
@click.option("--to", type=AccountAddress(), help="Where --withdraw sends it. [default: --account]")
@click.option("--approve", is_flag=True, help="First let the manager take the DAI, if it may not yet.")
@with_payer
def cli(provider, payer, fund, withdraw, to, approve: bool) -> None:
    """Show the reserve of an account: its money in the manager outside of channels, which only this account moves.

    Everything that a node is paid out of channels goes to its reserve. From there it goes into channels
    (`deposit --from-reserve`, which needs no DAI transfer) or out.

    \b
    Examples:
      ape run reserve --account bob
      ape run reserve --withdraw "1 ETH" --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --account bob
      ape run reserve --fund "500 DAI" --approve --account bob
    """
    from connext.chain.views import reserve_at
    from scripts._connection import Connection

    if fund and withdraw:
        raise click.UsageError("give one of --fund and --withdraw")
    connection = Connection(provider)
    manager, chain = connection.manager, connection.chain
    if fund:
        wei, token = amounts(fund)
        payer.check_tokens(connection.deployment.token, manager, token, approve=approve)
        call = calls.fund(payer.address, wei, token)
        payer.send(manager, call.data, call.value, [f"add {format_amounts(wei, token)} to the reserve of this account"])
    if withdraw:
        wei, token = amounts(withdraw)
        to = to or payer.address
        call = calls.withdraw_reserve(wei, token, to)
        line = f"send {format_amounts(wei, token)} from the reserve of this account to {checksum(to)}"
        payer.send(manager, call.data, 0, [line])
    held = reserve_at(chain, manager, payer.address, chain.head.number)
    click.echo(f"reserve of {checksum(payer.address)}: {format_amounts(held.amount_wei, held.amount_token)}")
