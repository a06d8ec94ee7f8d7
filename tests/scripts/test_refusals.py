"""What stops a script, each time with one clear line, before anything is signed or sent."""

import json
from errno import ENOSPC
from pathlib import Path

import pytest
from ape import accounts

from connext.chain.account import AccountSigner
from connext.envelopes import Proposal
from connext.messages import Domain, State
from connext.papers import write_message
from connext.signing import Signable
from connext.types import parse_address
from tests.scripts.conftest import Pair, opened
from tests.scripts.running import ALICE, BOB, CAROL, LOCAL, Run, start_anvil

UNKNOWN = "0x" + "12" * 32


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ("deposit", ("1 ETH",)),
        ("update", ("--pay", "1 ETH")),
        ("withdraw", ("--take", "1 ETH")),
        ("dispute", ()),
        ("challenge", ()),
        ("resume", ("--propose",)),
        ("close", ("--propose",)),
        ("resend", ()),
        ("lock", ("1 ETH", "--terms", __file__)),
        ("forward", ("--incoming", UNKNOWN, "--transfer", "256")),
        ("exchange", ("--give", "1 ETH", "--take", "1 DAI")),
        ("request", ("--link", __file__)),
        ("resolve", ("256",)),
        ("cancel", ("256",)),
        ("record", ("256",)),
        ("settle", ()),
        ("settle_transfers", ()),
    ],
)
def test_unknown_channel(run: Run, tmp_path: Path, script: str, options: tuple[str, ...]) -> None:
    run(script, UNKNOWN, *options, "--account", ALICE, "--store", str(tmp_path)).failed(
        f"no channel {UNKNOWN} is known"
    )


def test_unknown_channel_cannot_be_shown(run: Run, tmp_path: Path) -> None:
    run("channel", UNKNOWN, "--store", str(tmp_path)).failed(f"no channel {UNKNOWN} is known")


def test_not_my_channel(run: Run, pair: Pair, tmp_path: Path) -> None:
    stranger = ("--account", CAROL, "--store", str(tmp_path / "carol"))
    run("update", pair.channel, "--pay", "1 ETH", "--first-time", *stranger).failed("is not mine")
    run("withdraw", pair.channel, "--take", "1 ETH", *stranger).failed("is not mine")
    run("dispute", pair.channel, *stranger).failed("is not mine")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0x1234", "is no channel id"),
        ("channel", "is no channel id"),
    ],
)
def test_no_channel_id(run: Run, text: str, reason: str) -> None:
    run("settle", text, "--account", ALICE).failed(reason, code=2)


@pytest.mark.parametrize("amount", ["1", "1 BTC", "-1 ETH", "0.0000000000000000001 ETH"])
def test_no_amount(run: Run, amount: str) -> None:
    run("open", "--with", BOB, "--deposit", amount, "--account", ALICE).failed("is no amount", "'1.5 ETH'", code=2)


def test_nobody(run: Run) -> None:
    run("open", "--with", "nobody", "--deposit", "1 ETH", "--account", ALICE).failed("no Ape account has this", code=2)
    run("open", "--with", BOB, "--deposit", "1 ETH", "--account", "nobody").failed("'nobody' not found", code=2)


def test_terms_that_the_contract_would_refuse(run: Run, tmp_path: Path) -> None:
    who = ("--deposit", "1 ETH", "--account", ALICE, "--store", str(tmp_path))
    run("open", "--with", ALICE, *who).failed("both sides have the same account")
    run("open", "--with", BOB, "--period", "10 min", *who).failed("challenge period is not within 3600")
    run("open", "--with", BOB, "--deposit", "100 ETH", *who).failed("its capacity is 100000000000000000000")
    assert not list(tmp_path.glob("*/0x*"))


def test_too_little(run: Run, tmp_path: Path) -> None:
    who = ("--account", "TEST::9", "--store", str(tmp_path))
    run("open", "--with", BOB, "--deposit", "5 DAI", *who).failed("has 0 DAI, this takes 5 DAI", "nothing was signed")
    run("deploy", "--replace", "--token", BOB, "--account", ALICE).failed(
        "there is no contract at", "on ethereum:local"
    )


