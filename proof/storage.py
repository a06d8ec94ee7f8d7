"""What the bytecode keeps, read from storage slot by slot: a few microseconds for a channel, where a view takes fifty.

Written from docs/decisions/0003-storage-layout.md; `tests/fuzz/test_bytes.py` checks it against the views.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from connext.keccak import keccak256
from connext.types import Address, Bytes32, Status
from proof.model.messages import Pair

RESERVES, CREDITS, RECORDS = 0, 1, 4
"""Slots of the manager's mappings."""
TOKEN_BALANCES = 2
"""Slot of the token's mapping."""
SHARES = 0
"""Slot of the registry's mapping."""

WORDS_OF_A_CHANNEL = 3

FUNDED, SETTLED, TOKEN_FIRST, HAS_RECORDED, HAS_SECOND = (1 << bit for bit in range(5))


class Stored(NamedTuple):
    """A channel as its slots say: see `proof.model.ledger.Channel`. recorded: nonce and hash of 26 bytes."""

    status: Status
    deadline: int
    dispute: int
    sequence: int
    recorded: tuple[int, bytes]
    user: Pair
    held: Pair
    transfers_hash: bytes
    locked: Pair
    settled: int


NOT_RECORDED = 0, bytes(26)


@lru_cache(maxsize=4096)
def slot_of(key: bytes, mapping: int) -> int:
    """Of a mapping's value."""
    return int.from_bytes(keccak256(key.rjust(32, b"\0") + mapping.to_bytes(32)))


def channel_of(words: Sequence[int]) -> Stored:
    """From its words."""
    head, second_word, third_word = words
    flags = head >> 248
    if not flags & FUNDED:
        return Stored(Status.UNFUNDED, 0, 0, 0, NOT_RECORDED, (0, 0), (0, 0), bytes(32), (0, 0), 0)
    if flags & SETTLED:
        locked = _bits(head, 0, 80), _bits(head, 80, 80)
        hash_ = second_word.to_bytes(32)
        return Stored(Status.SETTLED, 0, 0, 0, NOT_RECORDED, (0, 0), (0, 0), hash_, locked, third_word)
    deadline = deadline_of(head)
    (user, held), other = _pot(head), _pot(third_word) if flags & HAS_SECOND else (0, 0)
    users, totals = (user, other[0]), (held, other[1])
    if flags & TOKEN_FIRST:
        users, totals = users[::-1], totals[::-1]
    recorded = NOT_RECORDED
    if flags & HAS_RECORDED:
        recorded = second_word >> 208, _bits(second_word, 0, 208).to_bytes(26)
    return Stored(
        Status.DISPUTED if deadline else Status.OPEN,
        deadline,
        _bits(head, 216, 16),
        _bits(head, 232, 16),
        recorded,
        users,
        totals,
        bytes(32),
        (0, 0),
        0,
    )


def deadline_of(head: int) -> int:
    """Of the dispute that runs, from the first word of a channel; 0 without one."""
    return _bits(head, 176, 40)


def pair_of(word: int) -> Pair:
    """A reserve or a credit."""
    return word & (1 << 128) - 1, word >> 128


def share_slot(triple: tuple[Address, Bytes32, int]) -> int:
    condition, params_hash, expiry = triple
    key = keccak256(condition.rjust(32, b"\0") + params_hash + expiry.to_bytes(32))
    return slot_of(key, SHARES)


def _pot(word: int) -> tuple[int, int]:
    """User's contribution and total."""
    user = _bits(word, 80, 96)
    return user - (1 << 96) if user >> 95 else user, _bits(word, 0, 80)


def _bits(word: int, shift: int, width: int) -> int:
    return word >> shift & (1 << width) - 1


# --- Making old channels ---


def is_token_first(head: int) -> bool:
    return bool(head >> 248 & TOKEN_FIRST)


def with_counters(head: int, dispute: int, sequence: int) -> int:
    """The first slot of a channel that has had so many disputes and withdrawals."""
    cleared = head & ~((1 << 32) - 1 << 216)
    return cleared | dispute << 216 | sequence << 232


def with_user(head: int, user: int) -> int:
    """The first slot of a channel whose user has so large a contribution to the first asset."""
    return head & ~((1 << 96) - 1 << 80) | user % (1 << 96) << 80
