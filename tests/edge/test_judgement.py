from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from pitmark.core.assemble import peak_score
from pitmark.core.errors import InvalidInputError
from pitmark.core.inspector import decide
from pitmark.core.label_book import ClassEntry, LabelBook, NumericRule
from pitmark.core.predictions import Prediction
from pitmark.edge.judgement import Judge
from pitmark.edge.recipe import Recipe, Region, Tolerance, recipe_from_json
from pitmark.edge.spots import find_spots
from tests.edge.networks import spec_for

LEFT_HALF = ((0.0, 0.0), (50.0, 0.0), (50.0, 100.0), (0.0, 100.0))


def book(*, rules=(), must_catch=False, mm_per_px=None):
    scratch = ClassEntry("scratch", rules=tuple(rules), must_catch=must_catch)
    return LabelBook(classes=(scratch, ClassEntry("dent")), mm_per_px=mm_per_px)


def boxes(*rows):
    """Each row: class index, score, x1, y1, x2, y2; best first."""
    rows = sorted(rows, key=lambda r: -r[1])
    return Prediction(
        (100, 100),
        rows[0][1] if rows else 0.0,
        boxes_xyxy=np.array([r[2:] for r in rows], np.float32).reshape(-1, 4),
        box_scores=np.array([r[1] for r in rows], np.float32),
        box_classes=np.array([r[0] for r in rows], np.int64),
    )


def judged(prediction, recipe=None, label_book=None, task="detection", **changes):
    spec = replace(spec_for(task), **changes)
    return Judge(spec, label_book or book(), recipe or Recipe())(prediction)


def maps(*squares, size=100, cells=25):
    """Each square: class index, score, row, column, side, in cells."""
    values = np.zeros((2, cells, cells), np.float16)
    for index, score, row, column, side in squares:
        values[index, row : row + side, column : column + side] = score

    total = np.minimum(values.astype(np.float32).sum(axis=0), 1)
    return Prediction((size, size), peak_score(total), maps_khw=values)


ROWS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.floats(0.0625, 1, width=32),
        st.floats(0, 40),
        st.floats(0, 40),
        st.floats(41, 100),
        st.floats(41, 100),
    ),
    max_size=6,
)


@given(ROWS)
def test_without_regions_and_tolerances_the_verdict_is_that_of_the_model(rows):
    prediction = boxes(*rows)
    spec = spec_for("detection")
    assert judged(prediction).verdict == decide(prediction, spec)


@given(ROWS)
def test_a_finding_of_a_must_catch_class_is_never_let_pass_by_a_tolerance(rows):
    prediction = boxes(*rows)
    recipe = Recipe(tolerances={"scratch": Tolerance(count=9, score=1.0)})
    rule = NumericRule("length", "px", minimum=1000)
    found = judged(prediction, recipe, book(rules=[rule], must_catch=True))
    if any(index == 0 and score >= 0.5 for index, score, *_ in rows):
        assert found.verdict.outcome == "NG"


def test_only_findings_in_a_region_that_is_looked_at_count():
    recipe = Recipe(regions=(Region("thread", LEFT_HALF),))
    assert judged(boxes((0, 0.9, 10, 10, 30, 30)), recipe).verdict.outcome == "NG"
    found = judged(boxes((0, 0.9, 60, 10, 90, 30)), recipe)
    assert found.verdict.outcome == "OK"
    assert "outside the regions that are looked at" in found.verdict.reason
    assert found.findings[0].passed


def test_a_region_to_leave_out_hides_what_lies_in_it():
    recipe = Recipe(regions=(Region("clamp", LEFT_HALF, ignore=True),))
    found = judged(boxes((0, 0.9, 10, 10, 30, 30), (1, 0.6, 60, 60, 90, 90)), recipe)
    assert found.verdict.outcome == "NG"
    assert found.verdict.score == pytest.approx(0.6)
    assert [f.passed for f in found.findings] == ["in clamp, which is left out", None]


def test_a_finding_below_the_size_in_the_label_book_is_let_pass_with_the_reason():
    rule = NumericRule("length", "mm", minimum=3)
    found = judged(boxes((0, 0.9, 10, 10, 30, 12)), None, book(rules=[rule], mm_per_px=0.1))
    assert found.verdict.outcome == "OK"
    assert "length at least 3 mm, this one measures 2 mm" in found.verdict.reason
    longer = boxes((0, 0.9, 10, 10, 45, 12))
    assert judged(longer, None, book(rules=[rule], mm_per_px=0.1)).verdict.outcome == "NG"


def test_an_upper_limit_of_the_label_book_lets_nothing_pass():
    rule = NumericRule("length", "px", maximum=5)
    found = judged(boxes((0, 0.9, 10, 10, 30, 12)), None, book(rules=[rule]))
    assert found.verdict.outcome == "NG"


def test_as_many_findings_as_are_tolerated_are_let_pass_and_one_more_is_not():
    recipe = Recipe(tolerances={"dent": Tolerance(count=1)})
    one, two = (1, 0.9, 0, 0, 9, 9), (1, 0.8, 20, 20, 29, 29)
    found = judged(boxes(one), recipe)
    assert found.verdict.outcome == "OK"
    assert "within tolerance: 1 of 1 allowed" in found.verdict.reason
    assert judged(boxes(one, two), recipe).verdict.outcome == "NG"


