"""The chain splits, and this branch takes another id: channels stay what they are, earlier signatures are void (G6).

In process, where a chain can be told to have another id.
"""

import pytest

from connext.abi import artifact
from connext.chain import Transaction
from connext.chain.evm import CHAIN_ID, EvmChain
from connext.chain.views import channel_at
from connext.keccak import keccak256
from connext.types import DAY, ChannelIdentity, Status
from connext.world import actor
from proof.fuzz.ink import Ink, sign, words
from proof.fuzz.wire import calldata
from proof.model import operations as op
from proof.model.messages import INITIAL, NO_STATE, Header, Identity, SignedState, Statement, Withdrawal
from tests.scene import deploy, enrich

OTHER = CHAIN_ID + 1
NEVER = 2**64 - 1
ALICE, BOB = actor("alice"), actor("bob")
TERMS = ChannelIdentity(ALICE.account, ALICE.signer.address, BOB.account, BOB.signer.address, DAY, 0)


@pytest.fixture
def chain():
    return EvmChain()


@pytest.fixture
def deployment(chain):
    deployment = deploy(chain)
    enrich(chain, deployment, (ALICE.account, BOB.account))
    return deployment


@pytest.fixture
def manager(deployment):
    return deployment.domain.verifying_contract


@pytest.fixture
def channel(chain, manager):
    """Opened before the split, with 100 wei."""
    channel = Identity.of(TERMS, CHAIN_ID, manager)
    assert chain.send(Transaction(ALICE.account, manager, calldata(op.Deposit(channel, 0)), 100)).error is None
    return channel


@pytest.fixture
def send(chain, manager):
    def send(operation, value=0):
        return chain.send(Transaction(ALICE.account, manager, calldata(operation), value)).error

    return send


def both(channel, kind, content, chain_id, manager) -> tuple[Ink, Ink]:
    statement = Statement(kind, (chain_id, manager), channel.id, content)
    return sign(ALICE.signer, statement), sign(BOB.signer, statement)


def message(kind, channel, chain_id, manager):
    """Something that is done with a signature, for a chain."""

    def signed(name, content):
        return both(channel, name, content, chain_id, manager)

    state, final = Header(1, -10, 10, 0, 0), Header(1, -10, 10, 0, 0, is_final=True)
    withdrawal = Withdrawal(0, 10, 0, 0, 0, ALICE.account, NEVER)
    return {
        "checkpoint": lambda: op.Checkpoint(channel, SignedState(state, *signed("State", state))),
        "start a dispute": lambda: op.StartDispute(channel, SignedState(state, *signed("State", state))),
        "close": lambda: op.Close(channel, SignedState(final, *signed("State", final))),
        "withdraw": lambda: op.Withdraw(channel, withdrawal, *signed("Withdrawal", withdrawal)),
        "exit": lambda: op.StartDisputeWithExit(channel, NEVER, signed("Exit", (1, NEVER))[0], NO_STATE),
        "resume": lambda: op.Resume(channel, NEVER, *signed("Resume", (1, NEVER))),
    }[kind]()


@pytest.mark.parametrize("kind", ["checkpoint", "start a dispute", "close", "withdraw", "exit", "resume"])
def test_what_was_signed_for_one_branch_is_void_on_the_other(chain, manager, channel, send, kind):
    if kind == "resume":
        assert send(op.StartDispute(channel)) is None
    chain.chain_id = OTHER
    refused = send(message(kind, channel, CHAIN_ID, manager))
    assert refused.name == ("ExitNotSigned" if kind == "exit" else "WrongSigner")
    assert send(message(kind, channel, OTHER, manager)) is None


def test_a_channel_keeps_its_id_and_its_money(chain, manager, channel, send):
    chain.chain_id = OTHER
    assert send(op.Deposit(channel, 0), value=1) is None
    assert send(op.StartDispute(channel)) is None
    status, deadline, *_ = channel_at(chain, manager, channel.id, chain.head.number)
    assert status == Status.DISPUTED
    chain.set_next_time(deadline)
    assert send(op.Settle(channel, INITIAL)) is None
    assert chain.balance(manager, chain.head.number) == 0


@pytest.mark.parametrize("name", ["Stream", "LinkedPayment"])
def test_so_are_witnesses(chain, deployment, name):
    kinds = {
        "Stream": ("Voucher", deployment.conditions.stream),
        "LinkedPayment": ("Release", deployment.conditions.linked_payment),
    }
    kind, condition = kinds[name]
    params = words(ALICE.signer.address, *((100,) if name == "Stream" else ()), bytes(32))
    content = (keccak256(params), NEVER, *((100,) if name == "Stream" else ()))

    def evaluate(chain_id):
        ink = sign(ALICE.signer, Statement(kind, (chain_id, condition), b"", content))
        witness = words(*content[2:]) + ink.raw
        abi = artifact(name).abi
        asked = Transaction(BOB.account, condition, abi.encode_call("evaluate", params, NEVER, witness))
        return chain.call(asked, chain.head.number)

    chain.chain_id = OTHER
    assert evaluate(OTHER) == words(10**18)
    with pytest.raises(Exception, match="WrongSigner"):
        evaluate(CHAIN_ID)
