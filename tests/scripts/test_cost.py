"""`ape run cost`: prices as people write them, tables and JSON with the committed figures of gas."""

import json
import sys
from pathlib import Path

import pytest

from scripts import cost
from tests.scripts.running import Ran, invoke

PRICES = ("--gas-price", "20 gwei", "--eth-price", "3000 USD")


@pytest.fixture(autouse=True)
def in_the_checkout(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)


@pytest.fixture(autouse=True)
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Round ones, in the place of the measured."""
    gas = {name: {"eth": 50_000, "dai": 60_000} for name in cost.costs.OPERATIONS}
    gas |= {"plain transfer": {"eth": 20_000, "dai": 30_000}, "approval of the token": {"eth": 0, "dai": 40_000}}
    path = tmp_path / "gas.json"
    path.write_text(json.dumps({"deployment": {"manager": 4_000_000}, **gas}))
    monkeypatch.setattr(cost, "SNAPSHOT", path)
    monkeypatch.setattr("ape_run._cli.ScriptCommand._get_command", lambda *_: cost.cli)
    return path


def run(*arguments: str) -> Ran:
    return invoke(["cost", *arguments])


def test_every_operation_and_life() -> None:
    output = run(*PRICES, "--payments", "100").succeeded().output.splitlines()
    assert output[0] == "a channel in ETH, at 20 gwei for a unit of gas and 3000 USD for 1 ETH"
    assert [line.split() for line in output if line.startswith(("plain transfer", "first deposit"))] == [
        ["plain", "transfer", "20,000", "0.000400000", "1.20"],
        ["first", "deposit", "50,000", "0.001000000", "3.00"],
    ]
    (both,) = [line for line in output if line.startswith("both put in, both close")]
    assert both.split()[5:] == ["3", "150,000", "0.003000000", "9.00", "1,500", "8", "payments"]
    assert output[-1].split()[4:] == ["100", "2,000,000", "0.040000000", "120.00", "20,000"]


def test_a_channel_in_tokens_begins_with_an_approval() -> None:
    output = run(*PRICES, "--asset", "dai").succeeded().output
    assert "approval of the token" in output
    (both,) = [line for line in output.splitlines() if line.startswith("both put in, both close")]
    assert both.split()[5:7] == ["4", "220,000"]
    assert "approval" not in run(*PRICES).output


def test_json_has_the_same() -> None:
    document = json.loads(run(*PRICES, "--payments", "100", "--json").succeeded().output)
    assert document["operations"]["top-up"] == {"gas": 50_000, "wei": "1000000000000000", "usd": "3"}
    assert document["lives"]["both put in, both close"] == {
        "transactions": 3,
        "gas": 150_000,
        "wei": "3000000000000000",
        "usd": "9",
        "forEachPayment": {"gas": 1_500, "wei": "30000000000000", "usd": "0.09"},
        "cheaperFromPayments": 8,
    }
    assert document["plainTransfers"] == {"payments": 100, "gas": 2_000_000, "wei": "40000000000000000", "usd": "120"}


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--eth-price", "3000 USD"), ("--gas-price", "Write it like '20 gwei'")),
        (("--gas-price", "20 gwei"), ("--eth-price", "Write it like '3000 USD'")),
        ((*PRICES, "--gas-price", "20"), ("'20' is no price of gas", "'20 gwei'")),
        ((*PRICES, "--gas-price", "-1 gwei"), ("'-1 gwei' is no price of gas",)),
        ((*PRICES, "--gas-price", "1.0000000001 gwei"), ("at most 9 decimals",)),
        ((*PRICES, "--eth-price", "3000"), ("'3000' is no price of 1 ETH", "'3000 USD'")),
        ((*PRICES, "--eth-price", "nan USD"), ("'nan USD' is no price of 1 ETH",)),
        ((*PRICES, "--payments", "0"), ("--payments", "x>=1")),
        ((*PRICES, "--asset", "BTC"), ("--asset", "'BTC'", "'ETH', 'DAI'")),
    ],
)
def test_what_is_no_price(arguments: tuple[str, ...], parts: tuple[str, ...]) -> None:
    run(*arguments).failed(*parts, code=2)


@pytest.mark.parametrize("content", ["{", None])
def test_no_figures(figures: Path, content: str | None) -> None:
    figures.unlink() if content is None else figures.write_text(content)
    run(*PRICES).failed("no figures of gas in", str(figures), "`make gas` measures them")


def test_the_committed_figures_are_found(monkeypatch: pytest.MonkeyPatch, workspace: Path) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(workspace)
    monkeypatch.delitem(sys.modules, "scripts.cost")  # Ape runs the file
    assert "21,000  0.000420000" in run(*PRICES).succeeded().output


def test_help_teaches_by_example() -> None:
    output = run("--help").succeeded().output
    assert 'ape run cost --gas-price "20 gwei" --eth-price "3000 USD"' in output
    assert "does not depend on the prices" in " ".join(output.split())
