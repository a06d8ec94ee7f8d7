"""The page of a replay: everything of every step is on it, as text, and the same replay is the same page."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from connext import lifecycle
from connext.chain.evm import EvmChain
from connext.replay.report import Origin, Replay, render, render_index
from connext.replay.timeline import Recorder
from connext.stories import read_story
from tests.scene import stage

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = [path.stem for path in sorted(SCENARIOS.glob("*.yaml"))]
ORIGIN = Origin("a.yaml", "sha256 1234", "commit 5678", "a chain (chain id 9)", 11)


def replay(name: str, old: str = "", new: str = "") -> Replay:
    text = (SCENARIOS / f"{name}.yaml").read_text()
    story = read_story(text.replace(old, new) if old else text)
    recorder = Recorder(stage(story, EvmChain(), policy=lifecycle.POLICY), story)
    return Replay(
        story=story,
        origin=ORIGIN,
        start=recorder.start,
        moments=tuple(recorder.moments()),
        ends=recorder.ends(),
        settlements=recorder.settlements(),
        problems_at_end=recorder.problems_at_end(),
    )


class Text(HTMLParser):
    """The page's text by the ids that it is under, and all tags that were opened and not closed."""

    VOID = ("meta", "link", "br", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str | None]] = []
        self.texts: dict[str | None, str] = {}
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [str(given[key]) for key in ("href", "src") if key in given]
        if tag not in self.VOID:
            self.open.append((tag, given.get("id") or (self.open[-1][1] if self.open else None)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] not in ("style", "script"):
            key = self.open[-1][1]
            self.texts[key] = " ".join(f"{self.texts.get(key, '')} {data}".split())


@pytest.mark.parametrize("name", NAMES)
def test_everything_of_every_step_is_on_the_page(name: str) -> None:
    made = replay(name)
    text = Text(render(made))
    assert text.open == []
    assert all(link.startswith("data:") for link in text.links), "the page needs something from elsewhere"
    for moment in made.moments:
        step = text.texts[f"step-{moment.number}"]
        for line in moment.written:
            assert f"{line[0]}: {line[1]}" in step
        for deed in moment.deeds:
            assert f"{deed.sender} calls {deed.contract}.{deed.function}" in step
            assert f"{deed.gas:,} gas" in step
            happened = [*deed.events, *([deed.error] if deed.error else [])]
            assert all(one.name in step for one in happened)
            for _, words in [*deed.arguments, *(value for one in happened for value in one.values)]:
                assert " ".join(words.split()) in step
        for said in [*(message.text for message in moment.messages), *moment.notes, *moment.problems]:
            assert " ".join(said.split()) in step


def test_the_same_replay_is_the_same_page() -> None:
    assert render(replay("both-are-away")) == render(replay("both-are-away"))


def test_where_it_comes_from_is_said() -> None:
    page = render(replay("both-are-away"))
    for part in ("a.yaml", "sha256 1234", "commit 5678", "a chain (chain id 9)", "block 11"):
        assert part in page


def test_what_came_out_otherwise_is_said_at_the_top_and_at_its_step() -> None:
    made = replay("both-are-away", "nonce: 2, userWei: 1.5 ETH", "nonce: 2, userWei: 1.6 ETH")
    problem = "userWei of ChannelSettled is 1500000000000000000 instead of 1.6 ETH"
    text = Text(render(made))
    assert problem in text.texts[f"step-{len(made.moments)}"]
    assert f"step {len(made.moments)}: {problem}" in str(text.texts[None])
    assert "Everything came out" not in str(text.texts[None])
    assert "1 of 2 stories did not come out" in render_index([("a", made), ("b", replay("both-are-away"))])


HOSTILE = "<script>alert(1)</script>\"'&"


def test_whatever_a_story_says_is_text() -> None:
    """Titles and names are from strangers."""
    made = replay("both-are-away")
    moment = replace(made.moments[0], written=((HOSTILE, HOSTILE),), notes=(HOSTILE,), problems=(HOSTILE,))
    story = replace(made.story, title=HOSTILE, about=HOSTILE)
    origin = replace(ORIGIN, source=HOSTILE)
    hostile = replace(made, story=story, origin=origin, moments=(moment,), problems_at_end=(HOSTILE,))
    for page in (render(hostile), render_index([(HOSTILE, hostile)])):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;" in page


def test_people_stand_before_contracts() -> None:
    page = render(replay("the-secret-shown-at-the-last-moment"))
    (names,) = re.findall(r'<div class="names".*?</div>', page, re.DOTALL)
    shown = [name.replace("\u200b", "") for name in re.findall(r"<span>(.*?)</span>", names)]
    assert shown == ["alice", "bob", "charlie", "ChannelManager", "OutcomeRegistry"]


def test_a_file_name_is_no_program_in_the_index() -> None:
    one = replay(NAMES[0])
    links = Text(render_index([("javascript:alert(1).html", one), ("50% #1?.html", one)])).links
    assert links[1:] == ["./javascript%3Aalert%281%29.html", "./50%25%20%231%3F.html"]
