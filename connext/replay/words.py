"""Arguments and event values in words: names for addresses and channels, human units, times from the story's start."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connext.conditions import FULL_SHARE
from connext.display import format_amount
from connext.types import Asset, Side, checksum

Line = tuple[str, str]
"""A field, and its value in words."""

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_TIMES = frozenset({"deadline", "expiry", "time"})
_SHOWN_BYTES = 6
_LONGEST_LIST = 8


@dataclass(frozen=True, slots=True)
class Lexicon:
    """names: of accounts, signers and contracts (by address) and channels (by id). start: Unix seconds."""

    names: Mapping[bytes, str]
    start: int

    def lines(self, values: Mapping[str, Any], prefix: str = "") -> Iterator[Line]:
        """Every field on a line of its own; those of structs and lists after the name of what holds them."""
        for name, value in values.items():
            path = f"{prefix}{name}"
            if isinstance(value, Mapping):
                yield from self.lines(value, f"{path}.")
            elif isinstance(value, tuple) and value and isinstance(value[0], Mapping):
                yield from self._listed(value, path)
            else:
                yield path, self.value(name, value, values)

    def _listed(self, items: tuple[Mapping[str, Any], ...], path: str) -> Iterator[Line]:
        for i, item in enumerate(items[:_LONGEST_LIST]):
            yield f"{path}[{i}]", ", ".join(f"{name} {value}" for name, value in self.lines(item))
        if len(items) > _LONGEST_LIST:
            yield path, f"… and {len(items) - _LONGEST_LIST} more"

    def value(self, name: str, value: object, siblings: Mapping[str, Any]) -> str:
        """siblings: the other fields, by which an amount knows its asset."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, bytes):
            return self.bytes(value)
        if isinstance(value, int):
            return self._number(name, value, siblings)
        return "none" if value == () else str(value)

    def _number(self, name: str, value: int, siblings: Mapping[str, Any]) -> str:
        if name.endswith("Wei"):
            return format_amount(Asset.ETH, value)
        if name.endswith("Token") or name == "wad":
            return format_amount(Asset.DAI, value)
        if name == "amount" and siblings.get("asset") in tuple(Asset):
            return format_amount(Asset(siblings["asset"]), value)
        if name in _TIMES:
            return self.moment(value)
        if name == "challengePeriod":
            return exact_duration(value)
        if name == "share":
            return f"{Decimal(value) * 100 / FULL_SHARE:f} %"
        if name in ("side", "payer") and value in tuple(Side):
            return Side(value).name.lower()
        if name == "asset" and value in tuple(Asset):
            return Asset(value).name
        return str(value)

    def bytes(self, value: bytes) -> str:
        if value in self.names:
            return self.names[value]
        if len(value) == 20:
            return checksum(value)
        if not any(value):
            return "zero" if value else "empty"
        return f"0x{value.hex()}" if len(value) <= _SHOWN_BYTES else f"0x{value[:_SHOWN_BYTES].hex()}…"

    def moment(self, time: int) -> str:
        """A Unix time, as far as it is from the start."""
        if time == 0:
            return "never"
        return f"start {'+' if time >= self.start else '-'} {exact_duration(abs(time - self.start))}"


def exact_duration(seconds: int) -> str:
    """All units: '1 d 2 h 1 s'."""
    parts = []
    for unit, length in _UNITS:
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts) or "0 s"
