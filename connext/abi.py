"""The contracts' interfaces: encodes calls, decodes results, events and errors with their names and values.

Values are Python's and the package's own: addresses are 20 bytes, integers `int`, structs the frozen dataclasses of
this package (or tuples). Names are Solidity's.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import AddressDecoder, UnsignedIntegerDecoder
from eth_abi.encoding import AddressEncoder, UnsignedIntegerEncoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import BaseEquals, registry

from connext.errors import ConnextError, readable
from connext.keccak import keccak256
from connext.types import Address


@dataclass(eq=False)
class CannotEncode(ConnextError, ValueError):
    text = "{function} cannot be called with {arguments}: {reason}"
    function: str
    arguments: object
    reason: object


@dataclass(eq=False)
class CannotDecode(ConnextError, ValueError):
    text = (
        "{function} returned {data}: at this block the address holds no such contract; check address, chain and block"
    )
    function: str
    data: bytes


@dataclass(eq=False)
class NotCanonical(ConnextError, ValueError):
    text = "not the ABI encoding of any {types}: {data}"
    types: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """An event as a chain keeps it."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes

    @classmethod
    def from_rpc(cls, answer: Mapping[str, Any]) -> "Log":
        """As JSON-RPC gives it."""
        address, *topics = (bytes.fromhex(text[2:]) for text in (answer["address"], *answer["topics"]))
        return cls(address, tuple(topics), bytes.fromhex(answer["data"][2:]))


@dataclass(frozen=True, slots=True)
class Event:
    """An event with its name and values; `address` emitted it."""

    address: Address
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Revert:
    """Why a call failed: a custom error, `Error` (a reason string), `Panic` (a code), `Unknown` (other data)."""

    name: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={readable(value)}' for name, value in self.values.items())})"


class _BytesAddressDecoder(AddressDecoder):
    decoder_fn = staticmethod(bytes)  # type: ignore[assignment] # declared as what the base class does


def _codec() -> ABICodec:
    """Ape, where it is imported first, has replaced the decoder of all `uint` by one that takes what is cut short."""
    types = registry.copy()
    for label in ("address", "uint"):
        types.unregister(label)
    types.register(BaseEquals("address"), AddressEncoder, _BytesAddressDecoder, label="address")
    types.register(BaseEquals("uint"), UnsignedIntegerEncoder, UnsignedIntegerDecoder, label="uint")
    return ABICodec(types)


_CODEC = _codec()


_UNDECODABLE = (DecodingError, OverflowError, UnicodeDecodeError)
"""What eth-abi raises on bytes that a stranger made up."""


def encode(types: Sequence[str], values: Sequence[object], function: str = "abi.encode") -> bytes:
    """The values one after the other. Raises CannotEncode, which names the function that they are for."""
    try:
        return bytes(_CODEC.encode(types, tuple(map(_plain, values))))
    except (EncodingError, TypeError, ValueError) as error:
        raise CannotEncode(f"{function}({','.join(types)})", values, error) from error


