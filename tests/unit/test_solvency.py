"""The report on a manager: sums, deadlines, and whether it has what it owes."""

from dataclasses import replace

from connext.ledger import ChannelLedger, Holdings, Ledger, OpenTransfers
from connext.messages import StateHeader
from connext.solvency import Dispute, overdrawn, report
from connext.types import NOTHING, Amounts, ChannelIdentity, Status, checksum

IDENTITY = ChannelIdentity(b"\x01" * 20, b"\x02" * 20, b"\x03" * 20, b"\x04" * 20, 3600, 0)
OPEN = ChannelLedger(IDENTITY, Status.OPEN, Amounts(5, -2, 10, 20), 0, 0, 0, None, None)
RECORDED = StateHeader(7, 0, 0, 0, 0, bytes(32), False)
DISPUTED = replace(OPEN, status=Status.DISPUTED, deadline=1000, dispute=1, recorded=RECORDED)
SETTLED = replace(OPEN, status=Status.SETTLED, contributions=NOTHING)
ALICE, BOB = b"\x0a" * 20, b"\x0b" * 20
LEDGER = Ledger(
    manager=b"\x11" * 20,
    channels={
        b"\x01" * 32: OPEN,
        b"\x02" * 32: DISPUTED,
        b"\x03" * 32: replace(DISPUTED, deadline=500, recorded=None),
        b"\x04" * 32: SETTLED,
        b"\x05" * 32: replace(SETTLED, open_transfers=OpenTransfers(b"\x09" * 32, 100, 200, 0)),
    },
    reserves={ALICE: Holdings(1000, 2000), BOB: Holdings(1, 2)},
    credits={ALICE: Holdings(10_000, 20_000)},
)
OWED = Holdings(3 * 3 + 100 + 1001 + 10_000, 3 * 30 + 200 + 2002 + 20_000)


def test_what_is_owed_to_whom() -> None:
    result = report(LEDGER, OWED, block=9, time=400)
    assert (result.channels_open, result.channels_disputed, result.channels_settled) == (1, 2, 2)
    assert (result.open, result.disputed) == (Holdings(3, 30), Holdings(6, 60))
    assert (result.locked, result.channels_with_open_transfers) == (Holdings(100, 200), 1)
    assert (result.reserves, result.credits) == (Holdings(1001, 2002), Holdings(10_000, 20_000))
    assert result.owed == OWED


def test_disputes_by_their_deadlines() -> None:
    result = report(LEDGER, OWED, block=9, time=400)
    assert result.disputes == (
        Dispute(b"\x03" * 32, 500, 0, Holdings(3, 30)),
        Dispute(b"\x02" * 32, 1000, 7, Holdings(3, 30)),
    )
    assert [dispute.left(400) for dispute in result.disputes] == [100, 600]


def test_urgent_is_what_can_still_be_answered_but_not_for_long() -> None:
    def urgent(time: int, margin: int) -> list[int]:
        return [dispute.deadline for dispute in report(LEDGER, OWED, 9, time).urgent(margin)]

    assert urgent(400, 0) == []
    assert urgent(400, 100) == []
    assert urgent(400, 101) == [500]
    assert urgent(499, 502) == [500, 1000]
    assert urgent(500, 501) == [1000]


def test_solvent_to_the_wei_of_each_asset() -> None:
    assert report(LEDGER, OWED, 9, 400).is_solvent
    assert report(LEDGER, OWED.plus(1, 1), 9, 400).surplus == Holdings(1, 1)
    assert not report(LEDGER, OWED.plus(-1, 10), 9, 400).is_solvent
    assert not report(LEDGER, OWED.plus(10, -1), 9, 400).is_solvent


def test_nobody_can_have_less_than_nothing() -> None:
    """Then events are missing, and what is owed seems less than it is."""
    assert list(overdrawn(LEDGER)) == []  # the node's side alone may be: it took what the user had paid
    channels = {**LEDGER.channels, b"\x06" * 32: replace(OPEN, contributions=Amounts(5, -6, 0, 0))}
    reserves, credits_ = {ALICE: Holdings(5, -1)}, {BOB: Holdings(-1, 5)}
    assert list(overdrawn(replace(LEDGER, channels=channels, reserves=reserves, credits=credits_))) == [
        f"channel 0x{'06' * 32}",
        f"the reserve of {checksum(ALICE)}",
        f"the credit of {checksum(BOB)}",
    ]
