"""Code that is not ours: contract accounts, a token and a condition that do as they are told, and what that leads to.

The model asks here what it cannot know (`Surroundings`). The contracts are those of `contracts/test`.
"""

from dataclasses import dataclass
from typing import Any

from connext.abi import Log
from connext.keccak import keccak256
from connext.types import Address
from proof.fuzz.choices import Choices, Table
from proof.fuzz.ink import words
from proof.fuzz.stage import Manager, Stage
from proof.fuzz.wire import OF_MANAGER, RECORD, opaque, selector
from proof.model.ledger import FULL_SHARE, Token

# --- What they can be told, with the numbers that the contracts have for it ---

HONEST, REVERTS, BURNS_GAS, SPENDS_GAS, RETURNS_BOMB, REVERTS_WITH_BOMB, CALLS_BACK = range(7)
RETURNS_NOTHING, RETURNS_FALSE, RETURNS_TWO, RETURNS_SHORT_TRUE, RETURNS_LONG_TRUE, REVERTS_WITH_TRUE = range(7, 13)

OF_RECIPIENTS = Table(
    {HONEST: 6, REVERTS: 3, BURNS_GAS: 2, SPENDS_GAS: 3, RETURNS_BOMB: 2, REVERTS_WITH_BOMB: 1, CALLS_BACK: 4}
)
OF_TOKENS = Table({conduct: 8 if conduct == HONEST else 1 for conduct in range(13)})
REFUSES = {REVERTS, BURNS_GAS, REVERTS_WITH_BOMB}
TOKEN_REFUSES = REFUSES | {RETURNS_BOMB, RETURNS_FALSE, RETURNS_TWO, RETURNS_SHORT_TRUE, REVERTS_WITH_TRUE}

WITHIN_STIPEND, BEYOND_STIPEND = 50_000, 150_000
"""Gas to spend; the stipend is 100 000."""

ANSWERS = range(10)
RETURNS, CONDITION_REVERTS, CONDITION_BURNS, BOMB, BOMB_REVERTS, WRITES, ASKS_BACK, BY_CALLER, BY_GAS, BY_BLOCK = (
    ANSWERS
)

MOST = 2**256 - 1

_CALLED_BACK = keccak256(b"CalledBack(uint256,bool,bytes32)")
_REENTERED = keccak256(b"Reentered()")[:4]


