"""What the chain may settle with besides the newest state: finals that cross, a dispute's older states, old files."""

from dataclasses import replace
from pathlib import Path

import pytest

from connext import errors, events
from connext.channel import recorded_hash
from connext.conditions import (
    Part,
    all_of_params,
    all_of_witness,
    any_of_params,
    hash_lock_params,
    hash_of,
    linked_params,
)
from connext.envelopes import Countersignature, Reveal
from connext.events import Output
from connext.messages import State, transfers_hash
from connext.party import adopt
from connext.payments import Terms
from connext.store import MAX_FILE_BYTES, Store
from connext.types import Side, Status, amounts_for
from tests.unit.pair import CONDITIONS, DEPLOYMENT, FUNDED, HOUR, NOW, POLICY, error_of, only, submitted
from tests.unit.route import (
    AB,
    ALICE,
    BD,
    BOB,
    CB,
    CHARLIE,
    DAVE,
    DB,
    ETH,
    EXPIRY,
    FULL,
    HALF,
    HOMES,
    LAST_CALL,
    MARGIN,
    THREE_USERS,
    Route,
    adding,
    errors_of,
    film,
    invoice,
    lock,
    paying,
    recorded,
    removing,
    secret,
    sent,
    transfer,
    voucher,
    worth,
)

DEADLINE = NOW + 2 * HOUR
FAR_ABOVE = 2048
"""So much higher is the nonce of a thief's final that it stands above the one it crosses."""


@pytest.fixture
def route() -> Route:
    return Route()


def dispute(route: Route, channel_id: bytes, state: State) -> None:
    """The next block has a dispute with this state recorded."""
    fields = {"status": Status.DISPUTED, "dispute": 1, "deadline": DEADLINE}
    route.change(channel_id, **fields, nonce=state.nonce, state_hash=recorded_hash(state))


def settle(route: Route, channel_id: bytes, state: State) -> None:
    """The next block has the channel settled with this state."""
    nothing = {"user_wei": 0, "node_wei": 0, "user_token": 0, "node_token": 0}
    listed = transfers_hash(state.transfers) if state.transfers else bytes(32)
    locked = sum(leg.amount for leg in state.transfers)
    route.change(channel_id, status=Status.SETTLED, **nothing, transfers_hash=listed, locked_wei=locked)


def final(state: State) -> State:
    return replace(state, is_final=True)


def settle_after_a_dispute(route: Route, channel_id: bytes, state: State) -> None:
    """Bob sees a dispute with this state, and then that the channel was settled with it."""
    dispute(route, channel_id, state)
    for time in range(NOW + 600, DEADLINE, 1200):
        route.confirm(BOB, time=time)
    settle(route, channel_id, state)
    route.confirm(BOB, time=DEADLINE + 100)
    route.lose_mail()


def collected(outputs: list[Output]) -> list[tuple[object, ...]]:
    return [o.fields["transfers"] for o in outputs if isinstance(o, events.Submit) and o.name == "settle_transfers"]


def records_and_collects(route: Route, name: str, state: State, witness: bytes) -> None:
    """In time the party records the witness, once it counts it collects everything from the settled channel."""
    assert recorded(route.confirm(name, time=LAST_CALL - 1)[name]) == []
    assert recorded(route.confirm(name, time=LAST_CALL)[name]) == [witness]
    assert recorded(route.confirm(name, time=EXPIRY - 1)[name]) == [witness], "until it sees it recorded"
    outputs = route.confirm(name, time=EXPIRY + 1, outcomes={invoice().triple: FULL})[name]
    assert collected(outputs) == [state.transfers]


# --- Finals that cross ---


def crossing_finals(route: Route) -> tuple[State, State]:
    """Charlie closes with a proved transfer open; Bob's final without it crosses, and pays all of it."""
    terms = route.locked()
    route.resolve(CHARLIE, CB, terms, secret())
    route.lose_mail()
    route.do(CHARLIE, events.Close(CB))
    route.lose_mail()
    (mine,) = (offer.state for offer in route.channel(CHARLIE, CB).own_offers)
    base = route.latest(CHARLIE, CB)
    theirs = final(removing(base, base.nonce + FAR_ABOVE, (base.transfers[0], FULL)))
    outputs = route.do(CHARLIE, route.proposal(BOB, theirs))
    assert sent(outputs) == [Countersignature]
    assert submitted(outputs) == ["close"]
    return mine, theirs


