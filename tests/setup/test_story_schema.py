"""`docs/story.schema.json` is what the vocabulary says (`make docs`), and takes what the reader of stories takes."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from connext.actions import VOCABULARY
from toolchain.artifacts import CHECKOUT

SCHEMA: dict[str, Any] = json.loads((CHECKOUT / "docs" / "story.schema.json").read_text())
SCENARIOS = sorted((CHECKOUT / "scenarios").glob("*.yaml"))


def test_the_committed_schema_is_of_this_vocabulary() -> None:
    generated = subprocess.check_output([sys.executable, "toolchain/story_schema.py"], cwd=CHECKOUT, text=True)
    assert json.loads(generated) == SCHEMA


def test_every_action_is_in_it_once() -> None:
    named = [one["properties"]["do"]["const"] for one in SCHEMA["definitions"]["action"]["anyOf"]]
    assert named == list(VOCABULARY)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_takes_every_scenario(path: Any) -> None:
    assert takes(SCHEMA, yaml.safe_load(path.read_text()))


STORY = """\
title: Something happens
channels: {main: {user: alice, node: bob, period: 1 d, salt: 0}}
actions:
  - {do: deposit, by: alice, channel: main, side: user, amount: 1.5 ETH and 20 DAI, emits: [ChannelOpened]}
  - {do: batch, by: bob, items: [{do: permit, by: bob}], fails: {OutOfGas: {index: 0}}}
  - {do: make_state, message: one, channel: main, nonce: 1, transfers: [{payment: x, payer: 2, asset: 7, wei: 5}]}
ends: {alice: {wallet: -1.5 ETH and -20 DAI}}
"""


def test_it_takes_the_story() -> None:
    assert takes(SCHEMA, yaml.safe_load(STORY))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: ", "titel: "),
        ("1 d", "soon"),
        ("salt: 0", "salt: -1"),
        (", salt: 0", ""),
        ("do: deposit", "do: deposits"),
        ("by: alice, ", ""),
        ("side: user", "side: both"),
        ("20 DAI, emits", "20 DOI, emits"),
        ("emits: [ChannelOpened]", "emits: ChannelOpened"),
        ("do: permit", "do: permits"),
        ("{index: 0}", "{}"),
        ("wei: 5", "wey: 5"),
        ("wallet: -1.5 ETH", "wallet: 1e3 ETH"),
        ("nonce: 1", "nonce: one"),
    ],
)
def test_it_does_not_take(old: str, new: str) -> None:
    assert STORY.count(old) == 1
    assert not takes(SCHEMA, yaml.safe_load(STORY.replace(old, new)))


# --- As much of JSON Schema as the document uses ---

TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
}
SILENT = {"$schema", "title", "description", "definitions"}


def takes(schema: Mapping[str, Any], value: object) -> bool:
    return all(_holds(key, schema, value) for key in schema.keys() - SILENT)


def _holds(key: str, schema: Mapping[str, Any], value: Any) -> bool:
    wanted = schema[key]
    match key:
        case "$ref":
            return takes(SCHEMA["definitions"][wanted.removeprefix("#/definitions/")], value)
        case "anyOf":
            return any(takes(one, value) for one in wanted)
        case "type":
            return any(TYPES[name](value) for name in ([wanted] if isinstance(wanted, str) else wanted))
        case "const":
            return bool(value == wanted)
        case "enum":
            return value in wanted
        case "minimum":
            return not TYPES["integer"](value) or value >= wanted
        case "pattern":
            return not isinstance(value, str) or re.search(wanted, value) is not None
        case "items":
            return not isinstance(value, list) or all(takes(wanted, item) for item in value)
    return not isinstance(value, dict) or _holds_of_object(key, schema, value)


def _holds_of_object(key: str, schema: Mapping[str, Any], value: dict[str, Any]) -> bool:
    wanted = schema[key]
    match key:
        case "required":
            return set(wanted) <= value.keys()
        case "properties":
            return all(takes(wanted[name], item) for name, item in value.items() if name in wanted)
        case "additionalProperties":
            others = [item for name, item in value.items() if name not in schema.get("properties", {})]
            return not others if wanted is False else all(takes(wanted, item) for item in others)
        case "propertyNames":
            return all(takes(wanted, name) for name in value)
        case "minProperties":
            return len(value) >= wanted
        case "maxProperties":
            return len(value) <= wanted
    raise AssertionError(f"{key} is not checked here")
