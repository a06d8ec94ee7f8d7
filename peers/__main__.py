"""Measure all systems and print the tables; see `make bench-peers`."""

import argparse
import sys
from signal import SIGTERM, default_int_handler, signal
from subprocess import CalledProcessError

from ape.exceptions import ProviderError

from connext import bench
from peers import table
from peers.figures import FIGURES, Figures, to_json
from peers.packages import NotThePackage
from peers.page import PAGE, write
from peers.run import run


def main() -> int:
    options = _options()
    figures, not_the_snapshot = run()
    sys.stdout.write(to_json(figures) if options.json else _text(figures))
    for difference in not_the_snapshot:
        sys.stderr.write(f"bench-peers: {difference}; `make gas` measures anew\n")
    if not_the_snapshot:
        return 1  # and nothing is saved
    if options.save:
        FIGURES.write_text(to_json(figures))
        write(figures)
    return 0


def _text(figures: Figures) -> str:
    columns = figures.columns
    apart = table.list_of_differences(columns)
    batches = f"Many channels in one transaction, gas for each\n\n{table.batches(columns)}"
    legend = f"{table.LEGEND}{table.versions(columns)}"
    off_chain = f"Off chain, per second on one core\n\n{bench.text(figures.rates)}"
    return f"{table.tables(columns)}\n{legend}\n{batches}\n{off_chain}\nNot as quoted:\n{apart}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m peers", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead")
    parser.add_argument(
        "--save", action="store_true", help=f"write peers/{FIGURES.name}, docs/{PAGE.name} and its pictures, too"
    )
    return parser.parse_args()


if __name__ == "__main__":
    signal(SIGTERM, default_int_handler)  # ends the chain, too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (NotThePackage, CalledProcessError, ProviderError, OSError) as error:
        sys.exit(f"bench-peers: {error}")
