"""What the conditions that ship take for parameters and witnesses, and what these prove."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connext.abi import CannotEncode
from connext.conditions import (
    FULL_SHARE,
    MAX_PARAMS_BYTES,
    MAX_PARTS,
    MAX_WITNESS_BYTES,
    Conditions,
    InvalidParams,
    Part,
    Release,
    Request,
    UnknownCondition,
    Voucher,
    WitnessRefused,
    all_of_params,
    all_of_witness,
    any_of_params,
    any_of_witness,
    check_params,
    evaluate,
    hash_lock_params,
    hash_of,
    linked_params,
    linked_witness,
    stream_params,
    stream_witness,
)
from connext.keccak import keccak256
from connext.messages import Domain, type_string
from connext.signing import CURVE_ORDER, Key, Signable, Signature
from connext.types import Address, InvalidValue, Struct

CHAIN_ID = 31337
CONDITIONS = Conditions(b"\xc1" * 20, b"\xc2" * 20, b"\xc3" * 20, b"\xc4" * 20, b"\xc5" * 20)
HASH_LOCK, STREAM, LINKED, ALL_OF, ANY_OF = (getattr(CONDITIONS, name) for name in Conditions.__match_args__)
STRANGER = b"\x99" * 20
EXPIRY = 1_800_000_000

SECRET, OTHER_SECRET = b"\x5e" * 32, b"\x5f" * 32
KEY, OTHER_KEY = Key(b"\x01" * 32), Key(b"\x02" * 32)
ID, OTHER_ID = b"\x1d" * 32, b"\x1e" * 32
CAP = 3 * 10**18
CHANNEL_ID = b"\xcd" * 32

HASHED = hash_lock_params(hash_of(SECRET))
STREAMED = stream_params(KEY.address, CAP, ID)
LINK = linked_params(KEY.address, ID)


def share(condition: Address, params: bytes, witness: bytes) -> int:
    return evaluate(CONDITIONS, CHAIN_ID, condition, params, EXPIRY, witness)


def refused(condition: Address, params: bytes, witness: bytes) -> str:
    """Why the witness is refused by that very condition."""
    with pytest.raises(WitnessRefused) as caught:
        share(condition, params, witness)
    assert caught.value.condition == condition
    return caught.value.reason


def unusable(condition: Address, params: bytes, culprit: Address | None = None) -> str:
    """Why the parameters are refused, whatever the witness; culprit: the part whose they are."""
    with pytest.raises(InvalidParams) as caught:
        check_params(CONDITIONS, condition, params)
    assert caught.value.condition == (culprit or condition)
    with pytest.raises(InvalidParams) as again:
        share(condition, params, b"")
    assert str(again.value) == str(caught.value)
    return caught.value.reason


def signed(message: Struct, key: Key = KEY, *, chain_id: int = CHAIN_ID, condition: Address) -> Signature:
    return key.sign(Signable(Domain(chain_id, condition), message))


def voucher(cumulative: int) -> bytes:
    message = Voucher(keccak256(STREAMED), EXPIRY, cumulative)
    return stream_witness(cumulative, signed(message, condition=STREAM))


RELEASE = linked_witness(signed(Release(keccak256(LINK), EXPIRY), condition=LINKED))


HIGH_S = bytes(31) + b"\1" + (CURVE_ORDER // 2 + 1).to_bytes(32)
"""The few numbers of the upper half that the compact form has room for begin here."""


def not_encoded(types: str, data: bytes) -> str:
    return f"not the ABI encoding of any {types}: 0x{data.hex()}"


def flipped(data: bytes, bit: int) -> bytes:
    """With one bit turned over, counted from the left."""
    return (int.from_bytes(data) ^ 1 << (8 * len(data) - 1 - bit)).to_bytes(len(data))


# --- What is signed ---


def test_the_signed_types() -> None:
    assert type_string(Voucher) == "Voucher(bytes32 paramsHash,uint64 expiry,uint128 cumulative)"
    assert type_string(Release) == "Release(bytes32 paramsHash,uint64 expiry)"
    assert type_string(Request) == "Request(bytes32 paramsHash,uint64 expiry,bytes32 channelId)"


# --- Hash lock ---


def test_the_secret_proves_all() -> None:
    check_params(CONDITIONS, HASH_LOCK, HASHED)
    assert keccak256(SECRET) == HASHED
    assert share(HASH_LOCK, HASHED, SECRET) == FULL_SHARE == 10**18


def test_another_secret_proves_nothing() -> None:
    expected = f"0x{OTHER_SECRET.hex()} is not the secret of the hash 0x{HASHED.hex()}"
    assert refused(HASH_LOCK, HASHED, OTHER_SECRET) == expected


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_preimage_of_another_length_proves_nothing(length: int) -> None:
    """Even if it is one: no leg may find too long what another accepts."""
    preimage = bytes(length)
    assert refused(HASH_LOCK, keccak256(preimage), preimage) == f"a secret has 32 bytes, this has {length}"


@pytest.mark.parametrize("params", [b"", HASHED[1:], HASHED + b"\0", HASHED * 2])
def test_a_hash_has_32_bytes(params: bytes) -> None:
    assert unusable(HASH_LOCK, params) == not_encoded("(bytes32)", params)


def test_only_a_secret_of_32_bytes_is_hashed() -> None:
    with pytest.raises(InvalidValue, match="secret: expected 32 bytes, got '31 bytes'"):
        hash_of(SECRET[1:])


# --- Stream ---


@pytest.mark.parametrize(
    ("cumulative", "proved"),
    [
        (0, 0),
        (1, 0),
        (2, 0),
        (3, 1),
        (CAP // 3, FULL_SHARE // 3),
        (CAP // 3 - 1, FULL_SHARE // 3),
        (CAP // 3 - 3, FULL_SHARE // 3 - 1),
        (CAP - 1, FULL_SHARE - 1),
        (CAP, FULL_SHARE),
        (CAP + 1, FULL_SHARE),
        (2**128 - 1, FULL_SHARE),
    ],
)
def test_a_voucher_proves_its_part_of_the_cap(cumulative: int, proved: int) -> None:
    check_params(CONDITIONS, STREAM, STREAMED)
    assert share(STREAM, STREAMED, voucher(cumulative)) == proved


@given(st.integers(0, 2**128 - 1), st.integers(1, 2**128 - 1))
def test_every_share_is_rounded_down(cumulative: int, cap: int) -> None:
    params = stream_params(KEY.address, cap, ID)
    signature = signed(Voucher(keccak256(params), EXPIRY, cumulative), condition=STREAM)
    proved = share(STREAM, params, stream_witness(cumulative, signature))
    assert proved == floor(10**18 * min(Fraction(cumulative, cap), Fraction(1)))


STRAY: dict[str, Callable[[], Signature]] = {
    "another key": lambda: signed(Voucher(keccak256(STREAMED), EXPIRY, 5), OTHER_KEY, condition=STREAM),
    "another sum": lambda: signed(Voucher(keccak256(STREAMED), EXPIRY, 4), condition=STREAM),
    "another expiry": lambda: signed(Voucher(keccak256(STREAMED), EXPIRY + 1, 5), condition=STREAM),
    "another chain": lambda: signed(Voucher(keccak256(STREAMED), EXPIRY, 5), chain_id=1, condition=STREAM),
    "another condition": lambda: signed(Voucher(keccak256(STREAMED), EXPIRY, 5), condition=LINKED),
    "the renewal's id": lambda: signed(
        Voucher(keccak256(stream_params(KEY.address, CAP, OTHER_ID)), EXPIRY, 5), condition=STREAM
    ),
    "another cap": lambda: signed(
        Voucher(keccak256(stream_params(KEY.address, CAP + 1, ID)), EXPIRY, 5), condition=STREAM
    ),
}


@pytest.mark.parametrize("stray", STRAY)
def test_a_voucher_counts_only_where_it_was_signed_for(stray: str) -> None:
    reason = refused(STREAM, STREAMED, stream_witness(5, STRAY[stray]()))
    assert f", not by 0x{KEY.address.hex()}; was it signed for another chain, contract or message?" in reason


def test_a_signature_has_its_s_in_the_lower_half() -> None:
    expected = f"no valid signature: s is not in the lower half of the curve's order (0x{HIGH_S.hex()})"
    assert refused(STREAM, STREAMED, stream_witness(5, HIGH_S)) == expected
    assert refused(LINKED, LINK, linked_witness(HIGH_S)) == expected


def test_no_signature_proves_nothing() -> None:
    reason = refused(STREAM, STREAMED, stream_witness(5, bytes(64)))
    assert reason.startswith("no valid signature: ")


def test_nobody_signs_for_the_zero_address() -> None:
    params = stream_params(bytes(20), CAP, ID)
    signature = signed(Voucher(keccak256(params), EXPIRY, 5), condition=STREAM)
    assert ", not by 0x" + "00" * 20 in refused(STREAM, params, stream_witness(5, signature))
    assert refused(STREAM, params, stream_witness(5, bytes(64))).startswith("no valid signature: ")


@pytest.mark.parametrize("bit", [0, 127])
def test_bits_beyond_the_sum_are_refused(bit: int) -> None:
    witness = flipped(voucher(5), bit)
    assert refused(STREAM, STREAMED, witness) == not_encoded("(uint128,bytes32,bytes32)", witness)


@pytest.mark.parametrize("change", [lambda w: w[:-1], lambda w: w + b"\0", lambda w: w + bytes(32), lambda _: b""])
def test_a_voucher_has_one_length(change: Callable[[bytes], bytes]) -> None:
    assert "not the ABI encoding of any" in refused(STREAM, STREAMED, change(voucher(5)))


def test_a_cap_of_nothing_is_unusable() -> None:
    assert unusable(STREAM, stream_params(KEY.address, 0, ID)) == "the cap of the stream is 0"


@pytest.mark.parametrize("bit", [0, 95, 256, 256 + 127])
def test_bits_beyond_a_streams_fields_are_refused(bit: int) -> None:
    params = flipped(STREAMED, bit)
    assert unusable(STREAM, params) == not_encoded("(address,uint128,bytes32)", params)


@pytest.mark.parametrize("params", [b"", STREAMED[:-1], STREAMED + b"\0", STREAMED + bytes(32)])
def test_a_streams_parameters_have_one_length(params: bytes) -> None:
    assert "not the ABI encoding of any" in unusable(STREAM, params)


# --- Linked payment ---


def test_the_release_proves_all() -> None:
    check_params(CONDITIONS, LINKED, LINK)
    assert share(LINKED, LINK, RELEASE) == FULL_SHARE


OTHER_LINK = linked_params(KEY.address, OTHER_ID)
NO_RELEASE: dict[str, Callable[[], Signature]] = {
    "another key": lambda: signed(Release(keccak256(LINK), EXPIRY), OTHER_KEY, condition=LINKED),
    "another expiry": lambda: signed(Release(keccak256(LINK), EXPIRY - 1), condition=LINKED),
    "another chain": lambda: signed(Release(keccak256(LINK), EXPIRY), chain_id=1, condition=LINKED),
    "another condition": lambda: signed(Release(keccak256(LINK), EXPIRY), condition=STREAM),
    "another id": lambda: signed(Release(keccak256(OTHER_LINK), EXPIRY), condition=LINKED),
    "a request": lambda: signed(Request(keccak256(LINK), EXPIRY, CHANNEL_ID), condition=LINKED),
}


@pytest.mark.parametrize("stray", NO_RELEASE)
def test_nothing_else_is_a_release(stray: str) -> None:
    assert f", not by 0x{KEY.address.hex()};" in refused(LINKED, LINK, linked_witness(NO_RELEASE[stray]()))


@pytest.mark.parametrize("change", [lambda w: w[:-1], lambda w: w + b"\0", lambda _: b""])
def test_a_release_has_one_length(change: Callable[[bytes], bytes]) -> None:
    witness = change(RELEASE)
    assert refused(LINKED, LINK, witness) == not_encoded("(bytes32,bytes32)", witness)


@pytest.mark.parametrize("params", [b"", LINK[:-1], LINK + b"\0", flipped(LINK, 0), flipped(LINK, 95)])
def test_a_links_parameters_have_one_encoding(params: bytes) -> None:
    assert unusable(LINKED, params) == not_encoded("(address,bytes32)", params)


# --- All of, any of ---

LOCK = Part(HASH_LOCK, HASHED)
OTHER_LOCK = Part(HASH_LOCK, hash_lock_params(hash_of(OTHER_SECRET)))
FLOW = Part(STREAM, STREAMED)
HALF = voucher(CAP // 2)
COMBINATIONS = pytest.mark.parametrize("combination", [ALL_OF, ANY_OF], ids=["all of", "any of"])


def test_all_of_proves_the_least() -> None:
    params = all_of_params([LOCK, FLOW, Part(LINKED, LINK)])
    assert share(ALL_OF, params, all_of_witness([SECRET, HALF, RELEASE])) == FULL_SHARE // 2
    assert share(ALL_OF, params, all_of_witness([SECRET, voucher(CAP), RELEASE])) == FULL_SHARE
    assert share(ALL_OF, params, all_of_witness([SECRET, voucher(0), RELEASE])) == 0


def test_all_of_wants_every_part_proved() -> None:
    with pytest.raises(WitnessRefused) as caught:
        share(ALL_OF, all_of_params([LOCK, OTHER_LOCK]), all_of_witness([SECRET, SECRET]))
    assert caught.value.condition == HASH_LOCK
    assert caught.value.reason == f"0x{SECRET.hex()} is not the secret of the hash 0x{OTHER_LOCK.params.hex()}"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_all_of_wants_one_witness_for_each_part(count: int) -> None:
    reason = refused(ALL_OF, all_of_params([LOCK, LOCK]), all_of_witness([SECRET] * count))
    assert reason == f"{count} witnesses are not one for each of 2 parts"


def test_any_of_proves_the_part_that_is_shown() -> None:
    params = any_of_params([LOCK, FLOW, OTHER_LOCK])
    assert share(ANY_OF, params, any_of_witness(0, SECRET)) == FULL_SHARE
    assert share(ANY_OF, params, any_of_witness(1, HALF)) == FULL_SHARE // 2
    assert share(ANY_OF, params, any_of_witness(2, OTHER_SECRET)) == FULL_SHARE
    with pytest.raises(WitnessRefused) as caught:
        share(ANY_OF, params, any_of_witness(2, SECRET))
    assert caught.value.condition == HASH_LOCK


@pytest.mark.parametrize("index", [2, 2**64, 2**256 - 1])
def test_any_of_has_no_other_parts(index: int) -> None:
    reason = refused(ANY_OF, any_of_params([LOCK, LOCK]), any_of_witness(index, SECRET))
    assert reason == f"there is no part {index}, they are numbered from 0 to 1"


def test_a_combination_may_be_a_part() -> None:
    inner = Part(ANY_OF, any_of_params([LOCK, FLOW]))
    params = all_of_params([OTHER_LOCK, inner])
    witness = all_of_witness([OTHER_SECRET, any_of_witness(1, HALF)])
    assert share(ALL_OF, params, witness) == FULL_SHARE // 2


@COMBINATIONS
def test_but_not_of_such_a_part(combination: Address) -> None:
    two = Part(combination, all_of_params([Part(combination, all_of_params([LOCK]))]))
    check_params(CONDITIONS, *two)
    assert unusable(combination, all_of_params([two])) == "combinations are nested more than 2 deep"


@COMBINATIONS
def test_the_number_of_parts_is_bounded(combination: Address) -> None:
    check_params(CONDITIONS, combination, all_of_params([LOCK] * MAX_PARTS))
    assert unusable(combination, all_of_params([LOCK] * 17)) == "17 parts are not from 1 to 16"
    assert unusable(combination, all_of_params([])) == "0 parts are not from 1 to 16"


@COMBINATIONS
def test_every_part_must_be_usable(combination: Address) -> None:
    params = all_of_params([LOCK, Part(STREAM, stream_params(KEY.address, 0, ID))])
    assert unusable(combination, params, STREAM) == "the cap of the stream is 0"
    assert "not the ABI encoding of any" in unusable(combination, all_of_params([Part(HASH_LOCK, b"")]), HASH_LOCK)


@COMBINATIONS
def test_every_part_must_be_known(combination: Address) -> None:
    with pytest.raises(UnknownCondition) as caught:
        check_params(CONDITIONS, combination, all_of_params([LOCK, Part(STRANGER, HASHED)]))
    assert caught.value.condition == STRANGER


def moved_tail(params: bytes) -> bytes:
    """The same parts, the first one's content stored behind the others."""
    first = int.from_bytes(params[64:96])
    start, content = 64 + first, params[64 + first : 64 + first + 128]
    assert start + 128 < len(params)
    return params[:64] + (len(params) - 64).to_bytes(32) + params[96:] + content


