"""docs/protocol.md sections 7 and 8, on both sides: what a state may add, keep and remove of conditional transfers."""

from dataclasses import replace

import pytest

from connext import errors, events, routes, rules
from connext.channel import recorded_hash
from connext.conditions import InvalidParams, Part, UnknownCondition, any_of_params
from connext.envelopes import Refusal
from connext.events import Output
from connext.messages import State, Transfer
from connext.payments import Terms
from connext.rules import Policy
from connext.types import Side, Status
from tests.unit.pair import CONDITIONS, DEPLOYMENT, HOUR, NODE, NOW, POLICY, USER, error_of, only
from tests.unit.route import (
    AB,
    ALICE,
    BOB,
    DAI,
    DAY,
    ETH,
    EXPIRY,
    FULL,
    HALF,
    Route,
    adding,
    bulky,
    errors_of,
    exchange,
    film,
    invoice,
    lock,
    paying,
    removing,
    sent,
    transfer,
    voucher,
)

ONE_CHANNEL = ((ALICE, BOB),)
NAMES = {USER: ALICE, NODE: BOB}


@pytest.fixture
def route() -> Route:
    return Route(ONE_CHANNEL)


def propose(route: Route, name: str, state: State, *params: bytes) -> list[Output]:
    """Give this party's proposal to the other."""
    return route.do(route.other(name, AB), route.proposal(name, state, *params))


def refused(outputs: list[Output]) -> Exception:
    """Why a proposal was refused, which was said to its proposer, too."""
    assert sent(outputs) == [Refusal]
    return error_of(outputs)


# --- Adding: each rule when I propose and when I am to countersign ---


def many(count: int, terms: Terms, **changes: int) -> tuple[Transfer, ...]:
    return tuple(replace(transfer(terms, amount=1), id=i, **changes) for i in range(count))  # type: ignore[arg-type]


BAD_ADDITIONS: dict[str, tuple[tuple[Transfer, ...], bytes, type[Exception]]] = {
    "without its parameters": ((transfer(invoice()),), b"", errors.ParametersMissing),
    "with others' parameters": ((transfer(invoice()),), invoice(2).params, errors.ParametersMissing),
    "of nothing": ((transfer(invoice(), amount=0),), invoice().params, errors.EmptyTransfer),
    "above the policy's limit": ((transfer(invoice(), amount=51),), invoice().params, errors.TransferAboveLimit),
    "above the contract's limit": (
        (transfer(invoice(), amount=601, asset=DAI),),
        invoice().params,
        errors.TransferAboveLimit,
    ),
    "twice under one id": ((transfer(invoice()), transfer(invoice())), invoice().params, errors.TransferIdUsedTwice),
    "by nobody": ((replace(transfer(invoice()), payer=2),), invoice().params, errors.UnknownTransferCode),
    "of no asset": ((replace(transfer(invoice()), asset=2),), invoice().params, errors.UnknownTransferCode),
    "that expires too soon": (
        (transfer(invoice(expiry=NOW + 3 * HOUR - 1)),),
        invoice().params,
        errors.ExpiryOutOfWindow,
    ),
    "that expires too late": (
        (transfer(invoice(expiry=NOW + 7 * DAY + 1)),),
        invoice().params,
        errors.ExpiryOutOfWindow,
    ),
    "on no condition": (
        (transfer(replace(invoice(), condition=b"\x99" * 20)),),
        invoice().params,
        UnknownCondition,
    ),
    "with parameters of nothing": ((transfer(replace(invoice(), params=b"?")),), b"?", InvalidParams),
    "in two assets for long": (
        (transfer(invoice()), transfer(invoice(), NODE, asset=DAI, id_=2)),
        invoice().params,
        errors.ExpiryOutOfWindow,
    ),
    "more than 200": (many(201, invoice()), invoice().params, errors.TooManyTransfers),
}


@pytest.mark.parametrize("proposer", list(Side))
@pytest.mark.parametrize("which", BAD_ADDITIONS)
def test_a_proposal_that_adds_badly_is_refused(route: Route, proposer: Side, which: str) -> None:
    transfers, params, error = BAD_ADDITIONS[which]
    state = adding_what_is_possible(route.agreed(AB), transfers)
    outputs = propose(route, NAMES[proposer], state, *([params] if params else []))
    assert isinstance(refused(outputs), error)
    assert route.channel(NAMES[proposer.other], AB).claims == ()


