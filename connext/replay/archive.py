"""The past of a channel on a live chain: all transactions that had to do with it, found by their events.

Of the manager: everything with the channel's id, and what was funded for its parties while it lived. Of the registry:
the outcomes of the transfers that were shown. Transactions that failed left no events and are not found.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connext.abi import Event, Log
from connext.chain import KNOWN_ABI
from connext.chain.endpoint import Endpoint, Refused
from connext.chain.logs import in_halves, spans
from connext.channel import Deployment
from connext.errors import ConnextError, UnknownChannel
from connext.replay.history import CannotTell, Past, triples_of
from connext.types import Address, Bytes32, ChannelIdentity, checksum

Progress = Callable[[int, int], None]
"""Told how many blocks of how many were searched."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction as it is on the chain. block, index: where; calls: what of it manager or registry got."""

    hash: Bytes32
    block: int
    index: int
    time: int
    sender: Address
    to: Address
    data: bytes
    value: int
    gas: int
    logs: tuple[Log, ...]
    calls: tuple[Past, ...]


@dataclass(frozen=True, slots=True)
class History:
    identity: ChannelIdentity
    sent: tuple[Sent, ...]

    @property
    def past(self) -> list[Past]:
        return [call for transaction in self.sent for call in transaction.calls]


@dataclass(eq=False)
class NoTraces(ConnextError):
    text = (
        "transaction 0x{transaction} went through the contract {contract}, and the endpoint gives no traces: {reason}"
    )
    transaction: str
    contract: Address
    reason: str


@dataclass(eq=False)
class Forgotten(ConnextError):
    text = (
        "the endpoint has a log of transaction 0x{transaction}, and not the transaction: "
        "use one that keeps all of the chain (an archive)"
    )
    transaction: str


