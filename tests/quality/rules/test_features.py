import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.label_book import ClassEntry, LabelBook, NumericRule
from pitmark.core.labels import BoxShape
from pitmark.quality.rules.features import (
    measure_image,
    measure_object,
    measured_features,
    metadata_features,
    mm_per_px,
)


@given(
    st.floats(0, 80), st.floats(0, 80), st.floats(1, 40), st.floats(1, 40), st.floats(0.01, 2)
)
def test_sizes_are_those_that_the_label_book_checks(x, y, width, height, scale):
    box = (x, y, x + width, y + height)
    sides = box[2] - box[0], box[3] - box[1]
    found = measure_object(box, sides[0] * sides[1], (200, 200), scale=scale)
    shape = BoxShape("dent", box)
    names = {"length": "length", "short side": "short_side", "area": "area"}
    for name, measure in names.items():
        for limit, broken in ((found[name] * 1.001, True), (found[name] * 0.999, False)):
            rule = NumericRule(measure, "mm", minimum=limit)
            book = LabelBook(classes=(ClassEntry("dent", rules=(rule,)),), mm_per_px=scale)
            assert bool(book.broken_rules(shape)) == broken


def test_position_and_distance_to_the_border_are_measured_on_the_image():
    found = measure_object((10, 20, 30, 40), 400, (100, 50), scale=None)
    assert found["position across"] == 0.2
    assert found["position down"] == 0.6
    assert found["distance to the border"] == 10
    assert "contrast" not in found


@pytest.mark.parametrize(("dtype", "depth"), [(np.uint8, 1), (np.uint16, 257)])
def test_contrast_is_in_gray_levels_whatever_the_depth(dtype, depth):
    pixels = np.full((60, 60), 100 * depth, dtype=dtype)
    pixels[20:30, 20:30] = 140 * depth
    found = measure_object((20, 20, 30, 30), 100, (60, 60), pixels=pixels)
    assert found["contrast"] == pytest.approx(40)
    assert found["brightness"] == pytest.approx(100)
    colored = np.stack([pixels] * 3, axis=2)
    assert measure_object((20, 20, 30, 30), 100, (60, 60), pixels=colored) == found


def test_a_thin_dark_line_has_the_contrast_that_people_see():
    pixels = np.full((60, 60), 200, dtype=np.uint8)
    for n in range(20):
        pixels[20 + n, 20 + n] = 120
    found = measure_object((20, 20, 40, 40), 20, (60, 60), pixels=pixels)
    assert found["contrast"] > 10


def test_an_object_over_the_whole_image_has_no_surroundings_to_stand_out_from():
    pixels = np.full((8, 8), 50, dtype=np.uint8)
    found = measure_object((0, 0, 8, 8), 64, (8, 8), pixels=pixels)
    assert (found["contrast"], found["brightness"]) == (0.0, 50.0)
    assert measure_image(pixels) == {"brightness": 50.0, "contrast": 0.0}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"mm_per_px": 0.05}, 0.05),
        ({"px_per_mm": 20}, 0.05),
        ({"um_per_px": 50.0}, 0.05),
        ({"mm_per_px": 0}, 0.2),
        ({"mm_per_px": -1.0}, 0.2),
        ({"mm_per_px": "0.05"}, 0.2),
        ({"mm_per_px": True}, 0.2),
        ({"px_per_mm": float("nan")}, 0.2),
        ({}, 0.2),
    ],
)
def test_the_size_of_a_pixel_comes_from_metadata_then_from_the_label_book(metadata, expected):
    assert mm_per_px(metadata, 0.2) == pytest.approx(expected)
    assert mm_per_px({}) is None


def test_metadata_become_numbers_or_texts_without_splits_and_scales():
    rows = [
        {"camera": f"cam{n % 2}", "exposure": n / 7, "split": "train", "mm_per_px": 0.1}
        for n in range(20)
    ]
    rows[3] = {"exposure": 2.5}
    found = {f.name: f for f in metadata_features(rows)}
    assert set(found) == {"camera", "exposure"}
    assert found["camera"].choices
    assert found["camera"].values[3] == ""
    assert not found["exposure"].choices


def test_features_name_their_units_and_what_the_label_book_can_hold():
    rows = [measure_object((0, 0, 10, n), 10 * n, (50, 50), scale=0.1) for n in range(1, 9)]
    found = {f.name: f for f in measured_features(rows, "mm", [{}] * 8)}
    assert (found["length"].unit, found["area"].unit) == ("mm", "mm²")
    assert found["short side"].measure == "short_side"
    assert found["aspect"].measure is None
    assert measured_features([], "px", []) == []
