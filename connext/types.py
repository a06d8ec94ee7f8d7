"""What everything else is made of: sides, assets, the widths of every number, addresses, and a channel's identity.

Amounts are in wei (1e-18 ETH or DAI), times in seconds since 1970, durations in seconds. Addresses are 20 bytes
inside the package; `parse_address` and `checksum` are its edge.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import IntEnum
from functools import wraps
from operator import attrgetter
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, TypeVar, get_type_hints

from connext.errors import ConnextError
from connext.keccak import keccak256


class Side(IntEnum):
    """A side of a channel, with the code the contract uses."""

    USER = 0
    NODE = 1

    @property
    def other(self) -> "Side":
        return Side.NODE if self is Side.USER else Side.USER


class Status(IntEnum):
    """Where a channel stands on chain, with the code the contract uses."""

    UNFUNDED = 0
    OPEN = 1
    DISPUTED = 2
    SETTLED = 3


class Asset(IntEnum):
    """An asset of a channel, with the code the contract uses."""

    ETH = 0
    DAI = 1


# --- Errors ---


@dataclass(eq=False)
class InvalidValue(ConnextError, ValueError):
    """A field got something its declared type cannot hold."""

    text = "{field}: expected {expected}, got {value!r}"
    field: str
    expected: str
    value: object


@dataclass(eq=False)
class InvalidAddress(ConnextError, ValueError):
    text = "{value!r} is not an address: expected 0x and 40 hexadecimal digits"
    value: object


@dataclass(eq=False)
class WrongChecksum(ConnextError, ValueError):
    text = "{value} has a wrong EIP-55 checksum: expected {expected}; check for a typing error"
    value: str
    expected: str


@dataclass(eq=False)
class InvalidIdentity(ConnextError, ValueError):
    """The contract would reject this channel identity (docs/protocol.md section 2)."""

    text = "no such channel can exist: {reason} ({value})"
    reason: str
    value: object


# --- Solidity types ---


class SolidityType(Protocol):
    """A Solidity type in its three forms: Python value, 32-byte word (for dynamic types EIP-712's hash), JSON.

    `from_json` takes one spelling per value and raises InvalidValue, naming the field by its path in the document.
    """

    @property
    def name(self) -> str: ...
    @property
    def expected(self) -> str: ...
    def accepts(self, value: Any) -> bool: ...
    def encode(self, value: Any) -> bytes: ...
    def to_json(self, value: Any) -> Any: ...
    def from_json(self, value: object, path: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Integer:
    """`uint<bits>`, or `int<bits>` if signed."""

    bits: int
    signed: bool
    minimum: int = field(init=False)
    maximum: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "minimum", -(1 << (self.bits - 1)) if self.signed else 0)
        object.__setattr__(self, "maximum", (1 << (self.bits - self.signed)) - 1)

    @property
    def name(self) -> str:
        return f"{'int' if self.signed else 'uint'}{self.bits}"

    @property
    def expected(self) -> str:
        return f"an integer from {self.minimum} to {self.maximum} ({self.name})"

    def accepts(self, value: object) -> bool:
        return isinstance(value, int) and value.__class__ is not bool and self.minimum <= value <= self.maximum

    def encode(self, value: int) -> bytes:
        return value.to_bytes(32, "big", signed=self.signed)

    def to_json(self, value: int) -> str:
        """A decimal string: JSON's numbers lose digits above 2**53 in many readers."""
        return str(int(value))

    def from_json(self, value: object, path: str) -> int:
        if isinstance(value, str) and _DECIMAL.fullmatch(value) and self.accepts(number := int(value)):
            return number
        raise InvalidValue(path, f"{self.expected} as a decimal string", value)


@dataclass(frozen=True, slots=True)
class FixedBytes:
    """`bytes<length>`."""

    length: int

    @property
    def name(self) -> str:
        return f"bytes{self.length}"

    @property
    def expected(self) -> str:
        return f"{self.length} bytes"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bytes) and len(value) == self.length

    def encode(self, value: bytes) -> bytes:
        return value.ljust(32, b"\0")

    def to_json(self, value: bytes) -> str:
        return "0x" + value.hex()

    def from_json(self, value: object, path: str) -> bytes:
        if isinstance(value, str) and len(value) == 2 + 2 * self.length and _HEX.fullmatch(value):
            return bytes.fromhex(value[2:])
        raise InvalidValue(path, f"{self.expected} as 0x and lower-case hexadecimal digits", value)


