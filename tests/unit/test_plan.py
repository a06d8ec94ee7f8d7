"""The plan of a deployment: what is missing, what it costs, and every check that can fail."""

from dataclasses import replace

import pytest

from connext.deployer.contracts import NO_REGISTRY_YET, wanted_contracts
from connext.deployer.create2 import ONE_TIME_COST_WEI, PROXY_RUNTIME
from connext.deployer.plan import ChecksFailed, Facts, Plan, Target, make_plan, max_fee
from connext.deployer.rehearsal import Rehearsal, TokenFacts
from connext.deployments import default_parameters

DEPLOYER = b"\x09" * 20
TARGET = Target(
    choice="optimism:mainnet",
    chain_id=10,
    is_testnet=False,
    is_local=False,
    token_symbol="DAI",
    token_decimals=18,
    token_source="a list",
    parameters=default_parameters(b"\x07" * 20, NO_REGISTRY_YET),
    salt=bytes(32),
    deployer=DEPLOYER,
)
WANTED = wanted_contracts(TARGET.parameters, TARGET.salt)
CODE = {item.address: item.contract.encode() for item in WANTED}
FACTS = Facts(
    chain_id=10,
    balance=10**18,
    base_fee=10**9,
    priority_fee=10**8,
    proxy_code=PROXY_RUNTIME,
    token_code=b"\x60",
    codes=dict.fromkeys(CODE, b""),
    expected=CODE,
)
MOST_FEE = 6_600_000 * 2_100_000_000
REHEARSAL = Rehearsal(dict.fromkeys((item.contract for item in WANTED), 1_000_000), TokenFacts("DAI", 18, True, None))


def plan_of(facts: Facts = FACTS, rehearsal: Rehearsal = REHEARSAL, target: Target = TARGET) -> Plan:
    return make_plan(target, WANTED, facts, rehearsal)


def test_all_is_missing() -> None:
    plan = plan_of()
    plan.require_passed()
    assert plan.missing == WANTED
    assert plan.gas == dict.fromkeys(REHEARSAL.gas, 1_100_000)
    assert plan.fee == 6_600_000 * 1_100_000_000
    assert plan.most_fee == 6_600_000 * max_fee(10**9, 10**8) == MOST_FEE
    lines = list(plan.lines())
    assert "gas: at most 6,600,000; fee: about 0.00726 ETH, at most 0.01386 ETH" in lines
    assert lines[-1] == "and what this network takes for data on Ethereum"


def test_what_is_there_is_used() -> None:
    codes = {**FACTS.codes, WANTED[1].address: CODE[WANTED[1].address]}
    plan = plan_of(replace(FACTS, codes=codes), replace(REHEARSAL, gas={"ChannelManager": 1_000_000}))
    assert [item.contract for item in plan.missing] == [
        "OutcomeRegistry",
        "LinkedPayment",
        "AllOf",
        "AnyOf",
        "ChannelManager",
    ]


def test_all_is_there() -> None:
    plan = plan_of(replace(FACTS, codes=CODE, balance=0), replace(REHEARSAL, gas={}))
    plan.require_passed()
    assert (plan.missing, plan.fee, plan.most_fee) == ((), 0, 0)
    lines = list(plan.lines())
    assert sum("there already and right" in line for line in lines) == 6
    assert not any(line.startswith("gas:") for line in lines)


def test_a_proxy_that_must_be_brought_costs_too() -> None:
    rehearsal = replace(REHEARSAL, gas={**REHEARSAL.gas, "proxy": 100_000})
    plan = plan_of(replace(FACTS, proxy_code=b""), rehearsal)
    assert plan.brings_proxy
    assert plan.fee - plan_of().fee == plan.most_fee - plan_of().most_fee == ONE_TIME_COST_WEI
    assert any("bring it by its one-time transaction, which takes 0.01 ETH" in line for line in plan.lines())


def test_a_token_without_dais_permit() -> None:
    token = replace(REHEARSAL.token, permit=False)
    plan = plan_of(rehearsal=replace(REHEARSAL, token=token))
    plan.require_passed()
    assert not plan.has_permit
    assert any("permit not available here, use approve" in line for line in plan.lines())


def token(**changes: object) -> Rehearsal:
    return replace(REHEARSAL, token=replace(REHEARSAL.token, **changes))


@pytest.mark.parametrize(
    ("facts", "rehearsal", "failed"),
    [
        (replace(FACTS, chain_id=1), REHEARSAL, "the chain id is 10: 1"),
        (replace(FACTS, proxy_code=b"\x00"), REHEARSAL, "the deployment proxy has its known code: it has another"),
        (
            replace(FACTS, balance=MOST_FEE - 1),
            REHEARSAL,
            "can pay 0.01386 ETH: it has 0.013859999999999999 ETH",
        ),
        (replace(FACTS, token_code=b""), REHEARSAL, "the token is a contract: there is no code"),
        (replace(FACTS, codes={**CODE, WANTED[0].address: b"?"}), REHEARSAL, "OutcomeRegistry has the code of these"),
        (FACTS, token(symbol="USDS"), "the token's symbol is DAI: 'USDS'"),
        (FACTS, token(symbol=None), "the token's symbol is DAI: None"),
        (FACTS, token(decimals=6), "the token has 18 decimals: 6"),
        (FACTS, token(trouble="a fee"), "move exactly the amount (tried on a fork): a fee"),
    ],
)
def test_one_wrong_check_stops_everything(facts: Facts, rehearsal: Rehearsal, failed: str) -> None:
    plan = plan_of(facts, rehearsal)
    with pytest.raises(ChecksFailed) as error:
        plan.require_passed()
    assert failed in str(error.value)
    assert str(error.value).endswith("; nothing was sent")
    assert sum("WRONG  " in line for line in plan.lines()) == 1


def test_whoever_does_not_pay_needs_no_balance() -> None:
    plan_of(replace(FACTS, balance=0), target=replace(TARGET, pays=False)).require_passed()


def test_a_local_chain_expects_no_certain_token() -> None:
    target = replace(TARGET, token_symbol=None, token_decimals=None)
    plan_of(rehearsal=token(symbol=None, decimals=None), target=target).require_passed()
