import logging

import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes
from pitmark.metrics.detection import (
    average_precisions,
    box_confusion,
    coco_matches,
    detection_report,
    mean_average_precision,
)
from pitmark.metrics.intervals import Resampling
from pitmark.metrics.matching import match_image

logging.getLogger("faster_coco_eval").setLevel(logging.ERROR)
FEW = Resampling(draws=50)


def coco_reference(predicted, true, class_count):
    """Per class AP at 0.5 and mean AP, -1 where the class has no true boxes."""

    def rows(boxes):
        return np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])

    truth = {
        "images": [{"id": i + 1, "width": 999, "height": 999} for i in range(len(true))],
        "categories": [{"id": c + 1, "name": str(c)} for c in range(class_count)],
        "annotations": [],
    }
    for image, there in enumerate(true):
        for box, index in zip(rows(there.boxes_xyxy), there.classes, strict=True):
            truth["annotations"].append(
                {
                    "id": len(truth["annotations"]) + 1,
                    "image_id": image + 1,
                    "category_id": int(index) + 1,
                    "bbox": box.tolist(),
                    "area": float(box[2] * box[3]),
                    "iscrowd": 0,
                }
            )
    found = [
        {
            "image_id": image + 1,
            "category_id": int(index) + 1,
            "bbox": box.tolist(),
            "score": float(score),
        }
        for image, boxes in enumerate(predicted)
        for box, score, index in zip(
            rows(boxes.boxes_xyxy), boxes.scores, boxes.classes, strict=True
        )
    ]
    ground = COCO(truth)
    run = COCOeval_faster(ground, ground.loadRes(found), iouType="bbox")
    run.evaluate()
    run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, -1]  # (overlaps, recalls, classes)
    return precision[0].mean(axis=0), precision.mean(axis=(0, 1))


def assert_equals_reference(predicted, true, class_count):
    matches = coco_matches(predicted, true, class_count)
    if not any(len(boxes.scores) for boxes in predicted):
        # The reference cannot load an empty list of results.
        ap50 = ap = np.where(matches.true_counts.sum(axis=0) > 0, 0.0, -1.0)
    else:
        ap50, ap = coco_reference(predicted, true, class_count)
    found50, found = average_precisions(matches, iou=0.5), average_precisions(matches)
    np.testing.assert_allclose(np.nan_to_num(found50, nan=-1.0), ap50, atol=1e-6)
    np.testing.assert_allclose(np.nan_to_num(found, nan=-1.0), ap, atol=1e-6)
    known = ap50[ap50 > -1]
    wanted = pytest.approx(known.mean(), abs=1e-6) if known.size else None
    assert mean_average_precision(matches, iou=0.5) == wanted


def random_images(seed, images=40, classes=3, tied=False):
    """True boxes, and predictions that shake them, double them and make some up."""
    rng = np.random.default_rng(seed)
    predicted, true = [], []
    for _ in range(images):
        count = rng.integers(0, 8)
        corner = rng.uniform(0, 80, (count, 2))
        boxes = np.hstack([corner, corner + rng.uniform(2, 25, (count, 2))])
        labels = rng.integers(0, classes, count)
        true.append(TrueBoxes.of(boxes, labels))
        copies = np.repeat(np.arange(count), rng.integers(0, 4, count))
        shaken = boxes[copies] + rng.normal(0, 2, (copies.size, 4))
        shaken[:, 2:] = np.maximum(shaken[:, 2:], shaken[:, :2])
        made_up = rng.uniform(0, 80, (rng.integers(0, 5), 2))
        found = np.vstack([shaken, np.hstack([made_up, made_up + 10])])
        wrong = rng.integers(0, classes, len(found))
        called = np.concatenate([labels[copies], wrong[copies.size :]])
        called = np.where(rng.random(len(found)) < 0.1, wrong, called)
        scores = rng.random(len(found))
        predicted.append(PredictedBoxes.of(found, np.round(scores, 1 if tied else 9), called))
    return predicted, true


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_average_precision_equals_faster_coco_eval(seed, tied):
    assert_equals_reference(*random_images(seed, tied=tied), class_count=3)


