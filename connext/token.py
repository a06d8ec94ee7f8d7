"""What this package uses of DAI's interface (or of a token that behaves like it)."""

from dataclasses import dataclass, field
from typing import Annotated

from connext.abi import Abi
from connext.messages import Domain, Text
from connext.signing import Signable
from connext.types import Address, Bool, Struct, Uint256


def _function(name: str, inputs: str, outputs: str = "") -> dict[str, object]:
    return {"type": "function", "name": name, "inputs": _arguments(inputs), "outputs": _arguments(outputs)}


def _event(name: str, inputs: str) -> dict[str, object]:
    indexed = _arguments(inputs)
    return {"type": "event", "name": name, "inputs": [{**item, "indexed": i < 2} for i, item in enumerate(indexed)]}


def _arguments(declaration: str) -> list[dict[str, str]]:
    pairs = (argument.split() for argument in declaration.split(",") if argument)
    return [{"type": type_, "name": name} for type_, name in pairs]


_RSV = "uint8 v,bytes32 r,bytes32 s"

TOKEN_ABI = Abi(
    [
        _function("approve", "address usr,uint256 wad", "bool approved"),
        _function("transfer", "address dst,uint256 wad", "bool transferred"),
        _function("mint", "address usr,uint256 wad"),
        _function("allowance", "address owner,address spender", "uint256 wad"),
        _function("balanceOf", "address owner", "uint256 wad"),
        _function("nonces", "address holder", "uint256 nonce"),
        _function("permit", f"address holder,address spender,uint256 nonce,uint256 expiry,bool allowed,{_RSV}"),
        _function("symbol", "", "string symbol"),
        _function("decimals", "", "uint8 decimals"),
        _event("Transfer", "address src,address dst,uint256 wad"),
        _event("Approval", "address src,address guy,uint256 wad"),
    ]
)


@dataclass(frozen=True, slots=True)
class Permit(Struct):
    """DAI's own permit, older than EIP-2612: an unlimited allowance, or none. expiry in Unix seconds, 0 for never."""

    holder: Address
    spender: Address
    nonce: Uint256
    expiry: Uint256
    allowed: Bool


@dataclass(frozen=True, slots=True)
class TokenDomain(Domain):
    """The EIP-712 domain of DAI on one chain."""

    name: Annotated[str, Text()] = field(init=False, default="Dai Stablecoin")


def signable_permit(chain_id: int, token: Address, permit: Permit) -> Signable:
    return Signable(TokenDomain(chain_id, token), permit)
