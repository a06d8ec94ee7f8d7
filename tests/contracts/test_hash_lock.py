"""A hash lock pays whoever shows the preimage, and nobody else; the one that is the registry, and one alone."""

import pytest

from connext.conditions import FULL_SHARE, hash_lock_params, hash_of
from connext.keccak import keccak256
from tests.contracts.conditions import EXPIRY, OTHER_SECRET, SECRET, evaluate
from tests.contracts.conftest import on_chain
from tests.contracts.expect import reverts

PARAMS = hash_lock_params(hash_of(SECRET))


@on_chain
def alone(project, deployer):
    return deployer.deploy(project.HashLock)


@pytest.fixture(params=["registry", "alone"])
def hash_lock(request, registry, alone):
    return {"registry": registry, "alone": alone}[request.param]


@pytest.mark.parametrize("expiry", [0, EXPIRY, 2**64 - 1])
def test_the_preimage_proves_all_under_any_expiry(hash_lock, expiry):
    assert evaluate(hash_lock, PARAMS, SECRET, expiry=expiry) == FULL_SHARE


@pytest.mark.parametrize("wrong", [OTHER_SECRET, bytes(32), keccak256(SECRET), SECRET[:31] + b"\x5f"])
def test_anything_else_proves_nothing(hash_lock, wrong):
    with reverts(hash_lock.WrongPreimage, expected=keccak256(SECRET), hash=keccak256(wrong)):
        evaluate(hash_lock, PARAMS, wrong)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64, 1000])
def test_a_preimage_has_32_bytes(hash_lock, length):
    """So that no leg of a route finds too long what another accepts."""
    preimage = bytes(length)
    with reverts(hash_lock.WitnessLengthWrong, length=length, expected=32):
        evaluate(hash_lock, keccak256(preimage), preimage)


@pytest.mark.parametrize("params", [b"", PARAMS[:31], PARAMS + b"\0", PARAMS * 2])
def test_a_hash_has_32_bytes(hash_lock, params):
    with reverts(hash_lock.ParamsLengthWrong, length=len(params), expected=32):
        evaluate(hash_lock, params, SECRET)
