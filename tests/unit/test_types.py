"""Widths, addresses, identities."""

from dataclasses import replace

import pytest

from connext.keccak import keccak256
from connext.messages import Exit
from connext.types import (
    Asset,
    ChannelIdentity,
    Integer,
    InvalidAddress,
    InvalidIdentity,
    InvalidValue,
    Side,
    WrongChecksum,
    checksum,
    parse_address,
)
from tests.unit.pair import DAY, HOUR, IDENTITY, MANAGER, TOKEN

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"


def test_codes_of_sides_and_assets() -> None:
    assert (Side.USER, Side.NODE, Asset.ETH, Asset.DAI) == (0, 1, 0, 1)
    assert Side.USER.other is Side.NODE
    assert Side.NODE.other is Side.USER


def test_keccak_is_not_sha3() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize(
    ("bits", "signed", "minimum", "maximum"), [(8, False, 0, 255), (128, True, -(2**127), 2**127 - 1)]
)
def test_integer_bounds(bits: int, signed: bool, minimum: int, maximum: int) -> None:
    width = Integer(bits, signed)
    assert width.accepts(minimum)
    assert width.accepts(maximum)
    assert not width.accepts(minimum - 1)
    assert not width.accepts(maximum + 1)


@pytest.mark.parametrize("value", [True, 1.0, "1", None, -1, 2**64])
def test_a_field_refuses_what_its_width_cannot_hold(value: object) -> None:
    with pytest.raises(InvalidValue) as error:
        Exit(bytes(32), value, 0)  # type: ignore[arg-type]
    assert str(error.value).startswith("Exit.dispute: expected an integer from 0 to 18446744073709551615 (uint64)")


@pytest.mark.parametrize("value", [bytes(31), bytes(33), "00" * 32, None])
def test_bytes32_has_32_bytes(value: object) -> None:
    with pytest.raises(InvalidValue, match=r"Exit\.channel_id: expected 32 bytes"):
        Exit(value, 0, 0)  # type: ignore[arg-type]


def test_checksum_of_dai() -> None:
    assert checksum(parse_address(DAI.lower())) == DAI
    assert parse_address(DAI) == bytes.fromhex(DAI[2:])


@pytest.mark.parametrize("value", ["", DAI[2:], DAI[:-1], DAI + "0", "0X" + DAI[2:], DAI[:-1] + "g", 5, None])
def test_parse_address_refuses(value: object) -> None:
    with pytest.raises(InvalidAddress):
        parse_address(value)


def test_a_typing_error_breaks_the_checksum() -> None:
    with pytest.raises(WrongChecksum) as error:
        parse_address(DAI.replace("6B", "6b"))
    assert error.value.expected == DAI


def test_channel_id_is_the_hash_of_the_abi_encoded_tuple() -> None:
    word = (1).to_bytes(32, "big") + MANAGER.rjust(32, b"\0")
    for address in (IDENTITY.user, IDENTITY.user_signer, IDENTITY.node, IDENTITY.node_signer):
        word += address.rjust(32, b"\0")
    word += DAY.to_bytes(32, "big") + (7).to_bytes(32, "big")
    assert replace(IDENTITY, salt=7).id(1, MANAGER) == keccak256(word)


def test_channel_id_is_bound_to_chain_contract_and_every_field() -> None:
    changed = [replace(IDENTITY, **{name: b"\x99" * 20}) for name in ("user", "user_signer", "node", "node_signer")]
    changed += [replace(IDENTITY, challenge_period=DAY + 1), replace(IDENTITY, salt=1)]
    ids = {identity.id(1, MANAGER) for identity in [IDENTITY, *changed]}
    ids |= {IDENTITY.id(2, MANAGER), IDENTITY.id(1, TOKEN)}
    assert len(ids) == 9


def validate(identity: ChannelIdentity) -> None:
    identity.validate(MANAGER, TOKEN, HOUR, 30 * DAY)


def test_the_simplest_channel_is_valid() -> None:
    validate(IDENTITY)
    validate(replace(IDENTITY, user_signer=IDENTITY.user, node_signer=IDENTITY.node))
    validate(replace(IDENTITY, challenge_period=HOUR))
    validate(replace(IDENTITY, challenge_period=30 * DAY))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        *(
            ({field: address}, f"{field} is the {name}")
            for field in ("user", "user_signer", "node", "node_signer")
            for address, name in ((bytes(20), "zero address"), (MANAGER, "manager"), (TOKEN, "token"))
        ),
        ({"node": IDENTITY.user}, "both sides have the same account"),
        ({"node_signer": IDENTITY.user_signer}, "both sides have the same signer"),
        ({"user_signer": IDENTITY.node}, "the user's signer is the node's account"),
        ({"node_signer": IDENTITY.user}, "the node's signer is the user's account"),
        ({"challenge_period": HOUR - 1}, "the challenge period is not within 3600 to 2592000 seconds"),
        ({"challenge_period": 30 * DAY + 1}, "the challenge period is not within 3600 to 2592000 seconds"),
    ],
)
def test_impossible_identities(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidIdentity) as error:
        validate(replace(IDENTITY, **changes))  # type: ignore[arg-type]
    assert error.value.reason == reason
