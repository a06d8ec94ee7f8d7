"""A user and a node with one channel, and the mail between them in the hands of the test."""

from collections import deque
from dataclasses import replace
from typing import TypeVar

from connext import events
from connext.channel import UNSEEN, Channel, Deployment, OnChain
from connext.conditions import Conditions
from connext.envelopes import Envelope, Proposal, Refusal
from connext.errors import ConnextError
from connext.events import Event, Output
from connext.messages import Domain, State
from connext.party import Party, step
from connext.rules import Policy
from connext.signing import Key, Signable
from connext.types import ChannelIdentity, Side, Status

MANAGER, TOKEN = b"\x11" * 20, b"\x22" * 20
HOUR, DAY = 3600, 86400
NOW = 1_800_000_000
USER, NODE = Side.USER, Side.NODE

CONDITIONS = Conditions(*(bytes((0x30 + i,)) * 20 for i in range(5)))

DEPLOYMENT = Deployment(
    domain=Domain(chain_id=1, verifying_contract=MANAGER),
    token=TOKEN,
    registry=CONDITIONS.hash_lock,
    conditions=CONDITIONS,
    capacity_wei=1000,
    capacity_token=10_000,
    transfer_limit_wei=60,
    transfer_limit_token=600,
    min_challenge_period=HOUR,
    max_challenge_period=30 * DAY,
)
POLICY = Policy(
    payment_limit_wei=50,
    payment_limit_token=700,
    min_challenge_period=2 * HOUR,
    max_challenge_period=7 * DAY,
    max_salt=3,
    withdrawal_window=HOUR,
    resume_window=HOUR,
    exit_window=DAY,
)

KEYS = {side: Key(bytes((2 + side,)) * 32) for side in Side}
ACCOUNTS = {side: bytes((0xA0 + side,)) * 20 for side in Side}
IDENTITY = ChannelIdentity(ACCOUNTS[USER], KEYS[USER].address, ACCOUNTS[NODE], KEYS[NODE].address, DAY, 0)
CHANNEL_ID = IDENTITY.id(1, MANAGER)
FUNDED = replace(
    UNSEEN, number=1, time=NOW, status=Status.OPEN, user_wei=100, node_wei=100, user_token=1000, node_token=1000
)

Wanted = TypeVar("Wanted")


def only(outputs: list[Output], kind: type[Wanted]) -> Wanted:
    (found,) = (output for output in outputs if isinstance(output, kind))
    return found


def error_of(outputs: list[Output]) -> ConnextError:
    return only(outputs, events.Rejected).error


def submitted(outputs: list[Output]) -> list[str]:
    return [output.name for output in outputs if isinstance(output, events.Submit)]


class Pair:
    """Both parties of a channel that the chain shows as `on_chain`."""

    def __init__(self, on_chain: OnChain = FUNDED) -> None:
        self.parties = {}
        self.mail: dict[Side, deque[Envelope]] = {side: deque() for side in Side}
        for side, key in KEYS.items():
            party = Party(DEPLOYMENT, POLICY, ACCOUNTS[side], key, {})
            self.parties[side], _ = step(party, events.Open(IDENTITY, UNSEEN, never_signed=True))
        self.confirm(on_chain)

    def do(self, side: Side, event: Event) -> list[Output]:
        """Let one party follow an event; what it sends lands in the other's mail."""
        before = self.channel(side)
        self.parties[side], outputs = step(self.parties[side], event)
        sends = [output for output in outputs if isinstance(output, events.Send)]
        saves = [output for output in outputs if isinstance(output, events.Save)]
        assert not saves or (outputs[0] == saves[0] and saves == [events.Save(self.channel(side))])
        assert bool(saves) == (self.channel(side) is not before)
        self.mail[side.other].extend(send.envelope for send in sends)
        return outputs

    def receive(self, side: Side) -> list[Output]:
        """Let one party read its oldest message."""
        return self.do(side, self.mail[side].popleft())

    def settle_mail(self) -> None:
        """Let both read until nothing is left."""
        while any(self.mail.values()):
            for side in Side:
                if self.mail[side]:
                    self.receive(side)

    def lose_mail(self) -> None:
        for box in self.mail.values():
            box.clear()

    def confirm(self, on_chain: OnChain) -> dict[Side, list[Output]]:
        """Show both a confirmed block."""
        view = events.ChainView({CHANNEL_ID: on_chain})
        return {side: self.do(side, view) for side in Side}

    def channel(self, side: Side) -> Channel:
        return self.parties[side].channels[CHANNEL_ID]

    def latest(self, side: Side) -> State:
        return self.channel(side).latest.message

    def agreed(self) -> State:
        """The newest countersigned state, on which both must agree."""
        assert self.channel(USER).latest == self.channel(NODE).latest
        return self.latest(USER)

    def pay(self, side: Side, wei: int, token: int = 0) -> State:
        """A payment with everything that follows from it."""
        self.do(side, events.Pay(CHANNEL_ID, wei, token))
        self.settle_mail()
        return self.agreed()


def pay(wei: int, token: int = 0) -> events.Pay:
    return events.Pay(CHANNEL_ID, wei, token)


def close() -> events.Close:
    return events.Close(CHANNEL_ID)


def accept(outputs: list[Output]) -> events.Accept:
    return events.Accept(CHANNEL_ID, only(outputs, events.Awaiting).digest)


def refuse(outputs: list[Output]) -> events.Refuse:
    return events.Refuse(CHANNEL_ID, only(outputs, events.Awaiting).digest)


def forged(side: Side, state: State, base_nonce: int, kind: type[Proposal] | type[Refusal] = Proposal) -> Envelope:
    """What a dishonest `side` may send: any state, properly signed."""
    signature = KEYS[side].sign(Signable(DEPLOYMENT.domain, state))
    return Proposal(state, base_nonce, signature, ()) if kind is Proposal else Refusal(state, base_nonce, signature)


def state(nonce: int, user_wei: int = 0, user_token: int = 0, is_final: bool = False) -> State:
    """A state without transfers in which the user has been paid these amounts."""
    return State(CHANNEL_ID, nonce, user_wei, -user_wei, user_token, -user_token, (), is_final)


def disputed(nonce: int = 0, on_chain: OnChain = FUNDED, time: int = NOW + 100) -> OnChain:
    """The chain in dispute 1, with the initial state recorded unless `on_chain` says another."""
    return replace(on_chain, number=2, time=time, status=Status.DISPUTED, dispute=1, deadline=NOW + DAY, nonce=nonce)
