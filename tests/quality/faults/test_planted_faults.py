import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.quality.faults.planted_faults import fit_fault_odds, plant


def test_one_label_in_ten_is_changed_to_a_class_it_may_be_taken_for():
    labels = np.zeros(500, dtype=np.int64)
    labels[:3] = (1, 2, 3)
    looks = np.tile([0.5, 0.5, 0.0, 0.0], (500, 1))
    out, changed = plant(labels, looks)
    assert changed.sum() == 50
    assert (out[changed] != labels[changed]).all()
    assert (out[~changed] == labels[~changed]).all()
    assert (out[changed & (labels == 0)] == 1).mean() > 0.9


def test_a_class_that_nobody_uses_is_never_planted():
    labels = np.arange(200) % 2
    out, changed = plant(labels, np.ones((200, 4)))
    assert set(out[changed].tolist()) <= {0, 1}


def fits(rng, wrong, apart):
    return rng.normal(size=len(wrong)) - apart * wrong


def test_the_probability_is_the_share_of_faults_though_the_labels_hold_faults_of_their_own():
    rng = np.random.default_rng(0)
    wrong = rng.random(4000) < 0.06
    changed = rng.random(4000) < 0.1
    told, noise = fits(rng, wrong, 3.5), rng.normal(size=4000)
    as_given = np.stack([told, noise], axis=1)
    with_planted = as_given.copy()
    with_planted[changed, 0] = fits(rng, np.ones(changed.sum()), 3.5)
    scores, rate = fit_fault_odds(with_planted, changed, as_given).wrong(as_given)
    assert abs(rate - 0.06) < 0.02
    for low, high in ((0.05, 0.5), (0.5, 1.01)):
        mine = (scores >= low) & (scores < high)
        assert abs(scores[mine].mean() - wrong[mine].mean()) < 0.2


def test_a_feature_that_means_nothing_gets_little_weight_and_none_counts_backward():
    rng = np.random.default_rng(1)
    changed = rng.random(2000) < 0.1
    table = np.stack([fits(rng, changed, 3.0), fits(rng, changed, -2.0)], axis=1)
    weights = fit_fault_odds(table, changed, table).weights
    assert weights[0] < -1
    assert weights[1] == 0


@given(st.integers(2, 30), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_however_few_labels_the_scores_are_probabilities(count, seed):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    _, changed = plant(labels, np.ones((count, 2)), seed=seed)
    table = rng.normal(size=(count, 3)) * rng.choice([0.0, 1.0, 1e6])
    scores, rate = fit_fault_odds(table, changed, table).wrong(table)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert 0 < rate <= 0.5
