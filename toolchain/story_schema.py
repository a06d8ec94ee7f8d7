"""Print `docs/story.schema.json`: the form of stories (docs/formats.md) for editors, from the vocabulary itself.

It is JSON Schema of draft 7, which YAML language servers read. What a schema cannot say (a nonce that nobody signed, a
time that has passed) the reader of stories does.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from connext.actions import VOCABULARY
from connext.actions.by_hand import LockedField
from connext.actions.conditional import NamesField
from connext.actions.form import ActionsField, Verb, field_type
from connext.expectations import MatchesField, MatchField
from connext.fields import (
    ChoiceField,
    CountField,
    DurationField,
    FieldType,
    FlagField,
    MoneyField,
    NameField,
    NetField,
    PositionsField,
)
from connext.story import GUARANTEES, End, Limits, Terms

Schema = dict[str, Any]

_DECIMAL = r"(0|[1-9][0-9]*)(\.[0-9]{1,18})?"
_WEI = r"(0|[1-9][0-9]*) wei"
_AMOUNT = rf"({_DECIMAL}|{_WEI}) (ETH|DAI)"
_SIGNED = rf"-?{_AMOUNT}"


def story_schema() -> Schema:
    line = {"type": "string", "pattern": r"^[^\n]*$"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A story of payment channels",
        "description": "Form and meaning: docs/formats.md, section Stories",
        **_object(
            {
                "title": line,
                "about": {**line, "description": "One or two sentences for who reads it"},
                "guarantees": {"type": "array", "items": {"$ref": "#/definitions/guarantee"}},
                "limits": _of_form(Limits),
                "channels": _by_name(_of_form(Terms)),
                "strangers": {"type": "array", "items": {"$ref": "#/definitions/name"}},
                "actions": {"type": "array", "items": {"$ref": "#/definitions/action"}},
                "ends": _by_name(_of_form(End)),
            },
            required=("title", "channels", "actions"),
        ),
        "definitions": _definitions(),
    }


def _definitions() -> dict[str, Schema]:
    value = {"type": ["integer", "string", "boolean"]}
    return {
        "name": {"type": "string", "pattern": r"^\w[\w '.-]{0,63}$", "description": NameField.expected},
        "count": {"type": "integer", "minimum": 0},
        "duration": {
            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^[0-9]+ ?(s|min|h|d)$"}],
            "description": DurationField.expected,
        },
        "money": {
            "type": "string",
            "pattern": f"^(nothing|{_AMOUNT}( and {_AMOUNT})?)$",
            "description": MoneyField.expected,
        },
        "net": {
            "type": "string",
            "pattern": f"^(nothing|{_SIGNED}( and {_SIGNED})?)$",
            "description": NetField.expected,
        },
        "guarantee": {
            "enum": list(GUARANTEES),
            "description": "; ".join(f"{key}: {name}" for key, name in GUARANTEES.items()),
        },
        "match": {
            "description": MatchField.expected,
            "anyOf": [
                {"type": "string", "pattern": r"^[A-Za-z_]\w*$"},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": {"type": "object", "minProperties": 1, "additionalProperties": value},
                },
            ],
        },
        "transfer": {"anyOf": [_transfer("amount"), _transfer("asset", "wei")]},
        "action": {"anyOf": [_action(name, verb) for name, verb in VOCABULARY.items()]},
    }


def _action(name: str, verb: Verb) -> Schema:
    head: dict[str, Schema] = {"do": {"const": name}}
    if verb.has_actor:
        head["by"] = {"$ref": "#/definitions/name"}
    if verb.is_call:
        head["gas"] = {"$ref": "#/definitions/count"}
    head |= {"at": {"$ref": "#/definitions/duration"}, "fails": _of(MatchField()), "emits": _of(MatchesField())}
    own = {key: _of(field) for key, field in verb.fields.items()}
    return _object(head | own, required=("do", *sorted(verb.required)), description=verb.effect.__doc__)


def _of(field: FieldType) -> Schema:
    match field:
        case NameField():
            return {"$ref": "#/definitions/name"}
        case CountField():
            return {"$ref": "#/definitions/count"}
        case DurationField():
            return {"$ref": "#/definitions/duration"}
        case MoneyField():
            return {"$ref": "#/definitions/money"}
        case NetField():
            return {"$ref": "#/definitions/net"}
        case FlagField():
            return {"type": "boolean"}
        case ChoiceField(choices):
            return {"enum": list(choices)}
        case MatchField():
            return {"$ref": "#/definitions/match"}
    return {"type": "array", "items": {"$ref": f"#/definitions/{_ITEMS[type(field)]}"}}


_ITEMS: dict[type, str] = {
    PositionsField: "count",
    NamesField: "name",
    LockedField: "transfer",
    MatchesField: "match",
    ActionsField: "action",
}
"""What is in a list."""


def _transfer(*amount: str) -> Schema:
    count = {"$ref": "#/definitions/count"}
    amounts: dict[str, Schema] = {"amount": {"$ref": "#/definitions/money"}, "asset": count, "wei": count}
    form: dict[str, Schema] = {
        "payment": {"$ref": "#/definitions/name"},
        "payer": {"anyOf": [{"enum": ["user", "node"]}, count]},
        **{key: amounts[key] for key in amount},
        "id": count,
    }
    return _object(form, required=("payment", "payer", *amount))


def _of_form(form: type[Any]) -> Schema:
    """Of a dataclass whose fields are annotated with how they are written; those with a default may be left out."""
    hints = get_type_hints(form, include_extras=True)
    required = tuple(field.name for field in fields(form) if field.default is MISSING)
    return _object({field.name: _of(field_type(hints[field.name])) for field in fields(form)}, required)


def _by_name(schema: Schema) -> Schema:
    return {"type": "object", "propertyNames": {"$ref": "#/definitions/name"}, "additionalProperties": schema}


def _object(properties: Mapping[str, Schema], required: tuple[str, ...] = (), description: str | None = None) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return schema | ({"description": " ".join(description.split())} if description else {})


if __name__ == "__main__":
    json.dump(story_schema(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
