import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.copies.leak_effect import leak_effect, regrouping_effect


def _answers(leaked_right, clean_right, count=400, seed=0):
    rng = np.random.default_rng(seed)
    leaked = np.arange(count) % 2 == 0
    right = rng.random(count) < np.where(leaked, leaked_right, clean_right)
    return right, leaked, ["dent"] * count, list(range(count))


def test_leaked_images_that_are_easier_raise_the_score():
    effect = leak_effect(*_answers(1.0, 0.6))
    assert effect.gain == pytest.approx(0.2, abs=0.05)
    assert effect.low > 0.1
    assert effect.low <= effect.gain <= effect.high
    assert "points too high" in effect.sentence()


def test_leaks_without_effect_are_said_to_be_chance():
    effect = leak_effect(*_answers(0.8, 0.8))
    assert effect.low < 0 < effect.high
    assert "it may be chance" in effect.sentence()


def test_an_easy_class_that_leaks_more_is_no_effect():
    rng = np.random.default_rng(1)
    easy = np.arange(600) < 300
    leaked = rng.random(600) < np.where(easy, 0.9, 0.1)
    right = rng.random(600) < np.where(easy, 0.95, 0.5)
    classes = np.where(easy, "a", "b").tolist()
    effect = leak_effect(right, leaked, classes, list(range(600)))
    assert abs(effect.gain) < 0.08
    assert right[leaked].mean() - right[~leaked].mean() > 0.3


def test_too_few_to_compare_gives_no_effect():
    right = np.ones(6, bool)
    assert leak_effect(right, np.arange(6) < 3, ["a"] * 6, list(range(6))) is None
    assert leak_effect(right[:0], right[:0], [], []) is None


def test_lengths_that_differ_are_refused():
    with pytest.raises(InvalidInputError, match="differ in length"):
        leak_effect(np.ones(3, bool), np.ones(2, bool), ["a"] * 3, [1, 2, 3])


def test_classes_that_are_told_only_by_the_part_fall_apart_when_regrouped():
    rng = np.random.default_rng(2)
    part = np.repeat(np.arange(40), 4)
    rows = rng.normal(size=(40, 16))[part] + 0.1 * rng.normal(size=(160, 16))
    classes = rng.integers(0, 2, 40)[part].tolist()
    effect = regrouping_effect(rows, classes, part.tolist())
    assert effect.stated == 1.0
    assert effect.honest < 0.75
    assert effect.low > 0.2


def test_classes_that_new_parts_show_as_well_lose_nothing():
    rng = np.random.default_rng(3)
    classes = np.arange(80) % 2
    rows = np.eye(2)[classes] * 5 + 0.5 * rng.normal(size=(80, 2))
    effect = regrouping_effect(rows, classes.tolist(), (np.arange(80) // 4).tolist())
    assert effect.gain == pytest.approx(0, abs=0.03)


def test_one_class_or_one_group_tells_nothing():
    rows = np.random.default_rng(0).normal(size=(20, 3))
    assert regrouping_effect(rows, ["a"] * 20, list(range(20))) is None
    assert regrouping_effect(rows, ["a", "b"] * 10, [0] * 20) is None
