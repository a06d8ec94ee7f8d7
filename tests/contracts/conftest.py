"""The scene of the contract tests: one deployment with its token, the people around a channel, and their money.

What is deployed is session-scoped and comes first, each test runs in a snapshot of its own (Ape's isolation).
"""

from collections.abc import Callable
from typing import Any

import ape
import pytest
from ape import Project
from ape.contracts import ContractInstance
from ape.managers import ChainManager
from ape.managers.accounts import TestAccountManager

from connext.messages import Domain
from connext.types import ChannelIdentity, parse_address
from tests.contracts.channels import DAI, ETH, Channel, given
from tests.contracts.doubles import Conduct
from tests.contracts.money import Wealth, read_wealth
from tests.contracts.people import Person
from tests.contracts.transfers import Promises

DAY = 24 * 60 * 60

CAPACITY_WEI = 100 * 10**18
CAPACITY_TOKEN = 250_000 * 10**18
CAPACITY = {ETH: CAPACITY_WEI, DAI: CAPACITY_TOKEN}
TRANSFER_LIMIT_WEI = 10**18
TRANSFER_LIMIT_TOKEN = 2_000 * 10**18
TRANSFER_LIMIT = {ETH: TRANSFER_LIMIT_WEI, DAI: TRANSFER_LIMIT_TOKEN}
MIN_CHALLENGE_PERIOD = 60 * 60
MAX_CHALLENGE_PERIOD = 30 * DAY

INITIAL_TOKENS = 1_000_000 * 10**18
"""Everybody's, with an unlimited allowance for the manager."""


# Ape would ask the node about every other fixture of a session before each test. It tells fixtures apart by their names
# alone: of two with one name, in whatever files, both must be on the chain or both off it.
on_chain = ape.fixture(scope="session", chain_isolation=True)
off_chain = ape.fixture(scope="session", chain_isolation=False)


# --- The chain ---


@pytest.fixture
def at(chain: ChainManager) -> Callable[[int], None]:
    """`at(time)`: the next block, and with it the next transaction, has this Unix time in seconds."""
    return chain.provider.set_timestamp


# --- The people ---


def person_at(accounts: TestAccountManager, index: int) -> Person:
    account = accounts[index]
    return Person(index=index, address_str=account.address, private_key=account.private_key)


@off_chain
def deployer(accounts: TestAccountManager) -> Person:
    """Deploys, and sets scenes. Has no part in any channel."""
    return person_at(accounts, 0)


@off_chain
def user(accounts: TestAccountManager) -> Person:
    return person_at(accounts, 1)


@off_chain
def user_signer(accounts: TestAccountManager) -> Person:
    return person_at(accounts, 2)


@off_chain
def node(accounts: TestAccountManager) -> Person:
    return person_at(accounts, 3)


@off_chain
def node_signer(accounts: TestAccountManager) -> Person:
    return person_at(accounts, 4)


@off_chain
def stranger(accounts: TestAccountManager) -> Person:
    return person_at(accounts, 5)


@off_chain
def recipient(accounts: TestAccountManager) -> Person:
    """Somebody the user wants paid."""
    return person_at(accounts, 6)


@off_chain
def people(
    deployer: Person,
    user: Person,
    user_signer: Person,
    node: Person,
    node_signer: Person,
    stranger: Person,
    recipient: Person,
) -> dict[str, Person]:
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


@on_chain
def dai(project: Project, deployer: Person, people: dict[str, Person], chain: ChainManager) -> ContractInstance:
    dai = deployer.deploy(project.TestDai, chain.chain_id)
    for person in people.values():
        given(dai.mint, person, INITIAL_TOKENS, sender=deployer)
    return dai


@on_chain
def registry(project: Project, deployer: Person) -> ContractInstance:
    return deployer.deploy(project.OutcomeRegistry)


@off_chain
def deploy_manager(
    project: Project, deployer: Person, dai: ContractInstance, registry: ContractInstance
) -> Callable[..., ContractInstance]:
    """`deploy_manager(**parameters)`: a manager that differs from the usual one in these fields of `Parameters`."""

    def deploy(**parameters: Any) -> ContractInstance:
        usual = {
            "token": dai.address,
            "registry": registry.address,
            "capacityWei": CAPACITY_WEI,
            "capacityToken": CAPACITY_TOKEN,
            "transferLimitWei": TRANSFER_LIMIT_WEI,
            "transferLimitToken": TRANSFER_LIMIT_TOKEN,
            "minChallengePeriod": MIN_CHALLENGE_PERIOD,
            "maxChallengePeriod": MAX_CHALLENGE_PERIOD,
        }
        return deployer.deploy(project.ChannelManager, {**usual, **parameters})

    return deploy


@on_chain
def manager(
    deploy_manager: Callable[..., ContractInstance], dai: ContractInstance, people: dict[str, Person]
) -> ContractInstance:
    manager = deploy_manager()
    for person in people.values():
        given(dai.approve, manager, 2**256 - 1, sender=person)
    return manager


# --- Conditions ---


@off_chain
def hash_lock(registry: ContractInstance) -> ContractInstance:
    """The registry itself."""
    return registry


@on_chain
def stream(project: Project, deployer: Person) -> ContractInstance:
    return deployer.deploy(project.Stream)


