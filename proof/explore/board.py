"""The chain as the game sees it: the words of storage that differ from line to line, and what a move does to them.

Two positions of the chain with the same words at the same time are the same position: every call comes out alike.
`tests/proof/test_explore.py` compares the words with all that transactions change.
"""

from functools import cached_property
from typing import Any

from connext.abi import manager_abi
from connext.channel import OnChain
from connext.events import ChainView
from connext.transfers import RecordedOutcome
from connext.types import ZERO_ADDRESS, Address, Status
from proof import storage
from proof.explore.moves import Move
from proof.explore.stage import Stage
from proof.machine import Machine, Mark
from proof.storage import CREDITS, RECORDS, RESERVES, TOKEN_BALANCES, WORDS_OF_A_CHANNEL, slot_of

Words = tuple[int, ...]
Node = int
"""Number of a position of the chain."""


class Board:
    """The machine, by its words."""

    def __init__(self, stage: Stage, machine: Machine) -> None:
        self.stage, self.machine = stage, machine
        self._here: Mark | None = None
        self.tried = 0
        """Transactions sent so far."""
        self._nodes: dict[Words, Node] = {}
        self.words: list[Words] = []
        self._after: dict[tuple[Node, int, Move], Node | None] = {}
        self._refused: set[tuple[Move, int, Words]] = set()
        self._on_chain: dict[Words, OnChain] = {}
        self._views: dict[tuple[Node, int], ChainView] = {}

    # --- Words ---

    @cached_property
    def _channels(self) -> dict[str, int]:
        """Where each channel's words begin."""
        return {name: i * WORDS_OF_A_CHANNEL for i, name in enumerate(self.stage.channels)}

    @cached_property
    def _shares(self) -> dict[str, int]:
        first = len(self._channels) * WORDS_OF_A_CHANNEL
        return {name: first + i for i, name in enumerate(self.stage.payments)}

    @cached_property
    def _slots(self) -> list[tuple[Address, int]]:
        """Contract and slot of all words but the last, the honest account's wallet of ETH."""
        stage = self.stage
        manager, me = stage.world.manager, stage.me.account
        slots = []
        for name in stage.channels:
            first = slot_of(stage.world.channel_id(name), RECORDS)
            slots += [(manager, first + i) for i in range(WORDS_OF_A_CHANNEL)]
        slots += [(stage.deployment.registry, storage.share_slot(triple)) for triple in stage.payments.values()]
        slots += [(manager, slot_of(stage.counterparty(name).account, RESERVES)) for name in stage.channels]
        mine = [(manager, slot_of(me, RESERVES)), (manager, slot_of(me, CREDITS))]
        return [*slots, *mine, (stage.deployment.token, slot_of(me, TOKEN_BALANCES))]

    def node(self) -> Node:
        """Where the machine is."""
        machine = self.machine
        words = (*(machine.storage(to, slot) for to, slot in self._slots), machine.balance(self.stage.me.account))
        node = self._nodes.get(words)
        if node is None:
            node = self._nodes[words] = len(self.words)
            self.words.append(words)
        return node

    def wealth(self, node: Node) -> tuple[int, int]:
        """Wei of ETH and of DAI that the honest account has in its wallet, as reserve and as credit."""
        *_, reserve, credit, token, wei = self.words[node]
        parts = (wei, token), storage.pair_of(reserve), storage.pair_of(credit)
        return sum(wei for wei, _ in parts), sum(token for _, token in parts)

    def deadlines(self, node: Node) -> dict[str, int]:
        """Of the disputes that run, by channel."""
        words = self.words[node]
        found = {name: storage.deadline_of(words[start]) for name, start in self._channels.items()}
        return {name: deadline for name, deadline in found.items() if deadline}

    def shares(self, node: Node) -> dict[str, int]:
        """What is recorded of each payment."""
        return {name: self.words[node][place] for name, place in self._shares.items()}

    # --- Moves ---

    def after(self, node: Node, time: int, move: Move) -> Node | None:
        """Where the move leads; None if it fails or changes nothing. The machine is at the node and time, or it was
        asked before."""
        key = (node, time, move)
        if key in self._after:
            return self._after[key]
        read = (move, time, self._read_by(node, move))
        found = None if read in self._refused else self._try(move)
        if found is None or found == node:
            self._refused.add(read)
            found = None
        self._after[key] = found
        return found

    def _try(self, move: Move) -> Node | None:
        here = self.here()
        found = self.node() if self._send(move) else None
        self.back(here)
        return found

    def _send(self, move: Move) -> bool:
        self.tried += 1
        return self.machine.send(move.sender, move.to, move.data, move.value).succeeded

    # --- Where the machine is ---

    def here(self) -> Mark:
        """To come back to; one for each place where the machine stays."""
        if self._here is None:
            self._here = self.machine.mark()
        return self._here

    def go(self, move: Move | None, time: int) -> None:
        """Make the move, if there is one, and let it be that time."""
        if move is not None:
            self._send(move)
        self.machine.time = time
        self._here = None

    def back(self, mark: Mark) -> None:
        self.machine.back(mark)
        self._here = mark

    def _read_by(self, node: Node, move: Move) -> Words:
        """What a call can read: its own channel, the outcomes, the reserves; not other channels."""
        words = self.words[node]
        first = len(self._channels) * WORDS_OF_A_CHANNEL
        if move.channel is None:
            return words[first:]
        start = self._channels[move.channel]
        return words[start : start + WORDS_OF_A_CHANNEL] + words[first:]

    # --- What a party sees ---

    def view(self, node: Node, time: int) -> ChainView:
        """What software reads of the chain. The machine is at the node, or it was asked before."""
        key = (node, time)
        if key not in self._views:
            channels = {self.stage.world.channel_id(name): self.on_chain(node, time, name) for name in self._channels}
            shares = self.shares(node)
            outcomes = {triple: RecordedOutcome(shares[name], time) for name, triple in self.stage.payments.items()}
            self._views[key] = ChainView(channels, outcomes)
        return self._views[key]

    def on_chain(self, node: Node, time: int, channel: str) -> OnChain:
        start = self._channels[channel]
        words = self.words[node][start : start + WORDS_OF_A_CHANNEL]
        key = (*words, time, start)
        if key not in self._on_chain:
            self._on_chain[key] = self._ask(channel, time)
        return self._on_chain[key]

    def _ask(self, channel: str, time: int) -> OnChain:
        manager, channel_id = self.stage.world.manager, self.stage.world.channel_id(channel)
        answer = self.machine.call(ZERO_ADDRESS, manager, manager_abi().encode_call("channelOf", channel_id))
        status, *rest = manager_abi().decode_result("channelOf", answer.output)
        fields: list[Any] = [0, time, Status(status), *rest, False]
        return OnChain(*fields)
