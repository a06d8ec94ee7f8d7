"""Calldata, events and errors in bytes: made and read by hand, some ten times faster than a codec could.

The tests compare it with `connext.calls` and the ABI in the artifacts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from connext.abi import Log
from connext.keccak import keccak256
from proof.fuzz.ink import Ink, words
from proof.model import operations as op
from proof.model import outcomes
from proof.model.messages import Identity, SignedState, TransferList
from proof.model.refusals import Event

CHANNEL = "(address,address,address,address,uint32,uint64)"
STATE = "(uint64,int128,int128,int128,int128,bytes32,bool)"
SIGNATURE = "(bytes32,bytes32)"
SIGNED = f"({STATE},{SIGNATURE},{SIGNATURE})"
TRANSFERS = "(uint64,uint8,uint8,uint128,address,bytes32,uint64)[]"
WITHDRAWAL = "(uint64,uint128,uint128,uint128,uint128,address,uint64)"

ITEM_GAS = 3_000_000
"""What an item of a batch gets: enough for any, and for a token that burns all it is given."""
TOO_LITTLE_GAS = 1_000
"""What an item gets that is to starve: less than any can do with."""


def selector(signature: str) -> bytes:
    """What a call of this function begins with."""
    return keccak256(signature.encode())[:4]


DEPOSIT = selector(f"deposit({CHANNEL},uint8,uint128)")
TOP_UP = selector("topUp(bytes32,uint8,uint128)")
COLLATERALIZE = selector(f"collateralize({CHANNEL},uint128,uint128)")
WITHDRAW = selector(f"withdraw({CHANNEL},{WITHDRAWAL},{SIGNATURE},{SIGNATURE})")
CHECKPOINT = selector(f"checkpoint({CHANNEL},{SIGNED})")
START_DISPUTE = selector(f"startDispute({CHANNEL},{SIGNED})")
START_DISPUTE_WITH_EXIT = selector(f"startDisputeWithExit({CHANNEL},uint64,{SIGNATURE},{SIGNED})")
RESUME = selector(f"resume({CHANNEL},uint64,{SIGNATURE},{SIGNATURE})")
SETTLE = selector(f"settle({CHANNEL},{STATE},{TRANSFERS})")
CLOSE = selector(f"close({CHANNEL},{SIGNED},{TRANSFERS})")
SETTLE_TRANSFERS = selector(f"settleTransfers({CHANNEL},{TRANSFERS},uint256)")
FUND = selector("fund(address,uint128)")
WITHDRAW_RESERVE = selector("withdrawReserve(uint128,uint128,address)")
WITHDRAW_CREDIT = selector("withdrawCredit(uint128,uint128,address)")
PUSH_CREDIT = selector("pushCredit(address,uint8)")
PERMIT = selector("permit(uint256,uint256,uint8,bytes32,bytes32)")
BATCH = selector("batch((bytes,uint256,uint256)[])")
RECORD = selector("record(address,bytes,uint64,bytes)")
UNKNOWN = selector("unknown()")
EXECUTE = selector("execute(address,bytes[],uint256[])")

OF_MANAGER = (
    *(DEPOSIT, TOP_UP, COLLATERALIZE, WITHDRAW, CHECKPOINT, START_DISPUTE, START_DISPUTE_WITH_EXIT, RESUME, SETTLE),
    *(CLOSE, SETTLE_TRANSFERS, FUND, WITHDRAW_RESERVE, WITHDRAW_CREDIT, PUSH_CREDIT, PERMIT, BATCH),
)
"""All that changes it."""


# --- Calldata ---


def calldata(operation: op.Operation) -> bytes:
    """Of a function of the manager, or of the registry's."""
    return _ENCODERS[operation.__class__](operation)


def execute(target: bytes, call: bytes, value: int) -> bytes:
    """What makes a contract account send this call."""
    return EXECUTE + words(target, 96, 96 + 96 + _padded(len(call)), 1, 32) + _bytes(call) + words(1, value)


def _channel(channel: Identity) -> bytes:
    return words(*channel[1:])


def _signed(signed: SignedState) -> bytes:
    return words(*signed.header) + _raw(signed.user) + _raw(signed.node)


def _raw(signature: Any) -> bytes:
    return signature.raw if signature.__class__ is Ink else bytes(64)


def _list(transfers: TransferList) -> bytes:
    return words(len(transfers.transfers)) + b"".join([words(*transfer) for transfer in transfers.transfers])


def _padded(length: int) -> int:
    return length + -length % 32


