"""Channels taken through their lives with the scripts alone."""

from pathlib import Path
from shutil import copytree

import pytest

from scripts._payer import Payer
from tests.scripts.conftest import Pair, opened
from tests.scripts.running import ALICE, BOB, CAROL, Run


def test_open_with_dai(run: Run, tmp_path: Path) -> None:
    terms = ("open", "--with", BOB, "--deposit", "0.5 ETH", "--deposit", "20 DAI", "--period", "2 h", "--salt", "99")
    who = ("--account", ALICE, "--store", str(tmp_path))
    run(*terms, *who).failed("the manager may take 0 DAI", "the deposit takes 20 DAI", "--approve")
    output = run(*terms, "--approve", *who).succeeded().output
    assert "let the manager take 20 DAI from this account" in output
    assert "open the channel and deposit 0.5 ETH and 20 DAI for the user's side" in output
    portrait = run("channel", opened(output), "--store", str(tmp_path)).succeeded().output
    assert "challenge period 2 h, salt 99" in portrait
    assert "the user has 0.5 ETH and 20 DAI, the node nothing" in portrait
    assert "you are the user" in portrait


def test_open_takes_the_next_free_salt(run: Run, pair: Pair) -> None:
    store = str(pair.folder / "alice")
    output = run("open", "--with", BOB, "--deposit", "1 wei ETH", "--account", ALICE, "--store", store).output
    assert "is no amount" in output
    output = run("open", "--with", BOB, "--deposit", "1 ETH", "--account", ALICE, "--store", store).succeeded().output
    assert opened(output) != pair.channel


def test_open_as_node(run: Run, tmp_path: Path) -> None:
    who = ("--account", ALICE, "--store", str(tmp_path))
    output = run("open", "--as", "node", "--with", BOB, "--deposit", "1 ETH", *who).succeeded().output
    portrait = run("channel", opened(output), "--store", str(tmp_path)).succeeded().output
    assert "the user has nothing, the node 1 ETH" in portrait
    assert "you are the node" in portrait


def test_payments_and_close(pair: Pair) -> None:
    pair.pay("0.25 ETH", "first")
    pair.bob("update", "--pay", "1 ETH", "--out", pair.file("back.json")).succeeded()
    pair.alice("update", "--from", pair.file("back.json"), "--out", pair.file("ok.json")).succeeded()
    output = pair.bob("update", "--from", pair.file("ok.json")).succeeded().output
    assert "newest state of both: 2; the user has 3.75 ETH, the node 1.25 ETH" in output

    pair.alice("close", "--propose", "--out", pair.file("final.json")).succeeded()
    pair.bob("update", "--from", pair.file("final.json")).failed("ape run close")
    output = pair.bob("close", "--from", pair.file("final.json"), "--out", pair.file("done.json")).succeeded().output
    assert "which closes the channel: the user has 3.75 ETH, the node 1.25 ETH" in output
    assert "pay out the final state" in output
    assert "the user has 3.75 ETH, the node 1.25 ETH" in pair.portrait()
    pair.alice("update", "--pay", "1 ETH").failed("settled for ever")


def test_close_that_was_interrupted(pair: Pair) -> None:
    pair.alice("close").failed("no final state of both")
    pair.alice("close", "--propose", "--out", pair.file("final.json")).succeeded()
    pair.alice("update", "--pay", "1 ETH").failed("carries my signature")
    pair.bob("withdraw", "--from", pair.file("final.json")).failed("ape run close")
    pair.bob("close", "--from", pair.file("final.json"), "--out", pair.file("done.json")).succeeded()
    pair.alice("close", "--from", pair.file("done.json")).succeeded()
    assert "settled with state" in pair.portrait()


def test_withdrawal(pair: Pair) -> None:
    take = ("--take", "0.5 ETH", "--give", "0.1 ETH", "--to", CAROL)
    output = pair.alice("withdraw", *take, "--out", pair.file("w.json")).succeeded().output
    assert "0.5 ETH from the user's side to 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC" in output
    pair.alice("withdraw", "--take", "0.1 ETH").failed("one at a time")
    pair.bob("withdraw", "--from", pair.file("w.json"), "--accept", "--out", pair.file("ok.json")).succeeded()
    output = pair.alice("withdraw", "--from", pair.file("ok.json")).succeeded().output
    assert "execute withdrawal 0" in output
    assert "the user has 2.5 ETH, the node 1.9 ETH" in pair.portrait()


