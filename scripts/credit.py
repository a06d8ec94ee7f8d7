"""Show or take out an account's credit."""

import click

from connext import calls
from connext.display import format_amount, format_amounts
from connext.types import Asset, checksum
from scripts._options import AccountAddress, amount_option, amounts, script, with_payer


@script(short_help="Show your account's credit; take it out, or push another's to it.")
@amount_option("--withdraw", help="What to take out; once per asset.")
@click.option("--to", type=AccountAddress(), help="Where --withdraw sends it. [default: --account]")
@click.option("--push", "payee", type=AccountAddress(), help="Send this account all of its credit, to itself.")
@with_payer
def cli(provider, payer, withdraw, to, payee) -> None:
    """Show the credit of an account: payouts to a user that its account refused, and transfers that were settled late.

    The account takes them out to wherever it wants. For one that cannot call, a contract for instance, anybody can push
    them: they go to that very account.

    \b
    Examples:
      ape run credit --account alice
      ape run credit --withdraw "1 ETH" --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --account alice
      ape run credit --push 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --account carol
    """
    from connext.chain.views import credit_at
    from scripts._connection import Connection

    if payee and (withdraw or to):
        raise click.UsageError("give one of --withdraw and --push")
    connection = Connection(provider)
    manager, chain = connection.manager, connection.chain
    holder = payee or payer.address
    if withdraw:
        wei, token = amounts(withdraw)
        to = to or payer.address
        call = calls.withdraw_credit(wei, token, to)
        line = f"send {format_amounts(wei, token)} from the credit of this account to {checksum(to)}"
        payer.send(manager, call.data, 0, [line])
    held = credit_at(chain, manager, holder, chain.head.number)
    if payee:
        for asset, amount in zip(Asset, (held.amount_wei, held.amount_token), strict=True):
            if amount:
                line = f"send {checksum(payee)} its credit of {format_amount(asset, amount)}"
                payer.send(manager, calls.push_credit(payee, asset).data, 0, [line])
        held = credit_at(chain, manager, holder, chain.head.number)
    click.echo(f"credit of {checksum(holder)}: {format_amounts(held.amount_wei, held.amount_token)}")
