"""The in-process EVM and anvil through Ape: the same actions have the same results, errors, logs and gas on both.

And states that viem signed settle a channel on both.
"""

import pytest
from ape.managers import ChainManager

from connext import calls
from connext.abi import manager_abi
from connext.actions import Action, action, play
from connext.chain import CallReverted, CannotSend, LocalChain, Receipt, TimeHasPassed, Transaction
from connext.chain.ape import ApeChain, ApeLocalChain
from connext.chain.evm import EvmChain
from connext.channel import Signed
from connext.codec import to_json
from connext.conditions import hash_lock_params, hash_of
from connext.keccak import keccak256
from connext.ledger import Holdings, Settlement
from connext.messages import State, Transfer
from connext.types import DAY, Amounts, Asset, Side
from connext.world import Outcome, World
from tests.parity import specification
from tests.parity.conftest import AskViem
from tests.scene import DEPLOYER, assert_ledger_is_storage, deploy, double, new_world

ETH = DAI = 10**18

SAMPLE = [
    action("deposit", "alice", channel="main", side="user", amount="1.5 ETH and 200 DAI"),
    action("batch", "bob", items=[action("permit", "bob"), action("fund", "bob", amount="2 ETH and 70 DAI")]),
    action("collateralize", "bob", channel="main", amount="1 ETH and 70 DAI"),
    action("top_up", "carol", channel="main", side="node", amount="30 DAI"),
    action("deposit", "carol", channel="main", side="node", amount="1000 ETH"),
    action("pay", "alice", channel="main", amount="20 DAI"),
    action("pay", "bob", channel="main", amount="10 DAI"),
    action("propose_withdrawal", "alice", channel="main", user="5 DAI", recipient="carol"),
    action("checkpoint", "carol", channel="main", nonce=1),
    action("start_dispute", "carol", channel="main"),
    action("start_dispute", "alice", channel="main", nonce=0),
    action("settle", "carol", channel="main"),
    action("propose_resume", "bob", channel="main"),
    action("accept", "alice", channel="main"),
    action("make_secret", "bob", payment="coffee", expires="3 d"),
    action("make_secret", "bob", payment="cake", expires="3 d"),
    action("lock", "alice", channel="main", payment="coffee", amount="5 DAI"),
    action("lock", "alice", channel="main", payment="cake", amount="0.1 ETH"),
    action("sign_exit", "bob", channel="main"),
    action("start_dispute_with_exit", "carol", channel="main"),
    action("record", "carol", payment="coffee"),
    action("advance", duration="2 d"),
    action("record", "carol", payment="coffee"),
    action("settle_transfers", "carol", channel="main"),
    action("record", "carol", payment="cake"),
    action("withdraw_reserve", "bob", amount="1 ETH and 5000 DAI"),
    action("withdraw_reserve", "bob", amount="1 ETH", recipient="carol"),
    action("reorganize", blocks=2),
    action("deposit", "alice", channel="main", side="user", amount="1 ETH"),
]

