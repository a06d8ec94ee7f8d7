"""The story of a channel on a live chain, from its transactions: the same actions at the same distances in time.

Every account is replaced by an actor, whose keys are made from its name, so that anybody can sign what they signed;
`Told.originals` says who they were. Signatures count as what they recover to. What the chain does not show stays
unknown: messages off chain, transactions that failed, the lists of transfers that nobody showed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from connext.abi import Event, Invocation, artifact, manager_abi
from connext.actions import Action, action
from connext.actions.by_hand import Locked
from connext.channel import Deployment
from connext.conditions import FULL_SHARE
from connext.errors import ConnextError
from connext.fields import NO_MONEY
from connext.keccak import keccak256
from connext.ledger import Holdings, snake_case
from connext.messages import (
    NO_ITEMS,
    Exit,
    StateHeader,
    Transfer,
    Withdrawal,
    digest,
    transfers_hash,
)
from connext.replay.words import exact_duration
from connext.signing import InvalidSignature, Signature, recover
from connext.story import Limits, Story, Terms
from connext.transfers import Triple, triple_of
from connext.types import Address, Asset, Bytes32, ChannelIdentity, Side

LEAD = 60
"""Seconds between the story's start and its first transaction."""

CHANNEL = "main"


@dataclass(eq=False)
class CannotTell(ConnextError):
    """Something of the channel's history has no form as a story."""

    text = "transaction 0x{transaction} cannot be told: {reason}"
    transaction: str
    reason: str


@dataclass(frozen=True, slots=True)
class Past:
    """A transaction that succeeded, as far as it called manager or registry. time: of its block, in Unix seconds.

    caller: who called the contract: the sender, or a contract that the sender called. events: of manager and registry.
    """

    hash: bytes
    time: int
    caller: Address
    contract: str
    data: bytes
    value: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Call:
    """A call within a transaction: the transaction's own, or an item of a batch."""

    past: Past
    value: int
    arguments: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]


Fields = tuple[str, dict[str, Any]]
"""The name of an action and its fields; None for what is left out."""


@dataclass(frozen=True, slots=True)
class Told:
    """The story, who its actors were, and what in it is not as it was."""

    story: Story
    originals: Mapping[str, Address]
    notes: tuple[str, ...]


def tell(past: Sequence[Past], identity: ChannelIdentity, deployment: Deployment, title: str) -> Told:
    """The story of the channel with this identity. past: all its transactions, in order. Raises CannotTell."""
    teller = _Teller(identity, deployment, past)
    times, notes = _spread(past)
    for transaction, time in zip(past, times, strict=True):
        teller.add(transaction, time)
    terms = Terms("user", "node", identity.challenge_period, identity.salt)
    story = Story(
        title=title,
        channels={CHANNEL: terms},
        actions=(*teller.opening, *teller.actions),
        about=f"From the chain with id {deployment.domain.chain_id}. Nobody's software acts by itself.",
        guarantees=("G3", "G4", "G5", "G7"),
        limits=Limits(
            capacity=Holdings(deployment.capacity_wei, deployment.capacity_token),
            transfer=Holdings(deployment.transfer_limit_wei, deployment.transfer_limit_token),
            shortest_period=deployment.min_challenge_period,
            longest_period=deployment.max_challenge_period,
        ),
    )
    return Told(story, teller.originals, (*notes, *teller.notes))


