import pytest

from pitmark.train.precision import bf16_pays, wants_bf16
from pitmark.train.settings import TrainSettings

torch = pytest.importorskip("torch")
CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("can", "wanted"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"avx512_f": True, "avx512_bf16": False}, False),
        ({"bf16": True, "architecture": "aarch64"}, False),
        ({}, False),
    ],
)
def test_bf16_is_taken_where_the_processor_has_it(monkeypatch, can, wanted):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can, raising=False)
    assert bf16_pays("cpu") is wanted
    assert wants_bf16(TrainSettings(), CPU) is wanted
    assert wants_bf16(TrainSettings(precision="bf16"), CPU)
    assert not wants_bf16(TrainSettings(precision="fp32"), CPU)


def test_an_older_torch_that_cannot_tell_trains_in_fp32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not bf16_pays("cpu")
