"""A life as a story (`connext.stories`): what the fuzzer found, in the form that a person reads and every chain plays.

The story expects what the model expects, so that it fails until the bytecode (or the model) is right. Some of what a
life can do has no words: signatures of other statements, channels that cannot exist, aged counters, a token that
misbehaves, most conditions. It is left out, or comes as near as it can; `Tale.left_out` says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from connext.actions import Action, read_action
from connext.fields import NO_MONEY
from connext.ledger import Holdings
from connext.stories import write_story
from connext.story import End, Limits, Story, Terms
from connext.types import Address, Asset, Side
from proof.fuzz.changes import Change, Told
from proof.fuzz.ink import Ink
from proof.fuzz.play import SHORT, Play, Taken
from proof.fuzz.scene import FRESH, Line, Move, Payment, readable
from proof.fuzz.stage import RELAY
from proof.model import operations as op
from proof.model import outcomes
from proof.model.messages import INITIAL, NO_TRANSFERS, SignedState, Statement, TransferList
from proof.records import CHECKOUT

SCENARIOS = CHECKOUT / "scenarios"

PREPARATION = 1_000
"""Seconds at the start of the story, before the first of the life."""
JUDGE = "judge"
"""Whose account is the condition of every payment: it takes the witness for the share."""


@dataclass
class Tale:
    """left_out: what the story does not say, and why."""

    story: Story
    left_out: list[str] = field(default_factory=list)

    def save(self, folder: Path = SCENARIOS) -> Path:
        text = write_story(self.story)
        path = folder / f"found-{sha256(text.encode()).hexdigest()[:10]}.yaml"
        folder.mkdir(exist_ok=True)
        path.write_text(text)
        return path


def tell(play: Play) -> Tale:
    """All of it, up to what failed."""
    return _Teller(play).told()


class _Teller:
    def __init__(self, play: Play) -> None:
        self._play = play
        self._scene = play.scene
        self._start = play.started
        self._acting = b""
        self._actions: list[Action] = []
        self._terms: list[Action] = []
        self._used: set[str] = set()
        self._hostile: set[Address] = set()
        self._labels: dict[Any, str] = {}
        self._last = 0
        self.left_out: list[str] = []

    def told(self) -> Tale:
        for taken in self._play.taken:
            try:
                self._turn(taken)
            except _NoWordsError as missing:
                self.left_out.append(f"{missing}: {taken.turn}")
        used = [line for line in self._scene.lines if line.name in self._used]
        parties = sorted({person.name for line in used for person in (line.user, line.node)})
        silent = [read_action({"do": "go_silent", "by": name}, "go_silent") for name in parties]
        judge = [read_action({"do": "become", "by": JUDGE, "contract": "AnyShare"}, "become")] if self._terms else []
        manager = self._scene.desks[0].ledger.parameters
        limits = Limits(
            Holdings(*manager.capacity),
            Holdings(*manager.transfer_limit),
            manager.min_challenge_period,
            manager.max_challenge_period,
        )
        story = Story(
            title="Found by the fuzzer",
            channels=MappingProxyType({line.name: _terms(line) for line in used}),
            actions=(*silent, *judge, *self._terms, *self._actions),
            about=_line(self._play.failure),
            guarantees=(_guarantee(self._play.failure),),
            limits=limits,
            ends=MappingProxyType(self._ends()),
        )
        return Tale(story, self.left_out)

    # --- Turns ---

    def _turn(self, taken: Taken) -> None:
        move = taken.turn
        if not isinstance(move, Move):
            self._change(move)
            return
        if move.manager is not self._play.managers[0]:
            raise _NoWordsError("another manager")
        self._acting = move.context.caller
        if self._acting in self._hostile:
            raise _NoWordsError("a contract that calls")
        if isinstance(move.operation, op.Permit) and taken.end != "ok":
            raise _NoWordsError("a permit that is none")
        if isinstance(move.operation, op.Record) and taken.end not in ("", "ok", "OutcomeIsFinal"):
            raise _NoWordsError("what a condition says of a wrong witness")
        words = self._words(move.operation, move.context.value)
        if move.context.value != _value(words):
            raise _NoWordsError("more value than it takes")
        self._last = max(self._last + 1, move.context.time - self._start + PREPARATION)
        if taken.end == SHORT:
            raise _NoWordsError("short of gas")
        fails = _name(taken)
        self._say(at=self._last, by=self._name(self._acting), **words, **({"fails": fails} if fails else {}))

    def _change(self, change: Change) -> None:
        person = None
        if isinstance(change, Told):
            person = next((p for p in self._play.stage.people if p.account == change.address), None)
        if not isinstance(change, Told) or person is None:
            raise _NoWordsError("no action is like that")
        self._hostile.add(person.account)
        self._say(do="become", by=person.name, contract="HostileRecipient", conduct=change.conduct[0])
        self._last += 12

    def _words(self, operation: op.Operation, value: int) -> dict[str, Any]:
        """`do` and the fields of an action."""
        match operation:
            case op.Deposit(channel, side, token):
                return self._of(channel.id, "deposit", side=Side(side), amount=Holdings(value, token))
            case op.TopUp(channel_id, side, token):
                return self._of(channel_id, "top_up", side=Side(side), amount=Holdings(value, token))
            case op.Collateralize(channel, wei, token):
                return self._of(channel.id, "collateralize", amount=Holdings(wei, token))
            case op.Withdraw(channel, withdrawal, user, node):
                return self._of(channel.id, "withdraw", message=self._withdrawal(channel.id, withdrawal, user, node))
            case op.Checkpoint(channel, signed):
                return self._of(channel.id, "checkpoint", message=self._state(channel.id, signed))
            case op.StartDispute(channel, signed):
                return self._of(channel.id, "start_dispute", **self._start_state(channel.id, signed))
            case op.StartDisputeWithExit(channel, deadline, exit_, signed):
                words = self._start_state(channel.id, signed)
                return self._of(
                    channel.id, "start_dispute_with_exit", exit_message=self._exit(channel.id, deadline, exit_), **words
                )
            case op.Resume(channel, deadline, user, node):
                return self._of(channel.id, "resume", message=self._resume(channel.id, deadline, user, node))
            case op.Settle(channel, header, shown):
                words = {"nonce": 0} if header == INITIAL else {"message": self._known_state(channel.id, header)}
                return self._of(channel.id, "settle", list_of=self._list(channel.id, shown), **words)
            case op.Close(channel, signed, shown):
                label = self._state(channel.id, signed)
                return self._of(channel.id, "close", message=label, list_of=self._list(channel.id, shown))
            case op.SettleTransfers(channel, shown, wanted):
                places = [i for i in range(256) if wanted >> i & 1]
                words = {} if len(places) == 256 else {"wanted": places}
                return self._of(channel.id, "settle_transfers", list_of=self._list(channel.id, shown), **words)
            case op.Fund(account, token):
                return {"do": "fund", "amount": Holdings(value, token), "account": self._name(account)}
            case op.WithdrawReserve(wei, token, recipient):
                return {"do": "withdraw_reserve", "amount": Holdings(wei, token), "recipient": self._name(recipient)}
            case op.WithdrawCredit(wei, token, recipient):
                return {"do": "withdraw_credit", "amount": Holdings(wei, token), "recipient": self._name(recipient)}
            case op.PushCredit(account, asset):
                return {"do": "push_credit", "account": self._name(account), "asset": Asset(asset)}
            case op.Permit():
                return {"do": "permit"}
            case op.Batch(items):
                return {"do": "batch", "items": [self._item(item) for item in items]}
            case op.Record():
                return {"do": "record", "payment": self._proof(operation)}
        raise _NoWordsError("no action is like that")

    def _item(self, item: op.Item) -> dict[str, Any]:
        return {"by": self._name(self._acting), **self._words(item.operation, item.value)}

    def _of(self, channel_id: bytes, do: str, **fields: Any) -> dict[str, Any]:
        return {"do": do, "channel": self._line(channel_id).name, **fields}

    # --- Messages ---

    def _start_state(self, channel_id: bytes, signed: SignedState) -> dict[str, Any]:
        if signed.header == INITIAL:
            return {"nonce": 0}
        return {"message": self._state(channel_id, signed)}

    def _state(self, channel_id: bytes, signed: SignedState) -> str:
        header = signed.header
        statement = self._statement("State", channel_id, header)
        transfers = self._scene.lists.get(header.transfers_hash, NO_TRANSFERS)
        fields = {
            "nonce": header.nonce,
            "user": Holdings(header.user_wei, header.user_token),
            "node": Holdings(header.node_wei, header.node_token),
            "transfers": self._transfers(transfers),
            "final": header.is_final,
        }
        return self._made("make_state", "state", (channel_id, signed), channel_id, statement, signed[1:], fields)

    def _known_state(self, channel_id: bytes, header: Any) -> str:
        """The label of a state with this header, whoever signed it."""
        for key, label in self._labels.items():
            if key[0] == channel_id and isinstance(key[1], SignedState) and key[1].header == header:
                return label
        return self._state(channel_id, SignedState(header))

    def _withdrawal(self, channel_id: bytes, message: Any, *inks: Any) -> str:
        fields = {
            "sequence": message.sequence,
            "deadline": self._deadline(message.deadline),
            "user": Holdings(message.user_wei, message.user_token),
            "node": Holdings(message.node_wei, message.node_token),
            "recipient": self._name(message.recipient),
        }
        statement = self._statement("Withdrawal", channel_id, message)
        key = (channel_id, message, inks)
        return self._made("make_withdrawal", "withdrawal", key, channel_id, statement, inks, fields)

    def _resume(self, channel_id: bytes, deadline: int, *inks: Any) -> str:
        dispute = next(
            (ink.statement.content[0] for ink in inks if ink.statement and ink.statement.kind == "Resume"), 0
        )
        statement = self._statement("Resume", channel_id, (dispute, deadline))
        fields = {"dispute": dispute, "deadline": self._deadline(deadline)}
        key = (channel_id, "resume", deadline, inks)
        return self._made("make_resume", "resume", key, channel_id, statement, inks, fields)

    def _exit(self, channel_id: bytes, deadline: int, ink: Any) -> str:
        statement = ink.statement
        if statement is None or statement.kind != "Exit" or statement.channel_id != channel_id:
            raise _NoWordsError("an exit that is none")
        label = self._labels.get(("exit", ink))
        if label is None:
            label = self._labels["exit", ink] = f"exit {len(self._labels) + 1}"
            dispute, deadline = statement.content
            signer = self._signer(ink.signer)
            self._say(
                do="make_exit",
                by=signer,
                message=label,
                channel=self._line(channel_id).name,
                dispute=dispute,
                deadline=self._deadline(deadline),
            )
        return label

    def _made(
        self, do: str, kind: str, key: Any, channel_id: bytes, statement: Statement, inks: Any, fields: dict[str, Any]
    ) -> str:
        """The label of a message by hand, which is made where it is used first."""
        if key not in self._labels:
            label = self._labels[key] = f"{kind} {len(self._labels) + 1}"
            line = self._line(channel_id)
            self._say(do=do, message=label, channel=line.name, **fields, **self._signatures(line, statement, inks))
        return self._labels[key]

    def _signatures(self, line: Line, statement: Statement, inks: Any) -> dict[str, Any]:
        who: dict[str, Any] = {}
        for field_, person, ink in zip(("as_user", "as_node"), (line.user, line.node), inks, strict=True):
            if not isinstance(ink, Ink) or ink.statement is None:
                who["forged"] = "missing"
            elif ink.statement != statement:
                who["forged"] = "other manager"
            elif ink.signer != person.signer.address:
                who |= {field_: self._signer(ink.signer)}
        return who

    def _statement(self, kind: str, channel_id: bytes, content: Any) -> Statement:
        return Statement(kind, self._scene.desks[0].ledger.domain, channel_id, content)

    # --- Transfers ---

    def _transfers(self, transfers: TransferList) -> list[dict[str, Any]]:
        told = []
        for transfer in transfers.transfers:
            payment = next(p for p in self._scene.payments if p.triple == transfer.triple)
            asset = {"asset": transfer.asset, "wei": transfer.amount}
            told.append({"payment": self._payment(payment), "payer": transfer.payer, "id": transfer.id, **asset})
        return told

    def _payment(self, payment: Payment, share: int | None = None) -> str:
        """Its name. Its condition is the judge, whoever decides in the life."""
        key = payment.triple
        label = f"payment {self._scene.payments.index(payment) + 1}"
        if share is None:
            share = int(self._labels.get(key, 10**18))
        fields = {"do": "make_terms", "payment": label, "condition": JUDGE, "share": share}
        if key not in self._labels:
            expires = _capped(payment.expiry - self._start + PREPARATION)
            self._terms.append(read_action({**fields, "expires": expires}, "make_terms"))
        elif self._labels[key] != str(share):
            expires = payment.expiry - self._start + PREPARATION - self._last
            if expires < 0:
                raise _NoWordsError("another share of a payment that has expired")
            self._say(**fields, expires=_capped(expires))
        self._labels[key] = str(share)
        return label

    def _proof(self, record: op.Record) -> str:
        triple = record.condition, record.params_hash, record.expiry
        payment = next((p for p in self._scene.payments if p.triple == triple), None)
        if payment is None:
            raise _NoWordsError("parameters of nothing")
        return self._payment(payment, _share(record))

    def _list(self, channel_id: bytes, shown: TransferList) -> str:
        """The label of a state with this list."""
        for key, label in self._labels.items():
            if isinstance(key[1], SignedState) and key[1].header.transfers_hash == shown.hash:
                return label
        header = INITIAL._replace(transfers_hash=shown.hash)
        self._scene.lists[shown.hash] = shown
        return self._state(channel_id, SignedState(header))

    # --- Names, times, ends ---

    def _line(self, channel_id: bytes) -> Line:
        line = next((line for line in self._scene.lines if line.identity.id == channel_id), None)
        if line is None or line.desk is not self._scene.desks[0]:
            raise _NoWordsError("a channel that cannot exist, or is another manager's")
        self._used.add(line.name)
        return line

    def _name(self, account: Address) -> str:
        for person in self._play.stage.people:
            if person.account == account:
                return person.name
            if person.signer.address == account:
                return f"{person.name}'s signer"
        if account in (FRESH, RELAY):
            return "somebody" if account == FRESH else "stranger"
        raise _NoWordsError(f"nobody's account {readable(account)}")

    def _signer(self, address: Address) -> str:
        names = (p.name for p in self._play.stage.people if p.signer.address == address)
        return next(names, "stranger")

    def _deadline(self, time: int) -> int:
        return _capped(time - self._start + PREPARATION)

    def _say(self, **words: Any) -> None:
        self._actions.append(read_action(words, str(words["do"])))

    def _ends(self) -> dict[str, End]:
        ledger, before = self._scene.desks[0].ledger, self._play.before
        ends = {}
        for person in self._play.stage.people:
            account = person.account
            wallet = (
                ledger.ether[account] - before.ether[account],
                ledger.token.balances[account] - before.tokens[account],
            )
            end = End(Holdings(*wallet), Holdings(*ledger.reserve(account)), Holdings(*ledger.credit(account)))
            if end != End(NO_MONEY, NO_MONEY, NO_MONEY):
                ends[person.name] = end
        return ends


class _NoWordsError(Exception):
    """What a story cannot say."""


def _terms(line: Line) -> Terms:
    return Terms(line.user.name, line.node.name, line.identity.challenge_period, line.identity.salt)


def _name(taken: Taken) -> str:
    """The error that it fails with: the bytecode's, or where that is not agreed on, one that the model expects."""
    if taken.end in ("ok", "reverts"):
        return "Unknown" if taken.end == "reverts" else ""
    names = sorted(refusal.name for refusal in taken.refused or () if refusal.name.isidentifier())
    return taken.end or (names[0] if names else "Unknown" if taken.refused else "")


def _value(words: Mapping[str, Any]) -> int:
    """The wei that an action sends."""
    if words["do"] == "batch":
        return sum(_value(item) for item in words["items"])
    return words["amount"].amount_wei if words["do"] in ("deposit", "top_up", "fund") else 0


def _share(record: op.Record) -> int:
    """What the witness says, where that is plain."""
    witness = record.witness
    if isinstance(witness, bytes):
        return int.from_bytes(witness[:32])
    if isinstance(witness, outcomes.Voucher) and isinstance(record.params, outcomes.StreamParams) and record.params.cap:
        return 10**18 * min(witness.cumulative, record.params.cap) // record.params.cap
    return 10**18


def _guarantee(failure: str) -> str:
    """The one that is broken, where the failure names it."""
    head = failure.split(":")[0]
    return head if head in {f"G{n}" for n in range(1, 11)} else "G7"


def _capped(seconds: int) -> int:
    return max(0, min(seconds, 2**40))


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:600]