@lru_cache(maxsize=4096)
def _decode(types: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    """Remembered, as nothing in it can change: whoever watches channels reads the same answers at every block."""
    return _CODEC.decode(types, data)


def decode_canonical(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values whose encoding is exactly this. Raises NotCanonical, also where the bytes could be decoded."""
    try:
        values = _CODEC.decode(types, data)
    except _UNDECODABLE:
        raise NotCanonical(f"({','.join(types)})", data) from None
    if _CODEC.encode(types, values) != data:
        raise NotCanonical(f"({','.join(types)})", data)
    return values


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call by its function and arguments. Structs are mappings by their fields' names, lists of them tuples."""

    function: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class _Entry:
    """A function, event or error of an ABI."""

    name: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    indexed: tuple[bool, ...]
    returns: tuple[str, ...]
    inputs: tuple[Mapping[str, Any], ...] = ()

    @property
    def signature(self) -> str:
        return f"{self.name}({','.join(self.types)})"

    @cached_property
    def hash(self) -> bytes:
        return keccak256(self.signature.encode())


class Abi:
    """The interface of a contract, from the entries of its JSON ABI."""

    def __init__(self, entries: Iterable[Mapping[str, Any]]) -> None:
        self._functions: dict[str, _Entry] = {}
        self._events: dict[bytes, _Entry] = {}
        self._errors: dict[bytes, _Entry] = {entry.hash[:4]: entry for entry in (_ERROR, _PANIC)}
        self._constructor = _Entry("constructor", (), (), (), ())
        for json_entry in entries:
            entry = _entry(json_entry)
            match json_entry["type"]:
                case "function":
                    self._functions[entry.name] = entry
                case "event":
                    self._events[entry.hash] = entry
                case "error":
                    self._errors[entry.hash[:4]] = entry
                case "constructor":
                    self._constructor = entry

    def encode_call(self, function: str, *arguments: object) -> bytes:
        """The calldata. Raises CannotEncode, and KeyError for a function that does not exist."""
        entry = self._functions[function]
        return entry.hash[:4] + encode(entry.types, arguments, entry.name)

    def function_of(self, calldata: bytes) -> str | None:
        """The name of the function that is called; None if this interface has none such."""
        return next((name for name, entry in self._functions.items() if entry.hash[:4] == calldata[:4]), None)

    def decode_call(self, calldata: bytes) -> Invocation | None:
        """What is called with which arguments; None if this interface has no such function, or it cannot be read."""
        name = self.function_of(calldata)
        if name is None:
            return None
        entry = self._functions[name]
        try:
            values = _CODEC.decode(entry.types, calldata[4:])
        except _UNDECODABLE:
            return None
        return Invocation(name, _by_name(entry.inputs, values))

    def encode_constructor(self, *arguments: object) -> bytes:
        """What is appended to the creation bytecode. Raises CannotEncode."""
        return encode(self._constructor.types, arguments, "constructor")

    def decode_result(self, function: str, data: bytes) -> Any:
        """What the function returned: a value, or a tuple of several. Raises CannotDecode."""
        entry = self._functions[function]
        try:
            values = _decode(entry.returns, data)
        except _UNDECODABLE:
            raise CannotDecode(entry.signature, data) from None
        return values[0] if len(values) == 1 else values

    @property
    def errors(self) -> dict[str, tuple[str, ...]]:
        """Their names, and those of their values."""
        return {entry.name: entry.names for entry in self._errors.values()}

    @property
    def events(self) -> dict[str, tuple[str, ...]]:
        """Their names, and those of their values."""
        return {entry.name: entry.names for entry in self._events.values()}

    def topic(self, event: str) -> bytes:
        """The first topic of its logs. Raises KeyError for an event that does not exist."""
        return {entry.name: hash_ for hash_, entry in self._events.items()}[event]

    def decode_log(self, log: Log) -> Event | None:
        """The event; None if this interface has none such."""
        entry = self._events.get(log.topics[0]) if log.topics else None
        if entry is None or len(log.topics) != 1 + sum(entry.indexed):
            return None
        try:
            return Event(log.address, entry.name, MappingProxyType(_event_values(entry, log)))
        except _UNDECODABLE:
            return None

    def decode_error(self, data: bytes) -> Revert:
        """The error in the data of a revert."""
        entry = self._errors.get(data[:4])
        if entry is None:
            return Revert("Unknown", MappingProxyType({"data": data}))
        try:
            values = _CODEC.decode(entry.types, data[4:])
        except _UNDECODABLE:
            return Revert("Unknown", MappingProxyType({"data": data}))
        return Revert(entry.name, MappingProxyType(dict(zip(entry.names, values, strict=True))))

    def __or__(self, other: "Abi") -> "Abi":
        """Events and errors of both, for the logs and reverts of transactions that touch several contracts."""
        union = Abi(())
        union._events = self._events | other._events
        union._errors = self._errors | other._errors
        return union


_ERROR = _Entry("Error", ("reason",), ("string",), (False,), ())
_PANIC = _Entry("Panic", ("code",), ("uint256",), (False,), ())


@dataclass(frozen=True)
class Artifact:
    """A compiled contract. bytecode: what creates it (constructor arguments are appended); runtime: what stays."""

    name: str
    abi: Abi = field(repr=False)
    bytecode: bytes = field(repr=False)
    runtime: bytes = field(repr=False)

    @classmethod
    def parse(cls, name: str, text: str) -> "Artifact":
        document = json.loads(text)
        return cls(name, Abi(document["abi"]), *(bytes.fromhex(document[key][2:]) for key in ("bytecode", "runtime")))


@cache
def artifact(name: str) -> Artifact:
    """A contract that ships with this package, by its name."""
    return Artifact.parse(name, files("connext").joinpath("artifacts", f"{name}.json").read_text())


@cache
def manager_abi() -> Abi:
    return artifact("ChannelManager").abi


def _entry(entry: Mapping[str, Any]) -> _Entry:
    inputs = entry.get("inputs", ())
    return _Entry(
        name=entry.get("name", entry["type"]),
        names=tuple(item["name"] for item in inputs),
        types=tuple(_type(item) for item in inputs),
        indexed=tuple(item.get("indexed", False) for item in inputs),
        returns=tuple(_type(item) for item in entry.get("outputs", ())),
        inputs=tuple(inputs),
    )


def _type(item: Mapping[str, Any]) -> str:
    """The canonical type, structs written out as tuples."""
    solidity_type: str = item["type"]
    if not solidity_type.startswith("tuple"):
        return solidity_type
    return f"({','.join(map(_type, item['components']))}){solidity_type.removeprefix('tuple')}"


def _by_name(items: Sequence[Mapping[str, Any]], values: Sequence[Any]) -> Mapping[str, Any]:
    named = (_named_value(item, item["type"], value) for item, value in zip(items, values, strict=True))
    return MappingProxyType({item["name"]: value for item, value in zip(items, named, strict=True)})


def _named_value(item: Mapping[str, Any], type_: str, value: Any) -> Any:
    if type_.endswith("[]"):
        return tuple(_named_value(item, type_.removesuffix("[]"), one) for one in value)
    return _by_name(item["components"], value) if type_ == "tuple" else value


def _event_values(entry: _Entry, log: Log) -> dict[str, Any]:
    in_data = [type_ for type_, indexed in zip(entry.types, entry.indexed, strict=True) if not indexed]
    from_data, from_topics = iter(_CODEC.decode(in_data, log.data)), iter(log.topics[1:])
    return {
        name: _CODEC.decode([type_], next(from_topics))[0] if indexed else next(from_data)
        for name, type_, indexed in zip(entry.names, entry.types, entry.indexed, strict=True)
    }


def _plain(value: object) -> object:
    """Structs as tuples, which is what eth-abi takes."""
    if is_dataclass(value):
        return tuple(_plain(getattr(value, item.name)) for item in fields(value))
    if isinstance(value, tuple | list):
        return tuple(map(_plain, value))
    return value
