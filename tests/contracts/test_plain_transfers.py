"""ETH enters through `deposit`, `topUp`, `fund` and `batch` only; what is forced in belongs to nobody."""

import pytest
from ape import networks

from tests.contracts.channels import given
from tests.contracts.expect import reverts
from tests.contracts.transactions import Reverted, send


@pytest.mark.parametrize("value", [1, 10**18])
def test_a_plain_transfer_is_refused(manager, user, wealth, value):
    before = wealth()
    with reverts(manager.PlainTransferRefused, sender=user, value=value):
        send(user.address, manager.address, b"", value)
    assert wealth() - before == {}


def test_so_is_one_of_nothing(manager, user):
    with reverts(manager.PlainTransferRefused, sender=user, value=0):
        send(user.address, manager.address, b"")


@pytest.mark.parametrize("data", ["00", "12345678", "ffffffff"])
@pytest.mark.parametrize("value", [0, 1])
def test_an_unknown_function_is_refused(manager, user, data, value):
    with pytest.raises(Reverted) as caught:
        send(user.address, manager.address, bytes.fromhex(data), value)
    assert caught.value.data == b""


def test_views_take_no_ether(manager, user):
    with pytest.raises(Reverted) as caught:
        send(user.address, manager.address, bytes(manager.domainSeparator.encode_input()), 1)
    assert caught.value.data == b""


def test_money_forced_in_belongs_to_nobody_and_changes_nothing(manager, dai, channel, stranger, wealth):
    """As a validator's reward or a token transfer can; no code path reads the contract's own balance."""
    channel.hold(user_wei=5, node_wei=6, user_token=7)
    networks.provider.set_balance(manager.address, 11 + 100)
    given(dai.transfer, manager, 100, sender=stranger)
    before = wealth()
    manager.close(channel.terms, channel.signed(is_final=True), [], sender=stranger)
    assert wealth() - before == {
        "user.wei": 5,
        "user.dai": 7,
        "node.reserve.wei": 6,
        "manager.wei": -5,
        "manager.dai": -7,
    }
    assert (before["manager.wei"], before["manager.dai"]) == (111, 107)
    assert channel.view().user_wei == 0
