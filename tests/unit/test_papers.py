"""What people hand each other beside envelopes, and what a party keeps to itself."""

import json
from pathlib import Path
from stat import S_IMODE

import pytest

from connext.codec import field_names
from connext.conditions import Conditions, hash_lock_params, hash_of, linked_witness, stream_params, stream_witness
from connext.drawer import Drawer, Locked, Money, OtherTerms, Secret, TermsUsed
from connext.envelopes import Reveal
from connext.keccak import keccak256
from connext.links import InvalidSecret, Link
from connext.papers import PAPERS, LinkRequest, LinkSecret, kind_of, read_message, write_message
from connext.payments import Terms, hash_lock_terms
from connext.signing import Key
from connext.store import InvalidFile
from connext.streams import PayingStream, SignedVoucher
from connext.transfers import Triple
from connext.types import Asset
from tests.unit.test_formats import TEXT, names, table

CHAIN_ID, EXPIRY = 31337, 2_000_000_000
AT = Conditions(*(bytes([n]) * 20 for n in range(1, 6)))
SECRET = b"\x07" * 32
LOCK = hash_lock_terms(AT, SECRET, EXPIRY)
LINK = LinkSecret(AT.linked_payment, EXPIRY, SECRET)
KEY = Key(b"\x08" * 32)
STREAM = stream_params(KEY.address, 100, bytes(32))
VOUCHER = PayingStream(CHAIN_ID, AT.stream, STREAM, EXPIRY, KEY).pay(7)
REQUEST = LinkRequest(
    AT.linked_payment, LINK.params_hash, EXPIRY, b"\x09" * 32, LINK.link(CHAIN_ID).request(b"\x09" * 32)
)


# --- Papers ---


@pytest.mark.parametrize("message", [LOCK, LINK, REQUEST, VOUCHER, Reveal(bytes(32), 1, b"witness")])
def test_what_is_written_is_read(tmp_path: Path, message: object) -> None:
    path = tmp_path / "message.json"
    write_message(path, message)
    assert read_message(path) == message
    assert json.loads(path.read_text())["kind"] == kind_of(message)


def test_a_link_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "link.json"
    path.write_text("what lay there could be read by all")
    write_message(path, LINK)
    assert S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_has_the_terms_that_it_is_locked_under() -> None:
    terms = LINK.terms(CHAIN_ID)
    assert terms.triple == (AT.linked_payment, LINK.params_hash, EXPIRY)
    assert REQUEST.triple == terms.triple
    with pytest.raises(InvalidSecret):
        LinkSecret(AT.linked_payment, EXPIRY, bytes(32)).terms(CHAIN_ID)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", r"message\.kind"),
        ('{"kind": "term"}', "one of proposal, .*, terms, link, request, voucher"),
        ('{"kind": 7}', r"message\.kind"),
        ('{"kind": "terms"}', r"message\.\w+: expected this field"),
        ('{"kind": "proposal"}', r"message\.\w+: expected this field"),
        ('{"kind": "terms", "condition": "0x", "params": "0x", "expiry": "1"}', r"message\.condition"),
    ],
)
def test_what_is_no_message_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "message.json"
    path.write_text(text)
    with pytest.raises(InvalidFile, match=reason):
        read_message(path)


def test_the_document_names_every_field() -> None:
    rows = table("## Papers")
    assert names(" ".join(rows)) == list(PAPERS)
    for kind, cls in PAPERS.items():
        assert names(rows[f'`"{kind}"`'].split("|")[0]) == field_names(cls)
    kept = table("### What a party keeps beside its channels")
    assert names(kept["`secrets/`"].split("|")[0]) == [*field_names(Secret), *field_names(Money)]
    assert names(kept["`vouchers/`"].split("|")[0]) == field_names(SignedVoucher)
    assert names(kept["`locked/`"].split("|")[0]) == field_names(Locked)
    assert "secrets/" in TEXT


# --- The drawer ---


@pytest.fixture
def drawer(tmp_path: Path) -> Drawer:
    return Drawer(tmp_path / "31337")


