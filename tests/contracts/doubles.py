"""The hostile contracts of `contracts/test/` as the tests direct them."""

from enum import IntEnum

from ape import networks
from ape.api.accounts import ImpersonatedAccount
from ape.contracts import ContractInstance

from tests.contracts.transactions import Free


class Conduct(IntEnum):
    """What a double does when money reaches it or is asked of it; the enum of contracts/test/Hostile.sol."""

    HONEST = 0
    REVERTS = 1
    BURNS_GAS = 2
    SPENDS_GAS = 3
    RETURNS_BOMB = 4
    REVERTS_WITH_BOMB = 5
    CALLS_BACK = 6
    # tokens only
    RETURNS_NOTHING = 7
    RETURNS_FALSE = 8
    RETURNS_TWO = 9
    RETURNS_SHORT_TRUE = 10
    RETURNS_LONG_TRUE = 11
    REVERTS_WITH_TRUE = 12
    TAKES_FEE = 13


REFUSING = (Conduct.REVERTS, Conduct.BURNS_GAS, Conduct.REVERTS_WITH_BOMB)
"""What keeps a recipient from being paid, whatever gas it is given."""

FAILING_TOKEN = (
    *REFUSING,
    Conduct.RETURNS_FALSE,
    Conduct.RETURNS_TWO,
    Conduct.RETURNS_SHORT_TRUE,
    Conduct.REVERTS_WITH_TRUE,
    Conduct.RETURNS_BOMB,
)
"""What no caller may take for a transfer that was made."""

WORKING_TOKEN = (Conduct.HONEST, Conduct.RETURNS_NOTHING, Conduct.RETURNS_LONG_TRUE)
"""What every caller must take for one."""


class Answer(IntEnum):
    """What a condition does when it is asked; the enum of contracts/test/HostileCondition.sol."""

    RETURNS = 0
    REVERTS = 1
    BURNS_GAS = 2
    RETURNS_BOMB = 3
    REVERTS_WITH_BOMB = 4
    WRITES = 5
    CALLS_BACK = 6
    DEPENDS_ON_CALLER = 7
    DEPENDS_ON_GAS = 8
    DEPENDS_ON_BLOCK = 9


class ContractAccount(Free, ImpersonatedAccount):
    """A contract as the sender of transactions."""


def acting(contract: ContractInstance) -> ContractAccount:
    """For `sender=`: whatever code it has, the contract calls."""
    networks.provider.unlock_account(contract.address)
    return ContractAccount(raw_address=contract.address)
