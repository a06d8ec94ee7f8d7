"""The ledger, event by event, from logs written here."""

import json
from importlib.resources import files
from typing import Any

import pytest
from eth_abi.abi import encode

from connext.abi import Log
from connext.keccak import keccak256
from connext.ledger import EFFECTS, Holdings, Ledger, Settlement, empty_ledger, fold
from connext.messages import State, StateHeader, Transfer, header, struct_hash
from connext.types import Amounts, Asset, ChannelIdentity, Side, Status

MANAGER, STRANGER = b"\x4d" * 20, b"\x5e" * 20
ID = b"\x1d" * 32
IDENTITY = ChannelIdentity(b"\xa1" * 20, b"\xa2" * 20, b"\xb1" * 20, b"\xb2" * 20, 3600, 9)
RECORDED = StateHeader(7, -5, 5, 3, -3, b"\x07" * 32, False)

EVENTS = {
    entry["name"]: entry["inputs"]
    for entry in json.loads(files("connext").joinpath("artifacts/ChannelManager.json").read_text())["abi"]
    if entry["type"] == "event"
}


def log(event: str, *values: Any, address: bytes = MANAGER) -> Log:
    """The event as the manager emits it; values in the order of its declaration."""
    types = [_canonical(item) for item in EVENTS[event]]
    pairs = list(zip(EVENTS[event], types, values, strict=True))
    topics = [encode([type_], [value]) for item, type_, value in pairs if item["indexed"]]
    data = [(type_, value) for item, type_, value in pairs if not item["indexed"]]
    signature = keccak256(f"{event}({','.join(types)})".encode())
    return Log(address, (signature, *topics), encode([type_ for type_, _ in data], [value for _, value in data]))


def _canonical(item: dict[str, Any]) -> str:
    if item["type"] != "tuple":
        return str(item["type"])
    return f"({','.join(_canonical(component) for component in item['components'])})"


OPENED = log(
    "ChannelOpened", ID, IDENTITY.user, IDENTITY.node, IDENTITY.user_signer, IDENTITY.node_signer, 3600, 9
)  # fmt: skip
USER_DEPOSIT = log("Deposited", ID, Side.USER, 100, 10)
NODE_DEPOSIT = log("Deposited", ID, Side.NODE, 50, 5)
STATE_RECORDED = log("StateRecorded", ID, (7, -5, 5, 3, -3, b"\x07" * 32, False))
DISPUTE = log("DisputeStarted", ID, 1, 5_000)


def after(*logs: Log) -> Ledger:
    return fold(empty_ledger(MANAGER), logs)


def test_nothing_is_known_at_the_start() -> None:
    ledger = empty_ledger(MANAGER)
    assert ledger.channels == {}
    assert ledger.reserve(IDENTITY.node) == ledger.credit(IDENTITY.user) == Holdings(0, 0)


def test_opening_and_deposits() -> None:
    channel = after(OPENED, USER_DEPOSIT, NODE_DEPOSIT, USER_DEPOSIT).channels[ID]
    assert channel.identity == IDENTITY
    assert channel.status is Status.OPEN
    assert channel.contributions == Amounts(200, 50, 20, 5)
    assert (channel.deadline, channel.dispute, channel.sequence, channel.recorded) == (0, 0, 0, None)


@pytest.mark.parametrize(
    ("side", "account", "contributions"),
    [(Side.USER, IDENTITY.user, Amounts(30, 0, 2, 0)), (Side.NODE, IDENTITY.node, Amounts(0, 30, 0, 2))],
)
def test_collateral_comes_from_the_reserve_of_the_side(side: Side, account: bytes, contributions: Amounts) -> None:
    ledger = after(log("Funded", account, 100, 10), OPENED, log("Collateralized", ID, side, 30, 2))
    assert ledger.channels[ID].contributions == contributions
    assert ledger.reserve(account) == Holdings(70, 8)


