"""The signed structs against an encoder written from the text of EIP-712, and their JSON."""

import json
from typing import Any

import pytest
from eth_abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from connext.codec import from_json, to_json
from connext.keccak import keccak256
from connext.messages import (
    Domain,
    Exit,
    Message,
    Resume,
    State,
    Transfer,
    Withdrawal,
    digest,
    domain_separator,
    struct_hash,
    transfers_hash,
    type_string,
    typed_data,
)
from connext.types import InvalidValue, checksum

TRANSFER = (
    "Transfer(uint64 id,uint8 payer,uint8 asset,uint128 amount,address condition,bytes32 paramsHash,uint64 expiry)"
)
TYPES: dict[type[Any], str] = {
    Domain: "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
    Transfer: TRANSFER,
    State: "State(bytes32 channelId,uint64 nonce,int128 userWei,int128 nodeWei,int128 userToken,int128 nodeToken,"
    "Transfer[] transfers,bool isFinal)" + TRANSFER,
    Withdrawal: "Withdrawal(bytes32 channelId,uint64 sequence,uint128 userWei,uint128 nodeWei,uint128 userToken,"
    "uint128 nodeToken,address recipient,uint64 deadline)",
    Exit: "Exit(bytes32 channelId,uint64 dispute,uint64 deadline)",
    Resume: "Resume(bytes32 channelId,uint64 dispute,uint64 deadline)",
}


def uint(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1) | st.sampled_from([0, 2**bits - 1])


int128 = st.integers(-(2**127), 2**127 - 1)
bytes32, addresses = st.binary(min_size=32, max_size=32), st.binary(min_size=20, max_size=20)
transfers = st.builds(Transfer, uint(64), uint(8), uint(8), uint(128), addresses, bytes32, uint(64))
states = st.builds(
    State,
    bytes32,
    uint(64),
    int128,
    int128,
    int128,
    int128,
    st.lists(transfers, max_size=3).map(tuple),
    st.booleans(),
)
withdrawals = st.builds(Withdrawal, bytes32, uint(64), uint(128), uint(128), uint(128), uint(128), addresses, uint(64))
exits = st.builds(Exit, bytes32, uint(64), uint(64))
resumes = st.builds(Resume, bytes32, uint(64), uint(64))
messages: st.SearchStrategy[Message] = states | withdrawals | exits | resumes
domains = st.builds(Domain, chain_id=uint(256), verifying_contract=addresses)


def reference_hash(struct: Any) -> bytes:
    """The hashStruct of EIP-712, out of the type strings of the specification and eth-abi."""
    members = TYPES[type(struct)].split("(", 1)[1].split(")", 1)[0].split(",")
    types, values = ["bytes32"], [keccak256(TYPES[type(struct)].encode())]
    for member in members:
        kind, name = member.split(" ")
        attribute = "".join("_" + c.lower() if c.isupper() else c for c in name)
        value = getattr(struct, attribute)
        if kind == "string":
            kind, value = "bytes32", keccak256(value.encode())
        elif kind == "Transfer[]":
            kind, value = "bytes32", keccak256(b"".join(reference_hash(item) for item in value))
        elif kind == "address":
            value = checksum(value)
        types.append(kind)
        values.append(value)
    return keccak256(encode(types, values))


@pytest.mark.parametrize("struct", TYPES)
def test_type_strings_are_the_specified_ones(struct: type[Any]) -> None:
    assert type_string(struct) == TYPES[struct]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(domains, messages)
def test_digest_is_that_of_eip_712(domain: Domain, message: Message) -> None:
    assert domain_separator(domain) == reference_hash(domain)
    assert struct_hash(message) == reference_hash(message)
    expected = keccak256(b"\x19\x01" + reference_hash(domain) + reference_hash(message))
    assert digest(domain, message) == expected


def test_transfers_hash() -> None:
    one = Transfer(1, 0, 1, 5, b"\x02" * 20, b"\x03" * 32, 99)
    assert transfers_hash(()) == keccak256(b"")
    assert transfers_hash((one, one)) == keccak256(reference_hash(one) * 2)


