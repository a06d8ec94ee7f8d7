"""G1 to G10 of docs/protocol.md section 10, as properties that a machine checks: of every step, and of positions.

The checks trust nothing of the model but its ledger before and after a step, which the bytecode agrees with, and the
truth about who signed what. `Guard` performs operations and checks them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from connext.types import MAX_NONCE, ZERO_ADDRESS, Status
from proof.entitlements import ASSETS, due_now, held_by, reserved, takeable, unclaimed
from proof.model import operations as op
from proof.model.ledger import FULL_SHARE, UNFUNDED, Ledger
from proof.model.messages import INITIAL, NODE, NONE, USER, Header, Identity, Signature, Statement
from proof.model.operations import Context, Operation
from proof.model.play import Step, perform
from proof.model.refusals import ANY_REASON, Event, Refused
from proof.past import Change, Losers, Past, Payout, losers_of, payout_of


class Broken(AssertionError):
    """A guarantee does not hold: a fault of the contracts, or of the model that they agree with."""

    def __init__(self, guarantee: str, what: str):
        super().__init__(f"{guarantee}: {what}")
        self.guarantee, self.what = guarantee, what


@dataclass
class Guard:
    """Performs operations on its ledger like `play.perform`, and raises Broken where that breaks a guarantee."""

    ledger: Ledger
    past: Past = field(default_factory=Past)

    def perform(self, operation: Operation, context: Context) -> list[Event]:
        """Raises Refused, Broken."""
        before = self.ledger.position()
        items: list[Step] = []
        try:
            events = perform(self.ledger, operation, context, items.append)
        except Refused as refused:
            self.check(Step(before, operation, context, (), refused.reasons, before))
            raise
        for item in items:
            self.check(item)
        self.check(Step(before, operation, context, tuple(events), frozenset(), self.ledger.position()))
        g1_solvency(self.ledger)
        return events

    def check(self, step: Step) -> None:
        """All that can be said of one step, in a batch or alone; then it is part of the past."""
        if step.refused:
            g4_a_newer_state_is_recorded(self.ledger, self.past, step)
            g10_a_payout_that_is_due_succeeds(self.ledger, self.past, step)
            return
        losers = losers_of(step)
        g2_isolation(self.ledger, step, losers)
        g3_own_money(self.ledger, step, losers)
        if isinstance(step.operation, op.Record):
            g9_outcomes_only_rise(step)
        elif hasattr(step.operation, "channel") or isinstance(step.operation, op.TopUp):
            self._check_channel(Change(step))

    def _check_channel(self, change: Change) -> None:
        ledger, past = self.ledger, self.past
        uses = uses_of(ledger, change)
        g3_authority(ledger, change)
        g5_a_deadline_stays(change)
        g6_no_replay(past, change, uses)
        g8_capacity(ledger, change)
        payout = None
        if change.settles or isinstance(change.operation, op.SettleTransfers):
            payout = payout_of(past, change, ledger.parameters.transfer_limit)
            g4_newest_wins(past, change, payout)
            g7_conservation(change)
            g8_transfer_limit(ledger, change, payout)
            g9_one_share(past, change, payout)
        past.learn(change, uses, payout)

    def survey(self, time: int) -> None:
        """What can be said of a position only by trying: too dear for every step. The ledger is as before
        afterwards."""
        g5_exit(self.ledger, self.past, time)


# --- G1 Solvency: the contract has what it owes ---


def g1_solvency(ledger: Ledger) -> None:
    owed = [0, 0]
    for channel in ledger.channels.values():
        for asset in ASSETS:
            owed[asset] += channel.held[asset] + channel.locked[asset]
    for account in (ledger.reserves, ledger.credits):
        for amounts in account.values():
            owed[0] += amounts[0]
            owed[1] += amounts[1]
    has = ledger.ether.get(ledger.address, 0), ledger.token.balances.get(ledger.address, 0)
    if has[0] < owed[0] or has[1] < owed[1]:
        raise Broken("G1", f"owes {tuple(owed)}, has {has}")


# --- G2 Isolation: nothing lowers what another channel, or somebody else's account, can take out ---


def g2_isolation(ledger: Ledger, step: Step, losers: Losers) -> None:
    before, after, caller = step.before, step.after, step.context.caller
    if not isinstance(step.operation, op.Batch):
        own = _channel_of(step.operation)
        for id_, channel in before.channels.items():
            if id_ != own and after.channels.get(id_) != channel:
                raise Broken("G2", f"channel {id_.hex()} changed by {step.operation}")
    for account in (*losers.of_wallets, *losers.of_reserves, *losers.of_credits):
        if account not in (caller, ledger.address):
            had, has = held_by(before, account), held_by(after, account)
            if has[0] < had[0] or has[1] < had[1]:
                raise Broken("G2", f"account {account.hex()} had {had}, has {has}")


def _channel_of(operation: Operation) -> bytes | None:
    if isinstance(operation, op.TopUp):
        return operation.channel_id
    channel: Identity | None = getattr(operation, "channel", None)
    return channel.id if channel else None


# --- G3 Authority: value leaves an entitlement only by its owner's word ---


def g3_own_money(ledger: Ledger, step: Step, losers: Losers) -> None:
    """Wallets and reserves shrink by their account's own call. (Credit may be pushed to its own account: G2.)"""
    caller = step.context.caller
    for account in losers.of_reserves:
        if account != caller:
            raise Broken("G3", f"the reserve of {account.hex()} fell by a call of {caller.hex()}: {step.operation}")
    for account in losers.of_wallets:
        if account not in (caller, ledger.address):
            raise Broken("G3", f"the wallet of {account.hex()} fell by a call of {caller.hex()}: {step.operation}")


