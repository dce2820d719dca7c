from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all", action="store_true", help="hold each specimen to every promise, not only to those at hand"
    )


@pytest.fixture(scope="session")
def every(request: pytest.FixtureRequest) -> bool:
    """Whether each specimen is held to every promise."""
    return bool(request.config.getoption("--all", default=False))
