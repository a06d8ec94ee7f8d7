"""What the parties of a channel sign (docs/protocol.md section 4), and the EIP-712 form of every signed struct.

That is derived from the field declarations alone. No type string is written anywhere: the order, names and types of the
dataclass fields are the specification that the encoder, the typed data shown by wallets and the JSON form all read.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from connext.codec import ListType, ObjectType, to_json
from connext.keccak import keccak256
from connext.types import (
    Address,
    Bool,
    Bytes32,
    Int128,
    InvalidValue,
    Struct,
    Uint8,
    Uint64,
    Uint128,
    Uint256,
    amounts_of,
    members,
    per_class,
)


@dataclass(frozen=True, slots=True)
class Text:
    """`string`."""

    name: ClassVar[str] = "string"
    expected: ClassVar[str] = "text"

    def accepts(self, value: object) -> bool:
        return isinstance(value, str)

    def encode(self, value: str) -> bytes:
        return keccak256(value.encode())

    def to_json(self, value: str) -> str:
        return value

    def from_json(self, value: object, path: str) -> str:
        if isinstance(value, str):
            return value
        raise InvalidValue(path, self.expected, value)


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """`<struct>[]`, held as a tuple."""

    struct: type[Struct]

    @property
    def name(self) -> str:
        return f"{self.struct.__name__}[]"

    @property
    def expected(self) -> str:
        return f"a tuple of {self.struct.__name__}"

    def accepts(self, value: object) -> bool:
        return isinstance(value, tuple) and all(isinstance(item, self.struct) for item in value)

    def encode(self, value: tuple[Struct, ...]) -> bytes:
        return keccak256(b"".join(map(struct_hash, value))) if value else NO_ITEMS

    def to_json(self, value: tuple[Struct, ...]) -> list[Any]:
        return ListType(ObjectType(self.struct)).to_json(value)

    def from_json(self, value: object, path: str) -> tuple[Any, ...]:
        return ListType(ObjectType(self.struct)).from_json(value, path)


NO_ITEMS = keccak256(b"")
"""The hash of an empty array."""


# --- The signed structs ---


@dataclass(frozen=True, slots=True)
class Transfer(Struct):
    """A conditional transfer: `amount` wei of `asset` locked from side `payer` for the other side (section 6)."""

    id: Uint64
    payer: Uint8
    asset: Uint8
    amount: Uint128
    condition: Address
    params_hash: Bytes32
    expiry: Uint64


@dataclass(frozen=True, slots=True)
class State(Struct):
    """Per asset the net of each side in wei: what payments added to it since the channel opened."""

    channel_id: Bytes32
    nonce: Uint64
    user_wei: Int128
    node_wei: Int128
    user_token: Int128
    node_token: Int128
    transfers: Annotated[tuple[Transfer, ...], ArrayOf(Transfer)]
    is_final: Bool


@dataclass(frozen=True, slots=True)
class Withdrawal(Struct):
    """Amounts in wei to pay out before the deadline, all or nothing: user's to `recipient`, node's to its reserve."""

    channel_id: Bytes32
    sequence: Uint64
    user_wei: Uint128
    node_wei: Uint128
    user_token: Uint128
    node_token: Uint128
    recipient: Address
    deadline: Uint64


@dataclass(frozen=True, slots=True)
class Exit(Struct):
    """Lets anyone start dispute number `dispute` for its signer, before the deadline."""

    channel_id: Bytes32
    dispute: Uint64
    deadline: Uint64


@dataclass(frozen=True, slots=True)
class Resume(Struct):
    """Ends dispute number `dispute` with both signatures, before the deadline."""

    channel_id: Bytes32
    dispute: Uint64
    deadline: Uint64


Message = State | Withdrawal | Exit | Resume


@dataclass(frozen=True, slots=True)
class StateHeader(Struct):
    """A state with the hash of its transfers in the place of the list, as the contract takes and reports it."""

    nonce: Uint64
    user_wei: Int128
    node_wei: Int128
    user_token: Int128
    node_token: Int128
    transfers_hash: Bytes32
    is_final: Bool

    def struct_hash(self, channel_id: Bytes32) -> bytes:
        """The EIP-712 hashStruct of the state."""
        return keccak256(type_hash(State) + channel_id + words(self))

    def recorded_hash(self, channel_id: Bytes32) -> bytes:
        """What the manager stores of it: the first 26 bytes of the state's struct hash."""
        return self.struct_hash(channel_id)[:26]

    def digest(self, domain: "Domain", channel_id: Bytes32) -> bytes:
        """The 32 bytes that are signed of the state."""
        return keccak256(digest_prefix(domain) + self.struct_hash(channel_id))


