"""Nitro (go-nitro's ancestor), by its adjudicator: `deposit`, `challenge`, `concludeAndTransferAllAssets`.

One contract holds all channels. A state is an outcome (who gets what), signed by both under Ethereum's message prefix;
a hash lock is an application (`HashLockedSwap`) whose transition from one outcome to another needs the preimage.
"""

from dataclasses import dataclass
from hashlib import sha256

from connext.abi import Artifact, encode
from connext.keccak import keccak256
from connext.types import DAY, ZERO_ADDRESS, Address
from peers import packages
from peers.chain import CHAIN_ID, BenchChain
from peers.rows import AMOUNT, CLOSE, COLLATERAL, EXIT, HASH_LOCK, LOCKED, OPEN, PAID, STALE, TOP_UP
from peers.stand import Case, Column, Person, Play, measure

DEPLOYER = b"\xd1" * 20
PREIMAGE = b"\x5e" * 32
SUPPORTED_BY_ONE = [0, 0]
"""Both have signed the only state."""
SWAP_TURN = 4
"""When `HashLockedSwap` allows its transition. Turns alternate, so the node (participant 0) makes it."""


@dataclass(frozen=True)
class State:
    """What both sign; user and node: what they get."""

    turn: int
    user: int
    node: int
    is_final: bool = False
    app_data: bytes = b""


PAID_STATE = State(7, AMOUNT - PAID, AMOUNT + PAID)
STALE_STATE = State(5, AMOUNT, AMOUNT)
FINAL_STATE = State(9, AMOUNT - PAID, AMOUNT + PAID, is_final=True)


class Channel:
    def __init__(self, nitro: "Nitro", case: Case, app: Address = ZERO_ADDRESS) -> None:
        self.nitro, self.case = nitro, case
        participants = [case.node.account, case.user.account]
        self.fixed = (CHAIN_ID, participants, 1, app, DAY)
        self.id = keccak256(encode(["uint256", "address[]", "uint256"], [CHAIN_ID, participants, 1]))
        self._app = app

    # --- What is signed ---

    def outcome(self, state: State) -> bytes:
        """One asset, of which both get a part."""
        parties = ((self.case.node, state.node), (self.case.user, state.user))
        items = [(bytes(12) + person.account, amount) for person, amount in parties]
        allocation = encode(["(bytes32,uint256)[]"], [items])
        return encode(["(address,bytes)[]"], [[(self.case.asset, encode(["(uint8,bytes)"], [(0, allocation)]))]])

    def app_part_hash(self, state: State) -> bytes:
        return keccak256(encode(["uint256", "address", "bytes"], [DAY, self._app, state.app_data]))

    def state_hash(self, state: State) -> bytes:
        outcome_hash = keccak256(self.outcome(state))
        words = (state.turn, state.is_final, self.id, self.app_part_hash(state), outcome_hash)
        return keccak256(encode(["(uint256,bool,bytes32,bytes32,bytes32)"], [words]))

    def signature(self, person: Person, digest: bytes) -> tuple[int, bytes, bytes]:
        rsv = person.sign(keccak256(b"\x19Ethereum Signed Message:\n32" + digest))
        return rsv[64], rsv[:32], rsv[32:64]

    def signatures(self, state: State) -> list[tuple[int, bytes, bytes]]:
        return [self.signature(person, self.state_hash(state)) for person in (self.case.node, self.case.user)]

    # --- What is sent ---

    def deposit(self, sender: Person, held: int) -> None:
        value = AMOUNT if self.case.is_ether else 0
        self._send(sender, "deposit", self.case.asset, self.id, held, AMOUNT, value=value)

    def fund(self) -> None:
        self.deposit(self.case.user, 0)
        self.deposit(self.case.node, AMOUNT)

    def conclude(self, state: State) -> None:
        self._send(
            self.case.user,
            "concludeAndTransferAllAssets",
            *(state.turn, self.fixed, self.app_part_hash(state), self.outcome(state), 1, SUPPORTED_BY_ONE),
            self.signatures(state),
        )

    def challenge(self, challenger: Person, state: State) -> None:
        """With a state that both have signed."""
        self._challenge(challenger, [state], self.signatures(state), SUPPORTED_BY_ONE)

    def challenge_with_swap(self, locked: State, swapped: State) -> None:
        """By the node, whose transition from the one to the other has its own signature alone."""
        signatures = [
            self.signature(self.case.node, self.state_hash(swapped)),
            self.signature(self.case.user, self.state_hash(locked)),
        ]
        self._challenge(self.case.node, [locked, swapped], signatures, [1, 0])

    def _challenge(
        self, challenger: Person, states: list[State], signatures: list[tuple[int, bytes, bytes]], signed: list[int]
    ) -> None:
        newest = states[-1]
        variable = [(self.outcome(state), state.app_data) for state in states]
        challenge_hash = keccak256(encode(["bytes32", "string"], [self.state_hash(newest), "forceMove"]))
        own = self.signature(challenger, challenge_hash)
        self._send(challenger, "challenge", self.fixed, newest.turn, variable, 0, signatures, signed, own)

    def pay_out(self, state: State) -> None:
        self.case.wait(DAY)
        self._send(self.case.node, "transferAllAssets", self.id, self.outcome(state), self.state_hash(state))

    def _send(self, sender: Person, function: str, *arguments: object, value: int = 0) -> None:
        data = self.nitro.artifact.abi.encode_call(function, *arguments)
        self.case.send(sender, self.nitro.adjudicator, data, value)


