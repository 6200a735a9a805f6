from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.predictions import Prediction
from pitmark.edge.difference import Difference, compare

UNIT = st.floats(0, 1, width=32)


def boxes(*rows, score=None):
    """A detection of (x1, y1, x2, y2, score, class) rows."""
    table = np.array(rows, dtype=np.float32).reshape(-1, 6)
    return Prediction(
        (100, 100),
        score if score is not None else float(table[:, 4].max(initial=0)),
        boxes_xyxy=table[:, :4],
        box_scores=table[:, 4],
        box_classes=table[:, 5].astype(np.int64),
    )


def maps(values):
    return Prediction((8, 8), 0.5, maps_khw=np.asarray(values, dtype=np.float16))


@given(st.lists(UNIT, min_size=1, max_size=5), UNIT)
def test_a_prediction_does_not_differ_from_itself(probs, score):
    same = Prediction((4, 4), score, class_probs=np.array(probs, np.float32))
    assert compare(same, same) == Difference()


@given(st.lists(st.tuples(UNIT, UNIT), min_size=1, max_size=5))
def test_class_probabilities_differ_by_their_largest_step(pairs):
    one, other = (
        Prediction((4, 4), 0.5, class_probs=np.array(p, np.float32))
        for p in zip(*pairs, strict=True)
    )
    found = compare(one, other)
    assert found.class_probs == pytest.approx(max(abs(a - b) for a, b in pairs), abs=1e-6)
    assert found.largest == compare(other, one).largest


def test_boxes_are_matched_by_place_not_by_order():
    expected = boxes([10, 10, 30, 30, 0.9, 0], [60, 60, 80, 80, 0.8, 0])
    found = boxes([60, 60, 80, 80, 0.85, 0], [10, 10, 30, 30, 0.84, 0], score=0.85)
    assert compare(expected, found).box_scores == pytest.approx(0.06, abs=1e-6)


def test_a_shifted_box_tells_how_far():
    expected, found = boxes([0, 0, 20, 20, 0.9, 0]), boxes([0, 0, 20, 10, 0.9, 0])
    assert compare(expected, found).box_shift == pytest.approx(0.5)
    assert compare(expected, found).largest == 0


def test_a_box_without_partner_counts_by_what_it_exceeds_the_floor():
    lonely = boxes([0, 0, 20, 20, 0.7, 0])
    for pair in ((lonely, boxes(score=0.7)), (boxes(score=0.7), lonely)):
        assert compare(*pair, box_floor=0.5).box_scores == pytest.approx(0.2, abs=1e-6)
        assert compare(*pair, box_floor=0.8).box_scores == 0


def test_a_box_of_another_class_is_no_partner():
    found = compare(boxes([0, 0, 20, 20, 0.7, 0]), boxes([0, 0, 20, 20, 0.7, 1]))
    assert found.box_scores == pytest.approx(0.68, abs=1e-6)


def test_pairs_below_the_floor_reach_nobody():
    expected, found = boxes([0, 0, 9, 9, 0.25, 0]), boxes([0, 0, 9, 9, 0.125, 0], score=0.25)
    assert compare(expected, found, box_floor=0.5).largest == 0
    assert compare(expected, found).largest == 0.125


def test_maps_differ_by_mean_and_by_peak_of_the_worst_class():
    expected = maps(np.zeros((2, 4, 4)))
    changed = np.zeros((2, 4, 4))
    changed[1, 0, 0] = 0.5
    found = compare(expected, maps(changed))
    assert found.map_mean == pytest.approx(0.5 / 16)
    assert found.map_peak == pytest.approx(0.5)


def test_a_peak_that_only_moved_shows_in_the_mean():
    one, other = np.zeros((1, 4, 4)), np.zeros((1, 4, 4))
    one[0, 0, 0] = other[0, 3, 3] = 1.0
    found = compare(maps(one), maps(other))
    assert found.map_peak == 0
    assert found.map_mean == pytest.approx(2 / 16)


def test_an_output_that_only_one_has_differs_by_one():
    plain = Prediction((8, 8), 0.5)
    assert compare(maps(np.zeros((1, 2, 2))), plain).map_peak == 1
    assert compare(plain, replace(plain, class_probs=np.ones(1, np.float32))).class_probs == 1
    assert compare(maps(np.zeros((1, 2, 2))), maps(np.zeros((1, 3, 2)))).map_mean == 1


def test_a_score_that_is_no_number_is_never_within_a_tolerance():
    found = compare(Prediction((4, 4), 0.5), Prediction((4, 4), float("nan")))
    assert not found.joined(Difference()).largest <= 1.0
    assert not Difference().joined(found).largest <= 1.0


def test_embeddings_are_told_but_not_judged():
    one = Prediction((4, 4), 0.5, embedding=np.array([3.0, 4.0], np.float32))
    other = replace(one, embedding=np.array([3.0, 3.0], np.float32))
    assert compare(one, other).embedding == pytest.approx(0.2)
    assert compare(one, other).largest == 0


def test_joining_keeps_the_larger_of_each():
    joined = Difference(score=0.1, map_peak=0.4).joined(Difference(score=0.3))
    assert joined == Difference(score=0.3, map_peak=0.4)
