"""A party's files: what is written is read back, nothing half-written or tampered with is."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connext import errors, events
from connext.channel import Channel, new_channel
from connext.envelopes import KINDS, Envelope, Refusal, Reveal, envelope_from_json, envelope_to_json
from connext.messages import Domain
from connext.papers import read_message, write_message
from connext.party import Party, adopt, step
from connext.payments import Terms
from connext.rules import MAX_OWN_OFFERS
from connext.store import MAX_FILE_BYTES, InvalidFile, Store, StoreLocked, StoreNotLocked
from connext.transfers import Claim
from connext.types import InvalidValue
from tests.unit.pair import (
    ACCOUNTS,
    CHANNEL_ID,
    CONDITIONS,
    DEPLOYMENT,
    HOUR,
    IDENTITY,
    KEYS,
    NODE,
    NOW,
    POLICY,
    USER,
    Pair,
    disputed,
    forged,
    only,
    pay,
    state,
)
from tests.unit.route import (
    AB,
    BOB,
    CB,
    CHARLIE,
    EXPIRY,
    FULL,
    HALF,
    HOMES,
    PEOPLE,
    Route,
    film,
    invoice,
    lock,
    transfer,
    voucher,
)

DOMAIN = DEPLOYMENT.domain


def busy_channel() -> Channel:
    """A user's channel in which almost everything waits for something."""
    pair = Pair()
    pair.pay(USER, 5)
    pair.do(NODE, events.Withdraw(CHANNEL_ID, 1, 0, 0, 0, ACCOUNTS[USER], NOW + HOUR))
    pair.receive(USER)
    pair.do(USER, pay(5))
    pair.do(USER, forged(NODE, state(9, -6), 1))
    pair.confirm(disputed())
    pair.do(NODE, events.ProposeResume(CHANNEL_ID, NOW + HOUR))
    pair.receive(USER)
    pair.do(USER, events.ProposeResume(CHANNEL_ID, NOW + HOUR + 1))
    return pair.channel(USER)


def channel_with_transfers() -> Channel:
    """Bob's with Alice: a stream that comes in, proved to a half, and something of his own that is half-signed."""
    route = Route()
    terms = route.locked(terms=film())
    route.do(BOB, Reveal(CB, route.leg(CHARLIE, CB, terms).id, voucher(500)))
    route.do(BOB, lock(AB, 20, invoice()))
    assert [claim.share for claim in route.channel(BOB, AB).claims] == [HALF, 0]
    assert route.channel(BOB, AB).own_offers
    return route.channel(BOB, AB)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(DOMAIN, tmp_path)


@pytest.fixture
def saved(store: Store) -> Path:
    with store:
        store.save(busy_channel())
    return store.path(CHANNEL_ID)


def change(path: Path, keys: str, value: Any) -> None:
    """Change one field of the file, named by its path."""
    document = json.loads(path.read_text())
    *parents, last = keys.split(".")
    place = document
    for key in parents:
        place = place[int(key)] if key.isdigit() else place[key]
    place[last] = value
    path.write_text(json.dumps(document))


def why_unusable(store: Store, path: Path) -> InvalidFile:
    """The error of the one file that the store has."""
    assert store.load() == {}
    assert list(store.unusable) == [path]
    return store.unusable[path]


def test_the_busy_channel_is_busy() -> None:
    channel = busy_channel()
    for name in ("own_offers", "their_offer", "their_withdrawal", "own_resume", "their_resume"):
        assert getattr(channel, name), name


def test_what_is_saved_is_loaded(store: Store) -> None:
    channel = busy_channel()
    with store:
        store.save(channel)
        assert store.load() == {CHANNEL_ID: channel}
    assert Store(DOMAIN, store.folder.parent).load() == {CHANNEL_ID: channel}


def test_transfers_and_what_is_known_of_them_are_saved_and_loaded(store: Store) -> None:
    channel = channel_with_transfers()
    with store:
        store.save(channel)
    assert store.load() == {AB: channel}
    document = json.loads(store.path(AB).read_text())
    claim, _ = document["channel"]["claims"]
    assert claim["share"] == str(HALF)
    assert claim["witness"] == "0x" + voucher(500).hex()
    assert document["channel"]["latest"]["message"]["transfers"][0]["amount"] == "20"


