import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.classification import (
    class_scores,
    classification_report,
    confusion_matrix,
    log_loss,
    mean_recall,
)
from pitmark.metrics.intervals import Resampling

CLASSES = 4
FEW = Resampling(draws=50)
answers = st.lists(
    st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)),
    min_size=1,
    max_size=40,
)


def none_for_nan(values):
    return [None if np.isnan(value) else pytest.approx(value) for value in values]


@given(answers)
def test_precision_recall_and_f1_agree_with_scikit_learn(pairs):
    truth, predicted = (list(side) for side in zip(*pairs, strict=True))
    confusion = confusion_matrix(truth, predicted, CLASSES)
    labels = list(range(CLASSES))
    assert np.array_equal(
        confusion, reference.confusion_matrix(truth, predicted, labels=labels)
    )
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=np.nan
    )
    scores = class_scores(confusion)
    assert [score.precision.value for score in scores] == none_for_nan(precision)
    assert [score.recall.value for score in scores] == none_for_nan(recall)
    assert [score.f1 for score in scores] == none_for_nan(f1)
    assert [score.support for score in scores] == support.tolist()


@given(answers)
def test_accuracy_and_mean_recall_agree_with_scikit_learn(pairs):
    truth, predicted = (list(side) for side in zip(*pairs, strict=True))
    report = classification_report(truth, predicted, CLASSES, resampling=FEW)
    assert report.accuracy.value == pytest.approx(reference.accuracy_score(truth, predicted))
    with warnings.catch_warnings():
        # It warns about predicted classes without images, which is the case meant here.
        warnings.simplefilter("ignore")
        wanted = reference.balanced_accuracy_score(truth, predicted)
    assert report.mean_recall.value == pytest.approx(wanted)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.floats(0.01, 1), min_size=3, max_size=3)),
        min_size=1,
        max_size=20,
    )
)
def test_log_loss_agrees_with_scikit_learn(rows):
    truth = [row[0] for row in rows]
    chances = np.array([row[1] for row in rows])
    chances /= chances.sum(axis=1, keepdims=True)
    wanted = reference.log_loss(truth, chances, labels=[0, 1, 2])
    assert log_loss(truth, chances) == pytest.approx(wanted)


def test_certain_and_wrong_costs_much_but_not_infinitely():
    assert log_loss([0], [[0.0, 1.0]]) == pytest.approx(-np.log(1e-15))


def test_a_class_that_is_absent_is_unknown_not_nan():
    report = classification_report([0, 0, 1], [0, 1, 1], 3, resampling=FEW)
    absent = report.to_json()["per_class"][2]
    assert absent["support"] == 0
    assert absent["recall"]["value"] is None
    assert absent["precision"]["value"] is None
    assert absent["f1"] is None
    assert report.mean_recall.value == pytest.approx(0.75)


def test_a_class_that_is_only_predicted_has_an_f1_but_is_no_part_of_the_mean():
    report = classification_report([0, 0, 1], [0, 2, 1], 3, resampling=FEW)
    assert report.per_class[2].f1 == 0.0
    assert report.mean_f1 == pytest.approx((2 / 3 + 1) / 2)


def test_no_images_give_a_report_of_unknowns():
    report = classification_report([], [], 2)
    assert report.accuracy.value is None
    assert report.mean_recall.value is None
    assert report.mean_f1 is None
    assert report.confusion == ((0, 0), (0, 0))
    assert log_loss([], np.zeros((0, 2))) is None


def test_all_right_on_a_small_class_is_not_certain():
    truth = [0] * 50 + [1] * 3
    interval = classification_report(truth, truth, 2, resampling=FEW).mean_recall
    assert interval.value == 1.0
    assert 0.5 < interval.low < 0.9


def test_the_interval_of_mean_recall_widens_when_images_share_parts():
    rng = np.random.default_rng(0)
    parts = np.repeat(np.arange(12), 10)
    truth = np.tile([0, 1], 60)
    predicted = np.where((rng.random(12) < 0.5)[parts], truth, 1 - truth)

    def width(groups):
        interval = classification_report(
            truth, predicted, 2, groups=groups, resampling=Resampling(draws=200)
        ).mean_recall
        return interval.high - interval.low

    assert width(parts.tolist()) > 2 * width(None)


def test_the_mean_of_an_empty_matrix_is_unknown():
    assert mean_recall(np.zeros((3, 3), dtype=np.int64)) is None


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        ([0, 1], [0], "2 true classes but 1"),
        ([0, 2], [0, 0], r"true classes must lie in 0\.\.1, found 2"),
        ([0, 1], [0, -1], r"predicted classes must lie in 0\.\.1, found -1"),
        ([0.5, 1], [0, 1], "whole numbers"),
    ],
)
def test_classes_that_do_not_fit_are_refused(truth, predicted, message):
    with pytest.raises(InvalidInputError, match=message):
        confusion_matrix(truth, predicted, 2)


@pytest.mark.parametrize(
    ("chances", "message"),
    [
        ([0.5, 0.5], r"shape \(N, C\)"),
        ([[0.5, 0.5], [0.5, 0.5]], "1 true classes but 2 rows"),
        ([[0.5, 0.9]], "sum to 1"),
        ([[float("nan"), 0.5]], "sum to 1"),
    ],
)
def test_rows_that_are_no_probabilities_are_refused(chances, message):
    with pytest.raises(InvalidInputError, match=message):
        log_loss([0], chances)
