"""A deployment is killed (`kill -9`) after each request and before each file, and run again: it finishes the rest.

And what else can come between. Here everything but Ape runs as in `ape run deploy`, so that hundreds of runs are quick.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Timer

import pytest
from eth_account import Account

from connext import deployments
from connext.abi import Artifact
from connext.chain.endpoint import Carrier, Endpoint, EndpointGone, http_carrier
from connext.deployer.contracts import NO_REGISTRY_YET, wanted_contracts
from connext.deployer.create2 import ONE_TIME_ACCOUNT, ONE_TIME_TRANSACTION, PROXY, create_address
from connext.deployer.execution import (
    Clock,
    Executor,
    FeesRose,
    NotSent,
    ProxyGone,
    StillPending,
    TransactionFailed,
    Vanished,
    WouldFail,
)
from connext.deployer.finding import CannotFindTransaction
from connext.deployer.plan import Plan, Target, make_plan
from connext.deployer.recording import make_record
from connext.deployer.rehearsal import Rehearsal, TokenFacts
from connext.deployer.survey import survey
from connext.deployments import Compiler, Network, Record, default_parameters, find, read, save
from connext.types import Address, checksum
from tests.scripts.running import start_anvil

CHAIN = 2718
KEY = Account.from_key("0x" + "42" * 32)
DEPLOYER: Address = bytes.fromhex(KEY.address[2:])
TEST_DAI = Artifact.parse("TestDai", (Path(__file__).parents[1] / "artifacts" / "TestDai.json").read_text())
NETWORK = Network("ethereum:local", False, CHAIN, bytes(32))
SEEN = Rehearsal(gas=dict.fromkeys(deployments.CONDITIONS.values(), 10**6), token=TokenFacts("DAI", 18, True, None))
SENT = 25
"""The request that sends the first transaction."""
QUICK = Clock(poll_seconds=0.01, patience_seconds=2)


class KeySender:
    """Signs with a key."""

    address = DEPLOYER

    def sign(
        self, *, to: Address, data: bytes, value: int, gas: int, nonce: int, max_fee: int, priority_fee: int
    ) -> bytes:
        fields = {"to": checksum(to), "data": data, "value": value, "gas": gas, "nonce": nonce, "chainId": CHAIN}
        fees = {"maxFeePerGas": max_fee, "maxPriorityFeePerGas": priority_fee}
        return bytes(KEY.sign_transaction(fields | fees).raw_transaction)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from start_anvil("--chain-id", str(CHAIN))


@pytest.fixture(scope="module")
def token(url: str) -> Address:
    node = Endpoint(http_carrier(url))
    (somebody, *_) = node.ask("eth_accounts")
    node.ask("anvil_setBalance", checksum(DEPLOYER), hex(10**20))
    code = TEST_DAI.bytecode + TEST_DAI.abi.encode_constructor(CHAIN)
    node.ask("eth_sendTransactionSync", {"from": somebody, "data": "0x" + code.hex()})
    return create_address(bytes.fromhex(somebody[2:]), 0)


@pytest.fixture
def node(url: str, token: Address) -> Iterator[Endpoint]:  # noqa: ARG001 # must be there
    node = Endpoint(http_carrier(url))
    before = node.ask("evm_snapshot")
    yield node
    node.ask("evm_revert", before)


def run(carrier: Carrier, token: Address, folder: Path, clock: Clock = QUICK, named: Iterable[bytes] = ()) -> Plan:
    """One run of the deployment, as `ape run deploy` does it, without Ape."""
    node = Endpoint(carrier)
    target = Target(
        choice=NETWORK.choice,
        chain_id=CHAIN,
        is_testnet=False,
        is_local=True,
        token_symbol="DAI",
        token_decimals=18,
        token_source="this test",
        parameters=default_parameters(token, NO_REGISTRY_YET),
        salt=bytes(32),
        deployer=DEPLOYER,
    )
    wanted = wanted_contracts(target.parameters, target.salt)
    plan = make_plan(target, wanted, survey(node, target, wanted), SEEN)
    plan.require_passed()
    recorded = {
        record.address for item in wanted if (record := find(folder, item.contract, NETWORK, node.code)) is not None
    }

    def keep(item, creation) -> None:
        save(folder, NETWORK, make_record(plan, item, creation, "{}", Compiler("0.8.37", {}), None), "{}")

    Executor(node, KeySender(), clock, lambda _: None).run(plan, keep, recorded, named)
    return plan


def run_until_killed(url: str, token: Address, folder: Path, last: int) -> bool:
    """In a process that dies at its point number `last`; whether it got that far."""
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(60)
            points = count(1)

            def pass_point() -> None:
                if next(points) == last:
                    os.kill(os.getpid(), signal.SIGKILL)

            forward = http_carrier(url)

            def carrier(method, parameters):
                answer = forward(method, parameters)
                pass_point()  # the request had its effect, nobody saw the answer
                return answer

            rename = Path.replace

            def replace_file(draft, path):
                pass_point()
                return rename(draft, path)

            Path.replace = replace_file
            run(carrier, token, folder)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL
    return os.WIFSIGNALED(status)


def check(node: Endpoint, plan: Plan, folder: Path, *, sent: int = 6) -> None:
    """Everything is there, recorded, and was sent once; sent: transactions of the account."""
    assert node.nonce(DEPLOYER) == sent
    for item in plan.wanted:
        record = read(NETWORK.folder(folder) / f"{item.contract}.json")
        assert record.address == item.address
        assert node.code(item.address) == plan.expected[item.address]
        transaction = node.ask("eth_getTransactionByHash", "0x" + record.transaction.hex())
        assert item.calldata.hex() in transaction["input"]
        assert int(transaction["blockNumber"], 16) == record.block
        assert transaction["from"] == "0x" + record.deployer.hex()


def remove_proxy(node: Endpoint) -> None:
    node.ask("anvil_setCode", checksum(PROXY), "0x")
    node.ask("anvil_setNonce", checksum(PROXY), "0x0")


def test_killed_at_every_point(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    for last in count(1):
        untouched = node.ask("evm_snapshot")
        folder = tmp_path / str(last)
        was_killed = run_until_killed(url, token, folder, last)
        check(node, run(http_carrier(url), token, folder), folder)
        node.ask("evm_revert", untouched)
        if not was_killed:
            break
    assert last > 6 * 10  # requests and files


def test_killed_while_the_proxy_is_brought(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    remove_proxy(node)
    before_the_contracts = 36
    for last in range(16, before_the_contracts):
        untouched = node.ask("evm_snapshot")
        folder = tmp_path / str(last)
        assert run_until_killed(url, token, folder, last)
        check(node, run(http_carrier(url), token, folder), folder, sent=7)
        node.ask("evm_revert", untouched)


def test_killed_while_a_transaction_waits(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    """The next run sends nothing before it is known what becomes of it."""
    node.ask("evm_setAutomine", False)
    run_until_killed(url, token, tmp_path, SENT)
    assert (node.nonce(DEPLOYER), node.nonce(DEPLOYER, "pending")) == (0, 1)
    with pytest.raises(StillPending, match=r"are still pending after 0\.2 s; when it is in a block"):
        run(http_carrier(url), token, tmp_path, Clock(patience_seconds=0.2, poll_seconds=0.05))
    assert node.nonce(DEPLOYER, "pending") == 1
    miner = Timer(0.3, lambda: (node.ask("evm_setAutomine", True), node.ask("anvil_mine", "0x1")))
    miner.start()
    check(node, run(http_carrier(url), token, tmp_path), tmp_path)
    miner.join()


def test_confirmations_are_waited_for(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    with pytest.raises(StillPending, match=r"deploying OutcomeRegistry: transaction 0x.* is not confirmed"):
        run(http_carrier(url), token, tmp_path, replace(QUICK, confirmations=1, patience_seconds=0.2))
    assert not list(tmp_path.rglob("*.json"))
    node.ask("evm_setIntervalMining", 1)
    try:
        check(node, run(http_carrier(url), token, tmp_path, replace(QUICK, patience_seconds=5)), tmp_path)
    finally:
        node.ask("evm_setIntervalMining", 0)
        node.ask("evm_setAutomine", True)


@pytest.mark.parametrize("method", ["eth_getCode", "eth_estimateGas", "eth_sendRawTransaction", "eth_getBlockByNumber"])
def test_the_endpoint_goes_away(url: str, node: Endpoint, token: Address, tmp_path: Path, method: str) -> None:
    forward, calls = http_carrier(url), count()

    def carrier(asked: str, parameters: list[object]) -> dict[str, object]:
        if asked == method and next(calls) == 1:
            raise ConnectionResetError
        return forward(asked, parameters)

    with pytest.raises(EndpointGone, match=r"does not answer \(ConnectionResetError\): run it again"):
        run(carrier, token, tmp_path)
    check(node, run(forward, token, tmp_path), tmp_path)


def test_too_little_gas(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    """Whatever an endpoint estimates: what fails is said, and tried again by the next run."""
    forward = http_carrier(url)

    def carrier(method: str, parameters: list[object]) -> dict[str, object]:
        return {"result": hex(100_000)} if method == "eth_estimateGas" else forward(method, parameters)

    with pytest.raises(TransactionFailed) as error:
        run(carrier, token, tmp_path)
    assert "deploying OutcomeRegistry" in str(error.value)
    assert "run this again" in str(error.value)
    failed = node.nonce(DEPLOYER)
    check(node, run(forward, token, tmp_path), tmp_path, sent=6 + failed)


def test_a_nonce_that_somebody_else_took(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    """The same account is used elsewhere between the question and the transaction."""
    forward, calls = http_carrier(url), count()

    def carrier(method: str, parameters: list[object]) -> dict[str, object]:
        if method == "eth_sendRawTransaction" and next(calls) == 2:
            raw = KeySender().sign(
                to=DEPLOYER, data=b"", value=0, gas=21_000, nonce=2, max_fee=10**11, priority_fee=10**9
            )
            forward(method, ["0x" + raw.hex()])
            while node.nonce(DEPLOYER) < 3:  # until it is in a block
                time.sleep(0.01)
        return forward(method, parameters)

    with pytest.raises(NotSent, match="deploying LinkedPayment was not sent, the endpoint refuses it: nonce too low"):
        run(carrier, token, tmp_path)
    check(node, run(forward, token, tmp_path), tmp_path, sent=7)


def test_what_a_stranger_deployed_is_used_and_recorded(
    url: str, node: Endpoint, token: Address, tmp_path: Path
) -> None:
    """Anybody can send the same code to the same address; it is the same contract, whoever paid for it."""
    (somebody, *_) = node.ask("eth_accounts")
    item = wanted_contracts(default_parameters(token, NO_REGISTRY_YET), bytes(32))[1]
    request = {"from": somebody, "to": checksum(PROXY), "data": "0x" + item.calldata.hex()}
    node.ask("eth_sendTransactionSync", request)
    check(node, run(http_carrier(url), token, tmp_path), tmp_path, sent=5)
    assert recorded(tmp_path, "Stream").deployer == bytes.fromhex(somebody[2:])


def test_a_contract_whose_making_is_out_of_sight(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    """An endpoint without old states: the transaction must be named."""
    forward = http_carrier(url)
    run(forward, token, tmp_path)
    record = recorded(tmp_path, "AllOf")
    (NETWORK.folder(tmp_path) / "AllOf.json").unlink()

    def carrier(method: str, parameters: list[object]) -> dict[str, object]:
        if method == "eth_getCode" and parameters[1] != "latest":
            return {"error": {"message": "missing trie node"}}
        return forward(method, parameters)

    with pytest.raises(CannotFindTransaction, match=r"was not found \(missing trie node\): name it by --transaction"):
        run(carrier, token, tmp_path)
    other = recorded(tmp_path, "AnyOf").transaction
    with pytest.raises(CannotFindTransaction):
        run(carrier, token, tmp_path, named=[other, bytes(32)])
    run(carrier, token, tmp_path, named=[other, record.transaction])
    assert recorded(tmp_path, "AllOf") == record
    check(node, run(forward, token, tmp_path), tmp_path)


def test_what_would_fail_is_not_sent(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    forward = http_carrier(url)

    def carrier(method: str, parameters: list[object]) -> dict[str, object]:
        if method == "eth_estimateGas":
            return {"error": {"message": "execution reverted", "data": "0x"}}
        return forward(method, parameters)

    with pytest.raises(WouldFail, match="deploying OutcomeRegistry was not sent, it would fail"):
        run(carrier, token, tmp_path)
    assert node.nonce(DEPLOYER) == 0


# --- An endpoint that says one thing for the plan and another afterwards ---


def test_nothing_is_paid_beyond_the_plan(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    """Whoever runs the endpoint may be who gets the priority fee."""
    forward, calls = http_carrier(url), count()

    def greedy(method: str, parameters: list[object]) -> dict[str, object]:
        if method == "eth_maxPriorityFeePerGas" and next(calls):
            return {"result": hex(1_000 * 10**9)}
        return forward(method, parameters)

    plan = run(greedy, token, tmp_path)
    check(node, plan, tmp_path)
    for item in plan.wanted:
        sent = node.ask("eth_getTransactionByHash", "0x" + recorded(tmp_path, item.contract).transaction.hex())
        assert int(sent["maxFeePerGas"], 16) == plan.most_per_gas
        assert int(sent["maxPriorityFeePerGas"], 16) == plan.priority_fee


def test_fees_above_the_plan_need_a_new_one(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    forward, calls = http_carrier(url), count()

    def rising(method: str, parameters: list[object]) -> dict[str, object]:
        answer = forward(method, parameters)
        if method == "eth_getBlockByNumber" and parameters[0] == "latest" and next(calls) == 2:
            return {"result": {**answer["result"], "baseFeePerGas": hex(10**12)}}
        return answer

    with pytest.raises(FeesRose, match=r"deploying Stream was not sent: it takes 1\d{12} wei per gas now, and "):
        run(rising, token, tmp_path)
    assert node.nonce(DEPLOYER) == 1
    check(node, run(forward, token, tmp_path), tmp_path)


def test_a_proxy_that_was_there_is_not_paid_for(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    forward, calls = http_carrier(url), count()

    def forgetful(method: str, parameters: list[object]) -> dict[str, object]:
        if method == "eth_getCode" and parameters[0] == checksum(PROXY) and next(calls):
            return {"result": "0x"}
        return forward(method, parameters)

    with pytest.raises(ProxyGone, match="had the deployment proxy at 0x4e59"):
        run(forgetful, token, tmp_path)
    assert node.nonce(DEPLOYER) == 0


def test_a_node_that_takes_no_transaction_without_a_chain_id(
    url: str, node: Endpoint, token: Address, tmp_path: Path
) -> None:
    """What would be paid to the one-time account would be lost."""
    remove_proxy(node)
    forward = http_carrier(url)

    def protected(method: str, parameters: list[object]) -> dict[str, object]:
        if parameters == ["0x" + ONE_TIME_TRANSACTION.hex()]:
            return {"error": {"message": "only replay-protected (EIP-155) transactions allowed over RPC"}}
        return forward(method, parameters)

    with pytest.raises(NotSent, match=r"bringing the deployment proxy was not sent, .*: only replay-protected"):
        run(protected, token, tmp_path)
    assert (node.nonce(DEPLOYER), node.balance(ONE_TIME_ACCOUNT)) == (0, 0)


def test_a_contract_that_is_gone_again(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    """The next node behind the same endpoint is a block behind, or the block was re-organized away."""
    forward, calls = http_carrier(url), count()
    (first, *_) = wanted_contracts(default_parameters(token, NO_REGISTRY_YET), bytes(32))

    def behind(method: str, parameters: list[object]) -> dict[str, object]:
        if method == "eth_getCode" and parameters[0] == checksum(first.address) and next(calls) == 2:
            return {"result": "0x"}
        return forward(method, parameters)

    with pytest.raises(Vanished, match=r"OutcomeRegistry was seen at 0x.*run this again to go on"):
        run(behind, token, tmp_path)
    assert not list(tmp_path.rglob("*.json"))
    check(node, run(forward, token, tmp_path), tmp_path)


@pytest.mark.parametrize("field", ["receipt", "blockNumber"])
def test_a_receipt_without_a_block_is_none_yet(
    url: str, node: Endpoint, token: Address, tmp_path: Path, field: str
) -> None:
    forward, calls = http_carrier(url), count()

    def early(method: str, parameters: list[object]) -> dict[str, object]:
        answer = forward(method, parameters)
        if method == "eth_getTransactionReceipt" and next(calls) == 0:
            return {"result": None if field == "receipt" else {**answer["result"], "blockNumber": None}}
        return answer

    check(node, run(early, token, tmp_path), tmp_path)


def test_what_the_account_sends_elsewhere_meanwhile_is_waited_for(
    url: str, node: Endpoint, token: Address, tmp_path: Path
) -> None:
    """Otherwise it would be replaced, or be in the way."""
    forward, calls = http_carrier(url), count()
    timers = []

    def carrier(method: str, parameters: list[object]) -> dict[str, object]:
        answer = forward(method, parameters)
        if method == "eth_getTransactionReceipt" and next(calls) == 0:
            node.ask("evm_setAutomine", False)
            raw = KeySender().sign(
                to=DEPLOYER, data=b"", value=0, gas=21_000, nonce=1, max_fee=10**11, priority_fee=10**9
            )
            forward("eth_sendRawTransaction", ["0x" + raw.hex()])
            timers.append(Timer(0.3, lambda: (node.ask("evm_setAutomine", True), node.ask("anvil_mine", "0x1"))))
            timers[0].start()
        return answer

    check(node, run(carrier, token, tmp_path), tmp_path, sent=7)
    timers[0].join()


def test_a_transaction_that_failed_made_nothing(url: str, node: Endpoint, token: Address, tmp_path: Path) -> None:
    """A later one with the same calldata: with its block, the manager's first events would be out of sight."""
    forward = http_carrier(url)
    run(forward, token, tmp_path)
    record = recorded(tmp_path, "AllOf")
    calldata = node.ask("eth_getTransactionByHash", "0x" + record.transaction.hex())["input"]
    (somebody, *_) = node.ask("eth_accounts")
    request = {"from": somebody, "to": checksum(PROXY), "data": calldata, "gas": hex(10**6)}
    failed = node.ask("eth_sendTransactionSync", request)
    assert failed["status"] == "0x0"
    (NETWORK.folder(tmp_path) / "AllOf.json").unlink()
    run(forward, token, tmp_path, named=[bytes.fromhex(failed["transactionHash"][2:])])
    assert recorded(tmp_path, "AllOf") == record


def recorded(folder: Path, contract: str) -> Record:
    return read(NETWORK.folder(folder) / f"{contract}.json")
