"""What a real device tells a real server is what feedback and the test for harm read."""

import json

import pytest

from pitmark.edge.device_spec import RecordSpec, ServerSpec
from pitmark.edge.parts import Frame
from pitmark.ops.line.devices import add_device, register_device
from pitmark.ops.line.feedback import FeedbackOptions, feed_back
from pitmark.ops.line.harm import draw_for_harm, harm_state
from pitmark.store.db import open_store
from tests.e2e.test_devices import hurry
from tests.edge.lines import running, spec_in, until
from tests.ops.conftest import line_home, line_template  # noqa: F401 - fixtures
from tests.ops.on_the_line import part_file
from tests.sdk.conftest import Serving

CALM, CHANGED = 40, 120


@pytest.fixture
def told(line_home, tmp_path):  # noqa: F811
    """The project after a device has shown it calm parts, dark parts, and rubbish."""
    with Serving(line_home) as serving, open_store(line_home) as store:
        project = store.project("parts")
        _, code = add_device(project, "press-3", by="ann")
        key = register_device(store, code).key
        bundle = tmp_path / "v1.pitmark"
        bundle.write_bytes(project.blobs.read(project.releases.get().bundle_sha))
        spec = spec_in(
            tmp_path,
            server=ServerSpec(serving.url, key, "press-3", ask_s=1.0),
            record=RecordSpec(margin=0.1, sample_share=1.0, run_length_images=1000),
        )
        with running(spec, bundle) as station:
            hurry(station)
            for number in range(CALM + CHANGED):
                until(lambda: station.recorder._queue.qsize() < 4)
                data, _ = part_file(200 + number, light=1.0 if number < CALM else 0.3)
                tags = {"part": f"P{number // 2}", "camera": "cam0"}
                station.point("top").push(Frame(f"{number}.png", data, tags=tags))
            station.point("top").push(Frame("rubbish.png", b"\x89PNG no image"))
            until(lambda: sum(station.outbox.state().waiting.values()) == 0, seconds=120)
            assert station.outbox.state().aside == 0
            # Rubbish says nothing about drift.
            until(lambda: [w["images"][-1] for w in _watches(project)] == [CALM + CHANGED])
            assert _watches(project) == json.loads(json.dumps(station.drift.courses()))
        yield project


def _watches(project):
    """What the server knows of the watches of the device."""
    return [w for row in project.device_drift.list(device="press-3") for w in row.watches]


def test_every_field_of_a_part_arrives_under_the_name_by_which_it_is_read(told):
    rows = told.events.list()
    assert len(rows) == CALM + CHANGED + 1
    by_name = {r.name: r for r in rows}
    bad = by_name.pop("rubbish.png")
    # What is no image is told of all the same: errors of a release are counted.
    assert (bad.verdict, bad.sha256) == ("error", None)
    for number in range(CALM + CHANGED):
        row = by_name[f"{number}.png"]
        assert (row.device, row.release, row.facts["point"]) == ("press-3", 1, "top")
        assert row.facts["tags"] == {"part": f"P{number // 2}", "camera": "cam0"}
        assert row.facts["priority"] in ("doubtful", "ng", "sample")
        assert isinstance(row.facts["drift"]["alarm"], bool)
        assert row.facts["other_verdict"] is None
        assert row.sha256 is not None
    assert not any(by_name[f"{n}.png"].facts["drift"]["alarm"] for n in range(CALM))
    assert by_name[f"{CALM + CHANGED - 1}.png"].facts["drift"]["alarm"]

    (watch,) = _watches(told)
    assert (watch["point"], watch["alarm"]) == ("top", True)
    assert CALM < watch["since"] <= CALM + CHANGED
    assert all(int(looked["name"].removesuffix(".png")) >= CALM for looked in watch["newest"])

    found = feed_back(told, options=FeedbackOptions(count=20), by="olga")
    assert found.alarm
    assert found.problems == ()
    assert found.picked["new"] > 0
    assert found.picked["random"] == 5
    shas = [f.sha256 for f in told.findings.list(kind="from_device")]
    images = [told.images.get(s) for s in shas]
    for image in images:
        about = image.metadata
        assert about["device"] == "press-3"
        assert about["point"] == "top"
        assert about["release"] == 1
        assert image.group == about["part"]

    state = harm_state(told)
    first = min(r.at for r in rows if (r.facts["drift"] or {}).get("alarm"))
    assert (state.verdict, state.since, state.version) == ("more labels", first, 1)
    drawn = draw_for_harm(told, 10, by="olga")
    assert len(drawn.to_label) == 10
    kept = [told.images.get(d.sha256) for d in drawn.drawn]
    # Of one part, whichever way it came: never on both sides of a split.
    assert all(image.group == image.metadata["part"] for image in kept)
    fresh = [i for i in kept if i.sha256 not in shas]
    assert fresh
    assert all(i.metadata["picked"] == "random" for i in fresh)
    # What was drawn at random stays so when it is picked again.
    feed_back(told, options=FeedbackOptions(count=200), by="olga")
    again = [told.images.get(i.sha256).metadata["picked"] for i in fresh]
    assert set(again) == {"random"}
