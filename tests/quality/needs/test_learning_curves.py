"""Learning curves: what is forecast from few rounds, and how often the interval holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.quality.needs.learning_curves import fit_curve, forecast, rounds_of

SIZES = np.repeat([8, 12, 18, 25, 36], 4)


def true_score(sizes, *, error, floor, exponent):
    return 1 - error * (floor + (1 - floor) * (36 / np.asarray(sizes, float)) ** exponent)


def drawn(seed, cases=60, **law):
    """Scores of rounds on one set of test cases: one error in common, one of each round."""
    rng = np.random.default_rng(seed)
    level = true_score(36, **law)
    common = rng.standard_normal() * np.sqrt(level * (1 - level) / cases)
    own = 0.02 * rng.standard_normal(len(SIZES))
    return np.clip(true_score(SIZES, **law) + common + own, 0, 1)


@pytest.mark.parametrize(
    "law",
    [
        {"error": 0.3, "floor": 0.0, "exponent": 0.5},
        {"error": 0.2, "floor": 0.3, "exponent": 0.3},
        {"error": 0.15, "floor": 0.1, "exponent": 0.8},
    ],
)
def test_the_interval_holds_about_as_often_as_it_says(law):
    inside = []
    for seed in range(60):
        found = forecast(SIZES, drawn(seed, **law), [36, 72, 144], cases=60)
        truth = true_score([36, 72, 144], **law)
        inside.append((found.low <= truth) & (truth <= found.high))
    assert np.mean(inside) >= 0.65


def test_of_curves_that_fit_alike_the_one_that_promises_less_counts_more():
    law = {"error": 0.3, "floor": 0.0, "exponent": 0.5}
    ends = [forecast(SIZES, drawn(s, **law), [3600], cases=60).median[0] for s in range(20)]
    assert np.mean(ends) < true_score(3600, **law)


def test_scores_that_do_not_change_promise_little():
    found = forecast(SIZES, np.full(len(SIZES), 0.7), [36, 360], cases=200)
    assert found.median[1] - found.median[0] < 0.08
    rising = forecast(
        SIZES, true_score(SIZES, error=0.3, floor=0.0, exponent=0.6), [36, 360], cases=200
    )
    assert rising.median[1] - rising.median[0] > 0.1


def test_more_test_cases_make_the_interval_narrower():
    scores = true_score(SIZES, error=0.3, floor=0.1, exponent=0.5)
    wide, narrow = (forecast(SIZES, scores, [36], cases=n) for n in (10, 1000))
    assert (wide.high - wide.low)[0] > 2 * (narrow.high - narrow.low)[0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=1, max_size=8),
    st.floats(1, 1000),
)
def test_a_forecast_is_ordered_in_range_and_never_falls(rounds, cases):
    sizes, scores = zip(*rounds, strict=True)
    found = forecast(sizes, scores, cases=cases)
    assert ((found.low >= 0) & (found.high <= 1)).all()
    assert ((found.low <= found.median) & (found.median <= found.high)).all()
    for line in (found.low, found.median, found.high):
        assert (np.diff(line) >= -1e-12).all()


def test_one_curve_is_the_same_whatever_sizes_are_asked_for():
    curve = fit_curve(rounds_of(SIZES, drawn(0, error=0.3, floor=0, exponent=0.5), cases=50))
    both = curve.scores([40, 80], draws=100)
    assert np.array_equal(both[:, 1], curve.scores([80], draws=100)[:, 0])


@pytest.mark.parametrize(
    ("sizes", "scores", "cases", "told"),
    [
        ([], [], 10, "found 0 sizes"),
        ([1, 2], [0.5], 10, "2 sizes and 1 scores"),
        ([0, 2], [0.5, 0.6], 10, "at least 1 example"),
        ([1, 2], [0.5, 1.6], 10, r"in \[0, 1\]"),
        ([1, 2], [0.5, float("nan")], 10, r"in \[0, 1\]"),
        ([1, 2], [0.5, 0.6], 0, "test cases"),
    ],
)
def test_wrong_rounds_are_told_apart(sizes, scores, cases, told):
    with pytest.raises(InvalidInputError, match=told):
        forecast(sizes, scores, cases=cases)


def test_a_confidence_outside_of_0_and_1_is_an_error():
    with pytest.raises(InvalidInputError, match="confidence"):
        forecast([5, 9], [0.4, 0.6], cases=9, confidence=80)