BY_HAND = [
    action("go_silent", "alice"),
    action("go_silent", "bob"),
    action("deposit", "carol", channel="main", side="user", amount="2 ETH and 7 DAI"),
    action("become", "alice", contract="HostileRecipient", conduct=1),
    action("become", "carol", contract="AnyShare"),
    action("make_terms", payment="half", condition="carol", expires="1 h", share=ETH // 2),
    action(
        "make_state",
        message="it",
        channel="main",
        nonce=5,
        user="-1 ETH and -10 DAI",
        node="9 DAI",
        final=True,
        transfers=[{"payment": "half", "payer": "user", "amount": "1 ETH"}],
    ),
    action("make_exit", "bob", message="leave", channel="main", dispute=1, deadline="1 h"),
    action("start_dispute_with_exit", "bob", channel="main", exit_message="leave", message="it"),
    action("record", "bob", payment="half"),
    action("close", "bob", channel="main", message="it"),
    action("advance", duration="1 h"),
    action("settle_transfers", "bob", channel="main"),
    action("push_credit", "bob", account="alice", asset="ETH"),
]


@pytest.fixture
def anvil(chain: ChainManager) -> ApeLocalChain:
    return ApeLocalChain(chain.provider)


@pytest.fixture
def evm(anvil: ApeLocalChain) -> EvmChain:
    """At the same time, on a chain with the same id."""
    return EvmChain(anvil.chain_id, anvil.head.time)


@pytest.fixture(params=["evm", "anvil"])
def local_chain(request: pytest.FixtureRequest) -> LocalChain:
    local_chain: LocalChain = request.getfixturevalue(request.param)
    return local_chain


def comparable(world: World, receipts: list[Receipt]) -> list[tuple[object, ...]]:
    """All of a receipt, blocks counted from the start of the story."""
    return [
        (r.transaction, r.block.number - world.start.number, r.block.time, r.gas_used, r.fee, r.logs, r.error)
        for r in receipts
    ]


def play_on_both(evm: EvmChain, anvil: ApeLocalChain, steps: list[Action]) -> list[World]:
    """The two worlds at the end, after the same outcome of every step."""
    worlds = [new_world(chain) for chain in (evm, anvil)]
    for step in steps:
        outcomes: list[Outcome] = [play(world, [step])[0] for world in worlds]
        in_process, through_ape = (
            comparable(world, outcome.receipts) for world, outcome in zip(worlds, outcomes, strict=True)
        )
        assert in_process == through_ape, step
    assert worlds[0].ledger() == worlds[1].ledger()
    return worlds


def test_same_results_on_both(evm: EvmChain, anvil: ApeLocalChain) -> None:
    worlds = play_on_both(evm, anvil, SAMPLE)
    assert any(receipt.error for receipt in worlds[0].sent)
    names = {event.name for receipt in worlds[0].sent for event in receipt.events}
    assert {"OutcomeRecorded", "TransfersLocked", "TransfersSettled"} <= names
    assert_ledger_is_storage(worlds[1])
    for name in worlds[0].actors:
        assert worlds[0].wallet(name) == worlds[1].wallet(name)


def test_same_results_of_what_is_made_by_hand(evm: EvmChain, anvil: ApeLocalChain) -> None:
    world = play_on_both(evm, anvil, BY_HAND)[1]
    assert [receipt.error.name for receipt in world.sent if receipt.error] == ["DeliveryFailed"]
    assert world.ledger().credit(world.actor("alice").account) == Holdings(3 * ETH // 2, 0)


def test_old_blocks_can_be_read(local_chain: LocalChain) -> None:
    world = new_world(local_chain)
    play(world, [action("fund", "alice", amount="1 ETH")])
    funded = local_chain.head
    local_chain.mine()
    play(world, [action("withdraw_reserve", "alice", amount="1 ETH")])
    assert local_chain.block(funded.number) == funded
    account = world.actor("alice").account
    assert local_chain.balance(account, local_chain.head.number) - local_chain.balance(account, funded.number) == ETH


def test_logs_are_asked_for_in_spans(anvil: ApeLocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    world = new_world(anvil)
    for amount in range(1, 6):
        anvil.mine()
        world.send("alice", calls.fund(world.actor("alice").account, amount, 0))
    first, last = world.start.number, anvil.head.number
    asked: list[tuple[int, int]] = []

    def listen(method: str, *parameters: dict[str, str]) -> object:
        asked.extend((int(query["fromBlock"], 16), int(query["toBlock"], 16)) for query in parameters)
        return ApeLocalChain._rpc(anvil, method, *parameters)

    monkeypatch.setattr(anvil, "_rpc", listen)
    at_once = anvil.logs(world.manager, first, last)
    assert [manager_abi().decode_log(log).values["amountWei"] for log in at_once] == [1, 2, 3, 4, 5]
    assert asked == [(first, last)]

    asked.clear()
    monkeypatch.setattr("connext.chain.logs.SPAN_BLOCKS", 4)
    assert anvil.logs(world.manager, first, last) == at_once
    assert asked == [(first, first + 3), (first + 4, first + 7), (first + 8, last)]


def test_time_does_not_go_back(local_chain: LocalChain) -> None:
    now = local_chain.head.time
    with pytest.raises(TimeHasPassed):
        local_chain.set_next_time(now)
    local_chain.set_next_time(now + 1)
    assert local_chain.mine().time == now + 1
    assert local_chain.mine().time == now + 13


def test_refused_calls_carry_their_error(local_chain: LocalChain) -> None:
    deployment = deploy(local_chain)
    manager = deployment.domain.verifying_contract
    nothing = Transaction(DEPLOYER, manager, calls.fund(DEPLOYER, 0, 0).data)
    with pytest.raises(CallReverted) as refused:
        local_chain.call(nothing, local_chain.head.number)
    assert refused.value.error.name == "NothingMoved"


def test_what_nobody_can_pay_is_not_sent(local_chain: LocalChain) -> None:
    head = local_chain.head
    with pytest.raises(CannotSend):
        local_chain.send(Transaction(b"\x99" * 20, DEPLOYER, b"", value=1))
    assert local_chain.head == head


def test_named_accounts_sign_on_live_networks(anvil: ApeLocalChain, accounts: list[object]) -> None:
    """The live executor, here on anvil: what Ape's account signs is confirmed, and what would fail is not sent."""
    deployment = deploy(anvil)
    manager = deployment.domain.verifying_contract
    sender = bytes.fromhex(str(accounts[0])[2:])
    live = ApeChain(anvil.provider, [accounts[0]])
    call = calls.fund(sender, 5, 0)
    receipt = live.send(Transaction(sender, manager, call.data, call.value))
    assert receipt.error is None
    assert [event.name for event in receipt.events] == ["Funded"]
    with pytest.raises(CannotSend, match="ReserveTooSmall"):
        live.send(Transaction(sender, manager, calls.withdraw_reserve(6, 0, sender).data))
    with pytest.raises(CannotSend, match="no account"):
        live.send(Transaction(DEPLOYER, manager, call.data))


# --- An independent implementation ---


def test_a_state_signed_with_viem_settles_a_channel(local_chain: LocalChain, ask_viem: AskViem) -> None:
    world = new_world(local_chain)
    play(
        world,
        [
            action("deposit", "alice", channel="main", side="user", amount="3 ETH and 100 DAI"),
            action("go_silent", "alice"),
            action("go_silent", "bob"),
        ],
    )
    secret, expiry = b"\x5e" * 32, local_chain.head.time + DAY
    params = hash_lock_params(hash_of(secret))
    registry = world.deployment.registry
    transfer = Transfer(1, Side.USER, Asset.DAI, 8 * DAI, registry, keccak256(params), expiry)
    state = State(world.channel_id("main"), 7, -ETH, ETH, -38 * DAI, 30 * DAI, (transfer,), True)
    signed = Signed(state, bytes(32), *(sign_with_viem(ask_viem, world, state, name) for name in ("alice", "bob")))
    for call in (calls.record(registry, params, expiry, secret), calls.close(world.identity("main"), signed)):
        assert world.send("carol", call).error is None
    settlement = world.ledger().channels[world.channel_id("main")].settlement
    assert settlement == Settlement(7, Amounts(2 * ETH, ETH, 62 * DAI, 38 * DAI))
    assert world.ledger().reserve(world.actor("bob").account).amount_token == 38 * DAI


def sign_with_viem(ask_viem: AskViem, world: World, state: State, name: str) -> bytes:
    signature = ask_viem(
        "sign",
        key="0x" + keccak256(b"signer " + name.encode()).hex(),
        types=specification.type_lines(),
        primaryType="State",
        domain=to_json(world.deployment.domain),
        message=to_json(state),
    )
    return bytes.fromhex(signature[2:])


def test_code_is_what_was_compiled(local_chain: LocalChain) -> None:
    """As contracts see it, which may ask for its size and its hash."""
    contract = double("AnyShare")
    address = local_chain.deploy(DEPLOYER, contract.bytecode)
    push = b"\x73" + address
    size_and_hash = push + bytes.fromhex("3b5f52") + push + bytes.fromhex("3f60205260405ff3")
    asker = b"\xa5" * 20
    local_chain.set_code(asker, size_and_hash)
    answer = local_chain.call(Transaction(DEPLOYER, asker, b""), local_chain.head.number)
    assert (int.from_bytes(answer[:32]), answer[32:]) == (len(contract.runtime), keccak256(contract.runtime))
