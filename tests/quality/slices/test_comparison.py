import numpy as np
import pytest
from scipy.stats import hypergeom

from pitmark.quality.slices.comparison import compare
from pitmark.quality.slices.stratified import Strata


def alone(count):
    return np.zeros(count, dtype=np.int64), np.arange(count)


def test_failures_are_tested_exactly():
    member = np.arange(40) < 10
    loss = np.zeros(40)
    loss[:6] = loss[20:24] = 1
    found = compare(member, loss, *alone(40))
    assert found.p_value == pytest.approx(hypergeom(40, 10, 10).sf(5))
    assert (found.cases, found.total) == (10, 6)
    assert found.inside == pytest.approx(0.6)
    assert found.outside == pytest.approx(4 / 30)
    assert found.low < found.difference < found.high


def test_a_hard_class_makes_no_slice_of_the_camera_that_sees_it():
    rng = np.random.default_rng(0)
    hard = rng.random(1000) < 0.5
    camera = np.where(hard, rng.random(1000) < 0.8, rng.random(1000) < 0.2)
    loss = (rng.random(1000) < np.where(hard, 0.8, 0.1)).astype(float)
    strata = hard.astype(np.int64)
    within = compare(camera, loss, strata, np.arange(1000))
    across = compare(camera, loss, np.zeros(1000, np.int64), np.arange(1000))
    assert abs(within.difference) < 0.1
    assert within.p_value > 0.01
    assert across.p_value < 1e-6


def test_exposures_of_one_part_prove_little():
    parts = np.repeat(np.arange(60), 10)
    member = parts < 6
    loss = np.isin(parts, [0, 1, 2, 10, 20, 30, 40]).astype(float)
    single = compare(member, loss, *alone(600))
    grouped = compare(member, loss, np.zeros(600, np.int64), parts)
    assert single.p_value < 1e-9
    assert grouped.p_value > 1e-4
    assert grouped.groups == 6
    assert grouped.high - grouped.low > single.high - single.low


def test_one_part_alone_proves_nothing():
    parts = np.repeat(np.arange(30), 10)
    loss = (parts == 4).astype(float)
    assert compare(parts == 4, loss, np.zeros(300, np.int64), parts).p_value == 1


@pytest.mark.parametrize("skewed", [False, True])
def test_chance_gives_small_p_values_as_rarely_as_they_say(skewed):
    rng = np.random.default_rng(4)
    small = 0
    for _ in range(400):
        loss = rng.exponential(size=120) ** 2 if skewed else rng.normal(size=120)
        member = rng.permutation(120) < 15
        small += compare(member, loss, *alone(120)).p_value <= 0.05
    assert 6 <= small <= 36


def test_nothing_inside_or_nothing_outside_proves_nothing():
    loss = np.array([0.0, 1.0, 1.0, 0.0])
    for member in (np.zeros(4, bool), np.ones(4, bool)):
        assert compare(member, loss, *alone(4)).p_value == 1


def test_one_sided_chance_is_that_of_as_many_hits_or_more():
    tables = Strata(*(np.array([n]) for n in (10, 6, 30, 4)))
    assert tables.p_above() == pytest.approx(hypergeom(40, 10, 10).sf(5))
