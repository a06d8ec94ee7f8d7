"""A small world to play actions in: parties, their messages in flight, and one chain.

Whoever is a party of a channel is honest by itself: it judges every message by the rules, and defends its newest state
as soon as a confirmed block shows a reason to. Dishonesty is written down, as actions that use the chain directly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

from connext import calls, events
from connext.abi import Artifact
from connext.calls import Call
from connext.chain import Block, CallReverted, CannotSend, LocalChain, Receipt, Transaction
from connext.chain.views import confirmed_view, wallet_at
from connext.channel import UNSEEN, Channel, Content, Deployment, Signed
from connext.envelopes import Envelope, SignedExit
from connext.errors import ConnextError
from connext.events import Output
from connext.keccak import keccak256
from connext.ledger import Holdings, Ledger, empty_ledger, fold
from connext.links import Link
from connext.messages import Resume, State, Transfer, Withdrawal
from connext.party import Party, step
from connext.payments import Terms
from connext.rules import DEFAULT_POLICY, Policy
from connext.signing import Key, Signable, Signature, Signer
from connext.streams import PayingStream, ReceivingStream
from connext.token import TOKEN_ABI
from connext.transfers import triple_of
from connext.types import ZERO_ADDRESS, Address, Bytes32, ChannelIdentity, Side


@dataclass(eq=False)
class UnknownName(ConnextError, LookupError):
    text = "there is no {kind} {name!r}; known: {known}"
    kind: str
    name: str
    known: str


@dataclass(eq=False)
class NothingKnown(ConnextError, LookupError):
    """The action uses something signed that does not exist (yet)."""

    text = "channel {channel!r} has no {what}"
    channel: str
    what: str


@dataclass(eq=False)
class CannotUndo(ConnextError, ValueError):
    text = "{count} blocks cannot be undone: since the start of the story there are {most}"
    count: int
    most: int


@dataclass(eq=False)
class WrongKind(ConnextError, LookupError):
    text = "message {label!r} is a {kind}, not a {wanted}"
    label: str
    kind: str
    wanted: str


@dataclass(eq=False)
class NoAccountKey(ConnextError, LookupError):
    text = "{name} cannot sign for its account: give its Actor an account_key"
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody with an account on the chain and a signer for channels.

    account_key: signs a permit for the account's tokens; not needed for anything else.
    """

    name: str
    account: Address
    signer: Signer
    account_key: Signer | None = None

    def sign_for_account(self, signable: Signable) -> Signature:
        if self.account_key is None:
            raise NoAccountKey(self.name)
        return self.account_key.sign(signable)


def actor(name: str) -> Actor:
    """Somebody whose account and signer are two keys made from the name: always the same, for stories only.

    The account of "alice's signer" is the signer of "alice".
    """
    signer = Key(keccak256(b"signer " + name.removesuffix(SIGNER_OF).encode()))
    account = signer if name.endswith(SIGNER_OF) else Key(keccak256(b"account " + name.encode()))
    return Actor(name, account.address, signer, account)


