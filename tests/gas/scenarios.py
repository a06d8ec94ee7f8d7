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
from connext.channel import Content, Deployment, Signed, unsigned_initial
from connext.conditions import hash_lock_params, hash_of
from connext.keccak import keccak256
from connext.messages import State, Transfer, Withdrawal, digest
from connext.signing import Signable
from connext.token import TOKEN_ABI
from connext.types import DAY, Address, Asset, Bytes32, ChannelIdentity, Side
from connext.world import Actor, actor
from tests.scene import channel_of, deploy, enrich

ETHER = TOKEN = 10**18


@dataclass(frozen=True)
class Amounts:
    """What a side puts into a channel, in wei and in the token's smallest unit."""

    wei: int
    token: int


NEVER = 2**40
"""An expiry that does not come here."""

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

    def send(self, sender: Actor, call: Call, *, may_credit: bool = False) -> int:
        """The gas that the whole transaction used."""
        receipt = self.chain.send(Transaction(sender.account, call.receiver(self.deployment), call.data, call.value))
        assert receipt.error is None, f"{call.function}: {receipt.error}"
        bad = {"CallFailed"} if may_credit else {"CallFailed", "Credited"}
        assert bad.isdisjoint(event.name for event in receipt.events), call.function
        return receipt.gas_used

    def send_plain(self, sender: Address, to: Address, data: bytes, value: int = 0) -> int:
        """The gas of what is not about the channels."""
        receipt = self.chain.send(Transaction(sender, to, data, value))
        assert receipt.error is None
        return receipt.gas_used

    def channel(self, number: int = 1) -> ChannelIdentity:
        """A channel of this story alone. Story and number are one byte each: every identity costs the same calldata."""
        return channel_of(self.user, self.node, self.story << 8 | number)

    def id(self, channel: ChannelIdentity) -> Bytes32:
        return channel.id(self.deployment.domain.chain_id, self.manager)

    def signed(self, message: Content) -> Signed[Content]:
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

    def paid(
        self,
        channel: ChannelIdentity,
        amounts: Amounts,
        nonce: int,
        is_final: bool = False,
        transfers: tuple[Transfer, ...] = (),
    ) -> Signed[State]:
        """The state after the user paid a third of what it put in, and with these transfers."""
        wei, token = amounts.wei // 3, amounts.token // 3
        nets = {Side.USER: [-wei, -token], Side.NODE: [wei, token]}
        for transfer in transfers:
            nets[Side(transfer.payer)][transfer.asset] -= transfer.amount
        (user_wei, user_token), (node_wei, node_token) = nets[Side.USER], nets[Side.NODE]
        state = State(self.id(channel), nonce, user_wei, node_wei, user_token, node_token, transfers, is_final)
        return self.signed(state)

    def after_the_deadline(self) -> None:
        self.chain.set_next_time(self.chain.head.time + DAY)

    # --- Conditional transfers ---

    def secret(self, number: int) -> bytes:
        return keccak256(b"%d, %d" % (self.story, number))

    def promised(self, payee: Side, amounts: Amounts, number: int = 1, expiry: int = NEVER) -> tuple[Transfer, ...]:
        """Hash-locked transfers on one secret: one of each asset."""
        params_hash = keccak256(hash_lock_params(hash_of(self.secret(number))))
        return tuple(
            Transfer(number, Side(1 - payee), asset, amount // 1_000, self.deployment.registry, params_hash, expiry)
            for asset, amount in ((Asset.ETH, amounts.wei), (Asset.DAI, amounts.token))
            if amount
        )

    def record(self, number: int = 1) -> int:
        secret = self.secret(number)
        call = calls.record(self.deployment.registry, hash_lock_params(hash_of(secret)), NEVER, secret)
        return self.send(self.node, call)

    def dispute_and_settle(self, amounts: Amounts, number: int, transfers: tuple[Transfer, ...]) -> tuple[int, int]:
        """The gas of each of the two."""
        channel = self.funded(amounts, number)
        signed = self.paid(channel, amounts, 3, transfers=transfers)
        dispute = self.send(self.user, calls.start_dispute(channel, signed))
        self.after_the_deadline()
        return dispute, self.send(self.node, calls.settle(channel, signed.message))


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
    signatures = (signed.signature(side) for side in Side)
    return stage.send(stage.user, calls.withdraw(channel, signed.message, *signatures))


def withdrawal_of_the_user(stage: Stage, amounts: Amounts) -> int:
    """The node takes nothing."""
    channel = stage.funded(amounts)
    parts = (amounts.wei // 5, 0, amounts.token // 5, 0)
    signed = stage.signed(Withdrawal(stage.id(channel), 0, *parts, stage.user.account, NEVER))
    signatures = (signed.signature(side) for side in Side)
    return stage.send(stage.user, calls.withdraw(channel, signed.message, *signatures))


def node_deposit(stage: Stage, amounts: Amounts) -> int:
    """What `collateralize` does, with money from outside of the contract."""
    channel = stage.opened(amounts)
    return stage.send(stage.node, calls.top_up(stage.id(channel), Side.NODE, amounts.wei, amounts.token))


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


def record(stage: Stage, _: Amounts) -> int:
    return stage.record()


def hash_locked_payment(payee: Side) -> Scenario:
    def extra(stage: Stage, amounts: Amounts) -> int:
        """A dispute with one, its recording included, costs this more than the same without. Of both assets: two."""
        without = stage.dispute_and_settle(amounts, 1, ())
        recording = stage.record()
        return sum(stage.dispute_and_settle(amounts, 2, stage.promised(payee, amounts))) + recording - sum(without)

    return extra


def further_transfer(stage: Stage, amounts: Amounts) -> int:
    """What one more costs in the same settlement, its outcome known. Of both assets: two more."""
    one, two = stage.promised(Side.USER, amounts, 1), stage.promised(Side.USER, amounts, 2)
    stage.record(1)
    stage.record(2)
    _, with_one = stage.dispute_and_settle(amounts, 1, one)
    _, with_two = stage.dispute_and_settle(amounts, 2, (*one, *two))
    return with_two - with_one


def settlement_of_many(count: int) -> Scenario:
    def settle_many(stage: Stage, amounts: Amounts) -> int:
        """As many as our software signs."""
        _, settlement = stage.dispute_and_settle(amounts, 1, open_transfers(stage, amounts, count))
        return settlement

    return settle_many


def open_transfers(stage: Stage, amounts: Amounts, count: int) -> tuple[Transfer, ...]:
    """All due but one, which stays open: the dearest that there is. Of both assets: half of them each."""
    if not count:
        return ()
    kinds = len(stage.promised(Side.USER, amounts))
    numbers = range(1, count // kinds)
    due = [transfer for i in numbers for transfer in stage.promised(Side.USER, amounts, i, expiry=1)]
    transfers = (*due, *stage.promised(Side.USER, amounts, count))
    assert len(transfers) == count
    return transfers


def settle_later(stage: Stage, amounts: Amounts) -> int:
    """A transfer that was open at the settlement. The user is paid, who has no credit yet."""
    channel, transfers = stage.funded(amounts), stage.promised(Side.USER, amounts)
    final = stage.paid(channel, amounts, 7, is_final=True, transfers=transfers)
    stage.send(stage.user, calls.close(channel, final))
    stage.record()
    gas = stage.send(stage.user, calls.settle_transfers(channel, transfers), may_credit=True)
    # Without credit again, for the next scenario.
    for asset in {transfer.asset for transfer in transfers}:
        stage.send(stage.user, calls.push_credit(stage.user.account, Asset(asset)))
    return gas


def plain_transfer(stage: Stage, amounts: Amounts) -> int:
    """A payment without a channel, to an account that holds some already. Of both assets: two transactions."""
    gas = 0
    if amounts.wei:
        gas += stage.send_plain(stage.user.account, stage.node.account, b"", amounts.wei)
    if amounts.token:
        data = TOKEN_ABI.encode_call("transfer", stage.node.account, amounts.token)
        gas += stage.send_plain(stage.user.account, stage.deployment.token, data)
    return gas


def approval(stage: Stage, amounts: Amounts) -> int:
    """What comes before an account's first deposit of a token, once."""
    if not amounts.token:
        return 0
    newcomer = actor(f"newcomer {stage.story}").account
    stage.chain.set_balance(newcomer, ETHER)
    data = TOKEN_ABI.encode_call("approve", stage.manager, 2**256 - 1)
    return stage.send_plain(newcomer, stage.deployment.token, data)


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
    "record a hash lock": record,
    "hash-locked payment to the user, extra": hash_locked_payment(Side.USER),
    "hash-locked payment to the node, extra": hash_locked_payment(Side.NODE),
    "each further transfer": further_transfer,
    "settlement with 200 open transfers": settlement_of_many(200),
    "settle a transfer later": settle_later,
    "plain transfer": plain_transfer,
    "approval of the token": approval,
    "withdrawal of the user alone": withdrawal_of_the_user,
    "node's deposit from its wallet": node_deposit,
}


def run_all(stage: Stage) -> dict[str, dict[str, int]]:
    """The gas of every scenario in every asset; each has channels of its own."""
    figures: dict[str, dict[str, int]] = {}
    for stage.story, (name, asset) in enumerate(product(SCENARIOS, ASSETS), start=1):
        figures.setdefault(name, {})[asset] = SCENARIOS[name](stage, ASSETS[asset])
    return figures
