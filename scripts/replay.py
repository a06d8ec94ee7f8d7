"""Play stories and see every step: what it calls, says, emits and changes, and whether it comes out as it should."""

from pathlib import Path

import click
from ape.cli import ape_cli_context

from scripts._options import script

REPORTS = Path(".build") / "replays"


@script(short_help="Replay scenarios step by step, and write a report.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
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
def cli(cli_ctx, provider, paths, folder, no_report) -> None:  # noqa: ARG001 # Ape passes both
    """Play stories (scenarios/*.yaml, or any file in that form) on a fresh local chain, or on a fork.

    Every step is shown as it happens and compared with what the story expects: which transactions fail and how, what
    they emit, what everybody has at the end, to the wei. The form: docs/formats.md; your first own: docs/auditing.md.
    Exit code 1 if anything comes out otherwise; 2 if a file is no story (its line is named, and nothing is played).

    \b
    Examples:
      ape run replay scenarios
      ape run replay scenarios/stale-exit-answered-by-a-stranger.yaml
      ape run replay my-dispute.yaml --report /tmp/reports
      ape run replay scenarios --network ethereum:mainnet-fork:foundry
    """
    from connext.stories import InvalidStory
    from scripts._theatre import Anvil, CannotRead, NoStories, Theatre, console, read_scripts, write_reports

    if not provider.network.is_dev:
        raise click.UsageError(
            f"stories make their own money: they play on local chains and forks, not on {provider.network.name}"
        )
    try:
        scripts = read_scripts(paths)
    except (InvalidStory, NoStories, CannotRead) as error:
        raise click.UsageError(str(error)) from None
    theatre = Theatre(Anvil(provider), console())
    replays = [(one.name, theatre.play(one)) for one in scripts]
    if not no_report:
        written = write_reports(replays, folder)
        theatre.console.print(f"\nreport: {written[-1]}", highlight=False, soft_wrap=True)
    wrong = [name for name, replay in replays if replay.problems]
    if wrong:
        raise click.ClickException(f"not as it says: {', '.join(wrong)}")
