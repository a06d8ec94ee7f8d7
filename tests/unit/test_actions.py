"""The form of actions and stories: what is read, what is refused and where, and that writing and reading agree."""

import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connext.actions import VOCABULARY, Action, UnknownAction, action, read_action, write_action
from connext.actions.by_hand import Locked, LockedField
from connext.actions.conditional import NamesField
from connext.actions.form import ActionsField, Verb
from connext.expectations import Expected, Match
from connext.fields import (
    ChoiceField,
    CountField,
    DurationField,
    FlagField,
    MoneyField,
    NameField,
    NetField,
    PositionsField,
)
from connext.ledger import Holdings
from connext.stories import InvalidStory, read_story, write_story
from connext.story import GUARANTEES, End, Limits, Story, Terms
from connext.types import InvalidValue, Side

STORY = """\
title: A channel that is paid in and out of
channels:
  main: {user: alice, node: bob, period: 1 d, salt: 0}
actions:
  - {do: deposit, by: alice, channel: main, side: user, amount: 1.5 ETH and 20 DAI}
  - do: pay
    by: alice
    channel: main
    amount: 7 wei DAI
  - {do: batch, by: bob, items: [{do: permit, by: bob}, {do: fund, by: bob, amount: 1 DAI, account: carol}]}
  - {do: advance, at: 2 h, duration: 90 min}
strangers: [carol]
"""
EXPECTING = """\
title: What comes of it
about: Alice gives too much
guarantees: [G7, G8]
limits: {capacity: 1 ETH, transfer: 0.1 ETH, shortest_period: 1 h, longest_period: 2 d}
channels: {main: {user: alice, node: bob, period: 1 d, salt: 0}}
actions:
  - {do: deposit, by: alice, channel: main, side: user, amount: 2 ETH, fails: {CapacityExceeded: {capacity: 1 ETH}}}
  - {do: deposit, by: alice, channel: main, side: user, amount: 1 ETH, emits: [ChannelOpened, {Deposited: {side: 0}}]}
ends:
  alice: {wallet: -1 ETH}
"""


# --- Random actions: everything in the table ---

MONEY = st.builds(Holdings, st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
NETS = st.builds(Holdings, st.integers(-(2**127), 2**127 - 1), st.integers(-(2**127), 2**127 - 1))
NAMES = st.builds(str.__add__, st.sampled_from("aZé0_"), st.text("aé0 _'.-", max_size=8))
TITLES = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=40)


def values_of(field_type: Any) -> st.SearchStrategy[Any]:
    match field_type:
        case NameField():
            return NAMES
        case MoneyField():
            return MONEY
        case CountField() | DurationField():
            return st.integers(0, 2**64)
        case NetField():
            return NETS
        case NamesField():
            return st.lists(NAMES, max_size=3).map(tuple)
        case PositionsField():
            return st.lists(st.integers(0, 300)).map(tuple)
        case LockedField():
            locked = st.builds(
                Locked,
                NAMES,
                st.integers(0, 255),
                st.integers(0, 255),
                st.integers(0, 2**128 - 1),
                st.integers(0, 2**64 - 1),
            )
            return st.lists(locked, max_size=3).map(tuple)
        case FlagField():
            return st.booleans()
        case ChoiceField(choices=choices):
            return st.sampled_from(list(choices.values()))
        case ActionsField():
            return st.lists(actions_named(["fund", "top_up", "permit", "close"]), max_size=3)
    raise TypeError(f"no strategy for {field_type}")


@st.composite
def actions_named(draw: st.DrawFn, names: list[str]) -> Action:
    name = draw(st.sampled_from(names))
    verb = VOCABULARY[name]
    given_fields = [field for field in verb.fields if field in verb.required or draw(st.booleans())]
    fields = {field: draw(values_of(verb.fields[field])) for field in given_fields}
    made = action(name, draw(NAMES) if verb.has_actor else None, draw(st.none() | st.integers(0, 2**32)), **fields)
    gas = draw(st.none() | st.integers(0, 2**24)) if verb.is_call else None
    return replace(made, expected=draw(EXPECTED), gas=gas)