def g3_authority(ledger: Ledger, change: Change) -> None:
    """What a channel loses, by the signature of the side that loses it; time runs and stops by the parties' word."""
    old, new, operation = change.old, change.new, change.operation
    if change.settles:
        was_signed = isinstance(operation, op.Settle) and operation.header == (old.recorded or INITIAL)
        if not was_signed and not signed_by_both(ledger, operation):
            raise Broken("G3", f"{change.id.hex()} was settled with a state that not both signed: {operation}")
        return
    if change.records and not (signed_by_both(ledger, operation) and operation.signed.header == new.recorded):
        raise Broken("G3", f"a state of {change.id.hex()} was recorded that not both signed: {operation}")
    shrank = any(n < o for pairs in ((new.user, old.user), (new.node, old.node)) for n, o in zip(*pairs, strict=True))
    if shrank and not (isinstance(operation, op.Withdraw) and signed_by_both(ledger, operation)):
        raise Broken("G3", f"{change.id.hex()} shrank without both signatures, from {old} to {new}: {operation}")
    if (old.status, new.status) == (Status.OPEN, Status.DISPUTED) and not _started_by_a_party(ledger, change):
        raise Broken("G3", f"a dispute of {change.id.hex()} was started without a party's word: {operation}")
    is_resumed = isinstance(operation, op.Resume) and signed_by_both(ledger, operation, old.dispute)
    if (old.status, new.status) == (Status.DISPUTED, Status.OPEN) and not is_resumed:
        raise Broken("G3", f"dispute {old.dispute} of {change.id.hex()} ended without both signatures: {operation}")


def signed_by_both(ledger: Ledger, operation: Operation, dispute: int = 0) -> bool:
    """Whether both signers signed what the operation carries; of a resume, for the dispute with this number."""
    content: tuple[object, ...]
    match operation:
        case op.Checkpoint(channel, signed) | op.StartDispute(channel, signed) | op.Close(channel, signed, _):
            kind, content, user, node = "State", signed.header, signed.user, signed.node
        case op.StartDisputeWithExit(channel, _, _, signed):
            kind, content, user, node = "State", signed.header, signed.user, signed.node
        case op.Withdraw(channel, withdrawal, user, node):
            kind, content = "Withdrawal", withdrawal
        case op.Resume(channel, deadline, user, node):
            kind, content = "Resume", (dispute, deadline)
        case _:
            return False
    statement = Statement(kind, ledger.domain, channel.id, content)
    return has_signed(user, channel.user_signer, statement) and has_signed(node, channel.node_signer, statement)


