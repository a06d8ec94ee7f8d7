"""Ask for the money of a link in a channel of yours."""

import click

from connext.drawer import Secret
from connext.papers import LinkRequest, LinkSecret
from connext.types import Bytes32
from scripts._options import at_desk, channel_argument, file_option, history_options, out_option, script


@script(short_help="Ask for the money of a link in a channel of yours.")
@channel_argument
@file_option("--link", "path", required=True, metavar="FILE", help="The link that you were given.")
@out_option
@history_options
@at_desk
def cli(desk, channel_id: Bytes32, path, out, history) -> None:
    """Write for the node of CHANNEL that the money of a link shall come into this very channel.

    The request is worth nothing to anybody else. The link is kept in your files: once the node has locked the money for
    you, `resolve` releases it.

    \b
    Examples:
      ape run request 0xc4… --link link.json --account charlie                     (writes request-….json)
      ape run forward 0xc4… --incoming 0x5f… --transfer 256 --request request-….json --store .bob --account bob
      ape run resolve 0xc4… 256 --account charlie
    """
    from scripts._mail import read_paper
    from scripts._payments import usable_terms, write_paper

    desk.take_up(channel_id, history)
    given = read_paper(path, LinkSecret)
    terms = usable_terms(desk.connection, path)
    desk.drawer.keep_secret(Secret(terms.condition, terms.params, terms.expiry, given.secret, None))
    signature = given.link(desk.connection.deployment.domain.chain_id).request(channel_id)
    write_paper(LinkRequest(*terms.triple, channel_id, signature), out)
    click.echo("give it to the node of this channel")
