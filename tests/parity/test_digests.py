"""Digests, ids and signatures are the same for the contract, this package, the `eip712` package and viem."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connext.channel import Deployment
from connext.codec import to_json
from connext.messages import (
    Domain,
    Exit,
    Message,
    Resume,
    State,
    Transfer,
    Withdrawal,
    digest,
    domain_separator,
    header,
)
from connext.messages import transfers_hash as our_transfers_hash
from connext.signing import CURVE_ORDER, Key, Signable, recover
from connext.types import ChannelIdentity, checksum, members
from tests.parity import oracle, specification
from tests.parity.conftest import AskContract, AskViem
from tests.parity.strategies import structs

repeatable = settings(derandomize=True, deadline=None, max_examples=100)

SIGNED = (State, Withdrawal, Exit, Resume)


def question(domain: Domain, message: Message) -> dict[str, Any]:
    """A signed message as viem is told of it: types by the specification."""
    return {
        "types": specification.type_lines(),
        "primaryType": type(message).__name__,
        "domain": to_json(domain),
        "message": to_json(message),
    }


def contract_digest(ask_contract: AskContract, message: Message) -> bytes:
    match message:
        case State():
            arguments: tuple[Any, ...] = ("hashState", message.channel_id, header(message))
        case Withdrawal():
            _, *fields = (getattr(message, member.attribute) for member in members(Withdrawal))
            arguments = ("hashWithdrawal", message.channel_id, tuple(fields))
        case Exit() | Resume():
            arguments = (f"hash{type(message).__name__}", message.channel_id, message.dispute, message.deadline)
    answer: bytes = ask_contract(*arguments)
    return answer


def test_domain_separator(deployment: Deployment, ask_contract: AskContract) -> None:
    assert domain_separator(deployment.domain) == ask_contract("domainSeparator")


@pytest.mark.parametrize("cls", SIGNED)
def test_digests(cls: type[Any], deployment: Deployment, ask_contract: AskContract, ask_viem: AskViem) -> None:
    @repeatable
    @given(structs(cls))
    def compare(message: Message) -> None:
        ours = digest(deployment.domain, message)
        assert contract_digest(ask_contract, message) == ours
        assert oracle.digest_of(deployment.domain, message) == ours
        assert ask_viem("digest", **question(deployment.domain, message)) == "0x" + ours.hex()

    compare()


@pytest.mark.parametrize("cls", SIGNED)
def test_digests_under_any_domain(cls: type[Any], ask_viem: AskViem) -> None:
    @settings(repeatable, max_examples=40)
    @given(structs(cls), st.integers(1, 2**63), st.binary(min_size=20, max_size=20))
    def compare(message: Message, chain_id: int, manager: bytes) -> None:
        domain = Domain(chain_id, manager)
        ours = digest(domain, message)
        assert oracle.digest_of(domain, message) == ours
        assert ask_viem("digest", **question(domain, message)) == "0x" + ours.hex()

    compare()


def test_transfers_hash(ask_contract: AskContract, ask_viem: AskViem) -> None:
    @repeatable
    @given(st.lists(structs(Transfer), max_size=6).map(tuple))
    def compare(transfers: tuple[Transfer, ...]) -> None:
        ours = our_transfers_hash(transfers)
        assert ask_contract("hashTransfers", transfers) == ours
        in_json = [to_json(transfer) for transfer in transfers]
        answer = ask_viem("transfersHash", types=specification.type_lines(), transfers=in_json)
        assert answer == "0x" + ours.hex()

    compare()


def test_channel_ids(deployment: Deployment, ask_contract: AskContract, ask_viem: AskViem) -> None:
    chain_id, manager = deployment.domain.chain_id, deployment.domain.verifying_contract

    @repeatable
    @given(structs(ChannelIdentity))
    def compare(identity: ChannelIdentity) -> None:
        ours = identity.id(chain_id, manager)
        assert ask_contract("channelIdOf", identity) == ours
        values = [str(chain_id), checksum(manager), *to_json(identity).values()]
        answer = ask_viem("abiHash", parameters=specification.channel_id_parameters(), values=values)
        assert answer == "0x" + ours.hex()

    compare()


@pytest.mark.parametrize("cls", SIGNED)
def test_signatures(cls: type[Any], deployment: Deployment, ask_viem: AskViem) -> None:
    """Deterministic signatures are the same bytes, and each side recovers the other's signer."""

    @settings(repeatable, max_examples=40)
    @given(structs(cls), st.integers(1, CURVE_ORDER - 1))
    def compare(message: Message, secret: int) -> None:
        key, asked = Key(secret.to_bytes(32)), question(deployment.domain, message)
        signable = Signable(deployment.domain, message)
        ours = key.sign(signable)
        theirs = ask_viem("sign", key=f"0x{secret:064x}", **asked)
        assert theirs == "0x" + ours.hex()
        assert recover(signable.digest, bytes.fromhex(theirs[2:])) == key.address
        assert ask_viem("recover", signature="0x" + ours.hex(), **asked) == checksum(key.address)

    compare()
