"""What there is to cover: the statements and branches of the contracts, by the compiler's syntax tree.

A branch is a place where a condition decides: `if`, `?:`, a loop, `&&`, `||`, and in assembly `if`, `switch` and `for`.
It has two outcomes; those of `&&` and `||` are which side decides. Assembly is one statement, because
the compiler maps it as a whole; its branches are counted like others.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proof.coverage.build import Span

STATEMENTS = {
    "Continue",
    "Break",
    "EmitStatement",
    "ExpressionStatement",
    "ForStatement",
    "IfStatement",
    "InlineAssembly",
    "PlaceholderStatement",
    "Return",
    "RevertStatement",
    "VariableDeclarationStatement",
    "WhileStatement",
}
_LOOPS = {"ForStatement", "WhileStatement"}
_IN_ASSEMBLY = {"YulIf", "YulSwitch", "YulForLoop"}

_OUTCOMES = {
    "IfStatement": ("true", "false"),
    "Conditional": ("false", "true"),
    "ForStatement": ("false", "true"),
    "WhileStatement": ("false", "true"),
    "YulIf": ("true", "false"),
    "YulSwitch": ("the first case", "another case"),
    "YulForLoop": ("true", "false"),
    "&&": ("decided on its right", "decided on its left"),
    "||": ("decided on its right", "decided on its left"),
}
"""What it means that the compiler's conditional jump is taken, and that it is not."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One of the program's steps. lines: those on which it is counted.

    own: where its instructions are found; of one with a body, its condition. whole: with its body; what is mapped to
    exactly that is the decision itself.
    """

    own: Span
    whole: Span
    lines: tuple[int, ...]

    def ran(self, seen: Collection[Span]) -> bool:
        return self.whole in seen or any(self.own.holds(span) for span in seen)


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition. jump: what the compiler maps its conditional jump to. text: as it stands in the source.

    if_jumped, if_not: what the condition is then.
    """

    jump: Span
    line: int
    text: str
    if_jumped: str
    if_not: str

    def outcome(self, jumped: bool) -> str:
        return self.if_jumped if jumped else self.if_not


class UnknownAssembly(Exception):
    """Two branches in one assembly block: the compiler's map cannot tell them apart."""


def statements(path: str, source: str, tree: Mapping[str, Any]) -> list[Statement]:
    text = source.encode()
    found = []
    for node in _nodes(tree):
        if node["nodeType"] in STATEMENTS:
            span = _span(path, node)
            own = _span(path, _condition(node)) if _condition(node) else span
            found.append(Statement(own, span, _lines(text, path, node)))
    return found


def branches(path: str, source: str, tree: Mapping[str, Any]) -> list[Branch]:
    """Raises UnknownAssembly."""
    text = source.encode()
    found = []
    for node in _nodes(tree):
        kind, operator = node["nodeType"], node.get("operator")
        if kind == "InlineAssembly":
            inside = [part for part in _nodes(node["AST"]) if part["nodeType"] in _IN_ASSEMBLY]
            if len(inside) > 1:
                raise UnknownAssembly(f"{path}:{_line(text, _span(path, node).start)}")
            found += [_branch(path, text, part, _span(path, node), part["nodeType"]) for part in inside]
        elif kind in _LOOPS and _condition(node):
            found.append(_branch(path, text, _condition(node), _span(path, _condition(node)), kind))
        elif kind in {"IfStatement", "Conditional"}:
            found.append(_branch(path, text, _condition(node), _span(path, node), kind))
        elif operator in {"&&", "||"}:
            found.append(_branch(path, text, node, _span(path, node), operator))
    return found


def _branch(path: str, text: bytes, shown: Mapping[str, Any], jump: Span, kind: str) -> Branch:
    span = _span(path, shown)
    excerpt = " ".join(text[span.start : span.end].decode().split())
    return Branch(jump, _line(text, span.start), _short(excerpt), *_OUTCOMES[kind])


def _short(text: str) -> str:
    return text if len(text) <= 70 else text[:67] + "..."


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All nodes below, in the order of the tree."""
    if isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _condition(node: Mapping[str, Any]) -> dict[str, Any]:
    """The node's own condition; empty where it has none."""
    found: dict[str, Any] = node.get("condition") or {}
    return found


def _span(path: str, node: Mapping[str, Any]) -> Span:
    start, length, _ = map(int, node["src"].split(":"))
    return Span(path, start, start + length)


def _lines(text: bytes, path: str, node: Mapping[str, Any]) -> tuple[int, ...]:
    """Where a statement begins; in assembly, where each of its statements does."""
    parts = [node]
    if node["nodeType"] == "InlineAssembly":
        kinds = {"YulAssignment", "YulExpressionStatement", "YulVariableDeclaration", *_IN_ASSEMBLY}
        parts = [part for part in _nodes(node["AST"]) if part["nodeType"] in kinds]
    return tuple(sorted({_line(text, _span(path, part).start) for part in parts}))


def _line(text: bytes, offset: int) -> int:
    return text.count(b"\n", 0, offset) + 1
