import json
import threading

import pytest

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.edge.device_spec import PointSpec, RecordSpec, ServerSpec, Source
from pitmark.edge.outbox_entry import OutboxLimits
from pitmark.edge.parts import Frame
from pitmark.edge.recipe import Recipe
from pitmark.edge.slots import Slots
from pitmark.edge.station import Station
from pitmark.edge.trial import TrialLimits
from tests.edge.lines import log_lines, png, running, spec_in, until
from tests.edge.receiver import Receiver
from tests.edge.releases import ng_for_all, release, with_drift_reference


def test_two_points_judge_with_two_releases_at_once(tmp_path):
    points = (
        PointSpec("top", recipes=(Recipe(release="casings"),)),
        PointSpec("side", recipes=(Recipe(release="lids"),)),
    )
    with running(spec_in(tmp_path, *points)) as station:
        station.activate("casings", release(tmp_path, 3))
        station.activate("lids", release(tmp_path, 8, project="lids"))
        top = station.point("top").push(Frame("a", png()))
        side = station.point("side").push(Frame("b", png(bright=False)))
    assert (top.verdict.outcome, top.held.version) == ("NG", 3)
    assert (side.verdict.outcome, side.held.project) == ("OK", "lids")
    assert [(r["point"], r["verdict"]["outcome"]) for r in log_lines(tmp_path)] == [
        ("top", "NG"),
        ("side", "OK"),
    ]


def test_images_of_a_folder_are_judged_as_they_come(tmp_path):
    (tmp_path / "in").mkdir()
    point = PointSpec("top", Source("folder", str(tmp_path / "in")))
    spec = spec_in(tmp_path, point)
    with running(spec, release(tmp_path, 3), tags=lambda n: {"lot": n[:1]}) as station:
        (tmp_path / "in" / "a.png").write_bytes(png())
        until(lambda: station.point("top").last is not None)
        (tmp_path / "in" / "b.png").write_bytes(png(bright=False))
        until(lambda: station.point("top").last.name == "b.png")
    told = [(r["name"], r["verdict"]["outcome"], r["tags"]) for r in log_lines(tmp_path)]
    assert told == [("a.png", "NG", {"lot": "a"}), ("b.png", "OK", {"lot": "b"})]


def test_every_result_has_a_reason_its_release_and_its_findings_in_the_log(tmp_path):
    with running(spec_in(tmp_path), release(tmp_path, 3)) as station:
        station.point("top").push(Frame("a.png", png()), custom=12)
    line = log_lines(tmp_path)[0]
    assert line["verdict"]["reason"]
    assert line["release"]["version"] == 3
    assert line["findings"][0]["label"] in ("scratch", "dent")
    assert line["custom"] == 12
    assert line["error_code"] == 0


def test_a_release_that_fails_on_the_line_is_taken_back_while_parts_go_through(tmp_path):
    spec = spec_in(tmp_path, trial=TrialLimits(seconds=3600, latency_ms=0.0))
    with running(spec, release(tmp_path, 3)) as station:
        station.activate("main", release(tmp_path, 4))
        seen = [station.point("top").push(Frame("p", png())) for _ in range(7)]
        until(lambda: station.releases["main"].rollbacks == 1)
        assert [r.held.version for r in seen] == [4] * 5 + [3] * 2
        assert {r.verdict.outcome for r in seen} == {"NG"}
        assert "took longer than 0 ms" in station.status()["releases"]["main"]["last_failure"]
    assert Slots(tmp_path / "device" / "slots" / "main").pointer().current.version == 3


def test_a_new_release_is_kept_after_its_trial(tmp_path):
    spec = spec_in(tmp_path, trial=TrialLimits(seconds=0.0, images=2))
    with running(spec, release(tmp_path, 3)) as station:
        station.activate("main", release(tmp_path, 4))
        for _ in range(2):
            station.point("top").push(Frame("p", png()))
        until(lambda: not station.releases["main"].on_trial)
        assert station.releases["main"].held.version == 4
    assert not Slots(tmp_path / "device" / "slots" / "main").pointer().trial


def test_parts_on_which_two_releases_disagree_are_kept_first(tmp_path):
    spec = spec_in(tmp_path, server=ServerSpec("http://127.0.0.1:9", "k"))
    with running(spec, release(tmp_path, 3)) as station:
        station.activate("main", ng_for_all(tmp_path, 4))
        station.point("top").push(Frame("good.png", png(bright=False)))
        until(lambda: sum(station.outbox.state().waiting.values()) == 1)
        record = station.outbox.next(1)[0]
        assert record.priority.name == "DOUBTFUL"
        assert record.body["other_verdict"] == "OK"
        assert station.status()["disagreements"] == 1


def test_what_a_device_has_seen_reaches_the_server(tmp_path):
    receiver = Receiver(key="device-key")
    server = ServerSpec(receiver.url, "device-key")
    spec = spec_in(tmp_path, server=server, name="press-3")
    with running(spec, release(tmp_path, 3)) as station:
        station.point("top").push(Frame("bad.png", png()))
        station.point("top").push(Frame("good.png", png(bright=False)))
        until(lambda: station.delivery.sent == 2)
        assert station.status()["outbox"]["connected"]
    receiver.close()
    by_name = {r["name"]: r for r in receiver.records.values()}
    assert receiver.paths == {"/api/devices/press-3/events"}
    assert by_name["bad.png"]["priority"] == "ng"
    assert by_name["bad.png"]["image_base64"]
    assert by_name["good.png"]["priority"] == "rest"
    assert by_name["good.png"]["image_base64"] is None


