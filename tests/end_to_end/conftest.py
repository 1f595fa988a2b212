"""What all end-to-end tests share: the `brilliant` fixture (see brilliant.py)."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import brilliant as brilliant_module  # noqa: E402  (the path above)


def pytest_configure(config):
    if not os.access(brilliant_module.BINARY, os.X_OK):
        pytest.exit(f"{brilliant_module.BINARY} does not exist: build it, or set BRILLIANT_BINARY", returncode=2)


@pytest.fixture
def brilliant():
    factory = brilliant_module.Factory()
    try:
        yield factory
    finally:
        factory.close()
