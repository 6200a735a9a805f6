"""Vectors of whole images, and class probabilities in closed form from them."""

import numpy as np
import pytest

from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import PreprocessSpec
from pitmark.train.describe import describe_images, standardized
from pitmark.train.feature_folds import probabilities_out_of_fold

SPEC = InspectorSpec("classification", ("a", "b"), PreprocessSpec((64, 64), overlap_px=0))


def picture(number):
    """Stripes for even numbers, noise for odd ones."""
    rng = np.random.default_rng(number)
    noise = rng.integers(0, 120, (50, 60), dtype=np.uint8)
    if number % 2 == 0:
        noise[:, :: 4 + number % 3] = 250
    return noise


def test_images_that_look_alike_get_vectors_that_are_alike():
    keys = [str(n) for n in range(12)]
    vectors = describe_images(keys, lambda k: picture(int(k)), SPEC, threads=1)
    rows = standardized(vectors)
    assert rows.dtype == np.float32
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, np.nan)
    even = np.arange(12) % 2 == 0
    assert np.nanmean(likeness[np.ix_(even, even)]) > np.nanmean(likeness[np.ix_(even, ~even)])


def test_vectors_do_not_depend_on_what_else_is_described():
    keys = [str(n) for n in range(5)]
    together = describe_images(keys, lambda k: picture(int(k)), SPEC, threads=1)
    alone = describe_images(["3"], lambda k: picture(int(k)), SPEC, threads=1)
    np.testing.assert_allclose(together[3], alone[0], rtol=1e-3, atol=1e-3)


def test_probabilities_come_from_images_of_other_folds_and_sum_to_one():
    keys = [str(n) for n in range(60)]
    vectors = describe_images(keys, lambda k: picture(int(k)), SPEC, threads=1)
    labels = np.arange(60) % 2
    wrong = labels.copy()
    wrong[0] = 1
    probs = probabilities_out_of_fold(vectors, wrong, 2, np.arange(60) // 20)
    assert probs.sum(axis=1) == pytest.approx(np.ones(60))
    assert (probs.argmax(axis=1) == labels).mean() > 0.9
    assert probs[0, 0] > 0.5


def test_a_class_of_one_image_is_no_hindrance():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 1032)).astype(np.float32)
    labels = np.array([0] * 10 + [1] * 9 + [2])
    probs = probabilities_out_of_fold(vectors, labels, 3, np.arange(20) % 3)
    assert np.isfinite(probs).all()
