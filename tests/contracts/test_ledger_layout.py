"""What a channel takes in storage, and what happens when a field is full (docs/decisions/0003-storage-layout.md)."""

import pytest

from connext.keccak import keccak256
from connext.messages import struct_hash, transfers_hash
from connext.types import MAX_CHANNEL_TOTAL, MAX_DISPUTE, MAX_NONCE, MAX_SEQUENCE, USER_CONTRIBUTION, Status
from tests.contracts.cases import EACH_ASSET
from tests.contracts.channels import DAI, ETH, INITIAL_HEADER, NO_STATE, NODE, USER, View, given, listed, only, worth
from tests.contracts.conftest import DAY
from tests.contracts.expect import reverts
from tests.contracts.transfers import EXPIRY, holding, left

RECORDS_SLOT = 4

FUNDED, SETTLED, TOKEN_FIRST, HAS_RECORDED, HAS_SECOND = (1 << bit for bit in range(5))
"""Flags of a head."""
ETHER, TOKEN = FUNDED, FUNDED | TOKEN_FIRST
ETHER_THEN_TOKEN, TOKEN_THEN_ETHER = ETHER | HAS_SECOND, TOKEN | HAS_SECOND
TOMBSTONE = FUNDED | SETTLED


def pot(total, user):
    return (user % 2**96) << 80 | total


def head(flags, first_pot, deadline=0, dispute=0, sequence=0):
    return flags << 248 | sequence << 232 | dispute << 216 | deadline << 176 | first_pot


def recorded(state):
    return state.nonce << 208 | int.from_bytes(struct_hash(state)[:26], "big")


@pytest.fixture
def storage(chain, manager):
    """`storage(channel)`: its head, recorded state and second ledger. `storage(channel, head=word)` sets one first."""

    def access(channel, **words):
        first = int.from_bytes(keccak256(channel.id + RECORDS_SLOT.to_bytes(32, "big")), "big")
        slots = {"head": first, "recorded": first + 1, "second": first + 2}
        for name, word in words.items():
            arguments = [manager.address, hex(slots[name]), f"0x{word:064x}"]
            chain.provider.make_request("anvil_setStorageAt", arguments)
        read = chain.provider.make_request
        return tuple(
            int(read("eth_getStorageAt", [manager.address, hex(slot), "latest"]), 16) for slot in slots.values()
        )

    return access


# --- Slots ---


@EACH_ASSET
def test_a_channel_in_one_asset_takes_one_slot(channel, storage, asset):
    channel.hold(**only(USER, asset, 5), **only(NODE, asset, 7))
    assert storage(channel) == (head(TOKEN if asset else ETHER, pot(total=12, user=5)), 0, 0)


@EACH_ASSET
def test_the_second_asset_takes_a_slot_of_its_own(channel, storage, asset):
    other = ETH if asset else DAI
    channel.hold(**only(NODE, asset, 7)).hold(**only(USER, other, 9)).hold(**only(NODE, other, 2))
    form = TOKEN_THEN_ETHER if asset else ETHER_THEN_TOKEN
    assert storage(channel) == (head(form, pot(total=7, user=0)), 0, pot(total=11, user=9))


def test_a_deposit_of_both_puts_ether_first(channel, storage):
    channel.hold(user_wei=5, user_token=7)
    assert storage(channel) == (head(ETHER_THEN_TOKEN, pot(total=5, user=5)), 0, pot(total=7, user=7))


def test_a_recorded_state_takes_one_slot(manager, channel, storage, user):
    channel.hold(user_wei=5)
    given(manager.checkpoint, channel.terms, channel.signed(nonce=MAX_NONCE, user_wei=-1), sender=user)
    state = channel.state(nonce=MAX_NONCE, user_wei=-1)
    assert storage(channel) == (head(ETHER | HAS_RECORDED, pot(5, 5)), recorded(state), 0)


def test_the_head_says_so_too_where_the_state_comes_after_the_dispute(manager, channel, storage, user):
    channel.hold(user_wei=5)
    deadline = channel.dispute()
    given(manager.checkpoint, channel.terms, channel.signed(nonce=2), sender=user)
    marked = head(ETHER | HAS_RECORDED, pot(5, 5), deadline, dispute=1)
    assert storage(channel) == (marked, recorded(channel.state(nonce=2)), 0)
    given(manager.checkpoint, channel.terms, channel.signed(nonce=3), sender=user)
    assert storage(channel) == (marked, recorded(channel.state(nonce=3)), 0)


