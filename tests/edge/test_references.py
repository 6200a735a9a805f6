"""A device with a model that compares: without its reference no image is ever OK."""

import threading
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from pitmark.core.bundle import GOLDEN_NAME, MODEL_FP32
from pitmark.core.errors import BundleError, InvalidInputError
from pitmark.edge.bundle_file import write_bundle
from pitmark.edge.golden import golden_from_bytes, make_golden
from pitmark.edge.network import Network
from pitmark.edge.runtime import EdgeInspector
from pitmark.edge.sources import FolderReferences, iterate_folder, watch_folder
from tests.edge.networks import (
    TASKS,
    files_for,
    golden_for,
    manifest_for,
    onnx_for,
    part_image,
    spec_for,
)


@pytest.fixture
def inspector(tmp_path):
    return opened(tmp_path, "detection")


def opened(folder, task, *, reference=True, **how):
    spec = spec_for(task, reference=reference)
    path = folder / "x.pitmark"
    write_bundle(path, manifest_for(spec), files_for(task, spec, **how))
    return EdgeInspector.open(path, precision="fp32", threads=1)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path.read_bytes()


@pytest.mark.parametrize("task", TASKS)
def test_what_is_brighter_than_the_reference_is_ng_and_the_same_is_ok(tmp_path, task):
    inspector = opened(tmp_path, task)
    bright, plain = part_image(5), part_image(5, bright=False)
    assert inspector.inspect(bright, reference=plain).verdict.outcome == "NG"
    assert inspector.inspect(bright, reference=bright).verdict.outcome == "OK"
    assert inspector.replay_golden().ok


def test_files_and_pixels_of_references_give_the_same(inspector, tmp_path):
    bright, plain = part_image(1), part_image(1, bright=False)
    data = save(tmp_path / "plain.png", plain)
    by_file = inspector.inspect(bright, reference=data)
    assert by_file.verdict == inspector.inspect(bright, reference=plain).verdict


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "compares with a reference image, and none was given"),
        (b"", "the reference of p1"),
        (b"no image", "the reference of p1"),
        (np.zeros((96, 81), np.uint8), "the reference has 81x96 pixels"),
        (np.zeros((96, 80), np.uint16), "pixels of uint16"),
        (np.zeros((96, 80), np.float32), "float32"),
        ("golden.png", "found str"),
    ],
)
def test_without_a_fitting_reference_the_verdict_is_error(inspector, reference, reason):
    found = inspector.inspect(part_image(1, bright=False), name="p1", reference=reference)
    assert found.verdict.outcome == "error"
    assert reason in found.verdict.reason
    assert found.prediction is None
    with pytest.raises(InvalidInputError):
        inspector.predict(part_image(1), None)


def test_a_model_that_compares_with_nothing_leaves_references_alone(tmp_path):
    inspector = opened(tmp_path, "anomaly", reference=False)
    bright = part_image(1)
    assert inspector.inspect(bright, reference=b"no image").verdict.outcome == "NG"
    assert inspector.inspect(bright).verdict.outcome == "NG"


def test_what_to_run_is_measured_with_references_too(tmp_path):
    spec = spec_for("segmentation", reference=True)
    path = tmp_path / "x.pitmark"
    write_bundle(path, manifest_for(spec), files_for("segmentation", spec, int8_bias=0.0))
    inspector = EdgeInspector.open(path)
    assert {t.precision for t in inspector.choice.trials} == {"fp32", "int8"}
    assert inspector.choice.golden.ok
    bare = {MODEL_FP32: onnx_for("segmentation", reference=True)}
    write_bundle(path, manifest_for(spec), bare)
    assert EdgeInspector.open(path).choice.golden is None


@pytest.mark.parametrize("said", [True, False])
def test_a_network_whose_inputs_are_not_those_of_the_manifest_is_refused(said):
    spec = spec_for("detection", reference=said)
    with pytest.raises(BundleError, match=r"has inputs \['images'"):
        Network(onnx_for("detection", reference=not said), spec, name="m.onnx")


