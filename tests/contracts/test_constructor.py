"""Deployment: the parameters that a manager accepts, and keeps."""

import pytest

from tests.contracts.channels import DAI, ETH
from tests.contracts.conftest import (
    CAPACITY_TOKEN,
    CAPACITY_WEI,
    MAX_CHALLENGE_PERIOD,
    MIN_CHALLENGE_PERIOD,
    TRANSFER_LIMIT_TOKEN,
    TRANSFER_LIMIT_WEI,
)
from tests.contracts.expect import reverts

MAX_CAPACITY = 2**80 - 1
NOBODY = "0x" + "00" * 20


def test_the_parameters_are_kept(manager, dai, registry):
    kept = manager.parameters()
    assert {name: getattr(kept, name) for name in kept.__dataclass_fields__} == {
        "token": dai.address,
        "registry": registry.address,
        "capacityWei": CAPACITY_WEI,
        "capacityToken": CAPACITY_TOKEN,
        "transferLimitWei": TRANSFER_LIMIT_WEI,
        "transferLimitToken": TRANSFER_LIMIT_TOKEN,
        "minChallengePeriod": MIN_CHALLENGE_PERIOD,
        "maxChallengePeriod": MAX_CHALLENGE_PERIOD,
    }


def test_every_parameter_has_its_own_place(deploy_manager, dai, hostile_token):
    """Extreme values, all different."""
    chosen = {
        "token": dai.address,
        "registry": hostile_token.address,
        "capacityWei": MAX_CAPACITY,
        "capacityToken": MAX_CAPACITY - 1,
        "transferLimitWei": 2**128 - 1,
        "transferLimitToken": 2**128 - 2,
        "minChallengePeriod": 1,
        "maxChallengePeriod": 2**32 - 1,
    }
    kept = deploy_manager(**chosen).parameters()
    assert {name: getattr(kept, name) for name in chosen} == chosen


@pytest.mark.parametrize("token", [NOBODY, "0x" + "11" * 20])
def test_a_token_needs_code(deploy_manager, manager, token):
    with reverts(manager.TokenWithoutCode, token=token):
        deploy_manager(token=token)


@pytest.mark.parametrize("nothing", [NOBODY, "0x" + "11" * 20])
def test_a_registry_needs_code(deploy_manager, manager, nothing):
    with reverts(manager.RegistryWithoutCode, registry=nothing):
        deploy_manager(registry=nothing)


@pytest.mark.parametrize(("field", "asset"), [("capacityWei", ETH), ("capacityToken", DAI)])
@pytest.mark.parametrize("capacity", [MAX_CAPACITY + 1, 2**128 - 1])
def test_a_capacity_that_the_ledger_cannot_hold_is_refused(deploy_manager, manager, field, asset, capacity):
    with reverts(manager.CapacityTooLarge, asset=asset, capacity=capacity, max=MAX_CAPACITY):
        deploy_manager(**{field: capacity})


@pytest.mark.parametrize("field", ["capacityWei", "capacityToken"])
def test_an_asset_can_be_left_out(deploy_manager, field):
    assert getattr(deploy_manager(**{field: 0}).parameters(), field) == 0


@pytest.mark.parametrize(("shortest", "longest"), [(0, 10), (0, 0), (11, 10)])
def test_bounds_of_the_challenge_period_are_positive_and_in_order(deploy_manager, manager, shortest, longest):
    with reverts(manager.ChallengeBoundsInvalid, min=shortest, max=longest):
        deploy_manager(minChallengePeriod=shortest, maxChallengePeriod=longest)


def test_one_single_challenge_period_is_a_choice(deploy_manager):
    kept = deploy_manager(minChallengePeriod=10, maxChallengePeriod=10).parameters()
    assert (kept.minChallengePeriod, kept.maxChallengePeriod) == (10, 10)


def test_the_code_fits_into_a_contract(project):
    """EIP-170 and EIP-3860."""
    contract = project.ChannelManager.contract_type
    assert len(contract.runtime_bytecode.bytecode) // 2 - 1 <= 24_576
    assert len(contract.deployment_bytecode.bytecode) // 2 - 1 <= 49_152
