"""The desk of one party: its account, its files, the chain. Every script that signs or submits sits at it.

The rules are `connext.party`'s. A step is first rehearsed with a signer that signs nothing: what the rules refuse stops
the script, what the step would do is the plan. Only then the real signer is used, and what it signed is saved before it
leaves. What takes something from me is signed only at my explicit word.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import click
from ape.api import AccountAPI

from connext import calls, events
from connext.chain.account import AccountSigner
from connext.chain.views import channel_at, confirmed_view
from connext.channel import UNSEEN, Channel, Signed, unsigned_initial
from connext.drawer import Drawer, Locked
from connext.envelopes import Countersignature, Envelope, Reveal
from connext.errors import ConnextError, FinalNeedsIntent, FinalPaysLess, NeedsIntent, ResumeNeedsIntent, UnknownChannel
from connext.events import Event, Output, Submit
from connext.fees import Fee
from connext.messages import State
from connext.papers import write_message
from connext.party import Party, adopt, step
from connext.rules import DEFAULT_POLICY, check_pays_no_less
from connext.signing import Signable, Signature, Signer
from connext.store import Store
from connext.types import Address, Bytes32, ChannelIdentity, Status, checksum
from scripts._connection import Connection
from scripts._mail import addressed, check_place, readers_of, receive
from scripts._payer import Payer
from scripts._portrait import Rehearsal, concerned, wanted
from scripts._sentences import described, planned

LIVE_CONFIRMATIONS = 12

FIRST_TIME, RESTORED = "first-time", "restored"
"""What the owner says of its files: that none of its software has signed for a channel, or that they may be old."""


@dataclass(eq=False)
class NotTheSigner(ConnextError):
    text = "{name} cannot sign for channel {channel_id}: its {side} signs with {signer}; name that account by --signer"
    name: str
    channel_id: bytes
    side: str
    signer: str


@dataclass(eq=False)
class NotTheAccount(ConnextError):
    text = (
        "your files have channel {channel_id} for {account}, but {payer} pays: if you act for that account, and know "
        "who put the file there, say --for {account}"
    )
    channel_id: bytes
    account: str
    payer: str


@dataclass(eq=False)
class NoFile(ConnextError):
    text = (
        "{folder} has no file of channel {channel_id}. If no software of yours ever signed for it, say --first-time. "
        "If the file is lost or elsewhere, find it, or name its folder by --store; without it say --restored, and "
        "nothing is signed but an exit: whoever signs without its newest file can be cheated"
    )
    folder: Path
    channel_id: bytes


@dataclass(eq=False)
class SignedBefore(ConnextError):
    text = (
        "it is not the first time: the chain has of channel {channel_id} what both sides signed. Find its file, or say "
        "--restored, and nothing is signed but an exit"
    )
    channel_id: bytes


@dataclass(eq=False)
class AlreadyOpen(ConnextError):
    text = "channel {channel_id} is on the chain already: add to it with `ape run deposit`, or take another --salt"
    channel_id: bytes


@dataclass(eq=False)
class NotAccepted(ConnextError):
    text = "not signed, it waits for your --accept: {message} ({reason}; digest {digest})"
    message: str
    reason: NeedsIntent
    digest: bytes


@dataclass(eq=False)
class NotWritten(ConnextError):
    text = "{path} could not be written: {reason}; what was signed is saved, write it with: ape run resend {channel_id}"
    path: Path
    reason: str | None
    channel_id: bytes


@dataclass(eq=False)
class NotStarted(ConnextError):
    text = "no dispute was started on channel {channel_id}, and nothing recorded: see `ape run channel`"
    channel_id: bytes


@dataclass(eq=False)
class SignsNothing(ConnextError):
    text = "nothing is signed now"


class Mute:
    """A signer for looking around: what a party would sign by itself it signs when its owner asks for it."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def sign(self, _: Signable) -> Signature:
        raise SignsNothing


