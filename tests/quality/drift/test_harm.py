from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.quality.drift.harm import (
    AcceptedRates,
    evidence_above,
    evidence_below,
    excesses,
    harm_test,
)

RATES = AcceptedRates(escape=0.2, overkill=0.03)
shares = st.floats(0, 1)


def _labels(rng, count, *, defects, escape, overkill):
    defective = rng.random(count) < defects
    wrong = rng.random(count) < np.where(defective, escape, overkill)
    return wrong, defective


def _mean_evidence(evidence, accepted, *, defects, escape, overkill, count=2):
    """Exact mean over all that `count` images can be."""
    kinds = [
        (True, True, defects * escape),
        (False, True, defects * (1 - escape)),
        (True, False, (1 - defects) * overkill),
        (False, False, (1 - defects) * (1 - overkill)),
    ]
    total = 0.0
    for drawn in product(kinds, repeat=count):
        chance = np.prod([k[2] for k in drawn])
        wrong, bad = (np.array([k[i] for k in drawn]) for i in (0, 1))
        total += chance * evidence(excesses(wrong, bad, accepted))
    return total


@given(shares, shares, shares, shares, shares)
def test_the_bet_on_harm_does_not_grow_where_the_accepted_rates_hold(a, b, defects, x, y):
    accepted = AcceptedRates(a, b)
    mean = _mean_evidence(
        lambda e: evidence_above(e, 0.0, accepted),
        accepted,
        defects=defects,
        escape=a * x,
        overkill=b * y,
    )
    assert mean <= 1 + 1e-9


@given(shares, shares, shares, st.floats(0.01, 0.5))
def test_the_bet_on_harmless_does_not_grow_where_the_excess_reaches_the_margin(
    a, b, defects, margin
):
    accepted = AcceptedRates(a * 0.4, b * 0.4)
    mean = _mean_evidence(
        lambda e: evidence_below(e, margin, accepted),
        accepted,
        defects=defects,
        escape=accepted.escape + margin,
        overkill=accepted.overkill + margin,
    )
    # The least accepted rate of 0.001 makes an excess a little smaller than it is.
    assert mean <= 1 + 0.02


@pytest.mark.parametrize("defects", [0.02, 0.5])
def test_looking_after_every_label_says_retrain_in_at_most_one_of_twenty_calm_lines(defects):
    said = 0
    for seed in range(100):
        wrong, bad = _labels(
            np.random.default_rng(seed), 200, defects=defects, escape=0.2, overkill=0.03
        )
        path = excesses(wrong, bad, RATES)
        said += any(evidence_above(path[:n], 0.0, RATES) >= 20 for n in range(1, 201))
    assert said <= 5


def test_sixty_labels_tell_a_line_that_rejects_every_sixth_good_part():
    verdicts = [
        harm_test(
            *_labels(np.random.default_rng(s), 60, defects=0.05, escape=0.2, overkill=0.17),
            RATES,
        ).verdict
        for s in range(40)
    ]
    assert verdicts.count("retrain") >= 30
    assert "harmless" not in verdicts


def test_sixty_labels_tell_a_line_that_is_as_good_as_before():
    verdicts = [
        harm_test(
            *_labels(np.random.default_rng(s), 60, defects=0.05, escape=0.05, overkill=0.003),
            RATES,
        ).verdict
        for s in range(40)
    ]
    assert verdicts.count("harmless") >= 30
    assert "retrain" not in verdicts


def test_more_defective_parts_alone_are_no_harm():
    wrong, bad = _labels(np.random.default_rng(1), 300, defects=0.6, escape=0.15, overkill=0.02)
    assert harm_test(wrong, bad, RATES).verdict == "harmless"


def test_the_range_holds_the_true_excess():
    missed = 0
    for seed in range(40):
        wrong, bad = _labels(
            np.random.default_rng(seed), 80, defects=0.3, escape=0.4, overkill=0.1
        )
        found = harm_test(wrong, bad, RATES)
        truth = 0.3 * (0.4 - 0.2) + 0.7 * (0.1 - 0.03)
        missed += not found.low - 0.005 <= truth <= found.high + 0.005
    assert missed <= 2


def test_without_labels_everything_is_open():
    found = harm_test([], [], RATES)
    assert (found.verdict, found.excess, found.labels) == ("more labels", None, 0)
    assert found.harm == found.harmless == 1.0
    assert (found.low, found.high) == (-1.0, 1.0)


def test_parts_of_a_kind_that_the_release_was_not_judged_on_say_nothing():
    unknown = AcceptedRates(escape=None, overkill=0.05)
    wrong, bad = np.ones(50, bool), np.ones(50, bool)
    assert harm_test(wrong, bad, unknown).harm == pytest.approx(1.0)
    assert harm_test(wrong, ~bad, unknown).verdict == "retrain"


def test_impossible_input_is_refused():
    with pytest.raises(InvalidInputError, match="2 verdicts for 1 labels"):
        harm_test([True, False], [True], RATES)
    with pytest.raises(InvalidInputError, match="margin 0"):
        harm_test([], [], RATES, margin=0)
    with pytest.raises(InvalidInputError, match="overkill is 2"):
        AcceptedRates(0.1, 2)