def test_one_file_per_channel_in_the_folder_of_its_chain(store: Store, saved: Path, tmp_path: Path) -> None:
    assert saved == tmp_path / "1" / f"0x{CHANNEL_ID.hex()}.json"
    assert {path.name for path in store.folder.iterdir()} == {saved.name, "lock"}


def test_an_empty_store(store: Store) -> None:
    assert store.load() == {}


def test_channels_of_another_manager_are_left_alone(store: Store, saved: Path) -> None:
    other = Store(Domain(chain_id=1, verifying_contract=b"\x66" * 20), store.folder.parent)
    assert other.load() == {}
    assert saved.exists()


def test_amounts_are_decimal_strings_in_wei(saved: Path) -> None:
    document = json.loads(saved.read_text())
    assert document["channel"]["latest"]["message"]["userWei"] == "-5"
    assert document["channel"]["side"] == "user"
    assert document["channel"]["onChain"]["status"] == "disputed"


def test_a_restored_file_stays_marked(store: Store) -> None:
    pair = Pair()
    pair.do(USER, events.MarkRestored(CHANNEL_ID))
    with store:
        store.save(pair.channel(USER))
    assert store.load()[CHANNEL_ID].restored


def test_a_crash_while_writing_leaves_the_old_file(store: Store, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_text()

    def fail(_descriptor: int) -> None:
        raise OSError("the machine went down")

    monkeypatch.setattr(os, "fsync", fail)
    with store, pytest.raises(OSError, match="went down"):
        store.save(Pair().channel(USER))
    assert saved.read_text() == before
    assert list(store.load()) == [CHANNEL_ID]


def test_a_party_goes_on_from_its_files(store: Store) -> None:
    """Everything that was saved before a crash is enough to send again what was lost with it."""
    pair = Pair()
    with store:
        for output in pair.do(USER, pay(5)):
            if isinstance(output, events.Save):
                store.save(output.channel)
        pair.lose_mail()
        pair.parties[USER] = replace(pair.parties[USER], channels=store.load())
    pair.do(USER, events.Resend(CHANNEL_ID))
    pair.settle_mail()
    assert pair.agreed() == state(1, -5)


# --- One process at a time ---


def test_two_processes_do_not_hold_one_store(store: Store, tmp_path: Path) -> None:
    with store:
        code = (
            "import sys; from pathlib import Path; from connext.messages import Domain;"
            "from connext.store import Store, StoreLocked\n"
            "try:\n    Store(Domain(chain_id=1, verifying_contract=bytes(20)), Path(sys.argv[1])).__enter__()\n"
            "except StoreLocked as error:\n    sys.exit(str(error))"
        )
        run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
        assert run.returncode == 1
        assert "in use by another process" in run.stderr


def test_the_lock_is_free_again_afterwards(store: Store, tmp_path: Path) -> None:
    second = Store(DOMAIN, tmp_path)
    with store, pytest.raises(StoreLocked):
        second.__enter__()
    with second:
        second.save(Pair().channel(USER))


def test_nothing_is_saved_without_the_lock(store: Store) -> None:
    with pytest.raises(StoreNotLocked):
        store.save(Pair().channel(USER))
    with store:
        pass
    with pytest.raises(StoreNotLocked):
        store.save(Pair().channel(USER))


# --- Files that are not as they were written ---


@pytest.mark.parametrize(
    ("keys", "value", "where"),
    [
        ("format", "1", "format 2"),
        ("chainId", "5", "file.chainId"),
        ("channel.id", "0x" + "00" * 32, "file.channel.id"),
        ("channel.identity.salt", "1", "file.channel.id"),
        ("channel.side", "other", "file.channel.side: expected one of user, node"),
        ("channel.more", "1", "file.channel.more: expected no such field"),
        ("channel.highestNonce", 9, "file.channel.highestNonce"),
        ("channel.highestNonce", "1", "file.channel.highestNonce: expected at least 2, the nonce of ownOffers[0]"),
        ("channel.latest.message.userWei", "-4", "file.channel.latest.digest"),
        ("channel.latest.message.channelId", "0x" + "00" * 32, "file.channel.latest.channelId"),
        ("channel.latest.userSignature", None, "file.channel.latest.userSignature"),
        ("channel.latest.nodeSignature", "0x" + "01" * 64, "file.channel.latest.nodeSignature"),
        ("channel.ownOffers.0.state.nonce", "3", "file.channel.ownOffers[0].digest"),
        ("channel.ownOffers.0.signature", "0x" + "01" * 64, "file.channel.ownOffers[0].signature"),
        ("channel.theirOffer.signature", "0x" + "01" * 64, "file.channel.theirOffer.signature"),
        ("channel.theirWithdrawal.message.recipient", "0x" + "77" * 20, "file.channel.theirWithdrawal.digest"),
        ("channel.ownResume.userSignature", None, "file.channel.ownResume.userSignature"),
        ("channel.theirResume.nodeSignature", None, "file.channel.theirResume.nodeSignature"),
        ("channel.onChain.status", 2, "file.channel.onChain.status"),
        ("channel.restored", "no", "file.channel.restored"),
    ],
)
def test_a_changed_file_is_refused_with_the_field_that_is_wrong(
    store: Store, saved: Path, keys: str, value: object, where: str
) -> None:
    change(saved, keys, value)
    error = str(why_unusable(store, saved))
    assert error.startswith(f"{saved}: ")
    assert where in error


@pytest.mark.parametrize(
    ("keys", "value", "where"),
    [
        ("claims.0.params", "0x00", "file.channel.claims[0].paramsHash: expected the hash of the parameters"),
        ("claims.0.paramsHash", "0x" + "00" * 32, "file.channel.claims[0].paramsHash"),
        ("claims.0.expiry", "1", "file.channel.claims: expected one for transfer"),
        ("claims.0.condition", "0x" + "77" * 20, "file.channel.claims: expected one for transfer"),
        ("claims.0.share", str(FULL + 1), f"file.channel.claims[0].share: expected at most {FULL}"),
        ("claims.0.shown", str(FULL + 1), f"file.channel.claims[0].shown: expected at most {FULL}"),
        ("claims.0.witness", "0x0", "file.channel.claims[0].witness"),
        ("claims.0.more", "1", "file.channel.claims[0].more: expected no such field"),
        ("claims", [], "file.channel.claims: expected one for transfer"),
        ("latest.message.transfers.0.amount", "21", "file.channel.latest.digest"),
    ],
)
def test_claims_that_were_changed_are_refused(store: Store, keys: str, value: object, where: str) -> None:
    with store:
        store.save(channel_with_transfers())
    change(store.path(AB), f"channel.{keys}", value)
    assert where in str(why_unusable(store, store.path(AB)))


def test_two_claims_on_one_triple_are_refused(store: Store) -> None:
    channel = channel_with_transfers()
    with store:
        store.save(replace(channel, claims=(*channel.claims, replace(channel.claims[0], share=0))))
    assert "claims[2]: expected a triple that no other claim is on" in str(why_unusable(store, store.path(AB)))


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({}, HALF),
        ({"share": FULL}, 0),
        ({"share": 1}, 0),
        ({"witness": voucher(501)}, 0),
        ({"witness": b""}, 0),
        ({"witness": voucher(1000), "share": FULL}, FULL),
    ],
)
def test_a_witness_out_of_a_file_is_judged_again(changes: dict[str, Any], share: int) -> None:
    """Who paid on by a file's word alone could not record what comes in. Without a proof there is none."""
    channel = channel_with_transfers()
    claim, *others = channel.claims
    written = replace(channel, claims=(replace(claim, **changes), *others))
    party, refused = adopt(Party(DEPLOYMENT, POLICY, HOMES[BOB], PEOPLE[BOB], {}), {AB: written})
    assert refused == {}
    judged = party.channels[AB].claims[0]
    assert judged.share == share
    assert judged.witness == (b"" if not share else changes.get("witness", voucher(500)))