def test_a_raised_score_holds_for_its_class_alone():
    recipe = Recipe(tolerances={"dent": Tolerance(score=0.8)})
    assert judged(boxes((1, 0.7, 0, 0, 9, 9)), recipe).verdict.outcome == "OK"
    assert judged(boxes((0, 0.7, 0, 0, 9, 9)), recipe).verdict.outcome == "NG"
    assert judged(boxes((1, 0.8, 0, 0, 9, 9)), recipe).verdict.outcome == "NG"


def test_a_class_that_must_be_caught_counts_from_the_lower_of_its_limits():
    prediction = boxes((0, 0.4, 0, 0, 9, 9))
    found = judged(prediction, None, book(must_catch=True), box_thresholds=(0.3, 0.5))
    assert found.verdict.outcome == "NG"
    assert found.verdict.reason.endswith("and it must never be missed")
    assert judged(prediction, None, book(), box_thresholds=(0.3, 0.5)).verdict.outcome == "OK"


def test_findings_of_a_cropped_image_are_told_on_the_whole_one():
    recipe = Recipe(crop_xywh=(200, 100, 100, 100), regions=(Region("r", LEFT_HALF),))
    far = Recipe(
        crop_xywh=(200, 100, 100, 100),
        regions=(Region("r", tuple((x + 200, y + 100) for x, y in LEFT_HALF)),),
    )
    prediction = boxes((0, 0.9, 10, 10, 30, 30))
    assert judged(prediction, recipe).verdict.outcome == "OK"
    found = judged(prediction, far)
    assert found.verdict.outcome == "NG"
    assert found.findings[0].box_xyxy == (210, 110, 230, 130)


def test_spots_of_a_map_are_judged_by_region_and_size():
    left, right = (0, 0.9, 5, 5, 3), (1, 0.8, 5, 18, 3)
    recipe = Recipe(regions=(Region("left", LEFT_HALF),))
    both = judged(maps(left, right), recipe, task="segmentation")
    assert both.verdict.outcome == "NG"
    assert [f.label for f in both.findings] == ["scratch"]
    assert both.findings[0].box_xyxy == (20, 20, 32, 32)
    assert judged(maps(right), recipe, task="segmentation").verdict.outcome == "OK"
    rule = NumericRule("area", "px", minimum=200)
    small = judged(maps(left), None, book(rules=[rule]), task="segmentation")
    assert small.verdict.outcome == "OK"
    assert "area at least 200 px²" in small.verdict.reason


def test_a_map_without_limits_is_decided_as_ever():
    prediction = maps((0, 0.9, 5, 5, 3), (1, 0.6, 12, 12, 4))
    found = judged(prediction, task="segmentation")
    assert found.verdict == decide(prediction, spec_for("segmentation"))
    assert len(found.findings) == 2


def test_a_prediction_without_a_number_is_an_error():
    found = judged(Prediction((10, 10), float("nan")))
    assert found.verdict.outcome == "error"


def test_a_recipe_that_a_model_cannot_follow_is_refused():
    region = Recipe(regions=(Region("r", LEFT_HALF),))
    with pytest.raises(InvalidInputError, match="judges the image as a whole"):
        Judge(spec_for("classification"), LabelBook(), region)
    with pytest.raises(InvalidInputError, match="'rust', a class that the release does not"):
        Judge(spec_for("detection"), book(), Recipe(tolerances={"rust": Tolerance()}))


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ({"indx": 1}, "a recipe has an unknown setting 'indx'"),
        ({"regions": [{"corners": [[0, 0], [1, 1]]}]}, "has 2 corners"),
        ({"regions": [{"corners": [[0, 0], [1]]}]}, "this is no recipe"),
        ({"tolerances": {"dent": {"count": -1}}}, "a tolerance of -1 findings"),
        ({"tolerances": {"dent": 3}}, "must be a table"),
        ({"crop": [0, 0, 0, 5]}, "has no area"),
        ({"crop": [1, 2]}, "this is no recipe"),
        ({"index": -1}, "has the index -1"),
    ],
)
def test_a_recipe_that_is_none_is_refused_with_the_reason(data, match):
    with pytest.raises(InvalidInputError, match=match):
        recipe_from_json(data)


def test_a_recipe_is_read_from_plain_types():
    recipe = recipe_from_json(
        {
            "index": 2,
            "release": "lids",
            "crop": [1, 2, 30, 40],
            "regions": [{"name": "rim", "corners": [[0, 0], [9, 0], [9, 9]], "ignore": True}],
            "tolerances": {"dent": {"count": 2, "score": 0.7}},
        }
    )
    assert recipe.crop_xywh == (1, 2, 30, 40)
    assert recipe.regions[0].ignore
    assert recipe.tolerances == {"dent": Tolerance(2, 0.7)}


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_spots_are_the_connected_groups_that_flooding_finds(mask):
    found = {
        frozenset(zip(s.rows.tolist(), s.columns.tolist(), strict=True))
        for s in find_spots(mask)
    }
    assert found == _flooded(mask)


def _flooded(mask):
    left = {(int(r), int(c)) for r, c in zip(*np.nonzero(mask), strict=True)}
    out = set()
    while left:
        group, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            group.add((row, column))
            for near in (
                (row + 1, column),
                (row - 1, column),
                (row, column + 1),
                (row, column - 1),
            ):
                if near in left:
                    left.remove(near)
                    edge.append(near)
        out.add(frozenset(group))
    return out
