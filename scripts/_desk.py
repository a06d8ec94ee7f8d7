"""The desk of one party: its account, its files, the chain. Every script that signs or submits sits at it.

The rules are `connext.party`'s. A step is first rehearsed with a signer that signs nothing: what the rules refuse stops
the script, what the step would do is the plan. Only then the real signer is used, and what it signed is saved before it
leaves. What takes something from me is signed only at my explicit word.
"""

from dataclasses import dataclass, replace
from itertools import count
from operator import lt
from pathlib import Path
from types import TracebackType
from typing import Self

import click
from ape.api import AccountAPI

from connext import calls, events
from connext.chain.account import AccountSigner
from connext.chain.views import channel_at, confirmed_view
from connext.channel import UNSEEN, Channel, Signed, unsigned_initial
from connext.envelopes import (
    Countersignature,
    Envelope,
    Proposal,
    Refusal,
    ResumeProposal,
    Reveal,
    SignedExit,
    WithdrawalProposal,
)
from connext.errors import ConnextError, FinalNeedsIntent, NeedsIntent, ResumeNeedsIntent
from connext.events import Event, Output, Submit
from connext.messages import State
from connext.party import Party, adopt, step
from connext.rules import DEFAULT_POLICY
from connext.signing import Signable, Signature
from connext.store import Store, read_envelope, write_envelope
from connext.types import Address, Bytes32, ChannelIdentity, Status, amounts_for, checksum
from scripts._connection import Connection
from scripts._payer import Payer
from scripts._sentences import described, planned

LIVE_CONFIRMATIONS = 12

PROBE_BYTES = 64 * 1024
"""More than any envelope takes."""

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
class NoPlace(ConnextError):
    text = "{path} cannot be written: {reason}; nothing was signed or sent, name another file by --out"
    path: Path
    reason: str | None


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
class OtherChannel(ConnextError):
    text = "{path} is about channel {found}, not about {expected}"
    path: Path
    found: bytes
    expected: bytes


@dataclass(eq=False)
class WrongKind(ConnextError):
    text = "{path} holds a {kind}: that is for `ape run {script}`"
    path: Path
    kind: str
    script: str | None


def reader_of(envelope: Envelope) -> str | None:
    """The script that reads an envelope; None for a countersignature, which the script reads that asked for it."""
    match envelope:
        case Proposal(state):
            return "close" if state.is_final else "update"
        case Refusal():
            return "update"
        case Reveal():
            return "reveal"
        case WithdrawalProposal():
            return "withdraw"
        case ResumeProposal():
            return "resume"
        case SignedExit():
            return "dispute"
        case Countersignature():
            return None


