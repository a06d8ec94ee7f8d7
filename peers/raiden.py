"""Raiden, by its token network: tokens only, one contract for each token, made by a registry.

A side signs what it has transferred so far (a balance proof) to the other, who may close with it. Nobody closes with
its own; so in an exit the node, which was paid, closes with the proof of the user.
"""

from hashlib import sha256

from connext.abi import encode
from connext.chain import Transaction
from connext.keccak import keccak256
from connext.types import Address
from peers import packages
from peers.chain import BenchChain, must
from peers.rows import (
    AMOUNT,
    CLOSE,
    COLLATERAL,
    EXIT,
    HASH_LOCK,
    LOCKED,
    OPEN,
    PAID,
    STALE,
    TAKEN,
    TOP_UP,
    WITHDRAWAL,
)
from peers.stand import Case, Column, Person, Play, measure

DEPLOYER = b"\xd2" * 20
SETTLE_TIMEOUT = 86_400
NO_LIMIT = 2**256 - 1
NEVER = 2**40
NO_LOCKS = keccak256(b"")

BALANCE_PROOF, BALANCE_PROOF_UPDATE, WITHDRAW = 1, 2, 3
"""Types of messages."""

Transferred = tuple[int, int, bytes]
"""What one side has transferred, what it has locked, and the hash of the locks."""

RETURNED = AMOUNT // 7
"""Where both have paid each other: what the node has. The user has paid as much more."""


class Channel:
    def __init__(self, raiden: "Raiden", case: Case) -> None:
        self.raiden, self.case = raiden, case
        self.network = raiden.network
        self.user, self.node = case.user, case.node
        self._send(self.user, "openChannelWithDeposit", self.user.account, self.node.account, AMOUNT)
        parties = (self.user.account, self.node.account)
        self.id: int = case.chain.ask(self.network, raiden.network_abi, "getChannelIdentifier", *parties)

    def deposit(self, person: Person, partner: Person, total: int) -> None:
        self._send(person, "setTotalDeposit", self.id, person.account, total, partner.account)

    # --- What is signed ---

    def withdrawal(self, person: Person, total: int) -> tuple[object, ...]:
        """With the signatures of the person and of its partner."""
        partner = self.node if person is self.user else self.user
        body = person.account + _words(total, NEVER)
        signatures = [signer.sign(self._digest(WITHDRAW, body)) for signer in (person, partner)]
        return person.account, total, NEVER, *signatures

    def proof(self, payer: Person, nonce: int, balance_hash: bytes) -> bytes:
        return payer.sign(self._digest(BALANCE_PROOF, _proof(nonce, balance_hash)))

    def counter_proof(self, payee: Person, type_: int, nonce: int, balance_hash: bytes, proof: bytes) -> bytes:
        return payee.sign(self._digest(type_, _proof(nonce, balance_hash) + proof))

    def _digest(self, type_: int, body: bytes) -> bytes:
        message = self.network + _words(self.case.chain.chain_id, type_, self.id) + body
        return keccak256(b"\x19Ethereum Signed Message:\n" + str(len(message)).encode() + message)

    # --- What is sent ---

    def close(self, closer: Person, payer: Person, nonce: int, balance_hash: bytes) -> None:
        proof = self.proof(payer, nonce, balance_hash)
        counter = self.counter_proof(closer, BALANCE_PROOF, nonce, balance_hash, proof)
        parties = (payer.account, closer.account)
        self._send(closer, "closeChannel", self.id, *parties, balance_hash, nonce, bytes(32), proof, counter)

    def update(self, closer: Person, answering: Person, nonce: int, balance_hash: bytes) -> None:
        """With the closer's own proof."""
        proof = self.proof(closer, nonce, balance_hash)
        counter = self.counter_proof(answering, BALANCE_PROOF_UPDATE, nonce, balance_hash, proof)
        parties = (closer.account, answering.account)
        arguments = (self.id, *parties, balance_hash, nonce, bytes(32), proof, counter)
        self._send(answering, "updateNonClosingBalanceProof", *arguments)

    def settle(self, by_node: Transferred, by_user: Transferred) -> None:
        """What each has transferred and locked. The contract wants who has transferred less first."""
        self.case.wait(SETTLE_TIMEOUT + 1)
        arguments = (self.id, self.node.account, *by_node, self.user.account, *by_user)
        self._send(self.node, "settleChannel", *arguments)

    def cooperate(self) -> None:
        shares = (self.withdrawal(self.user, AMOUNT - PAID), self.withdrawal(self.node, AMOUNT + PAID))
        self._send(self.user, "cooperativeSettle", self.id, *shares)

    def withdraw(self) -> None:
        self._send(self.user, "setTotalWithdraw", self.id, *self.withdrawal(self.user, TAKEN))

    def unlock(self, locks: bytes) -> None:
        self._send(self.node, "unlock", self.id, self.node.account, self.user.account, locks)

    def _send(self, sender: Person, function: str, *arguments: object) -> None:
        self.case.send(sender, self.network, self.raiden.network_abi.encode_call(function, *arguments))


