import json

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.quality.drift.monitor import DriftMonitor
from pitmark.quality.drift.reference import DriftReference
from tests.quality.drift_streams import observations

BRIGHTNESS_SPREAD = 0.01


def _reference(images=300, seed=0):
    return DriftReference.fit(*observations(np.random.default_rng(seed), images))


def _feed(monitor, rng, count, *, change=None, tags=None):
    """The states after `count` images; `change` alters (statistics, embedding, tags)."""
    states = []
    for index, (stats, embedding, score) in enumerate(
        zip(*observations(rng, count), strict=True)
    ):
        own = tags(index) if tags else {}
        if change:
            stats, embedding, score = change(stats, embedding, score, own)
        states.append(monitor.update(stats, embedding, score, tags=own))
    return states


def _darker(by):
    def change(stats, embedding, score, _):
        stats = stats.copy()
        stats[0] -= by
        return stats, embedding, score

    return change


def _delay(states):
    return next((i + 1 for i, s in enumerate(states) if s.alarm), np.inf)


@pytest.mark.parametrize(("spreads", "images"), [(1, 300), (2, 300), (2, 60)])
def test_a_change_of_brightness_alarms_within_about_fifty_images(spreads, images):
    delays = []
    for seed in range(9):
        monitor = DriftMonitor(_reference(images, seed))
        rng = np.random.default_rng(1000 + seed)
        assert not _feed(monitor, rng, 100)[-1].alarm
        delays.append(
            _delay(_feed(monitor, rng, 200, change=_darker(spreads * BRIGHTNESS_SPREAD)))
        )
    assert np.median(delays) <= 60


def test_the_cause_is_named_with_its_size_and_first_image():
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(1)
    _feed(monitor, rng, 200)
    state = _feed(monitor, rng, 60, change=_darker(0.04))[-1]
    cause = state.causes[0]
    assert cause.name == "brightness"
    assert cause.unit == "relative"
    assert cause.shift == pytest.approx(-0.10, abs=0.02)
    assert cause.since == state.since == 201
    assert state.sentence.startswith("the image is 10 % darker since image 201")


def test_an_alarm_stays_until_the_reset_and_images_go_on_being_counted():
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(2)
    _feed(monitor, rng, 40, change=_darker(0.05))
    assert _feed(monitor, rng, 30)[-1].alarm
    monitor.reset()
    state = _feed(monitor, rng, 30)[-1]
    assert not state.alarm
    assert state.images == 100
    assert state.sentence == "no drift in 100 images"
    again = _feed(monitor, rng, 40, change=_darker(0.05))[-1]
    assert again.since == 101


def test_the_camera_that_changed_is_named():
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(3)

    def tags(index):
        return {"camera": str(index % 3 + 1), "shift": "early"}

    def dim_camera_two(stats, embedding, score, own):
        # Camera 3 always was brighter: that is no drift.
        stats = stats.copy()
        stats[0] += 0.004 * (own["camera"] == "3") - dimmed * (own["camera"] == "2")
        return stats, embedding, score

    dimmed = 0.0
    _feed(monitor, rng, 150, change=dim_camera_two, tags=tags)
    dimmed = 0.06
    state = _feed(monitor, rng, 120, change=dim_camera_two, tags=tags)[-1]
    assert state.alarm
    assert state.carriers == (("camera", "2"),)
    assert state.sentence.startswith("camera 2: the image is")


def test_a_new_lot_that_looks_different_is_named():
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(4)
    _feed(monitor, rng, 100, tags=lambda _: {"lot": "5"})
    state = _feed(monitor, rng, 60, change=_darker(0.05), tags=lambda _: {"lot": "6"})[-1]
    assert state.carriers == (("lot", "6"),)


def test_a_change_on_all_cameras_blames_none():
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(5)

    def tags(index):
        return {"camera": str(index % 2), "serial": str(rng.integers(10**9))}

    _feed(monitor, rng, 100, tags=tags)
    state = _feed(monitor, rng, 60, change=_darker(0.05), tags=tags)[-1]
    assert state.alarm
    assert state.carriers == ()


def test_a_few_odd_images_are_no_drift():
    monitor = DriftMonitor(_reference())
    rng = np.random.default_rng(6)

    def black_frames(stats, embedding, score, own):
        black = own["index"] in ("55", "56", "120")
        return (np.zeros(11) if black else stats), embedding, score

    states = _feed(monitor, rng, 300, change=black_frames, tags=lambda i: {"index": str(i)})
    assert not any(s.alarm for s in states)