def _started_by_a_party(ledger: Ledger, change: Change) -> bool:
    match change.operation:
        case op.StartDispute(channel, _):
            return change.step.context.caller in (*channel.accounts, *channel.signers)
        case op.StartDisputeWithExit(channel, deadline, exit_signature, _):
            statement = Statement("Exit", ledger.domain, channel.id, (change.new.dispute, deadline))
            return any(has_signed(exit_signature, signer, statement) for signer in channel.signers)
        case _:
            return False


def has_signed(signature: Signature, signer: bytes, statement: Statement) -> bool:
    return signature == (signer, statement) and signer != ZERO_ADDRESS


# --- G4 Newest wins: settlement pays exactly the newest state that was submitted in time ---


def g4_a_newer_state_is_recorded(ledger: Ledger, past: Past, step: Step) -> None:
    """Whoever submits a newer state signed by both in time is not refused."""
    operation, (_, time, value) = step.operation, step.context
    if not isinstance(operation, op.Checkpoint) or value or ANY_REASON in step.refused:
        return
    channel, signed = operation
    record = step.before.channels.get(channel.id, UNFUNDED)
    newest = past.newest.get(channel.id, INITIAL)
    in_time = record.status is Status.OPEN or (record.status is Status.DISPUTED and time < record.deadline)
    is_newer = newest.nonce < signed.header.nonce <= MAX_NONCE
    if in_time and is_newer and signed_by_both(ledger, operation):
        raise Broken("G4", f"a state of {channel.id.hex()} newer than nonce {newest.nonce} was refused")


def g4_newest_wins(past: Past, change: Change, payout: Payout) -> None:
    newest = past.newest.get(change.id, INITIAL)
    operation, channel = change.operation, change.channel
    assert channel
    if isinstance(operation, op.Settle) and not change.old.deadline <= change.step.context.time:
        raise Broken("G4", f"{change.id.hex()} was settled before the deadline of its dispute: {change.old}")
    if isinstance(operation, op.Settle) and operation.header != newest:
        raise Broken("G4", f"{change.id.hex()} was settled with nonce {operation.header.nonce}, not {newest.nonce}")
    if isinstance(operation, op.Close) and operation.signed.header.nonce < newest.nonce:
        raise Broken("G4", f"{change.id.hex()} was closed below the recorded nonce {newest.nonce}")
    paid = change.gain(channel.user), change.gain(channel.node), change.new.locked
    if paid != payout.due:
        raise Broken("G4", f"{change.id.hex()} paid {paid} (user, node, locked), due was {payout.due}")
    if any(change.new.locked) and change.new.settled != payout.bits:
        raise Broken("G4", f"{change.id.hex()} says {change.new.settled:b} are settled, not {payout.bits:b}")


# --- G5 Exit: either party alone reaches payout within one challenge period ---


def g5_a_deadline_stays(change: Change) -> None:
    """A dispute has its deadline from its start, one challenge period away; nothing moves it, and its number is new."""
    old, new = change.old, change.new
    if new.status is not Status.DISPUTED:
        return
    if old.status is Status.DISPUTED:
        if (new.deadline, new.dispute) != (old.deadline, old.dispute):
            raise Broken("G5", f"the dispute of {change.id.hex()} moved: {old} to {new}")
    elif not change.channel or new.deadline != change.step.context.time + change.channel.challenge_period:
        raise Broken("G5", f"the dispute of {change.id.hex()} does not end after its challenge period: {new}")


def g5_exit(ledger: Ledger, past: Past, time: int) -> None:
    """Each party of each channel plays its way out, alone, whatever foreign code does; and nothing stays behind."""
    for channel in past.channels.values():
        for side in (USER, NODE):
            before = ledger.position()
            try:
                _play_exit(ledger, past, channel, side, time)
            finally:
                ledger.back(before)


def _play_exit(ledger: Ledger, past: Past, channel: Identity, side: int, time: int) -> None:
    """By the line of `way_out`: the side gets what the recorded state gives it, and no transfer whose list is known
    stays."""
    before = ledger.position()
    was_settled = ledger.channel(channel.id).status is Status.SETTLED
    due = takeable(before, channel.id, side)
    for operation, context in way_out(ledger, past, channel, side, time):
        try:
            perform(ledger, operation, context)
        except Refused as refused:
            raise Broken("G5", f"side {side} cannot leave {channel.id.hex()}: {operation}: {refused}") from None
    account = channel.accounts[side]
    had, has = held_by(before, account), held_by(ledger.position(), account)
    if not was_settled and (has[0] - had[0] < due[0] or has[1] - had[1] < due[1]):
        raise Broken("G5", f"side {side} leaves {channel.id.hex()} with {has} after {had}, due was {due} more")
    end = ledger.channel(channel.id)
    if end.status is Status.SETTLED and any(end.locked) and end.transfers_hash in past.lists:
        raise Broken("G5", f"transfers of {channel.id.hex()} stay locked though all are final: {end}")