def header(state: State) -> StateHeader:
    nets = amounts_of(state)
    return StateHeader(state.nonce, *nets, transfers_hash(state.transfers), state.is_final)


# --- EIP-712 ---


@dataclass(frozen=True, slots=True)
class Domain(Struct):
    """The EIP-712 domain: this version of the protocol on one manager of one chain."""

    EIP712_NAME: ClassVar[str] = "EIP712Domain"

    name: Annotated[str, Text()] = field(init=False, default="Connext")
    version: Annotated[str, Text()] = field(init=False, default="1")
    chain_id: Uint256
    verifying_contract: Address


def _name(struct: type[Any]) -> str:
    return getattr(struct, "EIP712_NAME", struct.__name__)


@per_class
def type_string(struct: type[Any]) -> str:
    """EIP-712 encodeType: the struct, then the structs it refers to (one level deep here) in alphabetical order."""
    own = f"{_name(struct)}({','.join(f'{m.type.name} {m.name}' for m in members(struct))})"
    return own + "".join(sorted(type_string(nested) for nested in _nested(struct)))


def _nested(struct: type[Any]) -> tuple[type[Struct], ...]:
    return tuple(member.type.struct for member in members(struct) if isinstance(member.type, ArrayOf))


@per_class
def type_hash(struct: type[Any]) -> bytes:
    return keccak256(type_string(struct).encode())


def struct_hash(message: Struct) -> bytes:
    """EIP-712 hashStruct."""
    return keccak256(type_hash(type(message)) + words(message))


def words(struct: Struct) -> bytes:
    """EIP-712 encodeData: 32 bytes for each field; without dynamic ones among them the ABI encoding, too."""
    return b"".join(type_.encode(getattr(struct, attribute)) for attribute, _, type_ in members(type(struct)))


def transfers_hash(transfers: tuple[Transfer, ...]) -> bytes:
    """What stands for the transfers in a state's hash: Keccak-256 of their concatenated struct hashes."""
    return ArrayOf(Transfer).encode(transfers)


@lru_cache(maxsize=64)
def domain_separator(domain: Domain) -> bytes:
    return struct_hash(domain)


def digest(domain: Domain, message: Struct) -> bytes:
    """The 32 bytes that are signed."""
    return keccak256(digest_prefix(domain) + struct_hash(message))


def digest_prefix(domain: Domain) -> bytes:
    """What stands before the struct hash of everything that is signed in this domain."""
    return b"\x19\x01" + domain_separator(domain)


def typed_data(domain: Domain, message: Struct) -> dict[str, Any]:
    """The JSON of `eth_signTypedData_v4`, for wallets."""
    struct: type[Struct] = type(message)
    structs: tuple[type[Struct], ...] = (Domain, struct, *_nested(struct))
    return {
        "types": {_name(s): _declaration(s) for s in structs},
        "primaryType": struct.__name__,
        "domain": to_json(domain),
        "message": to_json(message),
    }


def _declaration(struct: type[Struct]) -> list[dict[str, str]]:
    return [{"name": member.name, "type": member.type.name} for member in members(struct)]
