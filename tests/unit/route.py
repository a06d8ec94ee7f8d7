"""Several parties with channels between them; their mail, and what they see of the chain, in the hands of the test.

By default Alice and Charlie are users of Bob's node. Every side of every channel has 100 wei of ETH and 1000 of DAI.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from connext import events
from connext.channel import UNSEEN, Channel, OnChain
from connext.conditions import (
    Part,
    all_of_params,
    any_of_params,
    hash_lock_params,
    hash_of,
    stream_params,
    stream_witness,
)
from connext.envelopes import Countersignature, Envelope, Proposal, Refusal
from connext.events import Event, Output
from connext.links import Link
from connext.messages import State, Transfer
from connext.party import Party, step
from connext.payments import Terms, hash_lock_terms, link_terms, stream_terms
from connext.rules import Policy
from connext.signing import Key, Signable
from connext.streams import Stream
from connext.transfers import RecordedOutcome, Triple, part_of, triple_of, with_change
from connext.types import Asset, ChannelIdentity, Side, amounts_for
from tests.unit.pair import CONDITIONS, DAY, DEPLOYMENT, FUNDED, MANAGER, NOW, POLICY

ALICE, BOB, CHARLIE, DAVE, ERIN = "alice", "bob", "charlie", "dave", "erin"
PEOPLE = {name: Key(bytes((0x50 + i,)) * 32) for i, name in enumerate((ALICE, BOB, CHARLIE, DAVE, ERIN))}
HOMES = {name: bytes((0xC0 + i,)) * 20 for i, name in enumerate(PEOPLE)}

ETH, DAI = Asset.ETH, Asset.DAI
FULL, HALF = 10**18, 10**18 // 2
EXPIRY = NOW + DAY
MARGIN = POLICY.recording_margin
LAST_CALL = EXPIRY - MARGIN
"""The confirmed time from which on nothing is resolved off chain any more."""


def identity_of(user: str, node: str) -> ChannelIdentity:
    return ChannelIdentity(HOMES[user], PEOPLE[user].address, HOMES[node], PEOPLE[node].address, DAY, 0)


def id_of(user: str, node: str) -> bytes:
    return identity_of(user, node).id(1, MANAGER)


# Named by user and node.
AB, CB, DB = id_of(ALICE, BOB), id_of(CHARLIE, BOB), id_of(DAVE, BOB)
BD, DE, CE = id_of(BOB, DAVE), id_of(DAVE, ERIN), id_of(CHARLIE, ERIN)

ONE_NODE = ((ALICE, BOB), (CHARLIE, BOB))
THREE_USERS = (*ONE_NODE, (DAVE, BOB))
THREE_NODES = ((ALICE, BOB), (BOB, DAVE), (DAVE, ERIN), (CHARLIE, ERIN))


# --- Terms of payments, and what proves them ---


def secret(number: int = 1) -> bytes:
    return bytes((number,)) * 32


def invoice(number: int = 1, expiry: int = EXPIRY) -> Terms:
    """A hash lock; whoever shall be paid has the secret of this number."""
    return hash_lock_terms(CONDITIONS, secret(number), expiry)


def film(expiry: int = EXPIRY, id_: int = 7) -> Terms:
    """A stream of Alice's: a voucher for 1000 proves all of it."""
    return stream_terms(CONDITIONS, PEOPLE[ALICE].address, 1000, bytes((id_,)) * 32, expiry)


def voucher(cumulative: int, terms: Terms | None = None) -> bytes:
    terms = terms or film()
    digest = Stream(1, terms.condition, terms.params, terms.expiry).digest(cumulative)
    return stream_witness(cumulative, PEOPLE[ALICE].sign_digest(digest))


def link(expiry: int = EXPIRY) -> Link:
    return Link(1, CONDITIONS.linked_payment, expiry, b"\x31" * 32)


def gift(expiry: int = EXPIRY) -> Terms:
    return link_terms(link(expiry), CONDITIONS.linked_payment)


def bulky(number: int, expiry: int = EXPIRY) -> Terms:
    """Terms with parameters of almost the largest size: any of 16 streams."""
    streams = [stream_params(HOMES[ALICE], 1, bytes((number, i)) * 16) for i in range(16)]
    return Terms(CONDITIONS.any_of, any_of_params([Part(CONDITIONS.stream, params) for params in streams]), expiry)


def both_secrets(expiry: int = EXPIRY) -> Terms:
    parts = [Part(CONDITIONS.hash_lock, hash_lock_params(hash_of(secret(number)))) for number in (1, 2)]
    return Terms(CONDITIONS.all_of, all_of_params(parts), expiry)


# --- States ---


def transfer(
    terms: Terms, payer: Side = Side.USER, amount: int = 20, asset: Asset = ETH, id_: int = 1 << 20
) -> Transfer:
    return Transfer(id_, payer, asset, amount, *terms.triple)