def test_outcomes_are_not_in_files() -> None:
    """After a start nothing is taken for decided before the chain was looked at."""
    party, _ = adopt(Party(DEPLOYMENT, POLICY, HOMES[BOB], PEOPLE[BOB], {}), {AB: channel_with_transfers()})
    assert set(party.outcomes) == party.triples
    assert not any(outcome.is_final(triple.expiry) for triple, outcome in party.outcomes.items())


def test_the_largest_file_that_a_counterparty_can_make_me_write_can_be_read(store: Store) -> None:
    """Transfers and half-signed states up to the limits, everything with the largest parameters and witness."""
    channel = channel_with_transfers()
    terms = [Terms(CONDITIONS.hash_lock, bytes((i, k)) * 2048, EXPIRY) for i in range(200) for k in range(2)]
    legs = [transfer(each, amount=10**18, id_=2**63 + i) for i, each in enumerate(terms)]
    full = [replace(channel.latest.message, transfers=tuple(half), nonce=2**47) for half in (legs[:200], legs[200:])]
    offers = [replace(channel.own_offers[0], state=full[0])] * MAX_OWN_OFFERS
    largest = replace(
        channel,
        latest=replace(channel.latest, message=full[0]),
        own_offers=tuple(offers),
        their_offer=replace(offers[0], state=full[1]),
        claims=tuple(Claim(*each.triple, each.params, bytes(4096), FULL, FULL) for each in terms),
    )
    with store:
        store.save(largest)
    assert store.path(AB).stat().st_size < MAX_FILE_BYTES / 2


