"""docs/deploying.md says what the snapshot says, and which networks there are."""

import json
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TEXT = (CHECKOUT / "docs" / "deploying.md").read_text()


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