SEVERAL = all_of_params([LOCK, OTHER_LOCK])
OTHER_ENCODINGS = {
    "something behind": SEVERAL + bytes(32),
    "a byte behind": SEVERAL + b"\0",
    "less": SEVERAL[:-1],
    "nothing": b"",
    "contents in another order": moved_tail(SEVERAL),
    "bits beyond the address": flipped(SEVERAL, 8 * (64 + int.from_bytes(SEVERAL[64:96]))),
    "a pointer out of it": SEVERAL[:64] + (2**256 - 1).to_bytes(32) + SEVERAL[96:],
    "a pointer wider than a machine's": SEVERAL[:64] + (2**64).to_bytes(32) + SEVERAL[96:],
    "a pointer to itself": SEVERAL[:64] + bytes(32) + SEVERAL[96:],
    "a count that nothing follows": SEVERAL[:32] + (2**64 - 1).to_bytes(32) + SEVERAL[64:],
    "an offset of nothing": bytes(32) + SEVERAL[32:],
}


@COMBINATIONS
@pytest.mark.parametrize("encoding", OTHER_ENCODINGS)
def test_parts_have_one_encoding(combination: Address, encoding: str) -> None:
    """Where the contract would decode another one, too: its hash is another."""
    params = OTHER_ENCODINGS[encoding]
    assert unusable(combination, params) == not_encoded("((address,bytes)[])", params)