def test_an_own_offer_below_the_newest_state_is_refused(store: Store) -> None:
    pair = Pair()
    pair.do(USER, pay(5))
    dead = pair.channel(USER).own_offers
    pair.do(USER, forged(NODE, state(2), 0))
    with store:
        store.save(replace(pair.channel(USER), own_offers=dead))
    error = why_unusable(store, store.path(CHANNEL_ID))
    assert "ownOffers[0].state.nonce: expected more than 2" in str(error)


def test_a_withdrawal_without_my_signature_is_refused(store: Store) -> None:
    pair = Pair()
    pair.do(USER, events.Withdraw(CHANNEL_ID, 1, 0, 0, 0, ACCOUNTS[USER], NOW + 60))
    with store:
        store.save(pair.channel(USER))
    change(store.path(CHANNEL_ID), "channel.withdrawals.0.userSignature", None)
    assert "withdrawals[0].userSignature" in str(why_unusable(store, store.path(CHANNEL_ID)))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": "1", "format": "1"}', "[" * 200_000],
    ids=["empty", "cut off", "a list", "null", "a field twice", "deep"],
)
def test_what_is_not_a_channels_file(store: Store, saved: Path, text: str) -> None:
    saved.write_text(text)
    assert why_unusable(store, saved)


def test_a_folder_in_the_place_of_a_file(store: Store, saved: Path) -> None:
    saved.unlink()
    saved.mkdir()
    assert "directory" in str(why_unusable(store, saved))


def test_one_broken_file_does_not_lock_the_others_out(store: Store, saved: Path) -> None:
    broken = saved.with_name(f"0x{'ab' * 32}.json")
    broken.write_text("{")
    assert list(store.load()) == [CHANNEL_ID]
    assert list(store.unusable) == [broken]
    broken.unlink()
    assert list(store.load()) == [CHANNEL_ID]
    assert store.unusable == {}


def test_a_broken_file_is_not_written_over(store: Store, saved: Path) -> None:
    """Its channel would begin anew, and what can be saved of it would be gone."""
    saved.write_text("{")
    store.load()
    with store, pytest.raises(InvalidFile, match="not valid JSON"):
        store.save(Pair().channel(USER))
    assert saved.read_text() == "{"


def test_a_planted_file_with_my_signer_and_a_thiefs_account(store: Store) -> None:
    planted = new_channel(DEPLOYMENT, replace(IDENTITY, user=b"\x66" * 20), USER, restored=False)
    with store:
        store.save(Pair().channel(USER))
        store.save(planted)
        party, refused = adopt(Party(DEPLOYMENT, POLICY, ACCOUNTS[USER], KEYS[USER], {}), store.load())
    assert list(party.channels) == [CHANNEL_ID]
    assert isinstance(refused[planted.id], errors.NotMyChannel)


def test_a_file_of_the_other_side_is_not_adopted() -> None:
    pair = Pair()
    party, refused = adopt(pair.parties[USER], pair.parties[NODE].channels)
    assert party.channels == {}
    assert isinstance(refused[CHANNEL_ID], errors.NotMyChannel)


