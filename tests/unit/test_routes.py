"""docs/protocol.md section 8, rules 7 and 8: what holds between the channels of a party that forwards payments."""

from dataclasses import replace

import pytest

from connext import errors, events
from connext.conditions import WitnessRefused
from connext.envelopes import Countersignature, Proposal, Reveal
from connext.events import Output
from connext.fees import Fee, Rate
from connext.messages import State, transfers_hash
from connext.party import adopt
from connext.payments import Terms
from connext.signing import WrongSigner
from connext.transfers import Triple
from connext.types import Status
from tests.unit.pair import HOUR, NODE, NOW, POLICY, error_of, only, submitted
from tests.unit.route import (
    AB,
    ALICE,
    BD,
    BOB,
    CB,
    CE,
    CHARLIE,
    DAI,
    DAVE,
    DB,
    DE,
    ERIN,
    ETH,
    EXPIRY,
    FULL,
    HALF,
    HOMES,
    LAST_CALL,
    MARGIN,
    THREE_NODES,
    THREE_USERS,
    Route,
    adding,
    errors_of,
    exchange,
    film,
    gift,
    invoice,
    link,
    lock,
    recorded,
    removing,
    secret,
    sent,
    transfer,
    voucher,
)


@pytest.fixture
def route() -> Route:
    return Route()


def agreements(outputs: list[Output]) -> list[State]:
    return [o.message for o in outputs if isinstance(o, events.Agreed) and isinstance(o.message, State)]


# --- Whole payments ---


def test_a_payment_through_a_node(route: Route) -> None:
    """One message of Charlie's, and every leg is paid."""
    terms = route.locked(20, 19)
    assert route.nets(BOB) == (-19, 0)
    route.resolve(CHARLIE, CB, terms, secret())
    route.settle_mail()
    assert (route.agreed(AB).transfers, route.agreed(CB).transfers) == ((), ())
    assert [route.nets(name) for name in (ALICE, BOB, CHARLIE)] == [(-20, 0), (1, 0), (19, 0)]
    assert all(party.triples == set() for party in route.parties.values())


def test_across_three_nodes_with_one_expiry() -> None:
    route = Route(THREE_NODES)
    terms = invoice()
    route.lock(ALICE, AB, 20, terms)
    for name, into, source in ((BOB, BD, AB), (DAVE, DE, BD), (ERIN, CE, DE)):
        route.forward(name, into, 20, source, terms)
    assert route.leg(CHARLIE, CE, terms).expiry == terms.expiry
    route.resolve(CHARLIE, CE, terms, secret())
    route.settle_mail()
    assert {name: route.nets(name) for name in route.parties} == {
        ALICE: (-20, 0),
        BOB: (0, 0),
        DAVE: (0, 0),
        ERIN: (0, 0),
        CHARLIE: (20, 0),
    }


def test_a_payment_that_is_given_up_is_cancelled_from_its_end(route: Route) -> None:
    terms = route.locked()
    error = error_of(route.do(BOB, events.Cancel(AB, route.leg(BOB, AB, terms).id)))
    assert isinstance(error, errors.StillForwarded)
    assert error.channel_id == CB
    route.say(CHARLIE, events.Cancel(CB, route.leg(CHARLIE, CB, terms).id))
    assert route.nets(BOB) == (0, 0)
    route.say(BOB, events.Cancel(AB, route.leg(BOB, AB, terms).id))
    assert route.nets(ALICE) == (0, 0)
    assert all(party.triples == set() for party in route.parties.values())


def test_a_stream_through_a_node_in_order(route: Route) -> None:
    """First what goes out is given, then the voucher is shown upstream."""
    terms = route.locked(20, 19, film())
    route.resolve(CHARLIE, CB, terms, voucher(500))
    outputs = route.receive(BOB)
    assert sent(outputs) == [Proposal], "to Charlie, and nothing to Alice"
    assert [envelope.channel_id for envelope in route.mail[CHARLIE]] == [CB]
    assert not route.mail[ALICE]
    route.receive(CHARLIE)
    outputs = route.receive(BOB)
    assert [envelope.channel_id for envelope in route.mail[ALICE]] == [AB]
    assert sent(outputs) == [Reveal]
    route.settle_mail()
    assert [route.nets(name) for name in (ALICE, BOB, CHARLIE)] == [(-10, 0), (1, 0), (9, 0)]


def test_the_full_share_in_order(route: Route) -> None:
    """First what comes in is credited, then what goes out is given."""
    terms = route.locked()
    route.resolve(CHARLIE, CB, terms, secret())
    assert sent(route.receive(BOB)) == [Reveal]
    assert not route.mail[CHARLIE]
    assert sent(route.receive(ALICE)) == [Proposal]
    assert route.is_open(BOB, CB, terms)
    outputs = route.receive(BOB)
    assert sent(outputs) == [Countersignature, Proposal]
    assert [envelope.channel_id for envelope in route.mail[CHARLIE]] == [CB]


# --- Rule 7: what may be forwarded ---


def forward(route: Route, amount: int = 20, **changes: object) -> list[Output]:
    """Bob is to forward what Alice has locked."""
    terms = changes.pop("terms", invoice())
    asset = changes.pop("asset", ETH)
    intent = route.forwarding(CB, amount, AB, terms, asset)  # type: ignore[arg-type]
    return route.do(BOB, replace(intent, **changes))  # type: ignore[arg-type]