def _bytes(data: bytes) -> bytes:
    return words(len(data)) + data.ljust(_padded(len(data)), b"\0")


def _settle(settle: op.Settle) -> bytes:
    return SETTLE + _channel(settle.channel) + words(*settle.header, 32 * 14) + _list(settle.transfers)


def _close(close: op.Close) -> bytes:
    return CLOSE + _channel(close.channel) + _signed(close.signed) + words(32 * 18) + _list(close.transfers)


def _settle_transfers(settle: op.SettleTransfers) -> bytes:
    return SETTLE_TRANSFERS + _channel(settle.channel) + words(32 * 8, settle.wanted) + _list(settle.transfers)


def _withdraw(o: op.Withdraw) -> bytes:
    return WITHDRAW + _channel(o.channel) + words(*o.withdrawal) + _raw(o.user) + _raw(o.node)


def _exit(o: op.StartDisputeWithExit) -> bytes:
    return START_DISPUTE_WITH_EXIT + _channel(o.channel) + words(o.deadline) + _raw(o.exit) + _signed(o.signed)


def _resume(o: op.Resume) -> bytes:
    return RESUME + _channel(o.channel) + words(o.deadline) + _raw(o.user) + _raw(o.node)


def _permit(permit: op.Permit) -> bytes:
    r, vs = _raw(permit.signature)[:32], int.from_bytes(_raw(permit.signature)[32:])
    v, s = 27 + (vs >> 255), vs & (1 << 255) - 1
    return PERMIT + words(permit.nonce, permit.expiry, v, r, s)


def batch_calldata(batch: op.Batch, gas: Sequence[int]) -> bytes:
    """With so much gas for each item."""
    items = [_item(item, amount) for item, amount in zip(batch.items, gas, strict=True)]
    return BATCH + words(32, len(items)) + _array(items)


def _batch(batch: op.Batch) -> bytes:
    return batch_calldata(batch, [TOO_LITTLE_GAS if item.starved else ITEM_GAS for item in batch.items])


def _item(item: op.Item, gas: int) -> bytes:
    return words(96, item.value, gas) + _bytes(calldata(item.operation))


def _record(record: op.Record) -> bytes:
    params, witness = _bytes(opaque(record.params)), _bytes(opaque(record.witness))
    return RECORD + words(record.condition, 128, record.expiry, 128 + len(params)) + params + witness


_ENCODERS: Mapping[type, Callable[[Any], bytes]] = {
    op.Deposit: lambda o: DEPOSIT + _channel(o.channel) + words(o.side, o.amount_token),
    op.TopUp: lambda o: TOP_UP + words(*o),
    op.Collateralize: lambda o: COLLATERALIZE + _channel(o.channel) + words(o.amount_wei, o.amount_token),
    op.Withdraw: _withdraw,
    op.Checkpoint: lambda o: CHECKPOINT + _channel(o.channel) + _signed(o.signed),
    op.StartDispute: lambda o: START_DISPUTE + _channel(o.channel) + _signed(o.signed),
    op.StartDisputeWithExit: _exit,
    op.Resume: _resume,
    op.Settle: _settle,
    op.Close: _close,
    op.SettleTransfers: _settle_transfers,
    op.Fund: lambda o: FUND + words(*o),
    op.WithdrawReserve: lambda o: WITHDRAW_RESERVE + words(*o),
    op.WithdrawCredit: lambda o: WITHDRAW_CREDIT + words(*o),
    op.PushCredit: lambda o: PUSH_CREDIT + words(*o),
    op.Permit: _permit,
    op.Batch: _batch,
    op.PlainTransfer: lambda _: b"",
    op.Garbled: lambda _: UNKNOWN,
    op.Record: _record,
}


# --- Parameters and witnesses of conditions ---


def opaque(value: Any) -> bytes:
    """The bytes in which a condition gets its parameters or its witness."""
    if isinstance(value, bytes):
        return value
    return _OPAQUE[value.__class__](value)


def _parts(value: outcomes.Parts) -> bytes:
    parts = [words(part.condition, 64) + _bytes(opaque(part.params)) for part in value.parts]
    return words(32, len(parts)) + _array(parts)


def _witnesses(value: outcomes.Witnesses) -> bytes:
    return words(32, len(value.witnesses)) + _array([_bytes(opaque(witness)) for witness in value.witnesses])


def _array(items: list[bytes]) -> bytes:
    offsets, end = [], 32 * len(items)
    for item in items:
        offsets.append(end)
        end += len(item)
    return words(*offsets) + b"".join(items)


