"""A line plot as SVG, readable on a light and on a dark screen.

Drawn by hand: a plotting library would be needed by the tests, too, which compare the committed pictures with the
committed figures to the byte.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from math import floor, log10

from connext.bench import Curve

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 92, 24, 48, 56
TICKS = 6

STYLE = """\
text { font: 13px system-ui, sans-serif; }
.title { font-weight: 600; font-size: 15px; }
.curve { fill: none; stroke-width: 2; }
.paper { fill: #ffffff; } text { fill: #24292f; } .grid { stroke: #d8dee4; }
.curve-0 { stroke: #0969da; } .point-0 { fill: #0969da; }
.curve-1 { stroke: #bc4c00; } .point-1 { fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117; } text { fill: #e6edf3; } .grid { stroke: #30363d; }
  .curve-0 { stroke: #58a6ff; } .point-0 { fill: #58a6ff; }
  .curve-1 { stroke: #f0883e; } .point-1 { fill: #f0883e; }
}
"""
"""On paper of its own: whatever the page around it looks like, ink and paper differ."""


@dataclass(frozen=True)
class Plot:
    """curves: by label, at most two, each from x = 0 or more; y starts at 0."""

    title: str
    x: str
    y: str
    curves: Mapping[str, Curve]


def svg(plot: Plot) -> str:
    body = "\n".join(_parts(plot))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n{body}\n</svg>\n'


def ticks(highest: int) -> list[int]:
    """From 0 to `highest` or a little more, in steps of 1, 2 or 5 times a power of ten."""
    rough = max(highest, 1) / TICKS
    power = 10 ** max(floor(log10(rough)), 0)
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [step * i for i in range(-(-max(highest, 1) // step) + 1)]


def _parts(plot: Plot) -> Iterator[str]:
    x_ticks, y_ticks = (ticks(max(point[axis] for curve in plot.curves.values() for point in curve)) for axis in (0, 1))
    scale = _Scale(x_ticks[-1], y_ticks[-1])
    yield f"<title>{escape(plot.title)}</title>"
    yield f"<style>\n{STYLE}</style>"
    yield f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>'
    yield _text(LEFT, 26, plot.title, "start", "title")
    for tick in y_ticks:
        y = scale.y(tick)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield _text(LEFT - 8, y + 4, _number(tick), "end")
    for tick in x_ticks:
        yield _text(scale.x(tick), HEIGHT - BOTTOM + 20, _number(tick), "middle")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, plot.x, "middle")
    turned = f'transform="rotate(-90)" x="{-(TOP + HEIGHT - BOTTOM) / 2}" y="16" text-anchor="middle"'
    yield f"<text {turned}>{escape(plot.y)}</text>"
    for number, (label, curve) in enumerate(plot.curves.items()):
        yield from _curve(number, label, curve, scale)


def _curve(number: int, label: str, curve: Curve, scale: "_Scale") -> Iterator[str]:
    line = " ".join(f"{scale.x(x)},{scale.y(y)}" for x, y in curve)
    yield f'<polyline class="curve curve-{number}" points="{line}"/>'
    for x, y in curve:
        tip = f"<title>{_number(x)}: {_number(y)}</title>"
        yield f'<circle class="point-{number}" cx="{scale.x(x)}" cy="{scale.y(y)}" r="3">{tip}</circle>'
    last_x, last_y = curve[-1]
    yield _text(scale.x(last_x) - 8, scale.y(last_y) - 10, label, "end")


@dataclass(frozen=True)
class _Scale:
    """From values to pixels."""

    highest_x: int
    highest_y: int

    def x(self, value: int) -> float:
        return round(LEFT + value / self.highest_x * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: int) -> float:
        return round(HEIGHT - BOTTOM - value / self.highest_y * (HEIGHT - TOP - BOTTOM), 1)


def _text(x: float, y: float, text: str, anchor: str, class_: str = "") -> str:
    named = f' class="{class_}"' if class_ else ""
    return f'<text{named} x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _number(value: int) -> str:
    return f"{value:,}".replace(",", " ")
