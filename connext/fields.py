"""The fields of an action: what they hold, and how people write them.

Reading takes the written form (a YAML value) or the value itself; writing gives one spelling per value, exact to the
wei.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, ClassVar, Protocol, TypeGuard, TypeVar

from connext.display import InvalidAmount, InvalidDuration, format_amounts, parse_amount, parse_duration
from connext.ledger import Holdings
from connext.types import Asset, InvalidValue, Side

_NAME = re.compile(r"\w[\w '.-]{0,63}")
_WEI = re.compile(r"(0|[1-9]\d*) wei (ETH|DAI)")

NO_MONEY = Holdings(0, 0)


class FieldType(Protocol):
    """`read` raises InvalidValue, naming the field by `path`."""

    @property
    def expected(self) -> str: ...
    def read(self, value: object, path: str) -> Any: ...
    def write(self, value: Any) -> object: ...


@dataclass(frozen=True, slots=True)
class NameField:
    """The name of an actor or a channel."""

    expected: ClassVar[str] = "a name of letters, digits, spaces and any of _ ' . -"

    def read(self, value: object, path: str) -> str:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return value
        raise InvalidValue(path, self.expected, value)

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class MoneyField:
    """Amounts of one or both assets."""

    expected: ClassVar[str] = "amounts such as '1.5 ETH', '1.5 ETH and 20 DAI' or '7 wei DAI'"

    def read(self, value: object, path: str) -> Holdings:
        if isinstance(value, Holdings):
            return value
        if not isinstance(value, str):
            raise InvalidValue(path, self.expected, value)
        parts = [self._read_one(part, path) for part in value.split(" and ") if value != "nothing"]
        amounts = dict(parts)
        if len(amounts) < len(parts):
            raise InvalidValue(path, "each asset once", value)
        return Holdings(amounts.get(Asset.ETH, 0), amounts.get(Asset.DAI, 0))

    def _read_one(self, text: str, path: str) -> tuple[Asset, int]:
        if in_wei := _WEI.fullmatch(text):
            return Asset[in_wei[2]], int(in_wei[1])
        try:
            return parse_amount(text)
        except InvalidAmount:
            raise InvalidValue(path, self.expected, text) from None

    def write(self, value: Holdings) -> str:
        return format_amounts(value.amount_wei, value.amount_token)


@dataclass(frozen=True, slots=True)
class NetField:
    """What payments added to a side, or took from it (negative), in both assets."""

    expected: ClassVar[str] = "amounts such as '-1.5 ETH', '20 DAI and -7 wei ETH' or 'nothing'"

    def read(self, value: object, path: str) -> Holdings:
        if isinstance(value, Holdings):
            return value
        if not isinstance(value, str):
            raise InvalidValue(path, self.expected, value)
        net = NO_MONEY
        for part in value.split(" and "):
            amount = MoneyField().read(part.removeprefix("-"), path)
            if part.startswith("-"):
                amount = Holdings(-amount.amount_wei, -amount.amount_token)
            if (net.amount_wei and amount.amount_wei) or (net.amount_token and amount.amount_token):
                raise InvalidValue(path, "each asset once", value)
            net = Holdings(net.amount_wei + amount.amount_wei, net.amount_token + amount.amount_token)
        return net

    def write(self, value: Holdings) -> str:
        return format_amounts(value.amount_wei, value.amount_token)


@dataclass(frozen=True, slots=True)
class DurationField:
    """A length of time in seconds."""

    expected: ClassVar[str] = "seconds, or a duration such as '90 min', '24 h' or '7 d'"

    def read(self, value: object, path: str) -> int:
        if _is_count(value):
            return value
        if not isinstance(value, str):
            raise InvalidValue(path, self.expected, value)
        try:
            return parse_duration(value)
        except InvalidDuration:
            raise InvalidValue(path, self.expected, value) from None

    def write(self, value: int) -> int:
        return value


@dataclass(frozen=True, slots=True)
class CountField:
    """A number of things, or a nonce or sequence."""

    expected: ClassVar[str] = "a whole number, not negative"

    def read(self, value: object, path: str) -> int:
        if _is_count(value):
            return value
        raise InvalidValue(path, self.expected, value)

    def write(self, value: int) -> int:
        return value


@dataclass(frozen=True, slots=True)
class PositionsField:
    """Places in a list, counted from 0."""

    expected: ClassVar[str] = "a list of whole numbers, not negative"

    def read(self, value: object, path: str) -> tuple[int, ...]:
        return read_list(value, path, self.expected, CountField().read)

    def write(self, value: tuple[int, ...]) -> list[int]:
        return list(value)


@dataclass(frozen=True, slots=True)
class FlagField:
    expected: ClassVar[str] = "true or false"

    def read(self, value: object, path: str) -> bool:
        if isinstance(value, bool):
            return value
        raise InvalidValue(path, self.expected, value)

    def write(self, value: bool) -> bool:
        return value


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """A member of an enum, by its written name."""

    choices: Mapping[str, Enum] = field(hash=False)

    @property
    def expected(self) -> str:
        return " or ".join(self.choices)

    def read(self, value: object, path: str) -> Enum:
        if value in self.choices.values():
            return value  # type: ignore[return-value] # it is one of them
        if isinstance(value, str) and value in self.choices:
            return self.choices[value]
        raise InvalidValue(path, self.expected, value)

    def write(self, value: Enum) -> str:
        return next(name for name, choice in self.choices.items() if choice is value)


Item = TypeVar("Item")


def read_list(value: object, path: str, expected: str, read: Callable[[object, str], Item]) -> tuple[Item, ...]:
    """The items, each read under a path of its own. Raises InvalidValue, with what is expected of the whole."""
    if not isinstance(value, list | tuple):
        raise InvalidValue(path, expected, value)
    return tuple(read(item, f"{path}[{i}]") for i, item in enumerate(value))


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool | Enum) and value >= 0


Name = Annotated[str, NameField()]
Money = Annotated[Holdings, MoneyField()]
Net = Annotated[Holdings, NetField()]
Duration = Annotated[int, DurationField()]
Count = Annotated[int, CountField()]
Positions = Annotated[tuple[int, ...], PositionsField()]
Flag = Annotated[bool, FlagField()]
SideName = Annotated[Side, ChoiceField({"user": Side.USER, "node": Side.NODE})]
AssetName = Annotated[Asset, ChoiceField({"ETH": Asset.ETH, "DAI": Asset.DAI})]
