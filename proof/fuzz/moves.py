"""The next thing that somebody does: honest more often than not, else with one thing wrong, or something old in a new place."""

from collections.abc import Callable
from typing import Any

from connext.keccak import keccak256
from connext.signing import Key
from connext.types import ZERO_ADDRESS, Address, ChannelIdentity, Status
from proof.fuzz.choices import Choices, Table
from proof.fuzz.ink import MALFORMED, NO_INK, Ink, sign, with_other_parity
from proof.fuzz.scene import FRESH, Desk, Line, Move, Payment, Scene
from proof.fuzz.stage import RELAY, Person
from proof.fuzz.wire import opaque
from proof.model import operations as op
from proof.model import outcomes
from proof.model.ledger import FULL_SHARE
from proof.model.messages import INITIAL, NO_TRANSFERS, Header, Identity, SignedState, Statement, Transfer, Withdrawal
from proof.model.messages import TransferList
from proof.model.operations import Context, Operation

MAX_NONCE = 2**48 - 1
MAX_UINT64 = 2**64 - 1
MAX_INT128 = 2**127 - 1
MAX_UINT128 = 2**128 - 1
MAX_WEI = 2**80
ALL = 2**256 - 1
MOST_LINES = 8
MANY = (200, 256, 257, 300)
"""Lengths of lists at which something changes."""

# --- What is done, by where the channel stands ---

_ANYWHERE = {
    "fund": 5,
    "withdraw_reserve": 5,
    "withdraw_credit": 2,
    "push_credit": 2,
    "record": 7,
    "permit": 2,
    "odd": 1,
}
_EVERYTHING = {
    "deposit": 1,
    "top_up": 1,
    "collateralize": 1,
    "withdraw": 1,
    "checkpoint": 1,
    "start_dispute": 1,
    "start_dispute_with_exit": 1,
    "resume": 1,
    "settle": 1,
    "close": 1,
    "settle_transfers": 1,
    **_ANYWHERE,
    "batch": 8,
    "replay": 7,
}
KINDS = {
    Status.UNFUNDED: Table({**_EVERYTHING, "deposit": 80, "collateralize": 12}),
    Status.OPEN: Table(
        {
            **_EVERYTHING,
            "deposit": 8,
            "top_up": 8,
            "collateralize": 7,
            "withdraw": 12,
            "checkpoint": 11,
            "start_dispute": 9,
            "start_dispute_with_exit": 7,
            "close": 4,
        }
    ),
    Status.DISPUTED: Table({**_EVERYTHING, "checkpoint": 16, "resume": 12, "settle": 24, "close": 5}),
    Status.SETTLED: Table({**_EVERYTHING, "settle_transfers": 25, "withdraw_credit": 12, "push_credit": 8}),
}
ITEMS = tuple(kind for kind in _EVERYTHING if kind not in ("batch", "replay", "record"))

_LENGTHS = Table({0: 440, 1: 220, 2: 160, 3: 90, 5: 50, 8: 30, -1: 2})
_RATES = Table({"within": 8, "all": 5, "one": 3, "none": 2, "but one": 3, "half": 4, "third": 2})