SIGNER_OF = "'s signer"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way, which arrives with the first block at or after `due`."""

    sender: str
    receiver: str
    envelope: Envelope
    due: int


@dataclass(slots=True)
class Evidence:
    """All that both parties of a channel signed, whoever has it: what a watchtower or an attacker may send."""

    states: dict[int, Signed[State]] = field(default_factory=dict)
    withdrawals: list[Signed[Withdrawal]] = field(default_factory=list)
    resumes: list[Signed[Resume]] = field(default_factory=list)
    exits: list[SignedExit] = field(default_factory=list)


HandMade = Signed[State] | Signed[Withdrawal] | Signed[Resume] | SignedExit
"""A message that no honest software need have signed."""


@dataclass(slots=True)
class Mail:
    """What will happen to the next messages of a sender."""

    drop: int = 0
    delay: int = 0
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """What a party sent to the chain, which takes it up after block `due`."""

    sender: str
    submit: events.Submit
    due: int


@dataclass(slots=True)
class Outcome:
    """What an action led to, in order: transactions (the action's own first), and what the parties put out, by name."""

    receipts: list[Receipt] = field(default_factory=list)
    outputs: list[tuple[str, Output]] = field(default_factory=list)

    @property
    def rejections(self) -> list[ConnextError]:
        return [output.error for _, output in self.outputs if isinstance(output, events.Rejected)]


@dataclass(slots=True)
class Payment:
    """A conditional payment of the story: its terms, and what can be proved of it.

    holder: whoever has the secret, the link, or the stream's key. requests: of a link, by channel.
    """

    terms: Terms
    holder: str
    witness: bytes | None = None
    link: Link | None = None
    requests: dict[bytes, Signature] = field(default_factory=dict)
    paying: PayingStream | None = None
    receiving: ReceivingStream | None = None


class World:
    """The present of a story. `connext.actions` is the vocabulary that changes it.

    actors and channels have names. depth: how many blocks confirm one. patient: after each action, wait for its
    confirmation; without it, blocks are mined only where an action says so. first_block: where the manager's logs
    begin. doubles: test contracts that an account can become, by name.
    """

    def __init__(
        self,
        chain: LocalChain,
        deployment: Deployment,
        actors: Iterable[Actor],
        channels: Mapping[str, ChannelIdentity],
        *,
        policy: Policy = DEFAULT_POLICY,
        depth: int = 1,
        patient: bool = True,
        first_block: int = 0,
        doubles: Mapping[str, Artifact] = MappingProxyType({}),
    ) -> None:
        self.chain = chain
        self.deployment = deployment
        self.actors = {actor.name: actor for actor in actors}
        self.channels = dict(channels)
        self.depth = depth
        self.patient = patient
        self.first_block = first_block
        self.doubles = doubles
        self.by_hand: dict[str, HandMade] = {}
        self.parties = {
            name: Party(deployment, policy, actor.account, actor.signer, {}) for name, actor in self.actors.items()
        }
        self.backups: dict[str, Party] = {}
        self.silent: set[str] = set()
        self.mail = {name: Mail() for name in self.actors}
        self.in_flight: list[Letter] = []
        self.congestion = 0
        self.pending: list[Pending] = []
        self.evidence = {self.channel_id(name): Evidence() for name in self.channels}
        self.payments: dict[str, Payment] = {}
        self.sent: list[Receipt] = []
        self.start: Block = chain.head
        self.outcome = Outcome()
        self._seen: dict[str, Block] = {}
        self._to_confirm = self.start.number
        self._calm_at: Block | None = None
        for name in self.actors:
            for identity in self.channels.values():
                if self._is_party(name, identity):
                    self.tell(name, events.Open(identity, UNSEEN, never_signed=True))

    # --- Names ---

    @property
    def manager(self) -> Address:
        return self.deployment.domain.verifying_contract

    def actor(self, name: str) -> Actor:
        return _named("actor", self.actors, name)

    def identity(self, channel: str) -> ChannelIdentity:
        return _named("channel", self.channels, channel)

    def channel_id(self, channel: str) -> Bytes32:
        return self.identity(channel).id(self.deployment.domain.chain_id, self.manager)

    def payment(self, name: str) -> Payment:
        return _named("payment", self.payments, name)

    def party_of(self, channel: str, side: Side) -> Actor:
        """Who is this side of the channel."""
        account = self.identity(channel).account(side)
        return next(actor for actor in self.actors.values() if actor.account == account)

    def signer_of(self, channel: str, side: Side) -> Actor:
        """Whose signer binds this side of the channel."""
        signer = self.identity(channel).signer(side)
        return next(actor for actor in self.actors.values() if actor.signer.address == signer)

    def _is_party(self, name: str, identity: ChannelIdentity) -> bool:
        actor = self.actors[name]
        return (actor.account, actor.signer.address) in (
            (identity.user, identity.user_signer),
            (identity.node, identity.node_signer),
        )

    # --- What is known ---

    def ledger(self) -> Ledger:
        """Everything the manager has, from its events up to the head."""
        return fold(empty_ledger(self.manager), self.chain.logs(self.manager, self.first_block, self.chain.head.number))

    def wallet(self, name: str) -> Holdings:
        """What the actor's account holds outside of the manager."""
        return wallet_at(self.chain, self.deployment.token, self.actor(name).account, self.chain.head.number)

    def view_of(self, name: str, channel: str) -> Channel:
        """The channel as this party has it."""
        channels = self.parties[name].channels
        if self.channel_id(channel) not in channels:
            raise NothingKnown(channel, f"side for {name}")
        return channels[self.channel_id(channel)]

    def newest(self, name: str, channel: str) -> Signed[State]:
        """The newest state this actor could send: its own, or for a stranger the newest that exists."""
        own = self.parties[name].channels.get(self.channel_id(channel))
        if own is not None:
            return own.latest
        states = self.evidence[self.channel_id(channel)].states
        if not states:
            raise NothingKnown(channel, "countersigned state")
        return states[max(states)]

    def transfer(self, name: str, channel: str, payment: str) -> Transfer:
        """The payment's transfer for the actor, in the newest state that it has."""
        known, triple = self.view_of(name, channel), self.payment(payment).terms.triple
        for transfer in known.latest.message.transfers:
            if triple_of(transfer) == triple and transfer.payer == known.side.other:
                return transfer
        raise NothingKnown(channel, f"open transfer of payment {payment!r} that {name} knows")

    def countersigned(self, channel: str, nonce: int) -> Signed[State]:
        states = self.evidence[self.channel_id(channel)].states
        if nonce not in states:
            raise NothingKnown(channel, f"countersigned state with nonce {nonce}")
        return states[nonce]

    def made(self, label: str, kind: type[Content]) -> Signed[Content]:
        """What was signed by hand under this label."""
        signed = _named("message", self.by_hand, label)
        if isinstance(signed, SignedExit) or not isinstance(signed.message, kind):
            raise WrongKind(label, _kind(signed), kind.__name__)
        return signed

    def made_exit(self, label: str) -> SignedExit:
        signed = _named("message", self.by_hand, label)
        if not isinstance(signed, SignedExit):
            raise WrongKind(label, _kind(signed), "Exit")
        return signed

    # --- The chain ---

    def take_code(self, address: Address, contract: str, conduct: int | None) -> None:
        """Give an address the code of a test contract, which is told what to do."""
        double = _named("test contract", self.doubles, contract)
        self.chain.set_code(address, double.runtime)
        if conduct is not None:
            self.tell_double(address, contract, "behave", conduct)

    def tell_double(self, address: Address, contract: str, function: str, *arguments: Any) -> None:
        """Call a test contract. Not from its own address: an account with code sends nothing (EIP-3607)."""
        double = _named("test contract", self.doubles, contract)
        self._send(Transaction(ZERO_ADDRESS, address, double.abi.encode_call(function, *arguments)))

    def send(self, name: str, call: Call, gas: int | None = None) -> Receipt:
        """The actor's account sends the call; the receipt says what became of it. gas: the transaction's limit."""
        return self._send(replace(self._transaction(name, call), gas=gas))

    def _transaction(self, name: str, call: Call) -> Transaction:
        return Transaction(self.actor(name).account, call.receiver(self.deployment), call.data, call.value)

    def _send(self, transaction: Transaction) -> Receipt:
        receipt = self.chain.send(transaction)
        self.sent.append(receipt)
        self._to_confirm = receipt.block.number
        self.outcome.receipts.append(receipt)
        return receipt

    def send_if_useful(self, transaction: Transaction) -> None:
        """Send what would succeed."""
        try:
            self.chain.call(transaction, self.chain.head.number)
        except (CallReverted, CannotSend):
            return
        self._send(transaction)

    def undo_blocks(self, count: int) -> list[Receipt]:
        """Take the last blocks off the chain, and return what was sent in them."""
        number = self.chain.head.number - count
        if number < self.start.number:
            raise CannotUndo(count, self.chain.head.number - self.start.number)
        self.chain.rewind(number)
        undone = [receipt for receipt in self.sent if receipt.block.number > number]
        self.sent = [receipt for receipt in self.sent if receipt.block.number <= number]
        self._seen.clear()
        return undone

    def _submit_or_wait(self, name: str, submit: events.Submit) -> None:
        """While the chain is congested a transaction waits; asked for again meanwhile, it is still the same one."""
        if not self.congestion:
            self._submit(name, submit)
        elif not any(waiting.sender == name and waiting.submit == submit for waiting in self.pending):
            self.pending.append(Pending(name, submit, self.chain.head.number + self.congestion))

    def _land(self) -> bool:
        """Send what has waited long enough."""
        for waiting in self.pending:
            if waiting.due <= self.chain.head.number:
                self.pending.remove(waiting)
                self._submit(waiting.sender, waiting.submit)
                return True
        return False

    def _submit(self, name: str, submit: events.Submit) -> None:
        """Send what a party asks for, unless it would fail: the other side, or an earlier request, was first."""
        channel_id = submit.identity.id(self.deployment.domain.chain_id, self.manager)
        call = calls.of_submit(submit, lambda: self.ledger().channels[channel_id].recorded)
        self.send_if_useful(self._transaction(name, call))

    def permit_nonce(self, actor: Actor) -> int:
        """The nonce of the account's next DAI permit."""
        question = Transaction(ZERO_ADDRESS, self.deployment.token, TOKEN_ABI.encode_call("nonces", actor.account))
        nonce: int = TOKEN_ABI.decode_result("nonces", self.chain.call(question, self.chain.head.number))
        return nonce

    # --- The parties ---

    def tell(self, name: str, event: events.Event) -> None:
        """Let a party take a step, and carry out what it asks for."""
        self.parties[name], outputs = step(self.parties[name], event)
        for output in outputs:
            self.outcome.outputs.append((name, output))
            self._carry_out(name, output)

    def _carry_out(self, name: str, output: Output) -> None:
        match output:
            case events.Save(channel):
                self._collect(channel)
            case events.Send(envelope):
                self._post(name, envelope)
            case events.HandOut(envelope):
                self.evidence[envelope.channel_id].exits.append(envelope)
            case events.Submit():
                self._submit_or_wait(name, output)

    def _collect(self, channel: Channel) -> None:
        evidence = self.evidence[channel.id]
        if channel.latest.is_countersigned:
            evidence.states[channel.latest.message.nonce] = channel.latest
        for withdrawal in channel.withdrawals:
            if withdrawal.is_countersigned and withdrawal not in evidence.withdrawals:
                evidence.withdrawals.append(withdrawal)
        resume = channel.own_resume
        if resume is not None and resume.is_countersigned and resume not in evidence.resumes:
            evidence.resumes.append(resume)

    # --- Messages ---

    def _post(self, sender: str, envelope: Envelope) -> None:
        mail = self.mail[sender]
        if mail.drop:
            mail.drop -= 1
            return
        due = 0
        if mail.delay:
            mail.delay -= 1
            due = self.chain.head.time + mail.delay_seconds
        self.in_flight.append(Letter(sender, self._counterparty(sender, envelope), envelope, due))

    def _counterparty(self, sender: str, envelope: Envelope) -> str:
        channel = self.parties[sender].channels[envelope.channel_id]
        account = channel.identity.account(channel.side.other)
        return next(name for name, actor in self.actors.items() if actor.account == account)

    def _deliver(self) -> bool:
        """Hand over the oldest letter that is due; whoever is silent gets nothing."""
        for letter in self.in_flight:
            if letter.due <= self.chain.head.time:
                self.in_flight.remove(letter)
                if letter.receiver not in self.silent:
                    self.tell(letter.receiver, letter.envelope)
                return True
        return False

    # --- Time ---

    def settle_down(self) -> None:
        """Until nothing moves any more: messages arrive, parties look at the chain, blocks confirm what was sent."""
        if self.chain.head != self._calm_at:
            self._to_confirm = self.chain.head.number
        while self._deliver() or self._land() or self._look() or self._confirm():
            pass
        self._calm_at = self.chain.head

    def _look(self) -> bool:
        """Show a new block to one party that is awake and has not seen it."""
        for name, party in self.parties.items():
            if party.channels and name not in self.silent and self._seen.get(name) != self.chain.head:
                self._seen[name] = self.chain.head
                self.tell(name, confirmed_view(self.chain, self.deployment, party.channels, party.triples, self.depth))
                return True
        return False

    def _confirm(self) -> bool:
        """Mine a block if what happened is not deep enough yet. Whoever is silent waits for nothing."""
        if not self.patient or not self._is_anybody_awake() or self.chain.head.number >= self._to_confirm + self.depth:
            return False
        self.chain.mine()
        return True

    def _is_anybody_awake(self) -> bool:
        return any(party.channels for name, party in self.parties.items() if name not in self.silent)


def _kind(made: HandMade) -> str:
    return "Exit" if isinstance(made, SignedExit) else type(made.message).__name__


Thing = TypeVar("Thing")


def _named(kind: str, things: Mapping[Any, Thing], name: Any) -> Thing:
    if name not in things:
        raise UnknownName(kind, str(name), ", ".join(map(str, things)) or "none")
    return things[name]
