"""How cost grows with what is open: on chain in gas, off chain in processor time."""

from collections.abc import Mapping

from connext import bench
from connext.bench import Curve
from peers.plot import Plot
from tests.gas.scenarios import ASSETS, Stage, open_transfers

STARTING = "starting the dispute"
SETTLING = "settling it"
BY_TRANSFERS = "checking by open transfers"
BY_CHANNELS = "checking by channels"

SIZES = range(0, 201, 25)


def on_chain(stage: Stage) -> dict[str, Curve]:
    """Gas of both transactions of a dispute in ETH that nobody challenges, by the number of open transfers.

    The stage's story must be one whose channels and secrets nobody has used.
    """
    disputes = {count: _dispute(stage, number, count) for number, count in enumerate(reversed(SIZES), start=1)}
    points = [(count, *disputes[count]) for count in SIZES]
    return {
        STARTING: tuple((count, start) for count, start, _ in points),
        SETTLING: tuple((count, settlement) for count, _, settlement in points),
    }


def _dispute(stage: Stage, number: int, count: int) -> tuple[int, int]:
    amounts = ASSETS["eth"]
    return stage.dispute_and_settle(amounts, number, open_transfers(stage, amounts, count))


def off_chain() -> dict[str, Curve]:
    """Microseconds in which a party answers a payment."""
    return {BY_TRANSFERS: bench.checking_by_transfers(), BY_CHANNELS: bench.checking_by_channels()}


def plots(curves: Mapping[str, Curve]) -> dict[str, Plot]:
    """By the name of the picture."""
    dispute = {name: curves[name] for name in (SETTLING, STARTING)}
    microseconds = "µs of one core"
    return {
        "dispute": Plot("Gas of a dispute by open transfers", "open transfers in the channel", "gas", dispute),
        "transfers": Plot(
            "Checking and countersigning one payment by open transfers",
            "open transfers in the channel",
            microseconds,
            {"one payment": curves[BY_TRANSFERS]},
        ),
        "channels": Plot(
            "Checking and countersigning one payment by channels",
            "channels of the party",
            microseconds,
            {"one payment": curves[BY_CHANNELS]},
        ),
    }
