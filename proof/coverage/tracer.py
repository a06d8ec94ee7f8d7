"""A pytest plugin that plays again what the tests execute: `pytest -p proof.coverage.tracer`.

It stands between the tests and the two chains they use, the in-process EVM and whatever a web3 provider connects to. Of
executions that look alike (the same test file, target, function, gas, kind of answer) only the first is played again: a
rerun takes some hundredths of a second. That can only overlook what ran, never count what did not.
"""

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import pytest
from web3 import HTTPProvider

from connext.abi import Log
from connext.chain import CallReverted, CannotSend, Receipt, Transaction
from connext.chain.evm import EvmChain
from connext.types import Address
from proof.coverage.build import Build, load
from proof.coverage.rerun import HALTED, Account, Ending, Execution, Visits, error_name, rerun

FOLDER = Path(os.environ.get("COVERAGE_FOLDER", ".build/coverage/visits"))

EXTRA_GAS = range(0, 60_000, 1_000)
"""Beyond the limit that an execution had, tried one after the other until the twin, which uses more, ends alike."""

_ERROR_NAME = re.compile(r"(\w+)\(")
_NOBODY = "0x" + "00" * 20


class Tracer:
    """What was visited so far, by this process."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.visits = Visits()
        self.test = ""
        self.counts: Counter[str] = Counter()
        self.different: Counter[str] = Counter()
        self._seen: set[Hashable] = set()

    def ran(self, alike: tuple[Hashable, ...], execution: Callable[[], Execution | None]) -> None:
        """Play an execution again unless one like it was played."""
        self.counts["executions"] += 1
        alike = (self.test.partition("::")[0], *alike)
        if alike in self._seen:
            return
        self._seen.add(alike)
        played = execution()
        if played is None or played.ending.error == HALTED:
            return
        self.counts["played again"] += 1
        ending = Ending()
        for extra_gas in EXTRA_GAS if played.gas is not None else (0,):
            visits, ending = rerun(played, self.build, extra_gas)
            if played.ending.agrees(ending):
                self.visits.add(visits)
                return
        self.counts["ended differently"] += 1
        self.different[f"{self.test}: {played.ending.error} became {ending.error}"] += 1

    def to_json(self) -> str:
        return json.dumps(
            {
                "twins": self.build.fingerprint,
                "seconds": time.process_time(),
                "counts": self.counts,
                "different": self.different,
                "steps": {name: sorted(steps) for name, steps in self.visits.steps.items()},
                "jumps": {name: sorted(jumps) for name, jumps in self.visits.jumps.items()},
            }
        )


# --- The in-process EVM ---


def watch_evm(tracer: Tracer) -> None:
    send, call, deploy = EvmChain.send, EvmChain.call, EvmChain.deploy

    def sent(chain: EvmChain, transaction: Transaction) -> Receipt:
        before = chain._mined[-1].accounts
        receipt = send(chain, transaction)
        error = receipt.error.name if receipt.error else None
        alike = (*_target(transaction), error, _topics(receipt.logs), receipt.gas_used)
        ending = Ending(error, logs=receipt.logs)
        tracer.ran(alike, lambda: _in_process(chain, transaction, before, receipt.block, ending))
        return receipt

    def called(chain: EvmChain, transaction: Transaction, block: int) -> bytes:
        mined = chain._mined[block]
        try:
            output = call(chain, transaction, block)
        except CallReverted as failure:
            ending = Ending(failure.error.name)
            tracer.ran(
                (*_target(transaction), ending.error, tuple(map(bool, failure.error.values.values()))),
                lambda: _in_process(chain, transaction, mined.accounts, mined.block, ending),
            )
            raise
        tracer.ran(
            (*_target(transaction), _shape(output)),
            lambda: _in_process(chain, transaction, mined.accounts, mined.block, Ending(output=output)),
        )
        return output

    def deployed(chain: EvmChain, deployer: Address, code: bytes) -> Address:
        before, error = chain._mined[-1], None
        try:
            return deploy(chain, deployer, code)
        except CannotSend as failure:
            named = _ERROR_NAME.search(str(failure))
            error = named[1] if named else HALTED
            raise
        finally:
            transaction = Transaction(deployer, b"", code)
            ending = Ending(error)
            tracer.ran(
                (code[:200], len(code), error),
                lambda: _in_process(chain, transaction, before.accounts, before.block, ending),
            )

    for name, watched in (("send", sent), ("call", called), ("deploy", deployed)):
        setattr(EvmChain, name, watched)


def _in_process(
    chain: EvmChain, transaction: Transaction, accounts: Mapping[Address, Any], block: Any, ending: Ending
) -> Execution:
    return Execution(
        sender=transaction.sender,
        to=transaction.to or None,
        data=transaction.data,
        value=transaction.value,
        gas=transaction.gas,
        chain_id=chain.chain_id,
        block=block.number,
        time=block.time,
        accounts={
            address: Account(account.balance, account.nonce, account.code, account.storage)
            for address, account in accounts.items()
        },
        ending=ending,
    )


def _target(transaction: Transaction) -> tuple[Hashable, ...]:
    return transaction.to, transaction.data[:4], bool(transaction.value)


def _topics(logs: tuple[Log, ...]) -> tuple[bytes, ...]:
    return tuple(log.topics[0] for log in logs if log.topics)


def _shape(output: bytes) -> tuple[bool, ...]:
    """Which words of an answer are zero."""
    return tuple(any(output[at : at + 32]) for at in range(0, len(output), 32))


# --- Nodes behind JSON-RPC ---

Ask = Callable[..., Any]

_SENDS = {"eth_sendTransactionSync", "eth_sendTransaction", "eth_sendRawTransaction"}
_TRIES = {"eth_call", "eth_estimateGas"}


def watch_nodes(tracer: Tracer) -> None:
    make_request = HTTPProvider.make_request

    def requested(provider: HTTPProvider, method: Any, params: Any) -> Any:
        def ask(name: str, *arguments: Any) -> Any:
            return make_request(provider, name, list(arguments)).get("result")

        answer = make_request(provider, method, params)
        if method in _SENDS and "result" in answer:
            _mined(tracer, ask, answer["result"])
        elif method in _TRIES:
            _tried(tracer, ask, method, params, answer)
        return answer

    setattr(HTTPProvider, "make_request", requested)  # noqa: B010


def _mined(tracer: Tracer, ask: Ask, result: Any) -> None:
    receipt = result if isinstance(result, dict) else ask("eth_getTransactionReceipt", result)
    if receipt is None:
        return
    sent = receipt["transactionHash"]
    request = ask("eth_getTransactionByHash", sent)
    logs = tuple(map(Log.from_rpc, receipt["logs"]))
    alike = (request["to"], request["input"][:10], receipt["status"], _topics(logs), receipt["gasUsed"])

    def execution() -> Execution:
        error = None
        if not int(receipt["status"], 16):
            failed = ask("debug_traceTransaction", sent, {"tracer": "callTracer"})
            error = _error(failed.get("output"))
        accounts = ask("debug_traceTransaction", sent, {"tracer": "prestateTracer"})
        ending = Ending(error, logs=logs if error is None else None)
        return _on_node(ask, request, receipt["blockNumber"], accounts, ending)

    tracer.ran(alike, execution)


def _tried(tracer: Tracer, ask: Ask, method: str, params: Any, answer: Any) -> None:
    request, block = params[0], params[1] if len(params) > 1 else "latest"
    if len(params) > 2 or block == "pending":
        return
    failure = answer["error"].get("data") if "error" in answer else None
    error = _error(failure) if "error" in answer else None
    output = bytes.fromhex(answer["result"][2:]) if error is None and method == "eth_call" else None
    said = output if error is None else _bytes(failure or "0x")[4:]
    alike = (request.get("to"), _data(request)[:4], method, error, _shape(said or b""))

    def execution() -> Execution | None:
        accounts = ask("debug_traceCall", request, block, {"tracer": "prestateTracer"})
        return None if accounts is None else _on_node(ask, request, block, accounts, Ending(error, output))

    tracer.ran(alike, execution)


def _on_node(ask: Ask, request: Mapping[str, Any], block: str, accounts: Any, ending: Ending) -> Execution:
    header = ask("eth_getBlockByNumber", block, False)
    return Execution(
        sender=_bytes(request.get("from", _NOBODY)),
        to=_bytes(request["to"]) if request.get("to") else None,
        data=_data(request),
        value=_number(request.get("value", 0)),
        gas=_number(request["gas"]) if "gas" in request else None,
        chain_id=_number(ask("eth_chainId")),
        block=_number(header["number"]),
        time=_number(header["timestamp"]),
        accounts={_bytes(address): _account(account) for address, account in accounts.items()},
        ending=ending,
    )


def _account(account: Mapping[str, Any]) -> Account:
    return Account(
        balance=_number(account.get("balance", 0)),
        nonce=_number(account.get("nonce", 0)),
        code=_bytes(account.get("code", "0x")),
        storage={_number(slot): _number(value) for slot, value in account.get("storage", {}).items()},
    )


def _error(data: object) -> str:
    return error_name(_bytes(data)) if isinstance(data, str) and data != "0x" else HALTED


def _data(request: Mapping[str, Any]) -> bytes:
    return _bytes(request.get("data") or request.get("input") or "0x")


def _bytes(text: Any) -> bytes:
    return bytes.fromhex(text.removeprefix("0x")) if isinstance(text, str) else bytes(text)


def _number(value: Any) -> int:
    return int(value, 16) if isinstance(value, str) else int(value)


# --- pytest ---


def pytest_configure(config: pytest.Config) -> None:
    tracer = Tracer(load())
    watch_evm(tracer)
    watch_nodes(tracer)
    config.stash[_TRACER] = tracer


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_TRACER].test = item.nodeid


def pytest_sessionfinish(session: pytest.Session) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    tracer = session.config.stash[_TRACER]
    if tracer.counts:
        (FOLDER / f"{os.getpid()}.json").write_text(tracer.to_json())


_TRACER = pytest.StashKey[Tracer]()
