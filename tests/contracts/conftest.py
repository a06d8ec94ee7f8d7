"""The scene of the contract tests: one deployment with its token, the people around a channel, and their money.

What is deployed is session-scoped and comes first, each test runs in a snapshot of its own (Ape's isolation).
"""

from collections.abc import Callable
from typing import Any

import pytest
from ape import Project
from ape.api import ReceiptAPI
from ape.contracts import ContractInstance
from ape.managers import ChainManager
from ape_ethereum.transactions import TransactionType
from ape_test import TestAccount

from connext.messages import Domain
from connext.signing import Key
from connext.types import ChannelIdentity, parse_address
from tests.contracts.channels import GAS, Channel, given
from tests.contracts.money import Wealth, read_wealth

DAY = 24 * 60 * 60

CAPACITY_WEI = 100 * 10**18
CAPACITY_TOKEN = 250_000 * 10**18
MIN_CHALLENGE_PERIOD = 60 * 60
MAX_CHALLENGE_PERIOD = 30 * DAY

INITIAL_TOKENS = 1_000_000 * 10**18
"""Everybody's, with an unlimited allowance for the manager."""


# --- The chain ---


@pytest.fixture(scope="session", autouse=True)
def free_transactions(chain: ChainManager) -> Any:
    """Transactions of the old type cost nothing on Ape's anvil, so balances change only by what the contracts move."""
    config = chain.provider.network.config
    usual = config.default_transaction_type, config.gas_limit
    config.default_transaction_type, config.gas_limit = TransactionType.STATIC, GAS
    yield
    config.default_transaction_type, config.gas_limit = usual


@pytest.fixture
def at(chain: ChainManager) -> Callable[[int], None]:
    """`at(time)`: the next block, and with it the next transaction, has this Unix time in seconds."""
    return chain.provider.set_timestamp


# --- The people ---


@pytest.fixture(scope="session")
def deployer(accounts: Any) -> TestAccount:
    """Deploys, and sets scenes. Has no part in any channel."""
    return accounts[0]


@pytest.fixture(scope="session")
def user(accounts: Any) -> TestAccount:
    return accounts[1]


@pytest.fixture(scope="session")
def user_signer(accounts: Any) -> TestAccount:
    return accounts[2]


@pytest.fixture(scope="session")
def node(accounts: Any) -> TestAccount:
    return accounts[3]


@pytest.fixture(scope="session")
def node_signer(accounts: Any) -> TestAccount:
    return accounts[4]


@pytest.fixture(scope="session")
def stranger(accounts: Any) -> TestAccount:
    return accounts[5]


@pytest.fixture(scope="session")
def recipient(accounts: Any) -> TestAccount:
    """Somebody the user wants paid."""
    return accounts[6]


@pytest.fixture(scope="session")
def people(
    deployer: TestAccount,
    user: TestAccount,
    user_signer: TestAccount,
    node: TestAccount,
    node_signer: TestAccount,
    stranger: TestAccount,
    recipient: TestAccount,
) -> dict[str, TestAccount]:
    """Everybody by name, for tests that are parametrized by who calls."""
    return {
        "deployer": deployer,
        "user": user,
        "user_signer": user_signer,
        "node": node,
        "node_signer": node_signer,
        "stranger": stranger,
        "recipient": recipient,
    }


# --- The contracts ---


@pytest.fixture(scope="session")
def dai(project: Project, deployer: TestAccount, people: dict[str, TestAccount], chain: ChainManager) -> ContractInstance:
    dai = deployer.deploy(project.TestDai, chain.chain_id)
    for person in people.values():
        given(dai.mint, person, INITIAL_TOKENS, sender=deployer)
    return dai


