import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.rules.limit_fit import count_answers, fit_limit, limit_grid


def answers(seed, *, limit=3.0, count=80, slip=0.05):
    rng = np.random.default_rng(seed)
    length = np.exp(rng.normal(np.log(limit), 0.5, count))
    second = (length > limit) ^ (rng.random(count) < slip)
    return length, second


def test_a_planted_limit_is_found_and_lies_in_its_interval():
    found = []
    for seed in range(8):
        length, second = answers(seed)
        limit = fit_limit(count_answers(np.log(length), second), range(80), log=True)
        assert limit.rising
        assert limit.low <= limit.value <= limit.high
        found.append((abs(limit.value / 3 - 1), limit.low <= 3 <= limit.high))
    assert np.median([error for error, _ in found]) < 0.07
    assert sum(covered for _, covered in found) >= 7


def test_answers_that_a_limit_parts_cleanly_leave_the_gap_between_open():
    values = np.array([1.0, 1.5, 2.0, 4.0, 5.0, 6.0] * 4)
    limit = fit_limit(count_answers(values, values > 3), range(24), log=False)
    assert 2 < limit.value < 4
    assert limit.low < 2.5 < 3.5 < limit.high


def test_a_name_that_is_used_below_the_limit_is_told_as_falling():
    length, second = answers(3)
    limit = fit_limit(count_answers(np.log(length), ~second), range(80), log=True)
    assert not limit.rising
    assert limit.share_below > 0.8 > 0.2 > limit.share_above
    assert limit.value == pytest.approx(3, rel=0.15)


def test_the_stretch_where_people_differ_holds_the_limits_of_both():
    rng = np.random.default_rng(0)
    length = np.exp(rng.normal(1.0, 0.5, 200))
    both = np.concatenate([length > 2.1, length > 3.4])
    counts = count_answers(np.log(np.tile(length, 2)), both)
    limit = fit_limit(counts, [*range(200), *range(200)], log=True)
    assert limit.first < 2.5 < 3.0 < limit.last
    assert 2.1 < limit.value < 3.4


def test_answers_about_one_image_count_less_than_as_many_images():
    length, second = answers(1, count=30)
    repeated = count_answers(np.log(np.repeat(length, 8)), np.repeat(second, 8))
    together = fit_limit(repeated, np.repeat(np.arange(30), 8).tolist(), log=True)
    apart = fit_limit(repeated, range(240), log=True)
    assert together.high - together.low > 1.3 * (apart.high - apart.low)


def test_many_values_are_counted_in_bins_that_keep_every_answer():
    rng = np.random.default_rng(0)
    counts = count_answers(rng.random(5000), rng.random(5000) < 0.5)
    assert len(counts.centers) <= 160
    assert (np.diff(counts.centers) > 0).all()
    second, first = counts.tally(np.ones((1, 5000)))
    assert second.sum() + first.sum() == 5000


@pytest.mark.parametrize(
    ("values", "second", "match"),
    [
        ([1.0, 2.0], [True], "do not fit together"),
        ([], [], "do not fit together"),
        ([1.0, np.nan], [True, False], "no numbers"),
    ],
)
def test_what_cannot_be_counted_is_refused(values, second, match):
    with pytest.raises(InvalidInputError, match=match):
        count_answers(np.array(values), np.array(second, dtype=bool))


def test_equal_values_have_no_limit():
    with pytest.raises(InvalidInputError, match="no limit in them"):
        limit_grid(count_answers(np.ones(4), np.array([True, False, True, False])))
