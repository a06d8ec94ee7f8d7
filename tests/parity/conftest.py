"""The implementations that must agree: the contract on the in-process EVM, this package, `eip712`, and viem."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connext.chain import LocalChain
from connext.chain.evm import EvmChain
from connext.chain.views import ask_manager
from connext.channel import Deployment
from tests.scene import deploy

CHECKOUT = Path(__file__).parents[2]

AskViem = Callable[..., str]
AskContract = Callable[..., Any]


@pytest.fixture(scope="session")
def ask_viem() -> Iterator[AskViem]:
    """`ask_viem("digest", types=…, …)`: one node process for all questions of the session."""
    script = Path(__file__).with_name("viem.mjs")
    with subprocess.Popen(
        ["node", script], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        questions, replies = process.stdin, process.stdout
        assert questions is not None
        assert replies is not None

        def ask(what: str, **question: Any) -> str:
            questions.write(json.dumps({"ask": what, **question}) + "\n")
            questions.flush()
            answer: str = json.loads(replies.readline())
            return answer

        yield ask


@pytest.fixture(scope="session")
def evm() -> LocalChain:
    return EvmChain()


@pytest.fixture(scope="session")
def deployment(evm: LocalChain) -> Deployment:
    return deploy(evm)


@pytest.fixture(scope="session")
def ask_contract(evm: LocalChain, deployment: Deployment) -> AskContract:
    """`ask_contract("hashState", …)`: what a view of the manager returns."""
    manager, block = deployment.domain.verifying_contract, evm.head.number
    return lambda function, *arguments: ask_manager(evm, manager, block, function, *arguments)
