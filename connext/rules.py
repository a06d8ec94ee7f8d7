"""What a party's software checks before it signs: docs/protocol.md section 8, rules 1 to 6, as pure functions.

Rules 7 to 9 are in `connext.routes`.

A check returns nothing or raises the error that is named for the broken rule; a builder returns the next state to sign.
*Confirmed* is what `Channel.on_chain` holds; nothing here looks at a clock.
"""

from dataclasses import dataclass, replace

from connext import errors
from connext.channel import Channel, Deployment, Offer, balances
from connext.conditions import UnknownCondition, check_params
from connext.fees import NO_FEE, Fee
from connext.messages import Exit, Resume, State, Transfer, Withdrawal
from connext.transfers import NONE, Change, Claim, ShareOf, Triple, change, due, held, plus, to_the_full, triple_of
from connext.types import (
    DAY,
    HOUR,
    MAX_DEADLINE,
    MAX_DISPUTE,
    MAX_NONCE,
    MAX_SEQUENCE,
    ZERO_ADDRESS,
    Address,
    Amounts,
    Asset,
    Bool,
    ChannelIdentity,
    Side,
    Status,
    Uint32,
    Uint64,
    Uint128,
    amounts_for,
    amounts_of,
)

MAX_NONCE_STEP = 2**16
"""A proposal's nonce may be above every known one by at most this, so that no counterparty can use the nonces up."""

FINAL_NONCE_STEP = {Side.USER: 2**10, Side.NODE: 2**11}
"""How far above the highest nonce each side proposes a final state.

A final proposal cannot be refused nor issued again, so a side that has just signed a crossing proposal must still be
able to countersign it: it leaves room below. The node's is above the user's, for the case that both close at once.
"""

MAX_OWN_OFFERS = 8
"""How many states only I have signed at a time: more than honest crossings and refusals need, few enough to defend."""

MAX_OPEN_TRANSFERS = 200

_ASSETS = tuple(Asset)  # iterating over the enum itself costs a microsecond


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner allows its software beyond the protocol. Amounts in wei, periods in seconds.

    payment_limit: largest net change of one state, and largest transfer. Challenge periods (bounds inclusive) and salts
    (up to max_salt): of the channels that the software touches at all. withdrawal_window, resume_window, exit_window:
    how long after the confirmed block the deadline of a withdrawal, resume or exit may be.

    Of conditional transfers: how many a channel may have open, and how much they may hold. shortest_lock, longest_lock:
    how long after the confirmed block a transfer that is added may expire; longest_exchange: the same where two assets
    are on one triple, which is an option for who has the secret. recording_margin: how long before an expiry a witness
    is recorded, and from when on nothing is resolved off chain any more; seconds_per_recording: of that margin, for
    each open triple. unknown_conditions: whether transfers on conditions that the software cannot judge are taken at
    all. fee: what is kept of every payment that is forwarded.
    """

    payment_limit_wei: Uint128 = 10 * 10**18
    payment_limit_token: Uint128 = 20_000 * 10**18
    min_challenge_period: Uint32 = HOUR
    max_challenge_period: Uint32 = 30 * DAY
    max_salt: Uint64 = 2**16 - 1  # few enough to try all, where an owner has lost its files
    withdrawal_window: Uint32 = DAY
    resume_window: Uint32 = DAY
    exit_window: Uint32 = 30 * DAY
    max_transfers: Uint32 = 200
    max_locked_wei: Uint128 = 100 * 10**18
    max_locked_token: Uint128 = 200_000 * 10**18
    shortest_lock: Uint32 = 3 * HOUR
    longest_lock: Uint32 = 7 * DAY
    longest_exchange: Uint32 = 12 * HOUR
    recording_margin: Uint32 = HOUR
    seconds_per_recording: Uint32 = 15
    unknown_conditions: Bool = False
    fee: Fee = NO_FEE

    def payment_limit(self, asset: Asset) -> int:
        return self.payment_limit_token if asset else self.payment_limit_wei

    def max_locked(self, asset: Asset) -> int:
        return self.max_locked_token if asset else self.max_locked_wei


DEFAULT_POLICY = Policy()


# --- Whose channel, and whether anything may be signed for it ---


def my_side(
    identity: ChannelIdentity, deployment: Deployment, policy: Policy, account: Address, signer: Address
) -> Side:
    """The side on which both account and signer are mine, in a channel that the contract and my policy accept.

    Raises NotMyChannel for a look-alike: anyone can fund a channel with somebody else's signer.
    """
    manager = deployment.domain.verifying_contract
    identity.validate(manager, deployment.token, deployment.min_challenge_period, deployment.max_challenge_period)
    if not policy.min_challenge_period <= identity.challenge_period <= policy.max_challenge_period:
        raise errors.PeriodAgainstPolicy(
            identity.challenge_period, policy.min_challenge_period, policy.max_challenge_period
        )
    if identity.salt > policy.max_salt:
        raise errors.SaltAgainstPolicy(identity.salt, policy.max_salt)
    for side in Side:
        if identity.account(side) == account and identity.signer(side) == signer:
            return side
    raise errors.NotMyChannel(identity.id(deployment.domain.chain_id, manager), account, signer)


def check_mine(channel: Channel, account: Address, signer: Address) -> None:
    """Rule 2: the file is that of this very party."""
    if channel.identity.account(channel.side) != account or channel.identity.signer(channel.side) != signer:
        raise errors.NotMyChannel(channel.id, account, signer)


def check_may_sign(channel: Channel) -> None:
    """Rules 1 and 4: nothing after a restored store, a final state or the settlement."""
    if channel.restored:
        raise errors.StoreMayBeOld(channel.id)
    if channel.on_chain.status is Status.SETTLED:
        raise errors.ChannelSettled(channel.id)
    if (final := channel.own_final) is not None:
        raise errors.FinalSigned(final.nonce)


def check_may_countersign(channel: Channel, state: State) -> None:
    """The same before the second signature, but of two final proposals that cross the user countersigns the node's."""
    own_final = channel.own_final
    if own_final is None or channel.restored or channel.on_chain.status is Status.SETTLED:
        check_may_sign(channel)
    elif channel.latest.message.is_final or channel.side is Side.NODE or not state.is_final:
        raise errors.FinalSigned(own_final.nonce)
    else:
        check_pays_no_less(channel.side, own_final, state)


