"""What no honest software does: messages written and signed by hand, whatever they say, and accounts that misbehave.

Each message has a label, by which the actions of the chain take it (`message`). It obeys no rule but the widths of its
fields: any amounts, any nonce, signed by anybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, ClassVar

from connext.actions.form import Action, ActionsField, perform, verb
from connext.channel import Channel, Offer, Signed, half_signed
from connext.envelopes import Proposal, SignedExit
from connext.fields import (
    NO_MONEY,
    ChoiceField,
    Count,
    CountField,
    Duration,
    Flag,
    Money,
    MoneyField,
    Name,
    NameField,
    Net,
)
from connext.ledger import Holdings
from connext.messages import Domain, Exit, Resume, State, Transfer, Withdrawal, digest
from connext.payments import Terms
from connext.signing import Signable, Signature
from connext.types import Asset, InvalidValue, Side, Struct
from connext.world import Actor, NothingKnown, Payment, World

# --- Fields ---


@dataclass(frozen=True, slots=True)
class Locked:
    """A transfer of a hand-made state, under the terms of a payment. payer, asset: as codes, which may mean nothing."""

    payment: str
    payer: int
    asset: int
    wei: int
    id: int


@dataclass(frozen=True, slots=True)
class LockedField:
    """Transfers. Without an id, a transfer has its place in the list for one."""

    expected: ClassVar[str] = (
        "a list of transfers such as {payment: shoes, payer: user, amount: 1 ETH, id: 3}, "
        "or for other codes {payment: shoes, payer: 2, asset: 7, wei: 5}"
    )
    _sides: ClassVar = ChoiceField({"user": Side.USER, "node": Side.NODE})

    def read(self, value: object, path: str) -> tuple[Locked, ...]:
        if not isinstance(value, list | tuple):
            raise InvalidValue(path, self.expected, value)
        return tuple(self._read_one(item, i, f"{path}[{i}]") for i, item in enumerate(value))

    def _read_one(self, value: object, place: int, path: str) -> Locked:
        if isinstance(value, Locked):
            return value
        if not isinstance(value, Mapping) or value.keys() - {"id"} not in (_AMOUNT_FORM, _CODES_FORM):
            raise InvalidValue(path, self.expected, value)
        payment = NameField().read(value["payment"], f"{path}.payment")
        asset, wei = self._amount(value, path)
        number = CountField().read(value.get("id", place), f"{path}.id")
        return Locked(payment, self._payer(value["payer"], f"{path}.payer"), asset, wei, number)

    def _payer(self, value: object, path: str) -> int:
        return CountField().read(value, path) if isinstance(value, int) else self._sides.read(value, path).value

    def _amount(self, value: Mapping[str, Any], path: str) -> tuple[int, int]:
        if "amount" not in value:
            return CountField().read(value["asset"], f"{path}.asset"), CountField().read(value["wei"], f"{path}.wei")
        amount = MoneyField().read(value["amount"], f"{path}.amount")
        if bool(amount.amount_wei) == bool(amount.amount_token):
            raise InvalidValue(f"{path}.amount", "an amount of one asset", value["amount"])
        return (Asset.ETH, amount.amount_wei) if amount.amount_wei else (Asset.DAI, amount.amount_token)

    def write(self, value: tuple[Locked, ...]) -> list[dict[str, Any]]:
        return [self._write_one(locked) for locked in value]

    def _write_one(self, locked: Locked) -> dict[str, Any]:
        head = {"payment": locked.payment, "payer": locked.payer, "id": locked.id}
        if locked.payer in tuple(Side):
            head["payer"] = self._sides.write(Side(locked.payer))
        if locked.wei and locked.asset in tuple(Asset):
            held = Holdings(locked.wei, 0) if locked.asset == Asset.ETH else Holdings(0, locked.wei)
            return head | {"amount": MoneyField().write(held)}
        return head | {"asset": int(locked.asset), "wei": locked.wei}


_AMOUNT_FORM = {"payment", "payer", "amount"}
_CODES_FORM = {"payment", "payer", "asset", "wei"}


class Forgery(Enum):
    """How signatures come out that their signer did not make for this message."""

    MISSING = "missing"
    OTHER_PARITY = "other parity"
    OTHER_CHAIN = "other chain"
    OTHER_MANAGER = "other manager"


Forged = Annotated[Forgery, ChoiceField({forgery.value: forgery for forgery in Forgery})]

_FORGED_IN: dict[Forgery, Callable[[Domain], Domain]] = {
    Forgery.OTHER_CHAIN: lambda domain: Domain(domain.chain_id + 1, domain.verifying_contract),
    Forgery.OTHER_MANAGER: lambda domain: Domain(domain.chain_id, bytes(19) + b"\x01"),
}


# --- Messages ---


@verb
def make_state(
    world: World,
    message: Name,
    channel: Name,
    nonce: Count,
    user: Net = NO_MONEY,
    node: Net = NO_MONEY,
    transfers: Annotated[tuple[Locked, ...], LockedField()] = (),
    final: Flag = False,
    as_user: Name | None = None,
    as_node: Name | None = None,
    forged: Forged | None = None,
) -> None:
    """user, node: their nets. as_user, as_node: who signs in their place, instead of themselves."""
    listed = tuple(_transfer(world, locked) for locked in transfers)
    nets = (user.amount_wei, node.amount_wei, user.amount_token, node.amount_token)
    state = State(world.channel_id(channel), nonce, *nets, listed, final)
    world.by_hand[message] = _signed_by_two(world, channel, state, as_user, as_node, forged)


@verb
def make_withdrawal(
    world: World,
    message: Name,
    channel: Name,
    sequence: Count,
    deadline: Duration,
    user: Money = NO_MONEY,
    node: Money = NO_MONEY,
    recipient: Name | None = None,
    as_user: Name | None = None,
    as_node: Name | None = None,
    forged: Forged | None = None,
) -> None:
    """deadline: time since the story's start. recipient: of the user's part, its own account if not given."""
    to = world.actor(recipient).account if recipient is not None else world.identity(channel).user
    amounts = (user.amount_wei, node.amount_wei, user.amount_token, node.amount_token)
    withdrawal = Withdrawal(world.channel_id(channel), sequence, *amounts, to, world.start.time + deadline)
    world.by_hand[message] = _signed_by_two(world, channel, withdrawal, as_user, as_node, forged)


@verb
def make_resume(
    world: World,
    message: Name,
    channel: Name,
    dispute: Count,
    deadline: Duration,
    as_user: Name | None = None,
    as_node: Name | None = None,
    forged: Forged | None = None,
) -> None:
    """Of the dispute with this number. deadline: time since the story's start."""
    resume = Resume(world.channel_id(channel), dispute, world.start.time + deadline)
    world.by_hand[message] = _signed_by_two(world, channel, resume, as_user, as_node, forged)