_OPAQUE: Mapping[type, Callable[[Any], bytes]] = {
    outcomes.HashLockParams: lambda v: v.hash,
    outcomes.StreamParams: lambda v: words(*v),
    outcomes.LinkParams: lambda v: words(*v),
    outcomes.Parts: _parts,
    outcomes.Undecodable: lambda v: b"\xff" * v.length,
    outcomes.Preimage: lambda v: v.preimage,
    outcomes.Voucher: lambda v: words(v.cumulative) + _raw(v.signature),
    outcomes.Release: lambda v: _raw(v.signature),
    outcomes.Witnesses: _witnesses,
    outcomes.Choice: lambda v: words(v[0], 64) + _bytes(opaque(v[1])),
}


# --- What comes back ---


class Undecoded(ValueError):
    """A log or an error that no interface has."""


class Reader:
    """Decodes events and errors of some contracts, given by the entries of their ABIs."""

    def __init__(self, *abis: Iterable[Mapping[str, Any]]) -> None:
        self._events: dict[bytes, _Shape] = {}
        self._errors: dict[bytes, _Shape] = {}
        for entry in (entry for abi in abis for entry in abi):
            if entry["type"] == "event":
                shape = _shape(entry)
                self._events[keccak256(shape.signature.encode())] = shape
            elif entry["type"] == "error":
                shape = _shape(entry)
                self._errors[keccak256(shape.signature.encode())[:4]] = shape

    def event(self, log: Log) -> Event:
        """Raises Undecoded."""
        shape = self._events.get(log.topics[0]) if log.topics else None
        if shape is None:
            raise Undecoded(f"a log that is no event of the interfaces: {log}")
        indexed = b"".join(log.topics[1:])
        return Event(shape.name, shape.values(indexed + log.data, len(indexed)))

    def error(self, data: bytes) -> tuple[str, tuple[Any, ...] | None]:
        """Name and values; the values are None where they were cut off. A revert without data has no name; one that no
        interface has is called by its data."""
        if not data:
            return "", ()
        shape = self._errors.get(data[:4])
        if shape is None:
            return f"0x{data.hex()}", ()
        try:
            return shape.name, shape.values(data[4:])
        except Undecoded:
            return shape.name, None


class _Shape:
    """The form of an event or error whose indexed values come first."""

    def __init__(self, name: str, types: tuple[Any, ...]) -> None:
        self.name = name
        self.signature = f"{name}({','.join(map(_type_name, types))})"
        self._types = types
        self._words = sum(map(_size, types))

    def values(self, data: bytes, start: int = 0) -> tuple[Any, ...]:
        """start: where offsets count from. Raises Undecoded where the data is too short."""
        if len(data) < 32 * self._words:
            raise Undecoded(f"{self.name} with {len(data)} bytes")
        at, values = 0, []
        for type_ in self._types:
            values.append(_value(type_, data, at, start))
            at += 32 * _size(type_)
        return tuple(values)


def _shape(entry: Mapping[str, Any]) -> _Shape:
    return _Shape(entry["name"], tuple(_type(parameter) for parameter in entry["inputs"]))


def _type(parameter: Mapping[str, Any]) -> Any:
    """A name, or for a struct the tuple of its fields' names."""
    if parameter["type"] == "tuple":
        return tuple(_type(field) for field in parameter["components"])
    return parameter["type"]


def _type_name(type_: Any) -> str:
    return type_ if isinstance(type_, str) else f"({','.join(map(_type_name, type_))})"


def _size(type_: Any) -> int:
    """In words of the fixed part."""
    return 1 if isinstance(type_, str) else sum(map(_size, type_))


def _value(type_: Any, data: bytes, at: int, start: int) -> Any:
    if type_.__class__ is tuple:
        return tuple(_value(field, data, at + 32 * i, start) for i, field in enumerate(type_))
    word = data[at : at + 32]
    if type_[0] == "u":
        return int.from_bytes(word)
    if type_ == "bytes32":
        return word
    if type_ == "address":
        return word[12:]
    if type_ == "bytes":
        return _dynamic(data, start + int.from_bytes(word))
    if type_[0] == "i":
        return int.from_bytes(word, signed=True)
    if type_ == "bool":
        return word[31] == 1
    return word[: int(type_.removeprefix("bytes"))]


def _dynamic(data: bytes, offset: int) -> bytes:
    start = offset + 32
    end = start + int.from_bytes(data[offset:start])
    if len(data) < end:
        raise Undecoded(f"bytes up to {end} in {len(data)}")
    return data[start:end]
