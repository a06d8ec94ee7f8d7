"""Parties lock, exchange, resolve and cancel; messages get lost, come twice, or overtake each other."""

from dataclasses import replace
from itertools import permutations

import pytest

from connext import errors, events
from connext.conditions import WitnessRefused, all_of_witness
from connext.envelopes import Countersignature, Proposal, Refusal, Reveal
from connext.events import Output
from connext.messages import State
from connext.party import step
from connext.payments import Terms
from connext.types import Status
from tests.unit.pair import HOUR, NOW, error_of, only
from tests.unit.route import (
    AB,
    ALICE,
    BOB,
    CB,
    CHARLIE,
    DAI,
    EXPIRY,
    FULL,
    HALF,
    LAST_CALL,
    Route,
    adding,
    both_secrets,
    errors_of,
    exchange,
    film,
    gift,
    invoice,
    link,
    lock,
    paying,
    recorded,
    removing,
    secret,
    sent,
    transfer,
    voucher,
)

ONE_CHANNEL = ((ALICE, BOB),)
QUOTE = invoice(expiry=NOW + 12 * HOUR)


@pytest.fixture
def route() -> Route:
    return Route(ONE_CHANNEL)


def agreements(outputs: list[Output]) -> list[State]:
    return [o.message for o in outputs if isinstance(o, events.Agreed) and isinstance(o.message, State)]


# --- A payment in one channel ---


@pytest.mark.parametrize(("payer", "payee"), [(ALICE, BOB), (BOB, ALICE)])
@pytest.mark.parametrize("asset", [0, 1])
def test_a_hash_lock_is_locked_shown_and_paid(route: Route, payer: str, payee: str, asset: int) -> None:
    outputs = route.do(payer, lock(AB, 20, invoice(), DAI if asset else 0))  # type: ignore[arg-type]
    assert [type(output) for output in outputs] == [events.Save, events.Send]
    assert [type(output) for output in route.receive(payee)] == [events.Save, events.Send, events.Agreed]
    assert [type(output) for output in route.receive(payer)] == [events.Save, events.Agreed]
    leg = route.leg(payer, AB, invoice())
    assert (leg.payer, leg.asset, leg.amount, leg.expiry) == (route.channel(payer, AB).side, asset, 20, EXPIRY)
    assert sum(route.nets(payer)) == -20

    outputs = route.resolve(payee, AB, invoice(), secret())
    assert route.mail[payer][0] == Reveal(AB, leg.id, secret())
    assert [type(output) for output in outputs] == [events.Save, events.Send]
    assert sent(route.receive(payer)) == [Proposal]
    assert sent(route.receive(payee)) == [Countersignature]
    route.settle_mail()
    assert route.agreed(AB).transfers == ()
    assert sum(route.nets(payer)) == -20
    assert sum(route.nets(payee)) == 20


@pytest.mark.parametrize(
    ("terms", "witness", "paid"),
    [
        (invoice(), secret(), 20),
        (film(), voucher(1), 0),
        (film(), voucher(333), 6),
        (film(), voucher(1000), 20),
        (film(), voucher(2000), 20),
        (gift(), link().release(), 20),
        (both_secrets(), all_of_witness([secret(1), secret(2)]), 20),
    ],
)
def test_every_condition(route: Route, terms: Terms, witness: bytes, paid: int) -> None:
    route.lock(ALICE, AB, 20, terms)
    route.resolve(BOB, AB, terms, witness)
    route.settle_mail()
    assert route.agreed(AB).transfers == ()
    assert route.nets(BOB)[0] == paid