@on_chain
def linked_payment(project: Project, deployer: Person) -> ContractInstance:
    return deployer.deploy(project.LinkedPayment)


@on_chain
def all_of(project: Project, deployer: Person) -> ContractInstance:
    return deployer.deploy(project.AllOf)


@on_chain
def any_of(project: Project, deployer: Person) -> ContractInstance:
    return deployer.deploy(project.AnyOf)


@on_chain
def any_share(project: Project, deployer: Person) -> ContractInstance:
    """A condition that takes any witness for the share."""
    return deployer.deploy(project.AnyShare)


@pytest.fixture
def promise(registry: ContractInstance, any_share: ContractInstance, deployer: Person) -> Promises:
    """`promise(payer, asset, amount)`: a conditional transfer; `promise.keep(transfer, share)` records its outcome."""
    return Promises(registry, any_share, deployer)


# --- Channels ---


@off_chain
def new_channel(
    manager: ContractInstance,
    deployer: Person,
    user: Person,
    user_signer: Person,
    node: Person,
    node_signer: Person,
    chain: ChainManager,
) -> Callable[..., Channel]:
    """`new_channel(**terms)`: a channel between `user` and `node` that differs from the usual one in these fields.

    Nothing is on chain before the first deposit: `new_channel().hold(user_wei=5)`.
    """

    def create(manager: ContractInstance = manager, **terms: Any) -> Channel:
        usual = {
            "user": user.raw,
            "user_signer": user_signer.raw,
            "node": node.raw,
            "node_signer": node_signer.raw,
            "challenge_period": DAY,
            "salt": 0,
        }
        return Channel(
            manager=manager,
            domain=Domain(chain_id=chain.chain_id, verifying_contract=parse_address(manager.address)),
            identity=ChannelIdentity(**{**usual, **terms}),
            user_key=user_signer.key,
            node_key=node_signer.key,
            sponsor=deployer,
        )

    return create


@pytest.fixture
def channel(new_channel: Callable[..., Channel]) -> Channel:
    """The usual channel, before its first deposit."""
    return new_channel()


# --- Money ---


@on_chain
def balance_sheet(project: Project, deployer: Person) -> ContractInstance:
    return deployer.deploy(project.BalanceSheet)


@pytest.fixture
def wealth(
    balance_sheet: ContractInstance, manager: ContractInstance, people: dict[str, Person]
) -> Callable[[], Wealth]:
    """`wealth()`: what everybody owns now. `wealth() - before` is what moved."""
    holders = {"manager": manager.address, **{name: person.address for name, person in people.items()}}
    return lambda: read_wealth(balance_sheet, manager, holders)


# --- Hostile doubles ---


@on_chain
def hostile_recipient(project: Project, deployer: Person) -> ContractInstance:
    """A contract account that may refuse, burn gas or call back; see `tests/contracts/doubles.py`."""
    return deployer.deploy(project.HostileRecipient)


@on_chain
def hostile_condition(project: Project, deployer: Person) -> ContractInstance:
    """A condition that may answer in every wrong way; see `contracts/test/HostileCondition.sol`."""
    return deployer.deploy(project.HostileCondition)


@on_chain
def hostile_token(project: Project, deployer: Person, people: dict[str, Person]) -> ContractInstance:
    """A token that may answer and move in every wrong way. Everybody has some, and it asks for no allowance."""
    token = deployer.deploy(project.HostileToken)
    for person in people.values():
        given(token.mint, person, INITIAL_TOKENS, sender=deployer)
    return token


@on_chain
def hostile_manager(
    deploy_manager: Callable[..., ContractInstance], hostile_token: ContractInstance
) -> ContractInstance:
    """A deployment that took the hostile token for DAI."""
    return deploy_manager(token=hostile_token.address)


@pytest.fixture
def hostile_channel(
    new_channel: Callable[..., Channel], hostile_manager: ContractInstance, hostile_recipient: ContractInstance
) -> Channel:
    """A channel in ETH and the hostile token, before its first deposit. The hostile recipient is the user's account."""
    return new_channel(manager=hostile_manager, user=parse_address(hostile_recipient.address))


@pytest.fixture
def hostile_wealth(
    balance_sheet: ContractInstance,
    hostile_manager: ContractInstance,
    hostile_recipient: ContractInstance,
    people: dict[str, Person],
) -> Callable[[], Wealth]:
    """`wealth` in the hostile deployment, the hostile recipient included as "payee"."""
    named = {"manager": hostile_manager, "payee": hostile_recipient, **people}
    holders = {name: holder.address for name, holder in named.items()}
    return lambda: read_wealth(balance_sheet, hostile_manager, holders)


@pytest.fixture
def credited(
    hostile_channel: Channel,
    hostile_recipient: ContractInstance,
    hostile_token: ContractInstance,
    deployer: Person,
) -> ContractInstance:
    """The hostile recipient, with a credit of 50 wei and 70 of the token. It and the token behave from here on."""
    hostile_channel.hold(user_wei=50, user_token=70)
    given(hostile_recipient.behave, Conduct.REVERTS, sender=deployer)
    given(hostile_token.behave, Conduct.REVERTS, sender=deployer)
    hostile_channel.close()
    given(hostile_recipient.behave, Conduct.HONEST, sender=deployer)
    given(hostile_token.behave, Conduct.HONEST, sender=deployer)
    return hostile_recipient