def test_vanished_side(pair: Pair) -> None:
    pair.pay("1 ETH", "only")
    output = pair.alice("dispute").succeeded().output
    assert "start a dispute with state 1; it can be settled after the challenge period of 1 d" in output
    assert "in dispute 1, newer states are taken until" in pair.portrait()
    assert "UTC (in 1 d)" in pair.portrait()
    pair.run("settle", pair.channel, "--account", CAROL).failed("the challenge period runs until", "UTC (in ")
    pair.run("advance", "1 d").succeeded()
    assert "next: ape run settle" in pair.portrait()
    output = pair.run("settle", pair.channel, "--account", CAROL).succeeded().output
    assert "pay out state 1" in output
    assert "the user got 2 ETH" in output
    assert "the node got 3 ETH, in its reserve" in output
    pair.run("settle", pair.channel, "--account", CAROL).failed("is settled")


def test_stale_exit_is_answered_by_somebody_with_a_copy(pair: Pair) -> None:
    pair.alice("update", "--pay", "1 ETH", "--out", pair.file("p.json")).succeeded()
    pair.bob("update", "--from", pair.file("p.json"), "--out", pair.file("a.json")).succeeded()
    pair.bob("challenge").failed("no dispute runs")
    pair.alice("dispute").succeeded()  # she has not read the answer: with state 0
    copy = ("--store", str(pair.folder / "bob"), "--account", CAROL, "--for", BOB)
    assert "your state 1 is newer than 0" in pair.run("channel", pair.channel, *copy[:2]).succeeded().output
    output = pair.run("challenge", pair.channel, *copy).succeeded().output
    assert "record state 1; the chain has 0" in output
    pair.run("challenge", pair.channel, *copy).failed("not above the recorded 1")
    pair.run("close", pair.channel, "--propose", *copy).failed("TEST::2 cannot sign", "--signer")


def test_another_dispute_comes_first(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bob starts one on a stale state while Alice looks at her plan: her transaction records her newer state in it."""
    copytree(pair.folder / "bob", pair.folder / "stale")
    pair.pay("1 ETH", "only")
    stale = ("--account", BOB, "--store", str(pair.folder / "stale"))
    agree = Payer.agree

    def agrees_slowly(payer: Payer, lines: list[str]) -> bool:
        monkeypatch.setattr(Payer, "agree", agree)
        pair.run("dispute", pair.channel, *stale).succeeded()
        return agree(payer, lines)

    monkeypatch.setattr(Payer, "agree", agrees_slowly)
    assert "another's start came first" in pair.alice("dispute").succeeded().output
    assert "recorded  state 1; 0 withdrawals, 1 disputes" in pair.portrait()


def test_resume(pair: Pair) -> None:
    pair.alice("resume", "--propose").failed("dispute 0 does not run")
    pair.alice("dispute").succeeded()
    pair.alice("update", "--pay", "1 ETH").failed("a dispute runs")
    pair.alice("deposit", "1 ETH").failed("needs an open one")
    pair.alice("resume", "--propose", "--out", pair.file("r.json")).succeeded()
    output = pair.bob("resume", "--from", pair.file("r.json"), "--out", pair.file("ok.json")).succeeded().output
    assert "countersign the end of dispute 1" in output
    assert "end dispute 1" in pair.alice("resume", "--from", pair.file("ok.json")).succeeded().output
    pair.pay("1 ETH", "after")
    assert "1 disputes so far" in pair.portrait()


def test_exit_for_somebody_else(pair: Pair) -> None:
    pair.pay("1 ETH", "only")
    pair.alice("dispute", "--sign-exit", "--out", pair.file("exit.json")).succeeded()
    pair.alice("update", "--from", pair.file("exit.json")).failed("ape run dispute")
    carol = ("--account", CAROL, "--store", str(pair.folder / "alice"))
    output = pair.run("dispute", pair.channel, "--exit", pair.file("exit.json"), *carol).succeeded().output
    assert "start dispute 1 for the signer of" in output
    assert "recorded  state 1" in pair.portrait()
