"""Play stories and see every step: what it calls, says, emits and changes, and whether it comes out as it should."""

from pathlib import Path

import click
from ape.cli import ape_cli_context

from scripts._options import ChannelId, script

REPORTS = Path(".build") / "replays"


@script(short_help="Replay scenarios, or a channel of a live chain, step by step, and write a report.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--channel",
    "channel_id",
    type=ChannelId(),
    help="Replay this channel of the connected chain, and write it as a story (--out).",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the story of the channel.  [default: channel-<id>.yaml beside the report]",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=REPORTS,
    show_default=True,
    help="Folder for the reports, one HTML file for each story and an index for several.",
)
@click.option("--no-report", is_flag=True, help="Write no report.")
@ape_cli_context()
def cli(cli_ctx, provider, paths, channel_id, out, folder, no_report) -> None:  # noqa: ARG001 # Ape passes both
    """Play stories (scenarios/*.yaml, or any file in that form) on a fresh local chain, or on a fork.

    Every step is shown as it happens and compared with what the story expects: which transactions fail and how, what
    they emit, what everybody has at the end, to the wei. The form: docs/formats.md; your first own: docs/auditing.md.

    With --channel, the transactions of that channel are found on the connected chain, sent once more on a fork of the
    block before them, and told as a story with test keys, which plays in process: edit it and ask "what if".

    Exit code 1 if anything comes out otherwise; 2 if a file is no story (its line is named, and nothing is played).

    \b
    Examples:
      ape run replay scenarios
      ape run replay scenarios/stale-exit-answered-by-a-stranger.yaml
      ape run replay my-dispute.yaml --report /tmp/reports
      ape run replay scenarios --network ethereum:mainnet-fork:foundry
      ape run replay --channel 0x4f… --network ethereum:sepolia:node --out what-if.yaml
    """
    if bool(paths) == bool(channel_id):
        raise click.UsageError("name stories (for instance: scenarios), or a channel with --channel 0x…, not both")
    if channel_id is None:
        if out is not None:
            raise click.UsageError("--out is for the story of a --channel")
        replays, wrong = play_stories(provider, paths)
    else:
        path = out or folder / f"channel-{channel_id.hex()[:8]}.yaml"
        replays, wrong = play_channel(provider, channel_id, path)
    if replays and not no_report:
        from scripts._theatre import write_reports

        click.echo(f"\nreport: {write_reports(replays, folder)[-1]}")
    if wrong:
        raise click.ClickException(f"not as it should be: {'; '.join(wrong)}")


def play_stories(provider, paths):
    """The replays by name, and what came out otherwise: names of stories, or where one broke off."""
    from connext.stories import InvalidStory
    from scripts._theatre import Anvil, BrokenOff, CannotRead, NoStories, Theatre, console, read_scripts

    if not provider.network.is_dev:
        raise click.UsageError(
            f"stories make their own money: they play on local chains and forks, not on {provider.network.name}"
        )
    try:
        scripts = read_scripts(paths)
    except (InvalidStory, NoStories, CannotRead) as error:
        raise click.UsageError(str(error)) from None
    theatre = Theatre(Anvil(provider), console())
    replays, wrong = [], []
    for one in scripts:
        try:
            replay = theatre.play(one)
        except BrokenOff as error:
            wrong.append(str(error))
            continue
        replays.append((one.name, replay))
        if replay.problems:
            wrong.append(one.name)
    return replays, wrong


def play_channel(provider, channel_id, path):
    """The replay, and what is not as it was on the chain."""
    from scripts._archive import ChannelReplay
    from scripts._theatre import console

    terminal = console()
    channel = ChannelReplay(provider, channel_id, terminal)
    replay, differences = channel.perform(path)
    click.echo(f"\nstory: {path}")
    if not differences:
        click.echo(f"the same transactions have the same results on {channel.place}, and the story has the same end")
    return [(path.stem, replay)], differences
