"""batch: several calls for one caller, each standing alone. docs/protocol.md section 3."""

from bisect import bisect_left

import pytest
from ape import networks

from connext.types import Asset, Status, parse_address
from tests.contracts.batches import ENOUGH, failures, item, reason, reason_string
from tests.contracts.channels import ETH, INITIAL_HEADER, NO_SIGNATURE, NO_STATE, NODE, USER, View, given
from tests.contracts.doubles import REFUSING, Conduct
from tests.contracts.expect import event, events_of, reverts
from tests.contracts.transactions import Reverted, send

MAX_REASON_BYTES = 256
CALL_OVERHEAD_GAS = 2_000


def names(tx):
    return [name for _, name, _ in events_of(tx)]


# --- Calls that succeed ---


def test_every_call_is_made_in_order_for_the_caller(manager, channel, node, wealth):
    before = wealth()
    calls = [
        item(manager.deposit, channel.terms, NODE, 7, value=5),
        item(manager.topUp, channel.id, USER, 2, value=1),
        item(manager.fund, node, 4, value=3),
        item(manager.collateralize, channel.terms, 2, 3),
        item(manager.withdrawReserve, 1, 1, node),
    ]
    tx = manager.batch(calls, sender=node, value=9)
    assert [name for name in names(tx) if name not in ("Transfer", "ChannelOpened")] == [
        "Deposited",
        "Deposited",
        "Funded",
        "Collateralized",
        "ReserveWithdrawn",
    ]
    assert channel.view() == View(Status.OPEN, user_wei=1, node_wei=7, user_token=2, node_token=10)
    assert wealth() - before == {
        "node.wei": -8,
        "node.dai": -12,
        "manager.wei": 8,
        "manager.dai": 12,
    }


def test_a_batch_says_which_calls_succeeded(manager, channel, user):
    good = item(manager.deposit, channel.terms, USER, 7)
    bad = item(manager.deposit, channel.terms, USER, 0)
    assert manager.batch.call([good, bad, good], sender=user) == [True, False, True]


def test_an_empty_batch_does_nothing(manager, user, wealth):
    before = wealth()
    tx = manager.batch([], sender=user)
    assert events_of(tx) == []
    assert wealth() - before == {}


def test_the_caller_is_kept(manager, channel, node, stranger, wealth):
    """The manager never is anybody's caller: what only the account may do, a stranger cannot do in a batch either."""
    channel.hold(user_wei=1)
    given(manager.fund, node, 70, sender=node, value=50)
    calls = [
        item(manager.withdrawReserve, 1, 0, stranger),
        item(manager.collateralize, channel.terms, 1, 0),
        item(manager.startDispute, channel.terms, NO_STATE),
        item(manager.withdrawCredit, 1, 0, stranger),
    ]
    before = wealth()
    tx = manager.batch(calls, sender=stranger)
    assert failures(tx) == {
        0: reason(manager.ReserveTooSmall, account=stranger, asset=ETH, amount=1, reserve=0),
        1: reason(manager.NotAnAccount, channelId=channel.id, caller=stranger),
        2: reason(manager.NotAParty, channelId=channel.id, caller=stranger),
        3: reason(manager.CreditTooSmall, account=stranger, asset=ETH, amount=1, credit=0),
    }
    assert wealth() - before == {}


def test_tokens_are_pulled_from_the_caller_only(manager, channel, node, wealth):
    before = wealth()
    manager.batch([item(manager.deposit, channel.terms, USER, 7)], sender=node)
    assert wealth() - before == {"node.dai": -7, "manager.dai": 7}


# --- Neighbours ---

NEIGHBOURS = {
    "a call that reverts": lambda s: (item(s.manager.fund, s.user, 0), reason(s.manager.NothingMoved)),
    "a call that somebody made first": lambda s: (
        item(s.manager.checkpoint, s.channel.terms, s.channel.signed(nonce=1)),
        reason(s.manager.StateNotNewer, channelId=s.channel.id, nonce=1, recordedNonce=1),
    ),
    "a call without enough gas": lambda s: (item(s.manager.fund, s.user, 7, gas=20_000), b""),
    "a call that gets no gas": lambda s: (item(s.manager.fund, s.user, 7, gas=0), b""),
    "a batch": lambda s: (item(s.manager.batch, [item(s.manager.fund, s.user, 7)]), reason(s.manager.Reentered)),
    "an empty batch": lambda s: (item(s.manager.batch, []), reason(s.manager.Reentered)),
    "an unknown function": lambda _: ((bytes.fromhex("12345678"), 0, ENOUGH), b""),
    "half a selector": lambda _: ((bytes.fromhex("1234"), 0, ENOUGH), b""),
    "cut arguments": lambda s: ((item(s.manager.fund, s.user, 7)[0][:-1], 0, ENOUGH), b""),
    "no data": lambda s: (
        (b"", 0, ENOUGH),
        reason(s.manager.PlainTransferRefused, sender=s.user, value=20),
    ),
    "what the token refuses": lambda s: (
        item(s.manager.permit, 0, 0, 27, *NO_SIGNATURE),
        reason_string("Dai/invalid-permit"),
    ),
    "a view": lambda s: (item(s.manager.reserveOf, s.user), b""),
}


