import numpy as np
import pytest

from bench.precision import Timing, Variant, _gates, with_zeros
from tests.edge.networks import onnx_for

onnx = pytest.importorskip("onnx")


def weights(model):
    found = onnx.load_from_string(model).graph.initializer
    return onnx.numpy_helper.to_array(next(t for t in found if t.name == "weight"))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_the_smallest_weights_of_a_convolution_become_zero_and_no_other_changes(share):
    model = onnx_for("classification")
    before, after = weights(model), weights(with_zeros(model, share))
    zero = after == 0
    assert zero.sum() == round(share * before.size)
    assert (after[~zero] == before[~zero]).all()
    if zero.any() and not zero.all():
        assert np.abs(before[zero]).max() <= np.abs(before[~zero]).min()


class Arguments:
    task = "detection"
    input = 512


def test_the_gates_are_the_loss_of_int8_and_its_time_on_one_thread():
    variants = {
        (s, p): Variant(s, p, {"mAP50": [v]})
        for s, v in (("standard", 0.8), ("small", 0.7))
        for p, v in (("fp32", v), ("int8", v - (0.004 if s == "standard" else 0.01)))
    }
    timings = [
        Timing("standard int8", 1, None, [], [16.0, 17.0, 18.0]),
        Timing("small int8", 1, None, [], [11.0, 12.0, 13.0]),
        Timing("small int8", 2, None, [], [99.0]),
        Timing("small fp32", 1, None, [], [99.0]),
    ]
    found = _gates("pcb", Arguments(), variants, timings)
    assert [(g["value"], g["ok"]) for g in found] == [
        (pytest.approx(0.004), True),
        (pytest.approx(0.01), False),
        (17.0, False),
        (12.0, True),
    ]
