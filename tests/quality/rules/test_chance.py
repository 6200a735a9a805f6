import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.rules.chance import chance_levels


def test_a_feature_that_decides_stands_out_among_twenty():
    rng = np.random.default_rng(0)
    features = rng.random((60, 20))
    levels = chance_levels(features, features[:, 7] > 0.5, range(60))
    assert levels[7] < 0.001
    assert np.delete(levels, 7).min() > 0.05


def test_without_a_rule_one_in_twenty_looks_like_one():
    """Answers that hang together within an image, three of them: the level holds."""
    rng = np.random.default_rng(1)
    below = 0
    for seed in range(200):
        groups = np.repeat(np.arange(40), 3)
        features = rng.random((40, 12))[groups]
        second = rng.random(120) < rng.random(40)[groups]
        below += chance_levels(features, second, groups.tolist(), seed=seed).min() <= 0.05
    assert below <= 20


def test_a_labeler_who_says_it_more_often_makes_no_feature_of_their_images():
    rng = np.random.default_rng(2)
    who = np.repeat(["anna", "ben"], 40)
    features = (who == "ben")[:, None] + rng.random((80, 1))
    second = rng.random(80) < np.where(who == "ben", 0.8, 0.2)
    alone = chance_levels(features, second, range(80))
    within = chance_levels(features, second, range(80), strata=who.tolist())
    assert alone[0] < 0.01 < 0.1 < within[0]


def test_nothing_is_said_of_few_images_or_of_what_never_differs():
    values = np.arange(8.0)[:, None]
    assert chance_levels(values, values[:, 0] > 3, range(8)).tolist() == [1.0]
    assert chance_levels(np.ones((20, 1)), np.arange(20) > 9, range(20)).tolist() == [1.0]


def test_one_image_alone_proves_nothing_however_many_answers_it_has():
    groups = [0] * 40 + list(range(1, 13))
    values = np.r_[np.ones(40), np.zeros(12)][:, None]
    second = np.r_[np.ones(40, bool), np.zeros(12, bool)]
    assert chance_levels(values, second, groups)[0] == 1.0


def test_lengths_that_differ_are_refused():
    with pytest.raises(InvalidInputError, match="do not fit together"):
        chance_levels(np.ones((3, 1)), np.array([True]), [1, 2, 3])