def test_a_final_that_crossed_mine_may_be_overtaken_by_it_and_the_secret_is_kept(route: Route) -> None:
    """Bob signs Charlie's final too, and closes with it before Charlie closes with the one that pays him."""
    mine, theirs = crossing_finals(route)
    channel = route.channel(CHARLIE, CB)
    assert channel.latest.message == theirs
    assert [claim.witness for claim in channel.claims] == [secret()]
    assert (channel.own_offers, channel.rivals) == ((), (mine,))
    settle(route, CB, mine)
    records_and_collects(route, CHARLIE, mine, secret())
    assert worth(channel, mine, FULL) == worth(channel, theirs, FULL) == (20, 0)


def test_nothing_is_recorded_once_the_better_final_has_closed(route: Route) -> None:
    _, theirs = crossing_finals(route)
    settle(route, CB, theirs)
    for time in (LAST_CALL, EXPIRY - 1, EXPIRY + 1):
        assert submitted(route.confirm(CHARLIE, time=time)[CHARLIE]) == []


def test_a_final_of_mine_counts_as_forwarded_after_a_crossing_one_gave_all_back() -> None:
    """Dave's final gives back what Bob's still locks: Bob must not give it back to Alice."""
    route = Route(((ALICE, BOB), (BOB, DAVE)))
    terms = invoice()
    route.lock(ALICE, AB, 20, terms)
    route.forward(BOB, BD, 20, AB, terms)
    route.do(BOB, events.Close(BD))
    route.lose_mail()
    (mine,) = (offer.state for offer in route.channel(BOB, BD).own_offers)
    base = route.latest(BOB, BD)
    theirs = final(removing(base, base.nonce + FAR_ABOVE, (base.transfers[0], 0)))
    route.do(BOB, route.proposal(DAVE, theirs))
    assert route.latest(BOB, BD) == theirs
    error = error_of(route.do(BOB, events.Cancel(AB, route.leg(BOB, AB, terms).id)))
    assert isinstance(error, errors.StillForwarded)
    assert error.channel_id == BD
    assert mine.transfers == base.transfers
    assert route.channel(BOB, BD).rivals == (mine,)
    assert route.is_open(BOB, AB, terms)


# --- What comes after the settlement ---


def test_a_partial_resolution_is_not_agreed_to_after_the_settlement(route: Route) -> None:
    """Charlie is paid by the chain, where all of the stream will be recorded; Alice is to pay no more than half."""
    terms = route.locked(terms=film())
    before = route.latest(BOB, CB)
    route.do(BOB, Reveal(CB, before.transfers[0].id, voucher(500)))
    route.lose_mail()
    (offer,) = route.channel(BOB, CB).own_offers
    assert offer.state.node_wei == -10
    settle_after_a_dispute(route, CB, before)
    outputs = route.do(BOB, route.countersignature(CHARLIE, offer.state))
    error = error_of(outputs)
    assert isinstance(error, errors.ChannelSettled)
    assert error.channel_id == CB
    assert sent(outputs) == []
    base = route.latest(BOB, AB)
    half = removing(base, route.channel(BOB, AB).highest_nonce + 1, (base.transfers[0], HALF))
    awaiting = only(route.do(BOB, route.proposal(ALICE, half)), events.Awaiting)
    reason = awaiting.reason
    assert isinstance(reason, errors.NotFullyCredited)
    assert (reason.change, reason.credited) == (10, 20)
    error = error_of(route.do(BOB, events.Accept(AB, awaiting.digest)))
    assert isinstance(error, errors.OutOfOrder)
    assert (error.change, error.least) == (10, 20)
    assert route.latest(BOB, AB) == base
    assert route.is_open(BOB, AB, terms)
    assert worth(route.channel(BOB, AB), base, FULL) == (20, 0), "as much as the chain gives Charlie"