@pytest.mark.parametrize(
    ("record", "priority"),
    [
        (RecordSpec(margin=1.0), "doubtful"),
        (RecordSpec(margin=0.0, sample_share=1.0), "sample"),
        (RecordSpec(margin=0.0, sample_share=0.0), "rest"),
    ],
)
def test_a_good_part_is_kept_as_its_score_and_the_draw_say(tmp_path, record, priority):
    spec = spec_in(tmp_path, record=record, server=ServerSpec("http://127.0.0.1:9", "k"))
    with running(spec, release(tmp_path, 3)) as station:
        station.point("top").push(Frame("good.png", png(bright=False)))
        until(lambda: sum(station.outbox.state().waiting.values()) == 1)
        assert station.outbox.state().waiting[priority] == 1
        has_image = station.outbox.next(1)[0].image_sha256 is not None
        assert has_image == (priority != "rest")


def test_verdicts_go_on_and_are_counted_when_nothing_can_be_written(tmp_path):
    spec = spec_in(tmp_path, server=ServerSpec("http://127.0.0.1:9", "k"))
    with running(spec, release(tmp_path, 3)) as station:
        station.outbox._db.execute("PRAGMA max_page_count = 1")
        log = tmp_path / "device" / "log"
        log.write_text("a file where the folder of the log should be")
        results = [
            station.point("top").push(Frame("x" * 5000, png(bright=n % 2 == 0)))
            for n in range(6)
        ]
        until(lambda: station.recorder.unrecorded.get("log") == 6)
    assert [r.verdict.outcome for r in results] == ["NG", "OK"] * 3
    assert station.recorder.unrecorded["outbox"] >= 1


def test_a_slow_disk_costs_images_and_no_line_of_the_log(tmp_path):
    go_on = threading.Event()
    with running(spec_in(tmp_path), release(tmp_path, 3)) as station:
        station.recorder._opinion = lambda _: go_on.wait(60) and None
        for number in range(30):
            station.point("top").push(Frame(f"{number}", png()))
        go_on.set()
        until(lambda: len(log_lines(tmp_path)) == 30)
        left_out = station.recorder.unrecorded["image and drift, the disk was too slow"]
    assert 15 <= left_out <= 22
    assert [r["name"] for r in log_lines(tmp_path)] == [str(n) for n in range(30)]
    assert all(r["findings"] for r in log_lines(tmp_path))


def test_a_clock_set_back_a_year_changes_neither_order_nor_age(tmp_path, monkeypatch):
    limits = OutboxLimits(max_hours=24)
    server = ServerSpec("http://127.0.0.1:9", "k")
    spec = spec_in(tmp_path, server=server, outbox=limits)
    with running(spec, release(tmp_path, 3)) as station:
        for name, at in (("first", "2031-05-01T00:00:00+00:00"), ("second", "2030-05-01")):
            monkeypatch.setattr("pitmark.edge.point._now", lambda at=at: at)
            station.point("top").push(Frame(name, png()))
        until(lambda: sum(station.outbox.state().waiting.values()) == 2)
        records = station.outbox.next(2)
        assert [r.body["name"] for r in records] == ["first", "second"]
        assert records[0].sequence < records[1].sequence
        assert station.outbox.state().dropped == {}


def test_a_second_process_on_the_same_folder_is_refused(tmp_path):
    with (
        running(spec_in(tmp_path)),
        pytest.raises(ConflictError, match="another process runs the device"),
    ):
        Station(spec_in(tmp_path))


def test_what_does_not_exist_is_named(tmp_path):
    with running(spec_in(tmp_path)) as station:
        with pytest.raises(NotFoundError, match="no inspection point 'left'"):
            station.point("left")
        with pytest.raises(NotFoundError, match="uses a release 'lids'"):
            station.activate("lids", b"")
        assert not station.healthy


def test_drift_is_watched_and_its_state_survives_a_restart(tmp_path):
    bundle = with_drift_reference(tmp_path)
    with running(spec_in(tmp_path), bundle) as station:
        for n in range(5):
            station.point("top").push(Frame("a", png(seed=n)))
        until(lambda: len(log_lines(tmp_path)) == 5)
        assert station.drift.states()["top.main"].images == 5
    kept = json.loads((tmp_path / "device" / "drift" / "top.main.json").read_text())
    assert kept["sha256"]
    with running(spec_in(tmp_path)) as station:
        station.point("top").push(Frame("b", png(seed=9)))
        until(lambda: station.recorder.latest)
        assert station.drift.states()["top.main"].images == 6
        assert station.status()["drift"]["top.main"]["images"] == 6


def test_a_damaged_drift_state_begins_anew(tmp_path):
    with running(spec_in(tmp_path), with_drift_reference(tmp_path)) as station:
        station.point("top").push(Frame("a", png()))
    (tmp_path / "device" / "drift" / "top.main.json").write_text("{")
    with running(spec_in(tmp_path)) as station:
        station.point("top").push(Frame("b", png()))
        until(lambda: station.recorder.latest)
        assert station.drift.states()["top.main"].images == 1
