import pytest

from tests.postgresql import running_server


@pytest.fixture(scope="session")
def postgresql():
    """One PostgreSQL server for all tests that ask for it."""
    with running_server() as server:
        yield server
