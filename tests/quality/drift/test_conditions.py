import io
import json

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.quality.drift.conditions import common, fit_conditions, usable
from pitmark.quality.drift.monitor import DriftMonitor
from pitmark.quality.drift.reference import DriftReference
from tests.quality.drift_streams import observations

RUN_LENGTH = 1000
BRIGHTER = {"cam1": 0.0, "cam2": -0.2, "cam3": 0.1}
LIGHTER = {"silver": 0.1, "black": -0.1}


def line(seed, count, *, cameras=tuple(BRIGHTER), shift=0.0):
    """Images of several cameras and finishes, each with its own brightness and look."""
    rng = np.random.default_rng(seed)
    stats, embeddings, scores = observations(rng, count)
    tags = [
        {"camera": str(rng.choice(cameras)), "finish": str(rng.choice(list(LIGHTER)))}
        for _ in range(count)
    ]
    for row, tag in enumerate(tags):
        stats[row, 0] += BRIGHTER[tag["camera"]] + LIGHTER[tag["finish"]] + shift
        embeddings[row, 0] += 10 * BRIGHTER[tag["camera"]]
    return stats, embeddings, scores, tags


def reference(seed=0, count=100, conditions=("camera", "finish")):
    stats, embeddings, scores, tags = line(seed, count)
    return DriftReference.fit(stats, embeddings, scores, tags=tags, conditions=conditions)


def feed(monitor, images):
    return [monitor.update(s, e, c, tags=t) for s, e, c, t in zip(*images, strict=True)]


def test_shifts_are_those_that_were_planted():
    stats, _, _, tags = line(1, 400)
    by = fit_conditions(stats, tags, ("camera", "finish"))
    one = by.shift({"camera": "cam3", "finish": "silver"})
    other = by.shift({"camera": "cam2", "finish": "black", "lot": "7"})
    assert one[0] - other[0] == pytest.approx(0.5, abs=0.02)
    apart = by.shares({"camera": "cam3"}) - by.shares({"camera": "cam2"})
    # Two cameras with about 133 images each.
    assert apart @ by.doubt @ apart == pytest.approx(2 / 133, rel=0.2)


def test_a_value_that_the_reference_has_not_seen_is_named():
    by = reference().conditions
    assert not by.known({"camera": "cam9", "finish": "silver"})
    with pytest.raises(InvalidInputError, match=r"no images of camera cam9, finish \(none\)"):
        by.shift({"camera": "cam9"})


def test_rare_values_are_set_aside_and_single_valued_names_are_not_usable():
    tags = [{"camera": f"cam{n % 2}", "plant": "A", "lot": str(n)} for n in range(40)]
    tags += [{"camera": "cam7", "plant": "A", "lot": "x"}, {"plant": "A", "lot": "y"}]
    assert common(tags, ("camera",)).tolist() == [True] * 40 + [False] * 2
    assert usable(tags, ("camera", "plant", "lot", "nothing")) == ("camera",)


def test_conditions_that_no_images_share_are_refused():
    stats, embeddings, scores = observations(np.random.default_rng(0), 20)
    tags = [{"serial": str(n)} for n in range(20)]
    with pytest.raises(NotEnoughDataError, match="only 0 images have a serial"):
        DriftReference.fit(stats, embeddings, scores, tags=tags, conditions=("serial",))


def test_a_change_hidden_by_the_mix_of_cameras_is_seen_against_each_camera():
    seen = {}
    for conditions in ((), ("camera", "finish")):
        monitor = DriftMonitor(reference(conditions=conditions), run_length_images=20_000)
        assert not feed(monitor, line(2, 60))[-1].alarm
        seen[conditions] = feed(monitor, line(3, 60, shift=0.03))[-1]
    assert not seen[()].alarm
    found = seen[("camera", "finish")]
    assert found.alarm
    assert found.causes[0].name == "brightness"
    assert 50 <= found.since <= 71


@pytest.mark.parametrize("cameras", [tuple(BRIGHTER), ("cam2",)])
def test_the_stated_run_is_kept_on_the_mix_and_on_one_camera_alone(cameras):
    lengths = []
    for seed in range(8):
        monitor = DriftMonitor(reference(seed, 60), run_length_images=RUN_LENGTH)
        states = feed(monitor, line(100 + seed, 2 * RUN_LENGTH, cameras=cameras))
        lengths.append(next((s.images for s in states if s.alarm), 2 * RUN_LENGTH))
    assert np.mean(lengths) >= RUN_LENGTH


def test_a_line_that_mixes_cameras_as_usual_is_compared_more_surely_than_one_camera_alone():
    made = reference(0, 60)
    found = {}
    for cameras in (tuple(BRIGHTER), ("cam2",)):
        monitor = DriftMonitor(made, run_length_images=10**6)
        found[cameras] = feed(monitor, line(4, 40, cameras=cameras, shift=0.03))[-1].evidence
    assert found[tuple(BRIGHTER)] > 2 * found[("cam2",)]


def test_a_reference_of_before_the_doubt_was_kept_can_still_be_read():
    made = reference()
    with np.load(io.BytesIO(made.to_bytes())) as stored:
        later = ("condition_usual", "condition_doubt")
        old = {n: stored[n] for n in stored.files if n not in later}
    buffer = io.BytesIO()
    np.savez(buffer, **old)
    again = DriftReference.from_bytes(buffer.getvalue())
    assert not again.conditions.doubt.any()
    assert not feed(DriftMonitor(again), line(9, 40))[-1].alarm


def test_a_device_that_restarts_within_a_block_goes_on_with_its_conditions():
    made = reference()
    images = line(6, 47, shift=0.02)
    whole = DriftMonitor(made)
    expected = feed(whole, images)[-1]
    first = DriftMonitor(made)
    feed(first, tuple(part[:23] for part in images))
    second = DriftMonitor.from_json(json.loads(json.dumps(first.to_json())), made)
    assert feed(second, tuple(part[23:] for part in images))[-1] == expected


def test_images_of_an_unknown_condition_are_counted_and_not_compared():
    monitor = DriftMonitor(reference())
    stats, embeddings, scores = observations(np.random.default_rng(5), 30)
    for row in zip(stats + 5, embeddings, scores, strict=True):
        state = monitor.update(*row, tags={"camera": "cam9", "finish": "silver"})
    assert (state.images, state.unknown, state.alarm) == (0, 30, False)
    assert "30 more could not be compared" in state.sentence
    again = DriftMonitor.from_json(monitor.to_json(), monitor.reference)
    assert again.state == state


def test_a_reference_with_conditions_survives_being_written_and_read():
    made = reference()
    again = DriftReference.from_bytes(made.to_bytes())
    assert again.digest() == made.digest()
    assert again.conditions.values == made.conditions.values
    assert again.baseline.blocks == pytest.approx(made.baseline.blocks)
    states = [feed(DriftMonitor(r), line(9, 40))[-1].evidence for r in (made, again)]
    assert states[0] == pytest.approx(states[1], rel=1e-3)
