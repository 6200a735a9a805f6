"""All of these tests run on one thread: several on a busy machine wait for each other.

What is set here is put back after each file: another one may follow in the same process.
"""

import pytest

torch = pytest.importorskip("torch")
backbone = pytest.importorskip("pitmark.train.backbone")


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True, scope="module")
def from_random_weights(tmp_path_factory):
    """Toys of 64 px are learned from random weights; the shipped ones know photographs."""
    shipped = backbone.SHIPPED_WEIGHTS
    backbone.SHIPPED_WEIGHTS = tmp_path_factory.mktemp("weights") / "none.safetensors"
    yield shipped
    backbone.SHIPPED_WEIGHTS = shipped
