"""Get what is yours of a conditional transfer, without the chain."""

import click

from connext.events import Resolve
from connext.types import Bytes32
from scripts._options import (
    TransferId,
    at_desk,
    channel_argument,
    from_option,
    history_options,
    out_option,
    script,
    witness_option,
)
from scripts._sentences import newest


@script(short_help="Get what is yours of a conditional transfer.")
@channel_argument
@click.argument("transfer_id", metavar="[TRANSFER]", type=TransferId(), required=False)
@witness_option
@from_option
@click.option("--accept", is_flag=True, help="Show the secret also for less than the invoice asked for.")
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, transfer_id, witness, source, accept: bool, out, history) -> None:
    """Show the payer what proves TRANSFER of CHANNEL, or answer what the payee shows with --from.

    The payee writes what proves it: the secret of its invoice, a link's release, the best voucher of a stream, which
    are in its files. The payer reads that, and writes a state in which the payee has its money; a node shows the proof
    to whom it got the payment from, and then pays. In the last hour, in which an answer may come too late, the payee's
    proof is recorded on chain instead (`record`). Without TRANSFER and --from: take out what the chain has decided,
    because the time is over or an outcome is recorded.

    \b
    Examples:
      ape run resolve 0xc4… 256 --account charlie                                    (writes reveal-….json)
      ape run resolve 0xc4… --from reveal-c4….json --store .bob --account bob        (writes reveal-….json for Alice)
      ape run resolve 0x5f… --from reveal-5f….json --account alice                   (writes proposal-….json)
      ape run resolve 0x5f… --account alice                                          (if the time is over)
    """
    from scripts._desk import puts_out
    from scripts._payments import best_witness, check_asked, transfer_of, why_nothing

    if source and (transfer_id is not None or witness):
        raise click.UsageError("give one of TRANSFER and --from")
    if witness and transfer_id is None:
        raise click.UsageError("say which TRANSFER the --witness is for")
    desk.take_up(channel_id, history)
    if source:
        done = desk.perform(channel_id, desk.receive(source, channel_id), out=out)
    elif transfer_id is not None:
        transfer, _ = transfer_of(desk.channel(channel_id), transfer_id)
        if not (witness or accept):
            check_asked(desk, transfer)
        witness = witness or best_witness(desk, channel_id, transfer_id)
        done = desk.perform(channel_id, Resolve(channel_id, transfer_id, witness), "record", out)
    else:
        done = desk.perform(channel_id, desk.view([channel_id]), out=out)
    if not puts_out(done):
        click.echo(f"nothing to write now: {why_nothing(desk, channel_id)}")
    click.echo(newest(desk.channel(channel_id)))