# --- States ---


def check_reach(channel: Channel, state: State) -> None:
    """Rule 2: same channel, and a nonce not too far above every one I signed or was shown signed."""
    if state.channel_id != channel.id:
        raise errors.WrongChannel(state.channel_id, channel.id)
    if state.nonce > channel.highest_nonce + MAX_NONCE_STEP:
        raise errors.NonceTooFar(state.nonce, channel.highest_nonce, MAX_NONCE_STEP)
    if state.nonce > MAX_NONCE:
        raise errors.NonceTooLarge(state.nonce, MAX_NONCE)


def check_above(channel: Channel, offer: Offer) -> None:
    """Rule 2: a nonce above every one I signed or was shown signed, or the very state that was shown as the highest."""
    nonce, highest = offer.state.nonce, channel.highest_nonce
    shown_again = nonce == highest and offer.digest == channel.shown_digest
    if nonce <= channel.latest.message.nonce or (nonce <= highest and not shown_again):
        raise errors.NonceNotAbove(nonce, highest)


def check_base(channel: Channel, base_nonce: int) -> None:
    """Rule 2: the proposal builds on the newest countersigned state."""
    if base_nonce != channel.latest.message.nonce:
        raise errors.WrongBase(base_nonce, channel.latest.message.nonce)


def check_content(channel: Channel, state: State, deployment: Deployment, policy: Policy) -> None:
    """Rule 2: nets and transfers add up, no balance is negative, and no limit is passed."""
    latest = channel.latest.message
    difference = change(latest, state)
    if state.transfers:
        check_transfers(state.transfers, deployment)
        for transfer in difference.changed:
            raise errors.TransferChanged(transfer.id)
        if difference.added:
            check_additions(channel, state, difference.added, deployment, policy)
    check_sums(state)
    check_balances(balances(channel, state))
    check_payment(latest, state, difference, deployment, policy)


def check_transfers(transfers: tuple[Transfer, ...], deployment: Deployment) -> None:
    """Rule 2: what the chain could not resolve as meant is not signed."""
    if len(transfers) > MAX_OPEN_TRANSFERS:
        raise errors.TooManyTransfers(len(transfers), MAX_OPEN_TRANSFERS)
    ids = set()
    for transfer in transfers:
        if transfer.id in ids:
            raise errors.TransferIdUsedTwice(transfer.id)
        ids.add(transfer.id)
        if transfer.payer not in tuple(Side) or transfer.asset not in tuple(Asset):
            raise errors.UnknownTransferCode(transfer.id, transfer.payer, transfer.asset)
        if transfer.amount > deployment.transfer_limit(Asset(transfer.asset)):
            raise errors.TransferAboveLimit(
                transfer.id, transfer.amount, deployment.transfer_limit(Asset(transfer.asset))
            )