@pytest.fixture
def scene(manager, channel, user, stranger):
    """What the neighbours are made of: an open channel with a recorded state."""
    channel.hold(user_wei=1)
    given(manager.checkpoint, channel.terms, channel.signed(nonce=1), sender=stranger)

    class Scene:
        pass

    Scene.manager, Scene.channel, Scene.user = manager, channel, user
    return Scene


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_a_failing_neighbour_is_reported_and_undoes_nothing_else(scene, manager, channel, user, wealth, neighbour):
    bad, expected = NEIGHBOURS[neighbour](scene)
    deposit = item(manager.topUp, channel.id, USER, 7, value=10)
    before = wealth()
    tx = manager.batch([deposit, bad, deposit], sender=user, value=20)
    assert failures(tx) == {1: expected}
    assert names(tx) == ["Deposited", "Transfer", "CallFailed", "Deposited", "Transfer"]
    assert wealth() - before == {"user.wei": -20, "user.dai": -14, "manager.wei": 20, "manager.dai": 14}
    assert channel.view().user_wei == 21


def test_a_failing_call_leaves_no_trace(manager, channel, user):
    """Not even the channel that it opened before its tokens did not arrive."""
    tx = manager.batch([item(manager.deposit, channel.terms, USER, 10**24 + 1)], sender=user)
    assert names(tx) == ["CallFailed"]
    assert channel.view() == View()


def test_settlements_pay_whatever_their_neighbours_payees_do(
    new_channel, hostile_manager, hostile_recipient, stranger, hostile_wealth, at
):
    villain = parse_address(hostile_recipient.address)
    channels = [new_channel(hostile_manager, salt=1), new_channel(hostile_manager, salt=2, user=villain)]
    channels.append(new_channel(hostile_manager, salt=3))
    for channel in channels:
        channel.hold(user_wei=5, node_wei=6, user_token=7)
    deadline = max(channel.dispute() for channel in channels)
    given(hostile_recipient.behave, Conduct.BURNS_GAS, sender=stranger)
    calls = [item(hostile_manager.settle, channel.terms, INITIAL_HEADER, []) for channel in channels]
    before = hostile_wealth()
    at(deadline)
    tx = hostile_manager.batch(calls, sender=stranger)
    assert failures(tx) == {}
    assert hostile_wealth() - before == {
        "user.wei": 10,
        "user.dai": 14,
        "payee.credit.wei": 5,
        "payee.dai": 7,
        "node.reserve.wei": 18,
        "manager.wei": -10,
        "manager.dai": -21,
    }


# --- Value ---


def test_value_is_counted_once(manager, channel, user, wealth):
    """Two deposits cannot both be made of the same wei."""
    before = wealth()
    calls = [item(manager.deposit, channel.terms, USER, 0, value=5)] * 2
    with reverts(manager.BatchOverspent, index=1, value=5, valueLeft=4):
        manager.batch(calls, sender=user, value=9)
    assert wealth() - before == {}
    manager.batch(calls, sender=user, value=10)
    assert wealth() - before == {"user.wei": -10, "manager.wei": 10}
    assert channel.view() == View(Status.OPEN, user_wei=10)


@pytest.mark.parametrize(
    ("values", "sent", "refused"),
    [
        ([1], 0, {"index": 0, "value": 1, "valueLeft": 0}),
        ([3, 3, 3], 8, {"index": 2, "value": 3, "valueLeft": 2}),
        ([1, 2**256 - 1], 2, {"index": 1, "value": 2**256 - 1, "valueLeft": 1}),
    ],
)
def test_calls_may_not_spend_more_than_was_sent(manager, channel, user, values, sent, refused):
    calls = [item(manager.deposit, channel.terms, USER, 0, value=value) for value in values]
    with reverts(manager.BatchOverspent, **refused):
        manager.batch(calls, sender=user, value=sent)


