"""What operations are made of, in the fastest form that can still be read: tuples with names.

A signature is not bytes here but the truth about them: who signed which statement. Whether it counts is a comparison
of statements, so that a signature of another kind, channel, contract or chain can be given anywhere and is seen for
what it is.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from connext.messages import NO_ITEMS, transfers_hash
from connext.messages import StateHeader as SolidityHeader
from connext.messages import Transfer as SolidityTransfer
from connext.types import ZERO_ADDRESS, ChannelIdentity

Pair = tuple[int, int]
"""Amounts of ETH in wei and of tokens in their smallest unit, indexed by the asset's code."""

USER, NODE = 0, 1
ETHER, TOKEN = 0, 1
NONE: Pair = (0, 0)


class Identity(NamedTuple):
    """A channel's tuple (docs/protocol.md section 2) with its id. Period in seconds."""

    id: bytes
    user: bytes
    user_signer: bytes
    node: bytes
    node_signer: bytes
    challenge_period: int
    salt: int

    @classmethod
    def of(cls, channel: ChannelIdentity, chain_id: int, manager: bytes) -> "Identity":
        return cls(
            channel.id(chain_id, manager),
            channel.user,
            channel.user_signer,
            channel.node,
            channel.node_signer,
            channel.challenge_period,
            channel.salt,
        )

    @property
    def accounts(self) -> tuple[bytes, bytes]:
        return self.user, self.node

    @property
    def signers(self) -> tuple[bytes, bytes]:
        return self.user_signer, self.node_signer


class Transfer(NamedTuple):
    """A conditional transfer (docs/protocol.md section 6), in the order in which it is signed."""

    id: int
    payer: int
    asset: int
    amount: int
    condition: bytes
    params_hash: bytes
    expiry: int

    @property
    def triple(self) -> tuple[bytes, bytes, int]:
        return self.condition, self.params_hash, self.expiry


class TransferList(NamedTuple):
    """A list of transfers with its hash, which is computed once."""

    hash: bytes
    transfers: tuple[Transfer, ...]

    @classmethod
    def of(cls, *transfers: Transfer) -> "TransferList":
        return cls(transfers_hash(tuple(SolidityTransfer(*transfer) for transfer in transfers)), transfers)


NO_TRANSFERS = TransferList(NO_ITEMS, ())


class Header(NamedTuple):
    """A state as the chain takes it: with the hash of its transfers. Nets per side and asset."""

    nonce: int
    user_wei: int
    node_wei: int
    user_token: int
    node_token: int
    transfers_hash: bytes = NO_ITEMS
    is_final: bool = False

    def net(self, asset: int) -> Pair:
        """What payments added to user and node, of one asset."""
        return (self.user_token, self.node_token) if asset else (self.user_wei, self.node_wei)


INITIAL = Header(0, 0, 0, 0, 0)
"""What is settled where no state was recorded."""


@lru_cache(maxsize=1 << 14)
def state_hash(channel_id: bytes, header: Header) -> bytes:
    """The 26 bytes by which the chain knows a recorded state."""
    return SolidityHeader(*header).recorded_hash(channel_id)


class Withdrawal(NamedTuple):
    """What both take out of an open channel (docs/protocol.md section 4)."""

    sequence: int
    user_wei: int
    node_wei: int
    user_token: int
    node_token: int
    recipient: bytes
    deadline: int

    def amount(self, asset: int) -> Pair:
        """Of one asset, for user and node."""
        return (self.user_token, self.node_token) if asset else (self.user_wei, self.node_wei)


class Statement(NamedTuple):
    """Everything that a digest commits to.

    kind: "State", "Withdrawal", "Exit", "Resume" of a channel; "Voucher", "Release" and "Request" of a condition;
    "Permit" of the token. domain: chain id and verifying contract. content: `Header` of a State, `Withdrawal`,
    `(dispute, deadline)` of an Exit or Resume; see `permit` and `outcomes` for the others.
    """

    kind: str
    domain: tuple[int, bytes]
    channel_id: bytes
    content: Any


class Signature(NamedTuple):
    """Who signed what. Bytes that are no signature at all recover to the zero address and state nothing."""

    signer: bytes
    statement: Statement | None


MALFORMED = Signature(ZERO_ADDRESS, None)


class SignedState(NamedTuple):
    """A state with a signature of each side, whatever these are."""

    header: Header
    user: Signature = MALFORMED
    node: Signature = MALFORMED


NO_STATE = SignedState(INITIAL)


def recovered(signature: Signature, statement: Statement) -> bytes | None:
    """The address that the signature recovers to for this statement: ANY where it was made for another one."""
    if signature.statement == statement:
        return signature.signer
    return ZERO_ADDRESS if signature.statement is None else None
