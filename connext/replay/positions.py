"""Who has what: outside of the manager, in it, and in channels if these were settled now.

Of a channel everybody is shown two ends: what the recorded state pays (docs/protocol.md section 5), and what the newest
state pays that both signed. What open transfers hold belongs to nobody yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connext import reckoning
from connext.channel import Signed, initial_state
from connext.ledger import ChannelLedger, Holdings
from connext.messages import State, StateHeader, header
from connext.signing import InvalidSignature, recover
from connext.types import Amounts, Side, Status
from connext.world import World


@dataclass(frozen=True, slots=True)
class Stake:
    """What a party gets of a channel with the recorded state, and with the newest one that both signed."""

    channel: str
    recorded: Holdings
    newest: Holdings


@dataclass(frozen=True, slots=True)
class Position:
    """What somebody has, in wei."""

    wallet: Holdings
    reserve: Holdings
    credit: Holdings
    stakes: tuple[Stake, ...]


@dataclass(frozen=True, slots=True)
class ChannelPosition:
    """A channel on the chain. deadline: in seconds after the story's start, None without a dispute.

    recorded, newest: nonces, 0 for the initial state. locked: what open transfers hold, with the newest state or after
    the settlement.
    """

    status: Status
    deadline: int | None
    contributions: Amounts
    recorded: int
    newest: int
    locked: Holdings


@dataclass(frozen=True, slots=True)
class Positions:
    """Of everybody and every channel, by name."""

    people: Mapping[str, Position]
    channels: Mapping[str, ChannelPosition]


def positions(world: World) -> Positions:
    """As they are at the head."""
    ledger, money = world.ledger(), reckoning.found(world).money
    channels = {name: ledger.channels.get(world.channel_id(name)) for name in world.channels}
    newest = {name: newest_state(world, name) for name in world.channels}
    people = {}
    for person, held in money.items():
        stakes = tuple(
            Stake(name, _part(side, channel, _recorded(channel)), _part(side, channel, header(newest[name])))
            for name, channel in channels.items()
            if channel is not None
            for side in Side
            if channel.identity.account(side) == world.actors[person].account
        )
        people[person] = Position(held.wallet, held.reserve, held.credit, stakes)
    return Positions(
        people,
        {name: _channel(world, channel, newest[name]) for name, channel in channels.items() if channel is not None},
    )


def newest_state(world: World, channel: str) -> State:
    """The newest that both signers of the channel signed, by software or by hand; the initial one without any."""
    channel_id = world.channel_id(channel)
    signed = [*world.evidence[channel_id].states.values()]
    signed += [made for made in world.by_hand.values() if _is_signed_state(world, channel, made)]  # type: ignore[misc]
    return max((one.message for one in signed), key=lambda state: state.nonce, default=initial_state(channel_id))


def _is_signed_state(world: World, channel: str, made: object) -> bool:
    if not isinstance(made, Signed) or not isinstance(made.message, State):
        return False
    if made.message.channel_id != world.channel_id(channel):
        return False
    identity = world.identity(channel)
    try:
        return all(recover(made.digest, made.signature(side)) == identity.signer(side) for side in Side)
    except InvalidSignature:
        return False


def _recorded(channel: ChannelLedger) -> StateHeader:
    return channel.recorded or header(initial_state(bytes(32)))


def _part(side: Side, channel: ChannelLedger, state: StateHeader) -> Holdings:
    """What the side gets if the channel is settled with this state, without its open transfers; nothing once it is."""
    has = channel.contributions
    wei = _split(has.user_wei, has.node_wei, state.user_wei, state.node_wei)
    token = _split(has.user_token, has.node_token, state.user_token, state.node_token)
    return Holdings(wei[side], token[side])


def _split(user: int, node: int, user_net: int, node_net: int) -> tuple[int, int]:
    """The parts of user and node within the bounds of docs/protocol.md section 5."""
    total = user + node
    locked = _bounded(-(user_net + node_net), total)
    to_user = _bounded(user + user_net, total - locked)
    return to_user, total - locked - to_user


def _locked(channel: ChannelLedger, state: StateHeader) -> Holdings:
    if channel.status is Status.SETTLED:
        return Holdings(channel.open_transfers.locked_wei, channel.open_transfers.locked_token)
    has = channel.contributions
    return Holdings(
        _bounded(-(state.user_wei + state.node_wei), has.user_wei + has.node_wei),
        _bounded(-(state.user_token + state.node_token), has.user_token + has.node_token),
    )


def _bounded(value: int, most: int) -> int:
    return max(0, min(value, most))


def _channel(world: World, channel: ChannelLedger, newest: State) -> ChannelPosition:
    return ChannelPosition(
        status=channel.status,
        deadline=channel.deadline - world.start.time if channel.status is Status.DISPUTED else None,
        contributions=channel.contributions,
        recorded=channel.recorded.nonce if channel.recorded else 0,
        newest=newest.nonce,
        locked=_locked(channel, header(newest)),
    )