def test_what_no_call_spends_goes_to_the_callers_reserve(manager, channel, stranger, wealth):
    """Surplus is never kept."""
    before = wealth()
    tx = manager.batch([item(manager.deposit, channel.terms, USER, 0, value=5)], sender=stranger, value=12)
    assert wealth() - before == {"stranger.wei": -12, "manager.wei": 12, "stranger.reserve.wei": 7}
    assert events_of(tx)[-1] == event(manager.Funded, account=stranger, amountWei=7, amountToken=0)
    assert channel.view().user_wei == 5


def test_the_value_of_an_empty_batch_goes_to_the_callers_reserve(manager, stranger, wealth):
    before = wealth()
    tx = manager.batch([], sender=stranger, value=7)
    assert wealth() - before == {"stranger.wei": -7, "manager.wei": 7, "stranger.reserve.wei": 7}
    assert events_of(tx) == [event(manager.Funded, account=stranger, amountWei=7, amountToken=0)]


def test_the_value_of_a_failed_deposit_goes_to_the_callers_reserve(manager, channel, user, stranger, wealth):
    channel.hold(user_wei=1)
    channel.dispute()
    deadline = channel.view().deadline
    before = wealth()
    calls = [item(manager.topUp, channel.id, USER, 0, value=5), item(manager.fund, user, 0, value=2)]
    tx = manager.batch(calls, sender=stranger, value=7)
    assert failures(tx) == {0: reason(manager.DisputeRunning, channelId=channel.id, deadline=deadline)}
    assert wealth() - before == {
        "stranger.wei": -7,
        "manager.wei": 7,
        "user.reserve.wei": 2,
        "stranger.reserve.wei": 5,
    }


def test_no_value_means_no_change_to_keep(manager, channel, user):
    tx = manager.batch([item(manager.deposit, channel.terms, USER, 7)], sender=user)
    assert "Funded" not in names(tx)


def test_change_that_the_reserve_cannot_hold_fails_the_whole_batch(manager, user, chain):
    full = 2**127 - 1
    chain.set_balance(user.address, full + 1)
    given(manager.fund, user, 0, sender=user, value=full)
    with reverts(manager.ReserveTooLarge, account=user, asset=ETH, reserve=full + 1, max=full):
        manager.batch([], sender=user, value=1)


def calls_without_value(s):
    """A call of every function that takes no ETH."""
    m, c = s.manager, s.channel
    return {
        "collateralize": item(m.collateralize, c.terms, 1, 1, value=1),
        "withdraw": item(m.withdraw, c.terms, *c.withdrawal(user_wei=1), value=1),
        "checkpoint": item(m.checkpoint, c.terms, c.signed(nonce=2), value=1),
        "startDispute": item(m.startDispute, c.terms, NO_STATE, value=1),
        "startDisputeWithExit": item(m.startDisputeWithExit, c.terms, *c.exit(USER), NO_STATE, value=1),
        "resume": item(m.resume, c.terms, *c.resumption(), value=1),
        "settle": item(m.settle, c.terms, INITIAL_HEADER, [], value=1),
        "close": item(m.close, c.terms, c.signed(nonce=2, is_final=True), [], value=1),
        "settleTransfers": item(m.settleTransfers, c.terms, [], 1, value=1),
        "withdrawReserve": item(m.withdrawReserve, 1, 1, s.user, value=1),
        "withdrawCredit": item(m.withdrawCredit, 1, 1, s.user, value=1),
        "pushCredit": item(m.pushCredit, s.user, Asset.ETH, value=1),
        "permit": item(m.permit, 0, 0, 27, *NO_SIGNATURE, value=1),
    }


def test_value_meant_for_a_call_that_takes_none_is_not_lost(scene, manager, user, wealth):
    calls = calls_without_value(scene)
    before = wealth()
    tx = manager.batch(list(calls.values()), sender=user, value=len(calls))
    assert failures(tx) == dict.fromkeys(range(len(calls)), reason(manager.UnexpectedValue, value=1))
    assert wealth() - before == {
        "user.wei": -len(calls),
        "manager.wei": len(calls),
        "user.reserve.wei": len(calls),
    }


@pytest.mark.usefixtures("scene")
def test_calls_that_take_no_value_work_beside_calls_that_do(manager, channel, user):
    """They see their own share of the value, which is nothing, not that of the batch."""
    calls = [
        item(manager.fund, user, 0, value=5),
        item(manager.withdrawReserve, 5, 0, user),
        item(manager.withdraw, channel.terms, *channel.withdrawal(user_wei=1)),
        item(manager.checkpoint, channel.terms, channel.signed(nonce=2)),
    ]
    tx = manager.batch(calls, sender=user, value=5)
    assert failures(tx) == {}
    assert channel.view().nonce == 2


