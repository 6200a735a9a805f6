import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from sklearn import metrics as reference

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.anomaly import AnomalyMapTally, aupro_of_counts, score_bins


def tallied(images):
    tally = AnomalyMapTally()
    for defect, scores in images:
        tally.add(defect, scores)
    return tally


def aupro_by_threshold(images, limit):
    """Straight from the definition: one point per threshold, regions one by one."""
    regions, good = [], []
    for defect, scores in images:
        labels, count = ndimage.label(defect, structure=np.ones((3, 3)))
        regions += [scores[labels == index + 1] for index in range(count)]
        good.append(scores[~defect])
    good = np.concatenate(good)
    points = [(0.0, 0.0)]
    for threshold in np.unique([scores for _, scores in images])[::-1]:
        overlap = np.mean([(region >= threshold).mean() for region in regions])
        points.append(((good >= threshold).mean(), overlap))
    area = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 >= limit:
            break
        end = min(x1, limit)
        y_end = y1 if x1 == x0 else y0 + (y1 - y0) * (end - x0) / (x1 - x0)
        area += (end - x0) * (y0 + y_end) / 2
    return area / limit


# Multiples of 1/16 lie in bins of their own, so that binning changes nothing.
image = st.tuples(
    arrays(bool, (6, 7)), arrays(np.int64, (6, 7), elements=st.integers(0, 16))
).map(lambda pair: (pair[0], pair[1] / 16))


@settings(max_examples=150, deadline=None)
@given(st.lists(image, min_size=1, max_size=3), st.sampled_from([0.05, 0.3, 1.0]))
def test_aupro_auroc_and_ap_agree_with_their_definitions(images, limit):
    report = tallied(images).report(max_false_positive_rate=limit)
    truth = np.concatenate([defect.ravel() for defect, _ in images])
    scores = np.concatenate([each.ravel() for _, each in images])
    if truth.all() or not truth.any():
        assert report.aupro is None
        assert report.pixel_auroc is None
        return
    assert report.aupro == pytest.approx(aupro_by_threshold(images, limit))
    assert report.pixel_auroc == pytest.approx(reference.roc_auc_score(truth, scores))
    wanted = reference.average_precision_score(truth, scores)
    assert report.pixel_average_precision == pytest.approx(wanted)


def crowded_images(power):
    rng = np.random.default_rng(0)
    for _ in range(4):
        defect = ndimage.binary_dilation(rng.random((40, 40)) < 0.004, iterations=2)
        yield defect, rng.beta(1.5 + 1.5 * defect, 4) ** power


@pytest.mark.parametrize("power", [1, 8, 0.02])
def test_scores_crowded_at_zero_or_one_are_still_ranked(power):
    images = list(crowded_images(power))
    report = tallied(images).report()
    truth = np.concatenate([defect.ravel() for defect, _ in images])
    scores = np.concatenate([each.ravel() for _, each in images])
    wanted = reference.roc_auc_score(truth, scores)
    assert report.pixel_auroc == pytest.approx(wanted, abs=1e-3)
    wanted = reference.average_precision_score(truth, scores)
    assert report.pixel_average_precision == pytest.approx(wanted, abs=2e-3)
    assert report.aupro == pytest.approx(aupro_by_threshold(images, 0.3), abs=2e-3)


@given(st.floats(0, 1), st.floats(0, 1))
def test_bins_never_turn_the_order_round(one, other):
    low, high = sorted([one, other])
    assert score_bins(low) <= score_bins(high)


@given(st.floats(1e-30, 0.5), st.floats(1.005, 2))
def test_scores_that_differ_by_half_a_percent_of_the_distance_are_told_apart(low, factor):
    high = min(low * factor, 1.0)
    assert score_bins(low) < score_bins(high)


def test_a_small_region_counts_as_much_as_a_large_one():
    defect = np.zeros((20, 20), dtype=bool)
    defect[0, 0] = defect[5:15, 5:15] = True
    large_only = np.where(defect, 0.9, 0.1)
    large_only[0, 0] = 0.1
    report = tallied([(defect, large_only)]).report()
    assert report.regions == 2
    # Half of the regions from the start, the other half rising with the false alarms.
    assert report.aupro == pytest.approx(0.5 + 0.5 * 0.3 / 2)
    assert report.pixel_auroc > 0.99


def test_pixels_that_touch_at_a_corner_are_one_region():
    assert tallied([(np.eye(5, dtype=bool), np.zeros((5, 5)))]).report().regions == 1


def test_good_images_only_give_unknowns_and_defects_sharpen_the_rest():
    tally = tallied([(np.zeros((4, 4)), np.full((4, 4), 0.2))])
    assert tally.report().to_json() == {
        "images": 1,
        "regions": 0,
        "aupro": None,
        "pixel_auroc": None,
        "pixel_average_precision": None,
    }
    tally.add(np.eye(4, dtype=np.uint8) * 255, np.eye(4))
    assert tally.report().aupro == pytest.approx(1.0)


def test_minus_zero_is_zero():
    assert score_bins(-0.0) == score_bins(0.0) == 0


@pytest.mark.parametrize(
    ("defect", "scores", "message"),
    [
        (np.zeros((2, 2)), np.zeros((2, 3)), r"found \(2, 2\) and \(2, 3\)"),
        (np.zeros(4), np.zeros(4), r"must both be \(H, W\)"),
        (np.zeros((1, 2)), np.array([[0.5, 1.5]]), "found 0.5 to 1.5"),
        (np.zeros((1, 2)), np.array([[0.5, np.nan]]), "between 0 and 1"),
    ],
)
def test_maps_that_do_not_fit_are_refused(defect, scores, message):
    with pytest.raises(InvalidInputError, match=message):
        AnomalyMapTally().add(defect, scores)


@pytest.mark.parametrize("limit", [0.0, 1.5])
def test_a_limit_that_is_no_rate_is_refused(limit):
    with pytest.raises(InvalidInputError, match="false positive rate"):
        aupro_of_counts(np.ones(2), np.ones(2), max_false_positive_rate=limit)