@EACH_ASSET
def test_each_field_changes_alone(manager, channel, storage, user, asset):
    """Every other field holds a value that would show a carry or a wrong mask."""
    flags = (TOKEN_THEN_ETHER if asset else ETHER_THEN_TOKEN) | HAS_RECORDED
    unit = "token" if asset else "wei"
    other = "wei" if asset else "token"
    channel.hold(user_wei=1000, user_token=1000)
    full = {"dispute": MAX_DISPUTE - 1, "sequence": MAX_SEQUENCE - 1}
    state = channel.state(nonce=1)
    given(manager.checkpoint, channel.terms, channel.signed(), sender=user)

    storage(channel, head=head(flags, pot(1000, -1), **full), second=pot(1000, -3))
    given(manager.deposit, channel.terms, USER, worth(asset, 1)[1], sender=user, value=worth(asset, 1)[0])
    assert storage(channel) == (head(flags, pot(1001, 0), **full), recorded(state), pot(1000, -3))

    given(manager.withdraw, channel.terms, *withdrawal_of(channel, unit, 3), sender=user)
    full["sequence"] += 1
    assert storage(channel) == (head(flags, pot(998, -3), **full), recorded(state), pot(1000, -3))

    storage(channel, head=head(flags, pot(998, -3), dispute=MAX_DISPUTE - 2, sequence=MAX_SEQUENCE - 1))
    given(manager.withdraw, channel.terms, *withdrawal_of(channel, other, 2), sender=user)
    full = {"dispute": MAX_DISPUTE - 2, "sequence": MAX_SEQUENCE}
    assert storage(channel) == (head(flags, pot(998, -3), **full), recorded(state), pot(998, -5))

    deadline = channel.dispute()
    full["dispute"] += 1
    assert storage(channel) == (head(flags, pot(998, -3), deadline, **full), recorded(state), pot(998, -5))

    channel.resume()
    assert storage(channel) == (head(flags, pot(998, -3), **full), recorded(state), pot(998, -5))


def withdrawal_of(channel, unit, user_amount):
    return channel.withdrawal(sequence=MAX_SEQUENCE - 1, **{f"user_{unit}": user_amount})


@pytest.mark.parametrize("number", [0xFF, 0x1FF, 0x7FFF])
def test_counters_carry(manager, channel, storage, user, number):
    channel.hold(user_wei=10)
    storage(channel, head=head(ETHER, pot(10, 10), dispute=number, sequence=number))
    given(manager.withdraw, channel.terms, *channel.withdrawal(sequence=number), sender=user)
    deadline = channel.dispute()
    expected = head(ETHER, pot(10, 10), deadline, dispute=number + 1, sequence=number + 1)
    assert storage(channel) == (expected, 0, 0)


# --- Tombstone (G6) ---


@pytest.mark.parametrize(
    "deposits",
    [
        [{"user_wei": 5}],
        [{"user_token": 5}],
        [{"user_wei": 5}, {"user_token": 5}],
        [{"user_token": 5}, {"user_wei": 5}],
    ],
    ids=["eth", "dai", "eth then dai", "dai then eth"],
)
@pytest.mark.parametrize("with_state", [False, True], ids=["no state", "a recorded state"])
@pytest.mark.parametrize("way", ["settle", "close"])
def test_only_the_tombstone_stays(manager, channel, storage, user, at, deposits, with_state, way):
    for deposit in deposits:
        channel.hold(**deposit)
    deadline = channel.dispute(channel.signed(nonce=3)) if with_state else channel.dispute()
    at(deadline)
    if way == "close":
        channel.close(nonce=4)
    else:
        header = channel.header(nonce=3) if with_state else INITIAL_HEADER
        given(manager.settle, channel.terms, header, [], sender=user)
    assert storage(channel) == (head(TOMBSTONE, 0), 0, 0)
    assert channel.view() == View(Status.SETTLED)


# --- Open transfers of a settled channel ---


def word(transfers):
    return int.from_bytes(transfers_hash(tuple(transfers)))


DEPOSITS = pytest.mark.parametrize(
    "deposits", [[{"user_wei": 100, "user_token": 100}], [{"user_token": 100}, {"user_wei": 100}]], ids=["eth", "dai"]
)


