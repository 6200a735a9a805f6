"""What a change of the data brought, on the same examples before and after."""

import numpy as np
import pytest

from pitmark.core.errors import NotEnoughDataError
from pitmark.quality.needs.cheap_learner import CheapLearner
from pitmark.quality.needs.realized import Change, realized_gain
from tests.quality.planted_classes import clouds


def test_added_examples_of_a_weak_class_bring_a_gain_and_none_bring_nothing():
    gains = []
    for seed in range(5):
        vectors, labels = clouds([110, 40, 40], seed=seed, apart=(2, 3, 3))
        learner = CheapLearner(vectors, labels, 3)
        before, added = np.r_[0:10, 110:190], np.arange(10, 110)
        names = list(range(190))
        change = Change(before, labels[before], added, False)
        gains.append(realized_gain(learner, names, change, scored=(0, 1, 2)))
        assert gains[-1].low <= gains[-1].median <= gains[-1].high
    assert np.mean([g.median for g in gains]) > 0.02
    none = Change(before, labels[before], np.array([], np.int64), False)
    nothing = realized_gain(learner, names, none, scored=(0, 1, 2))
    assert (nothing.low, nothing.median, nothing.high) == (0, 0, 0)


def test_corrected_labels_bring_a_gain():
    vectors, labels = clouds([40, 40], apart=(2.5, 2.5))
    rng = np.random.default_rng(0)
    said = labels.copy()
    flip = rng.permutation(40)[:16]
    said[flip] = 1
    change = Change(np.arange(80), said, np.array([], np.int64), True)
    gain = realized_gain(
        CheapLearner(vectors, labels, 2), list(range(80)), change, scored=(0, 1)
    )
    assert gain.median > 0.02


def test_pictures_of_a_part_that_is_tested_are_not_learned_from():
    vectors, labels = clouds([20, 20], apart=(0.0, 0.0), values=64)
    # The same pictures again: whoever learned from them would know all of them by heart.
    both, twice = np.r_[vectors, vectors], np.r_[labels, labels]
    names = [n % 40 for n in range(80)]
    change = Change(np.arange(40), labels, np.arange(40, 80), False)
    gain = realized_gain(CheapLearner(both, twice, 2), names, change, scored=(0, 1))
    assert abs(gain.median) < 0.2


def test_one_part_is_too_little_to_judge_on():
    vectors, labels = clouds([5, 5])
    change = Change(np.arange(10), labels, np.array([], np.int64), False)
    with pytest.raises(NotEnoughDataError, match="two groups"):
        realized_gain(CheapLearner(vectors, labels, 2), ["a"] * 10, change, scored=(0, 1))
