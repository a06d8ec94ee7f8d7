"""Conditional payments (docs/protocol.md section 6): their terms, what is locked under them, and what proves them."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, ClassVar

from connext import events
from connext.actions.form import verb
from connext.conditions import Part, all_of_params, all_of_witness, any_of_params, any_of_witness
from connext.display import WEI_PER_UNIT
from connext.fees import SAME_ASSET, Rate, outgoing
from connext.fields import ChoiceField, Count, Duration, Money, Name, NameField
from connext.keccak import keccak256
from connext.ledger import Holdings
from connext.links import Link
from connext.payments import Terms, hash_lock_terms, link_terms, stream_terms
from connext.signing import Key
from connext.streams import PayingStream, ReceivingStream
from connext.types import Asset, InvalidValue
from connext.world import Actor, NothingKnown, Payment, World


@dataclass(frozen=True, slots=True)
class NamesField:
    """Several names."""

    expected: ClassVar[str] = "a list of names"

    def read(self, value: object, path: str) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise InvalidValue(path, self.expected, value)
        return tuple(NameField().read(item, f"{path}[{i}]") for i, item in enumerate(value))

    def write(self, value: tuple[str, ...]) -> list[str]:
        return list(value)


class Combination(Enum):
    ALL = "all"
    ANY = "any"


@verb
def make_secret(world: World, actor: Actor, payment: Name, expires: Duration) -> None:
    """The actor, who shall be paid (or asks for an exchange), makes a secret. expires: time from the head."""
    secret = keccak256(b"secret " + payment.encode())
    terms = hash_lock_terms(world.deployment.conditions, secret, world.chain.head.time + expires)
    world.payments[payment] = Payment(terms, actor.name, witness=secret)


@verb
def make_link(world: World, actor: Actor, payment: Name, expires: Duration) -> None:
    """The actor, who will pay, makes a link for whoever gets it."""
    condition = world.deployment.conditions.linked_payment
    secret = keccak256(b"link " + payment.encode())
    link = Link(world.deployment.domain.chain_id, condition, world.chain.head.time + expires, secret)
    world.payments[payment] = Payment(link_terms(link, condition), actor.name, link=link)


@verb
def open_stream(world: World, actor: Actor, payment: Name, cap: Money, expires: Duration) -> None:
    """The actor, who will pay, makes a stream of at most `cap`."""
    key = Key(keccak256(b"stream " + payment.encode()))
    _, amount = _one_asset(cap, "open_stream.cap")
    id_ = keccak256(b"id of " + payment.encode())
    terms = stream_terms(world.deployment.conditions, key.address, amount, id_, world.chain.head.time + expires)
    fixed = (world.deployment.domain.chain_id, terms.condition, terms.params, terms.expiry)
    paying, receiving = PayingStream(*fixed, key), ReceivingStream(*fixed)
    world.payments[payment] = Payment(terms, actor.name, paying=paying, receiving=receiving)


@verb
def combine(
    world: World,
    payment: Name,
    of: Annotated[Combination, ChoiceField({kind.value: kind for kind in Combination})],
    parts: Annotated[tuple[str, ...], NamesField()],
    expires: Duration,
) -> None:
    """Terms that hold if all, or any, of those of other payments do. expires: time from the head."""
    terms = [world.payment(part).terms for part in parts]
    params = [Part(one.condition, one.params) for one in terms]
    conditions, expiry = world.deployment.conditions, world.chain.head.time + expires
    if of is Combination.ALL:
        combined = Terms(conditions.all_of, all_of_params(params), expiry)
    else:
        combined = Terms(conditions.any_of, any_of_params(params), expiry)
    world.payments[payment] = Payment(combined, parts[0], witness=_combined_witness(world, of, parts))


def _combined_witness(world: World, of: Combination, parts: tuple[str, ...]) -> bytes | None:
    """Of what can be proved of the parts now."""
    known = [(i, witness) for i, part in enumerate(parts) if (witness := world.payment(part).witness) is not None]
    if of is Combination.ALL:
        return all_of_witness([witness for _, witness in known]) if len(known) == len(parts) else None
    return any_of_witness(*known[0]) if known else None


@verb
def stream(world: World, actor: Actor, payment: Name, amount: Money, times: Count = 1) -> None:
    """The payer signs so many vouchers, each for `amount` more, and the payee checks them."""
    known = world.payment(payment)
    if known.paying is None or known.receiving is None or known.holder != actor.name:
        raise NothingKnown(payment, f"stream of {actor.name}")
    for _ in range(times):
        known.receiving.receive(known.paying.pay(_one_asset(amount, "stream.amount")[1]))
    known.witness = known.receiving.witness()


@verb
def request(world: World, actor: Actor, channel: Name, payment: Name) -> None:
    """The holder of a link asks for the money in this channel. Only then will it be released."""
    known = world.payment(payment)
    if known.link is None:
        raise NothingKnown(payment, "link")
    known.holder, channel_id = actor.name, world.channel_id(channel)
    known.requests[channel_id] = known.link.request(channel_id)
    known.witness = known.link.release()


@verb
def lock(world: World, actor: Actor, channel: Name, payment: Name, amount: Money) -> None:
    """Lock an amount for the other side, under the payment's terms."""
    asset, wei = _one_asset(amount, "lock.amount")
    terms = world.payment(payment).terms
    intent = events.Lock(world.channel_id(channel), asset, wei, terms.condition, terms.params, terms.expiry)
    world.tell(actor.name, intent)


