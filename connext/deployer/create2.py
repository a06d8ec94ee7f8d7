"""Addresses that are known before there is anything at them.

EIP-1014 (CREATE2) through the deterministic deployment proxy, github.com/Arachnid/deterministic-deployment-proxy: it
has the same address on every chain, takes 32 bytes of salt and creation code, and creates the contract. Nobody owns it.
Where a chain has none, anybody can bring it there: its creation is signed for an account whose key nobody has (Nick's
method), so that the transaction is the same everywhere.
"""

from connext.keccak import keccak256
from connext.types import Address, Bytes32

PROXY: Address = bytes.fromhex("4e59b44847b379578588920cA78FbF26c0B4956C")
PROXY_RUNTIME = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)

ONE_TIME_ACCOUNT: Address = bytes.fromhex("3fAB184622Dc19b6109349B94811493BF2a45362")
"""Whose only transaction creates the proxy."""

ONE_TIME_COST_WEI = 100_000 * 100 * 10**9
"""What that transaction takes: its gas limit at its gas price of 100 gwei."""

ONE_TIME_TRANSACTION = bytes.fromhex(
    "f8a58085174876e800830186a08080b853604580600e600039806000f350fe"
    + PROXY_RUNTIME.hex()
    + "1ba0"
    + "22" * 32
    + "a0"
    + "22" * 32
)
"""Signed before EIP-155, so valid on every chain that still takes such transactions."""


def create2_address(creation_code: bytes, salt: Bytes32) -> Address:
    """Where the proxy puts what this code creates; constructor arguments are part of the code."""
    return keccak256(b"\xff" + PROXY + salt + keccak256(creation_code))[12:]


def create_address(creator: Address, nonce: int) -> Address:
    """Where an account's own creation with this nonce goes: the hash of the RLP list of both."""
    digits = nonce.to_bytes((nonce.bit_length() + 7) // 8)
    rlp_nonce = digits if len(digits) == 1 and nonce < 0x80 else bytes([0x80 + len(digits)]) + digits
    items = bytes([0x80 + len(creator)]) + creator + rlp_nonce
    return keccak256(bytes([0xC0 + len(items)]) + items)[12:]
