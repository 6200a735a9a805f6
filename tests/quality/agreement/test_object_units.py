from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import iou_matrix
from pitmark.quality.agreement.object_units import Drawn, match_objects, unit_boxes, unit_codes


def drawn(*boxes, classes=None):
    return Drawn.of(boxes, [0] * len(boxes) if classes is None else classes)


def at(left, top=0.0, side=10.0):
    return (left, top, left + side, top + side)


def as_sets(units):
    return {tuple(row) for row in units.tolist()}


def test_boxes_around_the_same_object_become_one_row():
    units = match_objects([drawn(at(0), at(50)), drawn(at(81), at(1))])
    assert as_sets(units) == {(0, 1), (1, -1), (-1, 0)}


def test_the_assignment_is_the_best_one_not_the_first_one():
    # Taken greedily the first box would take the second one's only partner.
    first = drawn(at(0), at(5))
    second = drawn(at(3), at(-5))
    units = match_objects([first, second], least_iou=0.3)
    assert as_sets(units) == {(0, 1), (1, 0)}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4),
)
def test_no_other_pairing_of_two_labelers_overlaps_more(first, second):
    a, b = (drawn(*(at(float(x), float(y)) for x, y in rows)) for rows in (first, second))
    units = match_objects([a, b], least_iou=0.2)
    overlap = iou_matrix(a.boxes_xyxy, b.boxes_xyxy)
    gain = np.where(overlap >= 0.2, overlap + 0.05, 0.0)
    got = sum(gain[i, j] for i, j in units.tolist() if i >= 0 and j >= 0)
    if len(first) > len(second):
        gain = gain.T
    rows = range(gain.shape[0])
    best = max(
        (sum(gain[i, j] for i, j in zip(rows, p, strict=True))
         for p in permutations(range(gain.shape[1]), gain.shape[0])),
        default=0.0,
    )  # fmt: skip
    assert got == pytest.approx(best)
    for column, count in enumerate((len(first), len(second))):
        mine = units[:, column]
        assert sorted(mine[mine >= 0]) == list(range(count))


def test_the_order_of_labelers_does_not_matter():
    rng = np.random.default_rng(0)
    truth = [at(float(x)) for x in range(0, 200, 25)]

    def labeler(seed):
        shift = np.random.default_rng(seed).normal(0, 1, (len(truth), 4))
        kept = rng.random(len(truth)) < 0.8
        return drawn(*(np.array(truth) + shift)[kept])

    people = [labeler(s) for s in range(4)]
    wanted = as_sets(match_objects(people))
    for order in ((3, 2, 1, 0), (1, 3, 0, 2)):
        moved = match_objects([people[n] for n in order])
        assert as_sets(moved[:, np.argsort(order)]) == wanted


def test_of_two_boxes_at_the_same_place_the_one_of_the_same_class_is_meant():
    first = drawn(at(0), at(0), classes=[0, 1])
    second = drawn(at(0), at(0), classes=[1, 0])
    assert as_sets(match_objects([first, second])) == {(0, 1), (1, 0)}


def test_codes_tell_not_seen_from_not_answered():
    people = [drawn(at(0), classes=[2]), drawn(), None]
    units = match_objects(people)
    assert unit_codes(units, people, unseen=9).tolist() == [[2, 9, -1]]
    boxes = unit_boxes(units, people)
    assert boxes[0, 0].tolist() == [0, 0, 10, 10]
    assert np.isnan(boxes[0, 1:]).all()


def test_nobody_and_nothing_give_no_rows():
    assert match_objects([]).shape == (0, 0)
    assert match_objects([drawn(), None]).shape == (0, 2)


def test_impossible_overlaps_and_unequal_numbers_are_refused():
    with pytest.raises(InvalidInputError, match="least overlap"):
        match_objects([drawn()], least_iou=0)
    with pytest.raises(InvalidInputError, match="1 boxes have 2 classes"):
        Drawn.of([at(0)], [0, 1])