def adding_what_is_possible(base: State, transfers: tuple[Transfer, ...]) -> State:
    """Codes that mean nothing move nothing."""
    if all(one.payer in (0, 1) and one.asset in (0, 1) for one in transfers):
        return adding(base, base.nonce + 1, *transfers)
    return replace(base, nonce=base.nonce + 1, transfers=transfers)


@pytest.mark.parametrize("name", [ALICE, BOB])
@pytest.mark.parametrize(
    ("terms", "amount", "error"),
    [
        (invoice(), 0, errors.EmptyTransfer),
        (invoice(), 51, errors.TransferAboveLimit),
        (invoice(expiry=NOW + 3 * HOUR - 1), 20, errors.ExpiryOutOfWindow),
        (invoice(expiry=NOW + 7 * DAY + 1), 20, errors.ExpiryOutOfWindow),
        (replace(invoice(), condition=b"\x99" * 20), 20, UnknownCondition),
        (replace(invoice(), params=b"?"), 20, InvalidParams),
        (replace(invoice(), params=bytes(4097)), 20, errors.ParametersMissing),
    ],
)
def test_nor_is_it_proposed(route: Route, name: str, terms: Terms, amount: int, error: type[Exception]) -> None:
    outputs = route.do(name, lock(AB, amount, terms))
    assert isinstance(error_of(outputs), error)
    assert not any(route.mail.values())


@pytest.mark.parametrize("expiry", [NOW + 3 * HOUR, NOW + 7 * DAY])
@pytest.mark.parametrize("name", [ALICE, BOB])
def test_expiries_within_the_window(route: Route, name: str, expiry: int) -> None:
    route.lock(name, AB, 20, invoice(expiry=expiry))
    assert route.is_open(route.other(name, AB), AB, invoice(expiry=expiry))


def test_the_window_moves_with_the_confirmed_block(route: Route) -> None:
    early = invoice(expiry=NOW + 3 * HOUR)
    route.confirm(BOB, time=NOW + 1)
    route.do(ALICE, lock(AB, 20, early))
    assert isinstance(error_of(route.receive(BOB)), errors.ExpiryOutOfWindow)


@pytest.mark.parametrize(("expiry", "is_possible"), [(NOW + 12 * HOUR, True), (NOW + 12 * HOUR + 1, False)])
def test_two_assets_on_one_triple_are_an_option_and_expire_soon(route: Route, expiry: int, is_possible: bool) -> None:
    outputs = route.do(ALICE, exchange(AB, 10, 100, invoice(expiry=expiry)))
    assert (sent(outputs) != []) == is_possible
    assert is_possible or isinstance(error_of(outputs), errors.ExpiryOutOfWindow)


def test_also_if_the_second_asset_comes_later(route: Route) -> None:
    terms = invoice()
    route.lock(ALICE, AB, 20, terms)
    later = adding(route.agreed(AB), 2, transfer(terms, USER, 20, DAI))
    assert isinstance(refused(propose(route, ALICE, later)), errors.ExpiryOutOfWindow)
    again = adding(route.latest(BOB, AB), 4, transfer(terms, USER, 20, ETH))
    route.settle_mail()
    route.do(BOB, route.proposal(ALICE, again))
    assert len(route.latest(BOB, AB).transfers) == 2, "two legs in one asset are no option"


