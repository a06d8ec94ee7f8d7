"""The conditions in Python and in Solidity: what Python accepts the contract accepts, with the same share.

Otherwise a node loses money: it pays on by what Python says, and is paid by what the contract says.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connext.abi import CannotDecode, artifact, decode_canonical
from connext.chain import CallReverted, LocalChain, Transaction
from connext.channel import Deployment
from connext.codec import to_json
from connext.conditions import (
    FULL_SHARE,
    MAX_DEPTH,
    MAX_PARAMS_BYTES,
    Conditions,
    InvalidParams,
    Part,
    Release,
    Request,
    UnknownCondition,
    Voucher,
    WitnessRefused,
    all_of_params,
    all_of_witness,
    any_of_params,
    any_of_witness,
    evaluate,
    hash_lock_params,
    hash_of,
    linked_params,
    linked_witness,
    stream_params,
    stream_witness,
)
from connext.keccak import keccak256
from connext.messages import Domain, digest, domain_separator, type_string
from connext.signing import Key, Signable
from connext.types import ZERO_ADDRESS, Address, Struct, members
from tests.parity import oracle, specification
from tests.parity.conftest import AskViem
from tests.parity.strategies import structs

repeatable = settings(derandomize=True, deadline=None, max_examples=300)

CHECKOUT = Path(__file__).parents[2]
KEYS = [Key(bytes([i]) * 32) for i in (1, 2)]
SIMPLE = ("hash_lock", "stream", "linked_payment")
COMBINED = ("all_of", "any_of")
EVALUATE = artifact("HashLock").abi
"""All conditions have the same function."""

AskBoth = Callable[..., "Answers"]


# --- What is signed ---

SIGNED = {Voucher: "Stream", Release: "LinkedPayment", Request: "LinkedPayment"}


def test_the_specified_types() -> None:
    assert [type_string(struct) for struct in SIGNED] == specification.type_lines(specification.CONDITIONS)
    sources = [(CHECKOUT / "contracts" / "conditions" / f"{name}.sol").read_text() for name in set(SIGNED.values())]
    hashed = {found for source in sources for found in re.findall(r'keccak256\("(.*?)"\)', source)}
    assert hashed == set(specification.type_lines(specification.CONDITIONS))


def test_the_specified_layouts() -> None:
    """What Python builds is in the form that the table says."""
    part = Part(ZERO_ADDRESS, b"1")
    built = {
        "HashLock": (hash_lock_params(hash_of(bytes(32))), bytes(32)),
        "Stream": (stream_params(KEYS[0].address, 1, bytes(32)), stream_witness(1, bytes(64))),
        "LinkedPayment": (linked_params(KEYS[0].address, bytes(32)), linked_witness(bytes(64))),
        "AllOf": (all_of_params([part]), all_of_witness([b"1"])),
        "AnyOf": (any_of_params([part]), any_of_witness(0, b"1")),
    }
    specified = specification.layouts()
    assert list(specified) == list(built)
    for name, encodings in built.items():
        for types, encoding in zip(specified[name], encodings, strict=True):
            decode_canonical(types, encoding)


@pytest.mark.parametrize("cls", SIGNED)
def test_digests(cls: type[Any], deployment: Deployment, evm: LocalChain, ask_viem: AskViem) -> None:
    contract = deployment.conditions.stream if cls is Voucher else deployment.conditions.linked_payment
    domain, abi = Domain(evm.chain_id, contract), artifact(SIGNED[cls]).abi

    def ask(function: str, *arguments: object) -> Any:
        question = Transaction(ZERO_ADDRESS, contract, abi.encode_call(function, *arguments))
        return abi.decode_result(function, evm.call(question, evm.head.number))

    @settings(repeatable, max_examples=100)
    @given(structs(cls))
    def compare(message: Struct) -> None:
        ours = digest(domain, message)
        fields = (getattr(message, member.attribute) for member in members(cls))
        assert ask(f"hash{cls.__name__}", *fields) == ours
        assert oracle.digest_of(domain, message) == ours
        question = {
            "types": specification.all_type_lines(),
            "primaryType": cls.__name__,
            "domain": to_json(domain),
            "message": to_json(message),
        }
        assert ask_viem("digest", **question) == "0x" + ours.hex()

    assert ask("domainSeparator") == domain_separator(domain)
    compare()


# --- What is asked ---


@dataclass(frozen=True)
class Question:
    """A condition with parameters and a witness, and the share that it should prove where neither was touched."""

    condition: Address
    params: bytes
    witness: bytes
    share: int


numbers = st.sampled_from([0, 1, 2, 3, 10**18, 2**128 - 1]) | st.integers(0, 2**128 - 1)
words = st.binary(min_size=32, max_size=32)


class Questions:
    """Strategies for questions that are in order, on one chain with one expiry."""

    def __init__(self, conditions: Conditions, chain_id: int, expiry: int) -> None:
        self.conditions, self.chain_id, self.expiry = conditions, chain_id, expiry

    def hash_lock(self) -> st.SearchStrategy[Question]:
        return words.map(lambda s: Question(self.conditions.hash_lock, hash_lock_params(hash_of(s)), s, FULL_SHARE))

    def stream(self) -> st.SearchStrategy[Question]:
        def build(key: Key, cap: int, id_: bytes, cumulative: int) -> Question:
            params = stream_params(key.address, cap, id_)
            signature = self._signed(key, self.conditions.stream, Voucher(keccak256(params), self.expiry, cumulative))
            share = FULL_SHARE * min(cumulative, cap) // cap
            return Question(self.conditions.stream, params, stream_witness(cumulative, signature), share)

        return st.builds(build, st.sampled_from(KEYS), numbers.filter(bool), words, numbers)

    def linked_payment(self) -> st.SearchStrategy[Question]:
        def build(key: Key, id_: bytes) -> Question:
            params = linked_params(key.address, id_)
            signature = self._signed(key, self.conditions.linked_payment, Release(keccak256(params), self.expiry))
            return Question(self.conditions.linked_payment, params, linked_witness(signature), FULL_SHARE)

        return st.builds(build, st.sampled_from(KEYS), words)

    def simple(self) -> st.SearchStrategy[Question]:
        return st.one_of(*(getattr(self, name)() for name in SIMPLE))

    def combined(self, depth: int = MAX_DEPTH) -> st.SearchStrategy[Question]:
        part = self.simple() | self.combined(depth - 1) if depth > 1 else self.simple()
        parts = st.lists(part, min_size=1, max_size=3)
        return parts.map(self.all_of) | parts.flatmap(self.any_of)

    def all_of(self, questions: list[Question]) -> Question:
        witness = all_of_witness([question.witness for question in questions])
        lowest = min(question.share for question in questions)
        return Question(self.conditions.all_of, all_of_params(_parts(questions)), witness, lowest)

    def any_of(self, questions: list[Question]) -> st.SearchStrategy[Question]:
        params, condition = any_of_params(_parts(questions)), self.conditions.any_of

        def shown(index: int) -> Question:
            question = questions[index]
            return Question(condition, params, any_of_witness(index, question.witness), question.share)

        return st.integers(0, len(questions) - 1).map(shown)

    def _signed(self, key: Key, condition: Address, message: Struct) -> bytes:
        return key.sign(Signable(Domain(self.chain_id, condition), message))


def _parts(questions: list[Question]) -> list[Part]:
    return [Part(question.condition, question.params) for question in questions]


def mutated(data: st.DataObject, encoded: bytes) -> bytes:
    """Bytes that are like these, with a word, a bit or the length changed; or anything at all."""
    kinds = ["word", "bit", "cut", "longer", "garbage"] if encoded else ["longer", "garbage"]
    match data.draw(st.sampled_from(kinds)):
        case "word":
            start = 32 * data.draw(st.integers(0, (len(encoded) - 1) // 32))
            pointers = [0, 1, 2, 31, 32, 33, 64, 96, len(encoded), 2**32, 2**64 - 1, 2**64, 2**255, 2**256 - 1]
            word = data.draw(st.sampled_from(pointers).map(lambda number: number.to_bytes(32)) | words)
            return encoded[:start] + word + encoded[start + 32 :]
        case "bit":
            bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
            return (int.from_bytes(encoded) ^ 1 << bit).to_bytes(len(encoded))
        case "cut":
            return encoded[: data.draw(st.integers(0, len(encoded) - 1))]
        case "longer":
            return encoded + data.draw(st.sampled_from([b"\0", bytes(32)]) | st.binary(min_size=1, max_size=40))
        case _:
            return data.draw(st.binary(max_size=200))


# --- What is answered ---

EXPIRY = 1_900_000_000


@pytest.fixture
def questions(evm: LocalChain, deployment: Deployment) -> Questions:
    return Questions(deployment.conditions, evm.chain_id, EXPIRY)


@dataclass(frozen=True)
class Answers:
    """The share, or None for a refusal."""

    python: int | None
    contract: int | None


@pytest.fixture
def ask_both(evm: LocalChain, deployment: Deployment) -> AskBoth:
    conditions = deployment.conditions

    def ask(condition: Address, params: bytes, witness: bytes, expiry: int = EXPIRY) -> Answers:
        try:
            python: int | None = evaluate(conditions, evm.chain_id, condition, params, expiry, witness)
        except (UnknownCondition, InvalidParams, WitnessRefused):
            python = None
        calldata = EVALUATE.encode_call("evaluate", params, expiry, witness)
        try:
            answer = evm.call(Transaction(ZERO_ADDRESS, condition, calldata), evm.head.number)
            contract: int | None = EVALUATE.decode_result("evaluate", answer)
        except (CallReverted, CannotDecode):
            contract = None
        return Answers(python, contract)

    return ask


@pytest.mark.parametrize("kind", [*SIMPLE, "combined"])
def test_what_is_in_order_proves_its_share(kind: str, questions: Questions, ask_both: AskBoth) -> None:
    @repeatable
    @given(getattr(questions, kind)())
    def compare(question: Question) -> None:
        answers = ask_both(question.condition, question.params, question.witness)
        assert answers == Answers(question.share, question.share)

    compare()


@pytest.mark.parametrize("kind", SIMPLE)
def test_of_simple_conditions_both_accept_the_same(kind: str, questions: Questions, ask_both: AskBoth) -> None:
    seen = Counter[bool]()

    @repeatable
    @given(getattr(questions, kind)(), st.data())
    def compare(question: Question, data: st.DataObject) -> None:
        params, witness, expiry = question.params, question.witness, EXPIRY
        match data.draw(st.sampled_from(["nothing", "params", "witness", "both", "expiry"])):
            case "params":
                params = mutated(data, params)
            case "witness":
                witness = mutated(data, witness)
            case "both":
                params, witness = mutated(data, params), mutated(data, witness)
            case "expiry":
                expiry = data.draw(st.integers(0, 2**64 - 1))
        answers = ask_both(question.condition, params, witness, expiry)
        assert answers.python == answers.contract
        seen[answers.python is not None] += 1

    compare()
    assert min(seen[True], seen[False]) > 20


def test_of_combinations_python_accepts_no_more_than_the_contract(questions: Questions, ask_both: AskBoth) -> None:
    seen = Counter[tuple[bool, bool]]()

    @settings(repeatable, max_examples=1_000)
    @given(questions.combined(depth=MAX_DEPTH + 1), st.data())
    def compare(question: Question, data: st.DataObject) -> None:
        params, witness = question.params, question.witness
        match data.draw(st.sampled_from(["nothing", "params", "witness"])):
            case "params":
                params = mutated(data, params)
            case "witness":
                witness = mutated(data, witness)
        answers = ask_both(question.condition, params, witness)
        assert answers.python in (None, answers.contract)
        seen[answers.python is not None, answers.contract is not None] += 1

    compare()
    assert min(seen[accepts] for accepts in [(True, True), (False, True), (False, False)]) > 20


def test_any_bytes_at_all(deployment: Deployment, ask_both: AskBoth) -> None:
    conditions = deployment.conditions
    addresses = [getattr(conditions, name) for name in (*SIMPLE, *COMBINED)]

    @repeatable
    @given(st.sampled_from([*addresses, ZERO_ADDRESS, deployment.token]), st.binary(), st.binary())
    def compare(condition: Address, params: bytes, witness: bytes) -> None:
        assert ask_both(condition, params, witness) == Answers(None, None)

    compare()


def test_the_largest_that_python_takes_is_cheap_to_prove(questions: Questions, evm: LocalChain) -> None:
    """So whatever a party agreed to it can also record."""
    stream, key = questions.conditions.stream, KEYS[0]

    def part(number: int) -> Question:
        params = stream_params(key.address, 1, number.to_bytes(32))
        signature = key.sign(Signable(Domain(evm.chain_id, stream), Voucher(keccak256(params), EXPIRY, 1)))
        return Question(stream, params, stream_witness(1, signature), FULL_SHARE)

    halves = [questions.all_of([part(8 * half + i) for i in range(8)]) for half in range(2)]
    whole = questions.all_of(halves)
    assert MAX_PARAMS_BYTES - len(whole.params) < len(part(0).params)
    share = evaluate(questions.conditions, evm.chain_id, whole.condition, whole.params, EXPIRY, whole.witness)
    assert share == FULL_SHARE
    calldata = EVALUATE.encode_call("evaluate", whole.params, EXPIRY, whole.witness)
    receipt = evm.send(Transaction(b"\xde" * 20, whole.condition, calldata))
    assert receipt.error is None
    assert receipt.gas_used < 250_000


def test_parts_with_unknown_conditions_are_left_to_the_chain(
    deployment: Deployment, evm: LocalChain, ask_both: AskBoth
) -> None:
    """Python knows the five alone, a contract asks whatever it is told to."""
    elsewhere = evm.deploy(b"\xde" * 20, artifact("HashLock").bytecode)
    params = any_of_params([Part(elsewhere, hash_lock_params(hash_of(bytes(32))))])
    answers = ask_both(deployment.conditions.any_of, params, any_of_witness(0, bytes(32)))
    assert answers == Answers(None, FULL_SHARE)