def adding(base: State, nonce: int, *added: Transfer) -> State:
    return with_change(base, nonce, added, ())


def removing(base: State, nonce: int, *removed: tuple[Transfer, int]) -> State:
    """Without these transfers, each at its share."""
    return with_change(base, nonce, (), removed)


def paying(state: State, user_wei: int, user_token: int = 0) -> State:
    """The user gets this besides."""
    return replace(
        state,
        user_wei=state.user_wei + user_wei,
        node_wei=state.node_wei - user_wei,
        user_token=state.user_token + user_token,
        node_token=state.node_token - user_token,
    )


# --- Intents ---


def lock(channel_id: bytes, amount: int, terms: Terms, asset: Asset = ETH) -> events.Lock:
    return events.Lock(channel_id, asset, amount, terms.condition, terms.params, terms.expiry)


def exchange(channel_id: bytes, give: int, take: int, terms: Terms, asset: Asset = ETH) -> events.Exchange:
    return events.Exchange(channel_id, asset, give, take, terms.condition, terms.params, terms.expiry)


# --- Outputs ---


def sent(outputs: list[Output]) -> list[type[Envelope]]:
    return [type(output.envelope) for output in outputs if isinstance(output, events.Send)]


def errors_of(outputs: list[Output]) -> list[type[Exception]]:
    return [type(output.error) for output in outputs if isinstance(output, events.Rejected)]


def recorded(outputs: list[Output]) -> list[bytes]:
    """The witnesses that are to be recorded."""
    return [o.fields["witness"] for o in outputs if isinstance(o, events.Submit) and o.name == "record"]


# --- Everybody ---


