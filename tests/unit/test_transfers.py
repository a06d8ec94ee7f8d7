"""Conditional transfers within the states of one channel: amounts, shares, and what changes from state to state."""

from dataclasses import replace
from itertools import islice, product

import pytest

from connext.channel import initial_state
from connext.transfers import (
    NO_CHANGE,
    RecordedOutcome,
    change,
    due,
    for_payee,
    held,
    part_of,
    plus,
    to_the_full,
    transfer_ids,
    triple_of,
    with_change,
)
from connext.types import Side
from tests.unit.pair import NODE, USER
from tests.unit.route import AB, DAI, ETH, EXPIRY, FULL, HALF, adding, invoice, removing, transfer

TERMS = invoice()
FROM_USER = transfer(TERMS, USER, 10, ETH, 1)
FROM_NODE = transfer(TERMS, NODE, 7, ETH, 2)
IN_DAI = transfer(invoice(2), USER, 30, DAI, 3)
EMPTY = initial_state(AB)
BASE = adding(EMPTY, 5, FROM_USER, FROM_NODE, IN_DAI)


# --- Shares ---


@pytest.mark.parametrize(
    ("amount", "share", "expected"),
    [
        (10, 0, 0),
        (10, FULL, 10),
        (10, HALF, 5),
        (7, HALF, 3),
        (1, FULL - 1, 0),
        (0, FULL, 0),
        (2**128 - 1, FULL, 2**128 - 1),
    ],
)
def test_the_payee_gets_its_share_rounded_down(amount: int, share: int, expected: int) -> None:
    assert for_payee(replace(FROM_USER, amount=amount), share) == expected


@pytest.mark.parametrize("share", [0, 1, HALF, FULL - 1, FULL])
def test_both_sides_together_get_all_of_it(share: int) -> None:
    for one in (FROM_USER, FROM_NODE):
        assert sum(part_of(side, one, share) for side in Side) == one.amount


def test_the_payer_gets_what_the_payee_does_not() -> None:
    assert [part_of(side, FROM_NODE, HALF) for side in Side] == [3, 4]
    assert [part_of(side, FROM_USER, HALF) for side in Side] == [5, 5]


def test_the_best_share_is_all_for_a_payee_and_nothing_for_a_payer() -> None:
    assert [to_the_full(USER)(one) for one in (FROM_USER, FROM_NODE)] == [0, FULL]
    assert due(USER, [FROM_USER, FROM_NODE, IN_DAI], to_the_full(USER)) == (17, 30)
    assert due(NODE, [FROM_USER, FROM_NODE, IN_DAI], to_the_full(NODE)) == (17, 30)
    assert due(USER, [FROM_USER, FROM_NODE, IN_DAI], lambda _: HALF) == (5 + 3, 15)


def test_amounts_are_kept_apart_by_asset() -> None:
    assert held([]) == (0, 0)
    assert held([FROM_USER, FROM_NODE, IN_DAI]) == (17, 30)
    assert plus((1, 2), IN_DAI, 5) == (1, 7)
    assert plus((1, 2), FROM_USER, 5) == (6, 2)


# --- Outcomes ---


@pytest.mark.parametrize(
    ("share", "time", "is_final"),
    [
        (0, EXPIRY - 1, False),
        (HALF, EXPIRY - 1, False),
        (FULL - 1, EXPIRY - 1, False),
        (FULL, 0, True),
        (0, EXPIRY, True),
        (HALF, EXPIRY, True),
    ],
)
def test_an_outcome_is_final_from_the_expiry_on_and_the_full_share_at_once(
    share: int, time: int, is_final: bool
) -> None:
    assert RecordedOutcome(share, time).is_final(EXPIRY) == is_final


# --- From state to state ---


def test_adding_takes_from_the_payers_net() -> None:
    assert (BASE.nonce, BASE.transfers, BASE.is_final) == (5, (FROM_USER, FROM_NODE, IN_DAI), False)
    assert (BASE.user_wei, BASE.node_wei, BASE.user_token, BASE.node_token) == (-10, -7, -30, 0)


@pytest.mark.parametrize(("share", "nets"), [(0, (0, -7, -30, 0)), (FULL, (-10, 3, -30, 0)), (HALF, (-5, -2, -30, 0))])
def test_removing_gives_each_side_its_part(share: int, nets: tuple[int, ...]) -> None:
    state = removing(BASE, 6, (FROM_USER, share))
    assert (state.user_wei, state.node_wei, state.user_token, state.node_token) == nets
    assert state.transfers == (FROM_NODE, IN_DAI)


def test_removing_what_was_added_at_share_0_restores_the_state() -> None:
    every = [(one, 0) for one in BASE.transfers]
    assert with_change(BASE, 0, (), every) == EMPTY
    added_and_removed = with_change(BASE, 6, [transfer(TERMS, NODE, 4, DAI, 9)], [(IN_DAI, FULL)])
    assert (added_and_removed.user_token, added_and_removed.node_token) == (-30, 30 - 4)


@pytest.mark.parametrize("shares", list(product((0, 1, HALF, FULL - 1, FULL), repeat=2)))
def test_nothing_is_made_or_lost(shares: tuple[int, int]) -> None:
    state = removing(BASE, 6, (FROM_USER, shares[0]), (IN_DAI, shares[1]))
    wei, token = held(state.transfers)
    assert state.user_wei + state.node_wei + wei == 0
    assert state.user_token + state.node_token + token == 0


def test_changes_are_told_by_ids() -> None:
    added, altered = transfer(TERMS, NODE, 1, ETH, 4), replace(FROM_NODE, amount=8)
    after = replace(BASE, transfers=(altered, added, FROM_USER))
    assert change(BASE, after).added == (added,)
    assert change(BASE, after).removed == (IN_DAI,)
    assert change(BASE, after).changed == (altered,)


def test_the_order_is_no_change() -> None:
    assert change(BASE, replace(BASE, nonce=6)) is NO_CHANGE
    assert change(BASE, replace(BASE, transfers=BASE.transfers[::-1])) == NO_CHANGE


def test_ids_of_different_states_are_different() -> None:
    """Up to the largest nonce of the chain they fit into 64 bits."""
    assert list(islice(transfer_ids(1), 2)) == [256, 257]
    assert len({*transfer_ids(7), *transfer_ids(8)}) == 512
    assert max(transfer_ids(2**48 - 1)) < 2**64


def test_the_triple_is_what_outcomes_are_kept_for() -> None:
    assert triple_of(FROM_USER) == triple_of(FROM_NODE) == TERMS.triple
    assert triple_of(FROM_USER) != triple_of(IN_DAI)
    assert triple_of(replace(FROM_USER, expiry=EXPIRY + 1)) != TERMS.triple