@dataclass
class Foreign:
    """How everybody behaves now, as one manager meets them.

    conducts: of contract accounts and the hostile token, with the gas they spend; of the condition, with its answer.
    All managers of a scene share them.
    """

    stage: Stage
    manager: Manager
    token: Token
    conducts: dict[Address, tuple[int, Any]]

    def __post_init__(self) -> None:
        stage = self.stage
        self._takes_no_ether = {stage.dai, stage.hostile_token, *stage.conditions.shipped}
        self._takes_no_ether |= {stage.conditions.any_share, stage.conditions.hostile}
        self._takes_no_ether |= {manager.address for manager in stage.managers}

    # --- What the model asks ---

    def can_receive(self, account: bytes, asset: int, amount: int, stipend: bool) -> bool:
        if asset:
            return self._token_moves(stipend) and self.token.balances.get(account, 0) + amount <= MOST
        if account in self._takes_no_ether:
            return False
        conduct, gas = self.conducts.get(account, (HONEST, 0))
        return conduct not in REFUSES and not (stipend and gas > WITHIN_STIPEND)

    def can_pull(self, owner: bytes, amount: int) -> bool:  # noqa: ARG002
        return self._token_moves(stipend=False)

    def _token_moves(self, stipend: bool) -> bool:
        conduct, gas = self.conducts.get(self.token.address, (HONEST, 0))
        return conduct not in TOKEN_REFUSES and not (stipend and gas > WITHIN_STIPEND)

    def evaluate(self, condition: bytes, params: Any, expiry: int, witness: Any) -> int | bytes | None:  # noqa: ARG002
        if condition == self.stage.conditions.any_share:
            return int.from_bytes(opaque(witness)[:32].ljust(32, b"\0"))
        if condition != self.stage.conditions.hostile:
            return None
        kind, data = self.conducts.get(condition, (RETURNS, b""))
        if kind == RETURNS:
            return int.from_bytes(data) if len(data) == 32 else None
        if kind == CONDITION_REVERTS:
            return bytes(data)
        return _ANSWERS_ALWAYS[kind]

    # --- Changing it ---

    def change(self, choices: Choices) -> tuple[Address, bytes, tuple[int, Any]]:
        """Somebody shall behave differently: which contract is told so by which call, and what its conduct is then."""
        tables: dict[Address, Table[int] | None] = {self.stage.conditions.hostile: None}
        tables |= {person.account: OF_RECIPIENTS for person in self.stage.people if person.is_contract}
        if self.manager.hostile:
            tables[self.token.address] = OF_TOKENS
        address = choices.pick(tuple(tables))
        table = tables[address]
        if table is None:
            return self._change_answer(choices)
        conduct, gas = table.draw(choices), 0
        if conduct == SPENDS_GAS:
            gas = choices.pick((WITHIN_STIPEND, BEYOND_STIPEND))
            data = _SPEND_GAS + words(gas)
        elif conduct == CALLS_BACK:
            data = _CALL_BACK + words(32, 1, 32, 4) + choices.pick(OF_MANAGER).ljust(32, b"\0")
        else:
            data = _BEHAVE + words(conduct)
        return address, data, (conduct, gas)

    def _change_answer(self, choices: Choices) -> tuple[Address, bytes, tuple[int, Any]]:
        kind = choices.pick(ANSWERS)
        answer: Any = None
        if kind in (RETURNS, CONDITION_REVERTS):
            size = choices.pick((32, 32, 32, 0, 31, 33, 300))
            answer = choices.pick((0, 1, FULL_SHARE // 3, FULL_SHARE - 1, FULL_SHARE, FULL_SHARE + 1)).to_bytes(32)
            answer = answer[:size].ljust(size, b"\1")
            selector = _RETURNING if kind == RETURNS else _REVERTING
            data = selector + words(32, size) + answer.ljust(size + -size % 32, b"\0")
        elif kind == ASKS_BACK:
            data = _CALLING_BACK + words(32, 4) + RECORD.ljust(32, b"\0")
        elif kind in (BY_GAS, BY_BLOCK):
            data = (_BY_GAS if kind == BY_GAS else _BY_BLOCK) + words(0)
        else:
            data = _BEHAVE + words(kind)
        return self.stage.conditions.hostile, data, (kind, answer)


def honest() -> tuple[bytes, tuple[int, Any]]:
    """The call that tells a contract account or a token to behave, and its conduct then."""
    return _BEHAVE + words(HONEST), (HONEST, 0)


def calls_back_in_vain(log: Log) -> bool:
    """Whether a log of foreign code says nothing of a call back that was let in."""
    if log.topics[0] != _CALLED_BACK:
        return True
    return not int.from_bytes(log.data[32:64]) and log.data[64:68] == _REENTERED


_ANSWERS_ALWAYS: dict[int, int | bytes | None] = {
    CONDITION_BURNS: b"",
    BOMB: None,
    BOMB_REVERTS: bytes(95) + b"\x80" + bytes(160),  # the start of memory, with the pointer to what is free
    WRITES: b"",  # halted within a static call
    ASKS_BACK: 1,  # the registry cannot write within a static call either
    BY_CALLER: 1,
    BY_GAS: FULL_SHARE,
    BY_BLOCK: FULL_SHARE,
}


_BEHAVE = selector("behave(uint8)")
_SPEND_GAS = selector("spendGas(uint64)")
_CALL_BACK = selector("callBack(bytes[])")
_RETURNING = selector("returning(bytes)")
_REVERTING = selector("reverting(bytes)")
_CALLING_BACK = selector("callingBack(bytes)")
_BY_GAS = selector("dependingOnGas(uint256)")
_BY_BLOCK = selector("dependingOnBlock(uint256)")