class Absent:
    """The signer of a channel for whose side somebody else acts: nothing can be signed, newer states can be sent."""

    def __init__(self, channel: Channel, name: str) -> None:
        self.address = channel.identity.signer(channel.side)
        side = channel.side.name.lower()
        self.error = NotTheSigner(name, channel.id, side, checksum(self.address))

    def sign(self, _: Signable) -> Signature:
        raise self.error


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a step would put out, its acceptance included if it waits for that. after: the party as it would be then."""

    after: Party
    outputs: list[Output]
    signs: bool
    awaiting: events.Awaiting | None

    @property
    def asks(self) -> bool:
        """Whether it gives something away that cannot be taken back."""
        return self.signs or any(isinstance(envelope, Reveal) for envelope in _envelopes(self.outputs))


class Desk:
    """Hold it (`with Desk(…) as desk:`): its files are locked meanwhile, so that nothing else signs for its channels.

    account: whose channels they are, if another one than the payer's. signer: signs for them.
    confirmations: how many blocks must lie on the one that is believed; None for the default of the network.
    """

    def __init__(
        self,
        connection: Connection,
        payer: Payer,
        signer: AccountAPI,
        account: Address | None,
        store: Path,
        confirmations: int | None,
    ) -> None:
        self.connection = connection
        self.payer = payer
        self.party = Party(connection.deployment, DEFAULT_POLICY, account or payer.address, AccountSigner(signer), {})
        self.drawer = Drawer(Store(connection.deployment.domain, store).folder)
        self._store = Store(connection.deployment.domain, store)
        self._files: dict[bytes, Channel] = {}
        self._depth = LIVE_CONFIRMATIONS * connection.network.is_live if confirmations is None else confirmations
        self._signer_name = signer.alias or signer.address
        self._unsent: list[Output] = []
        self._wanted: list[Output] = []
        self._submitted: set[tuple[str, ChannelIdentity]] = set()

    def __enter__(self) -> Self:
        self._store.__enter__()
        self._files = self._store.load()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._send_rest()
        if error is None:
            self._remind()
        self._store.__exit__(kind, error, traceback)

    # --- What is known ---

    def id_of(self, identity: ChannelIdentity) -> Bytes32:
        return identity.id(self.connection.deployment.domain.chain_id, self.connection.manager)

    def with_unused_salt(self, identity: ChannelIdentity) -> ChannelIdentity:
        """Under the first salt under which neither the chain nor my files have the channel."""
        salted = (replace(identity, salt=salt) for salt in count())
        return next(
            candidate
            for candidate in salted
            if (channel_id := self.id_of(candidate)) not in self._files and self._is_unfunded(channel_id)
        )

    def _is_unfunded(self, channel_id: Bytes32) -> bool:
        chain = self.connection.chain
        status, *_ = channel_at(chain, self.connection.manager, channel_id, chain.head.number)
        return bool(status == Status.UNFUNDED)

    def channel(self, channel_id: Bytes32) -> Channel:
        return self.party.channels[channel_id]

    def mine(self, channel_id: Bytes32) -> Channel:
        """Another channel of the same party. Raises UnknownChannel."""
        if channel_id not in self.party.channels:
            raise UnknownChannel(channel_id)
        return self.channel(channel_id)

    def keep(self, fee: Fee) -> None:
        """Of everything that is forwarded."""
        self.party = replace(self.party, policy=replace(self.party.policy, fee=fee))

    def newest_state(self, channel_id: Bytes32) -> Signed[State]:
        """The newest state that my files have of the channel, or else the initial one."""
        if channel_id in self._files:
            return self._files[channel_id].latest
        return unsigned_initial(channel_id)

    def take_up(self, channel_id: Bytes32, history: str | None) -> list[Output]:
        """My channels as of the newest confirmed block, and what I should do. history: FIRST_TIME, RESTORED or None.

        All of them, as far as they have open transfers: what happens in one may have to follow in another.
        Raises InvalidFile, UnknownChannel, NotMyChannel, NoFile, SignedBefore, NotTheAccount, and what else the rules
        have against a channel.
        """
        if (unusable := self._store.unusable.get(self._store.path(channel_id))) is not None:
            raise unusable
        if channel_id in self._files:
            self._act_for(self._files[channel_id])
        else:
            self._adopt()
            self._begin_file(channel_id, history)
        if history == RESTORED:
            self._hear(events.MarkRestored(channel_id))
        return self._look(channel_id)

    def check_all_usable(self) -> None:
        """For steps that are safe only if no channel of mine is missing. Raises InvalidFile."""
        for error in self._store.unusable.values():
            raise error

    def _begin_file(self, channel_id: Bytes32, history: str | None) -> None:
        """Only the owner knows whether a file that is not there was lost."""
        found = self.connection.on_ledger(channel_id)
        event = events.Open(found.identity, self.view([channel_id]).channels[channel_id], history == FIRST_TIME)
        _after(self.party, event)
        if history is None:
            raise NoFile(self._store.folder, channel_id)
        resumed = found.status is Status.OPEN and found.dispute
        if history == FIRST_TIME and (found.recorded or found.sequence or resumed):
            raise SignedBefore(channel_id)
        self._advance(event)

    def receive(self, path: Path, channel_id: Bytes32) -> Envelope:
        """What the other side wrote for the running script. Raises InvalidFile, OtherChannel, WrongKind."""
        return receive(path, channel_id)

    # --- Steps ---

    def open(self, identity: ChannelIdentity, wei: int, token: int, *, approve: bool) -> None:
        """Take up a new channel and make its first deposit. Raises AlreadyOpen."""
        channel_id = self.id_of(identity)
        if not self._is_unfunded(channel_id):
            raise AlreadyOpen(channel_id)
        self._adopt()
        event = events.Open(identity, UNSEEN, never_signed=True)
        self.party = _after(self.party, event)  # saved with the deposit, from which others know it, too
        self.deposit(channel_id, wei, token, approve=approve)

    def deposit(self, channel_id: Bytes32, wei: int, token: int, *, approve: bool) -> None:
        """Add to my side of a channel."""
        intent = events.Deposit(channel_id, wei, token)
        _after(self.party, intent)
        self._check_tokens(token, approve=approve)
        self.perform(channel_id, intent, "deposit")

    def collateralize(self, channel_id: Bytes32, wei: int, token: int) -> None:
        """Add to my side of a channel from my account's reserve."""
        self.perform(channel_id, events.Collateralize(channel_id, wei, token), "collateralize")

    def perform(
        self, channel_id: Bytes32, event: Event, submits: str = "", out: Path | None = None, *, accept: bool = False
    ) -> list[Output]:
        """Rehearse, plan, ask, sign, save, write the files for the other sides, send the transaction named `submits`.

        accept: also what takes something from me. Raises NotAccepted without it, NoPlace, NotWritten, and the rule that
        forbids the event; TermsUsed.
        """
        if isinstance(event, events.Lock | events.Exchange):
            self.drawer.check_unused(event.params)
        rehearsed = self._rehearse(event)
        awaiting = rehearsed.awaiting
        if awaiting is not None and not accept and _takes_from_me(awaiting, self.channel(channel_id)):
            self._hear(event)  # what was shown to me counts
            message = described(awaiting.message, self.channel(channel_id), self.party.deployment.conditions)
            raise NotAccepted(message, awaiting.reason, awaiting.digest)
        for path in addressed(_envelopes([*self._unsent, *rehearsed.outputs]), channel_id, out):
            check_place(path)
        if rehearsed.signs and isinstance(self.party.signer, Absent):
            raise self.party.signer.error
        if (
            rehearsed.asks
            and not isinstance(event, events.Resend)
            and not self.payer.agree(self._plan(rehearsed, channel_id))
        ):
            if awaiting is not None:
                self._hear(event)
            raise click.Abort
        done = self._take(event)
        if awaiting is not None:
            done += self._advance(events.Accept(channel_id, awaiting.digest))
        self._unsent, done = [], [*self._unsent, *done]
        for path, envelope in addressed(_envelopes(done), channel_id, out).items():
            self._write(path, envelope, channel_id)
        self.submit(channel_id, done, submits)
        _raise_rejection(done)
        return done

    def submit(self, channel_id: Bytes32, outputs: list[Output], name: str) -> bool:
        """Send the transaction of this name that my party asks for, and look again; whether there was one."""
        for output in outputs:
            if isinstance(output, Submit) and output.name == name and self.id_of(output.identity) == channel_id:
                lines = planned(output, self.channel(channel_id), self.party.deployment.conditions)
                self._submit(channel_id, output, lines)
                return True
        return False

    def _submit(self, channel_id: Bytes32, submit: Submit, lines: list[str]) -> None:
        call = calls.of_submit(submit, lambda: self.connection.on_ledger(channel_id).recorded)
        if submit.name == "start_dispute":
            self.leave(submit.identity, call, submit.fields["signed"], lines)
        else:
            self.payer.send(call.receiver(self.connection.deployment), call.data, call.value, lines)
        self._submitted.add((submit.name, submit.identity))
        self._look(channel_id)

    def record(self, channel_id: Bytes32, fields: dict[str, object], lines: list[str]) -> None:
        """Record an outcome. fields: `condition`, `params`, `expiry`, `witness`."""
        self._submit(channel_id, Submit("record", self.channel(channel_id).identity, fields), lines)

    def leave(self, identity: ChannelIdentity, start: calls.Call, newest: Signed[State], lines: list[str]) -> None:
        """Start a dispute, and record the newest state in it should another's start, on an older state, come first.

        docs/protocol.md section 8 rule 5. Raises NotStarted, and what `Payer.send` raises.
        """
        manager = self.connection.manager
        if not newest.is_countersigned:
            self.payer.send(manager, start.data, start.value, lines)
            return
        self.payer.estimate(manager, start.data, start.value)  # a batch succeeds although its calls fail
        both = calls.batch([start, calls.checkpoint(identity, newest)])
        receipt = self.payer.send(manager, both.data, both.value, lines)
        failed = [event.values["index"] for event in receipt.events if event.name == "CallFailed"]
        if failed == [0, 1]:
            raise NotStarted(self.id_of(identity))
        if failed == [0]:
            click.echo("another's start came first: your state is recorded in that dispute")

    def _rehearse(self, event: Event) -> Rehearsed:
        signer = Rehearsal(self.party.signer.address)
        party, outputs = step(replace(self.party, signer=signer), event)
        if not signer.asked:
            _raise_rejection(outputs)
        awaiting = next((output for output in outputs if isinstance(output, events.Awaiting)), None)
        if awaiting is not None:
            party, accepted = step(party, events.Accept(awaiting.channel_id, awaiting.digest))
            _raise_rejection(accepted)
            outputs = [*outputs, *accepted]
        return Rehearsed(party, outputs, signer.asked, awaiting)

    def _plan(self, rehearsed: Rehearsed, of_script: Bytes32) -> list[str]:
        """What is signed and shown now. Transactions have a plan of their own, once their fee can be estimated."""
        channels = {
            channel_id: replace(before, claims=(*rehearsed.after.channels[channel_id].claims, *before.claims))
            for channel_id, before in self.party.channels.items()
        }
        lines = []
        for output in rehearsed.outputs:
            channel_id = _channel_of(output)
            if channel_id is None:
                continue
            where = "" if channel_id == of_script else f"in channel 0x{channel_id.hex()}: "
            said = planned(output, channels[channel_id], self.party.deployment.conditions)
            lines += [where + line for line in said]
            if isinstance(output, events.Agreed) and isinstance(output.message, State):
                latest = replace(channels[channel_id].latest, message=output.message)
                channels[channel_id] = replace(channels[channel_id], latest=latest)
        return lines

    def _look(self, channel_id: Bytes32) -> list[Output]:
        """As of the newest confirmed block, but not before the manager was there. Signs nothing."""
        self._wanted = self._hear(self.view(concerned(self.party.channels, channel_id)))
        return self._wanted

    def _hear(self, event: Event) -> list[Output]:
        """Take a step without signing anything; what it wants to send waits for the next that writes."""
        outputs = self._advance(event, Mute(self.party.signer.address))
        self._unsent += [output for output in outputs if isinstance(output, events.Send)]
        return outputs

    def view(self, channel_ids: Iterable[Bytes32]) -> events.ChainView:
        """What is confirmed of these channels, and of the outcomes of all of mine."""
        chain = self.connection.chain
        depth = min(self._depth, chain.head.number - self.connection.first_block)
        return confirmed_view(chain, self.connection.deployment, channel_ids, self.party.triples, depth)

    def _take(self, event: Event) -> list[Output]:
        """The step; terms are marked as used before anything is locked under them (rule 9)."""
        if not isinstance(event, events.Lock | events.Exchange):
            return self._advance(event)
        terms = Locked(event.condition, event.params, event.expiry, event.channel_id)
        self.drawer.mark_used(terms)
        try:
            return self._advance(event)
        except BaseException:
            if not self._has_signed(terms):  # an interruption may come after that
                self.drawer.mark_unused(terms.params_hash, terms.channel_id)
            raise

    def _has_signed(self, terms: Locked) -> bool:
        states = self.channel(terms.channel_id).signed_states
        return any(transfer.params_hash == terms.params_hash for state in states for transfer in state.transfers)

    def _advance(self, event: Event, signer: Signer | None = None) -> list[Output]:
        """Take the step, and save first. Raises what it refuses, unless the answer is a refusal that was signed."""
        mine = self.party.signer
        party, outputs = step(replace(self.party, signer=signer or mine), event)
        self.party = replace(party, signer=mine)
        for output in outputs:
            if isinstance(output, events.Save):
                self._store.save(output.channel)
        for output in outputs:
            if isinstance(output, events.Dropped):
                self._free_terms(output.state)
        if not _envelopes(outputs):
            _raise_rejection(outputs)
        return outputs

    def _free_terms(self, dead: State) -> None:
        """What a dead proposal would have locked was never locked."""
        kept = self.channel(dead.channel_id).latest.message.transfers
        for transfer in dead.transfers:
            if transfer not in kept:
                self.drawer.mark_unused(transfer.params_hash, dead.channel_id)

    def _check_tokens(self, amount: int, *, approve: bool) -> None:
        self.payer.check_tokens(self.connection.deployment.token, self.connection.manager, amount, approve=approve)

    def _act_for(self, channel: Channel) -> None:
        """Whoever has a copy of a party's files can send what is in them; only its signer can sign.

        Raises NotTheAccount, and what the rules have against a channel: somebody may have put the file there.
        """
        account = channel.identity.account(channel.side)
        if self.party.account != account:
            raise NotTheAccount(channel.id, checksum(account), checksum(self.party.account))
        if self.party.signer.address != channel.identity.signer(channel.side):
            self.party = replace(self.party, signer=Absent(channel, self._signer_name))
        refused = self._adopt()
        if channel.id in refused:
            raise refused[channel.id]

    def _adopt(self) -> dict[bytes, ConnextError]:
        """Take the files' channels that are this party's; why the others are not."""
        party = replace(self.party, unreadable=bool(self._store.unusable))
        self.party, refused = adopt(party, self._files)
        return refused

    # --- Files for others ---

    def _write(self, path: Path, envelope: Envelope, channel_id: Bytes32 | None = None) -> None:
        try:
            write_message(path, envelope)
        except OSError as error:
            raise NotWritten(path, error.strerror, envelope.channel_id) from error
        if isinstance(envelope, Countersignature):
            reader = f"{_asker(envelope, self.channel(envelope.channel_id))} --from"
        else:
            reader = readers_of(envelope)[0]
        about = "" if envelope.channel_id == channel_id else f" for channel 0x{envelope.channel_id.hex()}"
        click.echo(f"wrote {path}{about}, to be read with: ape run {reader}")

    def _send_rest(self) -> None:
        """What a look put out, and no step has taken along."""
        unsent, self._unsent = self._unsent, []
        for path, envelope in addressed(_envelopes(unsent), None, None).items():
            self._write(path, envelope)

    def _remind(self) -> None:
        """Of transactions that my party asked for, and that were not sent."""

        def done(submit: Submit) -> bool:
            return (submit.name, submit.identity) in self._submitted

        submits = [output for output in self._wanted if isinstance(output, Submit) and not done(output)]
        for line in wanted(self.connection, submits, self.party.channels):
            click.echo(line)