VALUES = st.dictionaries(st.from_regex(r"[a-z]\w{0,5}", fullmatch=True), st.integers() | st.text() | st.booleans())
MATCHES = st.builds(Match, st.from_regex(r"[A-Z][A-Za-z]{0,9}", fullmatch=True), VALUES)
EXPECTED = st.builds(Expected, st.none() | MATCHES, st.none() | st.lists(MATCHES, max_size=2).map(tuple))
ACTIONS = actions_named(sorted(VOCABULARY))
ENDS = st.dictionaries(NAMES, st.builds(End, NETS, NETS, NETS), max_size=2)
LIMITS = st.builds(Limits, MONEY, MONEY, st.integers(0, 2**32), st.integers(0, 2**32))
TERMS = st.builds(Terms, NAMES, NAMES, st.integers(0, 2**32), st.integers(0, 2**64))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(ACTIONS)
def test_written_actions_are_read_again(random_action: Action) -> None:
    assert read_action(write_action(random_action), "action") == random_action


@settings(derandomize=True, deadline=None, max_examples=20)
@given(
    TITLES,
    st.dictionaries(NAMES, TERMS, min_size=1, max_size=3),
    st.lists(ACTIONS, max_size=4),
    TITLES,
    st.lists(st.sampled_from(list(GUARANTEES))),
    st.none() | LIMITS,
    st.none() | ENDS,
    st.randoms(),
)
def test_written_stories_are_read_again(
    title: str,
    channels: dict[str, Terms],
    actions: list[Action],
    about: str,
    guarantees: list[str],
    limits: Limits | None,
    ends: dict[str, End] | None,
    rng: Random,
) -> None:
    names = list(channels)
    placed = (_in_channel(item, rng.choice(names)) for item in actions if item.name != "batch")
    story = Story(title, channels, tuple(placed), about, tuple(guarantees), limits, ends)
    assert read_story(write_story(story)) == story


def _in_channel(random_action: Action, channel: str) -> Action:
    if "channel" not in random_action.fields:
        return random_action
    return replace(random_action, fields={**random_action.fields, "channel": channel})


# --- Reading ---


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("by: alice\n", "by: alcie\n", r"line 7: actions\[1\].by: .* \(alice, bob, carol\), got 'alcie'"),
        ("account: carol", "account: dave", r"line 10: actions\[2\].items\[1\].account: .* one of the `strangers`"),
        ("strangers: [carol]", "strangers: []", r"line 10: actions\[2\].items\[1\].account: .* got 'carol'"),
        ("strangers: [carol]", "strangers: [carol, dave]", r"line 12: strangers\[1\]: expected somebody who appears"),
        ("strangers: [carol]", "strangers: [carol, bob]", r"line 12: strangers\[1\]: .* no party .*, got 'bob'"),
        ("strangers: [carol]", "strangers: carol", r"line 12: strangers: expected a list of names"),
        ("strangers: [carol]", "strangers: [carol]\nends: {bib: {}}", r"line 13: ends.bib: .* got 'bib'"),
    ],
)
def test_everybody_is_introduced(before: str, after: str, problem: str) -> None:
    """A misspelt name is not somebody else."""
    assert before in STORY
    with pytest.raises(InvalidStory, match=problem):
        read_story(STORY.replace(before, after))


def test_the_signer_of_somebody_is_known() -> None:
    assert read_story(STORY.replace("account: carol", 'account: "bob\'s signer"').replace("strangers: [carol]", ""))


