"""Managers on one outcome registry, and channels on them, on the in-process EVM: whole lives in milliseconds."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from connext import calls
from connext.abi import Revert
from connext.calls import ALL_TRANSFERS, Call
from connext.chain import Receipt, Transaction
from connext.chain.evm import EvmChain
from connext.chain.views import channel_at, credit_at, outcome_at, reserve_at, wallet_at
from connext.channel import Signed
from connext.deployments import default_parameters
from connext.keccak import keccak256
from connext.messages import Domain, Exit, State, Transfer, digest, header
from connext.signing import Signable
from connext.transfers import Triple
from connext.types import Address, Bytes32, ChannelIdentity, Side
from connext.world import Actor
from tests.contracts.channels import View
from tests.contracts.locks import Pair
from tests.scene import DEPLOYER, deploy, double, enrich

NOBODY = b"\x99" * 20
"""Sends what anyone may send, and has no part in anything."""


@dataclass(frozen=True)
class Contest:
    """A channel on one of the managers, with both its keys."""

    manager: Address
    identity: ChannelIdentity
    id: Bytes32
    user: Actor
    node: Actor


class Arena:
    """Everybody has some of everything; all managers have the same token and registry."""

    def __init__(self, people: Iterable[Actor], *limits: tuple[int, int]) -> None:
        """limits: the largest transfer in wei and in tokens, for each manager."""
        self.chain = EvmChain()
        deployment = deploy(self.chain)
        self.token, self.registry = deployment.token, deployment.registry
        self.condition = self.chain.deploy(DEPLOYER, double("AnyShare").bytecode)
        usual = default_parameters(self.token, self.registry)
        self.managers = []
        for wei, token in limits:
            parameters = replace(usual, transfer_limit_wei=wei, transfer_limit_token=token)
            self.managers.append(self.chain.deploy(DEPLOYER, parameters.creation_code()))
        for manager in self.managers:
            domain = Domain(self.chain.chain_id, manager)
            enrich(self.chain, replace(deployment, domain=domain), [NOBODY, *(person.account for person in people)])

    @property
    def now(self) -> int:
        return self.chain.head.time

    def contest(self, manager: int, user: Actor, node: Actor, salt: int = 0, period: int = 3_600) -> Contest:
        address = self.managers[manager]
        identity = ChannelIdentity(user.account, user.signer.address, node.account, node.signer.address, period, salt)
        return Contest(address, identity, identity.id(self.chain.chain_id, address), user, node)

    # --- Doing ---

    def send(self, to: Address, call: Call, *, at: int | None = None, gas: int | None = None) -> Receipt:
        if at is not None:
            self.chain.set_next_time(at)
        return self.chain.send(Transaction(NOBODY, to, call.data, call.value, gas))

    def do(self, to: Address, call: Call, *, at: int | None = None) -> Receipt:
        """What must succeed."""
        receipt = self.send(to, call, at=at)
        assert receipt.error is None, f"{call.function}: {receipt.error}"
        return receipt

    def hold(self, contest: Contest, *, user: tuple[int, int], node: tuple[int, int]) -> None:
        """Deposit wei and tokens for both sides."""
        for side, amounts in ((Side.USER, user), (Side.NODE, node)):
            if any(amounts):
                self.do(contest.manager, calls.deposit(contest.identity, side, *amounts))

    def record(self, params: bytes, expiry: int, share: int, *, at: int | None = None) -> Revert | None:
        call = calls.record(self.condition, params, expiry, share.to_bytes(32))
        return self.send(self.registry, call, at=at).error

    def signed(self, contest: Contest, **state: Any) -> Signed[State]:
        nothing = {"nonce": 1, "user_wei": 0, "node_wei": 0, "user_token": 0, "node_token": 0}
        message = State(contest.id, **{**nothing, "transfers": (), "is_final": False, **state})
        domain = Domain(self.chain.chain_id, contest.manager)
        signatures = (party.signer.sign(Signable(domain, message)) for party in (contest.user, contest.node))
        return Signed(message, digest(domain, message), *signatures)

    def dispute(self, contest: Contest, signed: Signed[State]) -> None:
        exit_ = Exit(contest.id, self.view(contest).dispute + 1, 2**64 - 1)
        signature = contest.user.signer.sign(Signable(Domain(self.chain.chain_id, contest.manager), exit_))
        self.do(contest.manager, calls.start_dispute_with_exit(contest.identity, exit_, signature, signed))

    # --- Seeing ---

    def view(self, contest: Contest) -> View:
        return View(*channel_at(self.chain, contest.manager, contest.id, self.chain.head.number))

    def outcome(self, params: bytes, expiry: int) -> tuple[int, bool]:
        triple = Triple(self.condition, keccak256(params), expiry)
        return outcome_at(self.chain, self.registry, triple, self.chain.head.number)

    def wallet(self, account: Address) -> Pair:
        holdings = wallet_at(self.chain, self.token, account, self.chain.head.number)
        return Pair(holdings.amount_wei, holdings.amount_token)

    def inside(self, manager: Address, account: Address) -> Pair:
        """Reserve and credit."""
        number = self.chain.head.number
        reserve, credit = (
            reserve_at(self.chain, manager, account, number),
            credit_at(self.chain, manager, account, number),
        )
        return Pair(reserve.amount_wei + credit.amount_wei, reserve.amount_token + credit.amount_token)

    def owned(self, account: Address) -> Pair:
        """Outside of all managers and in them, channels apart."""
        return total([self.wallet(account), *(self.inside(manager, account) for manager in self.managers)])

    def surplus(self, manager: Address, contests: Iterable[Contest], accounts: Iterable[Address]) -> Pair:
        """G1: what the manager has beyond all that it owes to these."""
        owed = [self.inside(manager, account) for account in accounts]
        for seen in map(self.view, contests):
            owed.append(Pair(seen.user_wei + seen.node_wei, seen.user_token + seen.node_token))
            owed.append(Pair(seen.locked_wei, seen.locked_token))
        has, owes = self.wallet(manager), total(owed)
        return Pair(has.wei - owes.wei, has.token - owes.token)


def total(pairs: Iterable[Pair]) -> Pair:
    pairs = tuple(pairs)
    return Pair(sum(pair.wei for pair in pairs), sum(pair.token for pair in pairs))


def promise(arena: Arena, params: bytes, payer: int, asset: int, amount: int, expiry: int, id_: int = 1) -> Transfer:
    return Transfer(id_, payer, asset, amount, arena.condition, keccak256(params), expiry)


def settle(contest: Contest, state: State, *, shown: bool = True) -> Call:
    return calls.settle(contest.identity, state if shown else header(state))


def close(contest: Contest, signed: Signed[State], *, shown: bool = True) -> Call:
    call = calls.close(contest.identity, signed)
    return call if shown else replace(call, arguments=(*call.arguments[:2], ()))


def settle_transfers(contest: Contest, transfers: tuple[Transfer, ...], wanted: int = ALL_TRANSFERS) -> Call:
    return calls.settle_transfers(contest.identity, transfers, wanted)
