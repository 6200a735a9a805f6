import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.intervals import Resampling
from pitmark.metrics.ranking import (
    image_auroc,
    image_average_precision,
    precision_recall_curve,
    ranking_report,
    roc_curve,
    thin,
)

# Few distinct scores, so that most of them are tied.
tied = st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=30)


def both_kinds(defective):
    return 0 < sum(defective) < len(defective)


@given(tied)
def test_auroc_with_ties_agrees_with_scikit_learn(images):
    defective, scores = zip(*images, strict=True)
    found = image_auroc(defective, scores)
    if both_kinds(defective):
        assert found == pytest.approx(reference.roc_auc_score(defective, scores), abs=1e-12)
    else:
        assert found is None


@given(tied)
def test_average_precision_with_ties_agrees_with_scikit_learn(images):
    defective, scores = zip(*images, strict=True)
    found = image_average_precision(defective, scores)
    if any(defective):
        wanted = reference.average_precision_score(defective, scores)
        assert found == pytest.approx(wanted, abs=1e-12)
    else:
        assert found is None


@given(tied, st.randoms())
def test_the_order_of_the_images_does_not_matter(images, random):
    mixed = list(images)
    random.shuffle(mixed)
    for figure in (image_auroc, image_average_precision):
        before, after = (figure(*zip(*each, strict=True)) for each in (images, mixed))
        assert before == (None if after is None else pytest.approx(after))


@given(tied)
def test_the_full_curves_agree_with_scikit_learn(images):
    defective, scores = zip(*images, strict=True)
    if not both_kinds(defective):
        assert roc_curve(defective, scores) is None
        return
    roc = roc_curve(defective, scores)
    fpr, tpr, _ = reference.roc_curve(defective, scores, drop_intermediate=False)
    assert roc.false_positive_rate == pytest.approx(tuple(fpr))
    assert roc.true_positive_rate == pytest.approx(tuple(tpr))
    curve = precision_recall_curve(defective, scores)
    precision, recall, thresholds = reference.precision_recall_curve(defective, scores)
    assert curve.precision == pytest.approx(tuple(precision[-2::-1]))
    assert curve.recall == pytest.approx(tuple(recall[-2::-1]))
    assert curve.thresholds == pytest.approx(tuple(thresholds[::-1]))


def test_a_long_curve_is_thinned_to_200_points_and_keeps_its_area():
    rng = np.random.default_rng(0)
    defective = rng.random(20_000) < 0.2
    scores = rng.normal(defective * 1.5, 1)
    roc = roc_curve(defective, scores)
    assert len(roc.thresholds) <= 200
    area = np.trapezoid(roc.true_positive_rate, roc.false_positive_rate)
    assert area == pytest.approx(image_auroc(defective, scores), abs=1e-3)
    assert (roc.false_positive_rate[0], roc.true_positive_rate[0]) == (0, 0)
    assert (roc.false_positive_rate[-1], roc.true_positive_rate[-1]) == (1, 1)
    curve = precision_recall_curve(defective, scores)
    assert len(curve.recall) <= 200
    assert curve.recall[-1] == 1


def test_the_infinite_threshold_of_the_first_point_is_null_in_json():
    assert roc_curve([True, False], [0.9, 0.1]).to_json()["thresholds"] == [None, 0.9, 0.1]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=60), st.integers(2, 20))
def test_thinning_keeps_both_ends_and_the_order(values, limit):
    kept = thin(np.arange(len(values)), values, limit)
    assert len(kept) <= limit
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    assert (np.diff(kept) > 0).all()


def test_the_report_has_values_intervals_and_curves():
    rng = np.random.default_rng(3)
    defective = np.arange(60) < 20
    scores = np.clip(rng.normal(0.4 + 0.2 * defective, 0.15), 0, 1)
    report = ranking_report(defective, scores, resampling=Resampling(draws=100))
    assert (report.positives, report.negatives) == (20, 40)
    assert report.auroc.value == image_auroc(defective, scores)
    assert report.auroc.low < report.auroc.value < report.auroc.high
    wanted = image_average_precision(defective, scores)
    assert report.average_precision.value == pytest.approx(wanted)
    assert report.roc == roc_curve(defective, scores)


def test_a_perfect_ranking_of_few_images_is_not_certain():
    report = ranking_report([1, 1, 1, 0, 0, 0, 0], [0.9, 0.8, 0.7, 0.3, 0.2, 0.1, 0.1])
    assert report.auroc.value == 1.0
    assert report.auroc.low < 0.6


def test_with_good_images_only_nothing_can_be_ranked():
    report = ranking_report([0, 0, 0], [0.1, 0.2, 0.3])
    assert report.auroc.to_json() == {"value": None, "low": None, "high": None}
    assert report.average_precision.value is None
    assert report.roc is None
    assert report.precision_recall is None


def test_no_images_are_no_error():
    assert image_auroc([], []) is None
    assert ranking_report([], []).positives == 0


@pytest.mark.parametrize(
    ("defective", "scores", "message"),
    [
        ([1, 0], [0.5], r"shape \(1,\), found \(2,\)"),
        ([1, 0], [0.5, float("nan")], "score 1 is nan"),
        ([1, 2], [0.5, 0.5], "true or false"),
        ([[1]], [[0.5]], r"shape \(N,\)"),
    ],
)
def test_scores_that_do_not_fit_are_refused(defective, scores, message):
    with pytest.raises(InvalidInputError, match=message):
        image_auroc(defective, scores)
