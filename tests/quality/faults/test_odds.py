import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from pitmark.quality.faults.odds import (
    LikeLabels,
    fit_label_odds,
    log_odds,
    outlier_probability,
    unfound_ratio,
)


def places(seed, *, kept, slope=1.5, offset=0.0, count=3000):
    """Log odds of scores, whether a thing is there, and whether it is labeled."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 2, count)
    real = rng.random(count) < expit(slope * odds + offset)
    return odds, real, real & (rng.random(count) < kept)


@pytest.mark.parametrize("kept", [0.98, 0.85, 0.7])
def test_the_share_of_things_labeled_is_read_from_the_ceiling(kept):
    odds, _, labeled = places(0, kept=kept, slope=3)
    fit = fit_label_odds(odds, np.zeros(len(odds), dtype=int), labeled, 1)
    assert fit.kept == pytest.approx(kept, abs=0.05)


def test_missing_is_a_calibrated_probability():
    odds, real, labeled = places(1, kept=0.85, slope=2)
    kinds = np.zeros(len(odds), dtype=int)
    missing = fit_label_odds(odds, kinds, labeled, 1).missing(odds, kinds)[~labeled]
    assert missing.sum() == pytest.approx((real & ~labeled).sum(), rel=0.2)


def test_a_weak_detector_is_not_taken_for_missing_labels():
    odds, _, labeled = places(2, kept=1.0, slope=0.5, offset=-2)
    kinds = np.zeros(len(odds), dtype=int)
    missing = fit_label_odds(odds, kinds, labeled, 1).missing(odds, kinds)[~labeled]
    assert labeled[odds > 2].mean() < 0.6
    assert missing.max() < 0.2


def test_a_class_that_is_often_a_false_alarm_needs_a_higher_score():
    odds, _, labeled = places(3, kept=0.95)
    kinds = np.arange(len(odds)) % 2
    labeled = labeled & ((kinds == 0) | (np.random.default_rng(0).random(len(odds)) < 0.3))
    fit = fit_label_odds(odds, kinds, labeled, 2)
    assert fit.offsets[0] > fit.offsets[1]


def test_without_any_label_nothing_is_held_to_be_missing():
    fit = fit_label_odds(np.zeros(5), np.zeros(5, dtype=int), np.zeros(5, dtype=bool), 1)
    assert fit.missing(np.zeros(1), np.zeros(1, dtype=int))[0] < 1e-3


def test_a_label_unseen_where_all_like_it_are_seen_likely_marks_nothing():
    strong, weak = unfound_ratio(np.array([0.005, 0.3]), np.array([1.0, 1.0]))
    assert strong > 100
    assert weak < 4


def test_a_label_seen_as_well_as_others_is_not_accused():
    assert unfound_ratio(np.array([0.5]), np.array([0.01]))[0] < 0.05


def test_what_repeats_unlabeled_all_over_an_image_is_rather_a_pattern():
    rng = np.random.default_rng(4)
    beside = np.where(rng.random(3000) < 0.2, 6.0, 0.0)
    odds = rng.normal(0, 2, 3000)
    # Lone ones are as real as their score says; patterns hardly ever are.
    real = rng.random(3000) < expit(2 * odds) * np.where(beside > 0, 0.05, 1.0)
    labeled = real & (rng.random(3000) < 0.9)
    kinds = np.zeros(3000, dtype=int)
    fit = fit_label_odds(odds, kinds, labeled, 1, beside=beside)
    lone, crowd = fit.missing(np.array([3.0, 3.0]), kinds[:2], np.array([0.0, 6.0]))
    assert fit.crowding > 0.5
    assert crowd < lone / 2


def test_without_patterns_company_counts_for_nothing():
    odds, _, labeled = places(5, kept=0.9, slope=2)
    beside = np.random.default_rng(5).integers(0, 4, len(odds)).astype(float)
    kinds = np.zeros(len(odds), dtype=int)
    assert fit_label_odds(odds, kinds, labeled, 1, beside=beside).crowding < 0.3


@given(st.lists(st.floats(-1e6, 1e6), min_size=2))
def test_outliers_are_more_likely_the_farther_they_lie(values):
    probability = outlier_probability(np.array(sorted(values)))
    assert (np.diff(probability) >= -1e-12).all()
    assert ((probability >= 0) & (probability <= 1)).all()


def test_labels_are_compared_with_their_own_class_and_size():
    kinds = np.repeat([0, 1], 50)
    like = LikeLabels(kinds, np.zeros(100))
    seen = np.where(kinds == 0, 1.0, 0.0)
    share = like.share_up_to(seen - 0.5 * (np.arange(100) == 0))
    assert share[0] < 0.2
    assert share[60] > 0.8


def test_a_low_overlap_stands_out_only_where_others_are_high():
    rng = np.random.default_rng(0)
    sizes = np.repeat([0.0, 5.0], 100)
    overlap = np.where(sizes == 0, rng.uniform(0.2, 1, 200), rng.uniform(0.85, 0.95, 200))
    overlap[[0, 100]] = 0.4
    z, usual = LikeLabels(np.zeros(200, dtype=int), sizes).robust_z(overlap, least_spread=0.05)
    assert z[100] > 4 > 2 > z[0]
    assert usual[100] == pytest.approx(0.9, abs=0.02)


def test_one_label_alone_has_no_outlying_outline():
    z, _ = LikeLabels(np.zeros(1, dtype=int), np.zeros(1)).robust_z(
        np.array([0.1]), least_spread=0.1
    )
    assert z.tolist() == [0.0]


@given(st.lists(st.floats(0, 1), min_size=1))
def test_log_odds_are_finite_and_keep_the_order(values):
    odds = log_odds(np.array(sorted(values)), 1e-4)
    assert np.isfinite(odds).all()
    assert (np.diff(odds) >= 0).all()
