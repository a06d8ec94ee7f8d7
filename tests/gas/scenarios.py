"""What users and nodes pay gas for, each scenario from the same start: an open market, not an empty contract.

Everybody holds ether and tokens already, the manager holds tokens, the node's reserve is not empty. Accounts, keys,
salts and amounts are fixed, so a scenario costs the same to the unit on every chain (see `connext.chain.LocalChain`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from connext import calls
from connext.calls import Call
from connext.chain import LocalChain, Transaction
from connext.channel import Deployment, Signed, unsigned_initial
from connext.messages import Message, State, Withdrawal, digest
from connext.signing import Signable
from connext.types import DAY, Address, Bytes32, ChannelIdentity, Side
from connext.world import Actor, actor
from tests.scene import channel_of, deploy, enrich

ETHER = TOKEN = 10**18


@dataclass(frozen=True)
class Amounts:
    """What a side puts into a channel, in wei and in the token's smallest unit."""

    wei: int
    token: int


ASSETS = {"eth": Amounts(ETHER, 0), "dai": Amounts(0, TOKEN), "both": Amounts(ETHER, TOKEN)}


class Stage:
    """A deployment in use, with a user and a node."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.story = 1
        self.deployment: Deployment = deploy(chain)
        self.user: Actor = actor("user")
        self.node: Actor = actor("node")
        enrich(chain, self.deployment, (self.user.account, self.node.account))
        self.send(self.node, calls.fund(self.node.account, 300 * ETHER, 300 * TOKEN))

    @property
    def manager(self) -> Address:
        return self.deployment.domain.verifying_contract

    def send(self, sender: Actor, call: Call) -> int:
        """The gas that the whole transaction used."""
        receipt = self.chain.send(Transaction(sender.account, self.manager, call.data, call.value))
        assert receipt.error is None, f"{call.function}: {receipt.error}"
        assert {"CallFailed", "Credited"}.isdisjoint(event.name for event in receipt.events), call.function
        return receipt.gas_used

    def channel(self, number: int = 1) -> ChannelIdentity:
        """A channel of this story alone. Story and number are one byte each: every identity costs the same calldata."""
        return channel_of(self.user, self.node, self.story << 8 | number)

    def id(self, channel: ChannelIdentity) -> Bytes32:
        return channel.id(self.deployment.domain.chain_id, self.manager)

    def signed(self, message: Message) -> Signed[Message]:
        signable = Signable(self.deployment.domain, message)
        user, node = (party.signer.sign(signable) for party in (self.user, self.node))
        return Signed(message, digest(self.deployment.domain, message), user, node)

    # --- A channel on its way ---

    def opened(self, amounts: Amounts, number: int = 1) -> ChannelIdentity:
        """The user has deposited."""
        channel = self.channel(number)
        self.send(self.user, calls.deposit(channel, Side.USER, amounts.wei, amounts.token))
        return channel

    def funded(self, amounts: Amounts, number: int = 1) -> ChannelIdentity:
        """Both sides have put in the same."""
        channel = self.opened(amounts, number)
        self.send(self.node, calls.collateralize(channel, amounts.wei, amounts.token))
        return channel

    def disputed(self, amounts: Amounts, number: int = 1) -> ChannelIdentity:
        """The user has started a dispute with a state."""
        channel = self.funded(amounts, number)
        self.send(self.user, calls.start_dispute(channel, self.paid(channel, amounts, nonce=3)))
        return channel

    def paid(self, channel: ChannelIdentity, amounts: Amounts, nonce: int, is_final: bool = False) -> Signed[State]:
        """The state after the user paid a third of what it put in."""
        wei, token = amounts.wei // 3, amounts.token // 3
        return self.signed(State(self.id(channel), nonce, -wei, wei, -token, token, (), is_final))

    def after_the_deadline(self) -> None:
        self.chain.set_next_time(self.chain.head.time + DAY)


# --- The scenarios: each returns the gas of its last transaction ---

Scenario = Callable[[Stage, Amounts], int]


def first_deposit(stage: Stage, amounts: Amounts) -> int:
    return stage.send(stage.user, calls.deposit(stage.channel(), Side.USER, amounts.wei, amounts.token))


def top_up(stage: Stage, amounts: Amounts) -> int:
    channel = stage.opened(amounts)
    return stage.send(stage.user, calls.top_up(stage.id(channel), Side.USER, amounts.wei, amounts.token))


def collateralize(stage: Stage, amounts: Amounts) -> int:
    channel = stage.opened(amounts)
    return stage.send(stage.node, calls.collateralize(channel, amounts.wei, amounts.token))


def withdrawal(stage: Stage, amounts: Amounts) -> int:
    channel = stage.funded(amounts)
    parts = (amounts.wei // 5, amounts.wei // 7, amounts.token // 5, amounts.token // 7)
    deadline = 2**40
    signed = stage.signed(Withdrawal(stage.id(channel), 0, *parts, stage.user.account, deadline))
    return stage.send(stage.user, calls.withdraw(channel, signed.message, signed.user_signature, signed.node_signature))


def cooperative_close(stage: Stage, amounts: Amounts) -> int:
    channel = stage.funded(amounts)
    return stage.send(stage.user, calls.close(channel, stage.paid(channel, amounts, nonce=7, is_final=True)))


def start_dispute(stage: Stage, amounts: Amounts) -> int:
    channel = stage.funded(amounts)
    return stage.send(stage.user, calls.start_dispute(channel, stage.paid(channel, amounts, nonce=3)))


def start_dispute_without_state(stage: Stage, amounts: Amounts) -> int:
    channel = stage.funded(amounts)
    nothing = unsigned_initial(stage.id(channel))
    return stage.send(stage.user, calls.start_dispute(channel, nothing))


def challenge(stage: Stage, amounts: Amounts) -> int:
    channel = stage.disputed(amounts)
    return stage.send(stage.node, calls.checkpoint(channel, stage.paid(channel, amounts, nonce=4)))


def settle(stage: Stage, amounts: Amounts) -> int:
    channel = stage.disputed(amounts)
    stage.after_the_deadline()
    return stage.send(stage.node, calls.settle(channel, stage.paid(channel, amounts, nonce=3).message))


def batch_of_settlements(count: int) -> Scenario:
    def batch(stage: Stage, amounts: Amounts) -> int:
        channels = [stage.disputed(amounts, number) for number in range(1, count + 1)]
        stage.after_the_deadline()
        settlements = [calls.settle(channel, stage.paid(channel, amounts, 3).message) for channel in channels]
        return stage.send(stage.node, calls.batch(settlements))

    return batch


SCENARIOS: dict[str, Scenario] = {
    "first deposit": first_deposit,
    "top-up": top_up,
    "collateralize": collateralize,
    "withdrawal": withdrawal,
    "cooperative close": cooperative_close,
    "start dispute": start_dispute,
    "start dispute without a state": start_dispute_without_state,
    "challenge": challenge,
    "settle": settle,
    "batch of 10 settlements": batch_of_settlements(10),
    "batch of 100 settlements": batch_of_settlements(100),
}


def run_all(stage: Stage) -> dict[str, dict[str, int]]:
    """The gas of every scenario in every asset; each has channels of its own."""
    figures: dict[str, dict[str, int]] = {}
    for stage.story, (name, asset) in enumerate(product(SCENARIOS, ASSETS), start=1):
        figures.setdefault(name, {})[asset] = SCENARIOS[name](stage, ASSETS[asset])
    return figures
