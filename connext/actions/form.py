"""The form of an action, and the table that every verb enters itself into."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, get_args, get_type_hints

from connext.calls import Call
from connext.errors import ConnextError
from connext.expectations import NOTHING_SPECIAL, Expected, MatchesField, MatchField
from connext.fields import CountField, DurationField, FieldType, NameField, read_list
from connext.types import InvalidValue
from connext.world import World

# --- Errors ---


@dataclass(eq=False)
class UnknownAction(ConnextError, ValueError):
    text = "{path}: there is no action {name!r}; known are {known}"
    path: str
    name: object
    known: str


# --- Actions ---


@dataclass(frozen=True, slots=True)
class Action:
    """One entry of a story; `action` makes it, with every field checked.

    time: in seconds after the story's start; None for right after the action before. expected: what must come of it.
    gas: the limit of its transaction; None for as much as is needed.
    """

    name: str
    actor: str | None
    fields: Mapping[str, Any]
    time: int | None
    expected: Expected = NOTHING_SPECIAL
    gas: int | None = None


def action(name: str, actor: str | None = None, time: int | None = None, /, **fields: Any) -> Action:
    """An action with its fields as values or as people write them. Raises UnknownAction, InvalidValue."""
    written = {"do": name, "by": actor, "at": time, **fields}
    return read_action({key: value for key, value in written.items() if value is not None}, name)


def read_action(document: object, path: str) -> Action:
    """The action in a mapping: `do` (its name), `by` (its actor), `at` (its time), `gas`, its fields, `fails`, `emits`.

    path: names the mapping in errors. Raises UnknownAction, InvalidValue.
    """
    if not isinstance(document, Mapping):
        raise InvalidValue(path, "a mapping with `do`", document)
    name = document.get("do")
    if not isinstance(name, str) or name not in VOCABULARY:
        raise UnknownAction(f"{path}.do", name, ", ".join(VOCABULARY))
    verb = VOCABULARY[name]
    types = {**_HEAD, **verb.fields}
    for key in document.keys() - types.keys() - {"do"}:
        raise InvalidValue(f"{path}.{key}", f"one of the fields of {name}: {', '.join(types)}", document[key])
    for key in sorted(verb.required - document.keys()):
        raise InvalidValue(f"{path}.{key}", types[key].expected, None)
    if "gas" in document and not verb.is_call:
        raise InvalidValue(f"{path}.gas", "no gas: this is no call of a contract", document["gas"])
    if "by" in document and not verb.has_actor:
        raise InvalidValue(f"{path}.by", "no actor: the world does this", document["by"])
    values = {key: types[key].read(value, f"{path}.{key}") for key, value in document.items() if key != "do"}
    actor, time, gas = (values.pop(key, None) for key in ("by", "at", "gas"))
    expected = Expected(values.pop("fails", None), values.pop("emits", None))
    return Action(name, actor, MappingProxyType(values), time, expected, gas)


def write_action(action: Action) -> dict[str, Any]:
    """The mapping that `read_action` reads."""
    fields = VOCABULARY[action.name].fields
    head = {"do": action.name, "at": action.time, "by": action.actor, "gas": action.gas}
    tail = {"fails": action.expected.fails, "emits": action.expected.emits}
    return (
        {key: value for key, value in head.items() if value is not None}
        | {key: fields[key].write(value) for key, value in action.fields.items()}
        | {key: _HEAD[key].write(value) for key, value in tail.items() if value is not None}
    )


_HEAD: dict[str, FieldType] = {
    "by": NameField(),
    "at": DurationField(),
    "gas": CountField(),
    "fails": MatchField(),
    "emits": MatchesField(),
}
"""What every action may have."""


@dataclass(frozen=True, slots=True)
class ActionsField:
    """Several actions of the chain."""

    expected: ClassVar[str] = "a list of actions"

    def read(self, value: object, path: str) -> tuple[Action, ...]:
        return read_list(value, path, self.expected, self._read_one)

    def _read_one(self, value: object, path: str) -> Action:
        item = value if isinstance(value, Action) else read_action(value, path)
        if not VOCABULARY[item.name].is_call:
            raise InvalidValue(f"{path}.do", "an action of the chain", item.name)
        return item

    def write(self, value: tuple[Action, ...]) -> list[Any]:
        return [write_action(item) for item in value]


# --- Verbs ---


@dataclass(frozen=True, slots=True)
class Verb:
    """What an action does, and what it needs to know.

    is_call: it is one call of the manager, which the actor's account sends. effect may leave the actor out.
    """

    effect: Callable[..., Call | None]
    fields: Mapping[str, FieldType]
    required: frozenset[str]
    is_call: bool
    has_actor: bool
    effect_has_actor: bool


VOCABULARY: dict[str, Verb] = {}


def verb(effect: Callable[..., Call | None]) -> Callable[..., Call | None]:
    """Enter a function into the vocabulary: its parameters are the fields, those without a default are required."""
    hints = get_type_hints(effect, include_extras=True)
    parameters = [p for p in inspect.signature(effect).parameters.values() if p.name not in ("world", "actor")]
    is_call, effect_has_actor = hints["return"] is Call, "actor" in hints
    has_actor = is_call or effect_has_actor
    required = {p.name for p in parameters if p.default is p.empty} | ({"by"} if has_actor else set())
    VOCABULARY[effect.__name__] = Verb(
        effect=effect,
        fields={p.name: field_type(hints[p.name]) for p in parameters},
        required=frozenset(required),
        is_call=is_call,
        has_actor=has_actor,
        effect_has_actor=effect_has_actor,
    )
    return effect


def field_type(hint: Any) -> FieldType:
    """From `Name`, or from `Name | None`."""
    annotated = hint if hasattr(hint, "__metadata__") else get_args(hint)[0]
    declared: FieldType = annotated.__metadata__[0]
    return declared


def perform(world: World, action: Action) -> Call | None:
    """Let the actor do it; what is a call of the manager is returned, not sent."""
    verb = VOCABULARY[action.name]
    actor = {"actor": world.actor(str(action.actor))} if verb.effect_has_actor else {}
    return verb.effect(world, **actor, **action.fields)
