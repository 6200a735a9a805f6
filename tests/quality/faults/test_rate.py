import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pitmark.quality.faults.rate import ASSUMED_RATE_OF_A_KIND, with_fitted_rate


def draws(share, count=4000, gap=3.0):
    """Values of two known kinds, and the likelihood ratios of the second over the first."""
    rng = np.random.default_rng(3)
    faulty = rng.random(count) < share
    x = rng.normal(np.where(faulty, gap, 0.0), 1)
    return faulty, np.exp(gap * x - gap**2 / 2)


@pytest.mark.parametrize("share", [0.002, 0.02, 0.1])
def test_the_rate_is_that_of_the_faults(share):
    faulty, ratios = draws(share)
    _, rate = with_fitted_rate(ratios)
    assert rate == pytest.approx(faulty.mean(), abs=0.01)


def test_as_many_faults_are_expected_as_there_are():
    faulty, ratios = draws(0.05)
    found, _ = with_fitted_rate(ratios)
    assert found.sum() == pytest.approx(faulty.sum(), rel=0.1)
    sure = found > 0.8
    assert faulty[sure].mean() > 0.8


def test_what_tells_nothing_stays_at_what_was_assumed():
    found, rate = with_fitted_rate(np.ones(50))
    assert rate == pytest.approx(ASSUMED_RATE_OF_A_KIND)
    assert found == pytest.approx(ASSUMED_RATE_OF_A_KIND)


def test_no_doubts_are_no_faults():
    found, rate = with_fitted_rate(np.zeros(0))
    assert found.shape == (0,)
    assert rate == pytest.approx(ASSUMED_RATE_OF_A_KIND)


@given(arrays(np.float64, st.integers(0, 30), elements=st.floats(allow_nan=True)))
def test_whatever_the_ratios_these_are_probabilities_in_their_order(ratios):
    found, rate = with_fitted_rate(ratios)
    assert ((found >= 0) & (found <= 1)).all()
    assert 0 < rate < 1
    clean = np.clip(np.nan_to_num(ratios, nan=0.0, posinf=1e12), 0, 1e12)
    assert (np.diff(found[np.argsort(clean)]) >= -1e-12).all()
