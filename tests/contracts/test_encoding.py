"""One encoding per value: what has a bit more than its field is neither taken for the value nor for another one.

Else there were two forms of the same signed message. Nobody's software signs such a bit; those who do cannot use it.
"""

from dataclasses import fields, replace

import pytest

from connext.messages import Withdrawal, struct_hash, transfers_hash
from connext.types import checksum
from tests.contracts.channels import ETH, HELD, NODE, PAID, USER, given, listed, recovered
from tests.contracts.expect import reverts
from tests.contracts.transactions import Reverted, send
from tests.contracts.transfers import holding

TAKEN = {"user_wei": 1, "node_wei": 2, "user_token": 3, "node_token": 4}
NEVER = 2**64 - 1

WORDS_OF_CHANNEL = 6

# The lowest bit beyond each field.
OF_STATE = {"nonce": 64, "user_wei": 128, "node_wei": 128, "user_token": 128, "node_token": 128, "is_final": 1}
OF_WITHDRAWAL = {
    "sequence": 64,
    "user_wei": 128,
    "node_wei": 128,
    "user_token": 128,
    "node_token": 128,
    "recipient": 160,
    "deadline": 64,
}
OF_TRANSFER = {"id": 64, "payer": 8, "asset": 8, "amount": 128, "condition": 160, "expiry": 64}


@pytest.fixture
def channel(new_channel):
    return new_channel().hold(**HELD)


def dirtied(message, field, bit):
    """The message with this bit of the field's word turned over: no message can be made like that."""
    dirty, value = replace(message), getattr(message, field)
    word = int.from_bytes(value) if isinstance(value, bytes) else value % 2**256
    word ^= 1 << bit
    if isinstance(value, bytes):
        object.__setattr__(dirty, field, word.to_bytes(32))
    else:
        object.__setattr__(dirty, field, word - 2**256 if value < 0 else word)
    return dirty


