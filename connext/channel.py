"""What a party knows of one channel and of the deployment it lives in: plain values that the rules judge.

*Half-signed* means: carries one signature; *countersigned*: carries both.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from connext.conditions import Conditions
from connext.errors import NotSigned
from connext.messages import Domain, Resume, State, Withdrawal, header
from connext.signing import Signature
from connext.transfers import Claim, Triple
from connext.types import (
    NOTHING,
    Address,
    Amounts,
    Asset,
    Bool,
    Bytes26,
    Bytes32,
    ChannelIdentity,
    Int128,
    Side,
    Status,
    Uint32,
    Uint64,
    Uint128,
    Uint256,
    amounts_of,
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What never changes in a deployment (docs/protocol.md section 7). Amounts in wei, periods in seconds.

    registry: of outcomes. conditions: those that parties resolve off chain (section 8 rule 8).
    """

    domain: Domain
    token: Address
    registry: Address
    conditions: Conditions
    capacity_wei: Uint128
    capacity_token: Uint128
    transfer_limit_wei: Uint128
    transfer_limit_token: Uint128
    min_challenge_period: Uint32
    max_challenge_period: Uint32

    def capacity(self, asset: Asset) -> int:
        return self.capacity_token if asset else self.capacity_wei

    def transfer_limit(self, asset: Asset) -> int:
        return self.transfer_limit_token if asset else self.transfer_limit_wei

    def nearest_period(self, wanted: int) -> int:
        """The challenge period that it takes and that is nearest to this one."""
        return min(max(wanted, self.min_challenge_period), self.max_challenge_period)


@dataclass(frozen=True, slots=True)
class OnChain:
    """A channel as the chain had it at the end of one confirmed block.

    number, time: of that block. What lies between them and recent_dispute is what the manager's `channelOf` returns:
    the contributions in wei; of a settled channel what its open transfers still hold. recent_dispute: a dispute runs,
    or ran, in a later block, not confirmed yet.
    """

    number: Uint64
    time: Uint64
    status: Status
    deadline: Uint64
    dispute: Uint64
    sequence: Uint64
    nonce: Uint64
    state_hash: Bytes26
    user_wei: Int128
    node_wei: Int128
    user_token: Int128
    node_token: Int128
    transfers_hash: Bytes32
    locked_wei: Uint128
    locked_token: Uint128
    settled_transfers: Uint256
    recent_dispute: Bool


UNSEEN = OnChain(0, 0, Status.UNFUNDED, 0, 0, 0, 0, bytes(26), 0, 0, 0, 0, bytes(32), 0, 0, 0, False)
"""A channel before the first confirmed block was read."""


Content = TypeVar("Content", State, Withdrawal, Resume)


@dataclass(frozen=True, slots=True)
class Signed(Generic[Content]):
    """A message with the signatures that are known.

    The initial state (nonce 0, all zero) needs none; a state that was learned from the chain may lack the other side's.
    """

    message: Content
    digest: Bytes32
    user_signature: Signature | None
    node_signature: Signature | None

    @property
    def is_countersigned(self) -> bool:
        return self.user_signature is not None and self.node_signature is not None

    def signature(self, side: Side) -> Signature:
        """The signature of a side that has signed."""
        signature = self.node_signature if side else self.user_signature
        if signature is None:
            raise NotSigned(self.digest, side.name.lower())
        return signature

    def with_signature(self, side: Side, signature: Signature) -> "Signed[Content]":
        if side is Side.USER:
            return Signed(self.message, self.digest, signature, self.node_signature)
        return Signed(self.message, self.digest, self.user_signature, signature)


def half_signed(message: Content, digest: bytes, side: Side, signature: Signature) -> Signed[Content]:
    """A message that only `side` has signed."""
    return countersigned(message, digest, side, signature, None)


def countersigned(
    message: Content, digest: bytes, side: Side, signature: Signature, other: Signature | None
) -> Signed[Content]:
    """A message that `side` has signed and then the other side."""
    if side is Side.USER:
        return Signed(message, digest, signature, other)
    return Signed(message, digest, other, signature)


@dataclass(frozen=True, slots=True)
class Offer:
    """A half-signed state: what was proposed on top of the countersigned state with nonce `base_nonce`.

    is_refusal: it only repeats the content of its base, to make what was proposed before it dead.
    """

    state: State
    base_nonce: Uint64
    is_refusal: Bool
    digest: Bytes32
    signature: Signature


