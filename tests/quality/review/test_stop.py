"""Pace, worth and when to stop: the plain arithmetic of a review."""

from datetime import UTC, datetime, timedelta

import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.faults.worth import fault_worth
from pitmark.quality.review.curve import FaultRange
from pitmark.quality.review.pace import seconds_by_kind, seconds_for
from pitmark.quality.review.stop import QueueState, StopRule, advise

START = datetime(2026, 5, 4, 8, tzinfo=UTC)


def _at(*seconds, kind="wrong_class", person="eva"):
    return [(kind, person, START + timedelta(seconds=s)) for s in seconds]


def test_the_pace_is_the_median_time_between_decisions_of_one_person():
    decisions = sorted(
        [*_at(0, 10, 20, 32, 44, 56), *_at(5, 9, 13, person="bo")], key=lambda d: d[2]
    )
    assert seconds_by_kind(decisions) == {"wrong_class": 10.0}


def test_pauses_and_programs_are_no_pace():
    assert seconds_by_kind(_at(0, 10, 20, 30, 40, 3640, 3640.2, 3650.2)) == {"wrong_class": 10}
    assert seconds_by_kind(_at(*[n / 10 for n in range(50)])) == {}


def test_before_five_timed_decisions_a_rough_figure_stands_in():
    assert seconds_by_kind(_at(0, 10, 20, 30, 40)) == {}
    assert seconds_for("sloppy_outline", {}) == 30
    assert seconds_for("something_new", {}) == 20
    assert seconds_for("sloppy_outline", {"sloppy_outline": 4.0}) == 4


def test_a_wrong_label_in_a_class_of_twelve_costs_more_than_in_one_of_four_thousand():
    counts = {"dent": 12, "scratch": 4000, None: 100}
    rare = fault_worth("spurious_object", ["dent"], [], counts)
    common = fault_worth("spurious_object", ["scratch"], [], counts)
    assert rare.value == pytest.approx(1 / 12 / 2)
    assert common.value == pytest.approx(1 / 4000 / 2)
    assert (rare.label, rare.labels) == ("dent", 12)


def test_a_swapped_class_costs_both_classes_and_names_the_smaller_one():
    worth = fault_worth("wrong_class", ["scratch"], ["dent"], {"dent": 11, "scratch": 100})
    assert worth.value == pytest.approx((1 / 12 + 1 / 100) / 2)
    assert (worth.label, worth.labels) == ("dent", 11)


def test_a_loose_outline_costs_half_a_label_and_a_copy_a_tenth():
    counts = {"dent": 10}
    full = fault_worth("spurious_object", ["dent"], [], counts).value
    assert fault_worth("sloppy_outline", ["dent"], ["dent"], counts).value == full / 2
    assert fault_worth("duplicate", ["dent"], [], counts).value == pytest.approx(full / 10)


def test_what_concerns_no_label_is_worth_nothing_and_nothing_is_worth_more_than_all():
    assert fault_worth("k", [], [], {"dent": 3}).value == 0
    assert fault_worth("k", ["dent"] * 9, [], {}).value == 1
    assert fault_worth("k", [None], [], {None: 4}).value == 0.25


def _state(**about):
    values = {
        "open_count": 100,
        "decided": 50,
        "next_faults": 5.0,
        "next_minutes": 5.0,
        "left": FaultRange(20, 10, 40),
        "labels": 1000,
    }
    return QueueState(**{**values, **about})


@pytest.mark.parametrize(
    ("about", "advice"),
    [
        ({}, "go_on"),
        ({"open_count": 0, "decided": 0}, "nothing_left"),
        ({"decided": 19, "next_faults": 0.0}, "too_early"),
        ({"next_faults": 0.9}, "not_worth_it"),
        ({"next_faults": 1.1}, "go_on"),
        ({"left": FaultRange(1, 0, 2)}, "few_left"),
        ({"left": FaultRange(1, 0, 3)}, "go_on"),
    ],
)
def test_a_review_ends_when_faults_cost_more_than_they_are_worth_or_few_are_left(about, advice):
    assert advise(_state(**about), StopRule()) == advice


def test_what_time_is_worth_is_for_the_person_to_say():
    assert advise(_state(next_faults=0.9), StopRule(minutes_per_fault=10)) == "go_on"
    assert advise(_state(), StopRule(most_left=0.05)) == "few_left"
    with pytest.raises(InvalidInputError, match="above 0"):
        StopRule(minutes_per_fault=0)
    with pytest.raises(InvalidInputError, match=r"in \[0, 1\]"):
        StopRule(most_left=2)