@verb
def make_exit(
    world: World,
    actor: Actor,
    message: Name,
    channel: Name,
    dispute: Count,
    deadline: Duration,
    forged: Forged | None = None,
) -> None:
    """By the actor's signer. deadline: time since the story's start."""
    exit_ = Exit(world.channel_id(channel), dispute, world.start.time + deadline)
    world.by_hand[message] = SignedExit(exit_, _sign(world, actor, exit_, forged))


@verb
def countersign(
    world: World,
    actor: Actor,
    message: Name,
    channel: Name,
    nonce: Count | None = None,
    sequence: Count | None = None,
) -> None:
    """Sign what only the other side has signed: the state of that nonce, or the withdrawal of that sequence.

    Whether or not it was meant to be, and without telling anybody. Without nonce and sequence, the last state.
    """
    theirs = _other_side(world, actor, channel)
    side = theirs.side.other
    if sequence is not None:
        waiting = [signed for signed in theirs.withdrawals if signed.message.sequence == sequence]
        if not waiting:
            raise NothingKnown(channel, f"half-signed withdrawal with sequence {sequence}")
        signature = _sign(world, actor, waiting[-1].message, None)
        world.by_hand[message] = waiting[-1].with_signature(side, signature)
        return
    offers = [offer for offer in theirs.own_offers if nonce in (None, offer.state.nonce)]
    if not offers:
        raise NothingKnown(channel, "half-signed state" + (f" with nonce {nonce}" if nonce is not None else ""))
    world.by_hand[message] = _completed(world, actor, side, offers[-1])


