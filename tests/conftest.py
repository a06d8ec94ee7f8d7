"""Shared by all tests, with and without a chain."""

from random import Random

import pytest


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Random:
    """Random numbers that are the same in every run of a test, and different in every test."""
    return Random(request.node.nodeid)
