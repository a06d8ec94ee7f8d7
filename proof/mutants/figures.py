"""What a campaign came to, and why what survived may."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from proof.mutants.campaign import Fate, Outcome
from proof.mutants.generate import Mutant

SURVIVORS = Path(__file__).with_name("survivors.toml")
CHANGED = (Fate.KILLED, Fate.ESCAPED, Fate.SURVIVED)


class BadExplanation(Exception):
    """An entry of survivors.toml for what did not survive, or is no mutant any more."""


def score(outcomes: Iterable[Outcome]) -> float:
    """The part that was killed of the mutants with bytecode of their own.

    Not killed are also those that survive for a good reason, and those that have yet to meet the tests.
    """
    fates = Counter(outcome.fate for outcome in outcomes)
    changed = sum(fates[fate] for fate in CHANGED)
    return fates[Fate.KILLED] / changed if changed else 0.0


def by_operator(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """How many of each operator met which fate."""
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.operator, Counter())[outcome.fate] += 1
    return {operator: dict(sorted(counts[operator].items())) for operator in sorted(counts)}


def explained(outcomes: Sequence[Outcome], mutants: Sequence[Mutant], text: str | None = None) -> dict[str, str]:
    """The reasons in survivors.toml, by the keys of survivors. Raises BadExplanation.

    A mutant that was not tried yet may have a reason already.
    """
    tried = {outcome.key for outcome in outcomes if outcome.fate != Fate.ESCAPED}
    open_ = [mutant for mutant in mutants if mutant.key not in tried]
    reasons: dict[str, str] = {}
    for entry in tomllib.loads(SURVIVORS.read_text() if text is None else text).get("survivor", ()):
        fits = [outcome.key for outcome in outcomes if outcome.fate == Fate.SURVIVED and _fits(entry, outcome)]
        ahead = any(_is_of(entry, mutant) for mutant in open_)
        if not (fits or ahead) or not entry.get("reason", "").strip():
            what = f"{entry.get('file')}: {entry.get('before')!r} => {entry.get('after')!r}"
            raise BadExplanation(f"survivors.toml: {what} is killed, is no mutant, or has no reason; remove it")
        reasons |= dict.fromkeys(fits, entry["reason"])
    return reasons


def _fits(entry: Mapping[str, Any], outcome: Outcome) -> bool:
    return (entry["file"], entry["before"], entry["after"]) == (outcome.file, outcome.before, outcome.after)


def _is_of(entry: Mapping[str, Any], mutant: Mutant) -> bool:
    if entry["file"] != mutant.file:
        return False
    return (entry["before"], entry["after"]) == (mutant.change.before, mutant.change.after)