@dataclass(frozen=True, slots=True)
class Channel:
    """Everything a party keeps of one channel; a party's file is exactly this.

    latest: the newest state that carries both signatures, or the initial one.
    own_offers: half-signed states of mine that are not dead, oldest first (docs/protocol.md section 8 rule 6).
    their_offer: the counterparty's proposal that waits for the owner's intent.
    highest_nonce: the highest nonce that I signed or was shown signed.
    shown_digest: the digest of the counterparty's state with that nonce, if it is not mine: it may be shown again.
    their_final: the nonce of the first final state that the counterparty has shown its signature of, on any base.
    withdrawals: those that carry my signature and may still be executed, with or without the counterparty's.
    own_resume: half-signed by me.
    their_withdrawal, their_resume: half-signed by the counterparty, wait for the owner's intent.
    rivals: older states that the chain may settle with all the same: finals of mine, and what was (or could have
    become) the newest while a dispute ran.
    claims: what is known of the outcome of every triple that a transfer of the states above is on.
    restored: this file may be old, or stands for one that is lost; nothing but an Exit is signed from then on.
    """

    id: Bytes32
    identity: ChannelIdentity
    side: Side
    latest: Signed[State]
    own_offers: tuple[Offer, ...]
    their_offer: Offer | None
    highest_nonce: Uint64
    shown_digest: Bytes32 | None
    their_final: Uint64 | None
    withdrawals: tuple[Signed[Withdrawal], ...]
    their_withdrawal: Signed[Withdrawal] | None
    own_resume: Signed[Resume] | None
    their_resume: Signed[Resume] | None
    on_chain: OnChain
    rivals: tuple[State, ...]
    claims: tuple[Claim, ...]
    restored: Bool

    def claim(self, triple: Triple) -> Claim | None:
        return next((claim for claim in self.claims if claim.triple == triple), None)

    @property
    def signed_states(self) -> tuple[State, ...]:
        """The newest state, and those with my signature that may be settled with in its place."""
        return (self.latest.message, *(offer.state for offer in self.own_offers), *self.rivals)

    @property
    def counterparty(self) -> Address:
        """The signer whose signatures bind the other side."""
        return self.identity.signer(self.side.other)

    @property
    def in_dispute(self) -> bool:
        """Whether a dispute runs, or has run within confirmation depth."""
        return self.on_chain.status is Status.DISPUTED or self.on_chain.recent_dispute

    @property
    def own_final(self) -> State | None:
        """The final state that carries my signature, if there is one."""
        if self.latest.message.is_final:
            return self.latest.message
        for offer in self.own_offers:
            if offer.state.is_final:
                return offer.state
        return None


def new_channel(deployment: Deployment, identity: ChannelIdentity, side: Side, *, restored: bool) -> Channel:
    """A channel of which nothing is known yet; restored: nor whether anything was signed."""
    channel_id = identity.id(deployment.domain.chain_id, deployment.domain.verifying_contract)
    return Channel(
        id=channel_id,
        identity=identity,
        side=side,
        latest=unsigned_initial(channel_id),
        own_offers=(),
        their_offer=None,
        highest_nonce=0,
        shown_digest=None,
        their_final=None,
        withdrawals=(),
        their_withdrawal=None,
        own_resume=None,
        their_resume=None,
        on_chain=UNSEEN,
        rivals=(),
        claims=(),
        restored=restored,
    )


def initial_state(channel_id: Bytes32) -> State:
    """The state every channel starts from: nonce 0, nobody has paid."""
    return State(channel_id, 0, 0, 0, 0, 0, (), False)


def unsigned_initial(channel_id: Bytes32) -> Signed[State]:
    """The initial state as the newest one there is: it needs no signatures, so it has no digest either."""
    return Signed(initial_state(channel_id), bytes(32), None, None)


def open_withdrawals(channel: Channel) -> Amounts:
    """Per side and asset, the wei that withdrawals with my signature may still take out.

    Of several with one sequence only one can be executed: the largest amount of each side and asset counts.
    """
    if not channel.withdrawals:
        return NOTHING
    largest: dict[int, tuple[int, ...]] = {}
    for signed in channel.withdrawals:
        sequence, taken = signed.message.sequence, amounts_of(signed.message)
        largest[sequence] = tuple(map(max, largest.get(sequence, taken), taken))
    return Amounts(*map(sum, zip(*largest.values(), strict=True)))


def balances(channel: Channel, state: State) -> Amounts:
    """What each side would own in wei under `state`: its confirmed contribution + net, open withdrawals gone."""
    confirmed, gone = channel.on_chain, open_withdrawals(channel)
    return Amounts(
        confirmed.user_wei + state.user_wei - gone.user_wei,
        confirmed.node_wei + state.node_wei - gone.node_wei,
        confirmed.user_token + state.user_token - gone.user_token,
        confirmed.node_token + state.node_token - gone.node_token,
    )


def recorded_hash(state: State) -> bytes:
    """What the manager stores of a recorded state; nothing for the initial one."""
    return header(state).recorded_hash(state.channel_id) if state.nonce else bytes(26)