def test_a_new_folder_is_on_the_disk_with_those_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    with Store(DOMAIN, tmp_path / "new"):
        assert synced == [folder.stat().st_ino for folder in (tmp_path, tmp_path / "new")]


def test_a_file_under_another_name_is_refused(store: Store, saved: Path) -> None:
    renamed = saved.rename(saved.with_name("0x1234.json"))
    assert "not the name of the file" in str(why_unusable(store, renamed))


# --- Envelopes as files ---


def envelopes() -> list[Envelope]:
    pair = Pair()
    pair.do(USER, pay(5))
    pair.do(USER, events.Withdraw(CHANNEL_ID, 1, 0, 0, 0, ACCOUNTS[USER], NOW + 60))
    found = list(pair.mail[NODE])
    pair.receive(NODE)
    found += [*pair.mail[USER], forged(USER, state(9), 0)]
    exit_ = only(pair.do(NODE, events.SignExit(CHANNEL_ID, NOW + 60)), events.HandOut).envelope
    pair.confirm(disputed())
    pair.do(NODE, events.ProposeResume(CHANNEL_ID, NOW + HOUR))
    reveal = Reveal(CHANNEL_ID, 7, b"any bytes")
    return [*found, exit_, pair.mail[USER][-1], forged(USER, state(9), 0, Refusal), reveal]


def test_every_kind_of_envelope_travels_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "envelope.json"
    kinds = set()
    for envelope in envelopes():
        write_message(path, envelope)
        assert read_message(path) == envelope
        assert envelope.channel_id == CHANNEL_ID
        kinds.add(json.loads(path.read_text())["kind"])
    assert kinds == set(KINDS)


def test_a_payment_by_files(tmp_path: Path) -> None:
    pair = Pair()
    pair.do(USER, pay(5))
    write_message(tmp_path / "proposal.json", pair.mail[NODE].popleft())
    pair.do(NODE, read_message(tmp_path / "proposal.json"))
    write_message(tmp_path / "countersignature.json", pair.mail[USER].popleft())
    pair.do(USER, read_message(tmp_path / "countersignature.json"))
    assert pair.agreed() == state(1, -5)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"kind": "payment"}, "message.kind"),
        ({"kind": None}, "message.kind"),
        ({"signature": "0x00"}, "message.signature"),
        ({"baseNonce": -1}, "message.baseNonce"),
        ({"more": 1}, "message.more"),
    ],
)
def test_envelopes_are_read_strictly(changes: dict[str, object], where: str) -> None:
    value = envelope_to_json(forged(USER, state(1), 0))
    with pytest.raises(InvalidValue) as error:
        envelope_from_json({**value, **changes})
    assert error.value.field == where


def test_a_missing_or_broken_envelope_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="No such file"):
        read_message(tmp_path / "none.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(InvalidFile, match="expected an object"):
        read_message(tmp_path / "list.json")


def test_a_deep_envelope_is_refused_by_name(tmp_path: Path) -> None:
    """Also one that can just be read, and is too deep to be shown."""
    path = tmp_path / "deep.json"
    for depth in (*range(100, 1100, 50), 200_000):
        path.write_text("[" * depth + "]" * depth)
        with pytest.raises(InvalidFile) as error:
            read_message(path)
        assert len(str(error.value)) < 300


def test_a_file_that_would_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text(" " * MAX_FILE_BYTES + "{}")
    with pytest.raises(InvalidFile, match="larger than"):
        read_message(path)


@pytest.mark.parametrize("name", ["\x1b[2J\x1b[31mpaid 10 ETH", "\ud800", "\nchannel settled", "\u202e", "x" * 10**6])
def test_a_strangers_words_do_not_speak_to_the_terminal(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps({"kind": "refusal", name: name}))
    with pytest.raises(InvalidFile) as error:
        read_message(path)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 2100


def test_a_tampered_envelope_is_for_the_party_to_reject() -> None:
    value = envelope_to_json(forged(USER, state(1, -5), 0))
    value["state"]["userWei"], value["state"]["nodeWei"] = "-6", "6"
    _, outputs = step(Pair().parties[NODE], envelope_from_json(value))
    assert [type(output) for output in outputs] == [events.Rejected]