def kept_secret(terms: Terms = LOCK) -> Secret:
    return Secret(terms.condition, terms.params, terms.expiry, SECRET, Money(Asset.DAI, 7))


def test_a_secret_is_kept_and_found_by_its_terms(drawer: Drawer, tmp_path: Path) -> None:
    assert drawer.secret(LOCK.triple) is None
    assert drawer.witness(AT, CHAIN_ID, LOCK.triple) is None
    drawer.keep_secret(kept_secret())
    assert drawer.secret(LOCK.triple) == kept_secret()
    assert drawer.witness(AT, CHAIN_ID, LOCK.triple) == SECRET
    path = tmp_path / "31337" / "secrets" / f"0x{keccak256(LOCK.params).hex()}.json"
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_secret_is_not_for_other_terms(drawer: Drawer) -> None:
    """The same hash, but to be decided later, or by another contract."""
    drawer.keep_secret(kept_secret())
    for other in (LOCK.triple._replace(expiry=EXPIRY + 1), LOCK.triple._replace(condition=AT.any_of)):
        with pytest.raises(OtherTerms):
            drawer.witness(AT, CHAIN_ID, other)


def test_a_secret_under_another_name_is_refused(drawer: Drawer, tmp_path: Path) -> None:
    drawer.keep_secret(kept_secret())
    (path,) = (tmp_path / "31337" / "secrets").iterdir()
    other = hash_lock_params(hash_of(b"\x01" * 32))
    path.rename(path.with_name(f"0x{keccak256(other).hex()}.json"))
    with pytest.raises(InvalidFile, match="not those of the file's name"):
        drawer.secret(Triple(AT.hash_lock, keccak256(other), EXPIRY))


def test_a_broken_file_is_not_a_missing_one(drawer: Drawer, tmp_path: Path) -> None:
    drawer.keep_secret(kept_secret())
    (path,) = (tmp_path / "31337" / "secrets").iterdir()
    path.write_text("{}")
    with pytest.raises(InvalidFile, match=r"secret\.\w+"):
        drawer.secret(LOCK.triple)


def test_the_witness_of_a_link_is_its_release(drawer: Drawer) -> None:
    terms = LINK.terms(CHAIN_ID)
    drawer.keep_secret(Secret(terms.condition, terms.params, terms.expiry, SECRET, None))
    release = Link(CHAIN_ID, AT.linked_payment, EXPIRY, SECRET).release()
    assert drawer.witness(AT, CHAIN_ID, terms.triple) == release
    assert len(release) == len(linked_witness(bytes(64)))


def test_the_witness_of_a_stream_is_its_best_voucher(drawer: Drawer) -> None:
    """Not the key, which its payer keeps."""
    triple = Triple(AT.stream, keccak256(STREAM), EXPIRY)
    drawer.keep_secret(Secret(AT.stream, STREAM, EXPIRY, b"\x08" * 32, Money(Asset.ETH, 100)))
    assert drawer.witness(AT, CHAIN_ID, triple) is None
    drawer.keep_voucher(VOUCHER)
    assert drawer.voucher(triple) == VOUCHER
    assert drawer.witness(AT, CHAIN_ID, triple) == stream_witness(7, VOUCHER.signature)
    with pytest.raises(OtherTerms):
        drawer.voucher(triple._replace(expiry=EXPIRY + 1))


def test_terms_are_used_once(drawer: Drawer) -> None:
    """Under whatever expiry; only where nothing was locked after all they are free again."""
    here, elsewhere = b"\x01" * 32, b"\x02" * 32
    drawer.check_unused(LOCK.params)
    drawer.mark_used(Locked(LOCK.condition, LOCK.params, LOCK.expiry, here))
    with pytest.raises(TermsUsed) as error:
        drawer.check_unused(LOCK.params)
    assert error.value.channel_id == here
    drawer.mark_unused(keccak256(LOCK.params), elsewhere)
    with pytest.raises(TermsUsed):
        drawer.check_unused(LOCK.params)
    drawer.mark_unused(keccak256(LOCK.params), here)
    drawer.check_unused(LOCK.params)
