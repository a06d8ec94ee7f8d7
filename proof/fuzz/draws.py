"""What moves are made of, drawn by chance: people, times, amounts, channels, signatures and states.

A *flaw* is the one thing that is wrong with a move, by a name; the empty name is none.
"""

from typing import Any

from connext.signing import Key
from connext.types import ZERO_ADDRESS, Address, ChannelIdentity, Status
from proof.fuzz.choices import Choices, Table
from proof.fuzz.ink import MALFORMED, NO_INK, Ink, sign, with_other_parity
from proof.fuzz.payments import Payments
from proof.fuzz.scene import FRESH, Desk, Line, Scene
from proof.fuzz.stage import Person
from proof.model.messages import (
    NO_TRANSFERS,
    Header,
    Identity,
    SignedState,
    Statement,
    Transfer,
    TransferList,
)

MAX_NONCE = 2**48 - 1
MAX_UINT32 = 2**32 - 1
MAX_UINT64 = 2**64 - 1
MAX_INT128 = 2**127 - 1
MAX_UINT128 = 2**128 - 1
MOST_LINES = 8
MANY = (200, 256, 257, 300)
"""Lengths of lists at which something changes."""

_LENGTHS = Table({0: 440, 1: 220, 2: 160, 3: 90, 5: 50, 8: 30, -1: 2})
_RATES = Table({"within": 8, "all": 5, "one": 3, "none": 2, "but one": 3, "half": 4, "third": 2})


class Draws:
    """Every choice comes from `choices`."""

    def __init__(self, choices: Choices, scene: Scene) -> None:
        self.choices = choices
        self.scene = scene
        self.payments = Payments(choices, scene)
        self._acting: Address | None = None
        """Who does everything now, as in a batch."""

    # --- Who, when, how much ---

    def _somebody(self) -> Person:
        return self.choices.pick(self.scene.stage.people)

    def _caller(self, wanted: Address | None = None) -> Address:
        """In a batch everything is done by one."""
        return self._acting or wanted or self._somebody().account

    def _pass_time(self) -> None:
        choices, scene = self.choices, self.scene
        way = choices.below(100)
        if way < 80:
            scene.time += choices.pick((1, 1, 1, 2, 12))
        elif way < 96:
            scene.time += choices.between(1, 2_000)
        else:
            scene.time += choices.between(1, 100_000)

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
        manager, limits, choices = line.desk.manager, line.desk.ledger.parameters, self.choices
        terms = [*line.identity[1:]]
        way = choices.below(18)
        if way < 12:  # every address can be each of these
            terms[way % 4] = (ZERO_ADDRESS, manager.address, manager.token)[way // 4]
            return self._identity(line.desk, tuple(terms))
        others = (
            (user, user_signer, user, node_signer, period, salt),
            (user, user_signer, node, user_signer, period, salt),
            (user, node, node, node_signer, period, salt),
            (user, user_signer, node, user, period, salt),
            (user, user_signer, node, node_signer, limits.min_challenge_period - 1, salt),
            (user, user_signer, node, node_signer, min(limits.max_challenge_period + 1, MAX_UINT32), salt),
        )
        wrong = others[way - 12]
        return self._identity(line.desk, wrong)

    def _recipient(self, line: Line, forbidden: bool) -> Address:
        """Anybody; also those who take no ETH."""
        choices, stage = self.choices, self.scene.stage
        if forbidden:
            return choices.pick((line.desk.address, line.desk.manager.token, ZERO_ADDRESS))
        if choices.seldom(20):
            return choices.pick((FRESH, stage.registry, stage.conditions.any_share, self._idle_manager()))
        return self._somebody().account

    def _idle_manager(self) -> Address:
        """One that this life does not use: what it is given is lost."""
        used = [desk.manager for desk in self.scene.desks]
        return next(manager.address for manager in self.scene.stage.managers if manager not in used)

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
            wrong = sign(self._wrong_key(line), statement)
        elif way == 5 and inks:
            wrong = choices.pick(inks)
        else:
            wrong = self._about_another(line, statement)
        return choices.pick(((wrong, node), (user, wrong)))

    def _wrong_key(self, line: Line) -> Key:
        """Somebody's, or that of a party's account, which is not its signer."""
        keys = [party.key for party in (line.user, line.node) if party.key]
        return self.choices.pick([self._somebody().signer, *keys])

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
        payment = self.payments.some()
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
