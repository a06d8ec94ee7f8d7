"""Pay out a channel after its challenge period."""

import click

from connext import calls
from connext.display import format_amounts
from connext.messages import NO_ITEMS, State
from connext.types import Bytes32, Status
from scripts._options import channel_argument, script, store_option, with_payer


@script(short_help="Pay out a channel after its challenge period.")
@channel_argument
@store_option
@with_payer
def cli(provider, payer, channel_id: Bytes32, store) -> None:
    """Pay out CHANNEL under its recorded state, from the deadline of its dispute on. Anybody can.

    No files are needed. But where the recorded state has open transfers, a party's files have their list: with it, what
    is decided of them is paid out at once, the rest by `settle_transfers`. Without it all of them wait for that.

    \b
    Example:
      ape run settle 0x5f… --account alice
    """
    from scripts._connection import Connection
    from scripts._payments import state_of
    from scripts._portrait import stored_channel
    from scripts._sentences import settling

    connection = Connection(provider)
    channel = connection.on_ledger(channel_id)
    if channel.status is not Status.DISPUTED:
        raise click.ClickException(
            f"channel 0x{channel_id.hex()} is {channel.status.name.lower()}: only one in a dispute can be settled"
        )
    state = state_of(stored_channel(connection, store, channel_id), channel.recorded)
    nonce = state.nonce if state else 0
    lines = [settling(f"state {nonce}", state.transfers if isinstance(state, State) else ())]
    if state is not None and not isinstance(state, State) and state.transfers_hash != NO_ITEMS:
        lines.append(f"its open transfers stay open: {store} does not have their list (`ape run settle_transfers`)")
    payer.send(connection.manager, calls.settle(channel.identity, state).data, 0, lines)
    settled = connection.on_ledger(channel_id)
    paid, held = settled.settlement.paid, settled.open_transfers
    click.echo(f"the user got {format_amounts(paid.user_wei, paid.user_token)}")
    click.echo(f"the node got {format_amounts(paid.node_wei, paid.node_token)}, in its reserve")
    if held.locked_wei or held.locked_token:
        still = format_amounts(held.locked_wei, held.locked_token)
        click.echo(f"open transfers still hold {still}: once they are decided, ape run settle_transfers")
