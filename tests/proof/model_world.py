"""A small world for tests of the model: a ledger, a channel, and signatures by whoever is named."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connext.keccak import keccak256
from proof.model.ledger import Ledger, Parameters, Peaceful, Registry, Token
from proof.model.messages import Header, Identity, Signature, SignedState, Statement, Transfer, TransferList, Withdrawal
from proof.model.operations import Context, Operation
from proof.model.play import perform
from proof.model.refusals import Event, Refused


def address(name: str) -> bytes:
    return keccak256(name.encode())[12:]


MANAGER, TOKEN, REGISTRY = address("manager"), address("token"), address("registry")
ALICE, BOB, CAROL = address("alice"), address("bob"), address("carol")
ALICE_KEY, BOB_KEY, CAROL_KEY = address("alice's key"), address("bob's key"), address("carol's key")
NOW, DAY = 1_000_000, 86_400
CHAIN_ID = 1


def channel_of(user: bytes = ALICE, node: bytes = BOB, salt: int = 0, **changed: Any) -> Identity:
    """Alice's channel with Bob, unless somebody else is named."""
    id_ = keccak256(repr((user, node, salt, changed)).encode())
    return Identity(id_, user, ALICE_KEY, node, BOB_KEY, DAY, salt)._replace(**changed)


CHANNEL = channel_of()


@dataclass
class Hostile(Peaceful):
    """deaf: (account, asset) that takes no delivery. frozen: whose tokens cannot be pulled. answers: by condition."""

    deaf: set[tuple[bytes, int]] = field(default_factory=set)
    frozen: set[bytes] = field(default_factory=set)
    answers: dict[bytes, int | bytes | None] = field(default_factory=dict)

    def can_receive(self, account: bytes, asset: int, amount: int, stipend: bool) -> bool:  # noqa: ARG002
        return (account, asset) not in self.deaf

    def can_pull(self, owner: bytes, amount: int) -> bool:  # noqa: ARG002
        return owner not in self.frozen

    def evaluate(self, condition: bytes, params: Any, expiry: int, witness: Any) -> int | bytes | None:  # noqa: ARG002
        return self.answers.get(condition)


def new_ledger(**changed: Any) -> Ledger:
    """Everybody has 1000 wei and 1000 tokens, allowed to the manager; capacities 500 and 600, transfer limits 100."""
    parameters = Parameters(MANAGER, CHAIN_ID, (500, 600), (100, 100), DAY, 10 * DAY)._replace(**changed)
    people = (ALICE, BOB, CAROL)
    token = Token(TOKEN, dict.fromkeys(people, 1000), {(person, MANAGER): 1000 for person in people})
    return Ledger(parameters, token, Registry(REGISTRY), dict.fromkeys(people, 1000), Hostile())


def do(ledger: Ledger, operation: Operation, by: bytes = CAROL, at: int = NOW, value: int = 0) -> list[Event]:
    return perform(ledger, operation, Context(by, at, value))


def refusals(action: Callable[[], object]) -> set[str]:
    """The names of the rules that the action breaks."""
    try:
        action()
    except Refused as refused:
        return {refusal.name for refusal in refused.reasons}
    raise AssertionError("it was not refused")


# --- Signatures ---


def sign(signer: bytes, kind: str, content: Any, channel: Identity = CHANNEL) -> Signature:
    return Signature(signer, Statement(kind, (CHAIN_ID, MANAGER), channel.id, content))


def state(
    nonce: int,
    wei: tuple[int, int] = (0, 0),
    token: tuple[int, int] = (0, 0),
    transfers: TransferList | None = None,
    is_final: bool = False,
) -> Header:
    """Nets of user and node per asset."""
    header = Header(nonce, *wei, *token, is_final=is_final)
    return header._replace(transfers_hash=transfers.hash) if transfers else header


def signed(header: Header, channel: Identity = CHANNEL) -> SignedState:
    by_user, by_node = (sign(signer, "State", header, channel) for signer in channel.signers)
    return SignedState(header, by_user, by_node)


def withdrawal(
    wei: tuple[int, int] = (0, 0),
    token: tuple[int, int] = (0, 0),
    sequence: int = 0,
    recipient: bytes = ALICE,
    deadline: int = NOW + 1,
) -> Withdrawal:
    """Amounts of user and node per asset."""
    return Withdrawal(sequence, *wei, *token, recipient, deadline)


CONDITION = address("condition")


def transfer(
    number: int, payer: int, asset: int, amount: int, condition: bytes = CONDITION, expiry: int = NOW + DAY
) -> Transfer:
    """Each number is a triple of its own."""
    return Transfer(number, payer, asset, amount, condition, keccak256(bytes([number])), expiry)


def events_named(events: list[Event], name: str) -> list[tuple[Any, ...]]:
    return [event.values for event in events if event.name == name]