def test_what_pads_a_part_is_zero() -> None:
    params = all_of_params([Part(HASH_LOCK, HASHED + b"\1")])
    assert params[-1] == 0
    assert "not the ABI encoding of any" in unusable(ALL_OF, params[:-1] + b"\1")


@pytest.mark.parametrize("change", [lambda w: w + bytes(32), lambda w: w[:-1], lambda _: b""])
def test_witnesses_have_one_encoding(change: Callable[[bytes], bytes]) -> None:
    params = all_of_params([LOCK, OTHER_LOCK])
    witness = change(all_of_witness([SECRET, OTHER_SECRET]))
    assert refused(ALL_OF, params, witness) == not_encoded("(bytes[])", witness)
    witness = change(any_of_witness(0, SECRET))
    assert refused(ANY_OF, params, witness) == not_encoded("(uint256,bytes)", witness)


# --- Bounds, and what is not known ---


def test_an_unknown_condition_is_named() -> None:
    with pytest.raises(UnknownCondition) as caught:
        share(STRANGER, HASHED, SECRET)
    assert str(caught.value) == (
        f"0x{STRANGER.hex()} is none of the known conditions: "
        "refuse the transfer; only a confirmed outcome can decide it"
    )


@pytest.mark.parametrize("name", Conditions.__match_args__)
def test_a_condition_is_known_by_its_address_alone(name: str) -> None:
    """The parameters of one kind are not tried with another."""
    elsewhere = replace(CONDITIONS, **{name: STRANGER})
    with pytest.raises(UnknownCondition):
        check_params(elsewhere, getattr(CONDITIONS, name), HASHED)


