"""`status`: what operators see of a deployment, and when it is an exit code."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connext.abi import Log, manager_abi
from connext.chain.endpoint import Endpoint, http_carrier
from connext.deployments import manager_parameters, read
from connext.types import checksum
from scripts._lookout import Lookout
from tests.scripts.conftest import CHECKOUT, Pair, linked_checkout, opened
from tests.scripts.running import ALICE, BOB, LOCAL, Ran, Run, invoke, start_anvil

Status = Callable[..., Ran]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A checkout, and a chain of its own with a deployment: nobody else's channels are in the sums."""
    folder = tmp_path_factory.mktemp("status")
    linked_checkout(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for url in start_anvil("--chain-id", "161803"):
            patch.setenv("APE_FOUNDRY_HOST", url)
            invoke(["deploy", "--test-dai", "--account", ALICE, "--network", LOCAL]).succeeded()
            yield folder, url


@pytest.fixture
def node(place: tuple[Path, str]) -> Iterator[Endpoint]:
    node = Endpoint(http_carrier(place[1]))
    before = node.ask("evm_snapshot")
    yield node
    node.ask("evm_revert", before)


@pytest.fixture
def here(place: tuple[Path, str], node: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: ARG001
    folder, url = place
    monkeypatch.chdir(folder)
    monkeypatch.setenv("APE_FOUNDRY_HOST", url)
    for module in ("connext.history", "connext.chain.logs"):
        monkeypatch.setattr(f"{module}.SPAN_BLOCKS", 4)
    return lambda *arguments, answers="": invoke([*arguments, "--network", LOCAL], answers)


def manager_of(folder: Path) -> bytes:
    (path,) = folder.glob(".build/deployments/*/ChannelManager.json")
    return read(path).address


def document(ran: Ran) -> dict:
    return json.loads(ran.output.splitlines()[-1])


@pytest.fixture
def channels(here: Run, tmp_path: Path) -> tuple[Pair, Pair]:
    """3 ETH and 5 DAI of Alice in an open channel, 2 ETH in another that Alice disputes; 1 ETH in Bob's reserve."""
    alice = ("--account", ALICE, "--store", str(tmp_path / "alice"))
    first = here("open", "--with", BOB, "--deposit", "3 ETH", "--deposit", "5 DAI", "--approve", *alice)
    second = here("open", "--with", BOB, "--deposit", "2 ETH", "--salt", "1", *alice)
    pairs = tuple(Pair(here, opened(ran.succeeded().output), tmp_path) for ran in (first, second))
    pairs[1].alice("dispute").succeeded()
    here("reserve", "--fund", "1 ETH", "--account", BOB).succeeded()
    return pairs


def test_an_empty_deployment(here: Run) -> None:
    output = here("status").succeeded().output
    assert "open channels            0  nothing" in output
    assert "G1 holds: the manager has what it owes" in output


def test_money_and_deadlines(here: Run, channels: tuple[Pair, Pair], place: tuple[Path, str]) -> None:
    output = here("status", "--views").succeeded().output
    assert "open channels            1  3 ETH and 5 DAI" in output
    assert "disputed channels        1  2 ETH" in output
    assert "reserves                    1 ETH" in output
    assert "owed in all                 6 ETH and 5 DAI" in output
    assert "held                        6 ETH and 5 DAI" in output
    assert f"dispute of {channels[1].channel}: no state, 2 ETH, ends 20" in output
    assert "(in 1 d)" in output or "(in 23 h" in output

    found = document(here("status", "--json").succeeded())
    assert found["manager"] == checksum(manager_of(place[0]))
    assert found["channels"] == {"open": 1, "disputed": 1, "settled": 0, "withOpenTransfers": 0}
    assert found["money"]["open"] == {"wei": str(3 * 10**18), "token": str(5 * 10**18)}
    assert found["money"]["owed"] == found["money"]["held"]
    assert found["money"]["surplus"] == {"wei": "0", "token": "0"}
    (dispute,) = found["disputes"]
    assert (dispute["channel"], dispute["nonce"]) == (channels[1].channel, "0")
    assert (found["solvent"], found["troubles"]) == (True, [])
    documented = formats_table("## The status of a deployment")
    assert documented == set(found)


def formats_table(heading: str) -> set[str]:
    """The fields in the first column of the table under a heading of docs/formats.md."""
    section = (CHECKOUT / "docs" / "formats.md").read_text().split(f"{heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_a_deadline_that_is_near(here: Run, channels: tuple[Pair, Pair], node: Endpoint) -> None:
    here("status", "--margin", "6 h").succeeded()
    ran = here("status", "--margin", "2 d")
    assert ran.code == 1
    assert f"the dispute of channel {channels[1].channel} ends 20" in ran.output
    assert document(here("status", "--json", "--margin", "2 d"))["troubles"] != []
    node.ask("evm_increaseTime", 86_400)
    node.ask("anvil_mine", "0x1")
    output = here("status", "--margin", "2 d").succeeded().output  # too late to answer, so nothing is urgent
    assert "2 ETH, can be settled since 20" in output


@pytest.mark.parametrize("asset", ["ETH", "DAI"])
def test_less_than_is_owed(
    here: Run,
    channels: tuple[Pair, Pair],  # noqa: ARG001 # must be there
    node: Endpoint,
    place: tuple[Path, str],
    asset: str,
) -> None:
    manager = manager_of(place[0])
    if asset == "ETH":
        node.ask("anvil_setBalance", checksum(manager), hex(6 * 10**18 - 1))
    else:
        (path,) = place[0].glob(".build/deployments/*/ChannelManager.json")
        token = manager_parameters(read(path)).token
        node.ask("anvil_dealERC20", checksum(manager), checksum(token), hex(5 * 10**18 - 1))
    ran = here("status")
    assert ran.code == 1
    assert f"G1 FAILS: the manager lacks 0.000000000000000001 {asset}" in ran.output
    assert "G1 holds" not in ran.output


def test_a_view_that_differs_from_the_events(here: Run, channels: tuple[Pair, Pair], node: Endpoint, place) -> None:
    """One slot of the contract's storage is emptied."""
    manager = checksum(manager_of(place[0]))
    node.ask("anvil_setStorageAt", manager, *_head_of(node, manager, channels[1].channel))
    ran = here("status", "--views")
    assert ran.code == 1
    assert f"events and view of channel {channels[1].channel} differ" in ran.output


def _head_of(node: Endpoint, manager: str, channel: str) -> tuple[str, str]:
    """The first storage slot that the view of the channel reads, and nothing for it."""
    from connext.abi import manager_abi

    data = "0x" + manager_abi().encode_call("channelOf", bytes.fromhex(channel[2:])).hex()
    access = node.ask("eth_createAccessList", {"to": manager, "data": data}, "latest")["accessList"]
    return access[0]["storageKeys"][0], "0x" + "0" * 64


def test_what_was_read_is_not_read_again(
    here: Run,
    channels: tuple[Pair, Pair],  # noqa: ARG001 # must be there
    place: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here("status").succeeded()
    (path,) = place[0].glob(".build/history/*.jsonl")
    pages = path.read_text().splitlines()
    assert len(pages) >= 2
    read_first = []
    original = Lookout.logs

    def listen(lookout: Lookout, address: bytes, first: int, last: int) -> tuple[Log, ...]:
        read_first.append(first)
        return original(lookout, address, first, last)

    monkeypatch.setattr(Lookout, "logs", listen)
    here("status").succeeded()
    assert read_first == [json.loads(pages[-1])["last"] + 1]


def test_watching_ends_when_something_is_wrong(
    here: Run,
    channels: tuple[Pair, Pair],  # noqa: ARG001 # must be there
    node: Endpoint,
    place: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manager = checksum(manager_of(place[0]))
    slept = []

    def sleep(seconds: int) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            node.ask("anvil_setBalance", manager, "0x0")

    monkeypatch.setattr("scripts._lookout.time.sleep", sleep)
    ran = here("status", "--json", "--watch", "1 min")
    assert ran.code == 1
    assert slept == [60, 60]
    documents = [json.loads(line) for line in ran.output.splitlines()]
    assert [found["solvent"] for found in documents] == [True, True, False]


# --- Where "G1 holds" would be a lie ---


@contextmanager
def changed_record(folder: Path, change: Callable[[dict], None]) -> Iterator[None]:
    (path,) = folder.glob(".build/deployments/*/ChannelManager.json")
    text = path.read_text()
    record = json.loads(text)
    change(record)
    path.write_text(json.dumps(record))
    try:
        yield
    finally:
        path.write_text(text)


@pytest.mark.parametrize("later", [1, 10**9])
def test_a_record_whose_block_is_too_late(
    here: Run,
    channels: tuple[Pair, Pair],  # noqa: ARG001 # must be there
    place: tuple[Path, str],
    later: int,
) -> None:
    """What was deposited before it would not be counted."""
    block = json.loads(next(place[0].glob(".build/deployments/*/ChannelManager.json")).read_text())["block"]
    after = int(block) + later
    with changed_record(place[0], lambda record: record.update(block=str(after))):
        here("status").failed(f"is not what is on the chain: block {after} does not have its transaction; see ape run")


def test_a_record_with_another_token(here: Run, place: tuple[Path, str]) -> None:
    """Of which the manager may have plenty."""
    other = checksum(manager_of(place[0]))
    with changed_record(place[0], lambda record: record["arguments"][0].update(token=other)):
        here("status").failed("is not what is on the chain: it has other parameters; see ape run verify")


def test_events_that_an_endpoint_leaves_out(
    here: Run, channels: tuple[Pair, Pair], place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Lookout.logs

    def without(event: str) -> Callable[..., tuple[Log, ...]]:
        topic = manager_abi().topic(event)
        return lambda *arguments: tuple(log for log in original(*arguments) if log.topics[0] != topic)

    monkeypatch.setattr(Lookout, "logs", without("ChannelOpened"))
    here("status").failed("does not give all events of the manager 0x", f"those of channel {channels[0].channel} do")
    monkeypatch.setattr(Lookout, "logs", without("Funded"))
    for path in place[0].glob(".build/history/*"):
        path.unlink()
    here("reserve", "--withdraw", "1 ETH", "--account", BOB).succeeded()
    ran = here("status")
    assert ran.code == 1
    assert "those of the reserve of 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 do not add up; use another" in ran.output


def test_without_a_deployment(here: Run, place: tuple[Path, str]) -> None:
    (path,) = place[0].glob(".build/deployments/*/ChannelManager.json")
    away = path.rename(path.with_suffix(".away"))
    try:
        here("status").failed("no ChannelManager is deployed on ethereum:local")
    finally:
        away.rename(path)
