"""Reading the parameters' files, which are YAML."""

from pathlib import Path

import yaml

from connext.deployer.config import FOLDER, Config, UnknownNetwork, file_name, read_config
from connext.deployments import UnreadableFile


def load_config(root: Path, network: str) -> Config:
    """The parameters of a network, in the checkout `root`. Raises UnknownNetwork, UnreadableFile, InvalidValue."""
    path = root / FOLDER / file_name(network)
    if not path.is_file():
        known = ", ".join(sorted(other.stem.replace("-", ":", 1) for other in path.parent.glob("*.yaml")))
        raise UnknownNetwork(network, FOLDER / path.name, known or "no network")
    try:
        document = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableFile(FOLDER / path.name, "YAML", " ".join(str(error).split())) from None
    return read_config(document, path.name)
