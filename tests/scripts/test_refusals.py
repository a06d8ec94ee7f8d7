"""What stops a script, each time with one clear line, before anything is signed or sent."""

import json
from pathlib import Path

import pytest

from tests.scripts.conftest import ALICE, BOB, CAROL, LOCAL, Pair, Run, opened, start_anvil

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
        ("settle", ()),
    ],
)
def test_unknown_channel(run: Run, tmp_path: Path, script: str, options: tuple[str, ...]) -> None:
    store = () if script == "settle" else ("--store", str(tmp_path))
    run(script, UNKNOWN, *options, "--account", ALICE, *store).failed(f"no channel {UNKNOWN} is known")


def test_unknown_channel_cannot_be_shown(run: Run, tmp_path: Path) -> None:
    run("channel", UNKNOWN, "--store", str(tmp_path)).failed(f"no channel {UNKNOWN} is known")


def test_not_my_channel(run: Run, pair: Pair, tmp_path: Path) -> None:
    stranger = ("--account", CAROL, "--store", str(tmp_path / "carol"))
    run("update", pair.channel, "--pay", "1 ETH", *stranger).failed("is not mine")
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
    run("deploy", "--token", BOB, "--account", ALICE).failed("there is no contract at", "on ethereum:local")


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


def test_what_is_signed_is_saved_before_its_file_leaves(pair: Pair) -> None:
    with pytest.raises(OSError, match="too long"):
        pair.alice("update", "--pay", "1 ETH", "--out", pair.file("p" * 300))
    (offer,) = pair.stored("alice")["ownOffers"]
    assert offer["state"]["userWei"] == str(-(10**18))


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
    pair.bob("resume", "--from", pair.file("p.json")).failed("holds a Proposal: that is for `ape run update`")
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
    pair.run("deploy", "--token", BOB, "--test-dai", "--account", ALICE).failed("one of --token and --test-dai", code=2)
    pair.run("deploy", "--account", ALICE).failed("which token, on ethereum:local?")


def test_no_deployment(run_on: Run, tmp_path: Path) -> None:
    """On a chain that is not the one of the record: another genesis."""
    for url in start_anvil("--timestamp", "1750000000"):
        who = ("--account", ALICE, "--store", str(tmp_path))
        ran = run_on(LOCAL, url, "open", "--with", BOB, "--deposit", "1 ETH", *who)
        ran.failed("no ChannelManager is deployed on ethereum:local", "ape run deploy --network ethereum:local")


@pytest.mark.parametrize(
    "script", ["open", "deposit", "update", "withdraw", "dispute", "challenge", "resume", "settle", "close", "channel"]
)
def test_help_teaches_by_example(run: Run, script: str) -> None:
    output = run(script, "--help").succeeded().output
    assert f"ape run {script} " in output
