"""Fixtures of the tests of loading."""

import pytest
from tests.fault_server import FaultServer


@pytest.fixture
def serve():
    """Class of a server; used as ``with serve(content) as server``."""
    return FaultServer
