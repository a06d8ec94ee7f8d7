"""The events of a channel as the tests expect them, with all their arguments."""

from collections.abc import Iterator, Sequence
from typing import Any

from ape.contracts import ContractInstance

from connext.messages import Transfer, transfers_hash
from connext.types import Amounts, Asset, Side
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


def locked(channel: Channel, transfers: Sequence[Transfer], wei: int, token: int, settled: int = 0) -> Log:
    held = {"lockedWei": wei, "lockedToken": token, "settled": settled}
    hash_ = transfers_hash(tuple(transfers))
    return event(channel.manager.TransfersLocked, channelId=channel.id, transfersHash=hash_, **held)


def transfers_settled(channel: Channel, settled: int, **amounts: int) -> Log:
    shares = _camel_case(Amounts(**{**NOTHING, **amounts}))
    return event(channel.manager.TransfersSettled, channelId=channel.id, settled=settled, **shares)


def credited(manager: ContractInstance, account: Any, asset: Asset, amount: int) -> Log:
    return event(manager.Credited, account=account, asset=asset, amount=amount)


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
