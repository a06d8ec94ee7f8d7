"""What `status` does: reads the events, makes the report, compares it with the contract's views, shows it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from ape.api import ProviderAPI
from rich.console import Console
from rich.progress import Progress

from connext.abi import Log, manager_abi
from connext.chain.views import channel_at, credit_at, reserve_at, wallet_at
from connext.deployments import Parameters, manager_parameters
from connext.display import format_amounts, format_deadline, format_duration, format_time
from connext.errors import ConnextError, readable
from connext.history import History
from connext.ledger import Holdings, Ledger, empty_ledger, fold
from connext.solvency import Dispute, Report, overdrawn, report
from connext.types import Address, Bytes32, Status, amounts_of, checksum
from scripts._connection import Connection, endpoint_of

FOLDER = Path(".build") / "history"
STALE_SECONDS = 15 * 60
"""Age of the newest block of a live network, above which its endpoint seems to have stopped."""


@dataclass(eq=False)
class RecordDiffers(ConnextError):
    """Events before the recorded block would be out of sight, and another token would be counted."""

    text = "the record of the ChannelManager on {network} is not what is on the chain: {difference}; see ape run verify"
    network: str
    difference: str


@dataclass(eq=False)
class EventsMissing(ConnextError):
    text = "the endpoint does not give all events of the manager {manager}: those of {what} do not add up; use another"
    manager: str
    what: str


class Lookout:
    """margin: seconds; views: whether to ask about everything, not only about disputes."""

    def __init__(self, provider: ProviderAPI, *, as_json: bool, views: bool, margin: int) -> None:
        self._connection = Connection(provider)
        self._node = endpoint_of(provider)
        self._as_json = as_json
        self._views = views
        self._margin = margin
        manager, network = self._connection.manager, self._connection.network
        path = FOLDER / f"{network.chain_id}-0x{network.genesis_hash.hex()}-{checksum(manager)}.jsonl"
        self._history = History(self, manager, self._connection.first_block, path)
        self._require_true_record()

    def watch(self, seconds: int | None) -> bool:
        """Look once, or until something is wrong; whether all is well."""
        while self._look():
            if seconds is None:
                return True
            time.sleep(seconds)
        return False

    def _require_true_record(self) -> None:
        """Raises RecordDiffers."""
        network, manager, record = self._connection.network, self._connection.manager, self._connection.record
        block = self._node.block(record.block)
        if block is None or "0x" + record.transaction.hex() not in block["transactions"]:
            raise RecordDiffers(network.choice, f"block {record.block} does not have its transaction")
        if Parameters(*self._node.read(manager_abi(), manager, "parameters")) != manager_parameters(record):
            raise RecordDiffers(network.choice, "it has other parameters")

    # --- The past (see `connext.history.Source`) ---

    def logs(self, address: Address, first: int, last: int) -> tuple[Log, ...]:
        return self._connection.chain.logs(address, first, last)

    def block_hash(self, number: int) -> Bytes32:
        return bytes.fromhex(self._node.block(number)["hash"][2:])

    # --- One look ---

    def _look(self) -> bool:
        head = self._connection.chain.head
        ledger = self._ledger(head.number)
        manager = self._connection.manager
        held = wallet_at(self._connection.chain, self._connection.deployment.token, manager, head.number)
        result = report(ledger, held, head.number, head.time)
        troubles = [*self._troubles(ledger, result), *self._view_differences(ledger, head.number)]
        if self._as_json:
            click.echo(json.dumps(self._document(result, troubles), indent=None))
        else:
            for line in self._lines(result, troubles):
                click.echo(line)
        return not troubles

    def _ledger(self, head: int) -> Ledger:
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
            task = progress.add_task("events", total=None)

            def show(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            manager = self._connection.manager
            try:
                return fold(empty_ledger(manager), self._history.logs(head, show))
            except KeyError as error:  # a channel that was never opened
                raise EventsMissing(checksum(manager), f"channel {readable(error.args[0])}") from None

    def _troubles(self, ledger: Ledger, result: Report) -> Iterator[str]:
        age = int(time.time()) - result.time
        if self._connection.network.is_live and age > STALE_SECONDS:
            yield f"the newest block of the endpoint is {format_duration(age)} old: deadlines are nearer than it shows"
        for what in overdrawn(ledger):
            yield str(EventsMissing(checksum(self._connection.manager), what))
        if not result.is_solvent:
            lacks = Holdings(max(0, -result.surplus.amount_wei), max(0, -result.surplus.amount_token))
            yield f"G1 FAILS: the manager lacks {_money(lacks)}"
        for dispute in result.urgent(self._margin):
            yield f"the dispute of channel 0x{dispute.channel_id.hex()} ends {_deadline(dispute, result)}"

    def _view_differences(self, ledger: Ledger, block: int) -> Iterator[str]:
        """Where the contract says something else than its events."""
        chain, manager = self._connection.chain, self._connection.manager
        for channel_id, channel in ledger.channels.items():
            if self._views or channel.status is Status.DISPUTED:
                status, deadline, dispute, sequence, nonce, _, *amounts = channel_at(chain, manager, channel_id, block)
                recorded = channel.recorded.nonce if channel.recorded else 0
                said = (channel.status, channel.deadline, channel.dispute, channel.sequence, recorded)
                contributions = tuple(amounts_of(channel.contributions))
                if (status, deadline, dispute, sequence, nonce) != said or tuple(amounts[:4]) != contributions:
                    yield f"events and view of channel 0x{channel_id.hex()} differ"
        if self._views:
            for what, holdings, at in (("reserve", ledger.reserves, reserve_at), ("credit", ledger.credits, credit_at)):
                for account, amount in holdings.items():
                    if at(chain, manager, account, block) != amount:
                        yield f"events and view of the {what} of {checksum(account)} differ"

    # --- Showing it ---

    def _lines(self, result: Report, troubles: list[str]) -> Iterator[str]:
        network = self._connection.network
        yield f"manager {checksum(self._connection.manager)} on {network.choice} (chain {network.chain_id})"
        yield f"block {result.block}, {format_time(result.time)}"
        yield f"open channels      {result.channels_open:>7}  {_money(result.open)}"
        yield f"disputed channels  {result.channels_disputed:>7}  {_money(result.disputed)}"
        yield f"settled channels   {result.channels_settled:>7}  {_money(result.locked)} in open transfers of " + str(
            result.channels_with_open_transfers
        )
        yield f"reserves                    {_money(result.reserves)}"
        yield f"credits                     {_money(result.credits)}"
        yield f"owed in all                 {_money(result.owed)}"
        yield f"held                        {_money(result.held)}"
        for dispute in result.disputes:
            state = f"state {dispute.nonce}" if dispute.nonce else "no state"
            over = "can be settled since" if dispute.left(result.time) <= 0 else "ends"
            channel = f"0x{dispute.channel_id.hex()}"
            yield f"dispute of {channel}: {state}, {_money(dispute.held)}, {over} {_deadline(dispute, result)}"
        if result.is_solvent:
            yield "G1 holds: the manager has what it owes"
        yield from troubles

    def _document(self, result: Report, troubles: list[str]) -> dict[str, Any]:
        parts = ("open", "disputed", "locked", "reserves", "credits", "owed", "held", "surplus")
        return {
            "network": self._connection.network.choice,
            "chainId": str(self._connection.network.chain_id),
            "manager": checksum(self._connection.manager),
            "block": str(result.block),
            "time": str(result.time),
            "channels": {
                "open": result.channels_open,
                "disputed": result.channels_disputed,
                "settled": result.channels_settled,
                "withOpenTransfers": result.channels_with_open_transfers,
            },
            "money": {part: _wei(getattr(result, part)) for part in parts},
            "disputes": [
                {
                    "channel": "0x" + dispute.channel_id.hex(),
                    "deadline": str(dispute.deadline),
                    "secondsLeft": str(dispute.left(result.time)),
                    "nonce": str(dispute.nonce),
                    "money": _wei(dispute.held),
                }
                for dispute in result.disputes
            ],
            "solvent": result.is_solvent,
            "troubles": troubles,
        }


def _money(holdings: Holdings) -> str:
    return format_amounts(holdings.amount_wei, holdings.amount_token)


def _wei(holdings: Holdings) -> dict[str, str]:
    return {"wei": str(holdings.amount_wei), "token": str(holdings.amount_token)}


def _deadline(dispute: Dispute, result: Report) -> str:
    return format_deadline(dispute.deadline, result.time)