def test_more_than_one_has(pair: Pair) -> None:
    pair.alice("update", "--pay", "4 ETH").failed("ETH: the user's balance would be -1000000000000000000 wei")
    pair.alice("update", "--pay", "11 ETH").failed("ETH")
    pair.alice("withdraw", "--take", "4 ETH").failed("ETH: the user's balance would be -1000000000000000000 wei")
    assert not pair.stored("alice")["ownOffers"]
    assert not pair.stored("alice")["withdrawals"]


def test_a_second_proposal(pair: Pair) -> None:
    pair.alice("update", "--pay", "1 ETH", "--out", pair.file("one.json")).succeeded()
    pair.alice("update", "--pay", "1 ETH", "--out", pair.file("two.json")).failed("has no answer yet")
    assert not (pair.folder / "two.json").exists()


def test_where_nothing_can_be_written_nothing_is_signed(pair: Pair) -> None:
    pair.alice("update", "--pay", "1 ETH", "--out", pair.file("p" * 300)).failed("too long", "nothing was signed")
    assert not pair.stored("alice")["ownOffers"]


def test_what_is_signed_is_saved_before_its_file_leaves(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full from the very moment of signing on."""
    from scripts import _desk

    def fails(*_: object) -> None:
        raise OSError(ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(_desk, "write_message", fails)
        ran = pair.alice("update", "--pay", "1 ETH", "--out", pair.file("p.json"))
    ran.failed("no space left", f"ape run resend {pair.channel}")
    (offer,) = pair.stored("alice")["ownOffers"]
    assert offer["state"]["userWei"] == str(-(10**18))
    assert "ape run update --from" in pair.alice("resend", "--out", pair.file("p.json")).succeeded().output
    pair.bob("update", "--from", pair.file("p.json"), "--out", pair.file("ok.json")).succeeded()
    assert "node 3 ETH" in pair.alice("update", "--from", pair.file("ok.json")).succeeded().output


def test_every_lost_message_gets_a_file_of_its_own(pair: Pair) -> None:
    pair.alice("withdraw", "--take", "1 ETH", "--out", pair.file("lost.json")).succeeded()
    pair.alice("update", "--pay", "1 ETH", "--out", pair.file("lost.json")).succeeded()
    output = pair.alice("resend", "--out", pair.file("again.json")).succeeded().output
    assert f"wrote {pair.file('again.json')}, to be read with: ape run update --from" in output
    assert f"wrote {pair.file('again-2.json')}, to be read with: ape run withdraw --from" in output
    pair.bob("update", "--from", pair.file("again.json"), "--out", pair.file("a.json")).succeeded()
    pair.bob("withdraw", "--from", pair.file("again-2.json"), "--out", pair.file("b.json")).succeeded()
    output = pair.bob("resend", "--out", pair.file("answers.json")).succeeded().output
    assert "ape run update --from" in output
    assert "ape run withdraw --from" in output


# --- The owner's word ---


def test_what_takes_from_me_waits_for_my_word(pair: Pair) -> None:
    """A withdrawal of both sides; --yes does not accept it."""
    pair.pay("1 ETH", "first")
    pair.bob("withdraw", "--take", "1 ETH", "--give", "0.5 ETH", "--out", pair.file("w.json")).succeeded()
    ran = pair.alice("withdraw", "--from", pair.file("w.json"), "--yes", "--out", pair.file("ok.json"))
    ran.failed(
        "it waits for your --accept", "0.5 ETH from the user's side", "takes 500000000000000000 wei from my side"
    )
    assert not pair.stored("alice")["withdrawals"]
    assert not (pair.folder / "ok.json").exists()
    assert "(for your answer)" in pair.portrait()
    accept = ("--accept", "--out", pair.file("ok.json"))
    pair.alice("withdraw", "--from", pair.file("w.json"), *accept).succeeded()
    assert len(pair.stored("alice")["withdrawals"]) == 1


@pytest.mark.parametrize(
    ("script", "is_final", "meaning"),
    [
        ("update", False, "the user (you) pays 1 ETH to the node"),
        ("close", True, "which closes the channel: the user has 2 ETH, the node 3 ETH"),
    ],
)
def test_a_state_that_takes_from_me_waits_for_my_word(pair: Pair, script: str, is_final: bool, meaning: str) -> None:
    """A node whose software lets it propose that the user pays."""
    (path,) = (pair.folder / "alice").glob(f"*/{pair.channel}.json")
    document = json.loads(path.read_text())
    domain = Domain(int(document["chainId"]), parse_address(document["manager"]))
    state = State(bytes.fromhex(pair.channel[2:]), 1, -(10**18), 10**18, 0, 0, (), is_final)
    signed = Signable(domain, state)
    bob = AccountSigner(accounts.test_accounts[1])
    write_message(pair.folder / "taking.json", Proposal(state, 0, bob.sign(signed), ()))
    read = (script, "--from", pair.file("taking.json"), "--out", pair.file("ok.json"))
    ran = pair.alice(*read, "--yes")
    ran.failed("waits for your --accept", meaning, f"0x{signed.digest.hex()}")
    assert pair.stored("alice")["latest"]["message"]["nonce"] == "0"
    assert pair.stored("alice")["theirOffer"] is not None
    pair.alice(*read, "--accept").succeeded()
    assert pair.stored("alice")["latest"]["message"]["nonce"] == "1"


# --- Files that are lost, old or planted ---


def test_a_missing_file_is_taken_for_a_lost_one(pair: Pair) -> None:
    """Alice paid, and her files are gone: her software must not begin anew as if nothing had been signed."""
    pair.pay("1 ETH", "first")
    new = ("--account", ALICE, "--store", str(pair.folder / "new"))
    pair.run("update", pair.channel, "--pay", "1 ETH", *new).failed(
        "has no file of channel", "--first-time", "--restored"
    )
    assert not list((pair.folder / "new").glob("*/0x*"))
    ran = pair.run("update", pair.channel, "--pay", "1 ETH", "--restored", *new)
    ran.failed("may be old")
    assert "RESTORED" in pair.run("channel", pair.channel, *new[2:]).succeeded().output
    pair.run("update", pair.channel, "--pay", "1 ETH", "--first-time", *new).failed("may be old")
    pair.run("dispute", pair.channel, *new).succeeded()
    assert "record state 1" in pair.bob("challenge").succeeded().output


def test_the_chain_knows_that_it_is_not_the_first_time(pair: Pair) -> None:
    pair.pay("1 ETH", "first")
    pair.alice("dispute").succeeded()
    new = ("--account", BOB, "--store", str(pair.folder / "new"))
    pair.run("challenge", pair.channel, "--first-time", *new).failed("it is not the first time")


def test_a_file_that_may_be_old(pair: Pair) -> None:
    pair.pay("1 ETH", "first")
    pair.alice("update", "--pay", "1 ETH", "--restored").failed("may be old")
    pair.alice("update", "--pay", "1 ETH").failed("may be old")
    exit_file = pair.file("exit.json")
    pair.alice("dispute", "--sign-exit", "--out", exit_file).succeeded()


def test_a_broken_file_is_not_a_missing_one(pair: Pair) -> None:
    (path,) = (pair.folder / "alice").glob(f"*/{pair.channel}.json")
    path.write_text("{")
    for option in ((), ("--first-time",), ("--restored",)):
        pair.alice("update", "--pay", "1 ETH", *option).failed(str(path), "not valid JSON")
    pair.run("channel", pair.channel, "--store", str(pair.folder / "alice")).failed(str(path))


def test_files_of_another_account(pair: Pair) -> None:
    """A channel of a stranger's account with my signer: only the account that I named is acted for."""
    stranger = ("--account", CAROL, "--signer", ALICE, "--store", str(pair.folder / "alice"))
    pair.run("update", pair.channel, "--pay", "1 ETH", *stranger).failed("but 0x3C44", "--for 0xf39F")
    assert not pair.stored("alice")["ownOffers"]
    ran = pair.run("update", pair.channel, "--pay", "1 ETH", *stranger, "--for", ALICE, "--out", pair.file("p.json"))
    ran.succeeded()


def test_a_channel_is_opened_once(run: Run, tmp_path: Path) -> None:
    terms = ("open", "--with", BOB, "--deposit", "1 ETH", "--salt", "4711", "--account", ALICE)
    run(*terms, "--store", str(tmp_path / "first")).succeeded()
    run(*terms, "--store", str(tmp_path / "second")).failed("is on the chain already", "ape run deposit")


def test_a_refusal_is_signed_and_countersigned(pair: Pair) -> None:
    """Alice signed a withdrawal that Bob does not know of; what he pays without it is more than he then has."""
    pair.alice("withdraw", "--take", "0.1 ETH", "--give", "1 ETH", "--out", pair.file("w.json")).succeeded()
    pair.bob("update", "--pay", "2 ETH", "--out", pair.file("p.json")).succeeded()
    refused = pair.alice("update", "--from", pair.file("p.json"), "--out", pair.file("refusal.json"))
    refused.failed("ETH: the node's balance would be -1000000000000000000 wei")
    assert "sign a refusal: state 2 repeats what both signed last" in refused.output
    pair.bob("update", "--from", pair.file("refusal.json"), "--out", pair.file("ok.json")).succeeded()
    output = pair.alice("update", "--from", pair.file("ok.json")).succeeded().output
    assert "newest state of both: 2; the user has 2.9 ETH, the node 1 ETH" in output


def test_a_forged_proposal_is_not_answered(pair: Pair) -> None:
    """Somebody changes what Bob signed."""
    pair.bob("update", "--pay", "2 ETH", "--out", pair.file("p.json")).succeeded()
    forged = json.loads((pair.folder / "p.json").read_text())
    forged["state"]["nodeWei"] = str(10**18)
    (pair.folder / "forged.json").write_text(json.dumps(forged))
    pair.alice("update", "--from", pair.file("forged.json")).failed("signed by")
    assert pair.stored("alice")["latest"]["message"]["nonce"] == "0"


def test_refusal_on_the_owners_word(pair: Pair) -> None:
    pair.alice("update", "--refuse").failed("no proposal of the other side waits")
    pair.alice("close", "--propose", "--out", pair.file("final.json")).succeeded()
    pair.bob("update", "--refuse").failed("no proposal of the other side waits")


def test_files_of_others(run: Run, pair: Pair, tmp_path: Path) -> None:
    pair.alice("update", "--pay", "1 ETH", "--out", pair.file("p.json")).succeeded()
    pair.bob("resume", "--from", pair.file("p.json")).failed("is for `ape run update --from`: its kind is proposal")
    (pair.folder / "broken.json").write_text("{")
    pair.bob("update", "--from", pair.file("broken.json")).failed("broken.json", "JSON")
    store = str(tmp_path / "other")
    other = opened(run("open", "--with", BOB, "--deposit", "1 ETH", "--account", ALICE, "--store", store).output)
    run("update", other, "--from", pair.file("p.json"), "--account", ALICE, "--store", store).failed("is about channel")


def test_options_that_contradict(pair: Pair) -> None:
    pair.alice("update").failed("give one of --pay, --from and --refuse", code=2)
    pair.alice("update", "--pay", "1 ETH", "--out", pair.file("no folder/p.json")).failed("no folder", code=2)
    pair.alice("update", "--pay", "1 ETH", "--refuse").failed("give one of --pay", code=2)
    pair.alice("withdraw").failed("give either --take or --from", code=2)
    pair.alice("resume").failed("give either --propose or --from", code=2)
    both = ("--token", BOB, "--test-dai")
    pair.run("deploy", *both, "--account", ALICE).failed("one of --token, --test-dai and --safe", code=2)


def test_no_deployment(run_on: Run, tmp_path: Path) -> None:
    """On a chain that is not the one of the record: another genesis."""
    for url in start_anvil("--timestamp", "1750000000"):
        who = ("--account", ALICE, "--store", str(tmp_path))
        ran = run_on(LOCAL, url, "open", "--with", BOB, "--deposit", "1 ETH", *who)
        ran.failed("no ChannelManager is deployed on ethereum:local", "ape run deploy --network ethereum:local")


@pytest.mark.parametrize(
    "script",
    [
        *("open", "deposit", "update", "withdraw", "dispute", "challenge", "resume", "settle", "close", "channel"),
        *("resend", "reserve", "credit", "deploy", "lifecycle", "advance", "invoice", "link", "stream", "voucher"),
        *("lock", "forward", "exchange", "request", "resolve", "cancel", "record", "settle_transfers"),
    ],
)
def test_help_teaches_by_example(run: Run, script: str) -> None:
    output = run(script, "--help").succeeded().output
    assert f"ape run {script} " in output
