"""A line of play as a story that can be played again (docs/formats.md): the history, then every transaction by hand.

All software is silent from the end of the history on, since the line says what the honest party sends and when.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from connext.actions import Action, action
from connext.actions.by_hand import Locked
from connext.chain import BLOCK_SECONDS
from connext.chain.evm import EvmChain
from connext.channel import Signed
from connext.checking import Play
from connext.envelopes import SignedExit
from connext.errors import ConnextError
from connext.ledger import Holdings
from connext.messages import Resume, State, Withdrawal
from connext.story import End, Story
from connext.transfers import triple_of
from connext.types import Asset
from proof.explore.game import Found, Game, Position, Step
from proof.explore.stage import GAP, parties_of
from proof.explore.telling import money
from tests.scene import WEALTH_TOKEN, WEALTH_WEI, stage


@dataclass(eq=False)
class CannotBeTold(ConnextError):
    text = "this line is no story: {reason}"
    reason: str


def as_story(game: Game, found: Found) -> Story:
    """Raises CannotBeTold where too much happens within one second for blocks of their own, and for other vouchers."""
    if any(step.move is not None and step.move.note for step in found.line):
        raise CannotBeTold("no action of a story records another voucher than the best")
    story = Story(
        title=f"{game.stage.story.title}. The least for {game.stage.honest}",
        about=_about(game, found),
        channels=game.stage.story.channels,
        actions=(*game.stage.story.actions, *_silence(game), *_by_hand(game, found.line), *_timed(game, found.line)),
        guarantees=("G4", "G5", "G9") if len(game.stage.channels) > 1 else ("G4", "G5"),
        limits=game.stage.story.limits,
    )
    return replace(story, ends=_play(story, game, found))


def _about(game: Game, found: Found) -> str:
    surplus = found.worst.surplus
    compared = "exactly what" if not surplus else f"{abs(surplus)} wei {'more' if surplus > 0 else 'LESS'} than what"
    return (
        f"The worst that the explorer found for {game.stage.honest}, whatever the others do: "
        f"{money(found.worst.end)} out of the channels, {compared} section 9 promises at these outcomes."
    )


def _play(story: Story, game: Game, found: Found) -> Mapping[str, End]:
    """The ends; they must be those of the line."""
    play = Play(stage(story, EvmChain()), story)
    problems = [f"{step.action.name}: {', '.join(step.problems)}" for step in play.steps() if step.problems]
    if problems:
        raise CannotBeTold("; ".join(problems))
    ends = play.ends()
    mine = ends.get(game.stage.honest)
    got = (0, 0) if mine is None else _sum((mine.wallet, mine.reserve, mine.credit))
    wei, token = game.board.wealth(found.worst.position.node)
    if got != (wei - WEALTH_WEI, token - WEALTH_TOKEN):
        raise CannotBeTold(f"{game.stage.honest} would end with {money(got)} more")
    return ends


def _sum(parts: tuple[Holdings, ...]) -> tuple[int, int]:
    return sum(part.amount_wei for part in parts), sum(part.amount_token for part in parts)


def _silence(game: Game) -> Iterator[Action]:
    for name in parties_of(game.stage.story):
        if name not in game.stage.world.silent:
            yield action("go_silent", name)


# --- What was signed ---


def _by_hand(game: Game, line: list[Step]) -> Iterator[Action]:
    """Whatever the transactions take by its label."""
    labels = dict.fromkeys(
        str(step.move.action.fields[field])
        for step in line
        if step.move is not None
        for field in ("message", "exit_message", "list_of")
        if field in step.move.action.fields
    )
    for label in labels:
        yield _made(game, label)


def _made(game: Game, label: str) -> Action:
    if label in game.papers.forged:
        return game.papers.forged[label]
    signed = game.stage.world.by_hand[label]
    start = game.stage.world.start.time
    if isinstance(signed, SignedExit):
        exit_ = signed.exit
        channel, honest = game.stage.channel_name(exit_.channel_id), game.stage.honest
        fields = {"channel": channel, "dispute": exit_.dispute, "deadline": exit_.deadline - start}
        return action("make_exit", honest, message=label, **fields)
    channel = game.stage.channel_name(signed.message.channel_id)
    match signed.message:
        case State():
            return _made_state(game, label, channel, signed)
        case Withdrawal(sequence=sequence, deadline=deadline) as withdrawal:
            names = {actor.account: name for name, actor in game.stage.world.actors.items()}
            return action(
                "make_withdrawal",
                message=label,
                channel=channel,
                sequence=sequence,
                deadline=deadline - start,
                user=Holdings(withdrawal.user_wei, withdrawal.user_token),
                node=Holdings(withdrawal.node_wei, withdrawal.node_token),
                recipient=names[withdrawal.recipient],
            )
        case Resume(dispute=dispute, deadline=deadline):
            return action("make_resume", message=label, channel=channel, dispute=dispute, deadline=deadline - start)
    raise AssertionError(signed)


def _made_state(game: Game, label: str, channel: str, signed: Signed[State]) -> Action:
    state = signed.message
    transfers = tuple(
        Locked(game.stage.payment_on(triple_of(leg)), leg.payer, Asset(leg.asset), leg.amount, leg.id)
        for leg in state.transfers
    )
    return action(
        "make_state",
        message=label,
        channel=channel,
        nonce=state.nonce,
        user=Holdings(state.user_wei, state.user_token),
        node=Holdings(state.node_wei, state.node_token),
        transfers=transfers,
        final=state.is_final,
    )


# --- When ---


def _timed(game: Game, line: list[Step]) -> Iterator[Action]:
    """Each transaction in a block of its own. Those of one second are spread, up to its last where that is the last
    before a limit, and else from the first."""
    start = game.stage.world.start.time
    last = game.stage.world.chain.head.time
    shifts: dict[str, int] = {}
    sent = [(position, step.move) for position, step in _positions(game, line) if step.move is not None]
    for time, group in groupby(sent, key=lambda entry: entry[0].time):
        together = list(group)
        time += _shift(game, together[0][0], shifts)
        first = time - GAP * (len(together) - 1) if _is_last_second(game, together[0][0]) else max(time, last + GAP)
        if first < last + 1:
            raise CannotBeTold("there are more transactions before a limit than there are blocks")
        for number, (position, move) in enumerate(together):
            at = first + number * GAP
            if move.action.name.startswith("start_dispute"):
                shifts[str(move.channel)] = at - position.time
            yield replace(move.action, time=at - start)
            last = at + BLOCK_SECONDS


def _positions(game: Game, line: list[Step]) -> Iterator[tuple[Position, Step]]:
    """Each step with the position before it."""
    position = game.start
    for step in line:
        yield position, step
        position = step.to


def _shift(game: Game, position: Position, shifts: dict[str, int]) -> int:
    """By how much a deadline that is near is later than in the line, because its dispute started later."""
    near = [c for c, d in game.board.deadlines(position.node).items() if abs(position.time - d) <= 1]
    return max((shifts.get(channel, 0) for channel in near), default=0)


def _is_last_second(game: Game, position: Position) -> bool:
    expiries = [triple.expiry for triple in game.stage.payments.values()]
    return position.time + 1 in (*expiries, *game.board.deadlines(position.node).values())