# A coarse grid makes equal overlaps, overlaps exactly at a limit and empty boxes common.
corner = st.integers(0, 6)
box = st.tuples(corner, corner, st.integers(0, 5), st.integers(0, 5)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
image = st.tuples(
    st.lists(st.tuples(box, st.integers(0, 3), st.integers(0, 1)), max_size=7),
    st.lists(st.tuples(box, st.integers(0, 1)), max_size=5),
)


def built(images):
    predicted = [
        PredictedBoxes.of([b for b, _, _ in f], [s / 3 for _, s, _ in f], [c for *_, c in f])
        for f, _ in images
    ]
    true = [TrueBoxes.of([b for b, _ in t], [c for _, c in t]) for _, t in images]
    return predicted, true


@settings(max_examples=200, deadline=None)
@given(st.lists(image, min_size=1, max_size=4))
def test_adversarial_boxes_equal_faster_coco_eval(images):
    assert_equals_reference(*built(images), class_count=2)


def test_more_than_100_predictions_of_a_class_equal_faster_coco_eval():
    rng = np.random.default_rng(5)
    corner = rng.uniform(0, 300, (130, 2))
    boxes = np.hstack([corner, corner + 20])
    shaken = boxes[rng.integers(0, 130, 260)] + rng.normal(0, 1.5, (260, 4))
    predicted = [PredictedBoxes.of(shaken, rng.random(260), rng.integers(0, 2, 260))]
    true = [TrueBoxes.of(boxes, np.arange(130) % 2)]
    assert_equals_reference(predicted, true, class_count=2)


def test_an_overlap_of_exactly_one_half_is_a_hit():
    predicted = [PredictedBoxes.of([[0, 0, 10, 5]], [0.9], [0])]
    true = [TrueBoxes.of([[0, 0, 10, 10]], [0])]
    matches = coco_matches(predicted, true, 1)
    assert mean_average_precision(matches, iou=0.5) == pytest.approx(1.0)
    assert mean_average_precision(matches, iou=0.55) == 0.0
    assert_equals_reference(predicted, true, class_count=1)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_of_equal_overlaps_the_same_true_box_is_taken_as_in_faster_coco_eval(order):
    halves = np.array([[0, 0, 10, 5], [0, 5, 10, 10]])[order]
    predicted = [PredictedBoxes.of([[0, 0, 10, 10], [0, 5, 10, 10]], [0.9, 0.8], [0, 0])]
    true = [TrueBoxes.of(halves, [0, 0])]
    assert_equals_reference(predicted, true, class_count=1)
    hits = coco_matches(predicted, true, 1).at(0.5).tolist()
    assert hits == ([True, False] if order == [0, 1] else [True, True])


def test_without_true_boxes_nothing_can_be_said():
    predicted = [PredictedBoxes.of([[0, 0, 5, 5]], [0.9], [0])]
    report = detection_report(coco_matches(predicted, [TrueBoxes.of([], [])], 2))
    assert report.map50.value is None
    assert report.map is None
    assert report.per_class[0].ap50 is None
    assert report.recall.value is None
    assert report.precision.value == 0.0


def test_without_predictions_everything_is_missed():
    true = [TrueBoxes.of([[0, 0, 5, 5]], [1])] * 3
    report = detection_report(coco_matches([PredictedBoxes.of([], [], [])] * 3, true, 2))
    assert report.map50.value == 0.0
    assert (report.recall.count, report.recall.total) == (0, 3)
    assert report.precision.value is None
    assert report.per_class[0].ap50 is None
    assert report.per_class[1].ap50 == 0.0


def test_without_images_the_report_is_empty():
    report = detection_report(coco_matches([], [], 2))
    assert report.images == 0
    assert report.to_json()["map50"] == {"value": None, "low": None, "high": None}


@given(st.lists(image, min_size=1, max_size=4), st.sampled_from([0.0, 1 / 3, 0.5, 1.0]))
@settings(deadline=None)
def test_recall_and_precision_at_a_threshold_count_the_pairs_of_each_image(images, limit):
    predicted, true = built(images)
    report = detection_report(
        coco_matches(predicted, true, 2), thresholds=limit, resampling=Resampling(draws=1)
    )
    found = [match_image(p, t, thresholds=limit) for p, t in zip(predicted, true, strict=True)]
    pairs = sum(len(match.pairs) for match in found)
    missed = sum(len(match.missed) for match in found)
    spurious = sum(len(match.spurious) for match in found)
    assert (report.recall.count, report.recall.total) == (pairs, pairs + missed)
    assert (report.precision.count, report.precision.total) == (pairs, pairs + spurious)


def test_each_class_is_counted_at_its_own_threshold():
    boxes = [[0, 0, 9, 9], [20, 0, 29, 9]]
    predicted = [PredictedBoxes.of(boxes, [0.4, 0.4], [0, 1])]
    matches = coco_matches(predicted, [TrueBoxes.of(boxes, [0, 1])], 2)
    report = detection_report(matches, thresholds=[0.3, 0.5], resampling=FEW)
    assert [score.recall.count for score in report.per_class] == [1, 0]
    assert [score.f1 for score in report.per_class] == [1.0, 0.0]
    assert [score.threshold for score in report.per_class] == [0.3, 0.5]


@pytest.mark.parametrize("seed", range(5))
def test_drawing_images_equals_evaluating_the_drawn_images(seed):
    predicted, true = random_images(seed, images=12)
    drawn = np.random.default_rng(seed).integers(0, 12, 12)
    again = coco_matches([predicted[i] for i in drawn], [true[i] for i in drawn], 3)
    np.testing.assert_allclose(
        average_precisions(coco_matches(predicted, true, 3), drawn=drawn),
        average_precisions(again),
    )


def test_drawing_an_image_never_looks_at_the_others():
    there = [TrueBoxes.of([[0, 0, 9, 9]], [0])] * 2
    found = [PredictedBoxes.of([[0, 0, 9, 9]], [score], [0]) for score in (0.9, 0.5)]
    assert average_precisions(coco_matches(found, there, 1), drawn=[1, 1]) == 1.0


def test_the_interval_of_map50_holds_its_value_and_respects_parts():
    predicted, true = random_images(1)
    matches = coco_matches(predicted, true, 3)
    alone = detection_report(matches, resampling=FEW).map50
    assert alone.low < alone.value < alone.high
    one_part = detection_report(matches, groups=["p"] * 40, resampling=FEW).map50
    assert (one_part.value, one_part.low) == (alone.value, None)


@given(st.lists(image, min_size=1, max_size=4))
@settings(deadline=None)
def test_the_box_confusion_counts_every_true_and_every_predicted_box_once(images):
    predicted, true = built(images)
    found = [match_image(p, t) for p, t in zip(predicted, true, strict=True)]
    cells = box_confusion(found, predicted, true, 2)
    for index in range(2):
        assert cells[index].sum() == sum((t.classes == index).sum() for t in true)
        assert cells[:, index].sum() == sum((p.classes == index).sum() for p in predicted)
    assert cells[2, 2] == 0


def test_a_box_of_the_wrong_class_is_confused_not_missed_and_made_up():
    predicted = [PredictedBoxes.of([[0, 0, 9, 9], [50, 50, 59, 59]], [0.9, 0.8], [1, 0])]
    true = [TrueBoxes.of([[0, 0, 9, 10], [20, 20, 29, 29]], [0, 1])]
    cells = box_confusion([match_image(predicted[0], true[0])], predicted, true, 2)
    assert cells.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: average_precisions(m, iou=0.52), "IoU 0.52, only at 0.50, 0.55"),
        (lambda m: detection_report(m, thresholds=[0.5]), "one number or 3"),
        (lambda m: detection_report(m, groups=["a"]), "40 images, 1 groups"),
        (lambda m: box_confusion([], *random_images(0), 3), "0 matches"),
    ],
)
def test_what_does_not_fit_the_matches_is_refused(call, message):
    matches = coco_matches(*random_images(0), 3)
    with pytest.raises(InvalidInputError, match=message):
        call(matches)