def check_additions(
    channel: Channel, state: State, added: tuple[Transfer, ...], deployment: Deployment, policy: Policy
) -> None:
    """Section 7: my own policy for what is added, whoever pays it."""
    if len(state.transfers) > policy.max_transfers:
        raise errors.TooManyTransfers(len(state.transfers), policy.max_transfers)
    for asset, locked in zip(_ASSETS, held(state.transfers), strict=True):
        if locked > policy.max_locked(asset):
            raise errors.LockedAboveLimit(asset.name, locked, policy.max_locked(asset))
    claims = {claim.triple: claim for claim in channel.claims}
    assets: dict[Triple, set[int]] = {}
    for transfer in state.transfers:
        assets.setdefault(triple_of(transfer), set()).add(transfer.asset)
    for transfer in added:
        triple = triple_of(transfer)
        check_addition(claims.get(triple), transfer, deployment, policy)
        check_expiry(
            channel, transfer, policy, policy.longest_exchange if len(assets[triple]) > 1 else policy.longest_lock
        )


def check_addition(claim: Claim | None, transfer: Transfer, deployment: Deployment, policy: Policy) -> None:
    """Rules 8 and 9: its parameters are here, and its condition is one that I can judge."""
    if not transfer.amount:
        raise errors.EmptyTransfer(transfer.id)
    limit = policy.payment_limit(Asset(transfer.asset))
    if transfer.amount > limit:
        raise errors.TransferAboveLimit(transfer.id, transfer.amount, limit)
    if claim is None:
        raise errors.ParametersMissing(transfer.id, transfer.params_hash)
    try:
        check_params(deployment.conditions, claim.condition, claim.params)
    except UnknownCondition:
        if not policy.unknown_conditions:
            raise


def check_expiry(channel: Channel, transfer: Transfer, policy: Policy, longest: int) -> None:
    earliest, latest = channel.on_chain.time + policy.shortest_lock, channel.on_chain.time + longest
    if not earliest <= transfer.expiry <= latest:
        raise errors.ExpiryOutOfWindow(transfer.id, transfer.expiry, earliest, latest)


def check_sums(state: State) -> None:
    """Rule 2: what the nets leave locked is exactly what the open transfers hold."""
    wei, token = held(state.transfers)
    if state.user_wei + state.node_wei + wei:
        raise errors.NetsDoNotAddUp(Asset.ETH.name, -(state.user_wei + state.node_wei), wei)
    if state.user_token + state.node_token + token:
        raise errors.NetsDoNotAddUp(Asset.DAI.name, -(state.user_token + state.node_token), token)


def check_balances(owned: Amounts) -> None:
    """Rule 2: neither side owns less than nothing."""
    if min(owned) < 0:
        for side in Side:
            for asset, balance in zip(Asset, amounts_for(side, owned), strict=True):
                if balance < 0:
                    raise errors.BalanceNegative(asset.name, side.name.lower(), balance)


def check_payment(latest: State, state: State, difference: Change, deployment: Deployment, policy: Policy) -> None:
    """Rule 2: a payment, in whichever direction, is within the deployment's and the policy's limit.

    What the user's net changes by adding and removing transfers, at whatever shares, is no payment.
    """
    changes = (state.user_wei - latest.user_wei, state.user_token - latest.user_token)
    least, most = NONE, NONE
    for transfer in difference.removed:
        most = plus(most, transfer, transfer.amount)
    for transfer in difference.added:
        if transfer.payer == Side.USER:
            least, most = plus(least, transfer, -transfer.amount), plus(most, transfer, -transfer.amount)
    for asset, net_change, low, high in zip(_ASSETS, changes, least, most, strict=True):
        paid = max(net_change - high, low - net_change)
        if paid > 0:
            limit = min(deployment.transfer_limit(asset), policy.payment_limit(asset))
            if paid > limit:
                raise errors.PaymentAboveLimit(asset.name, paid, limit)


def check_needs_no_intent(side: Side, latest: State, state: State, share_of: ShareOf | None = None) -> None:
    """Rule 3: raise errors.NeedsIntent unless `side` can sign `state` after `latest` without asking its owner.

    A balance that does not fall is not enough: whoever drops open transfers must give me what is mine of them.
    share_of: at which share each may be removed, if not at the best one for me.
    """
    if state.is_final:
        raise errors.FinalNeedsIntent(state.nonce)
    difference = change(latest, state)
    for transfer in difference.added:
        if transfer.payer == side:
            raise errors.TransferAdded(transfer.id)
    credited = due(side, difference.removed, share_of or to_the_full(side))
    for asset, before, after, expected in zip(
        _ASSETS, amounts_for(side, latest), amounts_for(side, state), credited, strict=True
    ):
        if after - before < expected:
            raise errors.NotFullyCredited(asset.name, after - before, expected)