class Rehearsal:
    """A signer that signs nothing and remembers whether it was asked."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.asked = False

    def sign(self, _: Signable) -> Signature:
        self.asked = True
        return bytes(64)


class Absent:
    """The signer of a channel for whose side somebody else acts: nothing can be signed, newer states can be sent."""

    def __init__(self, channel: Channel, name: str) -> None:
        self.address = channel.identity.signer(channel.side)
        side = channel.side.name.lower()
        self.error = NotTheSigner(name, channel.id, side, checksum(self.address))

    def sign(self, _: Signable) -> Signature:
        raise self.error


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
        self._store = Store(connection.deployment.domain, store)
        self._depth = LIVE_CONFIRMATIONS * connection.network.is_live if confirmations is None else confirmations
        self._signer_name = signer.alias or signer.address

    def __enter__(self) -> Self:
        self._store.__enter__()
        self.party = replace(self.party, channels=self._store.load())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
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
            if (channel_id := self.id_of(candidate)) not in self.party.channels and self._is_unfunded(channel_id)
        )

    def _is_unfunded(self, channel_id: Bytes32) -> bool:
        chain = self.connection.chain
        status, *_ = channel_at(chain, self.connection.manager, channel_id, chain.head.number)
        return bool(status == Status.UNFUNDED)

    def channel(self, channel_id: Bytes32) -> Channel:
        return self.party.channels[channel_id]

    def newest_state(self, channel_id: Bytes32) -> Signed[State]:
        """The newest state that my files have of the channel, or else the initial one."""
        if channel_id in self.party.channels:
            return self.channel(channel_id).latest
        return unsigned_initial(channel_id)

    def take_up(self, channel_id: Bytes32, history: str | None) -> list[Output]:
        """My channel as of the newest confirmed block, and what I should do. history: FIRST_TIME, RESTORED or None.

        Raises InvalidFile, UnknownChannel, NotMyChannel, NoFile, SignedBefore, NotTheAccount, and what else the rules
        have against a channel.
        """
        if (unusable := self._store.unusable.get(self._store.path(channel_id))) is not None:
            raise unusable
        if channel_id in self.party.channels:
            self._act_for(self.channel(channel_id))
        else:
            self._begin_file(channel_id, history)
        if history == RESTORED:
            self._advance(events.MarkRestored(channel_id))
        return self._look(channel_id)

    def _begin_file(self, channel_id: Bytes32, history: str | None) -> None:
        """Only the owner knows whether a file that is not there was lost."""
        found = self.connection.on_ledger(channel_id)
        event = events.Open(found.identity, self._view(channel_id).channels[channel_id], history == FIRST_TIME)
        _after(self.party, event)
        if history is None:
            raise NoFile(self._store.folder, channel_id)
        resumed = found.status is Status.OPEN and found.dispute
        if history == FIRST_TIME and (found.recorded or found.sequence or resumed):
            raise SignedBefore(channel_id)
        self._advance(event)

    def receive(self, path: Path, channel_id: Bytes32) -> Envelope:
        """What the other side wrote for the running script. Raises InvalidFile, OtherChannel, WrongKind."""
        envelope = read_envelope(path)
        if envelope.channel_id != channel_id:
            raise OtherChannel(path, envelope.channel_id, channel_id)
        if (reader := reader_of(envelope)) not in (None, _running_script()):
            raise WrongKind(path, type(envelope).__name__, reader)
        return envelope

    # --- Steps ---

    def open(self, identity: ChannelIdentity, wei: int, token: int, *, approve: bool) -> None:
        """Take up a new channel and make its first deposit. Raises AlreadyOpen."""
        channel_id = self.id_of(identity)
        if not self._is_unfunded(channel_id):
            raise AlreadyOpen(channel_id)
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
    ) -> None:
        """Rehearse, plan, ask, sign, save, write the files for the other side, send the transaction named `submits`.

        accept: also what takes something from me. Raises NotAccepted without it, NoPlace, NotWritten, and the rule that
        forbids the event.
        """
        outputs, signs, awaiting = self._rehearse(event)
        if awaiting is not None and not accept and _takes_from_me(awaiting, self.channel(channel_id)):
            self._advance(event)  # signs nothing; what was shown to me counts
            message = described(awaiting.message, self.channel(channel_id))
            raise NotAccepted(message, awaiting.reason, awaiting.digest)
        for path in _files_for(outputs, out):
            _check_place(path)
        if signs:
            if isinstance(self.party.signer, Absent):
                raise self.party.signer.error
            if not self.payer.agree(self._plan(channel_id, outputs)):
                if awaiting is not None:
                    self._advance(event)
                raise click.Abort
        done = self._advance(event)
        if awaiting is not None:
            done += self._advance(events.Accept(channel_id, awaiting.digest))
        for path, envelope in _files_for(done, out).items():
            self._write(path, envelope)
        self.submit(channel_id, done, submits)
        _raise_rejection(done)

    def submit(self, channel_id: Bytes32, outputs: list[Output], name: str) -> bool:
        """Send the transaction of this name that my party asks for, and look again; whether there was one."""
        for output in outputs:
            if isinstance(output, Submit) and output.name == name:
                call = calls.of_submit(output, lambda: self.connection.on_ledger(channel_id).recorded)
                lines = planned(output, self.channel(channel_id))
                if name == "start_dispute":
                    self.leave(output.identity, call, output.fields["signed"], lines)
                else:
                    self.payer.send(self.connection.manager, call.data, call.value, lines)
                self._look(channel_id)
                return True
        return False

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

    def _rehearse(self, event: Event) -> tuple[list[Output], bool, events.Awaiting | None]:
        """What the event would put out, its acceptance included if it waits for that; whether something is signed."""
        signer = Rehearsal(self.party.signer.address)
        party, outputs = step(replace(self.party, signer=signer), event)
        if not signer.asked:
            _raise_rejection(outputs)
        awaiting = next((output for output in outputs if isinstance(output, events.Awaiting)), None)
        if awaiting is not None:
            _, accepted = step(party, events.Accept(awaiting.channel_id, awaiting.digest))
            _raise_rejection(accepted)
            outputs = [*outputs, *accepted]
        return outputs, signer.asked, awaiting

    def _plan(self, channel_id: Bytes32, outputs: list[Output]) -> list[str]:
        """What is signed now. Transactions have a plan of their own, with their fee, once they can be estimated."""
        channel = self.channel(channel_id)
        return [line for output in outputs if not isinstance(output, Submit) for line in planned(output, channel)]

    def _look(self, channel_id: Bytes32) -> list[Output]:
        """As of the newest confirmed block, but not before the manager was there."""
        return self._advance(self._view(channel_id))

    def _view(self, channel_id: Bytes32) -> events.ChainView:
        chain = self.connection.chain
        depth = min(self._depth, chain.head.number - self.connection.first_block)
        return confirmed_view(chain, self.connection.deployment, [channel_id], self.party.triples, depth)

    def _advance(self, event: Event) -> list[Output]:
        """Take the step, and save first. Raises what it refuses, unless the answer is a refusal that was signed."""
        self.party, outputs = step(self.party, event)
        for output in outputs:
            if isinstance(output, events.Save):
                self._store.save(output.channel)
        if not _envelopes(outputs):
            _raise_rejection(outputs)
        return outputs

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
        self.party, refused = adopt(self.party, {channel.id: channel})
        for error in refused.values():
            raise error

    def _write(self, path: Path, envelope: Envelope) -> None:
        try:
            write_envelope(path, envelope)
        except OSError as error:
            raise NotWritten(path, error.strerror, envelope.channel_id) from error
        option = "exit" if isinstance(envelope, SignedExit) else "from"
        if isinstance(envelope, Countersignature):
            script: str | None = _asker(envelope, self.channel(envelope.channel_id))
        else:
            script = reader_of(envelope)
        click.echo(f"wrote {path}, to be read with: ape run {script} --{option}")


def _after(party: Party, event: Event) -> Party:
    """The party after the event, or what forbids it."""
    party, outputs = step(party, event)
    _raise_rejection(outputs)
    return party


def _envelopes(outputs: list[Output]) -> list[Envelope]:
    return [output.envelope for output in outputs if isinstance(output, events.Send | events.HandOut)]


def _takes_from_me(awaiting: events.Awaiting, channel: Channel) -> bool:
    """Whether to sign it takes more than the command that reads it: `close` and `resume` say what they are for."""
    match awaiting.reason, awaiting.message:
        case ResumeNeedsIntent(), _:
            return False
        case FinalNeedsIntent(), State() as final:
            before = amounts_for(channel.side, channel.latest.message)
            return any(map(lt, amounts_for(channel.side, final), before))
        case _:
            return True


def _check_place(path: Path) -> None:
    """Find out before anything is signed what would keep a file from being written. Raises NoPlace."""
    probe = path.with_name(path.name + ".tmp")
    try:
        probe.write_bytes(bytes(PROBE_BYTES))
        probe.unlink()
    except OSError as error:
        raise NoPlace(path, error.strerror) from error


def _files_for(outputs: list[Output], out: Path | None) -> dict[Path, Envelope]:
    """Where each envelope is written: from the second on, the name that was asked for gets a number."""
    envelopes = _envelopes(outputs)
    if out is None:
        return {Path(_file_name(envelope)): envelope for envelope in envelopes}
    return {out.with_stem(f"{out.stem}-{i}") if i > 1 else out: envelope for i, envelope in enumerate(envelopes, 1)}


def _asker(answer: Countersignature, channel: Channel) -> str:
    """The script that asked for a countersignature."""
    if any(signed.digest == answer.digest for signed in channel.withdrawals):
        return "withdraw"
    if channel.own_resume is not None and channel.own_resume.digest == answer.digest:
        return "resume"
    return "close" if channel.latest.message.is_final else "update"


def _running_script() -> str:
    return str(click.get_current_context().info_name)


def _file_name(envelope: Envelope) -> str:
    """Says what it is: the kind, the channel, of a state the nonce, of a countersignature what it is under."""
    match envelope:
        case Proposal(state) | Refusal(state):
            number = f"-{state.nonce}"
        case Countersignature(_, digest):
            number = f"-{digest.hex()[:8]}"
        case _:
            number = ""
    return f"{type(envelope).__name__.lower()}-{envelope.channel_id.hex()[:8]}{number}.json"


def _raise_rejection(outputs: list[Output]) -> None:
    for output in outputs:
        if isinstance(output, events.Rejected):
            raise output.error
