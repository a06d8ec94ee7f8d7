import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-gas", action="store_true", help="take the figures that are measured for the right ones")
