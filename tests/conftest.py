"""Shared by all tests, with and without a chain."""

from importlib.util import find_spec
from random import Random

import pytest

collect_ignore = [] if find_spec("playwright") else ["browser"]
"""Only `make test-report` installs what those need, and runs them."""


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Random:
    """Random numbers that are the same in every run of a test, and different in every test."""
    return Random(request.node.nodeid)