@dataclass
class _Teller:
    """What is known so far. opening: actions before the first transaction."""

    identity: ChannelIdentity
    deployment: Deployment
    past: Sequence[Past]
    actions: list[Action] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    originals: dict[str, Address] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._start = self.past[0].time - LEAD
        self._dispute = 0
        self._reserve: dict[str, Holdings] = {}
        self._lists = _lists_in(self.past)
        self._shares = _shares_in(self.past)
        self._payments: dict[Triple, str] = {}
        self._labels: dict[object, str] = {}
        self._names: dict[Address, str] = {}
        for name, account in (("user", self.identity.user), ("node", self.identity.node)):
            self._name(account, name)
        for name, signer in (("user", self.identity.user_signer), ("node", self.identity.node_signer)):
            if signer not in self._names:
                self._name(signer, f"{name}'s signer")

    @property
    def opening(self) -> list[Action]:
        """Nobody's software runs; the terms of all payments, whose expiries count from the start."""
        silent = [action("go_silent", name) for name in ("user", "node")]
        judged = [triple for triple in self._payments if not self._is_hash_lock(triple)]
        judge = [action("become", "judge", contract="AnyShare")] if judged else []
        return [*silent, *judge, *(self._terms(triple, name) for triple, name in self._payments.items())]

    def add(self, past: Past, time: int) -> None:
        """time: in seconds after the story's start."""
        invocation = artifact(past.contract).abi.decode_call(past.data)
        if invocation is None:
            raise CannotTell(past.hash.hex(), f"its calldata is no call of {past.contract}")
        told = self._told(past, invocation, past.value)
        written = {} if _has_permit(invocation) else {"emits": tuple(event.name for event in past.events)}
        self._do(told.name, self._person(past.caller), time, **told.fields, **written)
        for event in past.events:
            if event.name == "DisputeStarted":
                self._dispute = event.values["dispute"]

    # --- People ---

    def _person(self, account: Address) -> str:
        if account not in self._names:
            self._name(account, f"stranger {1 + sum(name.startswith('stranger') for name in self.originals)}")
        return self._names[account]

    def _name(self, account: Address, name: str) -> None:
        self._names[account] = name
        self.originals[name] = account

    def _do(self, name: str, actor: str | None, at: int | None, **fields: Any) -> None:
        self.actions.append(action(name, actor, at, **{key: held for key, held in fields.items() if held is not None}))

    # --- Calls ---

    def _told(self, past: Past, call: Invocation, value: int) -> Action:
        """The call as an action without a time; what it needs is made before."""
        teller = getattr(self, f"_{snake_case(call.function)}", None)
        if teller is None:
            raise CannotTell(past.hash.hex(), f"there is no action for {call.function}")
        name, fields = teller(_Call(past, value, call.arguments))
        present = {key: held for key, held in fields.items() if held is not None}
        return action(name, self._person(past.caller), **present)

    def _deposit(self, call: _Call) -> Fields:
        amount = Holdings(call.value, call["amountToken"])
        return "deposit", {**self._in(call), "side": Side(call["side"]), "amount": amount}

    def _top_up(self, call: _Call) -> Fields:
        if call["channelId"] != self._id:
            raise self._another_channel(call)
        amount = Holdings(call.value, call["amountToken"])
        return "top_up", {"channel": CHANNEL, "side": Side(call["side"]), "amount": amount}

    def _collateralize(self, call: _Call) -> Fields:
        """What the reserve had from elsewhere is funded first."""
        person = self._person(call.past.caller)
        moved = next((event.values for event in call.past.events if event.name == "Collateralized"), None)
        wei, token = (moved["amountWei"], moved["amountToken"]) if moved else (0, 0)
        has = self._reserve.get(person, NO_MONEY)
        lacking = Holdings(max(0, wei - has.amount_wei), max(0, token - has.amount_token))
        if lacking != NO_MONEY:
            self.notes.append(f"{person} is given as reserve what it had from before")
            self._do("fund", person, None, amount=lacking)
        self._reserve[person] = has.plus(lacking.amount_wei - wei, lacking.amount_token - token)
        amount = Holdings(call["amountWei"], call["amountToken"])
        return "collateralize", {**self._in(call), "amount": amount}

    def _fund(self, call: _Call) -> Fields:
        person, amount = self._person(call["account"]), Holdings(call.value, call["amountToken"])
        self._add_reserve(person, amount.amount_wei, amount.amount_token)
        return "fund", {"account": person, "amount": amount}

    def _withdraw(self, call: _Call) -> Fields:
        message = Withdrawal(self._id, *call["withdrawal"].values())
        label = f"withdrawal {message.sequence}"
        if self._is_new(("withdrawal", message), label):
            self._make(
                "make_withdrawal",
                label,
                sequence=message.sequence,
                deadline=self._since_start(message.deadline),
                user=Holdings(message.user_wei, message.user_token),
                node=Holdings(message.node_wei, message.node_token),
                recipient=self._person(message.recipient),
            )
        self._add_reserve(self._names[self.identity.node], message.node_wei, message.node_token)
        return "withdraw", {**self._in(call), "message": label}

    def _checkpoint(self, call: _Call) -> Fields:
        return "checkpoint", {**self._in(call), **self._state(call["signed"])}

    def _start_dispute(self, call: _Call) -> Fields:
        return "start_dispute", {**self._in(call), **self._state(call["signed"])}

    def _start_dispute_with_exit(self, call: _Call) -> Fields:
        exit_ = Exit(self._id, self._dispute + 1, call["deadline"])
        signer = self._signer(digest(self.deployment.domain, exit_), call["exitSignature"])
        if signer not in (self.identity.user_signer, self.identity.node_signer):
            raise CannotTell(call.past.hash.hex(), "its exit is for another dispute than the next")
        label = f"exit {exit_.dispute}"
        if self._is_new(("exit", exit_), label):
            leaver = "user" if signer == self.identity.user_signer else "node"
            deadline = self._since_start(exit_.deadline)
            self._make("make_exit", label, leaver, dispute=exit_.dispute, deadline=deadline)
        return "start_dispute_with_exit", {**self._in(call), "exit_message": label, **self._state(call["signed"])}

    def _resume(self, call: _Call) -> Fields:
        label = f"resume {self._dispute}"
        if self._is_new(("resume", self._dispute, call["deadline"]), label):
            deadline = self._since_start(call["deadline"])
            self._make("make_resume", label, dispute=self._dispute, deadline=deadline)
        return "resume", {**self._in(call), "message": label}

    def _settle(self, call: _Call) -> Fields:
        header = StateHeader(*call["state"].values())
        fields = {**self._in(call), **self._shown(header, call["transfers"])}
        if header.nonce == 0:
            return "settle", {**fields, "nonce": 0}
        return "settle", {**fields, "message": self._labels.get(header)}

    def _close(self, call: _Call) -> Fields:
        header = StateHeader(*call["signed"]["state"].values())
        return "close", {**self._in(call), **self._state(call["signed"]), **self._shown(header, call["transfers"])}

    def _settle_transfers(self, call: _Call) -> Fields:
        places = range(len(call["transfers"]))
        chosen = [place for place in places if call["wanted"] >> place & 1]
        return "settle_transfers", {**self._in(call), "wanted": chosen if len(chosen) < len(places) else None}

    def _record(self, call: _Call) -> Fields:
        triple = Triple(call["condition"], keccak256(call["params"]), call["expiry"])
        payment = self._payment(triple)
        recorded = [event.values["share"] for event in call.past.events if event.name == "OutcomeRecorded"]
        if recorded and recorded[-1] != self._shares[triple]:
            self.notes.append(f"{payment}: a share below the last one is told as the last one")
        return "record", {"payment": payment}

    def _withdraw_reserve(self, call: _Call) -> Fields:
        amount = Holdings(call["amountWei"], call["amountToken"])
        self._add_reserve(self._person(call.past.caller), -amount.amount_wei, -amount.amount_token)
        return "withdraw_reserve", {"amount": amount, "recipient": self._person(call["recipient"])}

    def _withdraw_credit(self, call: _Call) -> Fields:
        amount = Holdings(call["amountWei"], call["amountToken"])
        return "withdraw_credit", {"amount": amount, "recipient": self._person(call["recipient"])}

    def _push_credit(self, call: _Call) -> Fields:
        return "push_credit", {"account": self._person(call["account"]), "asset": Asset(call["asset"])}

    def _batch(self, call: _Call) -> Fields:
        """Without permits: everybody in a story has given the manager an allowance."""
        items = []
        for item in call["calls"]:
            inner = manager_abi().decode_call(item["data"])
            if inner is None:
                raise CannotTell(call.past.hash.hex(), "an item of its batch is no call of the manager")
            if inner.function == "permit":
                self.notes.append("a permit is left out: everybody has given an allowance")
            else:
                items.append(self._told(call.past, inner, item["value"]))
        return "batch", {"items": items}

    # --- Messages and payments ---

    @property
    def _id(self) -> Bytes32:
        domain = self.deployment.domain
        return self.identity.id(domain.chain_id, domain.verifying_contract)

    def _in(self, call: _Call) -> dict[str, Any]:
        if ChannelIdentity(*call["channel"].values()) != self.identity:
            raise self._another_channel(call)
        return {"channel": CHANNEL}

    def _another_channel(self, call: _Call) -> CannotTell:
        return CannotTell(call.past.hash.hex(), "it is about another channel, too")

    def _make(self, verb: str, label: str, actor: str | None = None, **fields: Any) -> None:
        self._do(verb, actor, None, message=label, channel=CHANNEL, **fields)

    def _add_reserve(self, person: str, wei: int, token: int) -> None:
        self._reserve[person] = self._reserve.get(person, NO_MONEY).plus(wei, token)

    def _state(self, signed: Mapping[str, Any]) -> dict[str, Any]:
        header = StateHeader(*signed["state"].values())
        if header.nonce == 0:
            return {"nonce": 0}
        if header not in self._labels:
            self._make_state(header, signed)
        return {"message": self._labels[header]}

    def _make_state(self, header: StateHeader, signed: Mapping[str, Any]) -> None:
        count = sum(isinstance(key, StateHeader) and key.nonce == header.nonce for key in self._labels)
        label = f"state {header.nonce}" + (f" ({count + 1})" if count else "")
        hashed = header.digest(self.deployment.domain, self._id)
        signers = [self._signer(hashed, signed[side]) for side in ("user", "node")]
        are_right = signers == [self.identity.user_signer, self.identity.node_signer]
        self._labels[header] = label
        self._make(
            "make_state",
            label,
            nonce=header.nonce,
            user=Holdings(header.user_wei, header.user_token),
            node=Holdings(header.node_wei, header.node_token),
            transfers=self._transfers(header, label),
            final=header.is_final or None,
            forged=None if are_right else "missing",
        )

    def _transfers(self, header: StateHeader, label: str) -> tuple[Locked, ...] | None:
        if header.transfers_hash == NO_ITEMS:
            return None
        listed = self._lists.get(header.transfers_hash)
        if listed is None:
            self.notes.append(f"nobody showed the transfers of {label}: one that claims nothing stands for them")
            return (Locked(self._payment(Triple(bytes(20), header.transfers_hash, 0)), Side.USER, Asset.ETH, 0, 0),)
        return tuple(Locked(self._payment(triple_of(one)), one.payer, one.asset, one.amount, one.id) for one in listed)

    def _shown(self, header: StateHeader, transfers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Without its list, a state is settled with that of a message that has none."""
        if transfers or header.transfers_hash == NO_ITEMS:
            return {}
        if self._is_new("no list", "no list"):
            self._make("make_state", "no list", nonce=0)
        return {"list_of": "no list"}

    def _signer(self, hashed: bytes, signature: Mapping[str, Signature]) -> Address | None:
        try:
            return recover(hashed, signature["r"] + signature["vs"])
        except InvalidSignature:
            return None

    def _is_new(self, key: object, label: str) -> bool:
        known = key in self._labels
        self._labels[key] = label
        return not known

    def _since_start(self, time: int) -> int:
        return max(0, time - self._start)

    def _payment(self, triple: Triple) -> str:
        return self._payments.setdefault(triple, f"payment {len(self._payments) + 1}")

    def _is_hash_lock(self, triple: Triple) -> bool:
        """Whatever decided all or nothing can be told as a hash lock."""
        return self._shares.get(triple, 0) in (0, FULL_SHARE)

    def _terms(self, triple: Triple, name: str) -> Action:
        expires = self._since_start(triple.expiry)
        if self._is_hash_lock(triple):
            return action("make_secret", "user", payment=name, expires=expires)
        return action("make_terms", payment=name, condition="judge", expires=expires, share=self._shares[triple])


def _spread(past: Sequence[Past]) -> tuple[list[int], list[str]]:
    """The times of transactions in seconds after the story's start, and in words what is otherwise: no two at once.

    Of those in one block, the first that starts a dispute or settles has the block's time: a deadline counts from the
    one and ends with the other. If none does, the last has it: everything else must come before a deadline.
    """
    times: list[int] = []
    notes: list[str] = []
    start, delay = past[0].time - LEAD, 0
    for time, grouped in groupby(past, lambda one: one.time):
        block = list(grouped)
        anchor = next((i for i, one in enumerate(block) if _turns(one)), len(block) - 1)
        first = time - start + delay - anchor
        earliest = times[-1] + 1 if times else 1
        if first < earliest:
            notes.append(f"from {exact_duration(earliest)} after the start on all is {earliest - first} s later")
            delay, first = delay + earliest - first, earliest
        if len(block) > 1:
            between = f"{exact_duration(first)} to {exact_duration(first + len(block) - 1)} after the start"
            notes.append(f"{len(block)} transactions of one block come one by one, {between}: no two at once")
        times += range(first, first + len(block))
    return times, notes


def _has_permit(invocation: Invocation) -> bool:
    """It is left out, and so are its events."""
    calls = invocation.arguments["calls"] if invocation.function == "batch" else ()
    return any(manager_abi().function_of(call["data"]) == "permit" for call in calls)


def _turns(past: Past) -> bool:
    return any(event.name in ("DisputeStarted", "ChannelSettled") for event in past.events)


def _lists_in(past: Iterable[Past]) -> dict[Bytes32, tuple[Transfer, ...]]:
    """All lists of transfers that were shown, by their hash."""
    lists = {}
    for invocation in _invocations(past):
        shown = invocation.arguments.get("transfers")
        if shown:
            transfers = tuple(Transfer(*one.values()) for one in shown)
            lists[transfers_hash(transfers)] = transfers
    return lists


def _invocations(past: Iterable[Past]) -> Iterable[Invocation]:
    """Those in batches, too."""
    for transaction in past:
        invocation = artifact(transaction.contract).abi.decode_call(transaction.data)
        if invocation is not None and invocation.function == "batch":
            inner = (manager_abi().decode_call(call["data"]) for call in invocation.arguments["calls"])
            yield from (one for one in inner if one is not None)
        elif invocation is not None:
            yield invocation


def _shares_in(past: Iterable[Past]) -> dict[Triple, int]:
    """The last share that was recorded of each triple."""
    shares = {}
    for transaction in past:
        for event in transaction.events:
            if event.name == "OutcomeRecorded":
                values = event.values
                shares[Triple(values["condition"], values["paramsHash"], values["expiry"])] = values["share"]
    return shares


def triples_of(past: Iterable[Past]) -> list[Triple]:
    """Of all transfers in the lists that were shown."""
    return list(dict.fromkeys(triple_of(one) for listed in _lists_in(past).values() for one in listed))
