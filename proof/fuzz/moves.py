"""The next thing that somebody does: honest more often than not, else with one flaw, or something old elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from connext.keccak import keccak256
from connext.types import ZERO_ADDRESS, Address, Status
from proof.fuzz.choices import Table
from proof.fuzz.draws import MAX_UINT64, MAX_UINT128, Draws
from proof.fuzz.ink import MALFORMED, NO_INK, sign, with_other_parity, words
from proof.fuzz.scene import Desk, Line, Move, Payment
from proof.fuzz.stage import RELAY
from proof.fuzz.wire import BATCH, DEPOSIT, FUND, PUSH_CREDIT, TOP_UP, UNKNOWN, WITHDRAW_RESERVE, opaque
from proof.model import operations as op
from proof.model import outcomes
from proof.model.messages import (
    INITIAL,
    NO_TRANSFERS,
    Header,
    Identity,
    SignedState,
    Statement,
    TransferList,
    Withdrawal,
)
from proof.model.operations import Context, Operation

MAX_WEI = 2**80
ALL = 2**256 - 1

Drawn = tuple[Address, Operation, int]
"""Caller, operation, and the wei that come with it."""

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
    "garbled": 1,
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
    Status.DISPUTED: Table({**_EVERYTHING, "checkpoint": 16, "resume": 12, "settle": 24, "close": 5, "record": 16}),
    Status.SETTLED: Table(
        {**_EVERYTHING, "settle_transfers": 25, "withdraw_credit": 12, "push_credit": 8, "record": 12}
    ),
}
ITEMS = tuple(kind for kind in _EVERYTHING if kind not in ("batch", "replay", "garbled", "record"))


class Moves(Draws):
    """Draws the next move of a scene."""

    def next(self) -> Move:
        self._pass_time()
        line = self._some_line()
        kind = KINDS[line.channel.status].draw(self.choices)
        if kind == "replay":
            return self._replay()
        if kind == "batch":
            return self._batch(line.desk)
        if kind == "garbled":
            return self._garbled(line)
        return self._single(kind, line)

    def _single(self, kind: str, line: Line) -> Move:
        caller, operation, value = _DRAWERS[kind](self, line)
        if self.choices.seldom(1) and line.desk.ledger.ether.get(caller, 0) > value:
            value += 1
        context = Context(caller, self.scene.time, value)
        gas = 21_000 + self._tight_gas() if self.choices.seldom(1) else None
        return Move(line.desk.manager, operation, context, gas)

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
        move = Move(desk.manager, op.Batch(tuple(items)), Context(caller, self.scene.time, value))
        if self.choices.seldom(6):
            return replace(move, item_gas=tuple(self._tight_gas() for _ in items))
        return replace(move, gas=21_000 + self._tight_gas() * (1 + len(items))) if self.choices.seldom(3) else move

    def _tight_gas(self) -> int:
        """Too little for most that pays out, enough for most else."""
        return self.choices.between(5_000, 400_000)

    def _item(self, desk: Desk) -> op.Item:
        choices = self.choices
        if choices.seldom(6):
            odd: tuple[Operation, ...] = (op.Batch(()), op.Garbled(), op.PlainTransfer())
            return op.Item(choices.pick(odd), choices.pick((0, 0, 1)))
        line = self._some_line(desk)
        kind = KINDS[line.channel.status].draw(choices)
        if kind not in ITEMS:
            kind = choices.pick(ITEMS)
        _, operation, value = _DRAWERS[kind](self, line)
        if choices.seldom(2):
            value += 1
        return op.Item(operation, value, starved=choices.seldom(2))

    def _garbled(self, line: Line) -> Move:
        """A call that could succeed if its calldata were not cut short, or had zeros where there must be."""
        channel, token = words(*line.identity[1:]), words(1)
        dirty = (
            DEPOSIT + channel + words(2) + token,  # no such side
            DEPOSIT + channel + words(1 << 8) + token,
            DEPOSIT + channel + words(0, 2**128),
            DEPOSIT + words(1 << 160 | int.from_bytes(line.identity.user)) + channel[32:] + words(0) + token,
            DEPOSIT + (channel + words(0) + token)[:-1],
            TOP_UP + line.identity.id + words(2) + token,
            PUSH_CREDIT + words(1 << 200 | 5, 0),
            PUSH_CREDIT + words(5, 2),
            FUND + words(5)[:-1],
            WITHDRAW_RESERVE + words(2**128, 0, 5),
            BATCH + words(32, 1, 2**64),
            BATCH + words(2**255),
            UNKNOWN,
        )
        context = Context(self._somebody().account, self.scene.time)
        return Move(line.desk.manager, op.Garbled(), context, garbled=self.choices.pick(dirty))

    def _replay(self) -> Move:
        """An earlier transaction once more: as it was, or on another channel, or with another manager."""
        scene, choices = self.scene, self.choices
        if not scene.played:
            return self._single("fund", self._some_line())
        old = choices.pick(scene.played)
        desk, operation = scene.desk_of(old.manager), old.operation
        channel = getattr(operation, "channel", None)
        way = choices.pick(("again", "again", "other channel", "other manager"))
        if way == "other channel" and channel is not None:
            other = choices.pick(scene.lines)
            desk, operation = other.desk, _on(other.identity, operation)
        elif way == "other manager":
            desk = choices.pick(scene.desks)
            if desk.manager.hostile and isinstance(operation, op.Batch | op.Permit):
                desk = scene.desk_of(old.manager)  # that token takes any permit
            operation = self._at(desk, operation)
        caller, value, garbled = old.context.caller, old.context.value, old.garbled
        if desk.ledger.ether.get(caller, 0) < value:
            value = 0
        return Move(desk.manager, operation, Context(caller, scene.time, value), garbled=garbled, item_gas=old.item_gas)

    def _at(self, desk: Desk, operation: Operation) -> Operation:
        """The same calldata, as another manager understands it: channels have other ids there."""
        if isinstance(operation, op.Batch):
            items = [item._replace(operation=self._at(desk, item.operation)) for item in operation.items]
            return op.Batch(tuple(items))
        channel = getattr(operation, "channel", None)
        return operation if channel is None else _on(self._identity(desk, channel[1:]), operation)

    def _odd(self, _: Line) -> Drawn:
        """What is no operation at all."""
        return self._caller(), op.PlainTransfer(), self.choices.pick((1, 0, 1_000))

    # --- The operations: caller, operation, value ---

    def _deposit(self, line: Line) -> Drawn:
        flaw = self._flaw(20, "nothing", "capacity", "poor", "unsound", "unsound")
        wei, token, caller = self._money_in(line, flaw)
        identity = self._unsound(line) if flaw == "unsound" else line.identity
        return caller, op.Deposit(identity, self.choices.below(2), token), wei

    def _top_up(self, line: Line) -> Drawn:
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

    def _collateralize(self, line: Line) -> Drawn:
        flaw = self._flaw(20, "stranger", "reserve", "nothing", "unsound")
        owner = self.choices.pick((line.identity.node, line.identity.user))
        if not any(line.desk.ledger.reserve(owner)):
            owner = line.identity.user if owner == line.identity.node else line.identity.node
        reserve = line.desk.ledger.reserve(owner)
        if not any(reserve) and not self.choices.seldom(20):
            return self._fund(line)
        wei, token = self._within(reserve[0]), self._within(reserve[1])
        if flaw == "reserve":
            wei, token = self.choices.pick(((reserve[0] + 1, token), (wei, reserve[1] + 1)))
        if flaw == "nothing":
            wei = token = 0
        identity = self._unsound(line) if flaw == "unsound" else line.identity
        caller = self._caller(None if flaw == "stranger" else owner)
        return caller, op.Collateralize(identity, min(wei, MAX_UINT128), min(token, MAX_UINT128)), 0

    def _withdraw(self, line: Line) -> Drawn:
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
        deadline = self._deadline(flaw == "expired")
        message = Withdrawal(sequence, amounts[0], amounts[1], amounts[2], amounts[3], recipient, deadline)
        statement = Statement("Withdrawal", line.desk.ledger.domain, line.identity.id, message)
        operation = op.Withdraw(line.identity, message, *self._both(line, statement, flaw))
        line.withdrawals.append(operation)
        return self._caller(), operation, 0

    def _checkpoint(self, line: Line) -> Drawn:
        flaw = self._flaw(28, "signature", "signature", "nonce", "nets", "nets")
        signed, _ = self._state(line, flaw, final=self.choices.seldom(8))
        return self._caller(), op.Checkpoint(line.identity, signed), 0

    def _start_state(self, line: Line, flaw: str) -> SignedState:
        """What a dispute may start with: nothing, an older or a newer state."""
        way = self.choices.below(10)
        if way < 4 and flaw != "signature":
            return SignedState(INITIAL)
        return self._state(line, flaw, old=way == 4)[0]

    def _start_dispute(self, line: Line) -> Drawn:
        flaw = self._flaw(22, "signature", "stranger", "nets")
        parties = (*line.identity.accounts, *line.identity.signers)
        caller = self._caller(None if flaw == "stranger" else self.choices.pick(parties))
        return caller, op.StartDispute(line.identity, self._start_state(line, flaw)), 0

    def _start_dispute_with_exit(self, line: Line) -> Drawn:
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
            by_another = sign(self._wrong_key(line), statement)
            others = (NO_INK, choices.pick(MALFORMED), with_other_parity(ink), self._about_another(line, statement))
            ink = choices.pick((*others, by_another))
        else:
            self.scene.inks.append(ink)
        line.exits.append((dispute, deadline, ink))
        return self._caller(), op.StartDisputeWithExit(line.identity, deadline, ink, signed), 0

    def _resume(self, line: Line) -> Drawn:
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

    def _settle(self, line: Line) -> Drawn:
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

    def _close(self, line: Line) -> Drawn:
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

    def _settle_transfers(self, line: Line) -> Drawn:
        choices = self.choices
        if not any(line.channel.locked) and not choices.seldom(20):
            locked = [other for other in self.scene.lines if other.desk is line.desk and any(other.channel.locked)]
            if not locked:
                return self._deposit(line)
            line = choices.pick(locked)
        channel, flaw = line.channel, self._flaw(15, "list")
        transfers = self.scene.lists.get(channel.transfers_hash, NO_TRANSFERS)
        ahead = [t.expiry for t in transfers.transfers if self.scene.time < t.expiry < self.scene.time + 100_000]
        if ahead and not choices.seldom(30):
            self._wait_until(choices.pick(ahead[:8]) - choices.pick((0, 0, 0, 1)))
        if flaw == "list":
            transfers = self._other_list(line, transfers)
        wanted = choices.pick((ALL, ALL, ALL, 1, 2, 1 << choices.below(9), 0, 0b101, ALL - 1, 1 << 255))
        return self._caller(), op.SettleTransfers(line.identity, transfers, wanted), 0

    def _fund(self, line: Line) -> Drawn:
        flaw = self._flaw(20, "nothing", "forbidden", "poor", "too large")
        choices, ledger = self.choices, line.desk.ledger
        account = choices.pick((line.identity.node, line.identity.user, self._somebody().account))
        wei, token = choices.pick(((1, 1), (1, 0), (0, 1)))
        most = [MAX_WEI if choices.seldom(10) else limit for limit in ledger.parameters.capacity]
        wei, token = wei * self._within(most[0]), token * self._within(most[1])
        if flaw == "nothing":
            wei = token = 0
        if flaw == "forbidden":
            account = choices.pick((line.desk.address, line.desk.manager.token, ZERO_ADDRESS))
        caller = self._caller(RELAY if flaw == "poor" else None)
        if flaw == "too large":
            token = min(2**127 - ledger.reserve(account)[1], MAX_UINT128)
        return caller, op.Fund(account, token), wei

    def _withdraw_reserve(self, line: Line) -> Drawn:
        books = line.desk.ledger.reserves
        return self._money_out(line, books, op.WithdrawReserve)

    def _withdraw_credit(self, line: Line) -> Drawn:
        books = line.desk.ledger.credits
        return self._money_out(line, books, op.WithdrawCredit)

    def _money_out(
        self, line: Line, books: dict[Address, tuple[int, int]], form: Callable[[int, int, Address], Operation]
    ) -> Drawn:
        choices = self.choices
        flaw = self._flaw(20, "too large", "nothing", "recipient")
        mute = self.scene.stage.mute
        owners = [account for account, amounts in books.items() if any(amounts) and account not in mute]
        caller = self._caller(choices.pick(owners) if owners else None)
        if not owners and not choices.seldom(20):
            return self._fund(line)
        owned = books.get(caller, (0, 0))
        wei, token = self._within(owned[0]), self._within(owned[1])
        if not wei and not token and any(owned):
            wei, token = owned
        if flaw == "too large":
            wei, token = choices.pick(((owned[0] + 1, token), (wei, owned[1] + 1), (MAX_UINT128, MAX_UINT128)))
        if flaw == "nothing":
            wei = token = 0
        return caller, form(wei, token, self._recipient(line, flaw == "recipient")), 0

    def _push_credit(self, line: Line) -> Drawn:
        books = line.desk.ledger.credits
        owed = [(account, asset) for account, amounts in books.items() for asset in (0, 1) if amounts[asset]]
        if not owed and not self.choices.seldom(20):
            return self._fund(line)
        account, asset = self._somebody().account, self.choices.below(2)
        if owed and not self.choices.seldom(10):
            account, asset = self.choices.pick(owed)
        return self._caller(), op.PushCredit(account, asset), 0

    def _permit(self, line: Line) -> Drawn:
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
        spender = self._idle_manager() if flaw == "spender" else line.desk.address
        content = (person.account, spender, nonce, expiry)
        statement = Statement("Permit", (self.scene.stage.machine.chain_id, token.address), b"", content)
        ink = NO_INK if flaw == "malformed" else sign(person.key, statement)
        caller = self._caller(None if flaw == "caller" else person.account)
        return caller, op.Permit(nonce, expiry, ink), 0

    def _record(self, line: Line) -> Drawn:
        choices = self.choices
        flaw = self._flaw(25, "wrong", "wrong", "length", "late")
        open_ = self._open_payments(line.desk)
        payment = choices.pick(open_) if open_ else self.payments.some(in_time=not choices.seldom(10))
        if flaw == "late" and payment.expiry < self.scene.time + 100_000:
            self._wait_until(payment.expiry)
        params, params_hash = payment.params, payment.params_hash
        if flaw == "length" and choices.seldom(30):
            params = outcomes.Undecodable(choices.pick((0, 31, 33)))
            params_hash = keccak256(opaque(params))
        witness = self.payments.witness(payment, flaw)
        return self._caller(), op.Record(payment.condition, params, params_hash, payment.expiry, witness), 0

    def _open_payments(self, desk: Desk) -> list[Payment]:
        """Those that a channel may have to settle, as long as they can be proved."""
        triples = set()
        for line in self.scene.lines:
            channel = line.channel
            hash_ = channel.recorded.transfers_hash if channel.recorded else channel.transfers_hash
            if line.desk is desk and hash_ in self.scene.lists:
                triples |= {t.triple for t in self.scene.lists[hash_].transfers[:8] if t.expiry > self.scene.time}
        return [payment for payment in self.scene.payments if payment.triple in triples]


def _on(channel: Identity, operation: Any) -> Operation:
    """The same arguments with another channel."""
    moved: Operation = operation._replace(channel=channel)
    return moved


_DRAWERS: dict[str, Callable[[Moves, Line], Drawn]] = {
    name.removeprefix("_"): getattr(Moves, name)
    for name in (f"_{kind}" for kind in _EVERYTHING)
    if hasattr(Moves, name) and name not in ("_batch", "_replay", "_garbled")
}
