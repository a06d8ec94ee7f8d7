"""Record on chain what proves a conditional transfer, so that nobody can ignore it."""

import click

from connext.display import format_deadline
from connext.transfers import triple_of
from connext.types import Bytes32
from scripts._options import at_desk, channel_argument, history_options, script, transfer_argument, witness_option


@script(short_help="Record on chain what proves a conditional transfer.")
@channel_argument
@transfer_argument
@witness_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, transfer_id: int, witness, history) -> None:
    """Record the outcome of TRANSFER of CHANNEL before its time is over: for the payer that does not answer.

    It decides every transfer on the same terms, in all channels: each payer owes it from then on, off chain (`resolve`)
    and in a settlement. Any account can do this that has a copy of the channel's file and what proves it, which is in
    that file once it was shown or seen.

    \b
    Examples:
      ape run record 0xc4… 256 --account charlie
      ape run record 0xc4… 256 --store copy-of-charlies-files --for charlie --account dora
    """
    from connext.chain.views import outcome_at
    from scripts._payments import best_witness, share_of, transfer_of
    from scripts._sentences import pays

    desk.take_up(channel_id, history)
    transfer, claim = transfer_of(desk.channel(channel_id), transfer_id)
    witness = witness or best_witness(desk, channel_id, transfer_id)
    share = share_of(desk, claim, witness)
    chain, registry = desk.connection.chain, desk.connection.deployment.registry
    head = chain.head
    recorded, is_final = outcome_at(chain, registry, triple_of(transfer), head.number)
    until = format_deadline(transfer.expiry, head.time)
    if recorded >= share:
        click.echo(f"recorded already: transfer {transfer_id} pays {pays(transfer, recorded)}")
        return
    if is_final:
        raise click.ClickException(f"too late: it was decided {until}; the payee gets {pays(transfer, recorded)}")
    lines = [
        f"record on chain that transfer {transfer_id}, and every other on its terms, is proved",
        f"it pays {pays(transfer, share)}; possible until {until}",
    ]
    fields = {"condition": claim.condition, "params": claim.params, "expiry": claim.expiry, "witness": witness}
    desk.record(channel_id, fields, lines)