def _after(party: Party, event: Event) -> Party:
    """The party after the event, or what forbids it."""
    party, outputs = step(party, event)
    _raise_rejection(outputs)
    return party


def puts_out(outputs: list[Output]) -> bool:
    """Whether anything is written or asked to be sent."""
    return bool(_envelopes(outputs)) or any(isinstance(output, Submit) for output in outputs)


def _envelopes(outputs: Iterable[Output]) -> list[Envelope]:
    return [output.envelope for output in outputs if isinstance(output, events.Send | events.HandOut)]


def _channel_of(output: Output) -> Bytes32 | None:
    """What an output is about; None for a transaction, and for what is only kept."""
    match output:
        case events.Send(envelope) | events.HandOut(envelope):
            return envelope.channel_id
        case events.Agreed(message) | events.Dropped(message):
            return message.channel_id
        case events.Rejected(event):
            return getattr(event, "channel_id", None)
        case _:
            return None


def _takes_from_me(awaiting: events.Awaiting, channel: Channel) -> bool:
    """Whether to sign it takes more than the command that reads it: `close` and `resume` say what they are for."""
    match awaiting.reason, awaiting.message:
        case ResumeNeedsIntent(), _:
            return False
        case FinalNeedsIntent(), State() as final:
            try:
                check_pays_no_less(channel.side, channel.latest.message, final)
            except FinalPaysLess:
                return True
            return False
        case _:
            return True


def _asker(answer: Countersignature, channel: Channel) -> str:
    """The script that asked for a countersignature."""
    if any(signed.digest == answer.digest for signed in channel.withdrawals):
        return "withdraw"
    if channel.own_resume is not None and channel.own_resume.digest == answer.digest:
        return "resume"
    return "close" if channel.latest.message.is_final else "update"


def _raise_rejection(outputs: list[Output]) -> None:
    for output in outputs:
        if isinstance(output, events.Rejected):
            raise output.error
