"""One way in: every operation by its rules, alone or in a batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proof.model import accounts, disputes, funding, outcomes, payouts, rules
from proof.model import operations as op
from proof.model.ledger import Ledger, Position, move
from proof.model.operations import Context, Operation
from proof.model.refusals import ANY, ANY_REASON, BARE_REVERT, Event, Refusal, Refused, demand


@dataclass(frozen=True)
class Step:
    """An operation that was tried, and what became of it: events if it succeeded, else the reasons why it was
    refused."""

    before: Position
    operation: Operation
    context: Context
    events: tuple[Event, ...]
    refused: frozenset[Refusal]
    after: Position

    @property
    def succeeded(self) -> bool:
        return not self.refused


Watch = Callable[[Step], None]
"""Is told of every item of a batch, before the batch is over: of what happened within a transaction. A batch that is
refused as a whole takes everything back that was told."""


def perform(ledger: Ledger, operation: Operation, context: Context, watch: Watch | None = None) -> list[Event]:
    """A whole transaction. Raises Refused, and has changed nothing then. The caller must have the value it sends."""
    if operation.__class__ is op.Batch:
        events = _batch(ledger, operation, context, watch)
    else:
        events = _RULES[operation.__class__](ledger, operation, context)
    if context.value:
        move(ledger.ether, context.caller, ledger.address, context.value)
    return events


def _batch(ledger: Ledger, batch: op.Batch, context: Context, watch: Watch | None) -> list[Event]:
    """Each item stands alone; the value is handed out once, and what no item spent goes to the caller's reserve."""
    left = context.value
    for index, item in enumerate(batch.items):
        if item.value > left:
            raise Refused([Refusal("BatchOverspent", (index, item.value, left))])
        left -= item.value
    before = ledger.position()
    events: list[Event] = []
    for index, item in enumerate(batch.items):
        try:
            events += _item(ledger, item, context._replace(value=item.value), watch)
        except Refused as refused:
            events.append(Event("CallFailed", (index, refused.reasons)))
            left += item.value
    if left:
        try:
            demand(rules.reserve_can_be_funded(ledger, context.caller, (left, 0)))
        except Refused:
            ledger.back(before)
            raise
        ledger.add_to_reserve(context.caller, (left, 0))
        events.append(Event("Funded", (context.caller, left, 0)))
    return events


def _item(ledger: Ledger, item: op.Item, context: Context, watch: Watch | None) -> list[Event]:
    before = ledger.position() if watch else None
    events: list[Event] = []
    reasons: frozenset[Refusal] = frozenset()
    try:
        if item.starved:
            raise Refused([ANY_REASON])
        events = _ITEMS[item.operation.__class__](ledger, item.operation, context)
    except Refused as refused:
        reasons = refused.reasons
    if watch and before:
        watch(Step(before, item.operation, context, tuple(events), reasons, ledger.position()))
    if reasons:
        raise Refused(reasons)
    return events


def _plain_transfer(_: Ledger, __: op.PlainTransfer, context: Context) -> list[Event]:
    raise Refused([Refusal("PlainTransferRefused", (context.caller, context.value))])


def _plain_item(_: Ledger, __: op.PlainTransfer, context: Context) -> list[Event]:
    raise Refused([Refusal("PlainTransferRefused", (context.caller, ANY))])


def _garbled(_: Ledger, __: op.Garbled, ___: Context) -> list[Event]:
    raise Refused([BARE_REVERT])


def _nested(_: Ledger, __: op.Batch, ___: Context) -> list[Event]:
    raise Refused([Refusal("Reentered")])


Rule = Callable[[Ledger, Any, Context], list[Event]]

_RULES: dict[type, Rule] = {
    op.Deposit: funding.deposit,
    op.TopUp: funding.top_up,
    op.Collateralize: funding.collateralize,
    op.Withdraw: funding.withdraw,
    op.Checkpoint: disputes.checkpoint,
    op.StartDispute: disputes.start_dispute,
    op.StartDisputeWithExit: disputes.start_dispute_with_exit,
    op.Resume: disputes.resume,
    op.Settle: payouts.settle,
    op.Close: payouts.close,
    op.SettleTransfers: payouts.settle_transfers,
    op.Fund: accounts.fund,
    op.WithdrawReserve: accounts.withdraw_reserve,
    op.WithdrawCredit: accounts.withdraw_credit,
    op.PushCredit: accounts.push_credit,
    op.Permit: accounts.permit,
    op.PlainTransfer: _plain_transfer,
    op.Garbled: _garbled,
    op.Record: outcomes.record,
}

_ITEMS: dict[type, Rule] = {
    **_RULES,
    op.Batch: _nested,
    op.PlainTransfer: _plain_item,
    op.Record: _garbled,  # the manager has no such function
}
