"""The page and its pictures are what the committed figures say: `python -m peers.page` would change nothing."""

from peers.figures import FIGURES, from_json, to_json
from peers.page import PAGE, PICTURES, page, pictures

COMMITTED = from_json(FIGURES.read_text())


def test_the_page() -> None:
    assert PAGE.read_text() == page(COMMITTED)


def test_the_pictures() -> None:
    drawn = pictures(COMMITTED)
    assert drawn
    assert {path: path.read_text() for path in PICTURES.iterdir()} == drawn


def test_every_picture_is_on_the_page() -> None:
    for path in pictures(COMMITTED):
        assert f"]({PICTURES.name}/{path.name})" in PAGE.read_text()


def test_figures_come_back_out_of_their_document() -> None:
    assert to_json(COMMITTED) == FIGURES.read_text()
