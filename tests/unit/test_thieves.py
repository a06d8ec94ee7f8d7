"""Random thieves around a node that follows the rules: whatever they sign, keep back and record, it loses nothing.

Alice and Charlie are users of Bob's node, he himself is one of Dave's, and all three are one thief: they sign any state
at any time, send any message again, record what they like or nothing, dispute with any state and close with any final
one. Bob's owner forwards what may be forwarded, cancels, closes, accepts what takes nothing that he has, and looks at
the chain; his software does the rest. Bob's ends are all that the thief can bring about: of each channel any state that
the chain may be settled with, and of each payment one outcome for all legs.
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
from connext.messages import State, Transfer, transfers_hash
from connext.party import Party, adopt
from connext.payments import Terms
from connext.signing import Key, Signable, Signature
from connext.transfers import Triple, change, due, held, triple_of, with_change
from connext.types import Address, Status, amounts_for
from tests.unit.pair import DAY, FUNDED, MANAGER, NOW, POLICY
from tests.unit.route import (
    AB,
    ALICE,
    BD,
    BOB,
    CB,
    CHARLIE,
    DAVE,
    ETH,
    FULL,
    MARGIN,
    ONE_NODE,
    Route,
    film,
    invoice,
    secret,
    voucher,
)

RICH = replace(FUNDED, user_wei=10**6, node_wei=10**6)
UNIT = 1000
"""Amounts are multiples of it, shares of its inverse: nothing is rounded."""

EXPIRY = NOW + 3 * DAY
LAST_CALL = EXPIRY - MARGIN
INVOICE, FILM = invoice(expiry=EXPIRY), film(expiry=EXPIRY)
PAYMENTS: dict[Triple, Terms] = {INVOICE.triple: INVOICE, FILM.triple: FILM}
VOUCHERS = (1, 250, 500, 750, 1000)
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
        policy = replace(POLICY, payment_limit_wei=10**5)
        self.route = Route((*ONE_NODE, (BOB, DAVE)), policy=policy, on_chain=RICH)
        deployment = replace(self.bob.deployment, transfer_limit_wei=10**5, capacity_wei=10**7)
        self.signer = RecordingSigner(self.bob.signer)  # type: ignore[arg-type]
        self.bob = replace(self.bob, deployment=deployment, signer=self.signer)
        self.said: list[Envelope] = []
        self.recorded = {id_: channel.latest.message for id_, channel in self.bob.channels.items()}
        self.settled: dict[bytes, State] = {}
        self.collected: dict[bytes, object] = {}

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
            paid = rng.choice((-1, 1)) * rng.randrange(20) * UNIT
            state = replace(state, user_wei=state.user_wei + paid, node_wei=state.node_wei - paid)
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
        params = tuple(terms.params for terms in PAYMENTS.values() if self.rng.random() < 0.98)
        self.say(self.route.proposal(THIEVES[channel.id], state, *params))

    def new_legs(self, channel: Channel) -> Iterator[Transfer]:
        rng = self.rng
        for _ in range(rng.choice((1, 1, 2))):
            terms = rng.choice(list(PAYMENTS.values()))
            payer = channel.side.other if rng.random() < 0.85 else channel.side
            id_ = (channel.highest_nonce + 1) * 1000 + rng.randrange(1000)
            yield Transfer(id_, payer, ETH, rng.randint(1, 20) * UNIT, *terms.triple)

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
        return secret() if triple_of(leg) == INVOICE.triple else voucher(self.rng.choice(VOUCHERS), FILM)

    def repeats(self) -> None:
        if self.said:
            self.tell(self.rng.choice(self.said))

    def records(self) -> None:
        triple = self.rng.choice(list(PAYMENTS))
        if self.route.time < EXPIRY:
            self.record(triple, self.possible_share(triple))

    def possible_share(self, triple: Triple) -> int:
        return FULL if triple == INVOICE.triple else self.rng.choice(VOUCHERS) * FULL // UNIT

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
            locked_wei=held(state.transfers)[0],
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
            self.tell(events.Forward(into.id, ETH, amount, source.id, leg.id))

    def cancels(self) -> None:
        channel = self.any_channel()
        legs = [leg for leg in channel.latest.message.transfers if leg.payer != channel.side]
        if legs:
            self.tell(events.Cancel(channel.id, self.rng.choice(legs).id))

    def answers(self) -> None:
        """Accepts what leaves him all that he has, and takes back or keeps all that he has locked."""
        channel = self.any_channel()
        if (offer := channel.their_offer) is None:
            return
        difference = change(channel.latest.message, offer.state)
        mine_back = due(channel.side, [leg for leg in difference.removed if leg.payer == channel.side], lambda _: 0)
        gain = amounts_for(channel.side, offer.state)[0] - amounts_for(channel.side, channel.latest.message)[0]
        harmless = gain >= mine_back[0] and all(leg.payer != channel.side for leg in difference.added)
        if harmless and self.rng.random() < 0.7:
            self.tell(events.Accept(channel.id, offer.digest))
        elif not offer.state.is_final:
            self.tell(events.Refuse(channel.id, offer.digest))

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
        moves = {
            self.proposes: 3,
            self.adds: 5,
            self.credits: 6,
            self.countersigns: 12,
            self.refuses: 1,
            self.reveals: 5,
            self.repeats: 1,
            self.records: 0.2,
            self.disputes: 0.2,
            self.challenges: 0.2,
            self.settles: 0.2,
            self.closes: 0.1,
            self.leaves: 0.05,
            self.forwards: 12,
            self.cancels: 1.5,
            self.answers: 6,
            self.resends: 0.3,
            self.resolves: 0.3,
            self.restarts: 0.5,
            self.looks: 1.5,
        }
        (move,) = self.rng.choices(list(moves), list(moves.values()))
        move()

    # --- The end ---

    def twin(self, seed: int) -> "Game":
        twin = copy(self)
        twin.rng, twin.signer, twin.said = Random(seed), RecordingSigner(self.signer.key), list(self.said)
        twin.signer.states = list(self.signer.states)
        twin.recorded, twin.settled, twin.collected = dict(self.recorded), dict(self.settled), dict(self.collected)
        twin.route = copy(self.route)
        twin.route.outcomes, twin.route.on_chain = dict(self.route.outcomes), dict(self.route.on_chain)
        twin.route.mail = {name: type(box)() for name, box in self.route.mail.items()}
        twin.route.parties = {**self.route.parties, BOB: replace(self.bob, signer=twin.signer)}
        return twin

    def end(self, recorded: tuple[Triple, ...]) -> int:
        """What Bob has lost at most, in wei, if the thief records all of these payments at the last moment."""
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
        return -sum(self.got(channel) for channel in self.bob.channels.values())

    def stirs(self) -> None:
        """Something happens between the blocks, or nothing."""
        for _ in range(self.rng.choice((0, 0, 4))):
            deeds = (self.countersigns, self.credits, self.proposes, self.reveals, self.answers, self.challenges)
            self.rng.choice(deeds)()

    def got(self, channel: Channel) -> int:
        """Out of the settlement; of its transfers what was collected, if some are Bob's."""
        state = self.settled[channel.id]
        wei, _ = amounts_for(channel.side, state)
        parts = due(channel.side, state.transfers, lambda leg: self.route.outcomes.get(triple_of(leg), 0))[0]
        if parts:
            assert self.collected.get(channel.id) == state.transfers
        return wei + parts


def triple_in(submit: events.Submit) -> Triple:
    return next(t for t, terms in PAYMENTS.items() if terms.params == submit.fields["params"])


def share_in(submit: events.Submit) -> int:
    if triple_in(submit) == INVOICE.triple:
        return FULL
    return min(int.from_bytes(submit.fields["witness"][:32]), UNIT) * FULL // UNIT


@pytest.mark.parametrize("seed", range(80))
def test_a_node_that_follows_the_rules_loses_nothing(seed: int) -> None:
    game = Game(seed)
    for turn in range(60):
        game.turn()
        if turn % 6 == 5:
            for count in range(len(PAYMENTS) + 1):
                for recorded in combinations(PAYMENTS, count):
                    assert game.twin(turn).end(recorded) <= 0, f"turn {turn}, recorded {recorded}"
    states = {(state.channel_id, state.nonce): state for state in game.signer.states}
    assert all(states[state.channel_id, state.nonce] == state for state in game.signer.states), "one state per nonce"