def test_a_move_of_the_embedding_or_of_the_score_alone_is_found():
    for moved in ("embedding", "score"):

        def change(stats, embedding, score, _, moved=moved):
            if moved == "score":
                return stats, embedding, score + 0.15
            return stats, embedding + np.eye(16)[0] * 2.5, score

        monitor = DriftMonitor(_reference())
        state = _feed(monitor, np.random.default_rng(7), 60, change=change)[-1]
        assert state.alarm
        expected = "score" if moved == "score" else "direction 1"
        assert expected in [c.name for c in state.causes]


def test_something_the_reference_never_showed_raises_the_distance():
    rng = np.random.default_rng(8)
    stats, embeddings, scores = observations(rng, 300, width=40)
    monitor = DriftMonitor(DriftReference.fit(stats, embeddings, scores))
    for stat, embedding, score in zip(*observations(rng, 80, width=40), strict=True):
        state = monitor.update(stat, embedding + np.eye(40)[39] * 2, score)
    assert state.alarm
    assert "distance" in [c.name for c in state.causes]


def test_a_figure_that_never_moved_is_watched_too():
    rng = np.random.default_rng(9)
    stats, embeddings, scores = observations(rng, 100)
    stats[:, 3] = 0.0
    monitor = DriftMonitor(DriftReference.fit(stats, embeddings, scores))
    for row, (stat, embedding, score) in enumerate(zip(*observations(rng, 200), strict=True)):
        stat = stat.copy()
        stat[3] = 0.06 if row >= 100 else 0.0
        state = monitor.update(stat, embedding, score)
        assert row >= 100 or not state.alarm
    assert state.alarm
    assert state.causes[0].name == "saturated_share"
    assert "overexposed area is 6.0 points larger" in state.sentence


def test_a_restarted_device_goes_on_as_if_it_had_never_stopped():
    reference = _reference()
    rng = np.random.default_rng(10)
    monitor = DriftMonitor(reference, run_length_images=2000)
    _feed(monitor, rng, 133, tags=lambda i: {"camera": str(i % 2)})
    stored = json.loads(json.dumps(monitor.to_json()))
    again = DriftMonitor.from_json(stored, DriftReference.from_bytes(reference.to_bytes()))
    assert again.state == monitor.state
    for rows in (97, 60):
        change = _darker(0.03) if rows == 60 else None
        left = _feed(monitor, np.random.default_rng(rows), rows, change=change)
        right = _feed(again, np.random.default_rng(rows), rows, change=change)
        assert left == right
    assert monitor.state.alarm
    revived = DriftMonitor.from_json(json.loads(json.dumps(monitor.to_json())), reference)
    assert revived.state == monitor.state


def test_the_state_of_another_reference_is_refused():
    stored = DriftMonitor(_reference(seed=0)).to_json()
    with pytest.raises(InvalidInputError, match="belongs to reference"):
        DriftMonitor.from_json(stored, _reference(seed=1))


@pytest.mark.parametrize("key", ["sums", "open_raw", "tags", "correlation", "images"])
def test_a_damaged_state_is_refused(key):
    reference = _reference()
    stored = DriftMonitor(reference).to_json()
    stored[key] = {"nothing": 1}
    with pytest.raises(InvalidInputError, match="drift state is damaged"):
        DriftMonitor.from_json(stored, reference)


def test_a_state_is_plain_json():
    monitor = DriftMonitor(_reference())
    state = _feed(monitor, np.random.default_rng(11), 40, change=_darker(0.05))[-1]
    assert json.loads(json.dumps(state.to_json()))["causes"][0]["name"] == "brightness"


def test_an_embedding_of_another_model_is_refused():
    monitor = DriftMonitor(_reference())
    with pytest.raises(InvalidInputError, match="16 embedding values"):
        monitor.update(np.zeros(11), np.zeros(17), 0.5)


def test_a_score_that_is_no_number_is_refused_by_name():
    monitor = DriftMonitor(_reference())
    with pytest.raises(InvalidInputError, match="score of this image is no number"):
        monitor.update(np.zeros(11), np.zeros(16), float("nan"))


def test_a_run_length_below_one_block_is_refused():
    with pytest.raises(InvalidInputError, match="shorter than one block"):
        DriftMonitor(_reference(), run_length_images=5)


def test_fewer_than_five_images_are_no_reference():
    with pytest.raises(NotEnoughDataError, match="at least 5 images, found 4"):
        _reference(images=4)


def test_a_tiny_reference_says_what_it_cannot_promise():
    assert "only 20 images" in _reference(images=20).caveat
    assert _reference(images=300).caveat == ""


def test_a_reference_of_images_that_resemble_each_other_says_so():
    rng = np.random.default_rng(12)
    stats, embeddings, scores = observations(rng, 100)
    stats[:, 0] = 0.4 + 0.001 * np.cumsum(rng.normal(size=100))
    caveat = DriftReference.fit(stats, embeddings, scores).caveat
    assert "count as" in caveat
    assert "brightness" in caveat
