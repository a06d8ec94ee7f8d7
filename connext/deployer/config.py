"""A network's parameters, which somebody thought about: `deployments/config/<ecosystem>-<network>.yaml`.

Everything about a deployment on a live network comes from there; nothing is a default. Errors name file and field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from connext.deployer.contracts import NO_REGISTRY_YET
from connext.deployments import Parameters
from connext.errors import ConnextError
from connext.fields import CountField, DurationField, FieldType, FlagField, MoneyField
from connext.types import (
    MAX_CHANNEL_TOTAL,
    Address,
    Asset,
    Bytes32,
    InvalidValue,
    checksum,
    parse_address,
)

FOLDER = Path("deployments") / "config"
LONGEST_SENSIBLE_PERIOD = 365 * 86_400
"""Seconds. The contract takes up to 136 years."""


@dataclass(eq=False)
class UnknownNetwork(ConnextError, LookupError):
    text = (
        "nothing is known of {network}: there is no file {path}; parameters are there for {known}, and docs/formats.md "
        "says how to add a network's"
    )
    network: str
    path: Path
    known: str


@dataclass(frozen=True, slots=True)
class Token:
    """source: the public list that the address was read from."""

    address: Address
    symbol: str
    decimals: int
    source: str


@dataclass(frozen=True, slots=True)
class Config:
    """network: as `--network` names it, without a provider. is_testnet: its money is worth nothing."""

    network: str
    chain_id: int
    is_testnet: bool
    token: Token
    parameters: Parameters
    salt: Bytes32


@dataclass(frozen=True, slots=True)
class TextField:
    expected: ClassVar[str] = "a line of text"

    def read(self, value: object, path: str) -> str:
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value
        raise InvalidValue(path, self.expected, value)

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class CheckedAddressField:
    """An address whose checksum is there and right."""

    expected: ClassVar[str] = "an address with its EIP-55 checksum, in quotes"

    def read(self, value: object, path: str) -> Address:
        try:
            address = parse_address(value)
        except ConnextError as error:
            raise InvalidValue(path, f"{self.expected} ({error})", value) from None
        if value != checksum(address):
            raise InvalidValue(path, f"{self.expected}, {checksum(address)}", value)
        return address

    def write(self, value: Address) -> str:
        return checksum(value)


@dataclass(frozen=True, slots=True)
class SaltField:
    expected: ClassVar[str] = "32 bytes as 0x and 64 digits, in quotes"

    def read(self, value: object, path: str) -> Bytes32:
        if isinstance(value, str) and re.fullmatch(r"0x[0-9a-f]{64}", value):
            return bytes.fromhex(value[2:])
        raise InvalidValue(path, self.expected, value)

    def write(self, value: Bytes32) -> str:
        return "0x" + value.hex()


@dataclass(frozen=True, slots=True)
class MappingField:
    """Exactly these fields."""

    fields: Mapping[str, Any] = field(hash=False)

    @property
    def expected(self) -> str:
        return f"the fields {', '.join(self.fields)}"

    def read(self, value: object, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidValue(path, self.expected, value)
        for name in value.keys() - self.fields.keys():
            raise InvalidValue(f"{path}.{name}", f"no such field, but {self.expected}", value[name])
        for name in self.fields.keys() - value.keys():
            raise InvalidValue(f"{path}.{name}", self.fields[name].expected, "nothing")
        return {name: type_.read(value[name], f"{path}.{name}") for name, type_ in self.fields.items()}

    def write(self, value: dict[str, Any]) -> object:
        return {name: type_.write(value[name]) for name, type_ in self.fields.items()}


_FORM: FieldType = MappingField(
    {
        "network": TextField(),
        "chainId": CountField(),
        "testnet": FlagField(),
        "token": MappingField(
            {"address": CheckedAddressField(), "symbol": TextField(), "decimals": CountField(), "source": TextField()}
        ),
        "capacity": MoneyField(),
        "transferLimit": MoneyField(),
        "challengePeriods": MappingField({"shortest": DurationField(), "longest": DurationField()}),
        "salt": SaltField(),
    }
)


def read_config(document: object, name: str) -> Config:
    """The parameters in a YAML document that was read from the file `name`. Raises InvalidValue."""
    values = _FORM.read(document, name)
    capacity, limit, periods = values["capacity"], values["transferLimit"], values["challengePeriods"]
    parameters = Parameters(
        token=values["token"]["address"],
        registry=NO_REGISTRY_YET,
        capacity_wei=capacity.amount_wei,
        capacity_token=capacity.amount_token,
        transfer_limit_wei=limit.amount_wei,
        transfer_limit_token=limit.amount_token,
        min_challenge_period=periods["shortest"],
        max_challenge_period=periods["longest"],
    )
    check_parameters(parameters, name)
    token = Token(**values["token"])
    config = Config(values["network"], values["chainId"], values["testnet"], token, parameters, values["salt"])
    if file_name(config.network) != name:
        raise InvalidValue(f"{name}.network", f"the network that the file is named for ({name})", config.network)
    if token.decimals != 18:
        raise InvalidValue(
            f"{name}.token.decimals", "18: amounts of this system are in 1e-18 of a unit", token.decimals
        )
    return config


def check_parameters(parameters: Parameters, name: str) -> None:
    """What the constructor would refuse, and what makes no sense. name: of where they are from. Raises InvalidValue."""
    if not (parameters.capacity_wei or parameters.capacity_token):
        raise InvalidValue(f"{name}.capacity", "more than nothing of one asset at least", "nothing")
    for asset, capacity, limit in (
        (Asset.ETH, parameters.capacity_wei, parameters.transfer_limit_wei),
        (Asset.DAI, parameters.capacity_token, parameters.transfer_limit_token),
    ):
        if capacity > MAX_CHANNEL_TOTAL:
            raise InvalidValue(f"{name}.capacity", f"at most {MAX_CHANNEL_TOTAL} wei {asset.name}", capacity)
        if limit > capacity:
            raise InvalidValue(f"{name}.transferLimit", f"at most the capacity, {capacity} wei {asset.name}", limit)
        if capacity and not limit:
            raise InvalidValue(f"{name}.transferLimit", f"more than nothing, since channels hold {asset.name}", limit)
    shortest, longest = parameters.min_challenge_period, parameters.max_challenge_period
    if not 0 < shortest <= longest:
        raise InvalidValue(f"{name}.challengePeriods.shortest", f"from 1 s to the longest, {longest} s", shortest)
    if longest > LONGEST_SENSIBLE_PERIOD:
        raise InvalidValue(f"{name}.challengePeriods.longest", f"at most a year, {LONGEST_SENSIBLE_PERIOD} s", longest)


def file_name(network: str) -> str:
    """Of the network `ethereum:mainnet`: ethereum-mainnet.yaml."""
    return network.replace(":", "-") + ".yaml"
