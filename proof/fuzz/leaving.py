"""The end of a life: a side of every channel leaves it alone (G5), everybody takes out what is theirs, no more is left.

On the bytecode, like every other turn, so that no money can be stuck which the model believes to be free.
"""

from itertools import chain

from proof.fuzz.changes import Told
from proof.fuzz.choices import Choices
from proof.fuzz.foreign import honest
from proof.fuzz.play import Divergence, Play
from proof.fuzz.scene import FRESH, Desk, Move
from proof.guarantees import Broken, way_out
from proof.model import operations as op
from proof.model.operations import Context, Operation

LATEST = 2**39
"""Nobody waits for transfers that expire later."""


def leave(play: Play, choices: Choices) -> None:
    """Raises Divergence."""
    play.scene.time += 1
    play.take(Told(play.stage.hostile_token, *honest()))
    for desk in play.scene.desks:
        _survey(play, desk)
    for settles in (True, False):  # waiting for transfers would take time from disputes
        for line in play.scene.lines:
            side = choices.below(2)
            steps = way_out(line.desk.ledger, line.desk.guard.past, line.identity, side, play.scene.time + 1)
            for operation, context in steps:
                if settles is isinstance(operation, op.SettleTransfers) or context.time > LATEST:
                    break
                _must(play, line.desk, operation, context)
    _no_channel_holds_anything(play)
    for desk in play.scene.desks:
        _take_all(play, desk)
        _nothing_is_left(desk)


def _survey(play: Play, desk: Desk) -> None:
    try:
        desk.guard.survey(play.scene.time + 1)
    except Broken as broken:
        play.failure = str(broken)
        raise Divergence(str(broken)) from broken


def _take_all(play: Play, desk: Desk) -> None:
    for book, form in ((desk.ledger.reserves, op.WithdrawReserve), (desk.ledger.credits, op.WithdrawCredit)):
        for account, amounts in list(book.items()):
            if any(amounts) and account not in play.stage.mute:
                _must(play, desk, form(*amounts, FRESH), Context(account, play.scene.time + 1))


def _must(play: Play, desk: Desk, operation: Operation, context: Context) -> None:
    """What has to succeed."""
    play.scene.time = context.time
    move = Move(desk.manager, operation, context)
    play.take(move)
    if play.taken[-1].refused:
        play.failure = f"nobody can leave by {move}"
        raise Divergence(play.failure)


def _no_channel_holds_anything(play: Play) -> None:
    for line in play.scene.lines:
        if any(line.channel.held):
            raise Divergence(f"nobody got out of {line.name}, which still holds {line.channel.held}")


def _nothing_is_left(desk: Desk) -> None:
    """But what transfers hold whose list nobody has shown, or that expire too late, what contracts have as reserve or
    credit, and what another manager was told to send here: a manager knows only its own address."""
    ledger, address = desk.ledger, desk.address
    held = [amounts for channel in ledger.channels.values() for amounts in (channel.held, channel.locked)]
    owed = [0, 0]
    for amounts in chain(ledger.reserves.values(), ledger.credits.values(), held):
        owed[0] += amounts[0]
        owed[1] += amounts[1]
    left = [ledger.ether.get(address, 0), ledger.token.balances.get(address, 0) - desk.given]
    if left != owed:
        raise Divergence(f"everybody has left 0x{address.hex()}, which still has {left}, and owes {owed}")
