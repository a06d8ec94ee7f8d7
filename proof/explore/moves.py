"""What may be sent: calls of the manager and of the registry, each as an action of the shared vocabulary.

So a line of play can be told, and saved as a story.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from itertools import combinations

from connext.actions import Action, action
from connext.actions.form import perform
from connext.calls import Call, record
from connext.channel import Signed, recorded_hash, unsigned_initial
from connext.conditions import stream_witness
from connext.envelopes import SignedExit
from connext.ledger import Holdings
from connext.messages import Resume, State, StateHeader, Transfer, Withdrawal, header
from connext.types import DAY, MAX_NONCE, Address, Side
from proof.explore.stage import STRANGER, Stage

GIFT = "1 ETH"
"""What a stranger may add to either side of a channel, once each."""

LATE = 1_000 * DAY
"""Deadline of what is forged, in seconds from the history's start."""

MOST_SUBSETS = 4
"""Of longer lists of transfers only the whole and each single one are settled, not every subset."""

NO_TRANSFERS = "no transfers"
"""Label of a state with an empty list."""


@dataclass(frozen=True, eq=False)
class Move:
    """A transaction. channel: the one it is about; once: it may be played only once, to keep the game finite.

    note: what the action does not tell.
    """

    action: Action
    sender: Address
    to: Address
    data: bytes
    value: int
    channel: str | None
    once: bool = False
    note: str = ""

    @property
    def call(self) -> tuple[Address, bytes, int]:
        """What is called, whoever calls."""
        return self.to, self.data, self.value


