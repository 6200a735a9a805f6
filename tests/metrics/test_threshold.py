import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.metrics.threshold import (
    candidate_thresholds,
    choose_threshold,
    operating_curve,
    outcome_at,
)

unit = st.floats(0, 1)
coarse = st.integers(0, 6).map(lambda n: n / 6)
images = st.lists(st.tuples(st.booleans(), st.one_of(coarse, unit)), min_size=1, max_size=25)
costs = st.sampled_from([(1.0, 1.0), (20.0, 1.0), (1.0, 20.0), (1.0, 0.0), (0.0, 1.0)])


def split(pairs):
    return [bad for bad, _ in pairs], [score for _, score in pairs]


def cost_of(outcome, cost_escape, cost_overkill):
    total = outcome.escapes.total + outcome.overkill.total
    spent = cost_escape * outcome.escapes.count + cost_overkill * outcome.overkill.count
    return spent / total


@given(images, unit)
def test_escapes_and_overkill_are_what_they_are_called(pairs, threshold):
    outcome = outcome_at(*split(pairs), threshold)
    escaped = sum(bad and score < threshold for bad, score in pairs)
    rejected = sum(not bad and score >= threshold for bad, score in pairs)
    defective = sum(bad for bad, _ in pairs)
    assert (outcome.escapes.count, outcome.escapes.total) == (escaped, defective)
    assert (outcome.overkill.count, outcome.overkill.total) == (
        rejected,
        len(pairs) - defective,
    )


@given(images, costs, unit)
def test_no_other_threshold_costs_less(pairs, prices, other):
    defective, scores = split(pairs)
    choice = choose_threshold(defective, scores, cost_escape=prices[0], cost_overkill=prices[1])
    if choice.expected_cost is None:
        assert all(defective) or not any(defective)
        return
    assert choice.expected_cost == pytest.approx(cost_of(choice, *prices))
    rival = cost_of(outcome_at(defective, scores, other), *prices)
    assert choice.expected_cost <= rival + 1e-9


@given(images, costs)
def test_of_equal_costs_the_one_with_fewer_escapes_is_taken(pairs, prices):
    defective, scores = split(pairs)
    choice = choose_threshold(defective, scores, cost_escape=prices[0], cost_overkill=prices[1])
    if choice.expected_cost is None:
        return
    for threshold in candidate_thresholds(np.array(scores)):
        rival = outcome_at(defective, scores, threshold)
        if cost_of(rival, *prices) <= choice.expected_cost + 1e-12:
            assert (choice.escapes.count, choice.overkill.count) <= (
                rival.escapes.count,
                rival.overkill.count,
            )


@given(st.lists(unit, min_size=1, max_size=20))
def test_the_candidates_part_the_scores_in_every_possible_way(scores):
    levels = sorted(set(scores))
    thresholds = candidate_thresholds(np.array(scores))
    assert [sum(level < t for level in levels) for t in thresholds] == list(
        range(len(levels) + 1)
    )


@given(unit)
def test_even_neighboring_floats_are_parted(low):
    high = np.nextafter(low, 2)
    _, between, _ = candidate_thresholds(np.array([low, high]))
    assert low < between <= high


def test_between_two_separate_groups_the_threshold_lies_in_the_middle():
    choice = choose_threshold(
        [0, 0, 0, 1, 1], [0.1, 0.2, 0.15, 0.9, 0.8], cost_escape=10, cost_overkill=1
    )
    assert choice.threshold == pytest.approx(0.5)
    assert choice.expected_cost == 0
    assert (choice.escapes.count, choice.overkill.count) == (0, 0)
    assert choice.escapes.high > 0.6


