"""What happens to actors and to the chain without their being asked."""

from connext import events
from connext.actions.form import verb
from connext.fields import Count, Duration, Flag
from connext.world import Actor, UnknownName, World

# --- Time and blocks ---


@verb
def advance(world: World, duration: Duration) -> None:
    """Nothing happens for this long; then one block is mined."""
    world.chain.set_next_time(world.chain.head.time + duration)
    world.chain.mine()


@verb
def mine(world: World, blocks: Count = 1) -> None:
    for _ in range(blocks):
        world.chain.mine()


@verb
def congest(world: World, blocks: Count) -> None:
    """From now on, what the parties' software sends to the chain is taken up this many blocks later; 0 ends it."""
    world.congestion = blocks


@verb
def reorganize(world: World, blocks: Count, resent: Flag = True) -> None:
    """The last blocks are replaced by one more. resent: with the transactions that were in them and still succeed."""
    replaced = world.chain.head
    undone = world.undo_blocks(blocks)
    for receipt in undone if resent else ():
        world.send_if_useful(receipt.transaction)
    while world.chain.head.number <= replaced.number:
        world.chain.mine()


# --- Messages ---


@verb
def drop(world: World, actor: Actor, messages: Count = 1) -> None:
    """The next messages of the actor are lost."""
    world.mail[actor.name].drop = messages


@verb
def delay(world: World, actor: Actor, duration: Duration, messages: Count = 1) -> None:
    """The next messages of the actor take this long."""
    mail = world.mail[actor.name]
    mail.delay, mail.delay_seconds = messages, duration


# --- Failing software ---


@verb
def go_silent(world: World, actor: Actor) -> None:
    """The actor's software stops: it sees no block and loses every message."""
    world.silent.add(actor.name)


@verb
def come_back(world: World, actor: Actor) -> None:
    """The software runs again, with the store it had."""
    world.silent.discard(actor.name)


@verb
def back_up(world: World, actor: Actor) -> None:
    """The actor copies its store."""
    world.backups[actor.name] = world.parties[actor.name]


@verb
def restore(world: World, actor: Actor, admitted: Flag = True) -> None:
    """The store becomes the copy again. admitted: the owner tells the software so."""
    if actor.name not in world.backups:
        raise UnknownName("backup of", actor.name, ", ".join(world.backups) or "none")
    world.parties[actor.name] = world.backups[actor.name]
    for channel_id in world.parties[actor.name].channels if admitted else ():
        world.tell(actor.name, events.MarkRestored(channel_id))
