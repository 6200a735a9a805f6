"""What decisions teach about scores, and whether the faults left lie where it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from pitmark.core.errors import InvalidInputError
from pitmark.quality.review.curve import fault_range, learn_curve

scores = st.lists(st.floats(0, 1), max_size=30)


def test_before_any_decision_scores_are_chances():
    curve = learn_curve([], [])
    assert (curve.decided, curve.stretch) == (0, pytest.approx(1))
    assert curve.chances([0.02, 0.5, 0.9]) == pytest.approx([0.02, 0.5, 0.9])


@given(scores, st.randoms(use_true_random=False))
def test_whatever_was_decided_the_order_of_scores_stays(values, random):
    curve = learn_curve(values, [random.random() < 0.5 for _ in values])
    chances = curve.chances(np.linspace(0, 1, 50))
    assert (np.diff(chances) >= 0).all()
    assert ((chances > 0) & (chances < 1)).all()


def test_a_queue_that_promises_too_much_is_believed_less_and_one_too_modest_more():
    promised = np.full(40, 0.8)
    assert learn_curve(promised, [True] * 8 + [False] * 32).chances([0.8])[0] < 0.35
    assert learn_curve(1 - promised, [True] * 32 + [False] * 8).chances([0.2])[0] > 0.65


def test_few_decisions_move_it_less_than_many():
    few = learn_curve([0.8] * 3, [False] * 3).chances([0.8])[0]
    many = learn_curve([0.8] * 30, [False] * 30).chances([0.8])[0]
    assert 0.05 < many < few < 0.8


def test_with_many_decisions_the_chance_is_the_share_that_was_found():
    rng = np.random.default_rng(0)
    s = rng.uniform(0.02, 0.98, 4000)
    curve = learn_curve(s, rng.random(4000) < expit(-1 + 0.7 * logit(s)))
    for score in (0.1, 0.5, 0.9):
        assert curve.chances([score])[0] == pytest.approx(
            expit(-1 + 0.7 * logit(score)), abs=0.04
        )


# What a queue may really be like: (shift, stretch) of the log odds, or another shape.
TRUTHS = {
    "as promised": lambda s: s,
    "a third of the odds": lambda s: expit(-1.1 + logit(s)),
    "too sure of itself": lambda s: expit(-0.5 + 0.7 * logit(s)),
    "too modest": lambda s: expit(0.7 + logit(s)),
    "half of what it says, whatever it says": lambda s: 0.5 * s,
}


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_faults_left_lie_within_the_interval_nine_times_in_ten(truth):
    rng = np.random.default_rng(7)
    inside = 0
    for trial in range(120):
        s = np.sort(expit(rng.normal(-2, 1.5, 300)))[::-1]
        faulty = rng.random(300) < TRUTHS[truth](s)
        curve = learn_curve(s[:40], faulty[:40])  # people decide from the top
        left = fault_range([curve.draw_faults(s[40:], seed=trial, draws=400)])
        inside += left.low <= faulty[40:].sum() <= left.high
    assert inside / 120 >= 0.85


def test_kinds_that_are_drawn_apart_add_up():
    curve = learn_curve([], [])
    one = curve.draw_faults([0.5] * 100, seed=1)
    two = curve.draw_faults([0.1] * 100, seed=2)
    both = fault_range([one, two])
    assert both.expected == pytest.approx(one.mean() + two.mean())
    assert both.low < both.expected < both.high
    assert fault_range([]).to_json() == {"expected": 0, "low": 0, "high": 0}


def test_an_empty_queue_holds_no_fault():
    assert learn_curve([0.5], [True]).draw_faults([]).max() == 0


def test_impossible_scores_and_unequal_lengths_are_refused():
    with pytest.raises(InvalidInputError, match=r"must be in \[0, 1\]"):
        learn_curve([1.5], [True])
    with pytest.raises(InvalidInputError, match=r"must be in \[0, 1\]"):
        learn_curve([], []).chances([float("nan")])
    with pytest.raises(InvalidInputError, match="2 scores and 1 decisions"):
        learn_curve([0.5, 0.5], [True])
