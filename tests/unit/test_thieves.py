"""Random thieves around a node that follows the rules: whatever they sign, keep back and record, it loses nothing.

Alice and Charlie are users of Bob's node, he himself is one of Dave's, and all three are one thief: they sign any state
at any time, send any message again, record what they like or nothing, dispute with any state and close with any final
one. Bob's owner forwards what may be forwarded, exchanges one for one, pays under conditions, cancels, closes, accepts
what takes nothing that he has, and looks at the chain; his software does the rest. Bob's ends are all that the thief
can bring about: of each channel any state that the chain may be settled with, and of each payment one outcome for all
legs.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest

from connext import events
from connext.channel import Channel, recorded_hash
from connext.envelopes import Envelope, Reveal
from connext.events import Event, Output
from connext.fees import Rate
from connext.keccak import keccak256
from connext.messages import State, Transfer, transfers_hash
from connext.party import Party, adopt
from connext.payments import Terms
from connext.signing import Key, Signable, Signature
from connext.transfers import Triple, change, due, held, triple_of, with_change
from connext.types import Address, Asset, Side, Status, amounts_for
from tests.unit.pair import DAY, FUNDED, MANAGER, NOW, POLICY
from tests.unit.route import (
    AB,
    ALICE,
    BD,
    BOB,
    CB,
    CHARLIE,
    DAI,
    DAVE,
    ETH,
    FULL,
    MARGIN,
    ONE_NODE,
    Route,
    exchange,
    film,
    invoice,
    lock,
    paying,
    secret,
    voucher,
)

RICH = replace(FUNDED, user_wei=10**6, node_wei=10**6, user_token=10**6, node_token=10**6)
UNIT = 1000
"""Amounts are multiples of it, shares of its inverse: nothing is rounded."""

EXPIRY = NOW + 3 * DAY
LAST_CALL = EXPIRY - MARGIN
INVOICE, FILM = invoice(1, EXPIRY), film(EXPIRY)
PAYMENTS: dict[Triple, Terms] = {INVOICE.triple: INVOICE, FILM.triple: FILM}
"""The thief's: it knows the secret, and signs the vouchers."""
BOBS = [invoice(2, EXPIRY), invoice(3, EXPIRY), film(EXPIRY, 4)]
"""What Bob pays under, and exchanges under; the thief knows everything of these as well."""
WITNESSES = {terms.triple: secret(number) for number, terms in enumerate((INVOICE, *BOBS[:2]), 1)}
"""Of the hash locks."""
VOUCHERS = (1, 250, 500, 750, 1000)
ALL = {**PAYMENTS, **{terms.triple: terms for terms in BOBS}}
ASSETS = tuple(Asset)
THIEVES = {AB: ALICE, CB: CHARLIE, BD: DAVE}


