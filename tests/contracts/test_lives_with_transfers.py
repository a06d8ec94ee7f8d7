"""Random lives of channels with open transfers, of honest and dishonest states, on the in-process EVM.

After every step the contract owes exactly what it has (G1), and nobody else has been touched (G2). In the end everybody
has to the wei what was signed and proved (G7, G8, G9), in whatever order it came.
"""

from collections import Counter
from dataclasses import dataclass, replace
from random import Random

from connext.calls import ALL_TRANSFERS
from connext.chain import Transaction
from connext.channel import Signed
from connext.conditions import FULL_SHARE
from connext.keccak import keccak256
from connext.messages import State, Transfer
from connext.types import HOUR, Address, Asset, Side, Status
from connext.world import actor
from tests.contracts.arena import NOBODY, Arena, Contest, close, promise, settle, settle_transfers
from tests.contracts.channels import View
from tests.contracts.doubles import Conduct
from tests.contracts.locks import Book, Outcome, Pair, for_user
from tests.contracts.split import split
from tests.contracts.transfers import left
from tests.scene import DEPLOYER, double

LIMITS = (Pair(60, 80), Pair(1_000, 1_000))
"""Of one transfer, in either manager: some here are larger."""

SEEDS = 15
STEPS = 50
NOTHING = Pair(0, 0)


@dataclass
class Case:
    """A channel, what its parties have signed, and from its settlement on what its transfers hold."""

    contest: Contest
    limits: Pair
    signed: Signed[State]
    book: Book | None = None

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        return self.signed.message.transfers


