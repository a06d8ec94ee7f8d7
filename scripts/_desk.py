"""The desk of one party: its account, its files, the chain. Every script that signs or submits sits at it.

The rules are `connext.party`'s. A step is first rehearsed with a signer that signs nothing: what the rules refuse stops
the script, what the step would do is the plan. Only then the real signer is used, and what it signed is saved before it
leaves.
"""

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
from connext.channel import Channel, Signed, initial_state
from connext.envelopes import (
    Countersignature,
    Envelope,
    Proposal,
    Refusal,
    ResumeProposal,
    SignedExit,
    WithdrawalProposal,
)
from connext.errors import ConnextError
from connext.events import Event, Output, Submit
from connext.messages import State
from connext.party import Party, step
from connext.signing import Signable, Signature
from connext.store import Store, read_envelope, write_envelope
from connext.types import Address, Bytes32, ChannelIdentity, Status, checksum
from connext.world import DEFAULT_POLICY
from scripts._connection import Connection
from scripts._payer import Payer
from scripts._sentences import planned

LIVE_CONFIRMATIONS = 12


@dataclass(eq=False)
class NotTheSigner(ConnextError):
    text = "{name} cannot sign for channel {channel_id}: its {side} signs with {signer}; name that account by --signer"
    name: str
    channel_id: bytes
    side: str
    signer: str


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

    confirmations: how many blocks must lie on the one that is believed; None for the default of the network.
    """

    def __init__(
        self, connection: Connection, payer: Payer, signer: AccountAPI, store: Path, confirmations: int | None
    ) -> None:
        self.connection = connection
        self.payer = payer
        self.party = Party(connection.deployment, DEFAULT_POLICY, payer.address, AccountSigner(signer), {})
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
        chain = self.connection.chain
        salted = (replace(identity, salt=salt) for salt in count())
        return next(
            candidate
            for candidate in salted
            if (channel_id := self.id_of(candidate)) not in self.party.channels
            and channel_at(chain, self.connection.manager, channel_id, chain.head.number)[0] == Status.UNFUNDED
        )

    def channel(self, channel_id: Bytes32) -> Channel:
        return self.party.channels[channel_id]

    def newest_state(self, channel_id: Bytes32) -> Signed[State]:
        """The newest state that my files have of the channel, or else the initial one."""
        if channel_id in self.party.channels:
            return self.channel(channel_id).latest
        return Signed(initial_state(channel_id), bytes(32), None, None)

    def take_up(self, channel_id: Bytes32) -> list[Output]:
        """My channel, from my files or else from the chain, as of the newest confirmed block; and what I should do.

        Raises UnknownChannel, NotMyChannel, and what else the rules have against a channel.
        """
        if channel_id not in self.party.channels:
            self._advance(events.Open(self.connection.on_ledger(channel_id).identity))
        self._act_for(self.channel(channel_id))
        return self._look(channel_id)

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
        """Take up a new channel and make its first deposit."""
        self.party = _after(self.party, events.Open(identity))  # saved with the deposit, from which others know it, too
        self.deposit(self.id_of(identity), wei, token, approve=approve)

    def deposit(self, channel_id: Bytes32, wei: int, token: int, *, approve: bool) -> None:
        """Add to my side of a channel."""
        intent = events.Deposit(channel_id, wei, token)
        _after(self.party, intent)
        self._check_tokens(token, approve=approve)
        self.perform(channel_id, intent, "deposit")

    def perform(self, channel_id: Bytes32, event: Event, submits: str = "", out: Path | None = None) -> None:
        """Rehearse, plan, ask, sign, save, write the file for the other side, send the transaction named `submits`.

        A message that waits for the owner's word is accepted with the same answer. Raises the rule that forbids it.
        """
        outputs, signs, awaiting = self._rehearse(event)
        if signs:
            if isinstance(self.party.signer, Absent):
                raise self.party.signer.error
            if not self.payer.agree(self._plan(channel_id, outputs)):
                if awaiting is not None:
                    self._advance(event)  # signs nothing; what was shown to me counts
                raise click.Abort
        done = self._advance(event)
        if awaiting is not None:
            done += self._advance(events.Accept(channel_id, awaiting.digest))
        for envelope in _envelopes(done):
            self._write(envelope, out)
        self.submit(channel_id, done, submits)
        _raise_rejection(done)

    def submit(self, channel_id: Bytes32, outputs: list[Output], name: str) -> bool:
        """Send the transaction of this name that my party asks for, and look again; whether there was one."""
        for output in outputs:
            if isinstance(output, Submit) and output.name == name:
                call = calls.of_submit(output, lambda: self.connection.on_ledger(channel_id).recorded)
                lines = planned(output, self.channel(channel_id))
                self.payer.send(self.connection.manager, call.data, call.value, lines)
                self._look(channel_id)
                return True
        return False

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
        chain = self.connection.chain
        depth = min(self._depth, chain.head.number - self.connection.first_block)
        return self._advance(confirmed_view(chain, self.connection.manager, [channel_id], depth))

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
        """Whoever has a party's files can send what is in them; only its signer can sign."""
        if self.party.signer.address != channel.identity.signer(channel.side):
            self.party = replace(self.party, signer=Absent(channel, self._signer_name))
        self.party = replace(self.party, account=channel.identity.account(channel.side))

    def _write(self, envelope: Envelope, out: Path | None) -> None:
        path = out or Path(_file_name(envelope))
        write_envelope(path, envelope)
        option = "exit" if isinstance(envelope, SignedExit) else "from"
        click.echo(f"wrote {path}, to be read with: ape run {reader_of(envelope) or _running_script()} --{option}")


def _after(party: Party, event: Event) -> Party:
    """The party after the event, or what forbids it."""
    party, outputs = step(party, event)
    _raise_rejection(outputs)
    return party


def _envelopes(outputs: list[Output]) -> list[Envelope]:
    return [output.envelope for output in outputs if isinstance(output, events.Send | events.HandOut)]


def _running_script() -> str:
    return str(click.get_current_context().info_name)


def _file_name(envelope: Envelope) -> str:
    """Says what it is: the kind, the channel, and of a state the nonce."""
    number = f"-{envelope.state.nonce}" if isinstance(envelope, Proposal | Refusal) else ""
    return f"{type(envelope).__name__.lower()}-{envelope.channel_id.hex()[:8]}{number}.json"


def _raise_rejection(outputs: list[Output]) -> None:
    for output in outputs:
        if isinstance(output, events.Rejected):
            raise output.error
