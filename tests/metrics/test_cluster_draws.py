import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.cluster_draws import ClusterDraws, exp_mean_of_sums, mean_of_sums
from pitmark.metrics.intervals import Resampling, clustered_proportion, wilson


def draws_of(count, **how):
    return ClusterDraws(count, Resampling(**how))


def test_the_interval_of_a_mean_is_as_wide_as_theory_says():
    values = np.random.default_rng(0).normal(5.0, 2.0, 400)
    draws = draws_of(400, draws=2000)
    sums = draws.sums(np.stack([values, np.ones(400)], axis=1), np.arange(400))
    found = draws.interval(sums, mean_of_sums)
    assert found.value == pytest.approx(values.mean())
    half = 1.96 * values.std() / 20
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)


def test_cases_of_one_cluster_are_drawn_together():
    values = np.repeat(np.random.default_rng(1).normal(0, 1, 30), 20)
    clusters = np.repeat(np.arange(30), 20)
    ones = np.stack([values, np.ones(600)], axis=1)
    together, apart = draws_of(30), draws_of(600)
    wide = together.interval(together.sums(ones, clusters), mean_of_sums)
    narrow = apart.interval(apart.sums(ones, np.arange(600)), mean_of_sums)
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_nothing_is_known_of_nothing_and_no_interval_of_a_single_cluster():
    draws = draws_of(3)
    empty = draws.interval(np.zeros((3, 2)), mean_of_sums)
    assert (empty.value, empty.low, empty.high) == (None, None, None)
    one = draws.interval(np.array([[2.0, 4.0], [0, 0], [0, 0]]), mean_of_sums)
    assert (one.value, one.low, one.high) == (0.5, None, None)
    none = draws_of(0)
    assert none.interval(np.zeros((0, 2)), mean_of_sums).value is None


def test_a_geometric_mean_comes_from_logarithms():
    draws = draws_of(2)
    sums = draws.sums([[np.log(2), 1], [np.log(8), 1]], np.array([0, 1]))
    assert draws.interval(sums, exp_mean_of_sums).value == pytest.approx(4)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_share_of_clusters_of_one_is_wilsons(hits):
    found = clustered_proportion(hits, np.arange(len(hits)))
    plain = wilson(sum(hits), len(hits))
    assert found.count == plain.count
    # The variance is estimated here, so the interval may be a little wider.
    assert found.low <= plain.low + 1e-9
    assert found.high >= plain.high - 1e-9


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=60),
)
def test_a_clustered_share_holds_its_value_and_stays_within_0_and_1(pairs):
    found = clustered_proportion([h for h, _ in pairs], [c for _, c in pairs])
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_looks_at_the_same_image_are_not_independent():
    hits = np.repeat(np.arange(40) % 4 > 0, 5)
    same = clustered_proportion(hits, np.repeat(np.arange(40), 5))
    apart = clustered_proportion(hits, np.arange(200))
    assert same.high - same.low > 1.8 * (apart.high - apart.low)
    plain = wilson(30, 40)
    assert (same.low, same.high) == pytest.approx((plain.low, plain.high), abs=0.01)


def test_a_perfect_share_counts_images_not_looks():
    found = clustered_proportion(np.ones(50, bool), np.repeat(np.arange(10), 5))
    assert (found.count, found.total) == (50, 50)
    assert found.low == wilson(10, 10).low


def test_a_clustered_share_of_nothing_and_of_unequal_lengths():
    empty = clustered_proportion([], [])
    assert (empty.value, empty.low, empty.high) == (None, 0.0, 1.0)
    with pytest.raises(InvalidInputError, match=r"hits must have shape \(2,\)"):
        clustered_proportion([True], [0, 1])
