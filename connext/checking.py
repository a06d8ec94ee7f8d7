"""A story played while its expectations are checked: after each action, and at the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from connext import reckoning
from connext.abi import Revert
from connext.actions import VOCABULARY, Action, play
from connext.chain import Receipt
from connext.display import format_amounts
from connext.errors import ConnextError
from connext.expectations import Match, differences
from connext.ledger import Holdings
from connext.plot import in_words
from connext.reckoning import Money
from connext.story import End, Story
from connext.world import Outcome, World


@dataclass(eq=False)
class CannotPlay(ConnextError):
    """An action makes no sense here: it uses what nobody signed, or a time that has passed. number: from 1."""

    text = "{action}: {problem}"
    number: int
    action: str
    problem: str


@dataclass(frozen=True, slots=True)
class Step:
    """An action that was played, what came of it, and in words what of that was not expected. number: from 1."""

    number: int
    action: Action
    outcome: Outcome
    problems: tuple[str, ...]


class Play:
    """One play of a story. `steps` must be used up before `problems_at_end`."""

    def __init__(self, world: World, story: Story) -> None:
        self.world = world
        self.story = story
        self._before = reckoning.found(world).money
        self._known = {name: world.channel_id(name) for name in world.channels} | {
            name: actor.account for name, actor in world.actors.items()
        }

    def steps(self) -> Iterator[Step]:
        """One action after the other. Raises CannotPlay."""
        for number, action in enumerate(self.story.actions, 1):
            try:
                (outcome,) = play(self.world, [action])
            except ConnextError as error:
                raise CannotPlay(number, in_words(action), str(error)) from error
            yield Step(number, action, outcome, tuple(self._problems(action, outcome)))

    def ends(self) -> dict[str, End]:
        """What everybody has more than at the start; whoever has the same is left out."""
        after = reckoning.found(self.world).money
        changes = {name: _end(self._before[name], after[name]) for name in after}
        return {name: end for name, end in changes.items() if end != End()}

    def problems_at_end(self) -> tuple[str, ...]:
        if self.story.ends is None:
            return ()
        found, wanted = self.ends(), dict(self.story.ends)
        return tuple(
            f"{name}: {_spelled(found.get(name, End()))} instead of {_spelled(wanted.get(name, End()))}"
            for name in sorted(found.keys() | wanted.keys())
            if found.get(name, End()) != wanted.get(name, End())
        )

    def _problems(self, action: Action, outcome: Outcome) -> Iterator[str]:
        own = outcome.receipts[0] if VOCABULARY[action.name].is_call else None
        yield from self._failures(action.expected.fails, outcome, own)
        if action.expected.emits is not None:
            yield from self._events(action.expected.emits, own)

    def _failures(self, wanted: Match | None, outcome: Outcome, own: Receipt | None) -> Iterator[str]:
        """Its own transaction fails or, if it has none, first what it asked of a party; nothing else may."""
        failed: list[Revert | ConnextError] = [receipt.error for receipt in outcome.receipts if receipt.error]
        failed += outcome.rejections
        if wanted is not None and failed and (own is None or own.error is not None):
            yield from self._differences(wanted, *_name_and_values(failed.pop(0)))
        elif wanted is not None:
            yield f"succeeded instead of failing with {wanted}"
        yield from (f"failed: {error}" for error in failed)

    def _events(self, wanted: tuple[Match, ...], own: Receipt | None) -> Iterator[str]:
        events = own.events if own is not None else ()
        if [event.name for event in events] != [match.name for match in wanted]:
            yield f"emitted {_listed(e.name for e in events)} instead of {_listed(m.name for m in wanted)}"
            return
        for match, event in zip(wanted, events, strict=True):
            yield from self._differences(match, event.name, event.values)

    def _differences(self, match: Match, name: str, values: Mapping[str, object]) -> Iterator[str]:
        return differences(match, name, values, self._known, self.world.start.time)


def _name_and_values(error: Revert | ConnextError) -> tuple[str, Mapping[str, object]]:
    if isinstance(error, Revert):
        return error.name, error.values
    return type(error).__name__, vars(error)


def _end(before: Money, after: Money) -> End:
    return End(
        _change(before.wallet, after.wallet),
        _change(before.reserve, after.reserve),
        _change(before.credit, after.credit),
    )


def _change(before: Holdings, after: Holdings) -> Holdings:
    return after.plus(-before.amount_wei, -before.amount_token)


def _spelled(end: End) -> str:
    held = {field.name: getattr(end, field.name) for field in fields(end)}
    parts = [f"{where} {format_amounts(amount.amount_wei, amount.amount_token)}" for where, amount in held.items()]
    return ", ".join(part for part in parts if not part.endswith(" nothing")) or "no change"


def _listed(names: Iterator[str]) -> str:
    return ", ".join(names) or "nothing"
