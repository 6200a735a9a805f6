import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.box_threshold import BoxCosts, choose_box_thresholds
from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes
from pitmark.metrics.detection import coco_matches, detection_report
from pitmark.metrics.intervals import Resampling

SPOTS = [[20 * i, 0, 20 * i + 10, 10] for i in range(20)]


def matched(scores, right, extra_truth=0, classes=None):
    """One image with a prediction per spot, and a true box wherever it is right."""
    count = len(scores)
    labels = np.zeros(count, int) if classes is None else np.array(classes)
    there = [i for i in range(count) if right[i]]
    missed = [[x, 50, x + 10, 60] for x in range(0, 20 * extra_truth, 20)]
    true = TrueBoxes.of(
        [SPOTS[i] for i in there] + missed, [*labels[there], *([0] * extra_truth)]
    )
    found = PredictedBoxes.of(SPOTS[:count], scores, labels)
    return coco_matches([found], [true], int(labels.max(initial=0)) + 1)


cases = st.lists(
    st.tuples(st.integers(0, 10).map(lambda n: n / 10), st.booleans()), min_size=1, max_size=15
)


@given(cases, st.integers(0, 4), st.floats(0, 1))
def test_no_other_threshold_has_a_higher_f1(boxes, extra, other):
    matches = matched([s for s, _ in boxes], [r for _, r in boxes], extra)
    choice = choose_box_thresholds(matches)[0]
    rival = detection_report(matches, thresholds=other, resampling=Resampling(draws=1))
    if choice.reason.startswith("default"):
        assert choice.threshold == 0.5
        assert not any(right for _, right in boxes)
    else:
        assert choice.f1 >= (rival.per_class[0].f1 or 0) - 1e-9


@given(
    cases,
    st.integers(0, 4),
    st.floats(0, 1),
    st.sampled_from([(10, 1), (1, 1), (1, 10), (0, 1), (1, 0)]),
)
def test_no_other_threshold_costs_less(boxes, extra, other, prices):
    matches = matched([s for s, _ in boxes], [r for _, r in boxes], extra)
    choice = choose_box_thresholds(matches, costs=BoxCosts(*prices))[0]
    if choice.reason.startswith("default"):
        return
    report = detection_report(matches, thresholds=other, resampling=Resampling(draws=1))

    def cost(score):
        missed = score.recall.total - score.recall.count
        spurious = score.precision.total - score.precision.count
        return prices[0] * missed + prices[1] * spurious

    assert cost(choice) <= cost(report.per_class[0]) + 1e-9


def test_the_threshold_lies_between_right_and_wrong_boxes():
    matches = matched([0.9, 0.8, 0.4, 0.3], [True, True, False, False])
    choice = choose_box_thresholds(matches)[0]
    assert choice.threshold == pytest.approx(0.6)
    assert choice.f1 == 1.0
    assert (choice.recall.count, choice.precision.total) == (2, 2)


def test_every_class_gets_its_own_threshold():
    matches = matched([0.9, 0.7, 0.3, 0.1], [True, False, True, False], classes=[0, 0, 1, 1])
    found = [choice.threshold for choice in choose_box_thresholds(matches)]
    assert found == pytest.approx([0.8, 0.2])


def test_dear_misses_lower_the_threshold_and_dear_false_boxes_raise_it():
    matches = matched([0.9, 0.6, 0.5, 0.4], [True, False, False, True])
    careful = choose_box_thresholds(matches, costs=BoxCosts(missed=10, spurious=1))[0]
    thrifty = choose_box_thresholds(matches, costs=BoxCosts(missed=1, spurious=10))[0]
    assert careful.threshold == pytest.approx(0.2)
    assert thrifty.threshold == pytest.approx(0.75)


def test_of_equally_good_thresholds_the_one_that_misses_least_is_taken():
    matches = matched([0.9, 0.5, 0.4], [True, False, True])
    choice = choose_box_thresholds(matches, costs=BoxCosts(missed=1, spurious=1))[0]
    assert choice.threshold == pytest.approx(0.2)
    assert (choice.recall.count, choice.precision.total) == (2, 3)


@pytest.mark.parametrize(
    ("right", "extra", "why"), [([False], 0, "no true boxes"), ([False], 2, "nothing found")]
)
def test_a_class_that_gives_no_answer_gets_the_default(right, extra, why):
    choice = choose_box_thresholds(matched([0.9], right, extra))[0]
    assert choice.threshold == 0.5
    assert choice.reason == f"default: {why}"


@pytest.mark.parametrize("prices", [(-1, 1), (0, 0), (float("inf"), 1)])
def test_costs_that_make_no_sense_are_refused(prices):
    with pytest.raises(InvalidInputError, match="missed and of a spurious box"):
        BoxCosts(*prices)