def test_a_withdrawal_may_make_a_contribution_negative() -> None:
    ledger = after(OPENED, USER_DEPOSIT, log("Withdrawn", ID, 0, 60, 40, 1, 2, STRANGER))
    assert ledger.channels[ID].contributions == Amounts(40, -40, 9, -2)
    assert ledger.channels[ID].sequence == 1
    assert ledger.reserve(IDENTITY.node) == Holdings(40, 2)
    assert ledger.reserve(STRANGER) == Holdings(0, 0)


def test_a_recorded_state_is_kept_with_its_hash() -> None:
    transfer = Transfer(1, 0, 1, 5, b"\xcc" * 20, b"\xdd" * 32, 77)
    state = State(ID, 7, -5, 0, 3, -3, (transfer,), False)
    assert after(OPENED, USER_DEPOSIT, STATE_RECORDED).channels[ID].recorded == RECORDED
    assert header(state).recorded_hash(ID) == struct_hash(state)[:26]


def test_dispute_and_resume() -> None:
    disputed = after(OPENED, USER_DEPOSIT, DISPUTE)
    assert disputed.channels[ID].status is Status.DISPUTED
    assert (disputed.channels[ID].dispute, disputed.channels[ID].deadline) == (1, 5_000)
    resumed = fold(disputed, [log("DisputeResumed", ID, 1)])
    assert resumed.channels[ID].status is Status.OPEN
    assert (resumed.channels[ID].dispute, resumed.channels[ID].deadline) == (1, 0)
    assert disputed.channels[ID].status is Status.DISPUTED  # the earlier ledger is what it was


def test_a_settled_channel_is_empty_but_remembers_its_end() -> None:
    settled = log("ChannelSettled", ID, 7, 95, 55, 13, 2)
    ledger = after(OPENED, USER_DEPOSIT, NODE_DEPOSIT, STATE_RECORDED, DISPUTE, settled)
    channel = ledger.channels[ID]
    assert channel.status is Status.SETTLED
    assert channel.settlement == Settlement(7, Amounts(95, 55, 13, 2))
    assert channel.contributions == Amounts(0, 0, 0, 0)
    assert (channel.deadline, channel.dispute, channel.sequence, channel.recorded) == (0, 0, 0, None)
    assert ledger.reserve(IDENTITY.node) == Holdings(55, 2)
    assert ledger.reserve(IDENTITY.user) == Holdings(0, 0)


def test_reserves_and_credits() -> None:
    ledger = after(
        log("Funded", STRANGER, 10, 4),
        log("ReserveWithdrawn", STRANGER, IDENTITY.user, 3, 1),
        log("Credited", STRANGER, Asset.ETH, 8),
        log("Credited", STRANGER, Asset.DAI, 9),
        log("CreditWithdrawn", STRANGER, IDENTITY.user, 2, 5),
        log("CallFailed", 0, b"reason"),
    )
    assert ledger.reserve(STRANGER) == Holdings(7, 3)
    assert ledger.credit(STRANGER) == Holdings(6, 4)


def test_logs_of_others_are_skipped() -> None:
    imitation = log("Funded", STRANGER, 10, 4, address=STRANGER)
    foreign = Log(MANAGER, (b"\x99" * 32,), b"")
    anonymous = Log(MANAGER, (), b"")
    assert after(imitation, foreign, anonymous) == empty_ledger(MANAGER)


def test_any_portions_give_the_same() -> None:
    logs = [OPENED, USER_DEPOSIT, NODE_DEPOSIT, STATE_RECORDED, DISPUTE]
    for cut in range(len(logs) + 1):
        assert fold(after(*logs[:cut]), logs[cut:]) == after(*logs)


def test_every_event_of_the_manager_has_an_effect() -> None:
    """But the one that EIP-5267 declares, which an unchangeable domain never emits."""
    assert set(EFFECTS) == EVENTS.keys() - {"EIP712DomainChanged"}