def test_only_what_is_countersigned_is_forwarded(route: Route) -> None:
    """Bob is asked for it before he has seen Alice's proposal, and while his own half of an exchange is unanswered."""
    intent = events.Forward(CB, ETH, 20, AB, 256)
    route.do(ALICE, lock(AB, 20, invoice()))
    assert isinstance(error_of(route.do(BOB, intent)), errors.NoSuchTransfer)
    route.lose_mail()
    route = Route()
    route.do(BOB, exchange(AB, 200, 20, invoice(expiry=NOW + 12 * HOUR), DAI))
    offered = route.channel(BOB, AB).own_offers[0].state.transfers[1]
    assert isinstance(error_of(route.do(BOB, replace(intent, incoming_id=offered.id))), errors.NoSuchTransfer)


def test_only_what_is_for_me_is_forwarded(route: Route) -> None:
    route.lock(BOB, AB, 20, invoice())
    leg = route.leg(BOB, AB, invoice())
    assert isinstance(error_of(route.do(BOB, events.Forward(CB, ETH, 20, AB, leg.id))), errors.NoSuchTransfer)
    assert isinstance(error_of(route.do(BOB, events.Forward(CB, ETH, 20, DB, leg.id))), errors.UnknownChannel)


def test_it_goes_on_under_the_very_same_triple(route: Route) -> None:
    terms = route.locked()
    assert route.leg(CHARLIE, CB, terms).params_hash == route.leg(ALICE, AB, terms).params_hash
    assert route.channel(CHARLIE, CB).claims[0].params == terms.params


@pytest.mark.parametrize(
    ("fee", "most"),
    [
        (Fee(), 40),
        (Fee(flat_wei=3), 37),
        (Fee(parts_per_million=100_000), 36),
        (Fee(flat_wei=3, parts_per_million=110_000), 32),
        (Fee(flat_wei=41), 0),
    ],
)
def test_no_more_goes_out_than_what_comes_in_without_the_fee(fee: Fee, most: int) -> None:
    route = Route(policy=replace(POLICY, fee=fee))
    route.lock(ALICE, AB, 40, invoice())
    error = error_of(forward(route, most + 1))
    assert isinstance(error, errors.ForwardsTooMuch)
    assert (error.outgoing, error.allowed) == (most + 1, most)
    if most:
        assert sent(forward(route, most)) == [Proposal]


def test_the_sum_over_all_channels_counts_half_signed_states_too() -> None:
    route = Route(THREE_USERS)
    route.lock(ALICE, AB, 40, invoice())
    route.forward(BOB, CB, 20, AB, invoice())
    route.do(BOB, route.forwarding(DB, 15, AB, invoice()))
    route.lose_mail()
    error = error_of(route.do(BOB, route.forwarding(CB, 6, AB, invoice())))
    assert isinstance(error, errors.ForwardsTooMuch)
    assert (error.outgoing, error.allowed) == (41, 40)
    assert sent(route.do(BOB, route.forwarding(CB, 5, AB, invoice()))) == [Proposal]


def test_what_comes_in_over_several_channels_is_added_up() -> None:
    route = Route(THREE_USERS)
    for name, channel_id in ((ALICE, AB), (CHARLIE, CB)):
        route.lock(name, channel_id, 20, invoice())
    assert isinstance(error_of(route.do(BOB, route.forwarding(DB, 41, AB, invoice()))), errors.ForwardsTooMuch)
    route.forward(BOB, DB, 40, AB, invoice())
    route.resolve(DAVE, DB, invoice(), secret())
    route.settle_mail()
    assert {name: route.nets(name)[0] for name in route.parties} == {ALICE: -20, CHARLIE: -20, BOB: 0, DAVE: 40}


def test_what_may_be_taken_back_does_not_come_in() -> None:
    """Charlie's part is as good as given back: Bob has signed that."""
    route = Route(THREE_USERS)
    for name, channel_id in ((ALICE, AB), (CHARLIE, CB)):
        route.lock(name, channel_id, 20, invoice())
    route.do(BOB, events.Cancel(CB, route.leg(BOB, CB, invoice()).id))
    route.lose_mail()
    error = error_of(route.do(BOB, route.forwarding(DB, 21, AB, invoice())))
    assert isinstance(error, errors.ForwardsTooMuch)
    assert error.allowed == 20
    assert isinstance(error_of(route.do(BOB, route.forwarding(DB, 20, CB, invoice()))), errors.IncomingNotSafe)
    assert sent(route.do(BOB, route.forwarding(DB, 20, AB, invoice()))) == [Proposal]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.DISPUTED, "dispute": 1, "deadline": NOW + HOUR},
        {"recent_dispute": True},
        {"status": Status.SETTLED},
    ],
)
def test_nothing_is_forwarded_out_of_a_channel_that_is_ending(route: Route, changes: dict[str, object]) -> None:
    """Nor does its part count for another's."""
    route = Route(THREE_USERS)
    for name, channel_id in ((ALICE, AB), (CHARLIE, CB)):
        route.lock(name, channel_id, 20, invoice())
    route.change(AB, **changes)
    route.confirm(BOB)
    assert isinstance(error_of(route.do(BOB, route.forwarding(DB, 20, AB, invoice()))), errors.IncomingNotSafe)
    assert isinstance(error_of(route.do(BOB, route.forwarding(DB, 21, CB, invoice()))), errors.ForwardsTooMuch)
    assert sent(route.do(BOB, route.forwarding(DB, 20, CB, invoice()))) == [Proposal]


