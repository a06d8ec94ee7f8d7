"""The original transactions of a channel once more, on a fork of the chain at the block before they began.

Where the endpoint has no state of that block, on an empty chain with the same contracts at the same addresses. There,
and where something else than the channel's own transactions gave it to them, accounts get the money and allowances that
they had.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from connext.abi import Log, manager_abi
from connext.chain import KNOWN_ABI
from connext.chain.anvil import Anvil
from connext.chain.endpoint import Endpoint
from connext.channel import Deployment
from connext.replay.archive import History, Sent
from connext.token import TOKEN_ABI
from connext.types import Address, Bytes32, checksum

UNLIMITED = 2**256 - 1
APPROVAL_GAS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rerun:
    """differences: what came out otherwise than on the chain, in words; notes: what had to be given."""

    transactions: int
    differences: tuple[str, ...]
    notes: tuple[str, ...]


def copy_contracts(origin: Endpoint, empty: Anvil, deployment: Deployment) -> None:
    """The code of today at the same addresses, with empty storage."""
    known = deployment.conditions
    conditions = (known.hash_lock, known.stream, known.linked_payment, known.all_of, known.any_of)
    for address in (deployment.domain.verifying_contract, deployment.token, *conditions):
        empty.set_code(address, origin.code(address))


def rerun(origin: Endpoint, fork: Anvil, deployment: Deployment, history: History, channel_id: Bytes32) -> Rerun:
    """Raises EndpointGone, Refused."""
    stage = _Stage(fork, deployment)
    differences: list[str] = []
    for sent in history.sent:
        differences += stage.repeat(sent)
    then, now = (_channel(node, deployment, channel_id) for node in (origin, fork))
    if then != now:
        differences.append(f"the channel ends as {now}, on the chain as {then}")
    return Rerun(len(history.sent), tuple(differences), tuple(stage.notes))


class _Stage:
    def __init__(self, fork: Anvil, deployment: Deployment) -> None:
        self.fork = fork
        self.deployment = deployment
        self.manager = deployment.domain.verifying_contract
        self.notes: list[str] = []
        self._time = int(fork.block("latest")["timestamp"], 16)

    def repeat(self, sent: Sent) -> Iterator[str]:
        """Send it at its time; what is otherwise."""
        self._provide(sent)
        self._time = max(sent.time, self._time)
        self.fork.ask("evm_setNextBlockTimestamp", self._time)
        receipt = self.fork.send(sent.sender, sent.to, sent.data, sent.gas, sent.value)
        name = f"transaction 0x{sent.hash.hex()}"
        if not int(receipt["status"], 16):
            yield f"{name} failed"
            return
        logs = tuple(map(Log.from_rpc, receipt["logs"]))
        if logs != sent.logs:
            yield f"{name} emitted {_names(logs)}, on the chain {_names(sent.logs)}, or the same with other values"

    def _provide(self, sent: Sent) -> None:
        """Money for the sender, and the tokens and the allowance that the transaction used."""
        self.fork.set_balance(sent.sender, sent.value)
        for log in sent.logs:
            event = KNOWN_ABI.decode_log(log)
            if event is None or log.address != self.deployment.token or event.name != "Transfer":
                continue
            if event.values["dst"] == self.manager:
                self._provide_tokens(event.values["src"], event.values["wad"])

    def _provide_tokens(self, owner: Address, amount: int) -> None:
        token = self.deployment.token
        has = self.fork.read(TOKEN_ABI, token, "balanceOf", owner)
        if has < amount:
            self.notes.append(f"{checksum(owner)} was given {amount - has} of the token's smallest unit")
            self.fork.deal(token, owner, amount)
        if self.fork.read(TOKEN_ABI, token, "allowance", owner, self.manager) < amount:
            self.notes.append(f"{checksum(owner)} was made to give the manager an allowance")
            approve = TOKEN_ABI.encode_call("approve", self.manager, UNLIMITED)
            self.fork.send(owner, token, approve, APPROVAL_GAS)
            self._time = int(self.fork.block("latest")["timestamp"], 16)


def _channel(node: Endpoint, deployment: Deployment, channel_id: Bytes32) -> tuple[object, ...]:
    """What the manager's `channelOf` says now: every endpoint knows that, and it tells of what was not found, too."""
    manager = deployment.domain.verifying_contract
    found: tuple[object, ...] = node.read(manager_abi(), manager, "channelOf", channel_id)
    return found


def _names(logs: tuple[Log, ...]) -> str:
    events = (KNOWN_ABI.decode_log(log) for log in logs)
    return ", ".join(event.name if event is not None else "?" for event in events) or "nothing"
