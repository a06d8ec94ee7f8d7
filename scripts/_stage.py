"""The stage of `lifecycle`: set up on the connected chain, play story after story, and reckon at the end of each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ape.api import ProviderAPI
from rich.console import Console
from rich.progress import Progress

from connext import lifecycle, reckoning
from connext.abi import artifact
from connext.actions import Action
from connext.chain import CONTRACTS, Receipt, Transaction
from connext.chain.ape import ApeLocalChain
from connext.chain.deploying import deploy_all
from connext.chain.fork import DAI, give_dai
from connext.channel import Deployment
from connext.checking import Play
from connext.ledger import Holdings
from connext.reckoning import Money, Reckoning
from connext.story import Story, world_of
from connext.token import TOKEN_ABI
from connext.types import Address
from connext.world import World, actor
from scripts import _tables as tables
from scripts._test_dai import creation_code

DEPLOYER = actor("deployer").account
ENDOWMENT = Holdings(100 * 10**18, 100_000 * 10**18)
"""What every actor has at the start."""
PLAIN_WIDTH = 120
"""Columns of the tables where the output is no terminal."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction of the play: what it called, who sent it."""

    function: str
    sender: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Played:
    """What a story led to."""

    title: str
    transactions: list[Sent]
    problems: list[str]
    before: Mapping[str, Money]
    owed: Reckoning
    found: Reckoning

    def differences(self) -> Iterator[str]:
        """All that is not as it was meant and signed; nothing in a play that went well."""
        yield from self.problems
        yield from _differences("money of", self.owed.money, self.found.money)
        yield from _differences("settlement of", self.owed.settlements, self.found.settlements)


def perform_lifecycle(provider: ProviderAPI, stories: Iterable[Story]) -> bool:
    """Play the stories and show what came out; whether everything is as it was signed."""
    console = Console() if Console().is_terminal else Console(width=PLAIN_WIDTH)
    chain, deployment = set_up(provider)
    first_block = chain.head.number
    plays, endowed = [], set[str]()
    for story in stories:
        endow(provider, chain, deployment.token, set(story.names) - endowed)
        endowed |= set(story.names)
        world = world_of(story, chain, deployment, policy=lifecycle.POLICY, first_block=first_block)
        played = play_story(story, world, console)
        console.print(tables.settlements(played))
        console.print(tables.money(played))
        plays.append(played)
    console.print(tables.transactions(plays))
    differences = [f"{played.title}: {difference}" for played in plays for difference in played.differences()]
    for difference in differences:
        console.print(f"WRONG: {difference}", style="bold red", markup=False)
    if not differences:
        console.print("Everybody has, to the wei, what the last states say.", style="bold green")
    return not differences


def play_story(story: Story, world: World, console: Console) -> Played:
    before = reckoning.found(world).money
    transactions, problems = [], []
    console.print(f"\n{story.title}: {tables.summary(story.actions)}", highlight=False)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        for step in progress.track(Play(world, story).steps(), len(story.actions), description=story.title):
            transactions += [_sent(world, step.action, receipt) for receipt in step.outcome.receipts]
            problems += [f"{step.action.name} (number {step.number}) {problem}" for problem in step.problems]
    owed = reckoning.owed(world, before, story.actions)
    return Played(story.title, transactions, problems, before, owed, reckoning.found(world))


def set_up(provider: ProviderAPI) -> tuple[ApeLocalChain, Deployment]:
    """Our own contracts on the connected chain; DAI on a fork is the real one."""
    chain = ApeLocalChain(provider)
    chain.set_balance(DEPLOYER, ENDOWMENT.amount_wei)
    token = DAI if provider.network.is_fork else chain.deploy(DEPLOYER, creation_code(chain.chain_id))
    return chain, deploy_all(chain, DEPLOYER, token)


def endow(provider: ProviderAPI, chain: ApeLocalChain, token: Address, names: Iterable[str]) -> None:
    """Give actors money."""
    for account in (actor(name).account for name in sorted(names)):
        chain.set_balance(account, ENDOWMENT.amount_wei)
        if provider.network.is_fork:
            give_dai(provider.make_request, account, ENDOWMENT.amount_token)
        else:
            mint = TOKEN_ABI.encode_call("mint", account, ENDOWMENT.amount_token)
            chain.send(Transaction(DEPLOYER, token, mint))


def _sent(world: World, action: Action, receipt: Receipt) -> Sent:
    names = {person.account: person.name for person in world.actors.values()}
    called = (artifact(name).abi.function_of(receipt.transaction.data) for name in CONTRACTS)
    function = next((name for name in called if name is not None), "?")
    if function == "batch" and action.name == "batch":
        function = f"batch of {' and '.join(item.name for item in action.fields['items'])}"
    return Sent(function, names[receipt.transaction.sender], receipt)


def _differences(what: str, owed: Mapping[str, object], found: Mapping[str, object]) -> Iterator[str]:
    for name in owed:
        if owed[name] != found.get(name):
            yield f"{what} {name}: {owed[name]} is owed, the chain says {found.get(name)}"
