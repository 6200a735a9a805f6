import numpy as np
import pytest

from pitmark.quality.drift.block_spread import (
    block_inflation,
    cautious_correlation,
    fit_baseline,
    independent_images,
)
from tests.quality.drift_streams import autoregressive


def _normal(rng, shape):
    return rng.normal(size=shape)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_variance_of_block_means_is_found_and_rather_too_large_than_too_small(phi):
    rng = np.random.default_rng(0)
    values = autoregressive(rng, 3000, 60, phi, _normal)
    truth = values.reshape(300, 10, 60).mean(axis=1).var(axis=0, ddof=1).mean()
    small = values / 20  # far inside the bound, so that the allowance for rare images is known
    found = fit_baseline(small[:300], 10, bound=0.05, floor=np.zeros(60))
    assert 0.9 * truth < found.variance.mean() * 400 < 1.5 * truth


def test_the_correlation_of_neighbors_errs_on_the_high_side():
    rng = np.random.default_rng(1)
    values = autoregressive(rng, 60, 400, 0.9, _normal)
    found = cautious_correlation(values)
    assert np.mean(found >= 0.9) > 0.6


def test_independent_images_need_no_inflation():
    assert block_inflation(np.array([0.0]), 10)[0] == 1


def test_inflation_turns_block_variance_into_that_of_a_long_mean():
    rng = np.random.default_rng(2)
    values = autoregressive(rng, 1000, 2000, 0.8, _normal)
    blocks = values.reshape(100, 10, 2000).mean(axis=1)
    ratio = 100 * blocks.mean(axis=0).var() / blocks.var()
    assert block_inflation(np.array([0.8]), 10)[0] == pytest.approx(ratio, rel=0.15)


def test_lots_that_differ_are_seen_although_neighbors_hardly_resemble_each_other():
    rng = np.random.default_rng(3)
    lots = np.repeat(rng.normal(0, 0.5, (12, 50)), 25, axis=0)
    steady = rng.normal(0, 1, (300, 50))
    with_lots = fit_baseline((steady + lots).clip(-3, 3), 10, bound=3, floor=np.zeros(50))
    without = fit_baseline(steady.clip(-3, 3), 10, bound=3, floor=np.zeros(50))
    assert with_lots.weight.mean() < 0.75 * without.weight.mean()
    assert with_lots.variance.mean() > 1.5 * without.variance.mean()


def test_images_that_resemble_each_other_count_as_fewer():
    rng = np.random.default_rng(4)
    independent = independent_images(rng.normal(size=(200, 30)))
    correlated = independent_images(autoregressive(rng, 200, 30, 0.9, _normal))
    assert independent > 120
    assert correlated < 25
