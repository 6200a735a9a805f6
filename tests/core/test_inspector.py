import numpy as np
import pytest

from pitmark.core.bundle import MODEL_FP32, Manifest
from pitmark.core.errors import BundleError, InvalidInputError
from pitmark.core.inspector import InspectorSpec, counted_boxes, decide
from pitmark.core.label_book import LabelBook
from pitmark.core.predictions import (
    Prediction,
    predictions_from_bytes,
    predictions_to_bytes,
)
from pitmark.core.preprocess import PreprocessSpec

PREPROCESS = PreprocessSpec((64, 64))
BOXES = InspectorSpec(
    "detection", ("dent", "scratch"), PREPROCESS, threshold=0.4, box_thresholds=(0.3, 0.6)
)
SEEN = Prediction(
    (20, 10),
    0.55,
    boxes_xyxy=np.array([(1, 1, 5, 5), (2, 2, 9, 9)], np.float32),
    box_scores=np.array([0.55, 0.5], np.float32),
    box_classes=np.array([0, 1]),
    embedding=np.ones(3, np.float32),
)


def test_a_score_that_reaches_the_threshold_is_ng():
    verdict = decide(SEEN, BOXES)
    assert (verdict.outcome, verdict.label) == ("NG", "dent")
    assert decide(SEEN, BOXES.with_thresholds(0.55)).outcome == "NG"
    assert decide(SEEN, BOXES.with_thresholds(0.5501)).outcome == "OK"


def test_a_score_that_is_no_number_is_an_error_and_never_ok():
    assert decide(Prediction((2, 2), float("nan")), BOXES).outcome == "error"


def test_only_boxes_that_reach_the_threshold_of_their_class_count():
    assert counted_boxes(SEEN, BOXES).box_classes.tolist() == [0]


def test_an_ok_image_names_its_good_class():
    spec = InspectorSpec("classification", ("good", "dent"), PREPROCESS, ("good",))
    seen = Prediction((2, 2), 0.1, class_probs=np.array([0.9, 0.1], np.float32))
    assert decide(seen, spec).label == "good"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"task": "counting"}, "unknown task"),
        ({"classes": ["a", "a"]}, "twice"),
        ({"good": ["fine"]}, "not all in"),
        ({"box_thresholds": [0.5]}, "one value per class"),
        ({"surprise": 1}, "not an inspector spec"),
    ],
)
def test_a_damaged_spec_is_refused(change, match):
    with pytest.raises(InvalidInputError, match=match):
        InspectorSpec.from_json({**BOXES.to_json(), **change})


def test_predictions_survive_their_file():
    many = {
        "a": SEEN,
        "b": Prediction(
            (4, 3),
            0.5,
            class_probs=np.array([0.5, 0.5], np.float32),
            maps_khw=np.full((2, 3, 4), 0.25, np.float16),
            embedding=np.zeros(3, np.float32),
        ),
    }
    back = predictions_from_bytes(predictions_to_bytes(many))
    assert list(back) == ["a", "b"]
    assert back["a"].boxes_xyxy.tolist() == SEEN.boxes_xyxy.tolist()
    assert back["a"].class_probs is None
    assert back["b"].maps_at((8, 6)).shape == (2, 6, 8)
    assert back["b"].size_wh == (4, 3)
    assert predictions_from_bytes(predictions_to_bytes({})) == {}


MANIFEST = Manifest(
    "casings", 1, "s" * 64, "r0001", "2026-01-01T00:00:00+00:00", BOXES, LabelBook(),
    {MODEL_FP32: "0" * 64}, {"fp32": 1e-3}, {},
)  # fmt: skip


def test_a_manifest_survives_json():
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"format_version": 99}, "format version 99"),
        ({"format_version": None}, "format version None"),
        ({"version": "x"}, "damaged"),
        ({"inspector": {}}, "damaged"),
        ({"label_book": {"a": 1}}, "damaged"),
        ({"files": {MODEL_FP32: "0", "run.sh": "0"}}, "'run.sh', which no bundle holds"),
        ({"files": {}}, "lacks"),
    ],
)
def test_a_damaged_manifest_is_refused(change, match):
    with pytest.raises(BundleError, match=match):
        Manifest.from_json({**MANIFEST.to_json(), **change})
