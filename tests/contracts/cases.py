"""The cases in which every rule must hold."""

import pytest

from tests.contracts.channels import DAI, ETH, NODE, USER

EACH_SIDE = pytest.mark.parametrize("side", [USER, NODE], ids=["for the user", "for the node"])
EACH_PAYER = pytest.mark.parametrize("payer", [USER, NODE], ids=["the user pays", "the node pays"])
EACH_ASSET = pytest.mark.parametrize("asset", [ETH, DAI], ids=["eth", "dai"])
EACH_CALLER = pytest.mark.parametrize("caller", ["user", "user_signer", "node", "node_signer", "stranger"])

BEFORE_A_LIMIT = pytest.mark.parametrize("seconds", [-1, -3600], ids=["a second before", "an hour before"])
FROM_A_LIMIT_ON = pytest.mark.parametrize(
    "seconds", [0, 1, 3600], ids=["at the limit", "a second after", "an hour after"]
)
