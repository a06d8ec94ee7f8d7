"""Compact signatures: who signed, and what is no signature at all."""

import pytest

from connext.messages import Domain, Exit, Resume
from connext.signing import (
    CURVE_ORDER,
    InvalidSignature,
    Key,
    Signable,
    WrongSigner,
    check_signature,
    from_rsv,
    recover,
    to_rsv,
)
from connext.types import checksum

DOMAIN = Domain(chain_id=1, verifying_contract=b"\x11" * 20)
SIGNABLE = Signable(DOMAIN, Exit(bytes(32), 1, 2))
KEY = Key(b"\x01" * 32)
SIGNATURE = KEY.sign(SIGNABLE)


def with_s(s: int, parity: int) -> bytes:
    return SIGNATURE[:32] + (s | parity << 255).to_bytes(32, "big")


def test_address_of_a_key() -> None:
    assert checksum(Key((1).to_bytes(32, "big")).address) == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"


def test_a_key_does_not_show_itself() -> None:
    assert repr(KEY) == "Key(address=0x1a642f0e3c3af545e7acbd38b07251b3990914f1)"


def test_sign_and_recover() -> None:
    assert len(SIGNATURE) == 64
    assert recover(SIGNABLE.digest, SIGNATURE) == KEY.address
    assert KEY.sign(SIGNABLE) == SIGNATURE


def test_both_parities_occur_and_survive_the_longer_form() -> None:
    signatures = [KEY.sign(Signable(DOMAIN, Exit(bytes(32), i, 2))) for i in range(8)]
    assert {signature[32] >> 7 for signature in signatures} == {0, 1}
    for i, signature in enumerate(signatures):
        rsv = to_rsv(signature)
        assert rsv[64] in (27, 28)
        assert from_rsv(rsv) == signature
        assert from_rsv(rsv[:64] + bytes((rsv[64] - 27,))) == signature
        check_signature(Signable(DOMAIN, Exit(bytes(32), i, 2)).digest, signature, KEY.address)


def test_another_signer_another_kind_another_domain() -> None:
    other = Key(b"\x02" * 32).address
    with pytest.raises(WrongSigner) as error:
        check_signature(SIGNABLE.digest, SIGNATURE, other)
    assert (error.value.recovered, error.value.expected) == (KEY.address, other)
    for signable in (
        Signable(DOMAIN, Resume(bytes(32), 1, 2)),
        Signable(Domain(chain_id=2, verifying_contract=b"\x11" * 20), SIGNABLE.message),
        Signable(Domain(chain_id=1, verifying_contract=b"\x12" * 20), SIGNABLE.message),
    ):
        with pytest.raises(WrongSigner):
            check_signature(signable.digest, SIGNATURE, KEY.address)


def test_malleable_s_is_refused() -> None:
    s = int.from_bytes(SIGNATURE[32:], "big") & (2**255 - 1)
    parity = SIGNATURE[32] >> 7
    mirrored = SIGNATURE[:32] + (CURVE_ORDER - s).to_bytes(32, "big") + bytes((27 + 1 - parity,))
    with pytest.raises(InvalidSignature, match="lower half"):
        from_rsv(mirrored)
    with pytest.raises(InvalidSignature, match="lower half"):
        recover(SIGNABLE.digest, with_s(CURVE_ORDER // 2 + 1, parity))


@pytest.mark.parametrize("s", [0, CURVE_ORDER // 2 + 1, 2**255 - 1])
def test_s_out_of_range(s: int) -> None:
    with pytest.raises(InvalidSignature, match="lower half"):
        to_rsv(with_s(s, 0))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_wrong_length(length: int) -> None:
    with pytest.raises(InvalidSignature, match="expected 64 bytes"):
        recover(SIGNABLE.digest, bytes(length))


@pytest.mark.parametrize("rsv", [to_rsv(SIGNATURE)[:64], to_rsv(SIGNATURE) + b"\0"])
def test_wrong_length_of_rsv(rsv: bytes) -> None:
    with pytest.raises(InvalidSignature, match="expected 65 bytes"):
        from_rsv(rsv)


@pytest.mark.parametrize("v", [2, 26, 29, 35, 255])
def test_wrong_v(v: int) -> None:
    with pytest.raises(InvalidSignature, match="v is none of"):
        from_rsv(to_rsv(SIGNATURE)[:64] + bytes((v,)))


@pytest.mark.parametrize("r", [0, CURVE_ORDER, 2**256 - 1])
def test_nobody_signed(r: int) -> None:
    """The contract's ecrecover answers zero here; zero never matches."""
    with pytest.raises(InvalidSignature, match="no public key"):
        check_signature(SIGNABLE.digest, r.to_bytes(32, "big") + SIGNATURE[32:], bytes(20))
