import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.intervals import (
    Interval,
    Proportion,
    Resampling,
    bootstrap_interval,
    percent,
    wilson,
)

FEW = Resampling(draws=200)


@st.composite
def counts(draw):
    total = draw(st.integers(1, 2000))
    return draw(st.integers(0, total)), total


@given(counts(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_agrees_with_scipy(count_total, confidence):
    count, total = count_total
    found = wilson(count, total, confidence=confidence)
    wanted = binomtest(count, total).proportion_ci(confidence, method="wilson")
    assert found.low == pytest.approx(wanted.low, abs=1e-12)
    assert found.high == pytest.approx(wanted.high, abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_wilson_of_nothing_and_of_everything_ends_exactly_at_the_border():
    assert wilson(0, 9).low == 0.0
    assert wilson(9, 9).high == 1.0


def test_without_cases_the_share_is_unknown_and_may_be_anything():
    empty = wilson(0, 0)
    assert empty.value is None
    assert (empty.low, empty.high) == (0.0, 1.0)
    assert empty.to_json() == {"count": 0, "total": 0, "low": 0.0, "high": 1.0, "value": None}
    assert empty.sentence("missed") == "0 of 0 missed (nothing to judge by)"


def test_the_sentence_says_count_share_and_interval():
    assert wilson(3, 212).sentence("missed") == (
        "3 of 212 missed (1.4 %, between 0.5 and 4.1 %)"
    )


@pytest.mark.parametrize(("count", "total"), [(-1, 5), (6, 5), (1, 0)])
def test_more_hits_than_cases_is_refused(count, total):
    with pytest.raises(InvalidInputError, match=f"cannot count {count} of {total}"):
        wilson(count, total)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    with pytest.raises(InvalidInputError, match="confidence"):
        wilson(1, 2, confidence=confidence)
    with pytest.raises(InvalidInputError, match="confidence"):
        Resampling(confidence=confidence)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0"),
        (1, "100"),
        (0.5, "50.0"),
        (0.0341, "3.4"),
        (0.0003, "0.03"),
        (1e-9, "0.01"),
        (0.9998, "99.98"),
        (1 - 1e-9, "99.99"),
    ],
)
def test_only_exactly_nothing_and_everything_read_0_and_100_percent(share, text):
    assert percent(share) == text


def test_the_bootstrap_of_a_mean_is_close_to_the_normal_interval():
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = bootstrap_interval(
        lambda drawn: float(values[drawn].mean()), 400, resampling=Resampling(draws=4000)
    )
    half = 1.96 * values.std() / math.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = np.random.default_rng(1).random(30)

    def run(seed):
        return bootstrap_interval(
            lambda drawn: float(values[drawn].mean()),
            30,
            resampling=Resampling(draws=50, seed=seed),
        )

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_images_of_one_part_widen_the_interval():
    per_part = np.random.default_rng(2).random(10)
    values, parts = np.repeat(per_part, 20), [f"part {i}" for i in range(10) for _ in range(20)]

    def width(groups):
        found = bootstrap_interval(
            lambda drawn: float(values[drawn].mean()), 200, groups=groups, resampling=FEW
        )
        return found.high - found.low

    assert width(parts) > 3 * width(None)


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=2, max_size=12))
def test_a_resample_holds_whole_groups_and_ungrouped_images_stand_alone(groups):
    members = {}
    for index, key in enumerate(groups):
        members.setdefault(index if key is None else key, []).append(index)

    def check(drawn):
        times = np.bincount(drawn, minlength=len(groups))
        for indices in members.values():
            assert len(set(times[indices])) == 1
        chosen = sum(times[indices[0]] for indices in members.values())
        assert chosen == len(members)
        return 0.0

    bootstrap_interval(check, len(groups), groups=groups, resampling=Resampling(draws=5))


@pytest.mark.parametrize(("count", "groups"), [(1, None), (4, ["a"] * 4)])
def test_one_group_gives_no_interval(count, groups):
    found = bootstrap_interval(lambda drawn: 0.5, count, groups=groups, resampling=FEW)
    assert found == Interval(0.5, None, None)


def test_no_images_give_no_value():
    assert bootstrap_interval(lambda drawn: 0.5, 0) == Interval(None, None, None)


def test_a_statistic_that_is_mostly_undefined_gets_no_interval():
    # About a third of the resamples hold both the first and the last image.
    found = bootstrap_interval(
        lambda drawn: 1.0 if {0, 4} <= set(drawn.tolist()) else None, 5, resampling=FEW
    )
    assert found == Interval(1.0, None, None)


def test_undefined_resamples_are_left_out():
    found = bootstrap_interval(
        lambda drawn: None if 0 not in drawn else float(drawn.mean()), 8, resampling=FEW
    )
    assert found.low is not None
    assert found.low < 3.5 < found.high


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_perfect_score_of_few_images_still_has_a_width(value):
    found = bootstrap_interval(lambda drawn: value, 40, resampling=FEW, unit_support=7)
    wanted = wilson(int(7 * value), 7)
    assert (found.low, found.high) == (wanted.low, wanted.high)


def test_a_perfect_score_is_no_surer_than_its_number_of_parts_allows():
    found = bootstrap_interval(
        lambda drawn: 1.0, 40, groups=["a", "b"] * 20, resampling=FEW, unit_support=40
    )
    assert found.low == wilson(2, 2).low


def test_a_wrong_number_of_groups_is_refused():
    with pytest.raises(InvalidInputError, match="3 images, 2 groups"):
        bootstrap_interval(lambda drawn: 0.0, 3, groups=["a", "b"])


def test_at_least_one_draw_is_needed():
    with pytest.raises(InvalidInputError, match="draws must be at least 1"):
        Resampling(draws=0)


def test_a_proportion_knows_its_share():
    assert Proportion(1, 4, 0.0, 1.0).value == 0.25
