import json

import numpy as np
import pytest
from PIL import Image

from pitmark.core.bundle import GOLDEN_NAME, MODEL_FP32
from pitmark.core.errors import BundleError, InvalidInputError, NotFoundError, ParityError
from pitmark.edge.bundle_file import read_bundle, write_bundle
from pitmark.edge.runtime import EdgeInspector
from pitmark.edge.sources import iterate_folder
from tests.edge.networks import (
    TASKS,
    files_for,
    manifest_for,
    onnx_for,
    part_image,
    spec_for,
)


def bundle_at(folder, task, *, files=None, int8_bias=None, **changes):
    spec = spec_for(task, **changes)
    path = folder / f"{task}.pitmark"
    write_bundle(path, manifest_for(spec), files or files_for(task, spec, int8_bias=int8_bias))
    return path


def opened(folder, task, **changes):
    return EdgeInspector.open(bundle_at(folder, task, **changes), precision="fp32", threads=1)


@pytest.mark.parametrize("task", TASKS)
def test_a_bundle_tells_good_parts_from_bad(tmp_path, task):
    inspector = opened(tmp_path, task)
    assert inspector.inspect(part_image(5)).verdict.outcome == "NG"
    assert inspector.inspect(part_image(5, bright=False)).verdict.outcome == "OK"
    assert inspector.spec.task == task
    assert inspector.replay_golden().ok


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("color", [False, True])
def test_grey_and_color_of_8_and_16_bits_are_inspected(tmp_path, dtype, color):
    image = part_image(1).astype(dtype)
    image = np.repeat(image[..., None], 3, axis=2) if color else image
    found = opened(tmp_path, "segmentation").inspect(image, name="p1")
    assert (found.name, found.verdict.outcome) == ("p1", "NG")
    assert found.pixels is image
    assert found.latency_ms > 0


def test_pixels_and_the_file_they_come_from_give_the_same(tmp_path):
    inspector = opened(tmp_path, "detection")
    Image.fromarray(part_image(2)).save(tmp_path / "part.png")
    from_file = inspector.inspect((tmp_path / "part.png").read_bytes(), name="part.png")
    from_pixels = inspector.inspect(part_image(2))
    assert from_file.verdict == from_pixels.verdict
    np.testing.assert_array_equal(from_file.pixels, part_image(2))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "broken.png"),
        (b"\x89PNG\r\n\x1a\n and then nothing", "broken.png"),
        (np.zeros((5, 5, 4), np.uint8), r"(5, 5, 4) of uint8"),
        (np.zeros((0, 5), np.uint8), "(0, 5)"),
        (np.zeros((5, 5), np.float32), "float32"),
        (None, "found NoneType"),
    ],
)
def test_a_bad_image_gets_the_verdict_error_with_the_reason(tmp_path, image, reason):
    found = opened(tmp_path, "anomaly").inspect(image, name="broken.png")
    assert found.verdict.outcome == "error"
    assert reason in found.verdict.reason
    assert found.prediction is None
    assert found.pixels is None