@pytest.fixture(scope="session")
def deploy_manager(project: Project, deployer: TestAccount, dai: ContractInstance) -> Callable[..., ContractInstance]:
    """`deploy_manager(**parameters)`: a manager that differs from the usual one in these fields of `Parameters`."""

    def deploy(**parameters: Any) -> ContractInstance:
        usual = {
            "token": dai.address,
            "registry": "0x" + "00" * 20,
            "capacityWei": CAPACITY_WEI,
            "capacityToken": CAPACITY_TOKEN,
            "transferLimitWei": 10**18,
            "transferLimitToken": 2_000 * 10**18,
            "minChallengePeriod": MIN_CHALLENGE_PERIOD,
            "maxChallengePeriod": MAX_CHALLENGE_PERIOD,
        }
        return deployer.deploy(project.ChannelManager, {**usual, **parameters})

    return deploy


@pytest.fixture(scope="session")
def manager(
    deploy_manager: Callable[..., ContractInstance], dai: ContractInstance, people: dict[str, TestAccount]
) -> ContractInstance:
    manager = deploy_manager()
    for person in people.values():
        given(dai.approve, manager, 2**256 - 1, sender=person)
    return manager


# --- Channels ---


@pytest.fixture(scope="session")
def new_channel(
    manager: ContractInstance,
    deployer: TestAccount,
    user: TestAccount,
    user_signer: TestAccount,
    node: TestAccount,
    node_signer: TestAccount,
    chain: ChainManager,
) -> Callable[..., Channel]:
    """`new_channel(**terms)`: a channel between `user` and `node` that differs from the usual one in these fields.

    Nothing is on chain before the first deposit: `new_channel().hold(user_wei=5)`.
    """

    def create(manager: ContractInstance = manager, **terms: Any) -> Channel:
        usual = {
            "user": parse_address(user.address),
            "user_signer": parse_address(user_signer.address),
            "node": parse_address(node.address),
            "node_signer": parse_address(node_signer.address),
            "challenge_period": DAY,
            "salt": 0,
        }
        return Channel(
            manager=manager,
            domain=Domain(chain_id=chain.chain_id, verifying_contract=parse_address(manager.address)),
            identity=ChannelIdentity(**{**usual, **terms}),
            user_key=key_of(user_signer),
            node_key=key_of(node_signer),
            sponsor=deployer,
        )

    return create


@pytest.fixture
def channel(new_channel: Callable[..., Channel]) -> Channel:
    """The usual channel, before its first deposit."""
    return new_channel()


def key_of(account: TestAccount) -> Key:
    return Key(bytes.fromhex(account.private_key.removeprefix("0x")))


# --- Money ---


@pytest.fixture(scope="session")
def balance_sheet(project: Project, deployer: TestAccount) -> ContractInstance:
    return deployer.deploy(project.BalanceSheet)


@pytest.fixture
def wealth(
    balance_sheet: ContractInstance, manager: ContractInstance, people: dict[str, TestAccount]
) -> Callable[[], Wealth]:
    """`wealth()`: what everybody owns now. `wealth() - before` is what moved."""
    holders = {"manager": manager.address, **{name: person.address for name, person in people.items()}}
    return lambda: read_wealth(balance_sheet, manager, holders)


# --- Hostile doubles ---


@pytest.fixture(scope="session")
def hostile_recipient(project: Project, deployer: TestAccount) -> ContractInstance:
    """A contract account that may refuse, burn gas or call back; see `tests/contracts/doubles.py`."""
    return deployer.deploy(project.HostileRecipient)


@pytest.fixture(scope="session")
def hostile_token(project: Project, deployer: TestAccount, people: dict[str, TestAccount]) -> ContractInstance:
    """A token that may answer and move in every wrong way. Everybody has some, and it asks for no allowance."""
    token = deployer.deploy(project.HostileToken)
    for person in people.values():
        given(token.mint, person, INITIAL_TOKENS, sender=deployer)
    return token


@pytest.fixture(scope="session")
def hostile_manager(
    deploy_manager: Callable[..., ContractInstance], hostile_token: ContractInstance
) -> ContractInstance:
    """A deployment that took the hostile token for DAI."""
    return deploy_manager(token=hostile_token.address)