@verb
def forward(
    world: World,
    actor: Actor,
    channel: Name,
    payment: Name,
    source: Name,
    amount: Money | None = None,
    price: Money | None = None,
) -> None:
    """Lock in `channel` what was locked for the actor in the channel `source`; by default all that the fee leaves.

    price: of one unit of the asset that comes in, if another one goes out.
    """
    transfer = world.transfer(actor.name, source, payment)
    asset, rate = Asset(transfer.asset), SAME_ASSET
    if price is not None:
        asset, wei = _one_asset(price, "forward.price")
        rate = Rate(wei, WEI_PER_UNIT)
    if amount is not None:
        asset, wei = _one_asset(amount, "forward.amount")
    else:
        wei = outgoing(transfer.amount, Asset(transfer.asset), world.parties[actor.name].policy.fee, rate)
    channel_id = world.channel_id(channel)
    signature = world.payment(payment).requests.get(channel_id)
    intent = events.Forward(channel_id, asset, wei, world.channel_id(source), transfer.id, rate, signature)
    world.tell(actor.name, intent)


@verb
def exchange(world: World, actor: Actor, channel: Name, payment: Name, give: Money, take: Money) -> None:
    """Propose to lock `give` for the other side if it locks `take` for the actor, both under the payment's terms."""
    asset, given = _one_asset(give, "exchange.give")
    other, taken = _one_asset(take, "exchange.take")
    if asset is other:
        raise InvalidValue("exchange.take", "the other asset", take)
    terms = world.payment(payment).terms
    channel_id = world.channel_id(channel)
    intent = events.Exchange(channel_id, asset, given, taken, terms.condition, terms.params, terms.expiry)
    world.tell(actor.name, intent)


@verb
def resolve(world: World, actor: Actor, channel: Name, payment: Name) -> None:
    """Show the payer what proves the payment."""
    transfer = world.transfer(actor.name, channel, payment)
    world.tell(actor.name, events.Resolve(world.channel_id(channel), transfer.id, witness_of(world, payment)))


@verb
def cancel(world: World, actor: Actor, channel: Name, payment: Name) -> None:
    """Give what was locked for the actor back."""
    transfer = world.transfer(actor.name, channel, payment)
    world.tell(actor.name, events.Cancel(world.channel_id(channel), transfer.id))


def witness_of(world: World, payment: str) -> bytes:
    """The best there is."""
    witness = world.payment(payment).witness
    if witness is None:
        raise NothingKnown(payment, "witness")
    return witness


def _one_asset(amount: Holdings, path: str) -> tuple[Asset, int]:
    if bool(amount.amount_wei) == bool(amount.amount_token):
        raise InvalidValue(path, "an amount of one asset", amount)
    return (Asset.ETH, amount.amount_wei) if amount.amount_wei else (Asset.DAI, amount.amount_token)