def test_parameters_have_a_longest_length() -> None:
    part = Part(HASH_LOCK, bytes(MAX_PARAMS_BYTES - 6 * 32))
    longest = all_of_params([part])
    assert len(longest) == MAX_PARAMS_BYTES
    assert "not the ABI encoding of any (bytes32)" in unusable(ALL_OF, longest, HASH_LOCK)
    longer = all_of_params([Part(HASH_LOCK, part.params + b"\0")])
    assert unusable(ALL_OF, longer) == "4128 bytes are more than 4096"


def test_witnesses_have_a_longest_length() -> None:
    assert refused(HASH_LOCK, HASHED, bytes(MAX_WITNESS_BYTES)) == "a secret has 32 bytes, this has 4096"
    assert refused(HASH_LOCK, HASHED, bytes(MAX_WITNESS_BYTES + 1)) == "4097 bytes are more than 4096"


@pytest.mark.parametrize(
    "build",
    [
        lambda: hash_lock_params(bytes(31)),
        lambda: stream_params(KEY.address, -1, ID),
        lambda: stream_params(KEY.address, 2**128, ID),
        lambda: stream_params(KEY.address, CAP, ID[1:]),
        lambda: linked_params(KEY.address[1:], ID),
        lambda: stream_witness(5, bytes(63)),
        lambda: stream_witness(5, bytes(65)),
        lambda: linked_witness(bytes(63)),
        lambda: Conditions(b"", STREAM, LINKED, ALL_OF, ANY_OF),
    ],
)
def test_what_has_another_width_is_not_built(build: Callable[[], object]) -> None:
    with pytest.raises(InvalidValue):
        build()


