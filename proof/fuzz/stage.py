"""What stands before a life begins: people, tokens, conditions, the registry, and managers with different limits.

It is built once per process, from the artifacts in a folder; every life begins at the mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connext.abi import Artifact
from connext.chain.evm import GENESIS_TIME
from connext.keccak import keccak256
from connext.signing import Key
from connext.types import DAY, Address
from connext.world import actor
from proof.machine import Machine, Mark, Result
from proof.model.ledger import Parameters
from proof.records import CHECKOUT

SHIPPED = CHECKOUT / "connext" / "artifacts"
DOUBLES = CHECKOUT / "tests" / "artifacts"

DEPLOYER = b"\xde" * 20
RELAY = b"\x99" * 20
"""Sends what contract accounts want to have sent."""

WEALTH = 2**100
"""What everybody owns at the start, in wei and in each token."""

WHOLE = 2**80 - 1
ANY_AMOUNT = 2**128 - 1


@dataclass(frozen=True)
class Limits:
    """Per asset, wei first; periods in seconds. hostile: its token is one that misbehaves on command."""

    capacity: tuple[int, int]
    transfer: tuple[int, int]
    periods: tuple[int, int] = (1, 30 * DAY)
    hostile: bool = False


USUAL = Limits((100 * 10**18, 200_000 * 10**18), (10 * 10**18, 20_000 * 10**18), (3_600, 30 * DAY))
"""`connext.deployments.default_parameters`: what a story is played on."""

VARIANTS = (
    USUAL,
    Limits((WHOLE, WHOLE), (ANY_AMOUNT, ANY_AMOUNT)),
    Limits((1_000, WHOLE), (100, WHOLE)),
    Limits((WHOLE, 1_000), (0, 500), periods=(1, 2**32 - 1)),
    Limits((0, WHOLE), (5, 2**70)),
    Limits((WHOLE, 0), (ANY_AMOUNT, 0)),
    Limits((WHOLE, WHOLE), (2**64, 2**64), hostile=True),
)


@dataclass(frozen=True)
class Person:
    """key: signs for the account, where that is no contract."""

    name: str
    account: Address
    signer: Key
    key: Key | None

    @property
    def is_contract(self) -> bool:
        return self.key is None


@dataclass(frozen=True)
class Manager:
    """token: its address, by which `Stage.tokens` knows the contract."""

    parameters: Parameters
    token: Address
    hostile: bool

    @property
    def address(self) -> Address:
        return self.parameters.address


@dataclass(frozen=True)
class Conditions:
    """any_share takes the witness for the share; hostile answers as it is told."""

    hash_lock: Address
    stream: Address
    linked_payment: Address
    all_of: Address
    any_of: Address
    any_share: Address
    hostile: Address

    @property
    def shipped(self) -> dict[Address, str]:
        """Those that the model knows, by their names in Solidity."""
        names = {"HashLock": self.hash_lock, "Stream": self.stream, "LinkedPayment": self.linked_payment}
        names |= {"AllOf": self.all_of, "AnyOf": self.any_of}
        return {address: name for name, address in names.items()}


class Stage:
    """machine: stands at `start` whenever a life begins. time: when it is built, in Unix seconds."""

    def __init__(self, artifacts: Path = SHIPPED, time: int = GENESIS_TIME) -> None:
        self.artifacts = artifacts
        named = [actor(name) for name in ("alice", "bob", "carol", "dave", "erin")]
        balances = dict.fromkeys((DEPLOYER, RELAY, *(each.account for each in named)), 2 * WEALTH)
        self.machine = self._machine(balances, time)
        self.dai = self._deploy("TestDai", self.machine.chain_id.to_bytes(32, "big"), doubles=True)
        self.hostile_token = self._deploy("HostileToken", doubles=True)
        self.conditions = self._conditions()
        self.registry = self.conditions.hash_lock
        self.managers = tuple(self._manager(limits) for limits in VARIANTS)
        self.recipient = _artifact("HostileRecipient", DOUBLES)
        self.people = (
            *(Person(each.name, each.account, _key("signer", each.name), _key("account", each.name)) for each in named),
            *(self._contract_account(name) for name in ("grace", "heidi")),
        )
        self.contracts = frozenset(person.account for person in self.people if person.is_contract)
        self.mute = frozenset((self.dai, self.hostile_token, *(manager.address for manager in self.managers)))
        """What cannot call, and loses what it is given."""
        for person in self.people:
            self._enrich(person)
        self.start: Mark = self.machine.mark()

    # --- Deploying ---

    def _machine(self, balances: Mapping[Address, int], time: int) -> Machine:
        """Where all of it stands; the tests build it on other chains, too."""
        return Machine(balances, time=time)

    def _deploy(self, name: str, arguments: bytes = b"", *, doubles: bool = False) -> Address:
        folder = DOUBLES if doubles else self.artifacts
        return self.machine.deploy(DEPLOYER, _artifact(name, folder).bytecode + arguments)

    def _conditions(self) -> Conditions:
        shipped = ("OutcomeRegistry", "Stream", "LinkedPayment", "AllOf", "AnyOf")
        addresses = [self._deploy(name) for name in shipped]
        addresses += [self._deploy(name, doubles=True) for name in ("AnyShare", "HostileCondition")]
        return Conditions(*addresses)

    def _manager(self, limits: Limits) -> Manager:
        token = self.hostile_token if limits.hostile else self.dai
        words = (token, self.registry, *limits.capacity, *limits.transfer, *limits.periods)
        encoded = b"".join(w.rjust(32, b"\0") if isinstance(w, bytes) else w.to_bytes(32, "big") for w in words)
        address = self._deploy("ChannelManager", encoded)
        parameters = Parameters(address, self.machine.chain_id, limits.capacity, limits.transfer, *limits.periods)
        return Manager(parameters, token, limits.hostile)

    def _contract_account(self, name: str) -> Person:
        return Person(name, self._deploy("HostileRecipient", doubles=True), _key("signer", name), None)

    def _enrich(self, person: Person) -> None:
        """WEALTH of everything, and allowances without end."""
        dai, hostile = _artifact("TestDai", DOUBLES).abi, _artifact("HostileToken", DOUBLES).abi
        self._do(DEPLOYER, self.dai, dai.encode_call("mint", person.account, WEALTH))
        self._do(DEPLOYER, self.hostile_token, hostile.encode_call("mint", person.account, WEALTH))
        if person.is_contract:
            self._do(DEPLOYER, person.account, b"", WEALTH // 4)
        for manager in self.managers:
            approval = dai.encode_call("approve", manager.address, 2**256 - 1)
            if person.is_contract:
                approval = self.recipient.abi.encode_call("execute", self.dai, (approval,), (0,))
                self._do(RELAY, person.account, approval)
            else:
                self._do(person.account, self.dai, approval)

    def _do(self, sender: Address, to: Address, data: bytes, value: int = 0) -> Result:
        result = self.machine.send(sender, to, data, value)
        assert result.succeeded, (to.hex(), data[:4].hex(), result.output)
        return result


def _artifact(name: str, folder: Path) -> Artifact:
    return Artifact.parse(name, (folder / f"{name}.json").read_text())


def _key(kind: str, name: str) -> Key:
    """The keys of `connext.world.actor`."""
    return Key(keccak256(f"{kind} {name}".encode()))
