"""The learner on vectors: chances, and what it does with a single class."""

import numpy as np

from pitmark.ops.data.vector_learner import closed_form_learner


def test_separate_classes_are_learned_and_chances_sum_to_one():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 2], 30)
    rows = rng.standard_normal((60, 12))
    rows[labels == 2, 3] += 6
    chances = closed_form_learner(3)(rows, labels, rows)
    assert chances.shape == (60, 3)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert (chances.argmax(axis=1) == labels).all()
    assert (chances[:, 1] == 0).all()


def test_one_class_is_named_for_everything():
    chances = closed_form_learner(2)(np.ones((3, 4)), np.ones(3, np.int64), np.zeros((5, 4)))
    np.testing.assert_array_equal(chances, [[0, 1]] * 5)
