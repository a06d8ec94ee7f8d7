"""How amounts and times are written for people, and read from them: exact to the wei, times in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from connext.errors import ConnextError
from connext.types import Asset

WEI_PER_UNIT = 10**18
"""ETH and DAI both have 18 decimals."""

_AMOUNT = re.compile(r"(\d+)(?:\.(\d{1,18}))?\s*(ETH|DAI)", re.IGNORECASE)
_DURATION = re.compile(r"(\d+)\s*(s|min|h|d|second|minute|hour|day)s?", re.IGNORECASE)
_SECONDS = {"s": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}


@dataclass(eq=False)
class InvalidAmount(ConnextError, ValueError):
    text = "{value!r} is no amount; write it like '1.5 ETH' or '20 DAI', with at most 18 decimals"
    value: str


@dataclass(eq=False)
class InvalidDuration(ConnextError, ValueError):
    text = "{value!r} is no duration; write it like '90 min', '24 h' or '7 d'"
    value: str


def parse_amount(text: str) -> tuple[Asset, int]:
    """The asset and wei of '1.5 ETH' or '20 DAI'. Raises InvalidAmount."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise InvalidAmount(text)
    whole, fraction, asset = match.groups()
    return Asset[asset.upper()], int(whole) * WEI_PER_UNIT + int((fraction or "").ljust(18, "0"))


def format_amount(asset: Asset, wei: int) -> str:
    """'1.5 ETH': every digit that is not a trailing zero."""
    whole, fraction = divmod(abs(wei), WEI_PER_UNIT)
    digits = f"{whole}.{fraction:018}".rstrip("0").rstrip(".")
    return f"{'-' if wei < 0 else ''}{digits} {asset.name}"


def format_amounts(wei: int, token: int) -> str:
    """'1.5 ETH and 20 DAI'; an asset of which there is nothing is left out."""
    parts = [format_amount(asset, amount) for asset, amount in ((Asset.ETH, wei), (Asset.DAI, token)) if amount]
    return " and ".join(parts) or "nothing"


def parse_duration(text: str) -> int:
    """The seconds of '90 min', '24 h' or '7 d'. Raises InvalidDuration."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise InvalidDuration(text)
    number, unit = match.groups()
    return int(number) * _SECONDS[unit.lower()]


def format_duration(seconds: int) -> str:
    """The two largest units: '6 d 23 h', '59 min 30 s'."""
    parts = []
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2]) or "0 s"


def format_time(time: int) -> str:
    """Unix seconds as '2026-11-24 07:21:00 UTC'."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def format_deadline(deadline: int, now: int) -> str:
    """A limit in time, and how far it is from `now` (the time of the chain, in Unix seconds)."""
    distance = f"in {format_duration(deadline - now)}" if deadline > now else f"{format_duration(now - deadline)} ago"
    return f"{format_time(deadline)} ({distance})"
