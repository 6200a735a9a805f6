"""Rounds with fewer examples of a class, and what they foretell."""

import numpy as np
import pytest

from pitmark.core.errors import NotEnoughDataError
from pitmark.quality.needs.cheap_learner import CheapLearner
from pitmark.quality.needs.class_gains import class_gains
from pitmark.quality.needs.class_rounds import own_folds, run_rounds
from tests.quality.planted_classes import clouds


def foretold(counts, apart, seed=0, groups=None):
    vectors, labels = clouds(counts, seed=seed, apart=apart)
    learner = CheapLearner(vectors, labels, len(counts))
    names = list(range(len(labels))) if groups is None else groups
    rounds = run_rounds(learner, names, seed=seed)
    return class_gains(rounds, labels, names, scored=range(len(counts)))


def test_folds_part_no_group_and_share_out_every_class():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 200)
    groups = rng.integers(0, 50, 200)
    folds = own_folds(labels, list(groups), seed=1)
    assert all(len(set(folds[groups == g])) == 1 for g in set(groups))
    for kind in range(3):
        assert len(set(folds[labels == kind])) == 5
    assert np.array_equal(folds, own_folds(labels, list(groups), seed=1))


def test_rounds_grow_up_to_all_that_a_fold_leaves():
    vectors, labels = clouds([40, 40, 40])
    rounds = run_rounds(CheapLearner(vectors, labels, 3), list(range(120)))
    assert sorted(rounds) == [0, 1, 2]
    assert (np.diff(rounds[0].sizes) > 0).all()
    assert rounds[0].sizes[-1] == pytest.approx(32)
    assert np.isfinite(rounds[0].hits).all()
    assert rounds[0].hits[:, -1].mean() > rounds[0].hits[:, 0].mean() - 0.05


def test_the_class_that_is_mistaken_and_small_gains_most():
    firsts = []
    for seed in range(6):
        gains = foretold([15, 60, 60], (1.3, 3.0, 3.0), seed)
        firsts.append(max(gains, key=lambda c: gains[c].more(30).median))
    assert firsts.count(0) >= 5


def test_more_examples_never_promise_less_and_nothing_added_promises_nothing():
    gains = foretold([20, 30, 40], (1.5, 2.0, 2.5))
    for one in gains.values():
        medians = [one.more(n).median for n in (0, 5, 20, 80, 320)]
        assert medians[0] == 0
        assert (np.diff(medians) >= 0).all()
        told = one.more(20)
        assert told.low <= told.median <= told.high


def test_examples_of_one_part_count_as_one_case():
    gains = foretold([20, 30, 40], (1.5, 2, 2.5), groups=[n // 5 for n in range(90)])
    assert gains[0].cases == 4
    alone = foretold([20, 30, 40], (1.5, 2, 2.5))
    assert alone[0].cases == 20


def test_doubtful_examples_are_not_judged_on():
    vectors, labels = clouds([20, 40])
    wrong = labels.copy()
    wrong[:5] = 1
    learner = CheapLearner(vectors, wrong, 2)
    rounds = run_rounds(learner, list(range(60)))
    trusted = np.arange(60) >= 5
    names = list(range(60))
    all_ = class_gains(rounds, wrong, names, scored=(0, 1))
    sure = class_gains(rounds, wrong, names, scored=(0, 1), trusted=trusted)
    assert sure[1].recall > all_[1].recall
    assert sure[1].count == all_[1].count


def test_one_class_or_one_part_is_too_little():
    vectors, labels = clouds([20, 20])
    with pytest.raises(NotEnoughDataError, match="two classes"):
        run_rounds(CheapLearner(vectors[:20], labels[:20], 1), list(range(20)))
    with pytest.raises(NotEnoughDataError, match="two images"):
        run_rounds(CheapLearner(vectors, labels, 2), ["a"] * 40)