def test_a_whole_resolution_is_not_agreed_to_after_the_settlement(route: Route) -> None:
    """Bob would hold the secret for nothing in the channel that was settled, and pay Charlie for it."""
    terms = invoice()
    route.lock(ALICE, AB, 40, terms)
    source = route.leg(BOB, AB, terms).id
    route.say(BOB, events.Forward(CB, ETH, 20, AB, source))
    route.say(BOB, events.Forward(AB, ETH, 20, AB, source))
    before = route.latest(BOB, AB)
    (back,) = (leg for leg in before.transfers if leg.payer is Side.NODE)
    route.do(BOB, Reveal(AB, back.id, secret()))
    route.lose_mail()
    (offer,) = route.channel(BOB, AB).own_offers
    settle_after_a_dispute(route, AB, before)
    error = error_of(route.do(BOB, route.countersignature(ALICE, offer.state)))
    assert isinstance(error, errors.ChannelSettled)
    assert error.channel_id == AB
    route.settle_mail(ALICE)
    assert route.is_open(BOB, CB, terms), "Charlie is not paid before Alice has paid"
    records_and_collects(route, BOB, before, secret())
    assert worth(route.channel(BOB, AB), before, FULL) == (20, 0)


@pytest.mark.parametrize("countersigned", [False, True])
def test_the_list_that_a_channel_was_settled_with_is_not_forgotten(route: Route, countersigned: bool) -> None:
    """Alice countersigns what Bob has half-signed when it can no longer count: he would not know what to collect."""
    route.lock(ALICE, AB, 20, invoice(1))
    route.lock(CHARLIE, CB, 10, invoice(2))
    before = route.latest(BOB, AB)
    route.do(BOB, route.forwarding(AB, 10, CB, invoice(2)))
    route.lose_mail()
    (offer,) = route.channel(BOB, AB).own_offers
    settle_after_a_dispute(route, AB, before)
    if countersigned:
        outputs = route.do(BOB, route.countersignature(ALICE, offer.state))
        assert errors_of(outputs) == [errors.ChannelSettled]
    route.outcomes[invoice(1).triple] = FULL
    assert collected(route.confirm(BOB, time=LAST_CALL)[BOB]) == [before.transfers]
    assert worth(route.channel(BOB, AB), before, FULL) == (20, 0)


# --- During a dispute ---


def accept_a_final_in_dispute(route: Route) -> tuple[State, State, list[Output]]:
    """Bob knows the secret. Alice offers a final that gives him everything when it may be too late to close with it."""
    terms = route.locked()
    before = route.latest(BOB, AB)
    route.resolve(CHARLIE, CB, terms, secret())
    route.receive(BOB)
    route.lose_mail()
    dispute(route, AB, before)
    for time in (NOW + 600, DEADLINE - 100):
        route.confirm(time=time)
        route.lose_mail()
    offered = final(removing(before, route.channel(BOB, AB).highest_nonce + 1, (before.transfers[0], FULL)))
    outputs = route.do(BOB, route.proposal(ALICE, offered))
    outputs = route.do(BOB, events.Accept(AB, only(outputs, events.Awaiting).digest))
    return before, offered, outputs


def test_a_final_in_dispute_pays_nobody_else_before_it_closes(route: Route) -> None:
    before, offered, outputs = accept_a_final_in_dispute(route)
    assert submitted(outputs) == ["close"]
    assert [type(output) for output in outputs] == [events.Save, events.Send, events.Agreed, events.Submit]
    assert sent(outputs) == [Countersignature], "and nothing to Charlie"
    route.settle_mail(ALICE)
    assert route.is_open(BOB, CB, invoice())
    channel = route.channel(BOB, AB)
    assert channel.latest.message == offered
    assert channel.rivals == (before,)
    settle(route, AB, before)
    records_and_collects(route, BOB, before, secret())
    assert worth(channel, before, FULL) == (20, 0), "what he owes Charlie"


def test_once_the_final_has_closed_the_next_hop_is_paid(route: Route) -> None:
    _, offered, _ = accept_a_final_in_dispute(route)
    settle(route, AB, offered)
    route.outcomes[invoice().triple] = FULL
    route.confirm(BOB, time=DEADLINE + 100)
    route.settle_mail(ALICE)
    assert not route.is_open(CHARLIE, CB, invoice())
    assert route.nets(BOB) == (0, 0)