def test_a_truncated_image_gets_the_verdict_error(tmp_path):
    Image.fromarray(part_image(2)).save(tmp_path / "part.jpg")
    data = (tmp_path / "part.jpg").read_bytes()
    found = opened(tmp_path, "anomaly").inspect(data[: len(data) // 2], name="part.jpg")
    assert found.verdict.outcome == "error"
    assert "part.jpg" in found.verdict.reason


def test_a_model_that_gives_no_number_gets_the_verdict_error(tmp_path):
    inspector = opened(
        tmp_path, "anomaly", files={MODEL_FP32: onnx_for("anomaly", bias=float("nan"))}
    )
    found = inspector.inspect(part_image(0))
    assert found.verdict.outcome == "error"
    assert "gave no number" in found.verdict.reason


def test_only_boxes_that_reach_their_threshold_count(tmp_path):
    found = opened(tmp_path, "detection").inspect(part_image(0))
    assert 0 < len(found.boxes.box_scores) < len(found.prediction.box_scores)
    assert (found.boxes.box_scores >= 0.5).all()
    told = json.loads(json.dumps(found.to_json()))
    assert len(told["boxes"]) == len(found.boxes.box_scores)
    assert told["verdict"]["outcome"] == "NG"
    assert {box["label"] for box in told["boxes"]} <= {"scratch", "dent"}
    assert all(len(box["box_xyxy"]) == 4 for box in told["boxes"])


def test_a_folder_with_a_broken_file_is_inspected_to_its_end(tmp_path):
    parts = tmp_path / "parts"
    parts.mkdir()
    Image.fromarray(part_image(0)).save(parts / "a.png")
    (parts / "b.png").write_bytes(b"not an image")
    Image.fromarray(part_image(0, bright=False)).save(parts / "c.bmp")
    inspector = opened(tmp_path, "segmentation")
    outcomes = [
        (i.name, i.verdict.outcome) for i in inspector.inspect_each(iterate_folder(parts))
    ]
    assert outcomes == [("a.png", "NG"), ("b.png", "error"), ("c.bmp", "OK")]


def test_auto_measures_and_tells_what_it_picked(tmp_path):
    inspector = EdgeInspector.open(bundle_at(tmp_path, "segmentation", int8_bias=0.0))
    assert {t.precision for t in inspector.choice.trials} == {"fp32", "int8"}
    assert inspector.choice.golden.ok
    assert (inspector.precision, inspector.threads) in {
        (t.precision, t.threads) for t in inspector.choice.trials
    }
    assert inspector.precision in inspector.choice.sentence()


def test_auto_never_picks_a_model_with_other_verdicts(tmp_path):
    inspector = EdgeInspector.open(bundle_at(tmp_path, "segmentation", int8_bias=5.0))
    assert inspector.precision == "fp32"
    assert inspector.choice.golden.ok


def test_a_given_precision_leaves_only_the_threads_to_measure(tmp_path):
    path = bundle_at(tmp_path, "segmentation", int8_bias=0.0)
    inspector = EdgeInspector.open(path, precision="int8")
    assert {t.precision for t in inspector.choice.trials} == {"int8"}
    assert EdgeInspector.open(path, threads=1).threads == 1


def test_a_model_beyond_the_tolerance_is_refused_or_told_on_replay(tmp_path):
    path = bundle_at(tmp_path, "segmentation", int8_bias=5.0)
    with pytest.raises(ParityError, match="int8: 2 golden images: largest difference"):
        EdgeInspector.open(path, precision="int8")
    report = EdgeInspector.open(path, precision="int8", threads=1).replay_golden()
    assert not report.ok
    assert report.flipped == (1,)


def test_replay_needs_golden_inputs(tmp_path):
    inspector = opened(tmp_path, "anomaly", files={MODEL_FP32: onnx_for("anomaly")})
    with pytest.raises(BundleError, match=f"has no {GOLDEN_NAME} to replay"):
        inspector.replay_golden()
    assert inspector.drift_reference is None


def test_a_bundle_opens_from_a_file_its_bytes_and_what_was_read(tmp_path):
    path = bundle_at(tmp_path, "anomaly")
    scores = {
        EdgeInspector.open(source, precision="fp32", threads=1).predict(part_image(0)).score
        for source in (path, path.read_bytes(), read_bundle(path))
    }
    assert len(scores) == 1


def test_what_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"no bundle .*absent"):
        EdgeInspector.open(tmp_path / "absent")
    with pytest.raises(InvalidInputError, match="unknown precision 'fp8'"):
        EdgeInspector.open(bundle_at(tmp_path, "anomaly"), precision="fp8")
    with pytest.raises(InvalidInputError, match="has no int8 model"):
        EdgeInspector.open(bundle_at(tmp_path, "anomaly"), precision="int8", threads=1)
