"""What several operations ask before they change anything. Each rule yields the refusals of what is broken."""

from collections.abc import Iterator

from connext.types import MAX_NONCE, USER_CONTRIBUTION, ZERO_ADDRESS, Status
from proof.model.ledger import MAX_FUNDED_RESERVE, Channel, Ledger
from proof.model.messages import ETHER, NODE, TOKEN, USER, Identity, Pair, Signature, SignedState, Statement, recovered
from proof.model.operations import Context
from proof.model.refusals import Refusal

ASSETS = (ETHER, TOKEN)


def no_value(context: Context) -> Iterator[Refusal]:
    if context.value:
        yield Refusal("UnexpectedValue", (context.value,))


# --- Channels ---


def good_terms(ledger: Ledger, channel: Identity) -> tuple[Refusal, ...]:
    """The tuple of a new channel, docs/protocol.md section 2."""
    if channel.id not in ledger.terms:
        ledger.terms[channel.id] = tuple(_good_terms(ledger, channel))
    return ledger.terms[channel.id]


def _good_terms(ledger: Ledger, channel: Identity) -> Iterator[Refusal]:
    for side in (USER, NODE):
        account, signer = channel.accounts[side], channel.signers[side]
        if ZERO_ADDRESS in (account, signer):
            yield Refusal("ZeroParty", (side,))
        for address in (account, signer):
            yield from _is_nobodys(ledger, address)
        if signer == channel.accounts[1 - side]:
            yield Refusal("SwappedSigner", (side, signer))
    if channel.user == channel.node:
        yield Refusal("SameParty", (channel.user,))
    if channel.user_signer == channel.node_signer:
        yield Refusal("SameParty", (channel.user_signer,))
    shortest, longest = ledger.parameters.min_challenge_period, ledger.parameters.max_challenge_period
    if not shortest <= channel.challenge_period <= longest:
        yield Refusal("ChallengePeriodOutOfBounds", (channel.challenge_period, shortest, longest))


def _is_nobodys(ledger: Ledger, account: bytes) -> Iterator[Refusal]:
    if account in (ledger.address, ledger.token.address):
        yield Refusal("ForbiddenAccount", (account,))


def can_own_money(ledger: Ledger, account: bytes) -> Iterator[Refusal]:
    """A recipient, or the owner of a reserve."""
    yield from _is_nobodys(ledger, account)
    if account == ZERO_ADDRESS:
        yield Refusal("ForbiddenAccount", (account,))


def is_funded(channel_id: bytes, channel: Channel) -> Iterator[Refusal]:
    if channel.status is Status.UNFUNDED:
        yield Refusal("ChannelUnfunded", (channel_id,))


def takes_money(channel_id: bytes, channel: Channel) -> Iterator[Refusal]:
    """New or open, with no dispute running."""
    if channel.status is Status.DISPUTED:
        yield Refusal("DisputeRunning", (channel_id, channel.deadline))
    else:
        yield from is_not_settled(channel_id, channel)


def is_open(channel_id: bytes, channel: Channel) -> Iterator[Refusal]:
    yield from is_funded(channel_id, channel)
    yield from takes_money(channel_id, channel)


def is_not_settled(channel_id: bytes, channel: Channel) -> Iterator[Refusal]:
    if channel.status is Status.SETTLED:
        yield Refusal("ChannelIsSettled", (channel_id,))


def is_live(channel_id: bytes, channel: Channel) -> Iterator[Refusal]:
    """Open or disputed."""
    yield from is_funded(channel_id, channel)
    yield from is_not_settled(channel_id, channel)


def before_the_end(channel_id: bytes, channel: Channel, time: int) -> Iterator[Refusal]:
    """A running dispute has not reached its deadline."""
    if channel.status is Status.DISPUTED and time >= channel.deadline:
        yield Refusal("DisputeOver", (channel_id, channel.deadline, time))


# --- Money ---


def something(amounts: Pair) -> Iterator[Refusal]:
    if not any(amounts):
        yield Refusal("NothingMoved")


def has_room(ledger: Ledger, channel_id: bytes, channel: Channel, side: int, amounts: Pair) -> Iterator[Refusal]:
    """The capacity, and how much turnover the ledger can count."""
    for asset in ASSETS:
        if amounts[asset]:
            total = channel.held[asset] + amounts[asset]
            if total > ledger.parameters.capacity[asset]:
                yield Refusal("CapacityExceeded", (channel_id, asset, total, ledger.parameters.capacity[asset]))
            if side == USER:
                yield from can_be_counted(channel_id, asset, channel.user[asset] + amounts[asset])


def can_be_counted(channel_id: bytes, asset: int, contribution: int) -> Iterator[Refusal]:
    if not USER_CONTRIBUTION.minimum <= contribution <= USER_CONTRIBUTION.maximum:
        yield Refusal("ContributionOutOfRange", (channel_id, asset, contribution))


def can_pull(ledger: Ledger, owner: bytes, amount: int) -> Iterator[Refusal]:
    if amount and not (
        ledger.token.balances.get(owner, 0) >= amount
        and ledger.token.allowances.get((owner, ledger.address), 0) >= amount
        and ledger.surroundings.can_pull(owner, amount)
    ):
        yield Refusal("TokenPullFailed", (owner, amount))


def reserve_can_be_funded(ledger: Ledger, account: bytes, amounts: Pair) -> Iterator[Refusal]:
    reserve = ledger.reserve(account)
    for asset in ASSETS:
        if amounts[asset] and (sum_ := reserve[asset] + amounts[asset]) > MAX_FUNDED_RESERVE:
            yield Refusal("ReserveTooLarge", (account, asset, sum_, MAX_FUNDED_RESERVE))


def reserve_suffices(ledger: Ledger, account: bytes, amounts: Pair) -> Iterator[Refusal]:
    reserve = ledger.reserve(account)
    for asset in ASSETS:
        if amounts[asset] > reserve[asset]:
            yield Refusal("ReserveTooSmall", (account, asset, amounts[asset], reserve[asset]))


def can_deliver(ledger: Ledger, recipient: bytes, amounts: Pair) -> Iterator[Refusal]:
    """An account's own withdrawal arrives or fails."""
    for asset in ASSETS:
        if amounts[asset] and not ledger.surroundings.can_receive(recipient, asset, amounts[asset], False):
            yield Refusal("DeliveryFailed", (recipient, asset, amounts[asset]))


# --- What was signed ---


def is_signed(expected: bytes, signature: Signature, statement: Statement) -> Iterator[Refusal]:
    signer = recovered(signature, statement)
    if signer != expected or signer == ZERO_ADDRESS:
        yield Refusal("WrongSigner", (expected, signer))


def is_signed_by_both(channel: Identity, statement: Statement, user: Signature, node: Signature) -> Iterator[Refusal]:
    yield from is_signed(channel.user_signer, user, statement)
    yield from is_signed(channel.node_signer, node, statement)


def is_state_of_both(ledger: Ledger, channel: Identity, signed: SignedState) -> Iterator[Refusal]:
    statement = Statement("State", ledger.domain, channel.id, signed.header)
    yield from is_signed_by_both(channel, statement, signed.user, signed.node)


def can_be_recorded(ledger: Ledger, channel: Identity, signed: SignedState) -> Iterator[Refusal]:
    if signed.header.nonce > MAX_NONCE:
        yield Refusal("NonceTooLarge", (signed.header.nonce, MAX_NONCE))
    yield from is_state_of_both(ledger, channel, signed)


def not_expired(deadline: int, time: int) -> Iterator[Refusal]:
    if time >= deadline:
        yield Refusal("MessageExpired", (deadline, time))
