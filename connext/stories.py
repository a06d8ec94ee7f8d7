"""A story as a YAML document: its channels, and its actions in order (docs/formats.md). Errors name line and field."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, get_type_hints

import yaml
from yaml.composer import ComposerError
from yaml.reader import ReaderError

from connext import plot
from connext.actions import Action, UnknownAction, read_action, write_action
from connext.actions.form import field_type
from connext.errors import ConnextError
from connext.fields import FieldType, NameField
from connext.story import GUARANTEES, End, Limits, Story, Terms, names_in
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
    head = [f"title: {_flow(story.title)}"]
    if story.about:
        head.append(f"about: {_flow(story.about)}")
    if story.guarantees:
        head.append(f"guarantees: {_flow(list(story.guarantees))}")
    if story.limits is not None:
        head.append(f"limits: {_flow(_write_fields(_LIMITS, story.limits))}")
    channels = [f"  {_flow(name)}: {_flow(_write_fields(_TERMS, terms))}" for name, terms in story.channels.items()]
    actions = [f"  - {_flow(write_action(action))}" for action in story.actions]
    strangers = [f"strangers: {_flow(story.strangers)}"] if story.strangers else []
    lines = [*head, *_block("channels", channels, "{}"), *strangers, *_block("actions", actions, "[]")]
    if story.ends is not None:
        ends = [f"  {_flow(name)}: {_flow(_write_fields(_END, end))}" for name, end in story.ends.items()]
        lines += _block("ends", ends, "{}")
    return "\n".join(lines) + "\n"


def _block(key: str, lines: list[str], empty: str) -> list[str]:
    return [f"{key}:", *lines] if lines else [f"{key}: {empty}"]


def _flow(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=float("inf"), allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _write_fields(types: Mapping[str, FieldType], value: object) -> dict[str, Any]:
    """Without those that are as they are by default."""
    defaults = {field.name: field.default for field in fields(type(value))}  # type: ignore[arg-type] # a dataclass
    present = {name: getattr(value, name) for name in types}
    return {name: types[name].write(held) for name, held in present.items() if held != defaults[name]}


# --- Reading ---


def read_story(text: str, source: str = "story") -> Story:
    """The story in a YAML document; source: names it in errors. Raises InvalidStory."""
    return _read_document(text, _Document(source))


def read_playable(text: str, source: str = "story") -> tuple[Story, tuple[int, ...]]:
    """A story of which nothing can be seen to be impossible, and the lines of its actions. Raises InvalidStory."""
    document = _Document(source)
    story = _read_document(text, document)
    try:
        plot.check(story)
    except plot.Impossible as error:
        raise InvalidStory(source, document.line(error.path), str(error)) from None
    return story, tuple(document.line(f"actions[{i}]") for i in range(len(story.actions)))


def _read_document(text: str, document: "_Document") -> Story:
    source = document.source
    try:
        root = document.value(yaml.compose(text, Loader=_Loader), "")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InvalidStory(source, mark.line + 1 if mark else 1, str(error.problem)) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InvalidStory(source, line, f"{chr(error.character)!r} cannot be in a story") from None
    try:
        return _read(root)
    except InvalidValue as error:
        raise InvalidStory(source, document.line(error.field), str(error)) from None
    except UnknownAction as error:
        raise InvalidStory(source, document.line(error.path), str(error)) from None


def _read(root: object) -> Story:
    if not isinstance(root, dict):
        raise InvalidValue("the document", "a mapping with `title`, `channels` and `actions`", root)
    _require_keys(root, _REQUIRED, "", _OPTIONAL)
    channels = {
        name: Terms(**_read_fields(terms, _TERMS, f"channels.{name}", ("user_signer", "node_signer")))
        for name, terms in _read_names(root, "channels").items()
    }
    if not isinstance(root["actions"], list):
        raise InvalidValue("actions", "a list of actions", root["actions"])
    actions = tuple(read_action(item, f"actions[{i}]") for i, item in enumerate(root["actions"]))
    for i, action in enumerate(actions):
        _require_channels(action, channels, f"actions[{i}]")
    story = Story(
        title=_read_line(root["title"], "title"),
        channels=MappingProxyType(channels),
        actions=actions,
        about=_read_line(root.get("about", ""), "about"),
        guarantees=_read_guarantees(root.get("guarantees", [])),
        limits=Limits(**_read_fields(root["limits"], _LIMITS, "limits")) if "limits" in root else None,
        ends=_read_ends(root) if "ends" in root else None,
    )
    _require_known(story, _read_strangers(root.get("strangers", [])))
    return story


def _read_strangers(value: object) -> list[str]:
    if not isinstance(value, list):
        raise InvalidValue("strangers", "a list of names", value)
    return [NameField().read(name, f"strangers[{i}]") for i, name in enumerate(value)]


def _require_known(story: Story, strangers: list[str]) -> None:
    """Everybody is introduced, so that a misspelt name is not somebody else."""
    places = {f"actions[{i}].{at}": name for i, one in enumerate(story.actions) for at, name in names_in(one).items()}
    places |= {f"ends.{name}": name for name in story.ends or ()}
    appearing = set(story.strangers)
    unknown = appearing - set(strangers)
    for place, name in places.items():
        if name in unknown:
            known = ", ".join(sorted({*story.names, *strangers} - unknown))
            raise InvalidValue(place, f"a party of a channel or one of the `strangers` ({known or 'nobody'})", name)
    for i, name in enumerate(strangers):
        if name not in appearing:
            raise InvalidValue(f"strangers[{i}]", "somebody who appears, and is no party of a channel", name)


def _read_line(value: object, path: str) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise InvalidValue(path, "one line of text", value)
    return value


def _read_guarantees(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidValue("guarantees", "a list of guarantees", value)
    for i, name in enumerate(value):
        if not isinstance(name, str) or name not in GUARANTEES:
            raise InvalidValue(f"guarantees[{i}]", f"one of {', '.join(GUARANTEES)}", name)
    return tuple(value)


def _read_ends(root: dict[str, Any]) -> Mapping[str, End]:
    ends = _read_names(root, "ends")
    return MappingProxyType({name: End(**_read_fields(end, _END, f"ends.{name}", _END)) for name, end in ends.items()})


def _read_names(root: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(root[key], dict):
        raise InvalidValue(key, f"a mapping of {key} by name", root[key])
    return {NameField().read(name, f"{key}.{name}"): value for name, value in root[key].items()}


def _read_fields(
    value: object, types: Mapping[str, FieldType], path: str, optional: Iterable[str] = ()
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue(path, f"a mapping with {', '.join(types)}", value)
    _require_keys(value, types.keys() - set(optional), f"{path}.", optional)
    return {name: types[name].read(item, f"{path}.{name}") for name, item in value.items()}


def _require_keys(value: dict[str, Any], required: Iterable[str], prefix: str, optional: Iterable[str] = ()) -> None:
    names = {*required, *optional}
    for name in value:
        if name not in names:
            raise InvalidValue(f"{prefix}{name}", f"one of the fields {', '.join(sorted(names))}", value[name])
    for name in sorted(set(required) - value.keys()):
        raise InvalidValue(f"{prefix}{name}", "this field", None)


def _require_channels(action: Action, channels: Iterable[str], path: str) -> None:
    channel = action.fields.get("channel")
    if channel is not None and channel not in channels:
        raise InvalidValue(f"{path}.channel", f"one of the channels {', '.join(channels)}", channel)
    for i, item in enumerate(action.fields.get("items", ())):
        _require_channels(item, channels, f"{path}.items[{i}]")


def _types(form: type[Any]) -> dict[str, FieldType]:
    hints = get_type_hints(form, include_extras=True)
    return {field.name: field_type(hints[field.name]) for field in fields(form)}


_REQUIRED = ("title", "channels", "actions")
_OPTIONAL = ("about", "guarantees", "limits", "strangers", "ends")
_TERMS, _LIMITS, _END = _types(Terms), _types(Limits), _types(End)


class _Loader(yaml.BaseLoader):
    """Of YAML what a story needs: what is written is what is read, in as many steps as there are characters."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call] # of a library
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"*{event.anchor} cannot be in a story: write out what it stands for")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse(event, f"{tag!r} cannot be in a story: it has no tags")
        if self._depth == _DEEPEST:
            self._refuse(event, f"nothing in a story is {_DEEPEST} levels deep")
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _refuse(self, event: yaml.Event, problem: str) -> None:
        raise ComposerError(None, None, problem, event.start_mark)  # type: ignore[arg-type] # of this parser


_DEEPEST = 32
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,77})")
"""As many digits as the largest number of a contract has."""
_FRACTION = re.compile(r"-?[0-9]+\.[0-9]+")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def _unquoted(text: str) -> object:
    """A decimal number, one of a few words, or text: as which `0x1f`, `12:30`, `017` and `yes` are read."""
    if _NUMBER.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else _WORDS.get(text, text)


class _Document:
    """A YAML tree as Python values, that knows the line of each by its path."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines: dict[str, int] = {}

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
        assert isinstance(node, yaml.ScalarNode)
        return node.value if node.style else _unquoted(node.value)

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                raise InvalidStory(self.source, key_node.start_mark.line + 1, "a list or mapping cannot be a key")
            if key in mapping:
                raise InvalidStory(self.source, key_node.start_mark.line + 1, f"{key!r} is here for the second time")
            child = f"{path}.{key}" if path else key
            mapping[key] = self.value(value_node, child)
            self._lines[child] = key_node.start_mark.line + 1
        return mapping
