"""A plot is well-formed SVG with its points where they belong."""

from xml.etree import ElementTree

import pytest

from peers.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Plot, svg, ticks

SVG = "{http://www.w3.org/2000/svg}"
PLOT = Plot("Gas & more", "things", "gas", {"up": ((0, 0), (5, 50), (10, 100)), "flat": ((0, 25), (10, 25))})


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, [0, 1]),
        (6, [0, 1, 2, 3, 4, 5, 6]),
        (200, [0, 50, 100, 150, 200]),
        (201, [0, 50, 100, 150, 200, 250]),
        (1_337_760, [0, 500_000, 1_000_000, 1_500_000]),
    ],
)
def test_ticks(highest: int, expected: list[int]) -> None:
    assert ticks(highest) == expected


def test_points_are_where_the_values_are() -> None:
    picture = ElementTree.fromstring(svg(PLOT))
    up, flat = (line.attrib["points"] for line in picture.iter(f"{SVG}polyline"))
    right, bottom = float(WIDTH - RIGHT), float(HEIGHT - BOTTOM)
    assert up == f"{float(LEFT)},{bottom} {(LEFT + right) / 2},{(TOP + bottom) / 2} {right},{float(TOP)}"
    middle = bottom - (bottom - TOP) / 4
    assert flat == f"{float(LEFT)},{middle} {right},{middle}"


def test_what_is_written() -> None:
    picture = ElementTree.fromstring(svg(PLOT))
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert texts == [
        "Gas & more",
        *(["0", "20", "40", "60", "80", "100"]),
        *(["0", "2", "4", "6", "8", "10"]),
        "things",
        "gas",
        "up",
        "flat",
    ]
    assert [title.text for title in picture.iter(f"{SVG}title")][:3] == ["Gas & more", "0: 0", "5: 50"]


def test_it_has_colours_for_light_and_dark_and_paper_of_its_own() -> None:
    light, dark = svg(PLOT).split("@media (prefers-color-scheme: dark)")
    for style in (light, dark.partition("</style>")[0]):
        for name in (".paper", "text", ".grid", ".curve-0", ".curve-1", ".point-0", ".point-1"):
            assert f"{name} {{" in style


def test_it_is_always_the_same() -> None:
    assert svg(PLOT) == svg(PLOT)
