import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import (
    as_boxes,
    box_area,
    clip_boxes,
    iou_matrix,
    mask_box,
    polygon_area,
    polygon_box,
    polygon_mask,
)

coordinate = st.floats(-50, 150, allow_nan=False)
sides = st.integers(1, 40)


@st.composite
def boxes(draw):
    x, y = draw(coordinate), draw(coordinate)
    return (x, y, x + draw(st.floats(0.5, 60)), y + draw(st.floats(0.5, 60)))


@given(sides, sides)
def test_a_box_over_the_whole_image_has_area_w_times_h(width, height):
    assert box_area([(0, 0, width, height)])[0] == width * height
    ring = [(0, 0), (width, 0), (width, height), (0, height)]
    assert polygon_area(ring) == width * height
    assert polygon_mask([ring], (width, height)).all()
    assert mask_box(np.ones((height, width), bool)) == (0, 0, width, height)


def test_an_inverted_box_has_no_area():
    assert box_area([(10, 10, 5, 20)])[0] == 0


def test_boxes_of_the_wrong_shape_are_named():
    with pytest.raises(InvalidInputError, match=r"\(N, 4\), found \(2, 3\)"):
        as_boxes(np.zeros((2, 3)))


@given(boxes(), boxes())
def test_overlap_is_symmetric_and_between_zero_and_one(a, b):
    there, back = iou_matrix([a], [b])[0, 0], iou_matrix([b], [a])[0, 0]
    assert there == pytest.approx(back)
    assert 0 <= there <= 1 + 1e-9


@given(boxes())
def test_a_box_overlaps_itself_wholly(box):
    assert iou_matrix([box], [box])[0, 0] == pytest.approx(1)


def test_overlap_of_half_shifted_unit_boxes_is_a_third():
    assert iou_matrix([(0, 0, 2, 2)], [(1, 0, 3, 2)])[0, 0] == pytest.approx(1 / 3)


def test_overlaps_with_no_boxes_are_an_empty_table():
    assert iou_matrix([], [(0, 0, 1, 1)]).shape == (0, 1)


@given(boxes())
def test_clipping_never_leaves_the_image(box):
    x1, y1, x2, y2 = clip_boxes([box], (60, 40))[0]
    assert 0 <= x1 <= x2 <= 60
    assert 0 <= y1 <= y2 <= 40


def test_a_second_ring_inside_the_first_is_a_hole():
    outer = [(0, 0), (10, 0), (10, 10), (0, 10)]
    inner = [(3, 3), (7, 3), (7, 7), (3, 7)]
    mask = polygon_mask([outer, inner], (10, 10))
    assert mask.sum() == 100 - 16
    assert not mask[5, 5]


@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=8))
def test_the_mask_of_a_polygon_lies_in_its_box(ring):
    mask = polygon_mask([ring], (100, 100))
    if not mask.any():
        return
    x1, y1, x2, y2 = polygon_box(ring)
    mx1, my1, mx2, my2 = mask_box(mask)
    assert mx1 >= np.floor(x1 - 0.5)
    assert my1 >= np.floor(y1 - 0.5)
    assert mx2 <= np.ceil(x2 + 0.5)
    assert my2 <= np.ceil(y2 + 0.5)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 20))
def test_a_rectangle_on_pixel_borders_fills_exactly_its_pixels(x, y, width, height):
    ring = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    mask = polygon_mask([ring], (50, 50))
    wanted = np.zeros((50, 50), bool)
    wanted[y : y + height, x : x + width] = True
    assert (mask == wanted).all()
