"""A story as a YAML document: its channels, and its actions in order (docs/formats.md). Errors name line and field."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, get_type_hints

import yaml

from connext.actions import Action, UnknownAction, read_action, write_action
from connext.errors import ConnextError
from connext.fields import FieldType, NameField
from connext.story import Story, Terms
from connext.types import InvalidValue


@dataclass(eq=False)
class InvalidStory(ConnextError, ValueError):
    """The document is no story; line counts from 1."""

    text = "{source}, line {line}: {problem}"
    source: str
    line: int
    problem: str


# --- Writing ---


def write_story(story: Story) -> str:
    """The document that `read_story` reads; every action is one line."""
    channels = [f"  {_flow(name)}: {_flow(_write_terms(terms))}" for name, terms in story.channels.items()]
    actions = [f"  - {_flow(write_action(action))}" for action in story.actions]
    lines = [f"title: {_flow(story.title)}", *_block("channels", channels, "{}"), *_block("actions", actions, "[]")]
    return "\n".join(lines) + "\n"


def _block(key: str, lines: list[str], empty: str) -> list[str]:
    return [f"{key}:", *lines] if lines else [f"{key}: {empty}"]


def _flow(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=float("inf"), allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _write_terms(terms: Terms) -> dict[str, Any]:
    return {name: type_.write(getattr(terms, name)) for name, type_ in _TERMS.items()}


# --- Reading ---


def read_story(text: str, source: str = "story") -> Story:
    """The story in a YAML document; source: names it in errors. Raises InvalidStory."""
    document = _Document(source)
    try:
        root = document.value(yaml.compose(text, Loader=yaml.SafeLoader), "")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InvalidStory(source, mark.line + 1 if mark else 1, str(error.problem)) from None
    try:
        return _read(root)
    except InvalidValue as error:
        raise InvalidStory(source, document.line(error.field), str(error)) from None
    except UnknownAction as error:
        raise InvalidStory(source, document.line(error.path), str(error)) from None


def _read(root: object) -> Story:
    if not isinstance(root, dict):
        raise InvalidValue("", "a mapping with `title`, `channels` and `actions`", root)
    _require_keys(root, {"title", "channels", "actions"}, "")
    if not isinstance(root["title"], str) or not root["title"].isprintable():
        raise InvalidValue("title", "one line of text", root["title"])
    if not isinstance(root["channels"], dict):
        raise InvalidValue("channels", "a mapping of channels by name", root["channels"])
    if not isinstance(root["actions"], list):
        raise InvalidValue("actions", "a list of actions", root["actions"])
    channels = {
        NameField().read(name, f"channels.{name}"): _read_terms(terms, f"channels.{name}")
        for name, terms in root["channels"].items()
    }
    actions = tuple(read_action(item, f"actions[{i}]") for i, item in enumerate(root["actions"]))
    for i, action in enumerate(actions):
        _require_channels(action, channels, f"actions[{i}]")
    return Story(root["title"], MappingProxyType(channels), actions)


def _read_terms(value: object, path: str) -> Terms:
    if not isinstance(value, dict):
        raise InvalidValue(path, "a mapping with user, node, period and salt", value)
    _require_keys(value, _TERMS.keys(), f"{path}.")
    return Terms(**{name: type_.read(value[name], f"{path}.{name}") for name, type_ in _TERMS.items()})


def _require_keys(value: dict[str, Any], names: Iterable[str], prefix: str) -> None:
    for name in value.keys() - set(names):
        raise InvalidValue(f"{prefix}{name}", f"one of the fields {', '.join(sorted(names))}", value[name])
    for name in sorted(set(names) - value.keys()):
        raise InvalidValue(f"{prefix}{name}", "this field", None)


def _require_channels(action: Action, channels: Iterable[str], path: str) -> None:
    channel = action.fields.get("channel")
    if channel is not None and channel not in channels:
        raise InvalidValue(f"{path}.channel", f"one of the channels {', '.join(channels)}", channel)
    for i, item in enumerate(action.fields.get("items", ())):
        _require_channels(item, channels, f"{path}.items[{i}]")


_TERMS: dict[str, FieldType] = {
    field.name: get_type_hints(Terms, include_extras=True)[field.name].__metadata__[0] for field in fields(Terms)
}


class _Document:
    """A YAML tree as Python values, that knows the line of each by its path."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: dict[str, int] = {}
        self._scalars = yaml.SafeLoader("")

    def line(self, path: str) -> int:
        """Of the value, or where it is missing of what should hold it."""
        while path not in self._lines and path:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._lines.get(path, 1)

    def value(self, node: yaml.Node | None, path: str) -> Any:
        if node is None:
            return None
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{path}[{i}]") for i, item in enumerate(node.value)]
        return self._scalars.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or key in mapping:
                raise InvalidStory(self._source, key_node.start_mark.line + 1, f"{key!r} cannot be a key here")
            child = f"{path}.{key}" if path else key
            mapping[key] = self.value(value_node, child)
            self._lines[child] = key_node.start_mark.line + 1
        return mapping
