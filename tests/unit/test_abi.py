"""Calls, results, events and errors in bytes and back."""

import pytest
from eth_abi.abi import encode

from connext import abi
from connext.abi import Abi, CannotDecode, CannotEncode, Log, NotCanonical, Revert, artifact, manager_abi
from connext.keccak import keccak256
from connext.types import Asset, ChannelIdentity, Side

IDENTITY = ChannelIdentity(b"\xa1" * 20, b"\xa2" * 20, b"\xb1" * 20, b"\xb2" * 20, 3600, 9)
ACCOUNT = b"\xac" * 20


def selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def test_structs_are_encoded_field_by_field() -> None:
    terms = (IDENTITY.user, IDENTITY.user_signer, IDENTITY.node, IDENTITY.node_signer, 3600, 9)
    channel = "(address,address,address,address,uint32,uint64)"
    expected = selector(f"deposit({channel},uint8,uint128)") + encode([channel, "uint8", "uint128"], [terms, 1, 5])
    assert manager_abi().encode_call("deposit", IDENTITY, Side.NODE, 5) == expected


@pytest.mark.parametrize(
    "arguments",
    [(ACCOUNT,), (ACCOUNT, -1), (ACCOUNT, 2**128), (b"\x01", 1), (ACCOUNT, "1"), (ACCOUNT, 1, 2)],
)
def test_what_does_not_fit_is_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(CannotEncode, match="fund"):
        manager_abi().encode_call("fund", *arguments)


def test_results_come_as_values() -> None:
    assert manager_abi().decode_result("reserveOf", encode(["uint128", "uint128"], [3, 4])) == (3, 4)
    assert manager_abi().decode_result("PAYOUT_STIPEND", encode(["uint256"], [100_000])) == 100_000


def test_a_result_of_no_contract_is_refused_by_name() -> None:
    with pytest.raises(CannotDecode, match=r"channelOf\(bytes32\) returned 0x: .*no such contract"):
        manager_abi().decode_result("channelOf", b"")


def test_a_custom_error_has_its_values() -> None:
    data = selector("CreditTooSmall(address,uint8,uint256,uint256)")
    data += encode(["address", "uint8", "uint256", "uint256"], [ACCOUNT, Asset.DAI, 5, 2])
    values = {"account": ACCOUNT, "asset": Asset.DAI, "amount": 5, "credit": 2}
    assert manager_abi().decode_error(data) == Revert("CreditTooSmall", values)
    assert (
        str(manager_abi().decode_error(data))
        == f"CreditTooSmall(account=0x{ACCOUNT.hex()}, asset=1, amount=5, credit=2)"
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (selector("Error(string)") + encode(["string"], ["Dai/no"]), Revert("Error", {"reason": "Dai/no"})),
        (selector("Panic(uint256)") + encode(["uint256"], [17]), Revert("Panic", {"code": 17})),
        (b"", Revert("Unknown", {"data": b""})),
        (b"\x01\x02\x03\x04\x05", Revert("Unknown", {"data": b"\x01\x02\x03\x04\x05"})),
        (selector("Panic(uint256)") + b"\x01", Revert("Unknown", {"data": selector("Panic(uint256)") + b"\x01"})),
    ],
    ids=["reason", "panic", "nothing", "unknown", "cut short"],
)
def test_other_errors(data: bytes, expected: Revert) -> None:
    assert manager_abi().decode_error(data) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        (2**255).to_bytes(32) + bytes(32),
        (32).to_bytes(32) + (2**255).to_bytes(32),
        encode(["bytes"], [b"\xff"]),
    ],
    ids=["pointer too wide", "length too wide", "no UTF-8"],
)
def test_a_reason_that_a_stranger_made_up_is_unknown(arguments: bytes) -> None:
    data = selector("Error(string)") + arguments
    assert manager_abi().decode_error(data) == Revert("Unknown", {"data": data})