def check_dispute_allows(channel: Channel, state: State) -> None:
    """Rule 4: during a dispute only a final state that gives me no less than my newest one."""
    if not channel.in_dispute:
        return
    if not state.is_final:
        raise errors.DisputeForbidsState(state.nonce)
    check_pays_no_less(channel.side, channel.latest.message, state)


def check_dispute_leaves_time(channel: Channel, state: State, policy: Policy) -> None:
    """Rule 5: what is countersigned during a dispute can still be recorded before its deadline, with a margin."""
    chain = channel.on_chain
    if chain.status is Status.DISPUTED and chain.time >= chain.deadline - policy.recording_margin:
        raise errors.DisputeForbidsState(state.nonce)


def check_pays_no_less(side: Side, mine: State, state: State) -> None:
    """Raise FinalPaysLess unless `state` gives `side` in each asset at least what `mine` does, transfers included."""
    credited = due(side, change(mine, state).removed, to_the_full(side))
    nets = amounts_for(side, mine), amounts_for(side, state)
    for asset, before, more, given in zip(Asset, nets[0], credited, nets[1], strict=True):
        if given < before + more:
            raise errors.FinalPaysLess(asset.name, given, before + more)


def check_may_propose(channel: Channel, is_final: bool) -> None:
    """Rules 4 and 6: one proposal of mine at a time, and none across one that waits for me, unless mine is final."""
    check_crosses_no_final(channel)
    if channel.own_offers:
        raise errors.ProposalOutstanding(channel.own_offers[-1].state.nonce)
    if channel.their_offer is not None and not is_final:
        raise errors.AnswerFirst(channel.their_offer.state.nonce)


def check_few_offers(channel: Channel) -> None:
    """Bad or crossing proposals do not make me sign for ever: they stay unanswered until one of mine is."""
    if len(channel.own_offers) >= MAX_OWN_OFFERS:
        raise errors.TooManyOffers(len(channel.own_offers))


def check_crosses_no_final(channel: Channel) -> None:
    """Rule 4: once a final state of the counterparty was shown, on whatever base, it is answered by nothing of mine."""
    if channel.their_final is not None:
        raise errors.FinalShown(channel.their_final)


def crossed_offer(channel: Channel, theirs: Offer) -> Offer | None:
    """Rule 6: my unanswered proposal on the same base that stands against `theirs`, because I am the node.

    A refusal never counts as a crossing, and a final state, once shown, is not crossed by one that is not.
    """
    if channel.side is not Side.NODE or theirs.state.is_final or not channel.own_offers:
        return None
    if channel.their_final is not None:
        return None
    mine = channel.own_offers[-1]
    if mine.is_refusal or not mine.base_nonce == theirs.base_nonce == channel.latest.message.nonce:
        return None
    return mine


def check_refusal(channel: Channel, state: State) -> None:
    """Rule 6: a refusal repeats the last content that both signed."""
    if not same_content(state, channel.latest.message):
        raise errors.NotARefusal(state.nonce, channel.latest.message.nonce)


# --- The next state ---


def payment(channel: Channel, wei: int, token: int) -> State:
    """The next state, in which I pay the other side."""
    latest = channel.latest.message
    sign = 1 if channel.side is Side.NODE else -1
    return State(
        latest.channel_id,
        next_nonce(channel, 1),
        latest.user_wei + sign * wei,
        latest.node_wei - sign * wei,
        latest.user_token + sign * token,
        latest.node_token - sign * token,
        latest.transfers,
        False,
    )


def closing(channel: Channel) -> State:
    """The newest countersigned content, final."""
    return replace(channel.latest.message, nonce=next_nonce(channel, FINAL_NONCE_STEP[channel.side]), is_final=True)


def repeated(channel: Channel, state: State) -> State:
    """The content of `state` under the next nonce: a refusal, or a proposal issued again."""
    return replace(state, nonce=next_nonce(channel, 1))


def same_content(state: State, other: State) -> bool:
    """Whether two states differ in nothing but their nonce."""
    return replace(state, nonce=other.nonce) == other


