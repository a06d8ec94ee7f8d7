"""Vector, by a channel's own contract: a proxy that its factory makes when the node puts in its part.

The node is Alice, the user is Bob. Before the proxy exists the user pays by plain transfers to the address that it will
have. Who leaves alone disputes the channel and defunds it; then each side takes its own part out (`exit`).
"""

from dataclasses import dataclass
from hashlib import sha256

from connext.abi import Artifact, encode
from connext.chain import Transaction
from connext.keccak import keccak256
from connext.token import TOKEN_ABI
from connext.types import DAY, ZERO_ADDRESS, Address
from peers import packages
from peers.chain import BenchChain, must
from peers.rows import (
    AMOUNT,
    CLOSE,
    COLLATERAL,
    EXIT,
    HASH_LOCK,
    LATER,
    LOCKED,
    OPEN,
    PAID,
    STALE,
    TAKEN,
    TOP_UP,
    WITHDRAWAL,
)
from peers.stand import Case, Column, Person, Play, measure

DEPLOYER = b"\xd3" * 20
PREIMAGE = b"\x5e" * 32
NO_TRANSFERS = bytes(32)
FIRST_DEFUND = 1

CHANNEL_STATE, WITHDRAW_DATA = 0, 1
"""Types of commitments."""

BALANCE = "(uint256[2],address[2])"
CHANNEL = f"(address,address,address,address[],{BALANCE}[],uint256[],uint256[],uint256[],uint256,uint256,bytes32)"
TRANSFER = f"(address,bytes32,address,address,address,address,{BALANCE},uint256,bytes32)"
WITHDRAWAL_DATA = "(address,address,address,uint256,uint256,address,bytes)"


@dataclass(frozen=True)
class State:
    """user and node: what they have. transfers_root: of the Merkle tree of open transfers; of one it is its hash."""

    nonce: int
    user: int
    node: int
    transfers_root: bytes = NO_TRANSFERS


STALE_STATE = State(5, AMOUNT, AMOUNT)
PAID_STATE = State(7, AMOUNT - PAID, AMOUNT + PAID)


class Channel:
    def __init__(self, vector: "Vector", case: Case) -> None:
        self.vector, self.case = vector, case
        self.user, self.node = case.user, case.node
        parties = (self.node.account, self.user.account)
        self.address: Address = case.chain.ask(vector.factory, vector.factory_abi, "getChannelAddress", *parties)

    # --- What is signed ---

    def state(self, state: State) -> tuple[object, ...]:
        """As the contract takes it."""
        return (
            self.address,
            self.node.account,
            self.user.account,
            [self.case.asset],
            [self.balance(state.node, state.user)],
            [AMOUNT],
            [AMOUNT],
            [FIRST_DEFUND],
            DAY,
            state.nonce,
            state.transfers_root,
        )

    def balance(self, node: int, user: int) -> tuple[object, ...]:
        return [node, user], [self.node.account, self.user.account]

    def lock(self) -> tuple[object, ...]:
        """One open transfer of the user's to the node, with a hash lock."""
        balance = ([LOCKED, 0], [self.user.account, self.node.account])
        parties = (self.user.account, self.node.account)
        identity = (self.address, keccak256(self.address), self.vector.hash_lock)
        return (*identity, *parties, self.case.asset, balance, DAY, keccak256(LOCK_STATE))

    def signatures(self, type_: int, content: bytes) -> tuple[bytes, bytes]:
        commitment = keccak256(encode(["uint8", "bytes32"], [type_, keccak256(content)]))
        digest = keccak256(b"\x16Vector Signed Message:\n32" + commitment)
        return self.node.sign(digest), self.user.sign(digest)

    # --- What is sent ---

    def pay_in(self) -> None:
        """By the user, to an address without code."""
        if self.case.is_ether:
            self.case.send(self.user, self.address, value=AMOUNT)
        else:
            self.case.send(self.user, self.case.asset, TOKEN_ABI.encode_call("transfer", self.address, AMOUNT))

    def collateralize(self) -> None:
        parties = (self.node.account, self.user.account)
        arguments = (*parties, self.case.asset, AMOUNT)
        data = self.vector.factory_abi.encode_call("createChannelAndDepositAlice", *arguments)
        self.case.send(self.node, self.vector.factory, data, AMOUNT if self.case.is_ether else 0)

    def withdraw(self, person: Person, amount: int, nonce: int) -> None:
        data = (self.address, self.case.asset, person.account, amount, nonce, ZERO_ADDRESS, b"")
        self._send(person, "withdraw", data, *self.signatures(WITHDRAW_DATA, encode([WITHDRAWAL_DATA], [data])))

    def dispute(self, person: Person, state: State) -> None:
        content = encode([CHANNEL], [self.state(state)])
        self._send(person, "disputeChannel", self.state(state), *self.signatures(CHANNEL_STATE, content))

    def defund(self, state: State) -> None:
        self.case.wait(DAY)
        self._send(self.node, "defundChannel", self.state(state), [self.case.asset], [0])

    def dispute_transfer(self) -> None:
        """The only one, so that no proof is needed."""
        self._send(self.node, "disputeTransfer", self.lock(), [])

    def defund_transfer(self) -> None:
        """By the node, whose signature is not needed then."""
        self._send(self.node, "defundTransfer", self.lock(), LOCK_STATE, PREIMAGE, b"")

    def exit(self, person: Person) -> None:
        self._send(person, "exit", self.case.asset, person.account, person.account)

    def pay_user(self) -> None:
        """The node's part stays, for its own exit."""
        self.exit(self.user)
        what = (self.case.asset, self.node.account)
        self.case.node_credit = self.case.chain.ask(self.address, self.vector.channel_abi, "getExitableAmount", *what)

    def _send(self, sender: Person, function: str, *arguments: object) -> None:
        self.case.send(sender, self.address, self.vector.channel_abi.encode_call(function, *arguments))


