"""What a party knows of outcomes: parameters and witnesses, which lie beside the states that need them."""

from dataclasses import replace

from connext import errors
from connext.channel import Channel
from connext.conditions import MAX_PARAMS_BYTES, evaluate
from connext.errors import ConnextError
from connext.keccak import keccak256
from connext.messages import State, Transfer
from connext.party.core import Party
from connext.rules import MAX_OPEN_TRANSFERS
from connext.transfers import NOTHING_PROVED, Claim, Triple, change, triple_of


def judged(party: Party, claim: Claim) -> Claim:
    """With a witness only if it proves what it should."""
    try:
        share = _evaluate(party, claim, claim.witness) if claim.share else 0
    except ConnextError:
        share = 0
    if share == claim.share:
        return claim
    return replace(claim, witness=b"", share=0, shown=0)


def best_claims(party: Party) -> dict[Triple, Claim]:
    """The claim with the best witness of each triple, in whatever channel it was shown."""
    best: dict[Triple, Claim] = {}
    for channel in party.channels.values():
        for claim in channel.claims:
            if claim.share and claim.share > best.get(claim.triple, NOTHING_PROVED).share:
                best[claim.triple] = claim
    return best


def with_claim(channel: Channel, claim: Claim) -> Channel:
    others = (known for known in channel.claims if known.triple != claim.triple)
    return replace(channel, claims=(*others, claim))


def with_params(channel: Channel, state: State, params: tuple[bytes, ...]) -> Channel:
    """With a claim for every transfer that the state adds and whose parameters are among these."""
    if not params or len(state.transfers) > MAX_OPEN_TRANSFERS:
        return channel
    claims = {claim.triple: claim for claim in channel.claims}
    by_hash = {keccak256(data): data for data in params if len(data) <= MAX_PARAMS_BYTES}
    for transfer in change(channel.latest.message, state).added:
        triple, data = triple_of(transfer), by_hash.get(transfer.params_hash)
        if data is not None and triple not in claims:
            claims[triple] = Claim(*triple, data, b"", 0, 0)
    return replace(channel, claims=tuple(claims.values()))


def without_old_claims(channel: Channel) -> Channel:
    """Without those that no state has a transfer for any more."""
    if not channel.claims:
        return channel
    offered = () if channel.their_offer is None else (channel.their_offer.state,)
    used = {triple_of(transfer) for state in (*channel.signed_states, *offered) for transfer in state.transfers}
    return replace(channel, claims=tuple(claim for claim in channel.claims if claim.triple in used))


def learn(party: Party, channel: Channel, transfer: Transfer, witness: bytes) -> tuple[Channel, Claim]:
    claim = claim_of(channel, transfer)
    share = _evaluate(party, claim, witness)
    if share < claim.share:
        raise errors.WeakerWitness(share, claim.share)
    claim = replace(claim, witness=witness, share=share)
    return with_claim(channel, claim), claim


def _evaluate(party: Party, claim: Claim, witness: bytes) -> int:
    conditions, chain_id = party.deployment.conditions, party.deployment.domain.chain_id
    return evaluate(conditions, chain_id, claim.condition, claim.params, claim.expiry, witness)


def claim_of(channel: Channel, transfer: Transfer) -> Claim:
    claim = channel.claim(triple_of(transfer))
    if claim is None:
        raise errors.ParametersMissing(transfer.id, transfer.params_hash)
    return claim