class Nitro:
    def __init__(self, chain: BenchChain) -> None:
        self.chain = chain
        self.artifact: Artifact = packages.nitro("NitroAdjudicator")
        chain.deployment_gas = 0
        self.adjudicator = chain.deploy(DEPLOYER, self.artifact.bytecode)
        self.swap = chain.deploy(DEPLOYER, packages.nitro("examples/HashLockedSwap").bytecode)
        self.deployment = chain.deployment_gas

    def column(self, asset: Address) -> Column:
        rows = measure(self.chain, asset, "Nitro", self.plays, [self.adjudicator])
        return Column("Nitro", packages.version(packages.NITRO), self.deployment, rows)

    @property
    def plays(self) -> dict[str, Play]:
        return {
            OPEN: self._open,
            TOP_UP: self._top_up,
            COLLATERAL: self._collateral,
            CLOSE: self._close,
            EXIT: self._exit,
            STALE: self._stale,
            HASH_LOCK: self._hash_lock,
        }

    def _open(self, case: Case) -> None:
        case.begin()
        Channel(self, case).deposit(case.user, 0)

    def _top_up(self, case: Case) -> None:
        channel = Channel(self, case)
        channel.deposit(case.user, 0)
        case.begin()
        channel.deposit(case.user, AMOUNT)

    def _collateral(self, case: Case) -> None:
        channel = Channel(self, case)
        channel.deposit(case.user, 0)
        case.begin()
        channel.deposit(case.node, AMOUNT)

    def _close(self, case: Case) -> None:
        channel = self._funded(case)
        channel.conclude(FINAL_STATE)

    def _exit(self, case: Case) -> None:
        channel = self._funded(case)
        channel.challenge(case.user, PAID_STATE)
        channel.pay_out(PAID_STATE)

    def _stale(self, case: Case) -> None:
        channel = self._funded(case)
        channel.challenge(case.user, STALE_STATE)
        channel.challenge(case.node, PAID_STATE)
        channel.pay_out(PAID_STATE)

    def _hash_lock(self, case: Case) -> None:
        """The user disputes with the lock open, the node shows the preimage. The application swaps both amounts."""
        lower, higher = AMOUNT - PAID - LOCKED, AMOUNT + PAID + LOCKED
        lock = encode(["(bytes32,bytes)"], [(sha256(PREIMAGE).digest(), b"")])
        key = encode(["(bytes32,bytes)"], [(bytes(32), PREIMAGE)])
        locked = State(SWAP_TURN - 1, higher, lower, app_data=lock)
        swapped = State(SWAP_TURN, lower, higher, app_data=key)
        channel = self._funded(case, self.swap)
        channel.challenge(case.user, locked)
        channel.challenge_with_swap(locked, swapped)
        channel.pay_out(swapped)

    def _funded(self, case: Case, app: Address = ZERO_ADDRESS) -> Channel:
        channel = Channel(self, case, app)
        channel.fund()
        case.begin()
        return channel