def next_nonce(channel: Channel, step: int) -> int:
    nonce = channel.highest_nonce + step
    if nonce > MAX_NONCE:
        raise errors.NonceTooLarge(nonce, MAX_NONCE)
    return nonce


# --- Withdrawals, resumes, exits, deposits ---


def check_withdrawal(channel: Channel, withdrawal: Withdrawal, deployment: Deployment, policy: Policy) -> None:
    """Rule 2 before signing a withdrawal: it is the only open one and ends soon.

    It leaves no negative balance in any state that can still become the newest.
    """
    if withdrawal.channel_id != channel.id:
        raise errors.WrongChannel(withdrawal.channel_id, channel.id)
    check_open(channel)
    if withdrawal.sequence != channel.on_chain.sequence:
        raise errors.WrongSequence(withdrawal.sequence, channel.on_chain.sequence)
    if withdrawal.sequence >= MAX_SEQUENCE:
        raise errors.LastWithdrawal(withdrawal.sequence)
    for signed in channel.withdrawals:
        raise errors.WithdrawalOpen(signed.message.sequence, signed.message.deadline)
    check_deadline(channel, withdrawal.deadline, policy.withdrawal_window)
    taken = amounts_of(withdrawal)
    if not any(taken):
        raise errors.EmptyWithdrawal
    forbidden = (ZERO_ADDRESS, deployment.domain.verifying_contract, deployment.token)
    if (withdrawal.user_wei or withdrawal.user_token) and withdrawal.recipient in forbidden:
        raise errors.ForbiddenRecipient(withdrawal.recipient)
    for state in channel.signed_states:
        check_balances(Amounts(*(b - t for b, t in zip(balances(channel, state), taken, strict=True))))


def check_withdrawal_needs_no_intent(side: Side, withdrawal: Withdrawal) -> None:
    """Rule 3's counterpart: what the other side takes from its own may be signed without asking."""
    for asset, amount in zip(Asset, amounts_for(side, withdrawal), strict=True):
        if amount:
            raise errors.WithdrawalTakesFromMe(asset.name, amount)


def check_resume(channel: Channel, resume: Resume, policy: Policy) -> None:
    """A resume is for the dispute that runs at the confirmed block, and ends soon: my exit would start anew."""
    if resume.channel_id != channel.id:
        raise errors.WrongChannel(resume.channel_id, channel.id)
    chain = channel.on_chain
    if chain.status is not Status.DISPUTED or resume.dispute != chain.dispute:
        raise errors.NoSuchDispute(resume.dispute, chain.status.name.lower(), chain.dispute)
    if resume.dispute >= MAX_DISPUTE:
        raise errors.LastDispute(resume.dispute)
    check_deadline(channel, resume.deadline, policy.resume_window)


def check_exit(channel: Channel, exit_: Exit, policy: Policy) -> None:
    """An exit names the dispute that it starts now. The one message that a restored store still signs."""
    if exit_.channel_id != channel.id:
        raise errors.WrongChannel(exit_.channel_id, channel.id)
    check_open(channel)
    if exit_.dispute != channel.on_chain.dispute + 1:
        raise errors.NoSuchDispute(exit_.dispute, channel.on_chain.status.name.lower(), channel.on_chain.dispute)
    check_deadline(channel, exit_.deadline, policy.exit_window)
    if (final := channel.own_final) is not None:
        raise errors.FinalSigned(final.nonce)


def check_open(channel: Channel) -> None:
    if channel.on_chain.status is not Status.OPEN or channel.in_dispute:
        status = channel.on_chain.status
        just_disputed = status is Status.OPEN
        raise errors.ChannelNotOpen("in a dispute not confirmed yet" if just_disputed else status.name.lower())


def check_deadline(channel: Channel, deadline: int, window: int) -> None:
    time = channel.on_chain.time
    if not time < deadline <= min(time + window, MAX_DEADLINE):
        raise errors.DeadlineOutOfWindow(deadline, time, window)


def check_deposit(channel: Channel, wei: int, token: int, deployment: Deployment) -> None:
    """Section 7: confirmed total and deposit stay within the capacity; a channel that is closing gets nothing."""
    check_may_sign(channel)
    if channel.on_chain.status is not Status.UNFUNDED:
        check_open(channel)
    user, node = (amounts_for(side, channel.on_chain) for side in Side)
    for asset, of_user, of_node, amount in zip(Asset, user, node, (wei, token), strict=True):
        total = of_user + of_node + amount
        if amount and total > deployment.capacity(asset):
            raise errors.CapacityExceeded(asset.name, total, deployment.capacity(asset))
