"""A channel under test: its terms, its keys, and all that its signers could sign, in the contract's own form."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from ape import networks
from ape.contracts import ContractInstance
from ape.contracts.base import ContractTransactionHandler

from connext.messages import (
    Domain,
    Exit,
    Message,
    Resume,
    State,
    Transfer,
    Withdrawal,
    digest,
    struct_hash,
    transfers_hash,
)
from connext.signing import InvalidSignature, Key, Signable, recover
from connext.types import ZERO_ADDRESS, Amounts, Asset, ChannelIdentity, Side, Status, checksum, parse_address
from tests.contracts.people import Person
from tests.contracts.transactions import ask, send

USER, NODE = Side.USER, Side.NODE
ETH, DAI = Asset.ETH, Asset.DAI

AbiSignature = tuple[bytes, bytes]
AbiHeader = tuple[int, int, int, int, int, bytes, bool]
AbiSignedState = tuple[AbiHeader, AbiSignature, AbiSignature]
AbiTransfer = tuple[int, int, int, int, str, bytes, int]

NOTHING = Amounts(0, 0, 0, 0)._asdict()
HELD = {"user_wei": 100, "node_wei": 200, "user_token": 300, "node_token": 400}
"""What a channel in a test holds where any amounts would do."""
PAID = {"user_wei": -10, "node_wei": 10, "user_token": 30, "node_token": -30}
"""The nets of some payments in it."""

NOBODY = checksum(ZERO_ADDRESS)

NO_TRANSFERS = transfers_hash(())
NO_SIGNATURE: AbiSignature = (bytes(32), bytes(32))
INITIAL_HEADER: AbiHeader = (0, 0, 0, 0, 0, NO_TRANSFERS, False)
NO_STATE: AbiSignedState = (INITIAL_HEADER, NO_SIGNATURE, NO_SIGNATURE)
"""For those who start a dispute without a state."""


def given(method: ContractTransactionHandler, *args: Any, sender: Any, value: int = 0) -> None:
    """A transaction that sets the scene. Nobody looks at its receipt, so it takes a tenth of the time."""
    send(str(sender), method.contract.address, method.encode_input(*args), value)


def only(side: Side, asset: Asset, amount: int) -> dict[str, int]:
    """One of the four amounts of a state or withdrawal, by its name: {"user_wei": amount} and so on."""
    return {f"{side.name.lower()}_{'token' if asset else 'wei'}": amount}


def worth(asset: Asset, amount: int) -> tuple[int, int]:
    """An amount of one asset as wei and tokens."""
    return (0, amount) if asset else (amount, 0)


def listed(transfers: Iterable[Transfer]) -> list[AbiTransfer]:
    """Transfers as the contract's structs."""
    return [(t.id, t.payer, t.asset, t.amount, checksum(t.condition), t.params_hash, t.expiry) for t in transfers]


def recovered(domain: Domain, message: Message, signature: AbiSignature) -> str:
    """Who seems to have signed the message; nobody where the signature is malformed."""
    try:
        return checksum(recover(digest(domain, message), b"".join(signature)))
    except InvalidSignature:
        return NOBODY


def compact(signature: bytes) -> AbiSignature:
    return signature[:32], signature[32:]


@dataclass(frozen=True)
class View:
    """What the chain keeps of a channel; what a test does not mention must be zero."""

    status: Status = Status.UNFUNDED
    deadline: int = 0
    dispute: int = 0
    sequence: int = 0
    nonce: int = 0
    state_hash: bytes = bytes(26)
    user_wei: int = 0
    node_wei: int = 0
    user_token: int = 0
    node_token: int = 0
    transfers_hash: bytes = bytes(32)
    locked_wei: int = 0
    locked_token: int = 0
    settled_transfers: int = 0


