import json

import numpy as np
import pytest

from pitmark.quality.drift.monitor import DriftMonitor
from pitmark.quality.drift.newest_looking import NewestLooking
from pitmark.quality.drift.reference import DriftReference
from tests.quality.drift_streams import observations


def _reference(seed=0):
    return DriftReference.fit(*observations(np.random.default_rng(seed), 300))


def _feed(monitor, rng, count, *, darker=0.0, first=0):
    stats, embeddings, scores = observations(rng, count)
    stats[:, 0] -= darker
    for n, row in enumerate(zip(stats, embeddings, scores, strict=True)):
        state = monitor.update(*row, name=f"part {first + n + 1}")
    return state


def test_the_change_lies_between_the_two_numbers_that_are_told():
    inside, widths = 0, []
    for seed in range(20):
        rng = np.random.default_rng(100 + seed)
        monitor = DriftMonitor(_reference(seed), run_length_images=5_000)
        _feed(monitor, rng, 200 + seed)
        state = _feed(monitor, rng, 120, darker=0.015)
        assert state.alarm
        inside += state.since_low <= 201 + seed <= state.since_high
        widths.append(state.since_high - state.since_low)
    assert inside >= 18
    assert np.median(widths) <= 40


def test_a_large_change_is_placed_within_one_or_two_blocks():
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(1)
    _feed(monitor, rng, 200)
    state = _feed(monitor, rng, 40, darker=0.06)
    assert (state.since_low, state.since, state.since_high) == (192, 201, 210)
    assert state.to_json()["since_high"] == 210
    assert state.told() == {
        "alarm": True,
        "sentence": state.sentence,
        "since": 201,
        "since_low": 192,
        "since_high": 210,
        "carriers": [],
    }


@pytest.mark.parametrize(("brightness", "leads"), [(0.8, "brightness"), (1.0, "noise")])
def test_less_noise_is_put_down_to_less_light_where_the_light_fell_as_much(brightness, leads):
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(5)
    _feed(monitor, rng, 100)
    for row in zip(*observations(rng, 40), strict=True):
        stats = row[0].copy()
        stats[0] *= brightness
        stats[5] *= 0.75
        state = monitor.update(stats, *row[1:])
    names = [c.name for c in state.causes]
    assert names[0] == leads
    assert "noise" in names


def test_without_an_alarm_nothing_is_placed():
    state = _feed(DriftMonitor(_reference()), np.random.default_rng(2), 60)
    assert (state.since, state.since_low, state.since_high) == (None, None, None)
    assert state.told() == {"alarm": False, "sentence": "no drift in 60 images"}


def test_the_newest_looking_images_are_those_since_the_change_and_odd_ones_first():
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(3)
    _feed(monitor, rng, 100)
    _feed(monitor, rng, 60, darker=0.04, first=100)
    stats, embeddings, scores = observations(rng, 1)
    monitor.update(stats[0] + 0.2, embeddings[0] * 6, float(scores[0]), name="odd")
    ranked = monitor.newest_looking(50)
    assert ranked[0].name == "odd"
    assert len(ranked) == 50
    assert all(i.number > 91 for i in ranked)
    assert [i.novelty for i in ranked] == sorted((i.novelty for i in ranked), reverse=True)


def test_images_of_before_a_restart_can_still_be_ranked():
    reference = _reference()
    monitor = DriftMonitor(reference)
    _feed(monitor, np.random.default_rng(4), 80, darker=0.05)
    again = DriftMonitor.from_json(json.loads(json.dumps(monitor.to_json())), reference)
    assert again.newest_looking(10) == monitor.newest_looking(10)


def test_only_the_latest_five_hundred_images_are_kept():
    newest = NewestLooking()
    for number in range(1, 601):
        newest.add(number, str(number), np.array([number % 7.0]))
    assert len(newest.ranked(0, 1000)) == 500
    assert newest.ranked(0, 1)[0].novelty == pytest.approx(6.0)
    assert min(i.number for i in newest.ranked(0, 1000)) == 101