@pytest.mark.parametrize(
    "build",
    [lambda: all_of_params([Part(b"", HASHED)]), lambda: any_of_witness(-1, SECRET), lambda: any_of_params([1])],
)
def test_what_cannot_be_encoded_is_not_built(build: Callable[[], object]) -> None:
    with pytest.raises(CannotEncode, match=r"abi\.encode"):
        build()


@given(st.sampled_from([HASH_LOCK, STREAM, LINKED, ALL_OF, ANY_OF, STRANGER]), st.binary(max_size=300), st.binary())
def test_garbage_is_refused_by_name(condition: Address, params: bytes, witness: bytes) -> None:
    with pytest.raises((UnknownCondition, InvalidParams, WitnessRefused)):
        share(condition, params, witness)


@given(st.data())
def test_mangled_combinations_are_refused_by_name(data: st.DataObject) -> None:
    """Nothing but the errors that are declared, whatever the pointers say."""
    condition = data.draw(st.sampled_from([ALL_OF, ANY_OF]))
    params = mangled(data, SEVERAL)
    witness = mangled(
        data, all_of_witness([SECRET, OTHER_SECRET]) if condition == ALL_OF else any_of_witness(1, OTHER_SECRET)
    )
    with pytest.raises((UnknownCondition, InvalidParams, WitnessRefused)):
        share(condition, params, witness)


def mangled(data: st.DataObject, encoded: bytes) -> bytes:
    """With one word exchanged."""
    words = [encoded[i : i + 32] for i in range(0, len(encoded), 32)]
    index = data.draw(st.integers(0, len(words) - 1))
    word = data.draw(
        st.sampled_from([0, 1, 32, 64, len(encoded), 2**31, 2**63, 2**64, 2**255, 2**256 - 1])
        .map(lambda number: number.to_bytes(32))
        .filter(lambda word: word != words[index])
    )
    return b"".join([*words[:index], word, *words[index + 1 :]])
