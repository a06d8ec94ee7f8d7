"""What an actor's account calls on the chain (docs/protocol.md section 3). Whether it succeeds, the receipt says."""

from typing import Annotated

from connext import calls
from connext.actions.conditional import witness_of
from connext.actions.form import Action, ActionsField, perform, verb
from connext.calls import Call
from connext.channel import Signed, unsigned_initial
from connext.fields import AssetName, Count, Money, Name, SideName
from connext.messages import State, StateHeader, header, transfers_hash
from connext.signing import to_rsv
from connext.token import Permit, signable_permit
from connext.types import InvalidValue, Side
from connext.world import Actor, NothingKnown, World


@verb
def deposit(world: World, channel: Name, side: SideName, amount: Money) -> Call:
    return calls.deposit(world.identity(channel), side, amount.amount_wei, amount.amount_token)


@verb
def top_up(world: World, channel: Name, side: SideName, amount: Money) -> Call:
    return calls.top_up(world.channel_id(channel), side, amount.amount_wei, amount.amount_token)


@verb
def collateralize(world: World, channel: Name, amount: Money) -> Call:
    return calls.collateralize(world.identity(channel), amount.amount_wei, amount.amount_token)


@verb
def withdraw(world: World, channel: Name, sequence: Count | None = None) -> Call:
    """Without a sequence, the last withdrawal that both signed."""
    known = world.evidence[world.channel_id(channel)].withdrawals
    chosen = [signed for signed in known if sequence in (None, signed.message.sequence)]
    if not chosen:
        raise NothingKnown(channel, "countersigned withdrawal")
    message, user, node = chosen[-1].message, chosen[-1].signature(Side.USER), chosen[-1].signature(Side.NODE)
    return calls.withdraw(world.identity(channel), message, user, node)


@verb
def checkpoint(world: World, actor: Actor, channel: Name, nonce: Count | None = None) -> Call:
    """Without a nonce, the newest state that the actor could have."""
    return calls.checkpoint(world.identity(channel), _state(world, actor, channel, nonce))


@verb
def start_dispute(world: World, actor: Actor, channel: Name, nonce: Count | None = None) -> Call:
    """Nonce 0: without a state."""
    return calls.start_dispute(world.identity(channel), _state(world, actor, channel, nonce))


@verb
def start_dispute_with_exit(world: World, actor: Actor, channel: Name, nonce: Count | None = None) -> Call:
    """With the last exit that was signed."""
    exits = world.evidence[world.channel_id(channel)].exits
    if not exits:
        raise NothingKnown(channel, "signed exit")
    signed = _state(world, actor, channel, nonce)
    return calls.start_dispute_with_exit(world.identity(channel), exits[-1].exit, exits[-1].signature, signed)


@verb
def resume(world: World, channel: Name) -> Call:
    """With the last resume that both signed."""
    known = world.evidence[world.channel_id(channel)].resumes
    if not known:
        raise NothingKnown(channel, "countersigned resume")
    message, user, node = known[-1].message, known[-1].signature(Side.USER), known[-1].signature(Side.NODE)
    return calls.resume(world.identity(channel), message, user, node)


@verb
def settle(world: World, actor: Actor, channel: Name, nonce: Count | None = None) -> Call:
    """Without a nonce, with the recorded state."""
    if nonce is not None:
        return calls.settle(world.identity(channel), _state(world, actor, channel, nonce).message)
    known = world.ledger().channels.get(world.channel_id(channel))
    recorded = known.recorded if known is not None else None
    return calls.settle(world.identity(channel), _with_list(world, channel, recorded))


@verb
def settle_transfers(world: World, channel: Name) -> Call:
    """All open transfers of a settled channel that can be settled now."""
    known = world.ledger().channels.get(world.channel_id(channel))
    wanted = known.open_transfers.transfers_hash if known is not None else bytes(32)
    for signed in world.evidence[world.channel_id(channel)].states.values():
        if transfers_hash(signed.message.transfers) == wanted:
            return calls.settle_transfers(world.identity(channel), signed.message.transfers)
    raise NothingKnown(channel, "open transfers after its settlement")


@verb
def record(world: World, payment: Name) -> Call:
    """In the registry, what is proved of a payment."""
    terms = world.payment(payment).terms
    return calls.record(terms.condition, terms.params, terms.expiry, witness_of(world, payment))


@verb
def close(world: World, actor: Actor, channel: Name, nonce: Count | None = None) -> Call:
    return calls.close(world.identity(channel), _state(world, actor, channel, nonce))


@verb
def fund(world: World, actor: Actor, amount: Money, account: Name | None = None) -> Call:
    """Without an account, the actor's own."""
    owner = world.actor(account).account if account is not None else actor.account
    return calls.fund(owner, amount.amount_wei, amount.amount_token)


@verb
def withdraw_reserve(world: World, actor: Actor, amount: Money, recipient: Name | None = None) -> Call:
    to = world.actor(recipient).account if recipient is not None else actor.account
    return calls.withdraw_reserve(amount.amount_wei, amount.amount_token, to)


@verb
def withdraw_credit(world: World, actor: Actor, amount: Money, recipient: Name | None = None) -> Call:
    to = world.actor(recipient).account if recipient is not None else actor.account
    return calls.withdraw_credit(amount.amount_wei, amount.amount_token, to)


@verb
def push_credit(world: World, account: Name, asset: AssetName) -> Call:
    return calls.push_credit(world.actor(account).account, asset)


@verb
def permit(world: World, actor: Actor) -> Call:
    """DAI's own permit: an unlimited allowance for the manager, signed by the actor's account."""
    nonce = world.permit_nonce(actor)
    signed = Permit(actor.account, world.manager, nonce, 0, True)
    signable = signable_permit(world.chain.chain_id, world.deployment.token, signed)
    return calls.permit(nonce, 0, to_rsv(actor.sign_for_account(signable)))


@verb
def batch(world: World, actor: Actor, items: Annotated[tuple[Action, ...], ActionsField()]) -> Call:
    """Several actions of the chain in one transaction, all by the same actor."""
    return calls.batch(_item(world, actor, item) for item in items)


def _item(world: World, actor: Actor, item: Action) -> Call:
    if item.actor != actor.name:
        raise InvalidValue(f"{item.name}.by", f"{actor.name}, like the batch", item.actor)
    call = perform(world, item)
    assert call is not None  # only calls can be items
    if call.receiver(world.deployment) != world.manager:
        raise InvalidValue(f"{item.name}.do", "a call of the manager", item.name)
    return call


def _with_list(world: World, channel: str, recorded: StateHeader | None) -> State | StateHeader | None:
    """The state with its transfers, if anybody has it."""
    for signed in world.evidence[world.channel_id(channel)].states.values():
        if header(signed.message) == recorded:
            return signed.message
    return recorded


def _state(world: World, actor: Actor, channel: str, nonce: int | None) -> Signed[State]:
    """The newest state the actor could send, or any that both signed; nonce 0 is the initial one."""
    if nonce is None:
        return world.newest(actor.name, channel)
    if nonce == 0:
        return unsigned_initial(world.channel_id(channel))
    return world.countersigned(channel, nonce)