def test_a_view_in_a_batch_works_without_value_and_costs_none_with_it(manager, user, wealth):
    view = item(manager.reserveOf, user)
    assert manager.batch.call([view], sender=user) == [True]
    before = wealth()
    tx = manager.batch([(view[0], 5, ENOUGH)], sender=user, value=5)
    assert failures(tx) == {0: b""}
    assert wealth() - before == {"user.wei": -5, "manager.wei": 5, "user.reserve.wei": 5}


def test_after_a_batch_value_means_the_calls_own_again(manager, channel, hostile_recipient, stranger):
    """Also in the same transaction, where a contract makes a batch, a deposit and another batch."""
    deposit = manager.deposit.encode_input(channel.terms, USER, 0)
    batch = manager.batch.encode_input([item(manager.deposit, channel.terms, USER, 0, value=5)])
    hostile_recipient.execute(manager, [batch, deposit, batch], [5, 3, 5], sender=stranger, value=13)
    assert channel.view().user_wei == 13
    assert manager.reserveOf(hostile_recipient) == (0, 0)


def test_the_caller_is_who_calls_not_who_pays_for_the_gas(manager, hostile_recipient, stranger, wealth):
    """A contract's change and tokens are the contract's, not those of whoever sent the transaction."""
    before = wealth()
    batch = manager.batch.encode_input([item(manager.fund, hostile_recipient, 7)])
    hostile_recipient.execute(manager, [batch], [3], sender=stranger, value=3)
    assert wealth() - before == {"stranger.wei": -3, "manager.wei": 3}
    assert manager.reserveOf(hostile_recipient) == (3, 0)


# --- Reasons ---


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 1_000, 30_000])
def test_a_reason_is_cut_at_256_bytes(hostile_manager, hostile_token, user, rng, size):
    answer = rng.randbytes(size)
    networks.provider.set_code(hostile_token.address, reverting_with(answer))
    tx = hostile_manager.batch([item(hostile_manager.permit, 0, 0, 27, *NO_SIGNATURE)], sender=user)
    assert failures(tx) == {0: answer[:MAX_REASON_BYTES]}


def reverting_with(answer: bytes) -> bytes:
    """Code of a contract that reverts every call with these bytes."""
    size = f"61{len(answer):04x}"
    return bytes.fromhex(f"{size}600d5f39{size}5ffd") + b"\0" + answer


@pytest.mark.parametrize("conduct", REFUSING)
def test_a_token_that_fails_in_any_way_is_only_reported(hostile_manager, hostile_token, user, hostile_wealth, conduct):
    given(hostile_token.behave, conduct, sender=user)
    calls = [item(hostile_manager.permit, 0, 0, 27, *NO_SIGNATURE), item(hostile_manager.fund, user, 0, value=3)]
    before = hostile_wealth()
    tx = hostile_manager.batch(calls, sender=user, value=3)
    assert list(failures(tx)) == [0]
    assert len(failures(tx)[0]) <= MAX_REASON_BYTES
    assert hostile_wealth() - before == {"user.wei": -3, "manager.wei": 3, "user.reserve.wei": 3}


# --- Gas ---


def ending(sender, manager, calls, gas):
    """What a batch with this much gas reverts with, or `None` where it does not."""
    request = {
        "from": sender.address,
        "to": manager.address,
        "data": manager.batch.encode_input(calls).to_0x_hex(),
        "gas": hex(gas),
        "gasPrice": "0x0",
    }
    answer = networks.provider.web3.provider.make_request("eth_call", [request, "latest"])
    return bytes.fromhex(answer["error"].get("data", "0x")[2:]) if "error" in answer else None