class Moves:
    """Draws moves in a scene; every choice comes from `choices`."""

    def __init__(self, choices: Choices, scene: Scene) -> None:
        self.choices = choices
        self.scene = scene
        self._acting: Address | None = None

    def next(self) -> Move:
        self._pass_time()
        line = self._some_line()
        kind = KINDS[line.channel.status].draw(self.choices)
        if kind == "replay":
            return self._replay()
        if kind == "batch":
            return self._batch(line.desk)
        return self._single(kind, line)

    def _single(self, kind: str, line: Line) -> Move:
        caller, operation, value = _DRAWERS[kind](self, line)
        if self.choices.seldom(1) and line.desk.ledger.ether.get(caller, 0) > value:
            value += 1
        context = Context(caller, self.scene.time, value)
        gas = self.choices.between(21_000, 400_000) if self.choices.seldom(1) else None
        return Move(line.desk, operation, context, gas)

    # --- Batches, replays, oddities ---

    def _batch(self, desk: Desk) -> Move:
        caller = self._acting = self._somebody().account
        items, value = [], 0
        for _ in range(self.choices.pick((2, 3, 1, 4, 2, 3, 0))):
            item = self._item(desk)
            items.append(item)
            value += item.value
        self._acting = None
        value += self.choices.pick((0, 0, 0, 0, 1, 1_000))
        if value and self.choices.seldom(3):
            value -= 1
        return Move(desk, op.Batch(tuple(items)), Context(caller, self.scene.time, value))

    def _item(self, desk: Desk) -> op.Item:
        choices = self.choices
        if choices.seldom(6):
            odd = choices.pick((op.Batch(()), op.Garbled(), op.PlainTransfer()))
            return op.Item(odd, choices.pick((0, 0, 1)))
        line = self._some_line(desk)
        kind = KINDS[line.channel.status].draw(choices)
        if kind in ("batch", "replay", "record"):
            kind = choices.pick(ITEMS)
        _, operation, value = _DRAWERS[kind](self, line)
        if choices.seldom(2):
            value += 1
        return op.Item(operation, value, starved=choices.seldom(2))

    def _replay(self) -> Move:
        """An earlier transaction once more: as it was, or on another channel, or with another manager."""
        scene, choices = self.scene, self.choices
        if not scene.played:
            return self._single("fund", self._some_line())
        old = choices.pick(scene.played)
        desk, operation = old.desk, old.operation
        way = choices.pick(("again", "again", "other channel", "other manager"))
        if way == "other channel" and hasattr(operation, "channel"):
            other = choices.pick(scene.lines)
            desk, operation = other.desk, operation._replace(channel=other.identity)
        elif way == "other manager":
            desk = choices.pick(scene.desks)
            operation = self._at(desk, operation)
        caller, value = old.context.caller, old.context.value
        if desk.ledger.ether.get(caller, 0) < value:
            value = 0
        return Move(desk, operation, Context(caller, scene.time, value))

    def _at(self, desk: Desk, operation: Any) -> Operation:
        """The same calldata, as another manager understands it: channels have other ids there."""
        if operation.__class__ is op.Batch:
            items = [item._replace(operation=self._at(desk, item.operation)) for item in operation.items]
            return op.Batch(tuple(items))
        if hasattr(operation, "channel"):
            return operation._replace(channel=self._identity(desk, operation.channel[1:]))
        return operation

    def _odd(self, line: Line) -> tuple[Address, Operation, int]:
        """What is no operation at all."""
        odd = self.choices.pick((op.PlainTransfer(), op.Garbled()))
        return self._caller(), odd, self.choices.pick((1, 0, 1_000)) if odd.__class__ is op.PlainTransfer else 0

    # --- Who, when, how much ---

    def _somebody(self) -> Person:
        return self.choices.pick(self.scene.stage.people)

    def _caller(self, wanted: Address | None = None) -> Address:
        """In a batch everything is done by one."""
        return self._acting or wanted or self._somebody().account

    def _pass_time(self) -> None:
        choices, scene = self.choices, self.scene
        way = choices.below(100)
        if way < 30:
            return
        if way < 80:
            scene.time += choices.pick((1, 1, 2, 12))
        elif way < 96:
            scene.time += choices.below(2_000)
        else:
            scene.time += choices.below(100_000)

    def _wait_until(self, time: int) -> None:
        self.scene.time = max(self.scene.time, time)

    def _deadline(self, flawed: bool = False) -> int:
        """Of something that is signed now; at or before now if it has a flaw."""
        if flawed:
            return self.scene.time - self.choices.pick((0, 1, 1_000))
        return self.choices.pick((self.scene.time + 1, self.scene.time + 3_600, MAX_UINT64, self.scene.time + 100))

    def _within(self, most: int) -> int:
        """An amount up to `most`, at its bounds as often as between them."""
        if most <= 0:
            return 0
        match _RATES.draw(self.choices):
            case "all":
                return most
            case "one":
                return 1
            case "none":
                return 0
            case "but one":
                return most - 1
            case "half":
                return most // 2
            case "third":
                return most // 3
        return self.choices.below(most + 1)

    def _flaw(self, percent: int, *flaws: str) -> str:
        """One of the things that can be wrong, or nothing."""
        return self.choices.pick(flaws) if self.choices.seldom(percent) else ""

    # --- Channels ---

    def _some_line(self, desk: Desk | None = None) -> Line:
        scene, choices = self.scene, self.choices
        lines = [line for line in scene.lines if desk is None or line.desk is desk]
        alive = [line for line in lines if line.channel.status != Status.SETTLED or any(line.channel.locked)]
        if len(alive) < 2 and len(scene.lines) < MOST_LINES and (not lines or choices.seldom(40)):
            return self._new_line(desk or choices.pick(scene.desks))
        if alive and not choices.seldom(8):
            return choices.pick(alive)
        return choices.pick(lines)

    def _new_line(self, desk: Desk) -> Line:
        scene, choices = self.scene, self.choices
        elsewhere = [line for line in scene.lines if line.desk is not desk]
        if elsewhere and choices.seldom(50):
            twin = choices.pick(elsewhere)
            terms = ChannelIdentity(*twin.identity[1:])
            if all(line.identity[1:] != twin.identity[1:] for line in scene.lines if line.desk is desk):
                return scene.line_of(desk, terms, twin.user, twin.node)
        people = list(scene.stage.people)
        user = people.pop(choices.below(len(people)))
        node = people.pop(choices.below(len(people)))
        shortest, longest = desk.ledger.parameters.min_challenge_period, desk.ledger.parameters.max_challenge_period
        period = max(shortest, min(longest, choices.pick((1, 10, 3_600, 86_400, longest))))
        return scene.new_line(desk, user, node, period, choices.pick((len(scene.lines), MAX_UINT64 - len(scene.lines))))

    def _identity(self, desk: Desk, terms: tuple[Any, ...]) -> Identity:
        return Identity.of(ChannelIdentity(*terms), self.scene.stage.machine.chain_id, desk.address)

    def _unsound(self, line: Line) -> Identity:
        """A channel that must not be opened."""
        user, user_signer, node, node_signer, period, salt = line.identity[1:]
        manager, limits = line.desk.manager, line.desk.ledger.parameters
        wrong = self.choices.pick(
            (
                (ZERO_ADDRESS, user_signer, node, node_signer, period, salt),
                (user, ZERO_ADDRESS, node, node_signer, period, salt),
                (user, user_signer, ZERO_ADDRESS, node_signer, period, salt),
                (user, user_signer, node, ZERO_ADDRESS, period, salt),
                (user, user_signer, user, node_signer, period, salt),
                (user, user_signer, node, user_signer, period, salt),
                (user, node, node, node_signer, period, salt),
                (user, user_signer, node, user, period, salt),
                (manager.address, user_signer, node, node_signer, period, salt),
                (user, manager.token, node, node_signer, period, salt),
                (user, user_signer, manager.token, node_signer, period, salt),
                (user, user_signer, node, manager.address, period, salt),
                (user, user_signer, node, node_signer, limits.min_challenge_period - 1, salt),
                (user, user_signer, node, node_signer, limits.max_challenge_period + 1, salt),
            )
        )
        return self._identity(line.desk, wrong)

    # --- Signatures ---

    def _both(self, line: Line, statement: Statement, flaw: str) -> tuple[Ink, Ink]:
        """flaw: "signature" makes one of many of them."""
        inks = self.scene.inks
        if flaw != "signature":
            pair = sign(line.user.signer, statement), sign(line.node.signer, statement)
            inks.extend(pair)
            return pair
        choices = self.choices
        user, node = sign(line.user.signer, statement), sign(line.node.signer, statement)
        way = choices.below(7)
        if way == 0:
            return node, user
        if way == 1:
            wrong: Ink = NO_INK
        elif way == 2:
            wrong = choices.pick(MALFORMED)
        elif way == 3:
            wrong = with_other_parity(user)
        elif way == 4:
            wrong = sign(self._somebody().signer, statement)
        elif way == 5 and inks:
            wrong = choices.pick(inks)
        else:
            wrong = self._about_another(line, statement)
        return choices.pick(((wrong, node), (user, wrong)))

    def _about_another(self, line: Line, statement: Statement) -> Ink:
        """By the right signer, but for another chain, manager, channel or kind."""
        chain_id, manager = statement.domain
        other_kind = {"Exit": "Resume", "Resume": "Exit"}.get(statement.kind, statement.kind)
        others = (
            statement._replace(domain=(chain_id + 1, manager)),
            statement._replace(domain=(chain_id, self.choices.pick(self.scene.stage.managers).address)),
            statement._replace(channel_id=self.choices.pick(self.scene.lines).identity.id),
            statement._replace(kind=other_kind),
        )
        return sign(self.choices.pick((line.user.signer, line.node.signer)), self.choices.pick(others))

    # --- States ---

    def _state(
        self, line: Line, flaw: str, *, final: bool = False, old: bool = False
    ) -> tuple[SignedState, TransferList]:
        """One that both sign (or not quite), newer than the recorded one."""
        choices, channel = self.choices, line.channel
        if line.states and (old or choices.seldom(15)):
            return choices.pick(line.states)
        transfers = self._transfers(line.desk)
        nets = self._honest_nets(line, transfers) if flaw != "nets" and not choices.seldom(25) else self._any_nets()
        nonce = self._nonce(channel.nonce, flaw, final)
        header = Header(nonce, *nets, transfers.hash, final)
        statement = Statement("State", line.desk.ledger.domain, line.identity.id, header)
        signed = SignedState(header, *self._both(line, statement, flaw))
        line.states.append((signed, transfers))
        return signed, transfers

    def _nonce(self, recorded: int, flaw: str, final: bool) -> int:
        choices = self.choices
        if flaw == "nonce":
            return choices.pick((recorded, max(recorded - 1, 0), 0, MAX_NONCE + 1, MAX_UINT64))
        if final:
            return choices.pick((recorded, recorded + 1, recorded + 1_024, MAX_NONCE, MAX_NONCE + 1, MAX_UINT64))
        if choices.seldom(1):
            return MAX_NONCE
        return min(recorded + choices.pick((1, 1, 2, 3, 50, 2**16)), MAX_NONCE)

    def _honest_nets(self, line: Line, transfers: TransferList) -> tuple[int, int, int, int]:
        """What leaves each side a balance, and the transfers what they lock."""
        channel, nets = line.channel, []
        for asset in (0, 1):
            total, user = channel.held[asset], channel.user[asset]
            locked = sum(t.amount for t in transfers.transfers if t.asset == asset and t.payer <= 1)
            if locked > total:
                locked = self._within(total)
            to_user = self._within(total - locked)
            nets += [to_user - user, total - locked - to_user - (total - user)]
        return nets[0], nets[1], nets[2], nets[3]

    def _any_nets(self) -> tuple[int, int, int, int]:
        picks = [self.choices.pick((0, -1, 1, MAX_INT128, -MAX_INT128 - 1, 2**80, -(2**80), 0)) for _ in range(4)]
        if self.choices.seldom(50):
            picks[self.choices.below(4)] = self.choices.between(-(2**81), 2**81)
        return picks[0], picks[1], picks[2], picks[3]

    def _transfers(self, desk: Desk) -> TransferList:
        count = _LENGTHS.draw(self.choices)
        if count == 0:
            return NO_TRANSFERS
        if count > 0:
            made = [self._transfer(desk, i) for i in range(count)]
        else:
            few = [self._transfer(desk, i) for i in range(3)]
            made = [few[i % 3]._replace(id=i) for i in range(self.choices.pick(MANY))]
        transfers = TransferList.of(*made)
        self.scene.lists[transfers.hash] = transfers
        return transfers

    def _transfer(self, desk: Desk, index: int) -> Transfer:
        choices = self.choices
        payment = self._payment()
        payer, asset = choices.below(2), choices.below(2)
        if choices.seldom(6):
            payer, asset = choices.pick(((2, asset), (payer, 2), (255, 255)))
        limit = desk.ledger.parameters.transfer_limit[asset] if asset < 2 else 0
        capacity = desk.ledger.parameters.capacity[asset] if asset < 2 else 0
        amount = choices.pick(
            (
                choices.below(1_000),
                self._within(min(limit, capacity)),
                self._within(min(limit, capacity)),
                min(limit, MAX_UINT128),
                min(limit + 1, MAX_UINT128),
                MAX_UINT128,
            )
        )
        return Transfer(index, payer, asset, amount, payment.condition, payment.params_hash, payment.expiry)

    # --- Conditional payments ---

    def _payment(self) -> Payment:
        payments = self.scene.payments
        if len(payments) < 4 or self.choices.seldom(15):
            payments.append(self._new_payment())
            return payments[-1]
        return payments[-1 - self.choices.below(min(len(payments), 6))]

    def _new_payment(self) -> Payment:
        choices, conditions = self.choices, self.scene.stage.conditions
        now = self.scene.time
        expiry = choices.pick((now + 500, now + 5_000, now + 50_000, now + 10, now, 0, MAX_UINT64))
        kind = choices.pick(
            ("any_share", "any_share", "hash_lock", "stream", "linked_payment", "all_of", "any_of", "hostile")
        )
        number = len(self.scene.payments)
        if kind in ("all_of", "any_of"):
            kinds = ("any_share", "hash_lock", "stream", "linked_payment")
            parts = tuple(
                self._simple(choices.pick(kinds), 1_000 * (number + 1) + i, expiry) for i in range(choices.below(4))
            )
            params = outcomes.Parts(tuple(outcomes.Part(p.condition, p.params, p.params_hash) for p in parts))
            return Payment(kind, getattr(conditions, kind), params, keccak256(opaque(params)), expiry, None, parts)
        return self._simple(kind, number, expiry)

    def _simple(self, kind: str, number: int, expiry: int) -> Payment:
        conditions, label = self.scene.stage.conditions, number.to_bytes(32)
        secret: Any = None
        params: Any = label
        if kind == "hash_lock":
            secret = label
            params = outcomes.HashLockParams(keccak256(secret))
        elif kind == "stream":
            secret = self._somebody().signer
            cap = self.choices.pick((1_000, 3, MAX_UINT128, 1, 0, 10**18))
            params = outcomes.StreamParams(secret.address, cap, label)
        elif kind == "linked_payment":
            secret = self._somebody().signer
            params = outcomes.LinkParams(secret.address, label)
        return Payment(kind, getattr(conditions, kind), params, keccak256(opaque(params)), expiry, secret)

    def _witness(self, payment: Payment, flaw: str) -> Any:
        choices = self.choices
        if flaw == "length":
            return outcomes.Undecodable(choices.pick((0, 31, 33, 63, 65, 97)))
        match payment.kind:
            case "any_share":
                shares = (FULL_SHARE, 1, FULL_SHARE // 3, FULL_SHARE - 1, 0, 5 * FULL_SHARE // 8)
                return (FULL_SHARE + 1 if flaw == "wrong" else choices.pick(shares)).to_bytes(32)
            case "hash_lock":
                return outcomes.Preimage(bytes(32) if flaw == "wrong" else payment.secret)
            case "stream":
                cap = payment.params.cap
                cumulative = choices.pick((cap, cap // 2, cap // 3, 1, 0, min(cap + 1, MAX_UINT128), MAX_UINT128))
                content = (payment.params_hash, payment.expiry, cumulative)
                return outcomes.Voucher(cumulative, self._proof("Voucher", payment, content, flaw))
            case "linked_payment":
                content = (payment.params_hash, payment.expiry)
                return outcomes.Release(self._proof("Release", payment, content, flaw))
            case "all_of":
                witnesses = tuple(self._witness(part, "") for part in payment.parts)
                return outcomes.Witnesses(witnesses[1:] if flaw == "wrong" else witnesses)
            case "any_of":
                index = choices.below(len(payment.parts)) if payment.parts else 0
                witness = self._witness(payment.parts[index], "") if payment.parts else b""
                return outcomes.Choice(index + len(payment.parts) if flaw == "wrong" else index, witness)
        return b""

    def _proof(self, kind: str, payment: Payment, content: tuple[Any, ...], flaw: str) -> Ink:
        statement = Statement(kind, (self.scene.stage.machine.chain_id, payment.condition), b"", content)
        if flaw != "wrong":
            return sign(payment.secret, statement)
        other = statement._replace(content=(content[0], content[1] ^ 1, *content[2:]))
        return self.choices.pick(
            (sign(payment.secret, other), self.choices.pick(MALFORMED), sign(RELAY_KEY, statement))
        )

    # --- The operations: caller, operation, value ---

    def _deposit(self, line: Line) -> tuple[Address, Operation, int]:
        flaw = self._flaw(20, "nothing", "capacity", "poor", "unsound", "unsound")
        wei, token, caller = self._money_in(line, flaw)
        identity = self._unsound(line) if flaw == "unsound" else line.identity
        return caller, op.Deposit(identity, self.choices.below(2), token), wei

    def _top_up(self, line: Line) -> tuple[Address, Operation, int]:
        wei, token, caller = self._money_in(line, self._flaw(20, "nothing", "capacity", "poor"))
        return caller, op.TopUp(line.identity.id, self.choices.below(2), token), wei

    def _money_in(self, line: Line, flaw: str) -> tuple[int, int, Address]:
        capacity, held = line.desk.ledger.parameters.capacity, line.channel.held
        which = self.choices.pick(((1, 1), (1, 0), (0, 1)))
        wei, token = (self._within(capacity[a] - held[a]) * which[a] for a in (0, 1))
        if not wei and not token and flaw != "nothing":
            wei, token = (min(1, capacity[a] - held[a]) for a in (0, 1))
        if flaw == "nothing":
            wei = token = 0
        if flaw == "capacity":
            over = [capacity[a] - held[a] + self.choices.pick((1, 1, 1_000)) for a in (0, 1)]
            wei, token = self.choices.pick(((over[0], token), (wei, over[1]), (over[0], over[1])))
        return wei, token, self._caller(RELAY if flaw == "poor" else None)

    def _collateralize(self, line: Line) -> tuple[Address, Operation, int]:
        flaw = self._flaw(20, "stranger", "reserve", "nothing", "unsound")
        owner = self.choices.pick((line.identity.node, line.identity.user))
        if not any(line.desk.ledger.reserve(owner)):
            owner = line.identity.user if owner == line.identity.node else line.identity.node
        reserve = line.desk.ledger.reserve(owner)
        wei, token = self._within(reserve[0]), self._within(reserve[1])
        if flaw == "reserve":
            wei, token = self.choices.pick(((reserve[0] + 1, token), (wei, reserve[1] + 1)))
        if flaw == "nothing":
            wei = token = 0
        identity = self._unsound(line) if flaw == "unsound" else line.identity
        caller = self._caller(None if flaw == "stranger" else owner)
        return caller, op.Collateralize(identity, min(wei, MAX_UINT128), min(token, MAX_UINT128)), 0

    def _withdraw(self, line: Line) -> tuple[Address, Operation, int]:
        choices, channel = self.choices, line.channel
        flaw = self._flaw(28, "signature", "signature", "sequence", "expired", "too large", "recipient", "nothing")
        if line.withdrawals and choices.seldom(8):
            return self._caller(), choices.pick(line.withdrawals), 0
        amounts = []
        for asset in (0, 1):
            user = self._within(channel.held[asset])
            amounts += [user, self._within(channel.held[asset] - user)]
        if flaw == "too large":
            asset = choices.below(2)
            amounts[2 * asset] = min(channel.held[asset] - amounts[2 * asset + 1] + 1, MAX_UINT128)
        if flaw == "nothing":
            amounts = [0, 0, 0, 0]
        sequence = channel.sequence
        if flaw == "sequence":
            sequence = choices.pick((sequence + 1, max(sequence - 1, 0), sequence + 2**16, MAX_UINT64))
        recipient = self._recipient(line, flaw == "recipient")
        message = Withdrawal(sequence, *amounts, recipient, self._deadline(flaw == "expired"))
        statement = Statement("Withdrawal", line.desk.ledger.domain, line.identity.id, message)
        operation = op.Withdraw(line.identity, message, *self._both(line, statement, flaw))
        line.withdrawals.append(operation)
        return self._caller(), operation, 0

    def _recipient(self, line: Line, forbidden: bool) -> Address:
        """Anybody; also those who take no ETH."""
        choices, stage = self.choices, self.scene.stage
        if forbidden:
            return choices.pick((line.desk.address, line.desk.manager.token, ZERO_ADDRESS))
        if choices.seldom(20):
            return choices.pick((FRESH, stage.registry, stage.conditions.any_share, self._other_manager(line.desk)))
        return self._somebody().account

    def _other_manager(self, desk: Desk) -> Address:
        return next(manager.address for manager in self.scene.stage.managers if manager is not desk.manager)

    def _checkpoint(self, line: Line) -> tuple[Address, Operation, int]:
        flaw = self._flaw(28, "signature", "signature", "nonce", "nets", "nets")
        signed, _ = self._state(line, flaw, final=self.choices.seldom(8))
        return self._caller(), op.Checkpoint(line.identity, signed), 0

    def _start_state(self, line: Line, flaw: str) -> SignedState:
        """What a dispute may start with: nothing, an older or a newer state."""
        way = self.choices.below(10)
        if way < 4 and flaw != "signature":
            return SignedState(INITIAL)
        return self._state(line, flaw, old=way == 4)[0]

    def _start_dispute(self, line: Line) -> tuple[Address, Operation, int]:
        flaw = self._flaw(22, "signature", "stranger", "nets")
        parties = (*line.identity.accounts, *line.identity.signers)
        caller = self._caller(None if flaw == "stranger" else self.choices.pick(parties))
        return caller, op.StartDispute(line.identity, self._start_state(line, flaw)), 0

    def _start_dispute_with_exit(self, line: Line) -> tuple[Address, Operation, int]:
        choices = self.choices
        flaw = self._flaw(28, "signature", "exit", "exit", "number", "expired")
        signed = self._start_state(line, flaw)
        if line.exits and choices.seldom(15):
            _, deadline, ink = choices.pick(line.exits)
            return self._caller(), op.StartDisputeWithExit(line.identity, deadline, ink, signed), 0
        dispute = line.channel.dispute + 1
        if flaw == "number":
            dispute = choices.pick((dispute + 1, dispute - 1))
        deadline = self._deadline(flaw == "expired")
        statement = Statement("Exit", line.desk.ledger.domain, line.identity.id, (dispute, deadline))
        ink = sign(choices.pick((line.user, line.node)).signer, statement)
        if flaw == "exit":
            others = (NO_INK, choices.pick(MALFORMED), with_other_parity(ink), self._about_another(line, statement))
            ink = choices.pick(others)
        else:
            self.scene.inks.append(ink)
        line.exits.append((dispute, deadline, ink))
        return self._caller(), op.StartDisputeWithExit(line.identity, deadline, ink, signed), 0

    def _resume(self, line: Line) -> tuple[Address, Operation, int]:
        choices = self.choices
        flaw = self._flaw(28, "signature", "signature", "number", "expired", "late")
        if flaw == "late" and line.channel.status is Status.DISPUTED:
            self._wait_until(line.channel.deadline)
        if line.resumes and choices.seldom(8):
            return self._caller(), choices.pick(line.resumes), 0
        dispute = line.channel.dispute
        if flaw == "number":
            dispute = choices.pick((dispute + 1, max(dispute - 1, 0)))
        deadline = self._deadline(flaw == "expired")
        statement = Statement("Resume", line.desk.ledger.domain, line.identity.id, (dispute, deadline))
        operation = op.Resume(line.identity, deadline, *self._both(line, statement, flaw))
        line.resumes.append(operation)
        return self._caller(), operation, 0

    def _settle(self, line: Line) -> tuple[Address, Operation, int]:
        choices, channel = self.choices, line.channel
        flaw = self._flaw(25, "early", "early", "state", "list")
        if channel.status is Status.DISPUTED:
            self._wait_until(channel.deadline - 1 if flaw == "early" else channel.deadline)
        header = channel.recorded or INITIAL
        if flaw == "state":
            header = choices.pick([INITIAL, *(signed.header for signed, _ in line.states[-3:])])
        return self._caller(), op.Settle(line.identity, header, self._shown(line, header, flaw)), 0

    def _shown(self, line: Line, header: Header, flaw: str) -> TransferList:
        """The state's list, or none."""
        known = self.scene.lists.get(header.transfers_hash, NO_TRANSFERS)
        if flaw == "list":
            return self._other_list(line, known)
        return NO_TRANSFERS if self.choices.seldom(35) else known

    def _other_list(self, line: Line, known: TransferList) -> TransferList:
        if known.transfers and self.choices.seldom(60):
            cut = self.choices.pick(
                (known.transfers[:-1], known.transfers[::-1], (*known.transfers, known.transfers[0]))
            )
            return TransferList.of(*cut)
        return self._transfers(line.desk)

    def _close(self, line: Line) -> tuple[Address, Operation, int]:
        flaw = self._flaw(30, "signature", "signature", "nonce", "not final", "list", "nets")
        if flaw == "nonce":
            flaw = "old" if line.channel.nonce else "signature"
        if flaw == "old":
            signed, transfers = self._state(line, "nonce", final=True)
        else:
            signed, transfers = self._state(line, flaw, final=flaw != "not final")
        if flaw == "list":
            shown = self._other_list(line, transfers)
        else:
            shown = NO_TRANSFERS if self.choices.seldom(35) else transfers
        return self._caller(), op.Close(line.identity, signed, shown), 0

    def _settle_transfers(self, line: Line) -> tuple[Address, Operation, int]:
        choices, channel = self.choices, line.channel
        flaw = self._flaw(15, "list")
        transfers = self.scene.lists.get(channel.transfers_hash, NO_TRANSFERS)
        ahead = [t.expiry for t in transfers.transfers if self.scene.time < t.expiry < self.scene.time + 100_000]
        if ahead and choices.seldom(60):
            self._wait_until(choices.pick(ahead[:8]) - choices.pick((0, 0, 0, 1)))
        if flaw == "list":
            transfers = self._other_list(line, transfers)
        wanted = choices.pick((ALL, ALL, ALL, 1, 2, 1 << choices.below(9), 0, 0b101, ALL - 1, 1 << 255))
        return self._caller(), op.SettleTransfers(line.identity, transfers, wanted), 0

    def _fund(self, line: Line) -> tuple[Address, Operation, int]:
        flaw = self._flaw(20, "nothing", "forbidden", "poor", "too large")
        choices, ledger = self.choices, line.desk.ledger
        account = choices.pick((line.identity.node, line.identity.user, self._somebody().account))
        wei, token = choices.pick(((1, 1), (1, 0), (0, 1)))
        wei, token = wei * self._within(MAX_WEI), token * self._within(MAX_WEI)
        if flaw == "nothing":
            wei = token = 0
        if flaw == "forbidden":
            account = choices.pick((line.desk.address, line.desk.manager.token, ZERO_ADDRESS))
        caller = self._caller(RELAY if flaw == "poor" else None)
        if flaw == "too large":
            token = min(2**127 - ledger.reserve(account)[1], MAX_UINT128)
        return caller, op.Fund(account, token), wei

    def _withdraw_reserve(self, line: Line) -> tuple[Address, Operation, int]:
        books = line.desk.ledger.reserves
        return self._money_out(line, books, op.WithdrawReserve)

    def _withdraw_credit(self, line: Line) -> tuple[Address, Operation, int]:
        books = line.desk.ledger.credits
        return self._money_out(line, books, op.WithdrawCredit)

    def _money_out(
        self, line: Line, books: dict[Address, tuple[int, int]], form: Callable[[int, int, Address], Operation]
    ) -> tuple[Address, Operation, int]:
        choices = self.choices
        flaw = self._flaw(20, "too large", "nothing", "recipient")
        owners = [account for account, amounts in books.items() if any(amounts)]
        caller = self._caller(choices.pick(owners) if owners else None)
        owned = books.get(caller, (0, 0))
        wei, token = self._within(owned[0]), self._within(owned[1])
        if not wei and not token and any(owned):
            wei, token = owned
        if flaw == "too large":
            wei, token = choices.pick(((owned[0] + 1, token), (wei, owned[1] + 1), (MAX_UINT128, MAX_UINT128)))
        if flaw == "nothing":
            wei = token = 0
        return caller, form(wei, token, self._recipient(line, flaw == "recipient")), 0

    def _push_credit(self, line: Line) -> tuple[Address, Operation, int]:
        books = line.desk.ledger.credits
        owed = [(account, asset) for account, amounts in books.items() for asset in (0, 1) if amounts[asset]]
        account, asset = self._somebody().account, self.choices.below(2)
        if owed and not self.choices.seldom(10):
            account, asset = self.choices.pick(owed)
        return self._caller(), op.PushCredit(account, asset), 0

    def _permit(self, line: Line) -> tuple[Address, Operation, int]:
        choices, token = self.choices, line.desk.ledger.token
        signers = [person for person in self.scene.stage.people if person.key]
        person = choices.pick(signers)
        if self._acting is not None:
            person = next((p for p in signers if p.account == self._acting), person)
        if line.desk.manager.hostile or person.key is None:
            return self._fund(line)
        flaw = self._flaw(30, "nonce", "expired", "caller", "malformed", "spender")
        nonce = token.permit_nonces.get(person.account, 0) + (flaw == "nonce")
        expiry = self.scene.time - 1 if flaw == "expired" else choices.pick((0, self.scene.time, MAX_UINT64))
        spender = self._other_manager(line.desk) if flaw == "spender" else line.desk.address
        content = (person.account, spender, nonce, expiry)
        statement = Statement("Permit", (self.scene.stage.machine.chain_id, token.address), b"", content)
        ink = NO_INK if flaw == "malformed" else sign(person.key, statement)
        caller = self._caller(None if flaw == "caller" else person.account)
        return caller, op.Permit(nonce, expiry, ink), 0

    def _record(self, line: Line) -> tuple[Address, Operation, int]:
        choices = self.choices
        flaw = self._flaw(25, "wrong", "wrong", "length", "late")
        payment = self._payment()
        if flaw == "late" and payment.expiry < self.scene.time + 100_000:
            self._wait_until(payment.expiry)
        params, params_hash = payment.params, payment.params_hash
        if flaw == "length" and choices.seldom(30):
            params = outcomes.Undecodable(choices.pick((0, 31, 33)))
            params_hash = keccak256(opaque(params))
        witness = self._witness(payment, flaw)
        return self._caller(), op.Record(payment.condition, params, params_hash, payment.expiry, witness), 0


RELAY_KEY = Key(keccak256(b"key of nobody"))

_DRAWERS: dict[str, Callable[[Moves, Line], tuple[Address, Operation, int]]] = {
    name.removeprefix("_"): getattr(Moves, name)
    for name in (f"_{kind}" for kind in _EVERYTHING)
    if hasattr(Moves, name) and name not in ("_batch", "_replay")
}
