"""A page of a replay: one HTML file that needs nothing else, the same bytes for the same replay.

The page is made of `connext.replay.timeline`; here is what only a page needs: lanes of a sequence diagram, bars of who
has what, and what changed in a step. The form is in `templates/`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from connext.display import format_amount, format_amounts, format_duration
from connext.ledger import Holdings, Settlement
from connext.replay.positions import ChannelPosition, Position, Positions
from connext.replay.timeline import MANAGER, REGISTRY, THE_WORLD, Deed, Moment
from connext.replay.words import exact_duration
from connext.story import GUARANTEES, End, Story
from connext.types import Asset, Side, amounts_for


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a replay comes from. chain: in words, with its id; block: the story's first; source: the story's file.

    source_hash: of its bytes; commit: of the contracts and this program.
    """

    source: str
    source_hash: str
    commit: str
    chain: str
    block: int


@dataclass(frozen=True, slots=True)
class Replay:
    """All of a replay."""

    story: Story
    origin: Origin
    start: Positions
    moments: tuple[Moment, ...]
    ends: Mapping[str, End]
    settlements: Mapping[str, Settlement]
    problems_at_end: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """Whatever is not as the story says, with the number of its step."""
        found = [f"step {moment.number}: {problem}" for moment in self.moments for problem in moment.problems]
        return found + [f"at the end: {problem}" for problem in self.problems_at_end]

    @property
    def gas(self) -> int:
        return sum(deed.gas for moment in self.moments for deed in moment.deeds)


def render(replay: Replay) -> str:
    """The page."""
    participants = _participants(replay.moments, replay.start)
    scale = _Scale.of(replay)
    return _template("report.html").render(
        replay=replay,
        guarantees=[(name, GUARANTEES[name]) for name in replay.story.guarantees],
        participants=participants,
        steps=[_step(moment, participants, scale, passed) for moment, passed in _with_passed(replay.moments)],
        ends=list(_ends(replay)),
    )