@pytest.mark.parametrize("is_locked", [False, True])
def test_a_proposal_is_not_called_dead_while_the_dispute_may_end_with_it(route: Route, is_locked: bool) -> None:
    """Bob has Alice's half of a payment; he offers a final without it when that may be too late to close with."""
    intent = lock(AB, 20, invoice()) if is_locked else events.Pay(AB, 20, 0)
    route.do(ALICE, intent)
    route.lose_mail()
    base, (offer,) = route.latest(ALICE, AB), route.channel(ALICE, AB).own_offers
    dispute(route, AB, base)
    route.confirm(ALICE, time=DEADLINE - 100)
    offered = final(replace(base, nonce=FAR_ABOVE))
    outputs = route.do(ALICE, route.proposal(BOB, offered))
    outputs = route.do(ALICE, events.Accept(AB, only(outputs, events.Awaiting).digest))
    assert route.latest(ALICE, AB) == offered
    assert offer.state in route.channel(ALICE, AB).rivals
    assert [output for output in outputs if isinstance(output, events.Dropped)] == []


def test_no_secret_is_shown_for_the_leg_that_counts_in_any_case(route: Route) -> None:
    """Of two transfers on one triple the dispute may end with the smaller alone."""
    route = Route(THREE_USERS)
    route.lock(ALICE, AB, 1, invoice())
    before = route.latest(BOB, AB)
    more = paying(adding(before, 2, transfer(invoice(), amount=20)), 1)
    awaiting = only(route.do(BOB, route.proposal(ALICE, more)), events.Awaiting)
    dispute(route, AB, before)
    route.confirm(BOB)
    route.do(BOB, events.Accept(AB, awaiting.digest))
    assert route.channel(BOB, AB).rivals == (before,)
    route.lock(DAVE, DB, 20, invoice())
    outputs = route.resolve(BOB, DB, invoice(), secret())
    assert [output.envelope.channel_id for output in outputs if isinstance(output, events.Send)] == [DB]
    dispute(route, AB, more)
    outputs = route.confirm(BOB)[BOB]
    assert sent(outputs) == [Reveal], "now that the larger one is recorded"


def test_what_waits_is_not_countersigned_after_the_deadline(route: Route) -> None:
    """A proposal from before the dispute becomes acceptable by itself, but nothing says that it can be recorded."""
    terms, hopeless = route.locked(), invoice(2, NOW + 4 * HOUR)
    route.lock(ALICE, AB, 5, hopeless)
    before = route.latest(BOB, AB)
    route.resolve(CHARLIE, CB, terms, secret())
    route.receive(BOB)
    route.lose_mail()
    proved, unproved = before.transfers
    waiting = removing(before, route.channel(BOB, AB).highest_nonce + 1, (proved, FULL), (unproved, 0))
    awaiting = only(route.do(BOB, route.proposal(ALICE, waiting)), events.Awaiting)
    dispute(route, AB, before)
    for time in range(NOW + 600, hopeless.expiry, 1200):
        route.confirm(time=time)
        route.lose_mail()
    outputs = route.confirm(BOB, time=hopeless.expiry + 1)[BOB]
    assert [type(output) for output in outputs] == [events.Save, events.Save, events.Submit]
    assert submitted(outputs) == ["settle"]
    assert route.latest(BOB, AB) == before
    assert route.is_open(BOB, CB, terms)
    error = error_of(route.do(BOB, events.Accept(AB, awaiting.digest)))
    assert isinstance(error, errors.DisputeForbidsState)
    assert error.nonce == waiting.nonce
    settle(route, AB, before)
    records_and_collects(route, BOB, before, secret())


@pytest.mark.parametrize(("before_deadline", "in_time"), [(MARGIN + 1, True), (MARGIN, False)])
def test_what_is_accepted_in_a_dispute_can_still_be_recorded(route: Route, before_deadline: int, in_time: bool) -> None:
    base = route.latest(BOB, AB)
    demand = paying(replace(base, nonce=1), 1)
    awaiting = only(route.do(BOB, route.proposal(ALICE, demand)), events.Awaiting)
    dispute(route, AB, base)
    route.confirm(BOB, time=DEADLINE - before_deadline)
    outputs = route.do(BOB, events.Accept(AB, awaiting.digest))
    if in_time:
        assert submitted(outputs) == ["checkpoint"]
        assert (route.latest(BOB, AB), route.channel(BOB, AB).rivals) == (demand, (base,))
    else:
        error = error_of(outputs)
        assert isinstance(error, errors.DisputeForbidsState)
        assert error.nonce == 1
        assert route.latest(BOB, AB) == base


