from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.errors import BundleError, InvalidInputError
from pitmark.edge.network import MAX_BATCH, Network
from tests.edge.networks import (
    SIDE,
    TASKS,
    of_bytes,
    onnx,
    onnx_for,
    part_image,
    spec_for,
)


def network_for(task, *, mode="letterbox", **changes):
    return Network(onnx_for(task, **changes), spec_for(task, mode=mode), name="m.onnx")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("mode", ["letterbox", "tile"])
def test_a_bright_spot_scores_higher_than_none(task, mode):
    network = network_for(task, mode=mode)
    spot = network.predict(part_image(0))
    plain = network.predict(part_image(0, bright=False))
    assert spot.size_wh == (80, 96)
    assert 0 <= plain.score < 0.5 < spot.score <= 1
    assert spot.embedding.shape == (3,)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("mode", ["letterbox", "tile"])
@pytest.mark.parametrize("color", [True, False])
def test_a_model_that_takes_bytes_says_what_one_of_numbers_says(task, mode, color):
    spec = spec_for(task, mode=mode)
    numbers = Network(onnx_for(task), spec, name="m")
    of_pixels = Network(of_bytes(onnx_for(task)), spec, name="m")
    assert (numbers.takes_bytes, of_pixels.takes_bytes) == (False, True)
    image = part_image(0)
    if color:
        image = np.stack([image, image // 2, 255 - image], axis=2)
    one, other = numbers.predict(image), of_pixels.predict(image)
    assert other.score == pytest.approx(one.score, abs=1e-5)
    np.testing.assert_allclose(other.embedding, one.embedding, atol=1e-5)


def test_a_model_that_takes_bytes_of_another_size_is_refused():
    model = of_bytes(onnx_for("anomaly", side=96))
    with pytest.raises(BundleError, match=r"patches of \[96, 96, 3\], the manifest says \[64"):
        Network(model, spec_for("anomaly"), name="m.onnx")


def test_a_model_that_takes_bytes_of_images_with_more_bits_is_refused():
    deep = replace(spec_for("anomaly").preprocess, high=4095.0)
    with pytest.raises(BundleError, match="takes bytes, the manifest says that images have"):
        Network(
            of_bytes(onnx_for("anomaly")),
            replace(spec_for("anomaly"), preprocess=deep),
            name="m",
        )


def test_boxes_come_in_pixels_of_the_stored_image():
    found = network_for("detection", mode="tile").predict(part_image(0))
    x1, y1, x2, y2 = found.boxes_xyxy[0]
    assert 0 <= x1 < x2 <= 80
    assert 0 <= y1 < y2 <= 96
    assert x1 < 36
    assert y2 > 40


def test_maps_cover_the_image_without_the_padding():
    found = network_for("segmentation").predict(part_image(0))
    assert found.maps_khw.shape == (2, 16, 13)
    assert found.maps_khw.dtype == np.float16


@pytest.mark.parametrize("task", TASKS)
def test_batches_change_nothing(task):
    rng = np.random.default_rng(0)
    patches = rng.random((2 * MAX_BATCH + 3, 3, SIDE, SIDE), dtype=np.float32)
    network = network_for(task)
    together = network.run(patches)
    for name, values in together.items():
        alone = np.concatenate([network.run(p[None])[name] for p in patches])
        np.testing.assert_allclose(values, alone, atol=1e-6)


def test_a_large_image_is_tiled_and_the_one_defect_in_it_is_found():
    image = np.full((700, 900), 50, np.uint8)
    image[500:540, 610:660] = 245
    found = network_for("detection", mode="tile").predict(image)
    x1, y1, x2, y2 = found.boxes_xyxy[0]
    assert min(x2, 660) > max(x1, 610)
    assert min(y2, 540) > max(y1, 500)
    assert found.score > 0.5


def test_an_array_that_is_no_image_is_refused():
    with pytest.raises(InvalidInputError, match=r"found \(4, 4, 4\) of float64"):
        network_for("anomaly").predict(np.zeros((4, 4, 4)))


def test_a_file_that_is_no_model_cannot_be_loaded():
    with pytest.raises(BundleError, match=r"m\.onnx cannot be loaded"):
        Network(b"\x0a\x04abcd", spec_for("anomaly"), name="m.onnx")


def test_a_model_whose_names_are_no_text_cannot_be_loaded():
    damaged = onnx_for("anomaly").replace(b"images", b"im\x99ges")
    with pytest.raises(BundleError, match=r"m\.onnx cannot be loaded"):
        Network(damaged, spec_for("anomaly"), name="m.onnx")


def test_a_model_for_another_task_is_refused():
    with pytest.raises(BundleError, match="lacks the output 'probs' of a classification"):
        Network(onnx_for("detection"), spec_for("classification"), name="m.onnx")


def test_a_model_for_another_size_is_refused():
    with pytest.raises(BundleError, match=r"takes patches of \[3, 96, 96\], the manifest"):
        Network(onnx_for("anomaly", side=96), spec_for("anomaly"), name="m.onnx")


def test_a_model_with_another_input_is_refused():
    model = onnx.load_from_string(onnx_for("anomaly"))
    extra = onnx.helper.make_tensor_value_info("other", onnx.TensorProto.FLOAT, [1])
    model.graph.input.append(extra)
    with pytest.raises(BundleError, match=r"has inputs \['images', 'other'\]"):
        Network(model.SerializeToString(), spec_for("anomaly"), name="m.onnx")


def test_a_model_with_another_number_of_classes_is_refused_at_its_first_patch():
    network = Network(
        onnx_for("anomaly", outputs=("maps", "embedding")), spec_for("segmentation"), name="m"
    )
    with pytest.raises(BundleError, match=r"gives maps of shape \(1, 1, 16, 16\), its 2 cl"):
        network.predict(part_image(0))
