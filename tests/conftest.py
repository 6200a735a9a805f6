import pytest
from hypothesis import HealthCheck, settings

from tests.postgresql import running_server

# No test fails because the machine is busy.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(scope="session")
def postgresql():
    """One PostgreSQL server for all tests that ask for it."""
    with running_server() as server:
        yield server
