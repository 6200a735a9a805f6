import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes
from pitmark.metrics.matching import BoxPair, match_boxes, match_image

HERE, NEAR, FAR = [0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]

coordinate = st.integers(0, 8)
box = st.tuples(coordinate, coordinate, st.integers(0, 6), st.integers(0, 6)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
found_boxes = st.lists(st.tuples(box, st.floats(0, 1), st.integers(0, 2)), max_size=8).map(
    lambda rows: PredictedBoxes.of(
        [b for b, _, _ in rows], [s for _, s, _ in rows], [c for *_, c in rows]
    )
)
true_boxes = st.lists(st.tuples(box, st.integers(0, 2)), max_size=6).map(
    lambda rows: TrueBoxes.of([b for b, _ in rows], [c for _, c in rows])
)


@given(found_boxes, true_boxes, st.floats(0, 1), st.sampled_from([0.3, 0.5, 1.0]))
def test_every_box_has_exactly_one_fate(found, there, threshold, iou):
    match = match_image(found, there, thresholds=threshold, iou=iou)
    counted = set(np.flatnonzero(found.scores >= threshold))
    paired = [pair.predicted for pair in match.pairs]
    hit = [pair.true for pair in match.pairs]
    assert sorted(paired + list(match.spurious)) == sorted(counted)
    assert sorted(hit + list(match.missed)) == list(range(len(there.classes)))
    for pair in match.pairs:
        assert found.classes[pair.predicted] == there.classes[pair.true]
        assert pair.iou >= iou - 1e-9
    assert {pair.true for pair in match.confused} <= set(match.missed)
    assert {pair.predicted for pair in match.confused} <= set(match.spurious)
    assert len({pair.true for pair in match.confused}) == len(match.confused)
    for pair in match.confused:
        assert found.classes[pair.predicted] != there.classes[pair.true]


@given(found_boxes, true_boxes)
def test_one_image_and_many_images_are_matched_alike(found, there):
    pairs = {pair.predicted for pair in match_image(found, there).pairs}
    flat = match_boxes([found], [there], 3, ious=[0.5])
    assert int(flat.at(0.5).sum()) == len(pairs)
    assert sorted(flat.scores[flat.at(0.5)]) == sorted(found.scores[list(pairs)])


def test_the_more_certain_box_takes_the_defect_and_the_double_is_spurious():
    found = PredictedBoxes.of([HERE, NEAR], [0.6, 0.9], [0, 0])
    match = match_image(found, TrueBoxes.of([HERE], [0]))
    assert match.pairs == (BoxPair(1, 0, pytest.approx(9 / 11)),)
    assert match.spurious == (0,)
    assert match.missed == ()


def test_a_box_over_the_right_place_with_the_wrong_class_is_named_confused():
    found = PredictedBoxes.of([NEAR, FAR], [0.9, 0.9], [1, 1])
    match = match_image(found, TrueBoxes.of([HERE], [0]))
    assert match.confused == (BoxPair(0, 0, pytest.approx(9 / 11)),)
    assert match.missed == (0,)
    assert match.spurious == (0, 1)


def test_boxes_below_the_threshold_of_their_class_do_not_count():
    found = PredictedBoxes.of([HERE, FAR], [0.4, 0.4], [0, 1])
    there = TrueBoxes.of([HERE, FAR], [0, 1])
    match = match_image(found, there, thresholds=[0.3, 0.5])
    assert [pair.predicted for pair in match.pairs] == [0]
    assert match.missed == (1,)


@pytest.mark.parametrize("flat_box", [[5, 5, 5, 9], [9, 9, 2, 2], [9, 2, 2, 9]])
def test_an_empty_or_inverted_box_stands_for_nothing(flat_box):
    found, there = PredictedBoxes.of([flat_box], [0.9], [0]), TrueBoxes.of([flat_box], [0])
    match = match_image(found, there, iou=0.01)
    assert (match.pairs, match.missed, match.spurious) == ((), (0,), (0,))
    assert not match_boxes([found], [there], 1, ious=0.5).hit.any()


def test_the_match_of_an_image_can_be_written_as_json():
    found = PredictedBoxes.of([HERE], [0.9], [0])
    match = match_image(found, TrueBoxes.of([HERE, FAR], [0, 0]))
    assert match.to_json() == {
        "pairs": [{"predicted": 0, "true": 0, "iou": 1.0}],
        "missed": [1],
        "spurious": [],
        "confused": [],
    }


def test_flat_matches_are_sorted_by_class_and_falling_score():
    found = [
        PredictedBoxes.of([HERE, FAR], [0.2, 0.8], [0, 0]),
        PredictedBoxes.of([HERE], [0.5], [1]),
    ]
    flat = match_boxes(found, [TrueBoxes.of([FAR], [0]), TrueBoxes.of([], [])], 2, ious=0.5)
    assert flat.classes.tolist() == [0, 0, 1]
    assert flat.scores.tolist() == [0.8, 0.2, 0.5]
    assert flat.image.tolist() == [0, 0, 1]
    assert flat.at(0.5).tolist() == [True, False, False]
    assert flat.of_class(1) == slice(2, 3)
    assert flat.true_counts.tolist() == [[1, 0], [0, 0]]
    assert (flat.image_count, flat.class_count) == (2, 2)


@pytest.mark.parametrize(
    ("boxes", "scores", "classes", "message"),
    [
        ([HERE], [0.5, 0.5], [0], "1 boxes, 2 scores and 1 classes"),
        ([HERE], [1.5], [0], "between 0 and 1, score 0 is 1.5"),
        ([HERE], [0.5], [-1], "whole numbers from 0 on"),
        ([[0, 0, 1]], [0.5], [0], r"shape \(N, 4\)"),
        ([[0, 0, 1, float("nan")]], [0.5], [0], "not a finite number"),
    ],
)
def test_predictions_that_do_not_fit_together_are_refused(boxes, scores, classes, message):
    with pytest.raises(InvalidInputError, match=message):
        PredictedBoxes.of(boxes, scores, classes)


def test_true_boxes_and_classes_must_fit_together():
    with pytest.raises(InvalidInputError, match="1 boxes and 2 classes"):
        TrueBoxes.of([HERE], [0, 1])


def test_truth_and_predictions_must_be_of_the_same_images():
    with pytest.raises(InvalidInputError, match="predictions of 1 images but truth of 0"):
        match_boxes([PredictedBoxes.of([], [], [])], [], 1, ious=0.5)


def test_a_class_that_does_not_exist_is_named_with_its_image():
    nothing = PredictedBoxes.of([], [], [])
    there = [TrueBoxes.of([], []), TrueBoxes.of([HERE], [4])]
    with pytest.raises(InvalidInputError, match=r"image 1 has a box of class 4.*only 3"):
        match_boxes([nothing, nothing], there, 3, ious=0.5)


def test_a_missing_threshold_is_refused():
    found = PredictedBoxes.of([HERE], [0.5], [2])
    with pytest.raises(InvalidInputError, match=r"2 thresholds.*class 2"):
        match_image(found, TrueBoxes.of([], []), thresholds=[0.5, 0.5])
