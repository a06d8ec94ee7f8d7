"""What a party is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connext.channel import Channel, Deployment
from connext.events import Output
from connext.rules import Policy
from connext.signing import Signer
from connext.transfers import RecordedOutcome, Triple
from connext.types import Address

Result = tuple[Channel, list[Output]]


@dataclass(frozen=True, slots=True)
class Party:
    """One account and signer in one deployment, with its channels by id.

    outcomes: of the triples that these have transfers on, as of the last confirmed block that was shown. They are not
    kept in files: after a start nothing is taken for decided before the chain was looked at.
    unreadable: there are files that could not be read; anything may be open in their channels.
    """

    deployment: Deployment
    policy: Policy
    account: Address
    signer: Signer
    channels: Mapping[bytes, Channel]
    outcomes: Mapping[Triple, RecordedOutcome] = field(default_factory=dict)
    unreadable: bool = False

    @property
    def triples(self) -> set[Triple]:
        """All that its channels have transfers on."""
        return {claim.triple for channel in self.channels.values() for claim in channel.claims}


def with_channel(party: Party, channel: Channel) -> Party:
    channels = {**party.channels, channel.id: channel}
    deployment, policy, account, signer = party.deployment, party.policy, party.account, party.signer
    return Party(deployment, policy, account, signer, channels, party.outcomes, party.unreadable)