def test_canonical_bytes_are_decoded() -> None:
    values = (7, b"abc", (b"\x01" * 32,))
    encoded = encode(["uint256", "bytes", "bytes32[]"], values)
    assert abi.encode(["uint256", "bytes", "bytes32[]"], values) == encoded
    assert abi.decode_canonical(["uint256", "bytes", "bytes32[]"], encoded) == values


@pytest.mark.parametrize(
    ("types", "data"),
    [
        (["uint256"], bytes(33)),
        (["uint256"], bytes(31)),
        (["uint128"], (2**128).to_bytes(32)),
        (["bytes"], (32).to_bytes(32) + (1).to_bytes(32) + b"\1\1".ljust(32, b"\0")),
        (["bytes"], (64).to_bytes(32) + bytes(64)),
        (["bytes"], (2**255).to_bytes(32) + bytes(64)),
        (["string"], encode(["bytes"], [b"\xff"])),
    ],
    ids=["longer", "shorter", "dirty", "padded with something", "elsewhere", "pointer too wide", "no UTF-8"],
)
def test_other_bytes_are_not(types: list[str], data: bytes) -> None:
    with pytest.raises(NotCanonical) as caught:
        abi.decode_canonical(types, data)
    assert str(caught.value) == f"not the ABI encoding of any ({types[0]}): 0x{data.hex()}"


def test_an_event_has_its_values() -> None:
    topics = (keccak256(b"Funded(address,uint256,uint256)"), bytes(12) + ACCOUNT)
    event = manager_abi().decode_log(Log(b"\x4d" * 20, topics, encode(["uint256", "uint256"], [3, 4])))
    assert event is not None
    assert (event.address, event.name) == (b"\x4d" * 20, "Funded")
    assert event.values == {"account": ACCOUNT, "amountWei": 3, "amountToken": 4}


def test_events_that_only_look_alike() -> None:
    topic, account = keccak256(b"Funded(address,uint256,uint256)"), bytes(12) + ACCOUNT
    amounts = encode(["uint256", "uint256"], [3, 4])
    for topics, data in [((topic,), amounts), ((topic, account), amounts[:40]), ((account, topic), amounts), ((), b"")]:
        assert manager_abi().decode_log(Log(ACCOUNT, topics, data)) is None


def test_union_knows_events_and_errors_of_both() -> None:
    other = Abi([{"type": "error", "name": "Other", "inputs": []}])
    both = manager_abi() | other
    assert both.decode_error(selector("Other()")) == Revert("Other", {})
    assert both.decode_error(selector("NothingMoved()")) == Revert("NothingMoved", {})


def test_the_shipped_contract_fits_on_every_chain() -> None:
    assert 0 < len(artifact("ChannelManager").runtime) <= 23_000


def test_a_call_is_decoded_with_the_names_of_all_fields() -> None:
    signed = ((7, -1, 1, 0, 0, b"\x11" * 32, True), (b"\x22" * 32, b"\x33" * 32), (b"\x44" * 32, b"\x55" * 32))
    identity = (b"\x01" * 20, b"\x02" * 20, b"\x03" * 20, b"\x04" * 20, 3600, 5)
    transfers = ((9, 0, 1, 10, b"\x06" * 20, b"\x07" * 32, 99),)
    invocation = manager_abi().decode_call(manager_abi().encode_call("close", identity, signed, transfers))
    assert invocation is not None
    assert invocation.function == "close"
    assert invocation.arguments["channel"]["nodeSigner"] == b"\x04" * 20
    assert invocation.arguments["signed"]["state"]["userWei"] == -1
    assert invocation.arguments["signed"]["node"]["vs"] == b"\x55" * 32
    assert [transfer["expiry"] for transfer in invocation.arguments["transfers"]] == [99]


@pytest.mark.parametrize(
    "calldata", [b"", b"\x00\x00\x00\x00", manager_abi().encode_call("pushCredit", b"\x01" * 20, 1)[:-1]]
)
def test_what_is_no_call_of_the_contract(calldata: bytes) -> None:
    assert manager_abi().decode_call(calldata) is None
