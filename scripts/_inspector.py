"""What `verify` does: reads the records, collects what they are compared with, says what came out."""

from pathlib import Path

import click
from ape.api import ProviderAPI

from connext.deployer.config import Config, UnknownNetwork
from connext.deployer.contracts import PURPOSES
from connext.deployer.files import load_config
from connext.deployer.publishing import Publication
from connext.deployer.verification import Evidence, Verdict, collect, creation_of, verdict
from connext.deployments import NotDeployed, Record, WrongChain, read
from scripts._connection import endpoint_of, network_of


class Inspector:
    """The recorded contracts of the network. Raises NotDeployed, WrongChain, InvalidValue.

    root: the checkout, which has the sources and the records.
    """

    def __init__(self, provider: ProviderAPI, root: Path) -> None:
        self._root = root
        self._network = network_of(provider)
        self._node = endpoint_of(provider)
        self._folder = self._network.folder(root)
        self._records = {name: self._read(name) for name in PURPOSES}
        self._evidence: dict[str, Evidence] = {}
        self._config = self._load_config()

    def chosen(self, names: tuple[str, ...]) -> list[Record]:
        """The records of the contracts with these names, all without any."""
        for name in names:
            if name not in self._records:
                known = ", ".join(self._records)
                raise click.BadParameter(f"there is no contract {name}, but {known}", param_hint="--contract")
        return [record for name, record in self._records.items() if not names or name in names]

    def verdict(self, record: Record) -> Verdict:
        """Print it, too. Raises NoSource, OtherCompiler, DoesNotCompile, SourceMissing, EndpointGone, BlockUnknown."""
        click.echo(f"compiling {record.contract} …", err=True)
        evidence = collect(self._root, self._node, record, self._folder)
        self._evidence[record.contract] = evidence
        result = verdict(record, evidence, self._records, self._config)
        click.echo(str(result))
        return result

    def publication(self, contract: str) -> Publication:
        """What publishing takes of a contract that has its verdict."""
        record, evidence = self._records[contract], self._evidence[contract]
        creation = creation_of(record, evidence.build).creation_code
        arguments = creation[len(evidence.build.creation) :]
        return Publication(record, evidence.source, evidence.build.version, arguments)

    def _load_config(self) -> Config | None:
        """None for local chains and forks, where parameters are free, and for networks without a file."""
        try:
            return load_config(self._root, self._network.choice) if self._network.is_live else None
        except UnknownNetwork:
            return None

    def _read(self, contract: str) -> Record:
        path = self._folder / f"{contract}.json"
        if not path.is_file():
            raise NotDeployed(contract, self._network.choice, path)
        record = read(path)
        if record.chain_id != self._network.chain_id:
            raise WrongChain(path, self._network.choice, record.chain_id, self._network.chain_id)
        return record