def way_out(ledger: Ledger, past: Past, channel: Identity, side: int, time: int) -> Iterator[tuple[Operation, Context]]:
    """What the party's account does from now on until it has left; each operation depends on the ones before having
    been performed. Harnesses may play it on the bytecode."""
    caller = channel.accounts[side]
    record = ledger.channel(channel.id)
    if record.status is Status.OPEN and any(record.held):
        yield op.StartDispute(channel), Context(caller, time)
        record = ledger.channel(channel.id)
    if record.status is Status.DISPUTED:
        time = max(time, record.deadline)
        yield op.Settle(channel, record.recorded or INITIAL), Context(caller, time)
        record = ledger.channel(channel.id)
    transfers = past.lists.get(record.transfers_hash)
    if any(record.locked) and transfers:
        last = max((transfer.expiry for transfer in transfers.transfers), default=0)
        yield op.SettleTransfers(channel, transfers, 2**256 - 1), Context(caller, max(time, last))


# --- G6 No replay: no signature moves value or time twice, nor in another place or life ---


def uses_of(ledger: Ledger, change: Change) -> list[tuple[str, Statement]]:
    """The signed statements that the step used up, and for what."""
    operation, domain, id_ = change.operation, ledger.domain, change.id
    uses = []
    if isinstance(operation, op.Withdraw):
        uses.append(("executed", Statement("Withdrawal", domain, id_, operation.withdrawal)))
    if isinstance(operation, op.StartDisputeWithExit):
        uses.append(("started", Statement("Exit", domain, id_, (change.new.dispute, operation.deadline))))
    if isinstance(operation, op.Resume):
        uses.append(("resumed", Statement("Resume", domain, id_, (change.old.dispute, operation.deadline))))
    if change.records:
        uses.append(("recorded", Statement("State", domain, id_, operation.signed.header)))
    if isinstance(operation, op.Close):
        uses.append(("closed", Statement("State", domain, id_, operation.signed.header)))
    return uses


def g6_no_replay(past: Past, change: Change, uses: list[tuple[str, Statement]]) -> None:
    old, new = change.old, change.new
    for use in uses:
        if use in past.consumed:
            raise Broken("G6", f"{use[0]} for the second time: {use[1]}")
    if old.status is Status.SETTLED and (new.status is not Status.SETTLED or any(new.held)):
        raise Broken("G6", f"{change.id.hex()} came back to life: {new}")
    if new.status is not Status.SETTLED:
        started = old.status is not Status.DISPUTED and new.status is Status.DISPUTED
        if new.dispute != old.dispute + started:
            raise Broken("G6", f"disputes of {change.id.hex()} went from number {old.dispute} to {new.dispute}")
        if new.sequence != old.sequence + isinstance(change.operation, op.Withdraw):
            raise Broken("G6", f"sequences of {change.id.hex()} went from {old.sequence} to {new.sequence}")
        if change.records and new.nonce <= old.nonce:
            raise Broken("G6", f"{change.id.hex()} went back from nonce {old.nonce} to {new.nonce}")


# --- G7 Conservation: what is paid is what was held, to the wei ---


def g7_conservation(change: Change) -> None:
    channel, old, new = change.channel, change.old, change.new
    assert channel
    user, node = change.gain(channel.user), change.gain(channel.node)
    for asset in ASSETS:
        had, left = old.held[asset] + old.locked[asset], new.held[asset] + new.locked[asset]
        if min(user[asset], node[asset], new.locked[asset]) < 0 or user[asset] + node[asset] + left != had:
            raise Broken("G7", f"of {had} of asset {asset} {change.id.hex()} paid {user} and {node} and kept {left}")


