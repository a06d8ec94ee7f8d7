"""The replica of DAI: what a caller can see of it is what `dai.sol` of the Maker protocol shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ape
import pytest
from ape.api import ReceiptAPI
from ape.contracts import ContractInstance
from ape.exceptions import ProviderError
from eth_abi import encode
from eth_account import Account
from eth_utils import keccak

CHAIN_ID = 31337
UNLIMITED = 2**256 - 1
DAI = 10**18
NOBODY = "0x" + "00" * 20
STRANGER = "0x000000000000000000000000000000000000dEaD"

PERMIT_TYPE = "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)"
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


@pytest.fixture
def ward(accounts: Any) -> Any:
    return accounts[0]


@pytest.fixture
def bob(accounts: Any) -> Any:
    return accounts[1]


@pytest.fixture
def carol(accounts: Any) -> Any:
    return accounts[2]


@pytest.fixture
def dai(project: Any, ward: Any) -> ContractInstance:
    return ward.deploy(project.TestDai, CHAIN_ID)


def domain_separator(chain_id: int, token: str) -> bytes:
    hashes = [keccak(text=text) for text in (DOMAIN_TYPE, "Dai Stablecoin", "1")]
    return keccak(encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], [*hashes, chain_id, token]))


@pytest.fixture
def permit(dai: ContractInstance, bob: Any, carol: Any) -> Callable[..., list[Any]]:
    """The arguments of `permit` with Bob's signature over `signed`, by default over these very arguments."""

    def arguments(
        nonce: int = 0, expiry: int = 0, allowed: bool = True, holder: str = bob.address, signed: bool | None = None
    ) -> list[Any]:
        values = [holder, carol.address, nonce, expiry, allowed]
        content = encode(
            ["bytes32", "address", "address", "uint256", "uint256", "bool"],
            [keccak(text=PERMIT_TYPE), *values[:-1], allowed if signed is None else signed],
        )
        digest = keccak(b"\x19\x01" + domain_separator(CHAIN_ID, dai.address) + keccak(content))
        signature = Account.unsafe_sign_hash(digest, bob.private_key)
        return [*values, signature.v, signature.r.to_bytes(32), signature.s.to_bytes(32)]

    return arguments


def test_names_itself_as_dai(dai: ContractInstance) -> None:
    assert (dai.name(), dai.symbol(), dai.version(), dai.decimals()) == ("Dai Stablecoin", "DAI", "1", 18)
    assert dai.PERMIT_TYPEHASH() == keccak(text=PERMIT_TYPE)
    assert dai.PERMIT_TYPEHASH().hex() == "ea2aa0a1be11a07ed86d755c93467f4f82362b452371d1ba94d1715123511acb"


def test_domain_separator(dai: ContractInstance) -> None:
    assert dai.DOMAIN_SEPARATOR() == domain_separator(CHAIN_ID, dai.address)


def test_storage_layout(dai: ContractInstance, ward: Any, bob: Any, carol: Any, permit: Any, chain: Any) -> None:
    dai.mint(bob, 5 * DAI, sender=ward)
    dai.permit(*permit(), sender=carol)

    def slot(number: int, *keys: str) -> int:
        place = number.to_bytes(32)
        for key in keys:
            place = keccak(encode(["address"], [key]) + place)
        return int.from_bytes(chain.provider.get_storage(dai.address, int.from_bytes(place)))

    assert slot(0, ward.address) == 1
    assert slot(1) == 5 * DAI
    assert slot(2, bob.address) == 5 * DAI
    assert slot(3, bob.address, carol.address) == UNLIMITED
    assert slot(4, bob.address) == 1
    assert slot(5) == int.from_bytes(dai.DOMAIN_SEPARATOR())


def test_transfer(dai: ContractInstance, ward: Any, bob: Any, carol: Any) -> None:
    dai.mint(bob, 5 * DAI, sender=ward)
    receipt = dai.transfer(carol, 2 * DAI, sender=bob)
    assert receipt.events == [dai.Transfer(src=bob, dst=carol, wad=2 * DAI)]
    assert (dai.balanceOf(bob), dai.balanceOf(carol), dai.totalSupply()) == (3 * DAI, 2 * DAI, 5 * DAI)