def test_nothing_is_forwarded_out_of_a_channel_whose_file_may_be_old(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    route.do(BOB, events.MarkRestored(AB))
    assert isinstance(error_of(forward(route)), errors.IncomingNotSafe)


def test_nothing_is_forwarded_near_the_expiry() -> None:
    """Whatever the window of new transfers is."""
    route = Route(policy=replace(POLICY, shortest_lock=1))
    route.lock(ALICE, AB, 20, invoice())
    route.confirm(time=LAST_CALL)
    assert isinstance(error_of(forward(route)), errors.IncomingNotSafe)


def test_a_leg_is_opened_within_all_limits_of_a_new_transfer(route: Route) -> None:
    route.lock(ALICE, AB, 50, invoice())
    for spent in (50, 50):
        route.say(BOB, events.Pay(CB, spent, 0))
    assert isinstance(error_of(forward(route, 1)), errors.BalanceNegative)
    route.confirm(time=EXPIRY - 3 * HOUR + 1)
    assert isinstance(error_of(forward(route, 1)), errors.ExpiryOutOfWindow)


# --- Rule 7: other assets ---


def other_asset(expiry: int = NOW + 12 * HOUR) -> Route:
    route = Route()
    route.lock(ALICE, AB, 20, invoice(expiry=expiry))
    return route


def test_another_asset_goes_out_at_the_rate() -> None:
    route = other_asset()
    terms = invoice(expiry=NOW + 12 * HOUR)
    rate = Rate(15, 1)
    assert isinstance(error_of(forward(route, 1, asset=DAI, terms=terms)), errors.RateMissing)
    error = error_of(forward(route, 301, asset=DAI, terms=terms, rate=rate))
    assert isinstance(error, errors.ForwardsTooMuch)
    assert (error.asset, error.allowed) == ("DAI", 300)
    forward(route, 300, asset=DAI, terms=terms, rate=rate)
    route.settle_mail()
    route.resolve(CHARLIE, CB, terms, secret())
    route.settle_mail()
    assert [route.nets(name) for name in (ALICE, BOB, CHARLIE)] == [(-20, 0), (20, -300), (0, 300)]


def test_an_option_for_whoever_has_the_secret_expires_soon() -> None:
    route = other_asset(NOW + 12 * HOUR + 1)
    outputs = forward(route, 300, asset=DAI, terms=invoice(expiry=NOW + 12 * HOUR + 1), rate=Rate(15, 1))
    assert isinstance(error_of(outputs), errors.ExpiryOutOfWindow)


def test_a_rate_is_nothing_within_one_asset(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    error = error_of(forward(route, 21, rate=Rate(2, 1)))
    assert isinstance(error, errors.ForwardsTooMuch)
    assert error.allowed == 20


def test_what_comes_in_is_not_sent_on_in_both_assets() -> None:
    route = Route(THREE_USERS)
    terms = invoice(expiry=NOW + 12 * HOUR)
    route.lock(ALICE, AB, 20, terms)
    route.forward(BOB, CB, 10, AB, terms)
    intent = replace(route.forwarding(DB, 1, AB, terms, DAI), rate=Rate(15, 1))
    assert isinstance(error_of(route.do(BOB, intent)), errors.ForwardsTooMuch)


# --- Linked payments ---


def test_a_link_is_forwarded_into_the_channel_that_its_key_asks_for(route: Route) -> None:
    route.lock(ALICE, AB, 20, gift())
    assert isinstance(error_of(forward(route, terms=gift())), errors.RequestMissing)
    for wrong in (link().request(DB), link(EXPIRY + 1).request(CB)):
        assert isinstance(error_of(forward(route, terms=gift(), request=wrong)), WrongSigner)
    assert sent(forward(route, terms=gift(), request=link().request(CB))) == [Proposal]
    route.settle_mail()
    route.resolve(CHARLIE, CB, gift(), link().release())
    route.settle_mail()
    assert [route.nets(name)[0] for name in (ALICE, BOB, CHARLIE)] == [-20, 0, 20]


def test_a_request_is_no_witness(route: Route) -> None:
    route.lock(ALICE, AB, 20, gift())
    forward(route, terms=gift(), request=link().request(CB))
    route.settle_mail()
    assert errors_of(route.resolve(CHARLIE, CB, gift(), link().request(CB))) == [WitnessRefused]
    assert route.channel(CHARLIE, CB).claims[0].share == 0


# --- Rule 7: nothing is forwarded twice ---


def test_what_was_paid_on_is_not_forwarded_once_more() -> None:
    """Charlie has half of the stream and his leg is gone; Alice's is still open, and all of it may yet be proved."""
    route = Route(THREE_USERS)
    terms = route.locked(20, 20, film())
    route.resolve(CHARLIE, CB, terms, voucher(500))
    route.settle_mail(ALICE)
    assert route.nets(BOB)[0] == -10
    assert not route.is_open(BOB, CB, terms)
    assert isinstance(error_of(route.do(BOB, route.forwarding(DB, 20, AB, terms))), errors.IncomingNotSafe)


def test_nor_after_the_chain_has_decided_it() -> None:
    """Charlie recorded the secret and was given his part; Alice is away. Without her, and after a restart."""
    route = Route(THREE_USERS)
    terms = route.locked()
    route.confirm(CHARLIE, BOB, outcomes={terms.triple: FULL})
    route.settle_mail(ALICE)
    assert route.nets(BOB)[0] == -20
    assert isinstance(error_of(route.do(BOB, route.forwarding(DB, 20, AB, terms))), errors.IncomingNotSafe)
    restart(route, BOB)
    assert isinstance(error_of(route.do(BOB, route.forwarding(DB, 20, AB, terms))), errors.IncomingNotSafe)
    route.confirm(BOB)
    assert isinstance(error_of(route.do(BOB, route.forwarding(DB, 20, AB, terms))), errors.IncomingNotSafe)


def restart(route: Route, name: str) -> None:
    """The party's software goes on from its files."""
    old = route.parties[name]
    empty = replace(old, channels={}, outcomes={})
    route.parties[name], refused = adopt(empty, old.channels)
    assert refused == {}


def test_after_a_restart_what_is_undecided_can_be_forwarded_once_the_chain_was_looked_at(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    restart(route, BOB)
    assert isinstance(error_of(forward(route)), errors.IncomingNotSafe)
    route.confirm(BOB)
    assert sent(forward(route)) == [Proposal]


def test_what_was_cancelled_downstream_can_be_sent_another_way() -> None:
    route = Route(THREE_USERS)
    terms = route.locked()
    route.say(CHARLIE, events.Cancel(CB, route.leg(CHARLIE, CB, terms).id))
    route.forward(BOB, DB, 20, AB, terms)
    assert route.is_open(DAVE, DB, terms)


# --- Rule 7: the order of removal ---


def test_what_comes_in_is_not_given_back_while_a_half_signed_state_forwards_it(route: Route) -> None:
    """Bob's proposal to Charlie got lost: it can still be countersigned."""
    route.lock(ALICE, AB, 20, invoice())
    forward(route)
    route.lose_mail()
    cancel = events.Cancel(AB, route.leg(BOB, AB, invoice()).id)
    assert isinstance(error_of(route.do(BOB, cancel)), errors.StillForwarded)
    offer = route.channel(BOB, CB).own_offers[0].state
    refusal = route.refusal(CHARLIE, replace(route.latest(BOB, CB), nonce=offer.nonce + 1))
    route.do(BOB, refusal)
    assert sent(route.do(BOB, cancel)) == [Proposal]


def test_a_payer_that_wants_it_back_early_waits_for_the_owner_who_cannot_give_it(route: Route) -> None:
    """Alice proposes to take back what Bob has forwarded."""
    terms = route.locked()
    base = route.agreed(AB)
    back = removing(base, 2, (base.transfers[0], 0))
    outputs = route.do(BOB, route.proposal(ALICE, back))
    assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    outputs = route.do(BOB, events.Accept(AB, only(outputs, events.Awaiting).digest))
    assert isinstance(error_of(outputs), errors.OutOfOrder)
    assert route.is_open(BOB, AB, terms)


@pytest.mark.parametrize("is_final", [False, True])
def test_no_owner_gives_back_what_is_forwarded_in_a_final_state_either(route: Route, is_final: bool) -> None:
    terms = route.locked()
    base = route.agreed(AB)
    state = replace(removing(base, 1025, (base.transfers[0], HALF)), is_final=is_final)
    outputs = route.do(BOB, route.proposal(ALICE, state))
    outputs = route.do(BOB, events.Accept(AB, only(outputs, events.Awaiting).digest))
    assert isinstance(error_of(outputs), errors.OutOfOrder)
    assert route.is_open(BOB, AB, terms)
    outputs = route.do(BOB, events.StartDispute(AB))
    assert submitted(outputs) == ["start_dispute"]


def test_no_owner_pays_on_what_has_not_come_in(route: Route) -> None:
    terms = route.locked()
    base = route.agreed(CB)
    outputs = route.do(BOB, route.proposal(CHARLIE, removing(base, 2, (base.transfers[0], FULL))))
    outputs = route.do(BOB, events.Accept(CB, only(outputs, events.Awaiting).digest))
    error = error_of(outputs)
    assert isinstance(error, errors.OutOfOrder)
    assert (error.change, error.least) == (0, 20)
    assert route.is_open(BOB, CB, terms)


def test_an_owner_may_give_away_what_is_no_part_of_a_route(route: Route) -> None:
    route.lock(BOB, CB, 20, invoice())
    base = route.agreed(CB)
    outputs = route.do(BOB, route.proposal(CHARLIE, removing(base, 2, (base.transfers[0], FULL))))
    outputs = route.do(BOB, events.Accept(CB, only(outputs, events.Awaiting).digest))
    assert agreements(outputs)


@pytest.mark.parametrize("by_cancelling", [True, False])
def test_what_was_paid_on_is_not_given_back(by_cancelling: bool) -> None:
    """Charlie has half of the stream; Bob's owner wants to be kind to Alice. Before and after a restart."""
    route = Route()
    terms = route.locked(20, 20, film())
    route.resolve(CHARLIE, CB, terms, voucher(500))
    route.settle_mail(ALICE)
    assert give_back(route, terms, by_cancelling) in (errors.CannotGiveBack, errors.OutOfOrder)


@pytest.mark.parametrize("by_cancelling", [True, False])
def test_nor_what_the_chain_has_decided(by_cancelling: bool) -> None:
    route = Route()
    terms = route.locked()
    route.confirm(CHARLIE, BOB, outcomes={terms.triple: FULL})
    route.settle_mail(ALICE)
    assert give_back(route, terms, by_cancelling) in (errors.CannotGiveBack, errors.OutOfOrder)
    restart(route, BOB)
    assert give_back(route, terms, by_cancelling) in (errors.CannotGiveBack, errors.OutOfOrder)


def give_back(route: Route, terms: Terms, by_cancelling: bool) -> type[Exception]:
    """Bob's owner tries to give Alice's transfer back to her, on his own or at her word."""
    leg = route.leg(BOB, AB, terms)
    if by_cancelling:
        return type(error_of(route.do(BOB, events.Cancel(AB, leg.id))))
    nonce = route.channel(BOB, AB).highest_nonce + 1
    outputs = route.do(BOB, route.proposal(ALICE, removing(route.latest(BOB, AB), nonce, (leg, 0))))
    return type(error_of(route.do(BOB, events.Accept(AB, only(outputs, events.Awaiting).digest))))


def test_all_that_comes_in_is_credited_before_anything_goes_out() -> None:
    """Two pay Bob on one triple, and only one of them gives it to him off chain."""
    route = Route(THREE_USERS)
    terms = invoice()
    for name, channel_id in ((ALICE, AB), (CHARLIE, CB)):
        route.lock(name, channel_id, 20, terms)
    route.forward(BOB, DB, 40, AB, terms)
    route.resolve(DAVE, DB, terms, secret())
    route.settle_mail(CHARLIE)
    assert not route.is_open(BOB, AB, terms)
    assert route.is_open(BOB, CB, terms)
    assert route.is_open(BOB, DB, terms)
    route.confirm(BOB, DAVE, outcomes={terms.triple: FULL})
    route.settle_mail(CHARLIE)
    assert not route.is_open(BOB, DB, terms)
    assert route.nets(BOB)[0] == 20 - 40


def test_a_payee_does_not_get_ahead_of_what_comes_in_by_proposing_itself(route: Route) -> None:
    terms = route.locked()
    route.do(BOB, Reveal(CB, route.leg(CHARLIE, CB, terms).id, secret()))
    base = route.agreed(CB)
    outputs = route.do(BOB, route.proposal(CHARLIE, removing(base, 2, (base.transfers[0], FULL))))
    assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    route.settle_mail(CHARLIE)
    assert not route.is_open(BOB, AB, terms)
    assert not route.is_open(BOB, CB, terms), "now that Alice has paid, what waits needs no intent"
    assert route.nets(BOB) == (0, 0)


@pytest.mark.parametrize("share", [0, 499 * 10**15])
def test_in_between_what_comes_in_goes_at_no_lower_share(route: Route, share: int) -> None:
    terms = route.locked(20, 20, film())
    route.resolve(CHARLIE, CB, terms, voucher(500))
    route.settle_mail(ALICE)
    base = route.latest(BOB, AB)
    outputs = route.do(BOB, route.proposal(ALICE, removing(base, 2, (base.transfers[0], share))))
    assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    outputs = route.do(BOB, route.proposal(ALICE, removing(base, 3, (base.transfers[0], HALF))))
    assert agreements(outputs)[0].node_wei == 10


@pytest.mark.parametrize("share", [HALF, FULL * 8 // 10 - 1])
def test_what_comes_in_goes_at_no_lower_share_than_what_is_recorded(route: Route, share: int) -> None:
    """Bob showed Alice half; somebody else, to whom he gave a better voucher, recorded it for him."""
    route.lock(ALICE, AB, 20, film())
    route.resolve(BOB, AB, film(), voucher(500))
    route.lose_mail()
    route.confirm(BOB, outcomes={film().triple: FULL * 8 // 10})
    base = route.latest(BOB, AB)
    outputs = route.do(BOB, route.proposal(ALICE, removing(base, 2, (base.transfers[0], share))))
    awaiting = only(outputs, events.Awaiting)
    assert isinstance(awaiting.reason, errors.NotFullyCredited)
    assert awaiting.reason.credited == 16
    assert isinstance(error_of(route.do(BOB, events.Accept(AB, awaiting.digest))), errors.OutOfOrder)
    outputs = route.do(BOB, route.proposal(ALICE, removing(base, 3, (base.transfers[0], FULL * 8 // 10))))
    assert agreements(outputs)[0].node_wei == 16


def restored_before_the_lock() -> tuple[Route, Terms]:
    """Alice's transfer was forwarded to Charlie; Bob's file of Alice's channel is from before it, and he says so."""
    route = Route()
    old = route.channel(BOB, AB)
    terms = route.locked(20, 20, film())
    bob = route.parties[BOB]
    route.parties[BOB] = replace(bob, channels={**bob.channels, AB: old})
    route.do(BOB, events.MarkRestored(AB))
    route.confirm(BOB)
    return route, terms


@pytest.mark.parametrize("cumulative", [500, 1000])
def test_nothing_is_paid_on_while_what_came_in_may_be_forgotten(cumulative: int) -> None:
    """Bob would never record for a transfer that he does not know. Charlie does, and so both legs are worth as much."""
    route, terms = restored_before_the_lock()
    share = cumulative * FULL // 1000
    route.resolve(CHARLIE, CB, terms, voucher(cumulative))
    route.settle_mail(ALICE)
    assert route.is_open(BOB, CB, terms)
    assert recorded(route.confirm(CHARLIE, time=LAST_CALL)[CHARLIE]) == [voucher(cumulative)]
    route.confirm(time=EXPIRY, outcomes={terms.triple: share})
    route.settle_mail(ALICE)
    assert route.nets(CHARLIE)[0] == 20 * share // FULL


def test_nor_at_the_owners_word() -> None:
    route, terms = restored_before_the_lock()
    route.resolve(CHARLIE, CB, terms, voucher(500))
    route.settle_mail(ALICE)
    base = route.latest(BOB, CB)
    outputs = route.do(BOB, route.proposal(CHARLIE, removing(base, 2, (base.transfers[0], HALF))))
    error = error_of(route.do(BOB, events.Accept(CB, only(outputs, events.Awaiting).digest)))
    assert isinstance(error, errors.OutOfOrder)
    assert (error.change, error.least) == (10, 20)
    assert route.is_open(BOB, CB, terms)


def test_in_between_nothing_that_is_still_forwarded_is_credited_for_less_than_all(route: Route) -> None:
    """Charlie has a better voucher than the one he showed."""
    terms = route.locked(20, 20, film())
    route.do(BOB, Reveal(CB, route.leg(CHARLIE, CB, terms).id, voucher(500)))
    route.lose_mail()
    base = route.latest(BOB, AB)
    outputs = route.do(BOB, route.proposal(ALICE, removing(base, 2, (base.transfers[0], HALF))))
    assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    outputs = route.do(BOB, events.Accept(AB, only(outputs, events.Awaiting).digest))
    assert isinstance(error_of(outputs), errors.OutOfOrder)


def test_two_payees_of_one_stream_each_when_it_asks() -> None:
    """Nobody proposes a share to Dave that he has not asked for. What comes in goes last, at the best of both."""
    route = Route(THREE_USERS)
    terms = film()
    route.lock(ALICE, AB, 40, terms)
    route.forward(BOB, CB, 20, AB, terms)
    route.forward(BOB, DB, 20, AB, terms)
    route.resolve(CHARLIE, CB, terms, voucher(250))
    route.settle_mail()
    assert [route.nets(name)[0] for name in (BOB, CHARLIE, DAVE)] == [-5 - 20, 5, 0]
    assert route.channel(BOB, DB).own_offers == ()
    assert route.is_open(BOB, AB, terms)
    route.resolve(DAVE, DB, terms, voucher(500))
    route.settle_mail()
    assert [route.nets(name)[0] for name in (ALICE, BOB, CHARLIE, DAVE)] == [-20, 5, 5, 10]


def test_a_payee_gets_all_of_it_without_asking() -> None:
    route = Route(THREE_USERS)
    terms = film()
    route.lock(ALICE, AB, 40, terms)
    route.forward(BOB, CB, 20, AB, terms)
    route.forward(BOB, DB, 20, AB, terms)
    route.resolve(CHARLIE, CB, terms, voucher(1000))
    route.settle_mail()
    assert [route.nets(name)[0] for name in (ALICE, BOB, CHARLIE, DAVE)] == [-40, 0, 20, 20]


def test_what_comes_in_and_goes_out_in_one_channel_waits_for_what_was_forwarded_in_another() -> None:
    """Charlie pays Bob 20 and is paid 5 on one stream; Bob has sent 15 on to Dave, who may have a better voucher."""
    route = Route(THREE_USERS)
    terms = film()
    both = adding(route.agreed(CB), 1, transfer(terms, amount=20), transfer(terms, NODE, 5, id_=2))
    outputs = route.do(BOB, route.proposal(CHARLIE, both, terms.params))
    route.do(BOB, events.Accept(CB, only(outputs, events.Awaiting).digest))
    route.forward(BOB, DB, 15, CB, terms)
    route.do(BOB, Reveal(CB, 2, voucher(500)))
    assert route.channel(BOB, CB).own_offers == ()
    route.resolve(DAVE, DB, terms, voucher(900))
    route.settle_mail(CHARLIE)
    assert route.nets(DAVE)[0] == 13
    assert route.is_open(BOB, CB, terms)
    assert [type(envelope) for envelope in route.mail[CHARLIE]] == []
    assert route.channel(BOB, CB).claims[0].share == 9 * 10**17


# --- Rule 8: the last call ---


def test_nothing_is_shown_or_resolved_off_chain_within_the_margin(route: Route) -> None:
    """The payee records it; its payer, told too late, does nothing."""
    terms = route.locked()
    route.confirm(time=LAST_CALL)
    outputs = route.resolve(CHARLIE, CB, terms, secret())
    assert recorded(outputs) == [secret()]
    assert sent(outputs) == []
    outputs = route.do(BOB, Reveal(CB, route.leg(CHARLIE, CB, terms).id, secret()))
    assert isinstance(error_of(outputs), errors.TooLateToShow)
    assert sent(outputs) == []


def test_what_was_proved_in_time_and_refused_is_left_to_the_chain_as_well(route: Route) -> None:
    """Bob kept the resolution from happening; within the margin Alice signs none any more, whoever proposes it."""
    route.lock(ALICE, AB, 20, film())
    route.do(ALICE, Reveal(AB, 256, voucher(500)))
    base = route.latest(ALICE, AB)
    route.do(ALICE, route.refusal(BOB, replace(base, nonce=3)))
    route.lose_mail()
    assert sent(route.confirm(ALICE, time=LAST_CALL)[ALICE]) == []
    outputs = route.do(ALICE, route.proposal(BOB, removing(base, 4, (base.transfers[0], HALF))))
    reason = only(outputs, events.Awaiting).reason
    assert isinstance(reason, errors.NotFullyCredited)
    assert (reason.change, reason.credited) == (10, 20)


def test_a_second_earlier_everything_still_happens(route: Route) -> None:
    terms = route.locked()
    route.confirm(time=LAST_CALL - 1)
    route.resolve(CHARLIE, CB, terms, secret())
    route.settle_mail()
    assert route.nets(CHARLIE)[0] == 20


def test_a_witness_after_the_expiry_is_worth_nothing(route: Route) -> None:
    terms = route.locked()
    route.confirm(time=EXPIRY)
    route.lose_mail()
    outputs = route.resolve(CHARLIE, CB, terms, secret())
    assert isinstance(error_of(outputs), errors.TransferExpired)
    assert recorded(outputs) == []


def test_a_payee_that_is_not_credited_records_from_the_margin_on(route: Route) -> None:
    """Every block, until a confirmed one shows it."""
    terms = route.locked()
    route.resolve(CHARLIE, CB, terms, secret())
    route.lose_mail()
    assert recorded(route.confirm(CHARLIE, time=LAST_CALL - 1)[CHARLIE]) == []
    for time in (LAST_CALL, LAST_CALL + 12, EXPIRY - 1):
        outputs = route.confirm(CHARLIE, time=time)[CHARLIE]
        submit = only(outputs, events.Submit)
        assert submit.name == "record"
        assert submit.fields == {
            "condition": terms.condition,
            "params": terms.params,
            "expiry": terms.expiry,
            "witness": secret(),
        }
    assert recorded(route.confirm(CHARLIE, outcomes={terms.triple: FULL})[CHARLIE]) == []


def test_from_the_expiry_on_nothing_is_recorded(route: Route) -> None:
    terms = route.locked()
    route.resolve(CHARLIE, CB, terms, secret())
    route.lose_mail()
    assert recorded(route.confirm(CHARLIE, time=EXPIRY)[CHARLIE]) == []


def test_a_node_whose_upstream_refuses_records_once_for_all_legs(route: Route) -> None:
    terms = route.locked()
    route.resolve(CHARLIE, CB, terms, secret())
    route.settle_mail(ALICE)
    assert route.is_open(BOB, CB, terms), "Bob does not pay before he is paid"
    assert recorded(route.confirm(BOB, time=LAST_CALL)[BOB]) == [secret()]
    route.confirm(outcomes={terms.triple: FULL})
    route.settle_mail()
    assert [route.nets(name)[0] for name in (ALICE, BOB, CHARLIE)] == [-20, 0, 20]


def test_who_has_half_signed_a_resolution_records_its_share(route: Route) -> None:
    """Alice alone with Bob: he asked for half, and does not sign for it. After the expiry he could take it back."""
    route.lock(ALICE, AB, 20, film())
    route.resolve(BOB, AB, film(), voucher(500))
    assert sent(route.receive(ALICE)) == [Proposal]
    route.lose_mail()
    assert recorded(route.confirm(ALICE, time=LAST_CALL)[ALICE]) == [voucher(500)]


def test_a_payer_that_has_signed_nothing_records_nothing(route: Route) -> None:
    """Also if it knows the witness: whoever is paid by it records it."""
    route.lock(ALICE, AB, 20, film())
    route.do(ALICE, events.Pay(AB, 1, 0))
    route.do(ALICE, Reveal(AB, 256, voucher(500)))
    assert [claim.share for claim in route.channel(ALICE, AB).claims] == [HALF]
    assert recorded(route.confirm(ALICE, time=LAST_CALL)[ALICE]) == []


def test_a_node_records_what_it_has_paid_out_and_not_been_given(route: Route) -> None:
    terms = route.locked(20, 20, film())
    route.resolve(CHARLIE, CB, terms, voucher(500))
    route.settle_mail(ALICE)
    assert not route.is_open(BOB, CB, terms)
    assert recorded(route.confirm(BOB, time=LAST_CALL)[BOB]) == [voucher(500)]
    route.confirm(time=EXPIRY, outcomes={terms.triple: HALF})
    route.settle_mail()
    assert route.nets(BOB) == (0, 0)


def test_a_higher_recorded_share_need_not_be_recorded_again(route: Route) -> None:
    terms = route.locked(20, 20, film())
    route.resolve(CHARLIE, CB, terms, voucher(500))
    route.settle_mail(ALICE)
    for share, expected in ((HALF - 1, [voucher(500)]), (HALF, []), (HALF + 1, [])):
        assert recorded(route.confirm(BOB, time=LAST_CALL, outcomes={terms.triple: share})[BOB]) == expected


def test_recording_goes_on_in_a_dispute_and_with_files_that_may_be_old(route: Route) -> None:
    terms = route.locked()
    route.resolve(CHARLIE, CB, terms, secret())
    route.settle_mail(ALICE)
    route.change(AB, status=Status.DISPUTED, dispute=1, deadline=EXPIRY + HOUR)
    for channel_id in (AB, CB):
        route.do(BOB, events.MarkRestored(channel_id))
    outputs = route.confirm(BOB, time=LAST_CALL)[BOB]
    assert recorded(outputs) == [secret()]
    assert sent(outputs) == []


def test_a_settled_channel_is_recorded_for_while_it_holds_something(route: Route) -> None:
    terms = route.locked()
    route.do(CHARLIE, events.Resolve(CB, route.leg(CHARLIE, CB, terms).id, secret()))
    route.lose_mail()
    route.change(CB, status=Status.SETTLED, locked_wei=20)
    assert recorded(route.confirm(CHARLIE, time=LAST_CALL)[CHARLIE]) == [secret()]
    route.change(CB, locked_wei=0)
    assert recorded(route.confirm(CHARLIE)[CHARLIE]) == []


def test_the_time_of_an_outcome_counts_if_the_channels_block_is_older(route: Route) -> None:
    """A view may show another channel alone; the outcomes in it are of the same block."""
    terms = route.locked()
    route.confirm(BOB, time=LAST_CALL)
    view = route.view_of(BOB)
    old = replace(view, channels={AB: view.channels[AB]})
    route = Route()
    route.locked()
    route.do(BOB, replace(old, channels={AB: replace(old.channels[AB], number=9)}))
    assert route.channel(BOB, CB).on_chain.time == NOW
    outputs = route.do(BOB, Reveal(CB, route.leg(CHARLIE, CB, terms).id, secret()))
    assert isinstance(error_of(outputs), errors.TooLateToShow)


def test_an_older_block_does_not_take_an_outcome_back(route: Route) -> None:
    terms = route.locked()
    older = route.view_of(BOB)
    route.confirm(BOB, time=NOW + 12, outcomes={terms.triple: FULL})
    outputs = route.do(BOB, older)
    assert errors_of(outputs) == [errors.BlockTooOld] * 2
    assert route.parties[BOB].outcomes[terms.triple].share == FULL


# --- Rule 8: everything open can be recorded within the margin ---


def narrow(most: int) -> Route:
    return Route(THREE_USERS, policy=replace(POLICY, seconds_per_recording=MARGIN // most))


def test_no_more_triples_than_can_be_recorded_within_the_margin() -> None:
    route = narrow(2)
    route.lock(ALICE, AB, 1, invoice(1))
    route.lock(CHARLIE, CB, 1, invoice(2))
    third = adding(route.latest(BOB, DB), 1, transfer(invoice(3), amount=1))
    outputs = route.do(BOB, route.proposal(DAVE, third, invoice(3).params))
    error = error_of(outputs)
    assert isinstance(error, errors.TooManyToRecord)
    assert (error.count, error.maximum) == (3, 2)
    assert isinstance(error_of(route.do(BOB, lock(AB, 1, invoice(4)))), errors.TooManyToRecord)


def test_no_channel_alone_uses_all_that_can_be_recorded() -> None:
    route = narrow(8)
    for number in (1, 2):
        route.lock(ALICE, AB, 1, invoice(number))
    third = adding(route.latest(BOB, AB), route.channel(BOB, AB).highest_nonce + 1, transfer(invoice(3), amount=1))
    error = error_of(route.do(BOB, route.proposal(ALICE, third, invoice(3).params)))
    assert isinstance(error, errors.TooManyToRecord)
    assert (error.count, error.maximum) == (3, 2)
    route.lock(CHARLIE, CB, 1, invoice(4))


def test_many_legs_on_one_triple_are_recorded_at_once() -> None:
    route = narrow(1)
    route.locked()
    route.lock(ALICE, AB, 20, invoice(2))
    assert len(route.latest(BOB, AB).transfers) == 1
    base = route.latest(BOB, AB)
    again = adding(base, route.channel(BOB, AB).highest_nonce + 1, transfer(invoice(), amount=1))
    assert agreements(route.do(BOB, route.proposal(ALICE, again)))


def test_what_is_final_needs_no_recording_any_more() -> None:
    """A settled channel's transfers are there for ever; they do not count for ever."""
    route = narrow(1)
    terms = route.locked()
    route.confirm(ALICE, BOB, outcomes={terms.triple: FULL})
    route.lose_mail()
    assert route.is_open(BOB, AB, terms)
    more = adding(route.latest(BOB, DB), 1, transfer(invoice(2), amount=1))
    assert agreements(route.do(BOB, route.proposal(DAVE, more, invoice(2).params)))


def test_half_signed_additions_count() -> None:
    route = narrow(1)
    route.do(BOB, lock(AB, 20, invoice()))
    route.lose_mail()
    assert isinstance(error_of(route.do(BOB, lock(CB, 20, invoice(2)))), errors.TooManyToRecord)


# --- Disputes and settlement ---


def test_in_a_dispute_nothing_new_is_signed_and_the_chain_decides(route: Route) -> None:
    terms = route.locked()
    route.change(CB, status=Status.DISPUTED, dispute=1, deadline=EXPIRY + HOUR)
    route.confirm(BOB, CHARLIE)
    route.do(BOB, Reveal(CB, route.leg(CHARLIE, CB, terms).id, secret()))
    assert [type(e) for e in route.mail[ALICE]] == [Reveal], "what comes in is asked for all the same"
    route.settle_mail(CHARLIE)
    assert not route.is_open(BOB, AB, terms)
    assert route.is_open(BOB, CB, terms)
    assert route.channel(BOB, CB).own_offers == ()


def test_a_settled_channel_with_open_transfers_is_collected_when_something_for_me_is_final(route: Route) -> None:
    terms = route.locked()
    state = route.agreed(CB)
    route.change(
        CB,
        status=Status.SETTLED,
        locked_wei=20,
        transfers_hash=transfers_hash(state.transfers),
        settled_transfers=0,
    )
    for name in (BOB, CHARLIE):
        assert "settle_transfers" not in submitted(route.confirm(name)[name])
    views = route.confirm(BOB, CHARLIE, outcomes={terms.triple: FULL})
    assert "settle_transfers" not in submitted(views[BOB]), "nothing of it is Bob's"
    submit = only(views[CHARLIE], events.Submit)
    assert (submit.name, submit.fields) == ("settle_transfers", {"transfers": state.transfers})
    route.change(CB, settled_transfers=1, locked_wei=0)
    assert submitted(route.confirm(CHARLIE)[CHARLIE]) == []


def test_what_returns_to_me_is_collected_after_the_expiry(route: Route) -> None:
    route.locked()
    state = route.agreed(CB)
    hash_ = transfers_hash(state.transfers)
    route.change(CB, status=Status.SETTLED, locked_wei=20, transfers_hash=hash_)
    assert submitted(route.confirm(BOB, time=EXPIRY - 1)[BOB]) == []
    assert submitted(route.confirm(BOB, time=EXPIRY)[BOB]) == ["settle_transfers"]


def test_a_list_that_i_do_not_have_is_not_made_up(route: Route) -> None:
    route.locked()
    route.change(CB, status=Status.SETTLED, locked_wei=20, transfers_hash=b"\x01" * 32)
    assert submitted(route.confirm(BOB, time=EXPIRY)[BOB]) == []


def test_a_channel_that_was_closed_with_my_half_signed_final_state_is_collected(route: Route) -> None:
    terms = route.locked()
    route.do(CHARLIE, events.Close(CB))
    route.lose_mail()
    list_ = route.channel(CHARLIE, CB).own_offers[0].state.transfers
    route.change(CB, status=Status.SETTLED, locked_wei=20, transfers_hash=transfers_hash(list_))
    assert submitted(route.confirm(CHARLIE, outcomes={terms.triple: FULL})[CHARLIE]) == ["settle_transfers"]


def test_a_party_knows_all_that_it_has_transfers_on(route: Route) -> None:
    route.locked()
    route.lock(CHARLIE, CB, 20, invoice(2))
    assert route.parties[BOB].triples == {invoice().triple, invoice(2).triple}
    assert route.parties[ALICE].triples == {invoice().triple}
    assert Triple(*invoice().triple) == invoice().triple
    assert HOMES[BOB] == route.parties[BOB].account
    assert route.channel(BOB, AB).side == NODE
