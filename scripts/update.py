"""Pay off chain: propose a new state, or answer the other side's proposal."""

import click

from connext.events import Pay, Refuse
from connext.types import Bytes32
from scripts._options import (
    accept_option,
    amount_option,
    amounts,
    at_desk,
    channel_argument,
    from_option,
    history_options,
    out_option,
    script,
)
from scripts._sentences import newest


@script(short_help="Pay off chain: propose a state, or answer a proposal.")
@channel_argument
@amount_option("--pay", help="What you pay to the other side; once per asset.")
@from_option
@accept_option
@click.option("--refuse", is_flag=True, help="Refuse the proposal that waits for your answer.")
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, pay, source, accept: bool, refuse: bool, out, history) -> None:
    """Pay in CHANNEL without a transaction. One of --pay, --from and --refuse.

    --pay writes a proposal that you signed. The other side answers it with --from: a countersignature, or a refusal if
    its rules forbid to sign. Its answer is read with --from, too. A proposal counts for its signer until an answer is
    there: be content with either end. A proposal that takes something from you waits until you say --accept.

    --from reads the proposals of `lock`, `forward`, `exchange`, `resolve` and `cancel` as well. What then has to be
    said in another channel is written into a file of its own (with --out x.json: x-2.json, …).

    \b
    Examples:
      ape run update 0x5f… --pay "0.1 ETH" --account alice                          (writes proposal-….json)
      ape run update 0x5f… --from proposal-5f….json --store .bob --account bob      (writes countersignature-….json)
      ape run update 0x5f… --from countersignature-5f….json --account alice
    """
    if sum(map(bool, (pay, source, refuse))) != 1:
        raise click.UsageError("give one of --pay, --from and --refuse")
    desk.take_up(channel_id, history)
    if pay:
        event = Pay(channel_id, *amounts(pay))
    elif source:
        event = desk.receive(source, channel_id)
    elif (offer := desk.channel(channel_id).their_offer) is not None:
        event = Refuse(channel_id, offer.digest)
    else:
        raise click.ClickException("no proposal of the other side waits for an answer")
    desk.perform(channel_id, event, out=out, accept=accept)
    click.echo(newest(desk.channel(channel_id)))