class Papers:
    """All that is signed, by labels under which the actions find it; and the moves that can be made with it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._labels: dict[bytes, str] = {}
        self._states: dict[tuple[str, bytes], Signed[State]] = {}
        self._moves: dict[tuple[Address, Address, bytes, int], Move] = {}
        self.forged: dict[str, Action] = {}
        """How messages came about that the honest party did not sign, by their labels."""
        first = next(iter(stage.channels))
        stage.world.by_hand[NO_TRANSFERS] = unsigned_initial(stage.world.channel_id(first))

    # --- Labels ---

    def label(self, channel: str, signed: Signed[State] | Signed[Withdrawal] | Signed[Resume] | SignedExit) -> str:
        """The name of a message; a message that is new gets one."""
        digest = signed.signature if isinstance(signed, SignedExit) else signed.digest
        if digest not in self._labels:
            self._labels[digest] = self._free_label(channel, signed)
            self.stage.world.by_hand[self._labels[digest]] = signed
            if not isinstance(signed, SignedExit) and isinstance(signed.message, State):
                self._states[channel, recorded_hash(signed.message)] = signed
        return self._labels[digest]

    def _free_label(
        self, channel: str, signed: Signed[State] | Signed[Withdrawal] | Signed[Resume] | SignedExit
    ) -> str:
        name = _describe(signed)
        if len(self.stage.channels) > 1:
            name = f"{channel} {name}"
        taken = self.stage.world.by_hand
        suffixes = ("", *(f" {letter}" for letter in "bcdefghijklmnopqrstuvwxyz"))
        return next(name + suffix for suffix in suffixes if name + suffix not in taken)

    def label_of(self, channel: str, state_hash: bytes) -> str | None:
        """Of the state that a channel has on record; None for the initial one."""
        signed = self._states.get((channel, state_hash))
        return self._labels[signed.digest] if signed is not None else None

    def label_of_list(self, channel: str, transfers: tuple[Transfer, ...]) -> str:
        known = (signed for (name, _), signed in self._states.items() if name == channel)
        return next(self._labels[signed.digest] for signed in known if signed.message.transfers == transfers)

    def recorded(self, channel: str, state_hash: bytes) -> StateHeader | None:
        """The state that a channel has on record; None for the initial one."""
        signed = self._states.get((channel, state_hash))
        return header(signed.message) if signed is not None else None

    # --- Moves ---

    def move(
        self,
        name: str,
        actor: str,
        asked: Call | None = None,
        *,
        once: bool = False,
        note: str = "",
        **fields: object,
    ) -> Move:
        """The same transaction is the same move.

        asked: what is really sent, which differs from the action where a state that is on record is named again: then
        no signatures are needed, and the party may not have them.
        """
        deed = action(name, actor, **fields)
        call = asked or perform(self.stage.world, deed)
        assert call is not None
        to = call.receiver(self.stage.deployment)
        sender = self.stage.world.actor(actor).account
        channel = str(fields["channel"]) if "channel" in fields else None
        move = Move(deed, sender, to, call.data, call.value, channel, once, note)
        return self._moves.setdefault((sender, *move.call), move)

    def free_moves(self) -> list[Move]:
        """All that the free ones can send at the start of the game."""
        moves = [move for channel in self.stage.channels for move in self._in_channel(channel)]
        return [*moves, *self._recordings()]

    def _in_channel(self, channel: str) -> Iterator[Move]:
        stage, them = self.stage, self.stage.counterparty(channel).name
        yield self.move("start_dispute", them, channel=channel, nonce=0)
        yield self.move("settle", STRANGER, channel=channel, nonce=0)
        for signed in stage.states(channel):
            yield from self.with_state(channel, signed)
        for withdrawal in stage.withdrawals(channel):
            yield self.move("withdraw", them, channel=channel, message=self.label(channel, withdrawal))
        for resume in stage.resumes(channel):
            yield self.move("resume", them, channel=channel, message=self.label(channel, resume))
        for exit_ in stage.exits(channel):
            yield from self._with_exit(channel, self.label(channel, exit_))
        yield from self._forgeries(channel)
        yield from self._gifts(channel)

    def with_state(self, channel: str, signed: Signed[State]) -> Iterator[Move]:
        """With a state that the free ones have with both signatures."""
        them, label = self.stage.counterparty(channel).name, self.label(channel, signed)
        state = signed.message
        yield self.move("start_dispute", them, channel=channel, message=label)
        yield self.move("checkpoint", them, channel=channel, message=label)
        names = ("settle", "close") if state.is_final else ("settle",)
        for name in names:
            yield self.move(name, STRANGER, channel=channel, message=label)
            if state.transfers:
                yield self.move(name, STRANGER, channel=channel, message=label, list_of=NO_TRANSFERS)
        for wanted in _subsets(len(state.transfers)):
            yield self.move("settle_transfers", STRANGER, channel=channel, list_of=label, wanted=wanted)

    def _with_exit(self, channel: str, label: str) -> Iterator[Move]:
        yield self.move("start_dispute_with_exit", STRANGER, channel=channel, nonce=0, exit_message=label)
        for signed in self.stage.states(channel):
            state = self.label(channel, signed)
            yield self.move("start_dispute_with_exit", STRANGER, channel=channel, message=state, exit_message=label)

    def _forgeries(self, channel: str) -> Iterator[Move]:
        """Messages that suit the other side, which has signed them for both sides: they should be refused."""
        stage, them = self.stage, self.stage.counterparty(channel).name
        by_them = {"channel": channel, "as_user": them, "as_node": them}
        theirs, mine = ("node", "user") if stage.side(channel) is Side.USER else ("user", "node")
        held = stage.contributions(channel)
        wei, token = held.user_wei + held.node_wei, held.user_token + held.node_token
        all_of_it, less = Holdings(wei, token), Holdings(-wei, -token)
        final = {"nonce": MAX_NONCE, "final": True, theirs: all_of_it, mine: less}
        state = self._forge("make_state", by_them | final)
        for name in ("start_dispute", "checkpoint", "close"):
            yield self.move(name, them, channel=channel, message=state)
        withdrawal = self._forge("make_withdrawal", by_them | {"sequence": 0, "deadline": LATE, theirs: all_of_it})
        yield self.move("withdraw", them, channel=channel, message=withdrawal)
        dispute = max(stage.on_chain(channel).dispute, 1)
        resume = self._forge("make_resume", by_them | {"dispute": dispute, "deadline": LATE})
        yield self.move("resume", them, channel=channel, message=resume)
        exit_ = self._forge("make_exit", {"channel": channel, "dispute": 1, "deadline": LATE}, STRANGER)
        yield self.move("start_dispute_with_exit", STRANGER, channel=channel, nonce=0, exit_message=exit_)

    def _forge(self, verb: str, fields: Mapping[str, object], actor: str | None = None) -> str:
        kind = verb.removeprefix("make_")
        label = f"forged {kind}" if len(self.stage.channels) == 1 else f"{fields['channel']} forged {kind}"
        self.forged[label] = action(verb, actor, message=label, **fields)
        perform(self.stage.world, self.forged[label])
        return label

    def _gifts(self, channel: str) -> Iterator[Move]:
        if len(self.stage.channels) > 1:
            return
        for side in ("user", "node"):
            yield self.move("top_up", STRANGER, once=True, channel=channel, side=side, amount=GIFT)
        them = self.stage.counterparty(channel)
        reserve = self.stage.world.ledger().reserve(them.account)
        if reserve.amount_wei or reserve.amount_token:
            yield self.move("collateralize", them.name, once=True, channel=channel, amount=reserve)

    def _recordings(self) -> Iterator[Move]:
        for name in self.stage.payments:
            if name not in self.stage.secrets and self.stage.world.payments[name].witness is not None:
                yield self.recording(name, STRANGER)
        for name in self.stage.streams_of_others:
            yield from self._other_vouchers(name)

    def _other_vouchers(self, payment: str) -> Iterator[Move]:
        """The payer of a stream may have signed any: half of what it has paid, and all that it could."""
        known = self.stage.world.payments[payment]
        assert known.paying is not None
        for cumulative, note in ((known.paying.paid // 2, "half of what was paid"), (known.paying.cap, "all of it")):
            paying = copy(known.paying)
            paying.paid = 0
            witness = stream_witness(cumulative, paying.pay(cumulative).signature)
            call = record(known.terms.condition, known.terms.params, known.terms.expiry, witness)
            yield self.move("record", STRANGER, call, note=f", {note}", payment=payment)

    def recording(self, payment: str, actor: str) -> Move:
        return self.move("record", actor, payment=payment)


def _describe(signed: Signed[State] | Signed[Withdrawal] | Signed[Resume] | SignedExit) -> str:
    if isinstance(signed, SignedExit):
        return f"exit {signed.exit.dispute}"
    match signed.message:
        case State(nonce=nonce, is_final=is_final):
            return f"final state {nonce}" if is_final else f"state {nonce}"
        case Withdrawal(sequence=sequence):
            return f"withdrawal {sequence}"
        case Resume(dispute=dispute):
            return f"resume of dispute {dispute}"
    raise AssertionError(signed)


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    """Of the places in a list, without the empty one."""
    sizes = range(1, count + 1) if count <= MOST_SUBSETS else sorted({1, count})
    for size in sizes:
        yield from combinations(range(count), size)
