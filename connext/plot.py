"""What of a story can be seen to be impossible before it is played: what is used and was never made, and time.

It says nothing of what depends on how the parties' software answers: that is only known when the story plays, and an
error then (`connext.checking.CannotPlay`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from functools import cache

from connext.actions import VOCABULARY, Action, by_parties, conditional
from connext.chain import BLOCK_SECONDS, KNOWN_ABI
from connext.display import format_duration
from connext.errors import ConnextError
from connext.expectations import NOTHING_SPECIAL, Match
from connext.story import Story


@dataclass(eq=False)
class Impossible(ConnextError, ValueError):
    """path: of the action, as in `actions[3].items[0]`."""

    text = "{action}: {problem}"
    path: str
    action: str
    problem: str


def check(story: Story) -> None:
    """Raises Impossible for the first action that cannot be played."""
    plot = _Plot(story)
    for i, action in enumerate(story.actions):
        plot.follow(action, f"actions[{i}]")


def in_words(action: Action) -> str:
    """What is done, and by whom: 'checkpoint by carol'."""
    return action.name if action.actor is None else f"{action.name} by {action.actor}"


STATE, WITHDRAWAL, RESUME, EXIT = "a state", "a withdrawal", "a resume", "an exit"

_MADE_BY_HAND = {"make_state": STATE, "make_withdrawal": WITHDRAWAL, "make_resume": RESUME, "make_exit": EXIT}
_TERMS_MADE = frozenset({"make_secret", "make_link", "open_stream", "make_terms", "combine"})
_WITH_MESSAGE = {"withdraw": WITHDRAWAL, "resume": RESUME}
"""Those whose `message` is no state."""
_SIGNED_BEFORE = {
    "withdraw": ("propose_withdrawal", "message", "withdrawal was proposed"),
    "resume": ("propose_resume", "message", "resume was proposed"),
    "start_dispute_with_exit": ("sign_exit", "exit_message", "exit was signed"),
}
"""What the action uses without the label in this field: the intent that must have come before, and that in words."""

_OFF_CHAIN = frozenset(
    name
    for name, verb in VOCABULARY.items()
    if verb.effect.__module__ in (by_parties.__name__, conditional.__name__) and {"channel"} <= verb.fields.keys()
)
"""What owners of parties want of the other side of a channel."""


@dataclass
class _Plot:
    """What was made so far. earliest: the least time that the head can have, in seconds after the start."""

    story: Story
    labels: dict[str, str] = field(default_factory=dict)
    payments: set[str] = field(default_factory=set)
    intents: set[tuple[str, str]] = field(default_factory=set)
    copies: set[str] = field(default_factory=set)
    earliest: int = 0

    def follow(self, action: Action, path: str) -> None:
        for problem in self._problems(action):
            raise Impossible(path, in_words(action), problem)
        for i, item in enumerate(action.fields.get("items", ())):
            self.follow_item(action, item, f"{path}.items[{i}]")
        self._pass_time(action)
        self._remember(action)

    def follow_item(self, whole: Action, item: Action, path: str) -> None:
        if item.actor != whole.actor:
            raise Impossible(path, in_words(item), f"it must be by {whole.actor}, like the whole")
        if item.time is not None or item.gas is not None:
            raise Impossible(path, in_words(item), "it has the time and the gas of the whole: no `at`, no `gas`")
        if item.expected != NOTHING_SPECIAL:
            raise Impossible(path, in_words(item), "what is expected is said of the whole: no `fails`, no `emits`")
        for problem in self._problems(item):
            raise Impossible(path, in_words(item), problem)

    def _problems(self, action: Action) -> Iterator[str]:
        checks: tuple[Callable[[Action], Iterator[str]], ...] = (
            self._time,
            self._labels,
            self._payments,
            self._signed,
            self._parties,
            self._backups,
            self._expected,
        )
        for check_one in checks:
            yield from check_one(action)

    # --- Checks ---

    def _time(self, action: Action) -> Iterator[str]:
        if action.time is not None and action.time <= self.earliest:
            yield (
                f"it cannot be at start + {format_duration(action.time)}: "
                f"by then it is at least start + {format_duration(self.earliest)}"
            )

    def _labels(self, action: Action) -> Iterator[str]:
        for label, kind in _labels_used(action):
            if label not in self.labels:
                yield f"nothing was made under the label {label!r} before"
            elif self.labels[label] != kind:
                yield f"{label!r} is {self.labels[label]}, and {kind} is needed"

    def _payments(self, action: Action) -> Iterator[str]:
        used = [*action.fields.get("parts", ()), *(locked.payment for locked in action.fields.get("transfers", ()))]
        if action.name not in _TERMS_MADE and "payment" in action.fields:
            used.append(action.fields["payment"])
        for name in used:
            if name not in self.payments:
                yield f"there is no payment {name!r} before"

    def _signed(self, action: Action) -> Iterator[str]:
        channel = action.fields.get("channel")
        nonce = action.fields.get("nonce")
        if action.name in _USE_STATES and nonce and not any(name == channel for name, _ in self.intents):
            yield f"no state {nonce} was signed: nothing was proposed in {channel} before"
        if action.name in _SIGNED_BEFORE:
            intent, label, what = _SIGNED_BEFORE[action.name]
            if action.fields.get(label) is None and (channel, intent) not in self.intents:
                yield f"no {what} in {channel} before"

    def _parties(self, action: Action) -> Iterator[str]:
        if action.name in _OFF_CHAIN and action.expected.fails is None:
            terms = self.story.channels[action.fields["channel"]]
            if action.actor not in (terms.user, terms.node):
                yield f"{action.actor} is no party of {action.fields['channel']}: {terms.user} and {terms.node} are"

    def _backups(self, action: Action) -> Iterator[str]:
        if action.name == "restore" and action.actor not in self.copies:
            yield f"there is no copy: back_up by {action.actor} must come before"

    def _expected(self, action: Action) -> Iterator[str]:
        if action.expected.emits is not None and not VOCABULARY[action.name].is_call:
            yield "it sends no transaction of its own: no `emits`"
        if action.expected.fails is not None:
            yield from _named(action.expected.fails, "error", _errors())
        for match in action.expected.emits or ():
            yield from _named(match, "event", KNOWN_ABI.events)

    # --- What is so afterwards ---

    def _pass_time(self, action: Action) -> None:
        if action.time is not None:
            self.earliest = action.time
        elif VOCABULARY[action.name].is_call:
            self.earliest += BLOCK_SECONDS
        if action.name == "advance":
            self.earliest += action.fields["duration"]
        if action.name == "mine":
            self.earliest += BLOCK_SECONDS * action.fields.get("blocks", 1)
        if action.name == "reorganize":
            self.earliest = 0  # what is taken back may have been of any time

    def _remember(self, action: Action) -> None:
        if action.name in _MADE_BY_HAND:
            self.labels[action.fields["message"]] = _MADE_BY_HAND[action.name]
        if action.name == "countersign":
            self.labels[action.fields["message"]] = WITHDRAWAL if "sequence" in action.fields else STATE
        if action.name in _TERMS_MADE:
            self.payments.add(action.fields["payment"])
        if action.name in _OFF_CHAIN:
            self.intents.add((action.fields["channel"], action.name))
        if action.name == "show":
            self.intents.add((action.fields["channel"], action.name))
        if action.name == "back_up" and action.actor is not None:
            self.copies.add(action.actor)


_USE_STATES = frozenset(
    name for name, verb in VOCABULARY.items() if verb.is_call and {"nonce", "message"} <= verb.fields.keys()
)


def _labels_used(action: Action) -> Iterator[tuple[str, str]]:
    """Labels that must have been made, each with the kind that is needed."""
    if action.name in _MADE_BY_HAND or action.name == "countersign":
        return
    wanted = {"message": _WITH_MESSAGE.get(action.name, STATE), "list_of": STATE, "exit_message": EXIT}
    for key, kind in wanted.items():
        if key in action.fields:
            yield action.fields[key], kind


def _named(match: Match, kind: str, known: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What of it there is not, by its name or those of its values."""
    if match.name not in known:
        close = get_close_matches(match.name, known, 1)
        yield f"there is no {kind} {match.name}" + (f": is it {close[0]}?" if close else "")
        return
    for name in match.values:
        if name not in known[match.name]:
            yield f"{match.name} has no value {name!r}, only {', '.join(known[match.name]) or 'none'}"


@cache
def _errors() -> dict[str, tuple[str, ...]]:
    """Of the contracts, and those with which a party's software refuses; some have a name in common."""
    errors = {**KNOWN_ABI.errors, "Unknown": ("data",)}
    for rule in _below(ConnextError):
        errors[rule.__name__] = (*errors.get(rule.__name__, ()), *(one.name for one in fields(rule)))
    return errors


def _below(kind: type[ConnextError]) -> Iterator[type[ConnextError]]:
    for below in kind.__subclasses__():
        if is_dataclass(below):
            yield below
        yield from _below(below)
