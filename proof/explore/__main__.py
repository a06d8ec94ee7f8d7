"""Play every order of every on-chain action of everybody, and show the least that a party ends with that follows the
rules: it must be at least what section 9 of docs/protocol.md promises. What is played: `proof/explore/__init__.py`.

What was explored once is not explored again as long as the code, the contracts and the history are the same; so a run
that was interrupted goes on where it was. The exit status is 1 if a promise is broken.
"""

import argparse
import sys
from dataclasses import asdict
from signal import SIGTERM, default_int_handler, signal

from connext.errors import ConnextError
from connext.replay.words import exact_duration
from proof import records
from proof.explore.promise import Money
from proof.explore.run import PLAYERS, Figures, explore, keep, kept, key_of, save_story
from proof.explore.stage import HISTORIES, names_of_histories, parties_of, read_history
from proof.explore.telling import money

SCENARIOS = records.CHECKOUT / "scenarios"
DEPTH_OF_SEARCH = 100_000
"""Frames of Python: a line has some hundred steps, and each takes a few."""

Results = dict[tuple[str, str, str], Figures]
"""By history, party and player."""


def main() -> int:
    options = _options()
    if options.save:
        records.require_whole(_part(options))
    sys.setrecursionlimit(DEPTH_OF_SEARCH)
    results: Results = {}
    for history in options.histories or names_of_histories():
        story = read_history(history)
        _say(f"\n{history}: {story.title}")
        for honest in [options.honest] if options.honest else parties_of(story):
            for player in options.player or ("software", "rules"):
                figures = _explored(history, honest, player, options)
                results[history, honest, player] = figures
                _show(honest, player, figures, in_full=player != "rules" or not figures.is_kept)
    broken = [key for key, figures in results.items() if not figures.is_kept]
    _say(f"\n{_total(results)}")
    _say("every promise is kept" if not broken else f"BROKEN: {'; '.join(', '.join(key) for key in broken)}")
    if options.save:
        _save(results, _part(options))
    return 1 if broken else 0


def _explored(history: str, honest: str, player: str, options: argparse.Namespace) -> Figures:
    text = (HISTORIES / f"{history}.yaml").read_text()
    key = key_of(text, honest, player, every_moment=options.every_moment)
    figures = None if options.anew else kept(key)
    if figures is None:
        story = read_history(history)
        where = f"{history}, {honest} ({player}): "
        figures = explore(
            story, honest, player, every_moment=options.every_moment, report=lambda s: _progress(where + s)
        )
        _progress()
        keep(key, figures)
    return figures


# --- Showing ---


def _show(honest: str, player: str, figures: Figures, *, in_full: bool) -> None:
    _say(
        f"\n  {honest}, {_PLAYS[player]}: promised {money(figures.promised)}, the least end is {money(figures.least)}: "
        f"{_verdict(figures)}\n    {_counts(figures)}"
    )
    if in_full:
        _say(
            "".join(
                f"    {line}\n" for line in ("", *figures.signed, "", "The worst that can happen:", *figures.line)
            ).rstrip()
        )


def _verdict(figures: Figures) -> str:
    if figures.surplus < 0:
        return f"BROKEN by {-figures.surplus} wei"
    return f"BROKEN by a delay of {exact_duration(figures.delay)}" if figures.delay else "kept"


_PLAYS = {"software": "by the software that ships", "rules": "by the rules written out", "asleep": "asleep"}


def _counts(figures: Figures) -> str:
    moments = f" from {figures.moments} moments of the history" if figures.moments > 1 else ""
    return (
        f"{figures.positions} positions visited{moments}, {figures.merged} ways to one that was known; "
        f"{figures.chain_positions} positions of the chain, {figures.transactions} transactions sent; "
        f"{figures.endings} ends, the last at {figures.latest}; {figures.seconds} s"
    )


def _total(results: Results) -> str:
    positions = sum(figures.positions for figures in results.values())
    seconds = sum(figures.seconds for figures in results.values())
    return f"{len(results)} games, {positions} positions, {seconds:.0f} s"


def _progress(*texts: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{''.join(texts)}")
        sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# --- Saving ---


def _part(options: argparse.Namespace) -> str:
    """To what the run is restricted, as it stands on the command line."""
    chosen = [*options.histories]
    chosen += ["--honest"] if options.honest else []
    chosen += ["--player"] if options.player else []
    return ", ".join(chosen) or ("" if options.every_moment else "the end alone (give --every-moment)")


def _save(results: Results, part: str) -> None:
    """The record of all, and of each history the line on which a party had to defend itself the most."""
    by_history: dict[str, list[Figures]] = {}
    for (history, _, player), figures in results.items():
        if figures.story is not None and player == "software":
            by_history.setdefault(history, []).append(figures)
    for history, stories in by_history.items():
        longest = max(stories, key=lambda figures: len(figures.line))
        _say(f"wrote {save_story(history, str(longest.story), SCENARIOS)}")
    seconds = sum(figures.seconds for figures in results.values())
    recorded = {
        "positions": sum(figures.positions for figures in results.values()),
        "transactions": sum(figures.transactions for figures in results.values()),
        "promises": len(results),
        "kept": sum(figures.is_kept for figures in results.values()),
        "histories": {", ".join(key): _recorded(figures) for key, figures in results.items()},
    }
    _say(f"wrote {records.save('explore', seconds, recorded, part=part)}")


def _recorded(figures: Figures) -> dict[str, object]:
    names = ("moments", "positions", "merged", "transactions", "endings", "seconds", "surplus", "delay")
    return {name: asdict(figures)[name] for name in names} | {
        "promised": _written(figures.promised),
        "least": _written(figures.least),
    }


def _written(amounts: Money) -> str:
    return money((amounts[0], amounts[1]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.explore", description=__doc__)
    parser.add_argument(
        "histories", nargs="*", metavar="HISTORY", help=f"of {', '.join(names_of_histories())}; by default all"
    )
    parser.add_argument("--honest", metavar="NAME", help="who follows the rules; by default each party in turn")
    parser.add_argument("--player", action="append", choices=list(PLAYERS), help="how; by default software and rules")
    parser.add_argument(
        "--every-moment", action="store_true", help="begin at every moment of the history, not only at its end"
    )
    parser.add_argument("--anew", action="store_true", help="explore again what was explored before")
    parser.add_argument(
        "--save", action="store_true", help="write proof/records/explore.json, and worst lines to scenarios/, too"
    )
    return parser.parse_args()


if __name__ == "__main__":
    signal(SIGTERM, default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (ConnextError, records.OnlyAPart) as error:
        sys.exit(f"explore: {error}")
