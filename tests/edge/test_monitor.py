import io
import json

import numpy as np
import pytest

from pitmark.core.bundle import DRIFT_NAME
from pitmark.core.errors import BundleError, InvalidInputError
from pitmark.edge.bundle_file import Bundle
from pitmark.edge.monitor import Monitor
from pitmark.edge.runtime import EdgeInspector
from pitmark.quality.drift.input_statistics import image_statistics
from pitmark.quality.drift.reference import DriftReference
from tests.edge.networks import files_for, manifest_for, part_image, spec_for

SPEC = spec_for("anomaly")


@pytest.fixture(scope="module")
def inspector():
    files = files_for("anomaly", SPEC)
    plain = EdgeInspector.open(Bundle(manifest_for(SPEC), files), precision="fp32", threads=1)
    images = [part_image(seed, bright=False) for seed in range(100)]
    found = [plain.predict(i) for i in images]
    reference = DriftReference.fit(
        np.array([image_statistics(i) for i in images]),
        np.array([p.embedding for p in found]),
        np.array([p.score for p in found]),
    )
    bundle = Bundle(manifest_for(SPEC), {**files, DRIFT_NAME: reference.to_bytes()})
    return EdgeInspector.open(bundle, precision="fp32", threads=1)


def darker(image, share):
    return (image * (1 - share)).astype(np.uint8)


def feed(monitor, inspector, seeds, *, share=0.0, tags=None):
    for seed in seeds:
        image = darker(part_image(seed, bright=False), share)
        state = monitor.update(inspector.inspect(image), tags=tags)
    return state


def test_a_line_that_stays_the_same_gives_no_alarm(inspector):
    state = feed(Monitor(inspector.drift_reference), inspector, range(1000, 1150))
    assert state.images == 150
    assert not state.alarm


def test_a_darker_camera_is_noticed_and_named(inspector):
    monitor = Monitor(inspector.drift_reference, run_length_images=5000)
    assert not feed(monitor, inspector, range(1000, 1050)).alarm
    state = feed(monitor, inspector, range(2000, 2060), share=0.3)
    assert state.alarm
    assert 41 <= state.since <= 61
    assert any("darker" in cause.sentence for cause in state.causes)
    assert monitor.state == state


def test_an_error_says_nothing_about_drift(inspector):
    monitor = Monitor(inspector.drift_reference)
    before = feed(monitor, inspector, range(3))
    assert monitor.update(inspector.inspect(b"broken", name="x.png")) == before


def test_a_restarted_device_goes_on_where_it_was(inspector):
    whole = Monitor(inspector.drift_reference)
    feed(whole, inspector, range(1000, 1025))
    saved = json.loads(json.dumps(whole.to_json()))
    resumed = Monitor(inspector.drift_reference, resume=saved)
    seeds = range(2000, 2035)
    assert feed(whole, inspector, seeds, share=0.2) == feed(
        resumed, inspector, seeds, share=0.2
    )


def test_a_reset_ends_the_alarm(inspector):
    monitor = Monitor(inspector.drift_reference, run_length_images=5000)
    assert feed(monitor, inspector, range(60), share=0.4).alarm
    monitor.reset()
    assert not monitor.state.alarm
    assert monitor.state.images == 60


def test_a_bundle_without_a_drift_reference_cannot_be_watched():
    with pytest.raises(BundleError, match=r"has no drift\.npz"):
        Monitor(None)


def test_a_drift_file_that_is_none_is_refused():
    out = io.BytesIO()
    np.savez(out, a=np.ones(3))
    with pytest.raises(BundleError, match=r"drift\.npz is no drift reference"):
        Monitor(out.getvalue())
    with pytest.raises(BundleError, match=r"drift\.npz is damaged"):
        Monitor(b"nothing")


def test_the_state_of_another_release_is_not_resumed(inspector):
    saved = {**Monitor(inspector.drift_reference).to_json(), "reference": "0" * 16}
    with pytest.raises(InvalidInputError, match="belongs to reference '0000"):
        Monitor(inspector.drift_reference, resume=saved)


@pytest.fixture(scope="module")
def by_camera(inspector):
    images = [darker(part_image(n, bright=False), 0.3 * (n % 2)) for n in range(100)]
    found = [inspector.predict(i) for i in images]
    reference = DriftReference.fit(
        np.array([image_statistics(i) for i in images]),
        np.array([p.embedding for p in found]),
        np.array([p.score for p in found]),
        tags=[{"camera": str(n % 2)} for n in range(100)],
        conditions=("camera",),
    )
    return reference.to_bytes()


def test_a_line_whose_camera_is_told_is_compared_with_that_camera(inspector, by_camera):
    monitor = Monitor(inspector.drift_reference, by_camera, run_length_images=5000)
    state = feed(monitor, inspector, range(1000, 1080), share=0.3, tags={"camera": "1"})
    assert (state.images, state.alarm) == (80, False)
    resumed = Monitor(inspector.drift_reference, by_camera, resume=monitor.to_json())
    assert resumed.state == state
    assert feed(resumed, inspector, [2000], tags={"camera": "7"}).unknown == 1


def test_a_line_that_tells_no_camera_is_compared_with_the_whole(inspector, by_camera):
    monitor = Monitor(inspector.drift_reference, by_camera, run_length_images=5000)
    state = feed(monitor, inspector, range(1000, 1080), share=0.3)
    assert (state.unknown, state.alarm) == (0, True)