def test_the_parameters_of_a_known_triple_need_not_come_again(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    state = adding(route.agreed(AB), 2, transfer(invoice(), amount=5))
    assert errors_of(propose(route, ALICE, state)) == []
    assert len(route.channel(BOB, AB).claims) == 1


def test_parameters_travel_with_a_proposal_and_stay_while_its_transfers_do(route: Route) -> None:
    route.do(ALICE, lock(AB, 20, invoice()))
    assert route.mail[BOB][0].params == (invoice().params,)  # type: ignore[union-attr]
    route.settle_mail()
    for name in (ALICE, BOB):
        (claim,) = route.channel(name, AB).claims
        assert (claim.triple, claim.params) == (invoice().triple, invoice().params)
        assert (claim.witness, claim.share, claim.shown) == (b"", 0, 0)
    route.say(BOB, events.Cancel(AB, route.leg(BOB, AB, invoice()).id))
    assert [route.channel(name, AB).claims for name in (ALICE, BOB)] == [(), ()]


def test_parameters_up_to_4096_bytes() -> None:
    route = Route(ONE_CHANNEL)
    terms = bulky(1)
    assert 3000 < len(terms.params) <= 4096
    route.lock(ALICE, AB, 20, terms)
    assert route.is_open(BOB, AB, terms)


# --- Policy: how many, how much, which ---


def with_policy(**changes: object) -> Route:
    return Route(ONE_CHANNEL, policy=replace(POLICY, **changes))  # type: ignore[arg-type]


def test_the_policys_number_of_open_transfers() -> None:
    route = with_policy(max_transfers=2)
    for number in (1, 2):
        route.lock(ALICE, AB, 1, invoice(number))
    assert isinstance(error_of(route.do(ALICE, lock(AB, 1, invoice(3)))), errors.TooManyTransfers)
    third = adding(route.agreed(AB), 3, transfer(invoice(3)))
    error = refused(propose(route, ALICE, third, invoice(3).params))
    assert isinstance(error, errors.TooManyTransfers)
    assert (error.count, error.maximum) == (3, 2)


@pytest.mark.parametrize("asset", [ETH, DAI])
def test_the_policys_sum_of_open_transfers(asset: int) -> None:
    """Of both sides, and for each asset by itself."""
    route = with_policy(max_locked_wei=30, max_locked_token=30)
    other = DAI if asset == ETH else ETH
    route.lock(ALICE, AB, 20, invoice(1), asset)
    route.lock(BOB, AB, 10, invoice(2), asset)
    route.lock(BOB, AB, 30, invoice(3), other)
    assert len(route.agreed(AB).transfers) == 3
    assert isinstance(error_of(route.do(ALICE, lock(AB, 1, invoice(4), asset))), errors.LockedAboveLimit)
    fourth = adding(route.agreed(AB), 4, transfer(invoice(4), NODE, 1, asset))
    error = refused(propose(route, BOB, fourth, invoice(4).params))
    assert isinstance(error, errors.LockedAboveLimit)
    assert (error.locked, error.limit) == (31, 30)


def test_a_policy_that_became_stricter_lets_open_transfers_be(route: Route) -> None:
    for number in (1, 2):
        route.lock(ALICE, AB, 20, invoice(number))
    stricter = replace(POLICY, max_transfers=1, max_locked_wei=1, payment_limit_wei=10)
    route.parties[BOB] = replace(route.parties[BOB], policy=stricter)
    route.say(ALICE, events.Pay(AB, 5, 0))
    assert route.agreed(AB).user_wei == -45


def test_a_policy_may_take_conditions_that_the_software_cannot_judge() -> None:
    """They are decided by confirmed outcomes alone."""
    route = with_policy(unknown_conditions=True)
    terms = replace(invoice(), condition=b"\x99" * 20)
    route.lock(ALICE, AB, 20, terms)
    leg = route.leg(BOB, AB, terms)
    assert isinstance(error_of(route.do(BOB, events.Resolve(AB, leg.id, b"?"))), UnknownCondition)
    route.confirm(outcomes={terms.triple: FULL})
    route.settle_mail()
    assert route.agreed(AB).node_wei == 20


# --- Balances, sums and payments with transfers in play ---


def test_what_is_locked_comes_out_of_the_payers_balance(route: Route) -> None:
    for number in (1, 2):
        route.lock(ALICE, AB, 50, invoice(number))
    assert isinstance(error_of(route.do(ALICE, lock(AB, 1, invoice(3)))), errors.BalanceNegative)
    assert isinstance(error_of(route.do(ALICE, events.Pay(AB, 1, 0))), errors.BalanceNegative)
    third = adding(route.agreed(AB), 3, transfer(invoice(3), amount=1))
    assert isinstance(refused(propose(route, ALICE, third, invoice(3).params)), errors.BalanceNegative)


def test_what_is_locked_cannot_be_withdrawn(route: Route) -> None:
    route.lock(ALICE, AB, 50, invoice())
    withdraw = events.Withdraw(AB, 51, 0, 0, 0, b"\x77" * 20, NOW + HOUR)
    assert isinstance(error_of(route.do(ALICE, withdraw)), errors.BalanceNegative)
    assert sent(route.do(ALICE, replace(withdraw, user_wei=50))) != []


def test_nor_locked_while_it_may_be_withdrawn(route: Route) -> None:
    route.do(ALICE, events.Withdraw(AB, 60, 0, 0, 0, b"\x77" * 20, NOW + HOUR))
    assert isinstance(error_of(route.do(ALICE, lock(AB, 41, invoice()))), errors.BalanceNegative)
    route.lose_mail()
    assert sent(route.do(ALICE, lock(AB, 40, invoice()))) != []


@pytest.mark.parametrize(("user_wei", "node_wei"), [(0, 0), (-20, 1), (-21, 0), (0, -20)])
def test_the_payer_pays_for_what_is_locked_and_nobody_else(route: Route, user_wei: int, node_wei: int) -> None:
    state = replace(adding(route.agreed(AB), 1, transfer(invoice())), user_wei=user_wei, node_wei=node_wei)
    outputs = propose(route, ALICE, state, invoice().params)
    if user_wei + node_wei == -20:
        assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    else:
        assert isinstance(refused(outputs), errors.NetsDoNotAddUp)


def check_payment(before: State, after: State, policy: Policy = POLICY) -> None:
    difference = rules.change(before, after)
    rules.check_payment(before, after, difference, DEPLOYMENT, policy)


def test_locking_and_resolving_are_no_payments() -> None:
    """Each is within the limit of one transfer, but many may end in one state."""
    empty = State(AB, 0, 0, 0, 0, 0, (), False)
    legs = [transfer(invoice(number), amount=50, id_=number) for number in range(1, 4)]
    theirs = [transfer(invoice(9), NODE, 50, id_=9)]
    full = adding(empty, 1, *legs, *theirs)
    check_payment(empty, full)
    for share in (0, HALF, FULL):
        check_payment(full, removing(full, 2, *((leg, share) for leg in (*legs, *theirs))))


@pytest.mark.parametrize(("paid", "is_possible"), [(50, True), (51, False), (-50, True), (-51, False)])
def test_a_payment_beside_them_is_within_its_limit(paid: int, is_possible: bool) -> None:
    """Of several removed transfers any part may be the user's: what is beyond that is a payment."""
    empty = State(AB, 0, 0, 0, 0, 0, (), False)
    leg = transfer(invoice(), amount=40)
    before = adding(empty, 1, leg)
    extreme = removing(before, 2, (leg, 0 if paid > 0 else FULL))
    after = paying(extreme, paid)
    if is_possible:
        check_payment(before, after)
    else:
        with pytest.raises(errors.PaymentAboveLimit) as error:
            check_payment(before, after)
        assert error.value.amount == 51


def test_an_added_transfer_does_not_hide_a_payment() -> None:
    empty = State(AB, 0, 0, 0, 0, 0, (), False)
    for payer in Side:
        after = adding(empty, 1, transfer(invoice(), payer, 40))
        check_payment(empty, paying(after, -50))
        for sign in (1, -1):
            with pytest.raises(errors.PaymentAboveLimit):
                check_payment(empty, paying(after, sign * 51))


# --- Kept transfers: unchanged, in any order ---


@pytest.mark.parametrize(
    "field",
    [
        {"amount": 19},
        {"amount": 21},
        {"payer": NODE},
        {"asset": DAI},
        {"expiry": EXPIRY + 1},
        {"condition": b"\x31" * 20},
        {"params_hash": bytes(32)},
    ],
)
@pytest.mark.parametrize("proposer", list(Side))
def test_a_changed_transfer_is_refused(route: Route, proposer: Side, field: dict[str, object]) -> None:
    route.lock(ALICE, AB, 20, invoice())
    base = route.agreed(AB)
    state = replace(base, nonce=2, transfers=(replace(base.transfers[0], **field),))  # type: ignore[arg-type]
    assert isinstance(refused(propose(route, NAMES[proposer], state)), errors.TransferChanged)


def test_the_order_of_transfers_may_change(route: Route) -> None:
    for number in (1, 2, 3):
        route.lock(ALICE, AB, 20, invoice(number))
    base = route.agreed(AB)
    state = replace(base, nonce=4, transfers=base.transfers[::-1])
    assert errors_of(propose(route, ALICE, state)) == []
    assert route.latest(BOB, AB) == state


def test_a_kept_transfer_is_not_listed_twice(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    base = route.agreed(AB)
    state = replace(base, nonce=2, user_wei=-40, transfers=base.transfers * 2)
    assert isinstance(refused(propose(route, ALICE, state)), errors.TransferIdUsedTwice)


def test_an_id_that_the_other_side_took_does_not_keep_me_from_locking(route: Route) -> None:
    """The next ids that Bob would use."""
    taken = [transfer(invoice(), amount=1, id_=id_) for id_ in ((2 << 8), (2 << 8) + 1)]
    propose(route, ALICE, adding(route.agreed(AB), 1, *taken), invoice().params)
    outputs = route.do(BOB, lock(AB, 20, invoice(2)))
    assert only(outputs, events.Send).envelope.state.transfers[-1].id == (2 << 8) + 2  # type: ignore[union-attr]


# --- Rule 3: what may be removed without my intent ---


def removal(route: Route, name: str, share: int, more: int = 0) -> list[Output]:
    """This party proposes to remove everything, at a share, and to pay the user some wei more."""
    base = route.agreed(AB)
    return propose(route, name, paying(removing(base, base.nonce + 1, *((leg, share) for leg in base.transfers)), more))


@pytest.mark.parametrize("payer", list(Side))
def test_what_i_get_all_of_may_be_removed(payer: Side) -> None:
    for share in (0, FULL):
        route = Route(ONE_CHANNEL)
        route.lock(NAMES[payer], AB, 20, invoice())
        proposer = NAMES[payer.other] if share == 0 else NAMES[payer]
        assert isinstance(only(removal(route, proposer, share), events.Agreed).message, State)


@pytest.mark.parametrize("payer", list(Side))
def test_what_i_do_not_get_all_of_needs_my_intent(payer: Side) -> None:
    """By one wei of 20 as well."""
    for share in (0, FULL):
        route = Route(ONE_CHANNEL)
        route.lock(NAMES[payer], AB, 20, invoice())
        loser = payer.other if share == 0 else payer
        outputs = removal(route, NAMES[loser.other], share)
        reason = only(outputs, events.Awaiting).reason
        assert isinstance(reason, errors.NotFullyCredited)
        assert (reason.change, reason.credited) == (0, 20)
        route = Route(ONE_CHANNEL)
        route.lock(NAMES[payer], AB, 20, invoice())
        almost = removal(route, NAMES[loser.other], share, 19 if loser is USER else -19)
        assert isinstance(only(almost, events.Awaiting).reason, errors.NotFullyCredited)


def test_what_one_transfer_gives_does_not_pay_for_another(route: Route) -> None:
    """Neither in the same asset nor in the other one."""
    route.lock(ALICE, AB, 20, invoice(1))
    route.lock(BOB, AB, 20, invoice(2))
    base = route.agreed(AB)
    mine, theirs = route.leg(ALICE, AB, invoice(1)), route.leg(ALICE, AB, invoice(2))
    swapped = removing(base, base.nonce + 1, (mine, FULL), (theirs, FULL))
    assert isinstance(only(propose(route, BOB, swapped), events.Awaiting).reason, errors.NotFullyCredited)


def test_a_transfer_from_me_is_added_with_my_intent_alone(route: Route) -> None:
    state = adding(route.agreed(AB), 1, transfer(invoice(), NODE))
    outputs = propose(route, ALICE, state, invoice().params)
    reason = only(outputs, events.Awaiting).reason
    assert isinstance(reason, errors.TransferAdded)
    assert route.channel(BOB, AB).claim(invoice().triple) is not None
    route.say(BOB, events.Accept(AB, only(outputs, events.Awaiting).digest))
    assert route.is_open(BOB, AB, invoice())


def test_also_if_i_am_paid_for_it(route: Route) -> None:
    state = paying(adding(route.agreed(AB), 1, transfer(invoice(), NODE)), -30)
    outputs = propose(route, ALICE, state, invoice().params)
    assert isinstance(only(outputs, events.Awaiting).reason, errors.TransferAdded)


def test_what_waits_and_is_refused_leaves_no_parameters(route: Route) -> None:
    outputs = propose(route, ALICE, adding(route.agreed(AB), 1, transfer(invoice(), NODE)), invoice().params)
    route.do(BOB, events.Refuse(AB, only(outputs, events.Awaiting).digest))
    assert route.channel(BOB, AB).claims == ()


@pytest.mark.parametrize("share", [0, 333 * 10**15, FULL])
@pytest.mark.parametrize("payer", list(Side))
@pytest.mark.parametrize("judge", list(Side))
def test_a_final_confirmed_outcome_is_the_share(judge: Side, payer: Side, share: int) -> None:
    """Rounded down for the payee: 6 of 20 wei at a third. Not a wei less is due to either."""
    route = Route(ONE_CHANNEL)
    route.lock(NAMES[payer], AB, 20, film())
    base = route.agreed(AB)
    route.confirm(time=NOW if share == FULL else EXPIRY, outcomes={film().triple: share})
    party = route.parties[NAMES[judge]]
    fair = removing(base, 2, (base.transfers[0], share))
    share_of = routes.share_of(party, party.channels[AB], fair)
    rules.check_needs_no_intent(judge, base, fair, share_of)
    with pytest.raises(errors.NotFullyCredited):
        rules.check_needs_no_intent(judge, base, paying(fair, 1 if judge is NODE else -1), share_of)


def test_an_outcome_that_is_not_final_or_not_confirmed_is_none(route: Route) -> None:
    """Bob is paid; Alice has seen a block that he has not."""
    route.lock(ALICE, AB, 20, film())
    route.confirm(BOB, outcomes={film().triple: HALF})
    outputs = removal(route, ALICE, HALF)
    assert isinstance(only(outputs, events.Awaiting).reason, errors.NotFullyCredited)
    route.confirm(BOB, time=EXPIRY - 1)
    assert route.is_open(BOB, AB, film())
    outputs = route.confirm(BOB, time=EXPIRY)[BOB]
    assert isinstance(only(outputs, events.Agreed).message, State)
    assert route.latest(BOB, AB).node_wei == 10


def test_what_waited_for_the_outcome_is_countersigned_with_the_block_that_shows_it(route: Route) -> None:
    """Alice is a block ahead; Bob's owner has nothing to decide."""
    route.lock(ALICE, AB, 20, invoice())
    route.confirm(ALICE, time=EXPIRY)
    assert isinstance(only(route.receive(BOB), events.Awaiting).reason, errors.NotFullyCredited)
    route.confirm(BOB)
    route.settle_mail()
    assert route.agreed(AB).transfers == ()
    assert route.agreed(AB).user_wei == 0


def test_what_waits_for_another_reason_goes_on_waiting(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    base = route.agreed(AB)
    propose(route, ALICE, replace(paying(base, 1), nonce=2))
    route.confirm(time=EXPIRY)
    assert route.channel(BOB, AB).their_offer is not None


# --- Final states ---


def test_a_final_state_keeps_what_is_open(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    outputs = route.do(ALICE, events.Close(AB))
    assert only(outputs, events.Send).envelope.state.transfers == route.latest(ALICE, AB).transfers  # type: ignore[union-attr]
    outputs = route.receive(BOB)
    accept = events.Accept(AB, only(outputs, events.Awaiting).digest)
    assert [output.name for output in route.do(BOB, accept) if isinstance(output, events.Submit)] == ["close"]


@pytest.mark.parametrize("share", [0, FULL])
def test_a_final_proposal_that_drops_transfers_needs_the_owner_like_every_final_one(route: Route, share: int) -> None:
    route.lock(ALICE, AB, 20, invoice())
    base = route.agreed(AB)
    final = replace(removing(base, 1025, (base.transfers[0], share)), is_final=True)
    reason = only(propose(route, ALICE, final), events.Awaiting).reason
    assert isinstance(reason, errors.FinalNeedsIntent)


@pytest.mark.parametrize(("share", "is_fair"), [(0, False), (HALF, False), (FULL, True)])
def test_in_a_dispute_a_final_state_that_drops_a_transfer_must_give_me_all_of_it(
    route: Route, share: int, is_fair: bool
) -> None:
    route.lock(ALICE, AB, 20, invoice())
    base = route.agreed(AB)
    route.change(AB, status=Status.DISPUTED, dispute=1, deadline=NOW + DAY, nonce=1)
    route.change(AB, state_hash=recorded_hash(base))
    route.confirm()
    final = replace(removing(base, 1025, (base.transfers[0], share)), is_final=True)
    outputs = propose(route, ALICE, final)
    if is_fair:
        assert isinstance(only(outputs, events.Awaiting).reason, errors.FinalNeedsIntent)
    else:
        assert isinstance(error_of(outputs), errors.FinalPaysLess)


# --- Rule 9 ---


def any_of_one(terms: Terms, expiry: int) -> Terms:
    return Terms(CONDITIONS.any_of, any_of_params([Part(terms.condition, terms.params)]), expiry)


def test_parameters_in_use_are_not_used_again(route: Route) -> None:
    """Under no expiry, in no channel, and for an exchange as little."""
    route.lock(ALICE, AB, 20, invoice())
    for again in (invoice(), invoice(expiry=EXPIRY + 1)):
        assert isinstance(error_of(route.do(ALICE, lock(AB, 20, again))), errors.ParametersReused)
        assert isinstance(error_of(route.do(ALICE, exchange(AB, 20, 200, again))), errors.ParametersReused)
        assert isinstance(error_of(route.do(BOB, lock(AB, 20, again))), errors.ParametersReused)


def test_nor_while_a_half_signed_state_uses_them(route: Route) -> None:
    route.do(ALICE, lock(AB, 20, invoice()))
    route.lose_mail()
    assert isinstance(error_of(route.do(ALICE, lock(AB, 20, invoice()))), errors.ParametersReused)


def test_they_are_not_locked_on_because_the_other_side_proposes_it(route: Route) -> None:
    """Bob accepts to lock on fresh parameters only."""
    route.lock(ALICE, AB, 20, invoice())
    for terms in (invoice(), invoice(expiry=EXPIRY + 1)):
        base = route.latest(BOB, AB)
        nonce = route.channel(BOB, AB).highest_nonce + 1
        outputs = propose(route, ALICE, adding(base, nonce, transfer(terms, NODE, id_=9)), terms.params)
        outputs = route.do(BOB, events.Accept(AB, only(outputs, events.Awaiting).digest))
        assert isinstance(error_of(outputs), errors.ParametersReused)


@pytest.mark.parametrize(
    "other",
    [invoice(expiry=EXPIRY + HOUR), any_of_one(invoice(), EXPIRY + HOUR), invoice(2)],
    ids=["another expiry", "another condition on the same secret", "another secret"],
)
def test_what_i_lock_for_something_in_return_is_on_one_triple_with_it(route: Route, other: Terms) -> None:
    """Alice would let her own leg expire, and then show the secret for Bob's."""
    base, mine = route.latest(BOB, AB), invoice()
    state = adding(base, 1, transfer(mine, amount=20, id_=8), transfer(other, NODE, 200, DAI, id_=9))
    outputs = propose(route, ALICE, state, mine.params, other.params)
    outputs = route.do(BOB, events.Accept(AB, only(outputs, events.Awaiting).digest))
    error = error_of(outputs)
    assert isinstance(error, errors.SeveralPayments)
    assert error.count == 2
    assert route.latest(BOB, AB) == base


def test_a_route_that_was_given_up_may_be_tried_another_way(route: Route) -> None:
    route.lock(ALICE, AB, 20, invoice())
    route.say(BOB, events.Cancel(AB, route.leg(BOB, AB, invoice()).id))
    route.lock(ALICE, AB, 20, invoice())
    assert route.is_open(BOB, AB, invoice())


def test_a_voucher_of_one_stream_is_nothing_in_its_renewal(route: Route) -> None:
    """Parameters of the same stream, with another expiry."""
    renewal = film(expiry=EXPIRY + DAY)
    route.lock(ALICE, AB, 20, renewal)
    outputs = route.resolve(BOB, AB, renewal, voucher(500, film()))
    assert error_of(outputs)
    assert route.channel(BOB, AB).claims[0].share == 0
