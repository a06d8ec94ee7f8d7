"""Pass a payment on: lock in one channel what was locked for you in another."""

import click

from connext.events import Forward
from connext.fees import SAME_ASSET, Fee, Rate, outgoing
from connext.papers import LinkRequest
from connext.types import Asset, Bytes32
from scripts._options import (
    Amount,
    ChannelId,
    Percent,
    Price,
    TransferId,
    at_desk,
    channel_argument,
    file_option,
    history_options,
    out_option,
    script,
)
from scripts._sentences import newest


@script(short_help="Pass a payment on into another channel.")
@channel_argument
@click.option("--incoming", type=ChannelId(), required=True, metavar="CHANNEL", help="Where it was locked for you.")
@click.option("--transfer", "transfer_id", type=TransferId(), required=True, help="Which transfer of that channel.")
@click.option("--amount", type=Amount(), metavar="AMOUNT", help="What to lock. [default: all that --fee leaves]")
@click.option("--fee", type=Percent(), default="0 %", show_default=True, help="What you keep of what comes in.")
@click.option("--rate", type=Price(), metavar="PRICE", help="What goes out for what comes in, where the assets differ.")
@file_option("--request", "request_path", metavar="FILE", help="Of a link: its receiver's request for this channel.")
@out_option
@history_options
@at_desk
def cli(
    desk, channel_id: Bytes32, incoming, transfer_id: int, amount, fee: int, rate, request_path, out, history
) -> None:
    """Lock in CHANNEL, for its other side, what was locked for you in another one, under the same terms.

    The same secret that takes it from you gives you what is locked for you, if you show it on, or record it (`record`),
    before the terms expire: both expire together. A link goes only into the channel that its receiver asks for
    (`request`).

    \b
    Examples:
      ape run forward 0xc4… --incoming 0x5f… --transfer 256 --fee "0.1 %" --account bob
      ape run forward 0xc4… --incoming 0x5f… --transfer 256 --rate "2000 DAI for 1 ETH" --account bob
      ape run forward 0xc4… --incoming 0x5f… --transfer 256 --request request-….json --account bob
    """
    from scripts._mail import OtherChannel, read_paper
    from scripts._payments import check_same_terms, transfer_of

    desk.take_up(channel_id, history)
    desk.check_all_usable()
    source, _ = transfer_of(desk.mine(incoming), transfer_id)
    signature = None
    if request_path:
        request = read_paper(request_path, LinkRequest)
        if request.channel_id != channel_id:
            raise OtherChannel(request_path, request.channel_id, channel_id)
        check_same_terms(request_path, request.triple, source)
        signature = request.signature
    asset_in = Asset(source.asset)
    asset, price = asset_in, SAME_ASSET
    if rate:
        (asset, out_wei), (_, in_wei) = rate
        price = Rate(out_wei, in_wei)
        if asset is asset_in:
            raise click.UsageError(f"{asset.name} comes in: --rate says how much of the other asset goes out for it")
    if amount is not None and amount[0] is not asset:
        raise click.UsageError(f"{asset.name} goes out: to forward in the other asset, say at which --rate")
    desk.keep(Fee(parts_per_million=fee))
    wei = outgoing(source.amount, asset_in, desk.party.policy.fee, price) if amount is None else amount[1]
    desk.perform(channel_id, Forward(channel_id, asset, wei, incoming, transfer_id, price, signature), out=out)
    click.echo(newest(desk.channel(channel_id)))
