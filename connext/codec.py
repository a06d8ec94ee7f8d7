"""The JSON form of every dataclass of this package: signed messages, envelopes, a party's files.

Fields are named in camelCase, as in Solidity. One spelling per value: integers are decimal strings (amounts in wei),
bytes are 0x and lower-case digits, addresses have their checksum, enum members are lower-case names, what is
absent is null.
Reading is strict: exactly the declared fields, and an error names the field by its path in the document.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from connext.types import InvalidValue, camel_case

Value = TypeVar("Value")


def to_json(value: Any) -> dict[str, Any]:
    """The JSON object of a dataclass."""
    return ObjectType(type(value)).to_json(value)


def from_json(cls: type[Value], value: object, path: str) -> Value:
    """The dataclass `cls` in a JSON object; `path` names the document in errors. Raises InvalidValue."""
    result: Value = ObjectType(cls).from_json(value, path)
    return result


def tagged_to_json(kinds: Mapping[str, type[Any]], value: Any) -> dict[str, Any]:
    """The JSON object of one of several dataclasses, with its `kind`."""
    return {"kind": kind_in(kinds, value), **to_json(value)}


def tagged_from_json(kinds: Mapping[str, type[Any]], value: object, path: str) -> Any:
    """The dataclass that the object's `kind` names. Raises InvalidValue."""
    if not isinstance(value, dict):
        raise InvalidValue(f"{path}.kind", "an object with this field", value)
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise InvalidValue(f"{path}.kind", f"one of {', '.join(kinds)}", kind)
    return from_json(kinds[kind], {name: item for name, item in value.items() if name != "kind"}, path)


def kind_in(kinds: Mapping[str, type[Any]], value: Any) -> str:
    return next(kind for kind, cls in kinds.items() if cls is type(value))


def field_names(cls: type[Any]) -> list[str]:
    """How JSON spells the fields of a dataclass."""
    return [camel_case(field.name) for field in fields(cls)]


class JsonType(Protocol):
    def to_json(self, value: Any) -> Any: ...
    def from_json(self, value: object, path: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A dataclass, which may be generic (`Signed[State]`), as an object."""

    hint: Any

    def to_json(self, value: Any) -> dict[str, Any]:
        return {camel_case(name): type_.to_json(getattr(value, name)) for name, type_ in _fields(self).items()}

    def from_json(self, value: object, path: str) -> Any:
        types_ = _fields(self)
        names = {camel_case(name) for name in types_}
        if not isinstance(value, dict):
            raise InvalidValue(path, "an object", value)
        for name in value.keys() - names:
            raise InvalidValue(f"{path}.{name}", "no such field", value[name])
        for name in names - value.keys():
            raise InvalidValue(f"{path}.{name}", "this field", "nothing")
        cls = get_origin(self.hint) or self.hint
        return cls(
            **{
                name: type_.from_json(value[camel_case(name)], f"{path}.{camel_case(name)}")
                for name, type_ in types_.items()
            }
        )


@dataclass(frozen=True, slots=True)
class ListType:
    """A tuple as a list."""

    item: JsonType

    def to_json(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.item.to_json(item) for item in value]

    def from_json(self, value: object, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InvalidValue(path, "a list", value)
        return tuple(self.item.from_json(item, f"{path}[{i}]") for i, item in enumerate(value))


@dataclass(frozen=True, slots=True)
class OptionalType:
    """None as null."""

    present: JsonType

    def to_json(self, value: Any) -> Any:
        return None if value is None else self.present.to_json(value)

    def from_json(self, value: object, path: str) -> Any:
        return None if value is None else self.present.from_json(value, path)


@dataclass(frozen=True, slots=True)
class EnumType:
    """A member of an enum as its name."""

    cls: type[Enum]

    def to_json(self, value: Enum) -> str:
        return value.name.lower()

    def from_json(self, value: object, path: str) -> Enum:
        names = {member.name.lower(): member for member in self.cls}
        if isinstance(value, str) and value in names:
            return names[value]
        raise InvalidValue(path, f"one of {', '.join(names)}", value)


@cache
def _fields(object_type: ObjectType) -> Mapping[str, JsonType]:
    cls = get_origin(object_type.hint) or object_type.hint
    parameters = dict(zip(getattr(cls, "__parameters__", ()), get_args(object_type.hint), strict=True))
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: _json_type(parameters.get(hints[field.name], hints[field.name])) for field in fields(cls)}


def _json_type(hint: Any) -> JsonType:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        json_type: JsonType = hint.__metadata__[0]
        return json_type
    if origin is tuple:
        return ListType(_json_type(arguments[0]))
    if origin in (Union, types.UnionType):
        present, _none = arguments
        return OptionalType(_json_type(present))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return EnumType(hint)
    return ObjectType(hint)
