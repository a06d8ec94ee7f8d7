"""What a forwarding node keeps of a payment, hop by hop.

Every rounding is in favour of the node that forwards: it never sends on more than it may.
"""

from dataclasses import dataclass

from connext.types import Asset, InvalidValue, Struct, Uint32, Uint128

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Fee(Struct):
    """A fee in the asset that comes in: a fixed part, in wei, and so many millionths of the amount, rounded up."""

    flat_wei: Uint128 = 0
    flat_token: Uint128 = 0
    parts_per_million: Uint32 = 0

    def __post_init__(self) -> None:
        Struct.__post_init__(self)
        if self.parts_per_million >= MILLION:
            raise InvalidValue(
                "Fee.parts_per_million", f"less than {MILLION}, or nothing is left", self.parts_per_million
            )

    def flat(self, asset: Asset) -> int:
        return self.flat_token if asset else self.flat_wei


NO_FEE = Fee()


@dataclass(frozen=True, slots=True)
class Rate(Struct):
    """`numerator` wei of the asset that goes out for each `denominator` wei of the one that comes in."""

    numerator: Uint128
    denominator: Uint128

    def __post_init__(self) -> None:
        Struct.__post_init__(self)
        if not self.numerator or not self.denominator:
            raise InvalidValue("Rate", "two numbers above 0", (self.numerator, self.denominator))


SAME_ASSET = Rate(1, 1)


def outgoing(amount_in: int, asset_in: Asset, fee: Fee, rate: Rate = SAME_ASSET) -> int:
    """The most that may be sent on of `amount_in` wei: rounded down, and nothing where the fee takes all."""
    left = amount_in * (MILLION - fee.parts_per_million) // MILLION - fee.flat(asset_in)
    return max(left, 0) * rate.numerator // rate.denominator


def incoming(amount_out: int, asset_in: Asset, fee: Fee, rate: Rate = SAME_ASSET) -> int:
    """The least that must come in for `amount_out` wei to be sent on."""
    if not amount_out:
        return 0
    left = _divided_up(amount_out * rate.denominator, rate.numerator)
    return _divided_up((left + fee.flat(asset_in)) * MILLION, MILLION - fee.parts_per_million)


def _divided_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