def test_golden_images_carry_their_references():
    spec = spec_for("detection", reference=True)
    golden = golden_from_bytes(golden_for("detection", spec), spec)
    image, beside = golden.pair(0)
    assert len(golden.references) == len(golden.images) == 2
    assert (image > beside).any()


def test_golden_images_without_the_references_they_need_are_refused():
    spec, plain = (spec_for("detection", reference=r) for r in (True, False))
    with pytest.raises(BundleError, match=rf"{GOLDEN_NAME} does not hold .*reference0"):
        golden_from_bytes(golden_for("detection", plain), spec)
    with pytest.raises(BundleError, match=f"{GOLDEN_NAME} holds .*reference0"):
        golden_from_bytes(golden_for("detection", spec), plain)
    golden = golden_from_bytes(golden_for("detection", spec), spec)
    with pytest.raises(InvalidInputError, match="need 2 references, found 1"):
        make_golden(golden.images, golden.predictions, spec, references=golden.references[:1])
    other = [np.zeros((5, 5), np.uint8)] * 2
    with pytest.raises(InvalidInputError, match="the reference has 5x5 pixels"):
        make_golden(golden.images, golden.predictions, spec, references=other)


def test_a_folder_is_inspected_pair_by_pair_and_a_lone_image_is_an_error(inspector, tmp_path):
    plain = part_image(0, bright=False)
    folder = tmp_path / "in"
    for name, pixels in {
        "a_test.png": part_image(0),
        "a_temp.png": plain,
        "b_test.png": plain,
        "b_temp.png": plain,
        "c_test.png": plain,
        "d_temp.png": plain,
    }.items():
        save(folder / name, pixels)
    references = FolderReferences(folder, "{n}_test={n}_temp")
    images = iterate_folder(folder, leave_out=references.is_reference)
    found = list(inspector.inspect_each(images, references=references))
    assert [(i.name, i.verdict.outcome) for i in found] == [
        ("a_test.png", "NG"),
        ("b_test.png", "OK"),
        ("c_test.png", "error"),
    ]
    assert "none was given" in found[2].verdict.reason


def test_one_golden_part_serves_a_folder_from_inside_or_elsewhere(tmp_path):
    save(tmp_path / "in" / "golden.png", part_image(0, bright=False))
    save(tmp_path / "in" / "lot1" / "a.png", part_image(0))
    for rule in ("golden.png", str(tmp_path / "in" / "golden.png")):
        references = FolderReferences(tmp_path / "in", rule)
        assert references("lot1/a.png") == (tmp_path / "in" / "golden.png").read_bytes()
        assert references.is_reference("golden.png")
        assert not references.is_reference("lot1/a.png")


def test_references_are_never_read_from_outside_the_folder(tmp_path):
    save(tmp_path / "secret.png", part_image(0))
    save(tmp_path / "in" / "a.png", part_image(0))
    (tmp_path / "in" / "a_temp.png").symlink_to(tmp_path / "secret.png")
    for rule in ("../secret{name}", "../{name}", "{name}_temp"):
        assert FolderReferences(tmp_path / "in", rule)("a.png") is None


def test_a_rule_that_needs_metadata_is_refused_on_a_device(tmp_path):
    with pytest.raises(InvalidInputError, match=r"'\{master\}' needs metadata"):
        FolderReferences(tmp_path, "{master}")
    assert FolderReferences(tmp_path, None)("a.png") is None
    assert not FolderReferences(tmp_path, None).is_reference("a_temp.png")


def test_a_watched_folder_yields_no_references(tmp_path):
    for name in ("a_temp.png", "a.png", "b.png", "b_temp.png"):
        save(tmp_path / name, part_image(0))
    references, stop = FolderReferences(tmp_path, "{name}_temp"), threading.Event()
    seen = watch_folder(
        tmp_path, poll_s=0.01, stop=stop, existing=True, leave_out=references.is_reference
    )
    assert [name for name, _ in islice(seen, 2)] == ["a.png", "b.png"]
    stop.set()