class Route:
    """The parties of some channels, each given by its user and its node."""

    def __init__(
        self,
        channels: tuple[tuple[str, str], ...] = ONE_NODE,
        policy: Policy = POLICY,
        on_chain: OnChain = FUNDED,
    ) -> None:
        self.ends = {id_of(*ends): ends for ends in channels}
        self.on_chain = dict.fromkeys(self.ends, on_chain)
        self.time = on_chain.time
        self.outcomes: dict[Triple, int] = {}
        names = dict.fromkeys(name for ends in channels for name in ends)
        self.mail: dict[str, deque[Envelope]] = {name: deque() for name in names}
        self.parties = {name: Party(DEPLOYMENT, policy, HOMES[name], PEOPLE[name], {}) for name in names}
        for ends in channels:
            for name in ends:
                self.do(name, events.Open(identity_of(*ends), UNSEEN, never_signed=True))
        self.confirm()

    # --- Steps and mail ---

    def do(self, name: str, event: Event) -> list[Output]:
        """Let a party follow an event; what it sends lands in the mail of the channel's other party."""
        before = self.parties[name]
        self.parties[name], outputs = step(before, event)
        after = self.parties[name].channels
        saved = [output.channel for output in outputs if isinstance(output, events.Save)]
        assert [output for output in outputs[: len(saved)] if isinstance(output, events.Save)] == [
            events.Save(after[channel.id]) for channel in saved
        ], "first everything is saved, as it is after all"
        assert {id_ for id_ in after if before.channels.get(id_) != after[id_]} <= {channel.id for channel in saved}
        for output in outputs:
            if isinstance(output, events.Send):
                self.mail[self.other(name, output.envelope.channel_id)].append(output.envelope)
        return outputs

    def other(self, name: str, channel_id: bytes) -> str:
        user, node = self.ends[channel_id]
        return node if name == user else user

    def receive(self, name: str) -> list[Output]:
        """Let a party read its oldest message."""
        return self.do(name, self.mail[name].popleft())

    def settle_mail(self, *silent: str) -> None:
        """Let everybody read until nothing is left; the silent ones do not read, and lose what was sent to them."""
        while any(self.mail.values()):
            for name, box in self.mail.items():
                if name in silent:
                    box.clear()
                elif box:
                    self.receive(name)

    def lose_mail(self) -> None:
        for box in self.mail.values():
            box.clear()

    def say(self, name: str, event: Event, *silent: str) -> list[Output]:
        """An event with everything that follows from it."""
        outputs = self.do(name, event)
        self.settle_mail(*silent)
        return outputs

    # --- The chain ---

    def confirm(
        self, *names: str, time: int | None = None, outcomes: Mapping[Triple, int] | None = None
    ) -> dict[str, list[Output]]:
        """Show the next confirmed block to these parties, by default to all."""
        self.time = self.time if time is None else time
        self.outcomes.update(outcomes or {})
        self.on_chain = {
            id_: replace(known, number=known.number + 1, time=self.time) for id_, known in self.on_chain.items()
        }
        return {name: self.do(name, self.view_of(name)) for name in names or self.parties}

    def view_of(self, name: str) -> events.ChainView:
        mine = self.parties[name]
        return events.ChainView(
            {id_: self.on_chain[id_] for id_ in mine.channels},
            {triple: RecordedOutcome(self.outcomes.get(triple, 0), self.time) for triple in mine.triples},
        )

    def change(self, channel_id: bytes, **fields: object) -> None:
        """What the next blocks say of a channel."""
        self.on_chain[channel_id] = replace(self.on_chain[channel_id], **fields)  # type: ignore[arg-type]

    # --- What there is ---

    def channel(self, name: str, channel_id: bytes) -> Channel:
        return self.parties[name].channels[channel_id]

    def latest(self, name: str, channel_id: bytes) -> State:
        return self.channel(name, channel_id).latest.message

    def agreed(self, channel_id: bytes) -> State:
        """The newest countersigned state, on which both parties must agree."""
        user, node = (self.channel(name, channel_id) for name in self.ends[channel_id])
        assert user.latest == node.latest
        assert user.own_offers == node.own_offers == ()
        return user.latest.message

    def leg(self, name: str, channel_id: bytes, terms: Terms, payer: Side | None = None) -> Transfer:
        """The one transfer of the payment in the newest state that the party has."""
        (found,) = (
            leg
            for leg in self.latest(name, channel_id).transfers
            if triple_of(leg) == terms.triple and payer in (None, leg.payer)
        )
        return found

    def is_open(self, name: str, channel_id: bytes, terms: Terms) -> bool:
        return any(triple_of(leg) == terms.triple for leg in self.latest(name, channel_id).transfers)

    def nets(self, name: str) -> tuple[int, int]:
        """What payments have given the party, or taken from it, in wei of ETH and DAI; what is locked is nobody's."""
        mine = [amounts_for(channel.side, channel.latest.message) for channel in self.parties[name].channels.values()]
        return sum(wei for wei, _ in mine), sum(token for _, token in mine)

    # --- Payments ---

    def lock(self, name: str, channel_id: bytes, amount: int, terms: Terms, asset: Asset = ETH) -> list[Output]:
        return self.say(name, lock(channel_id, amount, terms, asset))

    def forwarding(self, into: bytes, amount: int, source: bytes, terms: Terms, asset: Asset = ETH) -> events.Forward:
        """The intent of whoever has a leg for it in `source`."""
        name = next(iter(set(self.ends[into]) & set(self.ends[source])))
        side = self.channel(name, source).side
        return events.Forward(into, asset, amount, source, self.leg(name, source, terms, side.other).id)

    def forward(self, name: str, into: bytes, amount: int, source: bytes, terms: Terms) -> list[Output]:
        return self.say(name, self.forwarding(into, amount, source, terms))

    def locked(self, amount: int = 20, onward: int = 20, terms: Terms | None = None) -> Terms:
        """Alice has locked for Bob, and Bob for Charlie."""
        terms = terms or invoice()
        self.lock(ALICE, AB, amount, terms)
        self.forward(BOB, CB, onward, AB, terms)
        assert self.is_open(CHARLIE, CB, terms)
        return terms

    def resolve(self, name: str, channel_id: bytes, terms: Terms, witness: bytes) -> list[Output]:
        """The payee's owner has a witness; what follows is in the mail."""
        payer = self.channel(name, channel_id).side.other
        return self.do(name, events.Resolve(channel_id, self.leg(name, channel_id, terms, payer).id, witness))

    # --- What dishonest parties may send ---

    def proposal(self, name: str, state: State, *params: bytes, base_nonce: int | None = None) -> Proposal:
        """Any state, properly signed; by default on the newest one that the receiver has."""
        base = self._base_of(name, state) if base_nonce is None else base_nonce
        return Proposal(state, base, _signed(name, state), params)

    def refusal(self, name: str, state: State) -> Refusal:
        return Refusal(state, self._base_of(name, state), _signed(name, state))

    def _base_of(self, name: str, state: State) -> int:
        return self.latest(self.other(name, state.channel_id), state.channel_id).nonce

    def countersignature(self, name: str, state: State) -> Countersignature:
        """Of whatever state, whenever it likes."""
        return Countersignature(state.channel_id, Signable(DEPLOYMENT.domain, state).digest, _signed(name, state))


def _signed(name: str, state: State) -> bytes:
    return PEOPLE[name].sign(Signable(DEPLOYMENT.domain, state))


def worth(channel: Channel, state: State, share: int) -> tuple[int, int]:
    """What the state gives the channel's owner if all its transfers end at the share."""
    wei, token = amounts_for(channel.side, state)
    for leg in state.transfers:
        part = part_of(channel.side, leg, share)
        wei, token = (wei, token + part) if leg.asset else (wei + part, token)
    return wei, token