@dataclass(frozen=True, slots=True)
class Bytes:
    """`bytes` of any length."""

    name: ClassVar[str] = "bytes"
    expected: ClassVar[str] = "bytes"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bytes)

    def encode(self, value: bytes) -> bytes:
        return keccak256(value)

    def to_json(self, value: bytes) -> str:
        return "0x" + value.hex()

    def from_json(self, value: object, path: str) -> bytes:
        if isinstance(value, str) and len(value) % 2 == 0 and _HEX.fullmatch(value):
            return bytes.fromhex(value[2:])
        raise InvalidValue(path, "bytes as 0x and lower-case hexadecimal digits", value)


@dataclass(frozen=True, slots=True)
class AddressType:
    """`address`, held as 20 bytes."""

    name: ClassVar[str] = "address"
    expected: ClassVar[str] = "an address of 20 bytes"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bytes) and len(value) == 20

    def encode(self, value: bytes) -> bytes:
        return value.rjust(32, b"\0")

    def to_json(self, value: bytes) -> str:
        return checksum(value)

    def from_json(self, value: object, path: str) -> bytes:
        try:
            return parse_address(value)
        except ConnextError as error:
            raise InvalidValue(path, f"an address ({error})", value) from None


@dataclass(frozen=True, slots=True)
class Boolean:
    """`bool`."""

    name: ClassVar[str] = "bool"
    expected: ClassVar[str] = "true or false"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)

    def encode(self, value: bool) -> bytes:
        return value.to_bytes(32, "big")

    def to_json(self, value: bool) -> bool:
        return value

    def from_json(self, value: object, path: str) -> bool:
        if isinstance(value, bool):
            return value
        raise InvalidValue(path, self.expected, value)


# One spelling per value.
_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,78}")
_HEX = re.compile(r"0x[0-9a-f]*")

Uint8 = Annotated[int, Integer(8, signed=False)]
Uint32 = Annotated[int, Integer(32, signed=False)]
Uint64 = Annotated[int, Integer(64, signed=False)]
Uint128 = Annotated[int, Integer(128, signed=False)]
Uint256 = Annotated[int, Integer(256, signed=False)]
Int128 = Annotated[int, Integer(128, signed=True)]
Bytes26 = Annotated[bytes, FixedBytes(26)]
Bytes32 = Annotated[bytes, FixedBytes(32)]
Data = Annotated[bytes, Bytes()]
Address = Annotated[bytes, AddressType()]
Bool = Annotated[bool, Boolean()]

# Storage on chain is narrower than the signed widths; what does not fit is refused before it is signed.
MAX_NONCE = Integer(48, signed=False).maximum
MAX_DISPUTE = Integer(16, signed=False).maximum
MAX_SEQUENCE = Integer(16, signed=False).maximum
MAX_DEADLINE = Integer(40, signed=False).maximum
MAX_CHANNEL_TOTAL = Integer(80, signed=False).maximum
USER_CONTRIBUTION = Integer(96, signed=True)

# Seconds.
HOUR = 3_600
DAY = 24 * HOUR


# --- Structs ---


class Member(NamedTuple):
    """A declared field of a struct."""

    attribute: str
    name: str
    type: SolidityType


class Struct:
    """Base of the frozen dataclasses that mirror a Solidity struct: every field is checked at construction."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for attribute, _, type_ in members(type(self)):
            value = getattr(self, attribute)
            if not type_.accepts(value):
                raise InvalidValue(f"{type(self).__name__}.{attribute}", type_.expected, value)


Result = TypeVar("Result")


def per_class(function: Callable[[type[Any]], Result]) -> Callable[[type[Any]], Result]:
    """Computed once for each class (type checkers do not take a class for an argument of functools.cache)."""
    results: dict[type[Any], Result] = {}

    @wraps(function)
    def cached(struct: type[Any]) -> Result:
        if struct not in results:
            results[struct] = function(struct)
        return results[struct]

    return cached


@per_class
def members(struct: type[Any]) -> tuple[Member, ...]:
    """The struct's fields as Solidity has them: in order, named in camelCase."""
    hints = get_type_hints(struct, include_extras=True)
    return tuple(Member(f.name, camel_case(f.name), hints[f.name].__metadata__[0]) for f in fields(struct))