def test_domain_is_this_protocol() -> None:
    domain = Domain(chain_id=5, verifying_contract=bytes(20))
    assert (domain.name, domain.version) == ("Connext", "1")


@settings(max_examples=20, deadline=None, derandomize=True)
@given(messages)
def test_json_round_trip(message: Message) -> None:
    assert from_json(type(message), json.loads(json.dumps(to_json(message))), "m") == message


def test_typed_data_for_wallets() -> None:
    transfer = Transfer(1, 0, 1, 2**64, b"\x02" * 20, b"\x03" * 32, 99)
    state = State(b"\x07" * 32, 3, -5, 5, 0, -(2**64), (transfer,), False)
    data = typed_data(Domain(chain_id=1, verifying_contract=b"\x11" * 20), state)
    assert data["primaryType"] == "State"
    assert data["domain"] == {
        "name": "Connext",
        "version": "1",
        "chainId": "1",
        "verifyingContract": "0x" + "11" * 20,
    }
    assert list(data["types"]) == ["EIP712Domain", "State", "Transfer"]
    assert data["types"]["State"][6] == {"name": "transfers", "type": "Transfer[]"}
    assert data["message"] == {
        "channelId": "0x" + "07" * 32,
        "nonce": "3",
        "userWei": "-5",
        "nodeWei": "5",
        "userToken": "0",
        "nodeToken": "-18446744073709551616",
        "transfers": [
            {
                "id": "1",
                "payer": "0",
                "asset": "1",
                "amount": "18446744073709551616",
                "condition": "0x0202020202020202020202020202020202020202",
                "paramsHash": "0x" + "03" * 32,
                "expiry": "99",
            }
        ],
        "isFinal": False,
    }


EXIT = to_json(Exit(bytes(32), 1, 2))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"dispute": 1}, "exit.dispute"),
        ({"dispute": "01"}, "exit.dispute"),
        ({"dispute": "-0"}, "exit.dispute"),
        ({"dispute": "+1"}, "exit.dispute"),
        ({"dispute": " 1"}, "exit.dispute"),
        ({"dispute": "1\n"}, "exit.dispute"),
        ({"dispute": "-1"}, "exit.dispute"),
        ({"dispute": "18446744073709551616"}, "exit.dispute"),
        ({"dispute": "٣"}, "exit.dispute"),
        ({"dispute": True}, "exit.dispute"),
        ({"dispute": None}, "exit.dispute"),
        ({"channelId": "0x" + "00" * 31}, "exit.channelId"),
        ({"channelId": "0x" + "AB" * 32}, "exit.channelId"),
        ({"channelId": "00" * 33}, "exit.channelId"),
        ({"more": "1"}, "exit.more"),
    ],
)
def test_json_has_one_spelling_per_value(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidValue) as error:
        from_json(Exit, {**EXIT, **changes}, "exit")
    assert error.value.field == path


def test_json_needs_every_field_and_an_object() -> None:
    with pytest.raises(InvalidValue, match=r"exit\.deadline: expected this field"):
        from_json(Exit, {"channelId": EXIT["channelId"], "dispute": "1"}, "exit")
    with pytest.raises(InvalidValue, match="exit: expected an object"):
        from_json(Exit, [], "exit")


def test_json_errors_name_the_place_in_a_list() -> None:
    transfer = Transfer(1, 0, 1, 5, b"\x02" * 20, b"\x03" * 32, 99)
    value = to_json(State(bytes(32), 3, -5, 5, 0, 0, (transfer, transfer), False))
    value["transfers"][1]["payer"] = "256"
    with pytest.raises(InvalidValue, match=r"state\.transfers\[1\]\.payer"):
        from_json(State, value, "state")
    value["transfers"] = {}
    with pytest.raises(InvalidValue, match=r"state\.transfers: expected a list"):
        from_json(State, value, "state")
