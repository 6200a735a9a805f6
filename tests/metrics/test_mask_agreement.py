import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.agreement import alpha_of_sums, coincidences
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.intervals import Resampling
from pitmark.metrics.mask_agreement import MaskTally
from pitmark.metrics.mask_overlap import compare_masks, outlined, shared_part
from pitmark.metrics.ratings import Ratings


def square(top, left, side=10, size=(40, 50), value=1):
    out = np.zeros(size, dtype=np.intp)
    out[top : top + side, left : left + side] = value
    return out


def tally_of(images, labelers=("anna", "ben"), classes=("dent",), references=None, **how):
    draws = ClusterDraws(len(images), Resampling(draws=60))
    tally = MaskTally(classes, labelers, draws, **how)
    for number, maps in enumerate(images):
        tally.add(number, maps, reference=references[number] if references else None)
    return tally


def test_two_squares_side_by_side_by_hand():
    images = [{0: square(5, 5), 1: square(5, 10)}] * 3
    (pair,) = tally_of(images).figures().between
    assert (pair.first, pair.second, pair.images, pair.marked) == ("anna", "ben", 3, 3)
    assert pair.dice.value == pytest.approx(0.5)
    assert pair.pooled_dice.value == pytest.approx(0.5)
    assert (pair.presence.value, pair.area_ratio.value) == (1, pytest.approx(1))
    assert pair.sensitivity is None


def test_a_shift_is_the_distance_of_borders():
    first, second = (outlined(square(10, left, 8) > 0) for left in (10, 13))
    found = compare_masks(first, second)
    assert found.border_p95_px == 3
    # Upper and lower borders lie on each other but for their ends.
    assert 0.5 < found.border_mean_px < 3
    same = compare_masks(first, first)
    assert (same.border_mean_px, same.dice) == (0, 1)


@settings(max_examples=40, deadline=None)
@given(arrays(bool, (7, 9)), arrays(bool, (7, 9)))
def test_cutting_to_what_is_marked_changes_nothing(first, second):
    whole = compare_masks(outlined(first), outlined(second))
    rows, columns = shared_part([first, second])
    cut = compare_masks(
        outlined(first[rows, columns]), outlined(second[rows, columns]), all_px=first.size
    )
    assert cut == whole
    assert whole.dice is None or 0 <= whole.dice <= 1


def test_empty_masks_are_nothing_to_compare_and_one_empty_mask_is_no_overlap():
    nothing = np.zeros((40, 50), dtype=np.intp)
    empty = tally_of([{0: nothing, 1: nothing}] * 2).figures()
    assert empty.pixel_alpha.value is None
    assert empty.between[0].dice.value is None
    assert empty.between[0].border_mean_px.value is None
    half = tally_of([{0: square(5, 5), 1: nothing}] * 2).figures().between[0]
    assert (half.dice.value, half.presence.value, half.marked) == (0, 0, 2)
    assert half.border_mean_px.value is None
    json.dumps([empty.to_json(), half.to_json()], allow_nan=False)


def test_sensitivity_and_specificity_take_the_reference_for_true():
    true, drawn = square(5, 5), square(5, 10)
    found = tally_of([{0: drawn}] * 2, ("anna",), references=[true, true]).figures()
    (pair,) = found.against_reference
    assert (pair.second, pair.sensitivity.value) == ("anna", pytest.approx(0.5))
    assert pair.specificity.value == pytest.approx(1 - 50 / (2000 - 100))
    assert found.between == ()


def test_alpha_of_pixels_is_alpha_over_all_pixels():
    rng = np.random.default_rng(0)
    maps = {c: rng.integers(0, 3, (12, 15)) for c in range(3)}
    tally = tally_of([maps, maps], ("a", "b", "c"), ("x", "y"), borders=False)
    codes = np.stack([maps[c].ravel() for c in range(3)], axis=1)
    sums = coincidences(Ratings.of(codes, "_xy", "abc")).sum(axis=0)
    wanted = alpha_of_sums(2 * sums[None])[0]
    assert tally.figures().pixel_alpha.value == pytest.approx(wanted)
    assert 0 < tally.apart()[0] < 1
    assert tally.figures().between[0].border_mean_px.value is None


def test_trials_are_compared_within_and_like_with_like_between():
    columns = ("anna", "anna", "ben", "ben")
    maps = {0: square(5, 5), 1: square(5, 7), 2: square(5, 5), 3: square(5, 7)}
    found = tally_of([maps, maps], columns).figures()
    assert {(p.first, p.second): round(p.dice.value, 2) for p in found.between} == {
        ("anna", "ben"): 1.0
    }
    assert {p.first: round(p.dice.value, 2) for p in found.within} == {"anna": 0.8, "ben": 0.8}


def test_an_image_that_one_labeler_left_out_is_not_held_against_them():
    images = [{0: square(5, 5), 1: square(5, 5)}, {0: square(5, 5)}]
    (pair,) = tally_of(images).figures().between
    assert (pair.images, pair.dice.value) == (1, 1)


def test_masks_of_unequal_size_are_refused():
    with pytest.raises(InvalidInputError, match="differ in size"):
        tally_of([{0: square(5, 5), 1: square(5, 5, size=(30, 30))}])
