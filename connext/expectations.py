"""What a story expects: how each of its actions ends, and what everybody has at its end.

    - {do: checkpoint, by: carol, channel: main, message: old, fails: {StateNotNewer: {nonce: 3, recordedNonce: 4}}}
    - {do: settle, by: carol, channel: main, emits: [{ChannelSettled: {userWei: 1.5 ETH}}]}

An action that sends a transaction succeeds unless it `fails`; one that tells a party something is taken unless it
`fails`, then with the name of the rule. A name may come with values; those that are given must be right.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from connext.display import InvalidDuration, parse_duration
from connext.errors import readable
from connext.fields import NetField, read_list
from connext.ledger import Holdings
from connext.types import InvalidValue

Value = int | str | bool


@dataclass(frozen=True, slots=True)
class Match:
    """An error or an event, by its name and some of its values.

    A value is a number, or text: an amount of one asset ('1.5 ETH'), a time ('start + 1 h'), bytes (0x…), or the name
    of a channel (for its id) or an actor (for its account).
    """

    name: str
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.name}({values})" if values else self.name


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one action. fails: None if it must not; emits: the events of its transaction, None if they are left open."""

    fails: Match | None = None
    emits: tuple[Match, ...] | None = None


NOTHING_SPECIAL = Expected()


# --- The written form ---


@dataclass(frozen=True, slots=True)
class MatchField:
    expected: ClassVar[str] = "a name, or a name with values such as {CapacityExceeded: {capacity: 100 ETH}}"

    def read(self, value: object, path: str) -> Match:
        if isinstance(value, Match):
            return value
        if isinstance(value, str) and value.isidentifier():
            return Match(value)
        if not isinstance(value, Mapping) or len(value) != 1:
            raise InvalidValue(path, self.expected, value)
        ((name, values),) = value.items()
        if not isinstance(name, str) or not name.isidentifier() or not isinstance(values, Mapping) or not values:
            raise InvalidValue(path, self.expected, value)
        for key, item in values.items():
            if not isinstance(key, str) or not isinstance(item, int | str):
                raise InvalidValue(f"{path}.{name}.{key}", "a number or text", item)
        return Match(name, MappingProxyType(dict(values)))

    def write(self, value: Match) -> str | dict[str, Any]:
        return {value.name: dict(value.values)} if value.values else value.name


@dataclass(frozen=True, slots=True)
class MatchesField:
    expected: ClassVar[str] = "a list of events"

    def read(self, value: object, path: str) -> tuple[Match, ...]:
        return read_list(value, path, self.expected, MatchField().read)

    def write(self, value: tuple[Match, ...]) -> list[Any]:
        return [MatchField().write(item) for item in value]


# --- Comparing ---


def differences(
    match: Match, name: str, values: Mapping[str, Any], known: Mapping[str, bytes], start: int
) -> Iterator[str]:
    """What of the match is not as it came out. known: ids and accounts by name; start: the story's, in Unix seconds."""
    if match.name != name:
        yield f"{name} instead of {match.name}"
        return
    for key, wanted in match.values.items():
        if key not in values:
            yield f"{name} has no value {key!r}, only {', '.join(values)}"
        elif not _is_meant(key, wanted, values[key], known, start):
            yield f"{key} of {name} is {readable(values[key])} instead of {wanted}"


def _is_meant(key: str, wanted: Value, value: object, known: Mapping[str, bytes], start: int) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return _meant(key, wanted, known, start) == value


def _meant(key: str, wanted: Value, known: Mapping[str, bytes], start: int) -> object:
    if not isinstance(wanted, str):
        return wanted
    if wanted in known:
        return known[wanted]
    try:
        if wanted.startswith("start + "):
            return start + parse_duration(wanted.removeprefix("start + "))
        if wanted.startswith("0x"):
            return bytes.fromhex(wanted[2:])
        return _amount(key, NetField().read(wanted, ""), wanted)
    except (InvalidValue, InvalidDuration, ValueError):
        return wanted


def _amount(key: str, amount: Holdings, wanted: str) -> int | str:
    """Of one asset: that of the value, if its name tells."""
    other = {"Wei": amount.amount_token, "Token": amount.amount_wei}
    is_other = any(key.endswith(end) and held for end, held in other.items())
    return (
        wanted if is_other or (amount.amount_wei and amount.amount_token) else amount.amount_wei + amount.amount_token
    )
