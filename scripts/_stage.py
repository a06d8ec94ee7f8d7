"""The stage of `lifecycle`: set up on the connected chain, play, and reckon at the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ape.api import ProviderAPI
from rich.console import Console
from rich.progress import Progress

from connext import lifecycle, reckoning
from connext.abi import manager_abi
from connext.actions import Action, play
from connext.chain import Receipt, Transaction
from connext.chain.ape import ApeLocalChain
from connext.chain.deploying import deploy_all
from connext.chain.fork import DAI, give_dai
from connext.errors import ConnextError
from connext.ledger import Holdings
from connext.reckoning import Money, Reckoning
from connext.token import TOKEN_ABI
from connext.world import World, actor
from scripts import _tables as tables
from scripts._test_dai import creation_code

DEPLOYER = actor("deployer").account
ENDOWMENT = Holdings(100 * 10**18, 100_000 * 10**18)
"""What every actor has at the start."""
PLAIN_WIDTH = 120
"""Columns of the tables where the output is no terminal."""


@dataclass(slots=True)
class Played:
    """What the chapters led to."""

    transactions: list["Sent"]
    rejections: list[ConnextError]
    before: Mapping[str, Money]
    owed: Reckoning
    found: Reckoning

    def differences(self) -> Iterator[str]:
        """All that is not as it was meant and signed; nothing in a play that went well."""
        for sent in self.transactions:
            if sent.receipt.error is not None:
                yield f"{sent.function} of {sent.sender} failed: {sent.receipt.error}"
        yield from (f"a party refused: {error}" for error in self.rejections)
        yield from _differences("money of", self.owed.money, self.found.money)
        yield from _differences("settlement of", self.owed.settlements, self.found.settlements)


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction of the play: in which chapter, what it called, who sent it."""

    chapter: str
    function: str
    sender: str
    receipt: Receipt


def perform_lifecycle(provider: ProviderAPI) -> bool:
    """Play all chapters and show what came out; whether everything is as it was signed."""
    console = Console() if Console().is_terminal else Console(width=PLAIN_WIDTH)
    played = play_chapters(set_up(provider), lifecycle.chapters(), console)
    console.print(tables.transactions(played.transactions))
    console.print(tables.settlements(played.owed, played.found))
    console.print(tables.money(played.before, played.owed, played.found))
    differences = list(played.differences())
    for difference in differences:
        console.print(f"WRONG: {difference}", style="bold red", markup=False)
    if not differences:
        console.print("Everybody has, to the wei, what the last states say.", style="bold green")
    return not differences


def play_chapters(world: World, chapters: Mapping[str, list[Action]], console: Console) -> Played:
    before = reckoning.found(world).money
    transactions, rejections = [], []
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        for title, actions in chapters.items():
            console.print(f"{title}: {tables.summary(actions)}", highlight=False)
            for action in progress.track(actions, description=title):
                (outcome,) = play(world, [action])
                transactions += [_sent(world, title, action, receipt) for receipt in outcome.receipts]
                rejections += outcome.rejections
    everything = [action for actions in chapters.values() for action in actions]
    return Played(transactions, rejections, before, reckoning.owed(world, before, everything), reckoning.found(world))


def set_up(provider: ProviderAPI) -> World:
    """A world on the connected chain: its own manager, DAI (on a fork the real one), and actors with money."""
    chain = ApeLocalChain(provider)
    chain.set_balance(DEPLOYER, ENDOWMENT.amount_wei)
    token = DAI if provider.network.is_fork else chain.deploy(DEPLOYER, creation_code(chain.chain_id))
    deployment = deploy_all(chain, DEPLOYER, token)
    for person in lifecycle.ACTORS:
        chain.set_balance(person.account, ENDOWMENT.amount_wei)
        if provider.network.is_fork:
            give_dai(provider.make_request, person.account, ENDOWMENT.amount_token)
        else:
            chain.send(
                Transaction(DEPLOYER, token, TOKEN_ABI.encode_call("mint", person.account, ENDOWMENT.amount_token))
            )
    return World(chain, deployment, lifecycle.ACTORS, lifecycle.identities(), first_block=chain.head.number)


def _sent(world: World, chapter: str, action: Action, receipt: Receipt) -> Sent:
    names = {person.account: person.name for person in world.actors.values()}
    function = manager_abi().function_of(receipt.transaction.data) or "?"
    if function == "batch" and action.name == "batch":
        function = f"batch of {' and '.join(item.name for item in action.fields['items'])}"
    return Sent(chapter, function, names[receipt.transaction.sender], receipt)


def _differences(what: str, owed: Mapping[str, object], found: Mapping[str, object]) -> Iterator[str]:
    for name in owed:
        if owed[name] != found.get(name):
            yield f"{what} {name}: {owed[name]} is owed, the chain says {found.get(name)}"
