import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError, InvalidLabelError
from pitmark.core.labels import (
    TASKS,
    BoxShape,
    ImageClass,
    MaskShape,
    PolygonShape,
    image_class,
    mask_shape,
    shape_area_px,
    shape_box,
    shape_from_json,
    shape_mask,
    shape_to_json,
    shapes_hash,
    task_named,
)

SQUARE = ((2.0, 3.0), (6.0, 3.0), (6.0, 8.0), (2.0, 8.0))


def square_mask():
    mask = np.zeros((12, 10), bool)
    mask[3:8, 2:6] = True
    return mask


SHAPES = [
    BoxShape("dent", (2, 3, 6, 8)),
    PolygonShape("dent", (SQUARE,)),
    mask_shape("dent", square_mask()),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_box_polygon_and_mask_of_one_region_agree(shape):
    assert shape_box(shape) == (2, 3, 6, 8)
    assert shape_area_px(shape) == 20
    assert (shape_mask(shape, (10, 12)) == square_mask()).all()


@pytest.mark.parametrize("shape", [*SHAPES, ImageClass("good")])
def test_a_shape_survives_json(shape):
    assert shape_from_json(shape_to_json(shape)) == shape


@given(
    st.floats(0, 100),
    st.floats(0, 100),
    st.floats(0.01, 50),
    st.floats(0.01, 50),
    st.text(min_size=1),
)
def test_any_box_survives_json(x, y, width, height, label):
    shape = BoxShape(label, (x, y, x + width, y + height))
    assert shape_from_json(shape_to_json(shape)) == shape


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (5, 5, 4, 9), (0, 0, float("nan"), 1)])
def test_a_box_without_area_is_refused(box):
    with pytest.raises(InvalidLabelError, match="no area"):
        BoxShape("dent", box)


def test_a_polygon_of_two_corners_is_refused():
    with pytest.raises(InvalidLabelError, match="three corners"):
        PolygonShape("dent", (((0, 0), (1, 1)),))


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "box", "label": "a"},
        {"kind": "star", "label": "a"},
        {"kind": "box", "label": "a", "xyxy": [1, 2, 3]},
        {"kind": "mask", "label": "a", "size_wh": [1], "counts": []},
        {},
    ],
)
def test_json_that_is_no_shape_is_refused(data):
    with pytest.raises(InvalidLabelError, match="shape"):
        shape_from_json(data)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(InvalidLabelError, match="is 10x12, its image is 9x12"):
        shape_mask(SHAPES[2], (9, 12))


def test_the_hash_of_labels_ignores_the_order_of_shapes_but_nothing_else():
    assert shapes_hash(SHAPES) == shapes_hash(SHAPES[::-1])
    assert shapes_hash(SHAPES) != shapes_hash(SHAPES[:2])
    assert shapes_hash([BoxShape("a", (0, 0, 1, 1))]) != shapes_hash(
        [BoxShape("b", (0, 0, 1, 1))]
    )


def test_an_empty_mask_has_no_box_and_no_area():
    empty = MaskShape("dent", (4, 3), (12,))
    assert shape_box(empty) is None
    assert shape_area_px(empty) == 0


def test_the_area_of_a_polygon_with_a_hole_leaves_the_hole_out():
    outer = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
    inner = ((2.0, 2.0), (5.0, 2.0), (5.0, 5.0), (2.0, 5.0))
    assert shape_area_px(PolygonShape("dent", (outer, inner))) == 91


def test_the_class_of_an_image_is_its_image_class_before_any_other_shape():
    assert image_class([SHAPES[0], ImageClass("good")]) == "good"
    assert image_class(SHAPES) == "dent"
    assert image_class([]) is None


def test_a_task_is_known_by_its_name_alone():
    assert tuple(task_named(name) for name in TASKS) == TASKS
    with pytest.raises(InvalidInputError, match="unknown task 'sorting'"):
        task_named("sorting")
