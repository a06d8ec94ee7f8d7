"""What the comparison is to show, and why some rows do not."""

from collections.abc import Iterator
from dataclasses import dataclass

from peers.figures import Columns, Peer, best, shown
from peers.rows import CLOSE, COLLATERAL, DEPLOYMENT, EXIT, HASH_LOCK, OPEN, STALE, TOP_UP, WITHDRAWAL

GOALS = {
    OPEN: 113,
    TOP_UP: 100,
    COLLATERAL: 100,
    CLOSE: 65,
    WITHDRAWAL: 65,
    EXIT: 65,
    STALE: 65,
    HASH_LOCK: 65,
    DEPLOYMENT: 100,
}
"""At most so many per cent of the best other system that a call of its own does this with; 100: less than it."""

FLOORS = {
    OPEN: {"eth": 50_000, "token": 66_500},
    TOP_UP: {"eth": 28_700, "token": 45_200},
    COLLATERAL: {"eth": 35_100, "token": 35_100},
    CLOSE: {"eth": 52_300, "token": 59_900},
    EXIT: {"eth": 111_300, "token": 116_400},
    STALE: {"eth": 154_200, "token": 159_300},
}
"""Gas that the EVM charges before any code of ours runs, by docs/decisions/0006-gas-budgets.md."""

REASONS = {
    OPEN: "Perun and Nitro pay into a bare hash. Here the first deposit also says, in calldata and in an event, whose "
    "channel it is, with which signers and which challenge period: about 6 100 more, by which either side finds its "
    "channel and settles it without any file. The rest is that of row 2.",
    TOP_UP: "Perun's and Nitro's deposits add to a number. Here it is also checked that the channel is open, that it "
    "stays within the capacity, which limits what a fault can cost, and that nobody calls back out of another call; "
    "the event names the side and both assets.",
    COLLATERAL: "Nitro's node pays from its wallet; here that takes what the next row of the table says, for the "
    "reason of row 2. Out of the reserve, two slots change in the place of one, and the channel's terms are in the "
    "calldata. It is cheaper as soon as a token would have to move, or one transaction serves two channels.",
    CLOSE: "Most of it is the same everywhere: the base cost, the token's own transfer, two signatures. Against what "
    "was measured in this run the goal is met.",
    EXIT: "The goal lies below the floor of what is done, in two transactions: both signatures are checked, the "
    "state's hash is stored in a slot of its own and the deadline in another, and an event has the whole state, "
    "without which who lost its files could not settle.",
    STALE: "As row 6, with both signatures and the recorded state once more. The goal lies below the floor.",
    DEPLOYMENT: "Paid once, by whoever deploys. Two thirds are the manager; the outcome registry and four conditions "
    "(streams, links, all of, any of) are the rest. Nitro's column has one application.",
}
"""Of every row that misses its goal, in either asset."""


@dataclass(frozen=True)
class Shortfall:
    """A row that misses its goal. best: of the others, measured or quoted; allowed, floor: gas."""

    asset: str
    row: str
    gas: int
    best: Peer
    allowed: int
    floor: int | None

    @property
    def best_gas(self) -> int:
        return self.best.figures[self.row].gas


def shortfalls(columns: Columns) -> Iterator[Shortfall]:
    """Row by row."""
    for row, percent in GOALS.items():
        for asset in ("eth", "token"):
            own, *others = shown(columns, asset)
            other = best(others, row)
            if other is None:
                continue
            gas, allowed = own.figures[row].gas, _allowed(other.figures[row].gas, percent)
            if gas > allowed:
                yield Shortfall(asset, row, gas, other, allowed, FLOORS.get(row, {}).get(asset))


def _allowed(best_gas: int, percent: int) -> int:
    return best_gas - 1 if percent == 100 else best_gas * percent // 100
