import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.quality.drift.course import MOST_POINTS, CoursePoint, DriftCourse
from pitmark.quality.drift.monitor import DriftMonitor
from pitmark.quality.drift.reference import DriftReference
from tests.quality.drift_streams import observations

BLOCK = 10


def course_of(evidence):
    course = DriftCourse()
    for number, found in enumerate(evidence):
        first = number * BLOCK + 1
        means = np.array([float(number), -1.0])
        course.add(CoursePoint(first, first + BLOCK - 1, found, means))
    return course


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 1200))
def test_a_course_is_bounded_and_leaves_no_image_out(blocks):
    points = course_of(range(blocks)).points
    assert len(points) == min(blocks, MOST_POINTS)
    assert points[0].first == 1
    assert points[-1].last == blocks * BLOCK
    for before, after in pairwise(points):
        assert after.first == before.last + 1


def test_the_latest_images_are_told_block_by_block_and_old_ones_together():
    points = course_of([0.0] * 5000).points
    assert [p.last - p.first + 1 for p in points[-8:]] == [BLOCK] * 8
    assert points[0].last - points[0].first + 1 > 20 * BLOCK


def test_the_highest_evidence_and_the_mean_over_all_images_outlive_the_joining():
    evidence = [0.0] * 3000
    evidence[17] = 70_000.0
    course = course_of(evidence)
    assert max(p.evidence for p in course.points) == 70_000.0
    sizes = [p.last - p.first + 1 for p in course.points]
    mean = np.average([p.means[0] for p in course.points], weights=sizes)
    assert mean == pytest.approx(2999 / 2)


def test_a_course_goes_on_from_its_json():
    course = course_of(np.linspace(0, 1e15, 300))
    course.add_alarm(120)
    again = DriftCourse.from_json(json.loads(json.dumps(course.to_json())), 2)
    assert again.told(0) == course.told(0)
    assert again.told(0)["alarms"] == [120]
    assert max(again.told(0)["evidence"]) == 1e12


def test_rows_of_another_reference_are_refused():
    with pytest.raises(ValueError, match="expected 3 means"):
        DriftCourse.from_json(course_of([0.0]).to_json(), 3)


def test_a_monitor_shows_the_figure_that_moved_with_its_alarm():
    rng = np.random.default_rng(0)
    monitor = DriftMonitor(DriftReference.fit(*observations(rng, 300)))
    for stats, embedding, score in zip(*observations(rng, 100), strict=True):
        monitor.update(stats, embedding, score)
    assert monitor.course.alarms == ()
    for stats, embedding, score in zip(*observations(rng, 100), strict=True):
        stats[0] -= 0.03
        monitor.update(stats, embedding, score)
    told = monitor.course.told(monitor.named)
    assert monitor.reference.names[monitor.named] == "brightness"
    assert told["images"] == list(range(10, 201, 10))
    (alarm,) = told["alarms"]
    assert 100 < alarm <= 150
    at = told["images"].index(alarm)
    assert told["evidence"][at] >= monitor.run_length_images > max(told["evidence"][:at])
    assert np.mean(told["values"][-5:]) < np.mean(told["values"][:10]) - 0.02


def test_a_monitor_from_a_state_without_a_course_begins_one():
    rng = np.random.default_rng(1)
    monitor = DriftMonitor(DriftReference.fit(*observations(rng, 60)))
    for stats, embedding, score in zip(*observations(rng, 20), strict=True):
        monitor.update(stats, embedding, score)
    state = monitor.to_json()
    del state["course"]
    assert DriftMonitor.from_json(state, monitor.reference).course.points == ()
