"""The events of a channel as the tests expect them, with all their arguments."""

from collections.abc import Iterator
from typing import Any

from ape.contracts import ContractInstance

from connext.types import Amounts, Side
from tests.contracts.channels import NOTHING, Channel
from tests.contracts.expect import Log, event


def opened(channel: Channel) -> Log:
    user, user_signer, node, node_signer, challenge_period, salt = channel.terms
    return event(
        channel.manager.ChannelOpened,
        channelId=channel.id,
        user=user,
        node=node,
        userSigner=user_signer,
        nodeSigner=node_signer,
        challengePeriod=challenge_period,
        salt=salt,
    )


def deposited(channel: Channel, side: Side, amount_wei: int, amount_token: int) -> Log:
    amounts = {"amountWei": amount_wei, "amountToken": amount_token}
    return event(channel.manager.Deposited, channelId=channel.id, side=side, **amounts)


def collateralized(channel: Channel, side: Side, amount_wei: int, amount_token: int) -> Log:
    amounts = {"amountWei": amount_wei, "amountToken": amount_token}
    return event(channel.manager.Collateralized, channelId=channel.id, side=side, **amounts)


def withdrawn(channel: Channel, recipient: Any, sequence: int = 0, **amounts: int) -> Log:
    return event(
        channel.manager.Withdrawn,
        channelId=channel.id,
        sequence=sequence,
        **_camel_case(Amounts(**{**NOTHING, **amounts})),
        recipient=recipient,
    )


def recorded(channel: Channel, **state: Any) -> Log:
    return event(channel.manager.StateRecorded, channelId=channel.id, state=channel.header(**state))


def started(channel: Channel, deadline: int, dispute: int = 1) -> Log:
    return event(channel.manager.DisputeStarted, channelId=channel.id, dispute=dispute, deadline=deadline)


def resumed(channel: Channel, dispute: int = 1) -> Log:
    return event(channel.manager.DisputeResumed, channelId=channel.id, dispute=dispute)


def settled(channel: Channel, nonce: int, shares: Amounts) -> Log:
    return event(channel.manager.ChannelSettled, channelId=channel.id, nonce=nonce, **_camel_case(shares))


def moved_tokens(dai: ContractInstance, source: Any, target: Any, amount: int) -> Iterator[Log]:
    """The token's own event, unless nothing moved."""
    if amount:
        yield event(dai.Transfer, src=source, dst=target, wad=amount)


def _camel_case(amounts: Amounts) -> dict[str, int]:
    return {
        "userWei": amounts.user_wei,
        "nodeWei": amounts.node_wei,
        "userToken": amounts.user_token,
        "nodeToken": amounts.node_token,
    }