def test_what_a_dispute_ran_on_counts_as_forwarded_after_a_final_gave_it_back(route: Route) -> None:
    """Charlie's final gives Bob everything back, and the recorded state, which pays Charlie, is settled before it."""
    terms = route.locked()
    before = route.latest(BOB, CB)
    dispute(route, CB, before)
    route.confirm(BOB, time=DEADLINE - 100)
    route.lose_mail()
    offered = final(removing(before, route.channel(BOB, CB).highest_nonce + 1, (before.transfers[0], 0)))
    awaiting = only(route.do(BOB, route.proposal(CHARLIE, offered)), events.Awaiting)
    route.do(BOB, events.Accept(CB, awaiting.digest))
    assert route.latest(BOB, CB) == offered
    error = error_of(route.do(BOB, events.Cancel(AB, route.leg(BOB, AB, terms).id)))
    assert isinstance(error, errors.StillForwarded)
    assert error.channel_id == CB
    assert route.is_open(BOB, AB, terms)
    assert worth(route.channel(BOB, AB), route.latest(BOB, AB), FULL) == (20, 0), "for what Charlie may yet get"


# --- How long ---


def test_rivals_are_forgotten_when_the_channel_is_open_again(route: Route) -> None:
    before, _, _ = accept_a_final_in_dispute(route)
    assert route.channel(BOB, AB).rivals == (before,)
    assert len(route.channel(BOB, AB).claims) == 1
    route.change(AB, status=Status.OPEN, deadline=0, recent_dispute=True)
    route.confirm(BOB)
    assert route.channel(BOB, AB).rivals == (before,), "a block that is not confirmed yet has another dispute"
    route.change(AB, recent_dispute=False)
    route.confirm(BOB)
    assert route.channel(BOB, AB).rivals == ()
    assert route.channel(BOB, AB).claims == ()


def test_what_is_older_than_the_recorded_state_is_no_rival(route: Route) -> None:
    """In the dispute itself, as soon as a block shows the newest state recorded."""
    base = route.latest(BOB, AB)
    demand = paying(replace(base, nonce=1), 1)
    awaiting = only(route.do(BOB, route.proposal(ALICE, demand)), events.Awaiting)
    dispute(route, AB, base)
    route.confirm(BOB)
    route.do(BOB, events.Accept(AB, awaiting.digest))
    assert route.channel(BOB, AB).rivals == (base,)
    dispute(route, AB, demand)
    route.confirm(BOB)
    assert route.channel(BOB, AB).rivals == ()


def final_and_older_as_rivals(route: Route) -> tuple[State, State]:
    """What a dispute runs on, and a final of Alice's that Bob's crosses."""
    route.lock(BOB, AB, 20, invoice())
    before = route.latest(ALICE, AB)
    route.do(ALICE, events.Close(AB))
    route.lose_mail()
    (mine,) = (offer.state for offer in route.channel(ALICE, AB).own_offers)
    dispute(route, AB, before)
    route.confirm(ALICE)
    theirs = final(removing(before, before.nonce + FAR_ABOVE, (before.transfers[0], FULL)))
    route.do(ALICE, route.proposal(BOB, theirs))
    assert route.latest(ALICE, AB) == theirs
    assert set(route.channel(ALICE, AB).rivals) == {before, mine}
    return before, mine


def test_finals_stay_rivals_when_the_channel_is_open_again(route: Route) -> None:
    """Whoever has both signatures can close with one as long as nothing newer is recorded, dispute or not."""
    _, mine = final_and_older_as_rivals(route)
    route.change(AB, status=Status.OPEN, deadline=0)
    route.confirm(ALICE)
    assert route.channel(ALICE, AB).rivals == (mine,)
    assert [claim.triple for claim in route.channel(ALICE, AB).claims] == [invoice().triple]


# --- Files ---


def test_a_file_with_rivals_survives_a_round_trip(route: Route, tmp_path: Path) -> None:
    final_and_older_as_rivals(route)
    channel = route.channel(ALICE, AB)
    assert len(channel.rivals) == 2
    with Store(DEPLOYMENT.domain, tmp_path) as store:
        store.save(channel)
        assert store.load() == {AB: channel}
        assert store.unusable == {}


def test_a_file_whose_rivals_have_transfers_without_claims_is_left_out(route: Route, tmp_path: Path) -> None:
    final_and_older_as_rivals(route)
    with Store(DEPLOYMENT.domain, tmp_path) as store:
        store.save(replace(route.channel(ALICE, AB), claims=()))
        assert store.load() == {}
        (error,) = store.unusable.values()
    assert "file.channel.claims" in str(error)