def gas_left_in(refusal, manager, index, gas_needed):
    """The gas that was left where a call was refused, after a check of everything else in the reason."""
    gas_left = int.from_bytes(refusal[36:68], "big")
    assert refusal == reason(manager.BatchGasTooLow, index=index, gasLeft=gas_left, gasNeeded=gas_needed)
    return gas_left


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("gas_needed", [20_000, 62_999, 63_000, 63_001, 4_000_000])
def test_a_call_is_made_exactly_when_its_gas_can_be_given(manager, user, index, gas_needed):
    """EIP-150 keeps a 64th back, and 2 000 more are set aside for the way."""
    view = item(manager.reserveOf, user, gas=10_000)
    calls = [view] * index + [(view[0], 0, gas_needed)]
    limits = range(21_000, 10_000_000)
    least = limits[bisect_left(limits, True, key=lambda gas: ending(user, manager, calls, gas) is None)]
    refused = ending(user, manager, calls, least - 1)
    enough = -(-gas_needed // 63) * 64 + CALL_OVERHEAD_GAS
    assert gas_left_in(refused, manager, index, gas_needed) == enough - 1


@pytest.mark.parametrize("gas_needed", [30_000, 100_000, 500_000])
def test_a_call_gets_its_gas_and_no_more(hostile_manager, hostile_token, user, gas_needed):
    """However much the batch has: the token reports what arrives there."""
    report_gas = bytes.fromhex("5a5f5260205ffd")
    networks.provider.set_code(hostile_token.address, report_gas)
    arrived = set()
    for gas in (700_000, 1_000_000, 8_000_000):
        calls = [item(hostile_manager.permit, 0, 0, 27, *NO_SIGNATURE, gas=gas_needed)]
        tx = hostile_manager.batch(calls, sender=user, gas_limit=gas)
        arrived.add(int.from_bytes(failures(tx)[0], "big"))
    (gas_at_the_token,) = arrived
    assert gas_needed - 5_000 - gas_needed // 64 < gas_at_the_token < gas_needed


def test_an_earlier_call_cannot_starve_a_later_one(hostile_manager, hostile_token, user, node, hostile_wealth):
    """Whatever gas the batch has: it reverts as a whole, or the last call is made with the gas that it asked for."""
    given(hostile_token.behave, Conduct.BURNS_GAS, sender=user)
    greedy = item(hostile_manager.permit, 0, 0, 27, *NO_SIGNATURE, gas=200_000)
    modest = item(hostile_manager.fund, node, 0, value=3, gas=60_000)
    data = bytes(hostile_manager.batch.encode_input([greedy, modest]))
    before = hostile_wealth()
    endings = []
    for gas in range(220_000, 320_000, 1_000):
        snapshot = networks.provider.snapshot()
        try:
            send(user.address, hostile_manager.address, data, value=3, gas=gas)
        except Reverted as refused:
            endings.append(refused.data)
        else:
            endings.append(None)
            assert hostile_wealth() - before == {"user.wei": -3, "manager.wei": 3, "node.reserve.wei": 3}
        networks.provider.restore(snapshot)
    refused = [data for data in endings if data is not None]
    assert endings == refused + [None] * (len(endings) - len(refused))
    assert 0 < len(refused) < len(endings)
    gas_left_in(refused[-1], hostile_manager, 1, 60_000)


def test_nor_one_that_fails_early_where_gas_is_short(new_channel, hostile_manager, hostile_token, user, hostile_wealth):
    """A payout burns nothing where its gas is short, so the batch could go on without it."""
    channel = new_channel(hostile_manager).hold(user_wei=5)
    given(hostile_token.behave, Conduct.BURNS_GAS, sender=user)
    greedy = item(hostile_manager.permit, 0, 0, 27, *NO_SIGNATURE, gas=200_000)
    payout = item(hostile_manager.close, channel.terms, channel.signed(is_final=True), [], gas=300_000)
    data = bytes(hostile_manager.batch.encode_input([greedy, payout]))
    before = hostile_wealth()
    paid = []
    for gas in range(250_000, 650_000, 5_000):
        snapshot = networks.provider.snapshot()
        try:
            send(user.address, hostile_manager.address, data, gas=gas)
        except Reverted:
            paid.append(False)
        else:
            paid.append(True)
            assert hostile_wealth() - before == {"user.wei": 5, "manager.wei": -5}, f"with {gas} gas"
        networks.provider.restore(snapshot)
    assert paid == sorted(paid)
    assert len(set(paid)) == 2


def test_no_gas_at_all_is_refused_like_too_little(manager, user):
    """Where less is left than a call costs by itself, and none is asked for."""
    calls = [item(manager.reserveOf, user, gas=0)]
    endings = [ending(user, manager, calls, gas) for gas in range(22_000, 32_000, 100)]
    refusals = [refusal for refusal in endings if refusal]
    assert refusals
    for refusal in refusals:
        assert gas_left_in(refusal, manager, 0, 0) < CALL_OVERHEAD_GAS
    # Below that even saying so is too expensive; above it the call is made, and fails.
    assert endings[0] == b""
    assert endings[-1] is None
