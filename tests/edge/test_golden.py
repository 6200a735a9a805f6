import io
from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.errors import BundleError, InvalidInputError
from pitmark.core.predictions import Prediction, predictions_to_bytes
from pitmark.edge.golden import golden_from_bytes, make_golden, replay
from pitmark.edge.network import Network
from tests.edge.networks import TASKS, golden_for, onnx_for, part_image, spec_for


def network_for(task, **changes):
    return Network(onnx_for(task, **changes), spec_for(task), name="model.fp32.onnx")


@pytest.mark.parametrize("task", TASKS)
def test_the_network_that_made_the_golden_outputs_reproduces_them(task):
    spec = spec_for(task)
    golden = golden_from_bytes(golden_for(task, spec), spec)
    report = replay(golden, network_for(task).predict, spec, tolerance=1e-6)
    assert report.ok
    assert report.largest < 1e-6
    assert report.images == 2


@pytest.mark.parametrize("task", TASKS)
def test_another_network_is_found_out(task):
    spec = spec_for(task)
    golden = golden_from_bytes(golden_for(task, spec), spec)
    report = replay(golden, network_for(task, bias=0.2).predict, spec, tolerance=1e-3)
    assert not report.ok
    assert report.largest > 1e-3


def test_other_verdicts_fail_however_wide_the_tolerance():
    spec = spec_for("anomaly")
    golden = golden_from_bytes(golden_for("anomaly", spec), spec)
    report = replay(golden, network_for("anomaly", bias=-9.0).predict, spec, tolerance=1.0)
    assert report.largest <= report.tolerance
    assert report.flipped == (0,)
    assert not report.ok
    assert "1 other verdicts" in report.sentence()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 3)])
def test_golden_images_come_back_as_they_went_in(dtype, shape):
    spec = spec_for("classification")
    image = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    probs = np.array([0.25, 0.75], np.float32)
    prediction = Prediction((30, 40), 0.75, class_probs=probs)
    golden = golden_from_bytes(make_golden([image], [prediction], spec), spec)
    np.testing.assert_array_equal(golden.images[0], image)
    assert golden.images[0].dtype == dtype
    assert golden.predictions[0].class_probs.tolist() == [0.25, 0.75]


def test_the_same_golden_inputs_give_the_same_bytes():
    assert golden_for("detection", spec_for("detection")) == golden_for(
        "detection", spec_for("detection")
    )


def test_golden_inputs_that_do_not_fit_together_are_refused():
    spec = spec_for("detection")
    image = part_image(0)
    with pytest.raises(InvalidInputError, match="found 1 images and 0 predictions"):
        make_golden([image], [], spec)
    with pytest.raises(InvalidInputError, match="at least one"):
        make_golden([], [], spec)
    with pytest.raises(InvalidInputError, match=r"\(9, 9\) pixels goes with an image of"):
        make_golden([image], [Prediction((9, 9), 0.1)], spec)
    with_probs = Prediction((80, 96), 0.1, class_probs=np.ones(2, np.float32))
    with pytest.raises(InvalidInputError, match="not that of a detection model"):
        make_golden([image], [with_probs], spec)


def test_a_box_of_a_class_that_the_model_lacks_is_refused():
    spec = spec_for("detection")
    network = network_for("detection")
    found = network.predict(part_image(0))
    strange = replace(found, box_classes=found.box_classes + 2)
    with pytest.raises(InvalidInputError, match="class beyond the 2 there are"):
        make_golden([part_image(0)], [strange], spec)


def packed(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


GOOD = {"0": Prediction((30, 40), 0.5, class_probs=np.ones(2, np.float32))}
PIXELS = np.zeros((40, 30), np.uint8)


def as_array(predictions):
    return np.frombuffer(predictions_to_bytes(predictions), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"image0": PIXELS}, "KeyError"),
        ({"predictions": as_array(GOOD)}, "image0"),
        ({"predictions": as_array({})}, "no image"),
        ({"predictions": as_array(GOOD), "image0": PIXELS, "image7": PIXELS}, "image7"),
        ({"predictions": as_array(GOOD), "image0": PIXELS.T}, r"goes with an image of"),
        ({"predictions": as_array(GOOD), "image0": PIXELS * 1.0}, "uint8 or uint16"),
        ({"predictions": np.arange(9), "image0": PIXELS}, "predictions is damaged"),
        ({"predictions": as_array({"x": GOOD["0"]}), "image0": PIXELS}, "KeyError"),
    ],
)
def test_arrays_that_are_no_golden_inputs_are_refused(arrays, match):
    with pytest.raises(BundleError, match=match):
        golden_from_bytes(packed(**arrays), spec_for("classification"))
