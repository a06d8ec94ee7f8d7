"""What a campaign came to, and why what survived may."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Explanation:
    """Of a mutant, by its changed lines: why no test notices it, and none should."""

    file: str
    before: str
    after: str
    reason: str

    def is_of(self, mutant: Mutant) -> bool:
        return self.file == mutant.file and (self.before, self.after) == (mutant.change.before, mutant.change.after)

    def fits(self, outcome: Outcome) -> bool:
        return (self.file, self.before, self.after) == (outcome.file, outcome.before, outcome.after)


def explanations(text: str | None = None) -> list[Explanation]:
    """Of survivors.toml. Raises BadExplanation where a reason is missing."""
    found = []
    for group in tomllib.loads(SURVIVORS.read_text() if text is None else text).get("survivors", ()):
        for file, before, after in group["changes"]:
            if not group.get("reason", "").strip():
                raise BadExplanation(f"survivors.toml: {file}: {before!r} => {after!r} has no reason")
            found.append(Explanation(file, before, after, group["reason"]))
    return found


def explained(outcomes: Sequence[Outcome], mutants: Sequence[Mutant], text: str | None = None) -> dict[str, str]:
    """The reasons in survivors.toml, by the keys of survivors. Raises BadExplanation.

    A mutant that has yet to meet the tests may have a reason already.
    """
    tried = {outcome.key for outcome in outcomes if outcome.fate != Fate.ESCAPED}
    open_ = [mutant for mutant in mutants if mutant.key not in tried]
    reasons: dict[str, str] = {}
    for explanation in explanations(text):
        fits = [outcome.key for outcome in outcomes if outcome.fate == Fate.SURVIVED and explanation.fits(outcome)]
        if not fits and not any(map(explanation.is_of, open_)):
            what = f"{explanation.file}: {explanation.before!r} => {explanation.after!r}"
            raise BadExplanation(f"survivors.toml: {what} is killed, or is no mutant; remove it")
        reasons |= dict.fromkeys(fits, explanation.reason)
    return reasons