LOCK_STATE = sha256(PREIMAGE).digest() + bytes(32)
"""The hash, and no expiry."""


class Vector:
    def __init__(self, chain: BenchChain) -> None:
        self.chain = chain
        mastercopy, factory = packages.vector("ChannelMastercopy"), packages.vector("ChannelFactory")
        self.channel_abi, self.factory_abi = mastercopy.abi, factory.abi
        chain.deployment_gas = 0
        copied = chain.deploy(DEPLOYER, mastercopy.bytecode)
        self.factory = chain.deploy(DEPLOYER, factory.bytecode + factory.abi.encode_constructor(copied, 0))
        self.hash_lock, registering = self._register_transfers()
        self.deployment = chain.deployment_gas + registering

    def _register_transfers(self) -> tuple[Address, int]:
        """The hash lock, and the gas of entering it and `Withdraw` into the registry that parties read."""
        registry = packages.vector("TransferRegistry")
        register = self.chain.deploy(DEPLOYER, registry.bytecode)
        definitions = {}
        gas = 0
        for name in ("HashlockTransfer", "Withdraw"):
            definition: Artifact = packages.vector(f"transferDefinitions/{name}")
            definitions[name] = self.chain.deploy(DEPLOYER, definition.bytecode)
            information = self.chain.ask(definitions[name], definition.abi, "getRegistryInformation")
            data = registry.abi.encode_call("addTransferDefinition", information)
            gas += must(self.chain, Transaction(DEPLOYER, register, data))
        return definitions["HashlockTransfer"], gas

    def column(self, asset: Address) -> Column:
        rows = measure(self.chain, asset, "Vector", self.plays, [self.factory])
        return Column("Vector", packages.version(packages.VECTOR), self.deployment, rows)

    @property
    def plays(self) -> dict[str, Play]:
        return {
            OPEN: self._open,
            TOP_UP: self._top_up,
            COLLATERAL: self._collateral,
            CLOSE: self._close,
            WITHDRAWAL: self._withdraw,
            EXIT: self._exit,
            STALE: self._stale,
            HASH_LOCK: self._hash_lock,
            LATER: self._later,
        }

    def _open(self, case: Case) -> None:
        channel = Channel(self, case)
        case.begin()
        channel.pay_in()

    def _top_up(self, case: Case) -> None:
        channel = Channel(self, case)
        channel.pay_in()
        case.begin()
        channel.pay_in()

    def _collateral(self, case: Case) -> None:
        channel = Channel(self, case)
        channel.pay_in()
        case.begin()
        channel.collateralize()

    def _close(self, case: Case) -> None:
        channel = self._funded(case)
        channel.withdraw(case.user, AMOUNT - PAID, 1)
        channel.withdraw(case.node, AMOUNT + PAID, 2)

    def _withdraw(self, case: Case) -> None:
        self._funded(case).withdraw(case.user, TAKEN, 1)

    def _exit(self, case: Case) -> None:
        channel = self._funded(case)
        channel.dispute(case.user, PAID_STATE)
        channel.defund(PAID_STATE)
        channel.pay_user()

    def _stale(self, case: Case) -> None:
        channel = self._funded(case)
        channel.dispute(case.user, STALE_STATE)
        channel.dispute(case.node, PAID_STATE)
        channel.defund(PAID_STATE)
        channel.pay_user()

    def _hash_lock(self, case: Case) -> None:
        channel = self._funded(case)
        root = keccak256(encode([TRANSFER], [channel.lock()]))
        state = State(7, AMOUNT - PAID - LOCKED, AMOUNT + PAID, root)
        channel.dispute(case.user, state)
        channel.defund(state)
        channel.dispute_transfer()
        channel.defund_transfer()
        channel.pay_user()

    def _later(self, case: Case) -> None:
        channel = self._funded(case)
        channel.dispute(case.user, PAID_STATE)
        channel.defund(PAID_STATE)
        channel.exit(case.user)
        case.begin()
        channel.exit(case.node)

    def _funded(self, case: Case) -> Channel:
        channel = Channel(self, case)
        channel.pay_in()
        channel.collateralize()
        case.begin()
        return channel
