"""Hand out what the open transfers of a settled channel still hold."""

from operator import sub

import click

from connext import calls
from connext.transfers import triple_of
from connext.types import Amounts, Bytes32
from scripts._options import channel_argument, script, store_option, with_payer


@script(short_help="Hand out what open transfers of a settled channel hold.")
@channel_argument
@store_option
@with_payer
def cli(provider, payer, channel_id: Bytes32, store) -> None:
    """Hand out what is decided of the transfers that were open when CHANNEL was settled. Anybody can, for ever.

    It needs the list of the transfers, from a party's files or a copy of them. The user's part becomes its credit
    (`credit`), the node's goes to its reserve (`reserve`).

    \b
    Examples:
      ape run settle_transfers 0x5f… --account alice
      ape run settle_transfers 0x5f… --store copy-of-alices-files --account carol
    """
    from scripts._connection import Connection
    from scripts._payments import list_of, undecided
    from scripts._portrait import outcomes_of, stored_channel, transfers_shown
    from scripts._sentences import handing_out, sides

    connection = Connection(provider)
    ledger = connection.on_ledger(channel_id)
    if ledger.settlement is None:
        raise click.ClickException(
            f"channel 0x{channel_id.hex()} is {ledger.status.name.lower()}: transfers are left of a settled one only"
        )
    if not (ledger.open_transfers.locked_wei or ledger.open_transfers.locked_token):
        raise click.ClickException(f"channel 0x{channel_id.hex()} holds nothing any more")
    channel = stored_channel(connection, store, channel_id)
    transfers = list_of(channel, ledger.open_transfers.transfers_hash)
    if channel is None or transfers is None:
        raise click.ClickException(
            f"{store} does not have the list of transfers that channel 0x{channel_id.hex()} was settled with: name a "
            "folder by --store that has it"
        )
    left = transfers_shown(channel, ledger)
    outcomes = outcomes_of(connection, left)
    if not any(outcomes[triple_of(transfer)].is_final(transfer.expiry) for transfer in left):
        now = connection.chain.head.time
        raise click.ClickException(f"nothing is decided yet: {undecided(left, now)}")
    before = ledger.settlement.later
    payer.send(connection.manager, calls.settle_transfers(ledger.identity, transfers).data, 0, [handing_out(left)])
    paid = connection.on_ledger(channel_id).settlement.later
    click.echo(f"from open transfers, {sides(Amounts(*map(sub, paid, before)))}: in its credit and its reserve")