def render_index(entries: Iterable[tuple[str, Replay]]) -> str:
    """A page that leads to several, each under its file name."""
    listed = list(entries)
    return _template("index.html").render(entries=listed, wrong=sum(bool(replay.problems) for _, replay in listed))


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("connext.replay"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


# --- Steps ---


@dataclass(frozen=True, slots=True)
class Lane:
    """An arrow of the sequence diagram, from one participant's line to another's, in percent of the width."""

    start: float
    end: float
    kind: str  # "call", "failed" or "message"
    text: str

    @property
    def margins(self) -> tuple[float, float]:
        """What is left free beside the text, left and right, so that it stands under the middle of the arrow."""
        shift = self.start + self.end - 100
        return max(0.0, shift), max(0.0, -shift)


@dataclass(frozen=True, slots=True)
class StepView:
    moment: Moment
    when: str
    who: str
    title: str
    lanes: list[Lane]
    lines: list[float]
    passed: list[str]
    running: list[str]
    changes: list["Change"]
    pictures: list["Picture"]


def _participants(moments: Sequence[Moment], start: Positions) -> list[str]:
    """People as they first appear, then the contracts that are called, then the world, if it acts."""
    seen: dict[str, None] = {}
    for moment in moments:
        for name in (moment.actor, *(d.sender for d in moment.deeds), *(m.sender for m in moment.messages)):
            if name is not None:
                seen.setdefault(name)
        for message in moment.messages:
            seen.setdefault(message.receiver)
    seen.update(dict.fromkeys(start.people))
    called = {deed.contract for moment in moments for deed in moment.deeds}
    contracts = [name for name in (MANAGER, REGISTRY) if name in called]
    people = [name for name in seen if name != THE_WORLD]
    world = [THE_WORLD] if THE_WORLD in seen else []
    return [*people, *contracts, *sorted(called - {MANAGER, REGISTRY} - seen.keys()), *world]


def _with_passed(moments: Sequence[Moment]) -> Iterator[tuple[Moment, list[str]]]:
    """Each with the limits in time that passed since the one before."""
    known: dict[str, int] = {}
    before = 0
    for moment in moments:
        passed = [f"{name} ({_after_start(at)})" for name, at in known.items() if before < at <= moment.time]
        yield moment, passed
        before, known = moment.time, dict(moment.limits)


def _step(moment: Moment, participants: list[str], scale: "_Scale", passed: list[str]) -> StepView:
    width = 100 / len(participants)
    place = {name: (i + 0.5) * width for i, name in enumerate(participants)}
    return StepView(
        moment=moment,
        when=_after_start(moment.time),
        who=moment.actor or THE_WORLD,
        title=moment.name.replace("_", " "),
        lanes=[*_lanes(moment, place)],
        lines=list(place.values()),
        passed=passed,
        running=[
            f"{name}: {_after_start(at)}, {_distance(at - moment.time)}"
            for name, at in moment.limits
            if at > moment.time
        ],
        changes=[*_people_changes(moment), *_channel_changes(moment)],
        pictures=[_picture(name, moment, scale) for name in moment.after.people if name in scale.involved],
    )


def _lanes(moment: Moment, place: Mapping[str, float]) -> Iterator[Lane]:
    for message in moment.messages:
        yield Lane(place[message.sender], place[message.receiver], "message", message.text)
    for deed in moment.deeds:
        yield Lane(place[deed.sender], place[deed.contract], "failed" if deed.error else "call", _deed(deed))


def _deed(deed: Deed) -> str:
    came = deed.error.name if deed.error else ", ".join(event.name for event in deed.events) or "nothing new"
    return f"{deed.function}: {came}"


def _after_start(seconds: int) -> str:
    return f"start + {exact_duration(seconds)}" if seconds >= 0 else f"start - {exact_duration(-seconds)}"


def _distance(seconds: int) -> str:
    return f"in {format_duration(seconds)}"


# --- What changed ---


@dataclass(frozen=True, slots=True)
class Change:
    what: str
    before: str
    after: str
    difference: str


def _people_changes(moment: Moment) -> Iterator[Change]:
    for name, after in moment.after.people.items():
        before = moment.before.people[name]
        for place in ("wallet", "reserve", "credit"):
            yield from _money_change(f"{name}, {place}", getattr(before, place), getattr(after, place))
        stakes = {stake.channel: stake for stake in before.stakes}
        for stake in after.stakes:
            was = stakes.get(stake.channel)
            nothing = Holdings(0, 0)
            yield from _money_change(
                f"{name}, of {stake.channel} by the recorded state", was.recorded if was else nothing, stake.recorded
            )
            yield from _money_change(
                f"{name}, of {stake.channel} by the newest state", was.newest if was else nothing, stake.newest
            )


def _money_change(what: str, before: Holdings, after: Holdings) -> Iterator[Change]:
    if before != after:
        difference = after.plus(-before.amount_wei, -before.amount_token)
        yield Change(what, _money(before), _money(after), _money(difference))


def _channel_changes(moment: Moment) -> Iterator[Change]:
    for name, after in moment.after.channels.items():
        before = _told(moment.before.channels.get(name))
        for what, told in _told(after).items():
            was = before.get(what, "none")
            if was != told:
                yield Change(f"channel {name}, {what}", was, told, "")


def _told(channel: ChannelPosition | None) -> dict[str, str]:
    if channel is None:
        return {}
    told = {
        "status": channel.status.name.lower(),
        "deadline": _after_start(channel.deadline) if channel.deadline is not None else "none",
        "recorded state": str(channel.recorded),
        "newest state of both": str(channel.newest),
        "held by open transfers": _money(channel.locked),
    }
    for side in Side:
        told[f"contribution of the {side.name.lower()}"] = format_amounts(*amounts_for(side, channel.contributions))
    return told


def _money(held: Holdings) -> str:
    return format_amounts(held.amount_wei, held.amount_token)


# --- Who has what, as bars ---


@dataclass(frozen=True, slots=True)
class Bar:
    """Parts in percent of the full width, each with its place and its text. mark: what the newest states give."""

    label: str
    parts: list[tuple[str, float, str]]
    mark: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class _Scale:
    """lowest: of every wallet in the whole story, by name and asset; most: what anybody ever has above that.

    involved: those who ever have anything above it.
    """

    lowest: Mapping[tuple[str, Asset], int]
    most: Mapping[Asset, int]
    involved: frozenset[str]

    @classmethod
    def of(cls, replay: Replay) -> "_Scale":
        everything = [replay.start, *(moment.after for moment in replay.moments)]
        lowest = {
            (name, asset): min(_of(at.people[name].wallet, asset) for at in everything)
            for name in replay.start.people
            for asset in Asset
        }
        above = {
            (name, asset): max(sum(amount for _, amount in _held(at.people[name], asset, least)) for at in everything)
            for (name, asset), least in lowest.items()
        }
        most = {asset: max(above[name, asset] for name in replay.start.people) for asset in Asset}
        return cls(lowest, most, frozenset(name for (name, _), amount in above.items() if amount))


def _picture(name: str, moment: Moment, scale: _Scale) -> Picture:
    bars = []
    for asset in Asset:
        if scale.most[asset]:
            for label, at in (("before", moment.before), ("after", moment.after)):
                bars.append(_bar(f"{asset.name} {label}", at.people[name], asset, scale, name))
    return Picture(name, bars)


def _bar(label: str, position: Position, asset: Asset, scale: _Scale, name: str) -> Bar:
    most = scale.most[asset]
    held = _held(position, asset, scale.lowest[name, asset])
    parts = [
        (place, 100 * amount / most, f"{place} {format_amount(asset, amount)}") for place, amount in held if amount
    ]
    outside = sum(amount for place, amount in held if place != "channels")
    newest = sum(_of(stake.newest, asset) for stake in position.stakes)
    recorded = sum(_of(stake.recorded, asset) for stake in position.stakes)
    mark = 100 * (outside + newest) / most if newest != recorded else None
    return Bar(label, parts, min(mark, 100.0) if mark is not None else None)


def _held(position: Position, asset: Asset, lowest: int) -> list[tuple[str, int]]:
    stakes = sum(_of(stake.recorded, asset) for stake in position.stakes)
    return [
        ("wallet", _of(position.wallet, asset) - lowest),
        ("reserve", _of(position.reserve, asset)),
        ("credit", _of(position.credit, asset)),
        ("channels", stakes),
    ]


def _of(held: Holdings, asset: Asset) -> int:
    return held.amount_token if asset is Asset.DAI else held.amount_wei


# --- The end ---


def _ends(replay: Replay) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Of everybody whose money is not what it was, or should not be: place, expected, found."""
    wanted = replay.story.ends
    for name in sorted(replay.ends.keys() | (wanted or {}).keys()):
        rows = []
        for place in ("wallet", "reserve", "credit"):
            found = getattr(replay.ends.get(name, End()), place)
            expected = getattr((wanted or {}).get(name, End()), place)
            if found != Holdings(0, 0) or expected != Holdings(0, 0):
                rows.append((place, _money(expected) if wanted is not None else "not told", _money(found)))
        if rows:
            yield name, rows