def test_the_dearer_mistake_is_avoided():
    defective, scores = [0, 0, 0, 1, 1, 1], [0.1, 0.3, 0.6, 0.4, 0.7, 0.9]
    careful = choose_threshold(defective, scores, cost_escape=5, cost_overkill=1)
    thrifty = choose_threshold(defective, scores, cost_escape=1, cost_overkill=5)
    assert careful.threshold == pytest.approx(0.35)
    assert (careful.escapes.count, careful.overkill.count) == (0, 1)
    assert thrifty.threshold == pytest.approx(0.65)
    assert (thrifty.escapes.count, thrifty.overkill.count) == (1, 0)


def test_a_tie_of_costs_goes_to_fewer_escapes():
    choice = choose_threshold(
        [0, 1, 0, 1], [0.1, 0.4, 0.6, 0.9], cost_escape=1, cost_overkill=1
    )
    assert (choice.escapes.count, choice.overkill.count) == (0, 1)
    assert choice.threshold == pytest.approx(0.25)


def test_a_rare_defect_moves_the_threshold_up_and_scales_the_cost():
    defective, scores = [1] * 5 + [0] * 5, [0.3, 0.7, 0.8, 0.9, 0.95, 0.1, 0.2, 0.4, 0.5, 0.6]
    enriched = choose_threshold(defective, scores, cost_escape=5, cost_overkill=1)
    on_the_line = choose_threshold(
        defective, scores, cost_escape=5, cost_overkill=1, defect_rate=0.01
    )
    assert enriched.escapes.count == 0
    assert on_the_line.escapes.count == 1
    assert on_the_line.expected_cost == pytest.approx(0.01 * 5 * 1 / 5)


def test_equal_scores_of_good_and_bad_cannot_be_parted():
    choice = choose_threshold([0, 1], [0.5, 0.5], cost_escape=10, cost_overkill=1)
    assert (choice.escapes.count, choice.overkill.count) == (0, 1)
    assert "rejects everything" in choice.reason
    choice = choose_threshold([0, 1], [1.0, 1.0], cost_escape=1, cost_overkill=10)
    assert (choice.escapes.count, choice.overkill.count) == (1, 0)
    assert choice.threshold > 1
    assert np.float32(choice.threshold) > 1
    assert "passes everything" in choice.reason


def test_of_100_good_scores_the_threshold_passes_all_but_the_accepted_share():
    scores = np.linspace(0.1, 0.5, 100)
    choice = choose_threshold(
        np.zeros(100, bool), scores, cost_escape=1, cost_overkill=1, false_alarm_rate=0.05
    )
    # ceil(101 * 0.95) = 96 scores must stay below.
    assert choice.overkill.count == 4
    assert choice.expected_cost is None
    assert choice.escapes.value is None
    assert "from 100 good images" in choice.reason


@pytest.mark.parametrize(("count", "rate"), [(20, 0.1), (50, 0.05), (99, 0.01)])
def test_the_rate_of_false_alarms_holds_for_new_good_images(count, rate):
    rng = np.random.default_rng(0)
    alarms = []
    for _ in range(300):
        scores = rng.beta(2, 8, count)
        choice = choose_threshold(
            np.zeros(count, bool),
            scores,
            cost_escape=1,
            cost_overkill=1,
            false_alarm_rate=rate,
        )
        alarms.append((rng.beta(2, 8, 1000) >= choice.threshold).mean())
    assert np.mean(alarms) <= rate * 1.1
    assert np.mean(alarms) > rate * 0.3


@given(st.lists(st.one_of(coarse, unit), min_size=1, max_size=30))
def test_too_few_good_images_for_the_rate_all_pass(scores):
    choice = choose_threshold(
        [False] * len(scores), scores, cost_escape=1, cost_overkill=1, false_alarm_rate=0.01
    )
    assert choice.overkill.count == 0
    assert choice.threshold > max(scores)
    assert choice.threshold <= 1 or max(scores) > 0.99
    assert "takes at least 99 good images" in choice.reason