class RecordingSigner:
    """A key that remembers every state it signed."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.address: Address = key.address
        self.states: list[State] = []

    def sign(self, signable: Signable) -> Signature:
        assert isinstance(signable.message, State)
        self.states.append(signable.message)
        return self.key.sign(signable)


class Game:
    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.is_calm = bool(seed % 2)
        policy = replace(POLICY, payment_limit_wei=10**5, payment_limit_token=10**5, longest_exchange=7 * DAY)
        self.route = Route((*ONE_NODE, (BOB, DAVE)), policy=policy, on_chain=RICH)
        deployment = replace(self.bob.deployment, transfer_limit_wei=10**5, transfer_limit_token=10**5)
        self.signer = RecordingSigner(self.bob.signer)  # type: ignore[arg-type]
        self.bob = replace(self.bob, deployment=deployment, signer=self.signer)
        self.said: list[Envelope] = []
        self.recorded = {id_: channel.latest.message for id_, channel in self.bob.channels.items()}
        self.settled: dict[bytes, State] = {}
        self.collected: dict[bytes, object] = {}
        self.meant: dict[Triple, int] = {}
        self.proved: dict[Triple, int] = {}

    @property
    def bob(self) -> Party:
        return self.route.parties[BOB]

    @bob.setter
    def bob(self, party: Party) -> None:
        self.route.parties[BOB] = party

    def tell(self, event: Event) -> None:
        """What Bob sends the thief has anyhow: it knows everything that he signed."""
        self.carry_out(self.route.do(BOB, event))

    # --- The thief ---

    def any_channel(self) -> Channel:
        return self.bob.channels[self.rng.choice((AB, CB, BD))]

    def say(self, envelope: Envelope) -> None:
        self.said.append(envelope)
        self.tell(envelope)

    def proposes(self) -> None:
        """Adds, removes and pays at random."""
        channel, rng = self.any_channel(), self.rng
        base = channel.latest.message
        if channel.own_offers and rng.random() < 0.1:
            base = rng.choice(channel.own_offers).state
        removed = [(leg, self.a_share(leg)) for leg in base.transfers if rng.random() < 0.4]
        added = list(self.new_legs(channel)) if rng.random() < 0.4 else []
        state = with_change(base, channel.highest_nonce + rng.choice((0, 1, 1, 1, 1, 2)), added, removed)
        if rng.random() < 0.2:
            state = paying(state, *(rng.choice((-1, 0, 1)) * rng.randrange(20) * UNIT for _ in ASSETS))
        if rng.random() < 0.02:
            state = replace(state, is_final=True)
        self.propose(channel, state)

    def adds(self) -> None:
        """What Bob takes gladly."""
        channel = self.any_channel()
        added = [leg for leg in self.new_legs(channel) if leg.payer != channel.side]
        self.propose(channel, with_change(channel.latest.message, channel.highest_nonce + 1, added, ()))

    def credits(self) -> None:
        """What Bob's proofs or the outcomes say is his, or a little less."""
        channel = self.any_channel()
        base = channel.latest.message
        removed = [(leg, self.a_share(leg)) for leg in base.transfers if leg.payer != channel.side]
        self.propose(channel, with_change(base, channel.highest_nonce + 1, (), removed[:1]))

    def propose(self, channel: Channel, state: State) -> None:
        params = tuple(terms.params for terms in ALL.values() if self.rng.random() < 0.98)
        self.say(self.route.proposal(THIEVES[channel.id], state, *params))

    def new_legs(self, channel: Channel) -> Iterator[Transfer]:
        rng = self.rng
        for _ in range(rng.choice((1, 1, 2))):
            terms = rng.choice(BOBS if not self.is_calm and rng.random() < 0.1 else list(PAYMENTS.values()))
            payer = channel.side.other if rng.random() < 0.85 else channel.side
            id_, asset, amount = rng.randrange(2**63), self.an_asset(), rng.randint(1, 20) * UNIT
            yield Transfer(id_, payer, asset, amount, *terms.triple)
            if not self.is_calm and rng.random() < 0.15:
                other = DAI if asset == ETH else ETH
                yield Transfer(id_ + 1, Side(payer).other, other, amount, *terms.triple)

    def an_asset(self) -> Asset:
        return ETH if self.is_calm else self.rng.choice(ASSETS)

    def a_share(self, leg: Transfer) -> int:
        """What would be fair, at times, and else anything."""
        triple = triple_of(leg)
        known = {claim.triple: claim.share for channel in self.bob.channels.values() for claim in channel.claims}
        fair, random = known.get(triple, 0), self.rng.randrange(UNIT) * FULL // UNIT
        return self.rng.choice((0, FULL, fair, fair, fair, self.route.outcomes.get(triple, 0), random))

    def countersigns(self) -> None:
        """Anything that Bob ever signed; mostly something that still counts."""
        channel = self.any_channel()
        states = [state for state in self.signer.states if state.channel_id == channel.id]
        alive = [state for state in states if state.nonce >= channel.latest.message.nonce]
        chosen = alive if alive and self.rng.random() < 0.9 else states
        if chosen:
            self.say(self.route.countersignature(THIEVES[channel.id], self.rng.choice(chosen)))

    def refuses(self) -> None:
        channel = self.any_channel()
        state = replace(channel.latest.message, nonce=channel.highest_nonce + 1)
        self.say(self.route.refusal(THIEVES[channel.id], state))

    def reveals(self) -> None:
        channel = self.any_channel()
        legs = [leg for leg in channel.latest.message.transfers if leg.payer == channel.side]
        if legs:
            leg = self.rng.choice(legs)
            self.say(Reveal(channel.id, leg.id, self.a_witness(leg)))

    def a_witness(self, leg: Transfer) -> bytes:
        triple, cumulative = triple_of(leg), self.rng.choice(VOUCHERS)
        share = FULL if triple in WITNESSES else cumulative * FULL // UNIT
        self.proved[triple] = max(share, self.proved.get(triple, 0))
        return WITNESSES.get(triple) or voucher(cumulative, ALL[triple])

    def repeats(self) -> None:
        if self.said:
            self.tell(self.rng.choice(self.said))

    def records(self) -> None:
        triple = self.rng.choice(list(ALL))
        if self.route.time < EXPIRY:
            self.record(triple, self.possible_share(triple))

    def possible_share(self, triple: Triple) -> int:
        return FULL if triple in WITNESSES else self.rng.choice(VOUCHERS) * FULL // UNIT

    def record(self, triple: Triple, share: int) -> None:
        self.route.outcomes[triple] = max(share, self.route.outcomes.get(triple, 0))

    # --- The chain: what the thief does there, and what Bob asks for ---

    def disputes(self) -> None:
        """With any state of both, or the recorded one."""
        channel = self.any_channel()
        if self.status(channel) is Status.OPEN:
            self.challenges(channel)
            self.dispute(channel)

    def dispute(self, channel: Channel) -> None:
        number, deadline = channel.on_chain.dispute + 1, self.route.time + DAY
        self.route.change(channel.id, status=Status.DISPUTED, dispute=number, deadline=deadline)

    def status(self, channel: Channel) -> Status:
        return self.route.on_chain[channel.id].status

    def signed_by_bob(self, channel: Channel) -> list[State]:
        return [state for state in self.signer.states if state.channel_id == channel.id]

    def challenges(self, channel: Channel | None = None) -> None:
        channel = channel or self.any_channel()
        newer = [s for s in self.signed_by_bob(channel) if s.nonce > self.recorded[channel.id].nonce]
        if newer and self.is_running(channel):
            self.set_recorded(self.rng.choice(newer))

    def is_running(self, channel: Channel) -> bool:
        chain = self.route.on_chain[channel.id]
        return chain.status is Status.OPEN or (chain.status is Status.DISPUTED and self.route.time < chain.deadline)

    def set_recorded(self, state: State) -> None:
        if state.nonce > self.recorded[state.channel_id].nonce:
            self.recorded[state.channel_id] = state
            self.route.change(state.channel_id, nonce=state.nonce, state_hash=recorded_hash(state))

    def settles(self) -> None:
        """From the deadline on with the recorded state; at any time with a final one."""
        for channel in self.bob.channels.values():
            chain = self.route.on_chain[channel.id]
            finals = [
                s for s in self.signed_by_bob(channel) if s.is_final and s.nonce >= self.recorded[channel.id].nonce
            ]
            if chain.status is Status.SETTLED:
                continue
            if finals and self.rng.random() < 0.3:
                self.settle(self.rng.choice(finals))
            elif chain.status is Status.DISPUTED and self.route.time >= chain.deadline:
                self.settle(self.recorded[channel.id])

    def settle(self, state: State) -> None:
        """Without the list, so that every transfer stays open."""
        self.settled[state.channel_id] = state
        self.route.change(
            state.channel_id,
            status=Status.SETTLED,
            nonce=0,
            state_hash=bytes(26),
            transfers_hash=transfers_hash(state.transfers),
            locked_wei=held(state.transfers)[ETH],
            locked_token=held(state.transfers)[DAI],
        )

    def carry_out(self, outputs: list[Output]) -> None:
        """What Bob submits is in the next block, before whatever the thief does then."""
        for output in outputs:
            if not isinstance(output, events.Submit):
                continue
            fields = output.fields
            channel_id = output.identity.id(1, MANAGER)
            channel = self.bob.channels[channel_id]
            match output.name:
                case "record" if self.route.time < EXPIRY:
                    self.record(triple_in(output), share_in(output))
                case "checkpoint" if self.is_running(channel):
                    self.set_recorded(fields["signed"].message)
                case "close" if self.status(channel) is not Status.SETTLED:
                    if fields["signed"].message.nonce >= self.recorded[channel_id].nonce:
                        self.settle(fields["signed"].message)
                case "settle" if channel_id not in self.settled:
                    self.settle(self.recorded[channel_id])
                case "settle_transfers":
                    self.collected[channel_id] = fields["transfers"]

    # --- Bob's owner ---

    def forwards(self) -> None:
        """All or a part of anything, into any channel; the software says what is too much."""
        source, into = self.any_channel(), self.any_channel()
        legs = [leg for leg in source.latest.message.transfers if leg.payer != source.side]
        if legs:
            leg = self.rng.choice(legs)
            amount = self.rng.choice((leg.amount, UNIT, 2 * leg.amount))
            self.tell(events.Forward(into.id, self.an_asset(), amount, source.id, leg.id, Rate(1, 1)))

    def pays(self) -> None:
        """Under a condition, to whoever will prove it."""
        channel, terms, amount = self.any_channel(), self.rng.choice(BOBS), self.rng.randint(1, 20) * UNIT
        signed = len(self.signer.states)
        self.tell(lock(channel.id, amount, terms, self.rng.choice(ASSETS)))
        if len(self.signer.states) > signed:
            self.meant[terms.triple] = self.meant.get(terms.triple, 0) + amount

    def exchanges(self) -> None:
        channel, terms, amount = self.any_channel(), self.rng.choice(BOBS), self.rng.randint(1, 20) * UNIT
        self.tell(exchange(channel.id, amount, amount, terms, self.rng.choice(ASSETS)))

    def cancels(self) -> None:
        channel = self.any_channel()
        legs = [leg for leg in channel.latest.message.transfers if leg.payer != channel.side]
        if legs:
            self.tell(events.Cancel(channel.id, self.rng.choice(legs).id))

    def answers(self) -> None:
        """Accepts what leaves him all that he has, gives back all that he has locked, and exchanges one for one."""
        channel = self.any_channel()
        if (offer := channel.their_offer) is None:
            return
        if self.is_harmless(channel, offer.state) and self.rng.random() < 0.7:
            self.tell(events.Accept(channel.id, offer.digest))
        elif not offer.state.is_final:
            self.tell(events.Refuse(channel.id, offer.digest))

    def is_harmless(self, channel: Channel, state: State) -> bool:
        latest, difference = channel.latest.message, change(channel.latest.message, state)
        mine = [leg for leg in difference.removed if leg.payer == channel.side]
        locked = [leg for leg in difference.added if leg.payer == channel.side]
        before, after = amounts_for(channel.side, latest), amounts_for(channel.side, state)
        due_back, given = due(channel.side, mine, lambda _: 0), held(locked)
        if any(after[asset] + given[asset] < before[asset] + due_back[asset] for asset in ASSETS):
            return False
        for triple in map(triple_of, locked):
            on_it = [leg for leg in difference.added if triple_of(leg) == triple]
            if sum(leg.amount if leg.payer == channel.side else -leg.amount for leg in on_it) > 0:
                return False
        return True

    def closes(self) -> None:
        self.tell(events.Close(self.any_channel().id))

    def leaves(self) -> None:
        """Bob disputes himself, with what he has."""
        channel = self.any_channel()
        if self.status(channel) is Status.OPEN and channel.latest.is_countersigned:
            self.set_recorded(channel.latest.message)
            self.dispute(channel)

    def resends(self) -> None:
        self.tell(events.Resend(self.any_channel().id))

    def resolves(self) -> None:
        """Somebody has told Bob's owner."""
        channel = self.any_channel()
        legs = [leg for leg in channel.latest.message.transfers if leg.payer != channel.side]
        if legs:
            leg = self.rng.choice(legs)
            self.tell(events.Resolve(channel.id, leg.id, self.a_witness(leg)))

    def restarts(self) -> None:
        old = self.bob
        self.bob, refused = adopt(replace(old, channels={}, outcomes={}), old.channels)
        assert refused == {}

    def looks(self) -> None:
        self.see(min(self.route.time + self.rng.choice((0, 12, 3600, 6 * 3600)), LAST_CALL - 1))

    def see(self, time: int) -> None:
        """A later block. Bob also sees one shortly before each deadline; from the deadline on the thief may settle."""
        for deadline in sorted({chain.deadline for chain in self.route.on_chain.values()}):
            if self.route.time < deadline <= time:
                self.carry_out(self.route.confirm(BOB, time=max(self.route.time, deadline - 60))[BOB])
                self.stirs()
                self.route.time = deadline
                if self.rng.random() < 0.5:
                    self.settles()
                    self.stirs()
        self.carry_out(self.route.confirm(BOB, time=max(time, self.route.time))[BOB])

    def turn(self) -> None:
        everyday = {
            self.proposes: 3,
            self.adds: 5,
            self.credits: 6,
            self.countersigns: 12,
            self.refuses: 1,
            self.reveals: 5,
            self.forwards: 12,
            self.answers: 6,
            self.cancels: 1.5,
            self.repeats: 0.5,
            self.restarts: 0.5,
            self.looks: 1.5,
        }
        rare = {
            self.records: 0.2,
            self.disputes: 0.2,
            self.challenges: 0.2,
            self.settles: 0.2,
            self.closes: 0.1,
            self.leaves: 0.05,
            self.pays: 1.5,
            self.exchanges: 1.5,
            self.resends: 0.3,
            self.resolves: 0.3,
        }
        moves = everyday if self.is_calm else {**everyday, **rare}
        (move,) = self.rng.choices(list(moves), list(moves.values()))
        move()

    # --- The end ---

    def twin(self, seed: int) -> "Game":
        twin = copy(self)
        twin.rng, twin.signer, twin.said = Random(seed), RecordingSigner(self.signer.key), list(self.said)
        twin.signer.states = list(self.signer.states)
        twin.recorded, twin.settled, twin.collected = dict(self.recorded), dict(self.settled), dict(self.collected)
        twin.meant, twin.proved = dict(self.meant), dict(self.proved)
        twin.route = copy(self.route)
        twin.route.outcomes, twin.route.on_chain = dict(self.route.outcomes), dict(self.route.on_chain)
        twin.route.mail = {name: type(box)() for name, box in self.route.mail.items()}
        twin.route.parties = {**self.route.parties, BOB: replace(self.bob, signer=twin.signer)}
        return twin

    def end(self, recorded: tuple[Triple, ...]) -> int:
        """What Bob has lost beyond what he meant to pay, in wei of either asset, if the thief records these at last."""
        self.see(LAST_CALL)
        self.stirs()
        self.see(EXPIRY - 1)
        for triple in recorded:
            self.record(triple, FULL)
        self.stirs()
        self.see(EXPIRY)
        self.stirs()
        for channel in self.bob.channels.values():
            if self.status(channel) is Status.OPEN:
                self.dispute(channel)
        self.see(EXPIRY + 2 * DAY)
        self.see(EXPIRY + 2 * DAY + 12)
        paid = sum(
            amount * max(self.proved.get(triple, 0), self.route.outcomes.get(triple, 0)) // FULL
            for triple, amount in self.meant.items()
        )
        return -sum(self.got(channel) for channel in self.bob.channels.values()) - paid

    def stirs(self) -> None:
        """Something happens between the blocks, or nothing."""
        for _ in range(self.rng.choice((0, 0, 4))):
            deeds = (self.countersigns, self.credits, self.proposes, self.reveals, self.answers, self.challenges)
            self.rng.choice(deeds)()

    def got(self, channel: Channel) -> int:
        """Out of the settlement; of its transfers what was collected, if some are Bob's."""
        state = self.settled[channel.id]
        parts = due(channel.side, state.transfers, lambda leg: self.route.outcomes.get(triple_of(leg), 0))
        if any(parts):
            assert self.collected.get(channel.id) == state.transfers
        return sum(amounts_for(channel.side, state)) + sum(parts)


def triple_in(submit: events.Submit) -> Triple:
    return Triple(submit.fields["condition"], keccak256(submit.fields["params"]), submit.fields["expiry"])


def share_in(submit: events.Submit) -> int:
    if triple_in(submit) in WITNESSES:
        return FULL
    return min(int.from_bytes(submit.fields["witness"][:32]), UNIT) * FULL // UNIT


@pytest.mark.parametrize("seed", range(100))
def test_a_node_that_follows_the_rules_loses_nothing(seed: int) -> None:
    game = Game(seed)
    for turn in range(60):
        game.turn()
        if turn % 6 == 5:
            for recorded in (*combinations(PAYMENTS, 0), *combinations(PAYMENTS, 1), tuple(ALL)):
                assert game.twin(turn).end(recorded) <= 0, f"turn {turn}, recorded {recorded}"
    states = {(state.channel_id, state.nonce): state for state in game.signer.states}
    assert all(states[state.channel_id, state.nonce] == state for state in game.signer.states), "one state per nonce"
