"""Open a channel with its first deposit."""

import click

from connext.types import DAY, Address, ChannelIdentity, Side, checksum
from scripts._options import AccountAddress, Duration, amount_option, amounts, at_desk, script


@script(short_help="Open a channel with its first deposit.")
@click.option("--with", "other", type=AccountAddress(), required=True, help="The other side's account.")
@click.option("--their-signer", type=AccountAddress(), help="Key that signs for it. [default: its account]")
@click.option("--as", "side", type=click.Choice(["user", "node"]), default="user", show_default=True, help="Your side.")
@amount_option("--deposit", required=True, help="Your first deposit; once per asset.")
@click.option("--period", type=Duration(), help="Challenge period of a dispute. [default: 1 d, or the nearest allowed]")
@click.option(
    "--salt", type=click.IntRange(0, 2**64 - 1), help="Tells channels of the same parties apart. [default: free]"
)
@click.option("--approve", is_flag=True, help="First let the manager take the DAI, if it may not yet.")
@at_desk
def cli(desk, other: Address, their_signer, side: str, deposit, period, salt, approve: bool) -> None:
    """Open a channel with your first deposit. No signature of the other side is needed.

    Prints the channel's id, which is all that the other side needs to take it up.

    \b
    Examples:
      ape run open --with 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --deposit "1.5 ETH" --account alice
      ape run open --with bob --deposit "1 ETH" --deposit "20 DAI" --approve --period "7 d" --account alice
    """
    mine, theirs = (desk.party.account, desk.party.signer.address), (other, their_signer or other)
    user, node = (mine, theirs) if side == Side.USER.name.lower() else (theirs, mine)
    if period is None:
        period = desk.party.deployment.nearest_period(DAY)
    identity = ChannelIdentity(*user, *node, period, salt or 0)
    if salt is None:
        identity = desk.with_unused_salt(identity)
    desk.open(identity, *amounts(deposit), approve=approve)
    click.echo(f"channel 0x{desk.id_of(identity).hex()} with {checksum(other)}, salt {identity.salt}")