def test_a_story_is_read() -> None:
    story = read_story(STORY)
    assert story.title == "A channel that is paid in and out of"
    assert story.channels == {"main": Terms("alice", "bob", 86_400, 0)}
    assert story.names == ["alice", "bob", "carol"]
    deposit, pay, batch, advance = story.actions
    assert deposit.fields == {"channel": "main", "side": Side.USER, "amount": Holdings(15 * 10**17, 20 * 10**18)}
    assert pay == action("pay", "alice", channel="main", amount=Holdings(0, 7))
    assert [item.name for item in batch.fields["items"]] == ["permit", "fund"]
    assert (advance.actor, advance.time, advance.fields) == (None, 7_200, {"duration": 5_400})


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("20 DAI}", "20 DOI}", 5, "actions[0].amount"),
        ("1.5 ETH and 20 DAI", "1.5 ETH and 20 ETH", 5, "actions[0].amount"),
        ("1.5 ETH and 20 DAI", "1.5", 5, "actions[0].amount"),
        ("side: user", "side: both", 5, "actions[0].side"),
        ("channel: main, side", "channel: other, side", 5, "actions[0].channel"),
        ("do: deposit, by: alice,", "do: deposit,", 5, "actions[0].by"),
        (", amount: 1.5 ETH and 20 DAI", "", 5, "actions[0].amount"),
        ("    amount: 7 wei DAI\n", "    amount: -7 wei DAI\n", 9, "actions[1].amount"),
        ("    by: alice\n", "    by: 4\n", 7, "actions[1].by"),
        ("    channel: main\n", "    channel: main\n    tip: 1\n", 9, "actions[1].tip"),
        ("do: permit, by: bob", "do: mine", 10, "actions[2].items[0].do"),
        ("{do: permit, by: bob}", "permit", 10, "actions[2].items[0]"),
        ("do: advance,", "do: advance, by: bob,", 11, "actions[3].by"),
        ("do: advance,", "do: advance, gas: 21000,", 11, "actions[3].gas"),
        ("side: user", "side: user, gas: much", 5, "actions[0].gas"),
        ("at: 2 h", "at: soon", 11, "actions[3].at"),
        ("duration: 90 min", "duration: true", 11, "actions[3].duration"),
        ("do: advance", "do: reveal", 11, "actions[3].do"),
        ("salt: 0", "salt: 0.5", 3, "channels.main.salt"),
        (", salt: 0", "", 3, "channels.main.salt"),
        ("title:", "heading:", 1, "heading"),
        ("actions:", "deeds:", 4, "deeds"),
        ("    by: alice\n", "    by: alice\n    by: bob\n", 8, "'by'"),
        ("salt: 0}", "salt: 0", 4, ""),
    ],
)
def test_errors_name_line_and_field(old: str, new: str, line: int, field: str) -> None:
    assert STORY.count(old) == 1
    with pytest.raises(InvalidStory) as found:
        read_story(STORY.replace(old, new), "try.yaml")
    assert str(found.value).startswith(f"try.yaml, line {line}: {field}")


def test_what_a_story_expects_is_read() -> None:
    story = read_story(EXPECTING)
    assert (story.about, story.guarantees) == ("Alice gives too much", ("G7", "G8"))
    assert story.limits == Limits(Holdings(10**18, 0), Holdings(10**17, 0), 3_600, 2 * 86_400)
    assert story.ends == {"alice": End(wallet=Holdings(-(10**18), 0))}
    failing, emitting = (item.expected for item in story.actions)
    assert failing == Expected(fails=Match("CapacityExceeded", {"capacity": "1 ETH"}))
    assert emitting == Expected(emits=(Match("ChannelOpened"), Match("Deposited", {"side": 0})))


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("G7, G8", "G7, G11", 3, "guarantees[1]"),
        ("[G7, G8]", "G7", 3, "guarantees"),
        ("about: Alice gives too much", "about: 7", 2, "about"),
        ("transfer: 0.1 ETH, ", "", 4, "limits.transfer"),
        ("capacity: 1 ETH, transfer", "capacity: 1 BTC, transfer", 4, "limits.capacity"),
        ("fails: {CapacityExceeded: {capacity: 1 ETH}}", "fails: [CapacityExceeded]", 7, "actions[0].fails"),
        ("{capacity: 1 ETH}}", "{}}", 7, "actions[0].fails"),
        ("{side: 0}", "{side: 0.5}", 8, "actions[1].emits[1].Deposited.side"),
        ("emits: [", "emits: {", 8, ""),
        ("[ChannelOpened, {Deposited: {side: 0}}]", "ChannelOpened", 8, "actions[1].emits"),
        ("wallet: -1 ETH", "purse: -1 ETH", 10, "ends.alice.purse"),
        ("wallet: -1 ETH", "wallet: -1", 10, "ends.alice.wallet"),
    ],
)
def test_errors_in_expectations_name_line_and_field(old: str, new: str, line: int, field: str) -> None:
    assert EXPECTING.count(old) == 1
    with pytest.raises(InvalidStory) as found:
        read_story(EXPECTING.replace(old, new), "try.yaml")
    assert str(found.value).startswith(f"try.yaml, line {line}: {field}")