# --- G8 Limits: of a channel and of a transfer ---


def g8_capacity(ledger: Ledger, change: Change) -> None:
    for asset in ASSETS:
        capacity = ledger.parameters.capacity[asset]
        if not 0 <= change.new.held[asset] <= capacity:
            raise Broken("G8", f"{change.id.hex()} holds {change.new.held[asset]} of asset {asset}, at most {capacity}")


def g8_transfer_limit(ledger: Ledger, change: Change, payout: Payout) -> None:
    """A side gets no more than its balance, what comes back to it, and payments within the limit."""
    limit, channel = ledger.parameters.transfer_limit, change.channel
    assert channel
    at_once = due_now(change.old, _header(change)) if change.settles else (NONE, NONE)
    for side in (USER, NODE):
        gain = change.gain(channel.accounts[side])
        for asset in ASSETS:
            now = [t for t in (*payout.by_outcome, *payout.by_limit) if t.asset == asset]
            most = at_once[side][asset] + sum(t.amount for t in now if t.payer == side or t.amount <= limit[asset])
            if side == NODE and payout.first:
                most += unclaimed(change.operation.transfers.transfers, payout.held_at_first)[asset]
            if gain[asset] > most:
                raise Broken("G8", f"side {side} of {change.id.hex()} got {gain}, within the limits at most {most}")


def _header(change: Change) -> Header:
    operation = change.operation
    header: Header = operation.header if isinstance(operation, op.Settle) else operation.signed.header
    return header


# --- G9 Atomicity: one triple, one share ---


def g9_outcomes_only_rise(step: Step) -> None:
    operation, before, after = step.operation, step.before.shares, step.after.shares
    assert isinstance(operation, op.Record)
    triple = operation.condition, operation.params_hash, operation.expiry
    for other, share in after.items():
        was = before.get(other, 0)
        if share != was and (other != triple or not was < share <= FULL_SHARE or step.context.time >= operation.expiry):
            raise Broken("G9", f"the share of {other} went from {was} to {share} at {step.context.time}")


def g9_one_share(past: Past, change: Change, payout: Payout) -> None:
    shares = change.step.before.shares
    for transfer in payout.by_outcome:
        share = shares.get(transfer.triple, 0)
        if past.shares.get(transfer.triple, share) != share:
            was = past.shares[transfer.triple]
            raise Broken("G9", f"{transfer.triple} was settled at {was}, and now at {share}")


# --- G10 Liveness of payout: nobody can block somebody else's ---


def g10_a_payout_that_is_due_succeeds(ledger: Ledger, past: Past, step: Step) -> None:
    """A settlement for which the time has come, called as it must be, is refused by nobody's code, list or
    condition."""
    operation, (_, time, value) = step.operation, step.context
    if value or ANY_REASON in step.refused:
        return
    if isinstance(operation, op.Settle):
        channel, header, transfers = operation
        record = step.before.channels.get(channel.id, UNFUNDED)
        is_due = record.status is Status.DISPUTED and time >= record.deadline and header == (record.recorded or INITIAL)
        is_due = is_due and (not transfers.transfers or transfers.hash == header.transfers_hash)
    elif isinstance(operation, op.Close):
        channel, signed, transfers = operation
        record = step.before.channels.get(channel.id, UNFUNDED)
        is_due = record.status in (Status.OPEN, Status.DISPUTED)
        is_due = is_due and signed.header.is_final and signed.header.nonce >= record.nonce
        is_due = is_due and signed_by_both(ledger, operation)
        is_due = is_due and (not transfers.transfers or transfers.hash == signed.header.transfers_hash)
    elif isinstance(operation, op.SettleTransfers):
        channel, transfers, wanted = operation
        record = step.before.channels.get(channel.id, UNFUNDED)
        is_due = any(record.locked) and transfers.hash == record.transfers_hash
        is_due = is_due and any(
            amount and wanted >> index & 1 and not record.settled >> index & 1 and transfer.expiry <= time
            for index, (transfer, amount) in enumerate(
                zip(transfers.transfers, reserved(transfers.transfers, past.locks[channel.id].held), strict=False)
            )
        )
    else:
        return
    if is_due:
        raise Broken("G10", f"a payout of {channel.id.hex()} that is due was refused: {operation}")
