"""Alice, Bob's node and Charlie: a user each of two channels with the node, and what they hand each other."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ape import accounts
from ape_ethereum.provider import Web3Provider

from connext.chain.ape import ApeChain
from connext.chain.views import credit_at, reserve_at, wallet_at
from connext.deployments import manager_parameters, read
from connext.ledger import Holdings
from connext.types import parse_address
from tests.scripts.running import ALICE, BOB, CHARLIE, Ran, Run

ACCOUNTS = {"alice": ALICE, "bob": BOB, "charlie": CHARLIE}


class Held(NamedTuple):
    """What an account has on chain outside of channels."""

    wallet: Holdings
    reserve: Holdings
    credit: Holdings

    def minus(self, before: "Held") -> "Held":
        return Held(*(a.plus(-b.amount_wei, -b.amount_token) for a, b in zip(self, before, strict=True)))


def held_by(provider: Web3Provider, deployments: Path, account: str) -> Held:
    """account: `TEST::<number>`. deployments: where the records of the local chain are."""
    (path,) = deployments.glob(f"{provider.chain_id}-*/ChannelManager.json")
    record = read(path)
    token = manager_parameters(record).token
    chain, address = ApeChain(provider), parse_address(accounts.test_accounts[int(account[-1])].address)
    head = chain.head.number
    return Held(
        wallet_at(chain, token, address, head),
        reserve_at(chain, record.address, address, head),
        credit_at(chain, record.address, address, head),
    )


@dataclass(frozen=True)
class Trio:
    """first: the channel of Alice and Bob, second: that of Charlie and Bob. Bob is the node of both."""

    run: Run
    first: str
    second: str
    folder: Path
    holdings: Callable[[str], Held]

    def file(self, name: str) -> str:
        return str(self.folder / f"{name}.json")

    def store(self, name: str) -> str:
        return str(self.folder / name)

    def do(self, name: str, script: str, channel: str, *arguments: str, out: str = "", **settings: Any) -> Ran:
        """Somebody takes a step in a channel; out: the name of the file that is written."""
        who = ("--account", ACCOUNTS[name], "--store", self.store(name))
        writes = ("--out", self.file(out)) if out else ()
        return self.run(script, channel, *arguments, *who, *writes, **settings)

    def alone(self, name: str, script: str, *arguments: str, out: str = "") -> Ran:
        """What needs no channel and no account."""
        writes = ("--out", self.file(out)) if out else ()
        return self.run(script, *arguments, "--store", self.store(name), *writes)

    def reads(self, name: str, channel: str, source: str, *options: str, out: str = "", script: str = "update") -> Ran:
        """Somebody reads a file and answers with another."""
        return self.do(name, script, channel, "--from", self.file(source), *options, out=out).succeeded()

    def agree(self, name: str, channel: str, source: str, *options: str) -> None:
        """Whoever is the other side of a proposal countersigns it, and its proposer gets to know."""
        proposer = {"alice": "bob", "charlie": "bob"}.get(name) or ("alice" if channel == self.first else "charlie")
        if not list((self.folder / name).glob(f"*/{channel}.json")):
            options = (*options, "--first-time")
        self.reads(name, channel, source, *options, out=f"{source}-answer")
        self.reads(proposer, channel, f"{source}-answer", out=f"{source}-next")

    def lock(self, amount: str, terms: str) -> int:
        """Alice locks for Bob, who countersigns; the transfer's id."""
        self.do("alice", "lock", self.first, amount, "--terms", self.file(terms), out=f"{terms}-lock").succeeded()
        self.agree("bob", self.first, f"{terms}-lock")
        return self.transfer("alice", self.first)

    def forward(self, incoming: int, *options: str, name: str = "forward") -> int:
        """Bob locks for Charlie, who countersigns; the transfer's id."""
        source = ("--incoming", self.first, "--transfer", str(incoming))
        self.do("bob", "forward", self.second, *source, *options, out=name).succeeded()
        self.agree("charlie", self.second, name)
        return self.transfer("charlie", self.second)

    def stored(self, name: str, channel: str) -> Any:
        """The channel in a party's file."""
        (path,) = (self.folder / name).glob(f"*/{channel}.json")
        return json.loads(path.read_text())["channel"]

    def transfer(self, name: str, channel: str) -> int:
        """The last open transfer."""
        return int(self.stored(name, channel)["latest"]["message"]["transfers"][-1]["id"])

    def nets(self, name: str, channel: str) -> tuple[int, ...]:
        """Of the newest state: wei of the user and the node, the same of DAI; and nothing may be open."""
        message = self.stored(name, channel)["latest"]["message"]
        assert message["transfers"] == []
        return tuple(int(message[field]) for field in ("userWei", "nodeWei", "userToken", "nodeToken"))

    def portrait(self, name: str, channel: str) -> str:
        return self.run("channel", channel, "--store", self.store(name)).succeeded().output

    def held(self, name: str) -> Held:
        return self.holdings(ACCOUNTS[name])
