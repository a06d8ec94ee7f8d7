"""A history explored: for one party, one kind of player, and one or every moment at which the history may leave off."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from connext.stories import write_story
from connext.story import Story
from proof import records
from proof.explore.game import Found, Game
from proof.explore.moves import Papers
from proof.explore.players import Player, Rulebook, Software, asleep
from proof.explore.promise import Money
from proof.explore.scenario import CannotBeTold, as_story
from proof.explore.stage import Stage, set_stage, stages_of
from proof.explore.telling import Teller

PLAYERS: Mapping[str, Callable[[Papers], Player]] = {
    "software": Software,
    "rules": Rulebook,
    "asleep": lambda papers: asleep(Software(papers)),
}
"""`asleep` is there to see that the promise can be broken."""

KEPT = records.CHECKOUT / ".build" / "explore.json"

CODE = (
    *("connext/**/*.py", "connext/artifacts/*.json", "proof/explore/*.py", "proof/machine.py", "proof/storage.py"),
    "tests/scene.py",
)
"""What plays."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Figures:
    """Of all games of one history, party and player. moments: how many there were to begin at.

    promised, least: in wei of ETH and DAI, from the end of the history. surplus: the lowest of all games, in wei, above
    what is promised at the outcomes; delay: the longest, in seconds, beyond what is promised. latest: when all is over.
    line: the worst, in words; story: the same as YAML, or why it is none.
    """

    moments: int
    positions: int
    merged: int
    chain_positions: int
    transactions: int
    endings: int
    seconds: float
    promised: Money
    least: Money
    surplus: int
    delay: int
    latest: str
    signed: list[str]
    line: list[str]
    story: str | None
    no_story: str

    @property
    def is_kept(self) -> bool:
        """Whether the promise is."""
        return self.surplus >= 0 and not self.delay


def explore(
    story: Story, honest: str, player: str, *, every_moment: bool = False, report: Report | None = None
) -> Figures:
    """Raises NotAParty."""
    stages = stages_of(story, honest) if every_moment else [set_stage(story, honest)]
    found = []
    for number, stage in enumerate(stages, 1):
        game, result = _play(stage, player, f"moment {number} of {len(stages)}, ", report)
        found.append(result)
        if not result.worst.is_as_promised:
            break
    told, no_story = None, "the history leaves off before its end"
    if number == len(stages):
        try:
            told, no_story = write_story(as_story(game, result)), ""
        except CannotBeTold as error:
            no_story = str(error)
    teller = Teller(game)
    return Figures(
        moments=len(found),
        positions=sum(f.positions for f in found),
        merged=sum(f.merged for f in found),
        chain_positions=sum(f.chain_positions for f in found),
        transactions=sum(f.transactions for f in found),
        endings=sum(f.endings for f in found),
        seconds=round(sum(f.seconds for f in found), 1),
        promised=result.promised,
        least=result.least,
        surplus=min(f.worst.surplus for f in found),
        delay=max(f.worst.delay for f in found),
        latest=f"{teller.moment(result.latest)}, promised by {teller.moment(game.promise.latest())}",
        signed=[teller.cast(), *teller.signed()],
        line=[*teller.line(result.line), teller.end(result)],
        story=told,
        no_story=no_story,
    )


def _play(stage: Stage, player: str, where: str, report: Report | None) -> tuple[Game, Found]:
    def tell(positions: int) -> None:
        if report is not None:
            report(f"{where}{positions} positions")

    game = Game(stage, PLAYERS[player], tell)
    tell(0)
    return game, game.explore()


# --- What earlier runs found ---


def kept(key: str) -> Figures | None:
    found = _all_kept().get(key)
    if found is None:
        return None
    return Figures(**found | {name: tuple(found[name]) for name in ("promised", "least")})


def keep(key: str, figures: Figures) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(_all_kept() | {key: asdict(figures)}, indent=1))


def key_of(text: str, honest: str, player: str, *, every_moment: bool) -> str:
    """Of a history's document; what else the figures depend on is the code."""
    return sha256(f"{_code()} {text} {honest} {player} {every_moment}".encode()).hexdigest()


def _all_kept() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    return found


@cache
def _code() -> str:
    """A hash over `CODE`."""
    digest = sha256()
    for path in sorted(path for pattern in CODE for path in records.CHECKOUT.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def save_story(history: str, text: str, folder: Path) -> Path:
    path = folder / f"explored-{history}.yaml"
    path.write_text(text)
    return path
