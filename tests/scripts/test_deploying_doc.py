"""docs/deploying.md says what the scripts take, and what the snapshot says."""

import json
import re
import shlex
from pathlib import Path

import pytest
from ape_run._cli import cli

CHECKOUT = Path(__file__).resolve().parents[2]
TEXT = (CHECKOUT / "docs" / "deploying.md").read_text()
COMMANDS = [shlex.split(line) for line in re.findall(r"^ape run (.+)$", TEXT, re.MULTILINE)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_exists(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    script = cli.get_command(None, command[0])
    known = {option for parameter in script.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in command if word.startswith("--")} <= known | {"--network"}  # which Ape adds


def test_costs_are_those_of_the_snapshot() -> None:
    deployment = json.loads((CHECKOUT / "snapshots" / "gas.json").read_text())["deployment"]
    for name, gas in [*deployment.items(), ("all", sum(deployment.values()))]:
        number = f"{gas:,}".replace(",", " ")
        row = f"| {name} | {number} | {gas / 1e9:.6f} ETH | {gas / 1e8:.6f} ETH | {gas / 1e11:.8f} ETH |"
        assert row in TEXT


def test_every_network_with_parameters_is_named() -> None:
    names = {"ethereum-mainnet": "Ethereum mainnet", "ethereum-sepolia": "Sepolia"}
    for path in (CHECKOUT / "deployments" / "config").glob("*.yaml"):
        assert names.get(path.stem, path.stem.removesuffix("-mainnet").capitalize()) in TEXT