@DEPOSITS
@pytest.mark.parametrize("with_state", [False, True], ids=["no state", "a recorded state"])
def test_what_transfers_hold_stays_with_the_tombstone(manager, channel, storage, user, promise, deposits, with_state):
    """Their hash is where the state was, which of them are settled where the second ledger was."""
    for deposit in deposits:
        channel.hold(**deposit)
    if with_state:
        given(manager.checkpoint, channel.terms, channel.signed(nonce=3), sender=user)
    wei, token, gone = transfers = promise(USER, ETH, 7), promise(USER, DAI, 9), promise(USER, DAI, 1)
    promise.keep(gone)
    channel.close(nonce=4, **holding(*transfers))
    assert storage(channel) == (head(TOMBSTONE, 9 << 80 | 7), word(transfers), 0b100)
    promise.keep(wei)
    given(manager.settleTransfers, channel.terms, listed(transfers), 0b001, sender=user)
    assert storage(channel) == (head(TOMBSTONE, 9 << 80), word(transfers), 0b101)
    promise.keep(token)
    given(manager.settleTransfers, channel.terms, listed(transfers), 0b010, sender=user)
    assert storage(channel) == (head(TOMBSTONE, 0), 0, 0)


@EACH_ASSET
def test_a_channel_in_one_asset_needs_no_third_slot_before_a_transfer_is_settled(
    manager, channel, storage, user, promise, asset
):
    channel.hold(**only(USER, asset, 100))
    transfers = (promise(USER, asset, 7), promise(USER, asset, 9))
    final = channel.signed(is_final=True, **holding(*transfers))
    given(manager.close, channel.terms, final, [], sender=user)
    held = 16 << (80 if asset else 0)
    assert storage(channel) == (head(TOMBSTONE, held), word(transfers), 0)
    promise.keep(transfers[1])
    given(manager.settleTransfers, channel.terms, listed(transfers), 0b10, sender=user)
    assert storage(channel) == (head(TOMBSTONE, 7 << (80 if asset else 0)), word(transfers), 0b10)


@pytest.mark.parametrize("form", [ETHER_THEN_TOKEN, TOKEN_THEN_ETHER])
def test_transfers_may_hold_all_that_a_channel_can(manager, channel, storage, user, promise, form):
    """No field runs into another."""
    most = MAX_CHANNEL_TOTAL
    channel.hold(user_wei=1)
    storage(channel, head=head(form, pot(most, most)), second=pot(most, most))
    transfers = (promise(USER, ETH, most), promise(USER, DAI, most))
    final = channel.signed(is_final=True, **holding(*transfers))
    given(manager.close, channel.terms, final, [], sender=user)
    assert storage(channel) == (head(TOMBSTONE, most << 80 | most), word(transfers), 0)
    assert channel.view() == left(transfers, wei=most, token=most)


def test_every_bit_of_the_settled_ones_is_kept(channel, storage, promise):
    channel.hold(user_wei=300)
    transfers = tuple(promise(USER, ETH, 1, expiry=EXPIRY if i % 3 else 0) for i in range(256))
    channel.close(**holding(*transfers))
    bits = sum(1 << i for i in range(0, 256, 3))
    assert storage(channel) == (head(TOMBSTONE, 256 - 86), word(transfers), bits)
    assert channel.view() == left(transfers, wei=256 - 86, settled_transfers=bits)


# --- Contributions of a long life ---

PLACES = pytest.mark.parametrize("place", ["first", "second"])


def with_contribution(storage, channel, asset, place, total, user):
    """A channel with this ledger of the asset, whether it came first or second; and 1 of the other."""
    if place == "first":
        storage(channel, head=head(TOKEN_THEN_ETHER if asset else ETHER_THEN_TOKEN, pot(total, user)), second=pot(1, 1))
    else:
        storage(channel, head=head(ETHER_THEN_TOKEN if asset else TOKEN_THEN_ETHER, pot(1, 1)), second=pot(total, user))


@EACH_ASSET
@PLACES
@pytest.mark.parametrize("user_contribution", [USER_CONTRIBUTION.minimum, -1, USER_CONTRIBUTION.maximum])
def test_contributions_are_read_with_their_sign(channel, storage, asset, place, user_contribution):
    total = MAX_CHANNEL_TOTAL
    with_contribution(storage, channel, asset, place, total, user_contribution)
    expected = {
        **only(USER, ETH, 1),
        **only(USER, DAI, 1),
        **only(USER, asset, user_contribution),
        **only(NODE, asset, total - user_contribution),
    }
    assert channel.view() == View(Status.OPEN, **expected)


