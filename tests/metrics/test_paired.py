import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.intervals import Interval, Resampling
from pitmark.metrics.paired import (
    PairedComparison,
    compare_verdicts,
    mcnemar,
    paired_difference,
)

FEW = Resampling(draws=300)
verdicts = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@given(verdicts)
def test_mcnemar_agrees_with_the_binomial_test_of_scipy(pairs):
    first, second = zip(*pairs, strict=True)
    found = mcnemar(first, second)
    assert found.both_right + found.both_wrong + found.only_first_right == (
        len(pairs) - found.only_second_right
    )
    apart = found.only_first_right + found.only_second_right
    if apart:
        wanted = binomtest(found.only_first_right, apart, 0.5).pvalue
        assert found.p_value == pytest.approx(wanted)
    else:
        assert found.p_value == 1.0


@given(verdicts)
def test_swapping_the_models_turns_the_difference_round(pairs):
    first, second = zip(*pairs, strict=True)
    one = compare_verdicts(first, second, resampling=Resampling(draws=40))
    other = compare_verdicts(second, first, resampling=Resampling(draws=40))
    assert one.shares.difference.value == -other.shares.difference.value
    assert one.disagreements.p_value == other.disagreements.p_value
    if one.shares.difference.low is not None:
        assert one.shares.difference.low == pytest.approx(-other.shares.difference.high)


def test_pairing_is_sharper_than_two_separate_intervals():
    rng = np.random.default_rng(0)
    difficulty = rng.normal(0, 1, 200)
    first, second = difficulty, difficulty + 0.1 + rng.normal(0, 0.1, 200)
    found = paired_difference(
        lambda drawn: float(first[drawn].mean()),
        lambda drawn: float(second[drawn].mean()),
        200,
        resampling=FEW,
    )
    assert found.is_clear
    assert found.difference.value == pytest.approx(found.second - found.first)
    assert found.difference.high - found.difference.low < 0.1


def test_images_of_one_part_widen_the_difference():
    rng = np.random.default_rng(0)
    parts = np.repeat(np.arange(15), 8).tolist()
    first, second = (np.repeat(rng.random(15) < p, 8) for p in (0.5, 0.7))

    def width(groups):
        span = compare_verdicts(first, second, groups=groups, resampling=FEW)
        return span.shares.difference.high - span.shares.difference.low

    assert width(parts) > 2 * width(None)


def test_two_models_that_never_disagree_on_few_images_may_still_differ():
    right = [True, True, False, True, True]
    found = compare_verdicts(right, right, resampling=FEW).shares
    assert found.difference.value == 0.0
    assert found.difference.low < -0.2
    assert found.difference.high > 0.2
    assert not found.is_clear


def test_one_wins_everywhere_on_few_images_and_the_interval_has_a_width():
    found = compare_verdicts([False] * 4, [True] * 4, resampling=FEW).shares
    assert found.difference.value == 1.0
    assert found.difference.high == 1.0
    assert found.difference.low < 0.8


def test_repeated_images_of_a_part_do_not_make_agreement_surer():
    right = [True] * 40
    grouped = compare_verdicts(right, right, groups=["a", "b"] * 20, resampling=FEW).shares
    assert grouped.difference.high > 0.3
    alone = compare_verdicts(right, right, resampling=FEW).shares
    assert alone.difference.high < 0.1


def test_a_figure_that_is_undefined_gives_no_difference():
    found = paired_difference(lambda drawn: None, lambda drawn: 0.5, 5, resampling=FEW)
    assert found.first is None
    assert found.difference == Interval(None, None, None)
    assert not found.is_clear
    assert found.sentence("recall") == "recall: nothing to compare by"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Interval(0.021, 0.008, 0.034), "recall: +2.1 points (between +0.8 and +3.4)"),
        (
            Interval(0.01, -0.02, 0.04),
            "recall: +1.0 points (between -2.0 and +4.0), no clear difference",
        ),
        (Interval(-0.5, None, None), "recall: -50.0 points (too few images to be sure)"),
    ],
)
def test_the_sentence_says_points_and_interval(span, text):
    assert PairedComparison(0.5, 0.6, span).sentence("recall") == text


def test_no_images_are_no_error():
    found = compare_verdicts([], [])
    assert found.shares.difference.value is None
    assert found.to_json()["disagreements"]["p_value"] == 1.0


def test_verdicts_of_different_numbers_of_images_are_refused():
    with pytest.raises(InvalidInputError, match=r"second_right must have shape \(2,\)"):
        mcnemar([True, False], [True])