def test_it_is_given_back_at_the_payees_word(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    assert isinstance(error_of(route.do(ALICE, events.Cancel(AB, 256))), errors.NoSuchTransfer)
    route.say(BOB, events.Cancel(AB, 256))
    assert (route.nets(ALICE), route.agreed(AB).transfers) == ((0, 0), ())


@pytest.mark.parametrize("share", [0, HALF])
def test_at_the_expiry_the_payer_takes_back_what_the_outcome_leaves(route: Route, share: int) -> None:
    """Nobody's owner has to say anything."""
    route.lock(ALICE, AB, 20, film())
    for time in (LAST_CALL, EXPIRY - 1):
        assert sent(route.confirm(ALICE, time=time, outcomes={film().triple: share})[ALICE]) == []
    views = route.confirm(time=EXPIRY)
    assert [sent(views[name]) for name in (ALICE, BOB)] == [[Proposal], []]
    outputs = route.receive(BOB)
    assert [type(output) for output in outputs] == [events.Save, events.Send, events.Agreed]
    route.settle_mail()
    assert route.nets(ALICE)[0] == -20 + 20 - 20 * share // FULL


def test_many_are_resolved_in_one_state(route: Route) -> None:
    for number in range(1, 6):
        route.lock(ALICE, AB, 10, invoice(number))
    views = route.confirm(time=EXPIRY, outcomes={invoice(3).triple: FULL})
    assert sent(views[ALICE]) == [Proposal]
    route.settle_mail()
    assert (route.agreed(AB).transfers, route.nets(ALICE)[0]) == ((), -10)


def test_resolutions_follow_each_other_while_one_is_on_its_way(route: Route) -> None:
    """One proposal of each side at a time: what is shown meanwhile is resolved after it."""
    for number in (1, 2, 3):
        route.lock(ALICE, AB, 10, invoice(number))
    for number in (1, 2, 3):
        route.resolve(BOB, AB, invoice(number), secret(number))
    for _ in range(3):
        route.receive(ALICE)
    assert sent_states(route, BOB) == [(10 * 2,)]
    route.settle_mail()
    assert (route.agreed(AB).transfers, route.nets(BOB)[0]) == ((), 30)


def sent_states(route: Route, name: str) -> list[tuple[int]]:
    """What is held in each of the states in the mail."""
    states = [envelope.state for envelope in route.mail[name] if isinstance(envelope, Proposal)]
    return [(sum(leg.amount for leg in state.transfers),) for state in states]


# --- Exchanges ---


def exchanged(asker: str = ALICE) -> Route:
    """One side has asked for 200 wei of DAI for 20 of ETH, and the other's owner has agreed."""
    route = Route(ONE_CHANNEL)
    route.do(asker, exchange(AB, 20, 200, QUOTE))
    outputs = route.receive(route.other(asker, AB))
    assert isinstance(only(outputs, events.Awaiting).reason, errors.TransferAdded)
    accept = events.Accept(AB, only(outputs, events.Awaiting).digest)
    route.say(route.other(asker, AB), accept)
    assert len(route.agreed(AB).transfers) == 2
    return route


@pytest.mark.parametrize("asker", [ALICE, BOB])
def test_an_exchange_is_taken(asker: str) -> None:
    route = exchanged(asker)
    giver = route.other(asker, AB)
    assert (route.nets(asker), route.nets(giver)) == ((-20, 0), (0, -200))
    route.resolve(asker, AB, QUOTE, secret())
    route.settle_mail()
    assert route.agreed(AB).transfers == ()
    assert (route.nets(asker), route.nets(giver)) == ((-20, 200), (20, -200))


@pytest.mark.parametrize("asker", [ALICE, BOB])
def test_an_exchange_lapses(asker: str) -> None:
    route = exchanged(asker)
    views = route.confirm(time=QUOTE.expiry)
    assert [sent(views[name]) for name in (ALICE, BOB)] == [[], [Proposal]], "the node proposes, so they do not cross"
    route.settle_mail()
    assert route.agreed(AB).transfers == ()
    assert (route.nets(ALICE), route.nets(BOB)) == ((0, 0), (0, 0))


@pytest.mark.parametrize("asker", [ALICE, BOB])
@pytest.mark.parametrize("by_asker", [True, False])
def test_an_exchange_is_cancelled_by_both(asker: str, by_asker: bool) -> None:
    """Who cancels gives back what was locked for it, and gets back what it has locked."""
    route = exchanged(asker)
    canceller = asker if by_asker else route.other(asker, AB)
    leg = route.leg(canceller, AB, QUOTE, route.channel(canceller, AB).side.other)
    route.do(canceller, events.Cancel(AB, leg.id))
    outputs = route.receive(route.other(canceller, AB))
    assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    route.say(route.other(canceller, AB), events.Accept(AB, only(outputs, events.Awaiting).digest))
    assert route.agreed(AB).transfers == ()
    assert (route.nets(ALICE), route.nets(BOB)) == ((0, 0), (0, 0))


@pytest.mark.parametrize("asker", [ALICE, BOB])
def test_an_exchange_is_refused(asker: str) -> None:
    route = Route(ONE_CHANNEL)
    route.do(asker, exchange(AB, 20, 200, QUOTE))
    giver = route.other(asker, AB)
    outputs = route.receive(giver)
    route.say(giver, events.Refuse(AB, only(outputs, events.Awaiting).digest))
    assert route.agreed(AB).transfers == ()
    assert [route.channel(name, AB).claims for name in (ALICE, BOB)] == [(), ()]


@pytest.mark.parametrize("asker", [ALICE, BOB])
def test_nobody_keeps_one_leg_of_an_exchange(asker: str) -> None:
    """Whoever knows the secret proposes to take its own leg and leaves the other's open, or drops it."""
    for thief in (ALICE, BOB):
        for keep in (True, False):
            route = exchanged(asker)
            victim = route.other(thief, AB)
            route.do(
                asker, events.Resolve(AB, route.leg(asker, AB, QUOTE, route.channel(asker, AB).side.other).id, secret())
            )
            if victim != asker:
                route.do(victim, route.mail[victim].popleft())
            route.lose_mail()
            side = route.channel(thief, AB).side
            base = route.latest(victim, AB)
            mine, theirs = route.leg(thief, AB, QUOTE, side.other), route.leg(thief, AB, QUOTE, side)
            nonce = route.channel(victim, AB).highest_nonce + 1
            changes = [(mine, FULL)] if keep else [(mine, FULL), (theirs, 0)]
            outputs = route.do(victim, route.proposal(thief, removing(base, nonce, *changes)))
            assert agreements(outputs) == []
            assert route.latest(victim, AB) == base


def test_a_resolved_exchange_that_is_not_countersigned_is_recorded() -> None:
    """Half-signed, it must not outlive the expiry."""
    route = exchanged(ALICE)
    route.resolve(ALICE, AB, QUOTE, secret())
    assert sent(route.receive(BOB)) == [Proposal]
    route.lose_mail()
    for name in (ALICE, BOB):
        assert recorded(route.confirm(name, time=QUOTE.expiry - HOUR)[name]) == [secret()]


# --- What is shown ---


@pytest.mark.parametrize(
    ("transfer_id", "witness", "error"),
    [
        (256, b"", WitnessRefused),
        (256, secret(2), WitnessRefused),
        (256, bytes(4097), WitnessRefused),
        (257, secret(), errors.NoSuchTransfer),
        (2**64 - 1, secret(), errors.NoSuchTransfer),
    ],
)
def test_what_proves_nothing_is_rejected(
    route: Route, transfer_id: int, witness: bytes, error: type[Exception]
) -> None:
    route.lock(ALICE, AB, 20, invoice())
    before = route.channel(ALICE, AB)
    outputs = route.do(ALICE, Reveal(AB, transfer_id, witness))
    assert [type(output) for output in outputs] == [events.Rejected]
    assert isinstance(error_of(outputs), error)
    assert route.channel(ALICE, AB) == before


def test_a_payer_shows_nothing(route: Route) -> None:
    """Bob gets what only a payee may send."""
    route.lock(ALICE, AB, 20, invoice())
    outputs = route.do(BOB, Reveal(AB, 256, secret()))
    assert isinstance(error_of(outputs), errors.NoSuchTransfer)
    assert isinstance(error_of(route.do(ALICE, events.Resolve(AB, 256, secret()))), errors.NoSuchTransfer)


def test_my_own_wrong_witness_is_not_sent(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    outputs = route.resolve(BOB, AB, invoice(), secret(2))
    assert isinstance(error_of(outputs), WitnessRefused)
    assert sent(outputs) == []


def test_a_weaker_witness_changes_nothing(route: Route) -> None:
    route.lock(ALICE, AB, 20, film())
    route.confirm(ALICE)
    route.do(ALICE, events.Pay(AB, 1, 0))
    route.do(ALICE, Reveal(AB, 256, voucher(500)))
    outputs = route.do(ALICE, Reveal(AB, 256, voucher(499)))
    error = error_of(outputs)
    assert isinstance(error, errors.WeakerWitness)
    assert (error.share, error.known) == (499 * 10**15, HALF)
    assert route.channel(ALICE, AB).claims[0].witness == voucher(500)
    route.do(ALICE, Reveal(AB, 256, voucher(501)))
    assert route.channel(ALICE, AB).claims[0].share == 501 * 10**15


def test_the_owners_weaker_witness_is_not_shown(route: Route) -> None:
    route.lock(ALICE, AB, 20, film())
    route.resolve(BOB, AB, film(), voucher(500))
    outputs = route.resolve(BOB, AB, film(), voucher(499))
    assert isinstance(error_of(outputs), errors.WeakerWitness)
    assert sent(outputs) == []


def test_the_same_witness_is_shown_again_at_the_owners_word(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    for _ in range(2):
        assert sent(route.resolve(BOB, AB, invoice(), secret())) == [Reveal]


def test_a_voucher_for_nothing_proves_nothing(route: Route) -> None:
    route.lock(ALICE, AB, 20, film())
    assert sent(route.resolve(BOB, AB, film(), voucher(0))) == []
    route.do(ALICE, Reveal(AB, 256, voucher(0)))
    assert route.channel(ALICE, AB).own_offers == ()


def test_a_witness_for_one_leg_counts_for_all_on_its_triple(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    more = adding(route.agreed(AB), 2, transfer(invoice(), amount=5))
    route.do(BOB, route.proposal(ALICE, more))
    route.do(BOB, events.Resolve(AB, 256, secret()))
    base = route.latest(BOB, AB)
    outputs = route.do(BOB, route.proposal(ALICE, removing(base, 3, *((leg, FULL) for leg in base.transfers))))
    assert agreements(outputs)[0].node_wei == 25


def test_nothing_is_shown_while_a_half_signed_state_could_take_the_leg_away(route: Route) -> None:
    """Bob has signed to give it back; Alice could take it back and have the secret besides."""
    route.lock(ALICE, AB, 20, invoice())
    route.do(BOB, events.Cancel(AB, 256))
    outputs = route.resolve(BOB, AB, invoice(), secret())
    assert isinstance(error_of(outputs), errors.MayBeGone)
    assert sent(outputs) == []
    assert route.channel(BOB, AB).claims[0].share == 0


def test_nor_what_was_learned_elsewhere_meanwhile() -> None:
    route = Route()
    for name, channel_id in ((ALICE, AB), (CHARLIE, CB)):
        route.lock(name, channel_id, 20, invoice())
    route.do(BOB, events.Cancel(AB, route.leg(BOB, AB, invoice()).id))
    route.lose_mail()
    outputs = route.resolve(BOB, CB, invoice(), secret())
    assert [output.envelope.channel_id for output in outputs if isinstance(output, events.Send)] == [CB]
    route.settle_mail(CHARLIE)
    offer = route.channel(BOB, AB).own_offers[0].state
    outputs = route.do(BOB, route.refusal(ALICE, replace(route.latest(BOB, AB), nonce=offer.nonce + 1)))
    assert sent(outputs) == [Countersignature, Reveal], "now that the cancellation is dead"


def test_a_secret_is_not_shown_out_of_a_file_that_may_be_old(route: Route) -> None:
    """The leg may be gone since; nothing could be countersigned for the secret anyhow. On chain it can be recorded."""
    route.lock(ALICE, AB, 20, invoice())
    route.do(BOB, events.MarkRestored(AB))
    assert sent(route.resolve(BOB, AB, invoice(), secret())) == []
    assert recorded(route.confirm(BOB, time=LAST_CALL)[BOB]) == [secret()]


def test_nor_in_a_settled_channel(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    route.change(AB, status=Status.SETTLED, locked_wei=20)
    route.confirm(BOB)
    assert sent(route.resolve(BOB, AB, invoice(), secret())) == []
    assert recorded(route.confirm(BOB, time=LAST_CALL)[BOB]) == [secret()]


# --- Recording at the owner's word ---


def test_the_owner_has_recorded_what_is_known(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    assert isinstance(error_of(route.do(BOB, events.Record(AB, 256))), errors.NoWitness)
    assert isinstance(error_of(route.do(BOB, events.Record(AB, 257))), errors.NoSuchTransfer)
    route.resolve(BOB, AB, invoice(), secret())
    assert recorded(route.do(BOB, events.Record(AB, 256))) == [secret()]


def test_what_the_owner_learns_at_the_last_moment_is_recorded_at_once(route: Route) -> None:
    """And with the next blocks, until it is confirmed."""
    route.lock(ALICE, AB, 20, film())
    route.confirm(time=EXPIRY - 1)
    outputs = route.resolve(BOB, AB, film(), voucher(700))
    assert (recorded(outputs), sent(outputs)) == ([voucher(700)], [])
    assert recorded(route.confirm(BOB)[BOB]) == [voucher(700)]


# --- Mail ---


def test_every_message_may_be_lost_once_and_sent_again() -> None:
    """Whichever message of a whole payment gets lost, sending again heals it."""
    for lost in range(20):
        route = Route(ONE_CHANNEL)
        route.do(ALICE, lock(AB, 20, invoice()))
        count = deliver(route, lost)
        if route.is_open(BOB, AB, invoice()):
            route.resolve(BOB, AB, invoice(), secret())
            count = deliver(route, lost - count)
        for name in (ALICE, BOB):
            route.say(name, events.Resend(AB))
        if route.is_open(BOB, AB, invoice()):
            route.resolve(BOB, AB, invoice(), secret())
            route.settle_mail()
        assert (route.agreed(AB).transfers, route.nets(BOB)[0]) == ((), 20), lost


def deliver(route: Route, lost: int) -> int:
    """Deliver everything but the message with this number; returns how many there were."""
    count = 0
    while any(route.mail.values()):
        for name, box in route.mail.items():
            if box:
                if count == lost:
                    box.popleft()
                else:
                    route.receive(name)
                count += 1
    return count


def test_a_lost_reveal_is_sent_again(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    route.resolve(BOB, AB, invoice(), secret())
    route.lose_mail()
    outputs = route.do(BOB, events.Resend(AB))
    assert sent(outputs) == [Countersignature, Reveal]
    route.settle_mail()
    assert route.nets(BOB)[0] == 20


def test_what_was_not_shown_is_not_sent_again(route: Route) -> None:
    """Bob's better voucher waits until Charlie's leg is resolved."""
    route = Route()
    terms = route.locked(terms=film())
    route.do(BOB, Reveal(CB, route.leg(CHARLIE, CB, terms).id, voucher(500)))
    assert Reveal not in sent(route.do(BOB, events.Resend(AB)))


def test_resending_signs_nothing(route: Route) -> None:
    """Not even what could be proposed again after a refusal."""
    route.lock(ALICE, AB, 20, invoice())
    route.do(ALICE, Reveal(AB, 256, secret()))
    route.do(ALICE, route.refusal(BOB, replace(route.latest(ALICE, AB), nonce=3)))
    assert route.channel(ALICE, AB).own_offers == ()
    assert Proposal not in sent(route.do(ALICE, events.Resend(AB)))
    assert sent(route.confirm(ALICE)[ALICE]) == [Proposal]


def test_repeated_messages_change_nothing(route: Route) -> None:
    route.do(ALICE, lock(AB, 20, invoice()))
    twice(route)
    route.resolve(BOB, AB, invoice(), secret())
    twice(route)
    assert (route.agreed(AB).transfers, route.nets(BOB)[0]) == ((), 20)


def twice(route: Route) -> None:
    while any(route.mail.values()):
        for name, box in route.mail.items():
            if box:
                envelope = box.popleft()
                for _ in range(2):
                    route.do(name, envelope)


def test_a_reveal_that_overtakes_the_countersignature_of_its_leg(route: Route) -> None:
    """Alice does not know the leg to be open yet; it is shown again with what is sent again."""
    route.do(ALICE, lock(AB, 20, invoice()))
    route.receive(BOB)
    route.resolve(BOB, AB, invoice(), secret())
    route.mail[ALICE].rotate(1)
    assert isinstance(error_of(route.receive(ALICE)), errors.NoSuchTransfer)
    route.settle_mail()
    assert route.is_open(ALICE, AB, invoice())
    route.say(BOB, events.Resend(AB))
    assert route.nets(BOB)[0] == 20


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_resolution_crosses_payments_in_any_order(order: tuple[int, ...]) -> None:
    """Bob shows the secret and pays; Alice pays. Whatever is read first, all of it happens or is known not to."""
    route = Route(ONE_CHANNEL)
    route.lock(ALICE, AB, 20, invoice())
    deeds = [
        lambda: route.resolve(BOB, AB, invoice(), secret()),
        lambda: route.do(BOB, events.Pay(AB, 3, 0)),
        lambda: route.do(ALICE, events.Pay(AB, 5, 0)),
    ]
    paid = {ALICE: 0, BOB: 0}
    for index in order:
        outputs = deeds[index]()
        if index and errors_of(outputs) == []:
            paid[ALICE if index == 2 else BOB] += 5 if index == 2 else 3
    route.settle_mail()
    route.confirm()
    route.settle_mail()
    assert route.agreed(AB).transfers == ()
    assert route.nets(BOB)[0] in {20 + a - b for a in {0, paid[ALICE]} for b in {0, paid[BOB]}}
    assert route.nets(BOB)[0] >= 20 - paid[BOB]


def test_both_propose_the_very_same_state(route: Route) -> None:
    """Alice's and Bob's states are one: each other's proposal is the countersignature."""
    route.lock(ALICE, AB, 20, invoice())
    base = route.agreed(AB)
    route.do(ALICE, Reveal(AB, 256, secret()))
    mine = route.channel(ALICE, AB).own_offers[0].state
    route.lose_mail()
    outputs = route.do(ALICE, route.proposal(BOB, mine))
    assert agreements(outputs) == [mine]
    assert mine == removing(base, 2, (base.transfers[0], FULL))
    assert route.channel(ALICE, AB).own_offers == ()
    (again,) = route.do(ALICE, route.proposal(BOB, mine))
    assert isinstance(again, events.Send)
    assert isinstance(again.envelope, Countersignature)


def test_both_refuse_with_the_very_same_state(route: Route) -> None:
    waiting = route.do(BOB, route.proposal(ALICE, paying(replace(route.agreed(AB), nonce=1), 5)))
    route.do(BOB, events.Refuse(AB, only(waiting, events.Awaiting).digest))
    mine = route.channel(BOB, AB).own_offers[0].state
    assert agreements(route.do(BOB, route.refusal(ALICE, mine))) == [mine]


# --- Refusals ---


def test_a_refused_resolution_is_not_proposed_again_before_the_next_block(route: Route) -> None:
    """Bob's software waits for its owner, who refuses; two programs do not talk for ever."""
    route.lock(ALICE, AB, 20, film())
    for round_ in range(3):
        if round_ == 0:
            route.do(ALICE, Reveal(AB, 256, voucher(500)))
        else:
            route.confirm(ALICE)
        outputs = route.receive(BOB)
        assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
        outputs = route.do(BOB, events.Refuse(AB, only(outputs, events.Awaiting).digest))
        assert sent(outputs) == [Refusal]
        assert sent(route.receive(ALICE)) == [Countersignature]
        route.settle_mail()
        assert route.channel(ALICE, AB).own_offers == ()
    assert route.is_open(ALICE, AB, film())


def test_two_programs_that_refuse_each_other_stop(route: Route) -> None:
    """Bob's policy became so strict that he refuses everything that still has a transfer."""
    for number in (1, 2):
        route.lock(ALICE, AB, 20, invoice(number))
    route.change(AB, node_wei=-1000)
    route.confirm(BOB)
    route.resolve(BOB, AB, invoice(1), secret(1))
    count = 0
    while any(route.mail.values()):
        for name, box in route.mail.items():
            if box:
                route.receive(name)
                count += 1
    assert count < 10
    assert len(route.latest(ALICE, AB).transfers) == 2


# --- Crossing locks ---


@pytest.mark.parametrize("first", [ALICE, BOB])
def test_two_locks_cross(route: Route, first: str) -> None:
    """The node's stands, the user's is dropped and can be proposed again; ids do not meet."""
    route.do(ALICE, lock(AB, 20, invoice(1)))
    route.do(BOB, lock(AB, 30, invoice(2)))
    route.receive(first)
    route.settle_mail()
    assert route.is_open(ALICE, AB, invoice(2))
    assert not route.is_open(ALICE, AB, invoice(1))
    assert {claim.triple for claim in route.channel(ALICE, AB).claims} == {invoice(2).triple}
    route.lock(ALICE, AB, 20, invoice(1))
    assert len({leg.id for leg in route.agreed(AB).transfers}) == 2
    assert [claim.params for claim in route.channel(BOB, AB).claims] == [invoice(2).params, invoice(1).params]


def test_a_crossing_proposal_leaves_no_parameters_behind(route: Route) -> None:
    route.do(BOB, lock(AB, 30, invoice(2)))
    for number in range(3, 9):
        state = adding(route.latest(BOB, AB), number, transfer(invoice(number)))
        route.do(BOB, route.proposal(ALICE, state, invoice(number).params))
        assert [claim.triple for claim in route.channel(BOB, AB).claims] == [invoice(2).triple]


def test_a_lock_is_issued_again_with_its_parameters(route: Route) -> None:
    route.do(BOB, lock(AB, 30, invoice(2)))
    route.do(BOB, route.proposal(ALICE, paying(replace(route.latest(BOB, AB), nonce=5), -1)))
    again = route.mail[ALICE][-1]
    assert isinstance(again, Proposal)
    assert (again.state.nonce, again.params) == (6, (invoice(2).params,))
    assert [type(output) for output in route.do(ALICE, again)] == [events.Save, events.Send, events.Agreed]


def test_a_lock_that_crossed_and_can_not_be_issued_again_dies(route: Route) -> None:
    """The mail was away until the lock's expiry was too near. Neither side could ever answer the other's proposal."""
    route.do(ALICE, lock(AB, 20, invoice(1)))
    route.do(BOB, lock(AB, 30, invoice(2)))
    route.confirm(time=EXPIRY - HOUR)
    outputs = route.receive(BOB)
    assert isinstance(error_of(outputs), errors.ExpiryOutOfWindow)
    assert sent(outputs) == [Refusal]
    route.settle_mail()
    assert route.agreed(AB).transfers == ()
    assert [route.channel(name, AB).claims for name in (ALICE, BOB)] == [(), ()]


# --- Pure steps ---


def test_steps_are_pure_and_deterministic() -> None:
    """With several channels that change at once, too."""
    route = Route()
    terms = route.locked(terms=film())
    route.do(CHARLIE, events.Resolve(CB, route.leg(CHARLIE, CB, terms).id, voucher(500)))
    reveal = route.mail[BOB].popleft()
    before = route.parties[BOB]
    party, outputs = step(before, reveal)
    again, outputs_again = step(before, reveal)
    assert (party, outputs) == (again, outputs_again)
    assert [type(output) for output in outputs] == [events.Save, events.Save, events.Send]
    assert {output.channel.id for output in outputs if isinstance(output, events.Save)} == {AB, CB}


def test_what_changes_nothing_saves_nothing(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    for event in (events.Resend(AB), events.Record(AB, 256), Reveal(AB, 256, b"?"), events.Cancel(AB, 9)):
        assert events.Save not in [type(output) for output in route.do(BOB, event)]