def send_dirty(sender, method, arguments, word, bit):
    """The call with this bit turned over in one word of its arguments."""
    data = bytearray(method.encode_input(*arguments))
    data[4 + 32 * word + 31 - bit // 8] ^= 1 << bit % 8
    send(sender.address, method.contract.address, bytes(data))


def position(message, field):
    """Of the field's word among those that are sent of a message (of a state with the hash in its list's place)."""
    return [f.name for f in fields(message) if f.name != "channel_id"].index(field)


# --- States ---


@pytest.fixture(params=["checkpoint", "startDispute", "startDisputeWithExit", "close"])
def send_state(request, manager, channel, user):
    """`send_state(signed, clean, field)`: with signatures of a state, the clean one is sent with a bit more."""
    is_exit = request.param == "startDisputeWithExit"

    def send_signed(signed, clean, field):
        header = channel.header(**{f.name: getattr(clean, f.name) for f in fields(clean) if f.name != "channel_id"})
        both = (header, channel.signature(USER, signed), channel.signature(NODE, signed))
        exit_ = channel.exit(USER) if is_exit else ()
        shown = ([],) if request.param == "close" else ()
        word = WORDS_OF_CHANNEL + (3 if is_exit else 0) + position(clean, field)
        method = getattr(manager, request.param)
        send_dirty(user, method, (channel.terms, *exit_, both, *shown), word, OF_STATE[field])

    send_signed.reads_first = ("nonce", "is_final") if request.param == "close" else ("nonce",)
    return send_signed


@pytest.mark.parametrize("field", OF_STATE)
def test_a_bit_more_is_another_state(manager, channel, user_signer, send_state, field):
    """Than the one that was signed; or none at all."""
    clean = channel.state(nonce=7, is_final=True, **PAID)
    signature = channel.signature(USER, clean)
    seems = recovered(channel.domain, dirtied(clean, field, OF_STATE[field]), signature)
    if field in send_state.reads_first:
        with pytest.raises(Reverted) as refusal:
            send_state(clean, clean, field)
        assert refusal.value.data == b""
    else:
        with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
            send_state(clean, clean, field)


@pytest.mark.parametrize("field", OF_STATE)
def test_and_where_it_was_signed_it_is_none(channel, send_state, field):
    """It can neither be recorded nor closed with; so no recorded state blocks a settlement either."""
    clean = channel.state(nonce=7, is_final=True, **PAID)
    with pytest.raises(Reverted) as refusal:
        send_state(dirtied(clean, field, OF_STATE[field]), clean, field)
    assert refusal.value.data == b""


@pytest.mark.parametrize("field", OF_STATE)
def test_a_bit_more_is_not_the_recorded_state(manager, channel, user, at, field):
    state = {"nonce": 7, **PAID}
    at(channel.dispute(channel.signed(**state)))
    clean = channel.state(**state)
    dirty = dirtied(clean, field, OF_STATE[field])
    hashes = {"stateHash": struct_hash(dirty)[:26], "recordedHash": struct_hash(clean)[:26]}
    word = WORDS_OF_CHANNEL + position(clean, field)
    with reverts(manager.StateNotRecorded, channelId=channel.id, **hashes):
        send_dirty(user, manager.settle, (channel.terms, channel.header(**state), []), word, OF_STATE[field])


# --- Withdrawals ---


def send_withdrawal(channel, sender, signed, clean, field):
    """With signatures of a withdrawal, the clean one is sent with a bit more."""
    arguments = [getattr(clean, f.name) for f in fields(clean) if f.name != "channel_id"]
    arguments[5] = checksum(clean.recipient)
    both = (channel.signature(USER, signed), channel.signature(NODE, signed))
    word = WORDS_OF_CHANNEL + position(clean, field)
    send_dirty(sender, channel.manager.withdraw, (channel.terms, tuple(arguments), *both), word, OF_WITHDRAWAL[field])


@pytest.fixture
def withdrawal(channel, user):
    return Withdrawal(channel_id=channel.id, sequence=0, **TAKEN, recipient=user.raw, deadline=NEVER)


@pytest.mark.parametrize("field", OF_WITHDRAWAL)
def test_a_bit_more_is_another_withdrawal(manager, channel, withdrawal, user, user_signer, field):
    signature = channel.signature(USER, withdrawal)
    seems = recovered(channel.domain, dirtied(withdrawal, field, OF_WITHDRAWAL[field]), signature)
    if field in ("sequence", "recipient", "deadline"):
        with pytest.raises(Reverted) as refusal:
            send_withdrawal(channel, user, withdrawal, withdrawal, field)
        assert refusal.value.data == b""
    else:
        with reverts(manager.WrongSigner, expected=user_signer, recovered=seems):
            send_withdrawal(channel, user, withdrawal, withdrawal, field)


@pytest.mark.parametrize("field", OF_WITHDRAWAL)
def test_and_where_it_was_signed_nothing_is_withdrawn(channel, withdrawal, user, field):
    dirty = dirtied(withdrawal, field, OF_WITHDRAWAL[field])
    with pytest.raises(Reverted) as refusal:
        send_withdrawal(channel, user, dirty, withdrawal, field)
    assert refusal.value.data == b""


# --- Transfers ---


@pytest.fixture(params=["settle", "close", "settleTransfers"])
def send_list(request, manager, channel, user, at):
    """`send_list(signed, clean, field)`: a state with one transfer, the clean one is sent with a bit more."""

    def send_signed(signed, clean, field):
        terms, shown = channel.terms, listed([clean])
        state = {**holding(clean), "transfers": (signed,)}
        if request.param == "settle":
            at(channel.dispute(channel.signed(**state)))
            method, arguments, words_before = manager.settle, (terms, channel.header(**state), shown), 15
        elif request.param == "close":
            final = channel.signed(is_final=True, **state)
            method, arguments, words_before = manager.close, (terms, final, shown), 19
        else:
            given(manager.close, terms, channel.signed(is_final=True, **state), [], sender=user)
            method, arguments, words_before = manager.settleTransfers, (terms, shown, 1), 9
        send_dirty(user, method, arguments, words_before + position(clean, field), OF_TRANSFER[field])

    return send_signed


@pytest.mark.parametrize("field", OF_TRANSFER)
def test_a_bit_more_is_another_list(manager, channel, promise, send_list, field):
    transfer = promise(USER, ETH, 5)
    promise.keep(transfer)
    dirty = dirtied(transfer, field, OF_TRANSFER[field])
    hashes = {"transfersHash": transfers_hash((dirty,)), "expectedHash": transfers_hash((transfer,))}
    with reverts(manager.WrongTransfers, channelId=channel.id, **hashes):
        send_list(transfer, transfer, field)


@pytest.mark.parametrize("field", [field for field in OF_TRANSFER if field != "id"])
def test_and_where_it_was_signed_nothing_is_handed_out(promise, send_list, field):
    """Of a transfer the contract reads all but the id. Without the list the rest of such a channel can be settled."""
    transfer = promise(USER, ETH, 5)
    promise.keep(transfer)
    with pytest.raises(Reverted) as refusal:
        send_list(dirtied(transfer, field, OF_TRANSFER[field]), transfer, field)
    assert refusal.value.data == b""