class Life:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        alice, bob, carol, dora = people = [actor(name) for name in ("alice", "bob", "carol", "dora")]
        self.arena = arena = Arena(people, *LIMITS)
        refuser = self.refuser()
        self.accounts = [NOBODY, refuser, *(person.account for person in people)]
        start = arena.now + HOUR
        self.triples = [(b"%d" % number, start + rng.randrange(3 * HOUR)) for number in range(6)]
        self.shares = {keccak256(params): 0 for params, _ in self.triples}
        self.cases = [
            self.new_case(manager, arena.contest(manager, *sides, salt))
            for manager, sides, salt in (
                (0, (alice, bob), 0),
                (0, (alice, bob), 1),
                (0, (bob, carol), 0),
                (1, (carol, bob), 0),
                (1, (replace(dora, account=refuser), bob), 0),
            )
        ]

    def refuser(self) -> Address:
        """An account that takes no ether."""
        artifact = double("HostileRecipient")
        address = self.arena.chain.deploy(DEPLOYER, artifact.bytecode)
        conduct = artifact.abi.encode_call("behave", Conduct.REVERTS)
        assert self.arena.chain.send(Transaction(DEPLOYER, address, conduct)).succeeded
        return address

    def new_case(self, manager: int, contest: Contest) -> Case:
        """Of both assets or of one."""
        wei, token = self.rng.choice(((150, 150), (150, 1), (1, 150)))
        user, node = ((self.rng.randrange(wei), self.rng.randrange(token)) for _ in Side)
        self.arena.hold(contest, user=user, node=node)
        return Case(contest, LIMITS[manager], self.anything_signed(contest))

    def anything_signed(self, contest: Contest) -> Signed[State]:
        """Transfers with unknown codes, too, of nothing, twice the same; nets that add up, or are anything at all."""
        rng = self.rng
        transfers = [self.any_transfer() for _ in range(rng.choice((0, 1, 3, 6, 12)))]
        claimed = Counter()
        for transfer in transfers:
            claimed[transfer.payer, transfer.asset] += transfer.amount
        nets = {}
        for asset, unit in ((Asset.ETH, "wei"), (Asset.DAI, "token")):
            moved, error = rng.randrange(-50, 50), rng.choice((0, 0, 0, 30, -30, 10**6, -(10**6)))
            nets[f"user_{unit}"] = moved - claimed[Side.USER, asset]
            nets[f"node_{unit}"] = -moved - claimed[Side.NODE, asset] + error
        return self.arena.signed(contest, transfers=tuple(transfers), is_final=rng.random() < 0.5, **nets)

    def any_transfer(self) -> Transfer:
        rng = self.rng
        params, expiry = rng.choice(self.triples)
        payer, asset = rng.choice((0, 0, 0, 1, 1, 1, 2)), rng.choice((0, 0, 0, 1, 1, 1, 9))
        return promise(self.arena, params, payer, asset, rng.randrange(100), expiry, rng.randrange(4))

    def outcomes(self, transfers: tuple[Transfer, ...]) -> list[Outcome]:
        """As they are in the block that was just made."""
        now = self.arena.now
        shares = [(self.shares[transfer.params_hash], transfer.expiry) for transfer in transfers]
        return [Outcome(share, is_final=share == FULL_SHARE or now >= expiry) for share, expiry in shares]

    # --- Steps: somebody tries something, and may be refused; what it is, for the statistics ---

    def record(self) -> str:
        params, expiry = self.rng.choice(self.triples)
        share = self.rng.choice((0, 1, FULL_SHARE // 3, FULL_SHARE // 2, FULL_SHARE - 1, FULL_SHARE))
        error = self.arena.record(params, expiry, share, at=self.later())
        if self.arena.now >= expiry:
            assert (error is None) == (self.shares[keccak256(params)] == FULL_SHARE)
            return "record too late"
        assert error is None
        self.shares[keccak256(params)] = max(self.shares[keccak256(params)], share)
        return "record"

    def end(self, case: Case) -> str:
        """Settle or close, with the list or without."""
        contest, state, before = case.contest, case.signed.message, self.arena.view(case.contest)
        is_shown = self.rng.random() < 0.5
        if state.is_final:
            call = close(contest, case.signed, shown=is_shown)
        elif before.status == Status.OPEN:
            self.arena.dispute(contest, case.signed)
            return "dispute"
        else:
            call = settle(contest, state, shown=is_shown)
        if (error := self.arena.send(contest.manager, call, at=self.later()).error) is not None:
            assert error.name == ("DisputeNotOver" if case.book is None else "ChannelIsSettled")
            return error.name
        *_, held_wei = split(before.user_wei, before.node_wei, state.user_wei, state.node_wei)
        *_, held_token = split(before.user_token, before.node_token, state.user_token, state.node_token)
        case.book = Book(Pair(held_wei, held_token), case.transfers, case.limits)
        if is_shown or not case.transfers:
            case.book.show(ALL_TRANSFERS, self.outcomes(case.transfers))
        return "end with the list" if is_shown else "end without"

    def show(self, case: Case) -> str:
        """Settle some transfers."""
        wanted = self.rng.choice((ALL_TRANSFERS, self.rng.getrandbits(12)))
        call = settle_transfers(case.contest, case.transfers, wanted)
        error = self.arena.send(case.contest.manager, call, at=self.later()).error
        if case.book is None:
            assert error.name == "ChannelNotSettled"
        elif case.book.held == NOTHING:
            assert error.name == "NothingLocked"
        elif case.book.show(wanted, self.outcomes(case.transfers)) == (NOTHING, NOTHING):
            assert error.name == "NothingFinal"
        else:
            assert error is None
        return "show" if error is None else error.name

    def later(self) -> int:
        return self.arena.now + self.rng.choice((1, 60, HOUR // 4))

    # --- What must hold ---

    def snapshot(self) -> tuple[dict[Address, Pair], list[View]]:
        views = [self.arena.view(case.contest) for case in self.cases]
        return {account: self.arena.owned(account) for account in self.accounts}, views

    def check_step(self, case: Case | None, before: tuple[dict[Address, Pair], list[View]]) -> None:
        for manager in self.arena.managers:
            contests = [case.contest for case in self.cases if case.contest.manager == manager]
            assert self.arena.surplus(manager, contests, self.accounts) == NOTHING, "G1"
        now = self.snapshot()
        parties = (case.contest.user.account, case.contest.node.account) if case else ()
        for account in self.accounts:
            assert account in parties or now[0][account] == before[0][account], "G2"
        for own, seen, seen_before in zip(self.cases, now[1], before[1], strict=True):
            assert own is case or seen == seen_before, "G2"
            if own.book is not None:
                held, bits = own.book.held, own.book.bits
                assert seen == (left(own.transfers, *held, bits) if any(held) else View(Status.SETTLED))

    def entitled(self, case: Case, deposited: View) -> tuple[Pair, Pair]:
        """What user and node must have got of the channel once all is over."""
        state, shares = case.signed.message, {Side.USER: [0, 0], Side.NODE: [0, 0]}
        halves = [
            split(deposited.user_wei, deposited.node_wei, state.user_wei, state.node_wei),
            split(deposited.user_token, deposited.node_token, state.user_token, state.node_token),
        ]
        held = Pair(*(locked for *_, locked in halves))
        book = Book(held, case.transfers, case.limits)
        for asset, (user, node, _) in enumerate(halves):
            shares[Side.USER][asset] = user
            shares[Side.NODE][asset] = node + book.left[asset]
        for transfer, part in zip(case.transfers, book.parts, strict=True):
            if part:
                above = transfer.amount > case.limits[transfer.asset]
                for_the_user = for_user(transfer, part, 0 if above else self.shares[transfer.params_hash])
                shares[Side.USER][transfer.asset] += for_the_user
                shares[Side.NODE][transfer.asset] += part - for_the_user
        return Pair(*shares[Side.USER]), Pair(*shares[Side.NODE])


def test_random_lives() -> None:
    seen = Counter()
    for seed in range(SEEDS):
        life = Life(Random(seed))
        start, deposited = life.snapshot()
        for _ in range(STEPS):
            before = life.snapshot()
            case = life.rng.choice([*life.cases, None])
            step = life.record() if case is None else life.rng.choice((life.end, life.show))(case)
            seen[step] += 1
            life.check_step(case, before)
        finish(life)
        gets = {account: list(start[account]) for account in life.accounts}
        for case, view in zip(life.cases, deposited, strict=True):
            for actor_, parts in zip((case.contest.user, case.contest.node), life.entitled(case, view), strict=True):
                for asset in Asset:
                    gets[actor_.account][asset] += parts[asset]
        assert {account: list(life.arena.owned(account)) for account in life.accounts} == gets, f"{seed=}"
    # Without these the test would be about nothing.
    expected = {"record", "record too late", "dispute", "DisputeNotOver", "end with the list", "end without", "show"}
    assert expected | {"NothingFinal", "NothingLocked", "ChannelNotSettled", "ChannelIsSettled"} == set(seen), seen


def finish(life: Life) -> None:
    """Everything is settled, long after."""
    life.arena.chain.set_next_time(life.arena.now + 10 * HOUR)
    life.arena.chain.mine()
    for case in life.cases:
        while case.book is None:
            life.end(case)
            life.arena.chain.set_next_time(life.arena.now + HOUR)
        if case.book.held != NOTHING:
            life.arena.do(case.contest.manager, settle_transfers(case.contest, case.transfers))
        assert life.arena.view(case.contest) == View(Status.SETTLED)
