"""The parameters of networks: the committed files, and what a broken one says."""

from pathlib import Path

import pytest
import yaml

from connext.deployer.config import FOLDER, UnknownNetwork, file_name, read_config
from connext.deployer.files import load_config
from connext.deployments import UnreadableFile
from connext.fields import DurationField
from connext.types import DAY, InvalidValue, checksum

CHECKOUT = Path(__file__).resolve().parents[2]
NAME = "ethereum-mainnet.yaml"
TEXT = (CHECKOUT / FOLDER / NAME).read_text()

TOKENS = {
    "ethereum:mainnet": (1, "0x6B175474E89094C44Da98b954EedeAC495271d0F"),
    "ethereum:sepolia": (11155111, "0xFF34B3d4Aee8ddCd6F9AFFFB6Fe49bD371b8a357"),
    "optimism:mainnet": (10, "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"),
    "arbitrum:mainnet": (42161, "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"),
    "base:mainnet": (8453, "0x50c5725949A6F0c72E6C4a641F24049A917DB0Cb"),
}
INBOX_SECONDS = {"optimism:mainnet": DAY // 2, "base:mainnet": DAY // 2, "arbitrum:mainnet": DAY}
"""How long a sequencer can keep a transaction out that was sent by Ethereum."""


def test_every_committed_file_is_read() -> None:
    files = {path.name for path in (CHECKOUT / FOLDER).iterdir()}
    assert files == set(map(file_name, TOKENS))
    for network, (chain_id, token) in TOKENS.items():
        config = load_config(CHECKOUT, network)
        assert (config.network, config.chain_id, checksum(config.token.address)) == (network, chain_id, token)
        assert config.token.source
        assert config.is_testnet is (network == "ethereum:sepolia")
        assert config.parameters.min_challenge_period > INBOX_SECONDS.get(network, 0)


def test_an_unknown_network_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownNetwork, match=r"no file deployments/config/ethereum-holesky\.yaml; parameters"):
        load_config(CHECKOUT, "ethereum:holesky")
    with pytest.raises(UnknownNetwork, match=r"parameters are there for no network, and docs/formats\.md says how"):
        load_config(tmp_path, "ethereum:mainnet")


def test_what_is_no_yaml(tmp_path: Path) -> None:
    path = tmp_path / FOLDER / NAME
    path.parent.mkdir(parents=True)
    path.write_text("network: [")
    with pytest.raises(UnreadableFile, match=r"^deployments/config/ethereum-mainnet.yaml cannot be read as YAML"):
        load_config(tmp_path, "ethereum:mainnet")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("network", "ethereum:sepolia", "the network that the file is named for"),
        ("chainId", "1", "a whole number"),
        ("testnet", "no", "true or false"),
        ("token.address", "0x6b175474e89094c44da98b954eedeac495271d0f", "with its EIP-55 checksum, in quotes, 0x6B17"),
        ("token.address", "0x6B175474E89094C44Da98b954EedeAC495271d0f", "has a wrong EIP-55 checksum"),
        ("token.address", 0x6B175474E89094C44DA98B954EEDEAC495271D0F, "an address with its EIP-55 checksum"),
        ("token.decimals", 6, "18: amounts of this system"),
        ("token.source", "", "a line of text"),
        ("token.name", "Dai", "no such field"),
        ("capacity", "100 USD", "amounts such as"),
        ("capacity", "nothing", "more than nothing"),
        ("capacity", "2000000 ETH and 1 DAI", "at most 1208925819614629174706175 wei ETH"),
        ("transferLimit", "101 ETH and 1 DAI", "at most the capacity"),
        ("transferLimit", "1 ETH", "more than nothing, since channels hold DAI"),
        ("challengePeriods.shortest", "0 s", "from 1 s to the longest"),
        ("challengePeriods.shortest", "31 d", "from 1 s to the longest"),
        ("challengePeriods.longest", "366 d", "at most a year"),
        ("challengePeriods.longest", "soon", "seconds, or a duration"),
        ("salt", "0x00", "32 bytes as 0x and 64 digits"),
        ("capacity", None, "amounts such as"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object, expected: str) -> None:
    document = yaml.safe_load(TEXT)
    *folders, last = field.split(".")
    place = document
    for folder in folders:
        place = place[folder]
    place[last] = value
    with pytest.raises(InvalidValue) as error:
        read_config(document, NAME)
    assert str(error.value).startswith(f"{NAME}.{field}: expected ")
    assert expected in str(error.value)


@pytest.mark.parametrize(
    "field", ["network", "chainId", "token", "capacity", "transferLimit", "challengePeriods", "salt"]
)
def test_a_missing_field_is_named(field: str) -> None:
    document = yaml.safe_load(TEXT)
    del document[field]
    with pytest.raises(InvalidValue, match=rf"^{NAME}\.{field}: expected .*, got 'nothing'"):
        read_config(document, NAME)


def test_what_is_no_mapping() -> None:
    with pytest.raises(InvalidValue, match="the fields network, chainId, testnet, token"):
        read_config(["network"], NAME)


def test_periods_of_l2s_are_read_as_written() -> None:
    assert load_config(CHECKOUT, "arbitrum:mainnet").parameters.min_challenge_period == DurationField().read("2 d", "")
