"""docs/auditing.md keeps what it promises: its story plays, and its map names what there is."""

import re
from pathlib import Path

import pytest

from connext import lifecycle
from connext.chain.evm import EvmChain
from connext.checking import Play
from connext.stories import InvalidStory, read_playable, read_story
from connext.story import GUARANTEES
from tests.scene import stage

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "auditing.md").read_text()
SCENARIOS = {path.stem: read_story(path.read_text()) for path in (CHECKOUT / "scenarios").glob("*.yaml")}
ROWS = re.findall(r"^\| (G\d+) ([^|]+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)


def own_story() -> str:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


def test_the_first_own_story_ends_as_it_says() -> None:
    story, _ = read_playable(own_story())
    play = Play(stage(story, EvmChain(), policy=lifecycle.POLICY), story)
    assert [step.problems for step in play.steps() if step.problems] == []
    assert play.problems_at_end() == ()


def test_the_change_that_it_proposes_makes_bobs_software_answer() -> None:
    advance = "  - {do: advance, duration: 1 d}\n"
    assert advance in own_story()
    story, _ = read_playable(own_story().replace(advance, "  - {do: come_back, by: bob}\n" + advance))
    play = Play(stage(story, EvmChain(), policy=lifecycle.POLICY), story)
    assert [step.problems for step in play.steps() if step.problems] != []
    assert play.problems_at_end() == (
        "alice: wallet -0.75 ETH instead of wallet -0.25 ETH",
        "bob: reserve 0.75 ETH instead of reserve 0.25 ETH",
    )


def test_the_error_that_it_shows_is_the_one_that_comes() -> None:
    text = "title: x\nchannels: {main: {user: alice, node: bob, period: 1 d, salt: 0}}\nactions:\n"
    text += "\n" * 10 + "  - {do: checkpoint, by: carol, channel: main, nonce: 7}\nstrangers: [carol]\n"
    with pytest.raises(InvalidStory) as found:
        read_playable(text, "mine.yaml")
    assert str(found.value) in " ".join(PAGE.split())


def test_every_guarantee_has_a_row() -> None:
    assert [(name, title) for name, title, _, _ in ROWS] == list(GUARANTEES.items())


@pytest.mark.parametrize(("name", "functions"), [(name, functions) for name, _, functions, _ in ROWS])
def test_the_functions_exist(name: str, functions: str) -> None:
    named = re.findall(r"`(\w+)\.(\w+)`", functions)
    assert named, name
    for contract, function in named:
        (source,) = (CHECKOUT / "contracts").rglob(f"{contract}.sol")
        assert re.search(rf"\bfunction {function}\(", source.read_text()), f"{contract}.{function}"


@pytest.mark.parametrize(("name", "scenarios"), [(name, scenarios) for name, _, _, scenarios in ROWS])
def test_the_scenarios_exist_and_are_about_the_guarantee(name: str, scenarios: str) -> None:
    for scenario in re.findall(r"`([\w-]+)`", scenarios):
        assert name in SCENARIOS[scenario].guarantees, scenario


def test_every_scenario_is_in_the_map() -> None:
    listed = {scenario for *_, scenarios in ROWS for scenario in re.findall(r"`([\w-]+)`", scenarios)}
    made = {name for name in SCENARIOS if not name.startswith(("explored-", "found-"))}
    assert made == listed


def test_the_failures_of_other_systems_name_scenarios_that_exist() -> None:
    section = PAGE.partition("\n## Failures of other systems, as scenarios\n")[2].partition("\n## ")[0]
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", section)
    assert len(named) > 25
    assert set(named) <= SCENARIOS.keys()
