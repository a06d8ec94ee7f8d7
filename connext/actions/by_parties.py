"""What the owner of a party wants of the other side. The party's software may reject it, which the outputs say."""

from connext import events
from connext.actions.form import verb
from connext.fields import NO_MONEY, Duration, Money, Name
from connext.types import HOUR
from connext.world import Actor, NothingKnown, World


@verb
def pay(world: World, actor: Actor, channel: Name, amount: Money) -> None:
    """Propose a state that gives the other side more."""
    world.tell(actor.name, events.Pay(world.channel_id(channel), amount.amount_wei, amount.amount_token))


@verb
def propose_close(world: World, actor: Actor, channel: Name) -> None:
    """Propose the newest state as final; whoever holds it countersigned closes the channel with it."""
    world.tell(actor.name, events.Close(world.channel_id(channel)))


@verb
def propose_withdrawal(
    world: World,
    actor: Actor,
    channel: Name,
    user: Money = NO_MONEY,
    node: Money = NO_MONEY,
    recipient: Name | None = None,
    window: Duration = HOUR,
) -> None:
    """user, node: what each side takes out. recipient: of the user's part, its own account if not given.

    window: time from the head until the withdrawal is void.
    """
    identity = world.identity(channel)
    world.tell(
        actor.name,
        events.Withdraw(
            world.channel_id(channel),
            user_wei=user.amount_wei,
            node_wei=node.amount_wei,
            user_token=user.amount_token,
            node_token=node.amount_token,
            recipient=world.actor(recipient).account if recipient is not None else identity.user,
            deadline=world.chain.head.time + window,
        ),
    )


@verb
def propose_resume(world: World, actor: Actor, channel: Name, window: Duration = HOUR) -> None:
    """Propose to end the running dispute and go on."""
    world.tell(actor.name, events.ProposeResume(world.channel_id(channel), world.chain.head.time + window))


@verb
def accept(world: World, actor: Actor, channel: Name) -> None:
    """Countersign what waits for the owner: a withdrawal, a resume, or else a state."""
    known = world.view_of(actor.name, channel)
    waiting = known.their_withdrawal or known.their_resume or known.their_offer
    if waiting is None:
        raise NothingKnown(channel, f"message that waits for {actor.name}")
    world.tell(actor.name, events.Accept(known.id, waiting.digest))


@verb
def refuse(world: World, actor: Actor, channel: Name) -> None:
    """Refuse the state that waits for the owner."""
    known = world.view_of(actor.name, channel)
    if known.their_offer is None:
        raise NothingKnown(channel, f"proposal that waits for {actor.name}")
    world.tell(actor.name, events.Refuse(known.id, known.their_offer.digest))


@verb
def sign_exit(world: World, actor: Actor, channel: Name, window: Duration = HOUR) -> None:
    """Sign an exit that anyone may start the next dispute with."""
    world.tell(actor.name, events.SignExit(world.channel_id(channel), world.chain.head.time + window))


@verb
def resend(world: World, actor: Actor, channel: Name) -> None:
    """Send again what may have been lost."""
    world.tell(actor.name, events.Resend(world.channel_id(channel)))