@pytest.mark.parametrize("count", [1, 3, 6, 20, 40])
def test_the_tail_of_few_good_images_is_prolonged_to_the_rate(count):
    rng = np.random.default_rng(0)
    alarms, escapes = [], []
    for _ in range(300):
        choice = choose_threshold(
            np.zeros(count, bool), rng.beta(2, 8, count), cost_escape=1, cost_overkill=1
        )
        alarms.append((rng.beta(2, 8, 1000) >= choice.threshold).mean())
        escapes.append((rng.beta(16, 4, 1000) < choice.threshold).mean())
    assert np.mean(alarms) < (0.01 if count > 5 else 0.03)
    # Not by a threshold that nothing reaches: most clear defects are still caught.
    assert np.mean(escapes) < 0.3


def test_good_images_that_all_score_zero_leave_room_for_defects():
    choice = choose_threshold([0] * 5, [0.0] * 5, cost_escape=1, cost_overkill=1)
    assert 0 < choice.threshold < 0.05


@given(st.lists(unit, min_size=1, max_size=20))
def test_with_defective_images_only_none_escapes(scores):
    choice = choose_threshold([True] * len(scores), scores, cost_escape=1, cost_overkill=1)
    assert choice.escapes.count == 0
    assert choice.overkill.value is None
    assert choice.expected_cost is None
    assert choice.threshold <= 0.5
    assert "overkill is unknown" in choice.reason


def test_without_images_there_is_no_threshold():
    with pytest.raises(NotEnoughDataError, match="no image") as caught:
        choose_threshold([], [], cost_escape=1, cost_overkill=1)
    assert "validation" in caught.value.hint


@given(images, st.integers(2, 8))
def test_the_operating_curve_trades_escapes_for_overkill(pairs, max_points):
    defective, scores = split(pairs)
    curve = operating_curve(defective, scores, max_points=max_points)
    assert 2 <= len(curve.points) <= max_points
    assert curve.points[0].escapes.count == 0
    assert curve.points[-1].overkill.count == 0
    assert curve.points[0].overkill.count == curve.good
    assert curve.points[-1].escapes.count == curve.defective
    steps = zip(curve.points, curve.points[1:], strict=False)
    for low, high in steps:
        assert low.threshold < high.threshold
        assert low.escapes.count <= high.escapes.count
        assert low.overkill.count >= high.overkill.count
    for point in curve.points:
        assert point == outcome_at(defective, scores, point.threshold)


def test_the_curve_of_no_images_is_empty():
    assert operating_curve([], []).points == ()


def test_the_choice_can_be_written_as_json():
    choice = choose_threshold([0, 1], [0.2, 0.8], cost_escape=20, cost_overkill=1)
    data = json.loads(json.dumps(choice.to_json(), allow_nan=False))
    assert set(data) == {
        "threshold",
        "escapes",
        "overkill",
        "expected_cost",
        "cost_escape",
        "cost_overkill",
        "reason",
    }
    assert data["escapes"]["total"] == 1
    assert "1 defective and 1 good" in data["reason"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cost_escape": -1, "cost_overkill": 1}, "found -1 and 1"),
        ({"cost_escape": 0, "cost_overkill": 0}, "not both 0"),
        ({"cost_escape": float("nan"), "cost_overkill": 1}, "found nan"),
        ({"cost_escape": 1, "cost_overkill": 1, "defect_rate": 2}, "defect rate.*found 2"),
        ({"cost_escape": 1, "cost_overkill": 1, "false_alarm_rate": 0}, "false-alarm rate"),
    ],
)
def test_costs_and_rates_that_make_no_sense_are_refused(options, message):
    with pytest.raises(InvalidInputError, match=message):
        choose_threshold([0, 1], [0.2, 0.8], **options)


@pytest.mark.parametrize("score", [-0.1, 1.1])
def test_scores_outside_zero_to_one_are_refused(score):
    with pytest.raises(InvalidInputError, match="between 0 and 1"):
        outcome_at([True], [score], 0.5)