def camel_case(name: str) -> str:
    """The name of a Python attribute as Solidity and JSON spell it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


# --- Addresses ---

ZERO_ADDRESS: Address = bytes(20)
_ADDRESS_TEXT = re.compile(r"0x[0-9a-fA-F]{40}")


def checksum(address: Address) -> str:
    """The EIP-55 form of a 20-byte address."""
    digits = address.hex()
    marks = keccak256(digits.encode()).hex()
    return "0x" + "".join(d.upper() if mark >= "8" else d for d, mark in zip(digits, marks, strict=False))


def parse_address(value: object) -> Address:
    """The 20 bytes of an address in text; a checksum, if there is one (mixed case), must be right.

    Raises InvalidAddress, WrongChecksum.
    """
    if not isinstance(value, str) or not _ADDRESS_TEXT.fullmatch(value):
        raise InvalidAddress(value)
    digits = value[2:]
    address = bytes.fromhex(digits)
    if digits not in (digits.lower(), digits.upper()) and value != checksum(address):
        raise WrongChecksum(value, checksum(address))
    return address


# --- Amounts per asset and side ---


class Amounts(NamedTuple):
    """Wei per side and asset, under the names that states, withdrawals and ledgers use, in the order of `index`."""

    user_wei: int
    node_wei: int
    user_token: int
    node_token: int


_amounts = attrgetter(*Amounts._fields)


def amounts_of(source: object) -> Amounts:
    """The four amounts of a state, withdrawal or ledger."""
    return Amounts._make(_amounts(source))


NOTHING = Amounts(0, 0, 0, 0)


def amounts_for(side: Side, source: Any) -> tuple[int, int]:
    """One side's wei and token of a state, withdrawal or ledger; the order is that of Asset."""
    return (source.node_wei, source.node_token) if side else (source.user_wei, source.user_token)


# --- Channel identity ---


@dataclass(frozen=True, slots=True)
class ChannelIdentity(Struct):
    """The tuple that makes a channel (docs/protocol.md section 2): two parties, each an account and a signer.

    challenge_period in seconds.
    """

    user: Address
    user_signer: Address
    node: Address
    node_signer: Address
    challenge_period: Uint32
    salt: Uint64

    def id(self, chain_id: int, manager: Address) -> Bytes32:
        """The channel's id on the manager that was deployed on chain `chain_id`."""
        head = _UINT256.encode(chain_id) + _ADDRESS.encode(manager)
        return keccak256(head + b"".join(m.type.encode(getattr(self, m.attribute)) for m in members(ChannelIdentity)))

    def account(self, side: Side) -> Address:
        return self.node if side else self.user

    def signer(self, side: Side) -> Address:
        return self.node_signer if side else self.user_signer

    def validate(self, manager: Address, token: Address, shortest_period: int, longest_period: int) -> None:
        """Raise InvalidIdentity if the manager would reject this channel; the bounds of the period are inclusive."""
        for attribute in ("user", "user_signer", "node", "node_signer"):
            address = getattr(self, attribute)
            if address == ZERO_ADDRESS:
                raise InvalidIdentity(f"{attribute} is the zero address", checksum(address))
            if address == manager:
                raise InvalidIdentity(f"{attribute} is the manager", checksum(address))
            if address == token:
                raise InvalidIdentity(f"{attribute} is the token", checksum(address))
        if self.user == self.node:
            raise InvalidIdentity("both sides have the same account", checksum(self.user))
        if self.user_signer == self.node_signer:
            raise InvalidIdentity("both sides have the same signer", checksum(self.user_signer))
        if self.user_signer == self.node:
            raise InvalidIdentity("the user's signer is the node's account", checksum(self.node))
        if self.node_signer == self.user:
            raise InvalidIdentity("the node's signer is the user's account", checksum(self.user))
        if not shortest_period <= self.challenge_period <= longest_period:
            raise InvalidIdentity(
                f"the challenge period is not within {shortest_period} to {longest_period} seconds",
                self.challenge_period,
            )


_UINT256 = Integer(256, signed=False)
_ADDRESS = AddressType()
