"""The report in a real browser: with the keyboard alone, on a phone, in the dark and on paper."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from connext.replay.report import Replay
from tests.browser.conftest import SHOTS, SHOWN, WRONG, Visit

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
NAMES = (*SHOWN, WRONG)

Open = Callable[..., Visit]


@pytest.fixture
def opened(browser: Browser, pages: dict[str, Path]) -> Iterator[Open]:
    """Opens a page by its name; complaints of any page fail the test in the end."""
    visits: list[Visit] = []

    def open_(name: str, viewport: dict[str, int] = DESK, scheme: str = "light") -> Visit:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, device_scale_factor=1)  # type: ignore[arg-type]
        visit = Visit(context.new_page())
        visits.append(visit)
        visit.page.goto(pages[name].as_uri())
        return visit

    yield open_
    assert [complaint for visit in visits for complaint in visit.complaints] == []
    for visit in visits:
        visit.page.context.close()


def focused(visit: Visit) -> str:
    found: str = visit.page.evaluate("document.activeElement.id")
    return found


def shown(visit: Visit) -> list[bool]:
    """Of each step, whether its details are seen."""
    found: list[bool] = visit.page.eval_on_selector_all(".details", "all => all.map(one => one.checkVisibility())")
    return found


# --- Keyboard ---


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("forward", "back"), [("j", "k"), ("ArrowDown", "ArrowUp")])
def test_every_step_is_reached_by_keys(
    opened: Open, replays: dict[str, Replay], name: str, forward: str, back: str
) -> None:
    visit = opened(name)
    there = [f"step-{moment.number}" for moment in replays[name].moments]
    reached = []
    for _ in there:
        visit.page.keyboard.press(forward)
        reached.append(focused(visit))
        assert visit.page.locator(f"#{reached[-1]}").is_visible()
    assert reached == there
    visit.page.keyboard.press(forward)
    assert focused(visit) == there[-1]
    for wanted in reversed(there[:-1]):
        visit.page.keyboard.press(back)
        assert focused(visit) == wanted


def test_home_end_enter_and_all(opened: Open) -> None:
    visit = opened(SHOWN[0])
    press = visit.page.keyboard.press
    count = len(shown(visit))
    assert shown(visit) == [False] * count
    press("End")
    assert focused(visit) == f"step-{count}"
    press("Enter")
    assert shown(visit) == [False] * (count - 1) + [True]
    press("Home")
    assert focused(visit) == "step-1"
    press("a")
    assert shown(visit) == [True] * count
    press("a")
    assert shown(visit) == [False] * count


def test_the_focused_step_is_not_under_the_names(opened: Open) -> None:
    """Which stay at the top."""
    visit = opened(SHOWN[1], PHONE)
    for key in ("End", "k", "k", "Home", "j", "k"):
        visit.page.keyboard.press(key)
        top, bottom = visit.page.evaluate(
            "[document.activeElement.getBoundingClientRect().top,"
            " document.querySelector('.names').getBoundingClientRect().bottom]"
        )
        assert top >= bottom - 1


def test_a_click_shows_details(opened: Open) -> None:
    visit = opened(SHOWN[0])
    visit.page.click("#step-2 .head")
    assert shown(visit)[1]


# --- Room ---

BEYOND = """() => [...document.querySelectorAll('body *')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 0.5)
  .map(one => `${one.tagName}.${one.className.baseVal ?? one.className}: ${one.textContent.trim().slice(0, 40)}`)"""


@pytest.mark.parametrize("name", [*NAMES, "index"])
@pytest.mark.parametrize("width", [360, 320])
def test_nothing_is_cut_off_on_a_phone(opened: Open, name: str, width: int) -> None:
    visit = opened(name, {"width": width, "height": 740})
    visit.page.keyboard.press("a")
    wide, room = visit.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room
    assert visit.page.evaluate(BEYOND) == []


# --- What strangers wrote ---


def test_names_and_titles_are_text(opened: Open) -> None:
    visit = opened(WRONG)
    assert visit.page.title().startswith("<script>document.title")
    assert "<img src=x" in visit.page.inner_text("header")
    assert visit.page.locator("img").count() == 0
    assert "Not as the story says" in visit.page.inner_text("[role=alert]")


# --- On paper, and pictures of it all ---


def test_on_paper_all_details_are_shown(opened: Open) -> None:
    visit = opened(SHOWN[0])
    visit.page.emulate_media(media="print")
    assert all(shown(visit))
    assert not visit.page.is_visible(".keys")
    visit.page.pdf(path=SHOTS / "paper.pdf", format="A4")


def test_without_scripts_all_details_are_shown(browser: Browser, pages: dict[str, Path]) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(pages[SHOWN[0]].as_uri())
        assert all(details.is_visible() for details in page.locator(".details").all())


@pytest.mark.parametrize(("kind", "viewport"), [("desk", DESK), ("phone", PHONE)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_to_look_at(opened: Open, kind: str, viewport: dict[str, int], scheme: str) -> None:
    """In `.build/report-shots`. Text must be seen on its ground."""
    for name in (SHOWN[0], SHOWN[2], WRONG, "index"):
        visit = opened(name, viewport, scheme)
        visit.page.keyboard.press("j")
        visit.page.keyboard.press("Enter")
        visit.page.screenshot(path=SHOTS / f"{name}-{kind}-{scheme}.png", full_page=True)
        ink, paper = (brightness(visit, property_) for property_ in ("color", "backgroundColor"))
        assert (ink < 60 < 200 < paper) if scheme == "light" else (paper < 60 < 200 < ink)


def brightness(visit: Visit, property_: str) -> float:
    color: str = visit.page.evaluate(f"getComputedStyle(document.body).{property_}")
    return sum(map(float, color.removeprefix("rgb(").rstrip(")").split(","))) / 3