@pytest.mark.parametrize(
    "text", ["", "[]", "title: x\nchannels: []\nactions: []", "title: 1\nchannels: {}\nactions: []"]
)
def test_what_is_no_story_at_all(text: str) -> None:
    with pytest.raises(InvalidStory):
        read_story(text)


@pytest.mark.parametrize(
    "seconds", ["010", "0o17", "0x1f", "0b1", "1_000", "1e3", "12:30", "12:30:00", "yes", "2024-01-01", "9" * 79, "+5"]
)
def test_only_decimal_digits_are_a_number(seconds: str) -> None:
    """As editors see it, which read YAML 1.2 by the schema. In YAML 1.1 most of these are other numbers."""
    text = f"title: t\nchannels: {{}}\nactions:\n  - {{do: advance, duration: {seconds}}}"
    with pytest.raises(InvalidStory, match=r"line 4: actions\[0\].duration: expected seconds, or a duration such as"):
        read_story(text)


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("[G7, G8]", "&all [G7, G8]\nabout: *all", 4, "*all cannot be in a story: write out what it stands for"),
        ("[G7, G8]", "&all [*all]", 3, "*all cannot be in a story"),
        ("[G7, G8]", "&a [G7]\n" + "b: &b [*a, *a]\n", 4, "*a cannot be in a story"),
        ("[G7, G8]", "[" * 10_000 + "]" * 10_000, 3, "nothing in a story is 32 levels deep"),
        ("about: ", "about: !!python/name:os.system ", 2, "cannot be in a story: it has no tags"),
        ("about: ", "title: twice\nabout: ", 2, "'title' is here for the second time"),
        ("about: ", "? [a, b]\n: c\nabout: ", 2, "a list or mapping cannot be a key"),
    ],
)
def test_yaml_that_a_story_has_no_use_for(old: str, new: str, line: int, problem: str) -> None:
    """Least of all one that fills the memory, or that never ends."""
    assert EXPECTING.count(old) == 1
    with pytest.raises(InvalidStory) as found:
        read_story(EXPECTING.replace(old, new), "try.yaml")
    assert str(found.value).startswith(f"try.yaml, line {line}: ")
    assert problem in str(found.value)


def test_text_is_written_so_that_it_is_read_as_text() -> None:
    texts = ["yes", "0x1f", "12:30", "1e3", "1.0", "null", "~", "true", "010", "", "*a", "&a", "!x", "a: b", "é\"'\\"]
    for text in texts:
        story = Story(title=text, channels={}, actions=())
        assert read_story(write_story(story)) == story


def test_unknown_actions_are_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownAction, match=r"no action 'voucher'; known are .*deposit"):
        action("voucher", "alice")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("nothing", Holdings(0, 0)),
        ("0.000000000000000001 ETH", Holdings(1, 0)),
        ("20 DAI and 1 ETH", Holdings(10**18, 20 * 10**18)),
        ("123456789 wei ETH and 0 DAI", Holdings(123456789, 0)),
        (Holdings(5, 6), Holdings(5, 6)),
    ],
)
def test_amounts(amount: object, expected: Holdings) -> None:
    assert action("fund", "bob", amount=amount).fields["amount"] == expected


@pytest.mark.parametrize(
    "amount", ["1 ETH and", "ETH", "1.0000000000000000001 ETH", "01 wei ETH", "1e18 wei ETH", 5, None]
)
def test_what_is_no_amount(amount: object) -> None:
    with pytest.raises(InvalidValue, match="amount"):
        action("fund", "bob", amount=amount)


# --- The reference ---


def test_the_guarantees_are_those_of_the_protocol() -> None:
    protocol = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
    assert dict(re.findall(r"^\* \*\*(G\d+) (.+?)\*\*:", protocol, re.MULTILINE)) == GUARANTEES


def test_the_reference_lists_every_action_with_its_fields() -> None:
    reference = (Path(__file__).parents[2] / "docs" / "formats.md").read_text().partition("\n## Stories\n")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) ?\| ", reference, re.MULTILINE)
    fields = {name: [_reference_of(verb, field) for field in verb.fields] for name, verb in VOCABULARY.items()}
    assert dict(rows) == {name: ", ".join(listed) for name, listed in fields.items()}


def _reference_of(verb: Verb, field: str) -> str:
    return f"`{field}`" if field in verb.required else f"(`{field}`)"
