"""The rows of the table, and what each leaves in the hands of user and node.

In every row the user puts in AMOUNT; from collateral on the node, too; wherever a state is played the user has paid a
third of that. So the payouts of all systems are the same.
"""

from typing import NamedTuple

AMOUNT = 10**18
PAID = AMOUNT // 3
TAKEN = AMOUNT // 5
"""What the user withdraws from a channel that stays open."""
LOCKED = AMOUNT // 4
"""What one hash-locked payment of the user moves, on top of what it has paid."""

OPEN = "1 open + first deposit"
TOP_UP = "2 top-up"
COLLATERAL = "3 node collateral"
FROM_WALLET = "3 the same, from the node's wallet"
"""Where a node's collateral usually comes out of what lies in the contract already."""
CLOSE = "4 cooperative close, both paid"
WITHDRAWAL = "5 partial withdrawal, stays open"
EXIT = "6 unilateral exit, unchallenged"
STALE = "7 stale state + one challenge, to payout"
HASH_LOCK = "8 one hash-locked payment in a dispute (extra over 6)"
EARLIER = "earlier funding of a node's reserve"
"""Once for any number of channels."""
LATER = "later withdrawal of a node's credit"
"""A node's part may stay inside of the contract, for it alone to take out; the user's is always sent to its account."""

LIFE = "1+3+4"
"""The sum of three rows: a channel's cooperative life."""
DEPLOYMENT = "deploy everything"

TABLE = (
    OPEN,
    TOP_UP,
    COLLATERAL,
    FROM_WALLET,
    CLOSE,
    WITHDRAWAL,
    EXIT,
    STALE,
    HASH_LOCK,
    EARLIER,
    LATER,
    LIFE,
    DEPLOYMENT,
)
"""In order."""

PAYOUT = "payout of an unchallenged dispute"
BATCHED = (COLLATERAL, PAYOUT)
SIZES = (1, 10, 100)


def batch(row: str, size: int) -> str:
    """The row for so many channels in one transaction; in the table, the gas for each of them."""
    return f"{row}, {size} in one transaction"


class Change(NamedTuple):
    """By how much user and node are richer than before the channel was opened, in the asset's smallest unit."""

    user: int
    node: int


EXPECTED = {
    OPEN: Change(-AMOUNT, 0),
    TOP_UP: Change(-2 * AMOUNT, 0),
    COLLATERAL: Change(-AMOUNT, -AMOUNT),
    CLOSE: Change(-PAID, PAID),
    WITHDRAWAL: Change(TAKEN - AMOUNT, -AMOUNT),
    EXIT: Change(-PAID, PAID),
    STALE: Change(-PAID, PAID),
    HASH_LOCK: Change(-PAID - LOCKED, PAID + LOCKED),
    LATER: Change(-PAID, PAID),
}
