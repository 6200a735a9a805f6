import pytest

from tests.engine.local_world import LocalWorld


@pytest.fixture(params=[LocalWorld], ids=["local"])
def world(request, tmp_path):
    """A queue and an engine; every engine is put through the same tests."""
    made = request.param(tmp_path / "home")
    yield made
    made.close()