class Archive:
    """Reads the chain behind `node`. first_block: of the manager's deployment."""

    def __init__(
        self, node: Endpoint, deployment: Deployment, first_block: int, progress: Progress = lambda *_: None
    ) -> None:
        self.node = node
        self.deployment = deployment
        self.first_block = first_block
        self._progress = progress
        self._manager = deployment.domain.verifying_contract
        self._contracts = {self._manager: "ChannelManager", deployment.registry: "OutcomeRegistry"}
        self._known: dict[Bytes32, Sent] = {}

    def history(self, channel_id: Bytes32) -> History:
        """Raises UnknownChannel, CannotTell, NoTraces, Forgotten, EndpointGone, Refused."""
        about = self._hashes(self._manager, [None, _word(channel_id)], self.first_block, self.node.head)
        if not about:
            raise UnknownChannel(channel_id)
        found = self._sent(about)
        identity = _identity_in(found, channel_id)
        first, last = found[0].block, found[-1].block
        for account in (identity.user, identity.node):
            about |= self._hashes(self._manager, [_topic("Funded"), _word(account)], first, last)
        listed = triples_of(call for one in found for call in one.calls)
        for triple in listed:
            topics = [_topic("OutcomeRecorded"), _word(triple.condition), _word(triple.params_hash)]
            about |= self._hashes(self.deployment.registry, topics, self.first_block, self.node.head)
        return History(identity, tuple(self._sent(about)))

    # --- Logs and transactions ---

    def _hashes(self, address: Address, topics: Sequence[str | None], first: int, last: int) -> set[Bytes32]:
        """Of the transactions with such logs."""

        def ask(start: int, end: int) -> list[dict[str, Any]]:
            query = {"address": checksum(address), "topics": topics, "fromBlock": hex(start), "toBlock": hex(end)}
            found: list[dict[str, Any]] = self.node.ask("eth_getLogs", query)
            return found

        hashes = set()
        for start, end in spans(first, last):
            hashes |= {bytes.fromhex(log["transactionHash"][2:]) for log in in_halves(ask, start, end)}
            self._progress(end - first + 1, last - first + 1)
        return hashes

    def _sent(self, hashes: Iterable[Bytes32]) -> list[Sent]:
        for one in hashes:
            if one not in self._known:
                self._known[one] = self._read(one)
        return sorted((self._known[one] for one in hashes), key=lambda sent: (sent.block, sent.index))

    def _read(self, hash_: Bytes32) -> Sent:
        transaction = self.node.ask("eth_getTransactionByHash", "0x" + hash_.hex())
        receipt = self.node.receipt(hash_)
        if transaction is None or receipt is None:
            raise Forgotten(hash_.hex())
        if transaction["to"] is None:
            raise CannotTell(hash_.hex(), "a contract was made in it, whose constructor called the manager")
        number = int(receipt["blockNumber"], 16)
        logs = tuple(map(Log.from_rpc, receipt["logs"]))
        sender, to = _address(transaction["from"]), _address(transaction["to"])
        time = int(self.node.block(number)["timestamp"], 16)
        data, value = bytes.fromhex(transaction["input"][2:]), int(transaction["value"], 16)
        calls = [(sender, to, data, value)] if to in self._contracts else list(self._inner_calls(hash_, to))
        events = tuple(self._events(logs))
        return Sent(
            hash=hash_,
            block=number,
            index=int(receipt["transactionIndex"], 16),
            time=time,
            sender=sender,
            to=to,
            data=data,
            value=value,
            gas=int(transaction["gas"], 16),
            logs=logs,
            calls=tuple(
                Past(hash_, time, caller, self._contracts[called], call_data, sent, events if len(calls) == 1 else ())
                for caller, called, call_data, sent in calls
            ),
        )

    def _events(self, logs: Iterable[Log]) -> Iterator[Event]:
        """Of our contracts, and what they moved of the token: as a story sees them, whoever called."""
        for log in logs:
            event = KNOWN_ABI.decode_log(log)
            is_ours = log.address in self._contracts
            if event is not None and (is_ours or (log.address == self.deployment.token and self._moved_by_us(event))):
                yield event

    def _moved_by_us(self, event: Event) -> bool:
        return event.name == "Transfer" and self._manager in (event.values["src"], event.values["dst"])

    def _inner_calls(self, hash_: Bytes32, to: Address) -> Iterator[tuple[Address, Address, bytes, int]]:
        """What a contract called on behalf of the sender, from the transaction's trace."""
        try:
            trace = self.node.ask("debug_traceTransaction", "0x" + hash_.hex(), {"tracer": "callTracer"})
        except Refused as error:
            raise NoTraces(hash_.hex(), to, error.message) from None
        found = list(self._calls_in(trace))
        if len(found) != 1:
            raise CannotTell(hash_.hex(), f"it calls the contracts {len(found)} times, through another")
        yield from found

    def _calls_in(self, frame: dict[str, Any]) -> Iterator[tuple[Address, Address, bytes, int]]:
        """Nothing of what failed, with all that was called in it."""
        if "error" in frame:
            return
        to = _address(frame.get("to") or "0x" + 40 * "0")
        if to in self._contracts and frame["type"] == "CALL":
            yield _address(frame["from"]), to, bytes.fromhex(frame["input"][2:]), int(frame.get("value", "0x0"), 16)
            return
        for inner in frame.get("calls", ()):
            yield from self._calls_in(inner)


def _identity_in(found: Iterable[Sent], channel_id: Bytes32) -> ChannelIdentity:
    for sent in found:
        for event in (KNOWN_ABI.decode_log(log) for log in sent.logs):
            if event is not None and event.name == "ChannelOpened" and event.values["channelId"] == channel_id:
                values = event.values
                return ChannelIdentity(
                    values["user"],
                    values["userSigner"],
                    values["node"],
                    values["nodeSigner"],
                    values["challengePeriod"],
                    values["salt"],
                )
    raise UnknownChannel(channel_id)


def _topic(event: str) -> str:
    return "0x" + KNOWN_ABI.topic(event).hex()


def _word(value: bytes) -> str:
    return "0x" + value.rjust(32, b"\0").hex()


def _address(text: str) -> Address:
    return bytes.fromhex(text[2:])