@pytest.mark.parametrize("method", ["transfer", "transferFrom", "push", "pull", "move"])
def test_every_way_to_move_money(dai: ContractInstance, ward: Any, bob: Any, carol: Any, method: str) -> None:
    dai.mint(bob, 5 * DAI, sender=ward)
    dai.approve(carol, 5 * DAI, sender=bob)
    sender, arguments = {
        "transfer": (bob, (carol, DAI)),
        "transferFrom": (carol, (bob, carol, DAI)),
        "push": (bob, (carol, DAI)),
        "pull": (carol, (bob, DAI)),
        "move": (carol, (bob, carol, DAI)),
    }[method]
    receipt = getattr(dai, method)(*arguments, sender=sender)
    assert receipt.events == [dai.Transfer(src=bob, dst=carol, wad=DAI)]
    assert (dai.balanceOf(bob), dai.balanceOf(carol)) == (4 * DAI, DAI)
    assert dai.allowance(bob, carol) == (5 * DAI if sender == bob else 4 * DAI)


def test_unlimited_allowance_does_not_shrink(dai: ContractInstance, ward: Any, bob: Any, carol: Any) -> None:
    dai.mint(bob, 5 * DAI, sender=ward)
    receipt = dai.approve(carol, UNLIMITED, sender=bob)
    assert receipt.events == [dai.Approval(src=bob, guy=carol, wad=UNLIMITED)]
    dai.transferFrom(bob, carol, DAI, sender=carol)
    assert dai.allowance(bob, carol) == UNLIMITED


def test_mint_and_burn(dai: ContractInstance, ward: Any, bob: Any) -> None:
    minting = dai.mint(bob, 5 * DAI, sender=ward)
    burning = dai.burn(bob, 2 * DAI, sender=bob)
    assert minting.events == [dai.Transfer(src=NOBODY, dst=bob, wad=5 * DAI)]
    assert burning.events == [dai.Transfer(src=bob, dst=NOBODY, wad=2 * DAI)]
    assert dai.balanceOf(bob) == dai.totalSupply() == 3 * DAI


def test_permit(dai: ContractInstance, bob: Any, carol: Any, permit: Any) -> None:
    receipt = dai.permit(*permit(), sender=carol)
    assert receipt.events == [dai.Approval(src=bob, guy=carol, wad=UNLIMITED)]
    assert (dai.allowance(bob, carol), dai.nonces(bob)) == (UNLIMITED, 1)
    dai.permit(*permit(nonce=1, allowed=False), sender=carol)
    assert (dai.allowance(bob, carol), dai.nonces(bob)) == (0, 2)


def test_permit_at_its_expiry(dai: ContractInstance, bob: Any, carol: Any, permit: Any, chain: Any) -> None:
    expiry = chain.pending_timestamp + 100
    arguments = permit(expiry=expiry)
    chain.pending_timestamp = expiry
    dai.permit(*arguments, sender=carol)
    assert dai.allowance(bob, carol) == UNLIMITED


def test_wards_are_logged(dai: ContractInstance, ward: Any, bob: Any) -> None:
    receipt = dai.rely(bob, sender=ward)
    (log,) = receipt.logs
    call = dai.rely.encode_input(bob)
    assert [bytes(topic) for topic in log["topics"]] == [
        call[:4].ljust(32, b"\0"),
        encode(["address"], [ward.address]),
        encode(["address"], [bob.address]),
        bytes(32),
    ]
    assert bytes(log["data"]) == encode(["bytes"], [bytes(call).ljust(224, b"\0")])
    assert dai.wards(bob) == 1
    dai.deny(ward, sender=bob)
    assert dai.wards(ward) == 0


@dataclass(frozen=True)
class Refusal:
    reason: str
    method: str
    arguments: Callable[..., list[Any]]
    sender: str