class Raiden:
    def __init__(self, chain: BenchChain, token: Address) -> None:
        self.chain = chain
        self.token = token
        secrets, registry, network = map(packages.raiden, ("SecretRegistry", "TokenNetworkRegistry", "TokenNetwork"))
        self.network_abi, self.secrets_abi = network.abi, secrets.abi
        chain.deployment_gas = 0
        self.secrets = chain.deploy(DEPLOYER, secrets.bytecode)
        limits = (self.secrets, SETTLE_TIMEOUT, NO_LIMIT)
        self.registry = chain.deploy(DEPLOYER, registry.bytecode + registry.abi.encode_constructor(*limits))
        create = registry.abi.encode_call("createERC20TokenNetworkWithoutLimits", token)
        self.deployment = chain.deployment_gas + must(chain, Transaction(DEPLOYER, self.registry, create))
        self.network: Address = chain.ask(self.registry, registry.abi, "token_to_token_networks", token)

    def column(self) -> Column:
        rows = measure(self.chain, self.token, "Raiden", self.plays, [self.network])
        return Column("Raiden", packages.raiden_version(), self.deployment, rows)

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
        }

    def _open(self, case: Case) -> None:
        case.begin()
        Channel(self, case)

    def _top_up(self, case: Case) -> None:
        channel = Channel(self, case)
        case.begin()
        channel.deposit(case.user, case.node, 2 * AMOUNT)

    def _collateral(self, case: Case) -> None:
        channel = Channel(self, case)
        case.begin()
        channel.deposit(case.node, case.user, AMOUNT)

    def _close(self, case: Case) -> None:
        self._funded(case).cooperate()

    def _withdraw(self, case: Case) -> None:
        self._funded(case).withdraw()

    def _exit(self, case: Case) -> None:
        by_user = (PAID, 0, NO_LOCKS)
        channel = self._funded(case)
        channel.close(case.node, case.user, 1, balance_hash(by_user))
        channel.settle((0, 0, NO_LOCKS), by_user)

    def _stale(self, case: Case) -> None:
        """The user closes with what the node has paid; the node answers with the user's newest proof."""
        by_node, by_user = (RETURNED, 0, NO_LOCKS), (RETURNED + PAID, 0, NO_LOCKS)
        channel = self._funded(case)
        channel.close(case.user, case.node, 1, balance_hash(by_node))
        channel.update(case.user, case.node, 2, balance_hash(by_user))
        channel.settle(by_node, by_user)

    def _hash_lock(self, case: Case) -> None:
        """The node closes with a proof that has the lock in it, and registers the secret."""
        secret = keccak256(case.node.account)
        locks = _words(NEVER, LOCKED) + sha256(secret).digest()
        by_user = (PAID, LOCKED, keccak256(locks))
        channel = self._funded(case)
        channel.close(case.node, case.user, 1, balance_hash(by_user))
        case.send(case.node, self.secrets, self.secrets_abi.encode_call("registerSecret", secret))
        channel.settle((0, 0, NO_LOCKS), by_user)
        channel.unlock(locks)

    def _funded(self, case: Case) -> Channel:
        channel = Channel(self, case)
        channel.deposit(case.node, case.user, AMOUNT)
        case.begin()
        return channel


def balance_hash(transferred: Transferred) -> bytes:
    amount, locked, locks_root = transferred
    return keccak256(_words(amount, locked) + locks_root)


def _proof(nonce: int, hash_: bytes) -> bytes:
    """With no additional hash."""
    return hash_ + _words(nonce) + bytes(32)


def _words(*numbers: int) -> bytes:
    return encode(["uint256"] * len(numbers), numbers)
