"""No figure without its payout."""

from typing import cast

import pytest

from connext.chain import CannotSend
from connext.chain.evm import EvmChain
from connext.keccak import keccak256
from peers import rows
from peers.chain import BenchChain
from peers.rows import AMOUNT
from peers.stand import ETH, Case, Play, WrongPayout, measure

SOMEBODY = b"\x77" * 20


def measured(play: Play, row: str = rows.OPEN) -> dict[str, tuple[int, ...]]:
    return measure(cast(BenchChain, EvmChain()), ETH, "example", {row: play}, ())


def pays(amount: int) -> Play:
    def play(case: Case) -> None:
        case.send(case.user, SOMEBODY, value=1)
        case.begin()
        case.send(case.user, SOMEBODY, value=amount - 1)

    return play


def test_what_was_paid_is_measured_from_the_beginning_of_the_row() -> None:
    assert measured(pays(AMOUNT)) == {rows.OPEN: (21_000,)}


@pytest.mark.parametrize("amount", [AMOUNT - 1, AMOUNT + 1])
def test_a_wei_too_little_or_too_much_is_no_figure(amount: int) -> None:
    with pytest.raises(WrongPayout, match="example, 1 open"):
        measured(pays(amount))


def test_what_lies_in_a_contract_for_the_node_counts_as_paid() -> None:
    def play(case: Case) -> None:
        case.send(case.user, SOMEBODY, value=rows.PAID)
        case.begin()
        case.node_credit = rows.PAID

    assert measured(play, rows.CLOSE) == {rows.CLOSE: ()}


def test_people_are_always_the_same_and_sign_by_themselves() -> None:
    first, second = (Case(cast(BenchChain, EvmChain()), ETH, "a", ()) for _ in range(2))
    assert first.user.account == second.user.account != first.node.account
    assert len(first.user.sign(keccak256(b""))) == 65


def test_a_transaction_that_fails_is_no_figure() -> None:
    chain = EvmChain()
    chain.set_balance(SOMEBODY, AMOUNT)
    reverter = chain.deploy(SOMEBODY, bytes.fromhex("6005600c60003960056000f360006000fd"))
    with pytest.raises(CannotSend):
        measure(cast(BenchChain, chain), ETH, "example", {rows.OPEN: lambda case: case.send(case.user, reverter)}, ())
