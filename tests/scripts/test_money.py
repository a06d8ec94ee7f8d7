"""Money outside of channels: a node's reserve, and a payee's credit."""

from pathlib import Path

import pytest
from ape import networks

from tests.scripts.conftest import Pair, opened
from tests.scripts.running import ALICE, BOB, CAROL, LOCAL, Run

BURNS_GAS = "0x5b600056"
"""Code of an account that takes no ETH: it loops for ever."""


def reserve_of(run: Run, account: str) -> str:
    return run("reserve", "--account", account).succeeded().output.splitlines()[-1].split(": ")[1]


def test_a_node_gets_its_money_out(pair: Pair) -> None:
    """Out of the channel into the reserve, and from there into the wallet, or into a channel again."""
    if (before := reserve_of(pair.run, BOB)) != "nothing":
        pair.run("reserve", "--withdraw", before, "--account", BOB).succeeded()
    pair.alice("close", "--propose", "--out", pair.file("final.json")).succeeded()
    pair.bob("close", "--from", pair.file("final.json"), "--out", pair.file("done.json")).succeeded()
    assert reserve_of(pair.run, BOB) == "2 ETH"
    bob = ("--account", BOB)
    pair.run("reserve", "--withdraw", "3 ETH", *bob).failed("the contract would refuse it", "ReserveTooSmall")
    output = pair.run("reserve", "--withdraw", "0.5 ETH", "--to", CAROL, *bob).succeeded().output
    assert "send 0.5 ETH from the reserve of this account to 0x3C44" in output
    assert reserve_of(pair.run, BOB) == "1.5 ETH"

    store = str(pair.folder / "alice")
    new = ("open", "--with", BOB, "--deposit", "1 ETH", "--account", ALICE, "--store", store)
    channel = opened(pair.run(*new).succeeded().output)
    mine = ("deposit", channel, "1.5 ETH", "--from-reserve", "--first-time", *bob, "--store", str(pair.folder / "bob"))
    assert "move 1.5 ETH from the account's reserve to the node's side" in pair.run(*mine).succeeded().output
    assert "the node 1.5 ETH" in pair.run("channel", channel, "--store", store).succeeded().output
    assert reserve_of(pair.run, BOB) == "nothing"


def test_a_reserve_is_funded(run: Run) -> None:
    alice = ("--account", ALICE)
    run("reserve", "--fund", "1 ETH", "--withdraw", "1 ETH", *alice).failed("give one of --fund and --withdraw", code=2)
    run("reserve", "--fund", "5 DAI", *alice).failed("allow it with --approve")
    output = run("reserve", "--fund", "1 ETH", "--fund", "5 DAI", "--approve", *alice).succeeded().output
    assert "add 1 ETH and 5 DAI to the reserve of this account" in output
    assert output.endswith(": 1 ETH and 5 DAI\n")
    run("reserve", "--withdraw", "1 ETH", "--withdraw", "5 DAI", *alice).succeeded()
    assert reserve_of(run, ALICE) == "nothing"


def test_what_could_not_be_delivered_waits(run: Run, pair: Pair, local_url: str, workspace: Path) -> None:
    """Alice's account is a contract for a while, and takes no ETH."""
    alice = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    pair.alice("close", "--propose", "--out", pair.file("final.json")).succeeded()
    set_code(local_url, workspace, alice, BURNS_GAS)
    pair.bob("close", "--from", pair.file("final.json"), "--out", pair.file("done.json")).succeeded()
    set_code(local_url, workspace, alice, "0x")
    assert run("credit", "--account", ALICE).succeeded().output.endswith(": 3 ETH\n")
    run("credit", "--withdraw", "4 ETH", "--account", ALICE).failed("CreditTooSmall")
    output = run("credit", "--withdraw", "1 ETH", "--to", CAROL, "--account", ALICE).succeeded().output
    assert "send 1 ETH from the credit of this account to 0x3C44" in output
    output = run("credit", "--push", ALICE, "--account", CAROL).succeeded().output
    assert f"send {alice} its credit of 2 ETH" in output
    assert output.endswith(f"credit of {alice}: nothing\n")
    run("credit", "--push", ALICE, "--to", BOB, "--account", CAROL).failed("one of --withdraw and --push", code=2)


def set_code(url: str, workspace: Path, account: str, code: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        patch.setenv("APE_FOUNDRY_HOST", url)
        with networks.parse_network_choice(LOCAL) as provider:
            provider.make_request("anvil_setCode", [account, code])
