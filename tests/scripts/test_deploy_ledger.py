"""A hardware wallet deploys: the real ape-ledger on one side, a stand-in for the device on the other.

ape-ledger is not among what `make setup` installs (docs/deploying.md says how to get it), so this runs where it is. It
was never run against a real device.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connext.chain.endpoint import Endpoint, http_carrier
from connext.deployer import standard_json
from connext.deployer.files import load_config
from connext.deployments import read
from connext.keccak import keccak256
from connext.signing import Key, to_rsv
from connext.types import checksum
from tests.scripts.live import CHECKOUT, Live, committed_checkout, put_dai, quick_rebuild
from tests.scripts.running import start_anvil

ledger = pytest.importorskip("ape_ledger.client")

CHOICE, ALIAS, PATH = "ethereum:mainnet", "a-ledger-for-tests", "m/44'/60'/0'/0/0"


class Device:
    """What answers the commands (APDUs) of Ledger's Ethereum app: collects a transaction, shows and signs it."""

    def __init__(self, key: Key, *, refuses: bool = False) -> None:
        self.key = key
        self.refuses = refuses
        self.signed: list[bytes] = []
        self._payload = b""

    def exchange(self, command: bytes) -> bytes:
        kind, instruction, part, _, length = command[:5]
        data = command[5 : 5 + length]
        assert (kind, instruction, len(data)) == (0xE0, 0x04, length), "sign a transaction, and nothing else"
        self._payload = data if part == 0x00 else self._payload + data
        transaction = self._payload[1 + 4 * self._payload[0] :]
        if len(transaction) < 1 + _rlp_length(transaction[1:]):
            return b""
        if self.refuses:
            from ledgerblue.commException import CommException

            raise CommException("refused on the device", sw=0x6985)
        assert transaction[0] == 2  # EIP-1559
        self.signed.append(transaction)
        rsv = to_rsv(self.key.sign_digest(keccak256(transaction)))
        return bytes([rsv[64] - 27]) + rsv[:64]

    def close(self) -> None:
        pass


def _rlp_length(data: bytes) -> int:
    """Of a list, its header included."""
    if data[0] <= 0xF7:
        return 1 + data[0] - 0xC0
    digits = data[0] - 0xF7
    return 1 + digits + int.from_bytes(data[1 : 1 + digits])


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    from ape import accounts

    device = Device(Key(b"\x24" * 32))
    monkeypatch.setattr(ledger, "_dongle_cache", device)
    container = accounts.containers["ledger"]
    container.data_folder.mkdir(parents=True, exist_ok=True)
    container.save_account(ALIAS, checksum(device.key.address), PATH)
    yield device
    container.delete_account(ALIAS)


@pytest.fixture
def mainnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: Device) -> Iterator[Live]:
    from scripts import _shipyard

    committed_checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(standard_json, "_compile", quick_rebuild)
    monkeypatch.setattr(_shipyard, "LIVE_CONFIRMATIONS", 0)
    monkeypatch.setattr("ape.api.networks.NetworkAPI.required_confirmations", 0)
    for url in start_anvil("--chain-id", "1"):
        live = Live(CHOICE, url, Endpoint(http_carrier(url)), tmp_path)
        put_dai(live.node, checksum(load_config(CHECKOUT, CHOICE).token.address), with_permit=True)
        live.node.ask("anvil_setBalance", checksum(device.key.address), hex(10**18))
        yield live


def test_every_transaction_is_signed_on_the_device(mainnet: Live, device: Device) -> None:
    mainnet("deploy", "--yes", account=ALIAS).succeeded()
    assert len(device.signed) == 6
    for name in ("OutcomeRegistry", "ChannelManager"):
        assert read(mainnet.records / f"{name}.json").deployer == device.key.address


def test_a_refusal_on_the_device_ends_it(mainnet: Live, device: Device) -> None:
    device.refuses = True
    mainnet("deploy", "--yes", account=ALIAS).failed("did not sign (Action cancelled by the user): run this again")
    assert not list(mainnet.records.glob("*.json"))
    device.refuses = False
    mainnet("deploy", "--yes", account=ALIAS).succeeded()
