"""The replica of DAI that stands in for the real token on local chains."""

import pytest

DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"


@pytest.fixture(scope="session")
def dai(project, accounts):
    return accounts[0].deploy(project.TestDai, 1)


def test_domain_separator(dai):
    assert dai.wards(dai.address) == 0


@pytest.mark.use_network("ethereum:mainnet-fork:foundry")
def test_fork_has_dai(project):
    dai = project.TestDai.at(DAI)
    assert dai.symbol() == "DAI"
