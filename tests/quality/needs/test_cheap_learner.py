"""The quick learner against ridge regression written out, and on what it must not do."""

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.needs.cheap_learner import CheapLearner
from tests.quality.planted_classes import clouds


def test_it_gives_what_ridge_regression_written_out_gives():
    vectors, labels = clouds([12, 20, 9])
    learner = CheapLearner(vectors, labels, 3)
    train, test = np.arange(0, 41, 2), np.arange(1, 41, 2)
    found = learner.values(train, test, strength=0.01)
    rows = (vectors - vectors.mean(0)) / vectors.std(0) / np.sqrt(vectors.shape[1])
    share = 1 / np.bincount(labels[train])[labels[train]]
    share = share / share.mean()
    x, y = rows[train], np.eye(3)[labels[train]]
    middle, offset = np.average(x, axis=0, weights=share), np.average(y, axis=0, weights=share)
    left = (x - middle).T @ (share[:, None] * (x - middle))
    right = (x - middle).T @ (share[:, None] * (y - offset))
    matrix = np.linalg.solve(left + 0.01 * len(train) * np.eye(len(left)), right)
    assert np.allclose(found, (rows[test] - middle) @ matrix + offset)


def test_classes_that_lie_apart_are_named_rightly():
    vectors, labels = clouds([30, 30, 30])
    learner = CheapLearner(vectors, labels, 3)
    train, test = np.arange(0, 90, 2), np.arange(1, 90, 2)
    values = learner.values(train, test, strength=learner.strength(train))
    assert (values.argmax(1) == labels[test]).mean() > 0.85


def test_a_class_without_an_example_is_never_named():
    vectors, labels = clouds([20, 20, 20])
    learner = CheapLearner(vectors, labels, 3)
    train = np.flatnonzero(labels != 2)
    assert 2 not in learner.values(train, np.arange(60), strength=0.1).argmax(1)


def test_labels_may_be_said_otherwise_for_a_while():
    vectors, labels = clouds([30, 30])
    learner = CheapLearner(vectors, labels, 2)
    train, test = np.arange(0, 60, 2), np.arange(1, 60, 2)
    swapped = learner.values(train, test, strength=0.1, labels=1 - labels[train])
    assert (swapped.argmax(1) == labels[test]).mean() < 0.2


def test_a_value_that_never_varies_does_no_harm():
    vectors, labels = clouds([20, 20])
    flat = np.column_stack([vectors, np.full(40, 7.0)])
    values = CheapLearner(flat, labels, 2).values(np.arange(40), np.arange(40), strength=0.1)
    assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("vectors", "labels", "told"),
    [
        (np.zeros((3, 2)), np.array([0, 1]), "one vector per label"),
        (np.zeros((0, 2)), np.array([], int), "one vector per label"),
        (np.zeros((2, 2)), np.array([0, 2]), "0 to 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(vectors, labels, told):
    with pytest.raises(InvalidInputError, match=told):
        CheapLearner(vectors, labels, 2)
