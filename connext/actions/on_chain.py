"""What an actor's account calls on the chain (docs/protocol.md section 3). Whether it succeeds, the receipt says."""

from typing import Annotated

from connext import calls
from connext.actions.conditional import witness_of
from connext.actions.form import Action, ActionsField, perform, verb
from connext.calls import Call
from connext.channel import Signed, unsigned_initial
from connext.envelopes import SignedExit
from connext.fields import AssetName, Count, Money, Name, Positions, SideName
from connext.messages import Resume, State, StateHeader, Transfer, Withdrawal, header, transfers_hash
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
def withdraw(world: World, channel: Name, sequence: Count | None = None, message: Name | None = None) -> Call:
    """Without a sequence, the last withdrawal that both signed."""
    signed = world.made(message, Withdrawal) if message else _withdrawal(world, channel, sequence)
    return calls.withdraw(
        world.identity(channel), signed.message, signed.signature(Side.USER), signed.signature(Side.NODE)
    )


@verb
def checkpoint(
    world: World, actor: Actor, channel: Name, nonce: Count | None = None, message: Name | None = None
) -> Call:
    """Without a nonce, the newest state that the actor could have."""
    return calls.checkpoint(world.identity(channel), _state(world, actor, channel, nonce, message))


@verb
def start_dispute(
    world: World, actor: Actor, channel: Name, nonce: Count | None = None, message: Name | None = None
) -> Call:
    """Nonce 0: without a state."""
    return calls.start_dispute(world.identity(channel), _state(world, actor, channel, nonce, message))


@verb
def start_dispute_with_exit(
    world: World,
    actor: Actor,
    channel: Name,
    nonce: Count | None = None,
    message: Name | None = None,
    exit_message: Name | None = None,
) -> Call:
    """With the last exit that was signed, or the one made by hand as `exit_message`."""
    leave = world.made_exit(exit_message) if exit_message is not None else _exit(world, channel)
    signed = _state(world, actor, channel, nonce, message)
    return calls.start_dispute_with_exit(world.identity(channel), leave.exit, leave.signature, signed)


@verb
def resume(world: World, channel: Name, message: Name | None = None) -> Call:
    """Without a message, with the last resume that both signed."""
    signed = world.made(message, Resume) if message is not None else _resume(world, channel)
    return calls.resume(
        world.identity(channel), signed.message, signed.signature(Side.USER), signed.signature(Side.NODE)
    )


@verb
def settle(
    world: World,
    actor: Actor,
    channel: Name,
    nonce: Count | None = None,
    message: Name | None = None,
    list_of: Name | None = None,
) -> Call:
    """Without nonce and message, with the recorded state. list_of: shows the transfers of another message."""
    state: State | StateHeader | None
    if nonce is not None or message is not None:
        state = _state(world, actor, channel, nonce, message).message
    else:
        known = world.ledger().channels.get(world.channel_id(channel))
        state = _with_list(world, channel, known.recorded if known is not None else None)
    return calls.settle(world.identity(channel), state, _list(world, list_of))


@verb
def settle_transfers(world: World, channel: Name, list_of: Name | None = None, wanted: Positions | None = None) -> Call:
    """The open transfers of a settled channel that can be settled now; wanted: only these of the list.

    list_of: shows the transfers of this message.
    """
    listed = _list(world, list_of)
    if listed is None:
        listed = _open_transfers(world, channel)
    chosen = calls.ALL_TRANSFERS if wanted is None else sum(1 << place for place in set(wanted))
    return calls.settle_transfers(world.identity(channel), listed, chosen)


def _open_transfers(world: World, channel: str) -> tuple[Transfer, ...]:
    known = world.ledger().channels.get(world.channel_id(channel))
    wanted = known.open_transfers.transfers_hash if known is not None else bytes(32)
    for state in _all_states(world, channel):
        if transfers_hash(state.transfers) == wanted:
            return state.transfers
    raise NothingKnown(channel, "open transfers after its settlement")


@verb
def record(world: World, payment: Name) -> Call:
    """In the registry, what is proved of a payment."""
    terms = world.payment(payment).terms
    return calls.record(terms.condition, terms.params, terms.expiry, witness_of(world, payment))


@verb
def close(
    world: World,
    actor: Actor,
    channel: Name,
    nonce: Count | None = None,
    message: Name | None = None,
    list_of: Name | None = None,
) -> Call:
    """list_of: shows the transfers of another message."""
    signed = _state(world, actor, channel, nonce, message)
    return calls.close(world.identity(channel), signed, _list(world, list_of))


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
    for state in _all_states(world, channel):
        if header(state) == recorded:
            return state
    return recorded


def _all_states(world: World, channel: str) -> list[State]:
    """Of the channel, by both or by hand."""
    channel_id = world.channel_id(channel)
    known = [signed.message for signed in world.evidence[channel_id].states.values()]
    made = [signed.message for signed in world.by_hand.values() if isinstance(signed, Signed)]
    return known + [state for state in made if isinstance(state, State) and state.channel_id == channel_id]


def _list(world: World, label: str | None) -> tuple[Transfer, ...] | None:
    return world.made(label, State).message.transfers if label is not None else None


def _state(world: World, actor: Actor, channel: str, nonce: int | None, message: str | None = None) -> Signed[State]:
    """The newest state the actor could send, any that both signed, or one made by hand; nonce 0 is the initial one."""
    if message is not None:
        return world.made(message, State)
    if nonce is None:
        return world.newest(actor.name, channel)
    if nonce == 0:
        return unsigned_initial(world.channel_id(channel))
    return world.countersigned(channel, nonce)


def _withdrawal(world: World, channel: str, sequence: int | None) -> Signed[Withdrawal]:
    known = world.evidence[world.channel_id(channel)].withdrawals
    chosen = [signed for signed in known if sequence in (None, signed.message.sequence)]
    if not chosen:
        raise NothingKnown(channel, "countersigned withdrawal")
    return chosen[-1]


def _exit(world: World, channel: str) -> SignedExit:
    exits = world.evidence[world.channel_id(channel)].exits
    if not exits:
        raise NothingKnown(channel, "signed exit")
    return exits[-1]


def _resume(world: World, channel: str) -> Signed[Resume]:
    known = world.evidence[world.channel_id(channel)].resumes
    if not known:
        raise NothingKnown(channel, "countersigned resume")
    return known[-1]