@EACH_ASSET
@PLACES
def test_a_user_who_only_ever_paid_is_stopped_where_the_ledger_ends(manager, channel, storage, user, asset, place):
    most = USER_CONTRIBUTION.maximum
    with_contribution(storage, channel, asset, place, total=10, user=most - 3)
    amount_wei, amount_token = worth(asset, 4)
    with reverts(manager.ContributionOutOfRange, channelId=channel.id, asset=asset, contribution=most + 1):
        manager.deposit(channel.terms, USER, amount_token, sender=user, value=amount_wei)
    amount_wei, amount_token = worth(asset, 3)
    manager.deposit(channel.terms, USER, amount_token, sender=user, value=amount_wei)
    seen = channel.view()
    assert (seen.user_token if asset else seen.user_wei) == most
    assert (seen.node_token if asset else seen.node_wei) == 13 - most


@EACH_ASSET
@PLACES
def test_one_who_was_only_ever_paid_likewise(manager, channel, storage, user, asset, place):
    least = USER_CONTRIBUTION.minimum
    channel.hold(user_wei=10, user_token=10)
    with_contribution(storage, channel, asset, place, total=10, user=least + 3)
    with reverts(manager.ContributionOutOfRange, channelId=channel.id, asset=asset, contribution=least - 1):
        manager.withdraw(channel.terms, *channel.withdrawal(**only(USER, asset, 4)), sender=user)
    manager.withdraw(channel.terms, *channel.withdrawal(**only(USER, asset, 3)), sender=user)
    seen = channel.view()
    assert (seen.user_token if asset else seen.user_wei) == least
    assert (seen.node_token if asset else seen.node_wei) == 7 - least


# --- The last numbers ---


def test_the_last_withdrawal(manager, channel, storage, user):
    """65 534 is the last sequence that can be used; then the channel is left in other ways."""
    channel.hold(user_wei=10)
    storage(channel, head=head(ETHER, pot(10, 10), sequence=MAX_SEQUENCE - 1))
    manager.withdraw(channel.terms, *channel.withdrawal(sequence=MAX_SEQUENCE - 1, user_wei=1), sender=user)
    assert channel.view() == View(Status.OPEN, sequence=MAX_SEQUENCE, user_wei=9)
    with reverts(manager.LastWithdrawal, channelId=channel.id, sequence=MAX_SEQUENCE):
        manager.withdraw(channel.terms, *channel.withdrawal(sequence=MAX_SEQUENCE, user_wei=1), sender=user)
    with reverts(manager.WrongSequence, channelId=channel.id, sequence=MAX_SEQUENCE + 1, expected=MAX_SEQUENCE):
        manager.withdraw(channel.terms, *channel.withdrawal(sequence=MAX_SEQUENCE + 1, user_wei=1), sender=user)
    channel.close()
    assert channel.view() == View(Status.SETTLED)


def test_the_last_dispute_is_not_resumed(manager, channel, storage, user, at):
    """No further one could be started, and without that nobody could leave alone (G5)."""
    channel.hold(user_wei=10)
    storage(channel, head=head(ETHER, pot(10, 10), dispute=MAX_DISPUTE - 2))
    channel.dispute()
    manager.resume(channel.terms, *channel.resumption(MAX_DISPUTE - 1), sender=user)
    manager.startDispute(channel.terms, NO_STATE, sender=user)
    deadline = channel.view().deadline
    assert channel.view() == View(Status.DISPUTED, deadline=deadline, dispute=MAX_DISPUTE, user_wei=10)
    with reverts(manager.LastDispute, channelId=channel.id, dispute=MAX_DISPUTE):
        manager.resume(channel.terms, *channel.resumption(MAX_DISPUTE), sender=user)
    at(deadline)
    manager.settle(channel.terms, INITIAL_HEADER, [], sender=user)
    assert channel.view() == View(Status.SETTLED)


def test_the_last_nonce_can_be_disputed_and_settled(manager, channel, user, at):
    """Nothing newer can be recorded; what comes with the dispute is ignored."""
    channel.hold(user_wei=10)
    given(manager.checkpoint, channel.terms, channel.signed(nonce=MAX_NONCE, user_wei=-1, node_wei=1), sender=user)
    given(manager.startDispute, channel.terms, channel.signed(nonce=MAX_NONCE), sender=user)
    at(channel.view().deadline)
    manager.settle(channel.terms, channel.header(nonce=MAX_NONCE, user_wei=-1, node_wei=1), [], sender=user)
    assert channel.view() == View(Status.SETTLED)


def test_deadlines_fit_for_thousands_of_years(manager, channel, user, at):
    channel.hold(user_wei=10)
    at(2**40 - 1 - DAY)
    manager.startDispute(channel.terms, NO_STATE, sender=user)
    assert channel.view() == View(Status.DISPUTED, deadline=2**40 - 1, dispute=1, user_wei=10)