def old_file() -> Route:
    """Of 40 from Alice 20 went on to Charlie and 10 to Dave, who is done with 5 %; Charlie's file is from before."""
    route = Route(THREE_USERS)
    route.lock(ALICE, AB, 40, film())
    old = route.channel(BOB, CB)
    route.forward(BOB, CB, 20, AB, film())
    assert route.is_open(CHARLIE, CB, film())
    route.forward(BOB, DB, 10, AB, film())
    route.resolve(DAVE, DB, film(), voucher(50))
    route.settle_mail(ALICE)
    bob = route.parties[BOB]
    route.parties[BOB] = replace(bob, channels={**bob.channels, CB: old})
    route.do(BOB, events.MarkRestored(CB))
    route.confirm()
    return route


def test_with_an_old_file_nothing_is_taken_for_less_than_all() -> None:
    """Charlie, of whom Bob knows nothing any more, may prove all of it."""
    route = old_file()
    assert not route.is_open(BOB, DB, film())
    base = route.latest(BOB, AB)
    least = removing(base, route.channel(BOB, AB).highest_nonce + 1, (base.transfers[0], FULL // 20))
    awaiting = only(route.do(BOB, route.proposal(ALICE, least)), events.Awaiting)
    reason = awaiting.reason
    assert isinstance(reason, errors.NotFullyCredited)
    assert (reason.change, reason.credited) == (2, 40)
    error = error_of(route.do(BOB, events.Accept(AB, awaiting.digest)))
    assert isinstance(error, errors.OutOfOrder)
    assert (error.change, error.least) == (2, 40)
    assert route.latest(BOB, AB) == base


def test_with_an_old_file_nothing_is_forwarded() -> None:
    route = old_file()
    error = error_of(route.do(BOB, route.forwarding(DB, 1, AB, film())))
    assert isinstance(error, errors.IncomingNotSafe)
    assert error.channel_id == AB
    assert error.reason == "the file of another channel may be old or unreadable, and it may have been forwarded there"


def test_with_an_old_file_nothing_is_given_back() -> None:
    route = Route()
    terms = film()
    route.lock(ALICE, AB, 20, terms)
    old = route.channel(BOB, CB)
    route.forward(BOB, CB, 20, AB, terms)
    bob = route.parties[BOB]
    route.parties[BOB] = replace(bob, channels={**bob.channels, CB: old})
    route.do(BOB, events.MarkRestored(CB))
    route.confirm()
    leg = route.leg(BOB, AB, terms)
    error = error_of(route.do(BOB, events.Cancel(AB, leg.id)))
    assert isinstance(error, errors.CannotGiveBack)
    assert (error.transfer_id, error.reason) == (leg.id, "the file of another channel may be old or unreadable")
    assert route.is_open(BOB, AB, terms)
    settle(route, CB, old.latest.message)
    route.confirm(BOB)
    route.say(BOB, events.Cancel(AB, leg.id))
    assert not route.is_open(ALICE, AB, terms), "once that channel is over, nothing in it can surprise"


def test_with_an_unreadable_file_it_is_the_same(tmp_path: Path) -> None:
    """A disk has lost a byte. What was forwarded there is not given back, and what came in there pays for nothing."""
    terms = film()
    for broken, readable in ((CB, AB), (AB, CB)):
        route = Route()
        route.locked(20, 20, terms)
        bob = route.parties[BOB]
        with Store(DEPLOYMENT.domain, tmp_path) as store:
            for channel in bob.channels.values():
                store.save(channel)
            path = store.path(broken)
            path.write_text(path.read_text()[1:])
            files = store.load()
            unreadable = bool(store.unusable)
        assert (set(files), unreadable) == ({readable}, True)
        route.parties[BOB], _ = adopt(replace(bob, channels={}, outcomes={}, unreadable=unreadable), files)
        route.do(BOB, route.view_of(BOB))
        if readable == AB:
            error = error_of(route.do(BOB, events.Cancel(AB, route.leg(BOB, AB, terms).id)))
            assert isinstance(error, errors.CannotGiveBack)
        else:
            route.resolve(CHARLIE, CB, terms, voucher(1000))
            route.receive(BOB)
        assert route.channel(BOB, readable).own_offers == ()
        assert route.is_open(BOB, readable, terms)


MOST = 200
PROVED = 40
"""As many legs go on to Charlie, who proves them with witnesses of almost the largest size."""


def preimage(number: int, half: int, part: int) -> bytes:
    return bytes((9,)) * 28 + number.to_bytes(2) + bytes((half, part))


def largest(number: int) -> Terms:
    """Parameters of (almost) the largest size."""

    def locks(half: int, count: int) -> list[Part]:
        images = (hash_of(preimage(number, half, part)) for part in range(count))
        return [Part(CONDITIONS.hash_lock, hash_lock_params(image)) for image in images]

    if number < PROVED:
        halves = [Part(CONDITIONS.all_of, all_of_params(locks(half, 11))) for half in (0, 1)]
        return Terms(CONDITIONS.all_of, all_of_params(halves), EXPIRY)
    links = [Part(CONDITIONS.linked_payment, linked_params(HOMES[ALICE], number.to_bytes(2) * 16))] * 2
    halves = [Part(CONDITIONS.any_of, any_of_params([*locks(half, 9), *links])) for half in (0, 1)]
    return Terms(CONDITIONS.any_of, any_of_params(halves), EXPIRY)


def largest_witness(number: int) -> bytes:
    return all_of_witness([all_of_witness([preimage(number, half, part) for part in range(11)]) for half in (0, 1)])


def test_no_thief_makes_a_file_too_large_to_be_read_again(tmp_path: Path) -> None:
    """All that a channel can hold: refusals with every transfer, and as many new ones in a proposal that waits."""
    plenty = replace(FUNDED, user_wei=1000, node_wei=1000)
    route = Route(policy=replace(POLICY, seconds_per_recording=1), on_chain=plenty)
    terms = [largest(number) for number in range(2 * MOST)]
    legs = [transfer(each, amount=1, id_=(1 << 63) + i) for i, each in enumerate(terms[:MOST])]
    first = adding(route.latest(BOB, AB), 1, *legs)
    assert errors_of(route.do(BOB, route.proposal(ALICE, first, *(each.params for each in terms[:MOST])))) == []
    witnesses = {}
    for number in range(PROVED):
        route.do(BOB, events.Forward(CB, ETH, 1, AB, legs[number].id))
        route.settle_mail(ALICE)
        witnesses[legs[number].params_hash] = largest_witness(number)
    for leg in route.latest(BOB, CB).transfers:
        assert errors_of(route.do(BOB, Reveal(CB, leg.id, witnesses[leg.params_hash]))) == []
    route.lose_mail()
    for _ in range(8):
        base = route.latest(BOB, AB)
        made_up = replace(base, nonce=route.channel(BOB, AB).highest_nonce + 1, user_wei=base.user_wei + 1)
        route.do(BOB, route.proposal(ALICE, made_up))
    base = route.latest(BOB, AB)
    paid = [(leg, FULL if i else 0) for i, leg in enumerate(base.transfers)]
    new = [transfer(each, amount=1, id_=(1 << 62) + i) for i, each in enumerate(terms[MOST:])]
    nonce = route.channel(BOB, AB).highest_nonce + 1
    last = adding(removing(base, nonce, *paid), nonce, *new)
    only(route.do(BOB, route.proposal(ALICE, last, *(each.params for each in terms[MOST:]))), events.Awaiting)
    channel = route.channel(BOB, AB)
    assert (len(channel.claims), len(channel.own_offers)) == (2 * MOST, 8)
    with Store(DEPLOYMENT.domain, tmp_path) as store:
        store.save(channel)
        assert store.load() == {AB: channel}
        assert 2**22 < store.path(AB).stat().st_size < MAX_FILE_BYTES / 2


def test_by_default_no_channel_alone_has_as_many_transfers() -> None:
    route = Route(on_chain=replace(FUNDED, user_wei=1000, node_wei=1000))
    legs = [transfer(largest(number), amount=1, id_=(1 << 63) + number) for number in range(MOST)]
    state = adding(route.latest(BOB, AB), 1, *legs)
    error = error_of(route.do(BOB, route.proposal(ALICE, state, *(largest(i).params for i in range(MOST)))))
    assert isinstance(error, errors.TooManyToRecord)
    assert (error.count, error.maximum) == (MOST, 60)
    assert amounts_for(Side.NODE, route.latest(BOB, AB)) == (0, 0)