REFUSALS = [
    Refusal("Dai/not-authorized", "mint", lambda bob, **_: [bob, 1], "bob"),
    Refusal("Dai/not-authorized", "rely", lambda bob, **_: [bob], "bob"),
    Refusal("Dai/not-authorized", "deny", lambda ward, **_: [ward], "bob"),
    Refusal("Dai/insufficient-balance", "transfer", lambda carol, **_: [carol, 5 * DAI + 1], "bob"),
    Refusal("Dai/insufficient-balance", "burn", lambda bob, **_: [bob, 5 * DAI + 1], "bob"),
    Refusal("Dai/insufficient-allowance", "transferFrom", lambda bob, carol, **_: [bob, carol, 2 * DAI + 1], "carol"),
    Refusal("Dai/insufficient-allowance", "burn", lambda bob, **_: [bob, 2 * DAI + 1], "carol"),
    Refusal("Dai/invalid-address-0", "permit", lambda permit, **_: permit(holder=NOBODY), "carol"),
    Refusal("Dai/invalid-permit", "permit", lambda permit, **_: permit(signed=False), "carol"),
    Refusal("Dai/permit-expired", "permit", lambda permit, **_: permit(expiry=1), "carol"),
    Refusal("Dai/invalid-nonce", "permit", lambda permit, **_: permit(nonce=1), "carol"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal.method} {refusal.reason}")
def test_refuses(dai: ContractInstance, ward: Any, bob: Any, carol: Any, permit: Any, refusal: Refusal) -> None:
    dai.mint(bob, 5 * DAI, sender=ward)
    dai.approve(carol, 2 * DAI, sender=bob)
    people = {"ward": ward, "bob": bob, "carol": carol}
    arguments = refusal.arguments(**people, permit=permit)
    with ape.reverts(refusal.reason):
        getattr(dai, refusal.method)(*arguments, sender=people[refusal.sender])


def test_overflow_reverts_without_a_reason(dai: ContractInstance, ward: Any, bob: Any, chain: Any) -> None:
    dai.mint(bob, 1, sender=ward)
    call = {"from": ward.address, "to": dai.address, "data": "0x" + bytes(dai.mint.encode_input(bob, UNLIMITED)).hex()}
    with pytest.raises(ProviderError, match=r"^execution reverted$"):
        chain.provider.make_request("eth_call", [call, "latest"])


GAS_OF_THE_ORIGINAL = {
    # `dai.sol` compiled with solc 0.5.12 and no optimizer, as the real token is
    "mint to a new holder": 70_589,
    "mint to a holder": 36_389,
    "transfer to a new holder": 51_794,
    "transfer to a holder": 34_694,
    "transfer of everything": 46_802,
    "approve": 46_446,
    "approve another amount": 29_034,
    "transferFrom, unlimited": 37_406,
    "transferFrom, limited": 41_163,
    "burn": 34_485,
    "burn, limited": 40_535,
    "push": 34_643,
    "pull": 37_036,
    "move": 37_362,
    "permit": 59_211,
    "permit revoked": 37_321,
    "rely": 50_519,
    "deny": 28_597,
}
GAS_TOLERANCE = 500


def play_every_call(dai: ContractInstance, ward: Any, bob: Any, carol: Any, permit: Any) -> dict[str, ReceiptAPI]:
    """One call after the other, each by the name it has in the table above."""
    return {
        "mint to a new holder": dai.mint(bob, 100 * DAI, sender=ward),
        "mint to a holder": dai.mint(bob, 100 * DAI, sender=ward),
        "transfer to a new holder": dai.transfer(carol, DAI, sender=bob),
        "transfer to a holder": dai.transfer(carol, DAI, sender=bob),
        "approve": dai.approve(carol, UNLIMITED, sender=bob),
        "transferFrom, unlimited": dai.transferFrom(bob, carol, DAI, sender=carol),
        "pull": dai.pull(bob, DAI, sender=carol),
        "move": dai.move(bob, carol, DAI, sender=carol),
        "push": dai.push(carol, DAI, sender=bob),
        "approve another amount": dai.approve(carol, 10 * DAI, sender=bob),
        "transferFrom, limited": dai.transferFrom(bob, carol, DAI, sender=carol),
        "burn, limited": dai.burn(bob, DAI, sender=carol),
        "burn": dai.burn(bob, DAI, sender=bob),
        "transfer of everything": dai.transfer(STRANGER, dai.balanceOf(bob), sender=bob),
        "permit": dai.permit(*permit(), sender=carol),
        "permit revoked": dai.permit(*permit(nonce=1, allowed=False), sender=carol),
        "rely": dai.rely(bob, sender=ward),
        "deny": dai.deny(bob, sender=ward),
    }


def test_gas(dai: ContractInstance, ward: Any, bob: Any, carol: Any, permit: Any) -> None:
    gas = {name: receipt.gas_used for name, receipt in play_every_call(dai, ward, bob, carol, permit).items()}
    assert gas.keys() == GAS_OF_THE_ORIGINAL.keys()
    excess = {name: gas[name] - original for name, original in GAS_OF_THE_ORIGINAL.items()}
    assert {name: gas for name, gas in excess.items() if abs(gas) > GAS_TOLERANCE} == {}
