"""Reserves and credits, outside of channels; and the token's permit."""

from connext.types import ZERO_ADDRESS
from proof.model import rules
from proof.model.ledger import UNLIMITED, Ledger, minus
from proof.model.messages import Pair, Statement, recovered
from proof.model.operations import Context, Fund, Permit, PushCredit, WithdrawCredit, WithdrawReserve
from proof.model.refusals import ANY_REASON, Event, Refusal, Refused, demand


def fund(ledger: Ledger, operation: Fund, context: Context) -> list[Event]:
    account, amount_token = operation
    amounts = context.value, amount_token
    demand(
        rules.can_own_money(ledger, account),
        rules.something(amounts),
        rules.can_pull(ledger, context.caller, amount_token),
        rules.reserve_can_be_funded(ledger, account, amounts),
    )
    if amount_token:
        ledger.pull(context.caller, amount_token)
    ledger.add_to_reserve(account, amounts)
    return [Event("Funded", (account, *amounts))]


def withdraw_reserve(ledger: Ledger, operation: WithdrawReserve, context: Context) -> list[Event]:
    amounts, recipient = operation[:2], operation.recipient
    reserve = ledger.reserve(context.caller)
    demand(
        rules.no_value(context),
        rules.something(amounts),
        rules.can_own_money(ledger, recipient),
        rules.reserve_suffices(ledger, context.caller, amounts),
        rules.can_deliver(ledger, recipient, amounts),
    )
    ledger.reserves[context.caller] = minus(reserve, amounts)
    _send(ledger, recipient, amounts)
    return [Event("ReserveWithdrawn", (context.caller, recipient, *amounts))]


def withdraw_credit(ledger: Ledger, operation: WithdrawCredit, context: Context) -> list[Event]:
    amounts, recipient = operation[:2], operation.recipient
    credit = ledger.credit(context.caller)
    demand(
        rules.no_value(context),
        rules.something(amounts),
        rules.can_own_money(ledger, recipient),
        (
            Refusal("CreditTooSmall", (context.caller, asset, amounts[asset], credit[asset]))
            for asset in rules.ASSETS
            if amounts[asset] > credit[asset]
        ),
        rules.can_deliver(ledger, recipient, amounts),
    )
    return _pay_credit(ledger, context.caller, recipient, amounts)


def push_credit(ledger: Ledger, operation: PushCredit, context: Context) -> list[Event]:
    """All of one asset, to the account itself."""
    account, asset = operation
    credit = ledger.credit(account)
    amounts = (0, credit[1]) if asset else (credit[0], 0)
    demand(rules.no_value(context), rules.something(amounts), rules.can_deliver(ledger, account, amounts))
    return _pay_credit(ledger, account, account, amounts)


def _pay_credit(ledger: Ledger, account: bytes, recipient: bytes, amounts: Pair) -> list[Event]:
    ledger.credits[account] = minus(ledger.credit(account), amounts)
    _send(ledger, recipient, amounts)
    return [Event("CreditWithdrawn", (account, recipient, *amounts))]


def _send(ledger: Ledger, recipient: bytes, amounts: Pair) -> None:
    for asset in rules.ASSETS:
        if amounts[asset]:
            ledger.send(recipient, asset, amounts[asset])


def permit(ledger: Ledger, operation: Permit, context: Context) -> list[Event]:
    """DAI's own permit, whose errors are the token's. The content of its statement: (holder, spender, nonce,
    expiry)."""
    nonce, expiry, signature = operation
    token, holder = ledger.token, context.caller
    content = (holder, ledger.address, nonce, expiry)
    statement = Statement("Permit", (ledger.parameters.chain_id, token.address), b"", content)
    demand(rules.no_value(context))
    is_in_time = expiry == 0 or context.time <= expiry
    is_signed = recovered(signature, statement) == holder != ZERO_ADDRESS
    if not (is_in_time and is_signed and nonce == token.permit_nonces.get(holder, 0)):
        raise Refused([ANY_REASON])
    token.permit_nonces[holder] = nonce + 1
    token.allowances[holder, ledger.address] = UNLIMITED
    return []
