import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from pitmark.quality.slices.stratified import Strata, false_discovery_levels


def strata(*tables):
    return Strata(*np.array(tables, dtype=np.int64).T)


@given(st.tuples(*[st.integers(1, 12)] * 4))
def test_one_stratum_is_fishers_exact_test_with_doubled_tails(counts):
    hits, misses, other_hits, other_misses = counts
    one = strata((hits + misses, hits, other_hits + other_misses, other_hits))
    table = [[hits, misses], [other_hits, other_misses]]
    tails = [fisher_exact(table, alternative=a).pvalue for a in ("less", "greater")]
    assert one.p_value() == pytest.approx(min(1, 2 * min(tails)), abs=1e-9)


def test_a_difference_between_strata_alone_is_no_difference():
    rng = np.random.default_rng(0)
    stratum = rng.integers(0, 2, 400)
    side = rng.random(400) < np.where(stratum, 0.8, 0.2)
    hit = rng.random(400) < np.where(stratum, 0.9, 0.1)
    told = Strata.of(side, hit, stratum)
    pooled = Strata.of(side, hit, np.zeros(400, np.int64))
    assert pooled.p_value() < 1e-9
    assert told.p_value() > 0.01
    value, low, high = told.difference()
    assert low <= 0 <= high
    assert abs(value) < 0.1


def test_exact_and_normal_agree_on_many_cases():
    one = strata(*[(400, 130, 400, 100)] * 7)
    few = strata(*[(400, 130, 400, 100)] * 9)
    assert one.inside.sum() <= 3000 < few.inside.sum()
    assert one.p_value() == pytest.approx(
        strata(*[(400, 130, 400, 100)] * 7)._normal(910, 1), rel=0.2
    )
    assert few.p_value() < one.p_value()


def test_odds_that_are_usual_are_no_surprise():
    one = strata((40, 30, 40, 10))
    assert one.p_value() < 1e-4
    assert one.p_value(9.0) > 0.5
    assert one.z_score() > 4


def test_an_interval_without_exception_still_has_a_width():
    value, low, high = strata((8, 8, 8, 0), (7, 7, 9, 0)).difference()
    assert (value, high) == (1.0, 1.0)
    assert 0.5 < low < 0.9
    assert strata((8, 8, 8, 0)).shares() == (1.0, 0.0)


def test_strata_of_one_side_or_one_answer_tell_nothing():
    side = np.array([True, True, False, False])
    hit = np.array([True, False, True, False])
    told = Strata.of(side, hit, np.array([0, 0, 1, 1]))
    assert (len(told), told.p_value(), told.z_score()) == (0, 1.0, 0.0)
    assert told.difference() == (0.0, -1.0, 1.0)
    assert told.shares() == (0.0, 0.0)


def test_the_interval_of_the_difference_holds_what_it_promises():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(200):
        stratum = np.repeat(np.arange(6), 16)
        side = rng.random(96) < 0.5
        base = np.array([0.1, 0.2, 0.3, 0.3, 0.4, 0.5])[stratum]
        hit = rng.random(96) < base + 0.3 * side
        _, low, high = Strata.of(side, hit, stratum).difference()
        inside += low <= 0.3 <= high
    assert inside >= 183


def test_levels_of_false_discoveries_rise_with_p():
    levels = false_discovery_levels([0.04, 0.001, 0.2, 0.03])
    assert levels.tolist() == pytest.approx([0.16 / 3, 0.004, 0.2, 0.16 / 3])
    assert len(false_discovery_levels([])) == 0
