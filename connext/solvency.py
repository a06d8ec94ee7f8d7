"""What a manager owes to whom, and whether it has it (G1): the state of a deployment for whoever operates it.

Pure: from a ledger, which comes from events, and what the manager holds at the same block.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connext.ledger import ChannelLedger, Holdings, Ledger
from connext.types import Bytes32, Status, checksum


@dataclass(frozen=True, slots=True)
class Dispute:
    """deadline: Unix seconds, until which newer states are taken; nonce: of the recorded state, 0 without one."""

    channel_id: Bytes32
    deadline: int
    nonce: int
    held: Holdings

    def left(self, now: int) -> int:
        """Seconds to the deadline, negative after it."""
        return self.deadline - now


@dataclass(frozen=True, slots=True)
class Report:
    """A manager at the end of one block. Amounts in wei, time in Unix seconds.

    held: what it has; open, disputed, locked: in open channels, in disputed ones, in transfers of settled ones;
    reserves, credits: outside of channels. disputes: the soonest deadline first.
    """

    block: int
    time: int
    channels_open: int
    channels_disputed: int
    channels_settled: int
    channels_with_open_transfers: int
    open: Holdings
    disputed: Holdings
    locked: Holdings
    reserves: Holdings
    credits: Holdings
    held: Holdings
    disputes: tuple[Dispute, ...]

    @property
    def owed(self) -> Holdings:
        return total((self.open, self.disputed, self.locked, self.reserves, self.credits))

    @property
    def surplus(self) -> Holdings:
        """What it has beyond what it owes: what somebody forced upon it, or less than nothing."""
        return self.held.plus(-self.owed.amount_wei, -self.owed.amount_token)

    @property
    def is_solvent(self) -> bool:
        """G1 of docs/protocol.md."""
        return self.surplus.amount_wei >= 0 and self.surplus.amount_token >= 0

    def urgent(self, margin: int) -> tuple[Dispute, ...]:
        """Disputes that can still be answered, but for less than `margin` seconds."""
        return tuple(dispute for dispute in self.disputes if 0 < dispute.left(self.time) < margin)


def report(ledger: Ledger, held: Holdings, block: int, time: int) -> Report:
    channels = ledger.channels.values()
    by_status = {status: [channel for channel in channels if channel.status is status] for status in Status}
    locked = [Holdings(c.open_transfers.locked_wei, c.open_transfers.locked_token) for c in by_status[Status.SETTLED]]
    disputes = [_dispute(id_, channel) for id_, channel in ledger.channels.items() if channel.status is Status.DISPUTED]
    return Report(
        block=block,
        time=time,
        channels_open=len(by_status[Status.OPEN]),
        channels_disputed=len(by_status[Status.DISPUTED]),
        channels_settled=len(by_status[Status.SETTLED]),
        channels_with_open_transfers=sum(holdings != NOTHING for holdings in locked),
        open=total(map(in_channel, by_status[Status.OPEN])),
        disputed=total(map(in_channel, by_status[Status.DISPUTED])),
        locked=total(locked),
        reserves=total(ledger.reserves.values()),
        credits=total(ledger.credits.values()),
        held=held,
        disputes=tuple(sorted(disputes, key=lambda dispute: dispute.deadline)),
    )


def overdrawn(ledger: Ledger) -> Iterator[str]:
    """Where events leave less than nothing, which no manager lets happen: earlier ones are missing."""
    for channel_id, channel in ledger.channels.items():
        if _is_negative(in_channel(channel)):
            yield f"channel 0x{channel_id.hex()}"
    for what, holdings in (("reserve", ledger.reserves), ("credit", ledger.credits)):
        for account, amount in holdings.items():
            if _is_negative(amount):
                yield f"the {what} of {checksum(account)}"


def _is_negative(holdings: Holdings) -> bool:
    return holdings.amount_wei < 0 or holdings.amount_token < 0


NOTHING = Holdings(0, 0)


def in_channel(channel: ChannelLedger) -> Holdings:
    """What both sides put in and did not take out."""
    amounts = channel.contributions
    return Holdings(amounts.user_wei + amounts.node_wei, amounts.user_token + amounts.node_token)


def total(parts: Iterable[Holdings]) -> Holdings:
    result = NOTHING
    for part in parts:
        result = result.plus(part.amount_wei, part.amount_token)
    return result


def _dispute(channel_id: Bytes32, channel: ChannelLedger) -> Dispute:
    nonce = channel.recorded.nonce if channel.recorded else 0
    return Dispute(channel_id, channel.deadline, nonce, in_channel(channel))