@dataclass(frozen=True)
class Channel:
    """Every message is returned as the arguments that the contract takes, signed by `user_key` and `node_key`.

    To sign wrongly, `dataclasses.replace` a key or the domain: the identity stays.
    """

    manager: ContractInstance
    domain: Domain
    identity: ChannelIdentity
    user_key: Key
    node_key: Key
    sponsor: Person  # makes the transactions that set a scene
    id: bytes = field(init=False)

    def __post_init__(self) -> None:
        # The id is bound to the chain and contract of the deployment, whatever domain a test signs for.
        manager = parse_address(self.manager.address)
        object.__setattr__(self, "id", self.identity.id(networks.provider.chain_id, manager))

    @property
    def terms(self) -> tuple[str, str, str, str, int, int]:
        """The identity as the contract's struct `Channel`."""
        c = self.identity
        return (
            checksum(c.user),
            checksum(c.user_signer),
            checksum(c.node),
            checksum(c.node_signer),
            c.challenge_period,
            c.salt,
        )

    # --- Messages ---

    def state(self, **values: Any) -> State:
        """A state of this channel: nonce 1 and nothing paid, where nothing else is said."""
        defaults = {"nonce": 1, **NOTHING, "transfers": (), "is_final": False}
        return State(channel_id=self.id, **{**defaults, **values})

    def header(self, **values: Any) -> AbiHeader:
        s = self.state(**values)
        return (
            s.nonce,
            s.user_wei,
            s.node_wei,
            s.user_token,
            s.node_token,
            transfers_hash(s.transfers),
            s.is_final,
        )

    def signed(self, **values: Any) -> AbiSignedState:
        state = self.state(**values)
        return (
            self.header(**values),
            self.signature(USER, state),
            self.signature(NODE, state),
        )

    def recorded(self, **values: Any) -> dict[str, Any]:
        """What the chain keeps of this state, for a View."""
        state = self.state(**values)
        return {"nonce": state.nonce, "state_hash": struct_hash(state)[:26]}

    def withdrawal(self, **values: Any) -> tuple[tuple[Any, ...], AbiSignature, AbiSignature]:
        """A withdrawal to the user's account without a deadline that matters, where nothing else is said."""
        defaults = {
            "sequence": 0,
            **NOTHING,
            "recipient": self.identity.user,
            "deadline": 2**64 - 1,
        }
        message = Withdrawal(channel_id=self.id, **{**defaults, **values})
        arguments = [getattr(message, f.name) for f in fields(message) if f.name != "channel_id"]
        arguments[5] = checksum(message.recipient)
        return tuple(arguments), self.signature(USER, message), self.signature(NODE, message)

    def exit(self, side: Side, dispute: int = 1, deadline: int = 2**64 - 1) -> tuple[int, AbiSignature]:
        return deadline, self.signature(side, Exit(self.id, dispute, deadline))

    def resumption(self, dispute: int = 1, deadline: int = 2**64 - 1) -> tuple[int, AbiSignature, AbiSignature]:
        message = Resume(self.id, dispute, deadline)
        return deadline, self.signature(USER, message), self.signature(NODE, message)

    def signature(self, side: Side, message: Message) -> AbiSignature:
        key = self.node_key if side else self.user_key
        return compact(key.sign(Signable(self.domain, message)))

    # --- The chain ---

    def view(self) -> View:
        ((status, *rest),) = ask(self.manager.channelOf, self.id)
        return View(Status(status), *rest)

    def hold(self, user_wei: int = 0, node_wei: int = 0, user_token: int = 0, node_token: int = 0) -> "Channel":
        """Deposit for both sides."""
        for side, amount_wei, amount_token in ((USER, user_wei, user_token), (NODE, node_wei, node_token)):
            if amount_wei or amount_token:
                deposit = self.manager.deposit
                given(deposit, self.terms, side, amount_token, sender=self.sponsor, value=amount_wei)
        return self

    def dispute(self, signed: AbiSignedState = NO_STATE) -> int:
        """Start the next dispute and return its deadline."""
        exit_ = self.exit(USER, self.view().dispute + 1)
        given(self.manager.startDisputeWithExit, self.terms, *exit_, signed, sender=self.sponsor)
        return self.view().deadline

    def resume(self) -> None:
        """End the running dispute."""
        given(self.manager.resume, self.terms, *self.resumption(self.view().dispute), sender=self.sponsor)

    def close(self, **values: Any) -> None:
        """Settle at once with a final state, whose transfers are shown."""
        final = {"is_final": True, **values}
        transfers = listed(self.state(**final).transfers)
        given(self.manager.close, self.terms, self.signed(**final), transfers, sender=self.sponsor)
