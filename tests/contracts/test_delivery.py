"""The assembly of `libraries/Delivery.sol` decides as plain Solidity would, without copying what is returned."""

from collections.abc import Callable
from random import Random

import pytest
from ape import networks

from tests.contracts.channels import given
from tests.contracts.doubles import FAILING_TOKEN, REFUSING, WORKING_TOKEN, Conduct

AMOUNT = 7
PLENTY = 5_000_000
FUNCTIONS = pytest.mark.parametrize("function", ["sendToken", "pullToken"])


@pytest.fixture(scope="session")
def harness(project, deployer):
    """`Delivery` and the same in plain Solidity, with money to send."""
    return deployer.deploy(project.DeliveryHarness)


@pytest.fixture
def ask(harness, hostile_token, deployer, stranger) -> Callable[..., tuple[bool, bool]]:
    """`ask(function, token)`: what the assembly and the plain version say to sending or pulling `AMOUNT`."""
    given(hostile_token.mint, harness, 100, sender=deployer)

    def ask_both(function: str, token: str, gas_limit: int = PLENTY) -> tuple[bool, bool]:
        arguments = (token, stranger, AMOUNT, gas_limit) if function == "sendToken" else (token, stranger, AMOUNT)
        plain = "plain" + function[0].upper() + function[1:]
        return getattr(harness, function).call(*arguments), getattr(harness, plain).call(*arguments)

    return ask_both


@FUNCTIONS
@pytest.mark.parametrize("conduct", [*WORKING_TOKEN, Conduct.TAKES_FEE])
def test_what_counts_as_a_transfer(ask, hostile_token, deployer, function, conduct):
    given(hostile_token.behave, conduct, sender=deployer)
    assert ask(function, hostile_token) == (True, True)


@FUNCTIONS
@pytest.mark.parametrize("conduct", FAILING_TOKEN)
def test_what_does_not(ask, hostile_token, deployer, function, conduct):
    given(hostile_token.behave, conduct, sender=deployer)
    assert ask(function, hostile_token) == (False, False)


@FUNCTIONS
def test_an_address_without_code_has_moved_nothing(ask, recipient, function):
    assert ask(function, recipient) == (False, False)


@FUNCTIONS
def test_any_answer_at_all(ask, rng, function):
    """Random success, length and words, the interesting ones often."""
    token = "0x" + "70" * 20
    decisions = []
    for _ in range(100):
        code = answering(rng)
        networks.provider.set_code(token, code)
        by_assembly, plain = ask(function, token)
        assert by_assembly == plain, code.hex()
        decisions.append(plain)
    assert 10 < sum(decisions) < 90


@FUNCTIONS
@pytest.mark.parametrize("length", [1, 31])
def test_less_than_a_word_is_no_answer(ask, function, length):
    """Whatever the memory held before in which it is read."""
    token = "0x" + "70" * 20
    networks.provider.set_code(token, code_of_answer(bytes(length), succeeds=True))
    assert ask(function, token) == (False, False)


def answering(rng: Random) -> bytes:
    """Code of a contract that answers every call with the same random bytes, or reverts with them."""
    word = rng.choice([1, 1, 1, 0, 2, 1 << 255, 1 << 255 | 1, rng.getrandbits(256)]).to_bytes(32, "big")
    answer = (word + rng.randbytes(64))[: rng.choice([0, 1, 31, 32, 32, 32, 33, 64, 96])]
    return code_of_answer(answer, succeeds=rng.random() < 0.8)


def code_of_answer(answer: bytes, *, succeeds: bool) -> bytes:
    """Copies what follows it to memory, and returns it or reverts with it."""
    size = f"60{len(answer):02x}"
    end = "f3" if succeeds else "fd"
    return bytes.fromhex(f"{size}600b5f39{size}5f{end}fe") + answer


def test_tokens_arrive_and_are_pulled(harness, hostile_token, deployer, stranger):
    given(hostile_token.mint, harness, 100, sender=deployer)
    before = hostile_token.balanceOf(stranger)
    harness.sendToken(hostile_token, stranger, AMOUNT, PLENTY, sender=deployer)
    assert hostile_token.balanceOf(stranger) == before + AMOUNT
    assert hostile_token.balanceOf(harness) == 100 - AMOUNT
    harness.pullToken(hostile_token, stranger, 2 * AMOUNT, sender=deployer)
    assert hostile_token.balanceOf(stranger) == before - AMOUNT
    assert hostile_token.balanceOf(harness) == 100 + AMOUNT


@pytest.mark.parametrize("conduct", [Conduct.HONEST, Conduct.RETURNS_BOMB, *REFUSING])
def test_ether_arrives_or_the_failure_is_reported(harness, hostile_recipient, deployer, conduct):
    networks.provider.set_balance(harness.address, 100)
    given(hostile_recipient.behave, conduct, sender=deployer)
    arrives = conduct not in REFUSING
    arguments = (hostile_recipient, AMOUNT, 100_000)
    assert harness.sendWei.call(*arguments) == harness.plainSendWei.call(*arguments) == arrives
    harness.sendWei(*arguments, sender=deployer)
    assert hostile_recipient.balance == (AMOUNT if arrives else 0)


def test_more_ether_than_there_is_does_not_arrive(harness, hostile_recipient):
    networks.provider.set_balance(harness.address, AMOUNT - 1)
    arguments = (hostile_recipient, AMOUNT, 100_000)
    assert not harness.sendWei.call(*arguments)
    assert not harness.plainSendWei.call(*arguments)


@pytest.mark.parametrize(("gas_limit", "arrives"), [(45_000, False), (65_000, True)])
def test_the_gas_limit_is_the_payees(harness, hostile_recipient, hostile_token, ask, deployer, gas_limit, arrives):
    networks.provider.set_balance(harness.address, 100)
    for double in (hostile_recipient, hostile_token):
        given(double.spendGas, 45_000, sender=deployer)
    arguments = (hostile_recipient, AMOUNT, gas_limit)
    assert harness.sendWei.call(*arguments) == harness.plainSendWei.call(*arguments) == arrives
    assert ask("sendToken", hostile_token, gas_limit) == (arrives, arrives)


@pytest.mark.parametrize("bomb", [Conduct.RETURNS_BOMB, Conduct.REVERTS_WITH_BOMB])
def test_a_bomb_is_paid_for_once(harness, hostile_recipient, hostile_token, deployer, bomb):
    """The plain version pays for the memory of what it is given back, the assembly does not."""
    networks.provider.set_balance(harness.address, 100)
    given(hostile_token.behave, bomb, sender=deployer)
    given(hostile_recipient.behave, bomb, sender=deployer)
    memory = 57_000

    def gas_used(function, *arguments):
        return getattr(harness, function)(*arguments, 100_000, sender=deployer).gas_used

    token, recipient = (hostile_token, deployer, AMOUNT), (hostile_recipient, AMOUNT)
    assert gas_used("sendToken", *token) + memory < gas_used("plainSendToken", *token)
    assert gas_used("sendWei", *recipient) + memory < gas_used("plainSendWei", *recipient)