@verb
def show(world: World, actor: Actor, message: Name, channel: Name, base: Count) -> None:
    """The other side's software gets the actor's half of a hand-made state, as a proposal on top of the state `base`.

    It may reject it.
    """
    state = world.made(message, State).message
    params = tuple(payment.terms.params for payment in world.payments.values())
    envelope = Proposal(state, base, _sign(world, actor, state, None), params)
    world.tell(_other_name(world, actor, channel), envelope)


# --- Accounts and conditions ---


@verb
def become(world: World, actor: Actor, contract: Name, conduct: Count | None = None) -> None:
    """The actor's account has the code of one of the world's test contracts from now on, told to behave in this way."""
    world.take_code(actor.account, contract, conduct)


@verb
def call_back(world: World, actor: Actor, items: Annotated[tuple[Action, ...], ActionsField()]) -> None:
    """When it is paid, the actor's account, which is a hostile recipient, makes these calls of the manager."""
    calls = [perform(world, item) for item in items]
    world.tell_double(actor.account, "HostileRecipient", "callBack", [call.data for call in calls if call is not None])


@verb
def spoil_token(world: World, conduct: Count) -> None:
    """The token has the code of a hostile one from now on, and the same balances."""
    world.take_code(world.deployment.token, "HostileToken", conduct)


@verb
def make_terms(world: World, payment: Name, condition: Name, expires: Duration, share: Count) -> None:
    """Terms whose condition is the account of an actor, where a test contract is. share: the witness; of 10^18.

    expires: time from the head.
    """
    params = payment.encode()
    terms = Terms(world.actor(condition).account, params, world.chain.head.time + expires)
    world.payments[payment] = Payment(terms, condition, witness=share.to_bytes(32))


# --- The other side ---


def _other_name(world: World, actor: Actor, channel: str) -> str:
    mine = world.view_of(actor.name, channel)
    return world.party_of(channel, mine.side.other).name


def _other_side(world: World, actor: Actor, channel: str) -> Channel:
    """The channel as the actor's counterparty has it."""
    return world.view_of(_other_name(world, actor, channel), channel)


def _completed(world: World, actor: Actor, side: Side, offer: Offer) -> Signed[State]:
    half = half_signed(offer.state, offer.digest, side.other, offer.signature)
    return half.with_signature(side, _sign(world, actor, offer.state, None))


# --- Signing ---


def _transfer(world: World, locked: Locked) -> Transfer:
    triple = world.payment(locked.payment).terms.triple
    return Transfer(
        locked.id, locked.payer, locked.asset, locked.wei, triple.condition, triple.params_hash, triple.expiry
    )


def _signed_by_two(
    world: World,
    channel: str,
    message: State | Withdrawal | Resume,
    as_user: str | None,
    as_node: str | None,
    forged: Forgery | None,
) -> Signed[Any]:
    user = world.actor(as_user) if as_user is not None else world.signer_of(channel, Side.USER)
    node = world.actor(as_node) if as_node is not None else world.signer_of(channel, Side.NODE)
    signatures = (_sign(world, person, message, forged) for person in (user, node))
    return Signed(message, digest(world.deployment.domain, message), *signatures)


def _sign(world: World, actor: Actor, message: Struct, forged: Forgery | None) -> Signature:
    if forged is Forgery.MISSING:
        return bytes(64)
    domain = world.deployment.domain
    if forged in _FORGED_IN:
        domain = _FORGED_IN[forged](domain)
    signature = actor.signer.sign(Signable(domain, message))
    return _with_other_parity(signature) if forged is Forgery.OTHER_PARITY else signature


def _with_other_parity(signature: Signature) -> Signature:
    return signature[:32] + bytes((signature[32] ^ 0x80,)) + signature[33:]
